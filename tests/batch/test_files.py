from __future__ import annotations

import csv
import gzip
import json
import multiprocessing
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.batch import match_file
from affil.errors import AffilError, InputError
from affil.match import COLUMNS, Matcher, output_columns
from affil.registry import build_registry
from affil.settings import BatchSettings, Settings
from affil.types import Decision, Institution, Match, Name, Reason, Result

OWN = "id,name,country,city,aliases,labels\nx:1,Quillwater Institute of Optics,GB,Oxford,QIO,zh:羽水研究所\n"
KNOWN = {
    "MIT": Institution("https://ror.org/042nb2s44", "Massachusetts Institute of Technology", kind="education", country="US"),
    "清华": Institution(
        "https://ror.org/03cve4549",
        "Tsinghua University",
        names=(Name("清华大学", "zh", "label"),),
        kind="education",
        country="CN",
        city="Beijing",
        lat=40.0,
        lon=116.33,
    ),
}
REASONS = (Reason("name_exact", "alias"), Reason("city_named"))


class Fake:
    """Finds the keys of KNOWN; a question mark makes it unsure. Counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.largest = 0

    def match_many(self, strings: list[str], /) -> list[Result]:
        self.asked += strings
        self.largest = max(self.largest, len(strings))
        return [Result(s, tuple(self._matches(s))) for s in strings]

    def _matches(self, string: str) -> Iterator[Match]:
        decision = Decision.REVIEW if "?" in string else Decision.MATCH
        for alias, institution in KNOWN.items():
            if alias in string:
                start = string.index(alias)
                yield Match(institution, 0.98765, decision, start, start + len(alias), alias, REASONS)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_one_row_a_match_in_input_order(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text('id,affiliation\n7,清华 and MIT?\n8,nobody\n9,MIT\n7,""\n', "utf-8")
    done: list[tuple[int, int]] = []
    summary = match_file(tmp_path / "in.csv", tmp_path / "out.csv", matcher=Fake(), progress=lambda *x: done.append(x))
    rows = rows_of(tmp_path / "out.csv")
    assert list(rows[0]) == ["id", "affiliation", *COLUMNS]
    assert [(r["id"], r["institution_id"][-9:], r["decision"], r["matched_text"]) for r in rows] == [
        ("7", "042nb2s44", "review", "MIT"),
        ("7", "03cve4549", "review", "清华"),
        ("8", "", "none", ""),
        ("9", "042nb2s44", "match", "MIT"),
        ("7", "", "none", ""),
    ]
    assert rows[1] == {
        "id": "7",
        "affiliation": "清华 and MIT?",
        "institution_id": "https://ror.org/03cve4549",
        "name": "Tsinghua University",
        "name_zh": "清华大学",
        "kind": "education",
        "city": "Beijing",
        "country": "CN",
        "lat": "40.0",
        "lon": "116.33",
        "stated_city": "",
        "stated_country": "",
        "probability": "0.98765",
        "decision": "review",
        "matched_text": "清华",
        "evidence": "+ “清华” is another name of it; + the city Beijing is named",
    }
    assert set(rows[2].values()) == {"8", "nobody", "none", ""}
    assert (summary.rows, summary.matched, summary.review, summary.none, summary.written, summary.strings) == (4, 1, 1, 2, 5, 4)
    assert done == [(4, 4)]
    assert json.loads(json.dumps(summary.to_dict()))["written"] == 5


def test_names_that_the_input_has_already(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("name,affil_name,affiliation,kind\nAna,x,MIT,y\n", "utf-8")
    match_file(tmp_path / "in.csv", tmp_path / "out.csv", matcher=Fake())
    [row] = rows_of(tmp_path / "out.csv")
    assert (row["name"], row["affil_name"], row["kind"]) == ("Ana", "x", "y")
    assert row["affil_affil_name"] == "Massachusetts Institute of Technology"
    assert row["affil_kind"] == "education"
    assert row["city"] == ""


@given(st.lists(st.sampled_from([*COLUMNS, "affil_name", "affil_affil_name", "id"]), unique=True))
def test_no_column_ever_hides_another(given: list[str]) -> None:
    ours = output_columns(given)
    assert list(ours) == list(COLUMNS)
    assert len({*ours.values(), *given}) == len(COLUMNS) + len(given)
    assert all(new.removeprefix("affil_").endswith(old) for old, new in ours.items())


def test_repeats_are_matched_once_and_memory_is_bounded(tmp_path: Path) -> None:
    cycle = [f"MIT {i % 50}" for i in range(1000)]
    (tmp_path / "in.csv").write_text("affiliation\n" + "\n".join(cycle) + "\n", "utf-8")

    def asked(rows: int, remembered: int) -> Fake:
        fake = Fake()
        settings = Settings(batch=BatchSettings(rows=rows, remembered=remembered))
        summary = match_file(tmp_path / "in.csv", tmp_path / "out.csv", matcher=fake, settings=settings)
        assert summary.strings == len(fake.asked)
        assert [r["affiliation"] for r in rows_of(tmp_path / "out.csv")] == cycle
        return fake

    assert len(asked(100, 50).asked) == 50
    assert len(asked(7, 50).asked) == 50
    assert len(asked(10, 20).asked) == 1000  # a memory shorter than the cycle never helps
    assert len(asked(100, 0).asked) == 500  # within a batch repeats cost nothing in any case
    assert asked(10, 20).largest == 10


@pytest.mark.parametrize("given", ["in.csv", "in.tsv.gz", "in.jsonl", "in.parquet"])
@pytest.mark.parametrize("wanted", ["out.csv.gz", "out.tsv", "out.jsonl.gz", "out.parquet"])
def test_every_format_to_every_format(tmp_path: Path, given: str, wanted: str) -> None:
    rows: list[dict[str, Any]] = [
        {"year": "2024", "affiliation": 'MIT\t"CSAIL"'},
        {"year": "2023", "affiliation": "清华\n北京"},
        {"year": "2022", "affiliation": None},
    ]
    source = tmp_path / given
    if "parquet" in given:
        pq.write_table(pa.Table.from_pylist(rows), source)
    elif "jsonl" in given:
        source.write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
    else:
        with (
            gzip.open(source, "wt", encoding="utf-8", newline="")
            if given.endswith(".gz")
            else source.open("w", encoding="utf-8", newline="") as lines
        ):
            writer = csv.DictWriter(lines, ["year", "affiliation"], delimiter="\t" if "tsv" in given else ",")
            writer.writeheader()
            writer.writerows(rows)
    match_file(source, tmp_path / wanted, matcher=Fake())
    out = tmp_path / wanted
    content = gzip.decompress(out.read_bytes()) if wanted.endswith(".gz") else out.read_bytes()
    got: list[dict[str, Any]]
    if "parquet" in wanted:
        table = pq.read_table(out)
        assert {n: str(t) for n, t in zip(table.schema.names, table.schema.types, strict=True)} == {
            **dict.fromkeys(["year", "affiliation", *COLUMNS], "string"),
            **dict.fromkeys(["lat", "lon", "probability"], "double"),
        }
        got = table.to_pylist()
    elif "jsonl" in wanted:
        got = [json.loads(line) for line in content.decode().splitlines()]
    else:
        lines_of = content.decode().splitlines(keepends=True)
        got = [
            {k: v or None for k, v in r.items()} for r in csv.DictReader(lines_of, delimiter="\t" if "tsv" in wanted else ",")
        ]
    assert [r["affiliation"] or None for r in got] == [r["affiliation"] for r in rows]
    assert [r["name"] for r in got] == ["Massachusetts Institute of Technology", "Tsinghua University", None]
    assert [r["lat"] and float(r["lat"]) for r in got] == [None, 40.0, None]


def test_ctrl_c_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("affiliation\n" + "MIT\n" * 10, "utf-8")
    (tmp_path / "out.csv").write_text("old")

    def stop(done: int, total: int) -> None:
        if done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        match_file(
            tmp_path / "in.csv",
            tmp_path / "out.csv",
            matcher=Fake(),
            settings=Settings(batch=BatchSettings(rows=2)),
            progress=stop,
        )
    assert (tmp_path / "out.csv").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2


# several processes


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    (folder / "own.csv").write_text(OWN, "utf-8")
    build_registry([folder / "own.csv"], folder / "own.affil")
    return folder / "own.affil"


def test_what_cannot_be_meant_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(AffilError, match="workers are at least 1, not 0"):
        match_file(tmp_path / "gone.csv", tmp_path / "out.csv", matcher=None, workers=0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="no argument 'colum'; there are: column, "):
        match_file(tmp_path / "gone.csv", tmp_path / "out.csv", matcher=None, colum="affiliation")  # type: ignore[arg-type,call-arg]


@pytest.mark.parametrize("remembered", [0, 30, 100_000])
def test_workers_change_nothing(tmp_path: Path, own: Path, tiny_model: Path, remembered: int) -> None:
    matcher = Matcher.load(own, tiny_model)
    strings = [
        f"{name} {i * i % 97}"
        for i in range(200)
        for name in ("Quillwater Institute of Optics", "羽水研究所", "x", "QIO; 羽水")
    ]
    (tmp_path / "in.csv").write_text("affiliation\n" + "\n".join(strings) + "\n", "utf-8")
    settings = Settings(batch=BatchSettings(rows=50, remembered=remembered, task=20))

    def run(workers: int) -> tuple[bytes, dict[str, Any], list[tuple[int, int]]]:
        done: list[tuple[int, int]] = []
        summary = match_file(
            tmp_path / "in.csv",
            tmp_path / "out.csv",
            matcher=matcher,
            settings=settings,
            workers=workers,
            progress=lambda *x: done.append(x),
        )
        return (tmp_path / "out.csv").read_bytes(), {**summary.to_dict(), "seconds": 0}, done

    alone = run(1)
    assert (alone[1]["rows"], alone[1]["matched"] > 100) == (len(strings), True)
    assert alone[2][-1] == (len(strings), len(strings))
    assert run(2) == alone


def test_a_worker_that_is_killed_is_an_error_and_no_half_file(tmp_path: Path, own: Path, tiny_model: Path) -> None:
    (tmp_path / "in.csv").write_text("affiliation\n" + "".join(f"Quillwater {i}\n" for i in range(500)), "utf-8")
    (tmp_path / "out.csv").write_text("old")

    def kill(done: int, total: int) -> None:
        assert total > done
        for process in multiprocessing.active_children():
            process.kill()

    with pytest.raises(AffilError, match=r"a worker process was killed.*fewer workers"):
        match_file(
            tmp_path / "in.csv",
            tmp_path / "out.csv",
            matcher=Matcher.load(own, tiny_model),
            settings=Settings(batch=BatchSettings(rows=5)),
            workers=2,
            progress=kill,
        )
    assert (tmp_path / "out.csv").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2
    assert not multiprocessing.active_children()


DIES = """
import os, signal, sys
from multiprocessing.connection import Connection

