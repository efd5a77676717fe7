"""A ranking by year. Data lack venues in some years, so growth compares two years over the venues that both have."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NoReturn, Unpack

import duckdb
import numpy as np

from affil.drawing import vega
from affil.errors import AffilError
from affil.markup import SHOWN, Line, sparkline, table
from affil.rank.choices import check_limit
from affil.rank.credit import VenueYear
from affil.rank.leads import Lead, change_of_lead
from affil.rank.matched import (
    Link,
    Papers,
    breaks,
    chain,
    compared_venues,
    missing_venues,
    panel_of,
    parts_of_venues,
    venues_of_years,
)
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

    `frame` has one row for each entity, in the order of the year `reference`: id, name, what the level knows of its place, a column of
    numbers as counted for each year, `growth` over the years of `compared`, and `growth_last` from the year before the last to the
    last. Growth is over the venues that two years both have: 0.1 is 10%, or 10 points where `by` is "share"; null where something grew from
    nothing, or two years cannot be compared.

    `base` is what growth rests on (see `affil.rank.matched.panel_of`), None where no two years can be compared, and `compared` its first
    and last year; `left_out` are the venues of both that are not compared, as the data have a part of them in one (`rank.link_change`).
    `step` are the last two years with the venues that are compared of them.

    `matched` has the same rows and years, with the numbers of the venues of `base`: as counted in its years; in a year between two of
    these that lacks some of them carried on from year to year over the venues that both years have, where that leads to the next of
    them, and drawn to it; null elsewhere, and before and after the years compared. `drawn` are the numbers for charts: these, or those
    counted where no two years can be compared. `ranks` has the ranks of the numbers as counted; they do not follow those of the year
    before in the years of `breaks`, as the papers are of other venues (see `affil.rank.matched.breaks`).

    `leads` are the changes of the lead: first that of the venues of `base`, if it changed there, then those at single venues in years
    with enough papers (`rank.link_papers`), those of most papers first.

    `lacking` are the venues of the table that the last year lacks while the year before had them: with any, the last year is incomplete.
    `reference` is the last year compared, else the last, or the one before where that is incomplete.
    `venues` are the venues of each year, `every_year` those with papers in all of them; with `panel`, only these are counted.
    `coverage` is that of each year, `hong_kong` how Hong Kong and Macao are counted, if that was asked for.
    `state` is the state of a project's counts that it is of, None where that is not known. `total` is how many entities there are, shown
    or not. `parts` are the venues and years of which the data have only a part (see `affil.rank.matched.parts_of_venues`).
    """

    frame: pd.DataFrame
    matched: pd.DataFrame
    ranks: pd.DataFrame
    level: Level
    by: str
    years: tuple[int, ...]
    base: Link | None
    step: Link | None
    left_out: tuple[str, ...]
    leads: tuple[Lead, ...]
    settings: RankSettings
    lacking: tuple[str, ...]
    reference: int
    venues: Mapping[int, tuple[str, ...]]
    every_year: tuple[str, ...]
    panel: bool
    coverage: Mapping[int, Coverage]
    breaks: tuple[int, ...] = ()
    area: str | None = None
    kind: str | None = None
    hong_kong: HongKong | None = None
    state: State | None = field(default=None, repr=False)
    total: int | None = None
    parts: tuple[VenueYear, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences that a reader must see."""
        return self.state.warnings if self.state else ()

    @property
    def compared(self) -> tuple[int, int] | None:
        """The first and last year that growth is told over."""
        return self.base.ends if self.base else None

    @property
    def complete(self) -> tuple[int, ...]:
        """The years with papers, without the last one where it is incomplete and compares with none."""
        return self.years[:-1] if self.lacking and self.reference < self.years[-1] else self.years

    @property
    def told(self) -> int:
        """The year of which ranks are told: that of reference, or the last complete one to which ranks go on from it."""
        year = self.reference
        while year + 1 in self.complete and year + 1 not in self.breaks:
            year += 1
        return year

    def of(self, identifier: str) -> Trend:
        """The same with one entity alone."""

        def own(table: pd.DataFrame) -> pd.DataFrame:
            return table[table["id"] == identifier].reset_index(drop=True)

        return replace(self, frame=own(self.frame), matched=own(self.matched), ranks=own(self.ranks))

    def head(self, limit: int | None) -> Trend:
        """The same with the first entities alone; None: all."""
        return (
            replace(self, **{name: getattr(self, name).head(limit) for name in ("frame", "matched", "ranks")})
            if limit
            else self
        )

    @property
    def drawn(self) -> pd.DataFrame:
        """The table of which charts show the years."""
        return self.matched if self.base else self.frame

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

        matched = matched and self.base is not None
        table = (self.matched if matched else self.frame).head(limit)
        numbers = table[[*self.years]].to_numpy(float).tolist()
        years, values = self.by_year(dict(zip(distinct_names(self.frame.head(limit)), numbers, strict=True)))
        axis = f"{self.by}, in comparable venues" if matched else self.by
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
        how = "in comparable venues" if self.base else "as counted"
        told = f"The small lines are {self.by} {how}."
        return table(rows, (*self.lines(), told, *self.warnings), total=len(self.frame))

    def lines(self) -> list[str]:
        """Notes on coverage and comparability, in a few sentences."""
        varied = sorted({v for venues in self.venues.values() for v in venues} - {*self.every_year})
        of_years = (
            said("{0} to {1}", self.years[0], self.years[-1]) if len(self.years) > 2 else joined(" and ", map(str, self.years))
        )
        rests = self.compared != (self.years[0], self.years[-1]) or self.left_out
        gap = [*([self.growth_line()] if rests and len(self.years) > 1 else []), *self._partial()]
        if self.panel:
            return [
                said("A fixed panel, counted in every year ({0}): {1}.", of_years, ", ".join(self.every_year)),
                *gap,
                *self._lead(),
            ]
        if not varied:
            return [
                said("The same venues in every year ({0}): {1}.", of_years, ", ".join(self.every_year)),
                *gap,
                *self._incomplete(),
                *self._lead(),
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
            *self._partial(),
            *self._incomplete(),
            *self._lead(),
            *([said("With a fixed panel only the venues of every year are counted.")] if self.every_year else []),
        ]

    def growth_line(self) -> str:
        """Over which years and on what growth is told."""
        limits = (f"{self.settings.panel_share:.0%}", counted(self.settings.link_papers, "paper"))
        if self.base is None:
            return said(
                "No two years have {0} of their papers, and {1}, in the venues of both (rank.panel_share, rank.link_papers), "
                "so there is no growth to tell.",
                *limits,
            )
        first, last = self.base.ends
        return joined(
            " ",
            [
                said(
                    "Growth by {2}, {0} to {1}, compares the two years over the venues of both: {3}, with {4:.0%} of the papers of {0} "
                    "and {5:.0%} of {1}. By another measure it may differ: publications count once for each that a paper names, "
                    "adjusted divides the paper among its authors, a share falls where others grow faster.",
                    first,
                    last,
                    Said(self.by),
                    ", ".join(self.base.venues),
                    self.base.share(first),
                    self.base.share(last),
                ),
                *(
                    [
                        said(
                            "Left out, as one of the two years has only a part of it (rank.link_change): {0}.",
                            ", ".join(self.left_out),
                        )
                    ]
                    if self.left_out
                    else []
                ),
                *(
                    [
                        said(
                            "It is told of no more years of {0} to {1}: with a later or an earlier one, the venues that compare have less "
                            "than {2} of the papers of one, or fewer than {3} (rank.panel_share, rank.link_papers).",
                            self.years[0],
                            self.years[-1],
                            *limits,
                        )
                    ]
                    if self.base.ends != (self.years[0], self.years[-1])
                    else []
                ),
            ],
        )

    def _partial(self) -> list[str]:
        if not self.parts:
            return []
        parts = ", ".join(f"{venue} {year}" for venue, year in self.parts)
        return [said("Only a part of the papers is there, and does not compare (rank.link_change): {0}.", parts)]

    def _incomplete(self) -> list[str]:
        last = self.years[-1]
        return (
            [said("* {0} is incomplete: it lacks {1}, which {2} had.", last, ", ".join(self.lacking), last - 1)]
            if self.lacking
            else []
        )

    def _lead(self) -> list[str]:
        """Who passed whom last, over the venues compared or at the venue of most papers."""
        if not self.leads:
            return []
        lead, where = self.leads[0], ", ".join(self.leads[0].venues)
        written = {"publications": "{:,.0f}", "authors": "{:,.0f}", "share": "{:.1%}"}.get(self.by, "{:,.2f}")
        numbers = [written.format(value) for value in lead.values]
        if lead.year - lead.before == 1:
            return [said("{0} passed {1} in {2} ({3}): {4} to {5}.", *lead.names, lead.year, where, *numbers)]
        return [
            said(
                "{0} passed {1} between {2} and {3} ({4}): {5} to {6} in {3}.",
                *lead.names,
                lead.before,
                lead.year,
                where,
                *numbers,
            )
        ]

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
            "base": self.base.to_dict() if self.base else None,
            "step": self.step.to_dict() if self.step else None,
            "left_out": list(self.left_out),
            "parts": [list(cell) for cell in self.parts],
            "leads": [lead.to_dict() for lead in self.leads],
            "breaks": list(self.breaks),
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
    check_limit(limit)
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
    parts = parts_of_venues(asked.papers, settings.link_change)
    base = panel_of(papers, settings, parts)
    inside = {(v, y): n for (v, y), n in papers.items() if base and base.years[0] <= y <= base.years[-1]}
    between = chain(inside, settings.link_papers, settings.link_change)
    step = _step(papers, years, settings, parts)
    lacking = () if panel else missing_venues(asked.papers, venues, years[-1])
    reference = base.years[-1] if base else years[-2 if lacking and len(years) > 1 else -1]
    links = [*filter(None, (base, step)), *between]
    single = {c: n for c, n in sorted(papers.items()) if n >= settings.link_papers and c not in parts}
    slots = [cells_of(papers, y) for y in years] + [link.slot(y) for link in links for y in link.years]
    slots += [[cell] for cell in single]
    about, found = measure_slots(db, venues, settings, asked, slots)
    counted = pd.DataFrame({y: f["value"] for y, f in zip(years, found, strict=False)}, index=about.index).fillna(0.0)
    ranks = pd.DataFrame({y: f["rank"].astype("Int64") for y, f in zip(years, found, strict=False)})
    linked = iter(f["value"].reindex(about.index).fillna(0.0) for f in found[len(years) :])
    values = [{y: next(linked) for y in link.years} for link in links]
    alone: dict[str, dict[int, pd.Series[float]]] = {}
    for venue, year in single:
        alone.setdefault(venue, {})[year] = next(linked)
    names = {str(i): str(name) for i, name in about["name"].items()}
    about = about.iloc[_order(about["name"], counted, reference)[:limit]]
    shares, nothing = asked.by == "share", counted[years[-1]] * np.nan
    exact, last = values[0] if base else {}, values[1 if base else 0] if step else {}
    comparable = _comparable(exact, values[len(links) - len(between) :], shares)
    matched = pd.DataFrame({y: comparable.get(y, nothing) for y in years}, index=about.index)
    growths = {name: _growth(of, shares) if of else nothing for name, of in (("growth", exact), ("growth_last", last))}
    if len(years) < 2:
        del growths["growth_last"]
    return Trend(
        frame=about.join(counted).assign(**growths).reset_index(),
        matched=about[["name"]].join(matched).reset_index(),
        ranks=about.join(ranks).reset_index(),
        level=asked.query.level,
        by=asked.by,
        years=years,
        base=base,
        step=step,
        left_out=_left_out(base, papers),
        leads=_leads(base, exact, alone, names, papers),
        breaks=breaks(papers, settings),
        settings=settings,
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
        parts=tuple(sorted(cell for cell in parts if cell in papers)),
    )


_ROUNDING = 1e-9  # of a share

Values = Mapping[int, "pd.Series[float]"]  # a measure in some venues by year, by entity


def _leads(
    base: Link | None, exact: Values, alone: Mapping[str, Values], names: Mapping[str, str], papers: Papers
) -> tuple[Lead, ...]:
    """The changes of the lead over the venues compared, and at each venue of its own."""
    of_base = change_of_lead(base.venues, exact, names, papers) if base else None
    others = (change_of_lead((v,), of, names, papers) for v, of in alone.items() if base is None or base.venues != (v,))
    return (*filter(None, [of_base]), *sorted(filter(None, others), key=lambda lead: -lead.papers))


def _step(papers: Papers, years: tuple[int, ...], settings: RankSettings, parts: Collection[VenueYear]) -> Link | None:
    """The last two years over the venues that are compared; None where there are not two, or too few papers in these."""
    if len(years) < 2:
        return None
    two = years[-2], years[-1]
    whole = {cell: n for cell, n in papers.items() if cell not in parts}
    both = compared_venues(whole, venues_of_years(whole), two, settings.link_papers, settings.link_change)
    return Link.of(two, both, papers) if both else None


def _left_out(base: Link | None, papers: Papers) -> tuple[str, ...]:
    """The venues of both years compared that are not."""
    if base is None:
        return ()
    of_year = venues_of_years(papers)
    return tuple(sorted((of_year[base.years[0]] & of_year[base.years[-1]]) - {*base.venues}))


def _order(names: pd.Series[str], counted: pd.DataFrame, reference: int) -> Any:
    """Positions in the order of the year of reference, then of those before it, of the last one, and of names."""
    years = [*counted.columns]
    return np.lexsort([names, -counted[years[-1]], *(-counted[y] for y in years if y <= reference)])


def _growth(values: Values, shares: bool) -> pd.Series[float]:
    """From the first year to the last: their ratio less 1, of shares their difference; not defined from nothing."""
    before, *_, after = values.values()
    return after - before if shares else after / before.where(before > 0) - 1


def _comparable(exact: Values, links: Iterable[Values], shares: bool) -> dict[int, pd.Series[float]]:
    """The numbers of the years compared, and of years between two of them where links from year to year lead from the one to the other:
    carried on from the first, and drawn to the second the more, the nearer it is.
    """
    steps = {one: (other, of[one], of[other]) for of in links for one, other in pairwise(of)}
    out = dict(exact)
    for first, last in pairwise(exact):
        carried, at = {first: exact[first]}, first
        while at < last and at in steps:
            level, (at, before, after) = carried[at], steps[at]
            # a 0 cannot be carried on
            carried[at] = level + after - before if shares else level.where(level > 0) * after / before.where(before > 0)
        if at != last:  # what does not lead on to a year compared may be anywhere
            continue
        end = carried.pop(last)
        for year in [*carried][1:]:
            part, level = (year - first) / (last - first), carried[year]
            if shares:
                moved = level + part * (exact[last] - end)
                out[year] = moved.where(moved.between(-_ROUNDING, 1 + _ROUNDING)).clip(0, 1)
            else:
                out[year] = level * (exact[last] / end.where(end > 0)) ** part
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
