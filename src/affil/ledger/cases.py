"""Fold the entries of a ledger into one case per decided string or mention."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from affil.types import LedgerEntry

# Roles of entries. A decision takes effect. An opinion is recorded beside another person's decision without replacing it; it is
# blind if that decision was not shown. A settlement takes effect and ends the dispute.
DECISION, OPINION, BLIND, SETTLEMENT = "decision", "opinion", "blind", "settlement"
OPINIONS = (OPINION, BLIND)

# The reason given for strings that name no organisation at all, rather than an unknown one.
NOT_AN_ORGANISATION = "not an organisation"
# The beginning of the reason of entries that follow from decisions on other strings (see `affil.review.estimate`).
CLOSED = "closed by the estimate"


class Key(NamedTuple):
    """The subject of a decision: a raw string anywhere, or one mention of it (a paper, and an author's position)."""

    affiliation: str
    paper: str = ""
    position: int | None = None


def key_of(entry: LedgerEntry) -> Key:
    """The subject of an entry."""
    return Key(entry.affiliation, entry.paper, entry.position)


@dataclass(slots=True)
class Case:
    """The decisions and opinions on one string or mention.

    `decided` are the decisions not undone, each with the opinions that it settled; the last one is in effect. `opinions` are
    the latest opinions of other people.
    """

    decided: list[tuple[LedgerEntry, dict[str, LedgerEntry]]] = field(default_factory=list)
    opinions: dict[str, LedgerEntry] = field(default_factory=dict)

    @property
    def holder(self) -> LedgerEntry | None:
        """The decision in effect."""
        return self.decided[-1][0] if self.decided else None

    @property
    def institutions(self) -> tuple[str, ...] | None:
        """The ids in effect, empty for none; None if undecided."""
        return self.decided[-1][0].institutions if self.decided else None

    @property
    def people(self) -> frozenset[str]:
        """People with an entry that was not undone."""
        return frozenset(self.opinions) | {e.by for e, _ in self.decided}

    @property
    def disputed(self) -> bool:
        """Whether an opinion differs from the decision in effect."""
        said = [set(e.institutions or ()) for e in (*filter(None, [self.holder]), *self.opinions.values())]
        return any(one != said[0] for one in said)

    def role(self, by: str, *, settle: bool = False, blind: bool = False) -> str:
        """The role of a new entry by this person."""
        if settle:
            return SETTLEMENT
        if self.holder is None or self.holder.by == by:
            return DECISION
        return BLIND if blind else OPINION

    def same(self, entry: LedgerEntry) -> LedgerEntry | None:
        """The entry that already says all that a new one would say, for the same person; None where the new one adds something."""
        if entry.role == SETTLEMENT and self.opinions:
            return None
        last = self.opinions.get(entry.by) if entry.role in OPINIONS else self.holder
        if last is None or set(last.institutions or ()) != set(entry.institutions or ()):
            return None
        told = ("by", "why", "role", "model", "registry")
        return last if all(getattr(last, name) == getattr(entry, name) for name in told) else None

    def add(self, entry: LedgerEntry) -> None:
        """Apply the next entry on this subject."""
        if entry.undoes is not None:
            if self.holder is not None and self.holder.number == entry.undoes:
                _, settled = self.decided.pop()
                self.opinions = settled | self.opinions
            self.opinions = {by: e for by, e in self.opinions.items() if e.number != entry.undoes}
        elif entry.role in OPINIONS:
            self.opinions[entry.by] = entry
        else:
            settled = self.opinions if entry.role == SETTLEMENT else {}
            self.opinions = {} if settled else {by: e for by, e in self.opinions.items() if by != entry.by}
            self.decided.append((entry, settled))


def step_of(entries: Sequence[LedgerEntry], at: int) -> list[LedgerEntry]:
    """The entries recorded in one step with the one at this place of a ledger: neighbours of the same person and time."""
    first, last, of = at, at + 1, (entries[at].by, entries[at].at)
    while first and (entries[first - 1].by, entries[first - 1].at) == of:
        first -= 1
    while last < len(entries) and (entries[last].by, entries[last].at) == of:
        last += 1
    return list(entries[first:last])


def unexplained(case: Case | None) -> bool:
    """Whether a string may name an unknown institution: nobody decided on one, or that it names no organisation."""
    if case is None or case.holder is None:
        return True
    return not case.holder.institutions and not case.holder.why.startswith(NOT_AN_ORGANISATION)


class Cases(dict[Key, Case]):
    """All cases of a ledger; `number` is that of the last entry applied."""

    def __init__(self, entries: Iterable[LedgerEntry] = ()) -> None:
        super().__init__()
        self.number = 0
        self.add(entries)

    def add(self, entries: Iterable[LedgerEntry]) -> None:
        """Apply more entries, oldest first."""
        for entry in entries:
            self.setdefault(key_of(entry), Case()).add(entry)
            self.number = max(self.number, entry.number)

    def current(self) -> dict[Key, tuple[str, ...]]:
        """The ids in effect for each string or mention, empty for none; undecided ones are absent."""
        return {key: ids for key, case in self.items() if (ids := case.institutions) is not None}

    def disputes(self) -> dict[Key, Case]:
        """The disputed cases."""
        return {key: case for key, case in self.items() if case.disputed}
