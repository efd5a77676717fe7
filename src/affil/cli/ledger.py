"""The commands ledger check, backup, restore and use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from affil.cli.language import say
from affil.cli.show import Json, LedgerUrl, open_workspace, print_json, say_older
from affil.cli.words import Words
from affil.wording import counted, said

app = typer.Typer(
    cls=Words, help="Check, copy and restore the ledger of decisions, or keep it elsewhere.", no_args_is_help=True
)
WorkspaceFolder = Annotated[Path, typer.Argument(metavar="WS", help="Workspace folder.", show_default=False)]


@app.command()
def check(workspace: WorkspaceFolder, ledger: LedgerUrl = None, as_json: Json = False) -> None:
    """Verify every entry: that all are there, as they were written."""
    ws = open_workspace(workspace, ledger)
    found = ws.ledger
    entries = len(found.entries())
    say_older(ws)
    if as_json:
        print_json({"ledger": found.where, "entries": entries})
        return
    say(said("{0}: {1}, all as they were written", found.where, counted(entries, "entry", "entries")))


@app.command()
def backup(
    workspace: WorkspaceFolder,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The copy, e.g. copy.sqlite.", show_default=False)
    ],
    ledger: LedgerUrl = None,
) -> None:
    """Copy the ledger, a file or on a server, into a file; days with decisions get one by themselves (WS/backups)."""
    entries = open_workspace(workspace, ledger).ledger.backup(output)
    say(said("{0} copied to {1}", counted(entries, "entry", "entries"), output))


@app.command()
def restore(
    workspace: WorkspaceFolder,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="The copy; default: the latest of WS/backups.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace also a whole ledger with more entries.")] = False,
    ledger: LedgerUrl = None,
) -> None:
    """Put a copy in the place of the ledger; what is there now is kept beside it."""
    from affil.workspace.decisions import restore_ledger

    entries, taken = restore_ledger(open_workspace(workspace, ledger), file, force=force)
    say(said("{0} restored from {1}; next: affil rank {2}", counted(entries, "entry", "entries"), taken, workspace))


@app.command()
def use(
    workspace: WorkspaceFolder,
    database: Annotated[str, typer.Argument(metavar="URL", help="postgresql://user@host/name, a file, or: workspace.")],
) -> None:
    """Keep the decisions of a workspace on a server, or in another file, from now on; entries are not moved."""
    from affil.workspace.decisions import use_ledger

    ws = open_workspace(workspace, None)
    use_ledger(ws, "" if database == "workspace" else database)
    say(
        said(
            "decisions of {0} are now kept in {1}: {2}",
            workspace,
            ws.ledger.where,
            counted(len(ws.ledger.entries()), "entry", "entries"),
        )
    )
