"""Read and write tables in batches: CSV, TSV, JSON Lines (each also as .gz) and Parquet, by extension."""

from __future__ import annotations

import csv
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, Protocol, get_args

from affil.errors import InputError
from affil.io.files import STANDARD, Text, open_input, open_output, open_text, shown_name

if TYPE_CHECKING:
    import pyarrow as pa

Format = Literal["csv", "tsv", "jsonl", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)

_EXTENSIONS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_LONGEST_FIELD = 1 << 24  # characters; the csv module's default of 131,072 is too small for long author lists


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of a table by columns; `rows` are their numbers as shown to users (a CSV's header is row 1)."""

    rows: Sequence[int]
    columns: Mapping[str, list[Any]]

    def __len__(self) -> int:
        return len(self.rows)


class Table(ABC):
    """An open table. `size` is the approximate number of rows, for progress.

    `types` gives the Arrow type of each column, as an alias or an object, for writing Parquet.
    """

    def __init__(self, name: str, columns: Sequence[str], size: int) -> None:
        self.name, self.columns, self.size = name, tuple(columns), size
        twice = next((c for i, c in enumerate(self.columns) if c in self.columns[:i]), None)
        if twice is not None:
            raise InputError(name, f"duplicate column {twice!r}", row=1, fix="rename one of them")

    @property
    @abstractmethod
    def types(self) -> Mapping[str, str | pa.DataType]:
        """The Arrow type of each column."""

    @abstractmethod
    def batches(self, rows: int) -> Iterator[Batch]:
        """The rows in order, at most `rows` at a time; can be called once.

        Raises:
            InputError: a row is invalid.
        """

    def require(self, column: str) -> None:
        """Check that a column exists.

        Raises:
            InputError: it does not; the message lists the columns.
        """
        if column not in self.columns:
            found = ", ".join(self.columns)
            raise InputError(self.name, f"no column {column!r}; its columns are: {found}", fix="choose one with --column")


class _Delimited(Table):
    def __init__(self, text: Text, delimiter: str) -> None:
        csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_FIELD))
        self._reader = csv.reader(self._lines(text), delimiter=delimiter, strict=True)
        self._at = 0
        self._records = self._read(text.name)
        header = next(self._records, None)
        if header is None:
            raise InputError(text.name, "is empty", fix="give a file with a header line and rows")
        super().__init__(text.name, header[1], max(text.lines - 1, 0))

    @property
    def types(self) -> Mapping[str, str | pa.DataType]:
        return dict.fromkeys(self.columns, "string")

    def _lines(self, text: Text) -> Iterator[str]:
        for line in text.stream:
            if "\0" in line:
                problem = "holds a NUL character, which is no text"
                raise InputError(text.name, problem, row=self._at + 1, fix="remove it, e.g. with: tr -d '\\000'")
            yield line

    def _read(self, name: str) -> Iterator[tuple[int, list[str]]]:
        try:
            for record in self._reader:
                self._at += 1
                if record:
                    yield self._at, record
        except csv.Error as error:
            fix = "put fields that hold quotes, delimiters or line ends in double quotes, and double the quotes inside"
            raise InputError(name, f"no valid CSV: {error}", row=self._at + 1, fix=fix) from error

    def batches(self, rows: int) -> Iterator[Batch]:
        width = len(self.columns)
        while part := list(islice(self._records, rows)):
            for row, record in part:
                if len(record) != width:
                    problem = f"has {len(record)} fields, the header {width}"
                    raise InputError(self.name, problem, row=row, fix="put fields that hold the delimiter in double quotes")
            columns = zip(*(record for _, record in part), strict=True)
            yield Batch([row for row, _ in part], dict(zip(self.columns, map(list, columns), strict=True)))


