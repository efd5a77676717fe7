from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from affil.cli.demo import demo
from affil.demo import examples, run_demo, sample
from affil.match import Matcher
from affil.papers.read import read_papers
from affil.rank import AREAS, load_venues
from affil.workspace import Workspace


def strings() -> list[str]:
    with sample("affiliations.csv").open(encoding="utf-8", newline="") as lines:
        return [row["affiliation"] for row in csv.DictReader(lines)]


def test_the_sample_is_what_it_says() -> None:
    raw = strings()
    papers = list(read_papers([sample("papers.jsonl")]))
    assert len(raw) == len({*raw}) >= 300
    assert len(papers) == len({p.title for p in papers}) >= 150
    assert {p.year for p in papers} == {*range(2014, 2025)}
    used = {a for p in papers for author in p.authors for a in author.affiliations} | {
        a for p in papers for a in p.paper_affiliations
    }
    assert used == {*raw}
    assert any(not p.aligned for p in papers)
    assert {*examples()} <= {*raw}
    venues = load_venues()
    areas = Counter(area for p in papers for area in venues[p.venue].areas)
    assert {*areas} == {*AREAS}
    chinese = [s for s in raw if any("\u4e00" <= c <= "\u9fff" for c in s)]
    assert len(chinese) > 60


@pytest.fixture(scope="module")
def matcher(shipped_matcher: Matcher) -> Matcher:
    return shipped_matcher


def test_the_main_job(matcher: Matcher, tmp_path: Path) -> None:
    told: list[str] = []
    done = run_demo(tmp_path / "ws", matcher, told.append)
    assert told == ["matching strings", "matching the papers' strings", "ranking"]
    assert (done.strings.rows, done.papers) == (len(strings()), 151)
    # What is in the sample is real and known: most of it must be found, and what names nobody must not.
    assert done.strings.none < 40
    assert done.strings.matched > 0.75 * done.strings.rows
    shown = {r.affiliation: {m.institution.id for m in r.matches if m.decision == "match"} for r in done.examples}
    assert shown == examples(), "each string is shown with all that it names, and nothing else"
    assert {len(ids) for ids in shown.values()} == {0, 1, 2, 3}
    title = Workspace.open(tmp_path / "ws", create=True).settings.report.title
    assert title.startswith("Invented papers"), "nobody takes its site for one of real papers"
    countries = done.countries.frame
    assert {"United States", "China"} <= {*countries["name"].head(3)}
    assert done.institutions.coverage.matched > 0.75
    assert done.matches.read_text("utf-8").startswith("kind_of_string,affiliation,institution_id,")
    again = run_demo(tmp_path / "ws", matcher)
    assert again.run.matched == 0
    assert again.countries.frame.equals(countries)


def test_the_command(monkeypatch: pytest.MonkeyPatch, matcher: Matcher, tmp_path: Path) -> None:
    monkeypatch.setattr(Matcher, "load", lambda *_, **__: matcher)
    app = typer.Typer()
    app.command()(demo)
    printed = CliRunner().invoke(app, ["-w", str(tmp_path / "kept")]).stdout
    for words in ("Titles and people are invented", "What the strings name", "Countries by publications", "What to try next"):
        assert words in printed
    assert f"affil rank {tmp_path / 'kept'} --level city" in printed.replace("\n", " ")
    assert (tmp_path / "kept" / "manifest.json").exists()
    monkeypatch.chdir(tmp_path)
    result = json.loads(CliRunner().invoke(app, ["--json"]).stdout)
    assert result["papers"] == 151
    assert [e["affiliation"] for e in result["examples"]] == list(examples())
    assert not (tmp_path / "ws").exists()
