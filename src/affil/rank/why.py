"""The papers behind a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import duckdb
import pyarrow as pa

from affil.markup import SHOWN, table
from affil.rank.credit import attach, sql
from affil.rank.measure import Query, measure
from affil.rank.named import Lookup, find_row
from affil.rank.ranking import Ranking, plain_rows
from affil.rank.state import State
from affil.rank.venues import Venues
from affil.settings import RankSettings

if TYPE_CHECKING:
    import pandas as pd

_IN_NOTEBOOKS = ("title", "venue", "year", "credit", "authors", "strings", "least_probability")


@dataclass(frozen=True, slots=True)
class Why:
    """The papers behind an entity's row of a ranking.

    `row` is that row. `papers` has one row for each paper that counts: paper, title, venue, year, credit (with the venue's weight;
    they add up to the adjusted publications), aligned, authors (normalised names that hold it), strings (through which it
    counts), least_probability (of these; null where people decided all). `waiting` has the strings in review that may name the
    entity and are not counted, most mentioned first: affiliation, institution, probability, mentions, papers; `waiting_papers` are the
    papers with any of them. `rolled` has the strings of institutions that are rolled up to it, most papers first: affiliation,
    institution, name, part (of their credit), named (whether the string decides the part, as it names parents of the institution, rather
    than the registry alone), papers; None at other levels.
    `state` is the state of a project's counts that it is of, None where that is not known; `notes` are further sentences that a reader
    must see.
    """

    row: dict[str, Any]
    papers: pd.DataFrame
    waiting: pd.DataFrame
    rolled: pd.DataFrame | None
    ranking: Ranking
    waiting_papers: int
    state: State | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences that a reader must see."""
        return (*self.notes, *self.ranking.warnings, *(self.state.warnings if self.state else ()))

    def _repr_html_(self) -> str:
        papers, waiting = (_told(frame.head(SHOWN)) for frame in (self.papers[[*_IN_NOTEBOOKS]], self.waiting))
        shown = table(papers, self.warnings, total=len(self.papers))
        below = "<p>Waiting for review, and not counted:</p>" + table(waiting, total=len(self.waiting)) if waiting else ""
        return shown + below

    def to_dict(self) -> dict[str, Any]:
        """Everything, JSON-serialisable."""
        asked = ("level", "area", "venue", "years", "kind", "roll_up", "preset", "within", "hong_kong")
        about = {k: v for k, v in self.ranking.about().items() if k in asked}
        tables = {"papers": self.papers, "waiting": self.waiting, "rolled": self.rolled}
        about["waiting_papers"] = self.waiting_papers
        return {**about, **self.row, **{name: plain_rows(frame) for name, frame in tables.items() if frame is not None}}


def _told(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for a notebook: years and probabilities as people write them."""
    written: dict[str, Callable[[Any], str]] = {
        "year": str,
        "probability": "{:.3f}".format,
        "least_probability": "{:.3f}".format,
    }
    return [{k: written[k](v) if k in written and v is not None else v for k, v in row.items()} for row in plain_rows(frame)]


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
    """List the papers behind an entity's counts, from the tables of a connection (see `Store.opened`).

    Args:
        db: the connection.
        venues: the venue table.
        settings: ranking settings.
        entity: an id in any form, an other id, or a name (case-insensitive).
        papers: the table of papers, for titles.
        lookup: finds institutions by names missing from the tables.
        query: see `Query`.

    Raises:
        AffilError: no entity of that name is ranked, or several are.
    """
    ranking = measure(db, venues, settings, **query)
    meant = find_row(db, ranking.frame, ranking.level, entity, lookup)
    ranking = replace(ranking, warnings=(*((meant.note,) if meant.note else ()), *ranking.warnings))
    attach(db, "titled", papers)
    db.execute("SET VARIABLE entity = ?", [meant.row["id"]])
    db.execute("CREATE OR REPLACE TEMP TABLE wanted_id AS SELECT getvariable('entity') AS id")
    make_waiting(db)
    named, waiting = (db.execute(sql(f"why/{name}")).df() for name in ("papers", "waiting"))
    rolled = db.execute(sql("why/rolled")).df() if ranking.level == "institution" else None
    (in_review,) = db.execute("SELECT count(DISTINCT paper) FROM waiting").fetchall()[0]
    return Why(meant.row, named, waiting, rolled, ranking, int(in_review))


def make_waiting(db: duckdb.DuckDBPyConnection) -> None:
    """Make the table `waiting` of a slice: what of `wanted_id` waits for review."""
    db.execute(sql("waiting"))
