"""DOIs of DataCite as JSON: answers of its API, its public data file (JSON Lines), and DataCite JSON alone.

Fields read: `doi`, `titles`, `publicationYear`, `container`, `relatedItems`, `publisher`, `types`, `creators` with `affiliation`,
which is text, or an object with `name`, or a list of either.
"""

from __future__ import annotations

from typing import Any

from affil.errors import InputError
from affil.papers.common import bare_doi
from affil.papers.draft import Draft, finish
from affil.papers.head import Head
from affil.papers.json_values import inside, members, objects, text, year
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.types import Author
from affil.wording import said

_KEYS = ("creators", "titles")
_PAPERS = frozenset(["", "BookChapter", "ConferencePaper", "DataPaper", "Dissertation", "JournalArticle", "Report", "Text"])


def read_datacite(source: Source) -> Numbered:
    """Papers with the number of their line or record; what is no paper, or has no venue or year, is left out and reported.

    Raises:
        InputError: the file is no JSON, or a record has no creators.
    """
    for row, record in source.records(_place(source.head) or ""):
        if not isinstance(record, dict) or "creators" not in record:
            fix = said("give DOIs as the API of DataCite gives them")
            raise InputError(source.name, said("is no DOI of DataCite: no creators"), row=row, fix=fix)
        yield from finish(source, row, _draft(record))


def _place(head: Head) -> str | None:
    """Where the metadata stand; of an answer without any, where they would."""
    if (place := head.place_of(*_KEYS)) is not None:
        return place
    empty = head.keys.get("", frozenset()) >= {"data", "meta", "links"} and "data.item" not in head.keys
    return "data.item.attributes" if empty else None


def _recognises(head: Head) -> bool:
    return _place(head) is not None


DATACITE = Reader(
    name="datacite",
    title="DataCite JSON",
    recognises=_recognises,
    read=read_datacite,
    fields=(
        "`doi`, the first of `titles`, `publicationYear` (else the date `Issued`); the venue is the title of `container`, else that of "
        "the item among `relatedItems` in which it is published, else the `publisher`; of each of the `creators` the name and every "
        "`affiliation` (text, or the `name` of an object, or its identifier where it has no name)."
    ),
    lost=(
        "Only what can be a paper is read: articles, conference papers, chapters, data papers, reports, dissertations and text. "
        "Datasets, software, preprints and everything else are left out by `resourceTypeGeneral`, as are records without a year or a "
        "venue. Identifiers of affiliations that have a name are not read."
    ),
    export=(
        "Any answer of <https://api.datacite.org/dois?query=...&affiliation=true>, saved as it comes, or the files of its public data "
        "file. Without `affiliation=true` only the names of affiliations come, which is enough."
    ),
    specification="https://support.datacite.org/docs/api",
    escaped="all",
)


def _draft(record: dict[str, Any]) -> Draft | str:
    """What a record says of a paper, or why it is none."""
    kind = text(record, "types", "resourceTypeGeneral")
    if kind == "Preprint":
        return said("is a preprint")
    if kind not in _PAPERS:
        return said("is of type {0}, no paper", kind)
    identifiers = (text(one, "identifier") for one in objects(record, "identifiers") if text(one, "identifierType") == "DOI")
    doi = next(filter(None, map(bare_doi, (text(record, "doi"), text(record, "id"), *identifiers))), "")
    if not doi:
        return said("has no DOI")
    main = (text(one, "title") for one in objects(record, "titles") if not text(one, "titleType"))
    authors = tuple(_author(creator) for creator in objects(record, "creators"))
    published = year(record.get("publicationYear")) or _issued(record) or text(record, "publicationYear")
    draft = Draft(f"doi:{doi}", next(main, ""), _venue(record), published, authors, doi)
    draft.no_year, draft.no_venue = said("has no publicationYear"), said("has no venue: neither a container nor a publisher")
    return draft


def _issued(record: dict[str, Any]) -> int | None:
    return next((year(text(one, "date")) for one in objects(record, "dates") if text(one, "dateType") == "Issued"), None)


def _venue(record: dict[str, Any]) -> str:
    if container := text(record, "container", "title"):
        return container
    for item in objects(record, "relatedItems"):
        if text(item, "relationType") == "IsPublishedIn":
            return next((text(one, "title") for one in objects(item, "titles")), "")
    publisher = record.get("publisher")  # text, or since 2024 an object
    return text(publisher) or text(publisher, "name")


def _author(creator: dict[str, Any]) -> Author:
    person = " ".join(filter(None, (text(creator, "givenName"), text(creator, "familyName"))))
    name = person or text(creator, "name")
    return Author(name, tuple(filter(None, map(_affiliation, members(creator, "affiliation")))))


def _affiliation(affiliation: Any) -> str:
    if isinstance(affiliation, str):
        return text(affiliation)
    return text(inside(affiliation, "name")) or text(affiliation, "affiliationIdentifier")
