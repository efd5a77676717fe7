from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.io.arrays import of_numpy, one_text, put, put_rows, to_numpy, whole

KINDS = ["int16", "int32", "int64", "float64"]


@given(st.sampled_from(KINDS), st.lists(st.integers(-1000, 1000), max_size=20), st.integers(0, 3), st.integers(0, 20))
def test_numbers_there_and_back(kind: str, values: list[int], first: int, length: int) -> None:
    array = of_numpy(np.array(values, kind))
    assert array.equals(pa.array(values, array.type))
    part = array.slice(min(first, len(values)), length)
    assert to_numpy(part).tolist() == part.to_pylist()
    assert to_numpy(part).dtype == kind
    assert to_numpy(pa.chunked_array([array, part])).tolist() == [*array.to_pylist(), *part.to_pylist()]
    assert to_numpy(pa.chunked_array([], array.type)).tolist() == []


@given(st.lists(st.booleans(), max_size=40), st.integers(0, 10))
def test_booleans(values: list[bool], first: int) -> None:
    part = pa.array(values, pa.bool_()).slice(min(first, len(values)))
    assert to_numpy(part).tolist() == part.to_pylist()


def test_a_column_in_one_piece() -> None:
    assert whole(pa.chunked_array([["a"], ["b"]])).to_pylist() == ["a", "b"]
    assert whole(pa.chunked_array([], pa.list_(pa.int32()))).equals(pa.array([], pa.list_(pa.int32())))


def test_numbers_that_do_not_lie_side_by_side() -> None:
    assert of_numpy(np.arange(10)[::3]).to_pylist() == [0, 3, 6, 9]


@pytest.mark.parametrize("rows", [[], [("a", 1, None)], [("ä'", 2, 0.1), (None, -3, 1e300)]])
def test_tables_of_values(rows: list[Any]) -> None:
    with duckdb.connect() as db:
        for _ in range(2):  # a table may stand there
            put_rows(db, "made", rows, name="VARCHAR", year="SMALLINT", weight="DOUBLE")
        assert db.execute("FROM made").fetchall() == rows
        assert [kind for _, kind, *_ in db.execute("DESCRIBE made").fetchall()] == ["VARCHAR", "SMALLINT", "DOUBLE"]
        put(db, "made", known=("BOOLEAN", (True, False)))
        assert db.execute("FROM made").fetchall() == [(True,), (False,)]


@given(st.text())
def test_one_text(text: str) -> None:
    assert one_text(text.encode("utf-8", "replace").decode()).equals(pa.array([text.encode("utf-8", "replace").decode()]))
