"""Batch strings across requests: matching a hundred strings takes little longer than matching one."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol

from affil.errors import BusyError
from affil.match.lacking import Ranked
from affil.settings import ServeSettings


class Ranker(Protocol):
    """The method of a matcher that a batcher uses."""

    def ranked(self, affiliations: Sequence[str], limits: Sequence[int], least: float) -> list[Ranked]:
        """See `Matcher.ranked`."""


@dataclass(eq=False, slots=True)
class _Request:
    strings: Sequence[str]
    limit: int
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[list[Ranked]]
    found: list[Ranked] = field(default_factory=list)
    taken: int = 0  # strings already put into batches
    gone: bool = False  # the client no longer waits

    def finish(self, error: Exception | None = None) -> None:
        """Wake the waiting request; called from the matching thread."""

        def tell() -> None:
            if not self.answer.done():
                if error is None:
                    self.answer.set_result(self.found)
                else:
                    self.answer.set_exception(error)

        with suppress(RuntimeError):  # the loop is closed: nobody is waiting
            self.loop.call_soon_threadsafe(tell)


class Batcher:
    """A thread that matches strings of all requests in batches; the next batch fills while one is matched.

    Short requests go first; long ones share the remaining room round-robin, so that a single string never waits for a long
    list. Use as a context manager; requests made before its end are answered.

    Args:
        matcher: the matcher; used by this thread only.
        settings: batch and queue sizes.
        observe: called with the number of strings in each batch.
    """

    def __init__(self, matcher: Ranker, settings: ServeSettings, observe: Callable[[int], None] = lambda _: None) -> None:
        self.matcher, self.settings, self.observe = matcher, settings, observe
        self.waiting = 0  # strings in the queue
        self._short: deque[_Request] = deque()
        self._long: deque[_Request] = deque()
        self._changed = threading.Condition()
        self._ending = False
        self._thread = threading.Thread(target=self._work, name="matching", daemon=True)

    def __enter__(self) -> Batcher:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join()

    async def ranked(self, strings: Sequence[str], limit: int) -> list[Ranked]:
        """The result of `Matcher.ranked` for these strings, with this limit for each.

        Raises:
            BusyError: too many strings are waiting.
        """
        if not strings:
            return []
        loop = asyncio.get_running_loop()
        request = _Request(strings, limit, loop, loop.create_future())
        with self._changed:
            if self.waiting + len(strings) > self.settings.waiting:
                raise BusyError(f"{self.waiting:,} strings are already waiting; try again in a moment")
            self.waiting += len(strings)
            (self._short if len(strings) <= self.settings.short else self._long).append(request)
            self._changed.notify()
        try:
            return await request.answer
        finally:
            request.gone = True

    def _work(self) -> None:
        while True:
            with self._changed:
                while not (self._short or self._long or self._ending):
                    self._changed.wait()
            self._gather()
            with self._changed:
                batch = self._take()
                if not batch and self._ending:
                    return
            if batch:
                self._match(batch)

    def _gather(self) -> None:
        """Let more strings in, as long as they come and fit into a batch.

        So answers get out and requests in before the next batch, as this thread and theirs take turns rather than get in each other's
        way, and batches are larger.
        """
        end = time.monotonic() + self.settings.gather
        before = 0
        while before < self.waiting < self.settings.batch and time.monotonic() < end:
            before = self.waiting
            time.sleep(self.settings.linger)
            self._until_read((self._short or self._long)[0].loop, end)

    def _until_read(self, loop: asyncio.AbstractEventLoop, end: float) -> None:
        """Wait until the thread of requests has read what there is: longer than `linger` where others want the processor."""
        read = threading.Event()
        with suppress(RuntimeError):  # the loop is closed: nobody asks any more
            loop.call_soon_threadsafe(loop.call_soon, read.set)  # in the turn after the next, before which it looks for more
            read.wait(max(end - time.monotonic(), 0))

    def _take(self) -> list[tuple[_Request, int, int]]:
        """The next batch: requests with ranges of their strings. Short ones get at most half of it while long ones wait."""
        batch: list[tuple[_Request, int, int]] = []
        room = self.settings.batch
        reserved = room // 2 if self._long else 0
        for queue, leave in ((self._short, reserved), (self._long, 0)):
            while queue and room > leave:
                request = queue.popleft()
                begin = request.taken
                size = len(request.strings) - begin
                if not request.gone:
                    size = min(size, room, self.settings.share if queue else room)
                    batch.append((request, begin, begin + size))
                    room -= size
                request.taken += size
                self.waiting -= size
                if request.taken < len(request.strings):  # full share: back of the queue; truncated: front
                    (queue.append if room else queue.appendleft)(request)
        return batch

    def _match(self, batch: list[tuple[_Request, int, int]]) -> None:
        strings = [s for request, begin, end in batch for s in request.strings[begin:end]]
        limits = [request.limit for request, begin, end in batch for _ in range(begin, end)]
        self.observe(len(strings))
        try:
            found = iter(self.matcher.ranked(strings, limits, self.settings.least))
        except Exception as error:
            if len(batch) > 1:  # one failing request must not fail the others
                for part in batch:
                    self._match([part])
            else:
                batch[0][0].gone = True
                batch[0][0].finish(error)
            return
        for request, begin, end in batch:
            request.found += [next(found) for _ in range(begin, end)]
            if len(request.found) == len(request.strings):
                request.finish()
