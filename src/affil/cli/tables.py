"""The results of counting as tables for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from affil.cli.language import called, shown, translated
from affil.cli.show import cell_len, plain, plain_table
from affil.wording import Name, Said, counted, joined, marked, said

if TYPE_CHECKING:
    from rich.table import Table

    from affil.rank import Diff, Ranking, RanksByYear, Trend, Why
    from affil.settings import TerminalSettings

_GAP = 1  # blanks between columns of years
# Levels, measures and moves, which are also names of options and columns of files, as headings.
_WORDS = (
    marked("institution"),
    marked("city"),
    marked("region"),
    marked("country"),
    marked("continent"),
    marked("publications"),
    marked("authors"),
    marked("adjusted"),
    marked("index"),
    marked("share"),
    marked("rank"),
    marked("range"),
    marked("best"),
    marked("first"),
    marked("new"),
    marked("gone"),
    marked("pts"),
)


def ranking_table(ranking: Ranking, width: int, settings: TerminalSettings) -> Table:
    """The ranking as a table for a terminal of this width, with Chinese names where the level has them and they fit."""
    from rich.table import Table

    from affil.rank import years_text

    years = years_text(ranking.years) if ranking.years else said("all years")
    place = said("in {0}", ranking.within) if ranking.within else ""
    chosen = ranking.venue if isinstance(ranking.venue, str | None) else ", ".join(ranking.venue)
    venues = chosen or (said("venues {0}", ranking.preset) if ranking.preset else "")
    area = ranking.area or said("all areas")
    title = [Said(ranking.level), place, area, venues, ranking.kind or "", _hong_kong(ranking), years]
    table = Table(title=shown(said("{0}, by {1}", _listed(title), Said(ranking.by))), box=None, title_justify="left")
    texts = {"name": ranking.level, "name_zh": "中文", "city": "city", "region": "region", "country": "country"}
    for same in {"institution": ["region"], "country": ["country"]}.get(ranking.level, []):
        del texts[same]
    from_width = {"city": settings.city, "name_zh": settings.name_zh}
    columns = [c for c in texts if c in ranking.table.column_names and width >= from_width.get(c, 0)]
    numbers = ["publications", "authors", "adjusted", "index"]
    intervals = "low" in ranking.table.column_names
    table.add_column(translated("rank"), justify="right")
    if intervals:
        table.add_column(translated("range"), no_wrap=True)
    for column in columns:
        table.add_column(translated(texts[column]), overflow="ellipsis" if column != "name" else "fold")
    for measure in numbers:
        heading, style = translated(measure), "bold" if measure == ranking.by else None
        table.add_column(heading, justify="right", no_wrap=True, min_width=cell_len(heading), style=style)
    for row in ranking.table.to_pylist():
        values = [f"{row[m]:,}" if isinstance(row[m], int) else f"{row[m]:,.2f}" for m in numbers]
        doubt = []
        if intervals:
            close = row["ahead"] < ranking.settings.confidence
            doubt = [
                (f"{row['low']}–{row['high']}" if row["low"] < row["high"] else str(row["rank"])) + (" ≈" if close else "")
            ]
        asked = "> " if row["id"] == ranking.around else ""
        table.add_row(
            f"{asked}{row['rank']}{_mark(row, ranking.settings.marked)}",
            *doubt,
            *(plain(row[c] or "") for c in columns),
            *values,
        )
    return table


def _listed(parts: Sequence[str]) -> str:
    return joined(", ", filter(None, parts))


def _hong_kong(result: Ranking | Trend) -> str:
    """How Hong Kong and Macao are counted, if that was asked for."""
    return {"with": said("Hong Kong and Macao with China"), "apart": said("Hong Kong and Macao apart")}.get(
        result.hong_kong or "", ""
    )


def _mark(row: Mapping[Any, Any], least: int) -> str:
    """Where the row would move, by so many ranks at least, if the review queue were decided."""
    from affil.rank import moves

    return {"up": " ↑", "down": " ↓", "": ""}[moves(row, least)]


def trend_table(result: Trend, width: int, settings: TerminalSettings) -> Table:
    """Numbers as counted by year, and growth over matched venues under the years that it compares, with the last years that fit
    the terminal (a number broken over two lines reads as another).
    """
    spans = {"growth": result.compared, "growth_last": result.step and result.step.ends}
    rows = result.frame.to_dict("records")
    growth = {
        shown(said("growth\n{0}–{1}", *span)) + ">": [_percent(row[name], result.by) for row in rows]
        for name, span in spans.items()
        if span
    }
    ranks = [_rank(row[result.reference]) for row in result.ranks.to_dict("records")]
    numbers = {year: [_number(row[year], result.by) for row in rows] for year in result.years}
    title = said("by {0}", Said(result.by)), _hong_kong(result)
    entities = [_name(row) for row in rows]
    return _by_year(result, width, settings.name, title, entities, numbers, {"rank>": ranks}, growth)


def years_table(result: RanksByYear, width: int, settings: TerminalSettings) -> Table:
    """Ranks by year, of the last years that fit the terminal."""
    rows = result.frame.to_dict("records")
    ranks = {year: [_rank(row[year]) for row in rows] for year in result.years}
    last = {
        "best>": [_rank(row["best"]) for row in rows],
        "first>": [f"{row['years_first']}×" if row["years_first"] else "" for row in rows],
    }
    names, title = [_name(row) for row in rows], (said("rank by {0}", Said(result.trend.by)),)
    return _by_year(result.trend, width, settings.name, title, names, ranks, {}, last)


def _name(row: Mapping[Any, Any]) -> str:
    """The name of a row in the reader's language."""
    return called(Name(row["name"], row.get("name_zh")))


