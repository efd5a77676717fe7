"""The database of a ledger: connections, transactions, and one-line error messages."""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import DDL, URL, Connection, Engine, NullPool, Row, create_engine, event, inspect, null, select
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, OperationalError

from affil.errors import AffilError, InputError
from affil.installed import pip_install
from affil.ledger.table import LEDGER, METADATA, chained, follow, url_of
from affil.wording import Said, marked, said

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
    """A SQLite file, created on first write, or a server, through SQLAlchemy. See `affil.ledger.Ledger` for the arguments."""

    def __init__(self, database: Path | str, *, wait: float, lasting: bool) -> None:
        self._lasting = lasting
        self._columns: frozenset[str] = frozenset()  # cached columns of the table of a lasting ledger
        self._url = url_of(database)
        file = self._url.database if self._url.get_backend_name() == "sqlite" else None
        named = file not in (None, "", ":memory:") and not str(file).startswith("file:")
        self.file = Path(str(file)) if named else None
        self.where = str(self.file or self._url.render_as_string(hide_password=True))
        self._wait = wait
        self._engine = self._connect()
        self._inode: tuple[int, int] | None = None  # inode of the open file of a lasting ledger
        self._checked: tuple[int, int] | None = None  # that which was found whole

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection | None]:
        """A transaction with a consistent view of the ledger; None if it does not exist yet."""
        if self.file is not None and not self._there(self.file):
            yield None
            return
        with self._clear(marked("{0}: cannot read the ledger: {1}")), self._reach() as connection, connection.begin():
            self._check(connection)
            yield connection if self.columns(connection) else None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction exclusive of other writers."""
        with self._clear(marked("{0}: cannot write the ledger: {1}")):
            if self.file is not None:
                if not self.file.parent.is_dir():
                    raise AffilError(said("{0}: no such folder; create it for the ledger first", self.file.parent))
                if not self._there(self.file):
                    self._create(self.file)
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

    def rows(self, connection: Connection, after: int = 0) -> Iterator[Row[tuple[object, ...]]]:
        """Rows with a number above `after`, in order, verified (see `affil.ledger.table.follow`); columns that it lacks are null."""
        held = self.columns(connection)
        columns = [c if c.name in held else null().label(c.name) for c in LEDGER.columns]
        found = connection.execute(select(*columns).where(LEDGER.c.number > after).order_by(LEDGER.c.number))
        return follow(found, self.chain(connection, after) if after > 0 else "", self.where)

    def chain(self, connection: Connection, number: int | None = None) -> str:
        """The hash of the entry of this number, else of the last one; "" where there is none."""
        last = select(LEDGER.c.chain).order_by(LEDGER.c.number.desc()).limit(1)
        if "chain" in self.columns(connection):
            found = connection.execute(last if number is None else last.where(LEDGER.c.number <= number)).all()
            if not found or found[0][0] is not None:
                return found[0][0] if found else ""
        before = ""  # rows older than the chain
        for row in self.rows(connection):
            if number is not None and row._mapping["number"] > number:
                break
            before = chained(before, dict(row._mapping))
        return before

    def _connect(self) -> Engine:
        """An engine with immediate SQLite transactions: the driver's deferred ones let two writers read the same state."""
        try:
            if self._url.get_backend_name() != "sqlite":
                # PostgreSQL writers are serialised by a lock (see `write`), so that numbers appear in order
                level = "READ COMMITTED" if self.postgres else "SERIALIZABLE"
                kept = {"pool_pre_ping": True} if self._lasting else {"poolclass": NullPool}
                return create_engine(self._url, isolation_level=level, **kept)
            # no open handle between calls unless lasting; an in-memory database lives in its connection
            if self.file is None:
                engine = create_engine(self._url, connect_args={"timeout": self._wait})
            else:
                engine = create_engine(self._url, creator=self._open, poolclass=None if self._lasting else NullPool)
        except (NoSuchModuleError, ModuleNotFoundError, ArgumentError) as error:
            extra = said(" with: {0}", pip_install("postgres")) if self.postgres else ""
            raise AffilError(
                said("cannot open a ledger at {0}: {1}; install the database driver{2}", self.where, error, extra)
            ) from error

        @event.listens_for(engine, "connect")
        def _connected(connection: sqlite3.Connection, _record: object) -> None:
            connection.isolation_level = None

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            writing = connection.get_execution_options().get("affil_writing")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

        return engine

    def _open(self) -> sqlite3.Connection:
        """The file; in a folder that cannot be written, where SQLite makes no file to share with writers, as one that nobody changes."""
        assert self.file is not None
        place, rest = str(self.file), self.file.with_name(self.file.name + "-wal")
        immutable = (
            self.file.exists()
            and not os.access(self.file.parent, os.W_OK)
            and not (rest.exists() and rest.stat().st_size)  # entries that stand only there would be overlooked
        )
        if immutable:
            place = f"{self.file.absolute().as_uri()}?immutable=1"
        return sqlite3.connect(place, timeout=self._wait, uri=immutable, check_same_thread=False)

    def _there(self, file: Path) -> bool:
        """Whether the file exists; detects that the open file was replaced.

        Raises:
            InputError: it was there, and is gone.
        """
        try:
            found = file.stat()
        except FileNotFoundError:
            if self._inode is not None:
                fix = said("put it back, or restore a backup: affil ledger restore WS; then load the page again")
                raise InputError(self.where, said("the ledger is gone: it was deleted or moved"), fix=fix) from None
            return False
        if (inode := (found.st_dev, found.st_ino)) != self._inode:
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
        self._there(file)

    def _check(self, connection: Connection) -> None:
        """Look once whether the open file is whole, and a ledger.

        Raises:
            InputError: it is not.
        """
        if self.file is None or self._checked == self._inode:
            return
        fix = said("restore the file from a backup: affil ledger restore WS")
        if not inspect(connection).has_table("ledger"):
            what = said("is empty") if self.file.stat().st_size == 0 else said("holds no ledger")
            raise InputError(self.where, what, fix=fix)
        found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
        if found != "ok":
            raise InputError(self.where, said("is damaged: {0}", " ".join(str(found).split())[:120]), fix=fix)
        self._checked = self._inode

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
    def _clear(self, cannot: str) -> Iterator[None]:
        """Turn database errors into one-line messages."""
        try:
            yield
        except IntegrityError as error:
            raise AffilError(
                said("{0}: someone else wrote an entry at the same time; check with: affil decisions WS", self.where)
            ) from error
        except DBAPIError as error:
            reason = str(error.orig).strip()
            if error.connection_invalidated:
                raise LostError(said("{0}: connection lost; try again", self.where)) from error
            if any(sign in reason for sign in ("is full", "No space left", "disk I/O error")):
                raise AffilError(
                    said("{0}: disk full or failing; nothing was recorded; free some space", self.where)
                ) from error
            if "locked" in reason or "busy" in reason:
                raise AffilError(said("{0}: locked by another writer; try again when it is done", self.where)) from error
            if "readonly" in reason or "read-only" in reason:
                raise AffilError(said("{0}: read-only; make the file and its folder writable", self.where)) from error
            if "not a database" in reason or "malformed" in reason:
                fix = said("restore the file from a backup: affil ledger restore WS")
                raise InputError(self.where, said("not a ledger, or damaged"), fix=fix) from error
            if isinstance(error, OperationalError) and "unable to open" in reason:
                raise AffilError(said("{0}: cannot be opened; the file and its folder must be writable", self.where)) from error
            raise AffilError(Said(cannot, (self.where, reason))) from error
