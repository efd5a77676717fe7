"""How often a client may ask, and how long an answer may take."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from affil.service.operations import errors
from affil.service.security import is_loopback
from affil.settings import ServeSettings

_MINUTE = 60


class Limits:
    """ASGI middleware: turns away clients that ask too often, and gives up requests that take too long.

    Clients on this machine may ask as often as they like. What a proxy on this machine passes on is counted for whom it names in
    `x-forwarded-for`.
    """

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self.app, self.settings = app, settings
        self._minute, self._asked = 0, Counter[str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or turn it away."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        client = (scope.get("client") or ("",))[0]
        if not is_loopback(client) and (wait := self._wait(client)):
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

    def _wait(self, client: str) -> int:
        """Seconds that a client has to wait; 0: none. Only the present minute is remembered."""
        now = time.monotonic()
        minute = int(now // _MINUTE)
        if minute != self._minute:
            self._minute = minute
            self._asked.clear()
        self._asked[client] += 1
        return 0 if self._asked[client] <= self.settings.per_minute else round(_MINUTE - now % _MINUTE) or 1
