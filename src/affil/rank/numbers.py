"""Texts of credit as numbers: papers, authors, strings and institutions are compared by number from there on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from affil.rank.credit import PLAIN, TEXTS, VenueYear, sql

_ROWS = pa.schema([*((name, pa.int32()) for name in ("cell", "paper", "author", "string", "holder")), *PLAIN])


def number_texts(db: duckdb.DuckDBPyConnection, parts: Iterable[tuple[VenueYear, pa.Table]]) -> None:
    """Create the table `credit` with numbers for its texts, and the tables that name these (see sql/numbers.sql).

    Numbers are in the order of the texts.

    Args:
        db: a connection with the table `stats`.
        parts: credit with its texts, as dictionaries, by venue and year (see `count_credit`); ids of papers are unique.
    """
    held = db.execute("SELECT venue, year FROM stats ORDER BY venue, year").fetchall()
    cells = {(str(venue), int(year)): cell for cell, (venue, year) in enumerate(held)}
    rows = deque((cells[where], _one_batch(part)) for where, part in parts)
    papers, authors, strings, institutions, stated = (_Numbered.of([b.column(n).dictionary for _, b in rows]) for n in TEXTS)
    holders = _Holders.of([batch for _, batch in rows], institutions, stated)
    made = {
        "paper_id": _named("paper", papers.texts, "id"),
        "author_name": _named("author", authors.texts, "name"),
        "drawn_string": _named("string", strings.texts, "affiliation"),
        "holder": holders.table(),
    }
    for name, named in made.items():
        db.register(name, named)

    def numbered() -> Iterator[pa.RecordBatch]:
        for part in range(len(rows)):
            cell, batch = rows.popleft()  # given away when it is read, so that rows do not stand twice in memory
            numbers = {
                "cell": pa.repeat(pa.scalar(cell, pa.int32()), len(batch)),
                "paper": papers.of_rows(part, batch.column("paper")),
                "author": authors.of_rows(part, batch.column("author")),
                "string": strings.of_rows(part, batch.column("affiliation")),
                "holder": holders.of_rows(part, batch),
            }
            yield pa.RecordBatch.from_pydict(numbers | {name: batch.column(name) for name, _ in PLAIN}, _ROWS)

    db.register("numbered", pa.RecordBatchReader.from_batches(_ROWS, numbered()))
    db.execute(sql("numbers"))
    db.unregister("numbered")


@dataclass(frozen=True, slots=True)
class _Numbered:
    """Distinct texts in order, and for each part the number of each text of its dictionary."""

    texts: pa.Array
    numbers: Sequence[pa.Array]

    @classmethod
    def of(cls, dictionaries: Sequence[pa.Array]) -> _Numbered:
        encoded = pa.concat_arrays([pa.array([], pa.string()), *dictionaries]).dictionary_encode()
        order = pc.sort_indices(encoded.dictionary)
        number = np.empty(len(order), np.int32)
        number[order.to_numpy()] = np.arange(len(order))
        numbers = pa.array(number).take(encoded.indices)
        ends = np.cumsum([len(one) for one in dictionaries]).tolist()
        parts = [numbers.slice(end - len(one), len(one)) for one, end in zip(dictionaries, ends, strict=True)]
        return cls(encoded.dictionary.take(order), parts)

    def of_rows(self, part: int, column: pa.DictionaryArray) -> pa.Array:
        """The number of the text of each row; null where it has none."""
        return self.numbers[part].take(column.indices)


@dataclass(frozen=True, slots=True)
class _Holders:
    """Institutions with the place that a string states, which are different holders of credit: `keys` has each in order."""

    institutions: _Numbered
    stated: _Numbered
    keys: pa.Array

    @classmethod
    def of(cls, batches: Sequence[pa.RecordBatch], institutions: _Numbered, stated: _Numbered) -> _Holders:
        none = cls(institutions, stated, pa.array([], pa.int64()))
        found = [pc.unique(none._of(part, batch)) for part, batch in enumerate(batches)]
        return cls(institutions, stated, pc.unique(pa.chunked_array(found, pa.int64())).drop_null().sort())

    def _of(self, part: int, batch: pa.RecordBatch) -> pa.Array:
        institution = self.institutions.of_rows(part, batch.column("institution")).cast(pa.int64())
        return pc.add(pc.multiply(institution, self._many), self.stated.of_rows(part, batch.column("stated")))

    @property
    def _many(self) -> int:
        return max(len(self.stated.texts), 1)

    def of_rows(self, part: int, batch: pa.RecordBatch) -> pa.Array:
        """The number of the holder of each row; null where it has none."""
        return pc.index_in(self._of(part, batch), self.keys)

    def table(self) -> pa.Table:
        """The holders with their numbers."""
        at = self.keys.to_numpy()
        return pa.table(
            {
                "holder": pa.array(np.arange(len(at), dtype=np.int32)),
                "institution": self.institutions.texts.take(pa.array(at // self._many)),
                "stated": self.stated.texts.take(pa.array(at % self._many)),
            }
        )


def _one_batch(part: pa.Table) -> pa.RecordBatch:
    (batch,) = part.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], part.schema)]
    return batch


def _named(number: str, texts: pa.Array, name: str) -> pa.Table:
    return pa.table({number: pa.array(np.arange(len(texts), dtype=np.int32)), name: texts})
