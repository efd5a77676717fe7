"""bench: what it compares with works, its data are what it says, its report holds every figure."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from affil import AffilError, Institution, Registry, build_registry
from affil.settings import ReviewSettings
from affil.types import Decision, Match

pytest.importorskip("bench", reason="the tests run without the project's folder around them")

from bench import closing, common, methods, performance, scaling, spark

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    folder = tmp_path_factory.mktemp("bench")
    names = ("1,Quillwater Institute of Optics,GB,Oxford", "2,Inkwell Polytechnic,GB,Leeds", "3,Teacup Hospital,GB,York")
    lines = ["id,name,country,city", *(f"x:{name}" for name in names)]
    (folder / "own.csv").write_text("\n".join(lines) + "\n")
    return build_registry([folder / "own.csv"], folder / "own.affil")


@pytest.mark.parametrize("key", ["affil", "a", "b", "c"])
def test_every_method_finds_names(registry: Registry, key: str) -> None:
    names, ids = methods.all_names(registry)
    method = methods.Affil(registry.path) if key == "affil" else methods.BASELINES[key][1](names, ids)
    found = method.match(["Quillwater Institute of Optics, Oxford", "Inkwell Polytechnic, Leeds", ""])
    assert len(found) == 3
    best = [max(hits, key=lambda h: h[1])[0] if hits else "" for hits in found]
    assert best[:2] == ["x:1", "x:2"]
    assert all(0 <= score <= 1 + 1e-6 for hits in found for _, score in hits)


def test_f1_is_that_of_the_best_threshold() -> None:
    sets = {"one": [("s", frozenset({"a"})), ("t", frozenset())], "two": [("u", frozenset({"b", "c"}))]}
    found = {"one": [[("a", 0.9), ("x", 0.2)], [("y", 0.3)]], "two": [[("b", 0.8), ("c", 0.7)]]}
    assert methods.best_f1(sets, found) == {"all": 1.0, "one": 1.0, "two": 1.0}
    found["two"] = [[("x", 0.95)]]  # surer than what is right: either it stays, or all goes
    assert methods.best_f1(sets, found)["all"] == pytest.approx(2 * 1 / (2 + 3))


def test_resized_registries_hold_other_names(registry: Registry) -> None:
    own = list(registry)
    assert len(scaling.resized(own, 2)) == 2
    grown = scaling.resized(own, 8)
    assert len({x.id for x in grown}) == len(grown) == 8
    assert grown[:3] == own
    for own_one, other in zip(own, grown[3:6], strict=True):
        assert sum(a != b for a, b in zip(own_one.name.split(), other.name.split(), strict=True)) <= 1
    assert scaling._perturbed("University", ["Inkwell"], np.random.default_rng(0)) == "Inkwell University"


def test_a_quarter_of_a_stream_is_new() -> None:
    strings = [f"Institute {i}, University of Town{i}, City{i}" for i in range(500)]
    for rows in (2000, 20_000):
        stream = list(scaling.inputs(strings, rows))
        assert len(stream) == rows
        assert len(set(stream)) == pytest.approx(rows / 4, rel=0.1)
    assert max(Counter(stream).values()) < 200


def test_a_third_of_a_stream_is_one_string_and_tables_are_compared_without_their_order(tmp_path: Path) -> None:
    strings = [f"Institute {i}, University of Town{i}, City{i}" for i in range(500)]
    stream = list(spark.skewed(strings, 9000, 0.25))
    assert Counter(stream).most_common(1)[0] == (strings[0], pytest.approx(3000, rel=0.1))
    assert len(set(stream)) == pytest.approx(1500, rel=0.1)
    spark.write_parquet(tmp_path / "a.parquet", iter(stream))
    table = pq.read_table(tmp_path / "a.parquet")
    assert table["affiliation"].to_pylist() == stream
    (tmp_path / "b").mkdir()
    for part in (0, 1):
        pq.write_table(table.take(list(range(1 - part, 9000, 2))), tmp_path / "b" / f"{part}.parquet")
    assert spark.fingerprint(f"{tmp_path}/a.parquet") == spark.fingerprint(f"{tmp_path}/b/*.parquet")
    pq.write_table(table.set_column(1, "affiliation", [[*stream[:-1], "another"]]), tmp_path / "b" / "1.parquet")
    assert spark.fingerprint(f"{tmp_path}/a.parquet") != spark.fingerprint(f"{tmp_path}/b/1.parquet")


def test_processes_of_processes_are_watched() -> None:
    busy = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'x = sum(range(20_000_000))', 'pyspark.daemon'], check=True)"
    # in a process of its own: this one may have started a cluster for other tests
    watch = f"from bench import spark; kinds = spark.watched([sys.executable, '-c', {busy!r}], dict(os.environ)); print(json.dumps(kinds))"
    command = [sys.executable, "-c", f"import json, os, sys; {watch}"]
    kinds = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout)
    assert kinds.keys() == {"Python of the executors"}
    seconds, mb = kinds["Python of the executors"]
    assert 0 < seconds < 60
    assert mb > 5


def test_a_command_is_measured_with_all_its_processes() -> None:
    ballast = bytearray(300 << 20)  # of this process, not of the command
    ballast[:: 1 << 12] = b"x" * len(ballast[:: 1 << 12])
    work = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'x = bytearray(b\"x\" * (80 << 20)); sum(range(10**7))'])"
    took = common.run(sys.executable, "-c", work)
    assert 80 < took["mb"] < 200
    assert 0.05 < took["cpu"] < took["wall"] * 8
    with pytest.raises(AffilError, match="broken"):
        common.run(sys.executable, "-c", "raise SystemExit('broken')")


def test_the_report_names_what_is_not_kept(tmp_path: Path) -> None:
    run = {"wall": 2.0, "cpu": 3.0, "mb": 400.0, "low": 1.0, "high": 3.0}
    file = {**run, "rows": 10_000, "distinct": 2500}
    several = {"median": 40.0, "low": 30.0, "high": 50.0}
    keys = ("affil", "a", "b", "c")
    result: dict[str, Any] = {
        "machine": {"processor": "P", "cores": 2, "memory_gb": 8, "system": "S", "python": "3", "load": 0.1},
        "commit": "abc", "date": "2026-01-01", "quick": False, "registry": "R", "institutions": 10, "stream": 40, "strings": 10,
        "build": run, "start": {"first": run, "help": run},
        "ratios": {"model": "M", "names": 20, "rates": dict.fromkeys(keys, several), "ratios": dict.fromkeys(("a", "b", "c"), several),
                   "f1": {k: {"all": 0.9 - 0.2 * (k != "affil"), "g": 0.5} for k in keys}, "gold": {"g": 7}, "repeats": 4.0},
        "methods": {key: {"build": 1.0, "mb": 100.0} for key in keys}, "stages": {"predict": 0.6, "rest": 0.4},
        "files": {"cores": 2, **{f"{k}_{w}": file for k in ("distinct", "stream") for w in (1, 2)}},
        "inputs": [{**run, "rows": n, "cpu": n / 1000} for n in (1000, 10_000, 100_000)],
        "registries": [{"institutions": n, "names": 3 * n, "build": 1.0, "mb": 1.0, "seconds": dict.fromkeys(("affil", "a", "b"), s)}
                       for n, s in ((50, 1.0), (200, 3.0))],
        "spark": {"string": 0.001, "row": 0.00001, "start": 10.0},
    }  # fmt: skip
    figures = performance.headline(result)
    assert set(figures) == {key for key, *_ in performance.TARGETS}
    assert (figures["distinct_rate"], figures["registry_growth"], figures["memory_growth"]) == (5000, pytest.approx(3), 1)
    assert figures["input_growth"] == pytest.approx(10)
    text = performance.report(result)
    lines = [line for line in text.splitlines() if line.endswith("**no** |")]
    assert [line.split("|")[2].strip() for line in lines] == ["5,000", "2.00", "2.00", "3.00"]
    cost = performance.cluster(result)
    assert "every string new" in cost
    assert "140" in cost  # hours: 500 million times 1.01 ms
    (tmp_path / "doc.md").write_text("a\n<!-- figures by scripts/bench -->\nold\n<!-- end of figures -->\nz\n")
    performance.put(tmp_path / "doc.md", cost)
    performance.put(tmp_path / "doc.md", cost)
    written = (tmp_path / "doc.md").read_text()
    assert written.startswith("a\n<!--")
    assert written.endswith("<!-- end of figures -->\nz\n")
    assert written.count(cost) == 1
    performance.draw(result, tmp_path / "x.svg")
    before = (tmp_path / "x.svg").read_bytes()
    performance.draw(result, tmp_path / "x.svg")
    assert (tmp_path / "x.svg").read_bytes() == before


def test_the_script_says_what_it_does(python: str) -> None:
    script = Path(common.ROOT) / "scripts" / "bench"
    done = subprocess.run([python, script, "--help"], capture_output=True, text=True, check=True)
    assert "--quick" in done.stdout
    assert "recordlinkage" in done.stdout


@pytest.mark.parametrize("label", ["x:1", "x:2"])
def test_labelled_strings_say_what_decisions_close_wrongly(
    label: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three strings in groups of their own, by their rivals; what decides two of them is right for the third, or not."""
    rows = [f"Optics {n},x:1," for n in range(2)] + [f"Optics 2,{label},", "Elsewhere,x:3,"]
    (tmp_path / "labels.csv").write_text("\n".join(["affiliation,required,acceptable", *rows]) + "\n")
    labels = closing.read(tmp_path / "labels.csv", frozenset({"x:1", "x:2"}))
    assert list(labels) == ["Optics 0", "Optics 1", "Optics 2"], "a row with an id that is unknown is left out"

    class Ranked:
        def ranked(self, strings: list[str], limits: list[int], least: float) -> list[tuple[Match, ...]]:
            optics = Match(Institution("x:1", "Optics"), 0.9, Decision.REVIEW, 0, 6, "Optics", ())
            rival = replace(optics, probability=0.025, decision=Decision.NONE)
            return [(optics, replace(rival, institution=Institution(f"x:{s}", s))) for s in strings]

    closing.measure(labels, Ranked(), ReviewSettings(rival=0.02), draws=40)  # type: ignore[arg-type]
    one, two = (list(map(float, re.findall(r"\d+\.\d", line))) for line in capsys.readouterr().out.splitlines())
    assert one[0] > two[0] > 0, "two decisions close the third alone, one the others, too"
    assert (one[1] > 0) is (label == "x:2")
