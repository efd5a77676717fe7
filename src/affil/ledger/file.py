"""A ledger in a SQLite file: opened, looked at, and read with Python's own library, since SQLAlchemy takes half a second to load."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from affil.errors import AffilError, InputError
from affil.ledger.rows import COLUMNS, follow
from affil.wording import Said, marked, said

_RESTORE = said("restore the file from a backup: affil ledger restore WS")


class LedgerFile:
    """The SQLite file of a ledger, which need not exist yet.

    Args:
        path: the file.
        wait: seconds to wait for a writer.
    """

    def __init__(self, path: Path, wait: float) -> None:
        self.path, self._wait = path, wait
        self._inode: tuple[int, int] | None = None  # of the file that was there
        self._checked: tuple[int, int] | None = None  # that which was found whole

    def open(self) -> sqlite3.Connection:
        """The file; in a folder that cannot be written, where SQLite makes no file to share with writers, as one that nobody changes."""
        place, rest = str(self.path), self.path.with_name(self.path.name + "-wal")
        immutable = (
            self.path.exists()
            and not os.access(self.path.parent, os.W_OK)
            and not (rest.exists() and rest.stat().st_size)  # entries that stand only there would be overlooked
        )
        if immutable:
            place = f"{self.path.absolute().as_uri()}?immutable=1"
        return sqlite3.connect(place, timeout=self._wait, uri=immutable, check_same_thread=False)

    def there(self) -> tuple[int, int] | None:
        """What tells the file from one put in its place; None if there is none yet.

        Raises:
            InputError: it was there, and is gone.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            if self._inode is not None:
                fix = said("put it back, or restore a backup: affil ledger restore WS; then load the page again")
                raise InputError(self.path, said("the ledger is gone: it was deleted or moved"), fix=fix) from None
            return None
        self._inode = (found.st_dev, found.st_ino)
        return self._inode

    def stamp(self) -> tuple[tuple[int, int, int] | None, ...]:
        """What the disk says of the file and of entries that stand beside it still: another after each new entry."""
        found: list[tuple[int, int, int] | None] = []
        for path in (self.path, self.path.with_name(self.path.name + "-wal")):
            try:
                of = path.stat()
            except FileNotFoundError:
                found.append(None)
            else:
                found.append((of.st_ino, of.st_mtime_ns, of.st_size))
        return tuple(found)

    def check(self, connection: sqlite3.Connection) -> None:
        """Look once whether the open file is whole, and a ledger.

        Raises:
            InputError: it is not.
        """
        if self._checked == self._inode:
            return
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'ledger'").fetchall():
            what = said("is empty") if self.path.stat().st_size == 0 else said("holds no ledger")
            raise InputError(self.path, what, fix=_RESTORE)
        found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if found != "ok":
            raise InputError(self.path, said("is damaged: {0}", " ".join(str(found).split())[:120]), fix=_RESTORE)
        self._checked = self._inode

    def rows(self) -> Iterator[Mapping[str, Any]]:
        """All rows, oldest first, verified (see `affil.ledger.rows.follow`); columns that an older ledger lacks are null.

        Raises:
            InputError: the file is damaged, or somebody changed it. AffilError: it cannot be read.
        """
        if self.there() is None:
            return
        with clearly(str(self.path), marked("{0}: cannot read the ledger: {1}")), closing(self.open()) as connection:
            connection.isolation_level = None
            connection.execute("BEGIN")  # all that follows sees the ledger as it is now
            self.check(connection)
            held = {name for _, name, *_ in connection.execute("PRAGMA table_info(ledger)")}
            names = ", ".join(f'"{name}"' if name in held else f'NULL AS "{name}"' for name in COLUMNS)
            found = connection.execute(f"SELECT {names} FROM ledger ORDER BY number")
            yield from follow((dict(zip(COLUMNS, row, strict=True)) for row in found), "", str(self.path))


@contextmanager
def clearly(where: str, cannot: str) -> Iterator[None]:
    """Turn errors of SQLite into one line (see `problem`)."""
    try:
        yield
    except sqlite3.Error as error:
        raise problem(where, cannot, error) from error


def problem(where: str, cannot: str, error: BaseException) -> AffilError:
    """What an error of a database means, and what to do."""
    reason = str(error).strip()
    if any(sign in reason for sign in ("is full", "No space left", "disk I/O error")):
        return AffilError(said("{0}: disk full or failing; nothing was recorded; free some space", where))
    if "locked" in reason or "busy" in reason:
        return AffilError(said("{0}: locked by another writer; try again when it is done", where))
    if "readonly" in reason or "read-only" in reason:
        return AffilError(said("{0}: read-only; make the file and its folder writable", where))
    if "not a database" in reason or "malformed" in reason:
        return InputError(where, said("not a ledger, or damaged"), fix=_RESTORE)
    if "unable to open" in reason:
        return AffilError(said("{0}: cannot be opened; the file and its folder must be writable", where))
    return AffilError(Said(cannot, (where, reason)))
