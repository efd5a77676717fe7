"""The rows of a ledger: how entries are written in them, and what chains them.

Entries are chained: each row has a hash of its content and of the hash before, so that no row can change, vanish or move without the
next reader noticing. Nothing here needs the library of databases, which takes long to load (see `affil.ledger.file`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from affil.errors import InputError
from affil.ledger.cases import DECISION, Case, Key
from affil.types import LedgerEntry

CONTENT = (
    "at", "by", "affiliation", "institutions", "why", "previous", "undoes", "model", "registry", "role", "paper", "position",
)  # fmt: skip
COLUMNS = ("number", "key", *CONTENT, "chain")
_CODED = "json:"  # prefix of text that a database cannot store as it is


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


def chained(before: str, row: Mapping[str, Any]) -> str:
    """The hash of a row (its stored values, by column) that follows one with the hash `before` ("" for the first)."""
    values = [before, *(row[name] for name in CONTENT)]
    return hashlib.sha256(json.dumps(values, ensure_ascii=True).encode()).hexdigest()


def follow(rows: Iterable[Mapping[str, Any]], before: str, where: str) -> Iterator[Mapping[str, Any]]:
    """Rows in order, each verified against the chain and against its key; `before` is the hash of the row before the first.

    Raises:
        InputError: a row is not as it was written, or one before it is missing.
    """
    for values in rows:
        before = chained(before, values)
        key = Key(_decoded(values["affiliation"]), _decoded(values["paper"] or ""), values["position"])
        if values["chain"] not in (None, before) or values["key"] != digest_of(key):
            problem = f"entry {values['number']} is not as it was written, or entries before it are missing"
            raise InputError(where, problem, fix="restore the ledger from a backup: affil ledger restore WS")
        yield values


def entry_of(values: Mapping[str, Any]) -> LedgerEntry:
    """The entry of a row."""
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
