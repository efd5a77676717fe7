"""Homonyms: which institutions share a folded name, counting names in the sources and generated variants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from affil.names import tokenize
from affil.names.fold import generic
from affil.names.tokens import terms
from affil.names.variants import (
    closed_up,
    curtailed,
    flagships,
    hospitals_alone,
    is_another,
    respelt,
    says_nothing,
    swapped,
    unplaced,
)
from affil.registry.aliases import names_nobody, variants, without_country
from affil.settings import TEXT
from affil.types import Institution, NameKind

Words = tuple[str, ...]  # a folded name
_SYLLABIC = frozenset({"CN", "HK", "MO", "SG", "TW"})  # where names are romanised in pinyin
_TEACHING = frozenset({"university", "college"})
_WRITTEN = (NameKind.OFFICIAL, NameKind.LABEL, NameKind.ALIAS, NameKind.FORMER)  # full names, which get variants


def folded(texts: Sequence[str]) -> list[Words]:
    """The folded words of each text."""
    tokens = tokenize(texts)
    return [tuple(tokens.words[a:b]) for a, b in pairwise(tokens.ptr.tolist())]


@dataclass(frozen=True, slots=True)
class Surfaces:
    """All surface forms of names, one row each.

    `text` is a variant of the name `whole` of `institution`. `name` is its number: the names of all institutions are numbered
    in order, followed by `shown`, the display names of domains and of acronyms taken from parentheses.
    """

    text: list[str] = field(default_factory=list)
    whole: list[str] = field(default_factory=list)
    institution: list[int] = field(default_factory=list)
    kind: list[NameKind] = field(default_factory=list)
    name: list[int] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)


def surfaces_of(institutions: Sequence[Institution]) -> Surfaces:
    """Surface forms of all names; names of closed institutions become former names of their active successor."""
    number = {x.id: i for i, x in enumerate(institutions)}
    successor = active_successors(institutions)
    out = Surfaces()
    flat_names, all_names = 0, sum(len(x.names) for x in institutions)
    for i, x in enumerate(institutions):
        target = number.get(successor.get(x.id, ""), -1)
        own = [(n.value, n.kind) for n in x.names] + [(d, "domain") for d in (x.domain, *x.other_domains) if d]
        for offset, (value, kind) in enumerate(own if target >= 0 else ()):
            moved = kind if target == i or kind == "domain" else "former"
            for text, what in variants(value, moved):
                name = flat_names + offset
                if what == "domain" or (what == "acronym" and text != value):
                    name = all_names + len(out.shown)
                    out.shown.append(text)
                out.text.append(text)
                out.whole.append(value)
                out.institution.append(target)
                out.kind.append(NameKind[what.upper()])
                out.name.append(name)
        flat_names += len(x.names)
    return out


def without_rivals(
    regional: Sequence[tuple[Words, int, int, int]],
    owners: Mapping[Words, Mapping[int, tuple[int, int]]],
    parents: Sequence[Collection[int]],
) -> list[tuple[Words, int, int, int]]:
    """Keep those names (words, institution, kind, name) without their country that no other institution has.

    A shortened domain is dropped if another institution has it, except a branch with that domain. A shortened name is dropped
    if the parent has it, and becomes a variant if it is a homonym's official name: "University of Freiburg (Switzerland)".
    """
    left: dict[Words, set[int]] = defaultdict(set)
    for words, target, kind, _ in regional:
        if kind == NameKind.DOMAIN:
            left[words].add(target)
    out = []
    for words, target, kind, name in regional:
        others = {i for i in owners.get(words, {}) if i != target}
        if kind == NameKind.DOMAIN:
            branches = {i for i in others if target in parents[i] and owners[words][i][0] == NameKind.DOMAIN}
            if not others - branches | left[words] - {target}:
                out.append((words, target, kind, name))
        elif not others & set(parents[target]):
            namesake = any(owners[words][i][0] == NameKind.OFFICIAL for i in others)
            out.append((words, target, NameKind.VARIANT if namesake else kind, name))
    return out


class NameOwners:
    """The folded names of a registry and their homonyms, built step by step by `find_owners`.

    `owners[words]` maps each institution of that name to (kind of name, name number); `terms[words]` are its terms in idf
    vectors.
    """

    def __init__(
        self, institutions: Sequence[Institution], parents: Sequence[Sequence[int]], within: Callable[[str], Collection[Words]]
    ) -> None:
        """`within`: the names of each country, its regions and cities."""
        self.institutions, self.parents, self.within = institutions, parents, within
        self.owners: dict[Words, dict[int, tuple[int, int]]] = defaultdict(dict)
        self.terms: dict[Words, Words] = {}
        self._regional: list[tuple[Words, int, int, int]] = []  # names without their country
        self._reordered: list[tuple[Words, int, int]] = []
        self._curtailed: dict[Words, list[tuple[int, int]]] = defaultdict(list)
        self._shortened: list[tuple[Words, int, int]] = []
        self._hospitals: list[tuple[Words, int, int]] = []
        self._titles: dict[int, tuple[Words, int]] = {}  # official names of universities
        self._schools: set[Words] = set()

    def _add_owner(self, words: Words, institution: int, kind: int, name: int) -> None:
        """Add an institution to the owners of a name, keeping the best kind of name."""
        held = self.owners[words].get(institution)
        if held is None or kind < held[0]:
            self.owners[words][institution] = (kind, name)

    def add(self, surfaces: Surfaces) -> None:
        """Add the names as written, except those too generic."""
        tokens = tokenize(surfaces.text)
        term_of = terms(tokens)
        for k, (a, b) in enumerate(pairwise(tokens.ptr.tolist())):
            words, surface, kind = tuple(tokens.words[a:b]), surfaces.text[k], surfaces.kind[k]
            institution, name = surfaces.institution[k], surfaces.name[k]
            if names_nobody(surface, words, kind.word):
                continue
            if set(words) <= generic() and any(w.isupper() and len(w) <= TEXT.umlaut_acronym for w in surface.split()):
                continue  # "INF Technology" would match any department of information technology
            if kind == NameKind.DOMAIN and surface.endswith(f".{'.'.join(words)}"):
                continue  # "du.edu" would fold to "edu"
            self.terms.setdefault(words, tuple(t for t in term_of[a:b] if t))
            if without_country(surface, surfaces.whole[k], len(words)):
                self._regional.append((words, institution, kind, name))
                continue
            self._add_owner(words, institution, kind, name)
            if kind == NameKind.OFFICIAL and self.institutions[institution].kind == "education":
                self._titles.setdefault(institution, (words, name))
            if kind in _WRITTEN:
                self._collect_variants(words, surface, institution, name)

    def _collect_variants(self, words: Words, surface: str, institution: int, name: int) -> None:
        """Collect generated variants of a name; `add_variants` assigns them once all names are known."""
        of = self.institutions[institution]
        within = self.within(of.country)
        if not says_nothing(words, within) and (other := swapped(words)):
            self._reordered.append((other, institution, name))
        if of.kind == "education" and (other := unplaced(words, within)):
            self._curtailed[other].append((institution, name))
        if of.country in _SYLLABIC and (other := closed_up(words)):
            self._shortened.append((other, institution, name))
        self._shortened += [(other, institution, name) for other in respelt(words, surface, of.kind)]
        for other in curtailed(words, surface, of.country, of.kind, within):
            self._curtailed[other].append((institution, name))
        if of.kind == "education" and len(words) > 1 and _TEACHING & set(words):
            self._schools.add(words)
        elif of.kind == "healthcare":
            self._hospitals.append((words, institution, name))

    def add_regional(self) -> None:
        """Add names without their country where no other institution has them."""
        for words, institution, kind, name in without_rivals(self._regional, self.owners, self.parents):
            self._add_owner(words, institution, kind, name)

    def drop_names_of_parts(self) -> None:
        """Drop aliases of a parent that are the official name of its part: "SINTEF Digital"."""
        institutions, parents = self.institutions, self.parents
        for held in self.owners.values():
            if len(held) < 2:
                continue
            called = [i for i, (kind, _) in held.items() if kind <= NameKind.LABEL]
            seats = {(institutions[i].country, institutions[i].city) for i in called}
            above = {p for i in called for p in parents[i] if held.get(p, (0, 0))[0] > NameKind.LABEL}
            # same city counts as a parent: the Jülich Supercomputing Centre has none in the registry
            above |= {
                i for i in held if (institutions[i].country, institutions[i].city) in seats and held[i][0] == NameKind.ALIAS
            }
            for i in above:
                del held[i]
            domains = {i for i, (kind, _) in held.items() if kind == NameKind.DOMAIN}
            for below in [i for i in held if i in domains and domains & set(parents[i])]:
                del held[below]  # a domain shared with branches belongs to the group

    def add_variants(self) -> None:
        """Add generated variants, except those that are proper names or begin another institution's name."""
        proper = {w for w, own in self.owners.items() if min(kind for kind, _ in own.values()) <= NameKind.ALIAS}
        begins = self._beginnings(proper)
        # Washington University (in St. Louis) is not the University of Washington
        reordered = [(other, owner, name) for other, owner, name in self._reordered if not begins.get(other, set()) - {owner}]
        for words, owner, name in hospitals_alone(self._hospitals, self._schools, self.owners):
            self._curtailed[words].append((owner, name))
        for words, owner, name in reordered:
            if words in self._curtailed:
                self._curtailed[words].append((owner, name))
        # "International Islamic University" is left of several names
        sole = [(w, *own[0]) for w, own in self._curtailed.items() if len({owner for owner, _ in own}) == 1]
        for words, owner, name in [*reordered, *self._shortened, *sole]:
            if words not in proper and owner not in self.owners[words]:
                self.owners[words][owner] = (NameKind.VARIANT, name)
                self.terms.setdefault(words, words)

    def _beginnings(self, proper: Iterable[Words]) -> dict[Words, set[int]]:
        """Map each proper prefix of an official name to the institutions so named."""
        begins: dict[Words, set[int]] = defaultdict(set)
        for words in proper:
            official = [i for i, (kind, _) in self.owners[words].items() if kind <= NameKind.LABEL]
            where = {self.institutions[i].country for i in official}
            for n in range(2, len(words)):
                if not any(is_another(words, n, self.within(country)) for country in where):
                    begins[words[:n]].update(i for i in official if self.institutions[i].kind != "nonprofit")
        return begins

    def add_flagships(self) -> None:
        """Add the name of a university system to its flagship campus."""
        called = [self._titles.get(i, ((), 0))[0] for i in range(len(self.institutions))]
        for words, owner in flagships(called, self.parents, [x.prominence for x in self.institutions], TEXT.flagship):
            self.owners[words].setdefault(owner, (NameKind.VARIANT, self._titles[owner][1]))
            self.terms.setdefault(words, words)


def find_owners(
    institutions: Sequence[Institution],
    parents: Sequence[Sequence[int]],
    surfaces: Surfaces,
    within: Callable[[str], Collection[Words]],
) -> NameOwners:
    """Find the institutions of each folded name; `within`: the names of each country, its regions and cities."""
    out = NameOwners(institutions, parents, within)
    out.add(surfaces)
    out.add_regional()
    out.drop_names_of_parts()
    out.add_variants()
    out.add_flagships()
    return out


def active_successors(institutions: Iterable[Institution]) -> dict[str, str]:
    """Map every id to its current id: itself, or its active successor.

    An inactive record without an active successor maps to itself (papers of its time name it), a withdrawn one is left out. Of
    several active successors, the first in the source's order is taken.
    """
    by_id = {x.id: x for x in institutions}

    def follow(x: Institution, seen: frozenset[str]) -> str:
        if x.status == "active":
            return x.id
        for s in x.successors:
            if s in by_id and s not in seen and (found := follow(by_id[s], seen | {s})):
                return found
        return ""

    out = {}
    for x in by_id.values():
        target = follow(x, frozenset({x.id})) or (x.id if x.status == "inactive" else "")
        if target:
            out[x.id] = target
    return out
