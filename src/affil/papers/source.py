"""A file that a reader reads: its records, lines, elements or rows one at a time, with every fault of the file said in one line."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from affil.errors import InputError, Unit
from affil.io.files import open_input, open_text
from affil.io.table import listed
from affil.io.tables import Table
from affil.papers.common import Problem, cell_text, damage_said, parse_json, read_lines
from affil.papers.head import Head
from affil.settings import ReadSettings
from affil.wording import said

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lxml import etree

_AGAIN = said("correct it, or fetch it again")
_APART = said("give each format a file of its own")
_BEGINNINGS = {  # lines with which records or files of other formats begin
    re.compile(r"TY {1,2}- "): "RIS",
    re.compile(r"FN (?:Clarivate|Thomson|ISI)|PT [JBSP]$"): "Web of Science",
    re.compile(r"@\s*[A-Za-z]+\s*[{(]"): "BibTeX",
    re.compile(r"PMID *- ?\d"): "PubMed text",
    re.compile(r"%0 "): said("EndNote's text"),
    re.compile(r"<\?xml|<!DOCTYPE|<[A-Za-z][\w.-]*[ >]"): "XML",
    re.compile(r"\{\s*\"|\[\s*\{"): "JSON",
}
_ARROW = "(right here) ------^"  # with which yajl points at the place
_FAULTS = {  # libxml2's codes of faults that its words do not explain
    5: (
        said("goes on after its outermost element: several documents in one file"),
        said("give each document a file of its own"),
    ),
    114: (
        said("goes beyond all measure: its entities unfold without end, or it is nested too deeply"),
        said("get it from a source you trust"),
    ),
}


class _Read:
    """A file that remembers the last byte that was read, blanks aside."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self.last = b""

    def read(self, size: int = -1) -> bytes:
        content = self._raw.read(size)
        self.last = content.rstrip()[-1:] or self.last
        return content


def of_one_format(_: dict[str, Any]) -> str:
    """See `Source.other`: no record is looked at."""
    return ""