class _JsonLines(Table):
    """Read twice: columns and types must be known before the first row, and errors are found early."""

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
        super().__init__(text.name, list(kinds), size)

    @property
    def types(self) -> Mapping[str, str | pa.DataType]:
        return {column: _alias(kinds - {type(None)}) for column, kinds in self._kinds.items()}

    def _records(self) -> Iterator[tuple[int, dict[str, Any]]]:
        self._text.stream.seek(0)
        for row, line in enumerate(self._text.stream, 1):
            if not line.isspace():
                yield row, _record(line, self._text.name, row)

    def batches(self, rows: int) -> Iterator[Batch]:
        records = self._records()
        while part := list(islice(records, rows)):
            yield Batch([row for row, _ in part], {c: [record.get(c) for _, record in part] for c in self.columns})


def _record(line: str, name: str, row: int) -> dict[str, Any]:
    try:
        record = json.loads(line.rstrip())
        if "\\u" in line:  # a lone surrogate is valid JSON, but cannot be stored as text
            json.dumps(record, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise InputError(
            name, f"not JSON at character {error.pos + 1}: {error.msg}", row=row, fix="correct the line"
        ) from error
    except UnicodeEncodeError as error:
        raise InputError(name, "contains half a surrogate pair", row=row, fix="correct the line") from error
    except (RecursionError, ValueError) as error:  # nested too deeply, or an integer of thousands of digits
        raise InputError(name, f"not JSON that can be read: {error}", row=row, fix="correct the line") from error
    if not isinstance(record, dict):
        raise InputError(name, "the line is JSON but not an object", row=row, fix='write {"column": value, ...} on each line')
    return record


def _is_huge(value: object) -> bool:
    return isinstance(value, int) and not -(1 << 63) <= value < 1 << 63


def _alias(kinds: set[type]) -> str:
    """The Arrow type for values of these types; mixed or nested values become JSON text."""
    if kinds == {bool}:
        return "bool"
    if kinds == {int}:
        return "int64"
    if kinds and kinds <= {int, float}:
        return "double"
    return "string"


class _Parquet(Table):
    def __init__(self, raw: IO[bytes], name: str) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            self._file = pq.ParquetFile(raw)
        except (pa.ArrowException, OSError, EOFError) as error:
            raise InputError(name, "not a Parquet file, or truncated", fix="fetch or write it again") from error
        self._schema = self._file.schema_arrow
        super().__init__(name, self._schema.names, self._file.metadata.num_rows)

    @property
    def types(self) -> Mapping[str, str | pa.DataType]:
        return dict(zip(self._schema.names, self._schema.types, strict=True))

    def batches(self, rows: int) -> Iterator[Batch]:
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


def table_format(path: Path | str, given: Format | None = None, *, output: bool = False) -> Format:
    """The format by a file's extension, or `given`; CSV for standard input and output.

    Raises:
        InputError: the extension is unknown.
    """
    if given is not None:
        return given
    if str(path) == STANDARD:
        return "csv"
    name = Path(path).name.lower()
    suffix = Path(name.removesuffix(".gz")).suffix
    found = _EXTENSIONS.get(suffix)
    if found is None or (found == "parquet" and name.endswith(".gz")):
        known = "name it .csv, .tsv or .jsonl (each also with .gz) or .parquet"
        raise InputError(shown_name(path, output=output), "unknown format", fix=known)
    return found


def is_table(path: Path | str, start: bytes) -> bool:
    """Whether a file is a table, by its name or by how it begins."""
    name = Path(path).name.lower()
    return start.startswith(b"PAR1") or _EXTENSIONS.get(Path(name.removesuffix(".gz")).suffix, "jsonl") != "jsonl"


@contextmanager
def open_table(path: Path | str, format: Format | None = None) -> Iterator[Table]:
    """Open a table, or standard input for `-`, for reading in batches.

    Cells of CSV and TSV are unchanged text; values of JSON Lines and Parquet keep their types. Blank lines are skipped. Missing
    keys of a JSON object are None.

    Raises:
        InputError: the table cannot be opened or read, is empty, or (while reading) has an invalid row.
    """
    kind = table_format(path, format)
    if kind == "parquet":
        with open_input(path) as raw:
            yield _Parquet(raw, shown_name(path))
    else:
        with open_text(path) as text:
            yield _JsonLines(text) if kind == "jsonl" else _Delimited(text, "\t" if kind == "tsv" else ",")


class TableWriter(Protocol):
    """An open output table."""

    def write(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Add rows, given by columns."""


_PLAIN = frozenset({str, int, float, type(None)})  # types that the csv module writes like `_text`


class _DelimitedWriter:
    # With LF line ends the csv module leaves a lone CR unquoted, which readers cannot parse. So CR LF is used, and the CR at
    # the end of each row is dropped here.

    def __init__(self, raw: IO[bytes], columns: Sequence[str], delimiter: str) -> None:
        self._raw, self._columns = raw, columns
        self._lines = _Lines()
        self._rows = csv.writer(self._lines, delimiter=delimiter, lineterminator="\r\n")
        self.write({c: [c] for c in columns})

    def write(self, columns: Mapping[str, Sequence[Any]]) -> None:
        cells = ([v if v.__class__ in _PLAIN else _text(v) for v in columns[c]] for c in self._columns)
        self._rows.writerows(zip(*cells, strict=True))
        self._raw.write("".join([line[:-2] + "\n" for line in self._lines]).encode())
        self._lines.clear()


class _Lines(list[str]):
    write = list.append  # a file for the csv module


class _JsonLinesWriter:
    def __init__(self, raw: IO[bytes], columns: Sequence[str]) -> None:
        self._raw, self._columns = raw, columns

    def write(self, columns: Mapping[str, Sequence[Any]]) -> None:
        rows = zip(*(columns[c] for c in self._columns), strict=True)
        lines = (
            json.dumps(dict(zip(self._columns, map(_finite, row), strict=True)), ensure_ascii=False, default=str)
            for row in rows
        )
        self._raw.write("".join(line + "\n" for line in lines).encode())


class _ParquetWriter:
    def __init__(self, raw: IO[bytes], types: Mapping[str, str | pa.DataType]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._schema = pa.schema({c: pa.type_for_alias(t) if isinstance(t, str) else t for c, t in types.items()})
        self._text = {f.name for f in self._schema if pa.types.is_string(f.type)}
        self._file = pq.ParquetWriter(raw, self._schema)

    def write(self, columns: Mapping[str, Sequence[Any]]) -> None:
        import pyarrow as pa

        arrays = []
        for field in self._schema:
            values = columns[field.name]
            if field.name in self._text:
                values = [v if v is None or v.__class__ is str else _text(v) for v in values]
            arrays.append(pa.array(values, field.type))
        self._file.write_batch(pa.record_batch(arrays, schema=self._schema))

    def close(self) -> None:
        self._file.close()


def _text(value: Any) -> str:
    """A value as a text cell: empty for None, JSON for nested values, dates in ISO format."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, (bool, list, tuple, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


@contextmanager
def create_table(
    path: Path | str, types: Mapping[str, str | pa.DataType], format: Format | None = None
) -> Iterator[TableWriter]:
    """Open an output table, or standard output for `-`, with these columns (and Arrow types, used by Parquet).

    The file is replaced only when the block ends without an exception. Text is UTF-8.

    Raises:
        InputError: the extension is unknown. AffilError: the file cannot be written.
    """
    kind = table_format(path, format, output=True)
    with open_output(path) as raw:
        if kind == "parquet":
            writer = _ParquetWriter(raw, types)
            try:
                yield writer
            finally:
                writer.close()
        elif kind == "jsonl":
            yield _JsonLinesWriter(raw, tuple(types))
        else:
            yield _DelimitedWriter(raw, tuple(types), "\t" if kind == "tsv" else ",")
