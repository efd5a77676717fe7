from __future__ import annotations

import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner, Result

from affil.cli import fetch, ranking, venues
from affil.cli import workspace as verbs
from affil.errors import AffilError, InputError
from affil.ledger import Ledger
from affil.types import Institution, Name
from affil.workspace import Workspace
from affil.workspace.layout import INSTITUTIONS, institution_row

MIT, CUHK = "https://ror.org/mit", "https://ror.org/cuhk"


class Registry:
    hash, version = "r1", "version r1"
    institutions = (
        Institution(MIT, "MIT [Boston]", kind="education", country="US", region="US-MA", city="Cambridge"),
        Institution(CUHK, "CUHK", (Name("香港中文大学", "zh", "label"),), "education", "HK", "", "Hong Kong"),
    )

    def __iter__(self) -> Any:
        return iter(self.institutions)

    def resolve(self, identifier: str) -> str:
        return identifier

    def to_table(self) -> pa.Table:
        return pa.Table.from_pylist([institution_row(one, one.id) for one in self], INSTITUTIONS)


class Matcher:
    registry, model_hash = Registry(), "m1"
    interrupted = False

    def match_table(self, strings: list[str]) -> pa.Table:
        if self.interrupted:
            raise KeyboardInterrupt
        found = [(r, i) for r, s in enumerate(strings) for word, i in (("MIT", MIT), ("CUHK", CUHK)) if word in s]
        return pa.table(
            {
                "row": pa.array([r for r, _ in found], pa.int64()),
                "institution_id": pa.array([i for _, i in found], pa.string()),
                "probability": pa.array([0.97] * len(found), pa.float64()),
                "decision": pa.array(["match"] * len(found), pa.string()),
            }
        )


app = typer.Typer()
for verb in (
    *(verbs.run, verbs.decide, verbs.decisions, verbs.undo),
    *(ranking.rank, ranking.trend, ranking.why, ranking.diff, ranking.snapshot, venues.venues),
):
    app.command()(verb)


