"""Commands on a workspace's counts: rank, trend, why, diff, snapshot."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from affil.cli.language import say
from affil.cli.show import Json, LedgerUrl, Rows, open_workspace, print_json, say_older
from affil.cli.tables import moves_table, papers_table, ranking_table, rolled, trend_table, waiting, years_table
from affil.errors import AffilError
from affil.wording import Said, counted, joined, said

if TYPE_CHECKING:
    from affil.rank import Diff, Query, Ranking, RanksByYear, Trend, Why
    from affil.workspace import Workspace

_SHOWN, _SHOWN_BY_YEAR = 20, 10  # rows of a table where no number is asked for

WorkspaceFolder = Annotated[Path, typer.Argument(metavar="WS", help="Workspace folder.", show_default=False)]
LevelName = Annotated[str, typer.Option("--level", metavar="NAME", help="institution, city, region, country or continent.")]
AreaName = Annotated[
    str | None,
    typer.Option(
        "--area",
        metavar="NAME",
        help='One of the eight areas: "computer vision", or cv nlp ml ai kr ro ma sim.',
        show_default=False,
    ),
]
VenueNames = Annotated[
    list[str] | None,
    typer.Option("--venue", metavar="NAME", help="A venue, by any of its names; several count together.", show_default=False),
]
Years = Annotated[
    str | None, typer.Option("--years", metavar="A-B", help="Range of years (inclusive), or one year.", show_default=False)
]
Kind = Annotated[
    str | None,
    typer.Option("--kind", metavar="NAME", help="One kind of institution: education, company ...", show_default=False),
]
MeasureName = Annotated[str, typer.Option("--by", metavar="NAME", help="publications, authors, adjusted or index.")]
RollUpName = Annotated[
    str | None,
    typer.Option(
        "--roll-up",
        metavar="HOW",
        help="Count institutions as themselves (none), as their parent, as their topmost ancestor (top), or only laboratories as "
        "their university or company (labs); default: the setting.",
        show_default=False,
    ),
]
Within = Annotated[
    str | None,
    typer.Option(
        "--in", metavar="PLACE", help="Only what lies in a country or continent: Asia, Japan, 中国.", show_default=False
    ),
]
Preset = Annotated[
    str | None,
    typer.Option(
        "--venues",
        metavar="PRESET",
        help="Only the venues of airankings-like or csrankings-like; default: the setting (all).",
        show_default=False,
    ),
]
HongKong = Annotated[
    str | None,
    typer.Option(
        "--hong-kong",
        metavar="HOW",
        help="Count Hong Kong and Macao with China (with) or apart from it (apart); default: the setting country_groups.",
        show_default=False,
    ),
]
Entity = Annotated[
    str | None,
    typer.Option(
        "--institution",
        metavar="NAME",
        help="Only this one (at other levels, a city, country ...), by any name or id of it.",
        show_default=False,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Output: .csv, .xlsx, .json or .parquet, with a manifest next to it.",
        show_default=False,
    ),
]
Excel = Annotated[
    bool, typer.Option("--excel", help="CSV of semicolons and decimal commas, for an Excel that expects them; or write .xlsx.")
]


Named = Annotated[
    str,
    typer.Argument(metavar="NAME", help="Only this institution (at other levels, city, country ...).", show_default=False),
]


def rank(
    workspace: WorkspaceFolder,
    entity: Named = "",
    level: LevelName = "institution",
    area: AreaName = None,
    venue: VenueNames = None,
    years: Years = None,
    kind: Kind = None,
    by: MeasureName = "adjusted",
    roll_up: RollUpName = None,
    within: Within = None,
    venues: Preset = None,
    hong_kong: HongKong = None,
    institution: Entity = None,
    limit: Rows = None,
    ranges: Annotated[
        bool | None,
        typer.Option("--ranges/--no-ranges", help="Show the ranks that doubtful matches leave open.", show_default=False),
    ] = None,
    each_year: Annotated[
        bool, typer.Option("--each-year", help="Ranks year by year, and who has been first for how long.")
    ] = False,
    output: Output = None,
    excel: Excel = False,
    ledger: LedgerUrl = None,
    as_json: Json = False,
) -> None:
    """Rank institutions, cities, regions, countries or continents; with NAME, or --institution, show one of them with its neighbours."""
    query = _query(level, area, venue, years, kind, by, roll_up, within, venues, hong_kong)
    ws = open_workspace(workspace, ledger)
    if each_year:
        if ranges:
            raise AffilError(said("ranks of each year have no ranges; leave out --ranges or --each-year"))
        one = institution or entity or None
        by_year = ws.ranks_by_year(limit=_limit(limit, _SHOWN, output, as_json), entity=one, **query)
        notes = [*([] if one else _cut(len(by_year.frame), by_year.trend.total)), *by_year.lines()]
        _put(ws, by_year, output, excel, as_json, lambda width: years_table(by_year, width, ws.settings.terminal), notes)
        return
    around = institution or entity or None
    ranking = ws.rank(limit=_limit(limit, _SHOWN, output, as_json), ranges=ranges, around=around, **query)
    cut = [] if around else _cut(ranking.table.num_rows, ranking.total)
    _put(
        ws,
        ranking,
        output,
        excel,
        as_json,
        lambda width: ranking_table(ranking, width, ws.settings.terminal),
        [*cut, *_notes(ranking)],
    )


def trend(
    workspace: WorkspaceFolder,
    entity: Named = "",
    level: LevelName = "country",
    area: AreaName = None,
    venue: VenueNames = None,
    years: Annotated[
        str | None, typer.Option("--years", metavar="LIST", help="Years, e.g. 2014-2024 or 2014,2018,2023.", show_default=False)
    ] = None,
    kind: Kind = None,
    by: Annotated[str, typer.Option(metavar="NAME", help="publications, authors, adjusted, index or share.")] = "adjusted",
    roll_up: RollUpName = None,
    within: Within = None,
    venues: Preset = None,
    hong_kong: HongKong = None,
    panel: Annotated[bool, typer.Option("--panel", help="Count only venues with papers in every one of the years.")] = False,
    limit: Rows = None,
    output: Output = None,
    excel: Excel = False,
    ledger: LedgerUrl = None,
    as_json: Json = False,
) -> None:
    """Show a measure by year, and its growth over the venues that the years have in common; with NAME, of one alone."""
    query = _query(level, area, venue, years, kind, by, roll_up, within, venues, hong_kong)
    ws = open_workspace(workspace, ledger)
    result = ws.trend(panel=panel, limit=_limit(limit, _SHOWN_BY_YEAR, output, as_json), entity=entity or None, **query)
    notes = [*([] if entity else _cut(len(result.frame), result.total)), *result.lines()]
    _put(ws, result, output, excel, as_json, lambda width: trend_table(result, width, ws.settings.terminal), notes)


def why(
    workspace: WorkspaceFolder,
    entity: Annotated[str, typer.Argument(metavar="NAME", help="Any name, or an id.", show_default=False)] = "",
    level: LevelName = "institution",
    area: AreaName = None,
    venue: VenueNames = None,
    years: Years = None,
    kind: Kind = None,
    by: MeasureName = "adjusted",
    roll_up: RollUpName = None,
    within: Within = None,
    venues: Preset = None,
    hong_kong: HongKong = None,
    limit: Rows = None,
    output: Output = None,
    excel: Excel = False,
    ledger: LedgerUrl = None,
    as_json: Json = False,
) -> None:
    """List the papers behind the counts of an institution, city, region or country."""
    if not entity:
        asked = f"affil match --text {shlex.quote(str(workspace))} --candidates 3"
        raise AffilError(said("give a workspace and a name: affil why WS NAME; what a string names, and why: {0}", asked))
    query = _query(level, area, venue, years, kind, by, roll_up, within, venues, hong_kong)
    ws = open_workspace(workspace, ledger)
    result = ws.why(entity, **query)
    if limit:
        result = replace(result, papers=result.papers.head(limit))
    r = result.row
    notes = [
        said(
            "{name}: rank {rank}, {publications:,} publications, {authors:,} authors, {adjusted:,.2f} adjusted, index {index:,.2f}.",
            **r,
        ),
        *rolled(result, _SHOWN if limit is None else limit),
        waiting(result, _SHOWN if limit is None else limit),
    ]
    _put(ws, result, output, excel, as_json, lambda _: papers_table(result, _SHOWN if limit is None else limit), notes)


def diff(
    workspace: WorkspaceFolder,
    since: Annotated[
        str, typer.Option(metavar="WHAT", help="Compare with: last (the last run), a date, or a snapshot.")
    ] = "last",
    level: LevelName = "institution",
    area: AreaName = None,
    venue: VenueNames = None,
    years: Years = None,
    kind: Kind = None,
    by: MeasureName = "adjusted",
    roll_up: RollUpName = None,
    within: Within = None,
    venues: Preset = None,
    hong_kong: HongKong = None,
    institution: Entity = None,
    limit: Rows = None,
    output: Output = None,
    excel: Excel = False,
    ledger: LedgerUrl = None,
    as_json: Json = False,
) -> None:
    """Show which ranks changed, by how much, and because of which decisions or papers."""
    query = _query(level, area, venue, years, kind, by, roll_up, within, venues, hong_kong)
    ws = open_workspace(workspace, ledger)
    result = ws.diff(since, entity=institution, **query)
    own, others, by_one = result.split()
    named = said("the snapshot {0!r}", result.before.name) if result.before.name else said("the state")
    time = result.before.time[:19]
    if not len(result.moves):
        notes: list[str] = [said("Since {0} of {1} nothing changed.", named, time)]
    else:
        with_own = int(own["rank_before"].fillna(0).ne(own["rank_after"].fillna(0)).sum())
        changed = said(
            "Since {0} of {1}: {2:,} {3} values changed, and with them {4}; {5} moved because of them.",
            named,
            time,
            len(own),
            Said(result.by),
            counted(with_own, "rank"),
            counted(len(others) + len(by_one), "other rank"),
        )
        notes = [changed]
    if len(by_one):
        up = int((by_one["rank_after"] < by_one["rank_before"]).sum())
        notes.append(said("{0} moved by one ({1:,} up, {2:,} down).", counted(len(by_one), "other"), up, len(by_one) - up))
    notes += [said("Also, {0}.", note) for note in result.notes]
    if limit:
        moves = result.moves.head(limit)
        result = replace(result, moves=moves, causes=result.causes[result.causes["id"].isin(moves["id"])])
    moved = None if not len(result.moves) else lambda _: moves_table(result, _SHOWN if limit is None else limit)
    _put(ws, result, output, excel, as_json, moved, notes)


def snapshot(
    workspace: WorkspaceFolder,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Name of the snapshot; omit to list all.", show_default=False)
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Delete the snapshot.")] = False,
    ledger: LedgerUrl = None,
    as_json: Json = False,
) -> None:
    """Save the current counts under a name, to compare with later: affil diff WS --since NAME."""
    ws = open_workspace(workspace, ledger)
    if remove and not name:
        raise AffilError(said("--remove needs a snapshot name; list them with: affil snapshot WS"))
    if name and remove:
        ws.kept_counts.remove_snapshot(name)
    elif name:
        say_older(ws)
        ws.snapshot(name)
    if as_json:
        print_json(ws.counts.snapshots())
    elif name:
        say(said("snapshot {0}: {1}", name, said("removed") if remove else said("kept")))
    else:
        lines = [f"{one}  {time[:19]}" for one, time in ws.counts.snapshots().items()]
        say("\n".join(lines) or said("no snapshots yet; keep one with: affil snapshot WS NAME"))


def _query(*values: Any) -> Query:
    names = ("level", "area", "venue", "years", "kind", "by", "roll_up", "within", "preset", "hong_kong")
    return cast("Query", dict(zip(names, values, strict=False)))


def _limit(given: int | None, shown: int, output: Path | None, as_json: bool) -> int | None:
    """How many rows are asked for, None for all: those that are shown where only a table is printed, all in a file or as JSON."""
    return (shown if output is None and not as_json else None) if given is None else given or None


def _cut(rows: int, total: int | None) -> list[str]:
    """That not all rows are there, where they are not."""
    return (
        [said("{0:,} of {1:,} {1:row|rows}; --limit 0 shows all.", rows, total)] if total is not None and rows < total else []
    )


def _put(
    ws: Workspace,
    result: Ranking | RanksByYear | Trend | Why | Diff,
    output: Path | None,
    excel: bool,
    as_json: bool,
    table: Any,
    notes: list[str],
) -> None:
    """Output a result: to a file, as JSON, or as a table (None: there are no rows) with notes; then what a reader must know of its state."""
    _print(ws, result, output, excel, as_json, table, notes)
    for warning in result.warnings:
        say(said("warning: {0}", warning), err=True)


def _print(
    ws: Workspace,
    result: Ranking | RanksByYear | Trend | Why | Diff,
    output: Path | None,
    excel: bool,
    as_json: bool,
    table: Any,
    notes: list[str],
) -> None:
    if excel and output is None:
        raise AffilError(said("--excel needs -o FILE"))
    if output is not None:
        manifest = ws.save(result, output, excel=excel)
        if not as_json:
            say(said("written: {0} and {1}", output, manifest.name), err=True)
    if as_json:
        print_json(result.to_dict())
        return
    if output is None and table is not None:
        from rich.console import Console

        out = Console(width=get_terminal_size((200, 24)).columns, highlight=False)
        out.print(table(out.width))
    say(joined("\n", notes), err=output is not None)


def _notes(ranking: Ranking) -> list[str]:
    from affil.rank import AREAS, SHORT_AREAS, moves

    adjusted = said(
        "adjusted: 1/K for each of a paper's K authors, split among an author's institutions, times the venue's weight."
    )
    lines = [adjusted, *(() if ranking.by == "index" else ranking.mean_lines()[:1]), *ranking.lines()]
    if ranking.area is None:
        short = {area: name for name, area in SHORT_AREAS.items()}
        lines.insert(2, said("The eight areas: {0}.", ", ".join(f"{area} ({short[area]})" for area in AREAS)))
    if "low" in ranking.table.column_names:
        level = f"{ranking.settings.confidence:.0%}"
        lines.append(
            said(
                "range: the ranks that doubtful matches of names leave open, with {0} certainty; no margin of error for chance in what is "
                "published, nor for missing papers.",
                level,
            )
        )
        if any(row["ahead"] < ranking.settings.confidence for row in ranking.table.to_pylist()):
            lines.append(said("≈: not distinguishable from the next row."))
        least = ranking.settings.marked
        if any(moves(row, least) for row in ranking.table.to_pylist()):
            lines.append(
                said(
                    "↑ ↓: would move up or down by {0} ranks or more if the strings in review were decided as is most probable; "
                    "affil why WS NAME lists those that wait.",
                    least,
                )
            )
    if ranking.level == "institution" and ranking.roll_up != "none":
        lines.append(said("Institutions are rolled up: {0}.", ranking.roll_up))
    return lines
