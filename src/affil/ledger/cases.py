"""What holds: the entries of a ledger, folded into one case for each string or mention that somebody decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from affil.types import LedgerEntry

# What an entry does. A decision holds from then on. An opinion stands beside another person's decision, which it does not
# overwrite; it is blind where that decision was not shown. A settlement holds, and ends the dispute.
DECISION, OPINION, BLIND, SETTLEMENT = "decision", "opinion", "blind", "settlement"

# How a person says that a string names no organisation at all, as against one that no registry knows.
NOT_AN_ORGANISATION = "not an organisation"


class Key(NamedTuple):
    """What a decision is about: a raw string wherever it stands, or one mention of it (a paper, and an author's position)."""

    affiliation: str
    paper: str = ""
    position: int | None = None


def key_of(entry: LedgerEntry) -> Key:
    """What an entry is about."""
    return Key(entry.affiliation, entry.paper, entry.position)


@dataclass(slots=True)
class Case:
    """What people said of one string or mention.

    `decided` are the decisions not taken back, the last of which holds, each with the opinions that it settled. `opinions` are
    what other people hold, the last word of each.
    """

    decided: list[tuple[LedgerEntry, dict[str, LedgerEntry]]] = field(default_factory=list)
    opinions: dict[str, LedgerEntry] = field(default_factory=dict)

    @property
    def holder(self) -> LedgerEntry | None:
        """The decision that holds."""
        return self.decided[-1][0] if self.decided else None

    @property
    def institutions(self) -> tuple[str, ...] | None:
        """What holds: ids, empty where it names none; None where it is undecided."""
        return self.decided[-1][0].institutions if self.decided else None

    @property
    def people(self) -> frozenset[str]:
        """Who said something that was not taken back."""
        return frozenset(self.opinions) | {e.by for e, _ in self.decided}

    @property
    def disputed(self) -> bool:
        """Whether people differ about what holds."""
        said = [set(e.institutions or ()) for e in (*filter(None, [self.holder]), *self.opinions.values())]
        return any(one != said[0] for one in said)

    def role(self, by: str, *, settle: bool = False, blind: bool = False) -> str:
        """What an entry of this person would do."""
        if settle:
            return SETTLEMENT
        if self.holder is None or self.holder.by == by:
            return DECISION
        return BLIND if blind else OPINION

    def same(self, entry: LedgerEntry) -> LedgerEntry | None:
        """The entry that already says all that a new one would say, for the same person; None where the new one adds something."""
        if entry.role == SETTLEMENT and self.opinions:
            return None
        last = self.opinions.get(entry.by) if entry.role in (OPINION, BLIND) else self.holder
        if last is None or set(last.institutions or ()) != set(entry.institutions or ()):
            return None
        told = ("by", "why", "role", "model", "registry")
        return last if all(getattr(last, name) == getattr(entry, name) for name in told) else None

    def add(self, entry: LedgerEntry) -> None:
        """Take the next entry about it into account."""
        if entry.undoes is not None:
            if self.holder is not None and self.holder.number == entry.undoes:
                _, settled = self.decided.pop()
                self.opinions = settled | self.opinions
            self.opinions = {by: e for by, e in self.opinions.items() if e.number != entry.undoes}
        elif entry.role in (OPINION, BLIND):
            self.opinions[entry.by] = entry
        else:
            settled = self.opinions if entry.role == SETTLEMENT else {}
            self.opinions = {} if settled else {by: e for by, e in self.opinions.items() if by != entry.by}
            self.decided.append((entry, settled))


def unexplained(case: Case | None) -> bool:
    """Whether a string may still name an institution that no registry has: nobody said what it names, or that it names none."""
    if case is None or case.holder is None:
        return True
    return not case.holder.institutions and not case.holder.why.startswith(NOT_AN_ORGANISATION)


class Cases(dict[Key, Case]):
    """All cases of a ledger; `number` is the last entry that was taken into account."""

    def __init__(self, entries: Iterable[LedgerEntry] = ()) -> None:
        super().__init__()
        self.number = 0
        self.add(entries)

    def add(self, entries: Iterable[LedgerEntry]) -> None:
        """Take more entries into account, oldest first."""
        for entry in entries:
            self.setdefault(key_of(entry), Case()).add(entry)
            self.number = max(self.number, entry.number)

    def current(self) -> dict[Key, tuple[str, ...]]:
        """What holds: ids, empty where a string or mention names none; the undecided are absent."""
        return {key: ids for key, case in self.items() if (ids := case.institutions) is not None}

    def disputes(self) -> dict[Key, Case]:
        """Where people differ."""
        return {key: case for key, case in self.items() if case.disputed}
