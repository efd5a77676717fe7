"""Which venues and years can be compared. Data lack venues in some years, so that what changes from one year to another is partly
the data; as price indices do, we compare years only over the venues that both have, and link these comparisons year on year. Two years
are compared only if each has enough papers in these venues (`rank.link_papers`): a link of a few papers would carry chance into all that
stands behind it. A venue of which one year has many times the papers of the other (`rank.link_change`) is not compared: no venue grows so, and
the data lack a part of one of the two.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from affil.rank.credit import VenueYear
from affil.rank.venues import Venues

Papers = Mapping[VenueYear, int]  # the papers of each venue and year


@dataclass(frozen=True, slots=True)
class Link:
    """Years that are compared over the venues that all of them have.

    `years` are two or more of the years asked for, one after the other; links whose venues are the same are one. `papers` are those
    of these venues in these years, `all_papers` those of all venues.
    """

    years: tuple[int, ...]
    venues: tuple[str, ...]
    papers: int
    all_papers: int

    @property
    def rests_on(self) -> float:
        """The share of the years' papers that are compared."""
        return self.papers / self.all_papers

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
    return tuple(_link(tuple(run), both, papers) for run, both in runs)


def last_chain(links: Iterable[Link], last: int) -> tuple[Link, ...]:
    """The links that lead to the last year without a break, the first year first."""
    kept: list[Link] = []
    for link in reversed([*links]):
        if link.years[-1] == (kept[0].years[0] if kept else last):
            kept.insert(0, link)
    return tuple(kept)


def rests_on(links: Iterable[Link]) -> float:
    """The share of the papers of the years compared that stand in the comparison; a year in two links counts in both."""
    kept = [*links]
    return sum(link.papers for link in kept) / max(sum(link.all_papers for link in kept), 1)


def pairs(
    papers: Papers, before: tuple[int, int], after: tuple[int, int], least: int, change: float = math.inf
) -> tuple[Link, ...]:
    """Each year of a period with the one of the earlier period that stands as far from its end, over the venues that are compared (see
    `compared_venues`); none of which one has fewer than `least` papers in them.
    """
    of_year = venues_of_years(papers)
    length = min(before[1] - before[0], after[1] - after[0]) + 1
    out = []
    for k in reversed(range(length)):
        two = (before[1] - k, after[1] - k)
        both = compared_venues(papers, of_year, two, least, change)
        if both:
            out.append(_link(two, both, papers))
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


def _link(years: tuple[int, ...], venues: frozenset[str], papers: Papers) -> Link:
    matched = sum(n for (v, y), n in papers.items() if y in years and v in venues)
    return Link(years, tuple(sorted(venues)), matched, sum(n for (_, y), n in papers.items() if y in years))
