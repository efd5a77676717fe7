"""The page of an institution, a city or a country."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from affil.drawing.vega import dots, lines
from affil.rank import AREAS, Level
from affil.report.charts import Figure
from affil.report.data import area_slug
from affil.report.entities import Entity
from affil.report.formats import number, percent, span, two
from affil.report.names import LANGUAGES
from affil.report.pages.frame import BOARDS, Frame
from affil.report.pages.tables import in_window

NEWEST = 5  # papers of a page without scripts
_MEASURES = ("publications", "authors", "adjusted", "index")


def entity(frame: Frame, level: Level, identifier: str) -> dict[str, Any]:
    """The page of an institution, a city or a country: what is said of it in a language.

    The rows of its tables are packed for all languages (`affil.report.pages.tables`), all that pages of a level have in common in
    a language by `common`.
    """
    data, one = frame.data, frame.data.entities[level][identifier]
    row = data.row(level, identifier)
    newest, count = data.papers.newest(level, identifier, NEWEST), len(data.papers.held.get((level, identifier), ()))
    numbers = _numbers(frame, level, identifier)
    told = frame.text("comma").join(f"{frame.names.measures(n['measure'])} {n['value']}" for n in numbers)
    return {
        "heading": one.names[frame.at],
        "description": f"{one.names[frame.at]}{frame.text('comma')}{span(data.window)}{frame.text('colon')}{told}",
        "section": "rankings",
        "level": level,
        "entity": one,
        "board": dict(BOARDS)[level],
        "parent": data.entities["country"].get(one.country) if level != "country" else None,
        "others": _other_names(one, frame.at),
        "kind": frame.names.kinds(one.kind) if one.kind else "",
        "place": frame.place(one),
        "numbers": numbers,
        "range_why": frame.range_why() if any(n["range"] != n["rank"] for n in numbers) else "",
        "grouped": frame.grouped(identifier) if level == "country" else "",
        "period": data.window,
        "before": data.before,
        "has_before": data.before is not None,
        "in_window": row is not None,
        "reliability": _reliability(frame, level, identifier, row or {}),
        "newest": newest,
        "listed": number(count),
        "scripts": ("engine", "chart", "entity", *(["papers"] if newest else [])),
        "texts": {
            "pack": f"{level}/{one.slug}",
            "not_loaded": frame.text("not_loaded", "data/titles.js"),
            "said": {
                "strings": number(strings[0]["strings"]) if (strings := data.of("strings", level, identifier)) else "",
                "collaboration": _collaboration(frame, level, identifier),
            },
        },
    }


def common(frame: Frame, level: Level) -> dict[str, Any]:
    """What all pages of a level have in common in a language, for static/entity.js and static/papers.js."""
    data = frame.data
    trend = data.trends[level, "publications"]
    basis = frame.comparable_why(trend)
    together = frame.sentences(frame.text("collaboration_why"), frame.lacking(trend.years[-1], trend.lacking))
    charts = _charts(frame, {"trend": basis, "profile": frame.text("profile_why"), "collaboration": together})
    told = frame.sentences("{0}", together)  # filled by the script
    values = {"level": level, "basis": basis, "together": told, "charts": charts, "few": data.few}
    return {
        **{part: frame.render(f"{level}/", "level.html", {**values, "part": part}) for part in ("tables", "form", "pages")},
        "at": frame.at,
        "papers_shown": frame.text("papers_shown", "{0}", "{1}", "{2}"),  # filled by the script
        "papers_none": frame.text("papers_none"),
        "years": list(data.window),
        "decided": frame.text("decided"),
        "colon": frame.text("colon"),
        "world": frame.text("world_share"),
        "home": frame.text("country_share"),
        "shares": [frame.text("within_country"), frame.text("across_countries")],
        "first": {name: frame.text("area" if name == "profile" else "year") for name in charts},
        "areas": {area_slug(a): frame.names.areas(a) for a in AREAS},
    }


def _charts(frame: Frame, caveats: Mapping[str, str]) -> dict[str, Figure]:
    """The charts of an entity's page by its tables, of which static/entity.js takes what they show, each with what a reader must know of it."""
    areas = sum(1 for share in frame.shared.world_share.values() if share)
    profile, together, trend = frame.text("profile_of"), frame.text("collaboration"), frame.papers_by_year()
    made = {
        "trend": (trend, lines(trend, trend, height=220)),
        "profile": (profile, dots(profile, frame.text("own_share"), areas)),
        "collaboration": (together, lines(together, "", share=True, height=220)),
    }
    return {
        name: Figure(f"chart-{name}", label, spec, (), (), tabled=True, caveat=caveats[name])
        for name, (label, spec) in made.items()
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


def _collaboration(frame: Frame, level: Level, identifier: str) -> str:
    """How many of its papers name a further institution of its country, and how many one of another."""
    rows = in_window(frame.data, "collaboration", level, identifier)
    papers, within, across = (sum(int(r[name]) for r in rows) for name in ("papers", "within", "across"))
    if not papers:
        return ""
    first, last = min(r["year"] for r in rows), max(r["year"] for r in rows)
    shares = (percent(within / papers, 1), percent(across / papers, 1))
    return frame.text("collaboration_said", span((first, last)), number(papers), *shares)


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
