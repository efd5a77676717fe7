"""Results of a search in Europe PMC, in XML.

Read of a `result`: `id`, `source`, `pmid`, `pmcid`, `doi`, `title`, `authorList` with `authorAffiliationDetailsList` (result type core),
`authorString` (result type lite), `journalInfo`, `bookOrReportDetails` (of preprints), `pubYear`, `pubTypeList`.
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


def read_europe_pmc(source: Source) -> Numbered:
    """Papers with the number of their result.

    Raises:
        InputError: the file is no well-formed XML, or holds no result.
    """
    for row, result in source.elements("result"):
        yield from finish(source, row, _draft(result))


def _recognises(head: Head) -> bool:
    return head.root in ("responseWrapper", "resultList") and "<result>" in head.text


EUROPE_PMC = Reader(
    name="europe-pmc",
    title="Europe PMC search results in XML",
    recognises=_recognises,
    read=read_europe_pmc,
    fields=(
        "The id (`pmid:`, else `pmc:`, else that of Europe PMC), `doi`, `title`, `journalInfo` (of a preprint: the server, as "
        "`publisher`), `pubYear`, `authorList` with each author's affiliations."
    ),
    lost=(
        "Retracted papers, notices of retraction and errata are left out, and what has no journal (patents, books). The "
        "result type lite has no affiliations. Full texts from Europe PMC are JATS."
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
    pmid, pmcid, home = first(result, "pmid"), first(result, "pmcid"), first(result, "source")
    preprint = "bookOrReportDetails/publisher" if home == "PPR" else "journalTitle"
    return Draft(
        f"pmid:{pmid}" if pmid else f"pmc:{pmcid}" if pmcid else f"europepmc:{home}/{identifier}",
        first(result, "title"),
        first(result, "journalInfo/journal/title", "journalInfo/journal/medlineAbbreviation", "journalTitle", preprint),
        year_in(
            first(result, "pubYear"), first(result, "journalInfo/yearOfPublication"), first(result, "firstPublicationDate")
        ),
        _authors(result),
        bare_doi(first(result, "doi")),
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
    if authors and not any(a.affiliations for a in authors) and (of_first := first(result, "affiliation")):
        authors[0] = Author(authors[0].name, (of_first,))
    return tuple(authors)
