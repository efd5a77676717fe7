"""Two periods set against each other, over the venues that both have: whose rank and whose share moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Unpack

import duckdb

from affil.errors import AffilError
from affil.rank.matched import Link, missing_venues, pairs, rests_on
from affil.rank.measure import Query
from affil.rank.ranking import Level, parse_years, plain_rows
from affil.rank.slots import ask, measure_slots
from affil.rank.state import State
from affil.rank.venues import Venues
from affil.settings import RankSettings, RollUp
from affil.wording import said

if TYPE_CHECKING:
    import pandas as pd

Years = tuple[int, int]
Span = int | str | Years  # a period as people write it


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two rankings that rest on the same venues, an earlier and a later one.

    `frame` has one row for each entity of both, in the order of the later one: id, name, what the level knows of its place, the values
    `before` and `after`, and `rank_before`, `rank_after`. `pairs` are the years that are set against each other: the last year of one
    period with the last of the other and so on, each pair over the venues that both years have; years without any,
    or with too few papers in them (`rank.link_papers`), have no pair. `lacking` are the venues that the last year, if it is compared,
    lacks while the year before had them. `state` is the state of a project's counts that it is of, None where that is not known.
    """

    frame: pd.DataFrame
    pairs: tuple[Link, ...]
    lacking: tuple[str, ...]
    level: Level
    by: str
    area: str | None = None
    kind: str | None = None
    roll_up: RollUp = "none"
    state: State | None = field(default=None, repr=False)

    @property
    def years_before(self) -> Years:
        """First and last year of the earlier period that are compared.

        Raises:
            AffilError: none are.
        """
        return self._ends(0)

    @property
    def years_after(self) -> Years:
        """First and last year of the later period that are compared.

        Raises:
            AffilError: none are.
        """
        return self._ends(1)

    def _ends(self, period: int) -> Years:
        if not self.pairs:
            raise AffilError(
                said("no year of the one period compares with one of the other: no pair has enough papers at the same venues")
            )
        return self.pairs[0].years[period], self.pairs[-1].years[period]

    @property
    def pairs_told(self) -> tuple[str, ...]:
        """The years that are set against each other: "2012/2022", "2014/2024"."""
        return tuple(f"{before}/{after}" for before, after in (pair.years for pair in self.pairs))

    @property
    def pairs_text(self) -> str:
        """The same in one line: "2012/2022, 2014/2024"."""
        return ", ".join(self.pairs_told)

    @property
    def rests_on(self) -> float:
        """The share of the papers of the years compared that stand in the comparison."""
        return rests_on(self.pairs)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain JSON values."""
        return {
            "level": self.level,
            "by": self.by,
            "area": self.area,
            "kind": self.kind,
            "roll_up": self.roll_up,
            "pairs": [pair.to_dict() for pair in self.pairs],
            "lacking": list(self.lacking),
            "rests_on": self.rests_on,
            "comparison": plain_rows(self.frame),
        }


def _period(given: Span) -> Years:
    period = parse_years(given)
    if period is None:
        raise AffilError(said("a comparison is between two periods; give the years of both"))
    return period


def compare(
    db: duckdb.DuckDBPyConnection,
    venues: Venues,
    settings: RankSettings,
    before: Span,
    after: Span,
    **query: Unpack[Query],
) -> Comparison:
    """Set a period against an earlier one, from the tables `credit`, `stats` and `institutions` of a connection.

    Args:
        db: the connection.
        venues: the venue table.
        settings: how to count.
        before: the earlier period, as `Query` has years.
        after: the later one; where the periods differ in length, the last years of the longer are compared.
        query: see `Query`; its years are not read, and `by` may be "share".

    Raises:
        AffilError: an argument has an unknown value, or no paper is in the venue and area.
    """
    asked, earlier, later = ask(db, venues, settings, query), _period(before), _period(after)
    found = pairs(asked.papers, earlier, later, settings.link_papers, settings.link_change)
    slots = [[cell for pair in found for cell in pair.slot(pair.years[k])] for k in (0, 1)]
    about, (old, new) = measure_slots(db, venues, settings, asked, slots)
    frame = about.join(
        new.rename(columns={"value": "after", "rank": "rank_after"}).join(
            old.rename(columns={"value": "before", "rank": "rank_before"}), how="inner"
        ),
        how="inner",
    ).sort_values(["rank_after", "name"])
    return Comparison(
        frame.reset_index(),
        found,
        missing_venues(asked.papers, venues, later[1]) if found and found[-1].years[1] == later[1] else (),
        asked.query.level,
        asked.by,
        asked.query.area,
        asked.query.kind,
        asked.query.roll_up,
    )
