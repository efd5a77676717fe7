"""Lines over years and dots by area as SVG: what pages show first, for screens and for phones. static/plot.js draws the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TypeGuard

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B8860B", "#56B4E9", "#8C6BB1", "#7F7F7F")
"""Okabe and Ito's palette, safe for colour blindness, with contrast on both themes; lines also differ in dashes and points."""
DASHES = ("", "7 3", "2 2", "8 3 2 3", "", "7 3", "2 2", "8 3 2 3")
FONT = "system-ui, 'Noto Sans', 'Noto Sans CJK SC', 'Noto Sans SC', 'Microsoft YaHei', 'PingFang SC', sans-serif"
WIDE, NARROW = (1000, 380), (350, 310)  # width and height of a chart on a screen and on a phone, in pixels

_SIZE, _ROW, _TOP = 13.0, 20.0, 26.0  # of text, of a row of the legend, and above the plot for the name of the axis, in pixels
_LEAST = 1e-6  # values that differ by less are one
POINTS = (
    "M-3.6 0a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0-7.2 0",
    "M-3.3-3.3h6.6v6.6h-6.6z",
    "M0-4.4L4.2 3.4H-4.2z",
    "M0-4.6L4.6 0L0 4.6L-4.6 0z",
    "M-1.4-4.2h2.8v2.8h2.8v2.8h-2.8v2.8h-2.8v-2.8h-2.8v-2.8h2.8z",
    "M0 4.4L4.2-3.4H-4.2z",
    "M4.4 0L-3.4 4.2V-4.2z",
    "M-4.4 0L3.4 4.2V-4.2z",
)
Line = Sequence[float | None]


def line_chart(
    label: str,
    axis: str,
    years: Sequence[str],
    lines: Mapping[str, Line],
    *,
    share: bool = False,
    apart: bool = False,
    ranks: bool = False,
    size: tuple[int, int] = WIDE,
) -> str:
    """Lines over years as SVG; without any value an empty string, as there is nothing to draw axes for.

    Args:
        label: what it shows, for those who do not see it.
        axis: the name of the vertical axis.
        years: what is written below, one a value.
        lines: the values of each name, at most eight names; None or NaN: a gap.
        share: whether values are shares, shown in percent.
        apart: whether the last year is incomplete and stands apart, unconnected.
        ranks: whether values are ranks, the first above.
        size: width and height in pixels.
    """
    known = [v for values in lines.values() for v in values if is_value(v)]
    if not known:
        return ""
    width, height = size
    ticks = rank_ticks(max(known)) if ranks else nice_ticks(min(0.0, *known), max(known), share)
    words = [_shown(t, share) for t in ticks]
    places, rows = _legend(list(lines), width)
    left, right = max(map(text_width, words)) + 10, 14.0
    top, bottom = rows * _ROW + _TOP, 26.0
    zero, one = (ticks[-1], ticks[0]) if ranks else (ticks[0], ticks[-1])  # the lower and the upper end
    step = (width - left - right) / len(years)

    def x(k: int) -> float:
        return left + step * (k + 0.5)

    def y(value: float) -> float:
        return height - bottom - (value - zero) / (one - zero) * (height - top - bottom)

    out = [f'<text x="0" y="{top - 12:.0f}"{_fit(axis, width)}>{escape(axis)}</text>']
    for tick, word in zip(ticks, words, strict=True):
        faint = ".5" if tick == 0 else ".15"
        out.append(f'<path d="M{left:.1f} {y(tick):.1f}H{width - right:.1f}" stroke="currentColor" stroke-opacity="{faint}"/>')
        out.append(f'<text x="{left - 6:.1f}" y="{y(tick) + 4.5:.1f}" text-anchor="end">{word}</text>')
    each = math.ceil((max(map(text_width, years)) + 8) / step)
    for k, year in enumerate(years):
        if (len(years) - 1 - k) % each == 0:
            out.append(f'<text x="{x(k):.1f}" y="{height - 7}" text-anchor="middle">{escape(year)}</text>')
    for n, (name, values) in enumerate(lines.items()):
        at = [(x(k), y(v)) if is_value(v) else None for k, v in enumerate(values)]
        told = [f"{name} {year}: {_shown(v, share, 1)}" if v is not None else "" for year, v in zip(years, values, strict=True)]
        key_x, key_y = places[n]
        out.append(
            f'<g stroke="{COLOURS[n]}" fill="{COLOURS[n]}"><path d="{line_path(at[:-1] if apart else at)}" fill="none" stroke-width="2.5"'
            f'{_dash(n)}/>{_points(n, at, told, apart)}<path d="M{key_x:.1f} {key_y:.0f}h22" stroke-width="2.5"{_dash(n)}/>'
            f'<path d="{POINTS[n]}" transform="translate({key_x + 11:.1f} {key_y:.0f})" stroke="none"/></g>'
            f'<text x="{key_x + 28:.1f}" y="{key_y + 4.5:.1f}"{_fit(name, width - 28)}>{escape(name)}</text>'
        )
    return svg(label, width, height, out)


