"""Paper Copilot's lists (github.com/papercopilot/paperlists): one JSON array for each venue and year, as published.

Fields read: `id`, `title`, `status`, `author` (names between `;`, in older files between commas) and `aff` (one cell for each
author between `;`, several affiliations of one author between `+`). Venue and year stand in the file's name: iclr2024.json.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from affil.errors import InputError
from affil.io.files import open_input, read_whole
from affil.io.semicolons import between_semicolons
from affil.io.table import has_affiliations
from affil.papers.common import damage_said, parse_json, whole_text
from affil.papers.head import Head
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.settings import ReadSettings
from affil.types import Author, Paper
from affil.wording import said

_NAME = re.compile(r"(.*?[^\W_])[ _-]*((?:19|20)\d\d)")


def read_paper_copilot(source: Source) -> Numbered:
    """Papers with the number of their record.

    Papers that were not accepted are left out, and reported. Where a record has another number of affiliations than of authors,
    or the file as a whole lists affiliations by paper, affiliations belong to the paper and to no author.

    Raises:
        InputError: the file's name does not tell venue and year, or it is no JSON array.
    """
    name, path, settings = source.name, source.head.path, source.settings
    stem = re.sub(r"\.json(?:\.gz)?$", "", Path(path).name, flags=re.IGNORECASE)
    named = _NAME.fullmatch(stem)
    if named is None:
        raise InputError(
            name, said("its name does not tell venue and year"), fix=said("name it as it was published, e.g. iclr2024.json")
        )
    venue, year = named[1], int(named[2])
    source.unit = "record"
    with damage_said(name), open_input(path) as raw:
        records = parse_json(name, None, read_whole(raw, name))
    if not isinstance(records, list):
        raise InputError(name, said("is no list of papers"), fix=said("give a file as Paper Copilot publishes it"))
    by_paper = _lists_by_paper(records, settings)
    for row, record in enumerate(records, 1):
        paper, problem = _paper(record, stem, venue, year, by_paper, settings)
        if problem:
            source.report(row, problem, lost=paper is None)
        if paper is not None:
            yield row, paper


def _recognises(head: Head) -> bool:
    listed = head.name.endswith(".json") and head.keys.get("item", frozenset()) >= {"title", "author"}
    return listed and not has_affiliations(head.columns)  # which a table has


PAPER_COPILOT = Reader(
    name="paper-copilot",
    title=said("Paper Copilot's lists"),
    recognises=_recognises,
    read=read_paper_copilot,
    fields="`id`, `title`, `status`, `author` and `aff`; venue and year stand in the file's name, as in iclr2024.json.",
    lost="Papers that were not accepted are left out. Where affiliations and authors do not pair, papers count as a whole.",
    export="Download a list from <https://github.com/papercopilot/paperlists>.",
    specification="https://github.com/papercopilot/paperlists",
)


def _paper(record: Any, stem: str, venue: str, year: int, by_paper: bool, settings: ReadSettings) -> tuple[Paper | None, str]:
    """The paper, or None, and problems to report."""
    if not isinstance(record, dict):
        return None, said("is no JSON object")
    status = whole_text(record.get("status"))
    if status.casefold().startswith(settings.not_accepted):
        return None, said("was not accepted: its status is {0!r}", status)
    title, names, cells = whole_text(record.get("title")), _names(record), _cells(record)
    if not title and not names and not any(cells):
        return None, said("has neither title nor authors nor affiliations")
    identifier = whole_text(str(record.get("id") or ""))
    if not identifier:
        identifier = hashlib.sha256("\0".join([title, *names]).encode()).hexdigest()[:10]
    paper = Paper(f"{stem}-{identifier}", title, venue, year, tuple(Author(n) for n in names))
    if not any(cells):
        return paper, said("has no affiliation")
    if by_paper or len(cells) != len(names):
        of_paper = tuple(part for cell in cells for part in cell)
        paper = Paper(paper.id, title, venue, year, paper.authors, False, of_paper)
        return paper, "" if by_paper else said("has another number of affiliations than of authors: counted by paper")
    authors = tuple(Author(n, cell) for n, cell in zip(names, cells, strict=True))
    return Paper(paper.id, title, venue, year, authors), ""


def _lists_by_paper(records: list[Any], settings: ReadSettings) -> bool:
    """Whether the file lists each paper's distinct affiliations, so that equal numbers of affiliations and authors are a coincidence."""
    numbers = [(len(_names(r)), len(_cells(r))) for r in records if isinstance(r, dict) and any(_cells(r))]
    unequal = sum(names != cells for names, cells in numbers)
    return bool(numbers) and unequal / len(numbers) > settings.by_paper


def _names(record: dict[str, Any]) -> list[str]:
    text = whole_text(record.get("author"))
    return (between if len(between := between_semicolons(text)) > 1 else [n.strip() for n in text.split(",")]) if text else []


def _cells(record: dict[str, Any]) -> list[tuple[str, ...]]:
    text = whole_text(record.get("aff"))
    return (
        [tuple(part.strip() for part in cell.split("+") if part.strip()) for cell in between_semicolons(text)] if text else []
    )