@pytest.fixture
def matcher(monkeypatch: pytest.MonkeyPatch) -> Matcher:
    one = Matcher()
    monkeypatch.setattr("affil.workspace.matching.open_matcher", lambda files, registry, model: one)
    return one


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file of papers, and the workspace that a run makes of it; to be copied."""
    folder = tmp_path_factory.mktemp("made")
    papers = folder / "a.jsonl"
    record = {"id": "P1", "venue": "CVPR", "year": 2020, "authors": [{"name": "A", "affiliations": ["MIT"]}]}
    other = {"id": "P2", "venue": "Elsewhere", "year": 2021, "authors": [{"name": "B", "affiliations": ["港中大"]}]}
    papers.write_text("\n".join(json.dumps(r) for r in (record, other, record)), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("affil.workspace.matching.open_matcher", lambda files, registry, model: Matcher())
        result = call("run", str(papers), "-w", str(folder / "ws"))
    assert result.stdout.splitlines() == [
        "papers: 2 new, 0 replaced, 0 unchanged",
        "strings: 2 looked up now, 2 in all; 0 wait for review",
        f"next: affil rank {folder / 'ws'}",
    ]
    assert "line 3: a repeat of P1 ('', CVPR), left out" in result.stderr
    return folder


@pytest.fixture
def ws(made: Path, tmp_path: Path, matcher: Matcher) -> str:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return str(tmp_path / "ws")


def call(*arguments: str, width: int = 140) -> Result:
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": str(width)})
    if isinstance(result.exception, AffilError):
        raise result.exception
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_which_of_two_records_won_is_said(ws: str, tmp_path: Path) -> None:
    work = {
        "id": "P1",
        "title": "T",
        "publication_year": 2020,
        "primary_location": {"source": {"display_name": "CVPR"}},
        "authorships": [{"raw_author_name": "A", "raw_affiliation_strings": ["MIT", "CUHK"]}],
    }
    richer, poorer = tmp_path / "richer.jsonl", tmp_path / "poorer.jsonl"
    richer.write_text(json.dumps(work))
    told = "1 record with another of the same paper, by id in another format; the one that tells most of affiliations is kept"
    first = "(first: P1 as openalex has it, instead of P1 as affil has it)"
    assert f"{told} {first}" in call("run", str(richer), "-w", ws).stdout
    poorer.write_text((tmp_path / "a.jsonl").read_text().splitlines()[0])
    assert f"{told} {first}" in call("run", str(poorer), "-w", ws).stdout
    merged = json.loads(call("run", str(poorer), "-w", ws, "--json").stdout)["merged"]
    assert merged == [{"kept": "P1", "dropped": "P1", "by": "id", "kept_format": "openalex", "dropped_format": "affil"}]
    versions = tmp_path / "versions.jsonl"
    more = {**work, "authorships": work["authorships"] * 2}
    versions.write_text(json.dumps(work) + "\n" + json.dumps(more))
    warned = call("run", str(versions), "-w", ws).stderr
    assert f"warning: {versions}, line 2: another record of P1 ('T', CVPR), taken, as it tells more of affiliations" in warned


def test_a_failed_fetch_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENALEX_API_KEY", raising=False)
    fetches = [["crossref", "--issn", "nonsense"], ["crossref", "--issn", "0162-8829"], ["openalex", "--issn", "0162-8828"]]
    for arguments in (*fetches, ["dblp", "--stream", "cvpr", "--years", "2020"]):
        result = CliRunner().invoke(fetch.app, [*arguments, "-w", str(tmp_path / "ws")])
        assert isinstance(result.exception, AffilError)
        assert not [*tmp_path.iterdir()]


def test_a_decision_changes_the_next_ranking_and_undo_takes_it_back(ws: str) -> None:
    assert "CUHK" not in call("rank", ws).stdout
    out = call("decide", ws, "港中大", "--institution", CUHK, "--by", "ana", "--why", "short form").stdout
    assert out == f"entry 1: '港中大' names {CUHK} (before: what the model says)\n"
    assert "CUHK" in call("rank", ws).stdout
    assert call("undo", ws, "1", "--by", "bo", "--why", "unsure").stdout == (
        "entry 2: takes back 1; '港中大' names what the model says\n"
    )
    assert "CUHK" not in call("rank", ws).stdout
    listed = call("decisions", ws).stdout
    assert "takes back 1: unsure" in listed
    entries = json.loads(call("decisions", ws, "--json").stdout)
    assert [(e["number"], e["by"], e["institutions"], e["undoes"]) for e in entries] == [
        (1, "ana", [CUHK], None),
        (2, "bo", None, 1),
    ]


def test_every_result_comes_as_json_too(tmp_path: Path, ws: str) -> None:
    again = json.loads(call("run", "-w", ws, "--json").stdout)
    assert (again["strings"], again["matched"]) == (2, 0)
    (tmp_path / "b.jsonl").write_text('{"id": "P3", "venue": "CVPR", "year": 2020, "authors": []}\n', "utf-8")
    assert json.loads(call("run", str(tmp_path / "b.jsonl"), "-w", ws, "--json").stdout)["new"] == 1
    entry = json.loads(call("decide", ws, "港中大", "--institution", CUHK, "--by", "ana", "--why", "w", "--json").stdout)
    assert (entry["number"], entry["affiliation"], entry["institutions"], entry["previous"]) == (1, "港中大", [CUHK], None)
    taken = json.loads(call("undo", ws, "1", "--by", "ana", "--why", "w", "--json").stdout)
    assert (taken["number"], taken["undoes"], taken["institutions"]) == (2, 1, None)


def test_none_and_several(ws: str) -> None:
    assert "names none" in call("decide", ws, "MIT", "--institution", "none", "--by", "a", "--why", "w").stdout
    both = call("decide", ws, "MIT", "--institution", MIT, "--institution", CUHK, "--by", "a", "--why", "w")
    assert f"names {MIT}, {CUHK} (before: none)" in both.stdout
    with pytest.raises(AffilError, match="--institution none cannot be combined"):
        call("decide", ws, "MIT", "--institution", "none", "--institution", MIT, "--by", "a", "--why", "w")
    with pytest.raises(AffilError, match="has no institution 'nosuch'"):
        call("decide", ws, "MIT", "--institution", "nosuch", "--by", "a", "--why", "w")
    odd = call("decide", ws, "mit", "--institution", MIT, "--by", "a", "--why", "w")
    assert "warning: 'mit' does not occur" in odd.stderr


def test_the_table_shows_coverage_and_chinese_names_where_there_is_room(ws: str) -> None:
    call("decide", ws, "港中大", "--institution", CUHK, "--by", "ana", "--why", "short form")
    wide, narrow = call("rank", ws, width=140).stdout, call("rank", ws, width=90).stdout
    assert "香港中文大学" in wide
    assert "香港中文大学" not in narrow
    assert "MIT [Boston]" in narrow
    for out in (wide, narrow):
        assert "2 author mentions: 100.0% matched" in out
        assert "Unknown venues, counted outside any area: Elsewhere (1)." in out
    assert "Hong Kong" in call("rank", ws, "--level", "country", "--by", "index", "--years", "2020-2021").stdout


def test_exports(ws: str, tmp_path: Path) -> None:
    out = tmp_path / "r.csv"
    result = call("rank", ws, "-o", str(out), "--limit", "0")
    assert result.stdout == ""
    assert "author mentions" in result.stderr
    assert out.read_text("utf-8").startswith(
        "rank,id,name,name_zh,kind,city,region,country,publications,authors,adjusted,index"
    )
    for level in ("city", "region", "country", "continent"):
        call("rank", ws, "-o", str(out), "--level", level)
        columns = out.read_text("utf-8").splitlines()[0].split(",")
        assert {"id", "name"} <= {*columns}
        assert ("country" in columns) == (level != "continent"), level
    parsed = json.loads(call("rank", ws, "--json").stdout)
    assert parsed["ranking"][0]["id"] == MIT
    assert parsed["coverage"]["unknown_venues"] == {"Elsewhere": 1}


def test_a_file_and_json_have_all_rows_and_a_table_says_how_many_there_are(
    ws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("decide", ws, "港中大", "--institution", CUHK, "--by", "ana", "--why", "short form")
    monkeypatch.setattr(ranking, "_SHOWN", 1)
    monkeypatch.setattr(ranking, "_SHOWN_BY_YEAR", 1)
    out, manifest = tmp_path / "r.csv", tmp_path / "r.csv.manifest.json"
    for verb in (("rank",), ("rank", "--each-year"), ("trend", "--level", "institution")):
        table = call(verb[0], ws, *verb[1:]).stdout
        assert "1 of 2 rows; --limit 0 shows all." in table, verb
        assert ("CUHK" in table) != ("MIT [Boston]" in table), verb
        assert "rows; --limit" not in call(verb[0], ws, *verb[1:], "--limit", "2").stdout, verb
        for limit, rows in (((), 2), (("--limit", "1"), 1), (("--limit", "0"), 2)):
            said = call(verb[0], ws, *verb[1:], *limit, "-o", str(out)).stderr
            assert len(out.read_text("utf-8").splitlines()) == rows + 1, (verb, limit)
            assert json.loads(manifest.read_text("utf-8"))["rows"] == rows, (verb, limit)
            assert ("1 of 2 rows" in said) == (rows == 1), (verb, limit)
    assert len(json.loads(call("rank", ws, "--json").stdout)["ranking"]) == 2
    assert "rows; --limit" not in call("rank", ws, "--institution", CUHK).stdout


def test_ranges_slices_and_the_manifest(ws: str, tmp_path: Path) -> None:
    shown = call("rank", ws, "--kind", "education", "--by", "publications").stdout
    assert "range" in shown
    assert "range: the ranks that doubtful matches of names leave open, with 95% certainty" in shown
    plain = call("rank", ws, "--no-ranges", "--roll-up", "top").stdout
    assert "range" not in plain
    assert "Institutions are rolled up: top." in plain
    written = call("rank", ws, "-o", str(tmp_path / "r.parquet"))
    assert "written: " in written.stderr
    manifest = json.loads((tmp_path / "r.parquet.manifest.json").read_text("utf-8"))
    assert (manifest["file"], manifest["rows"], manifest["last_decision"]) == ("r.parquet", 1, 0)
    assert manifest["sha256"] == hashlib.sha256((tmp_path / "r.parquet").read_bytes()).hexdigest()
    assert manifest["coverage"]["mentions"] == 2
    assert manifest["workspace"]["registry"] == {"version": "version r1", "hash": "r1"}
    assert {"inputs", "versions", "settings", "model"} <= manifest["workspace"].keys()
    with pytest.raises(AffilError, match="no kind 'castle'; it is one of: education"):
        call("rank", ws, "--kind", "castle")
    with pytest.raises(AffilError, match="no roll-up 'up'"):
        call("rank", ws, "--roll-up", "up")


def test_a_limit_holds_for_json_and_files_as_for_the_table(ws: str, tmp_path: Path) -> None:
    call("snapshot", ws, "before")
    for string, identifier in (("港中大", CUHK), ("MIT", CUHK)):
        call("decide", ws, string, "--institution", identifier, "--by", "ana", "--why", "w")
    every = json.loads(call("diff", ws, "--since", "before", "--json").stdout)
    assert len(every["moves"]) > 1
    first = json.loads(call("diff", ws, "--since", "before", "--json", "--limit", "1").stdout)
    assert first["moves"] == every["moves"][:1]
    assert {c["id"] for c in first["causes"]} <= {every["moves"][0]["id"]}
    call("why", ws, CUHK, "--limit", "1", "-o", str(tmp_path / "w.csv"))
    assert len((tmp_path / "w.csv").read_text("utf-8").splitlines()) == 2


def test_rank_beside_a_long_run_is_written_with_a_warning(ws: str, tmp_path: Path) -> None:
    call("rank", ws)
    with closing(sqlite3.connect(Path(ws) / ".lock", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        for verb, *more in (("rank",), ("trend",), ("why", MIT), ("rank", "--json")):
            done = call(verb, ws, *more, "-o", str(tmp_path / f"{verb}.csv"))
            assert "warning: " in done.stderr
            assert "locked by another process; try again when it is done; showing the state of 20" in done.stderr
        assert time.monotonic() - began < 10, "nothing waits for the lock"
    told = json.loads((tmp_path / "rank.csv.manifest.json").read_text("utf-8"))
    assert told["workspace"]["registry"] == {"version": "version r1", "hash": "r1"}
    assert len((tmp_path / "rank.csv").read_text("utf-8").splitlines()) == 2


def test_diff_names_the_decision_that_moved_a_rank(ws: str, tmp_path: Path) -> None:
    assert call("snapshot", ws, "before").stdout == "snapshot before: kept\n"
    call("decide", ws, "港中大", "--institution", CUHK, "--by", "ana", "--why", "short form")
    shown = call("diff", ws, "--since", "before", width=240).stdout
    assert f"decision 1 by ana, '港中大' was none, is {CUHK} (short form)" in shown
    assert "Since the snapshot 'before' of " in shown
    assert "1 adjusted values changed, and with them 1 rank; 0 other ranks moved because of them." in shown
    call("snapshot", ws, "after")
    assert re.fullmatch(r"Since the snapshot 'after' of \S+ nothing changed\.\n", call("diff", ws, "--since", "after").stdout)
    call("snapshot", ws, "after", "--remove")
    since_run = json.loads(call("diff", ws, "--json").stdout)
    assert [(m["id"], m["rank_before"], m["rank_after"]) for m in since_run["moves"]] == [(CUHK, None, 1)]
    assert [(c["cause"], c["entry"], c["papers"]) for c in since_run["causes"]] == [("decision", 1, 1)]
    call("diff", ws, "-o", str(tmp_path / "d.csv"))
    assert (tmp_path / "d.csv").read_text("utf-8").startswith("id,name,country,rank_before,rank_after,before,after,change\n")
    one = call("diff", ws, "--institution", "香港中文大学", width=240).stdout
    assert "decision 1 by ana" in one
    with pytest.raises(AffilError, match="no institution 'CUKH' is in this ranking; did you mean: CUHK"):
        call("diff", ws, "--institution", "CUKH")
    assert list(json.loads(call("snapshot", ws, "--json").stdout)) == ["before"]
    assert "before  20" in call("snapshot", ws).stdout
    assert "removed" in call("snapshot", ws, "before", "--remove").stdout
    assert "no snapshots yet" in call("snapshot", ws).stdout
    with pytest.raises(AffilError, match="'before' is no snapshot"):
        call("diff", ws, "--since", "before")
    with pytest.raises(AffilError, match="--remove needs a snapshot name"):
        call("snapshot", ws, "--remove")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    class Searched(Registry):
        def search(self, text: str, limit: int) -> list[tuple[Institution, float]]:
            known = {"港中大": (CUHK, 1.0), "麻省": (MIT, 1.0), "CUHKK": (CUHK, 0.9)}
            return [(i, known[text][1]) for i in self.institutions if text in known and i.id == known[text][0]]

    monkeypatch.setattr("affil.workspace.matching.open_registry", lambda files, chosen: Searched())


@pytest.mark.usefixtures("registry")
def test_any_name_that_the_registry_knows(ws: str) -> None:
    call("decide", ws, "港中大", "--institution", CUHK, "--by", "ana", "--why", "short form")
    assert "CUHK: rank 1, 1 publications" in call("why", ws, "港中大").stdout
    assert "MIT [Boston]: rank 1, 1 publications" in call("why", ws, "麻省").stdout
    shown = call("rank", ws, "--institution", "港中大").stdout
    assert [line.split()[:2] for line in shown.splitlines() if "CUHK" in line] == [[">", "1"]]
    assert "MIT [Boston]" in shown
    with pytest.raises(AffilError, match="no institution 'CUHKK' is in this ranking; did you mean: CUHK"):
        call("why", ws, "CUHKK")
    with pytest.raises(AffilError, match=r"'麻省' is MIT .*, which has no row in this ranking"):
        call("why", ws, "麻省", "--in", "Hong Kong")


def test_continents_places_presets_and_short_names(ws: str) -> None:
    call("decide", ws, "港中大", "--institution", CUHK, "--by", "ana", "--why", "short form")
    everything = call("rank", ws, "--level", "continent").stdout
    assert "North America" in everything
    assert "Asia" in everything
    asia = call("rank", ws, "--in", "亚洲", "--years", "2020-2021").stdout
    assert "institution, in Asia, all areas, 2020-2021, by adjusted" in asia
    assert "CUHK" in asia
    assert "MIT [Boston]" not in asia
    one = call("rank", ws, "--area", "cv", "--years", "2020", "--by", "index").stdout
    assert "institution, computer vision, 2020, by index" in one
    assert "index: the adjusted publications in computer vision, plus 1." in one
    together = json.loads(call("rank", ws, "--level", "country", "--hong-kong", "with", "--json").stdout)
    assert "HK" not in {row["id"] for row in together["ranking"]}
    assert together["hong_kong"] == "with"
    assert "Hong Kong and Macao apart" in call("rank", ws, "--level", "country", "--hong-kong", "apart").stdout
    assert "by adjusted, Hong Kong and Macao with China" in " ".join(call("trend", ws, "--hong-kong", "with").stdout.split())
    preset = call("rank", ws, "--venues", "csrankings-like", "--by", "index").stdout
    assert "venues csrankings-like" in preset
    assert "index: the geometric mean over 5 areas" in preset
    assert "No paper here is in natural language processing, machine learning, general AI, robotics:" in preset
    assert "MIT [Boston]" in preset
    assert json.loads(call("rank", ws, "--venues", "csrankings-like", "--json").stdout)["coverage"]["papers"] == 1


def test_venues(ws: str, tmp_path: Path) -> None:
    shown = call("venues", ws).stdout
    assert "2 venues with 2 papers, 1 of them in the eight areas." in shown
    assert f"1 venue outside the table and any area. To change that, put into {ws}/venues.csv each" in shown
    assert "venue,name,areas,weight,years,aliases\nElsewhere,Elsewhere,,1,," in shown
    assert [line.split() for line in shown.splitlines() if line.startswith("CVPR")] == [
        ["CVPR", "computer", "vision", "1", "1983-", "1", "2020", "2021"]
    ]
    assert "SIGIR" not in shown
    assert "SIGIR" in call("venues", ws, "--all").stdout
    assert "CVPR" not in call("venues", ws, "--area", "sim").stdout
    table = json.loads(call("venues", "--json").stdout)["table"]
    assert next(r for r in table if r["venue"] == "ICRA")["presets"] == "airankings-like; csrankings-like"
    sources = {r["venue"]: r["openalex"] for r in table}
    shown = call("venues", width=200).stdout.splitlines()
    for venue, number in sources.items():
        (row,) = (line for line in shown if line.startswith(f"{venue}  "))
        assert row.rstrip().endswith("by name" if not number else "1 source" if number == 1 else f"{number} sources")
    sure = sum(number > 0 for number in sources.values())
    assert 0 < sure < len(sources)
    assert f"OpenAlex: {sure} of {len(sources)} venues have confirmed sources in the table; those of the others" in shown[-1]
    assert "information retrieval" not in call("venues", "--area", "cv").stdout.lower()
    call("venues", ws, "-o", str(tmp_path / "v.csv"))
    assert (
        (tmp_path / "v.csv").read_text("utf-8").startswith("venue,name,areas,weight,since,until,presets,papers,present,absent")
    )
    assert (tmp_path / "v.csv.manifest.json").exists()
    with pytest.raises(AffilError, match="--output needs a workspace"):
        call("venues", "-o", str(tmp_path / "v.csv"))


def test_why_lists_the_papers_and_trend_the_years(ws: str, tmp_path: Path) -> None:
    shown = call("why", ws, "mit [boston]").stdout
    assert "MIT [Boston]: rank 1, 1 publications, 1 authors, 1.00 adjusted" in shown
    assert "CVPR" in shown
    assert "No string in review may name it." in shown
    assert json.loads(call("why", ws, MIT, "--json").stdout)["papers"][0]["paper"] == "P1"
    assert [len(json.loads(call("why", ws, MIT, "--json", "--limit", n).stdout)["papers"]) for n in ("0", "1")] == [1, 1]
    call("decide", ws, "港中大", "--institution", CUHK, "--by", "ana", "--why", "short form")
    years = call("trend", ws, "--by", "publications").stdout
    assert "The years differ in their venues" in years
    assert [line.split()[-4:] for line in years.splitlines() if "Hong Kong" in line] == [["Hong", "Kong", "0", "1"]]
    trend = json.loads(call("trend", ws, "--level", "city", "--years", "2020", "--json").stdout)
    assert (trend["years"], [row["2020"] for row in trend["trend"]]) == ([2020], [1.0])
    by_year = call("rank", ws, "--each-year", "--by", "publications").stdout
    assert "is first in" in by_year
    ranks = json.loads(call("rank", ws, "--each-year", "--level", "city", "--years", "2020", "--json").stdout)
    assert [(row["2020"], row["in_a_row"]) for row in ranks["ranks"]] == [(1, 1)]
    for named in ([CUHK], ["--institution", CUHK]):
        alone = json.loads(call("rank", ws, *named, "--each-year", "--json").stdout)
        assert [row["id"] for row in alone["ranks"]] == [CUHK], "one alone"
    with pytest.raises(AffilError, match="Nowhere College"):
        call("rank", ws, "Nowhere College", "--each-year")
    with pytest.raises(AffilError, match="ranks of each year have no ranges"):
        call("rank", ws, "--each-year", "--ranges")
    call("rank", ws, "--each-year", "-o", str(tmp_path / "y.csv"))
    assert (tmp_path / "y.csv").read_text("utf-8").startswith("id,name,")
    call("trend", ws, "-o", str(tmp_path / "t.json"))
    assert (tmp_path / "t.json.manifest.json").exists()
    with pytest.raises(AffilError, match="no venue has papers in every one of these years"):
        call("trend", ws, "--panel")


def test_what_a_source_lacks_is_said(tmp_path: Path, matcher: Matcher) -> None:
    records = [
        {"id": f"r{n}", "title": f"T{n}", "status": s, "author": "A;B", "aff": "MIT;CUHK"}
        for n, s in enumerate(["Oral", "Reject"])
    ]
    (tmp_path / "iclr2024.json").write_text(json.dumps(records), "utf-8")
    result = call("run", str(tmp_path / "iclr2024.json"), "-w", str(tmp_path / "other"))
    assert "papers: 1 new" in result.stdout
    assert "iclr2024.json: 1 paper left out, as it was not accepted: its status is 'Reject' (record 2)" in result.stderr


def test_an_interrupted_run_says_how_to_go_on(tmp_path: Path, ws: str, matcher: Matcher) -> None:
    (tmp_path / "b.jsonl").write_text(
        json.dumps({"id": "P9", "venue": "CVPR", "year": 2020, "authors": [{"name": "A", "affiliations": ["new"]}]})
    )
    matcher.interrupted = True
    result = call("run", str(tmp_path / "b.jsonl"), "-w", ws)
    assert result.exit_code == 130
    assert f"finished batches are kept, resume with: affil run -w {ws}" in result.stderr
    assert "50.0% none" not in call("rank", ws).stdout
    matcher.interrupted = False
    assert "1 looked up now, 3 in all" in call("run", "-w", ws).stdout


def test_mistakes(tmp_path: Path, ws: str) -> None:
    with pytest.raises(AffilError, match="not a workspace; create one with: affil run PAPERS"):
        call("rank", str(tmp_path / "none"))
    file = tmp_path / "my papers.csv"
    file.write_text("x", "utf-8")
    for verb in (("rank",), ("why", "MIT"), ("trend",), ("decisions",), ("snapshot",), ("venues",)):
        with pytest.raises(
            AffilError, match=r"a file, not a workspace; .*: affil run '.*/my papers.csv' -w WS; then give WS here"
        ):
            call(verb[0], str(file), *verb[1:])
    with pytest.raises(AffilError, match="not a workspace"):
        call("run", "-w", str(tmp_path / "none"))
    with pytest.raises(AffilError, match="no level 'town'"):
        call("rank", ws, "--level", "town")
    with pytest.raises(AffilError, match="has no entry 7"):
        call("undo", ws, "7", "--by", "a", "--why", "w")
    with pytest.raises(InputError, match="no such file"):
        call("run", str(tmp_path / "no.jsonl"), "-w", ws)
    assert call("decide", ws, "MIT", "--by", "a", "--why", "w").exit_code == 2
    assert "no decisions yet" in call("decisions", ws).stdout


def test_a_table_of_many_years_shows_the_last_that_fit_and_breaks_no_number(tmp_path: Path) -> None:
    import pandas as pd

    from affil.cli.tables import trend_table, years_table
    from affil.rank import RanksByYear, Trend
    from affil.settings import Settings

    years = tuple(range(1990, 2020))
    about: dict[Any, Any] = {"id": "US", "name": "United States"}
    frame = pd.DataFrame([about | dict.fromkeys(years, 12345.678) | {"growth": 1.0, "growth_last": 0.5}])
    ranks = pd.DataFrame([about | dict.fromkeys(years, 1) | {"best": 1, "years_first": 30}])
    of_year, settings = dict.fromkeys(years, ("A",)), Settings()
    made = Trend(
        *(frame, frame, ranks, "country", "adjusted", years),
        *(None, None, (), (), settings.rank, (), 2019, of_year, ("A",), False, {}),
    )
    by_year, terminal = RanksByYear(ranks, made), settings.terminal
    for width in (80, 120, 200):
        for table, value in ((trend_table(made, width, terminal), "12,345.68"), (years_table(by_year, width, terminal), "1")):
            console = Console(width=width, record=True, file=StringIO())
            console.print(table)
            title, *_, row = console.export_text().rstrip().splitlines()
            shown = sum(cell == value for cell in row.split())
            assert "United States" in row, "all on one line"
            assert shown >= 3
            assert shown >= 30 or "of 30 years" in title


@pytest.mark.parametrize(
    "command",
    [
        ("run", "none.jsonl"),
        ("run", "ok.jsonl", "--model", "none"),
        ("run", "ok.jsonl", "--ledger", "none/x.sqlite"),
    ],
)
def test_a_first_run_that_fails_leaves_no_workspace(
    tmp_path: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ok.jsonl").write_text(
        '{"id": "1", "venue": "J", "year": 2020, "authors": [{"name": "A", "affiliations": ["MIT"]}]}\n'
    )
    with pytest.raises(AffilError):
        call(*command, "-w", "new/ws")
    assert [f.name for f in tmp_path.iterdir()] == ["ok.jsonl"]


LOADED = """
import contextlib, json, sys
from affil.cli import main
for ws, *words in json.loads(sys.argv[1]):
    for _ in range(2):
        sys.argv[1:] = ["rank", ws, *words]
        with contextlib.suppress(SystemExit):
            main()
        print("----", json.dumps([*sys.modules]), flush=True)
