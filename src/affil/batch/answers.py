"""Answers to strings, as rows ready to be written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from affil.match import COLUMNS, match_records
from affil.types import Decision, Result

NUMBERS = ("lat", "lon", "probability")  # numeric `COLUMNS`; all others are text


class BatchMatcher(Protocol):
    """The method of a matcher used to match files; with several workers it must pickle, like `affil.Matcher`."""

    def match_many(self, strings: list[str], /) -> Sequence[Result]:
        """The results of the strings, in order."""


class AnswerRows(NamedTuple):
    """The overall decision for a string, and its rows, each with a value per column of `COLUMNS`."""

    decision: Decision
    rows: list[tuple[Any, ...]]


def answers(matcher: BatchMatcher, strings: list[str]) -> list[AnswerRows]:
    """The answer to each string, in order."""
    return [
        AnswerRows(result.decision, [tuple(record.get(column) for column in COLUMNS) for record in match_records(result)])
        for result in matcher.match_many(strings)
    ]
