"""Papers as a table (a spreadsheet, delimited text or Parquet) with one row per author and affiliation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from affil.errors import InputError
from affil.io.headings import PAPERS, find, plain, stem
from affil.io.people import people_in
from affil.io.semicolons import between_semicolons
from affil.io.table import in_one_cell, listed, title_hint
from affil.papers.common import bare_doi, cell_text
from affil.papers.draft import CUT_OFF, NO_AFFILIATION, NOT_UNDERSTOOD, year_in
from affil.papers.head import Head
from affil.papers.pairing import has_others, is_nobody
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.types import Author, Paper
from affil.wording import joined, said

REQUIRED = ("author", "affiliation", "venue", "year")
NAMES = ("paper", "doi", "title")
"""What tells papers apart, the surest first; a table has at least one of them."""
FIELDS = (*REQUIRED, *NAMES, "position")


_WHOLE = re.compile(r"(\d{1,9})(?:\.0+)?")  # some programs write 2 as 2.0


@dataclass(slots=True)
class _Said:
    """What rows say of their paper; "" and None where they say nothing."""

    title: str = ""
    venue: str = ""
    year: int | None = None
    doi: str = ""

    def agrees(self, other: _Said) -> bool:
        """Whether both can be said of one paper, of whose title, venue and year each may leave some blank."""
        pairs = ((self.title, other.title), (self.venue, other.venue), (self.year, other.year))
        return all(not mine or not theirs or mine == theirs for mine, theirs in pairs)

    def filled(self, other: _Said) -> _Said:
        """With what another says where this says nothing."""
        return _Said(self.title or other.title, self.venue or other.venue, self.year or other.year, self.doi or other.doi)


@dataclass(slots=True)
class _Open:
    """A paper being read; authors are keyed by position and name, in order of their first row. `key` is what its rows share."""

    key: str
    row: int
    said: _Said
    titled: bool  # whether that is its title
    authors: dict[tuple[Any, str], list[str]] = field(default_factory=dict)
    of_paper: list[str] = field(default_factory=list)
    together: bool = False  # whether a cell names several authors
    cut_off: bool = False  # whether a cell says that there are other authors
    differs: int = 0  # the first row that says something else
    dated: str = ""  # what stands in place of a year and is none


def read_long_form(source: Source) -> Numbered:
    """Papers with the number of their first row.

    Columns: `author`, `affiliation`, `venue`, `year`; `paper` (its id), or without it `doi` or `title`, which then tell papers apart (a
    title with venue and year); and optionally `position` (of the author, a whole number; without it, rows of one name are one author),
    by these or other usual names (see `columns_of`). The rows of a paper stand together. A blank affiliation is an author without one;
    an affiliation without an author belongs to the paper, which then counts by paper; and so does one whose authors are listed in one
    cell (see `affil.io.people.people_in`). What a row leaves blank of its paper, another may say. A paper without a venue or a year from
    1900 to 2100, or whose rows contradict each other, is left out and reported, and so is a row without its paper.

    Raises:
        InputError: a column is missing, the rows of a paper do not stand together, or no paper can be read.
    """
    done: set[str] = set()
    lost: tuple[int, str] | None = None
    for row, read, dated in _papers(source):
        if isinstance(read, str):
            source.report(row, read, lost=True, value=dated)
            lost = lost or (row, f"{read}: {dated!r}" if dated else read)
            continue
        if read.id in done:
            problem = said("the rows of paper {0!r} do not stand together", read.id)
            raise InputError(source.name, problem, row=row, fix=said("sort the table by paper"))
        done.add(read.id)
        yield row, read
    if lost and not done:
        problem = said("holds no paper that can be read: the first {0}", lost[1])
        raise InputError(source.name, problem, row=lost[0], fix=said("give each row its paper, a venue, and a year like 2024"))


def _papers(source: Source) -> Iterator[tuple[int, Paper | str, str]]:
    """The papers with their first rows, or why one is left out, the row that says so, and what stands there as a year and is none."""
    current: _Open | None = None
    with source.table() as table:
        where = columns_of(table.columns, source.mapping, table.name)
        numbered = _numbered(table.columns, where["affiliation"], source)
        for batch in table.batches(source.settings.rows):
            columns = [batch.columns[where[f]] if f in where else [None] * len(batch) for f in FIELDS]
            columns += [batch.columns[c] for c in numbered]
            for row, *values in zip(batch.rows, *columns, strict=True):
                if any(isinstance(value, (list, dict)) for value in values):
                    raise InputError(
                        table.name, said("holds a list where text should stand"), row=row, fix=said("write text or a number")
                    )
                texts = [*map(cell_text, values)]
                cells = dict(zip(FIELDS, texts, strict=False))
                stated = _Said(cells["title"], cells["venue"], _year(cells["year"]), bare_doi(cells["doi"]))
                key = cells["paper"] if "paper" in where else stated.doi or stated.title
                if not key:
                    yield row, said("has no id of its paper") if "paper" in where else said("has neither DOI nor title"), ""
                    continue
                same = current is not None and key == current.key
                if current is None or not same or ("paper" not in where and not stated.doi and not stated.agrees(current.said)):
                    if current is not None:
                        yield *_closed(current, source), current.dated
                    current = _Open(key, row, stated, titled="paper" not in where and not stated.doi)
                elif not stated.agrees(current.said):
                    current.differs = current.differs or row
                current.said = current.said.filled(stated)
                current.dated = current.dated or ("" if stated.year else cells["year"])
                for affiliation in dict.fromkeys((cells["affiliation"], *filter(None, texts[len(FIELDS) :]))):
                    _add(current, {**cells, "affiliation": affiliation}, source, row)
        if current is not None:
            yield *_closed(current, source), current.dated


def _numbered(columns: Sequence[str], chosen: str, source: Source) -> list[str]:
    """The other columns of affiliations that only a number tells from the chosen one ("Affiliation 1", "Affiliation 2"), which are read as
    well; that is said, and what other columns of affiliations are not read.
    """
    others = [c for c in find(columns, None) if c != chosen and c not in source.mapping]
    same = [c for c in others if stem(c) == stem(chosen) and chosen not in source.mapping]
    left = [c for c in others if c not in same]
    if others:
        read = said("the affiliations are those of {0}", listed([chosen, *same]))
        source.note(
            read + (said("; not read: {0} (to read it instead: --map {1}=affiliation)", listed(left), left[0]) if left else "")
        )
    return same


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
        raise InputError(name, said("two columns are mapped to {0!r}", meant), fix=said("correct --map"))
    for heading, meant in mapping.items():
        here = [heading] if heading in columns else find(columns, heading)
        if len(here) != 1:
            raise InputError(
                name, said("no column {0!r}; its columns are: {1}", heading, listed(columns)), fix=said("correct --map")
            )
        if meant not in FIELDS:
            raise InputError(name, said("no field {0!r}", meant), fix=said("map {0} to one of {1}", heading, ", ".join(FIELDS)))
        found[meant] = here[0]
    if wanted := _lacking(found):
        in_one_cell(name, columns)
        needed = said("the columns are {0}, and paper, doi or title, and if you like position", ", ".join(REQUIRED))
        named = joined(" and no column ", map(repr, wanted))
        problem = (
            said("no column {0}, nor one of a usual name for it; its columns are: {1}", named, listed(columns))
            if len(wanted) == 1
            else said("no column {0}, nor one of a usual name for them; its columns are: {1}", named, listed(columns))
        )
        raise InputError(
            name, problem, fix=said("{0}; for another heading: --map HEADING={1}{2}", needed, wanted[0], title_hint(columns))
        )
    return found


def _lacking(found: Mapping[str, str]) -> list[str]:
    """The fields that a table needs and lacks."""
    return [f for f in REQUIRED if f not in found] + ([] if any(f in found for f in NAMES) else ["paper"])


def _found(columns: Sequence[str]) -> dict[str, str]:
    """The heading of each field by its usual names; of several for affiliations that which says so, else those that are numbered."""
    by_name = {plain(c): c for c in reversed(columns)}
    hits = {field: next((by_name[n] for n in names if n in by_name), None) for field, names in PAPERS.items()}
    stems = {c: stem(c) for c in find(columns, None)}
    kinds = [*stems.values()]
    likely = sorted(stems, key=lambda c: (stems[c] != "affiliation", -kinds.count(stems[c]), stems[c]))
    hits["affiliation"] = next(iter(likely), None)
    return {field: heading for field, heading in hits.items() if heading is not None}


def _recognises(head: Head) -> bool:
    return not _lacking(_found(head.columns))


LONG_FORM = Reader(
    name="table",
    title=said("a table with a row for each author and affiliation"),
    recognises=_recognises,
    read=read_long_form,
    fields="`author`, `affiliation`, `venue`, `year`; `paper` (its id), or without it `doi` or `title`, which then tell papers "
    "apart; optionally `position` (of the author). "
    "Headings may be in any case, and other usual ones: Paper ID, Journal, Source title, Publication year, Author name, Address; "
    "论文编号, 题名, 期刊, 年份, 作者, 作者单位. For others: `--map Periodical=venue`.",
    lost="Other columns are ignored. Where one cell lists a paper's authors, and another its affiliations (`Li, W.; Chen, B.`, `Li W, Chen B`,"
    " `李伟、陈博`), it is not said whose each is: such papers are counted by paper. Papers without a venue or a year from 1900 to 2100, papers"
    " whose rows contradict each other, and rows without their paper are left out, with their rows.",
    export="Write it from a spreadsheet (.xlsx, .xls, .ods, or CSV with any delimiter) or a program of your own, with a row for each "
    "author and affiliation and the rows of a paper together.",
    specification="",
    own_ids=True,
)


def _add(paper: _Open, cells: dict[str, str], source: Source, row: int) -> None:
    author, affiliation = cells["author"], cells["affiliation"]
    listed = people_in(author)
    names = [one for one in listed if not is_nobody(one)]
    paper.cut_off = paper.cut_off or has_others(listed)
    if len(listed) != 1:
        paper.together = paper.together or len(listed) > 1
        paper.authors |= {(None, one): [] for one in names}
        paper.of_paper += _listed(affiliation) if listed else [affiliation] if affiliation else []
        return
    author, affiliation = author.rstrip("；; "), affiliation.rstrip("；; ")  # CNKI ends lists so
    number = _WHOLE.fullmatch(cells["position"])
    position = int(number[1]) if number else None
    if cells["position"] and position is None:
        source.report(row, said("has a position that is no whole number: its authors stand as their rows do"), lost=False)
    strings = paper.authors.setdefault((position, author), [])
    if affiliation and affiliation not in strings:
        strings.append(affiliation)


def _closed(paper: _Open, source: Source) -> tuple[int, Paper | str]:
    stated, row, year = paper.said, paper.row, paper.said.year or 0
    if paper.cut_off:
        source.report(row, CUT_OFF, lost=False)
    if paper.differs:
        return paper.differs, said("says another title, venue or year than the rows above it of the same paper")
    if (stated.year is None or not stated.venue) and not source.strings_only:
        return row, said("has no venue") if stated.year else NOT_UNDERSTOOD if paper.dated else said("has no year")
    if all(position is not None for position, _ in paper.authors):
        paper.authors = dict(sorted(paper.authors.items(), key=lambda item: item[0][0]))
    id = f"{stated.title} ({stated.venue}, {stated.year})" if paper.titled else paper.key
    authors = tuple(Author(author, tuple(strings)) for (_, author), strings in paper.authors.items())
    if not paper.of_paper:
        if not any(a.affiliations for a in authors):
            source.report(row, NO_AFFILIATION, lost=False)
        return row, Paper(id, stated.title, stated.venue, year, authors, doi=stated.doi)
    if paper.together:
        source.report(
            row, said("names several authors in one cell, and not whose affiliation is which: counted by paper"), lost=False
        )
    elif any(a.affiliations for a in authors):
        source.report(row, said("has an affiliation without an author: counted by paper"), lost=False)
    strings = (*paper.of_paper, *(s for a in authors for s in a.affiliations))
    named = tuple(Author(a.name) for a in authors)
    return row, Paper(id, stated.title, stated.venue, year, named, False, tuple(dict.fromkeys(strings)), stated.doi)


def _year(cell: str) -> int | None:
    found = year_in(cell)
    return found if isinstance(found, int) else None


def _listed(cell: str) -> list[str]:
    """What a cell lists with semicolons, bars or line breaks."""
    return [one for part in between_semicolons(cell) for piece in re.split(r"[|\r\n]", part) if (one := piece.strip())]
