"""The data of a report, collected by `affil.report.collect`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa

from affil.rank import Level, Ranking, Trend, Venues
from affil.report.entities import Entity
from affil.settings import RankSettings, ReportSettings
from affil.types import LedgerEntry

Years = tuple[int, int]
RankingKey = tuple[Level, str]  # a level, and a measure, area or period


@dataclass(frozen=True, slots=True)
class Data:
    """The data of a report.

    `years` is the first and last year with papers, `window` the years shown by default, `before` the preceding period of the
    same length (None without papers), `held` the number of papers by venue and year. `rankings` of the window are keyed by
    (level, measure) and (level, area), of all years by (level, "all"), of the preceding period by (level, "before"), of the
    last year and the one before it by (level, "last") and (level, "last before"); `rows` are their rows by id. `entities` are
    all ranked entities by level and id, `pages` the ids of those with a page. `tables` are the page tables by query name (see
    `sql/`) and level. `facts` and `people` are the data that pages compute from, `placed` the entities an institution counts
    for, by level and roll-up. `script` maps traditional to simplified characters. `warnings` must be shown to readers, `notes`
    belong on the method page.
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
    entities: Mapping[Level, Mapping[str, Entity]]
    pages: Mapping[Level, tuple[str, ...]]
    tables: Mapping[tuple[str, Level], Mapping[str, pd.DataFrame]]
    facts: pa.Table
    people: pa.Table
    placed: Mapping[str, Mapping[str, tuple[tuple[str, float], ...]]]
    script: Mapping[str, str]
    decisions: tuple[LedgerEntry, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def ranking(self, level: Level, what: str = "adjusted") -> Ranking:
        """A ranking by key; see `rankings`."""
        return self.rankings[level, what]

    def row(self, level: Level, identifier: str, what: str = "adjusted") -> dict[str, Any] | None:
        """An entity's row of a ranking; None if it has no papers there."""
        return self.rows.get((level, what), {}).get(identifier)

    def of(self, table: str, level: Level, identifier: str) -> list[dict[str, Any]]:
        """An entity's rows of a page table."""
        frame = self.tables[table, level].get(identifier)
        return [] if frame is None else [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def area_slug(area: str) -> str:
    """The slug of an area's page."""
    return area.replace(" ", "-").lower()
