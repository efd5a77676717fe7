"""Texts of credit as numbers: papers, authors, strings and institutions are compared by number from there on."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from affil.rank.credit import sql

_TEXTS = ("paper", "author", "affiliation", "institution", "stated")
_AT_ONCE = 1 << 20  # rows whose texts are in memory at once


def number_texts(db: duckdb.DuckDBPyConnection, rows: duckdb.DuckDBPyRelation) -> None:
    """Create the table `credit` with numbers for its texts, and the tables that name these (see sql/numbers.sql).

    Numbers are in the order of the texts.

    Args:
        db: a connection with the table `stats`.
        rows: credit with its texts (see sql/credit.sql); ids of papers are unique.
    """
    reader = rows.to_arrow_reader(_AT_ONCE)
    batches = [_encoded(batch) for batch in reader] or [_encoded(pa.RecordBatch.from_pylist([], reader.schema))]
    table = pa.Table.from_batches(batches).unify_dictionaries()
    papers, authors, strings, institutions, stated = (_Numbered.of(table.column(name)) for name in _TEXTS)
    holder = _pairs(institutions, stated)
    numbers = {"paper": papers.rows, "author": authors.rows, "string": strings.rows, "holder": holder.rows}
    made = {
        "paper_id": _named("paper", papers.texts, "id"),
        "author_name": _named("author", authors.texts, "name"),
        "drawn_string": _named("string", strings.texts, "affiliation"),
        "holder": pa.table(
            [pa.array(np.arange(len(holder.texts), dtype=np.int32)), *holder.texts.flatten()],
            ["holder", "institution", "stated"],
        ),
    }
    for name, named in made.items():
        db.register(name, named)
    plain = table.drop_columns([*_TEXTS])
    db.register("numbered", pa.table({**dict(zip(plain.column_names, plain.columns, strict=True)), **numbers}))
    db.execute(sql("numbers"))
    db.unregister("numbered")


@dataclass(frozen=True, slots=True)
class _Numbered:
    """Distinct values in order, and the number of that of each row (null where the row has none)."""

    texts: pa.Array
    rows: pa.ChunkedArray

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> _Numbered:
        """The values of a column of dictionaries, all of which are the same."""
        values = column.chunk(0).dictionary
        order = pc.sort_indices(values)
        number = np.empty(len(values), np.int32)
        number[order.to_numpy()] = np.arange(len(values))
        chunks = [pc.take(pa.array(number), chunk.indices) for chunk in column.chunks]
        return cls(values.take(order), pa.chunked_array(chunks))


def _pairs(institutions: _Numbered, stated: _Numbered) -> _Numbered:
    """Institutions with the place that a string states, which are different holders of credit."""
    many = max(len(stated.texts), 1)
    key = pc.add(pc.multiply(pc.cast(institutions.rows, pa.int64()), many), stated.rows)
    found = pc.unique(key).drop_null().sort()
    at = found.to_numpy()
    texts = pa.StructArray.from_arrays(
        [institutions.texts.take(pa.array(at // many)), stated.texts.take(pa.array(at % many))], ["institution", "stated"]
    )
    return _Numbered(texts, pc.cast(pc.index_in(key, found), pa.int32()))


def _named(number: str, texts: pa.Array, name: str) -> pa.Table:
    return pa.table({number: pa.array(np.arange(len(texts), dtype=np.int32)), name: texts})


def _encoded(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A batch of rows, of which texts are dictionaries."""
    columns = [
        c.dictionary_encode() if name in _TEXTS else c for name, c in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, batch.schema.names)
