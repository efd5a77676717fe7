"""Matches as rows of a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from affil.types import Decision, Match, Result

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
    return [_record(result, m, "; ".join(m.evidence)) for m in result.matches]


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


def result_dict(result: Result) -> dict[str, Any]:
    """A result as a JSON-serialisable dictionary."""
    matches = [match_dict(result, m) for m in result.matches]
    why = {"why": result.why} if result.why else {}
    return {"affiliation": result.affiliation, "decision": str(result.decision), **why, "matches": matches}


def match_dict(result: Result, m: Match) -> dict[str, Any]:
    """A match of a result, or a candidate for its string, as a JSON-serialisable dictionary."""
    return {**_record(result, m, list(m.evidence)), "start": m.start, "end": m.end, "alias": m.alias}


def _record(result: Result, m: Match, evidence: str | list[str]) -> dict[str, Any]:
    one = m.institution
    return {
        "institution_id": one.id,
        "name": one.name,
        "name_zh": one.name_zh,
        "kind": one.kind,
        "city": one.city,
        "country": one.country,
        "lat": one.lat,
        "lon": one.lon,
        "stated_city": m.stated.city,
        "stated_country": m.stated.country,
        "probability": m.probability,
        "decision": m.decision.value,
        "matched_text": result.affiliation[m.start : m.end],
        "evidence": evidence,
    }
