"""Which records of different sources are one paper: those of one DOI, else of one title, year and first author."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass, field
from typing import NamedTuple

from affil.io.people import family_name
from affil.papers.common import bare_doi
from affil.types import Paper

Richness = tuple[bool, bool, int, int, int]
"""How much a record tells: whether it names all authors, whether affiliations are tied to them, authors with some, strings, characters."""


@dataclass(frozen=True, slots=True)
class Merged:
    """Two records of one paper: the id that was kept, the one that was left out, what they share (id, doi or title), and their formats."""

    kept: str
    dropped: str
    by: str
    kept_format: str = ""
    dropped_format: str = ""


@dataclass(frozen=True, slots=True)
class Apart:
    """Two papers of one DOI and one format that stay two, as their titles and first authors differ: a volume's DOI at its papers."""

    doi: str
    first: str
    second: str


class _Held(NamedTuple):
    """What is known of a record that is kept; one tuple, as there is one for each paper."""

    fixed: bool
    whole: bool  # this and what follows: see `Richness`
    tied: bool
    stated: int
    strings: int
    characters: int
    source: str
    before: bool  # whether it was there before this reading


_RICH = len(_Held._fields) - 2  # fields that say how rich a record is


def richness(paper: Paper, *, partial: bool = False) -> Richness:
    """How much a record tells of affiliations; what is greater is richer. `partial`: its format names only some authors."""
    strings = [*paper.paper_affiliations, *(s for a in paper.authors for s in a.affiliations)]
    stated = sum(1 for a in paper.authors if a.affiliations)
    return not partial, paper.aligned and stated > 0, stated, len(strings), sum(map(len, strings))


def title_key(title: str, year: int, first_author: str, least: int) -> bytes:
    """What records of one paper share that have no DOI; b"" where title or author tell too little.

    Letters and digits of the title without accents and case, the year, and the first author's family name.

    Args:
        title: the title.
        year: the year of publication.
        first_author: the name of the first author.
        least: number of letters and digits that a title must have ("Editorial" is that of many).
    """
    name, family = letters(title), letters(family_name(first_author))
    if len(name) < least or not family:
        return b""
    return hashlib.blake2b(f"{name}\0{year}\0{family}".encode(), digest_size=12).digest()


def identity(title: str, year: int, first_author: str, venue: str) -> bytes:
    """What a record tells of which paper it is, to compare with another's (`are_another`, `speak_against`), in 16 bytes."""
    told = _digest(title, 6), _digest(family_name(first_author), 4), _digest(venue, 4), year.to_bytes(2, "big")
    return b"".join(told)


def identity_of(paper: Paper) -> bytes:
    """The `identity` of a paper."""
    return identity(paper.title, paper.year, paper.authors[0].name if paper.authors else "", paper.venue)


def are_another(one: bytes, other: bytes) -> bool:
    """Whether two records of one id that a person gave are two papers: of different titles, and also of another year, first author or venue.

    Each alone may be a correction. What a record leaves blank speaks neither way.
    """
    title, *others = _differences(one, other)
    return title and any(others)


def speak_against(one: bytes, other: bytes) -> bool:
    """Whether titles and first authors of two records both differ, so that one DOI does not make them one paper."""
    title, author, *_ = _differences(one, other)
    return title and (author or not any(one[_AUTHOR]) or not any(other[_AUTHOR]))


_PARTS = _TITLE, _AUTHOR, _VENUE, _YEAR = slice(0, 6), slice(6, 10), slice(10, 14), slice(14, 16)  # of an identity


def _differences(one: bytes, other: bytes) -> list[bool]:
    return [any(one[part]) and any(other[part]) and one[part] != other[part] for part in _PARTS]


def _digest(text: str, size: int) -> bytes:
    bare = letters(text)
    return hashlib.blake2b(bare.encode(), digest_size=size).digest() if bare else bytes(size)


@dataclass(slots=True)
class OwnIds:
    """Ids that people gave themselves, such as running numbers, with the papers that they stand for and where these were read."""

    _known: dict[str, tuple[bytes, str]] = field(default_factory=dict)

    def know(self, id: str, identity: bytes, place: str) -> str:
        """Take a record; where its id stands for another paper already, the place of that one, else ""."""
        known, where = self._known.setdefault(id, (identity, place))
        return where if are_another(known, identity) else ""


def letters(text: str) -> str:
    """The letters and digits of a text without accents and case, by which titles are compared."""
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if c.isalnum())


