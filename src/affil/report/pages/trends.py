"""The trends page: countries by year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from affil.rank import AREAS, Trend
from affil.report import charts
from affil.report.formats import growth, percent, span
from affil.report.pages.board import hong_kong_choices
from affil.report.pages.frame import Frame


def trends(frame: Frame) -> dict[str, Any]:
    """Countries by year."""
    data, trend = frame.data, frame.data.trends["country", "publications"]
    rows = _rows(frame, trend)[:3]
    share = percent(data.settings.panel_share, 0)
    by_year = [(y, sorted(v for v, year, _ in data.held if year == y)) for y in range(data.years[1], data.years[0] - 1, -1)]
    return {
        "heading": frame.text("trends_title"),
        "section": "trends",
        "chart": frame.kept(_chart(frame, rows, trend).at_once(), "trends", tabled=True),
        "trend": {"years": [f"{y}*" if trend.lacking and y == trend.years[-1] else str(y) for y in trend.years], "rows": rows},
        "compared": span(trend.compared) if trend.compared else "",
        "basis": frame.growth_basis(trend),
        "why": frame.by_year_why() if data.few else frame.sentences(frame.by_year_why(), frame.text("table_why")),
        "modes": ("absolute", "matched", "share", "growth") if data.few else ("matched", "absolute", "share", "growth"),
        "by_year": [(y, v) for y, v in by_year if v],
        "areas": AREAS,
        "hong_kong": hong_kong_choices(frame),
        "scripts": ("engine", "chart", "explore"),
        "first": [r["name"] for r in rows],
        "texts": {
            **frame.script_texts(),
            "page": "trends",
            "first": [r["id"] for r in rows],
            "year": frame.text("year"),
            "growth_none": frame.text("growth_none", share, data.settings.link_papers),
            "growth_from": frame.text("growth_from", "{0}", "{1}", share, data.settings.link_papers),
            "grouped": frame.grouped_ways(),
            "few_why": frame.text("few_why"),
            "matched_why": frame.sentences(frame.text("matched_why"), frame.text("between_why"), frame.text("growth_differs")),
            "table_why": frame.text("table_why"),
        },
    }


def _rows(frame: Frame, trend: Trend) -> list[dict[str, Any]]:
    """Countries with their numbers as counted and as the chart has them, those of most papers in all years first."""
    years = list(trend.years)
    drawn = frame.data.by_year(trend)
    order = trend.frame.assign(total=trend.frame[years].sum(axis=1)).sort_values(["total", "name"], ascending=[False, True])
    return [
        {
            "id": r["id"],
            "name": frame.name("country", r["id"]),
            "values_": [r[y] for y in years],
            "drawn": drawn.loc[r["id"]].tolist(),
            "growth": growth(r["growth"]),
        }
        for r in order.to_dict("records")
    ]


def _chart(frame: Frame, rows: Sequence[Mapping[str, Any]], trend: Trend) -> charts.Figure:
    """The trend of some rows."""
    names, measure = [r["name"] for r in rows], frame.papers_by_year()
    label = frame.text("trend_chart", measure, frame.listed(names))
    figure = charts.trend_figure("chart", label, measure, frame.text("year"), trend, {r["name"]: r["drawn"] for r in rows})
    return replace(figure, caveat=frame.sentences(frame.growth_basis(trend), frame.by_year_why(), frame.grouped()))
