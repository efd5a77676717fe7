"""Charts as Vega-Lite specifications: drawn in pages by vega-embed (static/chart.js), and here by vl-convert.

A specification has no data: its source `rows` holds objects of `x` (a year, an area, a name), `who` and `value`, as `tidy` makes them.
Its parameters are `axis` (what is measured), `narrow` (whether it is drawn for a phone), and those of its kind; who draws it sets them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Spec = dict[str, Any]
Columns = Sequence[str]
Rows = Sequence[Sequence[Any]]

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B8860B", "#56B4E9", "#8C6BB1", "#7F7F7F")
"""Okabe and Ito's palette, safe for colour blindness, with contrast on both themes; who is told apart by shapes and dashes, too."""
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left")
FONT = "system-ui, 'Noto Sans', 'Noto Sans CJK SC', 'Noto Sans SC', 'Microsoft YaHei', 'PingFang SC', sans-serif"
MEASURED = "sans-serif"  # the font in which charts are laid out: vl-convert brings it, others it has to look for at each text
INK = "currentColor"  # of the page, which changes with its theme
PAPER, PEN = "#fff", "#1a1e23"  # of a chart that stands alone

CONFIG: Spec = {
    "font": FONT,
    "background": None,
    "view": {"stroke": None},
    "title": {"color": INK, "fontSize": 13, "fontWeight": "normal", "anchor": "start", "frame": "bounds", "offset": 8},
    "axis": {
        "labelColor": INK,
        "labelFontSize": 13,
        "gridColor": INK,
        "gridOpacity": 0.15,
        "domain": False,
        "ticks": False,
        "title": None,
        "labelPadding": 6,
    },
    "axisX": {"labelAngle": 0, "labelSeparation": 6},  # of years on a phone, of which some are left out
    "legend": {
        "labelColor": INK,
        "labelFontSize": 13,
        "symbolSize": 80,
        "symbolStrokeWidth": 2,
        "title": None,
        "orient": "top",
        "columnPadding": 24,  # a reader's font may be wider than that in which names were laid out
    },
    "text": {"color": INK, "fontSize": 13},
    "range": {
        "category": [*COLOURS],
        # no two of 64 have the same colour and shape: from the ninth on colours come again, with the shape of another
        "symbol": [SHAPES[(k + k // len(COLOURS)) % len(SHAPES)] for k in range(len(COLOURS) * len(SHAPES))],
    },
}  # fmt: skip
_LINE = 13.5  # pixels of a line of names at the ends of ranks, at least
_SHORT, _LONG = 24, 44  # letters of these in a line on a phone, and elsewhere
_SHOWN = "share ? format({0}, '.1~%') : format({0}, ',.2~f')"  # a number without needless digits: 1,500, 0.5, 12.5%

_IN_CHINESE = "test(/[\\u2e80-\\uffff]/, {0})"
COLON = "(" + _IN_CHINESE + " ? '：' : ': ')"  # behind a name, as its script has it
_COMMA = "(" + _IN_CHINESE + " ? '，' : ', ')"
_WHO = "datum.who + datum.x"
_NAMES = "length(join(pluck(data('rows'), 'who'), '')) / max(1, length(data('rows')))"  # mean length of names


def tidy(columns: Columns, rows: Rows) -> list[dict[str, Any]]:
    """The rows of a table, of which the first column is `x` and each further one is of somebody, as objects for a chart."""
    return [{"x": x, "who": who, "value": v} for x, *values in rows for who, v in zip(columns[1:], values, strict=True)]


def lines(label: str, axis: str, *, share: bool = False, ranks: bool = False, height: int = 300) -> Spec:
    """Lines over years; one without a value is a gap, one marked by a star is incomplete and stands apart, unconnected.

    Args:
        label: what it shows, for those who do not see it.
        axis: what is measured.
        share: whether values are shares, shown in percent.
        ranks: whether values are ranks, the first above.
        height: of the plot, in pixels.
    """
    y: Spec = {
        "field": "value",
        "type": "quantitative",
        "axis": {"labelExpr": _SHOWN.format("datum.value"), "tickCount": 5, **({"tickMinStep": 1} if ranks else {})},
        "scale": {"reverse": True, "zero": False, "nice": False, "domainMin": 1} if ranks else {"zero": True},
    }
    return {
        **_common(label, axis, height, {"share": share}),
        "transform": [
            {"calculate": "test(/\\*$/, datum.x)", "as": "apart"},
            {"calculate": "datum.apart ? null : datum.value", "as": "joined"},
            {"calculate": f"datum.who + ' ' + datum.x + {COLON.format(_WHO)} + ({_SHOWN.format('datum.value')})", "as": "told"},
        ],
        "encoding": {
            "x": {"field": "x", "type": "ordinal", "sort": None, "axis": {"grid": False, "labelOverlap": True}},
        },
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 2.5, "invalid": "break-paths-show-path-domains", "aria": False},
                "encoding": {"y": {**y, "field": "joined"}, "color": _who(legend=False), "strokeDash": _who(legend=False)},
            },
            {
                "transform": [{"filter": "isValid(datum.value)"}],
                "mark": {"type": "point", "filled": True, "size": 60},
                "encoding": {
                    "y": y,
                    "color": _who(legend=False),
                    "shape": _who(),
                    "opacity": {"condition": {"test": "datum.apart", "value": 0.5}, "value": 1},
                    **_told(),
                },
            },
        ],
    }


