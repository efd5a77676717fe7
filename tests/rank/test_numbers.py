"""Texts of credit as numbers: in the order of the texts, and back again the same."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from affil.rank.numbers import number_texts
from affil.settings import RankSettings

TEXT = st.text("ab/é清", max_size=3)
CELL = st.sampled_from([("CVPR", 2020), ("CVPR", 2021), ("ACL", 2020)])
# an institution has a stated place and named parents, though they may be empty; a row without one has none
HOLDER = st.tuples(TEXT, TEXT, TEXT) | st.just((None, "", ""))
ROW = st.tuples(CELL, TEXT, st.none() | TEXT, st.none() | TEXT, HOLDER)
BACK = """
SELECT venue, year, paper_id.id, author_name.name, affiliation, institution, stated, named_parents
FROM credit JOIN cell USING (cell) JOIN paper_id USING (paper)
LEFT JOIN author_name USING (author) LEFT JOIN drawn_string USING (string) LEFT JOIN holder USING (holder)
"""
NAMES = {
    "paper_id": "id",
    "author_name": "name",
    "drawn_string": "affiliation",
    "holder": "(institution, stated, named_parents)",
}


def numbered(rows: list[Any], at_once: int = 100) -> duckdb.DuckDBPyConnection:
    """A connection in which these rows of credit are numbered."""
    db = duckdb.connect()
    texts = [(v, y, p, a, s, *held) for (v, y), p, a, s, held in rows]
    columns = [*zip(*texts, strict=True)] or [()] * 8
    names = ["venue", "year", "paper", "author", "affiliation", "institution", "stated", "named_parents"]
    kinds = [pa.int16() if name == "year" else pa.string() for name in names]
    table = pa.table([pa.array(c, k) for c, k in zip(columns, kinds, strict=True)], names)
    for name in ("aligned", "position", "probability", "credit", "counted", "several"):  # kept as they are
        table = table.append_column(name, pa.nulls(len(table), pa.float64()))
    db.register("stats", pa.table({"venue": ["ACL", "CVPR", "CVPR"], "year": pa.array([2020, 2020, 2021], pa.int16())}))
    db.register("institutions", pa.table({"id": ["closed"], "active_id": ["open"]}))
    db.register("texts", table)
    number_texts(db, db.table("texts"), RankSettings(rows_at_once=at_once))
    return db


@given(st.lists(ROW, max_size=12), st.integers(1, 4))
def test_numbers_are_in_the_order_of_texts_and_lead_back_to_them(rows: list[Any], at_once: int) -> None:
    with numbered(rows, at_once) as db:  # texts that stand in several batches are one
        found = db.execute(BACK).fetchall()
        given_rows = [(v, y, p, a, s, *(held if held[0] is not None else [None] * 3)) for (v, y), p, a, s, held in rows]
        assert sorted(map(repr, found)) == sorted(map(repr, given_rows))
        for table, name in NAMES.items():
            texts = [t for (t,) in db.execute(f"SELECT {name} FROM {table} ORDER BY ALL").fetchall()]
            by_number = [t for (t,) in db.execute(f"SELECT {name} FROM (FROM {table} ORDER BY 1)").fetchall()]
            assert len({repr(t) for t in texts}) == len(texts) and by_number == texts
