"""Synthetic training strings: names of a registry with the context and damage seen in papers.

The kinds follow S2AFF (Feldman et al. 2023), the ROR matching sets and OpenAlex's notes: abbreviations, departments and
addresses, several organisations in one string, lost accents, glued words, footnote marks, swapped word order, capitals,
truncation, and strings that name no known organisation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from affil.match.labels import Labelled, Trust
from affil.names import fold
from affil.training import shares
from affil.training.decoys import SUBJECTS, SURNAMES
from affil.training.phrases import (
    BORROWED,
    BRANCHES,
    COLLEGES,
    DEPARTMENTS,
    ELSEWHERE,
    FIRST,
    HAN_BORROWED,
    HAN_JOINERS,
    HAN_JOINT,
    HAN_NEAR,
    HAN_PARTS,
    JOINERS,
    JOINT,
    MAIL,
    NEAR,
    NOTHING,
    OF_SUBJECT,
    SCHOOLS,
    SHORT_FORMS,
    SITES,
    SUBDOMAINS,
    TIGHT,
    UNITS,
)
from affil.training.pool import COUNTRY_BEHIND, Pool
from affil.training.surface import HAN, Surface
from affil.types import Institution

_KINDS, _BOUNDS = tuple(shares.KINDS), np.cumsum(list(shares.KINDS.values()))[:-1]
_SEVERAL = (2, 2, 2, 2, 3, 3, 4, 6)  # numbers of institutions in a `several` string
# the part of a university's name that a near name keeps
_NEAR_WORD = re.compile(
    r"(?:Indian|National) Institute of Technology,? ([A-Z]\w+)|University of ([A-Z]\w+(?:[ -][A-Z]\w+)?)|([A-Z]\w+(?:[ -][A-Z]\w+)?) University"
)
_HAN_UNIVERSITY = re.compile("([\u4e00-\u9fff]{2,4})大学")


class Writer:
    """Writes training strings about known institutions and, without a label, about unknown ones.

    The kinds of `shares.KINDS` are its methods. If the drawn institution does not fit a kind, another kind is written.
    """

    def __init__(self, institutions: Sequence[Institution], unknown: Sequence[Institution], seed: int) -> None:
        self.pool = Pool(institutions, unknown)
        self.surface = Surface(self.pool, seed)
        self.rng = self.surface.rng
        self.pick, self.happens = self.surface.pick, self.surface.happens

    def write(self, count: int) -> list[Labelled]:
        """Write `count` strings; deterministic for a seed and a registry."""
        return [self._one() for _ in range(count)]

    def _one(self) -> Labelled:
        kind = _KINDS[int(np.searchsorted(_BOUNDS, self.rng.random(), side="right"))]
        made: Labelled = getattr(self, kind)()
        return replace(made, affiliation=self.surface.damage(made.affiliation), trust=Trust.COMPOSED)

    def nothing(self) -> Labelled:
        """A string that names no institution."""
        return Labelled(self.surface.fill(self.pick(NOTHING)), ())

    def stranger(self) -> Labelled:
        """An institution that the registry lacks."""
        if not self.pool.unknown:
            return self.nothing()
        stranger = self.surface.stranger()
        if self.happens(shares.STRANGER_IN_NAMED_TOWN):
            other = self.surface.institution()
            if other.city and other.city in other.name:
                stranger = replace(stranger, city=other.city, country=other.country, region=other.region)
        name = self.surface.name(stranger)
        if fold(name) not in self.pool.names:
            return Labelled(self.surface.around(name, stranger), ())
        if stranger.country in self.pool.countries[fold(name)]:
            return self.single()
        return Labelled(f"{name}, {self.surface.place(stranger)}", ())  # a homonym, told apart by its place

    def elsewhere(self) -> Labelled:
        """A university's or hospital's name in a country where no known institution has it: a homonym outside the registry."""
        own, other = self.surface.institution(), self.surface.institution()
        any_name = self.happens(shares.NAMESAKE_BY_NAME)
        name = self.surface.name(own) if any_name else self.surface.short_name(own, False).value
        if own.kind not in ("education", "healthcare") or not other.city:
            return self.single()
        if other.country in self.pool.countries.get(fold(name), {own.country}) | {own.country}:
            return self.single()
        return Labelled(self._at(ELSEWHERE, name, other), ())

    def branch(self) -> Labelled:
        """A company or large body in a country where no branch of it is known."""
        if not self.pool.bodies:
            return self.single()
        own = self.pool.bodies[int(self.rng.choice(len(self.pool.bodies), p=self.pool.body_chance))]
        other = self.surface.institution()
        name = self.surface.name(own)
        if not other.city or other.country in self.pool.countries.get(fold(name), set()):
            return self.single()
        return Labelled(self._at(BRANCHES, name, other), (own.id,))

    def _at(self, forms: Sequence[str], name: str, other: Institution) -> str:
        """A name at another institution's place."""
        form = self.pick(forms)
        return form.format(name, self.surface.place(other), s=self.pick(SUBJECTS))

    def site(self) -> Labelled:
        """A branch or laboratory identified by its place only: "Microsoft Research, Cambridge, UK"."""
        if not self.pool.sites:
            return self.single()
        x, mother = self.pool.sites[int(self.rng.integers(len(self.pool.sites)))]
        form = self.pick(SITES)
        place = self.pick((x.city, f"{x.city}, {self.surface.country.get(x.country, x.country)}"))
        text = form.format(COUNTRY_BEHIND.sub("", mother.name), place, s=self.pick(SUBJECTS))
        return Labelled(text, (x.id,), acceptable=(mother.id,))

    def near(self) -> Labelled:
        """A known name changed by one distinguishing word: "Technical University of Turin"."""
        x = self.surface.institution()
        other = self._near_name(x)
        if other is None or fold(other) in self.pool.names:
            return self.stranger()
        return Labelled(self.surface.around(other, x), ())

    def _near_name(self, x: Institution) -> str | None:
        if x.kind != "education":
            return self.pick(COLLEGES).format(COUNTRY_BEHIND.sub("", self.surface.short_name(x, False).value))
        name = self.pick([n.value for n in x.names if n.kind in ("official", "label")] or [x.name])
        if name.endswith(" University") and self.happens(shares.NEAR_OF_SUBJECT):
            return f"{name} of {self.pick(OF_SUBJECT)}"
        if han := _HAN_UNIVERSITY.fullmatch(name):
            return self.pick(HAN_NEAR).format(han[1])
        if own := _NEAR_WORD.fullmatch(name):
            word = next(filter(None, own.groups()))
            form = self.pick(NEAR)
            return form.format(word, word, n=self.pick(SURNAMES), a=self.surface.acronym(shares.CAPITALS_OF_REGISTRY))
        return None

    def school(self) -> Labelled:
        """A school named by the university's unique word: "Yale School of Public Health"."""
        if not self.pool.schools:
            return self.single()
        x, word = self.pool.schools[int(self.rng.integers(len(self.pool.schools)))]
        town = fold(word) == fold(x.city)  # others have institutes there too
        text = self.pick(SCHOOLS if town else (*SCHOOLS, *UNITS)).format(word, s=self.pick(SUBJECTS))
        if fold(text) in self.pool.names:
            return self.single()
        if self.happens(shares.SCHOOL_DEPARTMENT):
            text = f"{self._department()}, {text}"
        if self.happens(shares.SCHOOL_PLACE) and x.city:
            text = f"{text}, {self.surface.place(x)}"
        return Labelled(text, (x.id,))

    def _department(self) -> str:
        return self.surface.fill(self.pick(DEPARTMENTS["en"]))

    def borrowed(self) -> Labelled:
        """A street, product, prize or position named after an institution."""
        x = self.surface.institution()
        name = self.surface.short_name(x, self.happens(shares.BORROWED_HAN)).value
        han = HAN.search(name) is not None
        text = self.pick(HAN_BORROWED if han else BORROWED).format(name, d=int(self.rng.integers(1, 400)))
        if not han and self.happens(shares.BORROWED_PLACE):
            text += f", {self.surface.place(x)}"
        return self.stranger() if fold(text) in self.pool.names else Labelled(text, ())

    def capitals(self) -> Labelled:
        """A run of capitals without a label, though some may coincide with acronyms."""
        count = int(self.rng.integers(3, 7))
        return Labelled(", ".join(self.surface.acronym(shares.CAPITALS_OF_REGISTRY) for _ in range(count)), ())

    def several(self) -> Labelled:
        """Two to six institutions, joined in the ways authors use."""
        named: list[tuple[str, Institution]] = []
        ids: list[str] = []
        for _ in range(int(self.rng.choice(_SEVERAL))):
            if self.happens(shares.STRANGER_AMONG_SEVERAL) and self.pool.unknown:
                other = self.surface.stranger()
                name = self.surface.name(other)
                if fold(name) in self.pool.names:
                    continue
            else:
                other = self.surface.institution()
                name = self.surface.name(other)
                ids.append(other.id)
            named.append((name, other))
        return Labelled(self._joined(named), tuple(dict.fromkeys(ids))) if named else self.nothing()

    def _joined(self, named: Sequence[tuple[str, Institution]]) -> str:
        han = all(HAN.search(name) for name, _ in named)
        joiner = self.pick(HAN_JOINERS if han else JOINERS)
        plain = joiner in TIGHT or han or self.happens(shares.SEVERAL_PLAIN)
        texts = [name if plain else self.surface.around(name, x) for name, x in named]
        listed = len(texts) > 2 and joiner in (" and ", " & ", ", and ")
        text = f"{', '.join(texts[:-1])}{joiner}{texts[-1]}" if listed else joiner.join(texts)
        if plain and not han and self.happens(shares.SEVERAL_DEPARTMENT):
            text = f"{self._department()}, {text}"
        if plain and not han and self.happens(shares.SEVERAL_CITY):
            text = f"{text}, {named[-1][1].city}"
        return text

    def joint(self) -> Labelled:
        """An unnamed joint laboratory of two institutions, by their short names."""
        two = [self.surface.institution(), self.surface.institution()]
        han = self.happens(shares.JOINT_HAN)
        names = [self.surface.short_name(x, han).value for x in two]
        form = self.pick(HAN_JOINT if all(HAN.search(name) for name in names) else JOINT)
        return Labelled(form.format(*names), tuple(dict.fromkeys(x.id for x in two)))

    def mail(self) -> Labelled:
        """An e-mail address, or the domain alone."""
        x = self.surface.institution()
        if not x.domain:
            return self.single()
        form, sub = self.pick(MAIL), self.pick(SUBDOMAINS)
        first, last = self.pick(FIRST).casefold(), self.pick(SURNAMES).casefold()
        domain = self.pick((x.domain, *x.other_domains))
        return Labelled(form.format(f=first, n=last, d=domain, s=sub), (x.id,))

    def short(self) -> Labelled:
        """An ambiguous short name, its homonyms drawn by usage in papers; or a short name with a department."""
        name = self.pool.short_names[int(self.rng.choice(len(self.pool.short_names), p=self.pool.short_chance))]
        own = self.pool.homonyms.get(name, [0])
        chance = self.pool.likelihood[own] / self.pool.likelihood[own].sum()
        meant = self.pool.known[own[int(self.rng.choice(len(own), p=chance))]]
        if self.happens(shares.SHORT_ALONE):
            text = name
        elif HAN.search(name):
            text = name + self.pick(("", " ", " ", "（")) + self.pick(HAN_PARTS)
        else:
            text = self.surface.fill(self.pick(SHORT_FORMS)).replace("*", name)
        return Labelled(text, (meant.id,))

    def single(self) -> Labelled:
        """One institution, sometimes with its parent or acronym."""
        x = self.surface.institution()
        name = self.surface.name(x)
        parents = [self.pool.by_id[p] for p in x.parents if p in self.pool.by_id]
        if parents and self.happens(shares.PARENT_TOO):
            parent = self.surface.name(parents[0])
            name = f"{parent}, {name}" if self.happens(shares.PARENT_FIRST) else f"{name}, {parent}"
        acronyms = [n.value for n in x.names if n.kind == "acronym"]
        if acronyms and acronyms[0] not in name and self.happens(shares.ACRONYM_TOO):
            name = self.pick(("{} ({})", "{}, {}", "{} - {}")).format(name, acronyms[0])
        return Labelled(self.surface.around(name, x), (x.id,), acceptable=tuple(p.id for p in parents))
