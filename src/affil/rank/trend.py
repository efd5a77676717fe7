"""Rankings by year. The venues with papers differ between years, so a trend lists them and offers a fixed panel."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Unpack, cast, get_args

import duckdb
import numpy as np
import pandas as pd

from affil.errors import AffilError
from affil.rank.measure import CheckedQuery, Query, coverage, find_venue, held_venue_years, make_places, make_slice, measured
from affil.rank.ranking import Coverage, Level, Measure, plain_rows
from affil.rank.state import State
from affil.rank.venues import Venues
from affil.settings import RankSettings

TREND_MEASURES = (*get_args(Measure), "share")


@dataclass(frozen=True, slots=True)
class Trend:
    """A measure of each entity by year.

    `frame` has one row for each entity, in the order of the last year: id, name, what the level knows of its place, a column for
    each year, `growth` (from the first year to the last, 0.1 is 10%) and `growth_last` (from the year before the last); null
    where it grew from nothing. `ranks` has the ranks in the same order. `venues` are the venues of each year, `every_year` those
    that have papers in all of them; with `panel`, only these are counted. `coverage` is that of each year. `state` is the state of
    a project's counts that it is of, None where that is not known.
    """

    frame: pd.DataFrame
    ranks: pd.DataFrame
    level: Level
    by: str
    years: tuple[int, ...]
    venues: Mapping[int, tuple[str, ...]]
    every_year: tuple[str, ...]
    panel: bool
    coverage: Mapping[int, Coverage]
    area: str | None = None
    kind: str | None = None
    state: State | None = field(default=None, repr=False)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences that a reader must see."""
        return self.state.warnings if self.state else ()

    def lines(self) -> list[str]:
        """Notes on coverage and comparability, in a few sentences."""
        varied = sorted({v for venues in self.venues.values() for v in venues} - {*self.every_year})
        of_years = f"{self.years[0]} to {self.years[-1]}" if len(self.years) > 2 else " and ".join(map(str, self.years))
        if self.panel:
            return [f"A fixed panel, counted in every year ({of_years}): {', '.join(self.every_year)}."]
        if not varied:
            return [f"The same venues in every year ({of_years}): {', '.join(self.every_year)}."]
        same = f"in every year {', '.join(self.every_year)}" if self.every_year else "no venue is there in every year"
        return [
            f"The years differ in their venues, so growth is partly that of the data: {same}; only in some {', '.join(varied)}.",
            *(["With a fixed panel only the venues of every year are counted."] if self.every_year else []),
        ]

    def to_dict(self) -> dict[str, Any]:
        """Everything, JSON-serialisable."""
        return {
            "level": self.level,
            "by": self.by,
            "area": self.area,
            "kind": self.kind,
            "years": list(self.years),
            "panel": self.panel,
            "venues": {str(year): list(venues) for year, venues in self.venues.items()},
            "every_year": list(self.every_year),
            "coverage": {str(year): one.to_dict() for year, one in self.coverage.items()},
            "notes": self.lines(),
            "trend": plain_rows(self.frame.rename(columns=str)),
            "ranks": plain_rows(self.ranks.rename(columns=str)),
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
    by: str = query.get("by", "adjusted")
    if by not in TREND_MEASURES:
        raise AffilError(f"no measure {by!r}; it is one of: {', '.join(TREND_MEASURES)}")
    wanted = parse_year_list(query.get("years"))
    asked = CheckedQuery({**query, "by": cast(Measure, "adjusted" if by == "share" else by), "years": None}, settings)
    part = [(v, y) for v, y in _asked_venue_years(db, asked, venues) if wanted is None or y in wanted]
    years = tuple(sorted({y for _, y in part}))
    if not years:
        raise AffilError("no papers from these years and venues")
    of_year = {year: {v for v, y in part if y == year} for year in years}
    every_year = set.intersection(*of_year.values())
    if panel:
        if not every_year:
            raise AffilError(_no_panel(of_year, part))
        of_year = dict.fromkeys(years, every_year)
    make_places(db, asked, settings)
    frames, coverages = {}, {}
    for year in years:
        of_this = [(v, y) for v, y in part if y == year and v in of_year[year]]
        make_slice(db, of_this, venues, asked, settings)
        coverages[year] = coverage(db, of_this, venues)
        frames[year] = measured(db, coverages[year], asked.by).set_index("id")
    return Trend(
        *_side_by_side(frames, by, limit),
        asked.level,
        by,
        years,
        {year: tuple(sorted(found)) for year, found in of_year.items()},
        tuple(sorted(every_year)),
        panel,
        coverages,
        asked.area,
        asked.kind,
    )


def _asked_venue_years(db: duckdb.DuckDBPyConnection, asked: CheckedQuery, venues: Venues) -> list[tuple[str, int]]:
    """The venues and years with papers that match the query."""
    held = held_venue_years(db)
    venue = find_venue(asked.venue, held, venues)
    return [(v, y) for v, y in held if (venue is None or v == venue) and asked.covers(v, y, venues)]


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
            raise AffilError(f"years are written like 2014-2024 or 2014,2018,2023, not {years!r}")
        out |= {*range(int(found[1]), int(found[2] or found[1]) + 1)}
    return tuple(sorted(out))


def _side_by_side(frames: Mapping[int, pd.DataFrame], by: str, limit: int | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Values and ranks, one column per year, ordered by the last year."""
    years = list(frames)
    places = [c for c in frames[years[0]] if c in ("name", "name_zh", "kind", "city", "region", "country")]
    about = pd.concat([f[places] for f in frames.values()])
    about = about[~about.index.duplicated()]
    values = pd.DataFrame({year: frames[year][by] for year in years}, index=about.index).fillna(0.0)
    ranks = pd.DataFrame({year: frames[year]["rank"].astype("Int64") for year in years})
    by_last = np.lexsort([about["name"], *(-values[year] for year in years)])
    order = about.join(values).iloc[by_last]
    if limit is not None:
        order = order.head(limit)
    frame = order.assign(growth=_growth(order, years[0], years[-1]))
    if len(years) > 1:
        frame["growth_last"] = _growth(order, years[-2], years[-1])
    return frame.reset_index(), order[places].join(ranks).reset_index()


def _growth(values: pd.DataFrame, before: int, after: int) -> pd.Series[float]:
    return values[after] / values[before].where(values[before] > 0) - 1


def _no_panel(of_year: Mapping[int, set[str]], part: Sequence[tuple[str, int]]) -> str:
    often = sorted(
        {v: sum(v in found for found in of_year.values()) for v, _ in part}.items(), key=lambda item: (-item[1], item[0])
    )
    most = ", ".join(f"{venue} ({number} of {len(of_year)} years)" for venue, number in often[:4])
    return f"no venue has papers in every one of these years; most often there are {most}; name the years that they share"
