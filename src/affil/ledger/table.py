"""The table of a ledger, and the encoding of entries.

Entries are chained: each row has a hash of its content and of the hash before, so that no row can change, vanish or move without the
next reader noticing.

Older ledgers have fewer columns; the next write adds them as nulls (`ALTER TABLE ledger ADD COLUMN`), within the writer's
transaction, on SQLite and PostgreSQL alike. That is the whole migration, so Alembic, with its revisions, version table and
command, is not needed. Rows older than the chain are part of it from the first newer row on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Column, Index, Integer, MetaData, Row, String, Table, Text, make_url
from sqlalchemy.exc import ArgumentError

from affil.errors import AffilError, InputError
from affil.ledger.cases import DECISION, Case, Key
from affil.types import LedgerEntry
from affil.wording import said

METADATA = MetaData()
LEDGER = Table(
    "ledger",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("at", String(32), nullable=False),  # ISO 8601, UTC: as text: not every database keeps time zones
    Column("by", Text, nullable=False),
    # databases differ in text equality (case, trailing blanks); digests are compared exactly
    Column("key", String(64), nullable=False),
    Column("affiliation", Text, nullable=False),
    Column("institutions", Text),  # JSON list of ids; NULL: undecided
    Column("why", Text, nullable=False),
    Column("previous", Text),
    Column("undoes", Integer, unique=True),  # unique: an entry cannot be undone twice
    Column("model", Text, nullable=False),
    Column("registry", Text, nullable=False),
    Column("role", String(16)),  # NULL (older ledgers): a decision
    Column("paper", Text),  # NULL: all mentions
    Column("position", Integer),
    Column("chain", String(64)),  # see `chained`; NULL (older ledgers): not written, only computed
    Index("ledger_key", "key", "number"),
    sqlite_autoincrement=True,
)
_CONTENT = tuple(c.name for c in LEDGER.columns if c.name not in ("number", "key", "chain"))
_CODED = "json:"  # prefix of text that a database cannot store as it is


def url_of(database: Path | str) -> URL:
    """The URL of a database; a path means SQLite."""
    if isinstance(database, str) and "://" in database:
        try:
            url = make_url(database)
            return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgresql", "postgres") else url
        except ArgumentError as error:
            raise AffilError(said("not a database URL: {0!r}; e.g. postgresql://user@host/name", database)) from error
    return URL.create("sqlite", database=str(database))


def digest_of(key: Key) -> str:
    """SHA-256 of a key, for lookups."""
    named = key.affiliation if not key.paper else json.dumps(key)
    return hashlib.sha256(named.encode(errors="surrogatepass")).hexdigest()


def fold_entries(history: Sequence[LedgerEntry]) -> Case:
    """The case of a history of entries."""
    case = Case()
    for entry in history:
        case.add(entry)
    return case


def coded(value: str) -> str:
    """Encode text for storage: text with NUL characters or lone surrogates becomes JSON."""
    odd = "\0" in value or any("\ud800" <= c <= "\udfff" for c in value) or value.startswith(_CODED)
    return _CODED + json.dumps(value) if odd else value


def _decoded(value: str) -> str:
    return str(json.loads(value.removeprefix(_CODED))) if value.startswith(_CODED) else value


def dump(institutions: tuple[str, ...] | None) -> str | None:
    """The ids of an entry as JSON; None if undecided."""
    return None if institutions is None else json.dumps(institutions, ensure_ascii=False)


def _load(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(json.loads(text))


def chained(before: str, row: Mapping[Any, Any]) -> str:
    """The hash of a row (its stored values, by column) that follows one with the hash `before` ("" for the first)."""
    values = [before, *(row[name] for name in _CONTENT)]
    return hashlib.sha256(json.dumps(values, ensure_ascii=True).encode()).hexdigest()


def follow(rows: Iterable[Row[tuple[object, ...]]], before: str, where: str) -> Iterator[Row[tuple[object, ...]]]:
    """Rows in order, each verified against the chain and against its key; `before` is the hash of the row before the first.

    Raises:
        InputError: a row is not as it was written, or one before it is missing.
    """
    for row in rows:
        values = row._mapping
        before = chained(before, dict(values))
        key = Key(_decoded(values["affiliation"]), _decoded(values["paper"] or ""), values["position"])
        if values["chain"] not in (None, before) or values["key"] != digest_of(key):
            problem = said("entry {0} is not as it was written, or entries before it are missing", values["number"])
            raise InputError(where, problem, fix=said("restore the ledger from a backup: affil ledger restore WS"))
        yield row


def entry_of(row: Row[tuple[object, ...]]) -> LedgerEntry:
    """The entry of a row."""
    values = row._mapping
    return LedgerEntry(
        number=values["number"],
        at=datetime.fromisoformat(values["at"]),
        by=_decoded(values["by"]),
        affiliation=_decoded(values["affiliation"]),
        institutions=_load(values["institutions"]),
        why=_decoded(values["why"]),
        previous=_load(values["previous"]),
        undoes=values["undoes"],
        model=values["model"],
        registry=values["registry"],
        role=values["role"] or DECISION,
        paper=_decoded(values["paper"] or ""),
        position=values["position"],
    )
