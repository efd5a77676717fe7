"""The ledger: human decisions, one row each, never changed and never deleted, keyed by the raw affiliation string.

A decision holds for the string exactly as published, so it survives new models, new registries and a new normaliser. What
holds for a string now is what its last row says. Taking a decision back is a new row, which restores what held before.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import (
    DDL,
    URL,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    NullPool,
    Row,
    String,
    Table,
    Text,
    create_engine,
    event,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, OperationalError

from affil.errors import AffilError, InputError
from affil.types import LedgerEntry

_METADATA = MetaData()
_LEDGER = Table(
    "ledger",
    _METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("at", String(32), nullable=False),  # ISO 8601, UTC: time zones survive on every database
    Column("by", Text, nullable=False),
    # Databases differ in when two texts are equal (case, final blanks); equal digests mean the same string everywhere.
    Column("key", String(64), nullable=False),
    Column("affiliation", Text, nullable=False),
    Column("institutions", Text),  # JSON list of ids; NULL: undecided
    Column("why", Text, nullable=False),
    Column("previous", Text),
    Column("undoes", Integer, unique=True),  # unique: two people cannot take back the same entry
    Column("model", Text, nullable=False),
    Column("registry", Text, nullable=False),
    Index("ledger_key", "key", "number"),
    sqlite_autoincrement=True,
)
# INSERT OR REPLACE deletes without firing delete triggers, so a third one guards both unique columns.
for _name, _when in {
    "no_update": "BEFORE UPDATE ON ledger",
    "no_delete": "BEFORE DELETE ON ledger",
    "no_replace": "BEFORE INSERT ON ledger WHEN EXISTS (SELECT 1 FROM ledger WHERE number = NEW.number OR undoes = NEW.undoes)",
}.items():
    _statement = f"CREATE TRIGGER ledger_{_name} {_when} BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
    _trigger = DDL(_statement)  # type: ignore[no-untyped-call]
    event.listen(_LEDGER, "after_create", _trigger.execute_if(dialect="sqlite"))


class Ledger:
    """Decisions of people about raw affiliation strings.

    Args:
        database: a file (SQLite, made at the first decision) or any SQLAlchemy URL. SQLite refuses changes to rows by triggers;
            on a server, grant writers INSERT and SELECT only.
        model: version or hash of the model whose answers are being judged, noted in each new entry.
        registry: the same for the registry.
        wait: seconds to wait for another writer (SQLite).
    """

    def __init__(self, database: Path | str, *, model: str = "", registry: str = "", wait: float = 10.0) -> None:
        self.model, self.registry = model, registry
        self._url = _url(database)
        file = self._url.database if self._url.get_backend_name() == "sqlite" else None
        named = file not in (None, "", ":memory:") and not str(file).startswith("file:")
        self._file = Path(str(file)) if named else None
        self._where = str(self._file or self._url.render_as_string(hide_password=True))
        self._wait = wait
        self._engine = self._connect()

    def decide(
        self,
        affiliation: str,
        institution: str | Sequence[str] | None,
        *,
        by: str,
        why: str,
        model: str | None = None,
        registry: str | None = None,
    ) -> LedgerEntry:
        """Record that a raw string names these institutions: one id, several, or None where it names none.

        Returns the new entry. `model` and `registry` default to those of the ledger.

        Raises:
            AffilError: an argument is blank, or the ledger cannot be written.
        """
        ids = (
            () if institution is None else (institution,) if isinstance(institution, str) else tuple(dict.fromkeys(institution))
        )
        for what, text in {"the string": affiliation, "--by": by, "--why": why, **{f"id {i!r}": i for i in ids}}.items():
            if not text.strip():
                raise AffilError(f"{what} of a decision is blank; a decision says who, what and why")
        with self._write() as connection:
            previous = self._last(connection, affiliation)
            return self._append(
                connection,
                by=by,
                affiliation=affiliation,
                institutions=ids,
                why=why,
                previous=previous.institutions if previous else None,
                model=self.model if model is None else model,
                registry=self.registry if registry is None else registry,
            )

    def undo(self, number: int, *, by: str, why: str) -> LedgerEntry:
        """Take an entry back: a new entry restores what held for its string before.

        Only the decision that holds now can be taken back; an older one is reached by taking back the later ones first.

        Raises:
            AffilError: there is no such entry; it is itself an undo, was already taken back or superseded; or the ledger cannot
                be written.
        """
        if not by.strip() or not why.strip():
            raise AffilError("--by or --why is blank; the ledger keeps who took a decision back and why")
        with self._write() as connection:
            rows = connection.execute(select(_LEDGER).where(_LEDGER.c.number == number)).all()
            if not rows:
                raise AffilError(f"{self._where} has no entry {number}; list them with: affil decisions WS")
            entry = _entry(rows[0])
            if entry.undoes is not None:
                raise AffilError(f"entry {number} is itself an undo (of {entry.undoes}); decide again instead")
            history = self._history(connection, entry.affiliation)
            undone = {e.undoes: e.number for e in history if e.undoes is not None}
            if number in undone:
                raise AffilError(f"entry {number} was already taken back by entry {undone[number]}")
            holding = max(e.number for e in history if e.undoes is None and e.number not in undone)
            if holding != number:
                raise AffilError(f"entry {number} was superseded by entry {holding}; take that back first, or decide again")
            return self._append(
                connection,
                by=by,
                affiliation=entry.affiliation,
                institutions=entry.previous,
                why=why,
                previous=entry.institutions,
                undoes=number,
                model=self.model,
                registry=self.registry,
            )

    def entries(self) -> list[LedgerEntry]:
        """All entries, oldest first."""
        with self._read() as connection:
            return (
                []
                if connection is None
                else [_entry(r) for r in connection.execute(select(_LEDGER).order_by(_LEDGER.c.number))]
            )

    def current(self) -> dict[str, tuple[str, ...]]:
        """What holds now: raw string -> ids, an empty tuple where it names none; undecided strings are absent."""
        last = {entry.affiliation: entry.institutions for entry in self.entries()}
        return {affiliation: ids for affiliation, ids in last.items() if ids is not None}

    def _history(self, connection: Connection, affiliation: str) -> list[LedgerEntry]:
        rows = connection.execute(select(_LEDGER).where(_LEDGER.c.key == _key(affiliation)).order_by(_LEDGER.c.number))
        return [_entry(row) for row in rows]

    def _last(self, connection: Connection, affiliation: str) -> LedgerEntry | None:
        newest = select(_LEDGER).where(_LEDGER.c.key == _key(affiliation)).order_by(_LEDGER.c.number.desc()).limit(1)
        row = connection.execute(newest).first()
        return _entry(row) if row else None

    def _append(
        self,
        connection: Connection,
        *,
        by: str,
        affiliation: str,
        institutions: tuple[str, ...] | None,
        why: str,
        previous: tuple[str, ...] | None,
        model: str,
        registry: str,
        undoes: int | None = None,
    ) -> LedgerEntry:
        at = datetime.now(UTC)
        result = connection.execute(
            _LEDGER.insert().values(
                at=at.isoformat(timespec="microseconds"),
                by=by,
                key=_key(affiliation),
                affiliation=affiliation,
                institutions=_dump(institutions),
                why=why,
                previous=_dump(previous),
                undoes=undoes,
                model=model,
                registry=registry,
            )
        )
        number = int(result.inserted_primary_key[0])  # type: ignore[index]
        return LedgerEntry(number, at, by, affiliation, institutions, why, previous, undoes, model, registry)

    def _connect(self) -> Engine:
        """An engine whose SQLite transactions begin at once: the driver's own would let two writers read the same past."""
        try:
            if self._url.get_backend_name() != "sqlite":
                return create_engine(self._url, isolation_level="SERIALIZABLE")
            pool = NullPool if self._file else None  # no open handle between calls; a memory database lives in its connection
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
        if self._file is not None and not self._file.exists():
            yield None
            return
        with self._clear("read"), self._engine.connect() as connection, connection.begin():
            yield connection if inspect(connection).has_table("ledger") else None

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        """A transaction that no other writer can interleave."""
        with self._clear("write"):
            if self._file is not None:
                if not self._file.parent.is_dir():
                    raise AffilError(f"{self._file.parent}: no such folder for a ledger; make it first")
                # Kept in the file, and impossible inside a transaction. What goes wrong here is said by the transaction.
                with suppress(sqlite3.Error), closing(sqlite3.connect(self._file, timeout=self._wait)) as plain:
                    plain.execute("PRAGMA journal_mode=WAL")
            with self._engine.connect().execution_options(affil_writing=True) as connection, connection.begin():
                if not inspect(connection).has_table("ledger"):
                    _METADATA.create_all(connection)
                yield connection

    @contextmanager
    def _clear(self, verb: str) -> Iterator[None]:
        """Say in one line what a database refuses."""
        try:
            yield
        except IntegrityError as error:
            raise AffilError(f"{self._where}: another person was faster; look at: affil decisions WS") from error
        except DBAPIError as error:
            reason = str(error.orig)
            if "locked" in reason or "busy" in reason:
                raise AffilError(f"{self._where}: locked by another writer; try again when that one is done") from error
            if "readonly" in reason or "read-only" in reason:
                raise AffilError(f"{self._where}: is read-only; make the file and its folder writable to decide") from error
            if "not a database" in reason or "malformed" in reason:
                raise InputError(self._where, "not a ledger, or damaged", fix="restore the file from a copy") from error
            if isinstance(error, OperationalError) and "unable to open" in reason:
                raise AffilError(f"{self._where}: cannot be opened; the file and its folder must be writable") from error
            raise AffilError(f"{self._where}: cannot {verb} the ledger: {reason}") from error


def _url(database: Path | str) -> URL:
    if isinstance(database, str) and "://" in database:
        try:
            return make_url(database)
        except ArgumentError as error:
            raise AffilError(f"not a database URL: {database!r}; e.g. postgresql+psycopg://user@host/name") from error
    return URL.create("sqlite", database=str(database))


def _key(affiliation: str) -> str:
    return hashlib.sha256(affiliation.encode()).hexdigest()


def _dump(institutions: tuple[str, ...] | None) -> str | None:
    return None if institutions is None else json.dumps(institutions, ensure_ascii=False)


def _load(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(json.loads(text))


def _entry(row: Row[tuple[object, ...]]) -> LedgerEntry:
    values = row._mapping
    return LedgerEntry(
        number=values["number"],
        at=datetime.fromisoformat(values["at"]),
        by=values["by"],
        affiliation=values["affiliation"],
        institutions=_load(values["institutions"]),
        why=values["why"],
        previous=_load(values["previous"]),
        undoes=values["undoes"],
        model=values["model"],
        registry=values["registry"],
    )
