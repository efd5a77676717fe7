"""Paper Copilot's lists (github.com/papercopilot/paperlists): one JSON array per venue and year, as published.

Fields read: `id`, `title`, `status`, `author` (names separated by `;`, in older files by commas) and `aff` (a cell per author,
separated by `;`; affiliations of one author by `+`). Venue and year are in the file name: iclr2024.json.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from affil.errors import InputError
from affil.io.files import open_input, shown_name
from affil.papers.common import Problem, damage_said, parse_json, whole_text
from affil.settings import ReadSettings
from affil.types import Author, Paper

_NAME = re.compile(r"(.*?[^\W_])[ _-]*((?:19|20)\d\d)")


def read_paper_copilot(
    path: Path | str, report: Callable[[Problem], None], settings: ReadSettings
) -> Iterator[tuple[int, Paper]]:
    """Papers with their record numbers.

    Papers that were not accepted are left out and reported. If a record's numbers of affiliations and authors differ, or the
    whole file lists affiliations by paper, affiliations belong to the paper rather than to authors.

    Raises:
        InputError: the file name lacks venue and year, or the content is not a JSON array.
    """
    name = shown_name(path)
    stem = re.sub(r"\.json(?:\.gz)?$", "", Path(path).name, flags=re.IGNORECASE)
    named = _NAME.fullmatch(stem)
    if named is None:
        raise InputError(name, "its name does not tell venue and year", fix="name it as it was published, e.g. iclr2024.json")
    venue, year = named[1], int(named[2])
    with damage_said(name), open_input(path) as raw:
        records = parse_json(name, None, raw.read())
    if not isinstance(records, list):
        raise InputError(name, "is no list of papers", fix="give a file as Paper Copilot publishes it")
    by_paper = _lists_by_paper(records, settings)
    for row, record in enumerate(records, 1):
        paper, problem = _paper(record, stem, venue, year, by_paper, settings)
        if problem:
            report(Problem(name, row, problem, lost=paper is None))
        if paper is not None:
            yield row, paper


def _paper(record: Any, stem: str, venue: str, year: int, by_paper: bool, settings: ReadSettings) -> tuple[Paper | None, str]:
    """The paper, or None, and problems to report."""
    if not isinstance(record, dict):
        return None, "is no JSON object"
    status = whole_text(record.get("status"))
    if status.casefold().startswith(settings.not_accepted):
        return None, f"its status is {status!r}"
    title, names, cells = whole_text(record.get("title")), _names(record), _cells(record)
    if not title and not names and not any(cells):
        return None, "has neither title nor authors nor affiliations"
    identifier = whole_text(str(record.get("id") or ""))
    if not identifier:
        identifier = hashlib.sha256("\0".join([title, *names]).encode()).hexdigest()[:10]
    paper = Paper(f"{stem}-{identifier}", title, venue, year, tuple(Author(n) for n in names))
    if not any(cells):
        return paper, "has no affiliation"
    if by_paper or len(cells) != len(names):
        of_paper = tuple(part for cell in cells for part in cell)
        paper = Paper(paper.id, title, venue, year, paper.authors, False, of_paper)
        return paper, "" if by_paper else "has another number of affiliations than of authors: counted by paper"
    authors = tuple(Author(n, cell) for n, cell in zip(names, cells, strict=True))
    return Paper(paper.id, title, venue, year, authors), ""


def _lists_by_paper(records: list[Any], settings: ReadSettings) -> bool:
    """Whether the file lists distinct affiliations by paper; equal numbers of affiliations and authors are then coincidental."""
    numbers = [(len(_names(r)), len(_cells(r))) for r in records if isinstance(r, dict) and any(_cells(r))]
    unequal = sum(names != cells for names, cells in numbers)
    return bool(numbers) and unequal / len(numbers) > settings.by_paper


def _names(record: dict[str, Any]) -> list[str]:
    text = whole_text(record.get("author"))
    return [n.strip() for n in text.split(";" if ";" in text else ",")] if text else []


def _cells(record: dict[str, Any]) -> list[tuple[str, ...]]:
    text = whole_text(record.get("aff"))
    return [tuple(part.strip() for part in cell.split("+") if part.strip()) for cell in text.split(";")] if text else []
