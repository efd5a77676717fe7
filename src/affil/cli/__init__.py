"""The command `affil`: each verb is a function of the library, with options in front and a table or JSON behind."""

from __future__ import annotations

import io
import os
import signal
import sys
from types import FrameType
from typing import Annotated

import typer

from affil.cli import demo, match, ranking, registry, report, review, serve, workspace
from affil.errors import AffilError

INTERRUPTED = 130  # what shells expect of a program that Ctrl-C ended

app = typer.Typer(
    help="Affiliation strings to institutions on the map, and papers to rankings. Start with: affil demo",
    no_args_is_help=True,
    # Rich help and tracebacks cost twice the time that the help itself takes.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(match.match)
app.command()(match.evaluate)
app.command()(match.train)
app.command()(workspace.run)
app.command()(ranking.rank)
app.command()(ranking.trend)
app.command()(ranking.why)
app.command()(ranking.diff)
app.command()(ranking.snapshot)
app.command()(report.report)
app.command()(workspace.decide)
app.command()(workspace.decisions)
app.command()(workspace.undo)
app.command()(review.discover)
app.add_typer(review.app, name="review")
app.add_typer(registry.app, name="registry")
app.command()(serve.serve)
app.command()(demo.demo)


def _version(wanted: bool) -> None:
    if wanted:
        import affil

        typer.echo(f"affil {affil.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """What stands before any verb."""


def main() -> None:
    """Run the command line: an error that a user can mend is one line on standard error and exit code 2."""
    signal.signal(signal.SIGTERM, _terminate)
    signal.signal(signal.SIGINT, _interrupt)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a character is no reason to fail
    try:
        app()
    except AffilError as error:
        _say(str(error))
        sys.exit(2)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _say("interrupted")
        raise
    except Exception:
        if not _received:
            raise
        # a signal in the middle of an import leaves half a module, and what fails of that is no fault of its own
        if _received[-1] == signal.SIGINT:
            _say("interrupted")
        sys.exit(128 + _received[-1])


_received: list[int] = []  # signals


def _terminate(number: int, _: FrameType | None) -> None:
    # An exception, so that temporary files are removed on the way out.
    _received.append(number)
    raise SystemExit(128 + number)


def _interrupt(number: int, _: FrameType | None) -> None:
    _received.append(number)
    raise KeyboardInterrupt


def _say(message: str) -> None:
    try:
        sys.stderr.write(f"affil: {message}\n")
        sys.stderr.flush()
    except OSError:  # nobody listens
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
