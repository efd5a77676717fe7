"""What people did, step by step, latest first: searched, filtered, and what of it can be taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from affil.errors import AffilError
from affil.ledger.cases import CLOSED, Case, Cases, Key
from affil.review.turns import alive
from affil.types import LedgerEntry
from affil.wording import said

UNDO, BY_ESTIMATE = "undo", "closed"
# What an entry is: its role, but for undos and for strings closed by the estimate.
KINDS = ("decision", "opinion", "blind", "settlement", BY_ESTIMATE, UNDO)
Named = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Search:
    """Filters of what people did; empty fields do not restrict.

    `text` is contained in the string, the reason, or the name or id of an institution, case aside; `by` is the person; `kind` one of
    `KINDS`; `since` and `until` are days (2026-11-27, UTC); `holds`: only what holds now.
    """

    text: str = ""
    by: str = ""
    kind: str = ""
    since: str = ""
    until: str = ""
    holds: str = ""

    def check(self) -> Search:
        """Validate and return the filters.

        Raises:
            AffilError: a value is invalid.
        """
        if self.kind and self.kind not in KINDS:
            raise AffilError(said("no kind of entry {0!r}; known are: {1}", self.kind, ", ".join(KINDS)))
        for day in filter(None, (self.since, self.until)):
            try:
                date.fromisoformat(day)
            except ValueError as error:
                raise AffilError(said("no day {0!r}; write e.g. 2026-11-27", day)) from error
        return self


@dataclass(frozen=True, slots=True)
class Past:
    """A step: what was recorded at once, the numbers of those entries of it that hold and can be taken back, and of those that are
    searched for.
    """

    entries: tuple[LedgerEntry, ...]
    open: frozenset[int]
    found: frozenset[int]


def kind_of(entry: LedgerEntry) -> str:
    """What an entry is, one of `KINDS`."""
    return UNDO if entry.undoes is not None else BY_ESTIMATE if entry.why.startswith(CLOSED) else entry.role


def history(entries: Iterable[LedgerEntry], cases: Cases, search: Search, named: Named) -> list[Past]:
    """The steps with an entry that is searched for, each as a whole, latest first.

    Args:
        entries: of the ledger, oldest first, without those that the person may not see.
        cases: their fold.
        search: what is searched for.
        named: the name of an institution by its id.
    """
    search.check()
    steps = [tuple(step) for _, step in groupby(entries, key=lambda e: (e.by, e.at, e.undoes is None))]
    out = []
    for step in reversed(steps):
        held = frozenset(e.number for e in step if e.undoes is None and alive(e, cases))
        if found := frozenset(e.number for e in step if _fits(e, e.number in held, search, named)):
            out.append(Past(step, held, found))
    return out


def conflicts(disputes: Sequence[tuple[Key, Case]], search: Search, named: Named) -> list[tuple[Key, Case]]:
    """Of these conflicts those in which an opinion, or what holds, is searched for."""
    search.check()
    return [(key, case) for key, case in disputes if any(_fits(e, True, search, named) for e in _said(case))]


def _said(case: Case) -> Iterator[LedgerEntry]:
    yield from filter(None, (case.holder, *case.opinions.values()))


def _fits(entry: LedgerEntry, holds: bool, search: Search, named: Named) -> bool:
    day, text = entry.at.date().isoformat(), search.text.casefold()
    told = (entry.affiliation, entry.why, *(entry.institutions or ()), *map(named, entry.institutions or ()))
    return (
        (not search.by or entry.by == search.by)
        and (not search.kind or kind_of(entry) == search.kind)
        and (not search.holds or holds)
        and (not search.since or day >= search.since)
        and (not search.until or day <= search.until)
        and (not text or any(text in one.casefold() for one in told))
    )
