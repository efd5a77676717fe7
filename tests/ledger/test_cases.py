from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from affil.errors import AffilError
from affil.ledger import Cases, Key, Ledger
from affil.ledger.cases import NOT_AN_ORGANISATION, unexplained

A, B = "affil:a", "affil:b"


@dataclass
class Naive:
    """What a ledger means, written down as a story: all entries so far, read from the start each time."""

    entries: list[tuple[int, str, str, tuple[str, ...], bool, int | None]] = field(default_factory=list)

    def alive(self) -> list[tuple[int, str, str, tuple[str, ...], bool]]:
        undone = {e[5] for e in self.entries if e[5] is not None}
        return [e[:5] for e in self.entries if e[5] is None and e[0] not in undone]

    def holds(self) -> tuple[str, ...] | None:
        effective = [e for e in self.alive() if e[2] != "opinion"]
        return effective[-1][3] if effective else None

    def differ(self) -> bool:
        effective = [e for e in self.alive() if e[2] != "opinion"]
        settled = max((e[0] for e in effective if e[2] == "settlement"), default=0)
        # the last word of each person counts
        last: dict[str, tuple[int, tuple[str, ...]]] = {}
        for number, by, role, ids, _ in self.alive():
            if number > settled and role == "opinion":
                last[by] = (number, ids)
            elif role != "opinion":
                last.pop(by, None)
        said = [set(ids) for _, ids in last.values()] + ([set(self.holds() or ())] if effective else [])
        return any(one != said[0] for one in said)


step = st.tuples(st.sampled_from(["ana", "bo", "cy"]), st.sampled_from([(), (A,), (B,), (A, B)]), st.booleans())


@given(st.lists(step, max_size=8))
def test_it_is_what_the_story_says(steps: list[tuple[str, tuple[str, ...], bool]]) -> None:
    ledger, naive = Ledger("sqlite://"), Naive()
    for by, ids, settle in steps:
        entry = ledger.decide("X", ids, by=by, why="w", settle=settle)
        naive.entries.append((entry.number, by, entry.role, ids, settle, None))
        case = ledger.cases()[Key("X")]
        assert case.institutions == naive.holds()
        assert case.disputed == naive.differ()


@given(st.lists(st.tuples(step, st.integers(0, 12)), max_size=8))
def test_taking_into_account_at_once_or_one_by_one_is_the_same(
    steps: list[tuple[tuple[str, tuple[str, ...], bool], int]],
) -> None:
    ledger, slowly = Ledger("sqlite://"), Cases()
    for (by, ids, settle), undo in steps:
        ledger.decide("X" if undo % 2 else "Y", ids, by=by, why="w", settle=settle)
        with contextlib.suppress(AffilError):
            ledger.undo(undo, by=by, why="w")
        slowly.add(ledger.entries(slowly.number))
    at_once = ledger.cases()
    assert slowly == at_once
    assert slowly.number == at_once.number


def test_which_strings_may_still_name_something_new() -> None:
    ledger = Ledger("sqlite://")
    ledger.decide("known", A, by="ana", why="w")
    ledger.decide("unknown", None, by="ana", why="none of the registry")
    ledger.decide("fax", None, by="ana", why=f"{NOT_AN_ORGANISATION}: a number")
    cases = ledger.cases()
    assert [unexplained(cases.get(Key(s))) for s in ("known", "unknown", "fax", "new")] == [False, True, False, True]
