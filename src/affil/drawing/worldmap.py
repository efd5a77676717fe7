"""The map of the world as a Vega specification: circles by value, in the Equal Earth projection, zoomed and moved by its readers.

Its source `rows` holds objects of `name`, `lon`, `lat`, `value`, and, where there are any, `place` (circles of one place are spread
side by side where the map is closer), `page`, `told` (what a circle says), `chosen` (the circle from which curves lead to the others).
Its signal `at` is the part that is seen: the middle `x` and `y` in pixels of the whole map, and how much closer `k` it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from affil.drawing.vega import COLON, INK, Spec

SIZE = (900, 415)  # width and height of the whole map, in pixels, of which `at` speaks

_CLOSEST, _LARGEST, _LEAST = 60, 17.0, 0.09  # zoom; radius of the largest circle, in pixels; of the smallest, as a part of it
_LABELS, _CURVES = 24, 80  # at most so many
_CIRCLE, _CHOSEN = "#2A8CD0", "#D55E00"
_ANTARCTICA = "010"
Point = tuple[str, float, float, float, str]  # name, longitude, latitude, value, address of its page or ""


def places(rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Points as objects for the map; static/map.js makes the same."""
    return [
        {"name": n, "lon": lon, "lat": lat, "value": v, "page": page, "place": str(k)}
        for k, (n, lon, lat, v, page) in enumerate(rows)
    ]


@cache
def world() -> Mapping[str, Any]:
    """The outlines of countries (TopoJSON; see report/static/LICENSES.txt), without Antarctica, where nobody writes papers."""
    found: dict[str, Any] = json.loads(resources.files("affil.drawing").joinpath("countries-110m.json").read_text("utf-8"))
    countries = found["objects"]["countries"]["geometries"]
    kept = [{k: one[k] for k in ("type", "arcs") if k in one} for one in countries if one.get("id") != _ANTARCTICA]
    return {**found, "objects": {"countries": {"type": "GeometryCollection", "geometries": kept}}}


def world_map(label: str) -> Spec:
    """Circles on a map, their area by value, the largest below the others; see the module for its data."""
    return {
        "description": label,
        "autosize": "none",
        "signals": _signals(),
        "projections": [
            {
                "name": "earth",
                "type": "equalEarth",
                "scale": {"signal": "166 * scale"},
                "translate": [
                    {"signal": "(450 - at.x) * scale + width / 2"},
                    {"signal": "(232 - at.y) * scale + height / 2"},
                ],
            }
        ],
        "data": _data(),
        "marks": _marks(),
    }


def still_map(label: str) -> Spec:
    """The same map to look at, as a Vega-Lite specification: its source `rows` holds objects of `name`, `lon`, `lat` and `value`."""
    land = {"type": "geoshape", "fill": INK, "fillOpacity": 0.1, "stroke": INK, "strokeOpacity": 0.3, "strokeWidth": 0.5}
    circle = {"type": "circle", "fill": _CIRCLE, "fillOpacity": 0.6, "stroke": _CIRCLE, "strokeWidth": 0.8, "opacity": 1}
    area = {"range": [0, 4 * _LARGEST**2], "domainMin": 0, "nice": False}
    outlines = {"values": world(), "format": {"type": "topojson", "feature": "countries"}}
    return {
        "description": label,
        "width": SIZE[0],
        "height": SIZE[1],
        "projection": {"type": "equalEarth", "scale": 166, "translate": [450, 232]},
        "layer": [
            {"data": outlines, "mark": {**land, "aria": False}},
            {
                "transform": [
                    {"calculate": f"datum.name + {COLON.format('datum.name')} + format(datum.value, ',.2~f')", "as": "told"}
                ],
                "mark": circle,
                "encoding": {
                    "longitude": {"field": "lon", "type": "quantitative"},
                    "latitude": {"field": "lat", "type": "quantitative"},
                    "size": {"field": "value", "type": "quantitative", "scale": area, "legend": None},
                    "order": {"field": "value", "sort": "descending"},
                    "tooltip": {"field": "told"},
                    "description": {"field": "told"},
                },
            },
        ],
    }


