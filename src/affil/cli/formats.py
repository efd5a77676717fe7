"""The command formats: what is read, and what a file is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from affil.cli.show import Json, console, plain, plain_table
from affil.cli.workspace import Mapped, PaperFormat, SheetName, TextEncoding, reading_of

if TYPE_CHECKING:
    from affil.papers.formats import Look
    from affil.types import Paper


def formats(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A file of papers, or - for standard input; omit for the list.")
    ] = None,
    records: Annotated[int, typer.Option("--records", metavar="N", min=0, help="Number of papers to show.")] = 3,
    format: PaperFormat = None,
    mapped: Mapped = None,
    sheet: SheetName = None,
    encoding: TextEncoding = None,
    as_json: Json = False,
) -> None:
    """Tell what format a file of papers is, and show its first papers as they are read; without FILE: list all formats."""
    import json
    from dataclasses import asdict

    from affil.papers import formats as library

    if file is None:
        told = {name: reader.title for name, reader in library.readers().items()}
        if as_json:
            typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
            return
        table = plain_table("format", "what it is")
        for name, title in told.items():
            table.add_row(name, title)
        console().print(table)
        typer.echo("more about each: docs/formats.md")
        return
    look = library.formats(file, records=records, **reading_of(format, mapped, sheet, encoding))
    if as_json:
        shown = {"file": look.path, "format": look.reader.name, "title": look.reader.title}
        told_of = {"papers": [asdict(p) for p in look.papers], "problems": [asdict(p) for p in look.problems]}
        typer.echo(json.dumps(shown | told_of, ensure_ascii=False, indent=2))
        return
    _print(look)


def _print(look: Look) -> None:
    typer.echo(f"{look.path}: {look.reader.title} (--format {look.reader.name})")
    for paper in look.papers:
        typer.echo("")
        for line in _lines(paper):
            typer.echo(plain(line))
    if not look.papers:
        typer.echo("no paper was read")
    for problem in look.problems:
        lost = "left out, as it" if problem.lost else "it"
        where = "" if problem.whole else f"{problem.unit} {problem.row}: {lost} "
        value = f": {problem.value[:40]!r}" if problem.value else ""
        typer.echo(f"warning: {where}{problem.what}{value}", err=True)


def _lines(paper: Paper) -> list[str]:
    out = [f"{paper.id}  {paper.title}", f"  {paper.venue}, {paper.year}" + (f", doi {paper.doi}" if paper.doi else "")]
    for author in paper.authors:
        out.append(f"  {author.name}")
        out += [f"    {string}" for string in author.affiliations]
    if not paper.aligned:
        out += ["  affiliations of the paper, not of single authors:", *(f"    {s}" for s in paper.paper_affiliations)]
    return out
