"""Tables whose values keep their types: JSON Lines, a JSON list, and Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count, islice
from typing import IO, TYPE_CHECKING, Any, TextIO

from affil.errors import InputError, Unit
from affil.io.files import Text
from affil.io.table import Batch, Table, alias_of, checked_headings
from affil.settings import INPUT
from affil.wording import Said, said

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
        raise ValueError(said("{0!r} stands twice in one object", twice[:40]))
    return found


class JsonLines(Table):
    """Read twice: all columns and their types must be known before the first row is given, and a broken line found early."""

    unit: Unit = "line"

    def __init__(self, text: Text) -> None:
        self._text = text
        kinds: dict[str, set[type]] = {}
        size = 0
        for _, record in self._records():
            size += 1
            for key, value in record.items():
                kinds.setdefault(key, set()).add(type(value) if not _is_huge(value) else object)
        if not size:
            raise InputError(text.name, said("is empty"), fix=said("give a file with a JSON object for each row"))
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
    with _faults(name, row, "line"):
        return _object(json.loads(line.rstrip(), object_pairs_hook=unique), line, name, row, "line")


def _object(value: Any, text: str, name: str, row: int, unit: Unit) -> dict[str, Any]:
    """A value that is an object; `text` is as what it stands there."""
    if "\\u" in text:  # half a surrogate pair is valid JSON, but no text that any table could store
        json.dumps(value, ensure_ascii=False).encode()
    if not isinstance(value, dict):
        fix = said('write {{"column": value, ...}} as each {0}', Said(unit))
        raise InputError(name, said("the {0} is JSON but not an object", Said(unit)), row=row, unit=unit, fix=fix)
    return value


@contextmanager
def _faults(name: str, row: int, unit: Unit) -> Iterator[None]:
    """Say in one line what is wrong with JSON."""
    try:
        yield
    except json.JSONDecodeError as error:
        what = said("not JSON at character {0}: {1}", error.pos + 1, error.msg)
        raise InputError(name, what, row=row, fix=said("correct the {0}", Said(unit)), unit=unit) from error
    except UnicodeEncodeError as error:
        raise InputError(
            name, said("contains half a surrogate pair"), row=row, unit=unit, fix=said("correct the {0}", Said(unit))
        ) from error
    except (RecursionError, ValueError) as error:  # nested too deeply, or a whole number of thousands of digits
        problem = said("not JSON that can be read: {0}", error)
        raise InputError(name, problem, row=row, unit=unit, fix=said("correct the {0}", Said(unit))) from error


class JsonList(JsonLines):
    """One JSON list of objects, of which one is held at a time; its rows are counted as records."""

    unit: Unit = "record"

    def _records(self) -> Iterator[tuple[int, dict[str, Any]]]:
        name, fix = self._text.name, said("correct it, or write one object a line")
        self._text.stream.seek(0)
        window = _Window(self._text.stream)
        window.sign()  # the bracket
        for row in count(1):
            if row == 1 and window.peek() == "]":
                return
            with _faults(name, row, "record"):
                record = _object(*window.value(), name, row, "record")
            yield row, record
            sign = window.sign()
            if sign == "]":
                break
            if sign != ",":
                what = said("the list is not closed: it was cut off") if not sign else said("no comma behind it")
                raise InputError(name, what, row=row, fix=fix, unit="record")
        if window.peek():
            raise InputError(name, said("goes on behind the list"), row=row, fix=fix, unit="record")


class _Window:
    """JSON of which only a part is held; `at` is how far that is read."""

    def __init__(self, text: TextIO) -> None:
        self._text, self._held, self._at, self._ended = text, "", 0, False

    def peek(self) -> str:
        """The next character that is not blank; "" at the end."""
        while True:
            while self._held[self._at : self._at + 1].isspace():
                self._at += 1
            if self._at < len(self._held) or self._ended:
                return self._held[self._at : self._at + 1]
            self._more()

    def sign(self) -> str:
        """The same, and go on behind it."""
        found = self.peek()
        self._at += len(found)
        return found

    def value(self) -> tuple[Any, str]:
        """The next value, and as what it stands there.

        Raises:
            ValueError: it is no JSON, or longer than any line that is read.
        """
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._held, self._at)
            except json.JSONDecodeError as error:
                long = len(self._held) - self._at > INPUT.line
                within = not error.msg.startswith("Unterminated") and error.pos < len(self._held) - _LONGEST_WORD
                if self._ended or long or within:
                    raise json.JSONDecodeError(error.msg, self._held[self._at :], error.pos - self._at) from error
                self._more()
            else:
                text, self._at = self._held[self._at : end], end
                return value, text

    def _more(self) -> None:
        """Hold twice as much of what is not read yet, so that a long value is not begun too often."""
        left = self._held[self._at :]
        more = self._text.read(max(_CHUNK, len(left)))
        self._held, self._at, self._ended = left + more, 0, not more


_CHUNK = 1 << 16  # characters
_LONGEST_WORD = 16  # of JSON, outside of text: a cut-off one is only complained of at its beginning
_DECODER = json.JSONDecoder(object_pairs_hook=unique)


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
            raise InputError(name, said("not a Parquet file, or truncated"), fix=said("fetch or write it again")) from error
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
                raise InputError(
                    self.name, said("is damaged after row {0}", first - 1), fix=said("fetch or write it again")
                ) from error
            if part is None:
                return
            yield Batch(range(first, first + part.num_rows), {c: part.column(c).to_pylist() for c in self.columns})
            first += part.num_rows
