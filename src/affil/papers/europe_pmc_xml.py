"""Results of a search in Europe PMC, in XML.

Read of a `result`: `id`, `source`, `pmid`, `doi`, `title`, `authorList` with `authorAffiliationDetailsList` (result type core),
`authorString` (result type lite), `journalInfo`, `pubYear`, `pubTypeList`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from affil.papers.common import bare_doi
from affil.papers.draft import Draft, finish, year_in
from affil.papers.head import Head
from affil.papers.markup import each, first, text_of
from affil.papers.pubmed import NO_PAPERS
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.types import Author

if TYPE_CHECKING:
    from lxml import etree


def read_europe_pmc_xml(source: Source) -> Numbered:
    """Papers with the number of their result.

    Raises:
        InputError: the file is no well-formed XML, or holds no result.
    """
    for row, result in source.elements("result"):
        yield from finish(source, row, _draft(result))


def _recognises(head: Head) -> bool:
    return head.root in ("responseWrapper", "resultList") and "<result>" in head.text


EUROPE_PMC_XML = Reader(
    name="europe-pmc-xml",
    title="Europe PMC search results in XML",
    recognises=_recognises,
    read=read_europe_pmc_xml,
    fields=(
        "`pmid` (else `source` and `id`), `doi`, `title`, the journal of `journalInfo`, `pubYear`, `authorList` with each author's "
        "affiliations."
    ),
    lost=(
        "Preprints, retracted papers, notices of retraction and errata are left out, and what has no journal (patents, books). Where only "
        "the result as a whole has an affiliation, it belongs to the paper and to no author. The result type lite has no affiliations. "
        "Full texts from Europe PMC are JATS."
    ),
    export=(
        "`https://www.ebi.ac.uk/europepmc/webservices/rest/search?query=...&resultType=core&format=xml&pageSize=1000`, each "
        "page in a file of its own (the next page: `cursorMark=` with the value of `nextCursorMark`)."
    ),
    specification="https://europepmc.org/RestfulWebService",
)


def _draft(result: etree._Element) -> Draft | str:
    identifier = first(result, "id")
    if not identifier:
        return "has no id"
    kinds = [*each(result, "pubTypeList/pubType"), *each(result, "pubType")]
    for kind in kinds:
        if reason := NO_PAPERS.get(text_of(kind).lower()):
            return reason
    pmid, home, of_paper = first(result, "pmid"), first(result, "source"), first(result, "affiliation")
    if home == "PPR":
        return "is a preprint"
    authors = _authors(result)
    loose = (of_paper,) if of_paper and not any(a.affiliations for a in authors) else ()
    return Draft(
        f"pmid:{pmid}" if pmid else f"{home}:{identifier}",
        first(result, "title"),
        first(result, "journalInfo/journal/title", "journalInfo/journal/medlineAbbreviation", "journalTitle"),
        year_in(
            first(result, "pubYear"), first(result, "journalInfo/yearOfPublication"), first(result, "firstPublicationDate")
        ),
        authors,
        bare_doi(first(result, "doi")),
        loose,
        "has an affiliation, but not whose: counted by paper" if loose else "",
    )


def _authors(result: etree._Element) -> tuple[Author, ...]:
    authors = []
    for one in each(result, "authorList/author"):
        person = " ".join(filter(None, [first(one, "firstName"), first(one, "lastName")]))
        name = person if first(one, "lastName") else first(one, "fullName", "collectiveName")
        stated = each(one, "authorAffiliationDetailsList/authorAffiliation/affiliation") or each(one, "affiliation")
        authors.append(Author(name, tuple(filter(None, map(text_of, stated)))))
    if not authors:
        authors = [Author(name) for name in first(result, "authorString").rstrip(".").split(", ") if name]
    return tuple(authors)
