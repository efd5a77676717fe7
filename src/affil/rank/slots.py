"""One measure of many slots at once. A slot is a set of venues and years that is counted by itself, like a ranking of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import duckdb

from affil.errors import AffilError
from affil.io.arrays import put_rows
from affil.rank.choices import choose
from affil.rank.credit import VenueYear, sql
from affil.rank.matched import Papers
from affil.rank.measure import (
    MEASURES_TRIED,
    CheckedQuery,
    Query,
    find_venues,
    held_venue_years,
    make_places,
    make_slice,
    nothing_found,
)
from affil.rank.ranking import MEASURES, Measure
from affil.rank.venues import Venues
from affil.settings import RankSettings
from affil.wording import said

if TYPE_CHECKING:
    import pandas as pd

SHARE_OR_MEASURE = (*MEASURES, "share")
_PLACES = ("name", "name_zh", "kind", "city", "region", "country")


@dataclass(frozen=True, slots=True)
class Asked:
    """A query whose `by` may also be "share", and the papers of the venues and years that it covers, of whatever years."""

    query: CheckedQuery
    by: str
    papers: Papers


def ask(db: duckdb.DuckDBPyConnection, venues: Venues, settings: RankSettings, query: Query) -> Asked:
    """Check a query; its years are left to the caller.

    Raises:
        AffilError: something in it is unknown, or no paper is in its venue and area.
    """
    by = choose(said("measure"), query.get("by", "adjusted"), SHARE_OR_MEASURE, MEASURES_TRIED)
    checked = CheckedQuery({**query, "by": cast(Measure, "adjusted" if by == "share" else by), "years": None}, settings)
    held = held_venue_years(db)
    chosen = find_venues(checked.venues, held, venues)
    numbers = {(str(v), int(y)): int(n) for v, y, n in db.execute("SELECT venue, year, papers FROM stats").fetchall()}
    papers = {(v, y): numbers[v, y] for v, y in held if v in (chosen or (v,)) and checked.covers(v, y, venues)}
    if not papers:
        raise AffilError(nothing_found(held, checked, chosen))
    return Asked(checked, by, papers)


def measure_slots(
    db: duckdb.DuckDBPyConnection, venues: Venues, settings: RankSettings, asked: Asked, slots: Sequence[Sequence[VenueYear]]
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """A measure of each slot, equal to that of a ranking of its venues and years.

    Returns what is known of each entity (its name and place, by id), and for each slot a table by id of those with papers in it: `value`,
    and `rank`, where values that are equal to 1e-9 share one.
    """
    of_any = sorted({cell for slot in slots for cell in slot})
    make_places(db, asked.query, settings)
    make_slice(db, of_any, venues, asked.query, settings)
    rows = [(number, venue, year) for number, slot in enumerate(slots) for venue, year in slot]
    put_rows(db, "slots", rows, slot="INTEGER", venue="VARCHAR", year="SMALLINT")
    db.execute("CREATE OR REPLACE TEMP TABLE slot AS SELECT slot, cell FROM slots JOIN cell USING (venue, year)")
    found = db.sql(sql(f"slots/{asked.query.by}")).df()
    if asked.by == "share":
        counted = db.sql(sql("slots/counted")).df().set_index("slot")["counted"]
        found["value"] /= found["slot"].map(counted)
    found["rank"] = found["value"].round(9).groupby(found["slot"]).rank(method="min", ascending=False).astype("int64")
    by_slot = {int(str(number)): part for number, part in found.set_index("id").groupby("slot")}
    empty = found.head(0).set_index("id")
    entities = db.sql("SELECT * FROM entity ORDER BY name, id").df().set_index("id")
    about = entities.loc[entities.index.isin(found["id"]), [c for c in _PLACES if c in entities]]
    return about, [by_slot.get(number, empty)[["value", "rank"]] for number in range(len(slots))]


def cells_of(papers: Papers, year: int) -> list[VenueYear]:
    """All venues of a year."""
    return [(v, y) for v, y in papers if y == year]
