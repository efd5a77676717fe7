"""The command formats: what is read, and what a file is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from affil.cli.language import say
from affil.cli.show import Json, console, plain, plain_table
from affil.cli.workspace import Mapped, PaperFormat, SheetName, TextEncoding, reading_of
from affil.errors import place_in
from affil.wording import said

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
            table.add_row(name, plain(title))
        console().print(table)
        say(said("more about each: docs/formats.md"))
        return
    look = library.formats(file, records=records, **reading_of(format, mapped, sheet, encoding))
    if as_json:
        shown = {"file": look.path, "format": look.reader.name, "title": look.reader.title}
        told_of = {"papers": [asdict(p) for p in look.papers], "problems": [asdict(p) for p in look.problems]}
        typer.echo(json.dumps(shown | told_of, ensure_ascii=False, indent=2))
        return
    _print(look)


def _print(look: Look) -> None:
    say(said("{0}: {1} (--format {2})", look.path, look.reader.title, look.reader.name))
    for paper in look.papers:
        say("")
        for line in _lines(paper):
            say(plain(line))
    if not look.papers:
        say(said("no paper was read"))
    for problem in look.problems:
        what: str = problem.what
        if not problem.whole:
            where = place_in(problem.unit, problem.row)
            what = said("{0}: left out, as it {1}", where, what) if problem.lost else said("{0}: it {1}", where, what)
        say(said("warning: {0}", said("{0}: {1!r}", what, problem.value[:40]) if problem.value else what), err=True)


def _lines(paper: Paper) -> list[str]:
    out = [f"{paper.id}  {paper.title}", f"  {paper.venue}, {paper.year}" + (f", doi {paper.doi}" if paper.doi else "")]
    for author in paper.authors:
        out.append(f"  {author.name}")
        out += [f"    {string}" for string in author.affiliations]
    if not paper.aligned:
        out += [said("  affiliations of the paper, not of single authors:"), *(f"    {s}" for s in paper.paper_affiliations)]
    return out
