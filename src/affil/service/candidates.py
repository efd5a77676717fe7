"""Candidates of a reconciliation query: the string to match, the filters, and matching features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from affil.service import texts
from affil.service.models import Entity, Query
from affil.service.ror import location
from affil.settings import ServeSettings
from affil.types import KINDS, REASONS, Decision, Institution, Match

ENTITY = {"id": "organization", "name": "Organization"}
TYPES = {ENTITY["id"]: ENTITY, **{kind: {"id": kind, "name": texts.kind(kind, "en").capitalize()} for kind in KINDS}}

# Descriptions of the reasons of a match, used as matching features.
FEATURES = REASONS | {
    "name_exact": "“…” is …",
    "name_coverage": "…% of “…”",
    "city_named": "the city … is named",
    "country_named": "the country … is named",
    "bearers": "… institutions have this name",
}


class Sought:
    """A parsed query: the string to match, with places from its properties appended, and the constraints on candidates."""

    def __init__(self, asked: Query, settings: ServeSettings) -> None:
        known: dict[str, list[str]] = {}
        for p in asked.properties:
            values = p.v if isinstance(p.v, list) else [p.v]
            known.setdefault(p.pid, []).extend(v.id if isinstance(v, Entity) else str(v) for v in values)
        name = asked.query.strip() or next(iter(known.get("name", ())), "").strip()
        self.countries = {v.strip().upper() for v in known.get("country", ()) if len(v.strip()) == 2}
        codes = [location(Institution("", "", country=c))["country_name"] for c in sorted(self.countries)]
        named = [v for v in known.get("country", ()) if len(v.strip()) != 2] + known.get("country_name", [])
        places = [*known.get("city", ()), *codes, *named]
        said = name.casefold()
        hints = [p.strip() for p in places if p.strip() and p.strip().casefold() not in said]
        self.string = ", ".join([name, *hints])[: settings.characters] if name else ""
        self.identifier = next(iter(known.get("ror", ()) or known.get("id", ())), "") or name
        self.limit = min(asked.limit or settings.candidates, settings.most_candidates)
        types = [asked.type] if isinstance(asked.type, str) else asked.type or []
        kinds = [t for t in types if t in KINDS]
        self.kinds = set() if ENTITY["id"] in types or asked.type_strict == "should" else set(kinds)
        self.impossible = asked.type_strict == "all" and len(self.kinds) > 1  # an institution has one kind

    def admits(self, one: Institution) -> bool:
        """Whether an institution has a requested type."""
        return not self.impossible and (not self.kinds or one.kind in self.kinds)

    def agrees(self, one: Institution) -> bool:
        """Whether an institution is in a requested country."""
        return not self.countries or one.country in self.countries


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


def candidates(query: Sought, named: Institution | None, matches: Sequence[Match]) -> list[dict[str, Any]]:
    """The candidates for a query, best first: `named`, the institution of a given id, and matches of the string."""
    if named is not None:
        sure = Match(named, 1.0, Decision.MATCH, 0, 0, named.name)
        matches = [sure, *(m for m in matches if m.institution.id != named.id)]
    # a cell holds one institution: if several match, a person must choose
    certain = [m for m in matches if m.decision != Decision.NONE] if named is None else [matches[0]]
    wanted = [m for m in matches if query.admits(m.institution)]
    wanted.sort(key=lambda m: (m.decision == Decision.NONE, -m.probability))
    return [
        {
            "id": m.institution.id,
            "name": m.institution.name,
            "description": description(m.institution),
            "type": [ENTITY, TYPES[m.institution.kind]],
            "score": round(100 * m.probability, 2),
            "features": features(m),
            "match": len(certain) == 1 and m is certain[0] and m.decision == Decision.MATCH and query.agrees(m.institution),
        }
        for m in wanted[: query.limit]
    ]


def description(one: Institution) -> str:
    """A description that distinguishes it from homonyms."""
    place = ", ".join(dict.fromkeys(filter(None, (one.city, location(one)["country_name"]))))
    closed = "" if one.status == "active" else one.status
    other = one.name_zh if one.name_zh != one.name else ""
    return " · ".join(filter(None, (place, texts.kind(one.kind, "en"), other, closed)))
