"""The command serve: the HTTP service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from affil.cli.language import say
from affil.cli.show import DecisionsOf, ModelFile, PolicyName, RegistryFile
from affil.wording import said


def serve(
    registry: RegistryFile = None,
    model: ModelFile = None,
    policy: PolicyName = None,
    ledger: DecisionsOf = None,
    host: Annotated[str, typer.Option(help="Address to listen on; other than loopback, a token is required.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on; default: 8372, or another free one.")
    ] = None,
    token: Annotated[
        str,
        typer.Option(envvar="AFFIL_TOKEN", metavar="TEXT", help="Access token; generated if omitted.", show_default=False),
    ] = "",
    settings: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML file with limits, under [serve].", show_default=False)
    ] = None,
    jobs: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Take bulk jobs, kept in this folder; default: none.", show_default=False),
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keys of users that do as well as the token; see: affil keys.", show_default=False),
    ] = None,
    audit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Add a line of JSON for every request to this file.", show_default=False)
    ] = None,
    log_strings: Annotated[bool, typer.Option("--log-strings", help="Include the strings in the log.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Log errors only.")] = False,
) -> None:
    """Serve over HTTP until Ctrl-C: a page to try strings, a JSON API, the ROR API and OpenRefine reconciliation."""
    from contextlib import ExitStack, closing, suppress

    from affil.errors import AffilError, needing
    from affil.settings import load_settings

    with needing("web", said("the service")):
        from affil.pages.serve import service
        from affil.service.keys import Keys
        from affil.service.security import Access
        from affil.service.server import address, listen
    from affil.cli.loading import load_matcher

    if settings is not None and not settings.exists():
        raise AffilError(said("{0}: no such file", settings))
    chosen = load_settings(settings)
    with ExitStack() as stack:
        known = None if keys is None else stack.enter_context(closing(Keys(keys)))
        access = Access.of(host, token, chosen.serve.names, known)
        listening = listen(host, chosen.serve.port if port is None else port, exactly=port is not None)
        matcher = load_matcher(registry, model, policy, chosen, ledger)
        answer = stack.enter_context(
            service(matcher, access, chosen.serve, jobs=jobs, log_strings=log_strings, log_requests=not quiet, audit=audit)
        )
        say(said("serving at {0} (Ctrl-C ends)", address(listening, host, access.token)))
        with suppress(KeyboardInterrupt, SystemExit):  # the normal ways to stop
            answer(listening)
