"""dblp's XML, the whole file or a part of it.

Read of an `article` or `inproceedings`: `key`, `author`, `title`, `journal` or `booktitle`, `year`, `ee`; with `--format dblp-homepages` also
the notes of affiliations on persons' homepages (`www`), which stand after the papers, so that the file is read twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from affil.papers.common import bare_doi
from affil.papers.draft import Draft, finish, year_in
from affil.papers.head import Head
from affil.papers.markup import each, local, text_of
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.types import Author
from affil.wording import said

if TYPE_CHECKING:
    from lxml import etree

_PAPERS = ("article", "inproceedings")
_OTHERS = ("proceedings", "book", "incollection", "phdthesis", "mastersthesis", "data", "www", "person")
_HOMONYM = re.compile(r" \d{4}$")  # "Wei Wang 0001" is one of many
_TWO = re.compile(r"(\d{4})?\s*[-–]\s*(\d{4})?")
_ONE = re.compile(r"(?:since\s+(\d{4})|until\s+(\d{4}))", re.IGNORECASE)
OTHER = said("is a book, a thesis, a chapter or a data set, no paper")
_TODAY = said("has affiliations of its authors' homepages: where they are today, not where they were")


def read_dblp(source: Source) -> Numbered:
    """Papers without affiliations, with the number of their record.

    Raises:
        InputError: the file is no well-formed XML, or holds no record of dblp.
    """
    yield from _read(source, {})


def read_dblp_homepages(source: Source) -> Numbered:
    """Papers with the affiliations that stand on their authors' homepages in dblp; the file is read twice.

    A note that says its years ("since 2010", "2003-2009") counts in them; one without, for papers of all years that no other covers;
    one of former times without years, never.

    Raises:
        InputError: as `read_dblp`.
    """
    notes: dict[str, tuple[_Note, ...]] = {}
    for _, record in source.elements(*_PAPERS, *_OTHERS):
        if local(record) in ("www", "person") and (found := _notes(record)):
            notes |= dict.fromkeys(map(text_of, each(record, "author")), found)
    yield from _read(source, notes)


def _recognises(head: Head) -> bool:
    return head.root in ("dblp", "dblpperson")


_FIELDS = (
    "`key` (the id), `author` (without the number of a homonym), `title`, `journal` or `booktitle`, `year`, the DOI among `ee`"
)
_LEFT_OUT = "Proceedings, books, chapters, theses, data sets and withdrawn papers are left out."
_EXPORT = "Download `dblp.xml.gz` from <https://dblp.org/xml/>; `dblp.dtd` is not needed. Or add `.xml` to the address of a person's page."
_SPECIFICATION = "https://dblp.org/faq/How+to+parse+dblp+xml.html"

DBLP = Reader(
    name="dblp",
    title="dblp XML",
    recognises=_recognises,
    read=read_dblp,
    fields=f"{_FIELDS}.",
    lost=(
        "dblp tells no affiliation of a paper: each is read without, and reported. It is of use beside a source that has "
        f"them, by the DOI. {_LEFT_OUT}"
    ),
    export=_EXPORT,
    specification=_SPECIFICATION,
)

DBLP_HOMEPAGES = Reader(
    name="dblp-homepages",
    title=said("dblp XML with the affiliations of homepages"),
    recognises=lambda _: False,
    read=read_dblp_homepages,
    fields=f'{_FIELDS}; `note type="affiliation"` of the homepages (`www`), matched by the author\'s name and number.',
    lost=(
        "These are affiliations of persons, mostly those of today, not of papers: a ranking made of them says where people "
        "are now, as that of CSRankings does, and a trend over years says nothing. Each paper that has such a one is "
        "reported. Therefore this format is never chosen by itself: `--format dblp-homepages`. A note that says its years "
        f"counts only in them; a former one without years never. Most persons have no note. {_LEFT_OUT}"
    ),
    export=_EXPORT,
    specification=_SPECIFICATION,
)


@dataclass(frozen=True, slots=True)
class _Note:
    """An affiliation of a person, from one year to another where they are told; `dated` tells whether they are."""

    affiliation: str
    dated: bool = False
    since: int = 0
    until: int = 9999


def _read(source: Source, notes: Mapping[str, tuple[_Note, ...]]) -> Numbered:
    for row, record in source.elements(*_PAPERS, *_OTHERS):
        if local(record) in _PAPERS:
            yield from finish(source, row, _draft(record, notes))
        elif local(record) not in ("www", "person"):
            source.report(row, OTHER, lost=True)


def _draft(record: etree._Element, notes: Mapping[str, tuple[_Note, ...]]) -> Draft | str:
    if "withdrawn" in record.get("publtype", "").split():
        return said("was withdrawn")
    told: dict[str, list[str]] = {}
    for child in record:  # once over the children: the whole file has some eighty million of them
        told.setdefault(local(child), []).append(text_of(child))
    key, year, names = record.get("key", ""), year_in(*told.get("year", ())), told.get("author", [])
    held = [_in_year(notes.get(name, ()), year if isinstance(year, int) else 0) for name in names]
    authors = tuple(Author(person(name), tuple(n.affiliation for n in some)) for name, some in zip(names, held, strict=True))
    today = any(not note.dated for some in held for note in some)
    return Draft(
        f"dblp:{key}" if key else "",
        next(iter(told.get("title", ())), "").removesuffix("."),
        next(filter(None, [*told.get("journal", ()), *told.get("booktitle", ())]), ""),
        year,
        authors,
        next(filter(None, map(bare_doi, told.get("ee", ()))), ""),
        problem=_TODAY if today else "",
    )


def person(name: str) -> str:
    """A name without the number that dblp gives to people of the same name ("Wei Wang 0001")."""
    return _HOMONYM.sub("", name)


def _notes(homepage: etree._Element) -> tuple[_Note, ...]:
    notes = []
    for note in each(homepage, "note"):
        told, label = text_of(note), note.get("label", "")
        if "affiliation" not in note.get("type", "").split() or not told:
            continue
        years = _ONE.search(label) or _TWO.search(label)
        if years and (years[1] or years[2]):
            notes.append(_Note(told, True, int(years[1] or 0), int(years[2] or 9999)))
        elif not label:
            notes.append(_Note(told))
    return tuple(notes)


def _in_year(notes: tuple[_Note, ...], year: int) -> tuple[_Note, ...]:
    """The notes that count for a paper of a year: those of that year, else those of today."""
    dated = tuple(note for note in notes if note.dated and note.since <= year <= note.until)
    return dated or tuple(note for note in notes if not note.dated)
