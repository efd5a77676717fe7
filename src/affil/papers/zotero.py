"""Zotero's CSV export: a row an item, without affiliations."""

from __future__ import annotations

from collections.abc import Mapping

from affil.io.semicolons import between_semicolons
from affil.papers.common import bare_doi
from affil.papers.draft import Draft, doi_id, finish, year_in
from affil.papers.head import Head
from affil.papers.pairing import has_others, is_nobody
from affil.papers.proceedings import venue_or_conference
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.types import Author
from affil.wording import said

_PAPERS = frozenset(["bookSection", "conferencePaper", "journalArticle", "magazineArticle", "preprint"])


def read_zotero(source: Source) -> Numbered:
    """Papers with the numbers of their rows.

    Raises:
        InputError: the table is broken.
    """
    for row, cells in source.rows():
        yield from finish(source, row, _draft(cells))


def _recognises(head: Head) -> bool:
    return {"key", "item type", "publication title", "author"} <= head.headings


ZOTERO = Reader(
    name="zotero",
    title="Zotero: CSV",
    recognises=_recognises,
    read=read_zotero,
    fields=(
        "`Key` (of which the paper's id is made), `Title`, `Publication Year` (else `Date`), `Author`, `DOI`; the venue is"
        " `Publication Title`, or `Conference Name` where that is blank or a book series."
    ),
    lost=(
        "Zotero keeps no affiliations: give the same papers from another source besides, such as OpenAlex, and both become one paper by its"
        " DOI. Items that are no articles, papers, chapters or preprints are left out."
    ),
    export="Mark a collection, right-click, Export Collection, Format “CSV”.",
    specification="https://www.zotero.org/support/kb/exporting",
    escaped="titles",
)


def _draft(cells: Mapping[str, str]) -> Draft | str:
    kind, key, doi = cells.get("item type", ""), cells.get("key", ""), bare_doi(cells.get("doi", ""))
    if kind not in _PAPERS:
        return said("is no paper: {0}", kind)
    venue = venue_or_conference(
        cells.get("publication title", ""), cells.get("conference name", "") or cells.get("meeting name", "")
    )
    year = year_in(cells.get("publication year", ""), cells.get("date", ""))
    listed = [n for n in between_semicolons(cells.get("author", "")) if n]
    authors = tuple(Author(n) for n in listed if not is_nobody(n))
    identifier = f"zotero:{key}" if key else doi_id(doi)
    return Draft(identifier, cells.get("title", ""), venue, year, authors, doi, cut_off=has_others(listed))
