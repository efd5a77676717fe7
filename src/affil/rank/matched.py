"""Which venues and years can be compared. Data lack venues in some years, so that what changes from one year to another is partly
the data. So growth compares two years over the venues that both have (`panel_of`), and only where these hold most of the papers of both; what
lies between them follows the growth from year to year (`chain`). Two years are compared only if each has enough papers in these venues
(`rank.link_papers`): a few papers would carry chance. A venue of which one year has many times the papers of the other (`rank.link_change`)
is not compared: no venue grows so, and the data lack a part of one of the two.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise

from affil.rank.credit import VenueYear
from affil.rank.venues import Venues
from affil.settings import RankSettings

Papers = Mapping[VenueYear, int]  # the papers of each venue and year


@dataclass(frozen=True, slots=True)
class Link:
    """Years that are compared over the venues that all of them have.

    `years` are two or more of the years asked for, ascending. `papers` are those of these venues in each of these years, `all_papers` those
    of all venues.
    """

    years: tuple[int, ...]
    venues: tuple[str, ...]
    papers: tuple[int, ...]
    all_papers: tuple[int, ...]

    @classmethod
    def of(cls, years: tuple[int, ...], venues: Collection[str], papers: Papers) -> Link:
        """Some years over some venues."""
        of_years = [{v: n for (v, year), n in papers.items() if year == y} for y in years]
        matched = tuple(sum(n for v, n in own.items() if v in venues) for own in of_years)
        return cls(years, tuple(sorted(venues)), matched, tuple(sum(own.values()) for own in of_years))

    def to_dict(self) -> dict[str, object]:
        """Everything, as plain JSON values."""
        return {
            "years": list(self.years),
            "venues": list(self.venues),
            "papers": list(self.papers),
            "all_papers": list(self.all_papers),
        }

    @property
    def rests_on(self) -> float:
        """The share of the years' papers that are compared."""
        return rests_on((self,))

    @property
    def ends(self) -> tuple[int, int]:
        """The first and the last year."""
        return self.years[0], self.years[-1]

    def share(self, year: int) -> float:
        """The share of the papers of one of the years that are compared."""
        at = self.years.index(year)
        return self.papers[at] / self.all_papers[at]

    def slot(self, year: int) -> list[VenueYear]:
        """What is counted of one of the years."""
        return [(venue, year) for venue in self.venues]


def chain(papers: Papers, least: int, change: float = math.inf) -> tuple[Link, ...]:
    """The links between years with papers, the first year first; none between two of which one has fewer than `least` papers in the
    venues that are compared (see `compared_venues`).
    """
    of_year = venues_of_years(papers)
    years = list(of_year)
    runs: list[tuple[list[int], frozenset[str]]] = []
    for before, after in pairwise(years):
        both = compared_venues(papers, of_year, (before, after), least, change)
        if runs and runs[-1][1] == both and runs[-1][0][-1] == before:
            runs[-1][0].append(after)
        elif both:
            runs.append(([before, after], both))
    return tuple(Link.of(tuple(run), both, papers) for run, both in runs)


def panel_of(papers: Papers, settings: RankSettings, parts: Collection[VenueYear] = ()) -> Link | None:
    """The two years that growth compares, over the venues that both have, with the years between them that have all of these venues.

    Two years can be compared if each has at least `rank.panel_share` of its papers, and `rank.link_papers`, in the venues that are
    compared (see `compared_venues`). Of those at least `rank.panel_years` apart it is the two that end last, and of these the ones
    that begin first; where no two are so far apart, the two that are furthest.

    Args:
        papers: the papers of each venue and year.
        settings: the limits.
        parts: venues and years that are not compared, as the data have only a part of them.
    """
    whole = {cell: n for cell, n in papers.items() if cell not in parts}
    of_year, best, link = venues_of_years(whole), (0, 0, 0), None
    for first, last in combinations(of_year, 2):
        key = (min(last - first, settings.panel_years), last, -first)
        if key <= best:
            continue
        both = compared_venues(whole, of_year, (first, last), settings.link_papers, settings.link_change)
        found = Link.of(tuple(y for y in of_year if first <= y <= last and both <= of_year[y]), both, papers) if both else None
        if found and min(map(found.share, found.ends)) >= settings.panel_share:
            best, link = key, found
    return link


