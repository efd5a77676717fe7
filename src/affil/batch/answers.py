"""What a file's engine makes of strings: for each an answer, ready to be written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from affil.match import COLUMNS, match_records
from affil.types import Decision, Result

NUMBERS = ("lat", "lon", "probability")  # of `COLUMNS`; all others are text


class BatchMatcher(Protocol):
    """What matching a file needs of a matcher. For several processes it must pickle, as `affil.Matcher` does."""

    def match_many(self, strings: list[str], /) -> Sequence[Result]:
        """The result of each string, in order."""


class AnswerRows(NamedTuple):
    """The decision for a string as a whole, and its rows, each a value for each of `COLUMNS`."""

    decision: Decision
    rows: list[tuple[Any, ...]]


def answers(matcher: BatchMatcher, strings: list[str]) -> list[AnswerRows]:
    """The answer to each string, in order."""
    return [
        AnswerRows(result.decision, [tuple(record.get(column) for column in COLUMNS) for record in match_records(result)])
        for result in matcher.match_many(strings)
    ]
