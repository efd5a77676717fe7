"""Tables out, batch by batch: delimited text, JSON Lines, Parquet and Excel workbooks."""

from __future__ import annotations

import codecs
import csv
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, Literal, Protocol

from affil.errors import AffilError
from affil.installed import pip_install
from affil.io.table import Style
from affil.wording import said

if TYPE_CHECKING:
    import pyarrow as pa

DELIMITERS = ",;\t|"
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?%?")
_NO_CELL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f￾￿]")  # what XML cannot hold
_SHEET_ROWS, _CELL_LENGTH = 1 << 20, 32_767  # what Excel can hold


class TableWriter(Protocol):
    """An opened output table."""

    def write(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Add rows, given by columns."""


_PLAIN = frozenset({str, int, float, type(None)})  # what the csv module writes as `text_of` would


class DelimitedWriter:
    """CSV and its kin in UTF-8. Headings with another delimiter in them stand in quotes, so that they are read back as they are."""

    # With LF as its line end the csv module leaves a lone CR unquoted, which no reader takes back. So it is told CR LF, and the
    # CR that ends each row is dropped here.

    def __init__(self, raw: IO[bytes], columns: Sequence[str], style: Style) -> None:
        self._raw, self._columns, self._harmless = raw, columns, style.harmless
        self._lines = _Lines()
        header = csv.writer(self._lines, delimiter=style.delimiter, lineterminator="\r\n", quoting=_quoting(columns))
        header.writerow([harmless(c) if style.harmless else c for c in columns])
        self._rows = csv.writer(self._lines, delimiter=style.delimiter, lineterminator="\r\n")
        raw.write(codecs.BOM_UTF8 if style.mark else b"")
        self._flush()

    def write(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Add rows, given by columns."""
        cells = ([v if v.__class__ in _PLAIN else text_of(v) for v in columns[c]] for c in self._columns)
        if self._harmless:
            cells = ([harmless(v) if v.__class__ is str else v for v in column] for column in cells)
        self._rows.writerows(zip(*cells, strict=True))
        self._flush()

    def _flush(self) -> None:
        self._raw.write("".join([line[:-2] + "\n" for line in self._lines]).encode())
        self._lines.clear()


def _quoting(columns: Sequence[str]) -> Literal[0, 1]:
    return csv.QUOTE_ALL if any(d in c for c in columns for d in DELIMITERS) else csv.QUOTE_MINIMAL


def harmless(text: str) -> str:
    """A cell of text that no spreadsheet runs: an apostrophe in front of what begins as a formula does and is no number."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


class _Lines(list[str]):
    write = list.append  # to the csv module it is a file


class JsonLinesWriter:
    """JSON Lines; numbers that JSON does not know are null."""

    def __init__(self, raw: IO[bytes], columns: Sequence[str]) -> None:
        self._raw, self._columns = raw, columns

    def write(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Add rows, given by columns."""
        rows = zip(*(columns[c] for c in self._columns), strict=True)
        lines = (
            json.dumps(dict(zip(self._columns, map(_finite, row), strict=True)), ensure_ascii=False, default=str)
            for row in rows
        )
        self._raw.write("".join(line + "\n" for line in lines).encode())


class ParquetWriter:
    """Parquet, with the types given."""

    def __init__(self, raw: IO[bytes], types: Mapping[str, str | pa.DataType]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._schema = pa.schema({c: pa.type_for_alias(t) if isinstance(t, str) else t for c, t in types.items()})
        self._text = {f.name for f in self._schema if pa.types.is_string(f.type)}
        self._file = pq.ParquetWriter(raw, self._schema)

    def write(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Add rows, given by columns."""
        import pyarrow as pa

        arrays = []
        for field in self._schema:
            values = columns[field.name]
            if field.name in self._text:
                values = [v if v is None or v.__class__ is str else text_of(v) for v in values]
            arrays.append(pa.array(values, field.type))
        self._file.write_batch(pa.record_batch(arrays, schema=self._schema))

    def close(self) -> None:
        """End the file."""
        self._file.close()


class SheetWriter:
    """An Excel workbook with one sheet. Text is text, whatever it begins with; nothing is ever a formula.

    Raises:
        AffilError: openpyxl is not installed, or there are more rows or longer cells than Excel holds.
    """

    def __init__(self, raw: IO[bytes], columns: Sequence[str], name: str) -> None:
        try:
            import openpyxl
            from openpyxl.cell import WriteOnlyCell
        except ImportError as error:
            raise AffilError(said("{0}: openpyxl is missing; install it with: {1}", name, pip_install("xlsx"))) from error
        self._raw, self._columns, self._name, self._cell = raw, columns, name, WriteOnlyCell
        self._book = openpyxl.Workbook(write_only=True)
        self._sheet = self._book.create_sheet("affil")
        self._sheet.freeze_panes = "A2"
        self._count = 0
        self.write({c: [c] for c in columns})

    def write(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Add rows, given by columns."""
        for row in zip(*(columns[c] for c in self._columns), strict=True):
            self._count += 1
            if self._count > _SHEET_ROWS:
                problem = said("an Excel sheet holds {0:,} rows and there are more", _SHEET_ROWS)
                raise AffilError(said("{0}: {1}; write .csv or .parquet", self._name, problem))
            self._sheet.append([self._of(_finite(value)) for value in row])

    def _of(self, value: Any) -> Any:
        if value is None or isinstance(value, (bool, float)) or (isinstance(value, int) and abs(value) < 1 << 53):
            return value
        text = _NO_CELL.sub("\N{REPLACEMENT CHARACTER}", text_of(value))
        if len(text) > _CELL_LENGTH:
            problem = said(
                "row {0} has a cell of {1:,} characters, and one of Excel holds {2:,}", self._count, len(text), _CELL_LENGTH
            )
            raise AffilError(said("{0}: {1}; write .csv or .parquet", self._name, problem))
        cell = self._cell(self._sheet, value=text)
        cell.data_type = "s"  # text, also where it begins with =
        return cell

    def close(self, *, whole: bool) -> None:
        """Put the workbook together and write it, if it is whole; else only end what openpyxl has begun."""
        if whole:
            self._book.save(self._raw)
        else:
            self._sheet.close()


def text_of(value: Any) -> str:
    """A value as a cell of text: nothing for None, JSON for what is nested, dates in ISO form."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, (bool, list, tuple, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
