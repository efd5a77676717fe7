"""The review queue: all strings of a workspace with the model's answers, most valuable first.

The value of a decision is its expected effect on the ranking: the credit of the string's mentions (1/K of a paper for each of
its K authors, split over the author's affiliations, times the venue's weight), times the uncertainty of the answer (0 to 1). Strings
that would get the same answer for the same reason are one card (see `affil.review.groups`), worth what its strings are together.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from affil.errors import AffilError
from affil.ledger.cases import Cases, Key
from affil.review.doubts import AUDIT, NOTHING, SUGGESTED, UNREAD, coded
from affil.review.items import SORTS, Filters, Item, ReviewProgress, VenueFacts
from affil.review.store import Store, TablesLike
from affil.settings import ReviewSettings
from affil.types import LedgerEntry
from affil.wording import said

Numbers = npt.NDArray[np.int64]


class Queue:
    """All strings of a workspace, ordered by the value of a decision.

    Tables are read once; decisions are applied by `update`. Thread-safe.
    """

    def __init__(
        self, tables: TablesLike, strings: Path | pa.Table, venues: Sequence[VenueFacts], settings: ReviewSettings
    ) -> None:
        self.settings = settings
        self.store = Store(tables, strings, venues)
        self._lock = threading.RLock()
        columns = self.store.items()
        self.affiliations: list[str] = self.store.column("SELECT affiliation FROM string ORDER BY number")
        self._institutions: list[str] = self.store.column("SELECT institutions FROM item ORDER BY number")
        self._number = {a: i for i, a in enumerate(self.affiliations)}
        self.mentions, self.papers = columns["mentions"].astype(np.int64), columns["papers"].astype(np.int64)
        self.credit, self.probability = columns["credit"].astype(float), columns["probability"].astype(float)
        self.decision = np.array(columns["decision"], "U6")
        self.audit = self._sample("match", settings.audit) | self._sample("none", settings.audit)
        self.queued = self.audit | (self.decision == "review")
        self.group: Numbers = np.arange(len(self))
        told = [self.decision == "none", self.audit, self._unsure]
        self.doubts: Numbers = np.select(told, [coded([NOTHING]), coded([AUDIT]), coded([UNREAD])], 0)
        self.decided = np.zeros(len(self), bool)
        self._people: dict[int, frozenset[str]] = {}
        self._double: dict[int, bool] = {}
        self.cases = Cases()
        self.estimate(self.probability)

    def __len__(self) -> int:
        return len(self.affiliations)

    def estimate(self, probability: npt.NDArray[np.float64]) -> None:
        """Order the strings anew, by these probabilities of their answers."""
        with self._lock:
            self.now = probability
            doubt = np.where(self.decision == "none", self.settings.missed, 1 - probability)
            self.value = self.credit * np.where(self.decision == "review", np.minimum(probability, doubt), doubt)
            self._order: Numbers = np.lexsort((np.arange(len(self)), -self.mentions, -np.round(self.value, 9)))
            self._select = lru_cache(maxsize=64)(self._filtered)

    @property
    def doubtful(self) -> Numbers:
        """The strings that may be decided with others: doubtful ones, unsure matches and the audited ones without a match, most
        valuable first. Sure matches of the audit stand alone, so that they are looked at.
        """
        out: Numbers = self._order[self._unsure[self._order]][: self.settings.grouped]
        return out

    @property
    def _unsure(self) -> npt.NDArray[np.bool_]:
        match = self.decision == "match"
        out: npt.NDArray[np.bool_] = (self.queued & ~match) | (match & (self.probability < self.settings.sure))
        return out

    def join(self, numbers: Numbers, groups: Numbers) -> None:
        """Make one card of the strings that have the same group (see `affil.review.groups`)."""
        with self._lock:
            _, first, which = np.unique(groups, return_index=True, return_inverse=True)
            self.group = np.arange(len(self))
            self.group[numbers] = numbers[first[which]]

    def doubt(self, numbers: Numbers, doubts: Sequence[Sequence[str]]) -> None:
        """Give strings their reasons of doubt (see `affil.review.doubts`); the audited and those without a match have theirs, and for others
        it says that none were sought.
        """
        with self._lock:
            self.doubts[numbers] = [coded(told) for told in doubts]
            self._select = lru_cache(maxsize=64)(self._filtered)

    def suggest(self, numbers: Sequence[int]) -> None:
        """Have these strings in the queue, and no others for this reason: assistants suggest answers to them."""
        with self._lock:
            bit = coded([SUGGESTED])
            self.doubts &= ~bit
            self.queued = self.audit | (self.decision == "review")
            self.doubts[[*numbers]] |= bit
            self.queued[[*numbers]] = True
            self._select = lru_cache(maxsize=64)(self._filtered)

    def ordered(self, numbers: Numbers, sort: str) -> Numbers:
        """These strings, which come in the order of the queue, in another (one of `SORTS`, "-" before it: the other way round).

        Raises:
            AffilError: there is no such order.
        """
        name = sort.removeprefix("-")
        if name not in SORTS:
            raise AffilError(said("no order {0!r}; known are: {1}", sort, ", ".join(SORTS)))
        by: dict[str, Callable[[], npt.NDArray[Any]]] = {
            "value": lambda: np.arange(len(numbers)),
            "mentions": lambda: -self.mentions[numbers],
            "probability": lambda: -self.probability[numbers],
            "string": lambda: self._alphabet[numbers],
        }
        key = by[name]()
        out: Numbers = numbers[np.argsort(-key if sort != name else key, kind="stable")]
        return out

    @cached_property
    def _alphabet(self) -> Numbers:
        """The place of each string in the alphabet, case aside."""
        order = sorted(range(len(self)), key=lambda n: (self.affiliations[n].casefold(), n))
        out = np.empty(len(self), np.int64)
        out[order] = np.arange(len(self))
        return out

    def forget(self) -> None:
        """Take back all entries, of a ledger that was replaced by another."""
        with self._lock:
            self.cases = Cases()
            self.decided[:] = False
            self._people.clear()

    def update(self, entries: Sequence[LedgerEntry]) -> None:
        """Apply new entries of the ledger."""
        with self._lock:
            self.cases.add(entries)
            for entry in entries:
                number = self._number.get(entry.affiliation)
                if number is not None and not entry.paper:
                    case = self.cases[Key(entry.affiliation)]
                    self.decided[number] = case.holder is not None
                    self._people[number] = case.people

    def number(self, affiliation: str) -> int | None:
        """The number of a string, or None if it does not occur."""
        return self._number.get(affiliation)

    def item(self, number: int) -> Item:
        """The string with this number."""
        return Item(
            number,
            self.affiliations[number],
            int(self.mentions[number]),
            int(self.papers[number]),
            float(self.credit[number]),
            str(self.decision[number]),
            float(self.probability[number]),
            tuple(self._institutions[number].split()),
            bool(self.audit[number]),
        )

    def select(self, filters: Filters, by: str = "") -> Numbers:
        """The numbers of the strings that pass the filters, most valuable first; see `open` for those open to a person (`by`)."""
        wanted = self._select(replace(filters.check(), state="any"))
        if filters.state == "any":
            return wanted
        return wanted[self.decided[wanted]] if filters.state == "decided" else self.open(wanted, by)

    def open(self, numbers: Numbers, by: str = "") -> Numbers:
        """Of these strings the undecided ones, and those that this person is to decide second."""
        decided = self.decided[numbers]
        second = [n for n in numbers[decided].tolist() if by and self.second(n, by)]
        return numbers[~decided | np.isin(numbers, second)] if second else numbers[~decided]

    def cards(self, numbers: Numbers) -> Numbers:
        """Of these strings the most mentioned of each group, in the order of what all open strings of the group are worth."""
        with self._lock:
            worth = np.bincount(self.group, np.where(self.decided, 0, self.value), len(self))
            group = np.where(self.decided[numbers], numbers, self.group[numbers])
            largest = np.lexsort((numbers, -self.mentions[numbers]))
            _, first = np.unique(group[largest], return_index=True)
            lead = largest[first]
            value = np.where(self.decided[numbers[lead]], self.value[numbers[lead]], worth[group[lead]])
            out: Numbers = numbers[lead[np.lexsort((lead, -np.round(value, 9)))]]
            return out

    def members(self, number: int) -> Numbers:
        """The other open strings that would get the same answer for the same reason, most mentioned first."""
        with self._lock:
            if self.decided[number]:
                return np.zeros(0, np.int64)
            found = np.flatnonzero((self.group == self.group[number]) & ~self.decided)
            found = found[found != number]
            out: Numbers = found[np.lexsort((found, -self.mentions[found]))][: self.settings.group - 1]
            return out

    def second(self, number: int, by: str) -> bool:
        """Whether this person should blindly decide a string that one other person decided.

        Strings are sampled by a hash, so that the choice is the same for everybody at any time.
        """
        people = self._people.get(number, frozenset())
        if len(people) != 1 or by in people:
            return False
        if number not in self._double:
            digest = hashlib.sha256(self.affiliations[number].encode(errors="surrogatepass")).digest()
            self._double[number] = int.from_bytes(digest[:8], "big") / 2**64 < self.settings.double
        return self._double[number]

    def alike(self, number: int, limit: int) -> list[int]:
        """Open strings similar to this one (rapidfuzz's token ratios), beside its group, most mentioned first.

        If the model found institutions, only strings with the same ones are compared.
        """
        from rapidfuzz import fuzz, process

        from affil.names import fold

        with self._lock:
            same, kin = self._institutions[number], {number, *self.members(number).tolist()}
            open_ = np.flatnonzero(~self.decided & ((self.decision != "match") | (self.probability < self.settings.sure)))
            near = [i for i in open_.tolist() if i not in kin and self._institutions[i] == same]
        wanted = fold(self.affiliations[number])
        if not wanted or not near:
            return []
        scorer = fuzz.token_set_ratio if same else fuzz.token_sort_ratio
        texts = [self._folded(i) for i in near]
        found = process.extract(wanted, texts, scorer=scorer, score_cutoff=self.settings.alike, limit=None)
        return sorted((near[i] for _, _, i in found), key=lambda i: (-self.mentions[i], i))[:limit]

    def progress(self) -> ReviewProgress:
        """Progress of the review."""
        with self._lock:
            decided = self.decided & self.queued
            disputed = sum(case.disputed for case in self.cases.values())
            seen = np.flatnonzero(self.decided & (self.decision == "none"))
            confirmed = sum(not (self.cases[Key(self.affiliations[i])].institutions or ()) for i in seen.tolist())
            prior = self.settings.prior
            nil = (prior * (1 - self.settings.missed) + confirmed) / (prior + len(seen))
            right = np.select([self.decided, self.decision == "match", self.decision == "review"],
                              [1.0, self.probability, 1 - self.probability], nil)  # fmt: skip
            queued = int(self.mentions[self.queued].sum())
            return ReviewProgress(
                strings=int(self.queued.sum()),
                decided=int(decided.sum()),
                mentions_decided=float(self.mentions[decided].sum()) / queued if queued else 0.0,
                right=float((right * self.mentions).sum()) / float(self.mentions.sum()) if len(self) else 0.0,
                disputed=disputed,
            )

    def _folded(self, number: int) -> str:
        return _fold(self.affiliations[number])

    def _filtered(self, f: Filters) -> Numbers:
        """The strings that pass the filters, whatever their state, in order."""
        scopes = {"queue": self.queued, "doubtful": self.decision == "review", "all": np.ones(len(self), bool)}
        keep = scopes[f.scope].copy()
        keep &= (self.probability >= f.low) & (self.probability <= f.high)
        if f.decision:
            keep &= self.decision == f.decision
        if f.doubt:
            keep &= (self.doubts & coded([f.doubt])) != 0
        keep &= self.store.passing(f, len(self))
        out: Numbers = self._order[keep[self._order]]
        return out

    def _sample(self, decision: str, count: int) -> npt.NDArray[np.bool_]:
        """A reproducible random sample of the strings of one decision."""
        of = np.flatnonzero(self.decision == decision)
        drawn = np.zeros(len(self), bool)
        drawn[np.random.default_rng(self.settings.seed).permutation(of)[:count]] = True
        return drawn


@lru_cache(maxsize=1 << 18)
def _fold(affiliation: str) -> str:
    from affil.names import fold

    return fold(affiliation)
