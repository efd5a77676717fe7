"""What people did, searched and step by step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import AffilError
from affil.ledger.cases import CLOSED, Cases
from affil.review.history import KINDS, Search, conflicts, history, kind_of
from affil.types import LedgerEntry

NAMES = {"affil:a": "Alpha College", "affil:b": "Beta Works"}
START = datetime(2026, 11, 27, 22, 0, tzinfo=UTC)


def entry(number: int, hours: int, by: str, string: str, *ids: str, why: str = "w", **more: object) -> LedgerEntry:
    return LedgerEntry(number, START + timedelta(hours=hours), by, string, ids, why, None, **{"undoes": None, **more})  # type: ignore[arg-type]


ENTRIES = [
    entry(1, 0, "ana", "Physics, Alpha", "affil:a"),
    entry(2, 0, "ana", "Chemistry, Alpha", "affil:a"),
    entry(3, 1, "bo", "Physics, Alpha", "affil:b", role="opinion"),
    entry(4, 3, "ana", "Beta", "affil:b", why=CLOSED + ": x"),
    entry(5, 3, "ana", "Chemistry, Alpha", undoes=2, why="a slip"),
    entry(6, 4, "bo", "room 5", why="not an organisation"),
]


def found(entries: list[LedgerEntry] = ENTRIES, **search: str) -> list[list[int]]:
    return [[e.number for e in past.entries] for past in history(entries, Cases(entries), Search(**search), lambda i: NAMES[i])]


def test_steps_come_latest_first_with_what_can_be_taken_back() -> None:
    assert found() == [[6], [5], [4], [3], [1, 2]]
    past = history(ENTRIES, Cases(ENTRIES), Search(), lambda i: NAMES[i])
    assert [sorted(p.open) for p in past] == [[6], [], [4], [3], [1]]
    assert all(p.found == {e.number for e in p.entries} for p in past)
    (step,) = history(ENTRIES, Cases(ENTRIES), Search(text="physics", by="ana"), lambda i: NAMES[i])
    assert ([e.number for e in step.entries], [*step.found]) == ([1, 2], [1])
    assert [kind_of(e) for e in ENTRIES] == ["decision", "decision", "opinion", "closed", "undo", "decision"]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ({"text": "chemistry"}, [[5], [1, 2]]),
        ({"text": "beta works"}, [[4], [3]]),
        ({"text": "SLIP"}, [[5]]),
        ({"text": "affil:b"}, [[4], [3]]),
        ({"by": "bo"}, [[6], [3]]),
        ({"kind": "closed"}, [[4]]),
        ({"kind": "undo"}, [[5]]),
        ({"kind": "decision", "by": "ana"}, [[1, 2]]),
        ({"since": "2026-11-28"}, [[6], [5], [4]]),
        ({"until": "2026-11-27"}, [[3], [1, 2]]),
        ({"since": "2026-11-29"}, []),
        ({"holds": "1", "text": "chemistry"}, []),
        ({"holds": "1"}, [[6], [4], [3], [1, 2]]),
    ],
)
def test_a_search(search: dict[str, str], expected: list[list[int]]) -> None:
    assert found(**search) == expected


@given(st.lists(st.sampled_from(ENTRIES[:4] + ENTRIES[5:]), unique_by=lambda e: e.number))
def test_kinds_and_people_part_the_history(some: list[LedgerEntry]) -> None:
    entries = sorted(some, key=lambda e: e.number)
    for name, values in (("kind", KINDS), ("by", ("ana", "bo"))):
        numbers = {n for value in values for step in found(entries, **{name: value}) for n in step}
        assert numbers == {e.number for e in entries}


def test_conflicts_are_searched() -> None:
    disputes = [(key, case) for key, case in Cases(ENTRIES).items() if case.disputed]
    assert len(disputes) == 1
    for text, count in (("works", 1), ("alpha", 1), ("gamma", 0)):
        assert len(conflicts(disputes, Search(text=text), lambda i: NAMES[i])) == count
    assert conflicts(disputes, Search(by="cy"), lambda i: NAMES[i]) == []


@pytest.mark.parametrize("wrong", [{"kind": "guess"}, {"since": "yesterday"}, {"until": "2026-13-01"}])
def test_what_is_no_search_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(AffilError, match=r"no kind|no day"):
        found(**wrong)
