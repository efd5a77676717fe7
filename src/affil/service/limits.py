"""Rate limit and request timeout."""

from __future__ import annotations

import asyncio
import time

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from affil.service.bulk import is_transfer
from affil.service.routing import errors
from affil.service.security import is_loopback
from affil.settings import ServeSettings
from affil.wording import counted


class Limits:
    """ASGI middleware: rejects clients that exceed the rate limit and aborts requests that take too long.

    Who shows a key is counted by that, with its own limit. Of the others local clients are not limited. Requests from a local proxy count
    for the client in `x-forwarded-for`.
    """

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self.app, self.settings = app, settings
        self._clients = FixedWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, or reject it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        client, key = (scope.get("client") or ("",))[0], scope.get("affil.key")
        allowed = RateLimitItemPerMinute(self.settings.per_minute if key is None else key.per_minute)
        who = ("client", client) if key is None else ("key", key.name)
        if not (key is None and is_loopback(client)) and not await self._clients.hit(allowed, *who):
            again = (await self._clients.get_window_stats(allowed, *who)).reset_time
            wait = max(round(again - time.time()), 1)
            answer = errors(429, f"more than {counted(allowed.amount, 'request')} in a minute; try again in {wait} seconds")
            answer.headers["retry-after"] = str(wait)
            await answer(scope, receive, send)
            return
        begun, seconds = False, self.settings.job_seconds if is_transfer(scope) else self.settings.seconds

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            async with asyncio.timeout(seconds):
                await self.app(scope, receive, sending)
        except TimeoutError:
            if not begun:
                await errors(503, f"no answer within {seconds:g} seconds")(scope, receive, send)
