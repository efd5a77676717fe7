"""Institutions and matches in the format of the ROR API v2, each record valid against ROR's JSON schema 2.1.

The schema knows no other ids than ROR's. An institution without one has an id of that form that ROR never gives, as it has the letter u
(0uxxxxxxx): where such records are answered, `affil_ids` beside them has their ids here, and both are understood.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

from affil.errors import UnknownIdError
from affil.names.ids import SCHEMES, is_ror, shown_id
from affil.rank.places import region_name
from affil.registry import Registry
from affil.registry.geonames import CONTINENTS, cities, countries
from affil.types import Decision, Institution, Match, Name

SCHEMA = "2.1"
_NAME_TYPES = {"official": ["ror_display", "label"], "label": ["label"], "acronym": ["acronym"]}  # other kinds are aliases
_NEAR = 0.3  # maximum degrees between an institution and the GeoNames centre of its city
_PART = re.compile("[A-Z0-9]{1,3}")
_DOMAIN = re.compile(r"((?=[a-z0-9-]{1,63}\.)[a-z0-9]+(-[a-z0-9]+)*\.)+[a-z]{2,63}")
_UNDATED = "2019-01-01"  # of a registry that does not say of when its records are: the year of ROR's first ones
_MATCHING = {"acronym": "ACRONYM", "variant": "HEURISTICS"}  # types of exact matches by kind of name
FILTERS = {
    "types": "types",
    "status": "status",
    "country.country_code": "country_code",
    "locations.geonames_details.country_code": "country_code",
    "country.country_name": "country_name",
    "locations.geonames_details.country_name": "country_name",
    "locations.geonames_details.continent_code": "continent_code",
    "locations.geonames_details.continent_name": "continent_name",
}


class Records:
    """The institutions of a registry as ROR records."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def warm(self) -> Records:
        """Load slow data now rather than during the first request."""
        _cities()
        region_name("GB-ENG")
        _ = self._below, self._facts
        return self

    def record(self, one: Institution) -> dict[str, Any]:
        """One institution as a record of schema 2.1.

        Founding years, which affil's registries lack, are null; both dates are that of the registry.
        """
        dated = {"date": self._date, "schema_version": SCHEMA}
        return {
            "admin": {"created": dated, "last_modified": dated},
            "domains": [d for d in dict.fromkeys((one.domain, *one.other_domains)) if _DOMAIN.fullmatch(d)],
            "established": None,
            "external_ids": _external(one),
            "id": shown_id(one.id),
            "links": [{"type": "website", "value": f"https://{one.domain}"}] if one.domain else [],
            "locations": [{"geonames_details": location(one), "geonames_id": geonames_id(one)}],
            "names": _once(_name(n) for n in _displayed_first(one)),
            "relationships": _once(self._relations(one)),
            "status": one.status,
            "types": [one.kind],
        }

    def matched(self, affiliation: str, matches: Sequence[Match], *, single: bool = False) -> dict[str, Any]:
        """The response to `affiliation=`; `score` is the calibrated probability, `chosen` means decided `match`."""
        items = [
            {
                "substring": affiliation[m.start : m.end],
                "score": round(m.probability, 4),
                "matching_type": "SINGLE SEARCH" if single else matching_type(affiliation, m),
                "chosen": m.decision == Decision.MATCH,
                "organization": self.record(m.institution),
            }
            for m in sorted(matches, key=lambda m: (m.decision != Decision.MATCH, -m.probability))
        ]
        return {"number_of_results": len(items), "items": items, **_unofficial(m.institution.id for m in matches)}

    def chosen(self, numbers: Iterable[int], filters: Mapping[str, Sequence[str]]) -> list[int]:
        """Filter institutions, given by number in the registry: each field must have one of its values."""
        return [n for n in numbers if all(self._facts[n][field].casefold() in values for field, values in filters.items())]

    def listed(self, found: Sequence[int], page: int, size: int, milliseconds: int) -> dict[str, Any]:
        """The response to `query=`: a page of the institutions found (numbers in the registry), and counts over all."""
        facts = [self._facts[n] for n in found]
        shown = [self.registry.at(n) for n in found[(page - 1) * size : page * size]]
        return {
            "number_of_results": len(found),
            "time_taken": milliseconds,
            "items": [self.record(one) for one in shown],
            **_unofficial(one.id for one in shown),
            "meta": {
                "types": _buckets(facts, "types", "types"),
                "countries": _buckets(facts, "country_code", "country_name"),
                "continents": _buckets(facts, "continent_code", "continent_name"),
                "statuses": _buckets(facts, "status", "status"),
            },
        }

    @cached_property
    def _facts(self) -> list[dict[str, str]]:
        """Filterable fields of every institution."""
        a = self.registry.arrays
        columns = [text.to_pylist() for text in (a.inst_country, a.inst_kind, a.inst_status)]
        return [_fact(*values) for values in zip(*columns, strict=True)]

    @cached_property
    def _below(self) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """Children by parent, and predecessors by successor."""
        sides: tuple[dict[str, list[str]], dict[str, list[str]]] = {}, {}
        for side, column in zip(sides, (self.registry.arrays.inst_parents, self.registry.arrays.inst_successors), strict=True):
            for one, above in zip(self.registry.ids, column.to_pylist(), strict=True):
                for identifier in above.split():
                    side.setdefault(identifier, []).append(one)
        return sides

    def _relations(self, one: Institution) -> Iterable[dict[str, str]]:
        children, predecessors = self._below
        kinds = (
            ("parent", one.parents),
            ("child", children.get(one.id, ())),
            ("predecessor", predecessors.get(one.id, ())),
            ("successor", one.successors),
        )
        for kind, others in kinds:
            for other in others:
                if label := self.label(other):
                    yield {"type": kind, "label": label, "id": shown_id(other)}

    def number(self, identifier: str) -> int:
        """The number in the registry of an id in any form, also one shown for an institution without a ROR id.

        Raises:
            UnknownIdError: the registry has no such institution.
        """
        return self.registry.number(self._unofficial.get(identifier.strip().lower(), identifier))

    @cached_property
    def _unofficial(self) -> dict[str, str]:
        """Ids by those shown in their place, as addresses and bare."""
        shown = {shown_id(i): i for i in self.registry.ids if not is_ror(i)}
        return shown | {address.rpartition("/")[2]: i for address, i in shown.items()}

    @cached_property
    def _date(self) -> str:
        """The day of which the registry's newest source is."""
        return max(filter(None, self.registry.meta.get("dates", {}).values()), default=_UNDATED)

    def label(self, identifier: str) -> str:
        """The name of an institution, or "" if unknown."""
        try:
            return str(self.registry.arrays.inst_name[self.registry.number(identifier)].as_py())
        except UnknownIdError:
            return ""