def bars(label: str, axis: str, many: int, written: str, *, once: bool = False) -> Spec:
    """Bars from zero, one below the other, with the number at the end of each.

    Args:
        label: what it shows, for those who do not see it.
        axis: what the values are.
        many: how many bars there are.
        written: the Vega expression that writes `datum.value`.
        once: whether there is a line at 1, the mean of what values are multiples of.
    """
    room = "(narrow ? 52 : 60)"  # for the number at the end of a bar
    x: Spec = {"field": "value", "type": "quantitative", "axis": None}
    scale = {"zero": True, "nice": False, "range": [{"expr": f"lowest < 0 ? {room} : 0"}, {"expr": f"width - {room}"}]}
    sides = {"align": "'right' : 'left'", "dx": "-5 : 5"}
    rule: Spec = {
        "mark": {"type": "rule", "color": INK, "opacity": 0.5, "aria": False},
        "encoding": {"x": {"datum": 0}},
    }
    mean = {
        "mark": {"type": "rule", "color": INK, "strokeDash": [4, 3], "aria": False},
        "encoding": {"x": {"datum": 1}},
    }
    spec = _common(label, axis, 24 * many, {})
    spec["params"].append({"name": "lowest", "expr": "extent(pluck(data('rows'), 'value'))[0]"})
    return {
        **spec,
        "transform": [
            {"calculate": written, "as": "written"},
            {"calculate": f"datum.x + {COLON.format('datum.x')} + datum.written", "as": "told"},
        ],
        "encoding": {"x": {**x, "scale": scale}},
        "layer": [
            {"mark": {"type": "bar", "height": 17, "color": COLOURS[0]}, "encoding": {"y": _names("x"), **_told()}},
            {
                "mark": {"type": "text", "aria": False, **{k: {"expr": f"datum.value < 0 ? {v}"} for k, v in sides.items()}},
                "encoding": {"y": _names("x"), "text": {"field": "written"}},
            },
            rule,
            *([mean] if once else []),
        ],
    }


def dots(label: str, axis: str, many: int) -> Spec:
    """Shares of several entities by area: one row an area, a dot an entity.

    Args:
        label: what it shows, for those who do not see it.
        axis: what the shares are of.
        many: how many areas there are.
    """
    above = {"labelAlign": ("'left'", "'right'"), "labelPadding": ("-2", "8"), "labelOffset": ("-15", "0")}
    names = _names("x")
    names["axis"] |= {
        "grid": True,
        "labelLimit": 310,
        "gridOpacity": 0.3,
        **{k: {"expr": f"narrow ? {a} : {b}"} for k, (a, b) in above.items()},
    }
    return {
        **_common(label, axis, 40 * many, {"share": True}),
        "transform": [
            {
                "calculate": f"datum.who + {_COMMA.format(_WHO)} + datum.x + {COLON.format(_WHO)} + ({_SHOWN.format('datum.value')})",
                "as": "told",
            }
        ],
        "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
        "encoding": {
            "y": names,
            "x": {
                "field": "value",
                "type": "quantitative",
                "axis": {"labelExpr": _SHOWN.format("datum.value"), "tickCount": {"expr": "narrow ? 4 : 8"}},
            },
            "color": _who(),
            "shape": _who(),
            **_told(),
        },
    }


