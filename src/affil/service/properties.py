"""Properties of institutions offered for data extension by the reconciliation service."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

import pycountry

from affil.names.ids import is_ror
from affil.registry import Registry
from affil.service.candidates import ENTITY
from affil.service.models import Wanted
from affil.service.ror import Records, location
from affil.types import Institution, Name

Values = list[dict[str, Any]]


class Property(NamedTuple):
    """A property: name, meaning, and a function from an institution to its values."""

    name: str
    meaning: str
    values: Callable[[Institution], Values]


class Properties:
    """Properties by id: fixed ones, and a name in each language of the registry."""

    def __init__(self, records: Records) -> None:
        self.of = _fixed(records) | _names(records.registry)

    def described(self) -> list[dict[str, str]]:
        """All properties in the format of the specification."""
        return [{"id": i, "name": one.name, "description": one.meaning} for i, one in self.of.items()]

    def extended(self, wanted: Sequence[Wanted], ones: dict[str, Institution | None]) -> dict[str, Any]:
        """The response to a data extension query: a row of values per id; empty for unknown ids."""
        meta = []
        for p in wanted:
            linked = {"type": ENTITY} if p.id in ("parent", "successor") else {}
            meta.append({"id": p.id, "name": self.of[p.id].name if p.id in self.of else p.id, **linked})
        rows = {identifier: {p.id: self._values(one, p) for p in wanted} for identifier, one in ones.items()}
        return {"meta": meta, "rows": rows}

    def _values(self, one: Institution | None, wanted: Wanted) -> Values:
        if one is None or wanted.id not in self.of:
            return []
        values = self.of[wanted.id].values(one)
        limit = str(wanted.settings.get("limit") or "")
        return values[: int(limit)] if re.fullmatch("[1-9][0-9]{0,5}", limit) else values


def _fixed(records: Records) -> dict[str, Property]:
    def entities(value: Callable[[Institution], Iterable[str]]) -> Callable[[Institution], Values]:
        return lambda one: [{"id": i, "name": records.label(i) or i} for i in value(one)]

    return {
        "ror": Property("ROR id", "where it has one", _text(lambda one: one.id if is_ror(one.id) else "")),
        "id": Property("Id", "in this registry", _text(lambda one: one.id)),
        "name": Property("Name", "the one to show", _text(lambda one: one.name)),
        "country": Property("Country code", "ISO 3166-1", _text(lambda one: one.country)),
        "country_name": Property("Country", "in English", _text(lambda one: location(one)["country_name"])),
        "region": Property("Region code", "ISO 3166-2", _text(lambda one: one.region)),
        "city": Property("City", "as GeoNames has it", _text(lambda one: one.city)),
        "lat": Property("Latitude", "in degrees", _number(lambda one: one.lat)),
        "lon": Property("Longitude", "in degrees", _number(lambda one: one.lon)),
        "coordinates": Property("Coordinates", "latitude and longitude", _text(_coordinates)),
        "kind": Property("Kind", "education, company, facility and so on", _text(lambda one: one.kind)),
        "parent": Property("Parent", "what it is part of", entities(lambda one: one.parents)),
        "successor": Property("Successor", "what it became", entities(lambda one: one.successors)),
        "status": Property("Status", "active, inactive or withdrawn", _text(lambda one: one.status)),
        "domain": Property("Internet domain", "of its site", _text(lambda one: one.domain)),
        "grid": Property("GRID id", "where the registry has one", _others("grid")),
        "isni": Property("ISNI", "where the registry has one", _others("isni")),
        "wikidata": Property("Wikidata item", "where the registry has one", _others("wikidata")),
        "fundref": Property("Crossref Funder id", "where the registry has one", _others("fundref")),
        "acronym": Property("Acronym", "short forms in capitals", _named(lambda n: n.kind == "acronym")),
        "alias": Property("Other name", "in any language", _named(lambda n: n.kind == "alias")),
        "former": Property("Former name", "in any language", _named(lambda n: n.kind == "former")),
    }


def _names(registry: Registry) -> dict[str, Property]:
    spoken = Counter(x for x in registry.arrays.name_language.to_pylist() if x)
    found = {
        f"name_{language}": Property(
            f"Name in {_language(language)}", f"language {language}", _named(partial(_is_in, language))
        )
        for language, _ in spoken.most_common()
    }
    found["name_zh"] = Property("Name in Chinese", "in whichever script it has", _text(lambda one: one.name_zh))
    return found


def _text(value: Callable[[Institution], str]) -> Callable[[Institution], Values]:
    return lambda one: [{"str": v}] if (v := value(one)) else []


def _number(value: Callable[[Institution], float | None]) -> Callable[[Institution], Values]:
    return lambda one: [] if (v := value(one)) is None else [{"float": v}]


def _named(wanted: Callable[[Name], bool]) -> Callable[[Institution], Values]:
    return lambda one: [{"str": n.value} for n in one.names if wanted(n)]


def _others(kind: str) -> Callable[[Institution], Values]:
    prefix = f"{kind}:"
    return lambda one: [{"str": i.removeprefix(prefix)} for i in one.other_ids if i.startswith(prefix)]


def _is_in(language: str, name: Name) -> bool:
    return name.language == language and name.kind in ("official", "label")


def _coordinates(one: Institution) -> str:
    return "" if one.lat is None or one.lon is None else f"{one.lat},{one.lon}"


def _language(code: str) -> str:
    if code == "zh-hant":
        return "traditional Chinese"
    known = pycountry.languages.get(alpha_2=code)
    return getattr(known, "name", code)
