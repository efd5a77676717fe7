"""arXiv's metadata in XML: the feed of its API, and the formats arXiv and arXivRaw of its OAI-PMH.

Read of an `entry`: `id`, `title`, `published`, `author` (`name`, `arxiv:affiliation`), `arxiv:doi`; of an `arXiv`: `id`, `created`, `title`,
`authors` (`keyname`, `forenames`, `suffix`, `affiliation`), `doi`; of an `arXivRaw`: `id`, the date of the first `version`, `title`,
`authors` (one text), `doi`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affil.errors import InputError
from affil.papers.arxiv_authors import authors_of_line
from affil.papers.common import bare_doi
from affil.papers.draft import Draft, finish, year_in
from affil.papers.head import Head
from affil.papers.markup import each, first, local, text_of
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.types import Author
from affil.wording import said

if TYPE_CHECKING:
    from lxml import etree

_VERSION = re.compile(r"v\d+$")
_WITHDRAWN = re.compile(r"(?:(?:this|the) \w+ (?:has been|is|was|is being) )?withdrawn\b", re.IGNORECASE)
_ERROR = "/api/errors"


def read_arxiv(source: Source) -> Numbered:
    """Papers with the number of their record.

    Raises:
        InputError: the file is no well-formed XML, holds no record of arXiv, or an error that arXiv's API answered with.
    """
    for row, element in source.elements("entry", "record", "arXiv", "arXivRaw"):
        if local(element) == "entry":
            if _ERROR in first(element, "id"):
                told = first(element, "summary") or said("no reason given")
                raise InputError(
                    source.name, said("is an error that arXiv's API answered with: {0}", told), fix=said("correct the query")
                )
            yield from finish(source, row, _entry(element))
        else:
            yield from finish(source, row, _record(element))


def _recognises(head: Head) -> bool:
    if head.root in ("feed", "entry"):
        return "arxiv.org/" in head.text
    harvested = head.root in ("OAI-PMH", "ListRecords", "GetRecord", "records", "record")
    return head.root in ("arXiv", "arXivRaw") or (harvested and "arxiv.org/OAI/arXiv" in head.text)


ARXIV = Reader(
    name="arxiv",
    title="arXiv XML",
    recognises=_recognises,
    read=read_arxiv,
    fields=(
        "The id without its version, `title`, the year of the first version, each author's affiliations (in arXivRaw those in "
        "brackets, or by number from the list at the end), the DOI that the authors gave, else arXiv's own. The venue is "
        "arXiv."
    ),
    lost=(
        "Few authors give arXiv their affiliation: most papers have none, and are reported. Where the paper was published "
        "(`journal_ref`) is not read, as it is free text. Deleted and withdrawn papers are left out."
    ),
    export=(
        "`https://export.arxiv.org/api/query?search_query=cat:cs.CV&max_results=1000`, or by OAI-PMH "
        "`https://oaipmh.arxiv.org/oai?verb=ListRecords&metadataPrefix=arXiv&set=cs`; each page in a file of its own."
    ),
    specification="https://info.arxiv.org/help/api/user-manual.html",
)


def _entry(entry: etree._Element) -> Draft | str:
    identifier = first(entry, "id").partition("/abs/")[2]
    authors = tuple(
        Author(first(one, "name"), tuple(filter(None, map(text_of, each(one, "affiliation"))))) for one in each(entry, "author")
    )
    return _paper(entry, identifier, first(entry, "published", "updated"), authors, first(entry, "comment"))


def _record(record: etree._Element) -> Draft | str:
    if any(header.get("status") == "deleted" for header in each(record, "header")):
        return said("is deleted")
    held = [*each(record, "metadata/arXiv"), *each(record, "metadata/arXivRaw")] if local(record) == "record" else [record]
    if not held:
        return said("is in none of the formats arXiv and arXivRaw")
    told = held[0]
    if local(told) == "arXivRaw":
        return _paper(
            told,
            first(told, "id"),
            first(told, "version/date"),
            authors_of_line(first(told, "authors")),
            first(told, "comments"),
        )
    authors = tuple(_author(one) for one in each(told, "authors/author"))
    return _paper(told, first(told, "id"), first(told, "created"), authors, first(told, "comments"))


def _author(one: etree._Element) -> Author:
    name = " ".join(filter(None, [first(one, "forenames"), first(one, "keyname"), first(one, "suffix")]))
    return Author(name, tuple(filter(None, map(text_of, each(one, "affiliation")))))


def _paper(told: etree._Element, identifier: str, date: str, authors: tuple[Author, ...], comment: str) -> Draft | str:
    if not identifier:
        return said("has no id")
    if _WITHDRAWN.match(comment):
        return said("was withdrawn")
    number = _VERSION.sub("", identifier)
    doi = bare_doi(first(told, "doi")) or f"10.48550/arxiv.{number}".lower()
    return Draft(f"arxiv:{number}", first(told, "title"), "arXiv", year_in(date), authors, doi)