@dataclass(slots=True)
class Merger:
    """Takes records one after the other and keeps the richest of each paper, in whatever order they come.

    Records of one id are one paper. What was there before this reading gives way to a newer record of its id and source, however rich:
    the source has corrected it. Of equally rich records the source whose name is first in the alphabet is kept, of one source the first id.

    Records of one source that have no DOI and other ids are never one paper: a source has an id for each of its papers, and a talk and an
    article may share a title. Nor are they where they have one DOI, and titles and first authors differ. `least` is as in `title_key`.
    """

    least: int
    merged: list[Merged] = field(default_factory=list)
    apart: list[Apart] = field(default_factory=list)
    _held: dict[str, _Held] = field(default_factory=dict)  # what is kept
    _by_doi: dict[str, tuple[str, bytes]] = field(default_factory=dict)  # id, identity
    _by_title: dict[bytes, tuple[str, str, bool]] = field(default_factory=dict)  # id, source, whether it has a DOI
    _kept: dict[str, str] = field(default_factory=dict)  # id left out -> id kept in its place

    def know(
        self, id: str, source: str, doi: str, title: bytes, rich: Richness, identity: bytes, *, fixed: bool = False
    ) -> None:
        """Take a record that was kept before this reading; one that is `fixed` gives way only to newer ones of its id and source."""
        self._held[id] = _Held(fixed, *rich, source, before=True)
        self._remember(id, source, bare_doi(doi), title, identity)

    def met(self, id: str) -> None:
        """Say that the record kept under this id was read now as it is: no other of this reading is newer."""
        if held := self._held.get(id):
            self._held[id] = held._replace(before=False)

    def source_of(self, id: str) -> str:
        """The source of the record that is kept under this id; "" where there is none."""
        held = self._held.get(id)
        return held.source if held else ""

    def strings_of(self, id: str) -> int:
        """How many affiliations the record has that is kept under this id; 0 where there is none."""
        held = self._held.get(id)
        return held.strings if held else 0

    def add(self, paper: Paper, source: str, *, partial: bool = False) -> str | None:
        """Take a record; `partial`: its format names only some of a paper's authors.

        Returns:
            The id of the record that it is the same paper as and that is at least as rich, so that this one is left out; None
            where this one is kept. What it takes the place of stands in `dropped`, unless it has the same id.
        """
        doi = bare_doi(paper.doi)
        first = paper.authors[0].name if paper.authors else ""
        title, what = title_key(paper.title, paper.year, first, self.least), identity_of(paper)
        older = self._held.get(paper.id)
        fixed = older is not None and older.fixed and older.source == source
        new = _Held(fixed, *richness(paper, partial=partial), source, before=False)
        best, of_best = paper.id, new
        for other, by in self._same(paper.id, source, doi, title, what):
            held = self._held[other]
            if _better(of_best, best, held, other):
                self._replace(other, best)
                one = Merged(best, other, by, of_best.source, held.source)
            else:
                self._replace(best, other)
                one = Merged(other, best, by, held.source, of_best.source)
                best, of_best = other, held
            if (one.kept, one.kept_format) != (one.dropped, one.dropped_format):
                self.merged.append(one)
        kept = of_best is new
        if kept:
            self._held[paper.id] = new
            self._kept.pop(paper.id, None)
        self._remember(self.stands_for(paper.id), source, doi, title, what)
        return None if kept else self.stands_for(paper.id)

    @property
    def dropped(self) -> frozenset[str]:
        """The ids of all records left out."""
        return frozenset(self._kept)

    def _same(self, id: str, source: str, doi: str, title: bytes, what: bytes) -> list[tuple[str, str]]:
        """The records of the same paper, as they are kept, and what they share; none of the same id that is an older version."""
        found: dict[str, str] = {}
        held = self._held.get(id)
        if id in self._kept or (held and not (held.before and held.source == source)):
            found[self.stands_for(id)] = "id"
        if doi and doi in self._by_doi:
            first, told = self._by_doi[doi]
            other = self.stands_for(first)
            if other != id and source == self._held[other].source and speak_against(told, what):
                self.apart.append(Apart(doi, first, id))
            else:
                found.setdefault(other, "doi")
        if title and (place := self._by_title.get(title)):
            other, from_source, has_doi = place
            if from_source != source and not (doi and has_doi):
                found.setdefault(self.stands_for(other), "title")
        if found.get(id) != "id":
            found.pop(id, None)
        return list(found.items())

    def _replace(self, dropped: str, kept: str) -> None:
        if dropped != kept:
            self._kept[dropped] = kept
            self._held.pop(dropped, None)

    def stands_for(self, id: str) -> str:
        """The id of the record that is kept in place of one left out; the id itself where that one is kept."""
        while id in self._kept:
            id = self._kept[id]
        return id

    def _remember(self, id: str, source: str, doi: str, title: bytes, what: bytes) -> None:
        if doi:
            self._by_doi.setdefault(doi, (id, what))
        if title:
            self._by_title.setdefault(title, (id, source, bool(doi)))


def _better(new: _Held, id: str, held: _Held, other: str) -> bool:
    """Whether a new record is kept rather than one that is held."""
    if new[:_RICH] != held[:_RICH]:
        return new[:_RICH] > held[:_RICH]
    return (new.source, id) < (held.source, other)