from affil.batch import match_file
from affil.errors import AffilError
from affil.settings import BatchSettings, Settings

whole = Connection._send


def half(self, buffer, *rest):
    whole(self, memoryview(buffer)[: len(buffer) // 2], *rest)
    os.kill(os.getpid(), signal.SIGKILL)


class Matcher:
    def match_many(self, strings):
        Connection._send = half
        raise ValueError("x" * 1_000_000)  # an answer that does not fit into the pipe


if __name__ == "__main__":
    try:
        match_file("in.csv", "out.csv", matcher=Matcher(), workers=2, settings=Settings(batch=BatchSettings(rows=5)))
    except AffilError as error:
        sys.exit(str(error))
"""


def test_a_worker_that_is_killed_in_the_middle_of_an_answer(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("affiliation\n" + "".join(f"Quillwater {i}\n" for i in range(50)), "utf-8")
    (tmp_path / "dies.py").write_text(DIES)
    command = [sys.executable, "-W", "error", "dies.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("a worker process was killed")
    assert done.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dies.py", "in.csv"]


def test_a_fault_in_a_worker_says_where(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("affiliation\nMIT\n", "utf-8")
    fails = SimpleNamespace(match_many=itemgetter("no list has this"))
    before = threading.active_count()
    with pytest.raises(RuntimeError, match=r"(?s)in a worker process:.*TypeError: list indices must be"):
        match_file(tmp_path / "in.csv", tmp_path / "out.csv", matcher=fails, workers=2)
    assert not multiprocessing.active_children()
    for _ in range(100):
        if threading.active_count() == before:
            break
        time.sleep(0.05)
    assert threading.active_count() == before


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are read from /proc")
def test_workers_do_not_outlive_who_asked_for_them(tmp_path: Path, own: Path, start: Any) -> None:
    (tmp_path / "in.csv").write_text("affiliation\n" + "".join(f"Quillwater {i}\n" for i in range(300_000)), "utf-8")
    command = [sys.executable, "-m", "affil", "match", "in.csv", "-o", "out.csv", "--registry", str(own), "--workers", "2"]

    def runs(process: str) -> bool:
        try:
            return b"multiprocessing" in Path(f"/proc/{process}/cmdline").read_bytes()  # how workers are started
        except OSError:
            return False

    def running() -> list[str]:
        return [process for process in workers if runs(process)]

    process = start(command, cwd=tmp_path, stderr=subprocess.DEVNULL)
    workers: list[str] = []
    for _ in range(600):
        workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        if len(running()) >= 3:  # and one that keeps count of what they share
            break
        time.sleep(0.05)
    assert len(running()) >= 3
    time.sleep(1)  # in the middle of loading or matching
    process.kill()
    for _ in range(600):
        if not running():
            break
        time.sleep(0.05)
    assert not running()


def test_a_registry_that_goes_away_is_named(tmp_path: Path, own: Path, tiny_model: Path) -> None:
    (tmp_path / "in.csv").write_text("affiliation\nMIT\n", "utf-8")
    (tmp_path / "own.affil").write_bytes(own.read_bytes())
    matcher = Matcher.load(tmp_path / "own.affil", tiny_model)
    (tmp_path / "own.affil").unlink()
    with pytest.raises(AffilError, match=r"own\.affil: no such file"):
        match_file(tmp_path / "in.csv", tmp_path / "out.csv", matcher=matcher, workers=2)


def test_a_matcher_goes_to_other_processes_by_its_files(tmp_path: Path, own: Path, tiny_model: Path) -> None:
    (tmp_path / "own.affil").write_bytes(own.read_bytes())
    matcher = Matcher.load(tmp_path / "own.affil", tiny_model, policy="one")
    recipe = pickle.dumps(matcher)
    assert len(recipe) < 10_000  # names of files and settings, not what is in them
    copy = pickle.loads(recipe)
    assert (copy.version, copy.settings) == (matcher.version, matcher.settings)
    assert copy.match("Quillwater Institute of Optics") == matcher.match("Quillwater Institute of Optics")
    (tmp_path / "own.csv").write_text("id,name,country,city\nx:2,Quillwater Institute,GB,Oxford\n", "utf-8")
    build_registry([tmp_path / "own.csv"], tmp_path / "own.affil")
    with pytest.raises(AffilError, match="was replaced while it was in use; run again"):
        pickle.loads(recipe)


def test_a_broken_row_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,affiliation\n1,MIT\n2,MIT,extra\n")
    (tmp_path / "out.csv").write_text("old")
    with pytest.raises(InputError, match="row 3: has 3 fields"):
        match_file(tmp_path / "in.csv", tmp_path / "out.csv", matcher=Fake(), settings=Settings(batch=BatchSettings(rows=1)))
    assert (tmp_path / "out.csv").read_text() == "old"


def test_the_input_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("affiliation\nMIT\n")
    with pytest.raises(AffilError, match="is the file that is read"):
        match_file(tmp_path / "a.csv", tmp_path / ".." / tmp_path.name / "a.csv", matcher=Fake())
    assert (tmp_path / "a.csv").read_text() == "affiliation\nMIT\n"


def test_what_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"affiliation": "MIT"}\n{"affiliation": ["MIT", "CMU"]}\n')
    with pytest.raises(InputError, match=r"line 2: column 'affiliation' holds list .* instead of text; write one string a row"):
        match_file(tmp_path / "a.jsonl", tmp_path / "out.csv", matcher=Fake())
    with pytest.raises(InputError, match="no column 'x'; its columns are: affiliation"):
        match_file(tmp_path / "a.jsonl", tmp_path / "out.csv", matcher=Fake(), column="x")
    assert not (tmp_path / "out.csv").exists()


def test_a_header_alone_gives_a_header(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("affiliation\n")
    assert match_file(tmp_path / "a.csv", tmp_path / "out.csv", matcher=Fake()).rows == 0
    assert (tmp_path / "out.csv").read_text() == ",".join(["affiliation", *COLUMNS]) + "\n"


UNGUARDED = """
import sys

import affil
from affil.settings import BatchSettings, Settings

matcher, settings = affil.Matcher.load(*sys.argv[1:]), Settings(batch=BatchSettings(rows=5))
try:
    affil.match_file("in.csv", "out.csv", matcher=matcher, workers=2, settings=settings)
except affil.AffilError as error:
    sys.exit(str(error))
"""


def test_a_program_that_would_start_itself_again_is_told_so(tmp_path: Path, own: Path, tiny_model: Path) -> None:
    (tmp_path / "in.csv").write_text("affiliation\n" + "".join(f"Quillwater {i}\n" for i in range(50)), "utf-8")
    (tmp_path / "script.py").write_text(UNGUARDED)
    command = [sys.executable, "-W", "error", "script.py", str(own), str(tiny_model)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert 'put what it does below the line if __name__ == "__main__": or take workers=1' in done.stderr
    assert (done.stderr.count("\n"), "memory" in done.stderr) == (1, False)
    # the same below that line works
    first, rest = UNGUARDED.split("try:")
    (tmp_path / "script.py").write_text(f'{first}\nif __name__ == "__main__":\n  try:' + rest.replace("\n", "\n  "))
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert len((tmp_path / "out.csv").read_text("utf-8").splitlines()) > 50


def test_a_script_from_standard_input_cannot_be_read_again(tmp_path: Path, own: Path, tiny_model: Path) -> None:
    (tmp_path / "in.csv").write_text("affiliation\nQuillwater\n", "utf-8")
    command = [sys.executable, "-W", "error", "-", str(own), str(tiny_model)]
    done = subprocess.run(command, cwd=tmp_path, input=UNGUARDED, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stderr.endswith("a worker process could not start; what it says stands above\n")
