"""Keys of the service's users, in a file: each with its quotas, revocable by name. Of a key only its SHA-256 is kept."""

from __future__ import annotations

import hashlib
import math
import re
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from affil.errors import AffilError
from affil.wording import counted, said

PREFIX = "affil_"  # so that people, and scanners of secrets, recognise one
_NAME = re.compile(r"[\w.@+-]{1,64}", re.ASCII)
_COLUMNS = "name, per_minute, per_day, added, revoked, used, CASE day WHEN ? THEN strings ELSE 0 END"
_MAKE = """CREATE TABLE IF NOT EXISTS keys (
    name TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    per_minute INTEGER NOT NULL,
    per_day INTEGER NOT NULL,
    added TEXT NOT NULL,
    revoked TEXT NOT NULL DEFAULT '',
    used TEXT NOT NULL DEFAULT '',
    day TEXT NOT NULL DEFAULT '',
    strings INTEGER NOT NULL DEFAULT 0
)"""


class QuotaError(AffilError):
    """A key has used up its strings of a day; `wait` are the seconds until the next one."""

    def __init__(self, text: str, wait: int) -> None:
        super().__init__(text)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Key:
    """A key.

    Attributes:
        name: of whoever has it.
        per_minute: requests a minute, at most.
        per_day: strings a day, at most; 0: any number.
        added: when it was made, in UTC.
        revoked: when it was revoked, "" if it was not.
        used: the minute of the last request, "" before the first.
        strings: matched today, by UTC.
    """

    name: str
    per_minute: int
    per_day: int
    added: str
    revoked: str
    used: str
    strings: int


class Keys:
    """The keys in a file, an SQLite database. Several processes may have it open; what one changes holds for all at once.

    Args:
        path: the file.
        create: make it if it is not there.

    Raises:
        AffilError: it is not there, cannot be written, or is something else.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        if not create and not path.exists():
            raise AffilError(said("{0}: no such file; make it with: affil keys add NAME -f {0}", path))
        self._lock = threading.Lock()
        try:
            path.touch(0o600)
            self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise AffilError(said("{0}: cannot be opened ({1}); choose another file", path, error)) from error
        try:
            with self._told():
                # a crash of the machine may lose the counts of the last moments, nothing else
                self._database.execute("PRAGMA journal_mode=WAL")
                self._database.execute("PRAGMA synchronous=NORMAL")
                self._database.execute(_MAKE)
        except AffilError:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def add(self, name: str, *, per_minute: int = 600, per_day: int = 0) -> str:
        """Make a key, which is returned and kept nowhere.

        Args:
            name: of whoever gets it: letters, digits and `. @ + - _`.
            per_minute: requests a minute, at most.
            per_day: strings a day, at most; 0: any number.

        Raises:
            AffilError: the name cannot be one, or was one already.
        """
        if not _NAME.fullmatch(name):
            raise AffilError(said("{0!r} cannot be a name; use up to 64 letters, digits and . @ + - _", name))
        key = PREFIX + secrets.token_urlsafe(32)
        with self._told():
            try:
                self._database.execute(
                    "INSERT INTO keys (name, hash, per_minute, per_day, added) VALUES (?, ?, ?, ?, ?)",
                    (name, _hash(key), per_minute, per_day, _now()),
                )
            except sqlite3.IntegrityError as error:
                raise AffilError(said("{0} has a key already, or had one; choose another name", name)) from error
        return key

    def all(self) -> list[Key]:
        """The keys, revoked ones too, in the order of their making."""
        with self._told():
            rows = self._database.execute(f"SELECT {_COLUMNS} FROM keys ORDER BY added, name", (_today(),)).fetchall()
        return [Key(*row) for row in rows]

    def revoke(self, name: str) -> None:
        """Revoke a key, from the next request on.

        Raises:
            AffilError: nobody has one under this name.
        """
        with self._told():
            changed = self._database.execute("UPDATE keys SET revoked = ? WHERE name = ? AND revoked = ''", (_now(), name))
            if not changed.rowcount:
                raise AffilError(said("{0} has no key; see: affil keys list -f {1}", name, self.path))

    def find(self, shown: str) -> Key | None:
        """The key that somebody shows, None if it is none or was revoked; it is noted as used."""
        if not shown.startswith(PREFIX):
            return None
        with self._told():
            row = self._database.execute(
                f"SELECT {_COLUMNS} FROM keys WHERE hash = ? AND revoked = ''", (_today(), _hash(shown))
            ).fetchone()
            if row is None:
                return None
            key = Key(*row)
            if key.used != (minute := _now()[:16]):
                self._database.execute("UPDATE keys SET used = ? WHERE name = ?", (minute, key.name))
        return key

    def spend(self, name: str, strings: int) -> None:
        """Count strings for a key.

        Raises:
            QuotaError: that would be more than it may ask for in a day; none is counted.
        """
        today = _today()
        with self._told():
            changed = self._database.execute(
                "UPDATE keys SET strings = CASE day WHEN :day THEN strings ELSE 0 END + :n, day = :day WHERE name = :name "
                "AND (per_day = 0 OR CASE day WHEN :day THEN strings ELSE 0 END + :n <= per_day)",
                {"day": today, "n": strings, "name": name},
            )
            if changed.rowcount:
                return
            found = self._database.execute("SELECT per_day FROM keys WHERE name = ?", (name,)).fetchone()
        if found is not None:
            raise QuotaError(f"more than {counted(found[0], 'string')} in a day; the next day begins at 00:00 UTC", _left())

    @contextmanager
    def _told(self) -> Iterator[None]:
        """One at a time; what the database refuses is one line."""
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                raise AffilError(said("{0}: is no file of keys, or cannot be used ({1})", self.path, error)) from error


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()  # of 256 random bits, which nobody tries out: no salt, no slow hash


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _today() -> str:
    return _now()[:10]


def _left() -> int:
    """Seconds until the next day."""
    now = datetime.now(UTC)
    return math.ceil(86_400 - (now - now.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds())
