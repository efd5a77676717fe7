"""Match affiliation strings to institutions: retrieve candidates, compute features, classify, decide, explain."""

from affil.match.matcher import Matcher
from affil.match.records import COLUMNS, match_records, output_columns, result_dict
from affil.match.why_not import Explained, explained_dict, why_not

__all__ = [
    "COLUMNS",
    "Explained",
    "Matcher",
    "explained_dict",
    "match_records",
    "output_columns",
    "result_dict",
    "why_not",
]
