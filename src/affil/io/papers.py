"""Papers in: JSON Lines, plain or gzip, one paper a line (the format is described in docs/ranking.md)."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from affil.errors import InputError
from affil.io.files import open_input, shown_name
from affil.types import Author, Paper


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A record whose id an earlier record of the same reading already had; the earlier one is kept.

    `identical` tells whether nothing is lost by that: title, venue, year, authors and affiliations are the same.
    """

    id: str
    path: str
    row: int
    identical: bool


def _whole(text: str) -> str:
    # Half a surrogate pair is valid JSON but not text: no table can store it.
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        raise ValueError("holds half a surrogate pair")
    return text


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("is blank")
    return text


_Text = Annotated[str, AfterValidator(_whole)]
_Label = Annotated[str, AfterValidator(_whole), AfterValidator(_filled)]


class _Record(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class _AuthorRecord(_Record):
    name: _Text
    affiliations: list[_Text] = []


class _PaperRecord(_Record):
    id: _Label
    title: _Text = ""
    venue: _Label
    year: Annotated[int, Field(ge=1900, le=2100)]
    authors: list[_AuthorRecord]
    aligned: bool = True
    paper_affiliations: list[_Text] = []


def read_papers(paths: Iterable[Path | str], on_duplicate: Callable[[Duplicate], None] | None = None) -> Iterator[Paper]:
    """Read papers from JSON Lines (`-`: standard input; gzip is recognised by content), one at a time, in order.

    Fields: `id`, `venue` (text, not blank), `year` (whole number), `authors` (list of `name`, `affiliations`), `title`,
    `aligned` (default true) and `paper_affiliations` (only where `aligned` is false). Other fields are ignored; blank
    affiliations are dropped, all others stay exactly as they are.

    An id that occurs twice is read once, and `on_duplicate` is told; without it, a repeat that differs is an error, since
    something would be lost silently.

    Raises:
        InputError: a file is missing, empty, truncated or not UTF-8; a line is not JSON or not a paper.
    """
    seen: dict[str, bytes] = {}
    for path in paths:
        for row, line in _lines(path):
            paper = _paper(shown_name(path), row, line)
            digest = paper_digest(paper)
            if paper.id not in seen:
                seen[paper.id] = digest
                yield paper
                continue
            duplicate = Duplicate(paper.id, shown_name(path), row, seen[paper.id] == digest)
            if on_duplicate is not None:
                on_duplicate(duplicate)
            elif not duplicate.identical:
                raise InputError(
                    path, f"paper {paper.id!r} was read before with other content", row=row, fix="give each paper its own id"
                )


def paper_digest(paper: Paper) -> bytes:
    """A 16-byte digest of all that a paper record says (BLAKE2b); equal digests mean equal papers."""
    authors = [(a.name, *a.affiliations) for a in paper.authors]
    content = [paper.id, paper.title, paper.venue, paper.year, authors, paper.aligned, paper.paper_affiliations]
    return hashlib.blake2b(json.dumps(content).encode(), digest_size=16).digest()


def _lines(path: Path | str) -> Iterator[tuple[int, bytes]]:
    """Numbered lines that are not blank; all that can go wrong with the file itself is said here."""
    name, row, filled = shown_name(path), 0, False
    again = "fetch or copy it again"
    try:
        with open_input(path) as lines:
            for row, line in enumerate(lines, 1):
                if row == 1 and line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                    raise InputError(name, "is UTF-16", fix="save it as UTF-8")
                content = line.removeprefix(codecs.BOM_UTF8 if row == 1 else b"").strip()
                if content:
                    filled = True
                    yield row, content
    except EOFError as error:
        raise InputError(name, f"the gzip file is truncated after row {row}", fix=again) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InputError(name, f"the gzip file is damaged after row {row}: {error}", fix=again) from error
    except OSError as error:
        raise InputError(name, f"cannot be read: {error.strerror or error}") from error
    if not filled:
        raise InputError(name, "is empty", fix="a papers file has one JSON object a line")


def _paper(path: str, row: int, line: bytes) -> Paper:
    try:
        # json, not pydantic's own parser: its errors tell a person where the line breaks, and it keeps odd but valid input.
        record = _PaperRecord.model_validate(json.loads(line.decode("utf-8")))
    except UnicodeDecodeError as error:
        raise InputError(path, f"byte {error.start + 1} is not UTF-8", row=row, fix="save the file as UTF-8") from error
    except json.JSONDecodeError as error:
        raise InputError(path, f"not JSON at character {error.colno}: {error.msg}", row=row, fix="correct the line") from error
    except RecursionError as error:
        raise InputError(path, "not a paper: nested too deeply", row=row, fix="correct the line") from error
    except ValidationError as error:
        problem, fix = _complaint(error)
        raise InputError(path, problem, row=row, fix=fix) from error
    except ValueError as error:  # a whole number too long for Python
        raise InputError(path, f"not JSON that can be read: {error}", row=row, fix="correct the line") from error
    authors = tuple(Author(a.name, tuple(c for c in a.affiliations if c.strip())) for a in record.authors)
    of_paper = tuple(c for c in record.paper_affiliations if c.strip())
    stated = any(a.affiliations for a in authors)
    if record.aligned and of_paper:
        problem = "paper_affiliations belong to papers whose aligned is false"
        raise InputError(path, problem, row=row, fix='add "aligned": false, or move them to the authors')
    if not record.aligned and stated:
        raise InputError(
            path, "aligned is false, but an author has affiliations", row=row, fix="move them to paper_affiliations"
        )
    return Paper(record.id, record.title, record.venue, record.year, authors, record.aligned, of_paper)


def _complaint(error: ValidationError) -> tuple[str, str]:
    """The first thing wrong with a record, and what to do."""
    first = error.errors()[0]
    field = ".".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"]) or "the line"
    value: Any = first["input"]
    if first["type"] == "missing":
        return f"{field} is missing", f"add {field} to the paper"
    if field == "year" and isinstance(value, str):
        return f"year is text ({value!r})", 'write it as a whole number, e.g. "year": 2024'
    shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "..."
    problem = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "value_error":
        return f"{field} {problem}", "correct the line"
    return f"{field}: {problem[0].lower()}{problem[1:]}, not {shown}", "correct the line"
