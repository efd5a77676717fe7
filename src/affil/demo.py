"""The main workflow end to end, on the sample that comes with the package.

Titles and people of the sample are invented; institutions are real, spelt the way people type them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from affil.batch import MatchSummary, match_file
from affil.workspace import Run, Workspace

if TYPE_CHECKING:
    from affil.match import Matcher
    from affil.rank import Ranking
    from affil.types import Result

# Sample strings with typical difficulties: short forms, campuses, homonyms, several institutions, damage, NIL.
EXAMPLES = (
    "Dept. of CSE, 港中大, Shatin; SenseTime Research",
    "CUHK-Shenzhen",
    "中科院自动化所 模式识别国家重点实验室",
    "清华大学深圳国际研究生院",
    "國立清華大學資訊工程學系",
    "Northeastern University, Shenyang",
    "Northeastern University, Boston",
    "Sber AI+Kazan Federal University+Skoltech",
    "1 Zhejiang University 2 Alibaba Group",
    "東京大学大学院情報理工学系研究科",
    "Universit¨at T¨ubingen",
    "Ã‰cole Normale SupÃ©rieure, Paris",
    "Standford University",
    "H. Thistlemoor is with the University of Pennsylvania, Philadelphia, PA 19104.",
    "独立研究者",
    "fax: +39-050-883496",
)


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
    """The path of a file of the sample: `affiliations.csv` (raw strings) or `papers.jsonl`."""
    return Path(__file__).with_name("demo_data") / name


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
    workspace = Workspace.open(folder)
    matches = workspace.path / "affiliations-matched.csv"
    tell("matching strings")
    strings = match_file(sample("affiliations.csv"), matches, matcher=matcher)
    tell("matching the papers' strings")
    added = workspace.add_papers(sample("papers.jsonl"))
    run = workspace.run(matcher=matcher)
    tell("ranking")
    return Demo(
        strings=strings,
        matches=matches,
        examples=list(matcher.match_many(EXAMPLES)),
        papers=added.new + added.replaced + added.unchanged,
        run=run,
        countries=workspace.rank(level="country", by="publications", limit=10),
        institutions=workspace.rank(level="institution", by="publications", limit=15),
    )