"""


def test_a_ranking_loads_only_what_it_needs(ws: str, tmp_path: Path) -> None:
    """Right after a correction, and where nothing changed since: what it does without takes longer to load than the rest to do."""
    asked = ((), ("--json",), ("--level", "country", "--by", "index"))
    corrected = [shutil.copytree(ws, tmp_path / str(n)) for n in range(len(asked))]
    for one in corrected:
        call("decide", str(one), "港中大", "--institution", CUHK, "--by", "Ana", "--why", "its short name")
    calls = json.dumps([(str(one), *words) for one, words in zip(corrected, asked, strict=True)])
    done = subprocess.run([sys.executable, "-c", LOADED, calls], capture_output=True, text=True, check=True)
    shown, loaded = zip(*re.findall(r"(.*?)^---- (.*?)$\n", done.stdout, re.DOTALL | re.MULTILINE), strict=True)
    assert len(shown) == 2 * len(asked)
    for modules in loaded:
        packages = {module.partition(".")[0] for module in json.loads(modules)}
        assert {"duckdb", "pyarrow"} <= packages
        assert {"pandas", "scipy", "sqlalchemy", "sklearn", "ftfy", "opencc"} & packages == set()
    assert shown[::2] == shown[1::2]
    assert all("CUHK" in one or "Hong Kong" in one for one in shown)


def test_another_ledger_in_the_place_of_one_is_counted_whole(ws: str, tmp_path: Path) -> None:
    """It has as many entries and more, but not those that were counted before."""
    project = Workspace.open(ws, create=True)
    project.decide("MIT", CUHK, by="Ana", why="a trial")
    assert dict(project.rank().frame[["id", "publications"]].to_numpy()) == {CUHK: 1}
    other = Ledger(tmp_path / "other.sqlite")
    for string in ("港中大", "never published"):
        other.decide(string, CUHK, by="Bo", why="its short name")
    other.backup(tmp_path / "copy.sqlite")
    for file in Path(ws).glob("ledger.sqlite*"):
        file.unlink()
    (tmp_path / "copy.sqlite").rename(Path(ws) / "ledger.sqlite")
    assert dict(Workspace.open(ws, create=True).rank().frame[["id", "publications"]].to_numpy()) == {MIT: 1, CUHK: 1}


def test_papers_without_affiliations_say_what_to_do(matcher: Matcher, tmp_path: Path) -> None:
    records = [{"id": f"P{n}", "venue": "CVPR", "year": 2020, "authors": [{"name": "A"}]} for n in range(3)]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, records)), "utf-8")
    result = call("run", str(tmp_path / "a.jsonl"), "-w", str(tmp_path / "ws"))
    assert "3 papers" in result.stderr
    assert "has no affiliation" in result.stderr
    assert "next:" not in result.stdout
    assert (
        "nothing can be ranked, as no paper has an affiliation; export the papers again with affiliations (Scopus: tick"
        in result.stdout
    )
