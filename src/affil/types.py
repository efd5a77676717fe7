"""Records shared by all stages, and the texts of the reasons for and against a match."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from affil.markup import table
from affil.wording import said

Progress = Callable[[int, int], None]  # called with (done, total)
_HAN = re.compile("[\u3400-\u9fff]+")
# English texts of the reasons for and against a match.
FOR = {
    "decided": "decided by {said}",
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
    "bearers": "{value} institutions have this name",
    "part_of_longer_name": "the words are part of a longer name",
    "numbers_differ": "numbers differ",
    "other_kind_named": "next to it are words for another kind of organisation",
    "word_missing": "a distinctive word of the name is missing",
}
REASONS = FOR | AGAINST
# English descriptions of the kinds of names.
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
    """The kind of a name, as stored in built registries: best first, in the order of `NAME_KINDS`."""

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
        """The word used in `Name.kind` and reasons."""
        return self.name.lower()


class InstitutionKind(IntEnum):
    """The kind of an institution, after ROR's types."""

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
        """The word used in `Institution.kind`."""
        return self.name.lower()


KINDS = tuple(kind.word for kind in InstitutionKind)


class Decision(StrEnum):
    """What happens to a candidate: matched automatically, sent to review, or dropped."""

    MATCH = "match"
    REVIEW = "review"
    NONE = "none"


