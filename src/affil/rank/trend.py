"""A ranking by year. Data lack venues in some years, so growth rests on the venues that two years both have, linked year on year."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NoReturn, Unpack

import duckdb
import numpy as np

from affil.drawing import vega
from affil.errors import AffilError
from affil.markup import SHOWN, Line, sparkline, table
from affil.rank.matched import Link, Papers, chain, last_chain, missing_venues, rests_on, venues_of_years
from affil.rank.measure import Query, choose_slice, coverage
from affil.rank.places import HongKong
from affil.rank.ranking import Coverage, Level, distinct_names, plain_rows, records
from affil.rank.slots import SHARE_OR_MEASURE, Asked, ask, cells_of, measure_slots
from affil.rank.state import State
from affil.rank.venues import Venues
from affil.settings import RankSettings
from affil.wording import Said, counted, joined, said

if TYPE_CHECKING:
    import altair
    import pandas as pd

TREND_MEASURES = SHARE_OR_MEASURE


@dataclass(frozen=True, slots=True)
class Trend:
    """A measure of each entity by year.

    `frame` has one row for each entity, in the order of the last whole year: id, name, what the level knows of its place, a column of
    numbers as counted for each year, `growth` over the years of `compared`, and `growth_last` from the year before the last to the
    last. Growth is over matched venues (see `links`): 0.1 is 10%, or 10 points where `by` is "share"; null where something grew from
    nothing, or no link connects the years.

    `matched` has the same rows and years, with what each year's number would be in the venues of `reference` (the last whole year), by
    the growth of matched venues; null before the first of `compared`. `drawn` are the numbers for charts: these, or those counted where
    no two years can be compared. `ranks` has the ranks of the numbers as counted.

    `links` are the comparisons that the growth over `compared` (first and last year; None where it cannot be told) is made of; each of
    their years has at least `link_papers` papers in the venues that it is compared over.
    `lacking` are the venues of the table that the last year lacks while the year before had them: with any, the last year is incomplete.
    `venues` are the venues of each year, `every_year` those with papers in all of them; with `panel`, only these are counted.
    `coverage` is that of each year, `hong_kong` how Hong Kong and Macao are counted, if that was asked for.
    `state` is the state of a project's counts that it is of, None where that is not known. `total` is how many entities there are, shown
    or not.
    """

    frame: pd.DataFrame
    matched: pd.DataFrame
    ranks: pd.DataFrame
    level: Level
    by: str
    years: tuple[int, ...]
    links: tuple[Link, ...]
    link_papers: int
    lacking: tuple[str, ...]
    reference: int
    venues: Mapping[int, tuple[str, ...]]
    every_year: tuple[str, ...]
    panel: bool
    coverage: Mapping[int, Coverage]
    area: str | None = None
    kind: str | None = None
    hong_kong: HongKong | None = None
    state: State | None = field(default=None, repr=False)
    total: int | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences that a reader must see."""
        return self.state.warnings if self.state else ()

    @property
    def compared(self) -> tuple[int, int] | None:
        """The first and last year that growth is told over."""
        return (self.links[0].years[0], self.links[-1].years[-1]) if self.links else None

    def of(self, identifier: str) -> Trend:
        """The same with one entity alone."""

        def own(table: pd.DataFrame) -> pd.DataFrame:
            return table[table["id"] == identifier].reset_index(drop=True)

        return replace(self, frame=own(self.frame), matched=own(self.matched), ranks=own(self.ranks))

    @property
    def drawn(self) -> pd.DataFrame:
        """The table of which charts show the years."""
        return self.matched if self.links else self.frame

    @property
    def rests_on(self) -> float:
        """The share of the papers of the years compared that growth rests on."""
        return rests_on(self.links)

    def by_year(self, values: Mapping[str, Sequence[float]]) -> tuple[list[str], dict[str, Line]]:
        """All years from the first to the last, the last with a star if incomplete, and the values in each, None in years without papers.

        Args:
            values: for each name its values in `years`.
        """
        at, last = {year: k for k, year in enumerate(self.years)}, self.years[-1]
        every = range(self.years[0], last + 1)
        found: dict[str, Line] = {
            name: [known[at[y]] if y in at and known[at[y]] == known[at[y]] else None for y in every]
            for name, known in values.items()
        }
        return [f"{y}*" if self.lacking and y == last else str(y) for y in every], found

    def plot(self, limit: int = len(vega.COLOURS), *, matched: bool = False) -> altair.LayerChart:
        """Lines over the years, as a chart of Altair that is drawn without the internet.

        Args:
            limit: how many of the first entities are drawn; no more than there are colours, which is eight.
            matched: the numbers in comparable venues, instead of those counted, where years can be compared.

        Raises:
            AffilError: Altair is not installed, or the limit is none of 1 to 8.
        """
        if not 1 <= limit <= len(vega.COLOURS):
            raise AffilError(said("a chart has 1 to {0} lines, not {1}", len(vega.COLOURS), limit))
        from affil.drawing.altair_chart import drawn

        matched = matched and bool(self.links)
        table = (self.matched if matched else self.frame).head(limit)
        numbers = table[[*self.years]].to_numpy(float).tolist()
        years, values = self.by_year(dict(zip(distinct_names(self.frame.head(limit)), numbers, strict=True)))
        axis = f"{self.by}, in the venues of {self.reference}" if matched else self.by
        columns, rows = ("year", *values), [(y, *(line[k] for line in values.values())) for k, y in enumerate(years)]
        return drawn(vega.lines(f"{self.level} by {axis}", axis, share=self.by == "share"), vega.tidy(columns, rows))

    def _repr_html_(self) -> str:
        drawn = dict(zip(self.drawn["id"], self.drawn[[*self.years]].to_numpy(float).tolist(), strict=True))
        years, lines_of = self.by_year(drawn)
        shown = {y: str(y) for y in self.years} | ({self.years[-1]: years[-1]} if self.years else {})
        known = [c for c in ("name", "name_zh", "city", "country") if c in self.frame]
        rows = [
            {
                **{c: row[c] for c in known},
                **{shown[y]: row[str(y)] for y in self.years},
                "growth": "" if row["growth"] != row["growth"] else f"{row['growth']:+.1%}",
                "": sparkline(lines_of[row["id"]], apart=bool(self.lacking)),
            }
            for row in records(self.frame.head(SHOWN))
        ]
        how = f"in the venues of {self.reference}, so that the years compare" if self.links else "as counted"
        told = f"The small lines are {self.by} {how}."
        return table(rows, (*self.lines(), told, *self.warnings), total=len(self.frame))

    def lines(self) -> list[str]:
        """Notes on coverage and comparability, in a few sentences."""
        varied = sorted({v for venues in self.venues.values() for v in venues} - {*self.every_year})
        of_years = (
            said("{0} to {1}", self.years[0], self.years[-1]) if len(self.years) > 2 else joined(" and ", map(str, self.years))
        )
        gap = [self.growth_line()] if self.compared != (self.years[0], self.years[-1]) and len(self.years) > 1 else []
        if self.panel:
            return [said("A fixed panel, counted in every year ({0}): {1}.", of_years, ", ".join(self.every_year)), *gap]
        if not varied:
            return [
                said("The same venues in every year ({0}): {1}.", of_years, ", ".join(self.every_year)),
                *gap,
                *self._incomplete(),
            ]
        same = (
            said("in every year {0}", ", ".join(self.every_year))
            if self.every_year
            else said("no venue is there in every year")
        )
        return [
            said(
                "The years differ in their venues, so numbers as counted do not compare: {0}; only in some {1}.",
                same,
                ", ".join(varied),
            ),
            self.growth_line(),
            *self._incomplete(),
            *([said("With a fixed panel only the venues of every year are counted.")] if self.every_year else []),
        ]

    def growth_line(self) -> str:
        """Over which years and on what growth is told."""
        if self.compared is None:
            return said(
                "The last two years have fewer than {0} in the venues of both (rank.link_papers), so there is no growth to tell.",
                counted(self.link_papers, "paper"),
            )
        first, last = self.compared
        least = min(self.links, key=lambda link: link.rests_on)
        return said(
            "Growth by {6}, {0} to {1}, compares years over the venues that both have, linked year on "
            "year; it rests on {2:.0%} of their papers (least: {3:.0%}, {4} to {5}). By another measure it may differ: publications "
            "count once for each that a paper names, adjusted divides the paper among its authors, a share falls where others grow faster.",
            first,
            last,
            self.rests_on,
            least.rests_on,
            least.years[0],
            least.years[-1],
            Said(self.by),
        ) + (
            said(
                " Before {0} two years have fewer than {1} in the venues of both (rank.link_papers): no growth is told there.",
                first,
                counted(self.link_papers, "paper"),
            )
            if first > self.years[0]
            else ""
        )

    def _incomplete(self) -> list[str]:
        last = self.years[-1]
        return (
            [said("* {0} is incomplete: it lacks {1}, which {2} had.", last, ", ".join(self.lacking), last - 1)]
            if self.lacking
            else []
        )

    def about(self) -> dict[str, Any]:
        """Everything except the tables, JSON-serialisable."""
        return {
            "level": self.level,
            "by": self.by,
            "area": self.area,
            "kind": self.kind,
            "hong_kong": self.hong_kong,
            "years": list(self.years),
            "panel": self.panel,
            "venues": {str(year): list(venues) for year, venues in self.venues.items()},
            "every_year": list(self.every_year),
            "compared": list(self.compared) if self.compared else None,
            "rests_on": self.rests_on,
            "link_papers": self.link_papers,
            "links": [
                {"years": list(k.years), "venues": list(k.venues), "papers": k.papers, "rests_on": k.rests_on}
                for k in self.links
            ],
            "lacking": list(self.lacking),
            "reference": self.reference,
            "coverage": {str(year): one.to_dict() for year, one in self.coverage.items()},
            "notes": self.lines(),
        }

    def to_dict(self) -> dict[str, Any]:
        """Everything, JSON-serialisable."""
        return {
            **self.about(),
            "trend": plain_rows(self.frame),
            "matched": plain_rows(self.matched),
            "ranks": plain_rows(self.ranks),
        }


