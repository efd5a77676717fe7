"""Arrays between NumPy, Arrow and DuckDB. Arrow's own conversions (`pyarrow.array`, `to_numpy`) import pandas to see whether they were
given some of it, which takes longer than a ranking after a correction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

if TYPE_CHECKING:
    import duckdb


def to_numpy(column: pa.Array | pa.ChunkedArray) -> NDArray[Any]:
    """Numbers, or booleans, without nulls; read-only where they are not copied."""
    if isinstance(column, pa.ChunkedArray):
        parts = [to_numpy(chunk) for chunk in column.chunks]
        return parts[0] if len(parts) == 1 else np.concatenate(parts or [np.empty(0, column.type.to_pandas_dtype())])
    values = column.buffers()[1]
    if pa.types.is_boolean(column.type):
        bits = np.frombuffer(values, np.uint8) if values is not None else np.empty(0, np.uint8)
        return np.unpackbits(bits, bitorder="little")[column.offset : column.offset + len(column)].astype(bool)
    kind = np.dtype(column.type.to_pandas_dtype())
    return np.frombuffer(values, kind, len(column), column.offset * kind.itemsize) if len(column) else np.empty(0, kind)


def whole(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece, not copied where it is in one."""
    return column.combine_chunks() if column.num_chunks else pa.nulls(0, column.type)


def of_numpy(values: NDArray[Any]) -> pa.Array:
    """Numbers as Arrow has them, not copied."""
    values = np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(values)])


def one_text(text: str) -> pa.StringArray:
    """An array of one text."""
    data = text.encode()
    return pa.StringArray.from_buffers(1, pa.py_buffer(np.array([0, len(data)], np.int32)), pa.py_buffer(data))


def put(db: duckdb.DuckDBPyConnection, name: str, /, **columns: tuple[str, Sequence[Any]]) -> None:
    """Create or replace a small table of Python's values: for each column its type in SQL, and the values."""
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT "
        + ", ".join(f"unnest(?::{kind}[]) AS {column}" for column, (kind, _) in columns.items()),
        [list(values) for _, values in columns.values()],
    )


def put_rows(db: duckdb.DuckDBPyConnection, name: str, rows: Iterable[Sequence[Any]], /, **columns: str) -> None:
    """The same of rows, given the types of the columns."""
    values = [*zip(*rows, strict=True)] or [()] * len(columns)
    put(db, name, **{column: (kind, of) for (column, kind), of in zip(columns.items(), values, strict=True)})
