"""Read papers from four kinds of files (formats: docs/ranking.md)."""

from __future__ import annotations

import codecs
import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from affil.errors import InputError
from affil.io.files import open_input, shown_name
from affil.io.tables import Format
from affil.papers.common import Problem, damage_said, parse_json, read_lines
from affil.papers.long_form import read_long_form
from affil.papers.openalex import read_openalex
from affil.papers.paper_copilot import read_paper_copilot
from affil.settings import ReadSettings
from affil.types import Author, Paper

_TABLES: dict[str, Format] = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".parquet": "parquet", ".pq": "parquet"}


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A record with the same id as an earlier one; the earlier one is kept.

    `identical`: nothing is lost, as title, venue, year, authors and affiliations are the same.
    """

    id: str
    path: str
    row: int
    identical: bool


def _whole(text: str) -> str:
    # a lone surrogate is valid JSON but cannot be stored as text
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        raise ValueError("contains half a surrogate pair")
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


def read_papers(
    paths: Iterable[Path | str],
    on_duplicate: Callable[[Duplicate], None] | None = None,
    on_problem: Callable[[Problem], None] | None = None,
    settings: ReadSettings | None = None,
) -> Iterator[Paper]:
    """Read papers one at a time, in order. The kind of file is detected from name and content; gzip is unpacked.

    - JSON Lines of papers (`-`: standard input). Fields: `id`, `venue` (text, not blank), `year` (whole number), `authors` (list
      of `name`, `affiliations`), `title`, `aligned` (default true) and `paper_affiliations` (only where `aligned` is false).
      Other fields are ignored; blank affiliations are dropped, others kept unchanged.
    - JSON Lines of OpenAlex works (see `affil.papers.openalex`).
    - JSON arrays of Paper Copilot (see `affil.papers.paper_copilot`).
    - `.csv`, `.tsv` or `.parquet` with a row per author and affiliation (see `affil.papers.long_form`).

    Of repeated ids only the first is read, and `on_duplicate` is called; without it, a differing repeat is an error, to lose
    nothing silently. `on_problem` is called for records that are skipped or partly read.

    Raises:
        InputError: a file is missing, empty, truncated or not UTF-8; a line is not JSON or not a paper.
    """
    seen: dict[str, bytes] = {}
    report, settings = on_problem or (lambda _: None), settings or ReadSettings()
    for path in paths:
        for row, paper in _numbered(path, report, settings):
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


def _numbered(path: Path | str, report: Callable[[Problem], None], settings: ReadSettings) -> Iterator[tuple[int, Paper]]:
    """The papers of a file of any kind, with row numbers."""
    name = Path(path).name.lower()
    table = _TABLES.get(Path(name.removesuffix(".gz")).suffix)
    if table is not None:
        yield from read_long_form(path, table, report, settings)
        return
    if name.removesuffix(".gz").endswith(".json") and _begins_list(path):
        yield from read_paper_copilot(path, report, settings)
        return
    lines = read_lines(path)
    first = next(lines)
    shown, every = shown_name(path), itertools.chain([first], lines)
    value = parse_json(shown, *first)
    if isinstance(value, dict) and ("authorships" in value or {"meta", "results"} <= value.keys()):
        yield from read_openalex(shown, every, report)
        return
    for row, line in every:
        yield row, _paper(shown, row, line)


def _begins_list(path: Path | str) -> bool:
    with damage_said(shown_name(path)), open_input(path) as raw:
        return raw.read(1 << 16).removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"["


def paper_digest(paper: Paper) -> bytes:
    """A 16-byte digest of a paper record (BLAKE2b); equal digests mean equal papers."""
    authors = [(a.name, *a.affiliations) for a in paper.authors]
    content = [paper.id, paper.title, paper.venue, paper.year, authors, paper.aligned, paper.paper_affiliations]
    return hashlib.blake2b(json.dumps(content).encode(), digest_size=16).digest()


def _paper(path: str, row: int, line: bytes) -> Paper:
    try:
        # json, not pydantic's parser: its errors say where a line breaks, and it accepts odd but valid input
        record = _PaperRecord.model_validate(parse_json(path, row, line))
    except ValidationError as error:
        problem, fix = _complaint(error)
        raise InputError(path, problem, row=row, fix=fix) from error
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
    """The first problem of a record, and its fix."""
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
