"""The table of a ledger, in any database.

Older ledgers have fewer columns; the next write adds them as nulls (`ALTER TABLE ledger ADD COLUMN`), within the writer's
transaction, on SQLite and PostgreSQL alike. That is the whole migration, so Alembic, with its revisions, version table and
command, is not needed. Rows older than the chain are part of it from the first newer row on.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, Column, Index, Integer, MetaData, String, Table, Text, make_url
from sqlalchemy.exc import ArgumentError

from affil.errors import AffilError

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
    Column("chain", String(64)),  # see `affil.ledger.rows.chained`; NULL (older ledgers): not written, only computed
    Index("ledger_key", "key", "number"),
    sqlite_autoincrement=True,
)


def url_of(database: Path | str) -> URL:
    """The URL of a database; a path means SQLite."""
    if isinstance(database, str) and "://" in database:
        try:
            url = make_url(database)
            return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgresql", "postgres") else url
        except ArgumentError as error:
            raise AffilError(f"not a database URL: {database!r}; e.g. postgresql://user@host/name") from error
    return URL.create("sqlite", database=str(database))
