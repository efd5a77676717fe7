"""A file that a reader reads: its records, lines, elements or rows one at a time, with every fault of the file said in one line."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from affil.errors import InputError
from affil.io.files import open_input, open_text
from affil.io.tables import Table, open_table
from affil.papers.common import Problem, cell_text, damage_said, parse_json, read_lines
from affil.papers.head import Head
from affil.settings import ReadSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lxml import etree

_AGAIN = "correct it, or fetch it again"


@dataclass(frozen=True, slots=True)
class Source:
    """One file and how to read it.

    Attributes:
        head: its beginning.
        settings: settings of reading.
        problem: called with each problem of a record (see `report`).
        mapping: headings that the user gave other names: heading in the file to the usual name.
    """

    head: Head
    settings: ReadSettings
    problem: Callable[[Problem], None]
    mapping: Mapping[str, str]

    @property
    def name(self) -> str:
        """What messages call the file."""
        return self.head.shown

    def report(self, row: int, what: str, *, lost: bool) -> None:
        """Report a problem of a record: what it is, the same words for the same problem, and whether the record was left out."""
        self.problem(Problem(self.name, row, what, lost))

    def records(self, place: str = "") -> Iterator[tuple[int, Any]]:
        """JSON values one at a time, with their number.

        Args:
            place: where they stand (see `Head.keys`): "" for JSON Lines (then the number is that of the line) or one value.

        Raises:
            InputError: the file is not JSON, or damaged.
        """
        if place == "" and not self._spans_lines():
            for row, line in read_lines(self.head.path):
                yield row, parse_json(self.name, row, line)
            return
        import ijson

        with damage_said(self.name) as at, open_input(self.head.path) as raw:
            if self.head.start.startswith(b"\xef\xbb\xbf"):
                raw.seek(3)
            values = ijson.items(raw, place, multiple_values=True, use_float=True)
            try:
                for row in itertools.count(1):
                    value = next(values, None)
                    if value is None:
                        return
                    at.row = row
                    yield row, value
            except (ijson.JSONError, UnicodeDecodeError, RecursionError) as error:
                what = " ".join(str(error).split())[:120]
                raise InputError(self.name, f"not JSON after record {at.row}: {what}", fix=_AGAIN) from error

    def _spans_lines(self) -> bool:
        """Whether the first value goes over several lines, so that the file is no JSON Lines."""
        first, _, rest = self.head.text.lstrip().partition("\n")
        if not rest.strip() or rest.lstrip().startswith("{"):
            return False
        try:
            json.loads(first)
        except (ValueError, RecursionError):
            return True
        return False

    def lines(self) -> Iterator[tuple[int, str]]:
        """Numbered lines of text without their ends, in whatever of the known encodings.

        Raises:
            InputError: see `open_text`.
        """
        with open_text(self.head.path) as text:
            for note in text.notes:
                self.report(1, note, lost=False)
            for row, line in enumerate(text.stream, 1):
                yield row, line.rstrip("\r\n")

    def elements(self, *names: str) -> Iterator[tuple[int, etree._Element]]:
        """XML elements of these local names one at a time, with their number; each is emptied when the next is asked for.

        External entities and document types are never loaded, and entities of one's own are not expanded.

        Raises:
            InputError: the file is no well-formed XML, or damaged.
        """
        from lxml import etree

        with damage_said(self.name) as at, open_input(self.head.path) as raw:
            try:
                events = etree.iterparse(
                    raw,
                    events=("end",),
                    tag=[f"{{*}}{n}" for n in names],
                    resolve_entities=False,
                    load_dtd=False,
                    no_network=True,
                )
                for row, (_, element) in enumerate(events, 1):
                    at.row = row
                    yield row, element
                    element.clear(keep_tail=True)
                    while element.getprevious() is not None:  # what was read before still hangs on the parent
                        del element.getparent()[0]
            except etree.XMLSyntaxError as error:
                raise InputError(self.name, f"no well-formed XML: {error.msg}", row=error.lineno, fix=_AGAIN) from error

    @contextmanager
    def table(self) -> Iterator[Table]:
        """The rows of a table, see `affil.io.tables.open_table`; what was guessed in reading it is reported."""
        with open_table(self.head.path) as table:
            for note in table.notes:
                self.report(1, note, lost=False)
            yield table

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """The numbered rows of a table as text: cells by their headings in lower case, or by what `mapping` says they stand for.

        Raises:
            InputError: see `open_table`.
        """
        with self.table() as table:
            names = {column: self.mapping.get(column, column).strip().casefold() for column in table.columns}
            for batch in table.batches(self.settings.rows):
                columns = [batch.columns[column] for column in names]
                for row, *values in zip(batch.rows, *columns, strict=True):
                    yield row, dict(zip(names.values(), map(cell_text, values), strict=True))