def _unofficial(identifiers: Iterable[str]) -> dict[str, dict[str, str]]:
    """What stands beside records: the ids of those without a ROR id, by those shown in their place; nothing if there are none."""
    found = {shown_id(i): i for i in identifiers if not is_ror(i)}
    return {"affil_ids": found} if found else {}


def location(one: Institution) -> dict[str, Any]:
    """The location of an institution in GeoNames terms."""
    region, country = region_name(one.region) if one.region else None, _country(one.country)
    part = one.region.partition("-")[2]
    return {
        **{field: value or None for field, value in country.items()},
        "country_subdivision_code": part if _PART.fullmatch(part) else None,
        "country_subdivision_name": region[0] if region else None,
        "lat": one.lat,
        "lng": one.lon,
        "name": one.city or country["country_name"] or "unknown",
    }


def matching_type(affiliation: str, match: Match) -> str:
    """ROR's matching type for a match."""
    kinds = {reason.name: reason.kind for reason in match.reasons}
    if (kind := kinds.get("name_exact")) in _MATCHING:
        return _MATCHING[kind]
    if "misspelt" in kinds:
        return "FUZZY"
    if "name_coverage" in kinds:
        return "COMMON TERMS"
    return "EXACT" if affiliation[match.start : match.end].strip() == affiliation.strip() else "PHRASE"


def read_filters(text: str) -> dict[str, list[str]]:
    """The filters of `filter=types:education,country.country_code:CN`, by field; values are casefolded.

    Raises:
        ValueError: a filter is invalid; the message is ROR's.
    """
    out: dict[str, list[str]] = {}
    for part in filter(None, text.split(",")):
        key, colon, value = part.partition(":")
        if not colon:
            raise ValueError(f"filter '{part}' is not in the key:value form")
        if key not in FILTERS:
            raise ValueError(f"filter key '{key}' is illegal")
        out.setdefault(FILTERS[key], []).append(value.casefold())
    return out


def geonames_id(one: Institution) -> int:
    """The GeoNames id of its city, if one of that name and country is near its coordinates; else 0."""
    if one.lat is None or one.lon is None:
        return 0
    for number, lat, lon in _cities().get((one.country, one.city), ()):
        if abs(lat - one.lat) < _NEAR and abs(lon - one.lon) < _NEAR:
            return number
    return 0


def _displayed_first(one: Institution) -> Sequence[Name]:
    """Its names, with the display name as the official one."""
    if any(n.kind == "official" and n.value == one.name for n in one.names):
        return one.names
    return Name(one.name, "", "official"), *(n for n in one.names if n.value != one.name)


def _name(name: Name) -> dict[str, Any]:
    language = name.language.partition("-")[0]
    return {
        "lang": language if len(language) == 2 else None,
        "types": _NAME_TYPES.get(name.kind, ["alias"]),
        "value": name.value,
    }


def _once(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each row once, in order."""
    return [*{repr(row): row for row in rows}.values()]


def _external(one: Institution) -> list[dict[str, Any]]:
    """Its ids in other registries, in ROR's format; the preferred one of several is unknown."""
    out = []
    for kind in SCHEMES:
        found = [i.removeprefix(f"{kind}:") for i in one.other_ids if i.startswith(f"{kind}:")]
        shown = [" ".join(re.findall("....", v)) for v in found] if kind == "isni" else found
        if shown:
            out.append({"type": kind, "all": shown, "preferred": shown[0] if len(shown) == 1 else None})
    return out


def _buckets(facts: Iterable[Mapping[str, str]], key: str, title: str) -> list[dict[str, Any]]:
    counted = Counter((f[key], f[title]) for f in facts if f[key])
    return [{"id": key.lower(), "title": title, "count": count} for (key, title), count in counted.most_common()]


@cache
def _country(code: str) -> dict[str, str]:
    name, continent = countries().get(code, (code, ""))
    return {
        "continent_code": continent,
        "continent_name": CONTINENTS[continent] if continent else "",
        "country_code": code,
        "country_name": name,
    }


@cache
def _fact(country: str, kind: str, status: str) -> dict[str, str]:
    return {**_country(country), "types": kind, "status": status}


@cache
def _cities() -> dict[tuple[str, str], list[tuple[int, float, float]]]:
    out: dict[tuple[str, str], list[tuple[int, float, float]]] = {}
    for city in cities():
        out.setdefault((city.country, city.name), []).append((city.id, city.lat, city.lon))
    return out
