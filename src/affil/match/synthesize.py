"""Training strings: names of a registry in the contexts and with the damage in which authors and publishers leave them.

The kinds of damage follow what S2AFF (Feldman et al. 2023), the ROR matching sets and OpenAlex's notes report: abbreviations,
departments and addresses around the name, several organisations in one string, lost accents, glued words, footnote marks,
swapped word order, capitals, cut ends, and strings that name no known organisation at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pycountry
from anyascii import anyascii

from affil.match.decoys import SAINTS, SUBJECTS, SURNAMES
from affil.match.labels import Labelled, Trust
from affil.registry.places import country_names
from affil.text import fold
from affil.types import Institution

ABBREVIATIONS = (
    ("University", "Univ."), ("University", "Univ"), ("Institute", "Inst."), ("Institute", "Inst"), ("Technology", "Tech."),
    ("Technology", "Technol."), ("Science", "Sci."), ("Sciences", "Sci."), ("National", "Natl."), ("National", "Nat."),
    ("Laboratory", "Lab"), ("Laboratory", "Lab."), ("Hospital", "Hosp."), ("Department", "Dept."), ("Center", "Centre"),
    ("Centre", "Center"), ("Engineering", "Eng."), ("Medical", "Med."), ("International", "Int."), ("Research", "Res."),
    ("Academy", "Acad."), ("College", "Coll."), ("and", "&"), ("of", ""), ("Saint", "St."), ("Electronic", "Electron."),
    ("Polytechnic", "Polytech."), ("Foundation", "Fdn"), ("Association", "Assoc."), ("Corporation", "Corp."),
)  # fmt: skip
DEPARTMENTS = {
    "en": ("Department of {s}", "Dept. of {s}", "School of {s}", "Faculty of {s}", "Division of {s}", "College of {s}", "Section of {s}",
           "Institute of {s}", "Laboratory of {s}", "{s} Department", "Center for {s}", "{s} Group", "Key Laboratory of {s}",
           "Graduate School of {s}", "Department of {s} and {r}", "{s} Unit", "{s} Research Group", "Chair of {s}", "{s} Lab",
           "Department of {s}, School of {r}", "School of {s}, Faculty of {r}", "Program in {s}", "State Key Lab of {s}",
           "Service of {s}", "Clinic of {s}", "Centre of Excellence in {s}", "{n} School of {s}", "{n} Center for {s}"),
    "de": ("Institut für {s}", "Lehrstuhl für {s}", "Fakultät für {s}", "Abteilung {s}", "Klinik für {s}"),
    "fr": ("Département de {s}", "Laboratoire de {s}", "UFR {s}", "Faculté de {s}", "Service de {s}", "UMR 8{d}"),
    "es": ("Departamento de {s}", "Facultad de {s}", "Escuela de {s}", "Instituto de {s}", "Servicio de {s}"),
    "pt": ("Departamento de {s}", "Faculdade de {s}", "Programa de Pós-Graduação em {s}", "Laboratório de {s}"),
    "it": ("Dipartimento di {s}", "Facoltà di {s}", "Istituto di {s}"),
    "zh": ("计算机学院", "计算机科学与技术学院", "人工智能学院", "自动化系", "电子工程系", "软件学院", "信息学院", "数学系", "机械工程学院",
           "物理系", "计算机科学与工程学系", "电子与信息学院", "控制科学与工程学院", "交叉信息研究院", "模式识别实验室", "医学院"),
    "ja": ("情報理工学系研究科", "工学部", "大学院工学研究科", "理学部", "情報学研究科", "医学部", "工学研究科"),
    "ko": ("컴퓨터공학부", "전기정보공학부", "공과대학", "인공지능대학원", "기계공학과"),
}  # fmt: skip
SUBJECT_WORDS = {"de": ("Informatik", "Physik", "Maschinenbau", "Innere Medizin", "Chemie", "Mathematik"),
                 "fr": ("physique", "mathématiques", "biologie", "informatique", "chimie", "médecine"),
                 "es": ("Física", "Ciencias", "Ingeniería", "Medicina", "Química", "Informática"),
                 "pt": ("Física", "Ciências", "Engenharia", "Medicina", "Química", "Informática"),
                 "it": ("Fisica", "Scienze", "Ingegneria", "Medicina", "Chimica", "Informatica")}  # fmt: skip
STREETS = ("{d} Main Street", "{n} Road", "{d} {n} Avenue", "No. {d} {n} Road", "P.O. Box {d}", "{n}str. {d}", "Via {n} {d}",
           "{d} rue de {n}", "Av. {n} {d}", "Building {d}", "Room {d}", "{n} Campus")  # fmt: skip
FIRST = ("Anna", "Wei", "John", "Maria", "Yuki", "Ahmed", "Olga", "Pierre", "Lucas", "Min-jun", "Priya", "Lars")
NOTHING = ("Independent Researcher", "independent", "N/A", "none", "-", "unaffiliated", "Freelance", "Private practice", "Retired",
           "Student", "Researcher", "Professor", "self-employed", "Unknown", "独立研究者", "无", "自由职业", "個人", "Consultant",
           "Department of {s}", "School of {s}", "{s}", "Institute of {s} and {r}", "{f} {n}", "{f} {n}, {f} {m}", "{d} {n} Street",
           "tel: +{d} {d}", "fax: +{d}-{d}", "{f}.{n}@mail.com", "Corresponding author: {f} {n}", "PhD, {s}", "Laboratory of {s}",
           "{s} Group", "These authors contributed equally", "{c}", "{c}, {k}", "{k}", "{s} Laboratory ({a})", "{s} Lab {a}",
           "{n} {a}", "{a} {s} Group", "{a}", "{a} {n}", "Hospital", "University", "Department")  # fmt: skip


# Shares of the kinds of composed strings.
SHARES = {"nothing": 0.07, "stranger": 0.09, "elsewhere": 0.04, "several": 0.24, "single": 0.56}
_KINDS, _BOUNDS = tuple(SHARES), np.cumsum(list(SHARES.values()))[:-1]
JOINERS = (", ", ", ", ", ", " and ", " and ", " & ", "; ", "; ", " + ", "+", " / ", "/", " | ", "\n", ", and ", " - ",
           " in collaboration with ", " ")  # fmt: skip
HAN_JOINERS = ("和", "和", "与", "、", "、", "，", "；", "/", " ", "及")
TIGHT = frozenset(("+", "/", " + ", " in collaboration with ", " ", " - "))
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
        self.borne_in: dict[str, set[str]] = {}
        for x in self.known:
            for n in x.names:
                self.borne_in.setdefault(fold(n.value), set()).add(x.country)
        own = [(n.value, r) for x, r in zip(self.known, rank, strict=True) for n in x.names if n.kind == "acronym"]
        self.known_acronyms = frozenset(a for a, _ in own)
        # capitals that happen to be an institution's are mostly those of one that few know: the known ones are avoided
        self.acronyms = [a for a, _ in own] or ["ABC"]
        obscure = np.exp(-3.0 * np.array([r for _, r in own] or [0.0]))
        self.obscurity = obscure / obscure.sum()
        self.country = {c.alpha_2: getattr(c, "common_name", c.name).split(",")[0] for c in pycountry.countries}
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
        made: Labelled = getattr(self, f"_{kind}")()
        return replace(made, affiliation=self._damage(made.affiliation), trust=Trust.COMPOSED)

    def _nothing(self) -> Labelled:
        return Labelled(self._fill(self._pick(NOTHING)), ())

    def _stranger(self) -> Labelled:
        if not self.unknown:
            return self._nothing()
        stranger = self.unknown[int(self.rng.integers(len(self.unknown)))]
        name = self._name(stranger)
        if fold(name) in self.known_names:  # someone known bears the name too: only the place can tell
            return Labelled(f"{name}, {stranger.city}, {self.country.get(stranger.country, stranger.country)}", ())
        return Labelled(self._around(name, stranger), ())

    def _elsewhere(self) -> Labelled:
        """The name of an institution in a country where nobody known bears it: a namesake that the registry lacks."""
        own, other = self._institution(), self._institution()
        name = self._name(own)
        if (
            own.kind == "company"
            or other.country in self.borne_in.get(fold(name), {own.country}) | {own.country}
            or not other.city
        ):
            return self._single()
        country = self.country.get(other.country, other.country)
        place = self._pick((f"{other.city}, {country}", country, other.city, f"{other.city}, {country}"))
        return Labelled(self._pick(("{}, {}", "{}, {}", "{} ({})", "{} {}")).format(name, place), ())

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
            text = f"{text}, {self._pick([x.city for _, x in parts if x.city] or [''])}"
        return Labelled(text, tuple(dict.fromkeys(ids)))

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
        if x.kind == "company" and self.rng.random() < 0.4:  # companies have offices elsewhere
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

    def _acronym(self) -> str:
        if self.rng.random() < 0.7:
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
