"""Lens.org's CSV export of scholarly works: a row a work, without affiliations."""

from __future__ import annotations

from collections.abc import Mapping

from affil.papers.common import bare_doi, made_id, year_in
from affil.papers.head import Head
from affil.papers.pairing import NONE, is_nobody
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.types import Author, Paper

_NOT_PAPERS = frozenset(
    ["book", "conference proceedings", "dataset", "dissertation", "erratum", "journal", "journal issue", "reference entry"]
)


def read_lens(source: Source) -> Numbered:
    """Papers with the numbers of their rows.

    Raises:
        InputError: the table is broken.
    """
    for row, cells in source.rows():
        paper, problem = _paper(cells)
        source.report(row, problem, lost=paper is None)
        if paper is not None:
            yield row, paper


def _recognises(head: Head) -> bool:
    return {"lens id", "title", "source title"} <= head.headings


LENS = Reader(
    name="lens",
    title="Lens.org: CSV",
    recognises=_recognises,
    read=read_lens,
    fields="`Lens ID` (the paper's id), `Title`, `Publication Year` (else `Date Published`), `Source Title`, `Author/s`, `DOI`.",
    lost=(
        "The CSV holds no affiliations at all: give the same works from another source besides, such as OpenAlex, and both become one"
        " paper by its DOI. Books, data sets, dissertations and errata are left out."
    ),
    export="On the page of results: Export, CSV, all fields; up to 50,000 works a file.",
    specification="https://support.lens.org/knowledge-base/scholarly-field-definition/",
)


def _paper(cells: Mapping[str, str]) -> tuple[Paper | None, str]:
    """The paper, or None, and problems to report."""
    kind, venue = cells.get("publication type", ""), cells.get("source title", "")
    year = year_in(cells.get("publication year", "")) or year_in(cells.get("date published", ""))
    if kind in _NOT_PAPERS:
        return None, f"is no paper: {kind}"
    if year is None:
        return None, "has no Publication Year"
    if not venue:
        return None, "has no Source Title"
    title, doi = cells.get("title", ""), bare_doi(cells.get("doi", ""))
    names = [n for n in map(str.strip, cells.get("author/s", "").split(";")) if n and not is_nobody(n)]
    number = cells.get("lens id", "")
    identifier = f"lens:{number}" if number else made_id(title, year, next(iter(names), ""), doi)
    return Paper(identifier, title, venue, year, tuple(map(Author, names)), doi=doi), NONE
