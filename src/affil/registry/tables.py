"""Read institutions from tables: the shipped ones, or a user's CSV."""

from __future__ import annotations

import csv
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path

from affil.errors import InputError
from affil.io.tables import create_table, open_table
from affil.io.writers import text_of
from affil.names.ids import mistyped, normal_id
from affil.types import KINDS, Institution, Name
from affil.wording import said

STATUSES = ("active", "inactive", "withdrawn")
REQUIRED = ("id", "name", "country")
OPTIONAL = (
    "kind", "region", "city", "lat", "lon", "domain", "parents", "successors", "status", "aliases", "acronyms", "labels", "former",
    "other_ids", "successor_from",
)  # fmt: skip
UNREAD = ("ror_source",)  # documents where a ROR id was confirmed

_ROWS = 10_000  # per batch


def read_shipped() -> Iterator[Institution]:
    """Yield the institutions of the shipped tables, the CSV files of `data`."""
    folder = resources.files("affil.registry") / "data"
    others: dict[str, list[str]] = defaultdict(list)
    with folder.joinpath("alternative_ids.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            others[row["institution_id"]].append(normal_id(row["id"]))
    names: dict[str, list[Name]] = defaultdict(list)
    domains: dict[str, list[str]] = defaultdict(list)  # rows of kind "domain": a domain other than the site's
    with folder.joinpath("names.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            until = int(row["until"]) if row["until"] else None
            if row["kind"] == "domain":
                domains[row["id"]].append(row["name"])
            else:
                names[row["id"]].append(Name(row["name"], row["language"], row["kind"], until))
    with folder.joinpath("institutions.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    with folder.joinpath("successors.csv").open(encoding="utf-8") as lines:
        since = {row["id"]: row["successor_from"] for row in csv.DictReader(lines)}
    children = Counter(parent for row in rows for parent in row["parents"].split())
    for number, row in enumerate(rows, 2):
        found = _institution(
            row | {"successor_from": since.get(row["id"], "")}, tuple(names[row["id"]]), Path("institutions.csv"), number
        )
        known = round(math.log1p(2 * len(found.names) + 4 * children[found.id]), 4)
        yield replace(
            found,
            prominence=known,
            usage=read_usage().get(found.id, 0),
            other_ids=tuple(others[found.id]),
            other_domains=tuple(domains[found.id]),
        )


@cache
def read_usage() -> dict[str, int]:
    """Number of unambiguous mentions in papers, by id (see `affil.training.usage`)."""
    with resources.files("affil.registry").joinpath("data/usage.csv").open(encoding="utf-8") as lines:
        return {row["id"]: int(row["mentions"]) for row in csv.DictReader(lines)}


def read_table(path: Path) -> Iterator[Institution]:
    """Yield the institutions of a user's table, one a row, of any kind and encoding that `affil.io` reads.

    Required columns: `id`, `name`, `country` (ISO 3166-1 alpha-2). Optional: `kind`, `region` (ISO 3166-2), `city`, `lat`,
    `lon`, `status`, `successor_from` (the first year that counts for the successor of a closed institution), and, with values
    separated by `|`: `domain` (the site's first), `aliases`, `acronyms`, `former`, `labels` (as `zh:北京大学|de:...`), `parents`,
    `successors`, `other_ids`. A column `ror_source` is ignored. A row whose id is known to another source, as id or other id,
    is merged with that record.

    Raises:
        InputError: a column is missing or unknown, a row has no id or name, or a value is invalid.
    """
    with open_table(path) as table:
        if missing := [c for c in REQUIRED if c not in table.columns]:
            raise InputError(path, said("no column {0!r}", missing[0]), row=1, fix=said("needed are {0}", ", ".join(REQUIRED)))
        if unknown := [c for c in table.columns if c not in REQUIRED + OPTIONAL + UNREAD]:
            raise InputError(
                path, said("unknown column {0!r}", unknown[0]), row=1, fix=said("known are {0}", ", ".join(REQUIRED + OPTIONAL))
            )
        seen: dict[str, int] = {}
        for batch in table.batches(_ROWS):
            for number, values in zip(batch.rows, zip(*batch.columns.values(), strict=True), strict=True):
                yield _row(dict(zip(batch.columns, map(text_of, values), strict=True)), seen, path, number)


def write_table(path: Path, institutions: Iterable[Institution]) -> None:
    """Write institutions as a CSV that `read_table` reads; fields without a column (prominence, years of names) are lost.

    Raises:
        AffilError: `path` cannot be written.
    """
    columns = (*REQUIRED, *OPTIONAL)
    rows = [_cells(one) for one in institutions]
    with create_table(path, dict.fromkeys(columns, "string"), "csv") as table:
        table.write({c: [row[c] for row in rows] for c in columns})


def _cells(one: Institution) -> dict[str, str]:
    def names(*kinds: str) -> str:
        # "|" separates values, so it is replaced within them
        found = [n for n in one.names if n.kind in kinds and (n.value != one.name or n.language)]
        return "|".join(
            f"{n.language}:{n.value}".replace("|", "/") if "label" in kinds else n.value.replace("|", "/") for n in found
        )

    text = {c: str(getattr(one, c)) for c in (*REQUIRED, "kind", "region", "city", "status")}
    text["domain"] = "|".join(d for d in (one.domain, *one.other_domains) if d)
    degrees = {c: "" if getattr(one, c) is None else str(getattr(one, c)) for c in ("lat", "lon")}
    text["successor_from"] = str(one.successor_from or "")
    several = {c: "|".join(getattr(one, c)) for c in ("parents", "successors", "other_ids")}
    of_kind = {"aliases": names("alias"), "acronyms": names("acronym"), "labels": names("label"), "former": names("former")}
    return {**text, **degrees, **several, **of_kind}


def _row(row: dict[str, str], seen: dict[str, int], path: Path, number: int) -> Institution:
    if not row["id"].strip() or not row["name"].strip():
        raise InputError(path, said("id or name is empty"), row=number)
    row = row | {"id": normal_id(row["id"])}
    if (before := seen.setdefault(row["id"], number)) != number:
        raise InputError(path, said("id {0!r} stands in row {1} already", row["id"], before), row=number)
    of_others = {c: [normal_id(i) for i in _several(row.get(c, ""))] for c in ("parents", "successors", "other_ids")}
    for written in (row["id"], *(i for ids in of_others.values() for i in ids)):
        if problem := mistyped(written):
            raise InputError(path, said("{0!r}: {1}", written, problem), row=number)
    names = [Name(row["name"], "", "official")]
    for column, kind in (("aliases", "alias"), ("acronyms", "acronym"), ("former", "former"), ("labels", "label")):
        for value in _several(row.get(column, "")):
            language, colon, label = value.partition(":")
            is_label = kind == "label" and colon
            names.append(Name(label if is_label else value, language if is_label else "", kind))
    spaced = row | {c: " ".join(of_others[c]) for c in ("parents", "successors")}
    domains = _several(row.get("domain", "").lower())
    spaced |= {"domain": domains[0] if domains else ""}
    one = _institution(spaced, tuple(names), path, number)
    return replace(one, other_ids=tuple(of_others["other_ids"]), other_domains=tuple(domains[1:]))


def _several(cell: str) -> list[str]:
    return [v.strip() for v in cell.split("|") if v.strip()]


def _institution(row: dict[str, str], names: tuple[Name, ...], path: Path, number: int) -> Institution:
    kind, status = row.get("kind") or "other", row.get("status") or "active"
    if kind not in KINDS:
        raise InputError(path, said("unknown kind {0!r}", kind), row=number, fix=said("known are {0}", ", ".join(KINDS)))
    if status not in STATUSES:
        raise InputError(path, said("unknown status {0!r}", status), row=number, fix=said("known are {0}", ", ".join(STATUSES)))
    country = row["country"].strip().upper()
    if len(country) != 2 or not country.isalpha():
        raise InputError(path, said("country {0!r} is not an ISO 3166-1 alpha-2 code", row["country"]), row=number)
    parents = tuple((row.get("parents") or "").split())
    return Institution(
        id=row["id"].strip(),
        name=row["name"].strip(),
        names=names or (Name(row["name"].strip(), "", "official"),),
        kind=kind,
        country=country,
        region=row.get("region") or "",
        city=row.get("city") or "",
        lat=_degrees(row.get("lat"), 90, path, number),
        lon=_degrees(row.get("lon"), 180, path, number),
        domain=(row.get("domain") or "").lower(),
        parents=parents,
        successors=tuple((row.get("successors") or "").split()),
        successor_from=_year(row.get("successor_from"), path, number),
        status=status,
        prominence=round(math.log1p(2 * len(names)), 4),
    )


def _year(cell: str | None, path: Path, number: int) -> int | None:
    if not (cell or "").strip():
        return None
    if not re.fullmatch(r"\s*[12]\d{3}\s*", cell or ""):
        raise InputError(
            path, said("successor_from {0!r} is not a year", cell), row=number, fix=said("four digits, or nothing")
        )
    return int(cell or "")


def _degrees(cell: str | None, most: int, path: Path, number: int) -> float | None:
    if not cell:
        return None
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not abs(value) <= most:
        raise InputError(path, said("{0!r} is not a coordinate", cell), row=number, fix=said("degrees from -{0} to {0}", most))
    return value
