"""A ranking: the table, and its coverage and provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pyarrow as pa

from affil.drawing import vega
from affil.errors import AffilError
from affil.markup import SHOWN, table
from affil.rank.families import Family
from affil.rank.places import HongKong
from affil.rank.presets import mean_areas
from affil.rank.state import State
from affil.settings import RankSettings, RollUp
from affil.wording import counted, joined, said

if TYPE_CHECKING:
    import altair
    import pandas as pd

Level = Literal["institution", "city", "region", "country", "continent"]
Measure = Literal["publications", "authors", "adjusted", "index"]
LEVELS: tuple[Level, ...] = get_args(Level)
MEASURES: tuple[Measure, ...] = get_args(Measure)
_IN_NOTEBOOKS = (
    "rank", "low", "high", "name", "name_zh", "city", "region", "country", "publications", "authors", "adjusted", "index", "share",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coverage:
    """The data behind a ranking.

    `mentions` is the number of author mentions: an author with one raw string, or with none; in unaligned papers, each string.
    Their shares sum to 1: `matched`, `review` (needs review), `none` (no institution found with enough certainty), `missing` (no
    affiliation given), `pending` (not matched yet). `decided` is the share decided by a person.

    `papers` is the number of papers in the slice: `unaligned` of these have affiliations not tied to authors, `outside` a venue
    in none of the eight areas; `repeated` further records were left out as duplicates. `unknown_venues` lists venues missing
    from the table, with papers, most first; `misdated` lists venues in years outside their existence. `credit` is the sum of
    adjusted publications credited, `counted` its share of all papers' weight, and `unplaced` the share of it whose institution
    has no place at this level. `empty_areas` are areas of the index's mean without papers in the slice.
    """

    mentions: int
    matched: float
    review: float
    none: float
    missing: float
    pending: float
    decided: float
    papers: int
    unaligned: int
    outside: int
    repeated: int
    unknown_venues: tuple[tuple[str, int], ...]
    misdated: tuple[tuple[str, int], ...]
    credit: float
    counted: float
    unplaced: float
    empty_areas: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """A JSON-serialisable dictionary."""
        lists = {"unknown_venues": dict(self.unknown_venues), "misdated": dict(self.misdated)}
        return {**asdict(self), **lists, "empty_areas": list(self.empty_areas)}

    def lines(self) -> list[str]:
        """The coverage in a few sentences."""
        shares = [
            said("{0:.1%} matched", self.matched),
            said("{0:.1%} to review", self.review),
            said("{0:.1%} none", self.none),
            said("{0:.1%} missing", self.missing),
        ]
        if self.pending:
            shares.append(said("{0:.1%} not matched yet", self.pending))
        out: list[str] = [
            said("{0}: {1}.", counted(self.mentions, "author mention"), joined(", ", shares)),
            said(
                "{0}, {1:,} of them with affiliations not tied to authors (no authors counted), {2:,} "
                "outside the eight areas; {3:.1%} of their weight counts for somebody.",
                counted(self.papers, "paper"),
                self.unaligned,
                self.outside,
                self.counted,
            ),
        ]
        if self.repeated:
            out.append(said("{0} of a paper that is counted already.", counted(self.repeated, "more record")))
        if self.unplaced:
            out.append(said("{0:.1%} of the counted credit has no known place at this level.", self.unplaced))
        if self.unknown_venues:
            out.append(said("Unknown venues, counted outside any area: {0}.", _listed(self.unknown_venues)))
        if self.misdated:
            out.append(said("Years in which the venue did not exist, counted outside any area: {0}.", _listed(self.misdated)))
        return out


def _listed(venues: tuple[tuple[str, int], ...]) -> str:
    named = ", ".join(f"{venue} ({papers:,})" for venue, papers in venues[:8])
    return named + (said(" and {0} more", len(venues) - 8) if len(venues) > 8 else "")


@dataclass(frozen=True)
class Ranking:
    """Entities ranked by one measure, with all measures.

    `table`, and for pandas `frame`, has a row each: rank (ties share one), id, name, what the level knows of its place, publications, authors,
    adjusted, index, share (of all counted credit of the slice), unaligned (publications without known authors). With ranges
    also `low` and `high`, the best and the worst rank that the doubtful matches leave open, `ahead`, the probability that it stands
    before the next row, `in_review`, the share of its doubt (of the variance of its number) that strings in review bring,
    `rank_decided`, its rank if each string in review were decided as is most probable, and where that is another, `deciding`, the
    strings that move it, most mentioned first. The other fields say how it was made; `warnings` are sentences a reader
    must see. `preset` and `within` are the preset of venues and the country or continent it is restricted to; `around` is the id
    of the entity asked for, if the frame has only its row and its neighbours. `hong_kong` tells how Hong Kong and Macao are counted,
    if that was asked for. `state` is the state of a project's counts that was
    ranked, None where plain tables were. `total` is how many rows the whole ranking has. `families` are those of its first rows that belong to
    one university or company though they are counted apart (`rank.families` rows are looked at).
    """

    table: pa.Table
    coverage: Coverage
    settings: RankSettings
    level: Level
    by: Measure
    area: str | None = None
    venue: str | tuple[str, ...] | None = None
    years: tuple[int, int] | None = None
    kind: str | None = None
    roll_up: RollUp = "none"
    preset: str | None = None
    within: str | None = None
    around: str | None = None
    hong_kong: HongKong | None = None
    warnings: tuple[str, ...] = ()
    state: State | None = field(default=None, repr=False)
    total: int | None = None
    families: tuple[Family, ...] = ()

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The table, for pandas, which is imported here only."""
        frame: pd.DataFrame = self.table.to_pandas()
        return frame.assign(deciding=self.table["deciding"].to_pylist()) if "deciding" in frame else frame

    @property
    def mean(self) -> dict[str, float]:
        """The areas that the index is the geometric mean of, each with its weight."""
        return mean_areas(self.settings, self.area, self.preset)

    def lines(self) -> list[str]:
        """What a reader must know to judge it, in a few sentences: how the mean was taken if it is by index, the coverage, and which of the
        first rows are of one university or company.
        """
        return [
            *(self.mean_lines() if self.by == "index" else ()),
            *self.coverage.lines(),
            *(family.line() for family in self.families),
        ]

    def mean_lines(self) -> list[str]:
        """How the index was computed, and which areas have no paper to count."""
        offset, weights = f"{self.settings.offset:g}", {a: w for a, w in self.mean.items() if w}
        if self.area is not None:
            return [said("index: the adjusted publications in {0}, plus {1}.", self.area, offset)]
        other = ", ".join(f"{a} {w:g}" for a, w in weights.items() if w != 1)
        lines: list[str] = [
            said(
                "index: the geometric mean over {0} areas of the adjusted publications in each, plus {1}", len(weights), offset
            )
            + (said("; weights other than 1: {0}.", other) if other else said("."))
        ]
        if self.coverage.empty_areas:
            named = ", ".join(self.coverage.empty_areas)
            lines.append(said("No paper here is in {0}: in the mean, each such area is {1} for everybody.", named, offset))
        return lines

    def to_frame(self) -> pd.DataFrame:
        """A copy of the table."""
        return self.frame.copy()

    def plot(self, limit: int = 20) -> altair.LayerChart:
        """Bars of the first rows, by the measure that they are ranked by, as a chart of Altair that is drawn without the internet.

        Raises:
            AffilError: Altair is not installed, or the limit is not positive.
        """
        if limit < 1:
            raise AffilError(said("a chart has 1 bar or more, not {0}", limit))
        from affil.drawing.altair_chart import drawn

        shown = self.frame.head(limit)
        values = zip(distinct_names(shown), shown[self.by].astype(float).tolist(), strict=True)
        axis = " ".join(filter(None, (self.by, self.area, self.years and years_text(self.years))))
        spec = vega.bars(f"{self.level} by {axis}", axis, len(shown), "format(datum.value, ',.2~f')")
        return drawn(spec, [{"x": name, "value": value} for name, value in values])

    def _repr_html_(self) -> str:
        shown = self.table.select([c for c in _IN_NOTEBOOKS if c in self.table.column_names]).slice(0, SHOWN)
        return table(shown.to_pylist(), (*self.lines(), *self.warnings), total=self.table.num_rows)

    def about(self) -> dict[str, Any]:
        """Everything except the table, JSON-serialisable."""
        return {
            "level": self.level,
            "by": self.by,
            "area": self.area,
            "venue": [*self.venue] if isinstance(self.venue, tuple) else self.venue,
            "years": list(self.years) if self.years else None,
            "kind": self.kind,
            "roll_up": self.roll_up,
            "preset": self.preset,
            "within": self.within,
            "around": self.around,
            "hong_kong": self.hong_kong,
            "mean": {"areas": self.mean, "offset": self.settings.offset, "empty": list(self.coverage.empty_areas)},
            "settings": self.settings.model_dump(mode="json"),
            "coverage": self.coverage.to_dict(),
            "warnings": list(self.warnings),
            "families": [asdict(family) for family in self.families],
        }

    def to_dict(self) -> dict[str, Any]:
        """Everything, JSON-serialisable."""
        return {
            **self.about(),
            "ranking": [
                {name: None if value != value else value for name, value in row.items()} for row in self.table.to_pylist()
            ],
        }


