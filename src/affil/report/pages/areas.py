"""Pages of the areas: leaders, how uneven profiles are, and a page per area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

from affil.rank import AREAS, AreaShare, Level
from affil.rank.matched import missing_venues, panel_of, parts_of_venues
from affil.rank.measure import areas_of
from affil.rank.profiles import spread
from affil.report import charts
from affil.report.data import Data
from affil.report.formats import number, percent, span, times, two
from affil.report.pages.board import ranked_rows
from affil.report.pages.frame import Frame
from affil.report.pages.method import venue_rows
from affil.report.story import told_areas

_DARKEST = 2.5  # times the expected share, from which a cell is as dark as can be


def areas(frame: Frame) -> dict[str, Any]:
    """Profiles of the top countries and institutions over the areas."""
    data = frame.data
    present = [a for a in AREAS if ("institution", a) in data.rankings]
    many: tuple[tuple[Level, int], ...] = (
        ("country", data.report.leading_countries),
        ("institution", data.report.leading),
    )
    first = data.ranking("country").frame["id"].head(3).tolist()
    return {
        "heading": frame.text("areas_title"),
        "section": "areas",
        "areas": AREAS,
        "present": present,
        "tables": [
            (level, [heat(data, level, i, present) for i in data.ranking(level).frame["id"].head(n)]) for level, n in many
        ],
        "chart": frame.kept(_chart(frame, first, present).at_once(), "areas"),
        "scripts": ("engine", "chart", "explore"),
        "first": [frame.name("country", i) for i in first],
        "uneven_why": frame.text("uneven_why", data.report.story_papers),
        "texts": {
            **frame.script_texts(),
            "page": "areas",
            "first": first,
            "world": frame.text("world_short"),
            "label": frame.text("profile_of"),
            "axis": frame.text("own_share"),
            "area": frame.text("area"),
        },
    }


def area(frame: Frame, name: str) -> dict[str, Any]:
    """The leaders of an area, and its venues."""
    data = frame.data
    common = {"heading": frame.names.areas(name), "section": "areas", "number": AREAS.index(name)}
    if ("institution", name) not in data.rankings:
        return {**common, "countries": [], "institutions": [], "lead": "", "trend": [], "basis": "", "venues": []}
    ranking = data.rankings["institution", name]
    held = [(v, y, n) for v, y, n in data.held if name in areas_of(v, y, data.venues)]
    papers = {y: sum(n for _, year, n in held if year == y) for y in sorted({y for _, y, _ in held})}
    shown = [y for y in papers if data.window[0] <= y <= data.window[1]]
    cells = {(v, y): n for v, y, n in held if y in shown}
    institutions = ranked_rows(frame, "institution", ranking, data.report.leading, "adjusted")
    countries = ranked_rows(frame, "country", data.rankings["country", name], data.report.leading_countries, "adjusted")
    known = {(v, y): n for v, y, n in held}
    lacking = missing_venues(known, data.venues, shown[-1]) if len(shown) > 1 else ()
    base = panel_of(cells, data.settings, parts_of_venues(known, data.settings.link_change))
    limits = percent(data.settings.panel_share, 0), data.settings.link_papers
    matched = dict(zip(base.years, base.papers, strict=True)) if base else {}
    drawn = matched or papers
    most = max(drawn[y] for y in shown if y in drawn)
    marks = [*institutions, *countries]
    return {
        **common,
        "lead": frame.text("area_lead", two(ranking.coverage.credit), span(data.window), number(ranking.coverage.papers)),
        "institutions": institutions,
        "countries": countries,
        "range_why": frame.range_why(close=not all(r["told"] for r in marks), moves=any(r["moves"] for r in marks)),
        "few": not matched,
        "trend": [
            {
                "year": f"{y}*" if lacking and y == shown[-1] else y,
                "papers": papers[y],
                "matched": matched.get(y),
                "part": drawn.get(y, 0) / most,
                "venues": sorted({v for v, year, _ in held if year == y}),
            }
            for y in shown
        ],
        "basis": frame.sentences(
            frame.text("area_matched_why", frame.listed(base.venues)) if base else frame.text("area_counted_why", *limits),
            frame.lacking(shown[-1], lacking),
        ),
        "venues": [v for v in venue_rows(frame) if v["venue"] in {x for x, _, _ in held}],
    }


def own_shares(data: Data, level: Level, identifier: str) -> dict[str, float]:
    """The share of an entity's output in each area."""
    held = {r["area"]: float(r["adjusted"]) for r in data.of("areas", level, identifier)}
    total = sum(held.values())
    return {a: v / total for a, v in held.items()} if total else {}


def _chart(frame: Frame, countries: Sequence[str], present: Sequence[str]) -> charts.Figure:
    """A chart of the profiles of countries and the world."""
    names = [*(frame.name("country", i) for i in countries), frame.text("world_short")]
    own = [own_shares(frame.data, "country", i) for i in countries] + [dict(frame.shared.world_share)]
    shown = [frame.names.areas(a) for a in present]
    shares = {n: [o.get(a, 0.0) for a in present] for n, o in zip(names, own, strict=True)}
    figure = charts.profile_figure(
        "chart", frame.text("profile_of"), frame.text("own_share"), frame.text("area"), shown, shares
    )
    return replace(figure, caveat=frame.text("profile_why"))


def heat(data: Data, level: Level, identifier: str, present: Sequence[str]) -> dict[str, Any]:
    """An entity's share of each area, how many times the expected one that is, and how uneven it is over the areas of enough papers
    (see `affil.rank.profiles`).
    """
    own = data.profiles[level].get(identifier, {})
    shown = [own.get(a, AreaShare(0.0, 0.0)) for a in present]
    uneven = spread(own, told_areas(data.rankings, data.report))
    cells = [
        {
            "share": one.share,
            "times": times(one.ratio) if one.expected else "–",
            "heat": min(1.0, one.ratio / _DARKEST) if one.expected else 0.0,
        }
        for one in shown
    ]
    return {
        "entity": data.entities[level][identifier],
        "cells": cells,
        "uneven": times(uneven.times) if uneven and isfinite(uneven.times) else "–",
    }
