"""The ledger: human decisions, one row each, never changed and never deleted, keyed by the raw affiliation string.

A decision holds for the string exactly as published, so it survives new models, new registries and a new normaliser; it may
be about one mention of the string only (a paper, and an author's position). Taking a decision back is a new row, which restores
what held before. Where another person's decision holds already, a new one is an opinion beside it: shown, counted as a conflict
where the two differ, but nothing changes until someone settles it. What holds is the fold of all rows (`affil.ledger.cases`).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import DDL, Connection, Engine, NullPool, create_engine, event, inspect, null, select
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, OperationalError

from affil.errors import AffilError, InputError
from affil.ledger.cases import Case, Key, Standing, key_of
from affil.ledger.table import LEDGER, METADATA, coded, digest_of, dump, entry_of, fold_entries, url_of
from affil.types import LedgerEntry

# INSERT OR REPLACE deletes without firing delete triggers, so a third one guards both unique columns.
for _name, _when in {
    "no_update": "BEFORE UPDATE ON ledger",
    "no_delete": "BEFORE DELETE ON ledger",
    "no_replace": "BEFORE INSERT ON ledger WHEN EXISTS (SELECT 1 FROM ledger WHERE number = NEW.number OR undoes = NEW.undoes)",
}.items():
    _statement = f"CREATE TRIGGER ledger_{_name} {_when} BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
    _trigger = DDL(_statement)  # type: ignore[no-untyped-call]
    event.listen(LEDGER, "after_create", _trigger.execute_if(dialect="sqlite"))
for _statement in (
    "CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$",
    "CREATE TRIGGER ledger_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger "
    "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
):
    _trigger = DDL(_statement)  # type: ignore[no-untyped-call]
    event.listen(LEDGER, "after_create", _trigger.execute_if(dialect="postgresql"))
_NEWER = ("role", "paper", "position")  # columns that the first ledgers lack
_POSTGRES_LOCK = 0x61666669  # "affi": one number for all ledgers of a database


@dataclass(frozen=True, slots=True)
class Draft:
    """A decision to be recorded: what it is about, the ids it names (none: empty), who, why (see `Ledger.decide`)."""

    key: Key
    institutions: tuple[str, ...]
    by: str
    why: str
    settle: bool = False
    blind: bool = False


class Ledger:
    """Decisions of people about raw affiliation strings.

    Args:
        database: a file (SQLite, made at the first decision) or any SQLAlchemy URL. SQLite and PostgreSQL refuse changes to rows
            by triggers; on another server, grant writers INSERT and SELECT only.
        model: version or hash of the model whose answers are being judged, noted in each new entry.
        registry: the same for the registry.
        wait: seconds to wait for another writer (SQLite), or for a server that is being restarted.
        lasting: keep files open between calls, for a program that decides a lot; end with `close`.
    """

    def __init__(
        self, database: Path | str, *, model: str = "", registry: str = "", wait: float = 10.0, lasting: bool = False
    ) -> None:
        self.model, self.registry, self._lasting = model, registry, lasting
        self._columns: frozenset[str] = frozenset()  # those of the table, where it is lasting and was looked at
        self._url = url_of(database)
        file = self._url.database if self._url.get_backend_name() == "sqlite" else None
        named = file not in (None, "", ":memory:") and not str(file).startswith("file:")
        self._file = Path(str(file)) if named else None
        self._where = str(self._file or self._url.render_as_string(hide_password=True))
        self._wait = wait
        self._engine = self._connect()
        self._inode: tuple[int, int] | None = None  # of the file that a lasting ledger has open

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
        """Record that a raw string names these institutions: one id, several, or None where it names none.

        Where another person's decision holds already, the entry is an opinion beside it and does not overwrite it, unless it is
        to `settle` the matter; `blind` notes that the other decision was not shown.

        Args:
            affiliation: the raw string, exactly.
            institution: what it names.
            by: who decides.
            why: the reason, for those who come later.
            paper: the id of the only paper that the decision is about; "": wherever the string stands.
            position: the author's position in that paper, from 0.
            settle: hold from now on, whatever others said.
            blind: see above.
            model: what the person looked at; default: that of the ledger.
            registry: the same for the registry.

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

        Raises:
            AffilError: a draft has something blank, or the ledger cannot be written.
        """
        for draft in drafts:
            ids = {f"id {i!r}": i for i in draft.institutions}
            for what, value in {"the string": draft.key.affiliation, "--by": draft.by, "--why": draft.why, **ids}.items():
                if not value.strip():
                    raise AffilError(f"{what} of a decision is blank; a decision says who, what and why")
            if draft.key.position is not None and not draft.key.paper:
                raise AffilError("a position without a paper; a decision about one mention names both")
        if not drafts:
            return []
        with self._write() as connection:
            entries = []
            for draft in drafts:
                case = self._case(connection, draft.key)
                entry = self._append(
                    connection,
                    by=draft.by.strip(),
                    key=draft.key,
                    institutions=tuple(dict.fromkeys(draft.institutions)),
                    why=draft.why,
                    previous=case.institutions,
                    role=case.role(draft.by.strip(), settle=draft.settle, blind=draft.blind),
                    model=self.model if model is None else model,
                    registry=self.registry if registry is None else registry,
                )
                entries.append(entry)
        return entries

    def undo(self, number: int, *, by: str, why: str) -> LedgerEntry:
        """Take an entry back: a new entry restores what held for its string before.

        Only what holds now, or an opinion beside it, can be taken back; an older decision is reached by taking back the later
        ones first.

        Raises:
            AffilError: there is no such entry; it is itself an undo, was already taken back or superseded; or the ledger cannot
                be written.
        """
        if not by.strip() or not why.strip():
            raise AffilError("--by or --why is blank; the ledger keeps who took a decision back and why")
        with self._write() as connection:
            rows = connection.execute(select(LEDGER).where(LEDGER.c.number == number)).all()
            if not rows:
                raise AffilError(f"{self._where} has no entry {number}; list them with: affil decisions WS")
            entry = entry_of(rows[0])
            if entry.undoes is not None:
                raise AffilError(f"entry {number} is itself an undo (of {entry.undoes}); decide again instead")
            history = self._history(connection, key_of(entry))
            undone = {e.undoes: e.number for e in history if e.undoes is not None}
            if number in undone:
                raise AffilError(f"entry {number} was already taken back by entry {undone[number]}")
            case = fold_entries(history)
            holds = case.holder is not None and case.holder.number == number
            if not holds and number not in {e.number for e in case.opinions.values()}:
                later = max(e.number for e in history if e.undoes is None and e.number not in undone)
                raise AffilError(f"entry {number} was superseded by entry {later}; take that back first, or decide again")
            return self._append(
                connection,
                by=by.strip(),
                key=key_of(entry),
                institutions=entry.previous if holds else case.institutions,
                why=why,
                previous=case.institutions,
                undoes=number,
                role=entry.role,
                model=self.model,
                registry=self.registry,
            )

    def entries(self, after: int = 0) -> list[LedgerEntry]:
        """All entries with a number above `after`, oldest first."""
        with self._read() as connection:
            if connection is None:
                return []
            held = self._held(connection)
            columns = [c if c.name in held else null().label(c.name) for c in LEDGER.columns]
            rows = connection.execute(select(*columns).where(LEDGER.c.number > after).order_by(LEDGER.c.number))
            return [entry_of(row) for row in rows]

    def standing(self) -> Standing:
        """What people said of each string and mention, and what of it holds."""
        return Standing(self.entries())

    def current(self) -> dict[str, tuple[str, ...]]:
        """What holds now: raw string -> ids, an empty tuple where it names none; undecided strings are absent.

        What was decided about single mentions is in `standing`.
        """
        return {key.affiliation: ids for key, ids in self.standing().current().items() if not key.paper}

    def close(self) -> None:
        """Close the connections to a server."""
        self._engine.dispose()

    def _history(self, connection: Connection, key: Key) -> list[LedgerEntry]:
        rows = connection.execute(select(LEDGER).where(LEDGER.c.key == digest_of(key)).order_by(LEDGER.c.number))
        return [entry_of(row) for row in rows]

    def _case(self, connection: Connection, key: Key) -> Case:
        return fold_entries(self._history(connection, key))

    def _append(
        self,
        connection: Connection,
        *,
        by: str,
        key: Key,
        institutions: tuple[str, ...] | None,
        why: str,
        previous: tuple[str, ...] | None,
        role: str,
        model: str,
        registry: str,
        undoes: int | None = None,
    ) -> LedgerEntry:
        at = datetime.now(UTC)
        result = connection.execute(
            LEDGER.insert().values(
                at=at.isoformat(timespec="microseconds"),
                by=coded(by),
                key=digest_of(key),
                affiliation=coded(key.affiliation),
                institutions=dump(institutions),
                why=coded(why),
                previous=dump(previous),
                undoes=undoes,
                model=model,
                registry=registry,
                role=role,
                paper=coded(key.paper) if key.paper else None,
                position=key.position,
            )
        )
        number = int(result.inserted_primary_key[0])  # type: ignore[index]
        return LedgerEntry(
            number, at, by, key.affiliation, institutions, why, previous, undoes, model, registry, role, key.paper, key.position
        )

    def _connect(self) -> Engine:
        """An engine whose SQLite transactions begin at once: the driver's own would let two writers read the same past."""
        try:
            if self._url.get_backend_name() != "sqlite":
                # PostgreSQL's writers take turns by a lock (see _write), so that numbers appear in their order.
                level = "READ COMMITTED" if self._postgres else "SERIALIZABLE"
                return create_engine(self._url, isolation_level=level, pool_pre_ping=True)
            # no open handle between calls, unless that is wanted; a memory database lives in its connection
            pool = NullPool if self._file and not self._lasting else None
            engine = create_engine(self._url, poolclass=pool, connect_args={"timeout": self._wait})
        except (NoSuchModuleError, ModuleNotFoundError, ArgumentError) as error:
            raise AffilError(f"no ledger can be kept at {self._where}: {error}; install the database's driver") from error

        @event.listens_for(engine, "connect")
        def _connected(connection: sqlite3.Connection, _record: object) -> None:
            connection.isolation_level = None

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            writing = connection.get_execution_options().get("affil_writing")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

        return engine

    @contextmanager
    def _read(self) -> Iterator[Connection | None]:
        """A transaction that sees one state of the ledger; None while there is no ledger yet."""
        if self._file is not None and not self._there(self._file):
            yield None
            return
        with self._clear("read"), self._reach() as connection, connection.begin():
            yield connection if self._held(connection) else None

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        """A transaction that no other writer can interleave."""
        with self._clear("write"):
            if self._file is not None:
                if not self._file.parent.is_dir():
                    raise AffilError(f"{self._file.parent}: no such folder for a ledger; make it first")
                self._there(self._file)
                if not self._columns:
                    self._write_ahead(self._file)
            with self._reach().execution_options(affil_writing=True) as connection, connection.begin():
                if self._postgres:
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_POSTGRES_LOCK})")
                held = self._held(connection)
                if not held:
                    METADATA.create_all(connection)
                for name in _NEWER if held else ():
                    if name not in held:
                        kind = LEDGER.c[name].type.compile(self._engine.dialect)
                        connection.exec_driver_sql(f"ALTER TABLE ledger ADD COLUMN {name} {kind}")
                yield connection

    def _there(self, file: Path) -> bool:
        """Whether the file is there. One that was put in its place, or away, is not confused with the one that is open."""
        try:
            found = file.stat()
        except FileNotFoundError:
            inode = None
        else:
            inode = (found.st_dev, found.st_ino)
        if inode != self._inode:
            self._engine.dispose()
            self._columns, self._inode = frozenset(), inode
        return inode is not None

    def _write_ahead(self, file: Path) -> None:
        """Let readers read while somebody writes. Kept in the file, and impossible inside a transaction."""
        with suppress(sqlite3.Error), closing(sqlite3.connect(file, timeout=self._wait)) as plain:
            plain.execute("PRAGMA journal_mode=WAL")  # what goes wrong here is said by the transaction that follows

    def _held(self, connection: Connection) -> frozenset[str]:
        """The columns of the table; none where there is no table yet."""
        if not self._columns:
            looked = inspect(connection)
            found = frozenset(c["name"] for c in looked.get_columns("ledger")) if looked.has_table("ledger") else frozenset()
            if not self._lasting or not found.issuperset(LEDGER.c.keys()):
                return found
            self._columns = found
        return self._columns

    @property
    def _postgres(self) -> bool:
        return self._url.get_backend_name() == "postgresql"

    def _reach(self) -> Connection:
        """A connection; a server that does not answer is asked again for a while, as it may be restarting."""
        until = time.monotonic() + (self._wait if self._url.get_backend_name() != "sqlite" else 0)
        while True:
            try:
                return self._engine.connect()
            except OperationalError:
                if time.monotonic() >= until:
                    raise
                time.sleep(0.1)

    @contextmanager
    def _clear(self, verb: str) -> Iterator[None]:
        """Say in one line what a database refuses."""
        try:
            yield
        except IntegrityError as error:
            raise AffilError(f"{self._where}: another person was faster; look at: affil decisions WS") from error
        except DBAPIError as error:
            reason = str(error.orig).strip()
            if error.connection_invalidated:
                raise AffilError(
                    f"{self._where}: the connection was lost while writing; look whether the entry is there, and try again"
                    if verb == "write"
                    else f"{self._where}: the connection was lost; try again"
                ) from error
            if any(sign in reason for sign in ("is full", "No space left", "disk I/O error")):
                raise AffilError(
                    f"{self._where}: the disk is full or failing; nothing was recorded, free some space"
                ) from error
            if "locked" in reason or "busy" in reason:
                raise AffilError(f"{self._where}: locked by another writer; try again when that one is done") from error
            if "readonly" in reason or "read-only" in reason:
                raise AffilError(f"{self._where}: is read-only; make the file and its folder writable to decide") from error
            if "not a database" in reason or "malformed" in reason:
                raise InputError(self._where, "not a ledger, or damaged", fix="restore the file from a copy") from error
            if isinstance(error, OperationalError) and "unable to open" in reason:
                raise AffilError(f"{self._where}: cannot be opened; the file and its folder must be writable") from error
            raise AffilError(f"{self._where}: cannot {verb} the ledger: {reason}") from error
