"""Who is looking at which string, and what each person did last: shown, skipped and decided strings."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from affil.ledger.cases import Cases, key_of, step_of
from affil.types import LedgerEntry


@dataclass(frozen=True, slots=True)
class Step:
    """What a person did in one step and can take back: entries of the ledger, or the string skipped (its number)."""

    entries: tuple[LedgerEntry, ...] = ()
    skipped: int | None = None


class Turns:
    """The strings shown to people and skipped by them, by number, for the time of a session. Thread-safe.

    Args:
        lease: seconds for which a string shown to one person is not given to another.
    """

    def __init__(self, lease: float) -> None:
        self._lease, self._lock = lease, threading.Lock()
        self._shown: dict[int, tuple[str, float]] = {}
        self._skips: dict[str, dict[int, int]] = {}  # person -> string -> last entry of the ledger at that time

    def take(self, numbers: Iterable[int], by: str) -> int | None:
        """The first string that is not skipped by this person and not shown to another, unless nothing else is left."""
        held, now = None, time.monotonic()
        with self._lock:
            skipped = self._skips.get(by, {})
            for number in numbers:
                if number in skipped:
                    continue
                who, until = self._shown.get(number, (by, 0.0))
                if who == by or until < now:
                    self._shown[number] = (by, now + self._lease)
                    return int(number)
                held = number if held is None else held
        return held

    def skip(self, number: int, by: str, at: int) -> None:
        """Skip a string for this person; `at` is the number of the ledger's last entry."""
        with self._lock:
            skips = self._skips.setdefault(by, {})
            skips.pop(number, None)  # the latest comes last
            skips[number] = at
            self._shown.pop(number, None)

    def unskip(self, by: str, number: int | None = None) -> int:
        """Take up one skipped string, or all of this person; returns how many."""
        with self._lock:
            if number is None:
                return len(self._skips.pop(by, {}))
            return int(self._skips.get(by, {}).pop(number, None) is not None)

    def skipped(self, by: str) -> list[int]:
        """The strings that this person skipped, oldest first."""
        with self._lock:
            return list(self._skips.get(by, {}))

    def last(self, by: str, entries: Sequence[LedgerEntry], cases: Cases) -> Step | None:
        """The last step of this person that can be taken back: a skipped string, or entries that still hold."""
        with self._lock:
            skip = next(reversed(self._skips.get(by, {}).items()), None)
        undone = {e.undoes for e in entries}
        for place in range(len(entries) - 1, -1, -1):
            entry = entries[place]
            if skip is not None and entry.number <= skip[1]:
                return Step(skipped=skip[0])
            if entry.by == by and entry.undoes is None and entry.number not in undone and alive(entry, cases):
                return Step(tuple(e for e in step_of(entries, place) if e.undoes is None and alive(e, cases)))
        return Step(skipped=skip[0]) if skip is not None else None


def alive(entry: LedgerEntry, cases: Cases) -> bool:
    """Whether an entry holds, as the decision on its string or as an opinion."""
    case = cases[key_of(entry)]
    return any(e is not None and e.number == entry.number for e in (case.holder, *case.opinions.values()))
