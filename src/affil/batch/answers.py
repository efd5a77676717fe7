"""Answers to strings, as rows ready to be written."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple, Protocol

from affil.io.cells import addresses
from affil.match import COLUMNS, match_records
from affil.match.records import joined
from affil.types import Decision, Institution, Match, Result

_DECISION = COLUMNS.index("decision")


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


def decided_answer(institutions: Sequence[Institution], said: str) -> AnswerRows:
    """The answer of a person: these institutions, for certain, or none; `said` is its evidence."""
    if not institutions:
        (nothing,) = match_records(Result(""))
        return AnswerRows(Decision.NONE, [tuple((nothing | {"evidence": said}).get(column) for column in COLUMNS)])
    records = [Result("").match_dict(Match(one, 1.0, Decision.MATCH, 0, 0, "")) | {"evidence": said} for one in institutions]
    return AnswerRows(Decision.MATCH, [tuple(record[column] for column in COLUMNS) for record in records])


def cell_answers(matcher: BatchMatcher, cells: list[str], column: str) -> list[AnswerRows]:
    """The answer to each cell of a column, in order: the answers to its addresses in one (see `affil.io.cells`)."""
    parts = [addresses(cell, column) for cell in cells]
    strings = list(dict.fromkeys(chain.from_iterable(parts)))
    found = dict(zip(strings, answers(matcher, strings), strict=True))
    return [one_answer([found[s] for s in part]) for part in parts]


def one_answer(parts: Sequence[AnswerRows]) -> AnswerRows:
    """The answers to the addresses of a cell as one: an institution that several name has one row, the most probable.

    A person should see the cell if one of its rows is for review; it names none if no address does.
    """
    if len(parts) == 1:
        return parts[0]
    rows = joined([part.rows for part in parts])
    decisions = {row[_DECISION] for row in rows}
    return AnswerRows(next(d for d in (Decision.REVIEW, Decision.MATCH, Decision.NONE) if d.value in decisions), rows)
