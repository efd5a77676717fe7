"""What all pages and answers over HTTP share: who may ask, how much, security headers, forms, templates, the server itself."""

from __future__ import annotations

import asyncio
import select
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from uvicorn.config import LOGGING_CONFIG

from affil.errors import AffilError
from affil.service.security import NOTHING_SHARED, SAFE, Access, Guard, Sharing
from affil.settings import WebSettings

Form = Mapping[str, Sequence[str]]
# What answers a request: blocking code, called in a thread.
Handler = Callable[[Request], Response]


def endpoint(handler: Handler, settings: WebSettings) -> Callable[[Request], Any]:
    """A handler as Starlette wants it; a form's fields are in `request.state.form` by name, each with its values in order."""

    async def answer(request: Request) -> Response:
        form: dict[str, list[str]] = {}
        if request.method not in SAFE:
            body = await request.body()
            try:
                pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=settings.fields, errors="strict")
            except ValueError as error:
                raise AffilError(f"the form cannot be read: {error}") from error
            for name, value in pairs:
                form.setdefault(name, []).append(value)
        request.state.form = form
        return await run_in_threadpool(handler, request)

    return answer


def make_app(
    routes: Sequence[BaseRoute],
    access: Access,
    settings: WebSettings,
    on_error: Callable[[Request, Exception], Response],
    *,
    static: Path,
    kind: Callable[..., Starlette] = Starlette,
    sharing: Sharing = NOTHING_SHARED,
    refuse: Callable[[int, str], Response] | None = None,
    outside: Sequence[Middleware] = (),
    inside: Sequence[Middleware] = (),
    handlers: Mapping[Any, Any] | None = None,
) -> Starlette:
    """An application of these routes, with the static files, guarded.

    Args:
        routes: what is answered.
        access: who may ask.
        settings: how much.
        on_error: shows what a user can mend (AffilError).
        static: the folder of static files.
        kind: makes the application: Starlette, or FastAPI.
        sharing: what pages of others and programs may ask.
        refuse: makes the answer to whom the guard turns away, from a status and a sentence.
        outside: middleware that sees all requests, those turned away included.
        inside: middleware that sees those let in.
        handlers: further exception handlers.
    """
    guard = Middleware(Guard, access=access, settings=settings, sharing=sharing, refuse=refuse)
    return kind(
        routes=[Mount("/static", StaticFiles(directory=static), name="static"), *routes],
        middleware=[*outside, guard, *inside],
        exception_handlers={AffilError: on_error, **(handlers or {})},
    )


def listen(host: str, port: int, *, exactly: bool) -> socket.socket:
    """A listening socket; where the port is taken, and not `exactly` this one is wanted, on another port.

    Raises:
        AffilError: the address is not this machine's, or the port is taken.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        try:
            made = socket.create_server((host, port), family=family, backlog=128)
        except OSError:
            if exactly:
                raise
            made = socket.create_server((host, 0), family=family, backlog=128)
        # An answer is written in two parts; Nagle's algorithm would hold the second one back for some 40 ms.
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made
    except OSError as error:
        raise AffilError(f"cannot listen on {host} port {port}: {error.strerror or error}; choose another --port") from error


def address(listening: socket.socket, host: str, token: str = "") -> str:
    """The address to open in a browser."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listening.getsockname()[1]}/" + (f"?token={token}" if token else "")


def serve(
    app: Starlette,
    listening: socket.socket,
    settings: WebSettings,
    *,
    drain: float = 0.0,
    grace: float = 0.0,
    log_config: dict[str, Any] | None = LOGGING_CONFIG,
) -> None:
    """Answer requests until interrupted.

    Args:
        app: what answers.
        listening: where, from `listen`.
        settings: limits of connections.
        drain: seconds in which, after the end was asked for, requests that come on open connections are still answered.
        grace: seconds that those under way have then; default: the idle time of the settings.
        log_config: how the server below logs; None: as logging is configured.
    """

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            app.state.ending = (
                True  # from now on connections are closed behind an answer, so that clients send nothing into the void
            )
            # Whoever waits to be let in would be cut off by closing; so it is closed in the moment in which nobody waits.
            doors = [door for server in self.servers for door in server.sockets]
            end = time.monotonic() + (grace or settings.idle)
            while select.select(doors, [], [], 0)[0] and time.monotonic() < end:
                await asyncio.sleep(0)
            for server in self.servers:
                server.close()
            end = time.monotonic() + drain
            while self.server_state.connections and time.monotonic() < end:
                await asyncio.sleep(0.01)
            await super().shutdown(sockets)

    config = uvicorn.Config(
        app,
        log_config=log_config,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        limit_concurrency=settings.at_once,
        timeout_keep_alive=settings.idle,
        timeout_graceful_shutdown=round(grace) or settings.idle,
    )
    Server(config).run(sockets=[listening])
