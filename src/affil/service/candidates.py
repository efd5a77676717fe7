"""Candidates of a reconciliation query: the string to match, the filters, and matching features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from affil.names.ids import SCHEMES, other_id
from affil.rank.places import region_name
from affil.registry.countries import country_code
from affil.registry.places import WIDER, country_name
from affil.service import texts
from affil.service.models import Entity, Query, Value
from affil.service.ror import location
from affil.settings import ServeSettings
from affil.types import KINDS, REASONS, Decision, Institution, Match

ENTITY = {"id": "organization", "name": "Organization"}
TYPES = {ENTITY["id"]: ENTITY, **{kind: {"id": kind, "name": texts.kind(kind, "en").capitalize()} for kind in KINDS}}

# Descriptions of the reasons of a match, used as matching features.
FEATURES = REASONS | {
    "decided": "a person decided so",
    "name_exact": "“…” is …",
    "name_coverage": "…% of “…”",
    "city_named": "the city … is named",
    "country_named": "the country … is named",
    "bearers": "… institutions have this name",
}

# properties of a query that hold ids of the institution sought, and those that hold names of it
_IDS = ("ror", "id", *SCHEMES)
_NAMES = ("name", "alias", "acronym", "former")


class Sought:
    """A parsed query: the string to match, with what its properties say, and the constraints on candidates."""

    def __init__(self, asked: Query, settings: ServeSettings) -> None:
        known: dict[str, list[str]] = {}
        for p in asked.properties:
            known.setdefault(p.pid, []).extend(text for v in p.v if (text := _text(v, p.pid)))
        countries = [*known.get("country", ()), *known.get("country_name", ())]
        codes = {text: country_code(text) for text in countries}
        self.countries = set(filter(None, codes.values()))
        names = [v for pid, values in known.items() if pid in _NAMES or pid.startswith("name_") for v in values]
        regions = [named[0] if (named := region_name(text)) else text for text in known.get("region", ())]
        places = [*known.get("city", ()), *regions, *(country_name(codes[text]) or text for text in countries)]
        string = asked.query.strip() or (names[0] if names else "")
        for hint in dict.fromkeys([*names, *places] if string else ()):
            if hint.casefold() not in string.casefold():
                string = f"{string}, {hint}"
        self.string = string[: settings.characters]
        self.identifiers = [other_id(i, v) if i in SCHEMES else v for i in _IDS for v in known.get(i, ())]
        self.identifiers.append(asked.query.strip())
        self.limit = min(asked.limit or settings.candidates, settings.most_candidates)
        types = [asked.type] if isinstance(asked.type, str) else asked.type or []
        self.kinds = set() if ENTITY["id"] in types else {t for t in types if t in KINDS}
        self.impossible = asked.type_strict == "all" and len(self.kinds) > 1  # an institution has one kind
        self.prefers = asked.type_strict == "should"

    def suits(self, one: Institution) -> bool:
        """Whether an institution has a requested type."""
        return not self.kinds or one.kind in self.kinds

    def agrees(self, one: Institution) -> bool:
        """Whether an institution is in a requested country, or in a territory of it."""
        return not self.countries or not self.countries.isdisjoint({one.country, WIDER.get(one.country)})


def _text(value: Value, pid: str) -> str:
    """A value of a property as text; of an entity its id or its name.

    A cell that was reconciled with another service comes as that service's entity: {"id": "Q148", "name": "China"}.
    """
    if isinstance(value, Entity):
        value = value.id if pid in _IDS or not value.name or country_code(value.id) else value.name
    return str(value).strip()


def features(match: Match) -> list[dict[str, Any]]:
    """The probability and reasons of a match as matching features; shares are rounded to percents."""
    found: dict[str, float | bool] = {"probability": match.probability}
    for reason in match.reasons:
        found[reason.name] = True if reason.value is None else float(reason.value)
    if "name_exact" in found:
        found["name_coverage"] = 1.0
    elif "name_coverage" in found:
        found["name_coverage"] = round(100 * found["name_coverage"]) / 100
    return [{"id": feature, "value": value} for feature, value in found.items()]


def candidates(query: Sought, named: Sequence[Institution], matches: Sequence[Match]) -> list[dict[str, Any]]:
    """The candidates for a query, best first: `named`, the institutions of given ids, and matches of the string."""
    given = [Match(one, 1.0, Decision.MATCH, 0, 0, one.name) for one in named]
    matches = [*given, *(m for m in matches if m.institution not in named)]
    # a cell holds one institution: if several match, or ids contradict each other, a person must choose
    found = [m for m in matches if m.decision != Decision.NONE and query.suits(m.institution)]
    certain = given or found
    if query.impossible:
        matches = []
    elif found or not query.prefers:  # a preferred kind that nothing found has is no reason to offer nothing
        matches = [m for m in matches if query.suits(m.institution)]
    offered = sorted(matches, key=lambda m: (m.decision == Decision.NONE, -m.probability))
    # the department that a string names may be less probable than its university, which is not meant: clients sort by score
    most = min((m.probability for m in offered if m.decision != Decision.NONE), default=1.0)
    return [
        {
            "id": m.institution.id,
            "name": m.institution.name,
            "description": description(m.institution),
            "type": [ENTITY, TYPES[m.institution.kind]],
            "score": round(100 * (min(m.probability, most) if m.decision == Decision.NONE else m.probability), 2),
            "features": features(m),
            "match": len(certain) == 1 and m is certain[0] and m.decision == Decision.MATCH and query.agrees(m.institution),
        }
        for m in offered[: query.limit]
    ]


def description(one: Institution) -> str:
    """A description that distinguishes it from homonyms."""
    place = ", ".join(dict.fromkeys(filter(None, (one.city, location(one)["country_name"]))))
    closed = "" if one.status == "active" else one.status
    other = one.name_zh if one.name_zh != one.name else ""
    return " · ".join(filter(None, (place, texts.kind(one.kind, "en"), other, closed)))
