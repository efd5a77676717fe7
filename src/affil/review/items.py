"""What a review is about: filters, strings, mentions, progress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from affil.errors import AffilError
from affil.review.doubts import DOUBTS
from affil.wording import said

Scope = Literal["queue", "doubtful", "all"]
State = Literal["open", "decided", "skipped", "any"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
STATES: tuple[State, ...] = get_args(State)
ANSWERS = ("review", "match", "none")
# Orders of a list: of the queue, by mentions, probability, or the string itself; with "-" before it the other way round.
SORTS = ("value", "mentions", "probability", "string")


@dataclass(frozen=True, slots=True)
class VenueFacts:
    """A venue under the name used by papers, with the fields a queue needs."""

    published: str
    areas: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Filters:
    """Filters of strings; empty fields do not restrict.

    `scope`: the queue (uncertain strings and the audit sample), the doubtful ones of it alone, or all strings. `state`: open,
    decided, or any. `decision` is the model's; `country` that of an institution found; `low` and `high` bound the probability;
    `text` is contained in the string; `doubt` is one of its reasons of doubt (see `affil.review.doubts`).
    """

    scope: Scope = "queue"
    state: State = "open"
    decision: str = ""
    country: str = ""
    area: str = ""
    venue: str = ""
    year: str = ""
    low: float = 0.0
    high: float = 1.0
    text: str = ""
    doubt: str = ""

    def check(self) -> Filters:
        """Validate and return the filters.

        Raises:
            AffilError: a value is invalid.
        """
        for what, value, known in ((said("scope"), self.scope, SCOPES), (said("state"), self.state, STATES)):
            if value not in known:
                raise AffilError(said("no {0} {1!r}; known are: {2}", what, value, ", ".join(known)))
        if self.decision and self.decision not in ANSWERS:
            raise AffilError(said("no decision {0!r}; known are: {1}", self.decision, ", ".join(ANSWERS)))
        if self.doubt and self.doubt not in DOUBTS:
            raise AffilError(said("no reason of doubt {0!r}; known are: {1}", self.doubt, ", ".join(DOUBTS)))
        if not 0 <= self.low <= self.high <= 1:
            raise AffilError(said("probabilities from {0} to {1}: need 0 <= low <= high <= 1", self.low, self.high))
        if self.year:
            years_of(self.year)
        return self


def years_of(text: str) -> tuple[int, int]:
    """The first and the last year of a text such as 2020 or 2014-2024.

    Raises:
        AffilError: it is neither.
    """
    parts = [part.strip() for part in text.split("-", 1)]
    if not all(part.isdecimal() and len(part) < 5 for part in parts):
        raise AffilError(said("invalid year {0!r}; write e.g. 2020 or 2014-2024", text))
    return int(parts[0]), int(parts[-1])


@dataclass(frozen=True, slots=True)
class Item:
    """A string of the queue: numbers of mentions and papers, credit, the model's decision and probability.

    `audit` marks strings shown only to audit the model's certain answers.
    """

    number: int
    affiliation: str
    mentions: int
    papers: int
    credit: float
    decision: str
    probability: float
    institutions: tuple[str, ...]
    audit: bool


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A mention of a string: paper, title, venue, year, author ("" if not tied to one), and the DOI of the paper ("": unknown)."""

    paper: str
    title: str
    venue: str
    year: int
    author: str
    position: int | None
    doi: str = ""


@dataclass(frozen=True, slots=True)
class ReviewProgress:
    """Progress of a review: strings in the queue, decided ones, the share of their mentions decided, conflicts.

    `right` is the expected share of mentions with a correct current answer: 1 if a person decided, the probability if the model
    matched, 1 minus it if a match awaits review and is not counted; for strings without a match, the rate found by the audit or
    assumed in the settings.
    """

    strings: int
    decided: int
    mentions_decided: float
    right: float
    disputed: int
