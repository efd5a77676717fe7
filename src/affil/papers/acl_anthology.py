"""The ACL Anthology's own XML: a collection, its volumes, their papers.

Read of a `volume`: `meta` (`booktitle`, `year`, `journal-title`); of a `paper`: `title`, `author` (`first`, `last`, `affiliation`), `doi`,
and `year` and `booktitle` of its own in files older than 2020.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affil.papers.common import bare_doi
from affil.papers.draft import Draft, finish, year_in
from affil.papers.head import Head
from affil.papers.markup import each, first, text_of
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.types import Author
from affil.wording import said

if TYPE_CHECKING:
    from lxml import etree

_GONE = {"retracted": said("is retracted"), "removed": said("was removed from the Anthology")}
_ISSUE = re.compile(
    r",? (?:Volume|Vol\.|Number|Issue) .*|,? \([^()]*\)$|, \d.*"
)  # "Computational Linguistics, Volume 15, Number 1"


def read_acl_anthology(source: Source) -> Numbered:
    """Papers with their number in the file.

    Raises:
        InputError: the file is no well-formed XML, or holds no volume.
    """
    row = 0
    for _, volume in source.elements("volume"):
        for paper in each(volume, "paper"):
            row += 1
            yield from finish(source, row, _draft(volume, paper))


def _recognises(head: Head) -> bool:
    return head.root in ("collection", "volume") and re.search(r"<volume [^>]*\bid=", head.text) is not None


ACL_ANTHOLOGY = Reader(
    name="acl-anthology",
    title="ACL Anthology XML",
    recognises=_recognises,
    read=read_acl_anthology,
    fields=(
        "The Anthology's id, `title`, `author` (`first`, `last`, `affiliation`), `doi`; of the volume `booktitle` (of a "
        "journal its name without volume and number) and `year`."
    ),
    lost=(
        "Front matter, and papers that were retracted or removed. Only volumes from about 2022 on name affiliations, and not "
        "all of them: papers without are read and reported."
    ),
    export="Download `data/xml/*.xml` from <https://github.com/acl-org/acl-anthology>.",
    specification="https://github.com/acl-org/acl-anthology/blob/master/data/xml/schema.rnc",
)


def _draft(volume: etree._Element, paper: etree._Element) -> Draft | str:
    for name, reason in _GONE.items():
        if each(paper, name):
            return reason
    authors = tuple(_author(one) for one in each(paper, "author"))
    if not authors:
        return said("has no author: front matter, no paper")
    venue = first(volume, "meta/journal-title") or first(paper, "booktitle") or first(volume, "meta/booktitle")
    if volume.get("type") == "journal":
        venue = _ISSUE.sub("", venue)
    year = year_in(first(paper, "year"), first(volume, "meta/year"))
    return Draft(_id(volume, paper), first(paper, "title"), venue, year, authors, bare_doi(first(paper, "doi")))


def _author(element: etree._Element) -> Author:
    name = " ".join(filter(None, [first(element, "first"), first(element, "last")]))
    return Author(name, tuple(filter(None, map(text_of, each(element, "affiliation")))))


def _id(volume: etree._Element, paper: etree._Element) -> str:
    """The Anthology's id, by the rules of its site: 2023.acl-long.1, and P18-1001 or W18-2504 until 2019."""
    above = volume.getparent()
    collection, part, number = above.get("id", "") if above is not None else "", volume.get("id", ""), paper.get("id", "")
    if not collection:
        return f"acl:{part}-{number}"
    if "." in collection or not (part.isdecimal() and number.isdecimal()):
        return f"acl:{collection}-{part}.{number}"
    wide = collection.startswith("W") or collection == "C69" or (collection == "D19" and int(part) >= 5)
    return f"acl:{collection}-{int(part):02d}{int(number):02d}" if wide else f"acl:{collection}-{int(part)}{int(number):03d}"
