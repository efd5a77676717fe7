"""Charts of the pages, with what they show as rows, and the outlines of the map."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from affil.errors import needing
from affil.rank import Trend
from affil.report.plot import NARROW, WIDE, Line, dot_chart, line_chart
from affil.report.worldmap import Point, world_map

_NOTHING = Markup("")


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart on a page, for the macro `figure`.

    `key` is its id in the page and in addresses, `label` its title, for those who see it alone or do not see it. `wide` is the chart
    as SVG, `narrow` the same for phones, if it is another. `columns` and `rows` are what it shows, for download. `file` is the path
    of its files below the language's folder, without suffix, if it has any. `zooms` tells that it is a map that moves.
    """

    key: str
    label: str
    wide: Markup
    narrow: Markup = _NOTHING
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    file: str = ""
    zooms: bool = False


def trend_figure(
    key: str, label: str, axis: str, year: str, trend: Trend, lines: Mapping[str, Sequence[float]], share: bool = False
) -> Figure:
    """Lines over the years of a trend, an incomplete last year apart, a year without papers a gap.

    Args:
        key: the id of the chart in its page.
        label: its title.
        axis: the name of the vertical axis.
        year: the heading of the years in a download.
        trend: gives the years.
        lines: for each name its values in the years of the trend, at most eight.
        share: whether values are shares.
    """
    years, drawn = trend_lines(trend, lines)
    wide, narrow = (
        line_chart(label, axis, years, drawn, share=share, apart=bool(trend.lacking), size=size) for size in (WIDE, NARROW)
    )
    rows = tuple((y, *(values[k] for values in drawn.values())) for k, y in enumerate(years))
    return Figure(key, label, Markup(wide), Markup(narrow), (year, *drawn), rows)


def trend_lines(trend: Trend, lines: Mapping[str, Sequence[float]]) -> tuple[list[str], dict[str, Line]]:
    """All years from the first to the last of a trend, the last with a star if incomplete, and the values in each."""
    at = {year: k for k, year in enumerate(trend.years)}
    last = trend.years[-1]
    every = range(trend.years[0], last + 1)
    values: dict[str, Line] = {
        name: [known[at[y]] if y in at and known[at[y]] == known[at[y]] else None for y in every]
        for name, known in lines.items()
    }
    return [f"{y}*" if trend.lacking and y == last else str(y) for y in every], values


def profile_figure(key: str, label: str, axis: str, area: str, areas: Sequence[str], shares: Mapping[str, Line]) -> Figure:
    """Shares of several entities by area.

    Args:
        key: the id of the chart in its page.
        label: its title.
        axis: the name of the horizontal axis.
        area: the heading of the areas in a download.
        areas: the names of the areas.
        shares: for each name its shares, one an area, at most eight.
    """
    wide, narrow = (Markup(dot_chart(label, axis, areas, shares, size=size)) for size in (WIDE, NARROW))
    return Figure(key, label, wide, narrow, (area, *shares), tuple(zip(areas, *shares.values(), strict=True)))


def map_figure(
    key: str,
    label: str,
    columns: tuple[str, str, str, str],
    points: Sequence[Point],
    links: Mapping[Point, str] | None = None,
) -> Figure:
    """Circles on a map; `columns` are the headings of name, longitude, latitude and value in a download, `links` pages of points."""
    return Figure(key, label, Markup(world_map(label, points, links)), columns=columns, rows=tuple(points), zooms=True)


def png(svg: str, width: int) -> bytes:
    """A picture of a chart, this many pixels wide."""
    with needing("report", "a picture"):
        import vl_convert
    own = float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1])  # type: ignore[index]
    return bytes(vl_convert.svg_to_png(svg, scale=width / own))
