"""The command report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from affil.cli.language import say
from affil.cli.ranking import HongKong, WorkspaceFolder, Years
from affil.cli.show import Json, LedgerUrl, open_workspace, print_json, refuse, say_older, working
from affil.wording import counted, said


def report(
    workspace: WorkspaceFolder,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="Folder of the site, or file of the bulletin.",
            show_default="site, or bulletin.pdf",
        ),
    ] = None,
    format: Annotated[str, typer.Option("--format", metavar="NAME", help="site, or a bulletin: pdf or md.")] = "site",
    language: Annotated[
        str | None,
        typer.Option(
            "--language",
            metavar="NAME",
            help="Language of the bulletin, e.g. zh-hans; default: en.",
            show_default=False,
        ),
    ] = None,
    years: Years = None,
    hong_kong: HongKong = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=1,
            metavar="N",
            help="Processes that write the site, 1 or 2; default: 2 where it is large.",
            show_default=False,
        ),
    ] = None,
    ledger: LedgerUrl = None,
    as_json: Json = False,
) -> None:
    """Write a website with leaderboards, trends, a map and entity pages, or a printable bulletin."""
    from affil.rank import parse_years
    from affil.rank.places import HongKong as Way
    from affil.report import Report, report
    from affil.report.report import Format, processes

    if format == "site":
        refuse(said("is for a bulletin (--format pdf or md); the site is in all languages"), language=language)
    ws = open_workspace(workspace, ledger)
    say_older(ws)
    path = output or Path("site" if format == "site" else f"bulletin.{format}")
    with working(said("counting")) as tell:
        written: Report = report(
            ws,
            path,
            format=cast(Format, format),
            language=language or "en",
            years=parse_years(years),
            hong_kong=cast("Way | None", hong_kong),
            workers=workers or processes(ws),
            tell=tell,
        )
    if as_json:
        print_json({"path": str(written.path), "format": written.format, "files": written.files, "bytes": written.bytes})
        return
    start = written.path / "index.html" if written.format == "site" else written.path
    say(said("written: {0}, {1:.1f} MB; open {2}", counted(written.files, "file"), written.bytes / 1e6, start))