Columns = Mapping[str, list[str]]  # cells by header; one that ends in ">" is of numbers


def _by_year(
    result: Trend,
    width: int,
    shortest: int,
    title: Sequence[str],
    names: list[str],
    years: Mapping[int, list[str]],
    first: Columns,
    last: Columns,
) -> Table:
    """Names between the first columns and the years, then the last ones. Where they do not fit, names are shortened, down to the
    `shortest`; then years are left out, the first ones first.
    """
    star = {year: "*" if result.lacking and year == result.years[-1] else "" for year in years}
    room = width - sum(_width(header, cells) + _GAP for header, cells in (*first.items(), *last.items()))
    longest = max(map(cell_len, (translated(result.level), *names)))
    kept = _years_that_fit({f"{y}{star[y]}": cells for y, cells in years.items()}, room - min(longest, shortest))
    headers = [f"{year}{star[year]}>" for year in kept]
    used = sum(_width(header, years[year]) + _GAP for header, year in zip(headers, kept, strict=True))
    table = plain_table(*first, result.level, *headers, *last, title=_listed([*title, _left_out(result, kept)]))
    table.padding = (0, _GAP, 0, 0)
    table.columns[len(first)].width = max(min(longest, room - used), 1)
    table.columns[len(first)].no_wrap, table.columns[len(first)].overflow = True, "ellipsis"
    for at, name in enumerate(names):
        cells = [[column[at] for column in side.values()] for side in (first, last)]
        table.add_row(*cells[0], plain(name), *(years[year][at] for year in kept), *cells[1])
    return table


def _width(header: str, cells: list[str]) -> int:
    return max(*map(cell_len, translated(header.removesuffix(">")).split("\n")), *map(cell_len, cells), 0)


def _years_that_fit(columns: Mapping[str, list[str]], room: int) -> list[int]:
    """The last years whose columns fit into so many characters, at least one."""
    kept: list[int] = []
    for year in reversed(list(columns)):
        room -= _width(year, columns[year]) + _GAP
        if room < 0 and kept:
            break
        kept.insert(0, int(year.rstrip("*")))
    return kept


def _left_out(result: Trend, kept: list[int]) -> str:
    """What is not shown of the years, if anything."""
    if len(kept) == len(result.years):
        return ""
    return said("the last {0} of {1} years; --years chooses others, --output and --json have all", len(kept), len(result.years))


def _rank(value: Any) -> str:
    return "" if value is None or value != value or str(value) == "<NA>" else str(value)


def _number(value: float, by: str) -> str:
    return f"{value:.1%}" if by == "share" else f"{value:,.0f}" if by in ("publications", "authors") else f"{value:,.2f}"


def _percent(value: float | None, by: str) -> str:
    """Growth in per cent, of a share in points."""
    if value is None or value != value:
        return ""
    return f"{100 * value:+.1f} {translated('pts')}" if by == "share" else f"{value:+.0%}"