def dot_chart(label: str, axis: str, areas: Sequence[str], shares: Mapping[str, Line], *, size: tuple[int, int] = WIDE) -> str:
    """Shares of several entities by area as SVG, one row an area, a dot an entity; without any value an empty string.

    Args:
        label: what it shows, for those who do not see it.
        axis: the name of the horizontal axis.
        areas: the names of the rows.
        shares: the values of each name, one an area, at most eight names.
        size: width in pixels, and a height that is not used: a row has the height that it needs.
    """
    known = [v for values in shares.values() for v in values if is_value(v)]
    if not known:
        return ""
    narrow = size[0] < WIDE[0] / 2
    ticks = nice_ticks(0.0, max(known), True, 4 if narrow else 8)
    places, rows = _legend(list(shares), size[0])
    beside = 0.0 if narrow else max(map(text_width, areas)) + 14
    left, right, top = beside + 14, 22.0, rows * _ROW + 12
    each = 42.0 if narrow else 30.0
    foot = top + each * len(areas)
    out = []

    def x(value: float) -> float:
        return left + value / ticks[-1] * (size[0] - left - right)

    for tick in ticks:
        out.append(f'<path d="M{x(tick):.1f} {top:.0f}V{foot:.0f}" stroke="currentColor" stroke-opacity=".15"/>')
        out.append(f'<text x="{x(tick):.1f}" y="{foot + 17:.0f}" text-anchor="middle">{_shown(tick, True)}</text>')
    out.append(f'<text x="{size[0] - right:.0f}" y="{foot + 38:.0f}" text-anchor="end">{escape(axis)}</text>')
    for k, area in enumerate(areas):
        y = top + each * (k + (0.7 if narrow else 0.5))
        out.append(f'<path d="M{left:.1f} {y:.1f}H{size[0] - right:.1f}" stroke="currentColor" stroke-opacity=".3"/>')
        name = (0.0, y - 13, "start") if narrow else (beside, y + 4.5, "end")
        out.append(f'<text x="{name[0]:.1f}" y="{name[1]:.1f}" text-anchor="{name[2]}">{escape(area)}</text>')
    for n, (who, values) in enumerate(shares.items()):
        told = [f"{who}, {a}: {_shown(v, True, 1)}" if v is not None else "" for a, v in zip(areas, values, strict=True)]
        heights = [top + each * (k + (0.7 if narrow else 0.5)) for k in range(len(areas))]
        at = [(x(v), y) if is_value(v) else None for y, v in zip(heights, values, strict=True)]
        key = [(places[n][0] + 11, places[n][1])]
        out.append(
            f'<g fill="{COLOURS[n]}">{_points(n, [*at, *key], [*told, who], False)}</g>'
            f'<text x="{places[n][0] + 24:.1f}" y="{places[n][1] + 4.5:.1f}"{_fit(who, size[0] - 24)}>{escape(who)}</text>'
        )
    return svg(label, size[0], foot + 46, out)


