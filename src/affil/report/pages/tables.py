"""The tables of the pages of institutions, cities and countries: rows that are the same in every language, packed once for all."""

from __future__ import annotations

from typing import Any

from affil.names import visible
from affil.rank import AREAS, Level
from affil.report.data import Data, area_slug
from affil.report.entities import Entity
from affil.report.formats import number, percent, two
from affil.report.pages.areas import own_shares
from affil.report.pages.frame import Shared

Rows = list[list[Any]]  # cells as they are shown; `static/entity.js` knows what each column is


def tables(shared: Shared, level: Level, identifier: str) -> dict[str, Rows]:
    """The tables of an entity's page that have rows.

    `trend`: year, papers in comparable venues, papers, adjusted, authors. `profile`: slug of the area, rank, papers, adjusted, the
    shares of own output, of the world's and (but of a country) of its country's, and how many times the expected share of the area it
    has. `collaboration`: year, papers, share of those within the country, and across. `venues`: name, papers, adjusted.
    `members`, `cities` and `partners`: slug of the page (empty without one), names, number. `strings`: string, papers, probability
    (empty where a person decided). Names are one text, or a list in the order of `LANGUAGES`.
    """
    data = shared.data
    found = {
        "trend": _trend(data, level, identifier),
        "profile": _profile(shared, level, identifier),
        "venues": [
            [v["venue"], number(v["publications"]), two(v["adjusted"])]
            for v in data.of("venues", level, identifier)[: data.report.listed]
        ],
        "members": [[*e, two(r["adjusted"])] for e, r in _linked(data, "members", level, identifier, "institution")],
        "cities": _cities(data, identifier) if level == "country" else [],
        "collaboration": [
            [str(y["year"]), number(y["papers"]), *(percent(y[how] / y["papers"], 1) for how in ("within", "across"))]
            for y in reversed(in_window(data, "collaboration", level, identifier))
        ],
        "partners": [[*e, number(r["publications"])] for e, r in _linked(data, "partners", level, identifier, "partner")],
        "strings": [
            [
                visible(s["affiliation"]),
                number(s["papers"]),
                two(s["probability"]) if s["probability"] == s["probability"] else "",
            ]
            for s in data.of("strings", level, identifier)
        ],
    }
    hidden = {"country": {"strings"}, "city": {"strings"}, "institution": {"members"}}[level]
    return {name: rows for name, rows in found.items() if rows and name not in hidden}


def in_window(data: Data, table: str, level: Level, identifier: str) -> list[dict[str, Any]]:
    """An entity's rows of a page table by year: those of the window, or all before its end where it has none of these."""
    first, last = data.window
    rows = [y for y in data.of(table, level, identifier) if y["year"] <= last]
    return [y for y in rows if y["year"] >= first] or rows


def _trend(data: Data, level: Level, identifier: str) -> Rows:
    """An entity by year, the last first: the years of the window, or all before its end where it has none of these."""
    trend, years = data.trends[level, "publications"], in_window(data, "years", level, identifier)
    matched = data.matched(level).get(identifier, {})
    return [
        [
            f"{y['year']}*" if trend.lacking and y["year"] == trend.years[-1] else str(y["year"]),
            number(matched.get(y["year"])),
            number(y["publications"]),
            two(y["adjusted"]),
            number(y["authors"] or None),  # none of its papers tells whose affiliations they are
        ]
        for y in reversed(years)
    ]


def _profile(shared: Shared, level: Level, identifier: str) -> Rows:
    """An entity's areas beside those of its country and of the world."""
    data = shared.data
    held = {r["area"]: r for r in data.of("areas", level, identifier)}
    home = "" if level == "country" else data.entities[level][identifier].country
    own, country, world = own_shares(data, level, identifier), own_shares(data, "country", home), shared.world_share
    expected = data.profiles[level].get(identifier, {})
    return [
        [
            area_slug(a),
            number((data.row(level, identifier, a) or {}).get("rank")),
            number(held[a]["publications"] if a in held else 0),
            two(held[a]["adjusted"] if a in held else 0.0),
            [percent(share, 1) for share in shares],
            two(expected[a].ratio) if a in expected and expected[a].expected else "–",
        ]
        for a in AREAS
        if world[a]
        for shares in [[own.get(a, 0.0), world[a], *([country.get(a, 0.0)] if country else [])]]
    ]


def _cities(data: Data, country: str) -> Rows:
    """The first cities of a country."""
    rows = data.rows["city", "adjusted"].items()
    own = [(row, data.entities["city"][i]) for i, row in rows if i in data.entities["city"]]
    found = [[*_entity(one), two(row["adjusted"])] for row, one in own if one.country == country]
    return found[: data.report.listed] if len(found) > 1 else []


def _linked(data: Data, table: str, level: Level, identifier: str, column: str) -> list[tuple[list[Any], dict[str, Any]]]:
    """The entity in a column of each row of a page table, and the row; rows with unknown entities are dropped."""
    entities = data.entities["institution" if column == "institution" else level]
    return [(_entity(entities[r[column]]), r) for r in data.of(table, level, identifier) if r[column] in entities]


def _entity(one: Entity) -> list[Any]:
    return [one.slug, one.names[0] if len({*one.names}) == 1 else list(one.names)]
