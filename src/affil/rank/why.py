"""The papers behind a number."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

import duckdb
import pandas as pd
import pyarrow as pa

from affil.rank.credit import attach, sql
from affil.rank.measure import Query, meant_ids, measure
from affil.rank.named import Lookup, find_row
from affil.rank.ranking import Ranking, plain_rows
from affil.rank.venues import Venues
from affil.settings import RankSettings


@dataclass(frozen=True, slots=True)
class Why:
    """What an entity's row of a ranking is based on.

    `row` is that row. `papers` has one row for each paper that counts: paper, title, venue, year, credit (with the venue's weight;
    they add up to the adjusted publications), aligned, authors (normalised names that hold it), strings (through which it
    counts), least_probability (of these; null where people decided all). `waiting` has the strings in review that may name the
    entity and are not counted, most mentioned first: affiliation, institution, probability, mentions, papers.
    """

    row: dict[str, Any]
    papers: pd.DataFrame
    waiting: pd.DataFrame
    ranking: Ranking

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain JSON values."""
        about = {
            k: v
            for k, v in self.ranking.about().items()
            if k in ("level", "area", "venue", "years", "kind", "roll_up", "preset", "within")
        }
        return {**about, **self.row, "papers": plain_rows(self.papers), "waiting": plain_rows(self.waiting)}


def why(
    db: duckdb.DuckDBPyConnection,
    venues: Venues,
    settings: RankSettings,
    entity: str,
    papers: Path | pa.Table,
    *,
    lookup: Lookup | None = None,
    **query: Unpack[Query],
) -> Why:
    """List the papers behind an entity's counts, from the tables `credit`, `stats` and `institutions` of a connection.

    Args:
        db: the connection.
        venues: the venue table.
        settings: how to count.
        entity: its id in any form, another id of it, or its name, whatever the case.
        papers: the papers with their titles.
        lookup: finds institutions by names that the tables lack.
        query: see `Query`.

    Raises:
        AffilError: nothing of that name is ranked, or several are.
    """
    ranking = measure(db, venues, settings, **query)
    row = find_row(ranking.frame, ranking.level, entity, meant_ids(db, entity), lookup)
    attach(db, "titled", papers)
    db.execute("SET VARIABLE entity = ?", [row["id"]])
    return Why(row, db.execute(sql("why/papers")).df(), db.execute(sql("why/waiting")).df(), ranking)
