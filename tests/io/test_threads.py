"""Threads answer in the order of what they are given, and draw it piece by piece."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.io.threads import in_threads


@given(st.lists(st.integers(), max_size=200))
def test_answers_come_in_the_order_of_the_items(items: list[int]) -> None:
    assert list(in_threads(lambda n: n * 2, items)) == [n * 2 for n in items]


def test_other_threads_do_the_work() -> None:
    assert threading.get_ident() not in in_threads(lambda _: threading.get_ident(), range(5))


def test_items_are_drawn_as_they_are_needed() -> None:
    drawn = list[int]()

    def endless() -> Iterator[int]:
        while True:
            drawn.append(len(drawn))
            yield drawn[-1]

    found = in_threads(str, endless())
    assert [next(found) for _ in range(3)] == ["0", "1", "2"]
    assert len(drawn) < 200


def test_what_is_raised_for_an_item_is_raised_in_its_place() -> None:
    found = in_threads(lambda n: 1 // n, [1, 0])
    assert next(found) == 1
    with pytest.raises(ZeroDivisionError):
        next(found)
