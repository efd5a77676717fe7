"""Papers as a table (a spreadsheet, delimited text or Parquet) with one row per author and affiliation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from affil.errors import InputError
from affil.io.headings import AFFILIATION, PAPERS, find, plain
from affil.io.table import listed
from affil.papers.common import bare_doi, whole_text
from affil.papers.head import Head
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.types import Author, Paper

REQUIRED = ("author", "affiliation", "venue", "year")
NAMES = ("paper", "doi", "title")
"""What tells papers apart, the surest first; a table has at least one of them."""
FIELDS = (*REQUIRED, *NAMES, "position")


@dataclass(slots=True)
class _Open:
    """A paper being read; authors are keyed by position and name, in order of their first row."""

    id: str
    row: int
    said: tuple[str, str, int]  # title, venue, year
    doi: str
    authors: dict[tuple[Any, str], list[str]] = field(default_factory=dict)
    of_paper: list[str] = field(default_factory=list)
    together: bool = False  # whether a cell names several authors


def read_long_form(source: Source) -> Numbered:
    """Papers with the number of their first row.

    Columns: `author`, `affiliation`, `venue`, `year`; `paper` (its id), or without it `doi` or `title`, which then tell papers apart (a
    title with venue and year); and optionally `position` (of the author, a whole number; without it, rows of one name are one author),
    by these or other usual names (see `columns_of`). The rows of a paper stand together. A blank affiliation is an author without one;
    an affiliation without an author belongs to the paper, which then counts by paper; and so does one whose authors are listed in one
    cell, with semicolons or bars.

    Raises:
        InputError: a column is missing, a row lacks its paper, venue or year, or contradicts an earlier row of its paper.
    """
    done: set[str] = set()
    current: _Open | None = None
    with source.table() as table:
        where = columns_of(table.columns, source.mapping, table.name)
        for batch in table.batches(source.settings.rows):
            columns = [batch.columns[where[f]] if f in where else [None] * len(batch) for f in FIELDS]
            for row, *values in zip(batch.rows, *columns, strict=True):
                cells = dict(zip(FIELDS, values, strict=True))
                said = _said(cells, table.name, row)
                identifier = _text(cells["paper"]) if "paper" in where else _named(cells, said)
                if not identifier:
                    blank = "paper is blank" if "paper" in where else "DOI and title are blank"
                    raise InputError(table.name, blank, row=row, fix="give each row the id of its paper")
                if current is None or identifier != current.id:
                    if current is not None:
                        yield _closed(current, source)
                        done.add(current.id)
                    if identifier in done:
                        problem = f"the rows of paper {identifier!r} do not stand together"
                        raise InputError(table.name, problem, row=row, fix="sort the table by paper")
                    current = _Open(identifier, row, said, bare_doi(_text(cells["doi"])))
                elif said != current.said:
                    problem = f"paper {identifier!r} has title, venue and year {said}, but {current.said} in row {current.row}"
                    raise InputError(table.name, problem, row=row, fix="make them the same")
                _add(current, cells, table.name, row)
        if current is not None:
            yield _closed(current, source)


def columns_of(columns: Sequence[str], mapping: Mapping[str, str], name: str) -> dict[str, str]:
    """The heading of each field that a table has: that which is mapped to it, else its usual name, the likeliest first.

    Args:
        columns: the headings.
        mapping: headings and the fields (`FIELDS`) that they stand for.
        name: what errors call the table.

    Raises:
        InputError: a required field has none, or the mapping names a heading or field that there is not.
    """
    found = _found(columns)
    for meant in {m for m in mapping.values() if [*mapping.values()].count(m) > 1}:
        raise InputError(name, f"two columns are mapped to {meant!r}", fix="correct --map")
    for heading, meant in mapping.items():
        here = [heading] if heading in columns else find(columns, heading)
        if len(here) != 1:
            raise InputError(name, f"no column {heading!r}; its columns are: {listed(columns)}", fix="correct --map")
        if meant not in FIELDS:
            raise InputError(name, f"no field {meant!r}", fix=f"map {heading} to one of {', '.join(FIELDS)}")
        found[meant] = here[0]
    for wanted in _lacking(found):
        needed = f"the columns are {', '.join(REQUIRED)}, and paper, doi or title, and if you like position"
        problem = f"no column {wanted!r}, nor one of a usual name for it; its columns are: {listed(columns)}"
        raise InputError(name, problem, fix=f"{needed}; for another heading: --map HEADING={wanted}")
    return found


def _lacking(found: Mapping[str, str]) -> list[str]:
    """The fields that a table needs and lacks."""
    return [f for f in REQUIRED if f not in found] + ([] if any(f in found for f in NAMES) else ["paper"])


def _found(columns: Sequence[str]) -> dict[str, str]:
    """The heading of each field by its usual names."""
    by_name = {plain(c): c for c in reversed(columns)}
    usual = {**PAPERS, "affiliation": ("affiliation", *sorted(AFFILIATION))}
    hits = {field: next((by_name[n] for n in names if n in by_name), None) for field, names in usual.items()}
    return {field: heading for field, heading in hits.items() if heading is not None}


def _recognises(head: Head) -> bool:
    return not _lacking(_found(head.columns))


LONG_FORM = Reader(
    name="table",
    title="a table with a row for each author and affiliation",
    recognises=_recognises,
    read=read_long_form,
    fields="`author`, `affiliation`, `venue`, `year`; `paper` (its id), or without it `doi` or `title`, which then tell papers "
    "apart; optionally `position` (of the author). "
    "Headings may be in any case, and other usual ones: Paper ID, Journal, Source title, Publication year, Author name, Address; "
    "论文编号, 题名, 期刊, 年份, 作者, 作者单位. For others: `--map Periodical=venue`.",
    lost="Other columns are ignored. Where one cell lists a paper's authors, and another its affiliations (`Li, W.; Chen, B.`), it is not "
    "said whose each is: such papers are counted by paper.",
    export="Write it from a spreadsheet (.xlsx, .xls, .ods, or CSV with any delimiter) or a program of your own, with a row for each "
    "author and affiliation and the rows of a paper together.",
    specification="",
)


def _named(cells: dict[str, Any], said: tuple[str, str, int]) -> str:
    """The id of a paper in a table without ids: its DOI, else its title with venue and year; "" where it has neither."""
    title, venue, year = said
    return bare_doi(_text(cells["doi"])) or (f"{title} ({venue}, {year})" if title else "")


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
    names = _listed(author)
    if len(names) != 1:
        paper.together = paper.together or len(names) > 1
        paper.authors |= {(None, one): [] for one in names}
        paper.of_paper += _listed(affiliation) if names else [affiliation] if affiliation else []
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
        return paper.row, Paper(paper.id, title, venue, year, authors, doi=paper.doi)
    if paper.together:
        source.report(
            paper.row, "names several authors in one cell, and not whose affiliation is which: counted by paper", lost=False
        )
    elif any(a.affiliations for a in authors):
        source.report(paper.row, "has an affiliation without an author: counted by paper", lost=False)
    strings = (*paper.of_paper, *(s for a in authors for s in a.affiliations))
    named = tuple(Author(a.name) for a in authors)
    return paper.row, Paper(paper.id, title, venue, year, named, False, tuple(dict.fromkeys(strings)), paper.doi)


def _listed(cell: str) -> list[str]:
    """What a cell lists with semicolons, or with bars."""
    return [one for part in re.split("[;；|]", cell) if (one := part.strip())]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return whole_text(value)
    return "" if value is None or value != value else str(value).strip()
