"""The page of an institution or a country."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from affil.rank import AREAS, Level
from affil.report.data import area_slug
from affil.report.entities import Entity
from affil.report.formats import number, percent, two
from affil.report.names import LANGUAGES
from affil.report.pages.areas import own_shares
from affil.report.pages.frame import BOARDS, Frame

_MEASURES = ("publications", "authors", "adjusted", "index")


def entity(frame: Frame, level: Level, identifier: str) -> dict[str, Any]:
    """The page of an institution or a country: numbers, trend, profile, venues, partners, reliability."""
    data, one = frame.data, frame.data.entities[level][identifier]
    row = data.row(level, identifier)
    return {
        "heading": one.names[frame.at],
        "section": "rankings",
        "level": level,
        "entity": one,
        "board": dict(BOARDS)[level],
        "parent": data.entities["country"].get(one.country) if level == "institution" else None,
        "others": _other_names(one, frame.at),
        "kind": frame.names.kinds(one.kind) if one.kind else "",
        "place": frame.place(one),
        "numbers": _numbers(frame, level, identifier),
        "period": data.window,
        "before": data.before,
        "has_before": data.before is not None,
        "in_window": row is not None,
        "trend": _trend(frame, level, identifier),
        "profile": _profile(frame, level, identifier),
        "venues": data.of("venues", level, identifier)[: data.report.listed],
        "members": _linked(frame, "members", level, identifier, "institution") if level == "country" else [],
        "partners": _linked(frame, "partners", level, identifier, "partner"),
        "reliability": _reliability(frame, level, identifier, row or {}),
        "strings": _strings(frame, identifier) if level == "institution" else [],
    }


def _other_names(one: Entity, at: int) -> list[str]:
    """Its names in the other languages, each once; that in traditional characters only on the English page."""
    names = dict.fromkeys(n for tag, n in zip(LANGUAGES, one.names, strict=True) if at == 0 or tag != "zh-hant")
    return [n for n in names if n != one.names[at]]


def _numbers(frame: Frame, level: Level, identifier: str) -> list[dict[str, Any]]:
    """Each measure in the window, the preceding period and all years, with rank and rank interval."""
    data = frame.data
    before, always = (data.row(level, identifier, what) or {} for what in ("before", "all"))
    numbers = []
    for measure in _MEASURES:
        now = data.row(level, identifier, measure) or {}
        shown = two if measure in ("adjusted", "index") else number
        doubtful = now["low"] < now["high"] if "low" in now else False
        numbers.append(
            {
                "measure": measure,
                "value": shown(now.get(measure)),
                "rank": number(now.get("rank")),
                "range": f"{now['low']:,}–{now['high']:,}" if doubtful else number(now.get("rank")),
                "before": shown(before.get(measure)),
                "all": shown(always.get(measure)),
            }
        )
    share = {"value": data.row(level, identifier) or {}, "before": before, "all": always}
    shares = {what: percent(row.get("share")) for what, row in share.items()}
    return [*numbers, {"measure": "share", "rank": "", "range": "", **shares}]


def _trend(frame: Frame, level: Level, identifier: str) -> list[dict[str, Any]]:
    """An entity by year, last first: the years of the window, or all earlier ones if it has none there."""
    first, last = frame.data.window
    years = [y for y in frame.data.of("years", level, identifier) if y["year"] <= last]
    years = [y for y in years if y["year"] >= first] or years
    most = max((y["publications"] for y in years), default=1)
    return [{**y, "part": y["publications"] / most} for y in reversed(years)]


def _profile(frame: Frame, level: Level, identifier: str) -> list[dict[str, Any]]:
    """An entity's areas compared with the world."""
    data = frame.data
    held = {r["area"]: r for r in data.of("areas", level, identifier)}
    own, world = own_shares(data, level, identifier), frame.shared.world_share
    most = max([*own.values(), *world.values(), 1e-9])
    return [
        {
            "area": a,
            "slug": area_slug(a),
            "rank": number((data.row(level, identifier, a) or {}).get("rank")),
            "publications": held[a]["publications"] if a in held else 0,
            "adjusted": held[a]["adjusted"] if a in held else 0.0,
            "own": own.get(a, 0.0),
            "world": world[a],
            "own_part": own.get(a, 0.0) / most,
            "world_part": world[a] / most,
        }
        for a in AREAS
        if world[a]
    ]


def _linked(frame: Frame, table: str, level: Level, identifier: str, column: str) -> list[dict[str, Any]]:
    """Rows of a page table with the entity in a column; rows with unknown entities are dropped."""
    entities = frame.data.entities["institution" if column == "institution" else level]
    rows = frame.data.of(table, level, identifier)
    return [{**r, "entity": entities[r[column]]} for r in rows if r[column] in entities]


def _reliability(frame: Frame, level: Level, identifier: str, row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The reliability of an entity's numbers."""
    found = frame.data.of("reliability", level, identifier)
    one = found[0] if found else {"probability": None, "decided": 0.0, "strings": 0, "papers": 0}
    return [
        (frame.text("mean_probability"), percent(one["probability"], 1)),
        (frame.text("decided_share"), percent(one["decided"], 1)),
        (frame.text("unaligned_papers"), number(row.get("unaligned", 0))),
        (frame.text("waiting"), frame.text("waiting_value", number(one["strings"]), number(one["papers"]))),
    ]


def _strings(frame: Frame, identifier: str) -> list[dict[str, Any]]:
    """The strings that name an institution, each with its probability or a mark that a person decided."""
    return [
        {**s, "sure": frame.text("decided") if s["probability"] != s["probability"] else two(s["probability"])}
        for s in frame.data.of("strings", "institution", identifier)
    ]
