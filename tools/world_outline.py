#!/usr/bin/env python3
"""Draw the outline of the world's land, for maps on pages: Natural Earth, from the npm package world-atlas.

    npm pack world-atlas && tar xzf world-atlas-*.tgz
    tools/world_outline.py package/land-110m.json > src/affil/pages/templates/world.svg

One path of an SVG in degrees: x is the longitude + 180, y is 90 - the latitude. Antarctica is left out; what crosses the date line
is drawn on both sides of the map.
"""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path

SOUTHERNMOST = -58.0


def main() -> None:
    topology = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    (scale_x, scale_y), (move_x, move_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * scale_x + move_x, y * scale_y + move_y))
        arcs.append(points)
    rings = []
    for geometry in topology["objects"]["land"]["geometries"]:
        for polygon in geometry["arcs"]:
            for ring in polygon:
                points = []
                for number in ring:
                    part = arcs[number] if number >= 0 else arcs[~number][::-1]
                    points += part[1:] if points else part
                if max(lat for _, lat in points) > SOUTHERNMOST:
                    rings += both_sides(points)
    drawn = []
    for points in rings:
        rounded = [(round((lon + 180) * 10), round((90 - lat) * 10)) for lon, lat in points]
        (x, y), moves = rounded[0], []
        for to_x, to_y in rounded[1:-1]:
            if (to_x, to_y) != (x, y):
                moves.append(f"{_short(to_x - x)} {_short(to_y - y)}")
                x, y = to_x, to_y
        drawn.append(f"M{_short(rounded[0][0])} {_short(rounded[0][1])}l{' '.join(moves)}z".replace(" -", "-"))
    print("{# Natural Earth (public domain) from world-atlas, Copyright 2013-2019 Michael Bostock, ISC licence #}")
    print(f'<path class="land" d="{"".join(drawn)}"/>')


def both_sides(points: list[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """A ring without jumps from one edge of the map to the other; twice, if it reaches over an edge."""
    turns, whole = 0, points[:1]
    for (before, _), (lon, lat) in pairwise(points):
        turns += (before - lon > 180) - (lon - before > 180)
        whole.append((lon + 360 * turns, lat))
    west, east = min(lon for lon, _ in whole), max(lon for lon, _ in whole)
    shifts = [0] + [360] * (west < -181) + [-360] * (east > 181)
    return [[(lon + shift, lat) for lon, lat in whole] for shift in shifts]


def _short(tenths: int) -> str:
    return f"{tenths / 10:g}".replace("0.", ".", 1) if abs(tenths) < 10 else f"{tenths / 10:g}"


if __name__ == "__main__":
    main()