def trend(
    db: duckdb.DuckDBPyConnection,
    venues: Venues,
    settings: RankSettings,
    *,
    panel: bool = False,
    limit: int | None = None,
    **query: Unpack[Query],
) -> Trend:
    """Compute a measure by year from the tables `credit`, `stats` and `institutions` of a connection.

    Args:
        db: the connection.
        venues: the venue table.
        settings: ranking settings.
        panel: count only venues with papers in every requested year.
        limit: maximum number of entities.
        query: see `Query`; `years` may also be a list like "2014,2018,2023", and `by` may be "share".

    Raises:
        AffilError: an argument is invalid, the slice has no papers, or no venue is in every year.
    """
    wanted = parse_year_list(query.get("years"))
    import pandas as pd

    asked = ask(db, venues, settings, query)
    papers = {(v, y): n for (v, y), n in asked.papers.items() if wanted is None or y in wanted}
    of_year = venues_of_years(papers)
    if not of_year:
        raise AffilError(said("no papers from these years and venues"))
    years, every_year = tuple(of_year), frozenset.intersection(*of_year.values())
    if panel:
        papers = {(v, y): n for (v, y), n in papers.items() if v in every_year}
        of_year = dict.fromkeys(years, every_year) if every_year else _no_panel(of_year)
    lacking = () if panel or years[-1] - 1 not in years else missing_venues(asked.papers, venues, years[-1])
    reference = years[-2] if lacking else years[-1]
    linked_years = chain(papers, settings.link_papers, settings.link_change)
    links = last_chain(linked_years, years[-1]) or last_chain(linked_years, reference)
    slots = [cells_of(papers, y) for y in years] + [link.slot(y) for link in links for y in link.years]
    about, found = measure_slots(db, venues, settings, asked, slots)
    counted = pd.DataFrame({y: f["value"] for y, f in zip(years, found, strict=False)}, index=about.index).fillna(0.0)
    ranks = pd.DataFrame({y: f["rank"].astype("Int64") for y, f in zip(years, found, strict=False)})
    linked = iter(f["value"].reindex(about.index).fillna(0.0) for f in found[len(years) :])
    compared = [(link, {y: next(linked) for y in link.years}) for link in links]
    about = about.iloc[_order(about["name"], counted, reference)[:limit]]
    shares = asked.by == "share"
    matched = _in_venues_of(reference, counted, compared, shares)
    return Trend(
        frame=about.join(counted).assign(**_growths(compared, years, matched if shares else None)).reset_index(),
        matched=about[["name"]].join(matched).reset_index(),
        ranks=about.join(ranks).reset_index(),
        level=asked.query.level,
        by=asked.by,
        years=years,
        links=links,
        link_papers=settings.link_papers,
        lacking=lacking,
        reference=reference,
        venues={year: tuple(sorted(own)) for year, own in of_year.items()},
        every_year=tuple(sorted(every_year)),
        panel=panel,
        coverage=_coverages(db, venues, settings, asked, papers),
        area=asked.query.area,
        kind=asked.query.kind,
        hong_kong=asked.query.hong_kong,
        total=len(counted),
    )


