"""Work in threads: of libraries that leave the interpreter to others while they compute, compress or write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")

_AT_ONCE = 64


def in_threads(function: Callable[[S], T], items: Iterable[S]) -> Iterator[T]:
    """What a function makes of each item, in their order; what it raises for one is raised in its place.

    So many items are drawn, then threads work on them while the caller waits: drawing the next ones meanwhile would contend for the
    interpreter, which takes longer than one after the other.
    """
    left = iter(items)
    with ThreadPoolExecutor() as threads:
        while some := list(islice(left, _AT_ONCE)):
            yield from threads.map(function, some)
