"""The results of counting as tables for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from affil.cli.show import cell_len, plain, plain_table
from affil.wording import counted

if TYPE_CHECKING:
    from rich.table import Table

    from affil.rank import Diff, Ranking, RanksByYear, Trend, Why
    from affil.settings import TerminalSettings

_GAP = 1  # blanks between columns of years


def ranking_table(ranking: Ranking, width: int, settings: TerminalSettings) -> Table:
    """The ranking as a table for a terminal of this width, with Chinese names where the level has them and they fit."""
    from rich.table import Table

    from affil.rank import years_text

    years = years_text(ranking.years) if ranking.years else "all years"
    place = f"in {ranking.within}" if ranking.within else ""
    venues = ranking.venue or (f"venues {ranking.preset}" if ranking.preset else "")
    title = [ranking.level, place, ranking.area or "all areas", venues, ranking.kind or "", _hong_kong(ranking), years]
    table = Table(title=f"{', '.join(filter(None, title))}, by {ranking.by}", box=None, title_justify="left")
    texts = {"name": ranking.level, "name_zh": "中文", "city": "city", "region": "region", "country": "country"}
    for same in {"institution": ["region"], "country": ["country"]}.get(ranking.level, []):
        del texts[same]
    from_width = {"city": settings.city, "name_zh": settings.name_zh}
    shown = [c for c in texts if c in ranking.table.column_names and width >= from_width.get(c, 0)]
    numbers = ["publications", "authors", "adjusted", "index"]
    intervals = "low" in ranking.table.column_names
    table.add_column("rank", justify="right")
    if intervals:
        table.add_column("range", no_wrap=True)
    for column in shown:
        table.add_column(texts[column], overflow="ellipsis" if column != "name" else "fold")
    for measure in numbers:
        table.add_column(
            measure, justify="right", no_wrap=True, min_width=len(measure), style="bold" if measure == ranking.by else None
        )
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
            f"{asked}{row['rank']}{_mark(row, ranking.settings.marked)}", *doubt, *(plain(row[c] or "") for c in shown), *values
        )
    return table


def _hong_kong(result: Ranking | Trend) -> str:
    """How Hong Kong and Macao are counted, if that was asked for."""
    return {"with": "Hong Kong and Macao with China", "apart": "Hong Kong and Macao apart"}.get(result.hong_kong or "", "")


def _mark(row: Mapping[Any, Any], least: int) -> str:
    """Where the row would move, by so many ranks at least, if the review queue were decided."""
    from affil.rank import moves

    return {"up": " ↑", "down": " ↓", "": ""}[moves(row, least)]


def trend_table(result: Trend, width: int, settings: TerminalSettings) -> Table:
    """Numbers as counted by year, and growth over matched venues under the years that it compares, with the last years that fit
    the terminal (a number broken over two lines reads as another).
    """
    spans = [result.compared, result.years[-2:] if len(result.years) > 1 else None]
    rows = result.frame.to_dict("records")
    shown = ("growth", "growth_last")
    growth = {
        f"growth\n{span[0]}–{span[-1]}>" if span else "growth>": [_percent(row.get(name), result.by) for row in rows]
        for name, span in zip(shown, spans, strict=True)
    }
    ranks = [_rank(row[result.reference]) for row in result.ranks.to_dict("records")]
    numbers = {year: [_number(row[year], result.by) for row in rows] for year in result.years}
    title = f"by {result.by}", _hong_kong(result)
    names = [row["name"] for row in rows]
    return _by_year(result, width, settings.name, title, names, numbers, {"rank>": ranks}, growth)


def years_table(result: RanksByYear, width: int, settings: TerminalSettings) -> Table:
    """Ranks by year, of the last years that fit the terminal."""
    rows = result.frame.to_dict("records")
    ranks = {year: [_rank(row[year]) for row in rows] for year in result.years}
    last = {
        "best>": [_rank(row["best"]) for row in rows],
        "first>": [f"{row['years_first']}×" if row["years_first"] else "" for row in rows],
    }
    names, title = [row["name"] for row in rows], (f"rank by {result.trend.by}",)
    return _by_year(result.trend, width, settings.name, title, names, ranks, {}, last)


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
    longest = max(map(cell_len, (result.level, *names)))
    kept = _years_that_fit({f"{y}{star[y]}": cells for y, cells in years.items()}, room - min(longest, shortest))
    headers = [f"{year}{star[year]}>" for year in kept]
    used = sum(_width(header, years[year]) + _GAP for header, year in zip(headers, kept, strict=True))
    table = plain_table(*first, result.level, *headers, *last, title=", ".join(filter(None, (*title, _left_out(result, kept)))))
    table.padding = (0, _GAP, 0, 0)
    table.columns[len(first)].width = max(min(longest, room - used), 1)
    table.columns[len(first)].no_wrap, table.columns[len(first)].overflow = True, "ellipsis"
    for at, name in enumerate(names):
        cells = [[column[at] for column in side.values()] for side in (first, last)]
        table.add_row(*cells[0], plain(name), *(years[year][at] for year in kept), *cells[1])
    return table


def _width(header: str, cells: list[str]) -> int:
    return max(*map(len, header.removesuffix(">").split("\n")), *map(len, cells), 0)


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
    return f"the last {len(kept)} of {len(result.years)} years; --years chooses others, --output and --json have all"


def _rank(value: Any) -> str:
    return "" if value is None or value != value or str(value) == "<NA>" else str(value)


def _number(value: float, by: str) -> str:
    return f"{value:.1%}" if by == "share" else f"{value:,.0f}" if by in ("publications", "authors") else f"{value:,.2f}"


def _percent(value: float | None, by: str) -> str:
    """Growth in per cent, of a share in points."""
    if value is None or value != value:
        return ""
    return f"{100 * value:+.1f} pts" if by == "share" else f"{value:+.0%}"


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
        return "No string in review may name it."
    papers = int(waiting["papers"].sum())
    lines = [
        f"{counted(len(waiting), 'string')} in review may name it, in {counted(papers, 'paper')}, not counted; decide with affil review:"
    ]
    for row in (waiting.head(limit) if limit else waiting).to_dict("records"):
        lines.append(f"{counted(row['mentions'], 'mention'):>16}, probability {row['probability']:.2f}: {row['affiliation']!r}")
    if limit and len(waiting) > limit:
        lines.append(f"        and {len(waiting) - limit:,} more; --limit 0 shows all")
    return "\n".join(lines)


def moves_table(result: Diff, limit: int) -> Table:
    """The moves that are worth a row each: those with a cause of their own first, then others by more than one rank."""
    table = plain_table("before>", "now>", "moved>", "", f"{result.by} before>", "now>", "why")
    plain_values = result.to_dict()
    causes: dict[str, list[str]] = {}
    for cause in plain_values["causes"]:
        causes.setdefault(cause["id"], []).append(_cause(cause))
    folded = {*result.split()[2]["id"]}
    for row in [m for m in plain_values["moves"] if m["id"] not in folded][: limit or None]:
        old, new = row["rank_before"], row["rank_after"]
        moved = "new" if old is None else "gone" if new is None else f"{old - new:+d}" if old != new else "="
        values = ["" if row[c] is None else f"{row[c]:,.2f}" for c in ("before", "after")]
        own = causes.get(row["id"], [])
        reasons = own[:3] + ([f"and {len(own) - 3} more"] if len(own) > 3 else [])
        table.add_row(str(old or ""), str(new or ""), moved, plain(row["name"]), *values, "\n".join(reasons) or "others moved")
    return table


def _cause(row: dict[str, Any]) -> str:
    size = f"{row['papers']:+,.0f} {'paper' if abs(row['papers']) == 1 else 'papers'}, {row['adjusted']:+,.2f}"
    if row["cause"] == "decision":
        return plain(
            f"{size}: decision {row['entry']:.0f} by {row['who']}, {row['what']!r} was {row['was']}, is {row['now']} ({row['why']})"
        )
    if row["cause"] == "answer":
        return plain(f"{size}: {row['what']!r} was {row['was']}, is {row['now']}")
    return plain(f"{size}: {row['cause']}, {row['what']}")
