"""A review session: the state and actions of reviewing a workspace, independent of the user interface.

session = Session(Workspace.open("ws"))
number = session.next(Filters(), by="ana")
card = session.card(number, by="ana")
session.decide(number, [card.candidates[0].institution.id], by="ana", why="the address agrees", seen=card.seen)
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from affil.errors import AffilError
from affil.ledger import Case, Draft, Key
from affil.ledger.agreement import disputed
from affil.ledger.cases import CLOSED, OPINIONS, step_of
from affil.match import Matcher
from affil.registry.local import Details
from affil.review import mentions
from affil.review.card import Candidate, Card, Member, in_pieces, proposed
from affil.review.context import context_of
from affil.review.doubts import SUGGESTED, decoded, doubts_of
from affil.review.estimate import Closing, Estimator
from affil.review.groups import group_strings
from affil.review.institutions import Institutions
from affil.review.items import Filters, Item, VenueFacts
from affil.review.mentions import Mention, Rule
from affil.review.queue import Numbers, Queue
from affil.review.spreadsheet import (
    Found,
    Imported,
    is_unrecorded,
    keep_answers,
    read_drafts,
    sheet_rows,
    string_key,
    write_sheet,
)
from affil.review.turns import Step, Turns, alive
from affil.types import Decision, Institution, LedgerEntry, Match
from affil.wording import said
from affil.workspace import Workspace
from affil.workspace.suggestions import SUGGESTIONS, Suggestion, open_suggestions

_REMEMBERED = 4096  # strings with cached candidates
_SEARCHED = 200  # characters of a string searched for what it is most like


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
        self.turns = Turns(self.settings.lease)
        self._numbers: dict[str, int] = {}
        self._read: dict[str, tuple[Match, ...]] = {}
        self._decisions = 0
        self.suggestions: dict[str, list[Suggestion]] = {}  # by string
        self._suggestions_seen = (0, 0)
        self._candidates = lru_cache(maxsize=_REMEMBERED)(self._find_candidates)
        self._group()
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
            self._refresh_suggestions()

    def _refresh_suggestions(self) -> None:
        """Read what assistants suggest, where that has changed, for the strings that nobody has decided."""
        file = self.workspace.path / SUGGESTIONS
        seen = (file.stat().st_mtime_ns if file.exists() else 0, len(self._entries))
        if seen != self._suggestions_seen:
            self.suggestions.clear()
            for one in open_suggestions(self.workspace, self.queue.cases):
                self.suggestions.setdefault(one.affiliation, []).append(one)
            self.queue.suggest([n for n in map(self.queue.number, self.suggestions) if n is not None])
            self._suggestions_seen = seen

    @property
    def elsewhere(self) -> tuple[str, str] | None:
        """Where decisions are kept, and where the workspace counts them from, if these are two."""
        counted = Workspace.open(self.workspace.path, create=False).ledger.where
        return None if counted == self.ledger.where else (self.ledger.where, counted)

    @property
    def outdated(self) -> bool:
        """Whether the workspace was matched again, or got more papers, since this session was opened."""
        return int(self.workspace.manifest.get("step", 0)) != self._step

    def mentions(self, number: int, rule: Rule, by: str) -> list[Mention]:
        """The mentions of a string that a rule is about, newest first, as this person may see them (see `affil.review.mentions`)."""
        return self._shown(number, mentions.mentions_of(self.queue, self.item(number).number, rule), by)

    def decide_mentions(
        self, number: int, chosen: Sequence[Mention], institutions: Sequence[str], *, by: str, why: str
    ) -> list[LedgerEntry]:
        """Record one decision on each of these mentions of a string, in one step (see `affil.review.mentions.chosen`).

        Raises:
            UnknownIdError: an id is unknown. AffilError: there is no mention, a field is blank, or the ledger cannot be written.
        """
        ids = tuple(self.institutions.known(identifier).id for identifier in institutions)
        blind = self.queue.second(number, by)
        return self._decide(mentions.drafts(self.item(number).affiliation, chosen, ids, by=by, why=why, blind=blind))

    def _shown(self, number: int, found: Sequence[Mention], by: str) -> list[Mention]:
        """Mentions without the decisions that a person who decides second may not see."""
        return [Mention(m.at, None) for m in found] if self.queue.second(number, by) else list(found)

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

    def select(self, filters: Filters, by: str) -> Numbers:
        """The strings that pass the filters for this person, one a group, most valuable first."""
        skipped = self.turns.skipped(by)
        if filters.state == "skipped":
            numbers = self.queue.select(replace(filters, state="open"), by)
            return self.queue.cards(numbers[np.isin(numbers, skipped)])
        numbers = self.queue.select(filters, by)
        return self.queue.cards(numbers) if filters.state == "open" else numbers

    def next(self, filters: Filters, by: str) -> int | None:
        """The next string for this person to decide; None if none is left.

        A string currently shown to another person is skipped, unless nothing else is left.
        """
        if filters.state == "skipped":
            return next(iter(self.select(filters, by).tolist()), None)
        return self.turns.take(self.select(filters, by).tolist(), by)

    def skip(self, number: int, by: str) -> None:
        """Skip a string for this person, until `unskip` or until the session is reopened."""
        self.turns.skip(self.item(number).number, by, self.queue.cases.number)

    def item(self, number: int) -> Item:
        """A string of the workspace.

        Raises:
            AffilError: there is no string of this number.
        """
        if not 0 <= number < len(self.queue):
            raise AffilError(said("no string {0}; there are {1:,}", number, len(self.queue)))
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
        suggested = self.suggestions.get(item.affiliation, [])
        said |= {i for s in suggested for i in s.institutions}
        found = {m.institution.id: m for m in matches}
        known = [m.institution for m in matches]
        known += [one for i in sorted((chosen | said) - set(found)) if (one := self.institutions.find(i)) is not None]
        doubted = (
            {m.institution.id for m in matches if not proposed(m, ticked=self.settings.ticked, sure=self.settings.sure)}
            if case is None or case.holder is None
            else set()
        )
        ticked = chosen - doubted
        newest = self.queue.store.occurrences(number, self.settings.papers, self.settings.authors)
        pieces, cut = in_pieces(item.affiliation, [m for m in matches if m.institution.id in chosen], self.settings.characters)
        return Card(
            item=item,
            pieces=pieces,
            cut=cut,
            candidates=tuple(Candidate(i, self.institutions.parents(i), i.id in ticked, found.get(i.id)) for i in known),
            nearest=() if known else tuple(self.institutions.search(item.affiliation[:_SEARCHED], self.settings.few)),
            doubts=self._doubts(number, matches),
            suggestions=tuple(suggested),
            context=context_of(self.queue.store, number, self.settings.candidates),
            members=() if second else tuple(self._member(n) for n in self.queue.members(number).tolist()),
            mentions=tuple(self._shown(number, mentions.with_entries(self.queue, number, newest), by)),
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
        strings = list(dict.fromkeys([number, *also]))
        drafts = [self._draft(n, ids, by, why) for n in strings]
        paper, position = mention or ("", None)
        key = Key(self.item(number).affiliation, paper, position)
        holder = self.queue.cases.get(key, Case()).holder
        drafts[0] = Draft(key, ids, by, why, settle, holder is not None and holder.number != seen)
        return self._decide(drafts)

    def decide_each(self, answers: Mapping[int, Sequence[str]], *, by: str, why: str) -> list[LedgerEntry]:
        """Record a decision of its own on each of these strings, by number, in one step; all or nothing.

        Raises:
            UnknownIdError: an id is unknown. AffilError: a field is blank, or the ledger cannot be written.
        """
        known = {n: tuple(self.institutions.known(i).id for i in ids) for n, ids in answers.items()}
        return self._decide([self._draft(n, ids, by, why) for n, ids in known.items()])

    def _draft(self, number: int, ids: tuple[str, ...], by: str, why: str) -> Draft:
        """A decision on a string whose holder, if there is one, was not shown."""
        key = Key(self.item(number).affiliation)
        return Draft(key, ids, by, why, blind=self.queue.cases.get(key, Case()).holder is not None)

    def _decide(self, drafts: Sequence[Draft]) -> list[LedgerEntry]:
        entries = self.ledger.decide_all(drafts)
        self._recorded(entries)
        return entries

    def estimate(self, by: str) -> list[Closing]:
        """After each so many decisions (setting `estimate`): order the queue anew, and close what has become sure, in one step.

        Closed strings are decisions of the person whose decisions closed them. What was closed once and taken back is not closed again.
        """
        self._decisions += 1
        if not self.settings.estimate or self._decisions % self.settings.estimate:
            return []
        decided, once = self._by_people(), {e.affiliation for e in self._entries if e.why.startswith(CLOSED)}
        numbers, probability = self._estimator.answers(decided)
        now = self.queue.probability.copy()
        now[numbers] = probability
        self.queue.estimate(now)
        found = self._estimator.closings(decided)
        closed = [c for c in found if not self.queue.decided[c.number] and self.queue.affiliations[c.number] not in once]
        why = CLOSED + ": the same name in {} decisions, probability {:.2f}"
        drafts = [
            Draft(Key(self.queue.affiliations[c.number]), c.institutions, by, why.format(c.decisions, c.probability))
            for c in closed
        ]
        self._recorded(self.ledger.decide_all(drafts))
        return closed

    def _by_people(self) -> dict[int, tuple[str, ...]]:
        """What people decided on whole strings, but for what is in conflict."""
        holders = [
            (self.queue.number(key.affiliation), case.holder)
            for key, case in self.queue.cases.items()
            if not key.paper and not case.disputed
        ]
        return {n: e.institutions or () for n, e in holders if n is not None and e is not None and not e.why.startswith(CLOSED)}

    def undo(self, number: int, *, by: str, why: str) -> LedgerEntry:
        """Undo an entry (see `Ledger.undo`)."""
        entry = self.ledger.undo(number, by=by, why=why)
        self._recorded([entry])
        return entry

    def take_back(self, step: Step, *, by: str, why: str) -> list[LedgerEntry]:
        """Undo a whole step: its entries, all or none, or that a string was skipped."""
        if step.skipped is not None:
            self.turns.unskip(by, step.skipped)
            return []
        entries = self.ledger.undo_all([e.number for e in step.entries], by=by, why=why)
        self._recorded(entries)
        return entries

    def step(self, number: int) -> Step:
        """The step of an entry: what was recorded with it and still holds.

        Raises:
            AffilError: there is no such entry.
        """
        place = next((k for k, e in enumerate(self._entries) if e.number == number), None)
        if place is None:
            raise AffilError(said("the ledger has no entry {0}", number))
        return Step(tuple(e for e in step_of(self._entries, place) if e.undoes is None and alive(e, self.queue.cases)))

    def last(self, by: str) -> Step | None:
        """The last step of this person that can be taken back."""
        return self.turns.last(by, self._entries, self.queue.cases)

    def doubts(self, number: int) -> tuple[str, ...]:
        """The reasons of doubt of a string, as facets count them."""
        return decoded(int(self.queue.doubts[number]))

    def alike(self, number: int) -> list[Member]:
        """Open strings for which the same decision may apply, beside those of the same group."""
        return [self._member(n) for n in self.queue.alike(self.item(number).number, self.settings.alike_shown)]

    def _member(self, number: int) -> Member:
        item = self.queue.item(number)
        return Member(item, tuple(one for i in item.institutions if (one := self.institutions.find(i)) is not None))

    def add_institution(self, details: Details) -> Institution:
        """Add an institution missing from the registry (see `Workspace.add_institution`)."""
        made = self.workspace.add_institution(details)
        self.refresh()
        return made

    def edit_institution(self, identifier: str, details: Details) -> Institution:
        """Replace the details of an institution of the workspace's own (see `Workspace.edit_institution`)."""
        made = self.workspace.edit_institution(identifier, details)
        self.refresh()
        return made

    def export_sheet(self, path: Path | str, filters: Filters, *, excel: bool = False) -> int:
        """Write the strings that pass the filters as a spreadsheet to fill in (see `affil.review.spreadsheet`); returns their
        number. With `excel`, CSV has semicolons, for an Excel whose decimal sign is a comma.

        Raises:
            AffilError: `path` holds answers that are not recorded, or cannot be written.
        """
        if is_unrecorded(path, cases=self.queue.cases, strings=self._by_key(), institutions=self.institutions):
            keep_answers(path, f"affil review import {shlex.quote(str(self.workspace.path))} {{path}}")
        items = (self.queue.item(n) for n in self.queue.select(filters).tolist())
        rows = sheet_rows(items, self.queue.cases, self._found, lambda item: self.doubts(item.number))
        return write_sheet(path, rows, delimiter=";" if excel else ",")

    def _by_key(self) -> dict[str, str]:
        return {string_key(a): a for a in self.queue.affiliations}

    def _found(self, item: Item) -> list[Found]:
        """The institutions that a string may name: those found in it, and others that may be meant."""
        read = self._read.get(item.affiliation, ())
        said = {
            m.institution.id: m for m in reversed(read) if m.decision != Decision.NONE or m.probability >= self.settings.rival
        }
        out = []
        for one in dict.fromkeys([*item.institutions, *reversed(said)]):
            decision = said[one].decision if one in said else Decision(item.decision)
            out.append(Found(self.institutions.find(one) or one, decision, said[one].probability if one in said else None))
        return out

    def import_sheet(self, path: Path | str, *, by: str = "") -> Imported:
        """Record the decisions of a filled-in spreadsheet, all of them or none.

        Raises:
            ImportProblemsError: rows are invalid. AffilError: the file cannot be read, or the ledger cannot be written.
        """
        drafts, filled, left = read_drafts(
            path,
            by=by,
            cases=self.queue.cases,
            strings=self._by_key(),
            institutions=self.institutions,
        )
        entries = self.ledger.decide_all(drafts)
        self._recorded(entries)
        opinions = sum(e.role in OPINIONS for e in entries)
        return Imported(len(entries), opinions, len(filled.answers) - len(drafts), filled.blank, left)

    def disputes(self) -> list[tuple[Key, Case]]:
        """Conflicts to settle."""
        cases = self.queue.cases
        return [(key, cases[key]) for key in disputed(cases)]

    def _group(self) -> None:
        """Read the doubtful strings again, with rivals, and make cards of those with the same answer for the same reason."""
        numbers = self.queue.doubtful
        strings = [self.queue.affiliations[n] for n in numbers.tolist()]
        limit = 2 * self.settings.candidates  # more than shown: an institution may be found by several names
        found = self.matcher.ranked(strings, [limit] * len(strings), self.settings.least)
        self._read = dict(zip(strings, found, strict=True))
        nothing = np.setdiff1d(np.flatnonzero(self.queue.decision == "none"), numbers)
        self.queue.doubt(numbers, [self._doubts(n, matches) for n, matches in zip(numbers.tolist(), found, strict=True)])
        numbers = np.concatenate([numbers, nothing])
        strings += [self.queue.affiliations[n] for n in nothing.tolist()]
        matches = [*found, *([()] * len(nothing))]
        self.queue.join(numbers, group_strings(strings, matches, self.settings))
        doubtful = numbers[: len(found)]
        self._estimator = Estimator(self.queue.store, doubtful, self.queue.group[doubtful], found, self.settings)

    def _doubts(self, number: int, matches: Sequence[Match]) -> tuple[str, ...]:
        decision, audit = str(self.queue.decision[number]), bool(self.queue.audit[number])
        told = doubts_of(decision, matches, audit=audit, sure=self.settings.sure, rival=self.settings.rival)
        return (*told, SUGGESTED) if self.queue.affiliations[number] in self.suggestions else told

    def _find_candidates(self, affiliation: str) -> tuple[Match, ...]:
        read = self._read.get(affiliation) or self.matcher.candidates(affiliation, 2 * self.settings.candidates)
        found: dict[str, Match] = {}
        for match in sorted(read, key=lambda m: -m.probability):
            found.setdefault(match.institution.id, match)
        few, least = self.settings.few, self.settings.least
        kept = [m for k, m in enumerate(found.values()) if k < few or m.probability >= least or m.decision != Decision.NONE]
        return tuple(kept[: self.settings.candidates])


def _facts(workspace: Workspace) -> list[VenueFacts]:
    venues = workspace.venues
    known = ((name, venues.resolve(name)) for name in workspace.published_venues())
    return [VenueFacts(name, venue.areas, venue.weight) if venue else VenueFacts(name, (), 1.0) for name, venue in known]
