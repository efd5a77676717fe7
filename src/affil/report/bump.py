"""Ranks over the years as SVG: a line for each entity, its name at its end; and lines as small as a word for the rows of boards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from affil.report.plot import COLOURS, NARROW, POINTS, WIDE, Line, is_value, line_path, svg, text_width

SPARK = (64, 16)  # width and height of a line in a row of a board, in pixels

_ROW, _LEAST, _FOOT = 17.0, 11.0, 26.0  # between two names, the smallest text, and below the lines, in pixels


def bump_chart(
    label: str,
    years: Sequence[str],
    ranks: Mapping[str, Line],
    lowest: int,
    *,
    apart: bool = False,
    size: tuple[int, int] = WIDE,
) -> str:
    """Ranks over years as SVG, the first above; without any rank an empty string.

    Args:
        label: what it shows, for those who do not see it.
        years: what is written below, one a rank.
        ranks: the ranks of each name; None: a gap.
        lowest: the last rank with a place of its own; those behind it stand together in a row below, faint.
        apart: whether the last year is incomplete and stands apart, unconnected.
        size: width and height in pixels.
    """
    known = [r for line in ranks.values() for r in line if is_value(r)]
    if not known:
        return ""
    width, height = size
    deepest = min(int(max(known)), lowest + 1)
    names = width * (0.34 if width <= NARROW[0] else 0.29)
    left, right = 34.0, names + 12
    step, each = (width - left - right) / len(years), (height - 12 - _FOOT) / max(deepest, 2)

    def x(k: int) -> float:
        return left + step * (k + 0.5)

    def y(rank: float) -> float:
        return 12 + each * (min(rank, lowest + 1) - 0.5)

    out = []
    for rank in [r for r in range(1, deepest + 1) if r in (1, lowest + 1) or r % 5 == 0]:
        word = f">{lowest}" if rank > lowest else str(rank)
        out.append(f'<path d="M{left} {y(rank):.1f}H{width - right:.1f}" stroke="currentColor" stroke-opacity=".15"/>')
        out.append(f'<text x="{left - 6:.0f}" y="{y(rank) + 4.5:.1f}" text-anchor="end">{escape(word)}</text>')
    spaced = -(-(max(map(text_width, years)) + 6) // step)
    for k, year in enumerate(years):
        if (len(years) - 1 - k) % spaced == 0:
            out.append(f'<text x="{x(k):.1f}" y="{height - 7}" text-anchor="middle">{escape(year)}</text>')
    ends = _ends([next((y(r) for r in reversed(line) if is_value(r)), height) for line in ranks.values()], height - _FOOT)
    for n, ((name, line), end) in enumerate(zip(ranks.items(), ends, strict=True)):
        at = [(x(k), y(r)) if is_value(r) else None for k, r in enumerate(line)]
        colour, shape = COLOURS[n % len(COLOURS)], POINTS[n % len(POINTS)]
        dash = ' stroke-dasharray="5 3"' if n >= len(COLOURS) else ""
        drawn = (
            f'<path d="{line_path(at[:-1] if apart else at)}" fill="none" stroke-width="2.2" stroke-linejoin="round"{dash}/>'
        )
        for k, (point, rank) in enumerate(zip(at, line, strict=True)):
            if point is not None and is_value(rank):
                dim = ' opacity=".45"' if rank > lowest or (apart and k == len(at) - 1) else ""
                drawn += (
                    f'<path d="{shape}" transform="translate({point[0]:.1f} {point[1]:.1f})" stroke="none"{dim}>'
                    f"<title>{escape(name)} {escape(years[k])}: {rank:.0f}</title></path>"
                )
        start = width - right
        drawn += f'<path d="{shape}" transform="translate({start + 8:.1f} {end:.1f})" stroke="none"/>'
        shown, text = _within(name, names - 8)
        out.append(f'<g stroke="{colour}" fill="{colour}">{drawn}</g>')
        out.append(
            f'<text x="{start + 18:.1f}" y="{end + 4.5:.1f}" font-size="{shown:.1f}">{escape(text)}<title>{escape(name)}</title></text>'
        )
    return svg(label, width, height, out)


def spark_path(values: Line, *, apart: bool = False) -> str:
    """The path of a line as small as a word, from zero to its largest value, gaps as gaps, an incomplete last year left out.

    Empty where no two years follow each other, as there is no line then.
    """
    whole = values[:-1] if apart else values
    most = max((v for v in whole if is_value(v)), default=0.0) or 1.0
    width, height = SPARK[0] - 4, SPARK[1] - 4
    step = width / max(len(whole) - 1, 1)
    at = [(2 + round(step * k), 2 + round(height * (1 - v / most))) if is_value(v) else None for k, v in enumerate(whole)]
    out, before = "", None
    for k, point in enumerate(at):
        after = at[k + 1] if k + 1 < len(at) else None
        if point is not None and (before is not None or after is not None):
            out += f"{'M' if before is None else 'L'}{point[0]} {point[1]}"
        before = point
    return out


def _ends(wanted: Sequence[float], foot: float) -> list[float]:
    """Heights of names, as near to the wanted ones as they can be without touching."""
    order = sorted(range(len(wanted)), key=lambda n: wanted[n])
    room = min(_ROW, (foot - 8) / max(len(wanted), 1))
    placed: list[float] = []
    for k, n in enumerate(order):
        lowest = foot - room * (len(order) - 1 - k)
        placed.append(max(min(wanted[n], lowest), placed[-1] + room if placed else 8.0))
    heights = dict(zip(order, placed, strict=True))
    return [heights[n] for n in range(len(wanted))]


def _within(name: str, room: float) -> tuple[float, str]:
    """The size of the text of a name, and what of it finds room at the smallest."""
    size = 13 * min(1.0, room / text_width(name)) if name else 13.0
    if size >= _LEAST:
        return size, name
    kept = name
    while kept and text_width(f"{kept}…") * _LEAST / 13 > room:
        kept = kept[:-1]
    return _LEAST, f"{kept.rstrip()}…"
