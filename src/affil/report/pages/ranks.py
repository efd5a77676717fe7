"""Ranks over the years: charts of the first of the window, who has been first for how long, and the lines in rows of boards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from affil.drawing.vega import bump
from affil.markup import SIZE, spark_path
from affil.rank import Level, RanksByYear
from affil.report.charts import Figure
from affil.report.formats import number, span, two
from affil.report.pages.frame import Frame

LEVELS: tuple[Level, ...] = ("country", "institution", "city")


def bumps(frame: Frame) -> list[dict[str, Any]]:
    """The charts of ranks over the years, each with what is said below it."""
    return [
        {"level": level, "chart": _chart(frame, level), "said": [*first_places(frame, level), broken(frame, level)]}
        for level in LEVELS
    ]


def first_places(frame: Frame, level: Level) -> list[str]:
    """Who is first in the year told of and for how many years in a row, who in complete years to which ranks do not go on from it, and who
    was first most often.
    """
    found = frame.data.ranks[level]
    last, whole = found.trend.told, [*found.trend.complete]
    times = found.frame[whole].eq(1).sum(axis=1)
    most = int(times.to_numpy().max(initial=0))
    out = []
    for row in found.frame[found.frame["in_a_row"] > 0].to_dict("records"):
        key, values = ("first_in_a_row", (number(row["in_a_row"]),)) if row["in_a_row"] > 1 else ("first_now", ())
        out.append(frame.text(key, frame.name(level, row["id"]), last, *values))
    for year, who in found.later.items():
        out.append(frame.text("first_later", year, last, frame.listed(frame.name(level, one) for one in who)))
    for identifier, in_a_row, often in zip(found.frame["id"], found.frame["in_a_row"], times, strict=True):
        if often == most > max(in_a_row, 1):
            out.append(frame.text("first_most", frame.name(level, identifier), number(often), number(len(whole))))
    return out


def broken(frame: Frame, level: Level) -> str:
    """Before which years lines and rows of years end, as the venues of the data are others; "" where there are none."""
    trend = frame.data.ranks[level].trend
    if not trend.breaks:
        return ""
    return frame.text("ranks_breaks", frame.listed(map(str, trend.breaks)), f"{trend.settings.panel_share:.0%}")


def sparks(frame: Frame, level: Level, ids: list[str]) -> Mapping[str, Markup]:
    """A small line of the adjusted publications by year for each id that has one, with what it shows in words."""
    trend = frame.data.ranks[level].trend
    drawn = frame.data.by_year(trend)
    values_of = dict(zip(drawn.index, drawn.to_numpy(float).tolist(), strict=True))
    lines = {i: values_of[i] for i in ids if i in values_of}
    _, filled = trend.by_year(lines)
    out = {}
    for identifier, values in filled.items():
        path = spark_path(values, apart=bool(trend.lacking))
        if path:
            known = [(trend.years[0] + k, v) for k, v in enumerate(values[:-1] if trend.lacking else values) if v is not None]
            (first, before), (last, after) = known[0], known[-1]
            title = f"{first}–{last}{frame.text('colon')}{two(before)} → {two(after)}"
            out[identifier] = Markup(
                '<svg aria-hidden="true" viewBox="0 0 {} {}"><path d="{}"/></svg><span class="sr">{}</span>'
            ).format(*SIZE, path, title)
    return out


def spark_why(frame: Frame, level: Level) -> str:
    """What the small lines show, and of which years."""
    trend = frame.data.ranks[level].trend
    return frame.text("spark_why" if trend.base else "spark_counted", span(trend.compared or (trend.years[0], trend.years[-1])))


def _chart(frame: Frame, level: Level) -> Figure:
    """The ranks of the first of the window over its years."""
    data = frame.data
    found, ids = data.ranks[level], data.ranking(level).frame["id"].head(data.report.bump).tolist()
    years, lines = found.trend.by_year(_ranks(frame, level, found, ids))
    label = frame.text("bump_chart", frame.names.levels(level), span(data.window))
    columns = (frame.text("year"), *lines)
    rows = [
        (y, *(None if rank is None else int(rank) for rank in ranks)) for y, *ranks in zip(years, *lines.values(), strict=True)
    ]
    breaks = found.trend.breaks
    spec = bump(label, columns, rows, data.report.bump_lowest, breaks)
    caveat = frame.sentences(frame.text("ranks_lead", data.report.bump_lowest), broken(frame, level))
    figure = Figure(f"ranks-{level}", label, spec, columns, rows, number, caveat=caveat)
    return frame.kept(figure, f"ranks-{level}")


def _ranks(frame: Frame, level: Level, found: RanksByYear, ids: list[str]) -> dict[str, list[float]]:
    """The ranks of some entities by name; a name that two have is followed by its place."""
    table = found.frame.set_index("id")[list(found.years)].astype("Float64")
    names = [frame.name(level, i) for i in ids]
    told = [
        frame.beside(name, frame.place(frame.data.entities[level][i]) if names.count(name) > 1 else "")
        for i, name in zip(ids, names, strict=True)
    ]
    return {
        name: [float(v) for v in table.loc[i].to_numpy(float, na_value=float("nan"))]
        for i, name in zip(ids, told, strict=True)
        if i in table.index
    }
