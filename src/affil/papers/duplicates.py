"""Which records of different sources are one paper: those of one DOI, else of one title, year and first author."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass, field

from affil.papers.common import bare_doi
from affil.types import Paper

_INITIALS = 3  # letters of initials that are written behind a name, at most

Richness = tuple[bool, bool, int, int, int]
"""How much a record tells: whether it names all authors, whether affiliations are tied to them, authors with some, strings, characters."""


@dataclass(frozen=True, slots=True)
class Merged:
    """Two records of one paper: the id that was kept, the one that was left out, and what they share (doi or title)."""

    kept: str
    dropped: str
    by: str


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
    letters, family = _letters(title), _letters(family_name(first_author))
    if len(letters) < least or not family:
        return b""
    return hashlib.blake2b(f"{letters}\0{year}\0{family}".encode(), digest_size=12).digest()


def family_name(name: str) -> str:
    """The family name: what stands before a comma ("Li, Ana"), or before initials ("Li AB"), else the last word ("Ana Li")."""
    before, comma, _ = name.partition(",")
    words = before.split()
    if comma or not words:
        return before.strip()
    initials = words[-1].replace(".", "")
    written_last = len(words) > 1 and len(initials) <= _INITIALS and initials.isupper() and not words[0].isupper()
    return " ".join(words[:-1]) if written_last else words[-1]


def _letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if c.isalnum())


@dataclass(slots=True)
class Merger:
    """Takes records one after the other and keeps the richest of each paper; of equally rich ones the first.

    Records of one source that have no DOI are never one paper: a source has an id for each of its papers, and a talk and an article
    may share a title. `least` is as in `title_key`.
    """

    least: int
    merged: list[Merged] = field(default_factory=list)
    _richness: dict[str, Richness] = field(default_factory=dict)  # of what is kept
    _by_doi: dict[str, str] = field(default_factory=dict)
    _by_title: dict[bytes, tuple[str, str, bool]] = field(default_factory=dict)  # id, source, whether it has a DOI
    _kept: dict[str, str] = field(default_factory=dict)  # id left out -> id kept in its place

    def know(self, id: str, source: str, doi: str, title: bytes, rich: Richness) -> None:
        """Take a record that is kept already."""
        self._richness[id] = rich
        self._remember(id, source, bare_doi(doi), title)

    def add(self, paper: Paper, source: str, *, partial: bool = False) -> str | None:
        """Take a record; `partial`: its format names only some of a paper's authors.

        Returns:
            The id of the record that it is the same paper as and that is at least as rich, so that this one is left out; None
            where this one is kept. What it takes the place of stands in `dropped`.
        """
        doi = bare_doi(paper.doi)
        first = paper.authors[0].name if paper.authors else ""
        title = title_key(paper.title, paper.year, first, self.least)
        rich = richness(paper, partial=partial)
        kept = True
        for other, by in self._same(paper.id, source, doi, title):
            if rich > self._richness[other]:
                self._replace(other, paper.id)
                self.merged.append(Merged(paper.id, other, by))
            else:
                self._replace(paper.id, other)
                self.merged.append(Merged(other, paper.id, by))
                kept = False
                break
        if kept:
            self._richness[paper.id] = rich
            self._kept.pop(paper.id, None)
        self._remember(self._stands_for(paper.id), source, doi, title)
        return None if kept else self._stands_for(paper.id)

    @property
    def dropped(self) -> frozenset[str]:
        """The ids of all records left out."""
        return frozenset(self._kept)

    def _same(self, id: str, source: str, doi: str, title: bytes) -> list[tuple[str, str]]:
        """Other records of the same paper, as they are kept, and what they share."""
        found: dict[str, str] = {}
        if doi and (other := self._by_doi.get(doi)):
            found[self._stands_for(other)] = "doi"
        if title and (held := self._by_title.get(title)):
            other, from_source, has_doi = held
            if from_source != source and not (doi and has_doi):
                found.setdefault(self._stands_for(other), "title")
        found.pop(id, None)
        return list(found.items())

    def _replace(self, dropped: str, kept: str) -> None:
        self._kept[dropped] = kept
        self._richness.pop(dropped, None)

    def _stands_for(self, id: str) -> str:
        while id in self._kept:
            id = self._kept[id]
        return id

    def _remember(self, id: str, source: str, doi: str, title: bytes) -> None:
        if doi:
            self._by_doi.setdefault(doi, id)
        if title:
            self._by_title.setdefault(title, (id, source, bool(doi)))