def bump(label: str, columns: Columns, rows: Rows, lowest: int, breaks: Sequence[int] = ()) -> Spec:
    """Ranks over years, the first above, the name of each at the end of its line.

    Args:
        label: what it shows, for those who do not see it.
        columns: "Year" and the names.
        rows: the years with the rank of each; None: a gap.
        lowest: the last rank with a place of its own; those behind it stand together in a row below, faint.
        breaks: the years that no line joins to the one before.
    """
    spec = lines(label, "", ranks=True, height=380)
    deepest = max([min(v, lowest + 1) for _, *values in rows for v in values if v is not None], default=1)
    room = "(narrow ? 0.54 * width : 300)"  # for the names
    ticks = [r for r in range(1, int(deepest) + 1) if r in (1, lowest + 1) or r % 5 == 0]
    axis = {"values": ticks, "labelExpr": f"datum.value > {lowest} ? '>{lowest}' : format(datum.value, 'd')"}
    scale = {"domain": [0.5, max(deepest, 2) + 0.5], "reverse": True, "zero": False, "nice": False}
    line, point = spec["layer"]
    for mark, field in ((line, "joined"), (point, "value")):
        mark["encoding"]["y"] = {
            "field": field if field == "joined" else "placed",
            "type": "quantitative",
            "axis": axis,
            "scale": scale,
        }
    line["encoding"]["detail"] = {"field": "stretch"}
    faint = {"test": f"datum.apart || datum.value > {lowest}", "value": 0.45}
    point["encoding"]["opacity"] = {"condition": faint, "value": 1}
    spec["transform"][1]["calculate"] = "datum.apart || !isValid(datum.value) ? null : min(datum.value, " + f"{lowest + 1})"
    stretch = " + ".join(f"(parseInt(datum.x) < {year} ? 0 : 1)" for year in breaks) or "0"
    spec["transform"] += [
        {"calculate": f"min(datum.value, {lowest + 1})", "as": "placed"},
        {"calculate": stretch, "as": "stretch"},
    ]
    spec["encoding"]["x"]["scale"] = {"range": [0, {"expr": f"width - {room}"}], "type": "point", "padding": 0.5}
    point["encoding"] |= {"color": _who(legend=False), "shape": _who(legend=False)}
    high = _LINE * (2 if any(_letters(name) > _SHORT for name in columns[1:]) else 1)
    ends = _ends(rows, lowest, max(deepest, 2), high / spec["height"])
    named: Spec = {
        "data": {"values": [{"who": who, "end": end} for who, end in zip(columns[1:], ends, strict=True)]},
        "transform": [{"calculate": _in_lines("datum.who", f"narrow ? {_SHORT} : {_LONG}"), "as": "lines"}],
        "encoding": {
            "x": {"value": {"expr": f"width - {room}"}},
            "y": {"field": "end", "type": "quantitative", "scale": scale},
        },
    }
    small = {"expr": "narrow ? 10 : 13"}
    name = {"type": "text", "align": "left", "dx": 16, "limit": {"expr": f"{room} - 18"}, "aria": False, "color": INK}
    name |= {"lineBreak": "\n", "fontSize": small, "lineHeight": small}
    name["dy"] = {"expr": "indexof(datum.lines, '\\n') < 0 ? 0 : narrow ? -5 : -6.5"}  # both lines beside the mark
    key = {"type": "point", "filled": True, "size": 60, "xOffset": 6, "opacity": 1, "aria": False}
    spec["layer"] += [
        {**named, "mark": name, "encoding": {**named["encoding"], "text": {"field": "lines"}, "color": {"value": INK}}},
        {**named, "mark": key, "encoding": {**named["encoding"], "color": _who(legend=False), "shape": _who(legend=False)}},
    ]
    return spec


