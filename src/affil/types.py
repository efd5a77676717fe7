"""What flows through all stages: frozen records, and the words of what speaks for and against a match."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

Progress = Callable[[int, int], None]  # is told how many are done, of how many
_HAN = re.compile("[\u3400-\u9fff]+")
# What each reason says of a match in English: those for it, those against it.
FOR = {
    "name_exact": "“{alias}” is {kind}",
    "name_coverage": "{value:.0%} of “{alias}”, {kind}",
    "city_named": "the city {city} is named",
    "country_named": "the country {country} is named",
    "other_name_named": "another of its names is there too",
    "parent_named": "its parent is named too",
}
AGAINST = {
    "misspelt": "misspelt or glued words were corrected",
    "other_country_named": "another country is named",
    "other_place_named": "a place in another country is named",
    "bearers": "{value} institutions bear this name",
    "part_of_longer_name": "the words are part of a longer name",
    "numbers_differ": "numbers differ",
    "other_kind_named": "beside it stand words of another kind of organisation",
    "word_missing": "a distinctive word of the name is missing",
}
REASONS = FOR | AGAINST
# What a name of each kind is to its institution.
NAME_KINDS = {
    "official": "its official name",
    "label": "one of its names",
    "alias": "another name of it",
    "acronym": "an acronym of it",
    "former": "a former name of it",
    "domain": "its internet domain",
    "variant": "its name, here in another form",
    "id": "its id",
}


class NameKind(IntEnum):
    """What a name is to its institution, as built registries store it: the better kind first, in the order of `NAME_KINDS`."""

    OFFICIAL = 0
    LABEL = 1
    ALIAS = 2
    ACRONYM = 3
    FORMER = 4
    DOMAIN = 5
    VARIANT = 6
    ID = 7

    @property
    def word(self) -> str:
        """As `Name.kind` and reasons say it."""
        return self.name.lower()


class InstitutionKind(IntEnum):
    """What an institution is, after ROR's types."""

    EDUCATION = 0
    HEALTHCARE = 1
    FACILITY = 2
    GOVERNMENT = 3
    COMPANY = 4
    NONPROFIT = 5
    ARCHIVE = 6
    OTHER = 7

    @property
    def word(self) -> str:
        """As `Institution.kind` says it."""
        return self.name.lower()


KINDS = tuple(kind.word for kind in InstitutionKind)


class Decision(StrEnum):
    """What is done with a candidate: taken, shown to a person, or left out."""

    MATCH = "match"
    REVIEW = "review"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Name:
    """One name of an institution.

    `language` is an ISO 639-1 code, "zh-hant" for traditional Chinese, or "" where unknown. `kind` is one of official,
    label, alias, acronym, former. `until` is the year a former name ended, or None.
    """

    value: str
    language: str = ""
    kind: str = "alias"
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Institution:
    """One canonical institution of a registry.

    `id` is the ROR URL where one is confirmed, else `affil:slug` (or what a user's own table says). `kind` follows ROR's
    types. `country` is ISO 3166-1 alpha-2, `region` ISO 3166-2 (or ""), `lat` and `lon` are degrees (None where unknown).
    `parents` and `successors` are ids; `successor_from` is the first year that counts for the successor of a closed institution,
    where that is known. `other_ids` are what it is also called: ids of before, and those of other registries, in
    the forms of `affil.names.ids`. `status` is active, inactive or withdrawn. `prominence` is the logarithm of how much the
    source knows of it (names, other ids, relations, links); only its order within a registry is used. `usage` is how often AI
    papers name it unmistakably, as far as that was counted. `domain` is that of its site; `other_domains` are further ones, such
    as those of its mail.
    """

    id: str
    name: str
    names: tuple[Name, ...] = ()
    kind: str = "other"
    country: str = ""
    region: str = ""
    city: str = ""
    lat: float | None = None
    lon: float | None = None
    domain: str = ""
    parents: tuple[str, ...] = ()
    successors: tuple[str, ...] = ()
    status: str = "active"
    prominence: float = 0.0
    usage: int = 0
    other_ids: tuple[str, ...] = ()
    other_domains: tuple[str, ...] = ()
    successor_from: int | None = None

    @property
    def name_zh(self) -> str:
        """The Chinese name to show: the first Chinese label, else alias, else a Japanese label all in Han, else "".

        The Japanese one is written in simplified characters: 桜花学園大学 is shown as 樱花学园大学.
        """
        chinese = [n for n in self.names if n.language.startswith("zh")]
        labels = [n for n in chinese if n.kind in ("official", "label")]
        for name in labels + chinese:
            return name.value
        for name in self.names:
            if name.language == "ja" and name.kind in ("official", "label") and _HAN.fullmatch(name.value):
                return "".join(map(_simplified, name.value))
        return ""


