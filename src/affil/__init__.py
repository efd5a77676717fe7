"""From messy affiliation strings to institutions with a place on the map, and from papers to rankings.

    import affil

    matcher = affil.Matcher.load()
    result = matcher.match("Dept. of CSE, 港中大, Shatin; SenseTime Research")

Everything is loaded on first use, so that `import affil` is fast. Scoring is `affil.evaluate.evaluate`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from affil.batch import MatchSummary, match_file, match_spark
    from affil.discovery.proposals import Proposal
    from affil.errors import AffilError, InputError, UnknownIdError
    from affil.evaluate import Evaluation
    from affil.frames import register_duckdb
    from affil.ledger import Ledger
    from affil.match import Matcher, Ranked
    from affil.rank import Comparison, Diff, Query, Ranking, RanksByYear, State, Store, Tables, Trend, VenueList, Venues, Why
    from affil.registry import Registry, build_registry
    from affil.review.file_sheet import Doubtful, read_decided, write_doubtful
    from affil.settings import Settings, load_settings
    from affil.training import train
    from affil.types import Author, Decision, Institution, LedgerEntry, Match, Name, Paper, Reason, Result, Results
    from affil.workspace import Added, Health, Run, Suggestion, Workspace, doctor

    __version__: str

_HOME = {
    "affil.batch": ("MatchSummary", "match_file", "match_spark"),
    "affil.errors": ("AffilError", "InputError", "UnknownIdError"),
    "affil.evaluate": ("Evaluation",),
    "affil.discovery.proposals": ("Proposal",),
    "affil.frames": ("register_duckdb",),
    "affil.ledger": ("Ledger",),
    "affil.match": ("Matcher", "Ranked"),
    "affil.rank": (
        "Comparison",
        "Diff",
        "Query",
        "Ranking",
        "RanksByYear",
        "State",
        "Store",
        "Tables",
        "Trend",
        "VenueList",
        "Venues",
        "Why",
    ),
    "affil.registry": ("Registry", "build_registry"),
    "affil.review.file_sheet": ("Doubtful", "read_decided", "write_doubtful"),
    "affil.settings": ("Settings", "load_settings"),
    "affil.training": ("train",),
    "affil.types": (
        "Author",
        "Decision",
        "Institution",
        "LedgerEntry",
        "Match",
        "Name",
        "Paper",
        "Reason",
        "Result",
        "Results",
    ),
    "affil.workspace": ("Added", "Health", "Run", "Suggestion", "Workspace", "doctor"),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}

__all__ = [  # spelt out for type checkers; a test holds it against _HOME
    "Added",
    "AffilError",
    "Author",
    "Comparison",
    "Decision",
    "Diff",
    "Doubtful",
    "Evaluation",
    "Health",
    "InputError",
    "Institution",
    "Ledger",
    "LedgerEntry",
    "Match",
    "MatchSummary",
    "Matcher",
    "Name",
    "Paper",
    "Proposal",
    "Query",
    "Ranked",
    "Ranking",
    "RanksByYear",
    "Reason",
    "Registry",
    "Result",
    "Results",
    "Run",
    "Settings",
    "State",
    "Store",
    "Suggestion",
    "Tables",
    "Trend",
    "UnknownIdError",
    "VenueList",
    "Venues",
    "Why",
    "Workspace",
    "__version__",
    "build_registry",
    "doctor",
    "load_settings",
    "match_file",
    "match_spark",
    "read_decided",
    "register_duckdb",
    "train",
    "write_doubtful",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from affil.installed import version

        return version()
    if name not in _MODULE:
        raise AttributeError(f"module 'affil' has no attribute {name!r}")
    value = getattr(import_module(_MODULE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
