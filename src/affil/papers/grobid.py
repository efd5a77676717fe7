"""TEI as GROBID makes it of a PDF.

Read of `teiHeader/fileDesc`: the title, and of `sourceDesc/biblStruct` the authors with their affiliations (`analytic`), the venue and the
date (`monogr`), and the DOI.
"""

from __future__ import annotations

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

_NO_VENUE = said('has no venue: let GROBID look it up ("consolidateHeader": 1)')


def read_grobid(source: Source) -> Numbered:
    """Papers with the number of their `TEI`.

    Raises:
        InputError: the file is no well-formed XML, or holds no TEI.
    """
    for row, tei in source.elements("TEI"):
        yield from finish(source, row, _draft(tei))


def _recognises(head: Head) -> bool:
    return head.root in ("TEI", "teiCorpus") and "<biblFull" not in head.text


GROBID = Reader(
    name="grobid",
    title="GROBID's TEI",
    recognises=_recognises,
    read=read_grobid,
    fields=(
        "The PDF's `MD5` (the id; else the DOI), the title, each author's affiliations as they stand in the PDF (`note "
        'type="raw_affiliation"`), else `orgName` and `address` joined with commas; the venue of `monogr/title` or `meeting`, '
        "the year of `date`, the DOI."
    ),
    lost=(
        "What GROBID read wrongly stays wrong. Affiliations that it tied to no author belong to the paper where no author has "
        "one, and are left out where some have. A PDF rarely names its venue: without one the paper is left out."
    ),
    export=(
        "`processHeaderDocument` (or `processFulltextDocument`) with `includeRawAffiliations=1` and `consolidateHeader=1`, "
        "which looks venue and year up in Crossref."
    ),
    specification="https://grobid.readthedocs.io/en/latest/TEI-encoding-of-results/",
)


def _draft(tei: etree._Element) -> Draft | str:
    described = next(iter(each(tei, "teiHeader/fileDesc")), None)
    bibl = next(iter(each(described, "sourceDesc/biblStruct")), None)
    if described is None or bibl is None:
        return said("has no fileDesc with a sourceDesc/biblStruct")
    authors, loose = _authors(each(bibl, "analytic/author") or each(bibl, "monogr/author"))
    stated = any(a.affiliations for a in authors)
    venue = first(bibl, "monogr/title", "monogr/meeting")
    if not venue:
        return _NO_VENUE
    ids = {
        one.get("type", "").upper(): text_of(one) for path in ("idno", "analytic/idno") for one in reversed(each(bibl, path))
    }
    doi = bare_doi(ids.get("DOI", ""))
    md5 = ids.get("MD5", "").lower()
    return Draft(
        f"md5:{md5}" if md5 else f"doi:{doi}" if doi else "",
        first(bibl, "analytic/title") or first(described, "titleStmt/title"),
        venue,
        _year(bibl, described),
        authors,
        doi,
        () if stated else loose,
        said("has affiliations that GROBID tied to no author: they are left out") if stated and loose else "",
    )


def _year(bibl: etree._Element, described: etree._Element) -> int | str:
    dates = [*each(bibl, "monogr/imprint/date"), *each(described, "publicationStmt/date")]
    return year_in(*(told for one in dates for told in (one.get("when", ""), text_of(one))))


def _authors(elements: list[etree._Element]) -> tuple[tuple[Author, ...], tuple[str, ...]]:
    """The authors, and affiliations of "authors" without a name, which GROBID could tie to nobody."""
    by_key: dict[str, str] = {}
    for affiliation in (a for one in elements for a in each(one, "affiliation")):
        by_key.setdefault(affiliation.get("key", ""), _published(affiliation))
    authors, loose = list[Author](), list[str]()
    for one in elements:
        name = _name(one)
        held = [_published(a) or by_key.get(a.get("key", ""), "") for a in each(one, "affiliation")]
        strings = tuple(filter(None, held))
        if name:
            authors.append(Author(name, strings))
        else:
            loose.extend(strings)
    return tuple(authors), tuple(loose)


def _name(author: etree._Element) -> str:
    person = next(iter(each(author, "persName")), None)
    parts = [text_of(one) for name in ("forename", "surname", "genName") for one in each(person, name)]
    return " ".join(filter(None, parts)) or text_of(person) or first(author, "orgName")


def _published(affiliation: etree._Element) -> str:
    """An affiliation as it stands in the PDF, else its parts in their order with commas."""
    for note in each(affiliation, "note"):
        if note.get("type") == "raw_affiliation" and (raw := text_of(note, without=("label",))):
            return raw
    parts = [one for one in affiliation if local(one) == "orgName"]
    parts += [part for address in each(affiliation, "address") for part in address if local(part)]
    return ", ".join(filter(None, map(text_of, parts)))
