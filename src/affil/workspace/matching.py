"""Strings of a workspace to rows of matches, and the institutions that they are matched to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from affil.names import fold
from affil.types import Institution
from affil.workspace.layout import INSTITUTIONS, MATCHES, TEXT, TOLD, marked

if TYPE_CHECKING:
    from affil.registry import Registry


class MatcherLike(Protocol):
    """What a run needs of a matcher."""

    @property
    def registry(self) -> Registry:
        """The registry whose ids it returns."""

    @property
    def model_hash(self) -> str:
        """The hash of its model."""

    def match_table(self, strings: list[str]) -> pa.Table:
        """Columns row (index into the strings), institution_id, probability, decision, and, where it tells them, stated_city,
        stated_region, stated_country, named (see `affil.rank.Tables`); no row for a string without any.
        """


def strings_of(matches: Path) -> list[str]:
    """The strings that have matches."""
    out: list[str] = pq.read_table(matches, columns=["affiliation"]).column(0).to_pylist()
    return out


def count_strings(mentions: Path) -> pa.Table:
    """Distinct strings with their mentions and papers, the most frequent first."""
    with duckdb.connect() as db:
        db.read_parquet(str(mentions)).create_view("mentions")
        return db.sql(
            "SELECT affiliation, count(*) AS mentions, count(DISTINCT paper) AS papers FROM mentions "
            "WHERE affiliation IS NOT NULL GROUP BY affiliation ORDER BY mentions DESC, affiliation"
        ).to_arrow_table()


def answers_of(matcher: MatcherLike, strings: list[str]) -> pa.Table:
    """The matches of some strings as rows of matches.parquet, in the order of the strings."""
    table = matcher.match_table(strings)
    blank = pa.array([""] * len(table), TEXT)
    for name in TOLD:
        table = table if name in table.column_names else table.append_column(name, blank)
    found = table.select(["row", "institution_id", "probability", "decision", *TOLD])
    rows = found.column("row").to_pylist()
    silent = sorted(set(range(len(strings))) - set(rows))
    nothing = pa.table(
        {
            "row": pa.array(silent, pa.int64()),
            "institution_id": pa.nulls(len(silent), TEXT),
            "probability": pa.nulls(len(silent), pa.float64()),
            "decision": pa.array(["none"] * len(silent), TEXT),
            **{name: pa.array([""] * len(silent), TEXT) for name in TOLD},
        }
    )
    rows_first = pa.concat_tables([found.cast(nothing.schema), nothing]).sort_by(
        [("row", "ascending"), ("probability", "descending")]
    )
    affiliation = pa.array(strings, TEXT).take(rows_first.column("row").combine_chunks())
    by = pa.array(["model"] * len(rows_first), TEXT)
    columns = [affiliation, *(rows_first.column(n) for n in ("institution_id", "probability", "decision")), by]
    columns += [rows_first.column(n) for n in TOLD]
    return pa.table(columns, MATCHES)


def write_institutions(registry: Registry, own: Mapping[str, Institution], path: Path, identity: dict[str, str]) -> None:
    """The institutions of the registry, and the workspace's own under the ids that were decided for.

    Where a registry has come to hold an own institution under its ROR id, the own id stands for that one.
    """
    rows = [institution_row(one, registry.resolve(one.id)) for one in registry]
    known = {identifier for row in rows for identifier in (row["id"], *row["other_ids"])}
    missing = {(one.country, fold(one.name)): one for one in own.values() if one.id not in known}
    if missing:
        same = {(one.country, fold(n.value)): one.id for one in registry for n in one.names if n.kind != "acronym"}
        rows += [institution_row(one, registry.resolve(same[k]) if k in same else one.id) for k, one in missing.items()]
    pq.write_table(pa.Table.from_pylist(rows, marked(INSTITUTIONS, identity)), path, compression="zstd")


def institution_row(one: Institution, active: str) -> dict[str, Any]:
    """An institution as a row of institutions.parquet."""
    fields = {name: getattr(one, name) for name in INSTITUTIONS.names if name not in ("active_id", "parents", "other_ids")}
    return {**fields, "active_id": active, "parents": list(one.parents), "other_ids": list(one.other_ids)}
