"""Rate limit and request timeout."""

from __future__ import annotations

import asyncio
import time

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from affil.service.routing import errors
from affil.service.security import is_loopback
from affil.settings import ServeSettings


class Limits:
    """ASGI middleware: rejects clients that exceed the rate limit and aborts requests that take too long.

    Local clients are not limited. Requests from a local proxy count for the client in `x-forwarded-for`.
    """

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self.app, self.settings = app, settings
        self._allowed = RateLimitItemPerMinute(settings.per_minute)
        self._clients = FixedWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, or reject it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        client = (scope.get("client") or ("",))[0]
        if not is_loopback(client) and not await self._clients.hit(self._allowed, client):
            again = (await self._clients.get_window_stats(self._allowed, client)).reset_time
            wait = max(round(again - time.time()), 1)
            answer = errors(429, f"more than {self.settings.per_minute:,} requests in a minute; try again in {wait} seconds")
            answer.headers["retry-after"] = str(wait)
            await answer(scope, receive, send)
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            async with asyncio.timeout(self.settings.seconds):
                await self.app(scope, receive, sending)
        except TimeoutError:
            if not begun:
                await errors(503, f"no answer within {self.settings.seconds:g} seconds")(scope, receive, send)
