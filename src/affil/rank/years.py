"""Ranks over the years: the ranking of each year, and who has been first for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

import duckdb
import numpy as np

from affil.rank.measure import Query
from affil.rank.ranking import plain_rows
from affil.rank.state import State
from affil.rank.trend import Trend, trend
from affil.rank.venues import Venues
from affil.settings import RankSettings
from affil.wording import Name, joined, said

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class RanksByYear:
    """The rank of each entity in each year, among all of that year, by the papers of its venues.

    `frame` has one row for each entity, in the order of the year of reference: id, name, what the level knows of its place, a column of
    ranks for each year with papers (null where it has none), `best` rank of all years, `years_first` (the number of years in which it
    was first), and `in_a_row` (for how many of them, one after the other, up to that year; a year whose venues do not compare with those of
    the year before begins a row, see `Trend.breaks`). `trend` has the values that the ranks are made from, and what they rest on.
    """

    frame: pd.DataFrame
    trend: Trend

    @property
    def years(self) -> tuple[int, ...]:
        """The years with papers."""
        return self.trend.years

    @property
    def later(self) -> dict[int, list[str]]:
        """The complete years after that of reference, which do not compare with it, in which others were first, with the ids of these."""
        first = {y: self.frame.loc[self.frame[y].eq(1).fillna(False), "id"].tolist() for y in self.trend.complete}
        last = self.trend.reference
        return {y: ids for y, ids in first.items() if y > last and ids and ids != first[last]}

    @property
    def state(self) -> State | None:
        """The state of a project's counts that it is of, None where that is not known."""
        return self.trend.state

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences that a reader must see."""
        return self.trend.warnings

    def lines(self) -> list[str]:
        """Who is first, for how long, and what of the years is to be known."""
        trend, last = self.trend, self.trend.reference
        names = {row["id"]: Name(row["name"], row.get("name_zh")) for row in self.frame.to_dict("records")}
        whole = sum(y <= last for y in self.years)
        out = [
            said("{0} is first in {1}", names[row["id"]], last)
            + (said(", {0} years in a row (of {1} with papers).", row["in_a_row"], whole) if row["in_a_row"] > 1 else said("."))
            for row in self.frame[self.frame["in_a_row"] > 0].to_dict("records")
        ]
        out += [
            said(
                "In {0}, whose venues do not compare with those of {1}, {2} is first.",
                year,
                last,
                joined(", ", [names[one] for one in ids]),
            )
            for year, ids in self.later.items()
        ]
        return [*out, *self._breaks(), *(line for line in trend.lines() if line != trend.growth_line())]

    def _breaks(self) -> list[str]:
        """The years that do not go on from those before."""
        if not self.trend.breaks:
            return []
        return [
            said(
                "Ranks of {0} do not go on from those of the year before, nor does a row of years: the venues of both have less than {1} "
                "of the papers of one (rank.panel_share).",
                joined(", ", map(str, self.trend.breaks)),
                f"{self.trend.settings.panel_share:.0%}",
            )
        ]

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain JSON values."""
        kept = ("level", "by", "area", "kind", "years", "venues", "lacking", "reference", "breaks", "coverage")
        about = self.trend.about()
        return {
            **{name: about[name] for name in kept},
            "notes": self.lines(),
            "values": plain_rows(self.trend.frame),
            "ranks": plain_rows(self.frame),
        }


def ranks_by_year(
    db: duckdb.DuckDBPyConnection, venues: Venues, settings: RankSettings, *, limit: int | None = None, **query: Unpack[Query]
) -> RanksByYear:
    """The ranking of each year, from the tables `credit`, `stats` and `institutions` of a connection.

    Args:
        db: the connection.
        venues: the venue table.
        settings: how to count.
        limit: entities kept, of the year of reference the first.
        query: see `Query`; `years` may also be a list like "2014,2018,2023".

    Raises:
        AffilError: an argument has an unknown value, or the slice has no paper.
    """
    result = trend(db, venues, settings, limit=limit, **query)
    years = list(result.years)
    ranks = result.ranks[years]
    first = ranks.eq(1).fillna(False).to_numpy(bool)
    until = first[:, [y <= result.reference for y in years]]
    whole = np.array([y for y in years if y <= result.reference])
    begun = max((y for y in result.breaks if y <= result.reference), default=0)
    # years without papers between end a row
    until &= (whole == result.reference - np.arange(len(whole))[::-1]) & (whole >= begun)
    in_a_row = np.cumprod(until[:, ::-1], axis=1).sum(axis=1)
    frame = result.ranks.assign(best=ranks.min(axis=1), years_first=first.sum(axis=1), in_a_row=in_a_row)
    return RanksByYear(frame, result)
