"""Match affiliation strings to institutions: retrieve candidates, compute features, classify, decide, explain."""

from affil.match.lacking import Ranked
from affil.match.matcher import Matcher
from affil.match.records import COLUMNS, match_records, output_columns
from affil.match.why_not import NOTHING, Explained, explained_dict, why_none, why_not

__all__ = [
    "COLUMNS",
    "NOTHING",
    "Explained",
    "Matcher",
    "Ranked",
    "explained_dict",
    "match_records",
    "output_columns",
    "why_none",
    "why_not",
]
