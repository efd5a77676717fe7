"""The command mcp: tools for assistants."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from affil.cli.show import ModelFile, PolicyName, RegistryFile, open_workspace
from affil.wording import said


def mcp(
    workspace: Annotated[
        Path | None, typer.Argument(metavar="[WS]", help="Workspace to rank and to suggest decisions in.", show_default=False)
    ] = None,
    registry: RegistryFile = None,
    model: ModelFile = None,
    policy: PolicyName = None,
    settings: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML file with limits, under [serve].", show_default=False)
    ] = None,
) -> None:
    """Serve an assistant by the Model Context Protocol, on standard input and output, until these end.

    With a workspace, its registry, model and settings are used.
    """
    import affil
    from affil.errors import AffilError, needing
    from affil.settings import load_settings

    with needing("mcp", said("serving assistants")):
        from affil.service.mcp import make_server
    from affil.cli.loading import load_matcher
    from affil.service.assistant import Assistant

    if workspace is not None:
        if registry or model or policy or settings:
            raise AffilError(said("a workspace comes with its registry, model, policy and settings; leave out the options"))
        ws = open_workspace(workspace)
        ws.must_be_matched()
        assistant = Assistant(ws.matcher(), ws)
    else:
        if settings is not None and not settings.exists():
            raise AffilError(said("{0}: no such file", settings))
        assistant = Assistant(load_matcher(registry, model, policy, load_settings(settings)))
    make_server(assistant, affil.__version__).run("stdio")
