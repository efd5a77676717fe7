"""Shared by readers of papers: JSON Lines, and problem reports."""

from __future__ import annotations

import codecs
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affil.errors import InputError, Unit
from affil.io.files import lines_in, open_input, shown_name
from affil.io.records import unique
from affil.wording import said

_DOI = re.compile(r"10\.\d{4,9}/\S+")
_AGAIN = said("fetch or copy it again")


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem in a source: what and where, in which unit. `lost` is true if the paper was skipped.

    `what` says the same of all records with the same problem, so that they can be counted; where it is of the `whole` file, such as how
    it was read, it is a sentence of its own. `value` is that of the field that is wrong, where it helps to see it.
    """

    path: str
    row: int
    what: str
    lost: bool
    whole: bool = False
    unit: Unit = "row"
    value: str = ""


def read_lines(path: Path | str) -> Iterator[tuple[int, bytes]]:
    """Numbered non-blank lines, with gzip unpacked; reports all errors of the file itself.

    Raises:
        InputError: it is missing, empty, truncated, or UTF-16.
    """
    name, row, filled = shown_name(path), 0, False
    with damage_said(name, "line") as at, open_input(path) as lines:
        for row, line in enumerate(lines_in(lines, name), 1):
            at.row = row
            if row == 1 and line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise InputError(name, said("is UTF-16"), fix=said("save it as UTF-8"))
            content = line.removeprefix(codecs.BOM_UTF8 if row == 1 else b"").strip()
            if content:
                filled = True
                yield row, content
    if not filled:
        raise InputError(name, said("is empty"), fix=said("a papers file has one JSON object a line"))


@dataclass(slots=True)
class _At:
    row: int = 0


@contextmanager
def damage_said(name: str, unit: Unit = "record") -> Iterator[_At]:
    """Say in one line what is wrong with a file that breaks while it is read; `row` of what is given is how far it came."""
    at = _At()
    try:
        yield at
    except EOFError as error:
        raise InputError(name, said("the gzip file is truncated{0}", _so_far(at.row, unit)), fix=_AGAIN) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InputError(name, said("the gzip file is damaged{0}: {1}", _so_far(at.row, unit), error), fix=_AGAIN) from error
    except OSError as error:
        raise InputError(name, said("cannot be read: {0}", error.strerror or error)) from error


def _so_far(row: int, unit: Unit) -> str:
    return f" after {unit} {row:,}" if row else ""


def parse_json(name: str, row: int | None, text: bytes) -> Any:
    """A JSON value.

    Raises:
        InputError: it is none, or not UTF-8.
    """
    try:
        return json.loads(text.decode("utf-8-sig"), object_pairs_hook=unique)
    except UnicodeDecodeError as error:
        raise InputError(
            name, said("byte {0} is not UTF-8", error.start + 1), row=row, fix=said("save the file as UTF-8")
        ) from error
    except json.JSONDecodeError as error:
        where = (
            said("at character {0}", error.colno)
            if row is not None
            else said("at line {0}, character {1}", error.lineno, error.colno)
        )
        fix = said("correct the line") if row is not None else said("correct it, or fetch it again")
        raise InputError(name, said("not JSON {0}: {1}", where, error.msg), row=row, fix=fix) from error
    except RecursionError as error:
        raise InputError(name, said("not a paper: nested too deeply"), row=row, fix=said("correct the line")) from error
    except ValueError as error:  # a key twice, or a whole number too long for Python
        raise InputError(name, said("not JSON that can be read: {0}", error), row=row, fix=said("correct the line")) from error


def bare_doi(text: str) -> str:
    """A DOI in its bare form and lower case, as DOIs are compared without regard to case; "" for what is none.

    "https://doi.org/10.1000/ABC", "doi:10.1000%2Fabc" and "DOI 10.1000/abc." all give "10.1000/abc".
    """
    found = _DOI.search(re.sub("%2f", "/", text, flags=re.IGNORECASE))
    if not found:
        return ""
    within = found.start() > 0 and "://" not in text  # a sentence, whose full stop is none of it
    return (found[0].rstrip(".,;") if within else found[0]).lower()


def whole_text(value: object) -> str:
    """A value as text without half surrogate pairs, which no table can store; "" for what is no text."""
    if not isinstance(value, str):
        return ""
    return (value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")).strip()


def cell_text(value: object) -> str:
    """A cell of a table as text; whole numbers as a person writes them, as Excel keeps 2023 as 2023.0."""
    if isinstance(value, str):
        return whole_text(value)
    if value is None or value != value:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
