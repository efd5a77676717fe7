"""Results of Europe PMC's search as JSON (`resultType=core`): pages, lists, and lines; or as XML, which holds the same fields.

Fields read: `pmid`, `id`, `source`, `doi`, `title`, `pubYear`, `journalInfo`, `pubTypeList`, `authorList` with
`authorAffiliationDetailsList`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from affil.errors import InputError
from affil.papers.common import bare_doi
from affil.papers.draft import Draft, finish
from affil.papers.head import Head
from affil.papers.json_values import members, objects, text, texts, year
from affil.papers.markup import as_json
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.types import Author
from affil.wording import said

_NOTICES = frozenset(["published erratum", "retraction of publication", "expression of concern", "correction", "retraction"])


def read_europe_pmc(source: Source) -> Numbered:
    """Papers with the number of their line or record; what is no paper, or has no venue or year, is left out and reported.

    Raises:
        InputError: the file is no JSON or XML, or a record is no result.
    """
    for row, result in _results(source):
        if not isinstance(result, dict) or not text(result, "id") or not text(result, "source"):
            fix = said("save answers of its search with format=json or xml and resultType=core")
            raise InputError(source.name, said("is no result of Europe PMC: no id and source"), row=row, fix=fix)
        yield from finish(source, row, _draft(result))


def _results(source: Source) -> Iterator[tuple[int, Any]]:
    if not source.head.root:
        yield from source.records(_place(source.head) or "")
        return
    for row, element in source.elements("result"):
        yield row, as_json(element)


def _place(head: Head) -> str | None:
    """Where the results stand; of an answer without any, where they would."""
    for keys in (("id", "source", "authorList"), ("id", "source", "authorString"), ("id", "source", "journalInfo")):
        if (place := head.place_of(*keys)) is not None:
            return place
    return "resultList.result.item" if head.keys.get("", frozenset()) >= {"hitCount", "resultList"} else None


def _recognises(head: Head) -> bool:
    return _place(head) is not None or (head.root in ("responseWrapper", "resultList") and "<result>" in head.text)


EUROPE_PMC = Reader(
    name="europe-pmc",
    title=said("Europe PMC's search results"),
    recognises=_recognises,
    read=read_europe_pmc,
    fields=(
        "`pmid` (else `source` and `id`), `doi`, `title`, `pubYear`, the title of the journal in `journalInfo`, `pubTypeList`; of each "
        "author in `authorList` the name and every affiliation of `authorAffiliationDetailsList` (older answers: `affiliation`)."
    ),
    lost=(
        "Preprints, retracted papers and notices (errata, retractions) are left out, as are results without a year or a journal. Where "
        "only the result as a whole has an affiliation, it counts for the paper and for no author. Results of the type lite have none."
    ),
    export=(
        "<https://www.ebi.ac.uk/europepmc/webservices/rest/search?query=...&format=json&resultType=core&pageSize=1000>, saved as it "
        "comes (`format=xml` too). The next page: `cursorMark=` with the value of `nextCursorMark`; "
        "pages may stand one a line in one file."
    ),
    specification="https://europepmc.org/RestfulWebService",
    escaped="all",
)


def _draft(result: dict[str, Any]) -> Draft | str:
    """What a result says of a paper, or why it is none."""
    kinds = {kind.lower() for kind in texts(result, "pubTypeList", "pubType")}
    if text(result, "source") == "PPR" or "preprint" in kinds:
        return said("is a preprint")
    if "retracted publication" in kinds:
        return said("is retracted")
    if kinds & _NOTICES:
        return said("is a notice about another paper (an erratum, a retraction)")
    stated = text(result, "pubYear") or text(result, "journalInfo", "yearOfPublication")
    pmid = text(result, "pmid")
    identifier = f"pmid:{pmid}" if pmid else f"{text(result, 'source')}:{text(result, 'id')}"
    authors = tuple(_author(author) for author in objects(result, "authorList", "author"))
    if not authors:  # of the result type lite
        authors = tuple(Author(name) for name in text(result, "authorString").rstrip(".").split(", ") if name)
    of_paper = text(result, "affiliation")
    loose = of_paper and not any(a.affiliations for a in authors)
    return Draft(
        identifier,
        text(result, "title"),
        text(result, "journalInfo", "journal", "title") or text(result, "journalTitle"),
        year(stated) or stated,
        authors,
        bare_doi(text(result, "doi")),
        of_paper=(of_paper,) if loose else (),
        problem=said("has an affiliation, but not whose: counted by paper") if loose else "",
        no_year=said("has no pubYear"),
        no_venue=said("has no journal"),
    )


def _author(author: dict[str, Any]) -> Author:
    person = " ".join(filter(None, (text(author, "firstName"), text(author, "lastName"))))
    name = person or text(author, "fullName") or text(author, "collectiveName")
    listed = members(author, "authorAffiliationDetailsList", "authorAffiliation")
    listed += members(author, "authorAffiliationsList", "authorAffiliation")
    strings = tuple(filter(None, (text(one) or text(one, "affiliation") for one in listed)))
    return Author(name, strings or texts(author, "affiliation"))
