"""The command venues: the venue table, and what a workspace has of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from affil.cli.language import say
from affil.cli.ranking import AreaName, Output
from affil.cli.show import Json, LedgerUrl, console, open_workspace, plain, plain_table, print_json
from affil.wording import joined, marked, said

if TYPE_CHECKING:
    from rich.table import Table

    from affil.rank import VenueList


def venues(
    workspace: Annotated[
        Path | None, typer.Argument(metavar="WS", help="Workspace folder; omit for the table alone.", show_default=False)
    ] = None,
    area: AreaName = None,
    every: Annotated[bool, typer.Option("--all", help="Show also the venues without papers.")] = False,
    output: Output = None,
    ledger: LedgerUrl = None,
    as_json: Json = False,
) -> None:
    """Show venues with their areas, weights and years, and the papers that a workspace has of each."""
    from affil.errors import AffilError
    from affil.rank import find_area, list_venues, load_venues

    ws = open_workspace(workspace, ledger) if workspace else None
    found = ws.list_venues() if ws else list_venues(load_venues())
    if area:
        found = found.of_area(find_area(area))
    if output is not None:
        if ws is None:
            raise AffilError(said("--output needs a workspace; the shipped table is printed, or given with --json"))
        ws.save(found, output)
    if as_json:
        print_json(found.to_dict())
        return
    if output is None:
        console().print(_table(found, every or found.years is None))
    if not ws:
        say(found.openalex_line())
    if ws:
        say(joined("\n", found.lines(ws.path / "venues.csv")), err=output is not None)


def _table(found: VenueList, every: bool) -> Table:
    from affil.rank.venue_list import spans

    with_papers = found.years is not None
    counts = (marked("papers") + ">", marked("years with papers"), marked("none in"))
    told = counts if with_papers else (marked("presets"), "OpenAlex")
    table = plain_table("venue", "areas", "weight>", "exists", *told)
    rows = [row for row in found.to_dict()["table"] if every or row["papers"]]
    for row in rows:
        exists = f"{row['since'] or ''}-{row['until'] or ''}" if row["since"] or row["until"] else ""
        areas = row["areas"] or (said("none of the eight") if row["known"] else said("not in the table"))
        years = f"{row['papers']:,}", spans(row["present"]), spans(row["absent"])
        last = years if with_papers else (row["presets"], _sources(row["openalex"]))
        table.add_row(*map(plain, (row["venue"], areas, f"{row['weight']:g}", exists, *last)))
    return table


def _sources(number: int) -> str:
    return said("by name") if not number else said("{0} {0:source|sources}", number)