@functools.cache
def _converters() -> tuple[Any, Any]:
    import opencc  # here, since what takes time to import waits until it is needed

    return opencc.OpenCC("jp2t"), opencc.OpenCC("t2s")


@functools.lru_cache(maxsize=1 << 14)
def _simplified(character: str) -> str:
    """A Japanese character in simplified writing; one that is traditional Chinese too is read as that."""
    modern, traditional = _converters()
    for form in (character, modern.convert(character)):
        written = str(traditional.convert(form))
        if written != form and len(written) == 1:
            return written
    return "户" if character == "戸" else character  # which OpenCC leaves


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for or against a match.

    `name` is one of `FOR` or `AGAINST`. `kind` is what the name that matched is to the institution, one of `NAME_KINDS` (""
    where the reason is not about the name). `value` is the share of the name's weight that was found (name_coverage, 0 to 1),
    or the number of institutions that bear the name (bearers); of other reasons None.
    """

    name: str
    kind: str = ""
    value: float | None = None

    @property
    def speaks_for(self) -> bool:
        """Whether it speaks for the match, not against it."""
        return self.name in FOR


@dataclass(frozen=True, slots=True)
class Stated:
    """The place that a string states for an institution: city, ISO 3166-2 and ISO 3166-1 codes; "" for what it does not say."""

    city: str = ""
    region: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """One institution found in an affiliation string.

    `probability` is calibrated. `start` and `end` delimit the matched words in the raw string, `alias` is the registry's name
    that they matched, `reasons` what speaks for and against it. `stated` is the place that the string gives for it, which
    need not be where the institution is.
    """

    institution: Institution
    probability: float
    decision: Decision
    start: int
    end: int
    alias: str
    reasons: tuple[Reason, ...] = ()
    stated: Stated = Stated()

    @property
    def evidence(self) -> tuple[str, ...]:
        """The reasons in plain English, each behind + where it speaks for the match, behind - where against it."""
        return tuple([f"{'+' if speaks_for else '-'} {said}" for speaks_for, said in self.told()])

    def told(self, sentences: Mapping[str, str] = REASONS, names: Mapping[str, str] = NAME_KINDS) -> list[tuple[bool, str]]:
        """The reasons in words: whether each speaks for the match, and what it says.

        Args:
            sentences: what each of `REASONS` says in a language.
            names: what each of `NAME_KINDS` is called in it.
        """
        one = self.institution
        values: dict[str, object] = {"alias": self.alias, "city": one.city, "country": one.country}
        out = []
        for reason in self.reasons:
            values["kind"], values["value"] = names.get(reason.kind), reason.value
            out.append((reason.speaks_for, sentences[reason.name].format_map(values)))
        return out


@dataclass(frozen=True, slots=True)
class Result:
    """All institutions found in one affiliation string, most probable first; empty when there is none."""

    affiliation: str
    matches: tuple[Match, ...] = ()

    @property
    def decision(self) -> Decision:
        """The decision for the string as a whole: review as soon as one match needs it."""
        decisions = {m.decision for m in self.matches}
        return Decision.REVIEW if Decision.REVIEW in decisions else Decision.MATCH if decisions else Decision.NONE


@dataclass(frozen=True, slots=True)
class Author:
    """One author entry of a paper with the raw affiliation cells as published."""

    name: str
    affiliations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper. Where `aligned` is false, `paper_affiliations` belong to the paper but to no known author."""

    id: str
    title: str
    venue: str
    year: int
    authors: tuple[Author, ...]
    aligned: bool = True
    paper_affiliations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One line of the ledger: who decided when that a raw string names which institutions, and why.

    `institutions` are ids, empty where the string names none, and None where an undo left the string undecided, so that the
    model's answer counts again. `previous` is what held before in the same terms. `undoes` is the number of the entry that this
    one takes back. `model` and `registry` are the versions that the person looked at ("" where unknown). `role` says what the
    entry does: decision, opinion, blind or settlement (see `affil.ledger.cases`). Where `paper` is not "", it is about that
    paper's mention only, of the author at `position` (None: the paper's as a whole).
    """

    number: int
    at: datetime
    by: str
    affiliation: str
    institutions: tuple[str, ...] | None
    why: str
    previous: tuple[str, ...] | None = None
    undoes: int | None = None
    model: str = ""
    registry: str = ""
    role: str = "decision"
    paper: str = ""
    position: int | None = None
