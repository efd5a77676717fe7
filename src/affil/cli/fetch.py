"""Commands that fetch papers from services on the internet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from affil.cli.language import say, shown
from affil.cli.show import Json, begun_workspace
from affil.cli.words import Words
from affil.wording import counted, said

if TYPE_CHECKING:
    from affil.fetch import Fetched
    from affil.types import Progress

app = typer.Typer(
    cls=Words, no_args_is_help=True, rich_markup_mode=None, help="Fetch papers from OpenAlex, Crossref, dblp or OpenReview."
)

Workspace = Annotated[
    Path, typer.Option("--workspace", "-w", metavar="WS", help="Workspace folder, in which the file is kept.")
]
Years = Annotated[
    str, typer.Option("--years", metavar="FROM-TO", help="Years of publication: 2014-2025, or one.", show_default=False)
]


@app.command()
def openalex(
    workspace: Workspace = Path("ws"),
    venue: Annotated[
        list[str] | None, typer.Option("--venue", "--venues", metavar="NAME", help="Venue of the table, or all; repeatable.")
    ] = None,
    institution: Annotated[str, typer.Option(metavar="ROR", help="Works of this institution, by its ROR id.")] = "",
    issn: Annotated[str, typer.Option(metavar="ISSN", help="Works of this journal.")] = "",
    filter: Annotated[str, typer.Option(metavar="FILTER", help="A filter in OpenAlex's words.")] = "",
    years: Years = "",
    as_json: Json = False,
) -> None:
    """Fetch works of OpenAlex; needs a free key in OPENALEX_API_KEY."""
    from affil.fetch import fetch_openalex
    from affil.fetch.openalex import Query

    query = Query(tuple(venue or ()), institution, issn, filter, _years(years) if years else None)
    with begun_workspace(workspace) as ws, _showing(said("fetching works")) as (show, tell):
        fetched = fetch_openalex(ws.path / "fetched", query, venues=ws.venues, progress=show, tell=tell)
    _print(fetched, workspace, as_json)


@app.command()
def crossref(
    issn: Annotated[str, typer.Option(metavar="ISSN", help="The journal or series.", show_default=False)],
    workspace: Workspace = Path("ws"),
    years: Years = "",
    as_json: Json = False,
) -> None:
    """Fetch works of Crossref by ISSN."""
    from affil.fetch import fetch_crossref

    with begun_workspace(workspace) as ws, _showing(said("fetching works")) as (show, tell):
        fetched = fetch_crossref(ws.path / "fetched", issn, years=_years(years) if years else None, progress=show, tell=tell)
    _print(fetched, workspace, as_json)


@app.command()
def dblp(
    stream: Annotated[str, typer.Option(metavar="STREAM", help="As dblp writes it: conf/cvpr.", show_default=False)],
    years: Years,
    workspace: Workspace = Path("ws"),
    as_json: Json = False,
) -> None:
    """Fetch records of dblp, which has authors but no affiliations."""
    from affil.fetch import fetch_dblp

    with begun_workspace(workspace) as ws, _showing(said("fetching records")) as (show, tell):
        fetched = fetch_dblp(ws.path / "fetched", stream, years=_years(years), progress=show, tell=tell)
    _print(fetched, workspace, as_json)


@app.command()
def openreview(
    venue: Annotated[str, typer.Option(metavar="VENUE", help="As in ICLR.cc/2025/Conference.", show_default=False)],
    workspace: Workspace = Path("ws"),
    as_json: Json = False,
) -> None:
    """Fetch accepted papers of a venue at OpenReview, with the profiles of their authors."""
    from affil.fetch import fetch_openreview

    with begun_workspace(workspace) as ws, _showing(said("fetching papers and profiles")) as (show, tell):
        fetched = fetch_openreview(ws.path / "fetched", venue, progress=show, tell=tell)
    _print(fetched, workspace, as_json)


def _years(text: str) -> tuple[int, int]:
    """First and last year of a text such as 2014-2025."""
    from affil.errors import AffilError

    first, _, last = text.partition("-")
    if not (first.isdecimal() and (last or first).isdecimal() and int(first) <= int(last or first)):
        raise AffilError(said("--years {0!r}: write it like 2014-2025, or 2024", text))
    return int(first), int(last or first)


@contextmanager
def _showing(what: str) -> Iterator[tuple[Progress, Callable[[str], None]]]:
    """A bar on the way, and lines above it; an interrupted fetch says how to go on."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            bar = bars.add_task(shown(what), total=None)
            yield (
                lambda done, total: bars.update(bar, completed=done, total=total),
                lambda line: bars.console.print(shown(line), highlight=False, markup=False),
            )
    except KeyboardInterrupt:
        say(said("interrupted; what came is kept, and the same command goes on from there"), err=True)
        raise typer.Exit(130) from None


def _print(fetched: Fetched, workspace: Path, as_json: bool) -> None:
    import json

    if as_json:
        told = {"file": str(fetched.file), "records": fetched.records, "new": fetched.new, "calls": fetched.calls}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    say(said("{0}, {1:,} of them new, in {2}", counted(fetched.records, "record"), fetched.new, fetched.file))
    say(said("next: affil run {0} -w {1}", fetched.file, workspace))
