"""The data of the pages: compressed JSON in scripts, since pages opened from a folder cannot fetch files."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from affil.rank import AREAS, KINDS, ROLL_UPS, Level, Ranking
from affil.rank.measure import areas_of
from affil.rank.places import PART_OF
from affil.report.data import Data
from affil.report.doubts import pack_doubts, pack_namings, pack_pairs
from affil.report.entities import LEVELS, Entity, continent_of
from affil.report.names import LANGUAGES, in_languages

Numbers = Mapping[Level, Mapping[str, int]]


def script(name: str, value: Any) -> str:
    """A script that passes a value to the page."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # the highest level takes four times as long for one percent
    packed = base64.b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode()
    return f'affil.put("{name}","{packed}");\n'


def pack(data: Data) -> dict[str, str]:
    """All scripts of the folder `data`, by name."""
    facts = data.facts.to_pandas()
    order = numbers(data, facts)
    out = {
        "facts": _facts(data, facts, order),
        "people": _people(data, order),
        "ranges": _ranges(data, order),
        "search": _search(data, order),
        **_doubts(data, order),
    }
    for at, language in enumerate(LANGUAGES):
        out[f"names-{language}"] = {
            level: [_named(_at(data, level, i), language, at) for i in order[level]] for level in LEVELS
        }
    return {name: script(name, value) for name, value in out.items()}


def numbers(data: Data, facts: pd.DataFrame) -> Numbers:
    """The number of each entity in the pages; institutions with papers come first, most papers first."""
    counts = facts["institution"].value_counts(sort=False).reset_index()
    frequent: list[str] = counts.sort_values(["count", "institution"], ascending=[False, True])["institution"].tolist()
    ids: dict[Level, list[str]] = {level: list(data.entities[level]) for level in LEVELS}
    ids["institution"] = [*dict.fromkeys([*frequent, *ids["institution"]])]
    return {level: {identifier: k for k, identifier in enumerate(ids[level])} for level in LEVELS}


def _at(data: Data, level: Level, identifier: str) -> Entity:
    """An entity; an institution with a place or parents that strings name (sql/numbers.sql, known_as), or that counts only as its parent,
    has no entry of its own, and none is shown.
    """
    if (known := data.entities[level].get(identifier)) is not None:
        return known
    itself = data.entities[level].get(identifier.partition("\x1f")[0])
    return Entity(identifier, in_languages(identifier), kind=itself.kind if itself else "")


def _cells(data: Data) -> list[tuple[str, int]]:
    return [(venue, year) for venue, year, _ in data.held]


def _facts(data: Data, facts: pd.DataFrame, order: Numbers) -> dict[str, Any]:
    cells, venues = data.held, sorted({venue for venue, _, _ in data.held})
    credits = facts["credit"].value_counts()
    values = sorted(credits.index, key=lambda c: (-credits[c], c))
    code = {value: k for k, value in enumerate(values)}
    counted = facts.groupby(["venue", "year", "paper"], sort=False).agg(rows=("credit", "size"), aligned=("aligned", "all"))
    in_cell = counted.groupby(level=["venue", "year"], sort=False).size()
    return {
        "years": list(data.years),
        "window": list(data.window),
        "areas": list(AREAS),
        "areaWeights": [data.settings.area_weights.get(a, 1.0) for a in AREAS],
        "offset": data.settings.offset,
        "linkPapers": data.settings.link_papers,
        "linkChange": data.settings.link_change,
        "panelShare": data.settings.panel_share,
        "panelYears": data.settings.panel_years,
        "rollUp": data.settings.roll_up,
        "familyRows": data.settings.families,
        "wholes": {order["institution"][one]: order["institution"][whole] for one, whole in data.wholes.items()},
        "partOf": dict(PART_OF),
        "hongKong": "with" if data.settings.country_groups.get("HK") == "CN" else "apart",
        "kinds": list(KINDS),
        "venues": venues,
        "notHeld": [_not_held(data, v) for v in venues],
        "cells": [
            [
                venues.index(venue),
                year,
                int(in_cell.get((venue, year), 0)),
                data.venues[venue].weight if venue in data.venues else 1.0,
                [AREAS.index(a) for a in areas_of(venue, year, data.venues)],
                papers,
            ]
            for venue, year, papers in cells
        ],
        "n": np.where(counted["aligned"], counted["rows"], -counted["rows"]).tolist(),
        "inst": facts["institution"].map(order["institution"]).tolist(),
        "credit": facts["credit"].map(code).tolist(),
        "credits": values,
        "place": {
            **{how: _places(data, how, "institution", order) for how in ROLL_UPS},
            **{level: _places(data, level, level, order) for level in LEVELS if level != "institution"},
        },
        "entities": {level: _entities(data, level, order) for level in LEVELS},
    }


