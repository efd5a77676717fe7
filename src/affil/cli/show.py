"""Shared by commands: common options, progress on standard error, literal text."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from affil.cli.language import say, shown, translated
from affil.errors import AffilError
from affil.wording import counted, said

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from affil.registry.met import Met
    from affil.workspace import Workspace

_TOLD = 50  # rows of a table that are told one by one

RegistryFile = Annotated[
    Path | None,
    typer.Option(
        "--registry",
        metavar="FILE",
        help="Registry file, or ror (see: affil registry fetch); default: shipped.",
        show_default=False,
    ),
]
ModelFile = Annotated[
    Path | None, typer.Option("--model", metavar="FILE", help="Model file; default: the shipped one.", show_default=False)
]
PolicyName = Annotated[
    str | None,
    typer.Option(
        "--policy",
        metavar="NAME",
        help="Institutions to return per string: most-specific (default), all (with parents) or one.",
        show_default=False,
    ),
]
Rows = Annotated[
    int | None,
    typer.Option(
        "--limit",
        help="Number of rows; 0: all; default: a screenful in a table, all in JSON and files.",
        min=0,
        show_default=False,
    ),
]
LedgerUrl = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        metavar="URL",
        help="Ledger elsewhere than the workspace's: postgresql://user@host/name, or a file.",
        show_default=False,
    ),
]
DecisionsOf = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        metavar="WS",
        help="Decisions of people that stand above the model: of a workspace, or a ledger's file or URL.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def open_workspace(folder: Path, ledger: str | None = None) -> Workspace:
    """The workspace in a folder, with its decisions in `ledger` where that is given."""
    from affil.workspace import Workspace

    return _with_ledger(Workspace.open(folder, create=False), ledger)


@contextmanager
def begun_workspace(folder: Path, ledger: str | None = None, *, create: bool = True) -> Iterator[Workspace]:
    """The same, and with `create` a new one where there is none, see `affil.workspace.begun`."""
    from affil.workspace import begun

    if not create:
        yield open_workspace(folder, ledger)
        return
    with begun(folder) as ws:
        yield _with_ledger(ws, ledger)


def _with_ledger(ws: Workspace, ledger: str | None) -> Workspace:
    for file in ws.edited:
        say(
            said("note: {0}: is not as it was at the last run; if nobody changed it: affil doctor {1}", file, ws.path), err=True
        )
    return ws if ledger is None else ws.with_ledger(ledger)


def say_older(ws: Workspace) -> None:
    """Say on standard error where the ledger is older than the counts; counting again would make it forgotten."""
    from affil.workspace.results import older_ledger

    if older := older_ledger(ws):
        say(said("warning: {0}", older), err=True)


def refuse(reason: str, **given: object) -> None:
    """Refuse options that would have no effect, instead of ignoring them; those given are not None, false or empty.

    Raises:
        AffilError: one of them is given.
    """
    for name, value in given.items():
        if value:
            raise AffilError(said("--{0} {1}", name.replace("_", "-"), reason))


def console(*, stderr: bool = False) -> Console:
    """A console; if the width is unknown (a file, a pipe), tables are 200 columns wide."""
    from rich.console import Console

    made = Console(stderr=stderr, highlight=False)
    return made if made.is_terminal else Console(stderr=stderr, highlight=False, width=200)


def plain_table(*headers: str, title: str = "") -> Table:
    """An empty table without lines; a header that ends in `>` is right-aligned, for numbers."""
    from rich.table import Table

    table = Table(
        title=shown(title) or None, title_justify="left", title_style="bold", box=None, pad_edge=False, show_header=any(headers)
    )
    for header in headers:
        table.add_column(
            translated(header.removesuffix(">")), justify="right" if header.endswith(">") else "left", overflow="fold"
        )
    return table


def cell_len(text: str) -> int:
    """The cells of a terminal that a text takes; Han characters take two."""
    from rich.cells import cell_len as cells

    return cells(text)


def plain(text: object) -> str:
    """Text that rich prints literally, a message in the language: brackets are not markup, control characters are replaced."""
    from rich.markup import escape

    return escape("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in shown(text)))


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    import json

    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


@contextmanager
def working(what: str) -> Iterator[Callable[[str], None]]:
    """Show a spinner on a terminal; yields a function that updates its text."""
    err = console(stderr=True)
    if not err.is_terminal:
        yield lambda _: None
        return
    told, steps = logging.getLogger("affil.registry"), _Steps()
    before = told.level
    with err.status(plain(what)) as status:
        steps.tell = lambda now: status.update(plain(now))
        told.addHandler(steps)
        told.setLevel(logging.INFO)
        try:
            yield steps.tell
        finally:
            told.removeHandler(steps)
            told.setLevel(before)


class _Steps(logging.Handler):
    """Passes the steps of what takes long on to a spinner."""

    tell: Callable[[str], None]

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno < logging.WARNING:
            self.tell(record.msg)


@contextmanager
def downloading(what: str) -> Iterator[tuple[Callable[[int, int], None], Callable[[str], None]]]:
    """Show download progress on a terminal; yields functions for (done, total) bytes and for a status text."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    err = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bars:
        bar = bars.add_task(shown(what), total=None)
        yield (
            lambda done, total: bars.update(bar, completed=done, total=total),
            lambda now: bars.update(bar, description=plain(now), completed=0, total=None),
        )


@contextmanager
def counting(what: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on a terminal; yields a function to call with (done, total)."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:,.0f} {shown(unit)}/s" if task.speed else f"- {shown(unit)}/s")

    err = console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bars:
        bar = bars.add_task(shown(what), total=None)
        yield lambda done, total: bars.update(bar, completed=done, total=total)


def tell_met(met: Sequence[Met]) -> None:
    """Say which rows of users' tables met institutions of other sources, but for those that only add to the one whose id they state."""
    told = [one for one in met if one.worth_telling]
    for one in told[:_TOLD]:
        say(one.line(), err=True)
    if len(told) > _TOLD:
        say(said("and {0} more; all of them: --json", counted(len(told) - _TOLD, "row")), err=True)
