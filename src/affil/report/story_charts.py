"""Charts of the story's sentences."""

from __future__ import annotations

from collections.abc import Callable

from affil.drawing.vega import bars, lines
from affil.report.charts import Figure
from affil.report.formats import number, percent
from affil.report.story import Area, Chart, Who

HEIGHT = 190  # of lines, in pixels

_BARS: dict[str, tuple[str, Callable[[float], str]]] = {
    "bars": ("format(datum.value, '.1%')", "{:.1%}".format),
    "growth": ("format(datum.value, '+.0%')", "{:+.0%}".format),
    "times": ("'×' + format(datum.value, '.1f')", "×{:.1f}".format),
}


def story_figure(key: str, label: str, chart: Chart, name: Callable[[Who], str], year: str, axis: str) -> Figure:
    """The chart of a sentence; `label` says what it shows, `axis` what is measured."""
    if chart.kind in _BARS:
        written, write = _BARS[chart.kind]
        once = chart.kind == "times" and isinstance(chart.rows[0][0], Area)
        rows = [(name(who), value) for who, _, value in chart.rows]
        return Figure(key, label, bars(label, axis, len(rows), written, once=once), ("", axis), rows, write)
    years = list(dict.fromkeys(when for _, when, _ in chart.rows))
    years.sort(key=lambda when: when.rstrip("*"))
    found = {(name(who), when): value if value == value else None for who, when, value in chart.rows}
    names = [*dict.fromkeys(who for who, _ in found)]
    ranks = chart.kind == "slopes"
    spec = lines(label, axis, share=not ranks, ranks=ranks, height=HEIGHT)
    values = [(y, *(found.get((who, y)) for who in names)) for y in years]
    return Figure(key, label, spec, (year, *names), values, number if ranks else lambda share: percent(share, 1))
