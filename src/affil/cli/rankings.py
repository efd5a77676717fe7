"""The command rankings: from papers to tables and site in one go."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from affil.cli.language import say
from affil.cli.ranking import Years
from affil.cli.show import Json, LedgerUrl, begun_workspace, print_json, say_older
from affil.cli.workspace import Mapped, PaperFormat, SheetName, TextEncoding, matching_shown, print_added, reading_of
from affil.wording import counted, said


def rankings(
    papers: Annotated[list[Path] | None, typer.Argument(help="Papers to add first, in any format of: affil formats.")] = None,
    workspace: Annotated[Path, typer.Option("--workspace", "-w", help="Workspace folder.", metavar="WS")] = Path("ws"),
    like: Annotated[str, typer.Option("--like", metavar="NAME", help="What they are like: airankings.")] = "airankings",
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where tables and site go.")] = Path(
        "rankings"
    ),
    years: Years = None,
    format: PaperFormat = None,
    mapped: Mapped = None,
    sheet: SheetName = None,
    encoding: TextEncoding = None,
    ledger: LedgerUrl = None,
    as_json: Json = False,
) -> None:
    """Match papers, and write rankings by level, area and year, trends and the website.

    Without PAPERS it takes those of the workspace; fetch them with: affil fetch openalex --venues all --years 2014-2025.
    """
    from affil.rank import parse_years
    from affil.report.rankings import rankings as write

    with (
        begun_workspace(workspace, ledger, create=bool(papers)) as ws,
        matching_shown(workspace, said("reading papers")) as show,
    ):
        say_older(ws)
        done = write(
            ws,
            output,
            papers=papers,
            like=like,
            years=parse_years(years),
            read=lambda added: print_added(added, as_json),
            progress=show,
            **reading_of(format, mapped, sheet, encoding),
        )
    if as_json:
        print_json(
            {
                "folder": str(done.folder),
                "tables": [str(t) for t in done.tables],
                "start": str(done.start),
                "empty": list(done.empty),
            }
        )
        return
    if done.empty:
        say(said("no tables of areas without papers: {0}", ", ".join(done.empty)))
    say(said("written: {0} in {1}; open {2}", counted(len(done.tables), "table"), done.folder / "tables", done.start))
