"""Texts of credit as numbers: papers, authors, strings and institutions are compared by number from there on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from affil.io.arrays import of_numpy, to_numpy
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
    batches = _read(rows)
    papers, authors, strings, institutions, stated = (_Numbered.of(batches[0].column(name).dictionary) for name in _TEXTS)
    holders = _Holders.of(batches, institutions, stated)
    made = {
        "paper_id": _named("paper", papers.texts, "id"),
        "author_name": _named("author", authors.texts, "name"),
        "drawn_string": _named("string", strings.texts, "affiliation"),
        "holder": holders.table(),
    }
    for name, named in made.items():
        db.register(name, named)

    def numbered(batch: pa.RecordBatch) -> pa.RecordBatch:
        numbers = {
            "paper": papers.of_rows(batch.column("paper")),
            "author": authors.of_rows(batch.column("author")),
            "string": strings.of_rows(batch.column("affiliation")),
            "holder": holders.of_rows(batch),
        }
        plain = batch.drop_columns([*_TEXTS])
        return pa.RecordBatch.from_pydict({**dict(zip(plain.schema.names, plain.columns, strict=True)), **numbers})

    first = numbered(batches.pop(0))
    # each batch is given away when it is read, so that rows do not stand twice in memory
    rest = (numbered(batches.pop(0)) for _ in range(len(batches)))
    db.register("numbered", pa.RecordBatchReader.from_batches(first.schema, chain([first], rest)))
    db.execute(sql("numbers"))
    db.unregister("numbered")


@dataclass(frozen=True, slots=True)
class _Numbered:
    """Distinct texts in order, and the number of each by its place in the dictionaries of the batches."""

    texts: pa.Array
    number: pa.Array

    @classmethod
    def of(cls, dictionary: pa.Array) -> _Numbered:
        order = pc.sort_indices(dictionary)
        number = np.empty(len(dictionary), np.int32)
        number[to_numpy(order)] = np.arange(len(dictionary))
        return cls(dictionary.take(order), of_numpy(number))

    def of_rows(self, column: pa.DictionaryArray) -> pa.Array:
        """The number of the text of each row; null where it has none."""
        return pc.take(self.number, column.indices)


@dataclass(frozen=True, slots=True)
class _Holders:
    """Institutions with the place that a string states, which are different holders of credit: `keys` has each in order."""

    institutions: _Numbered
    stated: _Numbered
    keys: pa.Array

    @classmethod
    def of(cls, batches: Sequence[pa.RecordBatch], institutions: _Numbered, stated: _Numbered) -> _Holders:
        none = cls(institutions, stated, of_numpy(np.empty(0, np.int64)))
        return cls(
            institutions, stated, pc.unique(pa.chunked_array([pc.unique(none._of(b)) for b in batches])).drop_null().sort()
        )

    def _of(self, batch: pa.RecordBatch) -> pa.Array:
        first = of_numpy(
            np.arange(len(self.institutions.texts) or 1) * self._many
        )  # the key of an institution, with nothing stated
        institution = pc.take(first, self.institutions.of_rows(batch.column("institution")))
        return pc.add(institution, pc.cast(self.stated.of_rows(batch.column("stated")), pa.int64()))

    @property
    def _many(self) -> int:
        return max(len(self.stated.texts), 1)

    def of_rows(self, batch: pa.RecordBatch) -> pa.Array:
        """The number of the holder of each row; null where it has none."""
        return pc.cast(pc.index_in(self._of(batch), self.keys), pa.int32())

    def table(self) -> pa.Table:
        """The holders with their numbers."""
        at = to_numpy(self.keys)
        return pa.table(
            {
                "holder": of_numpy(np.arange(len(at), dtype=np.int32)),
                "institution": self.institutions.texts.take(of_numpy(at // self._many)),
                "stated": self.stated.texts.take(of_numpy(at % self._many)),
            }
        )


def _read(rows: duckdb.DuckDBPyRelation) -> list[pa.RecordBatch]:
    """The rows in batches, at least one, with dictionaries for texts, which all batches share."""
    reader = rows.to_arrow_reader(_AT_ONCE)
    batches = [_encoded(batch) for batch in reader] or [_encoded(_nothing(reader.schema))]
    return pa.Table.from_batches(batches).unify_dictionaries().to_batches() or batches


def _nothing(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)


def _named(number: str, texts: pa.Array, name: str) -> pa.Table:
    return pa.table({number: of_numpy(np.arange(len(texts), dtype=np.int32)), name: texts})


def _encoded(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A batch of rows, of which texts are dictionaries."""
    columns = [
        c.dictionary_encode() if name in _TEXTS else c for name, c in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, batch.schema.names)