def _not_held(data: Data, venue: str) -> list[int] | None:
    """The years of the data in which a venue does not take place, by the table; None of one that the table lacks."""
    known = data.venues.get(venue)
    return None if known is None else [y for y in range(data.years[0], data.years[1] + 1) if not known.held_in(y)]


def _places(data: Data, how: str, level: Level, order: Numbers) -> list[Any]:
    """For each institution with papers, the number of the entity it counts for; -1 if none, a list if shared."""
    out: list[Any] = []
    known = set(data.facts.column("institution").unique().to_pylist())
    for institution in order["institution"]:
        if institution in known:
            targets = data.placed[how].get(institution, ())
            whole = len(targets) == 1 and targets[0][1] == 1.0
            out.append(order[level][targets[0][0]] if whole else [[order[level][t], part] for t, part in targets] or -1)
    return out


def _entities(data: Data, level: Level, order: Numbers) -> dict[str, Any]:
    found = [_at(data, level, i) for i in order[level]]
    by_name = {e.id: k for k, e in enumerate(sorted(found, key=lambda e: (e.names[0], e.id)))}
    countries = order["country"]
    out: dict[str, Any] = {
        "order": [by_name[e.id] for e in found],
        "slug": [e.slug for e in found],
        "country": [countries.get(e.country, -1) for e in found],
    }
    if level == "institution":
        out["kind"] = [KINDS.index(e.kind) if e.kind in KINDS else -1 for e in found]
    if level == "country":
        out["continent"] = [continent_of(e.id) for e in found]
        out["code"] = [e.id for e in found]
    if level in ("institution", "city"):
        out["at"] = [[] if e.lat is None or e.lon is None else [round(e.lon, 3), round(e.lat, 3)] for e in found]
    return out


def _named(entity: Entity, language: str, at: int) -> list[str]:
    """Name, English name where it is another, and place, in a language, which is the one with this number."""
    place = LANGUAGES[language].place([p[at] for p in entity.place])
    return [entity.names[at], entity.names[0] if entity.names[0] != entity.names[at] else "", place]


def _people(data: Data, order: Numbers) -> dict[str, Any]:
    people = data.people.to_pandas()
    cell = {where: k for k, where in enumerate(_cells(data))}
    rows = pd.DataFrame(
        {
            "author": people["author"],
            "inst": people["institution"].map(order["institution"]),
            "cell": [cell[where] for where in zip(people["venue"], people["year"], strict=True)],
        }
    )
    # sorting authors by first institution compresses best
    rows["first"] = rows.groupby("author")["inst"].transform("min")
    rows = rows.sort_values(["first", "author", "inst", "cell"])
    counts = rows.groupby(["first", "author"], sort=False).size()
    return {"n": counts.tolist(), "inst": rows["inst"].tolist(), "cell": rows["cell"].tolist()}


def _ranges(data: Data, order: Numbers) -> dict[str, Any]:
    """Rank intervals of the rankings that have them, by entity: [rank, low, high, whether distinguishable from the next]."""
    out = {}
    for (level, _), ranking in data.rankings.items():
        if "low" in ranking.frame:
            years = ranking.years or data.years
            key = f"{level}/{ranking.by}/{years[0]}-{years[1]}/{ranking.area or ''}"
            out[key] = _range(ranking, order[level], data.settings.confidence)
    return out


def _range(ranking: Ranking, number: Mapping[str, int], confidence: float) -> list[list[int]]:
    frame = ranking.frame
    distinct = (frame["ahead"].fillna(1.0) >= confidence).astype(int)
    numbers = [number[i] for i in frame["id"]]
    return [numbers, frame["low"].astype(int).tolist(), frame["high"].astype(int).tolist(), distinct.tolist()]


def _doubts(data: Data, order: Numbers) -> dict[str, Any]:
    """What ranges are computed from: of any slice, and of whole counts."""
    known, cells = set(data.facts.column("institution").unique().to_pylist()), _cells(data)
    if data.doubts.pairs.empty:
        return {"doubts": {}, "namings": {}}
    pairs = pack_pairs(data.doubts, order["institution"], known)
    settings = data.settings
    told = {name: getattr(settings, name) for name in ("confidence", "probable", "named")} | {
        "grid": settings.grid.model_dump()
    }
    return {
        "doubts": {**told, **pack_doubts(data.doubts, pairs, order["institution"], cells, known, settings.probable)},
        "namings": pack_namings(data.doubts, pairs, cells),
    }


def _search(data: Data, order: Numbers) -> dict[str, Any]:
    """Further folded names of each entity, and the table of traditional to simplified characters."""
    return {
        "script": dict(data.script),
        "names": {level: [_at(data, level, i).search for i in order[level]] for level in LEVELS},
    }
