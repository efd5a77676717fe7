"""The page of an institution or a country."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from affil.rank import AREAS, Level
from affil.report.data import area_slug
from affil.report.entities import Entity
from affil.report.formats import number, percent, two
from affil.report.names import LANGUAGES
from affil.report.pages.frame import BOARDS, Frame

_MEASURES = ("publications", "authors", "adjusted", "index")


def entity(frame: Frame, level: Level, identifier: str) -> dict[str, Any]:
    """The page of an institution or a country: what is said in a language; its tables are packed once for all (`affil.report.tables`)."""
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
        "basis": frame.growth_basis(data.trends[level, "publications"]),
        "reliability": _reliability(frame, level, identifier, row or {}),
        "found": number(strings[0]["strings"]) if (strings := data.of("strings", level, identifier)) else "",
        "scripts": ("engine", "entity"),
        "texts": {
            "pack": f"{level}/{one.slug}",
            "at": frame.at,
            "decided": frame.text("decided"),
            "areas": {area_slug(a): frame.names.areas(a) for a in AREAS},
        },
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