_ROUNDING = 1e-9  # of a share

Compared = Sequence[tuple[Link, Mapping[int, "pd.Series[float]"]]]  # each link, with the values of its years in its venues


def _order(names: pd.Series[str], counted: pd.DataFrame, reference: int) -> Any:
    """Positions in the order of the last whole year, then of those before it, of an incomplete one, and of names."""
    years = [*counted.columns]
    return np.lexsort([names, -counted[years[-1]], *(-counted[y] for y in years if y <= reference)])


def _growths(compared: Compared, years: Sequence[int], carried: pd.DataFrame | None) -> dict[str, pd.Series[float]]:
    """The columns of growth: over all links, and over the last two years, where there are several; in points, if shares are given as they
    were carried on: where they ended before all links did, there is no growth over all.
    """
    shares = carried is not None
    out = {"growth": _growth(compared, shares)}
    if carried is not None and compared:
        first, last = compared[0][0].years[0], compared[-1][0].years[-1]
        whole = carried[[y for y in years if first <= y <= last]].notna().all(axis=1)
        out["growth"] = out["growth"].where(whole)
    return out | ({"growth_last": _growth(_last_step(compared, years[-2:]), shares)} if len(years) > 1 else {})


def _growth(compared: Compared, shares: bool) -> pd.Series[float]:
    """What the links make together: the product of their ratios less 1, of shares the sum of their differences.

    A ratio of 0 before the last link would hide all that follows, so there growth is not defined.
    """
    if not compared:
        import pandas as pd

        return pd.Series(dtype=float)
    ends = [(values[link.years[0]], values[link.years[-1]]) for link, values in compared]
    if shares:
        return sum((after - before for before, after in ends[1:]), ends[0][1] - ends[0][0])
    ratio = ends[0][1] / ends[0][0].where(ends[0][0] > 0)
    for before, after in ends[1:]:
        ratio = ratio.where(ratio > 0) * after / before.where(before > 0)
    return ratio - 1


