"""Ranks over the years: the ranking of each year, and who has been first for how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Unpack

import duckdb

from affil.rank.choices import check_limit
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
    ranks for each year with papers (null where it has none), of its complete years the `best` rank and `years_first` (the number of years in
    which it was first), and `in_a_row` (for how many years, one after the other up to `Trend.told`; a year whose venues do not compare with
    those of the year before begins a row, see `Trend.breaks`). `trend` has the values that the ranks are made from, and what they rest on.
    `firsts` are those who were first in each year, by id, whether they are among the rows or not.
    """

    frame: pd.DataFrame
    trend: Trend
    firsts: Mapping[int, Mapping[str, Name]] = field(default_factory=dict)

    @property
    def years(self) -> tuple[int, ...]:
        """The years with papers."""
        return self.trend.years

    @property
    def later(self) -> dict[int, Mapping[str, Name]]:
        """The complete years after `Trend.told`, to which ranks do not go on from it, with who was first; no year of which a venue has only
        a part.
        """
        told, partly = self.trend.told, {year for _, year in self.trend.parts}
        return {y: self.firsts.get(y, {}) for y in self.trend.complete if y > told and y not in partly}

    def of(self, identifier: str) -> RanksByYear:
        """The same with one entity alone."""
        own = self.frame[self.frame["id"] == identifier].reset_index(drop=True)
        return replace(self, frame=own, trend=self.trend.of(identifier))

    def in_a_row(self, identifier: str) -> int:
        """For how many years, one after the other up to `Trend.told`, somebody was first."""
        year, breaks = self.trend.told, {*self.trend.breaks}
        if identifier not in self.firsts.get(year, ()):
            return 0
        first = year
        while first not in breaks and identifier in self.firsts.get(first - 1, ()):
            first -= 1
        return year - first + 1

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
        trend, told = self.trend, self.trend.told
        whole = sum(y <= told for y in self.years)
        rows = {name: self.in_a_row(one) for one, name in self.firsts.get(told, {}).items()}
        out = [
            said("{0} is first in {1}", name, told)
            + (said(", {0} years in a row (of {1} with papers).", in_a_row, whole) if in_a_row > 1 else said("."))
            for name, in_a_row in rows.items()
        ]
        out += [
            said("In {0}, to which ranks do not go on from {1}, {2} is first.", year, told, joined(", ", [*who.values()]))
            for year, who in self.later.items()
        ]
        return [*out, *self._breaks(), *(line for line in trend.lines() if line != trend.growth_line())]

    def _breaks(self) -> list[str]:
        """The years that do not go on from those before."""
        if not self.trend.breaks:
            return []
        return [
            said(
                "Ranks of {0} do not go on from those of the year before, nor does a row of years: the venues of both, without those of "
                "which one has only a part (rank.link_change), have less than {1} of the papers of one (rank.panel_share).",
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
    check_limit(limit)
    every = trend(db, venues, settings, **query)
    first = every.ranks[[*every.years]].eq(1).fillna(False)
    firsts = {
        y: {row["id"]: Name(row["name"], row.get("name_zh")) for row in every.ranks[first[y]].to_dict("records")}
        for y in every.years
    }
    complete = [*every.complete]
    found = RanksByYear(every.ranks, every, firsts)
    in_a_row = {one: found.in_a_row(one) for one in firsts[every.told]}
    frame = every.ranks.assign(
        best=every.ranks[complete].min(axis=1),
        years_first=first[complete].sum(axis=1),
        in_a_row=every.ranks["id"].map(in_a_row).fillna(0).astype(int),
    )
    return replace(found, frame=frame.head(limit or len(frame)), trend=every.head(limit))
