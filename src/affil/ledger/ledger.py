"""The ledger: an append-only log of human decisions, keyed by the raw affiliation string.

A decision applies to the string exactly as published, so it survives new models, registries and text rules; it may be
restricted to one mention (a paper, and an author's position). An undo is a new row that restores the previous decision. If
another person's decision is in effect, a new one is recorded as an opinion: shown, counted as a conflict if they differ, but
without effect until someone settles it. The current decisions are the fold of all rows (`affil.ledger.cases`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from affil.errors import AffilError
from affil.ledger.cases import Case, Cases, Key, key_of
from affil.ledger.file import LedgerFile
from affil.ledger.rows import chained, coded, digest_of, dump, entry_of, fold_entries
from affil.types import LedgerEntry
from affil.wording import said

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from affil.ledger.database import Database


@dataclass(frozen=True, slots=True)
class Draft:
    """A decision to record: key, ids (empty: none), person and reason (see `Ledger.decide`)."""

    key: Key
    institutions: tuple[str, ...]
    by: str
    why: str
    settle: bool = False
    blind: bool = False


class Ledger:
    """Human decisions on raw affiliation strings.

    Args:
        database: a file (SQLite, created by the first decision) or any SQLAlchemy URL. On SQLite and PostgreSQL triggers reject
            changes to rows; on another server, grant writers only INSERT and SELECT.
        model: version or hash of the model under review, recorded in each new entry.
        registry: likewise of the registry.
        wait: seconds to wait for another writer (SQLite) or a restarting server.
        lasting: keep files open between calls, for programs that make many decisions; call `close` at the end.
        backups: a folder in which a copy is kept of every day that has decisions (see `affil.ledger.backup`); None: no copies.
        kept: how many copies.
    """

    def __init__(
        self,
        database: Path | str,
        *,
        model: str = "",
        registry: str = "",
        wait: float = 10.0,
        lasting: bool = False,
        backups: Path | None = None,
        kept: int = 30,
    ) -> None:
        self.model, self.registry = model, registry
        named = str(database)
        plain = not lasting and "://" not in named and named not in ("", ":memory:") and not named.startswith("file:")
        self._file = LedgerFile(Path(database), wait) if plain else None
        self._given, self._wait, self._lasting = database, wait, lasting
        self._opened = None if self._file is not None else self._open(database)
        self._backups, self._kept = backups, kept
        self._written = False

    def _open(self, database: Path | str | LedgerFile) -> Database:
        from affil.ledger.database import Database  # and with it SQLAlchemy, without which a file is read

        return Database(database, wait=self._wait, lasting=self._lasting)

    @property
    def _database(self) -> Database:
        if self._opened is None:
            assert self._file is not None
            self._opened = self._open(self._file)
        return self._opened

    def decide(
        self,
        affiliation: str,
        institution: str | Sequence[str] | None,
        *,
        by: str,
        why: str,
        paper: str = "",
        position: int | None = None,
        settle: bool = False,
        blind: bool = False,
        model: str | None = None,
        registry: str | None = None,
    ) -> LedgerEntry:
        """Record that a raw string names these institutions: one id, several, or None for none.

        If another person's decision already holds, the entry is recorded as an opinion and does not replace it, unless `settle` is
        true; `blind` records that the other decision was not shown. A decision sent twice (a double click) is one entry.

        Args:
            affiliation: the exact raw string.
            institution: the id or ids that it names, or None.
            by: the person.
            why: the reason.
            paper: restrict the decision to this paper id; "": all mentions.
            position: the author's position in that paper, from 0.
            settle: override the current decision and end the dispute.
            blind: see above.
            model: the model whose answers were shown; default: the ledger's.
            registry: likewise the registry.

        Raises:
            AffilError: an argument is blank, or the ledger cannot be written.
        """
        ids = () if institution is None else (institution,) if isinstance(institution, str) else tuple(institution)
        draft = Draft(Key(affiliation, paper, position), ids, by, why, settle, blind)
        return self.decide_all([draft], model=model, registry=registry)[0]

    def decide_all(
        self, drafts: Sequence[Draft], *, model: str | None = None, registry: str | None = None
    ) -> list[LedgerEntry]:
        """Record several decisions, all or none of them; see `decide`.

        Returns the entry of each, in order: of a decision that its person already holds, the one there is (see `Case.same`). The
        new ones bear one time, which makes them one step (see `affil.ledger.cases.step_of`).

        Raises:
            AffilError: a field is blank, or the ledger cannot be written.
        """
        for draft in drafts:
            ids = {f"id {i!r}": i for i in draft.institutions}
            for what, value in {said("the string"): draft.key.affiliation, "--by": draft.by, "--why": draft.why, **ids}.items():
                if not value.strip():
                    raise AffilError(said("{0} is blank; a decision needs who, what and why", what))
            if draft.key.position is not None and not draft.key.paper:
                raise AffilError(said("a position needs a paper; a decision on one mention gives both"))
        if not drafts:
            return []
        entries: list[LedgerEntry] = []
        at = datetime.now(UTC)
        with self._known(entries), self._database.write() as connection:
            for draft in drafts:
                case = self._case(connection, draft.key)
                new = LedgerEntry(
                    number=0,
                    at=at,
                    by=draft.by.strip(),
                    affiliation=draft.key.affiliation,
                    institutions=tuple(dict.fromkeys(draft.institutions)),
                    why=draft.why,
                    previous=case.institutions,
                    undoes=None,
                    model=self.model if model is None else model,
                    registry=self.registry if registry is None else registry,
                    role=case.role(draft.by.strip(), settle=draft.settle, blind=draft.blind),
                    paper=draft.key.paper,
                    position=draft.key.position,
                )
                entries.append(case.same(new) or self._append(connection, new))
        self._copy()
        return entries

    def undo(self, number: int, *, by: str, why: str) -> LedgerEntry:
        """Undo an entry: a new entry restores the previous decision on its string.

        Only the current decision or an opinion can be undone; to undo an older decision, first undo the later ones.

        Raises:
            AffilError: there is no such entry; it is itself an undo, already undone or superseded; or the ledger cannot be
                written.
        """
        return self.undo_all([number], by=by, why=why)[0]

    def undo_all(self, numbers: Sequence[int], *, by: str, why: str) -> list[LedgerEntry]:
        """Undo several entries, all or none of them; see `undo`.

        Raises:
            AffilError: one of them cannot be undone, or the ledger cannot be written.
        """
        if not by.strip() or not why.strip():
            raise AffilError(said("--by or --why is blank; an undo needs who and why"))
        entries: list[LedgerEntry] = []
        at = datetime.now(UTC)
        with self._known(entries), self._database.write() as connection:
            for number in numbers:
                entries.append(self._append(connection, self._undo_of(connection, number, by.strip(), why, at)))
        self._copy()
        return entries

    def _undo_of(self, connection: Connection, number: int, by: str, why: str, at: datetime) -> LedgerEntry:
        """The entry that undoes another."""
        row = self._database.row(connection, number)
        if row is None:
            raise AffilError(said("{0} has no entry {1}; list entries with: affil decisions WS", self._database.where, number))
        entry = entry_of(row)
        if entry.undoes is not None:
            raise AffilError(said("entry {0} is an undo (of {1}); make a new decision instead", number, entry.undoes))
        history = self._history(connection, key_of(entry))
        undone = {e.undoes: e.number for e in history if e.undoes is not None}
        if number in undone:
            raise AffilError(said("entry {0} was already undone by entry {1}", number, undone[number]))
        case = fold_entries(history)
        holds = case.holder is not None and case.holder.number == number
        if not holds and number not in {e.number for e in case.opinions.values()}:
            later = max(e.number for e in history if e.undoes is None and e.number not in undone)
            raise AffilError(
                said("entry {0} was superseded by entry {1}; undo that first, or make a new decision", number, later)
            )
        return replace(
            entry,
            at=at,
            by=by,
            institutions=entry.previous if holds else case.institutions,
            why=why,
            previous=case.institutions,
            undoes=number,
            model=self.model,
            registry=self.registry,
        )

    def entries(self, after: int = 0) -> list[LedgerEntry]:
        """All entries with a number above `after`, oldest first.

        Raises:
            InputError: the ledger is damaged, or somebody changed it (see `affil.ledger.rows`).
        """
        if self._file is not None and not after:
            return [entry_of(row) for row in self._file.rows()]
        with self._database.read() as connection:
            return [] if connection is None else [entry_of(row) for row in self._database.rows(connection, after)]

    def cases(self) -> Cases:
        """The decisions on each string and mention, and the ones in effect."""
        return Cases(self.entries())

    def current(self) -> dict[str, tuple[str, ...]]:
        """Current decisions: raw string -> ids, an empty tuple for none; undecided strings are absent.

        Decisions on single mentions are in `cases`.
        """
        return {key.affiliation: ids for key, ids in self.cases().current().items() if not key.paper}

    @property
    def remote(self) -> bool:
        """Whether it is asked through a connection, rather than read from a file."""
        return self._file is None

    def stamp(self) -> object:
        """What is another after each new entry, and is cheaper than reading them: of a file what the disk says of it.

        Raises:
            AffilError: the server cannot be asked.
        """
        if self._file is not None:
            return self._file.stamp()
        with self._database.read() as connection:
            return "" if connection is None else self._database.chain(connection)

    def __reduce__(self) -> tuple[Any, ...]:
        """For another process, which opens it anew to read it."""
        return partial(Ledger, wait=self._wait), (self._given,)

    @property
    def where(self) -> str:
        """The file or the address of the server, without a password."""
        return self._database.where if self._file is None else str(self._file.path)

    def backup(self, file: Path | str) -> int:
        """See `affil.ledger.backup.backup`."""
        from affil.ledger.backup import backup

        return backup(self._database, file)

    def restore(self, file: Path | str, *, force: bool = False) -> int:
        """See `affil.ledger.backup.restore`."""
        from affil.ledger.backup import restore

        return restore(self._database, file, force=force)

    def close(self) -> None:
        """Close the connections; where decisions were made, today's copy is made anew first."""
        if self._written:
            self._copy(again=True)
        if self._opened is not None:
            self._opened.close()

    def _copy(self, *, again: bool = False) -> None:
        """Keep a copy of today. That this fails is said, and harms no decision."""
        self._written = True
        if self._backups is None:
            return
        from sqlalchemy.exc import SQLAlchemyError

        from affil.ledger.backup import daily

        try:
            daily(self._database, self._backups, self._kept, again=again)
        except (AffilError, OSError, SQLAlchemyError) as error:
            logging.getLogger("affil.ledger").warning("no backup of the ledger today: %s", error)

    @contextmanager
    def _known(self, entries: Sequence[LedgerEntry]) -> Iterator[None]:
        """Where the connection is lost while these entries are written, look again whether they are recorded, and say that."""
        from affil.ledger.database import LostError

        try:
            yield
        except LostError as error:
            try:
                held = {(e.at, e.by, key_of(e)) for e in self.entries()}
            except AffilError:
                raise AffilError(
                    said(
                        "{0}: connection lost; it is not known whether this was recorded: look at the history before you decide again",
                        self._database.where,
                    )
                ) from error
            if not entries or not all((e.at, e.by, key_of(e)) in held for e in entries):
                raise AffilError(said("{0}: connection lost; nothing was recorded, try again", self._database.where)) from error

    def _history(self, connection: Connection, key: Key) -> list[LedgerEntry]:
        return [entry_of(row) for row in self._database.history(connection, digest_of(key))]

    def _case(self, connection: Connection, key: Key) -> Case:
        return fold_entries(self._history(connection, key))

    def _append(self, connection: Connection, entry: LedgerEntry) -> LedgerEntry:
        """Add an entry under the next number, whatever number it has; returns it with that."""
        values: dict[str, Any] = {
            "at": entry.at.isoformat(timespec="microseconds"),
            "by": coded(entry.by),
            "key": digest_of(key_of(entry)),
            "affiliation": coded(entry.affiliation),
            "institutions": dump(entry.institutions),
            "why": coded(entry.why),
            "previous": dump(entry.previous),
            "undoes": entry.undoes,
            "model": entry.model,
            "registry": entry.registry,
            "role": entry.role,
            "paper": coded(entry.paper) if entry.paper else None,
            "position": entry.position,
        }
        values["chain"] = chained(self._database.chain(connection), values)
        return replace(entry, number=self._database.append(connection, values))
