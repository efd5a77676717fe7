"""Matches and scores as tables on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from affil.cli.language import evidence, shown
from affil.cli.show import plain, plain_table
from affil.wording import said

if TYPE_CHECKING:
    from rich.table import Table

    from affil.evaluate import Evaluation
    from affil.match import Explained
    from affil.match.why_not import Nothing
    from affil.types import Match, Result


COLORS = {"match": "green", "review": "yellow", "none": "dim"}


def result_table(results: list[Result], title: str = "") -> Table:
    """Results as a table: raw strings with the matched words highlighted, and the evidence for each institution."""
    return _answers([(result, [_cells(m) for m in result.matches] or [_NONE]) for result in results], title)


def explained_table(explained: list[Explained]) -> Table:
    """The same, with rejected candidates and why, and why a string has no match."""
    rows = []
    for x in explained:
        cells = [_cells(m) for m in x.result.matches]
        if x.nothing is not None:
            cells.append((*_NONE[:2], _nothing_cell(x.nothing)))
        for r in x.rejected:
            name, answer, evidence = _cells(r.match)
            cells.append((f"[dim]{name}[/]", answer, f"{plain(said('not chosen: {0}', r.said))}\n[dim]{evidence}[/]"))
        rows.append((x.result, cells))
    return _answers(rows)


_NONE = ("", "[dim]none[/]", "")  # no match


def _answers(rows: list[tuple[Result, list[tuple[str, str, str]]]], title: str = "") -> Table:
    table = plain_table("affiliation", "institution", "answer", "evidence", title=title)
    table.padding = (0, 2, 0, 0)
    for column, share in zip(table.columns, (4, 6, None, 6), strict=True):
        column.ratio = share
    for result, cells in rows:
        if table.rows:
            table.add_row()
        for i, row in enumerate(cells):
            table.add_row(_highlighted(result) if i == 0 else "", *row)
    return table


def _nothing_cell(nothing: Nothing) -> str:
    nearest = [plain(said("nearest: {0}", _place_and_name(nothing.nearest)))] if nothing.nearest else []
    return "\n".join([plain(nothing.said), *nearest, *(plain(said("next: {0}", n)) for n in nothing.next)])


def _place_and_name(m: Match) -> str:
    one = m.institution
    return f"{one.name}, {', '.join(filter(None, (one.city, one.country)))} ({one.id}), {m.probability:.3f}"


def _cells(m: Match) -> tuple[str, str, str]:
    one = m.institution
    place = ", ".join(filter(None, (one.city, one.country)))
    about = "\n".join(plain(line) for line in (one.name_zh, place) if line)
    return f"{plain(one.name)}\n[dim]{about}[/]", _answer(m), "\n".join(map(plain, evidence(m)))


def _answer(m: Match) -> str:
    return f"[{COLORS[m.decision]}]{m.decision}[/] {m.probability:.3f}"


def _highlighted(result: Result) -> str:
    """The raw string with the matched words in bold; overlapping spans are joined."""
    out, at = "", 0
    for start, end in sorted((m.start, m.end) for m in result.matches):
        start = max(start, at)
        if start < end:
            out += plain(result.affiliation[at:start]) + f"[bold cyan]{plain(result.affiliation[start:end])}[/]"
            at = end
    return out + plain(result.affiliation[at:])


def evaluation_tables(result: Evaluation) -> list[Table]:
    """The scores with intervals, then each slice."""
    from affil.evaluate import METRICS

    table = plain_table("metric", "value>", "interval>", "meaning")
    for name, m in result.metrics.items():
        interval = said("{0:.3f} to {1:.3f}", m.low, m.high) if m.low is not None and m.high is not None else ""
        table.add_row(name, _number(m.value), shown(interval), shown(METRICS[name].meaning))
    table.add_row(
        "calibration_error",
        _number(result.calibration_error),
        "",
        shown(said("gap between probability and observed precision")),
    )
    curve = plain_table("threshold of match>", "precision>", "coverage>")
    for point in result.curve:
        curve.add_row(f"{point.threshold:.2f}", _number(point.precision), _number(point.coverage))
    tables = [table, curve]
    scores_shown = ("precision", "recall", "f1", "nil_precision", "nil_recall", "match_precision", "match_coverage")
    for name, values in result.slices.items():
        table = plain_table(name, "rows>", *(f"{c}>" for c in scores_shown))
        for value, scores in values.items():
            table.add_row(plain(value), f"{scores['rows']:,}", *(_number(scores[c]) for c in scores_shown))
        tables.append(table)
    return tables


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
