"""Pictures that stand for a page where it is shared: its title, its chart or its first rows, and the name of the site."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from affil.report.charts import Figure, png
from affil.report.plot import FONT, text_width

WIDTH, HEIGHT = 1200, 630  # pixels, as Open Graph asks for

_EDGE, _TITLE, _LINE = 60, 46, 38  # margin, size of the title, height of a row, in pixels
_ROWS = 8


def card(site: str, title: str, values: Mapping[str, Any], at: int) -> bytes | None:
    """The picture of a page as PNG, or None where the page has neither a chart nor a ranking.

    Args:
        site: the name of the site.
        title: the title of the page.
        values: what its template is given: `chart`, or the `rows` of a board.
        at: the number of the language in names of entities.
    """
    lines = _wrapped(title)
    top = 60 + len(lines) * (_TITLE + 10)
    figure = values.get("chart")
    if isinstance(figure, Figure) and figure.wide:
        body = _framed(figure.wide, top)
    elif values.get("level") and values.get("rows"):
        body = _listed([(r["rank"], r["entity"].names[at], r["adjusted"]) for r in values["rows"][:_ROWS]], top)
    else:
        return None
    heading = "".join(
        f'<text x="{_EDGE}" y="{70 + k * (_TITLE + 10)}" font-size="{_TITLE}" font-weight="700">{escape(line)}</text>'
        for k, line in enumerate(lines)
    )
    return png(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" color="#1a1e23" fill="#1a1e23" '
        f'font-family="{FONT}"><rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/><rect width="{WIDTH}" height="12" fill="#0b58a8"/>'
        f'{heading}{body}<text x="{_EDGE}" y="{HEIGHT - 26}" font-size="24" fill="#505965">{escape(site)}</text></svg>',
        WIDTH,
    )


def _wrapped(title: str) -> list[str]:
    """A title in at most two lines."""
    wide = (WIDTH - 2 * _EDGE) / _TITLE * 13  # as `text_width` measures
    lines = [""]
    for piece in re.findall(r"[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*|\s+", title):
        if lines[-1] and text_width(lines[-1] + piece) > wide:
            lines.append("")
        lines[-1] += piece
    return [lines[0], *([lines[1] + (" …" if len(lines) > 2 else "")] if len(lines) > 1 else [])]


def _framed(svg: str, top: float) -> str:
    """A chart, as large as there is room."""
    inner = re.sub(r"^<svg ", f'<svg x="{_EDGE}" y="{top}" width="{WIDTH - 2 * _EDGE}" height="{HEIGHT - top - 70}" ', svg)
    return inner.replace('fill="currentColor" font-family', 'fill="#1a1e23" font-family', 1)


def _listed(rows: Sequence[tuple[int, str, float]], top: float) -> str:
    """The first rows of a ranking, with bars."""
    most = max(value for *_, value in rows) or 1.0
    out = []
    for k, (rank, name, value) in enumerate(rows):
        y = top + 34 + k * (_LINE + 12)
        wide = 380 * value / most
        short = name if len(name) < 46 else f"{name[:44]} …"
        out.append(
            f'<g font-size="28"><text x="{_EDGE + 40}" y="{y}" text-anchor="end">{rank}</text><text x="{_EDGE + 60}" y="{y}">'
            f'{escape(short)}</text><rect x="{WIDTH - _EDGE - 500}" y="{y - 22}" width="{wide:.0f}" height="26" fill="#0072b2"/>'
            f'<text x="{WIDTH - _EDGE}" y="{y}" text-anchor="end">{value:,.1f}</text></g>'
        )
    return "".join(out)
