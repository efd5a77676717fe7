"""Training strings: names of a registry in the contexts and with the damage in which authors and publishers leave them.

The kinds of damage follow what S2AFF (Feldman et al. 2023), the ROR matching sets and OpenAlex's notes report: abbreviations,
departments and addresses around the name, several organisations in one string, lost accents, glued words, footnote marks,
swapped word order, capitals, cut ends, and strings that name no known organisation at all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pycountry
from anyascii import anyascii

from affil.match.labels import Labelled, Trust
from affil.names import fold
from affil.registry.places import country_names
from affil.training.decoys import SAINTS, SUBJECTS, SURNAMES
from affil.training.phrases import (
    ABBREVIATIONS,
    BORROWED,
    DEPARTMENTS,
    FIRST,
    HAN_BORROWED,
    HAN_JOINERS,
    HAN_NEAR,
    HAN_PARTS,
    JOINERS,
    NEAR,
    NOTHING,
    SCHOOLS,
    SHARES,
    SHORT_FORMS,
    STREETS,
    SUBJECT_WORDS,
    TIGHT,
    UNITS,
)
from affil.types import Institution, Name

BODY_SHARE = 0.3  # of strings about a site elsewhere: the rest is about companies
OF_SHARE = 0.2  # of near names: a university's full name goes on
_KINDS, _BOUNDS = tuple(SHARES), np.cumsum(list(SHARES.values()))[:-1]
# behind the short name of something that is no university, and behind a university's full name
COLLEGES = ("{} College", "{} University", "{} Community College", "{} Technical College", "{} University College",
            "{} International University")  # fmt: skip
OF_SUBJECT = ("Economics", "Culture and Arts", "Education", "Agriculture", "Architecture", "Medicine", "Foreign Languages",
              "Engineering and Economics", "Civil Aviation", "Commerce", "Environmental Engineering", "Law", "Forestry",
              "Finance", "Transport")  # fmt: skip
_OWN_WORDS = re.compile(
    r"(?:Indian|National) Institute of Technology,? ([A-Z]\w+)|University of ([A-Z]\w+(?:[ -][A-Z]\w+)?)|([A-Z]\w+(?:[ -][A-Z]\w+)?) University"
)
_OWN_WORD = re.compile(r"(?:The )?University of (\w{4,})|(?:The )?(\w{4,}) University")
_COUNTRY_BEHIND = re.compile(r"\s*\([^)]*\)$")
_HAN_UNIVERSITY = re.compile("([\u4e00-\u9fff]{2,4})大学")
_MANY_SITES = frozenset(("company", "government", "nonprofit", "other"))
_BODIES, _KNOWN = frozenset(("government", "nonprofit", "other", "facility")), 0.95
_NATIONAL = re.compile(
    "Ministr|National|Department|Government|Agency for|Institute|Council of|Authority|Hospital|Health Service"
)
_NATIONS = re.compile("World|International|European|United Nations|Inter-American|Pan American|Asian|African|Nordic|Global")
_HAN_SHORT = re.compile("[\u4e00-\u9fff]{2,4}")
_HAN = re.compile("[\u4e00-\u9fff]")


class Writer:
    """Writes training strings about the institutions of a registry, some of which it must not know (for "none")."""

    def __init__(self, institutions: Sequence[Institution], unknown: Sequence[Institution], seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.known, self.unknown = list(institutions), list(unknown)
        self.by_id = {x.id: x for x in self.known}
        self.known_names = frozenset(fold(n.value) for x in self.known for n in x.names)
        rank = np.array([x.prominence for x in self.known]).argsort(kind="stable").argsort(kind="stable") / max(
            len(self.known) - 1, 1
        )
        # A third of the strings is about any institution, so that fame never outweighs an exact name; a third about the better
        # known; a third in proportion to how often papers name each, as far as that is known, since a short form is that often theirs.
        usage = np.array([x.usage for x in self.known], float)
        weights = [np.ones(len(rank)), np.exp(4.0 * rank), usage if usage.any() else np.ones(len(rank))]
        self.chance = np.mean([w / w.sum() for w in weights], axis=0)
        mothers = {p for x in self.known for p in x.parents}
        # besides companies what is large, known and of no nation by its name, or of all nations: the WHO and ESA, no ministry
        large = np.array(
            [
                x.kind in _BODIES
                and not _NATIONAL.search(x.name)
                and (_NATIONS.match(x.name) is not None or (x.id in mothers and r > _KNOWN))
                for x, r in zip(self.known, rank, strict=True)
            ],
            bool,
        )
        company = np.array([x.kind == "company" for x in self.known], bool)
        bodies = np.flatnonzero(company | large)
        self.bodies = [self.known[i] for i in bodies]
        chance = sum(
            share * part / max(part.sum(), 1e-12)
            for share, part in ((1 - BODY_SHARE, self.chance * company), (BODY_SHARE, self.chance * large))
        )
        self.bodies_chance = chance[bodies] / max(chance[bodies].sum(), 1e-12)
        self.sites = self._sites()
        self.borne_in: dict[str, set[str]] = {}
        self.bearers: dict[str, list[int]] = {}  # of short names
        for i, x in enumerate(self.known):
            for n in x.names:
                self.borne_in.setdefault(fold(n.value), set()).add(x.country)
                if n.kind == "acronym" or (n.kind in ("alias", "label") and _HAN_SHORT.fullmatch(n.value)):
                    self.bearers.setdefault(n.value, []).append(i)
        words = [(x, fold(next(filter(None, m.groups())))) for x in self.known for m in self._own_words(x)]
        bearers = Counter(word for _, word in {(x.id, word) for x, word in words})
        self.schooled = [(x, word.title()) for x, word in words if bearers[word] == 1 and x.kind == "education"]
        self.shorts = list(self.bearers) or [self.known[0].name]
        famous = [float(usage[own].sum()) + len(own) for own in self.bearers.values()] or [1.0]
        self.short_chance = np.array(famous) / sum(famous)
        self.likelihood = usage + 1 if usage.any() else np.exp(4.0 * rank)  # of each bearer of a name that stands alone
        own = [(n.value, r) for x, r in zip(self.known, rank, strict=True) for n in x.names if n.kind == "acronym"]
        self.known_acronyms = frozenset(a for a, _ in own)
        # capitals that happen to be an institution's are mostly those of one that few know: the known ones are avoided
        self.acronyms = [a for a, _ in own] or ["ABC"]
        obscure = np.exp(-3.0 * np.array([r for _, r in own] or [0.0]))
        self.obscurity = obscure / obscure.sum()
        self.country = {c.alpha_2: getattr(c, "common_name", c.name).split(",")[0] for c in pycountry.countries}
        self.regions = {s.code: s.name for s in pycountry.subdivisions if s.country_code in ("US", "CA", "AU")}
        self.country |= {"US": "USA", "GB": "UK", "KR": "Korea", "RU": "Russia", "VN": "Vietnam", "TW": "Taiwan"}

    def write(self, count: int) -> list[Labelled]:
        """Write `count` strings."""
        return [self._one() for _ in range(count)]

    def _pick(self, options: Sequence[str]) -> str:
        return options[int(self.rng.integers(len(options)))]

    def _institution(self) -> Institution:
        return self.known[int(self.rng.choice(len(self.known), p=self.chance))]

    def _one(self) -> Labelled:
        """A string of one of the kinds of `SHARES`."""
        kind = _KINDS[int(np.searchsorted(_BOUNDS, self.rng.random(), side="right"))]
        made: Labelled = _MADE[kind](self)
        return replace(made, affiliation=self._damage(made.affiliation), trust=Trust.COMPOSED)

    def _nothing(self) -> Labelled:
        return Labelled(self._fill(self._pick(NOTHING)), ())

    def _stranger(self) -> Labelled:
        if not self.unknown:
            return self._nothing()
        stranger = self.unknown[int(self.rng.integers(len(self.unknown)))]
        if self.rng.random() < 0.3:  # in a town whose name is that of a known institution too
            other = self._institution()
            if other.city and other.city in other.name:
                stranger = replace(stranger, city=other.city, country=other.country, region=other.region)
        name = self._name(stranger)
        if fold(name) in self.known_names:  # someone known bears the name too: only the place can tell
            known = stranger.country in self.borne_in[fold(name)]
            return self._single() if known else Labelled(f"{name}, {self._place(stranger)}", ())
        return Labelled(self._around(name, stranger), ())

    def _elsewhere(self) -> Labelled:
        """The name of a university or hospital in a country where nobody known bears it: a namesake that the registry lacks."""
        own, other = self._institution(), self._institution()
        name = self._name(own) if self.rng.random() < 0.7 else self._short(own, False).value
        if own.kind not in ("education", "healthcare") or not other.city:
            return self._single()
        if other.country in self.borne_in.get(fold(name), {own.country}) | {own.country}:
            return self._single()
        form = self._pick(("{}, {}", "{}, {}", "{} ({})", "{} {}", "Department of {s}, {}, {}", "School of {s}, {}, {}"))
        return Labelled(form.format(name, self._place(other), s=self._pick(SUBJECTS)), ())

    def _branch(self) -> Labelled:
        """A company, or a body of several sites, in a country where it is not known to have one of its own."""
        if not self.bodies:
            return self._single()
        own, other = self.bodies[int(self.rng.choice(len(self.bodies), p=self.bodies_chance))], self._institution()
        name = self._name(own)
        if not other.city or other.country in self.borne_in.get(fold(name), set()):
            return self._single()
        form = self._pick(("{}, {}", "{}, {}", "{}, {}", "{} ({})", "{s} Group, {}, {}", "{}, {s}, {}"))
        return Labelled(form.format(name, self._place(other), s=self._pick(SUBJECTS)), (own.id,))

    def _own_words(self, x: Institution) -> list[re.Match[str]]:
        names = [n.value for n in x.names if n.kind in ("official", "label")]
        return [m for name in dict.fromkeys(names) if (m := _OWN_WORD.fullmatch(name))]

    def _sites(self) -> list[tuple[Institution, Institution]]:
        """Branches and laboratories with their mothers, whose name they bear in a town where no other one of hers is."""
        out = []
        taken: Counter[tuple[str, str, str]] = Counter()
        for x in self.known:
            for mother in (self.by_id[p] for p in x.parents if p in self.by_id):
                own = fold(_COUNTRY_BEHIND.sub("", mother.name))
                if x.city and fold(x.name).startswith(own) and (x.country, x.city) != (mother.country, mother.city):
                    taken[mother.id, x.country, x.city] += 1
                    out.append((x, mother))
        return [(x, mother) for x, mother in out if taken[mother.id, x.country, x.city] == 1]

    def _site(self) -> Labelled:
        """A branch or a laboratory that is told by its place only: "Microsoft Research, Cambridge, UK"."""
        if not self.sites:
            return self._single()
        x, mother = self.sites[int(self.rng.integers(len(self.sites)))]
        form = self._pick(("{}, {}", "{}, {}", "{} {}", "{} ({})", "{s} Group, {}, {}"))
        place = self._pick((x.city, f"{x.city}, {self.country.get(x.country, x.country)}"))
        text = form.format(_COUNTRY_BEHIND.sub("", mother.name), place, s=self._pick(SUBJECTS))
        return Labelled(text, (x.id,), acceptable=(mother.id,))

    def _place(self, x: Institution) -> str:
        """How an address ends."""
        country = self.country.get(x.country, x.country)
        if x.country in ("US", "CA", "AU") and x.region and self.rng.random() < 0.7:
            region = x.region[3:] if self.rng.random() < 0.7 or x.region not in self.regions else self.regions[x.region]
            return self._pick((f"{x.city}, {region}", f"{x.city}, {region}", f"{x.city}, {region}, {country}"))
        return self._pick((f"{x.city}, {country}", f"{x.city}, {country}", country, x.city))

    def _near(self) -> Labelled:
        """Another's name that differs by the word which makes it another's: "Technical University of Turin"."""
        x = self._institution()
        if x.kind != "education":
            other = self._pick(COLLEGES).format(_COUNTRY_BEHIND.sub("", self._short(x, False).value))
            return self._stranger() if fold(other) in self.known_names else Labelled(self._around(other, x), ())
        name = self._pick([n.value for n in x.names if n.kind in ("official", "label")] or [x.name])
        if name.endswith(" University") and self.rng.random() < OF_SHARE:
            other = f"{name} of {self._pick(OF_SUBJECT)}"
            return self._stranger() if fold(other) in self.known_names else Labelled(self._around(other, x), ())
        if han := _HAN_UNIVERSITY.fullmatch(name):
            other = self._pick(HAN_NEAR).format(han[1])
        elif own := _OWN_WORDS.fullmatch(name):
            town = next(filter(None, own.groups()))
            other = self._pick(NEAR).format(town, town, n=self._pick(SURNAMES), a=self._acronym(0.2))
        else:
            return self._stranger()
        return self._stranger() if fold(other) in self.known_names else Labelled(self._around(other, x), ())

    def _school(self) -> Labelled:
        """A school of a university that no other is like by its own word: "Yale School of Public Health"."""
        if not self.schooled:
            return self._single()
        x, word = self.schooled[int(self.rng.integers(len(self.schooled)))]
        town = fold(word) == fold(x.city)  # whose institutes are others' too
        text = self._pick(SCHOOLS if town else (*SCHOOLS, *UNITS)).format(word, s=self._pick(SUBJECTS))
        if fold(text) in self.known_names:
            return self._single()
        if self.rng.random() < 0.4:
            text = f"{self._fill(self._pick(DEPARTMENTS['en']))}, {text}"
        return Labelled(f"{text}, {self._place(x)}" if self.rng.random() < 0.5 and x.city else text, (x.id,))

    def _borrowed(self) -> Labelled:
        """A street, product, prize or post that has the name of an institution."""
        x = self._institution()
        name = self._short(x, self.rng.random() < 0.3).value
        if _HAN.search(name):
            text = self._pick(HAN_BORROWED).format(name, d=int(self.rng.integers(1, 400)))
        else:
            text = self._pick(BORROWED).format(name, d=int(self.rng.integers(1, 400)))
            if self.rng.random() < 0.5:
                text += f", {self._place(x)}"
        return self._stranger() if fold(text) in self.known_names else Labelled(text, ())

    def _capitals(self) -> Labelled:
        """A row of capitals that name nobody, though some institution may bear some of them."""
        return Labelled(", ".join(self._acronym(0.2) for _ in range(int(self.rng.integers(3, 7)))), ())

    def _several(self) -> Labelled:
        """Two to six institutions beside each other, joined in every way that authors use."""
        parts: list[tuple[str, Institution]] = []
        ids: list[str] = []
        for _ in range(int(self.rng.choice((2, 2, 2, 2, 3, 3, 4, 6)))):
            if self.rng.random() < 0.12 and self.unknown:
                other = self.unknown[int(self.rng.integers(len(self.unknown)))]
                name = self._name(other)
                if fold(name) in self.known_names:
                    continue
            else:
                other = self._institution()
                name = self._name(other)
                ids.append(other.id)
            parts.append((name, other))
        if not parts:
            return self._nothing()
        han = all(_HAN.search(name) for name, _ in parts)
        joiner = self._pick(HAN_JOINERS if han else JOINERS)
        plain = joiner in TIGHT or han or self.rng.random() < 0.5
        texts = [name if plain else self._around(name, x) for name, x in parts]
        listed = len(texts) > 2 and joiner in (" and ", " & ", ", and ")
        text = f"{', '.join(texts[:-1])}{joiner}{texts[-1]}" if listed else joiner.join(texts)
        if plain and not han and self.rng.random() < 0.3:
            text = f"{self._fill(self._pick(DEPARTMENTS['en']))}, {text}"
        if plain and not han and self.rng.random() < 0.3:
            text = f"{text}, {parts[-1][1].city}"
        return Labelled(text, tuple(dict.fromkeys(ids)))

    def _joint(self) -> Labelled:
        """A laboratory of two institutions that has no name of its own, by their short names."""
        two = [self._institution(), self._institution()]
        han = self.rng.random() < 0.5
        short = [n.value for x in two for n in [self._short(x, han)]]
        if all(_HAN.search(name) for name in short):
            form = self._pick(("{}-{}联合实验室", "{}—{}联合研究中心", "{}{}联合实验室", "{}-{}联合实验室", "{}与{}联合研究院"))
        else:
            form = self._pick(
                ("{}-{} Joint Lab", "{}-{} Joint Laboratory", "Joint Laboratory of {} and {}", "{}–{} Joint Research Center")
            )
        return Labelled(form.format(*short), tuple(dict.fromkeys(x.id for x in two)))

    def _short(self, x: Institution, han: bool) -> Name:
        """The shortest Chinese or other name of an institution."""
        fit = [n for n in x.names if bool(_HAN.search(n.value)) == han and n.kind != "former"] or list(x.names)
        return min(fit, key=lambda n: (len(n.value), n.value))

    def _mail(self) -> Labelled:
        """An address of mail, or the domain alone."""
        x = self._institution()
        if not x.domain:
            return self._single()
        form = self._pick(("{f}@{d}", "{f}.{n}@{d}", "{f}@{s}.{d}", "{d}", "www.{d}", "{{{f},{n}}}@{d}", "e-mail: {f}@{s}.{d}"))
        sub = self._pick(("cs", "ee", "mail", "mails", "eng", "math", "alumni", "student", "ai", "phys"))
        first, last = self._pick(FIRST).casefold(), self._pick(SURNAMES).casefold()
        domain = self._pick((x.domain, *x.other_domains))
        return Labelled(form.format(f=first, n=last, d=domain, s=sub), (x.id,))

    def _short_alone(self) -> Labelled:
        """A short name with nothing that tells whose it is: each bearer's as often as papers name it; or with a department's."""
        name = self.shorts[int(self.rng.choice(len(self.shorts), p=self.short_chance))]
        own = self.bearers.get(name, [0])
        chance = self.likelihood[own] / self.likelihood[own].sum()
        meant = self.known[own[int(self.rng.choice(len(own), p=chance))]]
        if self.rng.random() < 0.4:
            text = name
        elif _HAN.search(name):
            text = name + self._pick(("", " ", " ", "（")) + self._pick(HAN_PARTS)
        else:
            text = self._fill(self._pick(SHORT_FORMS)).replace("*", name)
        return Labelled(text, (meant.id,))

    def _single(self) -> Labelled:
        first = self._institution()
        name, ids = self._name(first), [first.id]
        parents = [self.by_id[p] for p in first.parents if p in self.by_id]
        if parents and self.rng.random() < 0.5:
            parent = self._name(parents[0])
            name = f"{parent}, {name}" if self.rng.random() < 0.3 else f"{name}, {parent}"
            ids.append(parents[0].id)
        own = [n.value for n in first.names if n.kind == "acronym"]
        if own and own[0] not in name and self.rng.random() < 0.25:
            name = self._pick(("{} ({})", "{}, {}", "{} - {}")).format(name, own[0])
        acceptable = tuple(p.id for p in parents)
        return Labelled(self._around(name, first), tuple(ids[:1]), acceptable=acceptable)

    def _name(self, x: Institution) -> str:
        # a stranger's capitals are left out where an institution is known by them: nobody could tell
        names = [n for n in x.names if x.id in self.by_id or n.value not in self.known_acronyms]
        weight = np.array(
            [{"official": 5.0, "label": 2.5, "alias": 2.0, "acronym": 1.3, "former": 1.0}.get(n.kind, 1.0) for n in names]
        )
        name = names[int(self.rng.choice(len(names), p=weight / weight.sum()))]
        text = name.value
        inner = re.search(r"\s*\(([^)]*)\)$", text)
        if inner and inner[1].casefold() in country_names():  # a country may be left out, a campus not
            text = text[: inner.start()]
        if name.kind == "acronym" or (not text.isascii() and not re.search("[a-z]", text)):
            return text
        roll = self.rng.random()
        if roll < 0.25:
            for full, short in (ABBREVIATIONS[i] for i in self.rng.permutation(len(ABBREVIATIONS))[:14]):
                text = re.sub(rf"\b{full}\b ?", f"{short} " if short else "", text).strip()
        elif roll < 0.29 and text.startswith("University of ") and len(text.split()) < 5:
            text = text.removeprefix("University of ") + " University"
        elif roll < 0.32 and text.endswith(" University") and len(text.split()) < 4:
            text = "University of " + text.removesuffix(" University")
        elif roll < 0.40:
            text = "The " + text
        return text

    def _around(self, name: str, x: Institution) -> str:
        """Put departments before and an address behind, in the order of the language of the name."""
        if re.search("[\u4e00-\u9fff\u3040-\u30ff\uac00-\ud7af]", name):
            language = "ko" if re.search("[\uac00-\ud7af]", name) else "ja" if x.country == "JP" else "zh"
            return name + (
                self._pick(("", "", " ", "，")) + self._pick(DEPARTMENTS[language]) if self.rng.random() < 0.6 else ""
            )
        roll = self.rng.random()
        if roll < 0.22:
            return name
        if self.rng.random() < 0.07:  # the school of a university, not set off by a comma
            name += self._fill(
                self._pick(
                    (" School of {s}", " {s} Department", " Medical School", " Faculty of {s}", " Campus {d}", " {n} Center")
                )
            )
        pieces = [name]
        if self.rng.random() < 0.7:
            language = next((n.language for n in x.names if n.value == name and n.language in SUBJECT_WORDS), "en")
            department = self._fill(self._pick(DEPARTMENTS[language]), language)
            if self.rng.random() < 0.10:  # capitals of a group, which some institution elsewhere may bear as well
                department += self._pick((" ({})", " ({})", " {}", " - {}", ", {}")).format(self._acronym())
            if self.rng.random() < 0.2:
                pieces = [name, department]
            else:
                pieces = [department, name]
                if self.rng.random() < 0.2:
                    pieces.insert(0, self._fill(self._pick(DEPARTMENTS[language]), language))
        if self.rng.random() < 0.12:
            pieces.append(self._fill(self._pick(STREETS)))
        if x.kind in _MANY_SITES and self.rng.random() < 0.4:  # they have offices elsewhere
            elsewhere = self._institution()
            x = replace(x, city=elsewhere.city, country=elsewhere.country, region=elsewhere.region)
        country = self.country.get(x.country, "")
        if self.rng.random() < 0.6 and x.city:
            city = x.city if self.rng.random() < 0.97 else self._institution().city
            if x.country == "US" and x.region and self.rng.random() < 0.7:
                city += f", {x.region[3:]}" + (f" {self.rng.integers(10000, 99999)}" if self.rng.random() < 0.4 else "")
            elif self.rng.random() < 0.25:
                city = (
                    f"{self.rng.integers(1000, 99999)} {city}"
                    if self.rng.random() < 0.5
                    else f"{city} {self.rng.integers(1000, 99999)}"
                )
            pieces.append(city)
        if self.rng.random() < 0.6 and country:
            pieces.append("P.R. China" if x.country == "CN" and self.rng.random() < 0.3 else country)
        comma = self._pick((", ", ", ", ", ", ", ", ", ", ",", " ", " - "))
        text = comma.join(pieces)
        if self.rng.random() < 0.04:
            text = f"{self._pick(FIRST)} {self._pick(SURNAMES)} is with {text}"
        return text

    def _acronym(self, known: float = 0.7) -> str:
        if self.rng.random() < known:
            return self.acronyms[int(self.rng.choice(len(self.acronyms), p=self.obscurity))]
        return "".join(self._pick("ABCDEFGHILMNOPRSTUV") for _ in range(int(self.rng.integers(3, 6))))

    def _fill(self, form: str, language: str = "en") -> str:
        subjects = SUBJECT_WORDS.get(language, SUBJECTS)
        somewhere = self._institution()
        return form.format(s=self._pick(subjects), r=self._pick(subjects), n=self._pick(SURNAMES), m=self._pick(SURNAMES + SAINTS),
                           f=self._pick(FIRST), d=int(self.rng.integers(1, 999)), c=somewhere.city or "Springfield",
                           k=self.country.get(somewhere.country, "France"), a=self._acronym())  # fmt: skip

    def _damage(self, text: str) -> str:
        rng = self.rng
        if rng.random() < 0.12:
            text = anyascii(text) if not re.search("[\u3040-\u9fff\uac00-\ud7af]", text) else text
        if rng.random() < 0.06:
            text = text.upper()
        elif rng.random() < 0.04:
            text = text.lower()
        if rng.random() < 0.08 and len(text) > 8:
            i = int(rng.integers(1, len(text) - 2))
            text = [text[:i] + text[i + 1 :], text[:i] + text[i + 1] + text[i] + text[i + 2 :], text[:i] + text[i] + text[i:]][
                int(rng.integers(3))
            ]
        if rng.random() < 0.06:
            blanks = [m.start() for m in re.finditer(" ", text)]
            if blanks:
                i = blanks[int(rng.integers(len(blanks)))]
                text = text[:i] + text[i + 1 :]
        if rng.random() < 0.05:
            text = self._pick(("1", "2", "a ", "*", "† ", "1,2 ", "3 ")) + text
        if rng.random() < 0.04:
            text += self._pick((".", ";", "†", " *", "#TAB#", " (Corresponding author)", ". E-mail: a.b@mail.org"))
        if rng.random() < 0.03 and len(text) > 60:
            text = text[: int(rng.integers(40, len(text)))]
        return text


_MADE: dict[str, Callable[[Writer], Labelled]] = {
    "nothing": Writer._nothing,
    "stranger": Writer._stranger,
    "elsewhere": Writer._elsewhere,
    "near": Writer._near,
    "borrowed": Writer._borrowed,
    "capitals": Writer._capitals,
    "several": Writer._several,
    "joint": Writer._joint,
    "mail": Writer._mail,
    "short": Writer._short_alone,
    "branch": Writer._branch,
    "school": Writer._school,
    "site": Writer._site,
    "single": Writer._single,
}
