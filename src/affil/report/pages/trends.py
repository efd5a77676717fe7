"""The trends page: countries by year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from affil.rank import AREAS
from affil.report import charts
from affil.report.formats import growth
from affil.report.pages.frame import Frame


def trends(frame: Frame) -> dict[str, Any]:
    """Countries by year."""
    data, trend = frame.data, frame.data.trends["country", "publications"]
    rows = _rows(frame, trend.frame, trend.years)[:3]
    by_year = [(y, sorted(v for v, year, _ in data.held if year == y)) for y in range(data.years[1], data.years[0] - 1, -1)]
    return {
        "heading": frame.text("trends_title"),
        "section": "trends",
        "chart": _chart(frame, rows, trend.years),
        "trend": {"years": trend.years, "rows": rows},
        "by_year": [(y, v) for y, v in by_year if v],
        "areas": AREAS,
        "scripts": ("engine", "explore"),
        "first": [r["name"] for r in rows],
        "texts": {
            **frame.script_texts(),
            "page": "trends",
            "first": [r["id"] for r in rows],
            "spec": charts.trend_spec([], frame.text("year"), ""),
        },
    }


def _rows(frame: Frame, table: Any, years: Sequence[int]) -> list[dict[str, Any]]:
    """Countries with their values, most papers over all years first."""
    order = table.assign(total=table[list(years)].sum(axis=1)).sort_values(["total", "name"], ascending=[False, True])
    return [
        {
            "id": r["id"],
            "name": frame.name("country", r["id"]),
            "values_": [r[y] for y in years],
            "growth": growth(r["growth"]),
        }
        for r in order.to_dict("records")
    ]


def _chart(frame: Frame, rows: Sequence[Mapping[str, Any]], years: Sequence[int]) -> str:
    """A chart of some rows."""
    names, measure = [r["name"] for r in rows], frame.names.measures("publications")
    spec = charts.trend_spec(names, frame.text("year"), measure)
    spec["data"]["values"] = [
        {"year": y, "who": r["name"], "value": v} for r in rows for y, v in zip(years, r["values_"], strict=True)
    ]
    return charts.draw(spec, frame.text("trend_chart", measure, ", ".join(names)))
