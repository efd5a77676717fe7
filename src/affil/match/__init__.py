"""Affiliation strings to institutions: retrieve candidates, weigh the evidence, decide, explain; and training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from affil.match.matcher import COLUMNS, Matcher, match_records, output_columns, result_dict
from affil.match.whynot import Explained, explained_dict, why_not

if TYPE_CHECKING:
    from affil.match.training import train

__all__ = [
    "COLUMNS",
    "Explained",
    "Matcher",
    "explained_dict",
    "match_records",
    "output_columns",
    "result_dict",
    "train",
    "why_not",
]


def __getattr__(name: str) -> Any:  # training needs much that matching does not
    if name == "train":
        from affil.match.training import train

        return train
    raise AttributeError(name)
