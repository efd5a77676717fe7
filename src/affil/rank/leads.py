"""Where a lead changes hands: who passed whom, at which venues and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from affil.rank.matched import Papers

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Lead:
    """Who has led at some venues from `year` on, to the last year with enough papers there, and whom it passed, who had led in the year
    `before`, the last one with enough papers before it. `ids` and `names` are theirs, who leads now first; `values` and `values_before` are
    their numbers in the two years, and `papers` those of the venues in `year`.
    """

    venues: tuple[str, ...]
    before: int
    year: int
    ids: tuple[str, str]
    names: tuple[str, str]
    values: tuple[float, float]
    values_before: tuple[float, float]
    papers: int

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain JSON values."""
        return {
            name: [*value] if isinstance(value, tuple) else value
            for name, value in ((name, getattr(self, name)) for name in self.__dataclass_fields__)
        }


def change_of_lead(
    venues: tuple[str, ...], values: Mapping[int, pd.Series[float]], names: Mapping[str, str], papers: Papers
) -> Lead | None:
    """The last change of the lead at some venues; None where who leads in the last year has led in all.

    A year in which two share the first place has no leader: the lead changes hands when somebody else leads alone.

    Args:
        venues: the venues.
        values: for each of their years, ascending, the numbers by id.
        names: the name of each id.
        papers: the papers of each venue and year.
    """
    leaders: dict[int, str] = {}
    for year, of in values.items():
        numbers = of.to_numpy()
        second, first = np.sort([0.0, 0.0, *numbers])[-2:]
        if first > second:
            leaders[year] = str(of.index[int(numbers.argmax())])
    years = [*leaders]
    if not years or years[-1] != [*values][-1]:
        return None
    new = leaders[years[-1]]
    others = [k for k, y in enumerate(years) if leaders[y] != new]
    if not others:
        return None
    before, year = years[others[-1]], years[others[-1] + 1]
    ids = new, leaders[before]
    held = sum(papers.get((venue, year), 0) for venue in venues)
    now, then = (tuple(float(values[y].get(i, 0.0)) for i in ids) for y in (year, before))
    return Lead(venues, before, year, ids, (names[ids[0]], names[ids[1]]), (now[0], now[1]), (then[0], then[1]), held)
