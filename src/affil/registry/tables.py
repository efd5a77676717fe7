"""Read institutions from tables: the shipped ones, or a user's CSV."""

from __future__ import annotations

import csv
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path

from affil.errors import AffilError, InputError
from affil.io.tables import create_table, open_table
from affil.io.writers import text_of
from affil.names.ids import normal_id
from affil.registry import checks
from affil.types import Institution, Name
from affil.wording import message_of, said

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
    for row in rows:
        found = _institution(row | {"successor_from": since.get(row["id"], "")}, tuple(names[row["id"]]))
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
    """Yield the institutions of `read_rows`."""
    return (one for _, one in read_rows(path))


def read_rows(path: Path) -> Iterator[tuple[int, Institution]]:
    """Yield the institutions of a user's table with their rows, of any kind and encoding that `affil.io` reads.

    Required columns: `id`, `name`, `country` (ISO 3166-1 alpha-2, or a name). Optional: `kind`, `region` (ISO 3166-2), `city`, `lat`,
    `lon`, `status`, `successor_from` (the first year that counts for the successor of a closed institution), and, with values
    separated by `|`: `domain` (the site's first), `aliases`, `acronyms`, `former`, `labels` (as `zh:北京大学|de:...`), `parents`,
    `successors`, `other_ids`. A column `ror_source` is ignored. How a row meets an institution of another source: see
    `affil.registry.merge.merged`.

    Raises:
        InputError: a column is missing or unknown, a row has no id or name, or a value is invalid (see `affil.registry.checks`).
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
                try:
                    one = _row(dict(zip(batch.columns, map(_text, values), strict=True)))
                except AffilError as error:
                    raise InputError(path, message_of(error), row=number) from None
                if (before := seen.setdefault(one.id, number)) != number:
                    raise InputError(path, said("id {0!r} stands in row {1} already", one.id, before), row=number)
                yield number, one


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


def _text(value: object) -> str:
    """A cell as text; a list, as of Parquet, with bars between its values."""
    return "|".join(map(text_of, value)) if isinstance(value, list) else text_of(value)


def _row(row: dict[str, str]) -> Institution:
    if not row["id"].strip() or not row["name"].strip():
        raise AffilError(said("id or name is empty"))
    ids = {c: " ".join(map(checks.identifier, _several(row.get(c, "")))) for c in ("parents", "successors", "other_ids")}
    own, others = checks.identifier(row["id"]), ids.pop("other_ids").split()
    if own in ids["parents"].split():
        raise AffilError(said("{0} cannot be its own parent", own))
    names = [Name(row["name"].strip(), "", "official")]
    for column, kind in (("aliases", "alias"), ("acronyms", "acronym"), ("former", "former"), ("labels", "label")):
        for value in _several(row.get(column, "")):
            language, colon, label = value.partition(":") if kind == "label" else ("", "", "")
            names.append(Name(label.strip() if colon else value, checks.language(language) if colon else "", kind))
    domains = [checks.domain(value) for value in _several(row.get("domain", ""))]
    one = _institution(row | ids | {"id": own, "domain": domains[0] if domains else ""}, tuple(names))
    return replace(one, other_ids=tuple(others), other_domains=tuple(domains[1:]))


def _several(cell: str) -> list[str]:
    return [v.strip() for v in cell.split("|") if v.strip()]


def _institution(row: dict[str, str], names: tuple[Name, ...]) -> Institution:
    """The institution of a row, whose ids are in normal form.

    Raises:
        AffilError: a value is invalid.
    """
    country = checks.country(row["country"])
    lat, lon = checks.degrees(row.get("lat"), row.get("lon"))
    return Institution(
        id=row["id"],
        name=row["name"].strip(),
        names=names or (Name(row["name"].strip(), "", "official"),),
        kind=checks.kind(row.get("kind", "")),
        country=country,
        region=checks.region(row.get("region", ""), country),
        city=row.get("city", "").strip(),
        lat=lat,
        lon=lon,
        domain=row.get("domain", "").lower(),
        parents=tuple(row.get("parents", "").split()),
        successors=tuple(row.get("successors", "").split()),
        successor_from=checks.year(row.get("successor_from", "")),
        status=checks.status(row.get("status", "")),
        prominence=round(math.log1p(2 * len(names)), 4),
    )
