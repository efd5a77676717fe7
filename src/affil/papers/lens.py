"""Lens.org's CSV export of scholarly works: a row a work, without affiliations."""

from __future__ import annotations

from collections.abc import Mapping

from affil.io.semicolons import between_semicolons
from affil.papers.common import bare_doi
from affil.papers.draft import Draft, doi_id, finish, year_in
from affil.papers.head import Head
from affil.papers.pairing import has_others, is_nobody
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.types import Author
from affil.wording import said

_NOT_PAPERS = frozenset(
    ["book", "conference proceedings", "dataset", "dissertation", "erratum", "journal", "journal issue", "reference entry"]
)


def read_lens(source: Source) -> Numbered:
    """Papers with the numbers of their rows.

    Raises:
        InputError: the table is broken.
    """
    for row, cells in source.rows():
        yield from finish(source, row, _draft(cells))


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
    escaped="titles",
)


def _draft(cells: Mapping[str, str]) -> Draft | str:
    kind, number, doi = cells.get("publication type", ""), cells.get("lens id", ""), bare_doi(cells.get("doi", ""))
    if kind in _NOT_PAPERS:
        return said("is no paper: {0}", kind)
    year = year_in(cells.get("publication year", ""), cells.get("date published", ""))
    listed = [n for n in between_semicolons(cells.get("author/s", "")) if n]
    authors = tuple(Author(n) for n in listed if not is_nobody(n))
    identifier = f"lens:{number}" if number else doi_id(doi)
    venue, cut_off = cells.get("source title", ""), has_others(listed)
    return Draft(identifier, cells.get("title", ""), venue, year, authors, doi, cut_off=cut_off)
