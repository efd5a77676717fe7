"""Requests are gathered, kept apart, and all answered."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import BusyError
from affil.service.batching import Batcher, Ranked
from affil.settings import ServeSettings
from affil.types import Decision, Institution, Match

FAST = ServeSettings(linger=0.0)


def answer(string: str, limit: int) -> Ranked:
    return (Match(Institution(string, string), 1.0, Decision.MATCH, 0, limit, string),)


class Echo:
    """A matcher that answers with what it was asked; it holds its first batch until it is let go."""

    def __init__(self, held: bool = False) -> None:
        self.batches: list[list[str]] = []
        self.go = threading.Event()
        self.begun = threading.Event()
        if not held:
            self.go.set()

    def ranked(self, affiliations: Sequence[str], limits: Sequence[int], least: float) -> list[Ranked]:
        self.batches.append([*affiliations])
        self.begun.set()
        assert self.go.wait(30)
        if "poison" in affiliations:
            raise ValueError("poison")
        return [answer(s, n) for s, n in zip(affiliations, limits, strict=True)]


@given(st.lists(st.tuples(st.lists(st.text(max_size=3), max_size=30), st.integers(0, 5)), max_size=12), st.integers(1, 40))
def test_everyone_gets_their_own(requests: list[tuple[list[str], int]], batch: int) -> None:
    settings = ServeSettings(linger=0.0, batch=batch, short=3, share=4)

    async def ask(batcher: Batcher) -> list[list[Ranked]]:
        return await asyncio.gather(*(batcher.ranked(strings, limit) for strings, limit in requests))

    matcher = Echo()
    with Batcher(matcher, settings) as batcher:
        found = asyncio.run(ask(batcher))
        assert batcher.waiting == 0
    assert found == [[answer(s, limit) for s in strings] for strings, limit in requests]
    assert all(len(b) <= batch for b in matcher.batches)


def test_what_comes_meanwhile_is_matched_together() -> None:
    matcher = Echo(held=True)
    sizes: list[int] = []

    async def ask(batcher: Batcher) -> None:
        first = asyncio.create_task(batcher.ranked(["first"], 0))
        await asyncio.to_thread(matcher.begun.wait)
        others = [asyncio.create_task(batcher.ranked([f"string {i}"], 0)) for i in range(50)]
        await asyncio.sleep(0.05)
        assert batcher.waiting == 50
        matcher.go.set()
        await asyncio.gather(first, *others)

    with Batcher(matcher, FAST, sizes.append) as batcher:
        asyncio.run(ask(batcher))
    assert [len(b) for b in matcher.batches] == sizes == [1, 50]


def test_short_requests_do_not_wait_for_long_ones() -> None:
    matcher = Echo(held=True)
    settings = ServeSettings(linger=0.0, batch=100, short=5, share=20)

    async def ask(batcher: Batcher) -> None:
        first = asyncio.create_task(batcher.ranked(["first"], 0))
        await asyncio.to_thread(matcher.begun.wait)
        long = [asyncio.create_task(batcher.ranked([f"{k} {i}" for i in range(150)], 0)) for k in "ab"]
        await asyncio.sleep(0.05)
        short = asyncio.create_task(batcher.ranked(["short"], 0))
        await asyncio.sleep(0.05)
        matcher.go.set()
        await asyncio.gather(first, *long, short)

    with Batcher(matcher, settings) as batcher:
        asyncio.run(ask(batcher))
    second = matcher.batches[1]
    assert second[0] == "short"
    assert {s[0] for s in second[1:]} == {"a", "b"}, "long ones take turns"


def test_lists_of_one_length_are_answered_in_their_order() -> None:
    """The end of a batch cuts one of them short, which must not send it to the end of the queue again and again."""
    matcher = Echo(held=True)
    settings = ServeSettings(linger=0.0, batch=53, short=1, share=10)
    strings = [[f"{k}.{i}" for i in range(10)] for k in range(40)]

    async def ask(batcher: Batcher) -> None:
        first = asyncio.create_task(batcher.ranked(["first"], 0))
        await asyncio.to_thread(matcher.begun.wait)
        lists = [asyncio.create_task(batcher.ranked(some, 0)) for some in strings]
        await asyncio.sleep(0.05)
        matcher.go.set()
        await asyncio.gather(first, *lists)

    with Batcher(matcher, settings) as batcher:
        asyncio.run(ask(batcher))
    assert [s for batch in matcher.batches[1:] for s in batch] == [s for some in strings for s in some]


def test_a_failure_is_its_own_requests() -> None:
    async def ask(batcher: Batcher) -> list[object]:
        return await asyncio.gather(
            batcher.ranked(["x"], 0), batcher.ranked(["poison"], 0), batcher.ranked(["y"], 0), return_exceptions=True
        )

    with Batcher(Echo(), FAST) as batcher:
        x, poison, y = asyncio.run(ask(batcher))
    assert (x, y) == ([answer("x", 0)], [answer("y", 0)])
    assert isinstance(poison, ValueError)


def test_too_much_is_turned_away_and_who_left_is_left_out() -> None:
    matcher = Echo(held=True)
    settings = ServeSettings(linger=0.0, waiting=10)

    async def ask(batcher: Batcher) -> None:
        first = asyncio.create_task(batcher.ranked(["first"], 0))
        await asyncio.to_thread(matcher.begun.wait)
        gone = asyncio.create_task(batcher.ranked(["gone"] * 8, 0))
        await asyncio.sleep(0.05)
        with pytest.raises(BusyError, match="8 strings are already waiting"):
            await batcher.ranked(["x"] * 3, 0)
        gone.cancel()
        await asyncio.sleep(0.05)
        last = asyncio.create_task(batcher.ranked(["last"], 0))
        await asyncio.sleep(0.05)
        matcher.go.set()
        await asyncio.gather(first, last)
        assert gone.cancelled()

    with Batcher(matcher, settings) as batcher:
        asyncio.run(ask(batcher))
        assert batcher.waiting == 0
    assert matcher.batches == [["first"], ["last"]]


def test_the_end_waits_for_what_was_asked() -> None:
    matcher = Echo(held=True)

    async def ask(batcher: Batcher) -> list[Ranked]:
        asked = asyncio.create_task(batcher.ranked(["a", "b"], 0))
        await asyncio.to_thread(matcher.begun.wait)
        rest = asyncio.create_task(batcher.ranked(["c"], 0))
        await asyncio.sleep(0.05)
        ending = asyncio.create_task(asyncio.to_thread(batcher.__exit__, None, None, None))
        await asyncio.sleep(0.05)
        matcher.go.set()
        await ending
        return [*await asked, *await rest]

    with Batcher(matcher, FAST) as batcher:
        assert asyncio.run(ask(batcher)) == [answer(s, 0) for s in "abc"]


def test_a_batch_waits_for_what_is_being_read() -> None:
    """However slow the thread of requests is, as where others want the processor."""
    matcher = Echo()

    async def ask(batcher: Batcher) -> None:
        asked = []
        for number in range(5):
            asked.append(asyncio.create_task(batcher.ranked([str(number)], 0)))
            time.sleep(0.02)
            await asyncio.sleep(0)  # the next turn
        await asyncio.gather(*asked)

    with Batcher(matcher, ServeSettings(linger=0.0, gather=30.0)) as batcher:
        asyncio.run(ask(batcher))
    assert matcher.batches == [["0", "1", "2", "3", "4"]]


def test_a_batch_waits_no_longer_than_it_may() -> None:
    """A stream of strings that never stops does not keep a batch from being matched."""
    matcher = Echo()

    async def ask(batcher: Batcher) -> None:
        asked = []
        while not matcher.batches:
            asked.append(asyncio.create_task(batcher.ranked([str(len(asked))], 0)))
            await asyncio.sleep(0)
        await asyncio.gather(*asked)

    with Batcher(matcher, ServeSettings(gather=0.05, waiting=10**6, batch=10**6)) as batcher:
        asyncio.run(ask(batcher))
