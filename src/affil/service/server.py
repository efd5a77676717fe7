"""Common parts of the web applications: guarded application, forms, listening socket, server."""

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
from affil.service.protocol import Protocol
from affil.service.security import NOTHING_SHARED, SAFE, Access, Guard, Sharing
from affil.settings import WebSettings
from affil.wording import said

Form = Mapping[str, Sequence[str]]
# A request handler: blocking code, called in a thread.
Handler = Callable[[Request], Response]


def endpoint(handler: Handler, settings: WebSettings) -> Callable[[Request], Any]:
    """Adapt a handler to Starlette; `request.state.form` holds a form's fields: name -> values in order."""

    async def answer(request: Request) -> Response:
        form: dict[str, list[str]] = {}
        if request.method not in SAFE:
            body = await request.body()
            try:
                pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=settings.fields, errors="strict")
            except ValueError as error:
                raise AffilError(said("the form cannot be read: {0}", error)) from error
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
    sharing: Sharing = NOTHING_SHARED,
    refuse: Callable[[int, str], Response] | None = None,
    bodies: Mapping[tuple[str, str], int] | None = None,
    outside: Sequence[Middleware] = (),
    inside: Sequence[Middleware] = (),
    handlers: Mapping[Any, Any] | None = None,
) -> Starlette:
    """Make an application of these routes and static files, behind `Guard`.

    Args:
        routes: the routes.
        access: access rules.
        settings: limits of requests.
        on_error: handler of AffilError.
        static: the folder of static files.
        sharing: what other origins and programs may request.
        refuse: makes the response to rejected requests from a status and a message.
        bodies: bytes of a request, at most, by method and path, where that is more than the settings say.
        outside: middleware for all requests, including rejected ones.
        inside: middleware for accepted requests.
        handlers: further exception handlers.
    """
    guard = Middleware(Guard, access=access, settings=settings, sharing=sharing, refuse=refuse, bodies=bodies)
    return Starlette(
        routes=[Mount("/static", StaticFiles(directory=static), name="static"), *routes],
        middleware=[*outside, guard, *inside],
        exception_handlers={AffilError: on_error, **(handlers or {})},
    )


def listen(host: str, port: int, *, exactly: bool) -> socket.socket:
    """Open a listening socket; if the port is taken, on another port unless `exactly`.

    Raises:
        AffilError: the address is not local, or the port is taken.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        try:
            made = socket.create_server((host, port), family=family, backlog=128)
        except OSError:
            if exactly:
                raise
            made = socket.create_server((host, 0), family=family, backlog=128)
        # responses are written in two parts; Nagle's algorithm would delay the second by some 40 ms
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made
    except OSError as error:
        raise AffilError(
            said("cannot listen on {0} port {1}: {2}; choose another --port", host, port, error.strerror or error)
        ) from error


def address(listening: socket.socket, host: str, token: str = "") -> str:
    """The address to open in a browser, of this machine in its network if the server listens on all addresses."""
    if host in ("0.0.0.0", "::"):
        host = _own_address(listening.family) or host
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listening.getsockname()[1]}/" + (f"?token={token}" if token else "")


def _own_address(family: int) -> str:
    """The address from which this machine reaches others, "" if it reaches none; nothing is sent."""
    elsewhere = ("2001:db8::1", 9) if family == socket.AF_INET6 else ("192.0.2.1", 9)  # addresses of examples
    with socket.socket(family, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(elsewhere)
        except OSError:
            return ""
        return str(asked.getsockname()[0])


def serve(
    app: Starlette,
    listening: socket.socket,
    settings: WebSettings,
    *,
    drain: float = 0.0,
    grace: float = 0.0,
    log_config: dict[str, Any] | None = LOGGING_CONFIG,
) -> None:
    """Serve requests until interrupted.

    Args:
        app: the application.
        listening: a socket from `listen`.
        settings: connection limits.
        drain: seconds after the interrupt during which requests on open connections are still accepted.
        grace: seconds for requests in progress after that; default: the settings' idle time.
        log_config: uvicorn's logging configuration; None: leave logging as configured.
    """

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            app.state.ending = True  # responses now close their connection
            # closing resets pending connections, so close when none is pending
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
        http=Protocol,
        ws="none",
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
