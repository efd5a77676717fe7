"""The files of a workspace: their columns, and what each says of how it was made."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from affil.errors import InputError

TEXT = pa.string()
PAPERS = pa.schema(
    [
        ("id", TEXT),
        ("title", TEXT),
        ("venue", TEXT),
        ("year", pa.int16()),
        ("authors", pa.int32()),
        ("aligned", pa.bool_()),
        ("digest", pa.binary(16)),
    ]
)
MENTIONS = pa.schema([("paper", TEXT), ("position", pa.int32()), ("author", TEXT), ("affiliation", TEXT)])
_STATED = ("stated_city", "stated_region", "stated_country")
TOLD = (*_STATED, "named")  # what not every matcher tells
MATCHES = pa.schema(
    [
        *[("affiliation", TEXT), ("institution_id", TEXT), ("probability", pa.float64()), ("decision", TEXT), ("by", TEXT)],
        *[(name, TEXT) for name in TOLD],
    ]
)
INSTITUTIONS = pa.schema(
    [
        *[(name, TEXT) for name in ("id", "active_id", "name", "name_zh", "kind", "country", "region", "city")],
        ("lat", pa.float64()),
        ("lon", pa.float64()),
        ("parents", pa.list_(TEXT)),
        ("other_ids", pa.list_(TEXT)),
        ("successor_from", pa.int16()),
    ]
)
TABLES = ("papers", "mentions", "strings", "matches", "institutions")


def marked(schema: pa.Schema, identity: dict[str, str]) -> pa.Schema:
    """A schema that says what its file was made with."""
    return schema.with_metadata({"affil": json.dumps(identity)})


def identity_of(file: Path) -> dict[str, str]:
    """What made a file, as it says itself."""
    try:
        out: dict[str, str] = json.loads((pq.read_schema(file).metadata or {}).get(b"affil", b"{}"))
    except (pa.ArrowInvalid, OSError, ValueError) as error:
        raise InputError(file, f"is damaged: {error}", fix="delete it and run again") from error
    return out


def hash_of(content: Any) -> str:
    """A short hash of JSON-able content."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def sha256_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def version_of(package: str) -> str:
    """The installed version of a package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
