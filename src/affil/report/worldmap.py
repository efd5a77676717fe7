"""A map of the world as SVG: outlines and circles, in the Equal Earth projection. static/map.js moves it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from html import escape
from importlib import resources
from typing import Any

SIZE = (900, 415)  # width and height, in pixels
LARGEST = 17.0  # radius of the largest circle, in pixels

_SCALE, _CENTRE = 166.0, (450.0, 232.0)
_A1, _A2, _A3, _A4 = 1.340264, -0.081106, 0.000893, 0.003796
_ANTARCTICA = "010"
Point = tuple[str, float, float, float]  # name, longitude, latitude, value


def project(lon: float, lat: float) -> tuple[float, float]:
    """Where a place is on the map, in pixels (Savric, Patterson and Jenny 2018)."""
    theta = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(lat)))
    square = theta * theta
    sixth = square**3
    slope = 9 * _A4 * sixth * square + 7 * _A3 * sixth + 3 * _A2 * square + _A1
    x = 2 * math.sqrt(3) * math.radians(lon) * math.cos(theta) / (3 * slope)
    y = theta * (_A4 * sixth * square + _A3 * sixth + _A2 * square + _A1)
    return _CENTRE[0] + _SCALE * x, _CENTRE[1] - _SCALE * y


def world_map(label: str, points: Sequence[Point], links: Mapping[Point, str] | None = None) -> str:
    """Circles on a map, their area by value, the largest below the others; without a point an empty string.

    `links` has the addresses of the points that have a page, to which their circles lead (see static/map.js).
    """
    if not points:
        return ""
    most = max(value for *_, value in points)
    drawn = []
    for point in sorted(points, key=lambda p: -p[3]):
        name, lon, lat, value = point
        x, y = project(lon, lat)
        radius = max(1.0, LARGEST * math.sqrt(value / most))
        told = f"{name}: {value:,.2f}".rstrip("0").rstrip(".")
        page = f' data-page="{escape(links[point])}"' if links and links.get(point) else ""
        drawn.append(f'<circle{page} cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"><title>{escape(told)}</title></circle>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE[0]} {SIZE[1]}" role="img" aria-label="{escape(label)}">'
        f'<path class="land" d="{outlines()}" fill="currentColor" fill-opacity=".1" stroke="currentColor" stroke-opacity=".3" '
        f'stroke-width=".5" vector-effect="non-scaling-stroke"/><g class="points" fill="#2A8CD0" fill-opacity=".6" stroke="#2A8CD0" '
        f'stroke-width=".8">{"".join(drawn)}</g></svg>'
    )


@cache
def outlines() -> str:
    """The outlines of all countries but Antarctica as the path of an SVG (world-atlas 2.0.2, Natural Earth 1:110m)."""
    topology = json.loads(resources.files("affil.report").joinpath("static/countries-110m.json").read_text("utf-8"))
    arcs = [list(_decoded(arc, **topology["transform"])) for arc in topology["arcs"]]
    rings = (r for one in topology["objects"]["countries"]["geometries"] if one.get("id") != _ANTARCTICA for r in _rings(one))
    return "".join(_ring(ring, arcs) for ring in rings)


def _decoded(arc: Sequence[Sequence[int]], scale: Sequence[float], translate: Sequence[float]) -> Iterator[tuple[float, float]]:
    x = y = 0
    for dx, dy in arc:
        x, y = x + dx, y + dy
        yield x * scale[0] + translate[0], y * scale[1] + translate[1]


def _rings(geometry: Any) -> Iterator[list[int]]:
    """The rings of a geometry: numbers of arcs, ~n for one that is read backwards."""
    polygons = {"Polygon": [geometry.get("arcs")], "MultiPolygon": geometry.get("arcs")}.get(geometry["type"], [])
    for polygon in polygons:
        yield from polygon


def _ring(numbers: Sequence[int], arcs: Sequence[Sequence[tuple[float, float]]]) -> str:
    """A ring as a path; where it crosses the 180th meridian it goes on beyond the edge of the map."""
    out: list[str] = []
    shift, before = 0.0, None
    for number in numbers:
        for lon, lat in arcs[number] if number >= 0 else arcs[~number][::-1]:
            if before is not None and abs(lon - before) > 180:
                shift += 360 if lon < before else -360
            before = lon
            point = "{:.1f} {:.1f}".format(*project(lon + shift, lat))
            if not out or out[-1] != point:
                out.append(point)
    return f"M{'L'.join(out)}Z"
