"""The data of a report, collected by `affil.report.collect`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa

from affil.rank import Comparison, Level, Profiles, Ranking, RanksByYear, State, Trend, Venues
from affil.rank.places import HongKong
from affil.report.doubts import PageDoubts
from affil.report.entities import Entity
from affil.report.papers import Papers
from affil.settings import RankSettings, ReportSettings
from affil.types import LedgerEntry

Years = tuple[int, int]
RankingKey = tuple[Level, str]  # a level, and a measure, area or period


@dataclass(frozen=True, slots=True)
class Data:
    """The data of a report.

    `years` is the first and last year with papers, `window` the years that are shown first, `before` those of the same length
    before them, both from the first to the last that has papers (None where none has), `held` the papers of each venue and year.
    `rankings` holds rankings of the window by (level, measure) and (level, area), of all years by (level, "all"), of the years before by
    (level, "before"), and of countries with Hong Kong and Macao counted the other way by ("country", "hong_kong"); `rows` are
    their rows by id. `trends` are the window year by year, `ranks` the ranks by adjusted publications in each of its years (none for the
    bulletin); `comparisons` set the window against the years before by (level,
    "before"), for movers by (level, "moved"), and its last year
    against the one before it by (level, "moved_last"), each over the venues of both; `profiles` are those of the
    entities with pages over the areas in the window. `entities` are all that
    is ranked, by level and id, `pages` the ids of those that have a page. `tables` are the tables of these pages by the name of
    their query (see `sql/`) and level. `authors` is the number of distinct names in the window. `facts` and `people` are what the
    pages count from, `papers` those behind the numbers of these pages, `doubts` what they compute ranges from, `placed` what each
    institution counts
    for at each level and way of rolling up, `wholes` the university or company
    that a laboratory or company belongs to. `script` has the simplified form of traditional characters. `state` is what was counted,
    with the sentences that a reader must see; `manifest` is what the workspace's manifest said then, `decisions` what people had
    decided; `notes` are sentences for the method, `hong_kong` is how Hong Kong and Macao are
    counted, if that was asked for.
    """

    title: str
    made: datetime
    settings: RankSettings
    report: ReportSettings
    manifest: Mapping[str, Any]
    venues: Venues
    held: tuple[tuple[str, int, int], ...]
    years: Years
    window: Years
    before: Years | None
    rankings: Mapping[RankingKey, Ranking]
    rows: Mapping[RankingKey, Mapping[str, dict[str, Any]]]
    trends: Mapping[RankingKey, Trend]
    ranks: Mapping[Level, RanksByYear]
    comparisons: Mapping[RankingKey, Comparison]
    profiles: Mapping[Level, Profiles]
    entities: Mapping[Level, Mapping[str, Entity]]
    pages: Mapping[Level, tuple[str, ...]]
    tables: Mapping[tuple[str, Level], Mapping[str, list[dict[str, Any]]]]
    authors: int
    facts: pa.Table
    people: pa.Table
    doubts: PageDoubts
    placed: Mapping[str, Mapping[str, tuple[tuple[str, float], ...]]]
    wholes: Mapping[str, str]
    papers: Papers
    script: Mapping[str, str]
    state: State
    decisions: tuple[LedgerEntry, ...] = ()
    notes: tuple[str, ...] = field(default=())
    hong_kong: HongKong | None = None
    _matched: dict[Level, Mapping[str, Mapping[int, float]]] = field(default_factory=dict)

    def ranking(self, level: Level, what: str = "adjusted") -> Ranking:
        """A ranking by key; see `rankings`."""
        return self.rankings[level, what]

    def row(self, level: Level, identifier: str, what: str = "adjusted") -> dict[str, Any] | None:
        """An entity's row of a ranking; None if it has no papers there."""
        return self.rows.get((level, what), {}).get(identifier)

    @property
    def few(self) -> bool:
        """Whether no two years can be compared (see `Trend.base`); numbers are then shown as counted."""
        return self.trends["country", "publications"].base is None

    def by_year(self, trend: Trend) -> pd.DataFrame:
        """The numbers of a trend that charts show, a column a year, the ids as index: see `Trend.drawn`."""
        return trend.drawn.set_index("id")[list(trend.years)]

    def matched(self, level: Level) -> Mapping[str, Mapping[int, float]]:
        """The papers of each entity by year as charts show them (see `by_year`)."""
        if level not in self._matched:
            rows = self.by_year(self.trends[level, "publications"]).to_dict("index")
            self._matched[level] = {str(i): {int(str(y)): float(v) for y, v in row.items()} for i, row in rows.items()}
        return self._matched[level]

    def of(self, table: str, level: Level, identifier: str) -> list[dict[str, Any]]:
        """An entity's rows of a page table."""
        return self.tables[table, level].get(identifier, [])


def area_slug(area: str) -> str:
    """The slug of an area's page."""
    return area.replace(" ", "-").lower()
