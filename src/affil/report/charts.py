"""Charts as Vega-Lite specifications, rendered to SVG at build time, and in the page when the reader changes options."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from affil.errors import needing

Spec = dict[str, Any]

# Okabe and Ito's palette, safe for colour blindness, with sufficient contrast on both themes; lines also differ in dashes and
# points.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B8860B", "#56B4E9", "#8C6BB1", "#7F7F7F")
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left")
FONT = "system-ui, 'Noto Sans', 'Noto Sans CJK SC', 'Noto Sans SC', 'Microsoft YaHei', 'PingFang SC', sans-serif"
_POINT = "#2A8CD0"  # visible on light and dark maps
_VEGA_LITE = "6.4"


def config(ink: str = "currentColor") -> Spec:
    """The common style of charts; on a page, `ink` is its text colour."""
    faint = {"gridOpacity": 0.15, "domainOpacity": 0.5, "tickOpacity": 0.5}
    return {
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            "labelColor": ink,
            "titleColor": ink,
            "gridColor": ink,
            "domainColor": ink,
            "tickColor": ink,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            **faint,
        },
        "legend": {
            "labelColor": ink,
            "titleColor": ink,
            "labelFontSize": 13,
            "symbolSize": 120,
            "orient": "top",
            "title": None,
            "labelLimit": 320,
        },
        "header": {"labelColor": ink, "labelFontSize": 13, "title": None},
        "text": {"color": ink},
    }


def trend_spec(names: Sequence[str], year: str, measure: str, percent: bool = False, ink: str = "currentColor") -> Spec:
    """Lines of entities over years; values have the fields year, who, value."""
    scale = {"domain": list(names)}
    who = {"field": "who", "type": "nominal", "legend": {"columns": 4}}
    number = {"format": ".0%" if percent else "~s"}
    return {
        "width": 760,
        "height": 320,
        "data": {"values": []},
        "mark": {"type": "line", "point": {"size": 55, "filled": True}, "strokeWidth": 2.5, "tooltip": True},
        "encoding": {
            "x": {
                "field": "year",
                "type": "ordinal",
                "title": year,
                "axis": {"labelAngle": 0, "labelOverlap": True, "grid": False},
            },
            "y": {"field": "value", "type": "quantitative", "title": measure, "axis": {**number, "tickCount": 6}},
            "color": {**who, "scale": {**scale, "range": list(COLOURS[: len(names)])}},
            "strokeDash": {**who, "scale": {**scale, "range": [list(d) for d in DASHES[: len(names)]]}},
            "shape": {**who, "scale": {**scale, "range": list(SHAPES[: len(names)])}},
            "tooltip": [
                {"field": "who", "type": "nominal", "title": "–"},
                {"field": "year", "type": "ordinal", "title": year},
                {"field": "value", "type": "quantitative", "title": measure, "format": ".1%" if percent else ",.2~f"},
            ],
        },
        "config": config(ink),
    }


def map_spec(measure: str, land: Any, ink: str = "currentColor") -> Spec:
    """Circles on a world map; values have the fields name, lon, lat, value. `land` is the data source of the outlines."""
    return {
        "width": 900,
        "height": 430,
        "projection": {"type": "equalEarth", "scale": 172, "translate": [435, 262]},
        "layer": [
            {
                "data": land,
                "mark": {
                    "type": "geoshape",
                    "fill": ink,
                    "fillOpacity": 0.1,
                    "stroke": ink,
                    "strokeOpacity": 0.3,
                    "strokeWidth": 0.4,
                    "clip": True,
                },
            },
            {
                "data": {"values": []},
                "mark": {"type": "circle", "color": _POINT, "opacity": 0.6, "stroke": _POINT, "strokeWidth": 0.8, "clip": True},
                "encoding": {
                    "longitude": {"field": "lon", "type": "quantitative"},
                    "latitude": {"field": "lat", "type": "quantitative"},
                    "size": {
                        "field": "value",
                        "type": "quantitative",
                        "legend": None,
                        "scale": {"type": "linear", "range": [2, 900], "zero": True},
                    },
                    "order": {"field": "value", "sort": "descending"},
                    "tooltip": [
                        {"field": "name", "type": "nominal", "title": "–"},
                        {"field": "value", "type": "quantitative", "title": measure, "format": ",.2~f"},
                    ],
                },
            },
        ],
        "config": config(ink),
    }


def profile_spec(names: Sequence[str], share: str, areas: Sequence[str], ink: str = "currentColor") -> Spec:
    """Bars of entities by area; values have the fields area, who, value (a share)."""
    return {
        "width": 620,
        "height": {"step": 11},
        "data": {"values": []},
        "mark": {"type": "bar", "tooltip": True},
        "encoding": {
            "y": {"field": "area", "type": "nominal", "title": None, "sort": list(areas), "axis": {"labelLimit": 220}},
            "yOffset": {"field": "who", "type": "nominal", "sort": list(names)},
            "x": {"field": "value", "type": "quantitative", "title": share, "axis": {"format": ".0%"}},
            "color": {
                "field": "who",
                "type": "nominal",
                "scale": {"domain": list(names), "range": [*COLOURS[: len(names) - 1], "#999999"]},
                "legend": {"columns": 4},
            },
            "tooltip": [
                {"field": "who", "type": "nominal", "title": "–"},
                {"field": "area", "type": "nominal", "title": "–"},
                {"field": "value", "type": "quantitative", "title": share, "format": ".1%"},
            ],
        },
        "config": config(ink),
    }


def draw(spec: Spec, label: str) -> str:
    """Render a chart as SVG, scaled to its container, with an accessible label."""
    svg = str(_vl().vegalite_to_svg(json.dumps(spec, default=float), vl_version=_VEGA_LITE))
    box = re.search(r'<svg[^>]*\bwidth="([\d.]+)"[^>]*\bheight="([\d.]+)"', svg)
    size = f' viewBox="0 0 {box[1]} {box[2]}"' if box and "viewBox" not in svg.split(">", 1)[0] else ""
    head = svg.split(">", 1)[0]
    head = re.sub(r' (width|height|class)="[^"]*"', "", head)
    plain = label.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    body = re.sub(r' aria-(label|roledescription|hidden)="[^"]*"| role="[^"]*"', "", svg.split(">", 1)[1])
    style = f' style="max-width:{float(box[1]):.0f}px"' if box else ""
    body = re.sub(r"(\.\d)\d+", r"\1", body)  # a tenth of a point is enough
    return f'{head}{size} role="img" aria-label="{plain}"{style}>{body}'


@cache
def bundle() -> str:
    """Vega, Vega-Lite and vega-embed bundled as one script that defines `vegaEmbed`."""
    return str(_vl().javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=_VEGA_LITE))


@cache
def world() -> Any:
    """Country outlines (world-atlas 2.0.2, TopoJSON of Natural Earth 1:110m)."""
    return json.loads(resources.files("affil.report").joinpath("static/countries-110m.json").read_text("utf-8"))


def land() -> Mapping[str, Any]:
    """The outlines as chart data, without Antarctica."""
    topology = dict(world())
    countries = dict(topology["objects"]["countries"])
    countries["geometries"] = [g for g in countries["geometries"] if g.get("id") != "010"]
    return {"values": {**topology, "objects": {"countries": countries}}, "format": {"type": "topojson", "feature": "countries"}}


def _vl() -> Any:
    with needing("report", "a chart"):
        import vl_convert
    return vl_convert
