"""Where a person worked in which years, for sources that tell this of people instead of an affiliation of papers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Employment:
    """A place of work from the first to the last year, both included (None: open)."""

    first: int | None
    last: int | None
    place: str


def places_in(employments: Iterable[Employment], year: int) -> tuple[str, ...]:
    """The places where a person worked in a year, each once; after a move in that year both."""
    return tuple(dict.fromkeys(e.place for e in employments if (e.first or year) <= year <= (e.last or year)))