@dataclass(slots=True)
class Source:
    """One file and how to read it.

    Attributes:
        head: its beginning.
        settings: settings of reading.
        problem: called with each problem of a record (see `report`).
        mapping: headings that the user gave other names: heading in the file to the usual name.
        other: of what other format a JSON record is; "" for what is none.
        strings_only: whether only affiliations are asked for, so that papers without a venue or a year are read too.
        unit: what the numbers that it gives are counted in; each way of reading sets it.
    """

    head: Head
    settings: ReadSettings
    problem: Callable[[Problem], None]
    mapping: Mapping[str, str]
    other: Callable[[dict[str, Any]], str] = of_one_format
    strings_only: bool = False
    unit: Unit = "row"

    @property
    def name(self) -> str:
        """What messages call the file."""
        return self.head.shown

    def report(self, row: int, what: str, *, lost: bool, value: str = "") -> None:
        """Report a problem of a record: what it is, the same words for the same problem, whether the record was left out, and by what value."""
        self.problem(Problem(self.name, row, what, lost, unit=self.unit, value=value))

    def note(self, *notes: str) -> None:
        """Report how the file as a whole was read, a sentence each."""
        for note in notes:
            self.problem(Problem(self.name, 1, note, lost=False, whole=True))

    def refuse_other(self, row: int, line: str) -> None:
        """Refuse a line of text, outside of all records, with which another format begins.

        Raises:
            InputError: it does.
        """
        other = next((title for beginning, title in _BEGINNINGS.items() if beginning.match(line)), "")
        if other:
            raise InputError(self.name, said("another format begins here: {0}", other), row=row, fix=_APART)

    def records(self, place: str = "") -> Iterator[tuple[int, Any]]:
        """JSON values one at a time, with their number: that of the line in JSON Lines, else that of the record.

        A file of lines is parsed line by line, which is fast; one value that holds all records is streamed.

        Args:
            place: where they stand (see `Head.keys`): "" for a line or the whole value.

        Raises:
            InputError: the file is not JSON, or damaged, a line lacks the place, or a record is of another format.
        """
        self._refuse_encoding("JSON is UTF-8")
        for row, value in self._json(place):
            if isinstance(value, dict) and (other := self.other(value)):
                raise InputError(self.name, said("is a record of another format: {0}", other), row=row, fix=_APART)
            yield row, value

    def _json(self, place: str) -> Iterator[tuple[int, Any]]:
        self.unit = "line" if self.has_lines(place) else "record"
        if self.unit == "line":
            for row, line in read_lines(self.head.path):
                value = parse_json(self.name, row, line)
                if not place:
                    yield row, value
                    continue
                found = _at(value, place)
                if found is None:
                    raise InputError(self.name, said("no {0} in the line", place.removesuffix(".item")), row=row, fix=_AGAIN)
                for one in found:
                    yield row, one
            return
        import ijson

        with damage_said(self.name) as at, open_input(self.head.path) as raw:
            if self.head.start.startswith(b"\xef\xbb\xbf"):
                raw.seek(3)
            read = _Read(raw)
            values = ijson.items(read, place, multiple_values=True, use_float=True)
            try:
                for row in itertools.count(1):
                    value = next(values, None)
                    if value is None:
                        break
                    at.row = row
                    yield row, value
            except (ijson.JSONError, UnicodeDecodeError, RecursionError) as error:
                what = " ".join(str(error).replace(_ARROW, "").split())[:120]
                raise InputError(self.name, said("not JSON after record {0}: {1}", at.row, what), fix=_AGAIN) from error
        if (read.last == b"]") != self.head.text.lstrip().startswith("["):
            raise InputError(self.name, said("goes on with another JSON value after record {0}", at.row), fix=_APART)

    def _refuse_encoding(self, why: str) -> None:
        if self.head.encoding is not None:
            raise InputError(
                self.name, said("cannot be read as {0}: {1}", self.head.encoding, why), fix=said("omit --encoding")
            )

    def has_lines(self, place: str) -> bool:
        """Whether each line is a value of its own; lines too long for the beginning count only where no place inside is asked for."""
        if place.startswith("item") or self._spans_lines():
            return False
        return not place or "\n" in self.head.text.strip()

    def _spans_lines(self) -> bool:
        """Whether the first value goes over several lines, so that the file is no JSON Lines."""
        first, _, rest = self.head.text.lstrip().partition("\n")
        if not rest.strip() or (rest.lstrip().startswith("{") and not first.rstrip().endswith(("[", "{", ",", ":"))):
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
        self.unit = "line"
        with open_text(self.head.path, self.head.encoding) as text:
            self.note(*text.notes)
            for row, line in enumerate(text.stream, 1):
                yield row, line.rstrip("\r\n")

    def elements(self, *names: str) -> Iterator[tuple[int, etree._Element]]:
        """XML elements of these local names one at a time, each whole, with their number.

        One that stands inside another of them is a part of it, and not given itself. When the next is asked for, an element is
        emptied, and all that stood before it is gone. Document types and external entities are never loaded; entities stay in the
        text unexpanded (see `affil.papers.markup.text_of`), so that no file can fill the memory by them.

        Raises:
            InputError: the file is no well-formed XML, is damaged, or has none of these elements.
        """
        from lxml import etree

        self._refuse_encoding(said("XML says its encoding itself"))
        self.unit = "record"
        depth = 0
        with damage_said(self.name) as at, open_input(self.head.path) as raw:
            try:
                for event, element in etree.iterparse(
                    raw,
                    events=("start", "end"),
                    tag=[f"{{*}}{n}" for n in names],
                    resolve_entities=False,
                    load_dtd=False,
                    no_network=True,
                ):
                    depth += 1 if event == "start" else -1
                    if depth == 0:
                        at.row += 1
                        yield at.row, element
                        _forget(element)
            except etree.XMLSyntaxError as error:
                so_far = said(" after record {0}", at.row) if at.row else ""
                usual = said("no well-formed XML{0}: {1}", so_far, " ".join(str(error.msg).split())), _AGAIN
                problem, fix = _FAULTS.get(getattr(error, "code", 0), usual)
                raise InputError(self.name, problem, fix=fix) from error
        if at.row == 0:
            named = " or ".join(names)
            raise InputError(
                self.name, said("no record in it: no element {0}", named), fix=said("check that it is the file you mean")
            )

    @contextmanager
    def table(self) -> Iterator[Table]:
        """The rows of a table, see `affil.io.tables.open_table`; what was guessed in reading it is reported."""
        with self.head.open_table() as table:
            self.unit = table.unit
            self.note(*table.notes)
            yield table

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """The numbered rows of a table as text: cells by their headings in lower case, or by what `mapping` says they stand for.

        Raises:
            InputError: see `open_table`.
        """
        with self.table() as table:
            names = {column: self.mapping.get(column, column).strip().casefold() for column in table.columns}
            for heading in self.mapping:
                if heading not in names:
                    raise InputError(
                        self.name,
                        said("no column {0!r}; its columns are: {1}", heading, listed(table.columns)),
                        fix=said("correct --map"),
                    )
                if [*names.values()].count(names[heading]) > 1:
                    raise InputError(
                        self.name, said("two columns are called {0!r} by --map", names[heading]), fix=said("correct it")
                    )
            for batch in table.batches(self.settings.rows):
                columns = [batch.columns[column] for column in names]
                for row, *values in zip(batch.rows, *columns, strict=True):
                    yield row, dict(zip(names.values(), map(cell_text, values), strict=True))


def _at(value: Any, place: str) -> list[Any] | None:
    """The values at a place inside a value; None where there is no such place."""
    found = [value]
    for key in place.split("."):
        if key == "item":
            found = [member for one in found if isinstance(one, list) for member in one]
            continue
        found = [one[key] for one in found if isinstance(one, dict) and key in one]
        if not found:
            return None
    return found


def _forget(element: etree._Element) -> None:
    """Empty an element that was read, and take away what stands before it, at each level up to the outermost."""
    element.clear(keep_tail=True)  # type: ignore[call-arg]  # unknown to the stubs
    for node in (element, *element.iterancestors()):
        parent = node.getparent()
        if parent is not None:
            del parent[: parent.index(node)]
