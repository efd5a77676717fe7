"""Read papers from files of all formats (docs/formats.md)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from affil.errors import InputError, Unit
from affil.papers.common import Problem
from affil.papers.formats import open_source, papers_of
from affil.papers.reading import Reading
from affil.settings import ReadSettings
from affil.types import Paper
from affil.wording import said


@dataclass(frozen=True, slots=True)
class Record:
    """A paper as read, with the file, its format, and its place in it (see `affil.errors.Unit`)."""

    paper: Paper
    path: str
    row: int
    format: str
    unit: Unit = "row"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A record with the same id as an earlier one, which is kept, unless this one was `taken` in its place, as it is richer.

    `identical` tells whether nothing is lost by that: title, venue, year, authors and affiliations are the same. `title` and `venue` are
    its own.
    """

    id: str
    path: str
    row: int
    identical: bool
    taken: bool = False
    unit: Unit = "row"
    title: str = ""
    venue: str = ""


def repeat_of(record: Record, *, identical: bool, taken: bool = False) -> Duplicate:
    """The repeat of an id that a record is; see `Duplicate`."""
    paper = record.paper
    return Duplicate(paper.id, record.path, record.row, identical, taken, record.unit, paper.title, paper.venue)


def read_papers(
    paths: Iterable[Path | str],
    on_duplicate: Callable[[Duplicate], None] | None = None,
    on_problem: Callable[[Problem], None] | None = None,
    settings: ReadSettings | None = None,
    **reading: Unpack[Reading],
) -> Iterator[Paper]:
    """Read papers one at a time, in order. The format of each file is recognised by its content; gzip is unpacked.

    The formats are those of docs/formats.md and of other packages (see `affil.papers.reader`). `-` is standard input.
    An id that occurs twice is read once, and `on_duplicate` is told; without it, a repeat that differs is an error, since
    something would be lost silently. `on_problem` is told of records that are left out or read only in part.

    Args:
        paths: the files.
        on_duplicate: told of repeated ids.
        on_problem: told of problems.
        settings: settings of reading.
        reading: how to read them, where their content does not tell it.

    Raises:
        InputError: a file is missing, empty, truncated or damaged, or a record of it is wrong.
        AffilError: there is no such format.
    """
    seen: dict[str, bytes] = {}
    for record in read_records(paths, on_problem, settings, **reading):
        paper, digest = record.paper, paper_digest(record.paper)
        if paper.id not in seen:
            seen[paper.id] = digest
            yield paper
            continue
        duplicate = repeat_of(record, identical=seen[paper.id] == digest)
        if on_duplicate is not None:
            on_duplicate(duplicate)
        elif not duplicate.identical:
            problem = said("paper {0!r} was read before with other content", paper.id)
            raise InputError(record.path, problem, row=record.row, fix=said("give each paper its own id"), unit=record.unit)


def read_records(
    paths: Iterable[Path | str],
    on_problem: Callable[[Problem], None] | None = None,
    settings: ReadSettings | None = None,
    **reading: Unpack[Reading],
) -> Iterator[Record]:
    """All records of the files, repeated ids included; arguments and errors are those of `read_papers`."""
    settings = settings or ReadSettings()
    reported: list[str] = []  # the file of the last problem

    def report(problem: Problem) -> None:
        reported[:] = [problem.path]
        if on_problem is not None:
            on_problem(problem)

    for path in paths:
        reader, source = open_source(path, settings, report, **reading)
        row = 0
        for row, paper in papers_of(reader, source):
            yield Record(paper, source.name, row, reader.name, source.unit)
        if not row and not reading.get("format") and reported != [source.name]:
            report(Problem(source.name, 1, said("holds no paper"), lost=False, whole=True))
        elif not row and reading.get("format"):  # by its content it may be another
            raise InputError(
                source.name, said("holds no paper, read as {0}", reader.title), fix=said("see what it is: affil formats FILE")
            )


def paper_digest(paper: Paper) -> bytes:
    """A 16-byte digest of a paper record (BLAKE2b); equal digests mean equal papers."""
    authors = [(a.name, *a.affiliations) for a in paper.authors]
    content = [paper.id, paper.title, paper.venue, paper.year, authors, paper.aligned, paper.paper_affiliations, paper.doi]
    return hashlib.blake2b(json.dumps(content).encode(), digest_size=16).digest()
