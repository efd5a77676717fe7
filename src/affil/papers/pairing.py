"""Whose an address is, where an export names its authors in front of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from affil.io.people import family_and_initials
from affil.types import Author
from affil.wording import said

Named = tuple[tuple[str, ...], str]
"""The names in front of an address (none where there are none), and the address as it stands."""

NOT_SAID = said("does not say whose its affiliations are: counted by paper")
STRANGER = said("has an affiliation of somebody who is none of its authors: counted by paper")
NAMESAKES = said("has authors of one name whose affiliations cannot be told apart: counted by paper")

_NOBODY = re.compile(r"\W*(?:anon(?:ymous)?|no authors? (?:name )?(?:available|listed)|et al|等)\W*", re.IGNORECASE)


_OTHERS = re.compile(r"\W*(?:et al|(?:and )?others|等)\W*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Paired:
    """Authors with what is theirs; where that is not known, the affiliations of the paper. `problem` is "" if all is well."""

    authors: tuple[Author, ...]
    of_paper: tuple[str, ...] = ()
    problem: str = ""

    @property
    def aligned(self) -> bool:
        """Whether the affiliations belong to authors."""
        return not self.of_paper


def is_nobody(name: str) -> bool:
    """Whether a name says that there is none, or that others are not named: [Anonymous], [No author name available], et al."""
    return _NOBODY.fullmatch(name) is not None


def has_others(names: Iterable[str]) -> bool:
    """Whether a list of authors says that there are others: "et al.", "and others", "等"."""
    return any(_OTHERS.fullmatch(name) for name in names)


def by_paper(authors: Iterable[str], addresses: Iterable[str], problem: str = NOT_SAID) -> Paired:
    """Affiliations without word of whose they are: those of a single author are his, others belong to the paper."""
    people, strings = list(authors), tuple(dict.fromkeys(addresses))
    if len(people) == 1:
        return Paired((Author(people[0], strings),))
    return Paired(tuple(map(Author, people)), strings, problem if strings else "")


def pair(authors: Sequence[str], addresses: Sequence[Named], short: Sequence[str] = ()) -> Paired:
    """Give each author the addresses that name him, in their order.

    A name is found as it is written; else without case, accents and punctuation; else by the family name and initials, if only
    one author fits. Namesakes are told apart only where they need not be: where each address names all of them, or a single one
    names any. Where the affiliation of anybody stays in doubt, all belong to the paper, so that nothing is counted wrongly.

    Args:
        authors: the names of the authors in order.
        addresses: addresses with the names in front of them.
        short: other forms of the authors' names, one each, in the same order (or none at all).
    """
    strings = [address for _, address in addresses]
    if not all(names for names, _ in addresses):
        return by_paper(authors, strings)
    found = _Names(authors, short if len(short) == len(authors) else ())
    theirs: list[list[str]] = [[] for _ in authors]
    named: dict[tuple[int, ...], list[tuple[str, int]]] = {}  # namesakes: each address with the number of them that it names
    for names, address in addresses:
        people: dict[tuple[int, ...], int] = {}
        for name in names:
            if one := found.find(name):
                people[one] = people.get(one, 0) + 1
        if not people:
            return by_paper(authors, strings, STRANGER)
        for one, times in people.items():
            named.setdefault(one, []).append((address, times))
    for namesakes, places in named.items():
        if len(namesakes) > 1 and len(places) > 1 and any(times < len(namesakes) for _, times in places):
            return by_paper(authors, strings, NAMESAKES)
        for i in namesakes:
            theirs[i] += [address for address, _ in places]
    paired = tuple(Author(name, tuple(dict.fromkeys(own))) for name, own in zip(authors, theirs, strict=True))
    return Paired(paired)


class _Names:
    """The authors by the ways in which their names may be written."""

    def __init__(self, authors: Sequence[str], short: Sequence[str]) -> None:
        self._exact: dict[str, list[int]] = {}
        self._plain: dict[str, list[int]] = {}
        self._initials: list[tuple[str, str]] = [_initials(name) for name in authors]
        for i, name in enumerate(authors):
            self._exact.setdefault(name, []).append(i)
            self._plain.setdefault(_plain(name), []).append(i)
        for i, name in enumerate(short):
            others = self._plain.setdefault(_plain(name), [])
            if i not in others:
                others.append(i)

    def find(self, name: str) -> tuple[int, ...]:
        """The places of the authors with a name, () for nobody."""
        known = self._exact.get(name) or self._plain.get(_plain(name))
        if known:
            return tuple(known)
        family, given = _initials(name)
        alike = [i for i, (f, g) in enumerate(self._initials) if f == family and (g.startswith(given) or given.startswith(g))]
        return (alike[0],) if len(alike) == 1 and given else ()


def _plain(name: str) -> str:
    """A name without case, accents and punctuation; a suffix may stand before or behind the given name."""
    family, *others = name.split(",")
    parts = [family, *(sorted(others) if len(others) > 1 else others)]
    return "".join(c for c in unicodedata.normalize("NFKD", "".join(parts).casefold()) if c.isalnum())


def _initials(name: str) -> tuple[str, str]:
    """The family name and the initials, to compare."""
    family, initials = family_and_initials(name)
    return _plain(family), initials.casefold()
