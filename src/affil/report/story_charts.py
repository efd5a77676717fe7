"""Charts of the story's sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from affil.report.charts import COLOURS, DASHES, Spec, config
from affil.report.story import Area, Chart, Named

_FORMATS = {"bars": ".1%", "growth": "+.0%", "times": ".1f", "lines": ".0%"}
_TICKS = {"bars": ".0%", "growth": "+.0%", "times": "~g"}


def story_spec(chart: Chart, name: Callable[[Named | Area], str], year: str, axis: str, ink: str = "currentColor") -> Spec:
    """The specification of a sentence's chart, with its values; `axis` is the title of what is measured."""
    values = [{"who": name(w), "when": when, "value": value, "apart": when.endswith("*")} for w, when, value in chart.rows]
    over_years = chart.kind in ("lines", "slopes")
    drawn = _over_years(chart, values, year, axis) if over_years else _bars(chart, axis, ink)
    return {"data": {"values": values}, "width": 340, **drawn, "config": config(ink)}


def _bars(chart: Chart, axis: str, ink: str) -> Spec:
    """Bars, the number at the end of each; a line where something is once its mean."""
    number = _FORMATS[chart.kind]
    label = f"format(datum.value, '{number}')"
    label = f"'×' + {label}" if chart.kind == "times" else label
    y = {"field": "who", "type": "nominal", "title": None, "sort": None, "axis": {"labelLimit": 170, "ticks": False}}
    x = {"field": "value", "type": "quantitative", "title": axis, "axis": {"format": _TICKS[chart.kind], "tickCount": 4}}
    layers: list[Spec] = [
        {"mark": {"type": "bar", "color": COLOURS[0], "height": {"band": 0.72}}, "encoding": {"x": x, "y": y}},
        {
            "transform": [{"calculate": label, "as": "label"}],
            "mark": {"type": "text", "align": "left", "dx": 4, "fill": ink},
            "encoding": {"x": {**x, "stack": None}, "y": y, "text": {"field": "label"}},
        },
    ]
    if chart.kind == "times" and isinstance(chart.rows[0][0], Area):
        layers.append({"mark": {"type": "rule", "color": ink, "strokeDash": [4, 3]}, "encoding": {"x": {"datum": 1}}})
    return {"height": {"step": 22}, "layer": layers}


def _over_years(chart: Chart, values: list[dict[str, Any]], year: str, axis: str) -> Spec:
    """Lines over the years; of ranks, the first above."""
    names = list(dict.fromkeys(v["who"] for v in values))
    ranks = chart.kind == "slopes"
    scale = {"reverse": True, "zero": False, "domainMin": 1} if ranks else {"zero": True}
    who = {
        "field": "who",
        "type": "nominal",
        "sort": None,
        "legend": {"columns": 1 if ranks else 3} if len(names) > 1 else None,
    }
    return {
        "height": 230,
        "mark": {"type": "line", "point": {"size": 60, "filled": True}, "strokeWidth": 2.5},
        "encoding": {
            "x": {"field": "when", "type": "ordinal", "title": year, "axis": {"labelAngle": 0, "labelOverlap": True}},
            "y": {
                "field": "value",
                "type": "quantitative",
                "title": axis,
                "scale": scale,
                "axis": {"format": "d" if ranks else _FORMATS["lines"], "tickCount": 5},
            },
            "detail": {"field": "apart", "type": "nominal"},
            "color": {**who, "scale": {"domain": names, "range": list(COLOURS[: len(names)])}},
            "strokeDash": {**who, "scale": {"domain": names, "range": [list(d) for d in DASHES[: len(names)]]}},
        },
    }
