"""The results of counting as tables for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from affil.cli.show import plain, plain_table

if TYPE_CHECKING:
    from rich.table import Table

    from affil.rank import Diff, Ranking, RanksByYear, Trend, Why

_ROOM = {"city": 100, "name_zh": 110}  # terminal width from which each is shown
_ROOM_OF_NAME = 40  # characters kept for a name, its rank and what stands beside the years
_ROOM_OF_GROWTH = 11  # the same for a column of growth


def ranking_table(ranking: Ranking, width: int) -> Table:
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
    shown = [c for c in texts if c in ranking.frame and width >= _ROOM.get(c, 0)]
    numbers = ["publications", "authors", "adjusted", "index"]
    intervals = "low" in ranking.frame
    table.add_column("rank", justify="right")
    if intervals:
        table.add_column("range", no_wrap=True)
    for column in shown:
        table.add_column(texts[column], overflow="ellipsis" if column != "name" else "fold")
    for measure in numbers:
        table.add_column(
            measure, justify="right", no_wrap=True, min_width=len(measure), style="bold" if measure == ranking.by else None
        )
    for row in ranking.frame.to_dict("records"):
        values = [f"{row[m]:,}" if isinstance(row[m], int) else f"{row[m]:,.2f}" for m in numbers]
        doubt = []
        if intervals:
            close = row["ahead"] < ranking.settings.confidence
            doubt = [
                f"{row['low']}–{row['high']}{' ≈' if close else ''}" if row["low"] < row["high"] or close else str(row["rank"])
            ]
        asked = "> " if row["id"] == ranking.around else ""
        table.add_row(f"{asked}{row['rank']}{_mark(row)}", *doubt, *(plain(row[c] or "") for c in shown), *values)
    return table


def _hong_kong(result: Ranking | Trend) -> str:
    """How Hong Kong and Macao are counted, if that was asked for."""
    return {"with": "Hong Kong and Macao with China", "apart": "Hong Kong and Macao apart"}.get(result.hong_kong or "", "")


def _mark(row: Mapping[Any, Any]) -> str:
    """Where the row would move if the review queue were decided."""
    decided = row.get("rank_decided", row["rank"])
    return " ↑" if decided < row["rank"] else " ↓" if decided > row["rank"] else ""


def trend_table(result: Trend, width: int) -> Table:
    """Numbers as counted by year, and growth over matched venues under the years that it compares. The last years that fit the
    terminal are shown, as a number broken over two lines reads as another.
    """
    spans = [result.compared, result.years[-2:] if len(result.years) > 1 else None]
    growth = [f"growth\n{span[0]}–{span[-1]}>" if span else "growth>" for span in spans]
    rows = result.frame.to_dict("records")
    columns = {year: [_number(row[year], result.by) for row in rows] for year in result.years}
    kept = _years_that_fit(columns, width - _ROOM_OF_NAME - 2 * _ROOM_OF_GROWTH)
    title = (f"by {result.by}", _hong_kong(result), _left_out(result, kept))
    table = plain_table("rank>", result.level, *_year_headers(result, kept), *growth, title=", ".join(filter(None, title)))
    for at, (row, ranks) in enumerate(zip(rows, result.ranks.to_dict("records"), strict=True)):
        values = [columns[year][at] for year in kept]
        shown = [_percent(row.get(name), result.by) for name in ("growth", "growth_last")]
        table.add_row(_rank(ranks[result.reference]), plain(row["name"]), *values, *shown)
    return table


def years_table(result: RanksByYear, width: int) -> Table:
    """Ranks by year, of the last years that fit the terminal."""
    rows = result.frame.to_dict("records")
    columns = {year: [_rank(row[year]) for row in rows] for year in result.years}
    kept = _years_that_fit(columns, width - _ROOM_OF_NAME)
    title = f"rank by {result.trend.by}", _left_out(result.trend, kept)
    table = plain_table(
        result.trend.level, *_year_headers(result.trend, kept), "best>", "first>", title=", ".join(filter(None, title))
    )
    for at, row in enumerate(rows):
        first = f"{row['years_first']}×" if row["years_first"] else ""
        table.add_row(plain(row["name"]), *(columns[y][at] for y in kept), _rank(row["best"]), first)
    return table


def _years_that_fit(columns: Mapping[int, list[str]], room: int) -> list[int]:
    """The last years whose columns fit into so many characters, at least one."""
    kept: list[int] = []
    for year in reversed([*columns]):
        room -= max(5, *map(len, columns[year]), 0) + 2
        if room < 0 and kept:
            break
        kept.insert(0, year)
    return kept


def _year_headers(result: Trend, kept: list[int]) -> list[str]:
    """The years as headers of numbers, an incomplete last one with a star."""
    return [f"{year}{'*' if result.lacking and year == result.years[-1] else ''}>" for year in kept]


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
        f"{len(waiting):,} strings in review may name it in {papers:,} papers and are not counted; decide them with affil review:"
    ]
    for row in (waiting.head(limit) if limit else waiting).to_dict("records"):
        lines.append(f"{row['mentions']:7,} mentions, probability {row['probability']:.2f}: {row['affiliation']!r}")
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
    size = f"{row['papers']:+,.0f} papers, {row['adjusted']:+,.2f}"
    if row["cause"] == "decision":
        return plain(
            f"{size}: decision {row['entry']:.0f} by {row['who']}, {row['what']!r} was {row['was']}, is {row['now']} ({row['why']})"
        )
    if row["cause"] == "answer":
        return plain(f"{size}: {row['what']!r} was {row['was']}, is {row['now']}")
    return plain(f"{size}: {row['cause']}, {row['what']}")
