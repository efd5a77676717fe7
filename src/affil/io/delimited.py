"""Delimited text: which delimiter it has, where its headings stand, and its rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Literal, NamedTuple

from affil.errors import InputError
from affil.io.files import Text
from affil.io.headings import is_dated, is_usual
from affil.io.table import Batch, Style, Table, checked_headings
from affil.wording import counted, said

if TYPE_CHECKING:
    import pyarrow as pa

DELIMITERS = (",", ";", "\t", "|")
WHOLE_LINES = "\x1f"
"""The delimiter of text with one column, of which each line is a cell, whatever it holds."""
_LONGEST_FIELD = 1 << 24  # characters; the csv module stops at 131,072, which a list of authors can pass
_SAMPLE = 1 << 18  # characters from which the delimiter is told
_LONGEST_CELL = 50  # lines of a cell in quotes
_TITLES = 5  # rows above the headings that are passed over at most


class Layout(NamedTuple):
    """How text is delimited.

    Attributes:
        delimiter: what stands between fields.
        above: how many records stand above the headings.
        fit: the share of records that are as long as the headings.
        quoted: whether quotes enclose fields; where they do not, they are characters as others.
    """

    delimiter: str
    above: int = 0
    fit: float = 0.0
    quoted: bool = True


def layout(sample: str, *, whole: bool, preferred: str = ",") -> Layout:
    """Tell the layout of delimited text from its beginning.

    A delimiter is one that cuts the headings; of several, the one that cuts most rows into as many fields (`preferred` if they
    cut alike). Records above the headings may be titles, see `titles_above`. Quotes
    enclose fields, except between tabs where they make no sense as such, or where the headings are those of Web of Science.

    Args:
        sample: the beginning.
        whole: whether that is all of it; else the last record may be cut off, and is not looked at.
        preferred: the delimiter of text with one column, and of what may have several.
    """
    best = Layout(preferred)
    for delimiter in dict.fromkeys([preferred, *DELIMITERS]):
        records, broken = _records(sample, delimiter, whole)
        quoted = delimiter != "\t" or not (broken or (records and _of_web_of_science(records[0])))
        if not quoted:
            records, broken = _records(sample, delimiter, whole, csv.QUOTE_NONE)
        above = titles_above(records)
        rows = records[above + 1 :]
        width = len(records[above]) if len(records) > above else 0
        if width < 2:
            best = Layout(preferred, above) if delimiter == preferred else best
            continue
        fit = (1 + sum(len(r) == width for r in rows)) / (1 + len(rows) + broken)
        best = max(best, Layout(delimiter, above, fit, quoted), key=lambda x: x.fit)  # the first of several
    return best


def _of_web_of_science(headings: Sequence[str]) -> bool:
    """Whether headings are its tags of two characters, PT first; its exports never enclose fields."""
    return headings[0] == "PT" and all(len(tag) in (0, 2) for tag in headings)


def titles_above(records: Sequence[Sequence[object]]) -> int:
    """How many of the first records are titles above the headings.

    The headings are the first record with a usual one in which no cell is a date or a number; what stands above are titles if none of it
    has more fields filled, and each record fewer of them or a date or a number.
    """
    tops: list[list[object]] = []
    for record in records[: _TITLES + 1]:
        filled = [c for c in record if c not in ("", None)]
        dated = any(map(is_dated, filled))
        if not filled and not tops:
            return 0
        if not dated and any(is_usual(c) for c in filled if isinstance(c, str)):
            titles = all(len(top) < len(filled) or (len(top) == len(filled) and any(map(is_dated, top))) for top in tops)
            return len(tops) if titles else 0
        tops.append(filled)
    return 0


def _records(
    sample: str, delimiter: str, whole: bool, quoting: Literal[0, 3] = csv.QUOTE_MINIMAL
) -> tuple[list[list[str]], bool]:
    """The records of a sample, and whether one is broken amid it; one that is cut off by its end is not."""
    allow_long_fields()
    records: list[list[str]] = []
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, strict=True, quoting=quoting)
    begun = 0  # the line before the record that is read
    try:
        for record in reader:
            begun = reader.line_num
            if record:
                records.append(record)
    except csv.Error as error:
        cut_off = "unexpected end" in str(error) and not whole and reader.line_num - begun < _LONGEST_CELL
        return records, not cut_off
    return (records, False) if whole else (records[:-1], False)


def allow_long_fields() -> None:
    """Let the csv module read long fields."""
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_FIELD))


class Delimited(Table):
    """CSV and its kin; cells are text, exactly as they stand."""

    def __init__(self, text: Text, preferred: str = ",", *, fixed: bool = False) -> None:
        """Read the headings.

        Args:
            text: the opened text.
            preferred: the delimiter where the text does not tell.
            fixed: whether it is this one in any case.
        """
        allow_long_fields()
        sample = text.stream.read(_SAMPLE)
        text.stream.seek(0)
        found = layout(sample, whole=len(sample) < _SAMPLE, preferred=preferred)
        if fixed and found.delimiter != preferred:
            found = Layout(preferred)
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if found.quoted else csv.QUOTE_NONE
        self._reader = csv.reader(self._lines(text), delimiter=found.delimiter, strict=True, quoting=quoting)
        self._at = 0
        self._records = self._read(text.name)
        above = list(islice(self._records, found.above))
        header = next(self._records, None)
        if header is None:
            raise InputError(text.name, said("is empty"), fix=said("give a file with a header line and rows"))
        row, self._headings = header[0], header[1]
        notes = [*text.notes, *title_note([next(filter(None, r), "") for _, r in above], row)]
        self.style = Style("," if found.delimiter == WHOLE_LINES else found.delimiter, text.mark)
        super().__init__(text.name, checked_headings(text.name, self._headings, row), max(text.lines - row, 0), notes)

    @property
    def types(self) -> Mapping[str, str | pa.DataType]:
        """All are text."""
        return dict.fromkeys(self.columns, "string")

    def _lines(self, text: Text) -> Iterator[str]:
        for line in text.stream:
            if "\0" in line:
                problem = said("holds a NUL character, which is no text")
                raise InputError(text.name, problem, row=self._at + 1, fix=said("remove it, e.g. with: tr -d '\\000'"))
            yield line

    def _read(self, name: str) -> Iterator[tuple[int, list[str]]]:
        try:
            for record in self._reader:
                self._at += 1
                if record:
                    yield self._at, record
        except csv.Error as error:
            fix = said("put fields that hold quotes, delimiters or line ends in double quotes, and double the quotes inside")
            raise InputError(name, said("no valid CSV: {0}", error), row=self._at + 1, fix=fix) from error

    def batches(self, rows: int) -> Iterator[Batch]:
        """The rows; see `Table.batches`."""
        while part := list(islice(self._records, rows)):
            width = len(self.columns)
            records = [record if len(record) == width else self._fitted(record, row) for row, record in part]
            columns = zip(*records, strict=True)
            yield Batch([row for row, _ in part], dict(zip(self.columns, map(list, columns), strict=True)))

    def _fitted(self, record: list[str], row: int) -> list[str]:
        """A record without the blank fields with which a spreadsheet pads it behind the headings."""
        width = len(self.columns)
        if len(record) < width or any(record[width:]):
            problem = said("has {0}, the header {1}", counted(len(record), "field"), len(self._headings))
            if len(record) == len(self._headings):
                problem = said("has {0!r} in a column without a heading", next(filter(None, record[width:]))[:40])
            fix = said("put fields that hold the delimiter in double quotes")
            if len(record) < width:
                fix = said("write all its fields, also blank ones, or take the line out")
            elif len(self._headings) == 1:
                fix += said(", or call the file .txt if each line is one string")
            raise InputError(self.name, problem, row=row, fix=fix)
        return record[:width]


def title_note(titles: Sequence[str], row: int) -> list[str]:
    """The note that rows above the headings were passed over."""
    if not titles:
        return []
    shown = titles[0] if len(titles[0]) <= 40 else titles[0][:39] + "…"
    return [said("the headings stand in row {0}; {1!r} above them is passed over", row, shown)]