def _last_step(compared: Compared, two: Sequence[int]) -> Compared:
    """The comparison of the last two years alone; nothing where no venue has papers in both."""
    if not compared or compared[-1][0].years[-1] != two[1]:
        return ()
    link, values = compared[-1]
    return [(Link((two[0], two[1]), link.venues, link.papers, link.all_papers), values)]


def _in_venues_of(reference: int, counted: pd.DataFrame, compared: Compared, shares: bool) -> pd.DataFrame:
    """Each year's value in the venues of one: that year's value as counted, carried on by the links.

    A share that leaves 0 to 1 on the way was carried over steps too thin for it: it ends there.
    """
    out = counted * np.nan
    out[reference] = counted[reference]
    earlier = [one for one in reversed(compared) if one[0].years[0] < reference]
    for link, values in (*earlier, *(one for one in compared if one[0].years[-1] > reference)):
        anchor = reference if reference in link.years else link.years[-1 if link.years[-1] < reference else 0]
        base = values[anchor]
        for year in link.years:
            if year != anchor:
                level = out[anchor]
                if shares:
                    moved = level + values[year] - base
                    out[year] = moved.where(moved.between(-_ROUNDING, 1 + _ROUNDING)).clip(0, 1)
                else:  # a 0 cannot be carried on
                    out[year] = level.where(level > 0) * values[year] / base.where(base > 0)
    return out


def _coverages(
    db: duckdb.DuckDBPyConnection, venues: Venues, settings: RankSettings, asked: Asked, papers: Papers
) -> dict[int, Coverage]:
    """What each year is based on."""
    out = {}
    for year in venues_of_years(papers):
        cells = cells_of(papers, year)
        out[year] = coverage(db, choose_slice(cells, venues, asked.query, settings), venues)
    return out


def parse_year_list(years: Any) -> tuple[int, ...] | None:
    """Parse years: 2020, (2014, 2024), "2014-2024" or "2014,2018,2020-2023"; None for all.

    Raises:
        AffilError: the value is none of these.
    """
    if years is None:
        return None
    if isinstance(years, tuple):
        years = "-".join(map(str, years))
    out: set[int] = set()
    for part in str(years).split(","):
        found = re.fullmatch(r"\s*(\d{4})\s*(?:-\s*(\d{4})\s*)?", part)
        if found is None or int(found[1]) > int(found[2] or found[1]):
            raise AffilError(said("years are written like 2014-2024 or 2014,2018,2023, not {0!r}", years))
        out |= {*range(int(found[1]), int(found[2] or found[1]) + 1)}
    return tuple(sorted(out))


def _no_panel(of_year: Mapping[int, frozenset[str]]) -> NoReturn:
    often = {v: sum(v in found for found in of_year.values()) for found in of_year.values() for v in found}
    most = joined(
        ", ",
        (
            said("{0} ({1} of {2} years)", venue, number, len(of_year))
            for venue, number in sorted(often.items(), key=lambda i: (-i[1], i[0]))[:4]
        ),
    )
    raise AffilError(
        said("no venue has papers in every one of these years; most often there are {0}; name the years that they share", most)
    )