def papers_table(result: Why, limit: int) -> Table:
    """The papers behind an entity's counts."""
    table = plain_table("credit>", "venue", "year>", "paper", "through")
    for row in (result.papers.head(limit) if limit else result.papers).to_dict("records"):
        through = "; ".join(row["strings"])
        table.add_row(
            f"{row['credit']:.3f}", row["venue"], str(row["year"]), plain(row["title"] or row["paper"]), plain(through)
        )
    return table


def waiting(result: Why, limit: int) -> str:
    """The strings in review that may name the entity, most mentioned first."""
    waiting = result.waiting
    if waiting.empty:
        return said("No string in review may name it.")
    lines: list[str] = [
        said(
            "{0} in review may name it, in {1}, not counted; decide with affil review:",
            counted(len(waiting), "string"),
            counted(result.waiting_papers, "paper"),
        )
    ]
    for row in (waiting.head(limit) if limit else waiting).to_dict("records"):
        lines.append(
            said(
                "{0:>16}, probability {1:.2f}: {2!r}",
                counted(row["mentions"], "mention"),
                row["probability"],
                row["affiliation"],
            )
        )
    if limit and len(waiting) > limit:
        lines.append(said("        and {0:,} more; --limit 0 shows all", len(waiting) - limit))
    return joined("\n", lines)


def rolled(result: Why, limit: int) -> list[str]:
    """The strings of rolled-up institutions that have other parents too, and why the entity gets this part of them: a note, or none."""
    if result.rolled is None or not len(doubtful := result.rolled[result.rolled["named"] | (result.rolled["part"] < 1)]):
        return []
    lines: list[str] = [
        said("Rolled up to it from institutions with other parents too, {0}:", counted(len(doubtful), "string"))
    ]
    for row in (doubtful.head(limit) if limit else doubtful).to_dict("records"):
        because = said("named in the string") if row["named"] else said("an equal part")
        papers = counted(row["papers"], "paper")
        lines.append(said("{0:>16}, {1:.0%}, {2}: {3!r} ({4})", papers, row["part"], because, row["affiliation"], row["name"]))
    if limit and len(doubtful) > limit:
        lines.append(said("        and {0:,} more; --limit 0 shows all", len(doubtful) - limit))
    return [joined("\n", lines)]


def moves_table(result: Diff, limit: int) -> Table:
    """The moves that are worth a row each: those with a cause of their own first, then others by more than one rank."""
    table = plain_table("before>", "now>", "moved>", "", shown(said("{0} before", Said(result.by))) + ">", "now>", "why")
    plain_values = result.to_dict()
    causes: dict[str, list[str]] = {}
    for cause in plain_values["causes"]:
        causes.setdefault(cause["id"], []).append(_cause(cause))
    folded = {*result.split()[2]["id"]}
    for row in [m for m in plain_values["moves"] if m["id"] not in folded][: limit or None]:
        old, new = row["rank_before"], row["rank_after"]
        moved = (
            translated("new")
            if old is None
            else translated("gone")
            if new is None
            else f"{old - new:+d}"
            if old != new
            else "="
        )
        values = ["" if row[c] is None else f"{row[c]:,.2f}" for c in ("before", "after")]
        own = causes.get(row["id"], [])
        reasons = own[:3] + ([shown(said("and {0} more", len(own) - 3))] if len(own) > 3 else [])
        table.add_row(
            str(old or ""),
            str(new or ""),
            moved,
            plain(row["name"]),
            *values,
            "\n".join(reasons) or shown(said("others moved")),
        )
    return table


def _cause(row: dict[str, Any]) -> str:
    papers = said("{0:+,.0f} paper", row["papers"]) if abs(row["papers"]) == 1 else said("{0:+,.0f} papers", row["papers"])
    size = said("{0}, {1:+,.2f}", papers, row["adjusted"])
    if row["cause"] == "decision":
        return plain(said("{0}: decision {entry:.0f} by {who}, {what!r} was {was}, is {now} ({why})", size, **row))
    if row["cause"] == "answer":
        return plain(said("{0}: {what!r} was {was}, is {now}", size, **row))
    return plain(said("{0}: {cause}, {what}", size, **row))
