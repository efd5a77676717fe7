"""The authors of a JATS article, and which affiliation is whose."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affil.papers.markup import each, entity, first, local, text_of, tidy
from affil.types import Author
from affil.wording import said

if TYPE_CHECKING:
    from lxml import etree

_NO_TEXT = frozenset(["label", "institution-id", "xref", "fn", "target", "graphic", "inline-graphic"])
_MARKS = frozenset(["sup", "bold", "italic", "sub"])
_INLINE = _MARKS | {"sc", "underline", "roman", "sans-serif", "monospace", "styled-content", "abbrev", "ext-link", "uri"}
_POSTAL = frozenset(["postal-code", "post-code"])
_MARK = re.compile(r"[\s,;()\[\]]*(?:\d{1,3}|[a-zA-Z]{1,2}|[^\w\s]{1,4})(?:[\s,;]+(?:\d{1,3}|[a-zA-Z]|[^\w\s]))*[\s,;.()\[\]]*")
_ENDS = (",", ";", ":")
_JOINED = ("(", "/", "-", "–")
_LEFT = said("has affiliations that no author is tied to: they are left out")

_NAMES = ("name", "name-alternatives/name", "string-name", "name-alternatives/string-name")
_COLLABS = ("collab", "collab-alternatives/collab")

Told = tuple[tuple[Author, ...], tuple[str, ...], str]


def authors_of(meta: etree._Element) -> Told:
    """The authors, affiliations of the paper where none is tied to an author, and a problem to report.

    Members of a collaboration are authors where no one else is. An author's affiliations stand inside `contrib`, or an `xref` of it
    names them. Without either, the only `aff` of a group is that of the whole group, and the only one of the article that of all
    its authors.
    """
    affs = _affiliations(meta)
    authors: list[Author] = []
    free: list[str] = []  # what no xref names
    named = {rid for xref in meta.iter("{*}xref") for rid in xref.get("rid", "").split()}
    for group in _groups(meta):
        held = [(contrib, _held(contrib, affs)) for contrib in each(group, "contrib") if _is_author(contrib)]
        own = [text for aff in _outer(group) if not named & _ids(aff) and (text := affs.get(aff))]
        if len(own) == 1 and not any(strings for _, strings in held):
            held = [(contrib, (own[0],)) for contrib, _ in held]
        elif held:
            free += own
        authors += [Author(_name(contrib), strings) for contrib, strings in held]
    free += [text for aff in _outer(meta) if not named & _ids(aff) and (text := affs.get(aff))]
    if not any(a.affiliations for a in authors):
        if len(free) == 1:
            return tuple(Author(a.name, (free[0],)) for a in authors), () if authors else (free[0],), ""
        return tuple(authors), tuple(free), ""
    return tuple(authors), (), _LEFT if free else ""


def _affiliations(meta: etree._Element) -> dict[etree._Element | str, str]:
    """The string of each affiliation by its element and by its id; of alternatives (in several languages) the first."""
    found: dict[etree._Element | str, str] = {}
    for aff in meta.iter("{*}aff", "{*}aff-alternatives"):
        inside = each(aff, "aff") if local(aff) == "aff-alternatives" else [aff]
        texts = [text for one in inside if (text := _published(one))]
        if texts:
            found.setdefault(aff, texts[0])
            for one in _ids(aff):
                found.setdefault(one, texts[0])
    return found


def _outer(element: etree._Element) -> list[etree._Element]:
    return [*each(element, "aff"), *each(element, "aff-alternatives")]


def _ids(aff: etree._Element) -> set[str]:
    """The ids by which an affiliation can be named, its own and those of its alternatives."""
    return {one.get("id", "") for one in (aff, *each(aff, "aff"))} - {""}


def _is_author(contrib: etree._Element) -> bool:
    return contrib.get("contrib-type", "author").lower() in ("author", "authors", "collab", "")


def _groups(meta: etree._Element) -> list[etree._Element]:
    """The groups of authors; where collaborations are the only authors, those of their members."""
    groups = each(meta, "contrib-group")
    authors = [contrib for group in groups for contrib in each(group, "contrib") if _is_author(contrib)]
    members = [
        [group for path in _COLLABS for group in each(contrib, f"{path}/contrib-group") if each(group, "contrib")]
        for contrib in authors
    ]
    return [group for some in members for group in some] if members and all(members) else groups


def _held(contrib: etree._Element, affs: dict[etree._Element | str, str]) -> tuple[str, ...]:
    """The affiliations of one author: those inside, then those that its references name; members of a group keep their own."""
    found: dict[str, str] = {}
    for one in contrib.iter("{*}aff", "{*}aff-alternatives", "{*}xref"):
        if next(one.iterancestors("{*}contrib", "{*}contrib-group", "{*}aff-alternatives")) is not contrib:
            continue
        for key in one.get("rid", "").split() if local(one) == "xref" else (one,):
            if text := affs.get(key):
                found.setdefault(text.rstrip("."), text)  # some publishers give it inside and by reference
    return tuple(found.values())


def _name(contrib: etree._Element) -> str:
    for name in (name for path in _NAMES for name in each(contrib, path)):
        parts = [first(name, "given-names"), first(name, "surname"), first(name, "suffix")]
        if any(parts):
            return " ".join(filter(None, parts))
    paths = ("string-name", "name-alternatives/string-name", *_COLLABS)
    named = (text_of(one, without=("contrib-group", "xref", "fn", "aff")) for path in paths for one in each(contrib, path))
    return next(filter(None, named), "Anonymous" if each(contrib, "anonymous") else "")


def _published(aff: etree._Element) -> str:
    """An affiliation without its marks; parts that nothing stands between are joined with commas, as they are when printed.

    SciELO gives the string as published as an `institution` of its own, beside its parts.
    """
    for one in aff.iter("{*}institution"):
        if one.get("content-type") == "original" and (whole := text_of(one, without=_NO_TEXT)):
            return whole
    return tidy("".join(_Pieces().of(aff))).strip(" ,;")


class _Pieces:
    """Collects the text of an affiliation."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self._after = ""  # the name of the part that ended last, as long as no text stands behind it

    def of(self, aff: etree._Element) -> list[str]:
        self._walk(aff)
        return self._said

    def _walk(self, element: etree._Element) -> None:
        self._say(element.text)
        for child in element:
            name = local(child)
            if not name:
                self._say(entity(child))
            elif name == "break":
                self._part("")
            elif name not in _NO_TEXT and not self._is_mark(child):
                if name not in _INLINE and self._after:
                    self._part(name)
                self._walk(child)
                if name not in _INLINE:
                    self._after = name
            self._say(child.tail)

    def _say(self, text: str | None) -> None:
        if text:
            self._said.append(text)
            if text.strip():
                self._after = ""

    def _part(self, name: str) -> None:
        """Put a comma, or a space beside a postal code, where a part begins right behind another."""
        before = "".join(self._said).rstrip()
        beside = (name in _POSTAL and self._after in ("city", "state")) or (self._after in _POSTAL and name == "city")
        if before and not before.endswith(_JOINED):
            self._said = [before, " " if beside or before.endswith(_ENDS) else ", "]

    def _is_mark(self, element: etree._Element) -> bool:
        """Whether an element is the mark of an affiliation ("1", "a,*"), and no part of its words ("1st", "CO2")."""
        if local(element) not in _MARKS or not _MARK.fullmatch(text_of(element)):
            return False
        before = "".join(self._said)
        return not before or not before[-1].isalnum() if local(element) == "sup" else not before.strip()
