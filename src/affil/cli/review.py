"""Commands for reviewing: the page, spreadsheets, conflicts, new names, new institutions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from affil.cli.show import working

if TYPE_CHECKING:
    from affil.desk import Desk


class _PageFirst(TyperGroup):
    """`affil review WS` is short for `affil review page WS`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["page", *args]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_PageFirst,
    help="Decide doubtful matches: on a page (affil review WS), or in a spreadsheet.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
WorkspaceFolder = Annotated[Path, typer.Argument(metavar="WS", help="The folder of the workspace.", show_default=False)]
By = Annotated[
    str, typer.Option("--by", metavar="NAME", help="Your name, which stands beside your decisions.", show_default=False)
]
LedgerUrl = Annotated[
    str | None,
    typer.Option(
        "--ledger", metavar="URL", help="The team's ledger, e.g. postgresql+psycopg://user@host/name.", show_default=False
    ),
]


@app.command()
def page(
    workspace: WorkspaceFolder,
    by: By = "",
    host: Annotated[str, typer.Option(help="Address to listen on; only the loopback goes without a token.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="Port to listen on; default: 8371, or another that is free.")] = None,
    token: Annotated[
        str,
        typer.Option(
            envvar="AFFIL_TOKEN", metavar="TEXT", help="What others must show; made up if need be.", show_default=False
        ),
    ] = "",
    ledger: LedgerUrl = None,
) -> None:
    """Serve the page on which people decide, until Ctrl-C."""
    from affil.errors import AffilError

    try:
        from affil.web.app import Access, address, listen, serve
        from affil.web.review import review_app
    except ModuleNotFoundError as error:
        raise AffilError(f"the page needs {error.name}: pip install 'affil[web]'") from error

    desk = _desk(workspace, ledger)
    settings = desk.workspace.settings.web
    access = Access.of(host, token)
    listening = listen(host, settings.port if port is None else port, exactly=port is not None)
    typer.echo(f"review at {address(listening, host, access.token)} (Ctrl-C ends)")
    serve(review_app(desk, access, by=by), listening, settings)


def _open(workspace: Path, ledger: str | None) -> Any:
    from affil.workspace import Workspace

    ws = Workspace.open(workspace, create=False)
    if ledger is not None:
        ws.settings = ws.settings.model_copy(update={"review": ws.settings.review.model_copy(update={"ledger": ledger})})
    return ws


def _desk(workspace: Path, ledger: str | None) -> Desk:
    with working("opening the workspace"):
        from affil.desk import Desk

        return Desk(_open(workspace, ledger))
