"""PubMed records in XML, as exported from the site, E-utilities or the yearly files.

Read of a `PubmedArticle`: `PMID`, `ArticleTitle`, `Journal` (`Title`, `ISOAbbreviation`, `PubDate`), `AuthorList` with `AffiliationInfo`,
the DOI of `ELocationID` or `ArticleIdList`, `PublicationTypeList`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

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

_SETS = frozenset(["PubmedArticleSet", "PubmedArticle", "MedlineCitationSet", "MedlineCitation"])
_OTHERS = {
    "PubmedBookArticle": said("is a book or a chapter, no paper"),
    "DeleteCitation": said("names records that PubMed deleted: they are not taken out of other files"),
}
NO_PAPERS = {  # types of publication, in lower case
    "retracted publication": said("is retracted"),
    "retraction of publication": said("is a notice of retraction, no paper"),
    "retraction notice": said("is a notice of retraction, no paper"),
    "published erratum": said("is an erratum, no paper"),
    "expression of concern": said("is an expression of concern, no paper"),
}
"""Publication types of PubMed that are no papers, in lower case, and what to say of them."""


def read_pubmed(source: Source) -> Numbered:
    """Papers with the number of their record.

    Raises:
        InputError: the file is no well-formed XML, or holds no record of PubMed.
    """
    for row, element in source.elements("PubmedArticle", "MedlineCitation", *_OTHERS):
        yield from finish(source, row, _OTHERS.get(local(element)) or _draft(element))


def _recognises(head: Head) -> bool:
    return head.root in _SETS


PUBMED = Reader(
    name="pubmed",
    title="PubMed XML",
    recognises=_recognises,
    read=read_pubmed,
    fields=(
        "`PMID` (the id), `ArticleTitle`, `Journal/Title` without its subtitle (else `ISOAbbreviation`), the year of "
        "`PubDate` (also in `MedlineDate`) or `ArticleDate`, `AuthorList` with each author's `AffiliationInfo`, "
        "`CollectiveName`s, the DOI."
    ),
    lost=(
        "Retracted papers, notices of retraction, errata and books are left out. Until 2013 PubMed kept the affiliation of "
        "the first author only, so older papers count less than they should. Investigators of a group are no authors."
    ),
    export=(
        "The site itself saves text, which is read too ([PubMed text](#medline)), but no XML. Ask E-utilities: "
        "`esearch -db pubmed -query '...' | efetch -format xml > papers.xml` "
        "(<https://www.ncbi.nlm.nih.gov/books/NBK179288/>), or in the browser "
        "`https://eutils.ncbi.nlm.nih.gov/entrez/eutils/efetch.fcgi?db=pubmed&retmode=xml&id=` with PMIDs between commas; or take the "
        "yearly files from <https://ftp.ncbi.nlm.nih.gov/pubmed/baseline/>."
    ),
    specification="https://dtd.nlm.nih.gov/ncbi/pubmed/doc/out/250101/index.html",
    escaped="all",
)


def _draft(record: etree._Element) -> Draft | str:
    """What a `PubmedArticle` or a bare `MedlineCitation` says, or why it is no paper."""
    citation = record if local(record) == "MedlineCitation" else next(iter(each(record, "MedlineCitation")), None)
    article = next(iter(each(citation, "Article")), None)
    pmid = first(citation, "PMID")
    if article is None or not pmid:
        return said("has no Article or no PMID")
    for kind in each(article, "PublicationTypeList/PublicationType"):
        if reason := NO_PAPERS.get(text_of(kind).lower()):
            return reason
    title = first(article, "ArticleTitle")
    if title.startswith("[Not Available]") or not title:
        title = first(article, "VernacularTitle") or title
    dates = ("Journal/JournalIssue/PubDate/Year", "Journal/JournalIssue/PubDate/MedlineDate", "ArticleDate/Year")
    listed = [one for one in each(article, "AuthorList") if one.get("Type") != "editors"]
    partial = any(one.get("CompleteYN") == "N" for one in listed)
    return Draft(
        f"pmid:{pmid}",
        title,
        without_subtitle(first(article, "Journal/Title"))
        or first(article, "Journal/ISOAbbreviation")
        or first(citation, "MedlineJournalInfo/MedlineTA"),
        year_in(*(first(article, date) for date in dates)),
        _authors(article, listed),
        _doi(record, article),
        problem=said("has an author list that was cut off: authors count for more than their part") if partial else "",
    )


def without_subtitle(journal: str) -> str:
    """A journal's name; in the catalogue, " : " stands before a subtitle ("... : a publication of the IEEE")."""
    return re.split(r"\s[:=]\s", journal)[0]


def _authors(article: etree._Element, listed: list[etree._Element]) -> tuple[Author, ...]:
    authors = []
    for one in (author for authors in listed for author in each(authors, "Author") if author.get("ValidYN") != "N"):
        person = [first(one, "ForeName", "FirstName", "Initials"), first(one, "LastName"), first(one, "Suffix")]
        name = first(one, "CollectiveName") or " ".join(filter(None, person))
        stated = (text_of(a) for a in [*each(one, "AffiliationInfo/Affiliation"), *each(one, "Affiliation")])
        authors.append(Author(name, tuple(filter(None, stated))))
    if authors and not any(a.affiliations for a in authors) and (of_first := first(article, "Affiliation")):
        authors[0] = Author(authors[0].name, (of_first,))  # as in files until 2014
    return tuple(authors)


def _doi(record: etree._Element, article: etree._Element) -> str:
    located = [one for one in each(article, "ELocationID") if one.get("EIdType") == "doi" and one.get("ValidYN") != "N"]
    listed = [one for one in each(record, "PubmedData/ArticleIdList/ArticleId") if one.get("IdType") == "doi"]
    return next((doi for one in [*located, *listed] if (doi := bare_doi(text_of(one)))), "")
