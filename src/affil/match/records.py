"""Matches as rows of a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from affil.types import Decision, Result

COLUMNS = ("institution_id", "name", "name_zh", "kind", "city", "country", "lat", "lon", "stated_city", "stated_country",
           "probability", "decision", "matched_text", "evidence")  # fmt: skip
NUMBERS = ("lat", "lon", "probability")  # of `COLUMNS`; all others are text
STATED = ("city", "region", "country")
_ID, _PROBABILITY = COLUMNS.index("institution_id"), COLUMNS.index("probability")


def output_columns(given: Sequence[str]) -> dict[str, str]:
    """Output names of `COLUMNS` appended to the input's columns, prefixed with `affil_` if taken."""
    out: dict[str, str] = {}
    for column in COLUMNS:
        name = column
        while name in given or name in out.values():
            name = f"affil_{name}"
        out[column] = name
    return out


def match_records(result: Result) -> list[dict[str, Any]]:
    """Rows of `COLUMNS` for one string: one per matched institution, or a single one with decision none, whose evidence says why."""
    if not result.matches:
        return [{"institution_id": "", "decision": Decision.NONE.value, "matched_text": "", "evidence": result.why}]
    made = [{**result.match_dict(m), "evidence": "; ".join(m.evidence)} for m in result.matches]
    return [{column: one[column] for column in COLUMNS} for one in made]


def joined(parts: Sequence[Sequence[tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
    """The rows (values of `COLUMNS`) of several strings as those of one: of an institution that is named twice the most probable, in
    the place of its first; a row without an institution only where there is no other.
    """
    best: dict[str, tuple[Any, ...]] = {}
    for row in chain.from_iterable(parts):
        before = best.setdefault(row[_ID], row)
        if row[_ID] and row[_PROBABILITY] > before[_PROBABILITY]:
            best[row[_ID]] = row
    return [row for identifier, row in best.items() if identifier or len(best) == 1]
