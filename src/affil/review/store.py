"""The tables of a workspace as a review asks them: strings, their mentions, papers and answers."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from affil.io.database import connect
from affil.review.items import Filters, Occurrence, VenueFacts, years_of

Flags = npt.NDArray[np.bool_]

_TABLES = (
    "CREATE TABLE string AS SELECT CAST(row_number() OVER () - 1 AS INTEGER) AS number, affiliation, mentions, papers FROM strings",
    """CREATE TABLE paper AS
    SELECT CAST(row_number() OVER () AS INTEGER) AS paper, id, title, venue, year, {doi} AS doi,
        coalesce(weight, 1) / CASE WHEN aligned THEN authors ELSE 1 END AS credit
    FROM papers LEFT JOIN venue ON published = venue""",
    """CREATE TABLE mention AS
    SELECT number, paper.paper, position, author
    FROM mentions JOIN string USING (affiliation) JOIN paper ON id = mentions.paper
    ORDER BY number""",
    """CREATE TABLE worth AS
    SELECT number, sum(credit / claims) AS credit
    FROM (SELECT number, paper, count(*) OVER (PARTITION BY paper, position) AS claims FROM mention) JOIN paper USING (paper)
    GROUP BY number""",
    """CREATE TABLE answer AS
    SELECT number, decision, probability, institution_id, country, city
    FROM matches JOIN string USING (affiliation) LEFT JOIN institutions ON id = institution_id""",
    # a string is as uncertain as its most uncertain institution
    """CREATE TABLE item AS
    SELECT number, mentions, papers, coalesce(credit, 0) AS credit, coalesce(probability, 0) AS probability,
        coalesce(decision, 'none') AS decision, coalesce(institutions, '') AS institutions
    FROM string LEFT JOIN worth USING (number) LEFT JOIN (
        SELECT number, min(probability) AS probability,
            CASE WHEN bool_or(decision = 'review') THEN 'review' WHEN bool_or(decision = 'match') THEN 'match' END AS decision,
            string_agg(institution_id, ' ' ORDER BY institution_id) AS institutions
        FROM answer GROUP BY number
    ) USING (number)""",
)


class TablesLike(Protocol):
    """The tables of a workspace that a queue reads; see `affil.workspace`."""

    @property
    def papers(self) -> Path | pa.Table: ...  # noqa: D102

    @property
    def mentions(self) -> Path | pa.Table: ...  # noqa: D102

    @property
    def matches(self) -> Path | pa.Table: ...  # noqa: D102

    @property
    def institutions(self) -> Path | pa.Table: ...  # noqa: D102


class Store:
    """A database in memory with the tables of a workspace; strings go by number. Thread-safe."""

    def __init__(self, tables: TablesLike, strings: Path | pa.Table, venues: Sequence[VenueFacts]) -> None:
        self._lock = threading.RLock()
        self._db = connect()
        for name in ("papers", "mentions", "matches", "institutions"):
            self._attach(name, getattr(tables, name))
        self._attach("strings", strings)
        facts = {"published": [v.published for v in venues], "weight": [v.weight for v in venues]}
        self._db.register(
            "venue", pa.table({"published": pa.array(facts["published"], pa.string()), "weight": facts["weight"]})
        )
        self._areas = {v.published: v.areas for v in venues}
        known = self._db.sql("SELECT * FROM papers LIMIT 0").columns
        for statement in _TABLES:
            self._db.execute(statement.replace("{doi}", "coalesce(doi, '')" if "doi" in known else "''"))

    def items(self) -> dict[str, Any]:
        """One value a string, by number: mentions, papers, credit, probability, decision."""
        return dict(self._db.sql("SELECT * EXCLUDE (institutions) FROM item ORDER BY number").fetchnumpy())

    def column(self, query: str) -> list[str]:
        """The first column of a query's answer, as text."""
        return [str(v) for v in self._db.sql(query).to_arrow_table().column(0).to_pylist()]

    def rows(self, query: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query's answer."""
        with self._lock:
            return self._db.execute(query, dict(values) if isinstance(values, Mapping) else list(values)).fetchall()

    def register(self, name: str, table: pa.Table) -> None:
        """Add a table for queries."""
        with self._lock:
            self._db.register(name, table)

    def table(self, query: str, **tables: pa.Table) -> pa.Table:
        """The answer of a query over the workspace's tables and these."""
        with self._lock:
            for name, table in tables.items():
                self._db.register(name, table)
            return self._db.sql(query).to_arrow_table()

    def counts(self, query: str, numbers: npt.NDArray[np.int64]) -> list[tuple[str, int]]:
        """The answer of a query that counts by its first column, over the strings with these numbers (the table `selected`)."""
        with self._lock:
            self._db.register("selected", pa.table({"number": pa.array(numbers, pa.int32())}))
            return [(str(value), int(n)) for value, n in self._db.execute(f"{query} GROUP BY ALL").fetchall()]

    def occurrences(self, number: int, papers: int, limit: int) -> list[Occurrence]:
        """The mentions of a string in its newest papers, at most `limit`."""
        rows = self.rows(
            "SELECT id, title, venue, year, coalesce(author, ''), position, doi FROM mention JOIN paper USING (paper) "
            "WHERE number = ? QUALIFY dense_rank() OVER (ORDER BY year DESC, id) <= ? ORDER BY year DESC, id, position LIMIT ?",
            [number, papers, limit],
        )
        return [Occurrence(*row) for row in rows]

    def stands(self, number: int, paper: str, position: int | None, author: str) -> bool:
        """Whether a paper has the string for this author at this position."""
        return bool(
            self.rows(
                "SELECT 1 FROM mention JOIN paper USING (paper) WHERE number = ? AND id = ? AND position IS NOT DISTINCT FROM ? "
                "AND coalesce(author, '') = ? LIMIT 1",
                [number, paper, position, author],
            )
        )

    def choices(self) -> dict[str, list[str]]:
        """The countries, areas and venues to filter by."""
        venues = [str(v) for (v,) in self.rows("SELECT DISTINCT venue FROM paper ORDER BY venue")]
        countries = [str(c) for (c,) in self.rows("SELECT DISTINCT country FROM answer WHERE country <> '' ORDER BY country")]
        return {"country": countries, "area": sorted({a for v in venues for a in self._areas.get(v, ())}), "venue": venues}

    def passing(self, f: Filters, count: int) -> Flags:
        """Which of all strings pass the filters by country, text, venue, area and year."""
        where: list[tuple[str, list[Any]]] = []
        if f.country:
            where.append(("SELECT DISTINCT number FROM answer WHERE country = ?", [f.country]))
        if f.text:
            where.append(("SELECT number FROM string WHERE contains(lower(affiliation), lower(?))", [f.text]))
        if f.venue:
            where.append(("SELECT DISTINCT number FROM mention JOIN paper USING (paper) WHERE venue = ?", [f.venue]))
        if f.area:
            within = [v for v, areas in self._areas.items() if f.area in areas]
            where.append(
                ("SELECT DISTINCT number FROM mention JOIN paper USING (paper) WHERE list_contains(?, venue)", [within])
            )
        if f.year:
            where.append(
                (
                    "SELECT DISTINCT number FROM mention JOIN paper USING (paper) WHERE year BETWEEN ? AND ?",
                    list(years_of(f.year)),
                )
            )
        keep = np.ones(count, bool)
        for query, values in where:
            found = np.zeros(count, bool)
            found[[n for (n,) in self.rows(query, values)]] = True
            keep &= found
        return keep

    def _attach(self, name: str, table: Path | pa.Table) -> None:
        if isinstance(table, pa.Table):
            self._db.register(name, table)
        else:
            self._db.read_parquet(str(table)).create_view(name)
