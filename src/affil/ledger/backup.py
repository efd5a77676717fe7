"""Backups of a ledger: whole copies as SQLite files, wherever the ledger itself is kept, with the same numbers and hashes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, NullPool, create_engine, func, select

from affil.errors import AffilError, InputError
from affil.io.outputs import atomic_path, files_in, keep_inputs
from affil.ledger.database import Database, mark
from affil.ledger.table import LEDGER, METADATA
from affil.wording import counted, said

_BESIDE = ("-wal", "-shm", "-journal")  # files of SQLite beside the main one


def backup(database: Database, file: Path | str) -> int:
    """Copy a ledger into a new file, atomically; returns the number of entries, each of them verified.

    Raises:
        InputError: the ledger is damaged. AffilError: it cannot be read, or the file cannot be written.
    """
    if database.file is not None:
        keep_inputs(file, database.file)
    rows = _rows(database)
    with atomic_path(file) as temporary:
        engine = create_engine(URL.create("sqlite", database=str(temporary)), poolclass=NullPool)
        with engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = MEMORY")  # a journal beside it would be swept by other processes
            METADATA.create_all(connection)
            mark(connection)
            _insert(connection, rows)
    return len(rows)


def daily(database: Database, folder: Path, kept: int, *, again: bool = False) -> Path | None:
    """Make today's backup in a folder, unless there is one, and delete the oldest beyond `kept`; with `again`, make it anew.

    Returns the file; None where there was one, or `kept` is 0.
    """
    file = folder / f"ledger-{datetime.now(UTC).date().isoformat()}.sqlite"
    if not kept or (file.exists() and not again):
        return None
    folder.mkdir(exist_ok=True)
    backup(database, file)
    for old in backups_in(folder)[:-kept]:
        old.unlink(missing_ok=True)
    return file


def backups_in(folder: Path) -> list[Path]:
    """The backups that `daily` made, oldest first."""
    return files_in(folder, "ledger-*.sqlite")


def restore(database: Database, file: Path | str, *, force: bool = False) -> int:
    """Put a backup in the place of a ledger; what is there now is kept beside it (`NAME.before-DATE`).

    Args:
        database: the ledger: a file, whole, damaged or missing; or a server on which no ledger is, or an empty one.
        file: the backup.
        force: replace also a ledger that is whole and has more entries than the backup.

    Returns:
        The number of entries.

    Raises:
        InputError: the backup is missing or damaged. AffilError: the ledger has more entries, or cannot be written.
    """
    if not Path(file).exists():
        raise InputError(file, said("no such file"), fix=said("see which backups there are: ls WS/backups"))
    rows = _rows(Database(file, wait=0, lasting=False))
    target = database.file
    if target is None:
        with database.write() as connection:
            if held := connection.execute(select(func.count()).select_from(LEDGER)).scalar():
                raise AffilError(
                    said(
                        "{0}: has {1}; a backup is only restored into an empty ledger",
                        database.where,
                        counted(held, "entry", "entries"),
                    )
                )
            _insert(connection, rows)
            if database.postgres and rows:  # which counts numbers apart from the rows
                connection.exec_driver_sql("SELECT setval(pg_get_serial_sequence('ledger', 'number'), max(number)) FROM ledger")
        return len(rows)
    if not force:
        with suppress(InputError):  # missing, or damaged: then nothing is lost
            held = len(_rows(database)) if target.exists() else 0
            if held > len(rows):
                raise AffilError(
                    said(
                        "{0}: is whole and has {1:,} entries, the backup {2:,}; to go back all the same: --force",
                        target,
                        held,
                        len(rows),
                    )
                )
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    new = target.with_name(f"{target.name}.new-{stamp}")  # whole before anything moves: a full disk loses nothing
    backup(Database(file, wait=0, lasting=False), new)
    for end in ("", *_BESIDE):
        with suppress(FileNotFoundError):
            target.with_name(target.name + end).replace(target.with_name(f"{target.name}.before-{stamp}{end}"))
    new.rename(target)
    return len(rows)


def _rows(database: Database) -> Sequence[Mapping[str, Any]]:
    with database.read() as connection:
        return [] if connection is None else list(database.rows(connection))


def _insert(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(LEDGER.insert(), [dict(row) for row in rows])
