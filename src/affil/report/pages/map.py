"""The map of cities."""

from __future__ import annotations

from typing import Any

from affil.rank import AREAS
from affil.report import charts
from affil.report.pages.board import ranked_rows
from affil.report.pages.frame import Frame


def map_page(frame: Frame) -> dict[str, Any]:
    """Cities by papers."""
    data, ranking = frame.data, frame.data.ranking("city", "publications")
    pages = {
        (e.names[frame.at], e.lon, e.lat, float(row["publications"])): f"city/{e.slug}.html" if e.slug else ""
        for row in ranking.frame.to_dict("records")
        if (e := data.entities["city"][row["id"]]).lat is not None and e.lon is not None
    }
    columns = (
        frame.names.levels("city"),
        frame.text("longitude"),
        frame.text("latitude"),
        frame.names.measures("publications"),
    )
    return {
        "heading": frame.text("map_title"),
        "section": "map",
        "chart": frame.kept(charts.map_figure("chart", frame.text("map_chart"), columns, [*pages], pages), "map"),
        "rows": ranked_rows(frame, "city", ranking, data.report.mapped, "publications"),
        "areas": AREAS,
        "scripts": ("engine", "figure", "explore", "map"),
        "texts": {
            **frame.script_texts(),
            "page": "map",
            "first": [],
            "label": frame.text("map_chart"),
            "columns": columns,
            "shared": frame.text("shared"),
            "map_partners": frame.text("map_partners", "{0}", "{1}"),
            "mapped": data.report.mapped,
        },
    }
