"""JATS (and its forerunner, the NLM DTD): articles of PubMed Central, Europe PMC and publishers, one in a file or many.

Read of `front`: `journal-meta`, and of `article-meta` the ids, the title, `contrib-group`, `aff`, `pub-date`, `conference`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affil.papers.common import bare_doi
from affil.papers.draft import Draft, finish, year_in
from affil.papers.head import Head
from affil.papers.jats_authors import authors_of
from affil.papers.markup import each, first, text_of
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.wording import said

if TYPE_CHECKING:
    from lxml import etree

_ROOTS = ("article", "articles", "pmc-articleset", "OAI-PMH", "ListRecords", "GetRecord", "record", "records")
_NO_PAPERS = {
    "retraction": said("is a notice of retraction, no paper"),
    "partial-retraction": said("is a notice of retraction, no paper"),
    "retracted-article": said("is retracted"),
    "correction": said("is a correction, no paper"),
    "addendum": said("is an addendum, no paper"),
    "expression-of-concern": said("is an expression of concern, no paper"),
}
_ORDER = ("ppub", "print", "collection", "epub-ppub", "epub", "pub", "electronic")  # of dates: that of the issue comes first
_UNPUBLISHED = ("pmc-release", "nihms-submitted", "retraction", "corrected", "received", "accepted", "rev-recd")


def read_jats(source: Source) -> Numbered:
    """Papers with the number of their `article`.

    Raises:
        InputError: the file is no well-formed XML, or holds no article.
    """
    for row, article in source.elements("article"):
        yield from finish(source, row, _draft(article))


def _recognises(head: Head) -> bool:
    return head.root in _ROOTS and re.search(r"<(?:[\w.-]+:)?article-meta\b", head.text) is not None


JATS = Reader(
    name="jats",
    title="JATS XML (PubMed Central, Europe PMC, publishers)",
    recognises=_recognises,
    read=read_jats,
    fields=(
        "The id (`pmc:`, else `pmid:`, else `doi:`), the DOI, `article-title`, `journal-title` (else its abbreviation, else "
        "`conf-name`), the year of the issue's `pub-date`, else of the earliest other, each author's `aff`: by `xref`, inside "
        "`contrib`, or the only one of the group or the article. `label`s and marks in `sup` are no part of the string, nor "
        "are ids of institutions."
    ),
    lost=(
        "Retractions and corrections are left out, as are editors, and the members of a collaboration where others are authors. "
        "Several affiliations that nothing ties to authors belong to the paper, which then counts as a whole. Where `aff` consists of "
        "elements without punctuation, they are joined with commas; of SciELO's, the `original` is taken."
    ),
    export=(
        "From PubMed Central: `efetch -db pmc -format xml`, or the Open Access subset "
        "(<https://pmc.ncbi.nlm.nih.gov/tools/openftlist/>); from Europe PMC: "
        "`https://www.ebi.ac.uk/europepmc/webservices/rest/PMC.../fullTextXML`."
    ),
    specification="https://jats.nlm.nih.gov/archiving/tag-library/1.3/",
)


def _draft(article: etree._Element) -> Draft | str:
    if reason := _NO_PAPERS.get(article.get("article-type", "")):
        return reason
    front = next(iter(each(article, "front")), None)
    meta = next(iter(each(front, "article-meta")), None)
    if meta is None:
        return said("has no front/article-meta")
    ids = {one.get("pub-id-type", ""): text_of(one) for one in each(meta, "article-id")}
    doi = bare_doi(ids.get("doi", ""))
    authors, of_paper, problem = authors_of(meta)
    titles = each(meta, "title-group/article-title")
    return Draft(
        _id(ids, doi),
        text_of(titles[0], without=("xref", "fn")) if titles else "",
        _venue(front, meta),
        _year(meta),
        authors,
        doi,
        of_paper,
        problem,
    )


def _id(ids: dict[str, str], doi: str) -> str:
    pmc = (ids.get("pmcid") or ids.get("pmc", "")).upper().removeprefix("PMC")
    if pmc:
        return f"pmc:PMC{pmc}"
    return f"pmid:{ids['pmid']}" if ids.get("pmid") else f"doi:{doi}" if doi else ""


def _venue(front: etree._Element | None, meta: etree._Element) -> str:
    named = first(front, "journal-meta/journal-title-group/journal-title", "journal-meta/journal-title")
    if named:
        return named
    short = first(front, "journal-meta/journal-title-group/abbrev-journal-title", "journal-meta/abbrev-journal-title")
    ids = (one for one in each(front, "journal-meta/journal-id") if one.get("journal-id-type") in ("nlm-ta", "iso-abbrev"))
    return short or next(filter(None, map(text_of, ids)), "") or first(meta, "conference/conf-name", "conference/conf-acronym")


def _year(meta: etree._Element) -> int | str:
    """The year of the issue, else of the first date of publication in whatever form; what stands in place of all (see `Draft`)."""
    dated: list[tuple[int, int]] = []
    other = ""
    for date in each(meta, "pub-date"):
        kinds = [date.get(name, "") for name in ("pub-type", "date-type", "publication-format")]
        year = year_in(first(date, "year"), date.get("iso-8601-date", ""), first(date, "string-date"))
        if isinstance(year, str):
            other = other or year
        elif not any(kind in _UNPUBLISHED for kind in kinds):
            ranks = [_ORDER.index(kind) for kind in kinds if kind in _ORDER]
            dated.append((min(ranks, default=len(_ORDER)), year))
    return min(dated)[1] if dated else other
