"""Charts of the pages: a specification, with what it shows as rows; and drawings of it without a browser."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

from markupsafe import Markup

from affil.drawing.vega import CONFIG, FONT, INK, MEASURED, PEN, Columns, Rows, Spec, dots, lines, tidy
from affil.drawing.worldmap import Point, places, world, world_map
from affil.errors import needing
from affil.markup import Line, is_value, plain
from affil.rank import Trend
from affil.registry.folder import kept
from affil.report.formats import percent
from affil.wording import said

WIDE, NARROW = 1200, 350  # width of a chart on a screen and on a phone, in pixels
_SLACK = 10  # pixels left of a drawing that was laid out in another font than its reader's, whose numbers may be wider


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart on a page, for the macro `figure`.

    `key` is its id in the page and in addresses, `label` its title, for those who see it alone or do not see it. `columns` and `rows`
    are what it shows and what is downloaded, `spec` how (see `affil.drawing.vega` and `affil.drawing.worldmap`), `write` how a table
    writes its values. `file` is the path of its table below the language's folder, without suffix, if it has one. `drawn` are the
    drawings that a page begins with, for screens and for phones, if its readers should see the chart at once. `tabled` tells that
    the page has a table of the same. `caveat` is what a reader must know of it who sees it alone, too.
    """

    key: str
    label: str
    spec: Spec
    columns: Columns
    rows: Rows
    write: Callable[[float], str] = plain
    file: str = ""
    drawn: tuple[Markup, ...] = ()
    tabled: bool = False
    caveat: str = ""

    @property
    def zooms(self) -> bool:
        """Whether it is a map, which its readers move."""
        return "signals" in self.spec

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw axes for."""
        return not any(is_value(v) for _, *values in self.rows for v in values)

    @property
    def height(self) -> int:
        """About how high it will be, in pixels: the room that is kept for it."""
        return 60 + int(self.spec.get("height", 400))

    @property
    def shown(self) -> list[list[str]]:
        """Its rows as a table shows them."""
        return [[x, *(self.write(v) if is_value(v) else "–" for v in values)] for x, *values in self.rows]

    def at_once(self) -> Figure:
        """With drawings that a page begins with."""
        if self.empty:
            return self
        fonts = (f'font-family="{MEASURED}"', f'font-family="{FONT}"')
        return replace(self, drawn=tuple(Markup(svg(self, width, font=MEASURED).replace(*fonts)) for width in (WIDE, NARROW)))


def trend_figure(key: str, label: str, axis: str, year: str, trend: Trend, values: Mapping[str, Sequence[float]]) -> Figure:
    """Lines over the years of a trend, an incomplete last year apart, a year without papers a gap.

    Args:
        key: the id of the chart in its page.
        label: its title.
        axis: what is measured.
        year: the heading of the years in a download.
        trend: gives the years.
        values: for each name its values in the years of the trend, at most eight.
    """
    years, drawn = trend.by_year(values)
    rows = [(y, *(known[k] for known in drawn.values())) for k, y in enumerate(years)]
    return Figure(key, label, lines(label, axis), (year, *drawn), rows)


def profile_figure(key: str, label: str, axis: str, area: str, areas: Sequence[str], shares: Mapping[str, Line]) -> Figure:
    """Shares of several entities by area.

    Args:
        key: the id of the chart in its page.
        label: its title.
        axis: what the shares are of.
        area: the heading of the areas in a download.
        areas: the names of the areas.
        shares: for each name its shares, one an area, at most eight.
    """
    rows = [*zip(areas, *shares.values(), strict=True)]
    return Figure(key, label, dots(label, axis, len(rows)), (area, *shares), rows, lambda share: percent(share, 1))


def map_figure(key: str, label: str, columns: Columns, points: Sequence[Point]) -> Figure:
    """Circles on a map; `columns` are the headings of name, longitude, latitude and value in a download."""
    return Figure(key, label, world_map(label), columns, points)


def svg(figure: Figure, width: int, *, ink: str = INK, font: str = "") -> str:
    """A chart as SVG, this many pixels wide, in an ink and fonts."""
    return str(_converted(figure, "svg", width, ink, font))


def png(figure: Figure, width: int, *, ink: str = PEN, scale: float = 1) -> bytes:
    """A chart as PNG, this many pixels wide before it is scaled."""
    return bytes(_converted(figure, "png", width, ink, "", scale=scale))


def bundle() -> str:
    """The script that draws charts in pages: Vega, Vega-Lite, vega-embed and all that they need, as `affil.vega`.

    To put it together takes seconds, so it is kept in the user's cache.
    """
    with needing("report", said("a site")):
        import vl_convert
    snippet = f"window.affil.vega = {{ embed: vegaEmbed, config: {json.dumps(CONFIG)} }};"
    key = hashlib.sha256(f"{version('vl-convert-python')} {snippet}".encode()).hexdigest()[:16]
    return str(kept(f"vega-{key}.js", lambda: str(vl_convert.javascript_bundle(snippet)).encode()), "utf-8")


def _converted(figure: Figure, kind: str, width: int, ink: str, font: str, **options: Any) -> Any:
    """A chart with its data, drawn by vl-convert."""
    with needing("report", said("a chart")):
        import vl_convert
    given = {"narrow": width < WIDE / 2, "width": width}
    params = "signals" if figure.zooms else "params"
    spec = {
        **figure.spec,
        params: [{"name": p["name"], "value": given[p["name"]]} if p["name"] in given else p for p in figure.spec[params]],
    }
    if figure.zooms:
        held = {"world": world(), "rows": places(figure.rows)}
        spec["data"] = [{**d, "values": held[d["name"]]} if d["name"] in held else d for d in spec["data"]]
        spec["marks"] = spec["marks"][:-1]  # names without overlaps need a browser
    else:
        spec["data"] = {"name": "rows", "values": tidy(figure.columns, figure.rows)}
        if spec["width"] == "container":
            spec |= {"width": width, "autosize": {"type": "fit-x", "contains": "padding"}}
    config = {**CONFIG, "font": font or CONFIG["font"]}
    if kind == "svg" and "padding" in spec:  # its text is drawn by whoever shows it
        spec["padding"] = {**spec["padding"], "left": _SLACK}
    if ink != INK:
        spec, config = (json.loads(json.dumps(value).replace(INK, ink)) for value in (spec, config))
    if figure.zooms:
        return getattr(vl_convert, f"vega_to_{kind}")({**spec, "config": {"font": config["font"]}}, **options)
    return getattr(vl_convert, f"vegalite_to_{kind}")(spec, config=config, **options)
