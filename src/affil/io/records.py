"""Tables whose values keep their types: JSON Lines and Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from affil.errors import InputError
from affil.io.files import Text
from affil.io.table import Batch, Table, alias_of, checked_headings

if TYPE_CHECKING:
    import pyarrow as pa


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object (an `object_pairs_hook`), of which no key may stand twice: nobody knows which of the values is meant.

    Raises:
        ValueError: one does.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"{twice[:40]!r} stands twice in one object")
    return found


class JsonLines(Table):
    """Read twice: all columns and their types must be known before the first row is given, and a broken line found early."""

    unit = "line"

    def __init__(self, text: Text) -> None:
        self._text = text
        kinds: dict[str, set[type]] = {}
        size = 0
        for _, record in self._records():
            size += 1
            for key, value in record.items():
                kinds.setdefault(key, set()).add(type(value) if not _is_huge(value) else object)
        if not size:
            raise InputError(text.name, "is empty", fix="give a file with one JSON object per line")
        self._kinds = kinds
        super().__init__(text.name, checked_headings(text.name, list(kinds), 1), size, text.notes)

    @property
    def types(self) -> Mapping[str, str | pa.DataType]:
        """The type of each column."""
        return {column: alias_of(kinds - {type(None)}) for column, kinds in self._kinds.items()}

    def _records(self) -> Iterator[tuple[int, dict[str, Any]]]:
        self._text.stream.seek(0)
        for row, line in enumerate(self._text.stream, 1):
            if not line.isspace():
                yield row, _record(line, self._text.name, row)

    def batches(self, rows: int) -> Iterator[Batch]:
        """The rows; see `Table.batches`."""
        records = self._records()
        while part := list(islice(records, rows)):
            yield Batch([row for row, _ in part], {c: [record.get(c) for _, record in part] for c in self.columns})


def _record(line: str, name: str, row: int) -> dict[str, Any]:
    try:
        record = json.loads(line.rstrip(), object_pairs_hook=unique)
        if "\\u" in line:  # half a surrogate pair is valid JSON, but no text that any table could store
            json.dumps(record, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise InputError(
            name, f"not JSON at character {error.pos + 1}: {error.msg}", row=row, fix="correct the line", unit="line"
        ) from error
    except UnicodeEncodeError as error:
        raise InputError(name, "contains half a surrogate pair", row=row, unit="line", fix="correct the line") from error
    except (RecursionError, ValueError) as error:  # nested too deeply, or a whole number of thousands of digits
        raise InputError(name, f"not JSON that can be read: {error}", row=row, unit="line", fix="correct the line") from error
    if not isinstance(record, dict):
        raise InputError(
            name, "the line is JSON but not an object", row=row, unit="line", fix='write {"column": value, ...} on each line'
        )
    return record


def _is_huge(value: object) -> bool:
    return isinstance(value, int) and not -(1 << 63) <= value < 1 << 63


class Parquet(Table):
    """Parquet; columns keep their types."""

    def __init__(self, raw: IO[bytes], name: str) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            self._file = pq.ParquetFile(raw)
        except (pa.ArrowException, OSError, EOFError) as error:
            raise InputError(name, "not a Parquet file, or truncated", fix="fetch or write it again") from error
        self._schema = self._file.schema_arrow
        super().__init__(name, checked_headings(name, self._schema.names, 1), self._file.metadata.num_rows)

    @property
    def types(self) -> Mapping[str, str | pa.DataType]:
        """The type of each column."""
        return dict(zip(self._schema.names, self._schema.types, strict=True))

    def batches(self, rows: int) -> Iterator[Batch]:
        """The rows; see `Table.batches`."""
        import pyarrow as pa

        first = 1
        parts = self._file.iter_batches(batch_size=rows)
        while True:
            try:
                part = next(parts, None)
            except (pa.ArrowException, OSError) as error:
                raise InputError(self.name, f"is damaged after row {first - 1}", fix="fetch or write it again") from error
            if part is None:
                return
            yield Batch(range(first, first + part.num_rows), {c: part.column(c).to_pylist() for c in self.columns})
            first += part.num_rows
