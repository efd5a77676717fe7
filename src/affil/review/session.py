"""A review session: the state and actions of reviewing a workspace, independent of the user interface.

session = Session(Workspace.open("ws"))
number = session.next(Filters(), by="ana")
card = session.card(number, by="ana")
session.decide(number, [card.candidates[0].institution.id], by="ana", why="the address agrees", seen=card.seen)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from affil.errors import AffilError
from affil.ledger import Case, Draft, Key
from affil.ledger.agreement import disputed
from affil.ledger.cases import BLIND, OPINION
from affil.match import Matcher
from affil.review.card import Candidate, Card, in_pieces
from affil.review.institutions import Institutions
from affil.review.queue import Filters, Item, Queue, VenueFacts
from affil.review.spreadsheet import Imported, read_drafts, sheet_rows, string_key, write_sheet
from affil.types import Decision, Institution, LedgerEntry, Match, Name
from affil.workspace import Workspace

_REMEMBERED = 4096  # strings with cached candidates


class Session:
    """A workspace's queue, matcher and ledger, for reviewing. Safe to use from several threads.

    Args:
        workspace: matched at least once.
        matcher: source of candidates, and its registry; default: the matcher of the workspace's last run.

    Raises:
        AffilError: nothing is matched yet.
    """

    def __init__(self, workspace: Workspace, matcher: Matcher | None = None) -> None:
        workspace.must_be_matched()
        self.workspace, self.settings = workspace, workspace.settings.review
        self.matcher = matcher or workspace.matcher()
        self.institutions = Institutions(workspace, self.matcher.registry)
        self.ledger = workspace.open_ledger(lasting=True)
        self.queue = Queue(*workspace.matched_tables(), _facts(workspace), self.settings)
        self._step = int(workspace.manifest.get("step", 0))
        self._lock = threading.Lock()
        self._entries: list[LedgerEntry] = []
        self._shown: dict[int, tuple[str, float]] = {}
        self._skipped: dict[str, set[int]] = {}
        self._numbers: dict[str, int] = {}
        self._candidates = lru_cache(maxsize=_REMEMBERED)(self._find_candidates)
        self.refresh()

    def close(self) -> None:
        """Close the ledger."""
        self.ledger.close()

    def refresh(self) -> None:
        """Load what others have decided and added in the meantime; all of it where an older ledger was put in the place of this one.

        Raises:
            AffilError: the ledger cannot be read, or is gone.
        """
        with self._lock:
            known = self._entries[-1] if self._entries else None
            new = self.ledger.entries(known.number - 1 if known else 0)
            if known is not None and new[:1] != [known]:
                new = self.ledger.entries()
                self.queue.forget()
                self._entries.clear()
            elif known is not None:
                del new[0]
            self.queue.update(new)
            self._entries += new
            self.institutions.refresh()

    @property
    def elsewhere(self) -> tuple[str, str] | None:
        """Where decisions are kept, and where the workspace counts them from, if these are two."""
        counted = Workspace.open(self.workspace.path, create=False).ledger.where
        return None if counted == self.ledger.where else (self.ledger.where, counted)

    @property
    def outdated(self) -> bool:
        """Whether the workspace was matched again, or got more papers, since this session was opened."""
        return int(self.workspace.manifest.get("step", 0)) != self._step

    def _recorded(self, entries: Sequence[LedgerEntry]) -> None:
        """Load what was recorded a moment ago. It is recorded, so that no error here may say otherwise; the next request tells it."""
        try:
            self.refresh()
        except AffilError:
            with self._lock:
                new = [e for e in entries if e.number > self.queue.cases.number]
                self.queue.update(new)
                self._entries += new

    def entries(self) -> list[LedgerEntry]:
        """The whole ledger as last read, oldest first."""
        return list(self._entries)

    def next(self, filters: Filters, by: str) -> int | None:
        """The next string for this person to decide; None if none is left.

        A string currently shown to another person is skipped, unless nothing else is left.
        """
        held = None
        now = time.monotonic()
        with self._lock:
            skipped = self._skipped.get(by, set())
            for number in self.queue.select(filters, by).tolist():
                if number in skipped:
                    continue
                who, until = self._shown.get(number, (by, 0.0))
                if who == by or until < now:
                    self._shown[number] = (by, now + self.settings.lease)
                    return int(number)
                held = number if held is None else held
        return held

    def skip(self, number: int, by: str) -> None:
        """Skip a string for this person, until `unskip` or until the session is reopened."""
        with self._lock:
            self._skipped.setdefault(by, set()).add(self.item(number).number)
            self._shown.pop(number, None)

    def unskip(self, by: str) -> int:
        """Restore the strings this person skipped; returns their number."""
        with self._lock:
            return len(self._skipped.pop(by, ()))

    def skipped(self, by: str) -> int:
        """Number of strings this person skipped."""
        return len(self._skipped.get(by, ()))

    def item(self, number: int) -> Item:
        """A string of the workspace.

        Raises:
            AffilError: there is no string of this number.
        """
        if not 0 <= number < len(self.queue):
            raise AffilError(f"no string {number}; there are {len(self.queue):,}")
        return self.queue.item(number)

    def number(self, key: str) -> int | None:
        """The number of the string with this key (see `string_key`), or None; numbers change with each run."""
        if not self._numbers:
            self._numbers = {string_key(a): n for n, a in enumerate(self.queue.affiliations)}
        return self._numbers.get(key)

    def card(self, number: int, by: str) -> Card:
        """A string with everything needed to decide it."""
        item = self.item(number)
        second = self.queue.second(number, by)
        case = None if second else self.queue.cases.get(Key(item.affiliation))
        matches = self._candidates(item.affiliation)
        chosen = set(item.institutions if case is None or case.institutions is None else case.institutions)
        said = {i for e in case.opinions.values() for i in e.institutions or ()} if case else set()
        found = {m.institution.id: m for m in matches}
        known = [m.institution for m in matches]
        known += [one for i in sorted((chosen | said) - set(found)) if (one := self.institutions.find(i)) is not None]
        pieces, cut = in_pieces(item.affiliation, [m for m in matches if m.institution.id in chosen], self.settings.characters)
        return Card(
            item=item,
            pieces=pieces,
            cut=cut,
            candidates=tuple(Candidate(i, self.institutions.parents(i), i.id in chosen, found.get(i.id)) for i in known),
            occurrences=tuple(self.queue.occurrences(number, self.settings.papers, self.settings.authors)),
            second=second,
            case=case,
            history=() if second else tuple(e for e in self._entries if e.affiliation == item.affiliation),
            seen=case.holder.number if case and case.holder else 0,
        )

    def candidate(self, identifier: str) -> Candidate:
        """An institution as a candidate added by a person (see `Institutions.known`)."""
        found = self.institutions.known(identifier)
        return Candidate(found, self.institutions.parents(found), True, None)

    def decide(
        self,
        number: int,
        institutions: Sequence[str],
        *,
        by: str,
        why: str,
        seen: int = 0,
        settle: bool = False,
        also: Iterable[int] = (),
        mention: tuple[str, int | None] | None = None,
    ) -> list[LedgerEntry]:
        """Record a decision on a string and, in the same transaction, on others (`also`); all or nothing.

        `seen` is the number of the decision shown (`Card.seen`). `mention` restricts the decision to one paper and, with a
        position, one author.

        Raises:
            UnknownIdError: an id is unknown. AffilError: a field is blank, or the ledger cannot be written.
        """
        ids = tuple(self.institutions.known(identifier).id for identifier in institutions)
        numbers = list(dict.fromkeys([number, *also]))
        drafts = []
        for one in numbers:
            paper, position = mention if mention and one == number else ("", None)
            key = Key(self.item(one).affiliation, paper, position)
            case = self.queue.cases.get(key, Case())
            shown = case.holder is None or (one == number and case.holder.number == seen)
            drafts.append(Draft(key, ids, by, why, settle and one == number, not shown))
        entries = self.ledger.decide_all(drafts)
        self._recorded(entries)
        return entries

    def undo(self, number: int, *, by: str, why: str) -> LedgerEntry:
        """Undo an entry (see `Ledger.undo`)."""
        entry = self.ledger.undo(number, by=by, why=why)
        self._recorded([entry])
        return entry

    def last(self, by: str) -> LedgerEntry | None:
        """The last entry of this person that can still be undone."""
        undone = {e.undoes for e in self._entries}
        for entry in reversed(self._entries):
            if entry.by == by and entry.undoes is None and entry.number not in undone:
                case = self.queue.cases[Key(entry.affiliation, entry.paper, entry.position)]
                alive = [case.holder, *case.opinions.values()]
                if any(e is not None and e.number == entry.number for e in alive):
                    return entry
        return None

    def alike(self, number: int) -> list[Item]:
        """Open strings for which the same decision may apply."""
        return [self.queue.item(n) for n in self.queue.alike(self.item(number).number, self.settings.alike_shown)]

    def add_institution(
        self, name: str, country: str, *, city: str = "", kind: str = "other", names: Iterable[Name] = ()
    ) -> Institution:
        """Add an institution missing from the registry (see `Workspace.add_institution`)."""
        made = self.workspace.add_institution(name, country, city=city, kind=kind, names=names)
        self.refresh()
        return made

    def export_sheet(self, path: Path | str, filters: Filters) -> int:
        """Write the strings that pass the filters as a spreadsheet to fill in (see `affil.review.spreadsheet`); returns their
        number.

        Raises:
            AffilError: `path` cannot be written.
        """
        items = (self.queue.item(n) for n in self.queue.select(filters).tolist())
        return write_sheet(path, sheet_rows(items, self.queue.cases, self.institutions.name))

    def import_sheet(self, path: Path | str, *, by: str = "") -> Imported:
        """Record the decisions of a filled-in spreadsheet, all of them or none.

        Raises:
            ImportProblemsError: rows are invalid. AffilError: the file cannot be read, or the ledger cannot be written.
        """
        drafts, unchanged, blank = read_drafts(
            path,
            by=by,
            cases=self.queue.cases,
            strings={string_key(a): a for a in self.queue.affiliations},
            resolve=self.institutions.id_of,
        )
        entries = self.ledger.decide_all(drafts)
        self._recorded(entries)
        return Imported(len(entries), sum(e.role in (OPINION, BLIND) for e in entries), unchanged, blank)

    def disputes(self) -> list[tuple[Key, Case]]:
        """Conflicts to settle."""
        cases = self.queue.cases
        return [(key, cases[key]) for key in disputed(cases)]

    def _find_candidates(self, affiliation: str) -> tuple[Match, ...]:
        # request more than shown: an institution may be found by several names
        found = {m.institution.id: m for m in reversed(self.matcher.candidates(affiliation, 2 * self.settings.candidates))}
        best = sorted(found.values(), key=lambda m: -m.probability)
        few, least = self.settings.few, self.settings.least
        kept = [m for k, m in enumerate(best) if k < few or m.probability >= least or m.decision != Decision.NONE]
        return tuple(kept[: self.settings.candidates])


def _facts(workspace: Workspace) -> list[VenueFacts]:
    venues = workspace.venues
    known = ((name, venues.resolve(name)) for name in workspace.published_venues())
    return [VenueFacts(name, venue.areas, venue.weight) if venue else VenueFacts(name, (), 1.0) for name, venue in known]
