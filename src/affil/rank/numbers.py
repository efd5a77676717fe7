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
from affil.rank.credit import TEXTS, sql
from affil.settings import RankSettings


def number_texts(db: duckdb.DuckDBPyConnection, rows: duckdb.DuckDBPyRelation, settings: RankSettings | None = None) -> None:
    """Create the table `credit` with numbers for its texts, and the tables that name these (see sql/numbers.sql).

    Numbers are in the order of the texts, those of strings whose answer depends on the year behind all others.

    Args:
        db: a connection with the tables `stats` and `institutions`.
        rows: credit with its texts (see sql/credit.sql); ids of papers are unique.
        settings: `rows_at_once`.
    """
    batches = _read(rows, (settings or RankSettings()).rows_at_once)
    papers, authors, strings, *of_holder = (_Numbered.of(batches[0].column(name).dictionary) for name in TEXTS)
    holders = _Holders.of(batches, *of_holder)
    made = {
        "paper_id": _named("paper", papers.texts, "id"),
        "author_name": _named("author", authors.texts, "name"),
        "each_string": _named("string", strings.texts, "affiliation"),
        "each_holder": holders.table(),
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
        plain = batch.drop_columns([*TEXTS])
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
    """Institutions with the place and the parents that a string names, which are different holders of credit: `keys` has each in order."""

    institutions: _Numbered
    stated: _Numbered
    parents: _Numbered
    keys: pa.Array

    @classmethod
    def of(cls, batches: Sequence[pa.RecordBatch], institutions: _Numbered, stated: _Numbered, parents: _Numbered) -> _Holders:
        none = cls(institutions, stated, parents, of_numpy(np.empty(0, np.int64)))
        keys = pc.unique(pa.chunked_array([pc.unique(none._of(b)) for b in batches])).drop_null().sort()
        return cls(institutions, stated, parents, keys)

    def _of(self, batch: pa.RecordBatch) -> pa.Array:
        """The key of each row: three numbers in one, and null where there is no institution."""
        stated, parents = self._many
        institution = self._first(self.institutions, stated * parents, batch.column("institution"))
        place = self._first(self.stated, parents, batch.column("stated"))
        above = self._first(self.parents, 1, batch.column("named_parents"))
        return pc.add(pc.add(institution, place), above)

    @staticmethod
    def _first(texts: _Numbered, many: int, column: pa.DictionaryArray) -> pa.Array:
        """The first key of the text of each row, where each text has so many; counted for texts, as rows are more."""
        return pc.take(of_numpy(np.arange(len(texts.texts) or 1) * many), texts.of_rows(column))

    @property
    def _many(self) -> tuple[int, int]:
        return max(len(self.stated.texts), 1), max(len(self.parents.texts), 1)

    def of_rows(self, batch: pa.RecordBatch) -> pa.Array:
        """The number of the holder of each row; null where it has none."""
        return pc.cast(pc.index_in(self._of(batch), self.keys), pa.int32())

    def table(self) -> pa.Table:
        """The holders with their numbers."""
        at, (stated, parents) = to_numpy(self.keys), self._many
        return pa.table(
            {
                "holder": of_numpy(np.arange(len(at), dtype=np.int32)),
                "institution": self.institutions.texts.take(of_numpy(at // (stated * parents))),
                "stated": self.stated.texts.take(of_numpy(at // parents % stated)),
                "named_parents": self.parents.texts.take(of_numpy(at % parents)),
            }
        )


def _read(rows: duckdb.DuckDBPyRelation, at_once: int) -> list[pa.RecordBatch]:
    """The rows in batches, at least one, with dictionaries for texts, which all batches share."""
    reader = rows.to_arrow_reader(at_once)
    batches = [_encoded(batch) for batch in reader] or [_encoded(_nothing(reader.schema))]
    return pa.Table.from_batches(batches).unify_dictionaries().to_batches() or batches


def _nothing(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)


def _named(number: str, texts: pa.Array, name: str) -> pa.Table:
    return pa.table({number: of_numpy(np.arange(len(texts), dtype=np.int32)), name: texts})


def _encoded(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A batch of rows, of which texts are dictionaries."""
    columns = [c.dictionary_encode() if name in TEXTS else c for name, c in zip(batch.schema.names, batch.columns, strict=True)]
    return pa.RecordBatch.from_arrays(columns, batch.schema.names)
