"""Papers as a table (CSV, TSV or Parquet) with one row per author and affiliation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from affil.errors import InputError
from affil.papers.common import whole_text
from affil.papers.head import Head
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.types import Author, Paper

REQUIRED = ("paper", "author", "affiliation", "venue", "year")


@dataclass(slots=True)
class _Open:
    """A paper being read; authors are keyed by position and name, in order of their first row."""

    id: str
    row: int
    said: tuple[str, str, int]  # title, venue, year
    authors: dict[tuple[Any, str], list[str]] = field(default_factory=dict)
    of_paper: list[str] = field(default_factory=list)


def read_long_form(source: Source) -> Numbered:
    """Papers with the number of their first row.

    Columns: `paper` (its id), `author`, `affiliation`, `venue`, `year`; optionally `title`, and `position` (of the author, an
    integer; without it, rows with the same name are one author). The rows of a paper must be consecutive. A blank affiliation
    means an author without one; an affiliation without an author belongs to the paper, which is then unaligned.

    Raises:
        InputError: a column is missing, a row lacks its paper, venue or year, or contradicts an earlier row of its paper.
    """
    done: set[str] = set()
    current: _Open | None = None
    with source.table() as table:
        for column in REQUIRED:
            if column not in table.columns:
                needed = f"the columns are {', '.join(REQUIRED)}, and if you like title and position"
                raise InputError(table.name, f"no column {column!r}", fix=needed)
        for batch in table.batches(source.settings.rows):
            columns = {c: batch.columns.get(c, [None] * len(batch)) for c in (*REQUIRED, "title", "position")}
            for row, *values in zip(batch.rows, *columns.values(), strict=True):
                cells = dict(zip(columns, values, strict=True))
                identifier = _text(cells["paper"])
                if not identifier:
                    raise InputError(table.name, "paper is blank", row=row, fix="give each row the id of its paper")
                if current is None or identifier != current.id:
                    if current is not None:
                        yield _closed(current, source)
                        done.add(current.id)
                    if identifier in done:
                        problem = f"the rows of paper {identifier!r} do not stand together"
                        raise InputError(table.name, problem, row=row, fix="sort the table by paper")
                    current = _Open(identifier, row, _said(cells, table.name, row))
                elif (said := _said(cells, table.name, row)) != current.said:
                    problem = f"paper {identifier!r} has title, venue and year {said}, but {current.said} in row {current.row}"
                    raise InputError(table.name, problem, row=row, fix="make them the same")
                _add(current, cells, table.name, row)
        if current is not None:
            yield _closed(current, source)


def _recognises(head: Head) -> bool:
    return head.headings.issuperset(REQUIRED)


LONG_FORM = Reader(
    name="table",
    title="a table with a row for each author and affiliation",
    recognises=_recognises,
    read=read_long_form,
    fields="`paper` (its id), `author`, `affiliation`, `venue`, `year`; optionally `title` and `position` of the author.",
    lost="Other columns are ignored.",
    export="Write it from a spreadsheet or a program of your own.",
    specification="",
)


def _said(cells: dict[str, Any], name: str, row: int) -> tuple[str, str, int]:
    venue, year = _text(cells["venue"]), cells["year"]
    if not venue:
        raise InputError(name, "venue is blank", row=row, fix="give each row the venue of its paper")
    return _text(cells["title"]), venue, _number(year, "year", name, row, 1900, 2100)


def _number(value: Any, what: str, name: str, row: int, least: int, most: int) -> int:
    text = _text(value)
    number = int(text) if text.isdecimal() else int(value) if isinstance(value, float) and value.is_integer() else None
    if number is None or not least <= number <= most:
        problem = f"{what} is blank" if not text else f"{what} is no whole number from {least} to {most}: {text!r}"
        raise InputError(name, problem, row=row, fix=f"write it like {2024 if what == 'year' else 1}")
    return number


def _add(paper: _Open, cells: dict[str, Any], name: str, row: int) -> None:
    author, affiliation = _text(cells["author"]), _text(cells["affiliation"])
    if not author:
        paper.of_paper += [affiliation] if affiliation else []
        return
    given = _text(cells["position"])
    position = _number(cells["position"], "position", name, row, 0, 1 << 20) if given else None
    strings = paper.authors.setdefault((position, author), [])
    if affiliation and affiliation not in strings:
        strings.append(affiliation)


def _closed(paper: _Open, source: Source) -> tuple[int, Paper]:
    if all(position is not None for position, _ in paper.authors):
        paper.authors = dict(sorted(paper.authors.items(), key=lambda item: item[0][0]))
    title, venue, year = paper.said
    authors = tuple(Author(author, tuple(strings)) for (_, author), strings in paper.authors.items())
    if not paper.of_paper:
        return paper.row, Paper(paper.id, title, venue, year, authors)
    if any(a.affiliations for a in authors):
        source.report(paper.row, "has an affiliation without an author: counted by paper", lost=False)
    strings = (*paper.of_paper, *(s for a in authors for s in a.affiliations))
    named = tuple(Author(a.name) for a in authors)
    return paper.row, Paper(paper.id, title, venue, year, named, False, tuple(dict.fromkeys(strings)))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return whole_text(value)
    return "" if value is None or value != value else str(value).strip()