def bar_chart(
    label: str,
    axis: str,
    bars: Sequence[tuple[str, float]],
    show: Callable[[float], str],
    *,
    once: bool = False,
    width: int = 430,
) -> str:
    """Bars from zero as SVG, one below the other, the number at the end of each; without a bar an empty string.

    Args:
        label: what it shows, for those who do not see it.
        axis: what the values are.
        bars: names and values.
        show: writes a value.
        once: whether there is a line at 1, the mean of what values are multiples of.
        width: in pixels.
    """
    if not bars:
        return ""
    low, high = min(0.0, *(v for _, v in bars)), max(0.0, *(v for _, v in bars), 1.0 if once else 0.0)
    left, right = min(0.42 * width, max(text_width(n) for n, _ in bars) + 10), max(text_width(show(v)) for _, v in bars) + 12
    below = right if low < 0 else 0.0  # numbers of bars to the left
    each, foot = 24.0, 26 + 24.0 * len(bars)

    def x(value: float) -> float:
        return left + below + (value - low) / (high - low or 1.0) * (width - left - below - right)

    out = [f'<text x="0" y="14"{_fit(axis, width)}>{escape(axis)}</text>']
    for k, (name, value) in enumerate(bars):
        y = 26 + each * k
        start, end = sorted((x(0.0), x(value)))
        at = f'x="{end + 5:.1f}"' if value >= 0 else f'x="{start - 5:.1f}" text-anchor="end"'
        out.append(
            f'<text x="{left - 6:.1f}" y="{y + 15:.1f}" text-anchor="end"{_fit(name, left - 6)}>{escape(name)}</text>'
            f'<rect x="{start:.1f}" y="{y + 2:.1f}" width="{max(end - start, 1):.1f}" height="17" fill="{COLOURS[0]}"/>'
            f'<text {at} y="{y + 15:.1f}">{escape(show(value))}</text>'
        )
    for value in (0.0, *([1.0] if once else [])):
        dash = ' stroke-dasharray="4 3"' if value else ' stroke-opacity=".5"'
        out.append(f'<path d="M{x(value):.1f} 24V{foot:.0f}" stroke="currentColor"{dash}/>')
    return svg(label, width, foot + 6, out)


def rank_ticks(last: float) -> list[float]:
    """The first rank, and round ones to at or below the last."""
    step = max(1, math.ceil(last / 5))
    return [1.0, *(float(t) for t in range(step, math.ceil(last / step) * step + 1, step) if t > 1)] if last > 1 else [1.0, 2.0]


def nice_ticks(low: float, high: float, share: bool = False, wanted: int = 5) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`, whole ones unless they are shares or small."""
    rough = (high - low if high - low > _LEAST else 1.0) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= rough * 0.999)
    if not share and high >= wanted:
        step = max(1.0, math.floor(step + 0.5))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(k * step, 9) for k in range(first, max(last, first + 1) + 1)]


def text_width(text: str) -> float:
    """About how wide a text is, in pixels: a Chinese character is as wide as it is high."""
    return sum(_SIZE if ord(c) > 0x2E7F or c in "%MWm@" else _SIZE * 0.64 for c in text)


def _fit(text: str, room: float) -> str:
    """The size of a text that would be wider than its room."""
    wide = text_width(text)
    return f' font-size="{_SIZE * room / wide:.1f}"' if wide > room else ""


def svg(label: str, width: float, height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(label)}" '
        f'fill="currentColor" font-family="{FONT}" font-size="{_SIZE:.0f}">{"".join(parts)}</svg>'
    )


def is_value(value: float | None) -> TypeGuard[float]:
    return value is not None and not math.isnan(value)


def _shown(value: float, share: bool, digits: int = 2) -> str:
    """A number without needless digits: 1,500, 0.5, 12.5%."""
    text = f"{value * 100 if share else value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") + ("%" if share else "")


def _dash(n: int) -> str:
    return f' stroke-dasharray="{DASHES[n]}"' if DASHES[n] else ""


def _legend(names: Sequence[str], width: float) -> tuple[list[tuple[float, float]], int]:
    """Where the key of each name stands, and how many rows they take."""
    places, x, row = [], 0.0, 0
    for name in names:
        needed = 28 + text_width(name) + 18
        if x and x + needed > width:
            x, row = 0.0, row + 1
        places.append((x, 10 + row * _ROW))
        x += needed
    return places, row + 1


def line_path(points: Sequence[tuple[float, float] | None]) -> str:
    """A line that is interrupted where a point is missing."""
    out, pen = [], False
    for point in points:
        if point is not None:
            out.append(f"{'L' if pen else 'M'}{point[0]:.1f} {point[1]:.1f}")
        pen = point is not None
    return "".join(out)


def _points(n: int, at: Sequence[tuple[float, float] | None], told: Sequence[str], apart: bool) -> str:
    faint = [" opacity='.5'" if apart and k == len(at) - 1 else "" for k in range(len(at))]
    return "".join(
        f'<path d="{POINTS[n]}" transform="translate({p[0]:.1f} {p[1]:.1f})" stroke="none"{dim}><title>{escape(text)}</title></path>'
        for p, text, dim in zip(at, told, faint, strict=True)
        if p is not None
    )