def _signals() -> list[Spec]:
    """The size of the map and the part that is seen, which wheel, fingers, and scripts (by `push` and `go`) change."""
    held = "{start: xy(), x: at.x, y: at.y}"
    by = "900 / width"
    dragged = _at(f"held.x - (x() - held.start[0]) * {by} / at.k", f"held.y - (y() - held.start[1]) * {by} / at.k", "at.k")
    return [
        {"name": "narrow", "value": False},
        {"name": "width", "update": "containerSize()[0]", "on": [{"events": "window:resize", "update": "containerSize()[0]"}]},
        {"name": "height", "update": f"max(300, round(width * {SIZE[1]} / {SIZE[0]}))"},
        {"name": "push", "value": None},
        {"name": "go", "value": None},
        {"name": "held", "value": {"start": [0, 0], "x": 0, "y": 0}, "on": [{"events": "pointerdown", "update": held}]},
        {
            "name": "pinch",
            "value": {"far": 1, "k": 1},
            "on": [{"events": "touchstart[event.touches.length == 2]", "update": "{far: pinchDistance(event), k: at.k}"}],
        },
        {
            "name": "at",
            "value": {"x": SIZE[0] / 2, "y": SIZE[1] / 2, "k": 1},
            "on": [
                {
                    "events": "wheel",  # static/map.js keeps the page still
                    "update": _closer("pow(1.0022, -event.deltaY)", "x() - width / 2", "y() - height / 2"),
                },
                {"events": "[pointerdown, window:pointerup] > window:pointermove", "update": f"at.k > 1 ? {dragged} : at"},
                {
                    "events": {"type": "touchmove", "consume": True, "filter": ["event.touches.length == 2"]},
                    "update": _at("at.x", "at.y", f"clamp(pinch.k * pinchDistance(event) / pinch.far, 1, {_CLOSEST})"),
                },
                {
                    "events": {"signal": "push"},
                    "update": _closer("push.by", "0", "0", f"push.x * {by} / at.k", f"push.y * {by} / at.k"),
                },
                {"events": {"signal": "go"}, "update": _at("go.x", "go.y", "go.k")},
                {"events": "window:resize", "update": _at("at.x", "at.y", "at.k")},
            ],
        },
        {"name": "scale", "update": f"min(width / {SIZE[0]}, height / {SIZE[1]}) * at.k"},
        {"name": "spread", "update": "clamp((at.k - 1.5) / 2.5, 0, 1)"},
        {"name": "largest", "update": f"{_LARGEST} * clamp(width / 900, 0.6, 1) * pow(at.k, 0.3)"},
        {"name": "most", "update": "max(1e-9, extent(pluck(data('rows'), 'value'))[1] || 0)"},
    ]


def _at(x: str, y: str, k: str) -> str:
    """The part that is seen, from expressions of its middle and of how close it is, no farther than the edges of the map."""
    half = [f"{side} / 2 / (width / 900 * ({k}))" for side in ("width", "height")]
    bounded = [
        f"clamp({value}, min({whole} / 2, {h}), max({whole} / 2, {whole} - {h}))"
        for value, whole, h in zip((x, y), SIZE, half, strict=True)
    ]
    return f"{{x: {bounded[0]}, y: {bounded[1]}, k: {k}}}"


def _closer(factor: str, x: str, y: str, dx: str = "0", dy: str = "0") -> str:
    """The part that is seen, closer by a factor, a point of the picture staying where it is, then moved."""
    k = f"clamp(at.k * {factor}, 1, {_CLOSEST})"
    stays = "at.{} + ({}) * 900 / width * (1 / at.k - 1 / {}) + {}"
    return _at(stays.format("x", x, k, dx), stays.format("y", y, k, dy), k)


