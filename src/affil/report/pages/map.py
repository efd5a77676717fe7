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
    points = [
        {"name": e.names[frame.at], "lon": e.lon, "lat": e.lat, "value": row["publications"]}
        for row in ranking.frame.to_dict("records")
        if (e := data.entities["city"][row["id"]]).lat is not None
    ]
    spec = charts.map_spec(frame.names.measures("publications"), charts.land())
    spec["layer"][1]["data"]["values"] = points
    return {
        "heading": frame.text("map_title"),
        "section": "map",
        "chart": charts.draw(spec, frame.text("map_chart")),
        "rows": ranked_rows(frame, "city", ranking, data.report.mapped, "publications"),
        "areas": AREAS,
        "scripts": ("engine", "explore"),
        "texts": {
            **frame.script_texts(),
            "page": "map",
            "first": [],
            "spec": charts.map_spec("", {"values": []}),
            "label": frame.text("map_chart"),
        },
    }
