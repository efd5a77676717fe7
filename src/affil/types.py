"""What flows through all stages: frozen records without behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
    `parents` and `successors` are ids. `status` is active, inactive or withdrawn. `prominence` is the logarithm of how much the
    source knows of it (names, other ids, relations, links); only its order within a registry is used.
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

    @property
    def name_zh(self) -> str:
        """The Chinese name to show: the first Chinese label, else the first Chinese alias, else ""."""
        chinese = [n for n in self.names if n.language.startswith("zh")]
        return next((n.value for n in chinese if n.kind in ("official", "label")), chinese[0].value if chinese else "")


@dataclass(frozen=True, slots=True)
class Match:
    """One institution found in an affiliation string.

    `probability` is calibrated. `start` and `end` delimit the matched words in the raw string, `alias` is the registry's name
    that they matched, `evidence` the reasons for and against in plain words. `by` names who decided: "model", or "ledger"
    for a human decision.
    """

    institution: Institution
    probability: float
    decision: Decision
    start: int
    end: int
    alias: str
    evidence: tuple[str, ...] = ()
    by: str = "model"


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
    entry does: decision, opinion, blind or settlement (see `affil.review.standing`). Where `paper` is not "", it is about that
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
