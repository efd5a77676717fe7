"""Charts of the story's sentences."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from affil.report.charts import Figure
from affil.report.plot import Line, bar_chart, line_chart
from affil.report.story import Area, Chart, Named

SIZE = (430, 270)  # width and height of lines, in pixels

_SHOWN: dict[str, Callable[[float], str]] = {"bars": "{:.1%}".format, "growth": "{:+.0%}".format, "times": "×{:.1f}".format}


def story_figure(key: str, label: str, chart: Chart, name: Callable[[Named | Area], str], year: str, axis: str) -> Figure:
    """The chart of a sentence; `label` says what it shows, `axis` what is measured."""
    if chart.kind in _SHOWN:
        bars = [(name(who), value) for who, _, value in chart.rows]
        once = chart.kind == "times" and isinstance(chart.rows[0][0], Area)
        return Figure(
            key,
            label,
            Markup(bar_chart(label, axis, bars, _SHOWN[chart.kind], once=once)),
            columns=("", axis),
            rows=tuple(bars),
        )
    years = list(dict.fromkeys(when for _, when, _ in chart.rows))
    years.sort(key=lambda when: when.rstrip("*"))
    found = {(name(who), when): value for who, when, value in chart.rows}
    lines: dict[str, Line] = {who: [found.get((who, y)) for y in years] for who in dict.fromkeys(who for who, _ in found)}
    ranks, apart = chart.kind == "slopes", years[-1].endswith("*")
    svg = line_chart(label, axis, years, lines, share=not ranks, apart=apart, ranks=ranks, size=SIZE)
    rows = tuple((y, *(values[k] for values in lines.values())) for k, y in enumerate(years))
    return Figure(key, label, Markup(svg), columns=(year, *lines), rows=rows)
