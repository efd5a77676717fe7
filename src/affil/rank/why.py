"""The papers behind a number."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Unpack

import duckdb
import pandas as pd
import pyarrow as pa

from affil.errors import AffilError
from affil.rank.credit import attach, find_ids, sql
from affil.rank.measure import Query, measure
from affil.rank.ranking import Ranking, plain_rows
from affil.rank.state import State
from affil.rank.venues import Venues
from affil.settings import RankSettings


@dataclass(frozen=True, slots=True)
class Why:
    """The papers behind an entity's row of a ranking.

    `row` is that row. `papers` has one row for each paper that counts: paper, title, venue, year, credit (with the venue's weight;
    they add up to the adjusted publications), aligned, authors (normalised names that hold it), strings (through which it
    counts), least_probability (of these; null where people decided all). `waiting` has the strings in review that may name the
    entity and are not counted: affiliation, institution, probability, papers. `state` is the state of a project's counts that it
    is of, None where that is not known.
    """

    row: dict[str, Any]
    papers: pd.DataFrame
    waiting: pd.DataFrame
    ranking: Ranking
    state: State | None = field(default=None, repr=False)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences that a reader must see."""
        return self.state.warnings if self.state else ()

    def to_dict(self) -> dict[str, Any]:
        """Everything, JSON-serialisable."""
        about = {k: v for k, v in self.ranking.about().items() if k in ("level", "area", "venue", "years", "kind", "roll_up")}
        return {**about, **self.row, "papers": plain_rows(self.papers), "waiting": plain_rows(self.waiting)}


def why(
    db: duckdb.DuckDBPyConnection,
    venues: Venues,
    settings: RankSettings,
    entity: str,
    papers: Path | pa.Table,
    **query: Unpack[Query],
) -> Why:
    """List the papers behind an entity's counts, from the tables `credit`, `stats` and `institutions` of a connection.

    Args:
        db: the connection.
        venues: the venue table.
        settings: ranking settings.
        entity: an id in any form, an other id, or a name (case-insensitive).
        papers: the table of papers, for titles.
        query: see `Query`.

    Raises:
        AffilError: no entity of that name is ranked, or several are.
    """
    ranking = measure(db, venues, settings, **query)
    find_ids(db, [entity])
    meant = {entity, *(str(one) for (one,) in db.execute("SELECT id FROM meant").fetchall())}
    row = _find(ranking, entity, meant)
    attach(db, "titled", papers)
    db.execute("SET VARIABLE entity = ?", [row["id"]])
    return Why(row, db.execute(sql("why/papers")).df(), db.execute(sql("why/waiting")).df(), ranking)


def _find(ranking: Ranking, entity: str, meant: Collection[str]) -> dict[str, Any]:
    frame = ranking.frame
    found = frame[frame["id"].isin(meant)]
    if found.empty:
        names = frame["name"].str.casefold() == entity.casefold()
        found = frame[names | (frame["name_zh"] == entity)] if "name_zh" in frame else frame[names]
    if len(found) == 1:
        return plain_rows(found)[0]
    if len(found) > 1:
        several = ", ".join(f"{r['id']} ({r['publications']} papers)" for r in found.head(5).to_dict("records"))
        raise AffilError(f"several entities are called {entity!r}: {several}; give an id")
    near = difflib.get_close_matches(entity, frame["name"].tolist(), n=3, cutoff=0.6)
    hint = f"; did you mean: {', '.join(near)}?" if near else "; see the ids with: affil rank WS --limit 0 --json"
    raise AffilError(f"no {ranking.level} {entity!r} is in this ranking{hint}")
