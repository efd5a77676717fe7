"""Ranked entities: institutions, cities, regions and countries with names in the languages of the report, and locations."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from affil.names.ids import ROR
from affil.rank import Level
from affil.rank.places import country_name, region_name
from affil.registry import Registry
from affil.report.names import (
    Translations,
    city_names,
    continents,
    in_languages,
    institution_names,
    lookup,
    page_fold,
    region_names,
    search_names,
)
from affil.types import Institution

LEVELS: tuple[Level, ...] = ("institution", "city", "region", "country")  # levels with boards in the report
Row = Mapping[str, Any]  # row of a level's table: id, name, place columns
Placed = Mapping[str, Mapping[str, tuple[tuple[str, float], ...]]]


@dataclass(frozen=True, slots=True)
class Entity:
    """An institution, city, region or country: id, names in the languages of the report, location.

    `place` are the names of the containing places, nearest first. `slug` names its page, if any. `search` are further folded
    names for searching.
    """

    id: str
    names: Translations
    slug: str = ""
    kind: str = ""
    country: str = ""
    place: tuple[Translations, ...] = ()
    search: tuple[str, ...] = ()
    lat: float | None = None
    lon: float | None = None


def name_entities(
    rows: Mapping[Level, Sequence[Row]],
    placed: Placed,
    pages: Mapping[Level, Sequence[str]],
    groups: frozenset[str],
    registry: Registry | None,
    points: Mapping[str, tuple[float, float]],
) -> dict[Level, dict[str, Entity]]:
    """Make all ranked entities, by level and id.

    Args:
        rows: the ranked rows of each level.
        placed: the entities each institution counts for, by level (see `Data.placed`).
        pages: the ids of entities with a page.
        groups: codes of groups of countries, which may not be country codes.
        registry: source of institutions' other names.
        points: latitude and longitude of institutions, in degrees.
    """
    country = {r["id"]: in_languages(r["name"], r["name_zh"] or "", r["id"]) for r in rows["country"]}
    country |= {code: in_languages(*country_name(code), code) for code in groups - country.keys()}
    taken: dict[str, str] = {}
    with_page = {level: {*pages.get(level, ())} for level in LEVELS}
    slugs = {
        level: {r["id"]: _slug(r["id"], taken) for r in rows[level] if r["id"] in with_page[level]}
        for level in ("country", "institution", "city")
    }
    known = lookup(registry, [r["id"] for r in rows["institution"]])
    made: dict[Level, list[Entity]] = {
        "country": [_country(r["id"], country[r["id"]], slugs["country"].get(r["id"], "")) for r in rows["country"]],
        "region": [_region(r, country) for r in rows["region"]],
        "city": [_city(r, country, slugs["city"].get(r["id"], "")) for r in rows["city"]],
        "institution": [
            _institution(r, country, known.get(r["id"]), slugs["institution"].get(r["id"], ""), points.get(r["id"]))
            for r in rows["institution"]
        ],
    }
    out = {level: {e.id: e for e in made[level]} for level in LEVELS}
    _locate_cities(out, placed["city"])
    return out


def _country(code: str, names: Translations, slug: str) -> Entity:
    return Entity(code, names, slug, country=code, search=tuple(sorted({page_fold(n) for n in (code, *names)})))


def _region(row: Row, country: Mapping[str, Translations]) -> Entity:
    names = region_names(row["name"], row["name_zh"] or "", row["country"] or "HK")
    return Entity(row["id"], names, country=row["country"] or "", place=_place(country.get(row["country"])))


def _city(row: Row, country: Mapping[str, Translations], slug: str) -> Entity:
    names = city_names(row["name"], row["id"].split("/")[0])
    place = tuple(p for p in _place(_region_names(row["id"]), country.get(row["country"])) if p[0] != names[0])
    return Entity(row["id"], names, slug, country=row["country"], place=place, search=search_names(None, names))


def _institution(
    row: Row, country: Mapping[str, Translations], known: Institution | None, slug: str, point: tuple[float, float] | None
) -> Entity:
    names = institution_names(row["name"], row["name_zh"] or "", row["country"], known)
    city = city_names(row["city"], row["country"]) if row["city"] else None
    return Entity(
        row["id"],
        names,
        slug,
        row["kind"] or "other",
        row["country"] or "",
        _place(city, country.get(row["country"])),
        search_names(known, names),
        *(point or (None, None)),
    )


def _region_names(city: str) -> Translations | None:
    """The names of the region in a city's id."""
    parts = city.split("/")
    found = region_name(parts[1]) if len(parts) == 3 else None
    return region_names(*found, parts[0]) if found else None


def _locate_cities(entities: dict[Level, dict[str, Entity]], placed: Mapping[str, tuple[tuple[str, float], ...]]) -> None:
    """Locate each city at the median of its institutions."""
    points: dict[str, list[tuple[float, float]]] = {}
    for institution, targets in placed.items():
        one = entities["institution"].get(institution)
        if one is not None and one.lat is not None and one.lon is not None:
            points.setdefault(targets[0][0], []).append((one.lat, one.lon))
    for city, found in points.items():
        if city in entities["city"]:
            lat, lon = median(p[0] for p in found), median(p[1] for p in found)
            entities["city"][city] = replace(entities["city"][city], lat=lat, lon=lon)


def _place(*names: Translations | None) -> tuple[Translations, ...]:
    """The names of containing places, without a place named like the one containing it (Singapore)."""
    kept: list[Translations] = []
    for one in names:
        if one and one[0] and one[0] not in [k[0] for k in kept]:
            kept.append(one)
    return tuple(kept)


def _slug(identifier: str, taken: dict[str, str]) -> str:
    """The slug of an entity's page."""
    plain = unicodedata.normalize("NFKD", identifier).encode("ascii", "ignore").decode()
    base = re.sub(r"[^A-Za-z0-9]+", "-", plain.removeprefix(ROR).removeprefix("affil:")).strip("-").lower() or "x"
    slug, number = base, 1
    while taken.setdefault(slug, identifier) != identifier:
        number += 1
        slug = f"{base}-{number}"
    return slug


def continent_of(code: str) -> str:
    """The continent of a country: AF, AN, AS, EU, NA, OC, SA, or "" if unknown (a custom group)."""
    return continents().get(code, "")
