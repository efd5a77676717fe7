"""The command `affil`: each verb is a thin wrapper over a library function and prints a table or JSON."""

from __future__ import annotations

import errno
import io
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from affil.cli import (
    demo,
    doctor,
    fetch,
    formats,
    keys,
    ledger,
    match,
    mcp,
    model,
    ranking,
    rankings,
    registry,
    report,
    review,
    serve,
    venues,
    workspace,
)
from affil.cli.help import run
from affil.cli.language import shown
from affil.cli.words import Words
from affil.errors import AffilError
from affil.wording import said

if TYPE_CHECKING:
    from typing_extensions import Buffer

INTERRUPTED = 130  # the exit code shells expect after Ctrl-C

app = typer.Typer(
    cls=Words,
    help="Match affiliation strings to institutions and rank institutions by papers. Start with: affil demo",
    no_args_is_help=True,
    # Rich help and tracebacks take twice as long as the help itself.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(match.match)
app.command()(model.evaluate)
app.command()(model.train)
app.command()(workspace.run)
app.command()(formats.formats)
app.add_typer(fetch.app, name="fetch")
app.command()(ranking.rank)
app.command()(ranking.trend)
app.command()(ranking.why)
app.command()(ranking.diff)
app.command()(ranking.snapshot)
app.command()(venues.venues)
app.command()(report.report)
app.command()(rankings.rankings)
app.command()(workspace.decide)
app.command()(workspace.decisions)
app.command()(workspace.undo)
app.command()(review.discover)
app.add_typer(review.app, name="review")
app.add_typer(ledger.app, name="ledger")
app.command()(doctor.doctor)
app.add_typer(registry.app, name="registry")
app.command()(serve.serve)
app.add_typer(keys.app, name="keys")
app.command()(mcp.mcp)
app.command()(demo.demo)


def _version(wanted: bool) -> None:
    if wanted:
        from affil.data import shipped_model
        from affil.installed import commit, version
        from affil.registry.registry import built_shipped

        made = f" (commit {of})" if (of := commit()) else ""
        built = built_shipped()
        registry = "not built yet: its first use builds it" if built is None else built.hash[:12]
        typer.echo(f"affil {version()}{made}\nmodel {shipped_model()[:12]}\nregistry {registry}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the versions of affil, model and registry."),
    ] = False,
) -> None:
    """Options that apply before any command."""


def main() -> None:
    """Run the command line; an error the user can fix is one line on standard error, with exit code 2."""
    signal.signal(signal.SIGTERM, _terminate)
    signal.signal(signal.SIGINT, _interrupt)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # do not fail on a character that the terminal cannot show
    told = logging.getLogger("affil.registry")
    if not any(isinstance(handler, _Notes) for handler in told.handlers):
        told.addHandler(_Notes(logging.WARNING))
    try:
        with _checked_output():
            run(app)
    except AffilError as error:
        _say(error)
        sys.exit(2)
    except OSError as error:
        problem = error.strerror or str(error)
        _say(
            said("{0}: {1}", error.filename, problem) if error.filename else said("a file or a connection fails ({0})", problem)
        )
        sys.exit(2)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _say(said("interrupted"))
        raise
    except Exception:
        if not _received:
            raise
        # a signal during an import leaves half a module; errors that follow from that are not reported
        if _received[-1] == signal.SIGINT:
            _say(said("interrupted"))
        sys.exit(128 + _received[-1])


class _Notes(logging.Handler):
    """Says on standard error why something takes long, in the language of the command."""

    def emit(self, record: logging.LogRecord) -> None:
        _say(said("note: {0}", record.msg))


class _Output(io.FileIO):
    """Standard output that is no terminal: says in one line that it cannot be written, and drops the rest."""

    failed = False

    def write(self, data: Buffer, /) -> int:
        if self.failed:
            return memoryview(data).nbytes
        try:
            return super().write(data)
        except OSError as error:
            if error.errno == errno.EPIPE:  # whoever read it has enough
                raise
            self.failed = True
            raise AffilError(
                said("standard output cannot be written ({0}); free some space, or let it go elsewhere", error.strerror)
            ) from error


@contextmanager
def _checked_output() -> Iterator[None]:
    """Have standard output say what fails when it is written.

    Raises:
        AffilError: it is closed, or cannot be written.
    """
    before = sys.stdout
    if before is None:
        raise AffilError(said("standard output is closed; let it go to a terminal, a file or /dev/null"))
    if not isinstance(before, io.TextIOWrapper) or before.isatty():
        yield
        return
    try:
        number = before.fileno()
    except io.UnsupportedOperation:  # a stream in memory, of a program that runs this one inside itself
        yield
        return
    before.flush()
    buffer = io.BufferedWriter(_Output(number, "wb", closefd=False))
    sys.stdout = io.TextIOWrapper(buffer, encoding=before.encoding, errors=before.errors)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stdout = before


_received: list[int] = []  # signals


def _terminate(number: int, _: FrameType | None) -> None:
    # An exception, so that temporary files are removed on the way out.
    _received.append(number)
    raise SystemExit(128 + number)


def _interrupt(number: int, _: FrameType | None) -> None:
    _received.append(number)
    raise KeyboardInterrupt


def _say(message: object) -> None:
    lines = shown(message).split("\n")
    if not all(map(str.isprintable, lines)):  # a message may hold what stands in a file
        from affil.names.visible import visible

        lines = [*map(visible, lines)]
    told = "\n".join(lines)
    try:
        sys.stderr.write(f"affil: {told}\n")
        sys.stderr.flush()
    except (AttributeError, OSError):  # standard error is closed
        if sys.stderr is not None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
