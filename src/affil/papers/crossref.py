"""Works of Crossref, as its API and its yearly dump give them: answers, pages, lists, lines, and `items` files.

Fields read: `DOI`, `type`, `title`, `container-title`, `event`, `issued` and other dates, `author` with `affiliation` (`name`,
`department`, `place`, `id`), `update-to`, `updated-by`. CSL JSON, as doi.org gives it, has the same fields.
"""

from __future__ import annotations

from typing import Any

from affil.errors import InputError
from affil.papers.common import bare_doi
from affil.papers.draft import Draft, finish
from affil.papers.head import Head
from affil.papers.json_values import inside, joined, members, objects, text, texts, year
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.types import Author
from affil.wording import said

_KEYS = (("DOI", "container-title"), ("DOI", "author"), ("DOI", "type", "prefix"), ("DOI", "type", "member"))
_PREPRINTS = {"posted-content", "preprint"}
_NO_PAPERS = {
    "book-series", "book-set", "component", "database", "dataset", "grant", "journal", "journal-issue", "journal-volume", "other",
    "peer-review", "proceedings", "proceedings-series", "report-series", "standard", "standard-series",
}  # fmt: skip
_IN_BOOKS = {"book-chapter", "book-part", "book-section", "book-track", "chapter", "paper-conference", "proceedings-article"}
_RETRACTIONS = {"removal", "retraction", "withdrawal"}
_NOTICES = _RETRACTIONS | {
    "addendum", "clarification", "correction", "corrigendum", "erratum", "expression_of_concern", "partial_retraction",
}  # fmt: skip
_DATES = ("issued", "published", "published-print", "published-online", "published-other")


def read_crossref(source: Source) -> Numbered:
    """Papers with the number of their line or record; what is no paper, or has no venue or year, is left out and reported.

    Raises:
        InputError: the file is no JSON, or a record is no work.
    """
    for row, work in source.records(_place(source.head) or ""):
        if not isinstance(work, dict) or not ("DOI" in work or "type" in work):
            fix = said("give works as the API gives them")
            raise InputError(source.name, said("is no work of Crossref: neither DOI nor type"), row=row, fix=fix)
        yield from finish(source, row, _draft(work))


def _place(head: Head) -> str | None:
    """Where the works stand; of an answer without any, where they would."""
    found = [place for keys in _KEYS if (place := head.place_of(*keys)) is not None]
    if found:
        return min(found, key=lambda place: place.count("."))  # references, further in, have a DOI and an author too
    if head.keys.get("", frozenset()) >= {"message-type", "message"}:
        return "message.items.item"
    return None


def _recognises(head: Head) -> bool:
    return _place(head) is not None


CROSSREF = Reader(
    name="crossref",
    title=said("Crossref works"),
    recognises=_recognises,
    read=read_crossref,
    fields=(
        "`DOI`, `type`, `title`; the venue is the first `container-title` (of chapters and papers in proceedings the last, as the "
        "first is often the series), else `event.name`; the year is that of `issued`, else of `published`; of each `author` `given` "
        "and `family`, or `name`, and of each `affiliation` the `name`, with `department` in front and `place` behind where Crossref "
        "has them apart; where it has only an `id` (ROR), that."
    ),
    lost=(
        "Preprints (`posted-content`), components, peer reviews, grants, datasets, whole journals and proceedings, notices about other "
        "papers (`update-to`) and retracted papers are left out, as are works without a year or a venue. Many publishers deposit no "
        "affiliations: such papers come without. The `id` of an affiliation that has a name is not read."
    ),
    export=(
        "`affil fetch crossref --issn ...`; or any answer of <https://api.crossref.org/works?filter=issn:...>, saved as it comes; or "
        "the files of the yearly [public data file](https://www.crossref.org/learning/public-data-file/), packed as they are."
    ),
    specification="https://github.com/CrossRef/rest-api-doc/blob/master/api_format.md",
    escaped="all",
)


def _draft(work: dict[str, Any]) -> Draft | str:
    """What a work says of a paper, or why it is none."""
    doi, kind = bare_doi(text(work, "DOI")), text(work, "type")
    if not doi:
        return said("has no DOI")
    if kind in _PREPRINTS:
        return said("is a preprint (posted-content)")
    if kind in _NO_PAPERS:
        return said("is of type {0}, no paper", kind)
    if any(_kind(update) in _NOTICES for update in objects(work, "update-to")):
        return said("is a notice about another paper (a correction, a retraction)")
    if any(_kind(update) in _RETRACTIONS for update in objects(work, "updated-by")):
        return said("is retracted")
    published = next(filter(None, (year(inside(work, date, "date-parts")) for date in _DATES)), "")
    title = next(iter(texts(work, "title")), "")
    authors = tuple(_author(a) for a in objects(work, "author"))
    draft = Draft(f"doi:{doi}", title, _venue(work, kind), published, authors, doi)
    draft.no_year, draft.no_venue = said("has no year (issued)"), said("has no venue: neither a container-title nor an event")
    return draft


def _kind(update: dict[str, Any]) -> str:
    return text(update, "type").lower().replace(" ", "_")


def _venue(work: dict[str, Any], kind: str) -> str:
    titles = texts(work, "container-title")
    if titles:
        return titles[-1 if kind in _IN_BOOKS else 0]
    return text(work, "event", "name") or text(work, "event-title") or (text(work, "event") if kind != "speech" else "")


def _author(author: dict[str, Any]) -> Author:
    person = " ".join(filter(None, (text(author, "given"), text(author, "family"), text(author, "suffix"))))
    name = person or text(author, "name") or text(author, "literal")
    return Author(name, tuple(filter(None, map(_affiliation, members(author, "affiliation")))))


def _affiliation(affiliation: Any) -> str:
    if isinstance(affiliation, str):
        return text(affiliation)
    name = joined(*texts(affiliation, "department"), text(affiliation, "name"), *texts(affiliation, "place"))
    return name or next(filter(None, (text(one, "id") for one in objects(affiliation, "id"))), "")