NOT_FOUND = said("no institution found with enough certainty")
"""What the decision `none` on a string means, in the words of all pages and messages: it may name one all the same."""


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

    `id` is the ROR URL where one is confirmed, else `affil:slug` (or the id in a user's table). `kind` follows ROR's types.
    `country` is ISO 3166-1 alpha-2, `region` ISO 3166-2 (or ""), `lat` and `lon` are degrees (None where unknown). `parents`
    and `successors` are ids; `successor_from` is the first year that counts for the successor of a closed institution, if
    known. `other_ids` are its former ids and those in other registries, in the forms of `affil.names.ids`. `status` is active,
    inactive or withdrawn. `prominence` is the logarithm of the number of facts in the source (names, other ids, relations,
    links); only its order within a registry is used. `usage` is the number of unambiguous mentions in AI papers, if counted.
    `domain` is that of its website; `other_domains` are others, such as for mail.
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
        """The Chinese name to show: the first Chinese label, else alias, else a Japanese label entirely in Han, else "".

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
    import opencc  # imported late: it is slow to import

    return opencc.OpenCC("jp2t"), opencc.OpenCC("t2s")


@functools.lru_cache(maxsize=1 << 14)
def _simplified(character: str) -> str:
    """The simplified form of a Japanese character; one that is also traditional Chinese is treated as such."""
    modern, traditional = _converters()
    for form in (character, modern.convert(character)):
        written = str(traditional.convert(form))
        if written != form and len(written) == 1:
            return written
    return "户" if character == "戸" else character  # not converted by OpenCC


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for or against a match.

    `name` is one of `FOR` or `AGAINST`. `kind` is the kind of the name that matched, one of `NAME_KINDS` ("" if the reason is
    not about the name). `value` is the share of the name's idf weight that was found (name_coverage, 0 to 1), or the number of
    institutions with the name (bearers); None for other reasons. `said` is who decided, and why (decided).
    """

    name: str
    kind: str = ""
    value: float | None = None
    said: str = ""

    @property
    def speaks_for(self) -> bool:
        """Whether it is a reason for the match rather than against it."""
        return self.name in FOR


@dataclass(frozen=True, slots=True)
class Stated:
    """The place stated in a string for an institution: city, ISO 3166-2 and ISO 3166-1 codes; "" where not stated."""

    city: str = ""
    region: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """One institution found in an affiliation string.

    `probability` is calibrated. `start` and `end` delimit the matched words in the raw string, `alias` is the registry name
    that they matched, `reasons` are for and against it. `stated` is the place given in the string, which may differ from the
    institution's location.
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
        """The reasons in plain English, prefixed with + if for the match and - if against it."""
        return tuple([f"{'+' if speaks_for else '-'} {said}" for speaks_for, said in self.told()])

    def told(self, sentences: Mapping[str, str] = REASONS, names: Mapping[str, str] = NAME_KINDS) -> list[tuple[bool, str]]:
        """The reasons as (whether it is for the match, sentence).

        Args:
            sentences: the text of each of `REASONS` in a language.
            names: the text of each of `NAME_KINDS` in it.
        """
        one = self.institution
        values: dict[str, object] = {"alias": self.alias, "city": one.city, "country": one.country}
        out = []
        for reason in self.reasons:
            values |= {"kind": names.get(reason.kind), "value": reason.value, "said": reason.said}
            out.append((reason.speaks_for, sentences[reason.name].format_map(values)))
        return out

    def to_dict(self) -> dict[str, Any]:
        """The match as a dictionary that JSON can hold: of the institution what says who and where it is, and `evidence` as a list."""
        one = self.institution
        return {
            "institution_id": one.id,
            "name": one.name,
            "name_zh": one.name_zh,
            "kind": one.kind,
            "city": one.city,
            "country": one.country,
            "lat": one.lat,
            "lon": one.lon,
            "stated_city": self.stated.city,
            "stated_country": self.stated.country,
            "probability": self.probability,
            "decision": self.decision.value,
            "evidence": list(self.evidence),
            "start": self.start,
            "end": self.end,
            "alias": self.alias,
        }

    def _repr_html_(self) -> str:
        return table([_shown(self)])


@dataclass(frozen=True, slots=True)
class Result:
    """All institutions found in one affiliation string, most probable first; empty when there is none.

    `why` there is none is a key of `affil.match.NOTHING`; "" where there is one, or where nobody asked.
    """

    affiliation: str
    matches: tuple[Match, ...] = ()
    why: str = ""

    @property
    def decision(self) -> Decision:
        """The decision for the whole string: review if any match needs it."""
        decisions = {m.decision for m in self.matches}
        return Decision.REVIEW if Decision.REVIEW in decisions else Decision.MATCH if decisions else Decision.NONE

    def to_dict(self) -> dict[str, Any]:
        """The result as a dictionary that JSON can hold: affiliation, decision, `why` if there is none, and its matches."""
        why = {"why": self.why} if self.why else {}
        matches = [self.match_dict(m) for m in self.matches]
        return {"affiliation": self.affiliation, "decision": self.decision.value, **why, "matches": matches}

    def match_dict(self, match: Match) -> dict[str, Any]:
        """A match of this string, or a candidate for it, with the words that it is about: `matched_text`."""
        return {**match.to_dict(), "matched_text": self.affiliation[match.start : match.end]}

    def _repr_html_(self) -> str:
        return Results([self])._repr_html_()


class Results(list[Result]):
    """A list of results, which a notebook shows as a table: one row for each institution found."""

    def _repr_html_(self) -> str:
        none = {"institution": "", "place": "", "answer": Decision.NONE.value, "evidence": ""}
        rows = [
            {"affiliation": result.affiliation if k == 0 else "", **(_shown(m) if m else none)}
            for result in self
            for k, m in enumerate(result.matches or (None,))
        ]
        return table(rows)


def _shown(m: Match) -> dict[str, object]:
    """A match as a row of a table."""
    one = m.institution
    return {
        "institution": list(filter(None, (one.name, one.name_zh))),
        "place": ", ".join(filter(None, (one.city, one.country))),
        "answer": f"{m.decision.value} {m.probability:.3f}",
        "evidence": m.evidence,
    }


@dataclass(frozen=True, slots=True)
class Author:
    """One author entry of a paper with the raw affiliation cells as published."""

    name: str
    affiliations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper. Where `aligned` is false, `paper_affiliations` belong to the paper but to no known author.

    `doi` is as the source gives it; "" where it gives none.
    """

    id: str
    title: str
    venue: str
    year: int
    authors: tuple[Author, ...]
    aligned: bool = True
    paper_affiliations: tuple[str, ...] = ()
    doi: str = ""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One ledger entry: who decided when, and why, which institutions a raw string names.

    `institutions` are ids: empty if the string names none, None if an undo left the string undecided, so that the model's answer
    counts again. `previous` is the value before it. `undoes` is the number of the entry that this one undoes. `model` and
    `registry` are the versions the person saw ("" if unknown). `role` is decision, opinion, blind or settlement (see
    `affil.ledger.cases`). If `paper` is not "", the entry applies only to that paper's mention, of the author at `position`
    (None: of the whole paper).
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
