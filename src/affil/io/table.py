"""What an opened table is: its columns, its rows in batches, and what a person should know of how it was read."""

from __future__ import annotations

import csv
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from affil.errors import InputError, Unit
from affil.io.headings import find, is_dated, is_usual, plain, stem
from affil.wording import said

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a table by columns; `rows` are their numbers as a person counts them (see `affil.errors.Unit`)."""

    rows: Sequence[int]
    columns: Mapping[str, list[Any]]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Style:
    """How delimited text is written.

    Attributes:
        delimiter: what stands between the fields.
        mark: whether it begins with a byte-order mark, which Excel needs to show letters right.
        harmless: whether a cell of text that a spreadsheet would run as a formula is kept from it (see `affil.io.writers`).
    """

    delimiter: str = ","
    mark: bool = False
    harmless: bool = False


Fits = Callable[[Sequence[str]], bool]
"""Whether headings are those of what is looked for."""


class Table(ABC):
    """An opened table.

    Attributes:
        name: what messages call it.
        columns: its headings.
        size: the number of rows to expect, exact or nearly so, to show progress with.
        notes: what was guessed or chosen in reading it (the encoding, the sheet, rows above the headings), a phrase each.
        style: how it was written, where it is delimited text.
        unit: what its rows are counted in.
    """

    style: Style | None = None
    unit: Unit = "row"

    def __init__(self, name: str, columns: Sequence[str], size: int, notes: Sequence[str] = ()) -> None:
        self.name, self.columns, self.size, self.notes = name, tuple(columns), size, tuple(notes)

    @property
    @abstractmethod
    def types(self) -> Mapping[str, str | pa.DataType]:
        """The Arrow type of each column, as an alias or an object, for writing Parquet."""

    @abstractmethod
    def batches(self, rows: int) -> Iterator[Batch]:
        """The rows in order, at most `rows` at a time. To be called once.

        Raises:
            InputError: a row is broken.
        """

    def remarks(self) -> list[str]:
        """What is to be said of the rows, once all were read."""
        return []

    def require(self, column: str) -> None:
        """Check that a column is there, exactly so.

        Raises:
            InputError: it is not; the message lists those that are.
        """
        if column not in self.columns:
            raise missing(self.name, self.columns, column)

    def column_of(self, wanted: str | None) -> str:
        """The heading of the column with affiliation strings: see `affiliation_column`."""
        return affiliation_column(self.name, self.columns, wanted)


def affiliation_column(name: str, columns: Sequence[str], wanted: str | None = None) -> str:
    """The heading that is meant: exactly the one wanted, else the only one that differs by case or blanks; where none is
    wanted, `affiliation`, else the only one with a usual name of such columns (`affil.io.headings`). None is chosen of several that are
    numbered ("Affiliation 1", "Affiliation 2"), as the others would be lost.

    Raises:
        InputError: there is none, or several fit; the message lists them.
    """
    if wanted is not None and wanted in columns:
        return wanted
    found = find(columns, wanted)
    if wanted is None and "affiliation" in columns and not any(stem(c) == "affiliation" != plain(c) for c in found):
        return "affiliation"
    if len(found) == 1:
        return found[0]
    if wanted is None:
        in_one_cell(name, columns)
    if found:
        raise InputError(name, said("several columns may be meant: {0}", listed(found)), fix=said("choose one with --column"))
    raise missing(name, columns, wanted)


def has_affiliations(columns: Sequence[str], wanted: str | None = None) -> bool:
    """Whether headings have one column that is meant, see `affiliation_column`."""
    try:
        return bool(affiliation_column("", columns, wanted))
    except InputError:
        return False


def in_one_cell(name: str, columns: Sequence[str]) -> None:
    """Refuse a table of one column that holds whole rows, as spreadsheets save what they did not split.

    Raises:
        InputError: its heading is several usual headings.
    """
    if len(columns) == 1:
        rows = (next(csv.reader([columns[0]], delimiter=mark), []) for mark in ",;\t")
        if any(sum(map(is_usual, row)) > 1 for row in rows):
            fix = said("split the column in the spreadsheet (Text to Columns), or export the file again")
            raise InputError(name, said("each row stands in one cell"), fix=fix)


def missing(name: str, columns: Sequence[str], wanted: str | None) -> InputError:
    """The error that a column is not there."""
    what = (
        said("no column {0!r}", wanted) if wanted is not None else said("no column whose name tells that it holds affiliations")
    )
    fix = said("choose one with --column")
    if wanted is None and not any(map(is_usual, columns)):
        fix += said(', or write "affiliation" above the strings where there are no headings')
    fix += title_hint(columns)
    return InputError(name, said("{0}; its columns are: {1}", what, listed(columns)), fix=fix)


def title_hint(columns: Sequence[str]) -> str:
    """What to do where headings do not look so: the first row may be a title."""
    dated = next((c for c in columns if is_dated(c)), None)
    return (
        ""
        if dated is None
        else said("; the first row was read as headings: if it is a title ({0!r}), delete it", dated.strip())
    )


_SHOWN = 60  # characters of a heading in a message


def listed(columns: Sequence[str], most: int = 40) -> str:
    """Headings for a message: between commas; in quotes where they hold one, or blanks at an end."""
    short = [c if len(c) <= _SHOWN else c[: _SHOWN - 1] + "…" for c in columns[:most]]
    shown = [c if c and c == c.strip() and not {*',;"\n\r\t'} & {*c} else repr(c) for c in short]
    return ", ".join(shown) + (said(" and {0} more", len(columns) - most) if len(columns) > most else "")


def checked_headings(name: str, cells: Sequence[str], row: int) -> tuple[str, ...]:
    """The headings of a table: blank ones at the end are dropped where there are several, as a spreadsheet pads rows.

    Raises:
        InputError: two are the same.
    """
    columns = list(cells)
    if columns.count("") > 1:
        while columns and not columns[-1]:
            columns.pop()
    if columns.count("") > 1:
        at = [i for i, c in enumerate(columns, 1) if not c]
        raise InputError(name, said("columns {0} and {1} have no heading", at[0], at[1]), row=row, fix=said("give them one"))
    twice = next((c for i, c in enumerate(columns) if c in columns[:i]), None)
    if twice is not None:
        raise InputError(name, said("duplicate column {0!r}", twice), row=row, fix=said("rename one of them"))
    return tuple(columns)


def alias_of(kinds: set[type]) -> str:
    """The Arrow type that holds values of these types; what is mixed or nested is held as JSON text."""
    if kinds == {bool}:
        return "bool"
    if kinds == {int}:
        return "int64"
    if kinds and kinds <= {int, float}:
        return "double"
    return "string"
