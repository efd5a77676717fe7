"""Where an entity is strong and weak: its share of each area against the one that its papers of the same years lead to expect.

Areas have papers of different years, as data lack venues in some, so an entity that grew holds more of an area whose papers are
later, whatever it works on. The expected share takes that out by indirect standardisation, as the standardised mortality ratio of
epidemiology takes out age (Breslow and Day, Statistical Methods in Cancer Research II, IARC 1987, chapter 2): years are the strata,
the entity's share of all areas in a year is the rate, and the area's credit of the year is the weight.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb

from affil.rank.credit import sql


@dataclass(frozen=True, slots=True)
class AreaShare:
    """The share that an entity holds of an area's credit, and the share that is expected of it."""

    share: float
    expected: float

    @property
    def ratio(self) -> float:
        """Observed by expected: 1 where the entity does as much in the area as in all; not a number where nothing is expected."""
        return self.share / self.expected if self.expected else float("nan")


Profiles = Mapping[str, Mapping[str, AreaShare]]  # of each entity, its shares of all areas with credit


@dataclass(frozen=True, slots=True)
class Spread:
    """The areas in which an entity is strongest and weakest, and how many times its ratio in the one is that in the other: infinite where it
    has nothing of the weakest.
    """

    strong: str
    weak: str
    times: float


def spread(own: Mapping[str, AreaShare], areas: Iterable[str]) -> Spread | None:
    """How uneven an entity is over some areas; None where fewer than two of them let anything be expected of it."""
    ratios = {a: own[a].ratio for a in areas if a in own and own[a].expected}
    if len(ratios) < 2:
        return None
    strong, weak = max(ratios, key=lambda a: ratios[a]), min(ratios, key=lambda a: ratios[a])
    return Spread(strong, weak, ratios[strong] / ratios[weak] if ratios[weak] else float("inf"))


def profiles(db: duckdb.DuckDBPyConnection, ids: Iterable[str]) -> Profiles:
    """The profiles of some entities in the slice that was measured last in a connection.

    In a year in which one area alone has papers, what is expected is what is observed: such years tell nothing, and draw the ratio
    towards 1. Entities without credit in any area have no profile.
    """
    out: dict[str, dict[str, AreaShare]] = {}
    for identifier, area, share, expected in db.execute(sql("profiles"), [[*ids]]).fetchall():
        out.setdefault(identifier, {})[area] = AreaShare(share, expected)
    return out