def breaks(papers: Papers, settings: RankSettings) -> tuple[int, ...]:
    """The years whose ranks do not follow those of the year with papers before: the venues that are compared of the two (see
    `compared_venues`) hold less than `rank.panel_share` of the papers of one of them. How many papers these are does not matter, as nothing is
    said of how much changed.
    """
    of_year = venues_of_years(papers)
    out = []
    for two in pairwise(of_year):
        both = compared_venues(papers, of_year, two, 1, settings.link_change)
        link = Link.of(two, both, papers)
        if min(map(link.share, two)) < settings.panel_share:
            out.append(two[1])
    return tuple(out)


def parts_of_venues(papers: Papers, change: float) -> frozenset[VenueYear]:
    """The venues and years of which the data have only a part, given how many times as many papers a venue may have a year later.

    A venue does not lose most of its papers: a year is a part if any year before it has more than `change` times as many. It may grow: a year
    is a part if the next one with papers has more than `change` times as many a year, and so are the years before that one that have no more
    than `change` times as many as it.
    """
    years_of: dict[str, list[int]] = {}
    for venue, year in sorted(papers):
        years_of.setdefault(venue, []).append(year)
    out = set[VenueYear]()
    for venue, years in years_of.items():
        most = 0
        for year in years:
            if most > papers[venue, year] * change:
                out.add((venue, year))
            most = max(most, papers[venue, year])
        early = False
        for one, later in reversed([*pairwise(years)]):
            own, then, times = papers[venue, one], papers[venue, later], change ** (later - one)
            early = then > own * times or (early and own <= then * change)
            if early:
                out.add((venue, one))
    return frozenset(out)


def rests_on(links: Iterable[Link]) -> float:
    """The share of the papers of the years compared that stand in the comparison; a year in two links counts in both."""
    kept = [*links]
    return sum(sum(link.papers) for link in kept) / max(sum(sum(link.all_papers) for link in kept), 1)


def pairs(
    papers: Papers, before: tuple[int, int], after: tuple[int, int], least: int, change: float = math.inf
) -> tuple[Link, ...]:
    """Each year of a period with the one of the earlier period that stands as far from its end, over the venues that are compared (see
    `compared_venues`) but for those of which one has only a part (see `parts_of_venues`); none of which one has fewer than `least` papers in
    them. Of the two years of `panel_of` it is the same venues.
    """
    parts = parts_of_venues(papers, change)
    whole = {cell: n for cell, n in papers.items() if cell not in parts}
    of_year = venues_of_years(whole)
    length = min(before[1] - before[0], after[1] - after[0]) + 1
    out = []
    for k in reversed(range(length)):
        two = (before[1] - k, after[1] - k)
        both = compared_venues(whole, of_year, two, least, change)
        if both:
            out.append(Link.of(two, both, papers))
    return tuple(out)


def missing_venues(papers: Papers, venues: Venues, year: int) -> tuple[str, ...]:
    """The venues of the table that the year before had and this one lacks: with any, the year is incomplete.

    A venue that had ended by this year is not missed, nor is one that by the table does not take place in it (`Venue.not_held`).
    """
    of_year = venues_of_years(papers)
    return tuple(
        sorted(
            venue
            for venue in of_year.get(year - 1, frozenset()) - of_year.get(year, frozenset())
            if venue in venues and venues[venue].held_in(year)
        )
    )


def venues_of_years(papers: Papers) -> dict[int, frozenset[str]]:
    """The venues with papers of each year, the first year first."""
    return {y: frozenset(v for v, year in papers if year == y) for y in sorted({year for _, year in papers})}


def compared_venues(
    papers: Papers, of_year: Mapping[int, frozenset[str]], two: tuple[int, int], least: int, change: float = math.inf
) -> frozenset[str]:
    """The venues over which two years are compared: those of both, but for those whose papers change more than `change` times from one
    year to the next; none if one of the years has fewer than `least` papers in them.
    """
    most = change ** max(abs(two[1] - two[0]), 1)
    of_both = of_year.get(two[0], frozenset()) & of_year.get(two[1], frozenset())
    both = frozenset(v for v in of_both if 1 / most <= papers[v, two[1]] / papers[v, two[0]] <= most)
    return both if all(sum(papers[v, y] for v in both) >= least for y in two) else frozenset()
