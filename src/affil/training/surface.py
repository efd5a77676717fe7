"""Surface forms in synthetic strings: a name, departments, an address, and damage."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pycountry
from anyascii import anyascii

from affil.registry.places import country_names
from affil.training import shares
from affil.training.decoys import SAINTS, SUBJECTS, SURNAMES
from affil.training.phrases import (
    ABBREVIATIONS,
    DEPARTMENTS,
    FIRST,
    FOOTNOTES,
    SCHOOLS_WITHOUT_COMMA,
    STREETS,
    SUBJECT_WORDS,
    TAILS,
)
from affil.training.pool import Pool
from affil.types import Institution, Name

HAN = re.compile("[\u4e00-\u9fff]")
_HANGUL, _EAST_ASIAN = re.compile("[\uac00-\ud7af]"), re.compile("[\u4e00-\u9fff\u3040-\u30ff\uac00-\ud7af]")
_NOT_ROMANISED = re.compile("[\u3040-\u9fff\uac00-\ud7af]")
_BEHIND = re.compile(r"\s*\(([^)]*)\)$")
_MANY_SITES = frozenset(("company", "government", "nonprofit", "other"))
_WITH_REGIONS = ("US", "CA", "AU")
_ABBREVIATED = 14  # maximum number of abbreviations in one name
_REWRITTEN, _BOUNDS = tuple(shares.REWRITTEN), np.cumsum(list(shares.REWRITTEN.values()))


class Surface:
    """Draws institutions from a pool and writes them as authors and publishers do."""

    def __init__(self, pool: Pool, seed: int) -> None:
        self.pool, self.rng = pool, np.random.default_rng(seed)
        self.country = {c.alpha_2: getattr(c, "common_name", c.name).split(",")[0] for c in pycountry.countries}
        self.country |= {"US": "USA", "GB": "UK", "KR": "Korea", "RU": "Russia", "VN": "Vietnam", "TW": "Taiwan"}
        self.regions = {s.code: s.name for s in pycountry.subdivisions if s.country_code in _WITH_REGIONS}

    def happens(self, share: float) -> bool:
        """True with this probability."""
        return bool(self.rng.random() < share)

    def pick(self, options: Sequence[str]) -> str:
        """One of the options, uniformly."""
        return options[int(self.rng.integers(len(options)))]

    def institution(self) -> Institution:
        """A known institution, by its sampling probability."""
        return self.pool.known[int(self.rng.choice(len(self.pool.known), p=self.pool.chance))]

    def stranger(self) -> Institution:
        """An unknown institution, uniformly."""
        return self.pool.unknown[int(self.rng.integers(len(self.pool.unknown)))]

    def acronym(self, known: float = shares.ACRONYM_OF_REGISTRY) -> str:
        """An acronym: an institution's with probability `known`, else random capitals."""
        if self.happens(known):
            return self.pool.acronyms[int(self.rng.choice(len(self.pool.acronyms), p=self.pool.acronym_chance))]
        return "".join(self.pick("ABCDEFGHILMNOPRSTUV") for _ in range(int(self.rng.integers(3, 6))))

    def fill(self, form: str, language: str = "en") -> str:
        """Fill a template: subjects {s} {r}, surnames {n} {m}, first name {f}, number {d}, city {c}, its country {k}, acronym
        {a}. All are drawn, used or not.
        """
        subjects = SUBJECT_WORDS.get(language, SUBJECTS)
        somewhere = self.institution()
        return form.format(s=self.pick(subjects), r=self.pick(subjects), n=self.pick(SURNAMES), m=self.pick(SURNAMES + SAINTS),
                           f=self.pick(FIRST), d=int(self.rng.integers(1, 999)), c=somewhere.city or "Springfield",
                           k=self.country.get(somewhere.country, "France"), a=self.acronym())  # fmt: skip

    def short_name(self, x: Institution, han: bool) -> Name:
        """The institution's shortest Chinese or other name."""
        fit = [n for n in x.names if bool(HAN.search(n.value)) == han and n.kind != "former"] or list(x.names)
        return min(fit, key=lambda n: (len(n.value), n.value))

    def name(self, x: Institution) -> str:
        """One of its names, sometimes abbreviated or reordered."""
        # not a stranger's acronym that a known institution shares: it would be unresolvable
        names = [n for n in x.names if x.id in self.pool.by_id or n.value not in self.pool.known_acronyms]
        weight = np.array([shares.NAME_WEIGHTS.get(n.kind, 1.0) for n in names])
        name = names[int(self.rng.choice(len(names), p=weight / weight.sum()))]
        text = name.value
        behind = _BEHIND.search(text)
        if behind and behind[1].casefold() in country_names():  # a country may be omitted, a campus may not
            text = text[: behind.start()]
        if name.kind == "acronym" or (not text.isascii() and not re.search("[a-z]", text)):
            return text
        return self._rewritten(text)

    def _rewritten(self, text: str) -> str:
        turn = int(np.searchsorted(_BOUNDS, self.rng.random(), side="right"))
        if turn == len(_REWRITTEN):
            return text
        way = _REWRITTEN[turn]
        if way == "abbreviated":
            for i in self.rng.permutation(len(ABBREVIATIONS))[:_ABBREVIATED]:
                full, short = ABBREVIATIONS[i]
                text = re.sub(rf"\b{full}\b ?", f"{short} " if short else "", text).strip()
            return text
        if way == "university last" and text.startswith("University of ") and len(text.split()) < 5:
            return text.removeprefix("University of ") + " University"
        if way != "with the" and text.endswith(" University") and len(text.split()) < 4:
            return "University of " + text.removesuffix(" University")
        return "The " + text

    def place(self, x: Institution) -> str:
        """The end of an address."""
        country = self.country.get(x.country, x.country)
        if x.country in _WITH_REGIONS and x.region and self.happens(shares.PLACE_REGION):
            code = self.happens(shares.PLACE_REGION_CODE) or x.region not in self.regions
            region = x.region[3:] if code else self.regions[x.region]
            return self.pick((f"{x.city}, {region}", f"{x.city}, {region}", f"{x.city}, {region}, {country}"))
        return self.pick((f"{x.city}, {country}", f"{x.city}, {country}", country, x.city))

    def around(self, name: str, x: Institution) -> str:
        """Add departments and an address, in the order usual in the name's language."""
        if _EAST_ASIAN.search(name):
            language = "ko" if _HANGUL.search(name) else "ja" if x.country == "JP" else "zh"
            if self.happens(shares.HAN_DEPARTMENT):
                name += self.pick(("", "", " ", "，")) + self.pick(DEPARTMENTS[language])
            return name
        if self.happens(shares.BARE):
            return name
        if self.happens(shares.SCHOOL_WITHOUT_COMMA):
            name += self.fill(self.pick(SCHOOLS_WITHOUT_COMMA))
        pieces = [*self._with_departments(name, x), *self._address(x)]
        text = self.pick((", ", ", ", ", ", ", ", ", ", ",", " ", " - ")).join(pieces)
        return f"{self.pick(FIRST)} {self.pick(SURNAMES)} is with {text}" if self.happens(shares.AUTHOR_IN_FRONT) else text

    def _with_departments(self, name: str, x: Institution) -> list[str]:
        if not self.happens(shares.DEPARTMENT):
            return [name]
        language = next((n.language for n in x.names if n.value == name and n.language in SUBJECT_WORDS), "en")
        department = self.fill(self.pick(DEPARTMENTS[language]), language)
        if self.happens(shares.DEPARTMENT_ACRONYM):  # may coincide with an institution's acronym
            department += self.pick((" ({})", " ({})", " {}", " - {}", ", {}")).format(self.acronym())
        if self.happens(shares.DEPARTMENT_LAST):
            return [name, department]
        if self.happens(shares.DEPARTMENT_SECOND):
            return [self.fill(self.pick(DEPARTMENTS[language]), language), department, name]
        return [department, name]

    def _address(self, x: Institution) -> list[str]:
        pieces = [self.fill(self.pick(STREETS))] if self.happens(shares.STREET) else []
        if x.kind in _MANY_SITES and self.happens(shares.OFFICE_ELSEWHERE):
            elsewhere = self.institution()
            x = replace(x, city=elsewhere.city, country=elsewhere.country, region=elsewhere.region)
        if self.happens(shares.CITY) and x.city:
            pieces.append(self._city(x))
        country = self.country.get(x.country, "")
        if self.happens(shares.COUNTRY) and country:
            pieces.append("P.R. China" if x.country == "CN" and self.happens(shares.PR_CHINA) else country)
        return pieces

    def _city(self, x: Institution) -> str:
        """A city, possibly with state or postcode."""
        city = x.city if self.happens(shares.CITY_RIGHT) else self.institution().city
        if x.country == "US" and x.region and self.happens(shares.US_STATE):
            return f"{city}, {x.region[3:]}" + (f" {self.rng.integers(10000, 99999)}" if self.happens(shares.US_ZIP) else "")
        if not self.happens(shares.POSTCODE):
            return city
        first = self.happens(shares.POSTCODE_FIRST)
        postcode = self.rng.integers(1000, 99999)
        return f"{postcode} {city}" if first else f"{city} {postcode}"

    def damage(self, text: str) -> str:
        """Remove accents, letters, blanks or the end; add marks."""
        if self.happens(shares.ASCII):
            text = text if _NOT_ROMANISED.search(text) else anyascii(text)
        if self.happens(shares.CAPITALS):
            text = text.upper()
        elif self.happens(shares.LOWER_CASE):
            text = text.lower()
        if self.happens(shares.TYPO) and len(text) > 8:
            i = int(self.rng.integers(1, len(text) - 2))
            before, here, then, after = text[:i], text[i], text[i + 1], text[i + 2 :]
            text = self.pick((before + then + after, before + then + here + after, before + here + here + then + after))
        if self.happens(shares.GLUED) and (blanks := [i for i, c in enumerate(text) if c == " "]):
            i = blanks[int(self.rng.integers(len(blanks)))]
            text = text[:i] + text[i + 1 :]
        if self.happens(shares.FOOTNOTE):
            text = self.pick(FOOTNOTES) + text
        if self.happens(shares.ENDING):
            text += self.pick(TAILS)
        if self.happens(shares.CUT) and len(text) > 60:
            text = text[: int(self.rng.integers(40, len(text)))]
        return text
