"""The beginning of a file, from which readers recognise their format."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Any

from affil.errors import InputError
from affil.io.files import copied, open_input, shown_name
from affil.io.outputs import STANDARD
from affil.io.table import Fits
from affil.io.tables import Table, is_table, is_workbook, open_table
from affil.papers.common import damage_said
from affil.wording import said

_LENGTH = 1 << 18  # bytes; the first work of OpenAlex can pass a quarter of them
_DEPTH = 40  # objects and lists within each other
_ROOT = re.compile(r"<(?![?!])(?:[\w.-]+:)?([\w.-]+)")
_COMMENT = re.compile(r"<!--.*?-->|<!DOCTYPE[^>\[]*\[.*?\]\s*>", re.DOTALL)  # or a document type that declares something


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


class Head:
    """The name and the first 256 KiB of a file, unpacked, and what they show; all of it is computed when first asked for.

    Args:
        path: the file; `-` is standard input.
        sheet: the sheet of a workbook; default: the first whose headings fit, else the first with headings.
        encoding: that of text, instead of telling it.
        fits: whether headings are those of a table of papers.

    Raises:
        InputError: the file cannot be read, or a sheet is asked for and it is no workbook.
    """

    def __init__(
        self, path: Path | str, sheet: str | None = None, encoding: str | None = None, fits: Fits | None = None
    ) -> None:
        self.path, self.sheet, self.encoding, self.fits = path, sheet, encoding, fits
        self.shown = shown_name(path)
        self.name = "" if str(path) == STANDARD else Path(path).name.lower().removesuffix(".gz")
        with damage_said(self.shown):
            self._copy = copied(path)  # as the file is opened again to be read
        with damage_said(self.shown), open_input(path) as raw:
            self.start = raw.read(_LENGTH)
        if sheet is not None and not is_workbook(self.start):
            raise InputError(self.shown, said("is no spreadsheet"), fix=said("omit --sheet"))
        if encoding is not None and is_workbook(self.start):
            raise InputError(self.shown, said("is no text, so that it has no encoding"), fix=said("omit --encoding"))

    @classmethod
    def of_record(cls, text: str) -> Head:
        """The beginning of a file that would hold one JSON record alone."""
        head = cls.__new__(cls)
        head.path, head.shown, head.name, head.sheet, head.encoding, head.fits = "", "", "", None, None, None
        head.start = text.encode("utf-8", "replace")
        return head

    @classmethod
    def of_headings(cls, columns: Sequence[str]) -> Head:
        """The beginning of a table of which only the headings are known."""
        head = cls.of_record("")
        head.__dict__ |= {"table": True, "columns": tuple(columns)}
        return head

    @cached_property
    def first_line(self) -> Head | None:
        """The first line alone, where several lines are JSON objects of their own; None for what has none."""
        line, _, rest = self.text.lstrip().partition("\n")
        return Head.of_record(line) if line.startswith("{") and line.rstrip().endswith("}") and rest.startswith("{") else None

    def open_table(self) -> AbstractContextManager[Table]:
        """The file as a table, see `affil.io.tables.open_table`."""
        return open_table(self.path, sheet=self.sheet, encoding=self.encoding, fits=self.fits)

    @cached_property
    def text(self) -> str:
        """The beginning as text: UTF-16 by its mark, else UTF-8; what is neither shows its ASCII characters."""
        if self.start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return self.start.decode("utf-16", "replace")
        return self.start.decode("utf-8-sig", "replace")

    @cached_property
    def table(self) -> bool:
        """Whether it is a table, broken or not."""
        return not self.json and not self.root and is_table(self.path, self.start)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The headings of a table (delimited text, spreadsheet or Parquet), as they stand; of JSON, Lines or a list, the keys of the first
        object whose values are cells, neither lists nor objects; () for what is none.
        """
        if self.json:
            return tuple(key for key, value in self._first_object.items() if not isinstance(value, (list, dict)))
        if not self.table:
            return ()
        try:
            with self.open_table() as table:
                return table.columns
        except InputError:
            return ()

    @property
    def _first_object(self) -> dict[str, Any]:
        """The object on the first line of JSON, or the first of its list; {} where the beginning does not hold it whole."""
        text = self.text.lstrip()
        try:
            first = (
                json.JSONDecoder().raw_decode(text[1:].lstrip())[0] if text[0] == "[" else json.loads(text.partition("\n")[0])
            )
        except (ValueError, RecursionError):
            return {}
        return first if isinstance(first, dict) else {}

    @cached_property
    def headings(self) -> frozenset[str]:
        """The headings of a table in lower case, without blanks around."""
        return frozenset(c.strip().casefold() for c in self.columns)

    @property
    def is_whole(self) -> bool:
        """Whether this is all of the file."""
        return len(self.start) < _LENGTH

    @cached_property
    def json(self) -> bool:
        """Whether it begins as a JSON object or list does."""
        return self.text.lstrip()[:1] in ("{", "[")

    @cached_property
    def keys(self) -> dict[str, frozenset[str]]:
        """The keys of the first JSON objects at each place, the outermost place first.

        A place is written as ijson writes prefixes: "" is the value itself (JSON Lines too), "item" a member of a list, "results.item" a
        member of the list `results`. Of an object that the beginning cuts off, the keys before the cut are known.
        """
        import ijson

        found: dict[str, set[str]] = {}
        within: list[str] = []  # the places of the open objects and lists
        name = ""  # where the next value stands
        try:
            for event, value in ijson.basic_parse(
                self.text.encode() if self.json else b"", multiple_values=True, use_float=True
            ):
                if event == "map_key":
                    found.setdefault(within[-1], set()).add(value)
                    name = _below(within[-1], value)
                elif event in ("start_map", "start_array"):
                    within.append(name)
                    name = _below(name, "item")
                    if len(within) > _DEPTH:  # nobody's records; their places would fill the memory
                        break
                elif event in ("end_map", "end_array"):
                    name = within.pop()
        except (ijson.JSONError, ValueError, RecursionError):  # the beginning ends amid a value, or it is no JSON
            pass
        return {place: frozenset(keys) for place, keys in sorted(found.items(), key=lambda item: item[0].count("."))}

    def place_of(self, *keys: str) -> str | None:
        """The outermost place of JSON objects that have all of these keys; None where there is none (see `keys`)."""
        return next((place for place, found in self.keys.items() if found.issuperset(keys)), None)

    @cached_property
    def root(self) -> str:
        """The name of the outermost XML element without its prefix; "" for what is no XML."""
        text = self.text.lstrip()
        if not text.startswith("<"):
            return ""
        found = _ROOT.search(_COMMENT.sub("", text))
        return found[1] if found else ""
