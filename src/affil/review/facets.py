"""How the strings that pass the filters are spread over each filter's values, as facets beside a list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from affil.review.doubts import DOUBTS
from affil.review.items import ANSWERS, Filters
from affil.review.queue import Numbers, Queue

Counts = list[tuple[str, int]]

BINS = 10  # of the probability
# field of the filters -> its values and the strings of each, for the strings registered as `selected`
_QUERIES = {
    "country": "SELECT country, count(DISTINCT number) FROM selected JOIN answer USING (number) WHERE country <> ''",
    "venue": "SELECT venue, count(DISTINCT number) FROM selected JOIN mention USING (number) JOIN paper USING (paper)",
    "year": "SELECT year, count(DISTINCT number) FROM selected JOIN mention USING (number) JOIN paper USING (paper)",
}
FACETS = ("doubt", "decision", "probability", "country", "venue", "year")


def facets(queue: Queue, filters: Filters, by: str) -> dict[str, Counts]:
    """For each of `FACETS` its values with the number of strings, under all other filters, most strings first.

    Years come latest first, probabilities as ranges ("0.5-0.6") from low to high.
    """
    return {name: _counted(queue, name, queue.select(without(filters, name), by)) for name in FACETS}


def without(filters: Filters, facet: str) -> Filters:
    """The filters without what a facet restricts."""
    return within(filters, facet, "0-1" if facet == "probability" else "")


def within(filters: Filters, facet: str, value: str) -> Filters:
    """The filters with a value of a facet, in place of another."""
    low, _, high = value.partition("-")
    given: dict[str, Any] = {"low": float(low), "high": float(high)} if facet == "probability" else {facet: value}
    return replace(filters, **given)


def value_of(filters: Filters, facet: str) -> str:
    """The value of a facet that the filters have; "": none."""
    if facet != "probability":
        return str(getattr(filters, facet))
    return "" if (filters.low, filters.high) == (0.0, 1.0) else f"{filters.low:g}-{filters.high:g}"


def _counted(queue: Queue, facet: str, numbers: Numbers) -> Counts:
    direct: dict[str, Callable[[], Counts]] = {
        "doubt": partial(_doubts, queue, numbers),
        "decision": lambda: [(name, int((queue.decision[numbers] == name).sum())) for name in ANSWERS],
        "probability": partial(_bins, queue.probability[numbers]),
    }
    found = direct[facet]() if facet in direct else queue.store.counts(_QUERIES[facet], numbers)
    if facet == "year":
        found.sort(reverse=True)
    elif facet != "probability":
        found.sort(key=lambda one: (-one[1], one[0]))
    return [one for one in found if one[1]]


def _doubts(queue: Queue, numbers: Numbers) -> Counts:
    given = queue.doubts[numbers]
    return [(name, int((given >> k & 1).sum())) for k, name in enumerate(DOUBTS)]


def _bins(probability: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Counts:
    edges = np.linspace(0, 1, BINS + 1).round(6)
    counts = np.histogram(probability, edges)[0]
    return [(f"{a:g}-{b:g}", int(n)) for a, b, n in zip(edges[:-1], edges[1:], counts, strict=True)]