def _data() -> list[Spec]:
    first: Spec = {
        "type": "window",
        "groupby": ["place"],
        "sort": {"field": "u", "order": "descending"},
        "ops": ["first_value"] * 4,
        "fields": ["px", "py", "lon", "lat"],
        "as": ["px0", "py0", "lon0", "lat0"],
    }
    side = "datum.{a} + spread * (datum.{h} - datum.{a} + largest * (datum.p{c} - datum.p{c}0))"
    inside = "datum.cx > 0 && datum.cx < width && datum.cy > 0 && datum.cy < height"
    return [
        {"name": "world", "values": [], "format": {"type": "topojson", "feature": "countries"}},
        {"name": "rows", "values": []},
        {
            "name": "packed",  # circles of one place side by side, in units of the largest circle
            "source": "rows",
            "transform": [
                {"type": "formula", "as": "u", "expr": f"max({_LEAST}, sqrt(max(0, datum.value) / most))"},
                {
                    "type": "formula",
                    "as": "told",
                    "expr": f"datum.told || datum.name + {COLON.format('datum.name')} + format(datum.value, ',.2~f')",
                },
                {"type": "nest", "keys": ["place"], "generate": True},
                {
                    "type": "pack",
                    "radius": {"field": "data.u"},
                    "padding": 0.04,
                    "sort": {"field": "u", "order": "descending"},
                    "as": ["px", "py", "pr", "depth", "children"],
                },
                {"type": "filter", "expr": "isValid(datum.lon)"},
                first,
            ],
        },
        {
            "name": "circles",
            "source": "packed",
            "transform": [
                {"type": "geopoint", "projection": "earth", "fields": ["lon", "lat"], "as": ["gx", "gy"]},
                {"type": "geopoint", "projection": "earth", "fields": ["lon0", "lat0"], "as": ["hx", "hy"]},
                {"type": "formula", "as": "cx", "expr": side.format(a="gx", h="hx", c="x")},
                {"type": "formula", "as": "cy", "expr": side.format(a="gy", h="hy", c="y")},
                {"type": "formula", "as": "r", "expr": "max(1.5, largest * datum.u)"},
            ],
        },
        {
            "name": "named",
            "source": "circles",
            "transform": [
                {"type": "filter", "expr": inside},
                {"type": "window", "sort": {"field": "u", "order": "descending"}, "ops": ["row_number"], "as": ["order"]},
                {"type": "filter", "expr": f"datum.order <= {_LABELS} * min(1, width / 900)"},
            ],
        },
        {"name": "home", "source": "circles", "transform": [{"type": "filter", "expr": "datum.chosen"}]},
        {
            "name": "linked",
            "source": "circles",
            "transform": [
                {"type": "filter", "expr": "length(data('home')) && !datum.chosen"},
                {"type": "window", "sort": {"field": "u", "order": "descending"}, "ops": ["row_number"], "as": ["order"]},
                {"type": "filter", "expr": f"datum.order <= {_CURVES}"},
                {"type": "formula", "as": "hx", "expr": "data('home')[0].cx"},
                {"type": "formula", "as": "hy", "expr": "data('home')[0].cy"},
                {
                    "type": "formula",
                    "as": "path",
                    "expr": "'M' + datum.hx + ' ' + datum.hy + 'Q' + ((datum.hx + datum.cx) / 2 - (datum.cy - datum.hy) * 0.15) + ' ' + "
                    "((datum.hy + datum.cy) / 2 + (datum.cx - datum.hx) * 0.15) + ' ' + datum.cx + ' ' + datum.cy",
                },
            ],
        },
    ]


def _marks() -> list[Spec]:
    point = {"x": {"field": "cx"}, "y": {"field": "cy"}, "size": {"signal": "4 * datum.r * datum.r"}}
    colour = {"signal": f"datum.chosen ? '{_CHOSEN}' : '{_CIRCLE}'"}
    return [
        {
            "type": "shape",
            "name": "land",
            "from": {"data": "world"},
            "interactive": False,
            "aria": False,
            "encode": {
                "update": {
                    "fill": {"value": INK},
                    "fillOpacity": {"value": 0.1},
                    "stroke": {"value": INK},
                    "strokeOpacity": {"value": 0.3},
                    "strokeWidth": {"value": 0.5},
                }
            },
            "transform": [{"type": "geoshape", "projection": "earth"}],
        },
        {
            "type": "path",
            "name": "curves",
            "from": {"data": "linked"},
            "interactive": False,
            "aria": False,
            "encode": {
                "update": {
                    "path": {"field": "path"},
                    "stroke": {"value": _CHOSEN},
                    "strokeOpacity": {"value": 0.35},
                    "strokeWidth": {"signal": "0.5 + 4 * datum.u"},
                }
            },
        },
        {
            "type": "symbol",
            "name": "points",
            "from": {"data": "circles"},
            "sort": {"field": "datum.u", "order": "descending"},
            "encode": {
                "update": {
                    **point,
                    "shape": {"value": "circle"},
                    "fill": colour,
                    "stroke": colour,
                    "strokeWidth": {"value": 0.8},
                    "fillOpacity": {"value": 0.6},
                    "tooltip": {"field": "told"},
                    "description": {"field": "told"},
                    "cursor": {"value": "pointer"},
                },
                "hover": {"fillOpacity": {"value": 1}},
            },
        },
        {
            "type": "symbol",
            "name": "anchors",
            "from": {"data": "named"},
            "interactive": False,
            "aria": False,
            "encode": {"update": {**point, "opacity": {"value": 0}}},
        },
        {
            "type": "text",
            "name": "names",
            "from": {"data": "anchors"},
            "interactive": False,
            "aria": False,
            "encode": {
                "update": {
                    "text": {"field": "datum.name"},
                    "fill": {"value": INK},
                    "fontSize": {"value": 12},
                    "opacity": {"value": 1},
                }
            },
            "transform": [
                {
                    "type": "label",
                    "size": {"signal": "[width, height]"},
                    "anchor": ["right", "left"],
                    "offset": [3],
                    "sort": {"field": "datum.datum.u", "order": "descending"},
                }
            ],
        },
    ]
