"""The database of a ledger: connections, transactions, and one-line error messages."""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import DDL, URL, Connection, Engine, NullPool, create_engine, event, inspect, null, select
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, OperationalError

from affil.errors import AffilError
from affil.installed import pip_install
from affil.ledger.file import LedgerFile, problem
from affil.ledger.rows import chained, follow
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
_NEWER = ("role", "paper", "position", "chain")
_APPLICATION = 0x6166666C  # "affl": what SQLite keeps in a file to tell whose it is
_POSTGRES_LOCK = 0x61666669  # "affi": one lock for all ledgers of a database


def mark(connection: Connection) -> None:
    """Write into a SQLite file that it is affil's."""
    connection.exec_driver_sql(f"PRAGMA application_id = {_APPLICATION}")


class LostError(AffilError):
    """The connection was lost, so that a writer does not know whether the entry was recorded."""


class Database:
    """A SQLite file, created on first write, or a server, through SQLAlchemy. See `affil.ledger.Ledger` for the arguments;
    a `LedgerFile` is one that may have been read before.
    """

    def __init__(self, database: Path | str | LedgerFile, *, wait: float, lasting: bool) -> None:
        self._lasting = lasting
        self._columns: frozenset[str] = frozenset()  # cached columns of the table of a lasting ledger
        self._url = url_of(database.path if isinstance(database, LedgerFile) else database)
        file = self._url.database if self._url.get_backend_name() == "sqlite" else None
        named = file not in (None, "", ":memory:") and not str(file).startswith("file:")
        self.file = Path(str(file)) if named else None
        known = database if isinstance(database, LedgerFile) else None
        self._sqlite = known or (LedgerFile(self.file, wait) if self.file is not None else None)
        self.where = str(self.file or self._url.render_as_string(hide_password=True))
        self._wait = wait
        self._engine = self._connect()
        self._inode: tuple[int, int] | None = None  # inode of the open file of a lasting ledger

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection | None]:
        """A transaction with a consistent view of the ledger; None if it does not exist yet."""
        if self._sqlite is not None and not self._there(self._sqlite):
            yield None
            return
        with self._clear("read"), self._reach() as connection, connection.begin():
            self._check(connection)
            yield connection if self.columns(connection) else None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction exclusive of other writers."""
        with self._clear("write"):
            if self._sqlite is not None:
                file = self._sqlite.path
                if not file.parent.is_dir():
                    raise AffilError(f"{file.parent}: no such folder; create it for the ledger first")
                if not self._there(self._sqlite):
                    self._create(file)
                    self._there(self._sqlite)
            with self._reach().execution_options(affil_writing=True) as connection, connection.begin():
                if self.postgres:
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_POSTGRES_LOCK})")
                self._check(connection)
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

    def rows(self, connection: Connection, after: int = 0) -> Iterator[Mapping[str, Any]]:
        """Rows with a number above `after`, in order, verified (see `affil.ledger.rows.follow`); columns that it lacks are null."""
        held = self.columns(connection)
        columns = [c if c.name in held else null().label(c.name) for c in LEDGER.columns]
        found = connection.execute(select(*columns).where(LEDGER.c.number > after).order_by(LEDGER.c.number))
        return follow((dict(row._mapping) for row in found), self.chain(connection, after) if after > 0 else "", self.where)

    def chain(self, connection: Connection, number: int | None = None) -> str:
        """The hash of the entry of this number, else of the last one; "" where there is none."""
        last = select(LEDGER.c.chain).order_by(LEDGER.c.number.desc()).limit(1)
        if "chain" in self.columns(connection):
            found = connection.execute(last if number is None else last.where(LEDGER.c.number <= number)).all()
            if not found or found[0][0] is not None:
                return found[0][0] if found else ""
        before = ""  # rows older than the chain
        for row in self.rows(connection):
            if number is not None and row["number"] > number:
                break
            before = chained(before, row)
        return before

    def row(self, connection: Connection, number: int) -> Mapping[str, Any] | None:
        """The row of this number, if there is one."""
        found = connection.execute(select(LEDGER).where(LEDGER.c.number == number)).all()
        return dict(found[0]._mapping) if found else None

    def history(self, connection: Connection, key: str) -> list[Mapping[str, Any]]:
        """The rows with this digest of a key, oldest first."""
        found = connection.execute(select(LEDGER).where(LEDGER.c.key == key).order_by(LEDGER.c.number))
        return [dict(row._mapping) for row in found]

    def append(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Add a row; returns its number."""
        added = connection.execute(LEDGER.insert().values(**values))
        return int(added.inserted_primary_key[0])  # type: ignore[index]

    def _connect(self) -> Engine:
        """An engine with immediate SQLite transactions: the driver's deferred ones let two writers read the same state."""
        try:
            if self._url.get_backend_name() != "sqlite":
                # PostgreSQL writers are serialised by a lock (see `write`), so that numbers appear in order
                level = "READ COMMITTED" if self.postgres else "SERIALIZABLE"
                kept = {"pool_pre_ping": True} if self._lasting else {"poolclass": NullPool}
                return create_engine(self._url, isolation_level=level, **kept)
            # no open handle between calls unless lasting; an in-memory database lives in its connection
            if self._sqlite is None:
                engine = create_engine(self._url, connect_args={"timeout": self._wait})
            else:
                engine = create_engine(self._url, creator=self._sqlite.open, poolclass=None if self._lasting else NullPool)
        except (NoSuchModuleError, ModuleNotFoundError, ArgumentError) as error:
            extra = f" with: {pip_install('postgres')}" if self.postgres else ""
            raise AffilError(f"cannot open a ledger at {self.where}: {error}; install the database driver{extra}") from error

        @event.listens_for(engine, "connect")
        def _connected(connection: sqlite3.Connection, _record: object) -> None:
            connection.isolation_level = None

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            writing = connection.get_execution_options().get("affil_writing")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

        return engine

    def _there(self, file: LedgerFile) -> bool:
        """Whether the file exists; detects that the open file was replaced.

        Raises:
            InputError: it was there, and is gone.
        """
        if (inode := file.there()) is None:
            return False
        if inode != self._inode:
            self._engine.dispose()
            self._columns, self._inode = frozenset(), inode
        return True

    def _create(self, file: Path) -> None:
        """Make a new file, with its table, at once: one that is empty or lacks the table is never new, but damaged."""
        beside = file.with_name(f".affil-{secrets.token_hex(6)}.sqlite")
        engine = create_engine(URL.create("sqlite", database=str(beside)), poolclass=NullPool)
        try:
            with engine.begin() as connection:
                METADATA.create_all(connection)
                mark(connection)
            with closing(sqlite3.connect(beside)) as plain:
                plain.execute("PRAGMA journal_mode=WAL")  # readers do not wait for a writer; stored in the file
            try:
                os.link(beside, file)
            except FileExistsError:  # somebody else was faster
                pass
            except OSError:  # a file system without links
                if not file.exists():
                    beside.replace(file)
        finally:
            for rest in ("", "-wal", "-shm", "-journal"):
                with suppress(OSError):  # none, or nothing can be written here
                    beside.with_name(beside.name + rest).unlink()

    def _check(self, connection: Connection) -> None:
        """See `LedgerFile.check`."""
        raw = connection.connection.driver_connection
        if self._sqlite is not None and isinstance(raw, sqlite3.Connection):
            self._sqlite.check(raw)

    @property
    def postgres(self) -> bool:
        """Whether it is on PostgreSQL."""
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
            if error.connection_invalidated:
                raise LostError(f"{self.where}: connection lost; try again") from error
            raise problem(self.where, verb, error.orig or error) from error
        except sqlite3.Error as error:  # of a file that is looked at before it is read
            raise problem(self.where, verb, error) from error
