"""The map of cities."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from markupsafe import Markup

from affil.drawing.worldmap import SIZE
from affil.rank import AREAS
from affil.report import charts
from affil.report.pages.board import ranked_rows
from affil.report.pages.frame import Frame

MAP, GREY = SIZE[0], "#7f8994"  # width of its picture in pixels; ink that is seen on both themes


def map_page(frame: Frame) -> dict[str, Any]:
    """Cities by papers."""
    data, ranking = frame.data, frame.data.ranking("city", "publications")
    columns = (
        frame.names.levels("city"),
        frame.text("longitude"),
        frame.text("latitude"),
        frame.names.measures("publications"),
    )
    points = [
        (e.names[frame.at], e.lon, e.lat, row["publications"], f"city/{e.slug}.html" if e.slug else "")
        for row in ranking.frame.to_dict("records")
        if (e := data.entities["city"][row["id"]]).lat is not None and e.lon is not None
    ]
    chart = charts.map_figure("chart", frame.text("map_chart"), columns, points)
    return {
        "heading": frame.text("map_title"),
        "section": "map",
        "chart": frame.kept(replace(chart, drawn=_drawn(frame, chart), caveat=frame.text("map_names")), "map", tabled=True),
        "rows": ranked_rows(frame, "city", ranking, data.report.mapped, "publications"),
        "areas": AREAS,
        "scripts": ("engine", "chart", "explore", "map"),
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


def _drawn(frame: Frame, chart: charts.Figure) -> tuple[Markup, ...]:
    """The picture with which the page begins: one for all languages, as nothing is written in it, and for both themes."""
    picture = Markup('<img src="{}static/map.png" width="{}" height="{}" alt="{}">')
    return () if chart.empty else (picture.format("../" if frame.folder else "./", MAP, SIZE[1], chart.label),)
