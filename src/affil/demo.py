"""The main workflow end to end, on the sample that comes with the package.

Titles and people of the sample are invented; institutions are real, spelt the way people type them.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from affil.batch import MatchSummary, match_file
from affil.settings import ReportSettings, Settings
from affil.wording import said
from affil.workspace import Run, Workspace

if TYPE_CHECKING:
    from affil.match import Matcher
    from affil.rank import Ranking
    from affil.types import Result

TITLE = "Invented papers (affil demo)"  # of its site and bulletin, and the source that their charts name


@dataclass(frozen=True, slots=True)
class Demo:
    """Results of the demo: the file of matches, some explained matches, and the rankings."""

    strings: MatchSummary
    matches: Path
    examples: list[Result]
    papers: int
    run: Run
    countries: Ranking
    institutions: Ranking


def sample(name: str) -> Path:
    """The path of a file of the sample: `affiliations.csv` (raw strings), `papers.jsonl`, or `examples.csv` (some of the strings, with the
    ids of all that they name: short forms, campuses, homonyms, several institutions, damage, none).
    """
    return Path(__file__).with_name("demo_data") / name


def examples() -> dict[str, frozenset[str]]:
    """The strings that the demo explains, and the ids of the institutions that they name."""
    with sample("examples.csv").open(encoding="utf-8", newline="") as lines:
        return {row["affiliation"]: frozenset(row["institution_ids"].split()) for row in csv.DictReader(lines)}


def run_demo(folder: Path | str, matcher: Matcher, progress: Callable[[str], None] | None = None) -> Demo:
    """Match the sample's strings, run its papers in a workspace in `folder`, and rank countries and institutions.

    Args:
        folder: the folder of the workspace, created if missing; the matches are also written there.
        matcher: a loaded matcher.
        progress: called with a message per step.

    Raises:
        AffilError: the folder holds something else, or cannot be written.
    """
    tell = progress or (lambda _: None)
    workspace = Workspace.open(folder, create=True, settings=Settings(report=ReportSettings(title=TITLE)))
    matches = workspace.path / "affiliations-matched.csv"
    tell(said("matching strings"))
    strings = match_file(sample("affiliations.csv"), matches, matcher=matcher)
    tell(said("matching the papers' strings"))
    added = workspace.add_papers(sample("papers.jsonl"))
    run = workspace.run(matcher=matcher)
    tell(said("ranking"))
    return Demo(
        strings=strings,
        matches=matches,
        examples=list(matcher.match_many([*examples()])),
        papers=added.new + added.replaced + added.unchanged,
        run=run,
        countries=workspace.rank(level="country", by="publications", limit=10),
        institutions=workspace.rank(level="institution", by="publications", limit=15),
    )
