"""Spreadsheets: Excel workbooks (.xlsx, .xlsm, .xlsb, .xls) and OpenDocument (.ods), read by calamine."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from affil.errors import InputError
from affil.io.delimited import title_note, titles_above
from affil.io.files import check_size, read_whole
from affil.io.table import Batch, Fits, Table, alias_of, checked_headings, listed
from affil.wording import said

if TYPE_CHECKING:
    import pyarrow as pa
    from python_calamine import CalamineSheet, CalamineWorkbook

_LOOKED_AT = 50  # rows in which the headings are sought


class Sheet(Table):
    """One sheet. Whole numbers are whole, dates are text in ISO form, a blank cell is None, and a merged one fills its range."""

    def __init__(self, raw: IO[bytes], name: str, wanted: str | None = None, fits: Fits | None = None) -> None:
        """Find the sheet and its headings.

        Args:
            raw: the file.
            name: what messages call it.
            wanted: the name of the sheet; default: the first whose headings fit, else the first that has headings.
            fits: whether headings are those of what is looked for.
        """
        book = _opened(raw, name)
        visible = _worksheets(book)
        if wanted is not None and wanted not in book.sheet_names:
            fix = said("choose one with --sheet: {0}", listed(visible))
            raise InputError(name, said("has no sheet {0!r}", wanted), fix=fix)
        found = {
            title: top
            for title in ([wanted] if wanted is not None else visible)
            if (top := _top(book.get_sheet_by_name(title)))
        }
        if not found:
            raise InputError(name, said("is empty"), fix=said("give a workbook with a row of headings and rows below it"))
        fitting = [title for title, top in found.items() if fits is not None and fits(top.headings)]
        title = (fitting or [*found])[0]
        self._sheet, self._header = found[title].sheet, found[title].row
        notes = [*found[title].notes]
        if wanted is None and len(visible) > 1:
            notes = [_choice(title, fitting, visible), *notes]
        columns = checked_headings(name, found[title].headings, self._header)
        size = (self._sheet.end or (0, 0))[0] + 1 - self._header
        super().__init__(name, columns, max(size, 0), notes)

    @property
    def types(self) -> Mapping[str, str | pa.DataType]:
        """The type that holds all values of a column; the sheet is gone through for it."""
        kinds: list[set[type]] = [set() for _ in self.columns]
        for _, cells in self._filled():
            for kind, cell in zip(kinds, cells, strict=True):
                kind.add(type(cell))
        return {c: alias_of(kind - {type(None)}) for c, kind in zip(self.columns, kinds, strict=True)}

    def batches(self, rows: int) -> Iterator[Batch]:
        """The rows; see `Table.batches`."""
        records = self._filled()
        while part := list(islice(records, rows)):
            columns = zip(*(cells for _, cells in part), strict=True)
            yield Batch([row for row, _ in part], dict(zip(self.columns, map(list, columns), strict=True)))

    def _filled(self) -> Iterator[tuple[int, list[Any]]]:
        """The rows below the headings that hold anything."""
        width = len(self.columns)
        for row, cells in self._rows():
            if row <= self._header or all(c is None for c in cells):
                continue
            beyond = next((c for c in cells[width:] if c is not None), None)
            if beyond is not None:
                fix = said("give the column one, or delete the rows above the headings")
                raise InputError(self.name, said("has {0!r} in a column without a heading", str(beyond)[:40]), row=row, fix=fix)
            yield row, cells[:width] + [None] * (width - len(cells))

    def _rows(self) -> Iterator[tuple[int, list[Any]]]:
        return _rows(self._sheet)


class _Top(NamedTuple):
    """Where the headings of a sheet stand, they, and what is to be said of it."""

    sheet: CalamineSheet
    row: int
    headings: list[str]
    notes: list[str]


def _top(sheet: CalamineSheet) -> _Top | None:
    """The headings of a sheet; None where it has no cells."""
    first = [(row, cells) for row, cells in islice(_rows(sheet), _LOOKED_AT) if any(c is not None for c in cells)]
    if not first:
        return None
    above = titles_above([cells for _, cells in first])
    row, cells = first[above]
    headings = ["" if c is None else str(c) for c in cells]
    while headings and not headings[-1].strip():
        headings.pop()
    return _Top(sheet, row, headings, title_note([str(next(c for c in r if c is not None)) for _, r in first[:above]], row))


def _choice(title: str, fitting: Sequence[str], visible: Sequence[str]) -> str:
    """What to say of the sheet that was chosen."""
    others = [one for one in fitting if one != title]
    if others:
        return said("the sheet read is {0!r}; {1} would fit as well: choose with --sheet", title, listed(others, 5))
    return said("the sheet read is {0!r}; for another, {1}: --sheet", title, listed([v for v in visible if v != title], 5))


def _rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[Any]]]:
    """All rows with their numbers, merged cells filled."""
    left = (sheet.start or (0, 0))[1]
    merged = [
        (top, bottom, first - left, last - left)
        for (top, first), (bottom, last) in sheet.merged_cell_ranges or ()
        if bottom > top
    ]
    carried: dict[int, tuple[int, Any]] = {}  # column: the last row of its merged cell, and what stands in that
    begins: dict[int, list[tuple[int, int, int]]] = {}
    for top, bottom, first, last in merged:
        begins.setdefault(top, []).append((bottom, first, last))
    for row, raw in enumerate(sheet.iter_rows()):
        cells = [_cell(c) for c in raw]
        for column, (bottom, value) in carried.items():
            if row <= bottom and cells[column] is None:
                cells[column] = value
        for bottom, first, last in begins.get(row, ()):
            carried |= dict.fromkeys(range(first, min(last + 1, len(cells))), (bottom, cells[first]))
        yield row + 1, cells


def _opened(raw: IO[bytes], name: str) -> CalamineWorkbook:
    import python_calamine as calamine

    content = io.BytesIO(read_whole(raw, name))
    try:
        if zipfile.is_zipfile(content):
            with zipfile.ZipFile(content) as archive:
                check_size(name, sum(part.file_size for part in archive.infolist()))
        content.seek(0)
        return calamine.CalamineWorkbook.from_filelike(content)
    except calamine.PasswordError as error:
        raise InputError(name, said("is protected by a password"), fix=said("save it without one")) from error
    except (calamine.CalamineError, zipfile.BadZipFile, ValueError, OSError) as error:
        locked = b"E\0n\0c\0r\0y\0p\0t" in content.getvalue()
        what = said("is a workbook with a password") if locked else said("is no workbook that can be read")
        problem = said("{0}: {1}", what, " ".join(str(error).split())[:120])
        raise InputError(name, problem, fix=said("save it again as .xlsx without a password, or as CSV")) from error


def _worksheets(book: CalamineWorkbook) -> list[str]:
    """The names of the sheets with cells that are not hidden; of all where all are."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    sheets = [s for s in book.sheets_metadata if s.typ is SheetTypeEnum.WorkSheet]
    return [s.name for s in sheets if s.visible is SheetVisibleEnum.Visible] or [s.name for s in sheets]


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1 << 53 else value
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return value if isinstance(value, int) else str(value)
