"""The database of a ledger: connections, transactions, and one-line error messages."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import DDL, Connection, Engine, NullPool, create_engine, event, inspect
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, OperationalError

from affil.errors import AffilError, InputError
from affil.ledger.table import LEDGER, METADATA, url_of

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
# Columns missing from early ledgers. Null means the same as their absence, so adding them completes the migration.
_NEWER = ("role", "paper", "position")
_POSTGRES_LOCK = 0x61666669  # "affi": one lock for all ledgers of a database


class Database:
    """A SQLite file, created on first write, or a server, through SQLAlchemy. See `affil.ledger.Ledger` for the arguments."""

    def __init__(self, database: Path | str, *, wait: float, lasting: bool) -> None:
        self._lasting = lasting
        self._columns: frozenset[str] = frozenset()  # cached columns of the table of a lasting ledger
        self._url = url_of(database)
        file = self._url.database if self._url.get_backend_name() == "sqlite" else None
        named = file not in (None, "", ":memory:") and not str(file).startswith("file:")
        self._file = Path(str(file)) if named else None
        self.where = str(self._file or self._url.render_as_string(hide_password=True))
        self._wait = wait
        self._engine = self._connect()
        self._inode: tuple[int, int] | None = None  # inode of the open file of a lasting ledger

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection | None]:
        """A transaction with a consistent view of the ledger; None if it does not exist yet."""
        if self._file is not None and not self._there(self._file):
            yield None
            return
        with self._clear("read"), self._reach() as connection, connection.begin():
            yield connection if self.columns(connection) else None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction exclusive of other writers."""
        with self._clear("write"):
            if self._file is not None:
                if not self._file.parent.is_dir():
                    raise AffilError(f"{self._file.parent}: no such folder; create it for the ledger first")
                self._there(self._file)
                if not self._columns:
                    self._write_ahead(self._file)
            with self._reach().execution_options(affil_writing=True) as connection, connection.begin():
                if self._postgres:
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_POSTGRES_LOCK})")
                held = self.columns(connection)
                if not held:
                    METADATA.create_all(connection)
                for name in _NEWER if held else ():
                    if name not in held:
                        kind = LEDGER.c[name].type.compile(self._engine.dialect)
                        connection.exec_driver_sql(f"ALTER TABLE ledger ADD COLUMN {name} {kind}")
                yield connection

    def columns(self, connection: Connection) -> frozenset[str]:
        """The columns of the table; empty if it does not exist yet."""
        if not self._columns:
            looked = inspect(connection)
            found = frozenset(c["name"] for c in looked.get_columns("ledger")) if looked.has_table("ledger") else frozenset()
            if not self._lasting or not found.issuperset(LEDGER.c.keys()):
                return found
            self._columns = found
        return self._columns

    def _connect(self) -> Engine:
        """An engine with immediate SQLite transactions: the driver's deferred ones let two writers read the same state."""
        try:
            if self._url.get_backend_name() != "sqlite":
                # PostgreSQL writers are serialised by a lock (see `write`), so that numbers appear in order
                level = "READ COMMITTED" if self._postgres else "SERIALIZABLE"
                return create_engine(self._url, isolation_level=level, pool_pre_ping=True)
            # no open handle between calls unless lasting; an in-memory database lives in its connection
            pool = NullPool if self._file and not self._lasting else None
            engine = create_engine(self._url, poolclass=pool, connect_args={"timeout": self._wait})
        except (NoSuchModuleError, ModuleNotFoundError, ArgumentError) as error:
            extra = " with: pip install 'affil[web]'" if self._postgres else ""
            raise AffilError(f"cannot open a ledger at {self.where}: {error}; install the database driver{extra}") from error

        @event.listens_for(engine, "connect")
        def _connected(connection: sqlite3.Connection, _record: object) -> None:
            connection.isolation_level = None

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            writing = connection.get_execution_options().get("affil_writing")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

        return engine

    def _there(self, file: Path) -> bool:
        """Whether the file exists; detects that the open file was replaced or moved."""
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
        """Switch to WAL, so that readers do not block on a writer. Stored in the file; not possible inside a transaction."""
        with suppress(sqlite3.Error), closing(sqlite3.connect(file, timeout=self._wait)) as plain:
            plain.execute("PRAGMA journal_mode=WAL")  # errors here are reported by the next transaction

    @property
    def _postgres(self) -> bool:
        return self._url.get_backend_name() == "postgresql"

    def _reach(self) -> Connection:
        """Connect, retrying for a while: the server may be restarting."""
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
        """Turn database errors into one-line messages."""
        try:
            yield
        except IntegrityError as error:
            raise AffilError(
                f"{self.where}: someone else wrote an entry at the same time; check with: affil decisions WS"
            ) from error
        except DBAPIError as error:
            reason = str(error.orig).strip()
            if error.connection_invalidated:
                raise AffilError(
                    f"{self.where}: connection lost while writing; check whether the entry was recorded, then try again"
                    if verb == "write"
                    else f"{self.where}: connection lost; try again"
                ) from error
            if any(sign in reason for sign in ("is full", "No space left", "disk I/O error")):
                raise AffilError(f"{self.where}: disk full or failing; nothing was recorded; free some space") from error
            if "locked" in reason or "busy" in reason:
                raise AffilError(f"{self.where}: locked by another writer; try again when it is done") from error
            if "readonly" in reason or "read-only" in reason:
                raise AffilError(f"{self.where}: read-only; make the file and its folder writable") from error
            if "not a database" in reason or "malformed" in reason:
                raise InputError(self.where, "not a ledger, or damaged", fix="restore the file from a copy") from error
            if isinstance(error, OperationalError) and "unable to open" in reason:
                raise AffilError(f"{self.where}: cannot be opened; the file and its folder must be writable") from error
            raise AffilError(f"{self.where}: cannot {verb} the ledger: {reason}") from error
