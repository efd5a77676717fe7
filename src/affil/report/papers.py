"""The papers behind the numbers of each page: those of an entity, and the strings that led there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from affil.names import visible
from affil.rank import Level
from affil.rank.credit import attach

Held = tuple[int, float, list[str]]  # number of a paper, credit, strings


@dataclass(frozen=True, slots=True)
class Papers:
    """The papers of all entities with a page: `titles` has title, venue and year of each, in the order of venues and years; `held`
    the papers of an entity, by level and id.
    """

    titles: Sequence[tuple[str, str, int]] = ()
    held: Mapping[tuple[Level, str], Sequence[Held]] = field(default_factory=dict)
    _newest: dict[tuple[Level, str, int], list[dict[str, Any]]] = field(default_factory=dict)

    def newest(self, level: Level, identifier: str, limit: int) -> list[dict[str, Any]]:
        """An entity's papers, the last year first, as the page lists them."""
        key = (level, identifier, limit)
        if key not in self._newest:  # the same in all languages
            first = sorted(self.held.get((level, identifier), ()), key=lambda r: (-self.titles[r[0]][2], r[0]))[:limit]
            self._newest[key] = [
                dict(zip(("title", "venue", "year"), self.titles[n], strict=True), strings=strings) for n, _, strings in first
            ]
        return self._newest[key]

    def pack_titles(self) -> dict[str, Any]:
        """The titles for the pages' scripts, and which venue and year has how many of them, one after the other."""
        runs = [[*of, len([*rows])] for of, rows in groupby(self.titles, key=itemgetter(1, 2))]
        return {"runs": runs, "titles": [title for title, *_ in self.titles]}

    def pack_held(self, level: Level, identifier: str) -> dict[str, Any]:
        """An entity's papers for the pages' scripts: the steps from one number to the next, and numbers of strings."""
        rows = self.held.get((level, identifier), ())
        strings = {s: k for k, s in enumerate(dict.fromkeys(s for *_, own in rows for s in own))}
        return {
            "steps": [b - a for a, b in pairwise([0, *(n for n, *_ in rows)])],
            "through": [[strings[s] for s in own] for *_, own in rows] if strings else [],
            "strings": [*strings],
        }


def collect_papers(db: duckdb.DuckDBPyConnection, listed: Mapping[Level, pa.Table], papers: Path | pa.Table) -> Papers:
    """Number the papers listed at each level (see sql/papers.sql), and read them with their titles."""
    if not listed:
        return Papers()
    for level, table in listed.items():
        db.register(f"listed_{level}", table)
    attach(db, "titled", papers)
    every = " UNION ".join(f"SELECT cell, paper FROM listed_{level}" for level in listed)
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE told AS SELECT row_number() OVER (ORDER BY cell, paper) - 1 AS number, * FROM ({every})"
    )
    found = db.execute(
        "SELECT coalesce(any_value(titled.title), ''), any_value(cell.venue), any_value(cell.year) FROM told JOIN cell USING (cell) "
        "JOIN paper_id USING (paper) LEFT JOIN titled ON titled.id = paper_id.id GROUP BY told.number ORDER BY told.number"
    ).fetchall()
    held: dict[tuple[Level, str], Sequence[Held]] = {}
    shown = [
        visible(text) for text in db.table("drawn_string").order("string").to_arrow_table().column("affiliation").to_pylist()
    ]
    for level in listed:
        rows = db.execute(
            f"SELECT id, number, credit, strings FROM listed_{level} JOIN told USING (paper) ORDER BY id, number"
        ).fetchall()
        for identifier, own in groupby(rows, key=itemgetter(0)):
            held[level, identifier] = [(n, credit, [shown[s] for s in strings]) for _, n, credit, strings in own]
    return Papers(tuple((visible(title), venue, int(year)) for title, venue, year in found), held)