def distinct_names(frame: pd.DataFrame) -> list[str]:
    """The names of a ranking's rows, those that several have with their places, or with their ids where these do not tell them apart."""
    names = frame["name"].astype(str)
    places = frame[[c for c in ("city", "region", "country") if c in frame]].fillna("").astype(str)
    placed = names + [f" ({', '.join(filter(None, row))})" for row in places.to_numpy().tolist()]
    names = names.where(~names.duplicated(keep=False), placed)
    return names.where(~names.duplicated(keep=False), names + " " + frame["id"].astype(str)).tolist()


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table, JSON-serialisable."""
    return _rows({str(name): _plain(column) for name, column in frame.items()})


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table by column, as pandas' `to_dict` with "records" has them, in a third of the time."""
    return _rows({str(name): column.tolist() for name, column in frame.items()})


def _rows(columns: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _plain(column: pd.Series[Any]) -> list[Any]:
    """The values of a column, JSON-serialisable: None for what is missing."""
    import pandas as pd

    values = column.tolist()
    if column.dtype == object:
        values = [v.tolist() if isinstance(v, np.ndarray) else v for v in values]
        return [None if v is pd.NA or (isinstance(v, float) and v != v) else v for v in values]
    return [None if missing else v for v, missing in zip(values, column.isna(), strict=True)]


def years_text(years: tuple[int, int]) -> str:
    """Years as people write them: 2025, 2014-2025."""
    return str(years[0]) if years[0] == years[1] else f"{years[0]}-{years[1]}"


def parse_years(years: int | str | tuple[int, int] | None) -> tuple[int, int] | None:
    """First and last year, inclusive: from 2020, "2020", "2014-2024", (2014, 2024); None for all.

    Raises:
        AffilError: the value is none of these, or the first year is after the last.
    """
    if years is None:
        return None
    parts = years.split("-") if isinstance(years, str) else list(years) if isinstance(years, tuple) else [years]
    try:
        numbers = [int(part) for part in parts]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) not in (1, 2):
        raise AffilError(said("years are one year or a range, e.g. 2020 or 2014-2024, not {0!r}", years))
    first, last = numbers[0], numbers[-1]
    if first > last:
        raise AffilError(said("the years {0}-{1} run backwards; did you mean {1}-{0}?", first, last))
    return first, last