def card(spec: Spec, title: str, site: str, width: int, height: int) -> Spec:
    """A chart or map with a title and the name of the site, as large as a picture that stands for a page where it is shared."""
    heading = {"text": title, "subtitle": site, "anchor": "start", "frame": "group", "fontSize": 44, "fontWeight": "bold"}
    heading |= {"subtitleFontSize": 24, "subtitlePadding": 10, "subtitleColor": "#505965", "limit": width - 100, "offset": 20}
    out = {**spec, "padding": 50, "background": "#fff", "title": heading, "autosize": {"type": "fit", "contains": "padding"}}
    if "signals" in spec:  # a map
        fixed = {"width": width, "height": height}
        return {
            **out,
            "signals": [{"name": s["name"], "value": fixed[s["name"]]} if s["name"] in fixed else s for s in spec["signals"]],
        }
    large: Spec = {"labelFontSize": 22, "labelLimit": 460}
    config = {"axis": large, "legend": {**large, "symbolSize": 200}, "text": {"fontSize": 22}}
    return {**out, "width": width, "height": height, "config": config}


def _common(label: str, axis: str, height: int, params: Mapping[str, Any]) -> Spec:
    """What all charts have: they fill the width of their frame, and say what they show and in which unit."""
    return {
        "description": label,
        "width": "container",
        "height": height,
        "padding": {"left": 0, "right": 4, "top": 4, "bottom": 4},
        "params": [
            *({"name": k, "value": v} for k, v in {"axis": axis, "narrow": False, **params}.items()),
            {"name": "columns", "expr": f"narrow ? 1 : {_NAMES} > 22 ? 2 : 3"},  # of the legend
        ],
        "title": {"text": {"expr": f"split({_in_lines('axis', 'narrow ? 46 : 200')}, '\\n')"}},
        "data": {"name": "rows", "values": []},
    }


def _who(legend: bool = True) -> Spec:
    """An encoding of who a mark is of, in the order of the data."""
    shown = {
        "columns": {"expr": "columns"},
        "labelLimit": {"expr": "narrow ? 300 : max(120, width / columns - 40)"},
        "labelFontSize": {"expr": "narrow ? 11 : 13"},
        "symbolFillColor": {"expr": "scale('color', datum.value)"},
        "symbolStrokeWidth": 0,
    }
    return {"field": "who", "type": "nominal", "sort": None, "legend": shown if legend else None}


def _names(field: str) -> Spec:
    """An encoding of names in rows, in the order of the data."""
    sizes = {"labelLimit": {"expr": "narrow ? 165 : 260"}, "labelFontSize": {"expr": "narrow ? 11 : 13"}}
    return {"field": field, "type": "nominal", "sort": None, "axis": {**sizes, "grid": False}}


def _letters(text: str) -> int:
    """About how many letters wide a text is; a Chinese character is two."""
    return sum(2 if "\u2e80" <= c <= "\uffff" else 1 for c in text)


def _in_lines(text: str, most: str) -> str:
    """The Vega expression that breaks a text of more letters than `most` once, between words or Chinese characters, which are twice as wide."""
    return (
        f"length({text}) > ({most}) ? replace({text}, regexp('^(.{{1,' + ({most}) + '}}) (.+)$'), '$1\\n$2') : "
        f"replace({text}, regexp('^([\\u2e80-\\uffff]{{' + floor(({most}) / 2) + '}})(.+)$'), '$1\\n$2')"
    )


def _told() -> Spec:
    """What a mark says to those who point at it, and to those who hear it."""
    return {"tooltip": {"field": "told"}, "description": {"field": "told"}}


def _ends(rows: Rows, lowest: int, deepest: float, high: float) -> list[float]:
    """Where the names at the ends of lines of ranks stand, as near to the last rank of each as they can be without touching; `high` is the
    part of the height of the chart that one takes.
    """
    many = len(rows[0]) - 1 if rows else 0
    last = [next((min(r[k], lowest + 1) for r in reversed(rows) if r[k] is not None), deepest) for k in range(1, many + 1)]
    room = min(max(1.0, high * deepest), deepest / max(many, 1))
    placed: dict[int, float] = {}
    before = 0.5 - room / 2
    for at, n in enumerate(sorted(range(many), key=lambda n: last[n])):
        before = max(min(last[n], deepest + 0.5 - room * (many - at - 0.5)), before + room)
        placed[n] = before
    return [placed[n] for n in range(many)]
