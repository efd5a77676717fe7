"""Tables in and out, batch by batch. What a table is shows in its content; what is written, in the extension."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, get_args

from affil.errors import InputError
from affil.io.delimited import WHOLE_LINES, Delimited, layout
from affil.io.files import Text, as_text, damage_said, open_input, shown_name
from affil.io.outputs import STANDARD, open_output
from affil.io.records import JsonLines, JsonList, Parquet
from affil.io.sheets import Sheet
from affil.io.table import Batch, Fits, Style, Table
from affil.io.writers import DelimitedWriter, JsonLinesWriter, ParquetWriter, SheetWriter, TableWriter
from affil.wording import said

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "FORMATS",
    "Batch",
    "Format",
    "Style",
    "Table",
    "TableWriter",
    "create_table",
    "is_table",
    "open_table",
    "table_format",
    "table_in",
    "table_kind",
]

Format = Literal["csv", "tsv", "jsonl", "parquet", "xlsx"]
FORMATS: tuple[Format, ...] = get_args(Format)

_EXTENSIONS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
}
_WHOLE = ("parquet", "xlsx")  # formats that are packed themselves
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_START = 1 << 16  # bytes from which a format is told
_JSON_OBJECT = re.compile(r'\{\s*["}]')
_JSON_LIST = re.compile(r"\[\s*[{\]]")
_MARKUP = re.compile(r"<(?:!doctype|html|head|meta|body|style|table|\?xml)\b", re.IGNORECASE)


def table_format(path: Path | str, given: Format | None = None) -> Format:
    """The format of an output: that which its name tells, or `given`; CSV for standard output.

    Raises:
        InputError: the extension is unknown.
    """
    if given is not None:
        return given
    if str(path) == STANDARD:
        return "csv"
    name = Path(path).name.lower()
    found = _by_name(path)
    if found is None or (found in _WHOLE and name.endswith(".gz")):
        known = said("name it .csv, .tsv or .jsonl (each also with .gz), .parquet or .xlsx")
        raise InputError(shown_name(path, output=True), said("unknown format"), fix=known)
    return found


def _by_name(path: Path | str) -> Format | None:
    return _EXTENSIONS.get(Path(Path(path).name.lower().removesuffix(".gz")).suffix)


def is_table(path: Path | str, start: bytes) -> bool:
    """Whether a file is a table, by how it begins, else by its name.

    Args:
        path: its name.
        start: its beginning, unpacked; the more, the surer.
    """
    if start.startswith(b"PAR1") or is_workbook(start):
        return True
    by_name = _by_name(path)
    if by_name is not None:
        return by_name != "jsonl"
    wide = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # as Excel's “Unicode Text”
    text = start.decode("utf-16" if wide else "utf-8-sig", "replace")
    headings = text.partition("\n")[0].strip()
    found = layout(text, whole=False)
    cells = [c.strip(' "') for c in headings.split(found.delimiter)]
    return found.fit == 1.0 and found.above == 0 and len(cells) > 1 and all(cells) and headings[:1] not in "{[<@%"


@contextmanager
def open_table(
    path: Path | str,
    format: Format | None = None,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    fits: Fits | None = None,
) -> Iterator[Table]:
    """Open a table, or standard input for `-`, for reading in batches.

    Its format shows in its content, whatever its name says: Parquet, a spreadsheet (.xlsx, .xls, .ods), JSON Lines, a JSON list of objects, or
    delimited text with commas, semicolons, tabs or bars, which the headings tell; with a single heading each line is a cell, unless the file
    is called .csv. Cells of delimited text are text, exactly as they stand; other values keep their types. Blank lines are skipped.
    A key that a JSON object lacks is None, and so is a blank cell of a spreadsheet. What was guessed is in `Table.notes`.

    Args:
        path: the file.
        format: what it is, instead of recognising it; for "tsv" the delimiter is a tab, for "xlsx" it is any spreadsheet.
        sheet: the sheet of a spreadsheet; default: the first whose headings fit, else the first with headings.
        encoding: that of text, instead of telling it (see `affil.io.encoding`).
        fits: whether headings are those of what is looked for, to choose a sheet by.

    Raises:
        InputError: the table cannot be opened or read, is empty, or (while reading) has an invalid row.
    """
    name = shown_name(path)
    with open_input(path) as raw:
        with damage_said(name):
            start = raw.read(_START)
            raw.seek(0)
        kind = format or _packed(start, name)
        if sheet is not None and kind != "xlsx":
            raise InputError(name, said("is no spreadsheet"), fix=said("omit --sheet"))
        if encoding is not None and kind in ("xlsx", "parquet"):
            raise InputError(name, said("is no text, so that it has no encoding"), fix=said("omit --encoding"))
        if kind == "xlsx":
            yield Sheet(raw, name, sheet, fits)
        elif kind == "parquet":
            yield Parquet(raw, name)
        else:
            with as_text(raw, name, encoding) as text:
                yield _of_text(text, kind, _by_name(path))


def _packed(start: bytes, name: str) -> Format | None:
    """The format of a table that is no text."""
    if start.startswith(b"PAR1"):
        return "parquet"
    if is_workbook(start):
        return "xlsx"
    if start.startswith(_ZIP):
        raise InputError(name, said("is a zip archive without a workbook"), fix=said("unpack it and give the file in it"))
    return None


def is_workbook(start: bytes) -> bool:
    """Whether a file is a workbook of Excel or OpenDocument, by how it begins."""
    return start.startswith(_OLE) or (start.startswith(_ZIP) and (b"xl/" in start or b"opendocument.spreadsheet" in start))


def table_kind(table: Table) -> Format:
    """The format of an opened table."""
    if isinstance(table, Delimited):
        return "tsv" if table.style is not None and table.style.delimiter == "\t" else "csv"
    return "parquet" if isinstance(table, Parquet) else "jsonl" if isinstance(table, JsonLines | JsonList) else "xlsx"


def _of_text(text: Text, given: Format | None, by_name: Format | None) -> Table:
    """JSON Lines or delimited text; the name only decides where the content does not."""
    sample = text.stream.read(_START)
    text.stream.seek(0)
    begin = sample.lstrip()
    if given is None and by_name not in ("csv", "tsv"):
        if _JSON_LIST.match(begin):
            return JsonList(text)
        if _MARKUP.match(begin):
            fix = said("open it in a browser or a spreadsheet and save the table as .xlsx or .csv")
            raise InputError(text.name, said("is a web page or XML, no table"), fix=fix)
    if given == "jsonl" or (given is None and _is_json_lines(begin, by_name)):
        return JsonLines(text)
    preferred = "\t" if "tsv" in (given, by_name) else "," if "csv" in (given, by_name) else WHOLE_LINES
    return Delimited(text, preferred, fixed=given == "tsv")


def _is_json_lines(begin: str, by_name: Format | None) -> bool:
    if by_name == "jsonl":
        return not begin or begin[0] in "{["
    if not _JSON_OBJECT.match(begin):
        return False
    try:
        return by_name is None or bool(json.loads(begin.partition("\n")[0]))  # a heading may look so in a .csv
    except (ValueError, RecursionError):
        return False


@contextmanager
def create_table(
    path: Path | str,
    types: Mapping[str, str | pa.DataType],
    format: Format | None = None,
    *,
    style: Style | None = None,
) -> Iterator[TableWriter]:
    """Open an output table, or standard output for `-`, with these columns (and Arrow types, used by Parquet).

    The file is replaced only when the block ends without an exception. Text is UTF-8.

    Args:
        path: the file.
        types: the columns.
        format: the format; default: what the name tells.
        style: how delimited text is written; by default with the delimiter of its format. A semicolon is for .csv only.

    Raises:
        InputError: the extension is unknown. AffilError: the file cannot be written.
    """
    kind = table_format(path, format)
    with open_output(path) as raw, table_in(raw, types, kind, style=style, name=shown_name(path, output=True)) as writer:
        yield writer


@contextmanager
def table_in(
    raw: IO[bytes], types: Mapping[str, str | pa.DataType], format: Format, *, style: Style | None = None, name: str = ""
) -> Iterator[TableWriter]:
    """Write a table into opened bytes, which need not be a file; see `create_table`. Messages call it `name`."""
    if format == "parquet":
        writer = ParquetWriter(raw, types)
        try:
            yield writer
        finally:
            writer.close()
    elif format == "xlsx":
        sheet = SheetWriter(raw, tuple(types), name)
        whole = False
        try:
            yield sheet
            whole = True
        finally:
            sheet.close(whole=whole)
    elif format == "jsonl":
        yield JsonLinesWriter(raw, tuple(types))
    else:
        given = style or Style()
        yield DelimitedWriter(raw, tuple(types), replace(given, delimiter="\t") if format == "tsv" else given)
