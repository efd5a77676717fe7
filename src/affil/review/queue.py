"""The review queue: all strings of a workspace with the model's answers, most valuable first.

The value of a decision is its expected effect on the ranking: the credit of the string's mentions (1/K of a paper for each of
its K authors, split over the author's affiliations, times the venue's weight), times the uncertainty of the answer (0 to 1).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from affil.errors import AffilError
from affil.ledger.cases import Cases, Key
from affil.settings import ReviewSettings
from affil.types import LedgerEntry

Numbers = npt.NDArray[np.int64]
Scope = Literal["queue", "all"]
State = Literal["open", "decided", "any"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
STATES: tuple[State, ...] = get_args(State)
ANSWERS = ("review", "match", "none")

_TABLES = (
    "CREATE TABLE string AS SELECT CAST(row_number() OVER () - 1 AS INTEGER) AS number, affiliation, mentions, papers FROM strings",
    """CREATE TABLE paper AS
    SELECT CAST(row_number() OVER () AS INTEGER) AS paper, id, title, venue, year,
        coalesce(weight, 1) / CASE WHEN aligned THEN authors ELSE 1 END AS credit
    FROM papers LEFT JOIN venue ON published = venue""",
    """CREATE TABLE mention AS
    SELECT number, paper.paper, position, author
    FROM mentions JOIN string USING (affiliation) JOIN paper ON id = mentions.paper
    ORDER BY number""",
    """CREATE TABLE worth AS
    SELECT number, sum(credit / claims) AS credit
    FROM (SELECT number, paper, count(*) OVER (PARTITION BY paper, position) AS claims FROM mention) JOIN paper USING (paper)
    GROUP BY number""",
    """CREATE TABLE answer AS
    SELECT number, decision, probability, institution_id, country
    FROM matches JOIN string USING (affiliation) LEFT JOIN institutions ON id = institution_id""",
    # a string is as uncertain as its most uncertain institution
    """CREATE TABLE item AS
    SELECT number, mentions, papers, coalesce(credit, 0) AS credit, coalesce(probability, 0) AS probability,
        coalesce(decision, 'none') AS decision, coalesce(institutions, '') AS institutions
    FROM string LEFT JOIN worth USING (number) LEFT JOIN (
        SELECT number, min(probability) AS probability,
            CASE WHEN bool_or(decision = 'review') THEN 'review' WHEN bool_or(decision = 'match') THEN 'match' END AS decision,
            string_agg(institution_id, ' ' ORDER BY institution_id) AS institutions
        FROM answer GROUP BY number
    ) USING (number)""",
)


class TablesLike(Protocol):
    """The tables of a workspace that a queue reads; see `affil.workspace`."""

    @property
    def papers(self) -> Path | pa.Table: ...  # noqa: D102

    @property
    def mentions(self) -> Path | pa.Table: ...  # noqa: D102

    @property
    def matches(self) -> Path | pa.Table: ...  # noqa: D102

    @property
    def institutions(self) -> Path | pa.Table: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class VenueFacts:
    """A venue under the name used by papers, with the fields a queue needs."""

    published: str
    areas: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Filters:
    """Filters of strings; empty fields do not restrict.

    `scope`: the queue (uncertain strings and the audit sample) or all strings. `state`: open, decided, or any. `decision` is
    the model's; `country` that of an institution found; `low` and `high` bound the probability; `text` is contained in the
    string.
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

    def check(self) -> Filters:
        """Validate and return the filters.

        Raises:
            AffilError: a value is invalid.
        """
        for what, value, known in (("scope", self.scope, SCOPES), ("state", self.state, STATES)):
            if value not in known:
                raise AffilError(f"no {what} {value!r}; known are: {', '.join(known)}")
        if self.decision and self.decision not in ANSWERS:
            raise AffilError(f"no decision {self.decision!r}; known are: {', '.join(ANSWERS)}")
        if not 0 <= self.low <= self.high <= 1:
            raise AffilError(f"probabilities from {self.low} to {self.high}: need 0 <= low <= high <= 1")
        if self.year and not all(part.isdigit() and len(part) < 5 for part in self.year.split("-", 1)):
            raise AffilError(f"invalid year {self.year!r}; write e.g. 2020 or 2014-2024")
        return self


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
    """A mention of a string: paper, title, venue, year, and author ("" if not tied to one)."""

    paper: str
    title: str
    venue: str
    year: int
    author: str
    position: int | None


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


class Queue:
    """All strings of a workspace, ordered by the value of a decision.

    Tables are read once; decisions are applied by `update`. Thread-safe.
    """

    def __init__(
        self, tables: TablesLike, strings: Path | pa.Table, venues: Sequence[VenueFacts], settings: ReviewSettings
    ) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._db = duckdb.connect()
        for name in ("papers", "mentions", "matches", "institutions"):
            self._attach(name, getattr(tables, name))
        self._attach("strings", strings)
        facts = {"published": [v.published for v in venues], "weight": [v.weight for v in venues]}
        self._db.register(
            "venue", pa.table({"published": pa.array(facts["published"], pa.string()), "weight": facts["weight"]})
        )
        self._areas = {v.published: v.areas for v in venues}
        for statement in _TABLES:
            self._db.execute(statement)
        columns = self._db.sql("SELECT * EXCLUDE (institutions) FROM item ORDER BY number").fetchnumpy()
        self.affiliations: list[str] = self._column("SELECT affiliation FROM string ORDER BY number")
        self._institutions: list[str] = self._column("SELECT institutions FROM item ORDER BY number")
        self._number = {a: i for i, a in enumerate(self.affiliations)}
        self.mentions, self.papers = columns["mentions"].astype(np.int64), columns["papers"].astype(np.int64)
        self.credit, self.probability = columns["credit"].astype(float), columns["probability"].astype(float)
        self.decision = np.array(columns["decision"], "U6")
        self.audit = self._sample("match", settings.audit) | self._sample("none", settings.audit)
        self.queued = self.audit | (self.decision == "review")
        doubt = np.where(self.decision == "none", settings.missed, 1 - self.probability)
        doubt = np.where(self.decision == "review", np.minimum(self.probability, doubt), doubt)
        self._order: Numbers = np.lexsort((np.arange(len(self)), -self.mentions, -np.round(self.credit * doubt, 9)))
        self.decided = np.zeros(len(self), bool)
        self._people: dict[int, frozenset[str]] = {}
        self._double: dict[int, bool] = {}
        self.cases = Cases()
        self._select = lru_cache(maxsize=64)(self._filtered)

    def __len__(self) -> int:
        return len(self.affiliations)

    def forget(self) -> None:
        """Take back all entries, of a ledger that was replaced by another."""
        with self._lock:
            self.cases = Cases()
            self.decided[:] = False
            self._people.clear()

    def update(self, entries: Sequence[LedgerEntry]) -> None:
        """Apply new entries of the ledger."""
        with self._lock:
            self.cases.add(entries)
            for entry in entries:
                number = self._number.get(entry.affiliation)
                if number is not None and not entry.paper:
                    case = self.cases[Key(entry.affiliation)]
                    self.decided[number] = case.holder is not None
                    self._people[number] = case.people

    def number(self, affiliation: str) -> int | None:
        """The number of a string, or None if it does not occur."""
        return self._number.get(affiliation)

    def item(self, number: int) -> Item:
        """The string with this number."""
        return Item(
            number,
            self.affiliations[number],
            int(self.mentions[number]),
            int(self.papers[number]),
            float(self.credit[number]),
            str(self.decision[number]),
            float(self.probability[number]),
            tuple(self._institutions[number].split()),
            bool(self.audit[number]),
        )

    def select(self, filters: Filters, by: str = "") -> Numbers:
        """The numbers of the strings that pass the filters, most valuable first.

        Open to a person (`by`) are undecided strings, and those of a second decision (see `second`).
        """
        wanted = self._select(filters.check())
        if filters.state == "any":
            return wanted
        decided = self.decided[wanted]
        if filters.state == "decided":
            return wanted[decided]
        second = [n for n in wanted[decided].tolist() if by and self.second(n, by)]
        return wanted[~decided | np.isin(wanted, second)] if second else wanted[~decided]

    def second(self, number: int, by: str) -> bool:
        """Whether this person should blindly decide a string that one other person decided.

        Strings are sampled by a hash, so that the choice is the same for everybody at any time.
        """
        people = self._people.get(number, frozenset())
        if len(people) != 1 or by in people:
            return False
        if number not in self._double:
            digest = hashlib.sha256(self.affiliations[number].encode(errors="surrogatepass")).digest()
            self._double[number] = int.from_bytes(digest[:8], "big") / 2**64 < self.settings.double
        return self._double[number]

    def occurrences(self, number: int, papers: int, limit: int) -> list[Occurrence]:
        """The mentions of a string in its newest papers, at most `limit`."""
        rows = self._rows(
            "SELECT id, title, venue, year, coalesce(author, ''), position FROM mention JOIN paper USING (paper) "
            "WHERE number = ? QUALIFY dense_rank() OVER (ORDER BY year DESC, id) <= ? ORDER BY year DESC, id, position LIMIT ?",
            [number, papers, limit],
        )
        return [Occurrence(*row) for row in rows]

    def stands(self, number: int, paper: str, position: int | None, author: str) -> bool:
        """Whether a paper has the string for this author at this position."""
        return bool(
            self._rows(
                "SELECT 1 FROM mention JOIN paper USING (paper) WHERE number = ? AND id = ? AND position IS NOT DISTINCT FROM ? "
                "AND coalesce(author, '') = ? LIMIT 1",
                [number, paper, position, author],
            )
        )

    def choices(self) -> dict[str, list[str]]:
        """The countries, areas and venues to filter by."""
        venues = [str(v) for (v,) in self._rows("SELECT DISTINCT venue FROM paper ORDER BY venue")]
        countries = [str(c) for (c,) in self._rows("SELECT DISTINCT country FROM answer WHERE country <> '' ORDER BY country")]
        return {"country": countries, "area": sorted({a for v in venues for a in self._areas.get(v, ())}), "venue": venues}

    def alike(self, number: int, limit: int) -> list[int]:
        """Open strings similar to this one (rapidfuzz's token ratios), for the same decision, most mentioned first.

        If the model found institutions, only strings with the same ones are compared.
        """
        from rapidfuzz import fuzz, process

        from affil.names import fold

        with self._lock:
            same = self._institutions[number]
            open_ = np.flatnonzero(~self.decided & (self.decision != "match"))
            near = [i for i in open_.tolist() if i != number and self._institutions[i] == same]
        wanted = fold(self.affiliations[number])
        if not wanted or not near:
            return []
        scorer = fuzz.token_set_ratio if same else fuzz.token_sort_ratio
        texts = [self._folded(i) for i in near]
        found = process.extract(wanted, texts, scorer=scorer, score_cutoff=self.settings.alike, limit=None)
        return sorted((near[i] for _, _, i in found), key=lambda i: (-self.mentions[i], i))[:limit]

    def progress(self) -> ReviewProgress:
        """Progress of the review."""
        with self._lock:
            decided = self.decided & self.queued
            disputed = sum(case.disputed for case in self.cases.values())
            seen = np.flatnonzero(self.decided & (self.decision == "none"))
            confirmed = sum(not (self.cases[Key(self.affiliations[i])].institutions or ()) for i in seen.tolist())
            prior = self.settings.prior
            nil = (prior * (1 - self.settings.missed) + confirmed) / (prior + len(seen))
            right = np.select([self.decided, self.decision == "match", self.decision == "review"],
                              [1.0, self.probability, 1 - self.probability], nil)  # fmt: skip
            queued = int(self.mentions[self.queued].sum())
            return ReviewProgress(
                strings=int(self.queued.sum()),
                decided=int(decided.sum()),
                mentions_decided=float(self.mentions[decided].sum()) / queued if queued else 0.0,
                right=float((right * self.mentions).sum()) / float(self.mentions.sum()) if len(self) else 0.0,
                disputed=disputed,
            )

    def _folded(self, number: int) -> str:
        return _fold(self.affiliations[number])

    def _filtered(self, f: Filters) -> Numbers:
        """The strings that pass the filters, whatever their state, in order."""
        keep = self.queued.copy() if f.scope == "queue" else np.ones(len(self), bool)
        keep &= (self.probability >= f.low) & (self.probability <= f.high)
        if f.decision:
            keep &= self.decision == f.decision
        where: list[tuple[str, list[Any]]] = []
        if f.country:
            where.append(("SELECT DISTINCT number FROM answer WHERE country = ?", [f.country]))
        if f.text:
            where.append(("SELECT number FROM string WHERE contains(lower(affiliation), lower(?))", [f.text]))
        if f.venue:
            where.append(("SELECT DISTINCT number FROM mention JOIN paper USING (paper) WHERE venue = ?", [f.venue]))
        if f.area:
            within = [v for v, areas in self._areas.items() if f.area in areas]
            where.append(
                ("SELECT DISTINCT number FROM mention JOIN paper USING (paper) WHERE list_contains(?, venue)", [within])
            )
        if f.year:
            first, _, last = f.year.partition("-")
            where.append(
                (
                    "SELECT DISTINCT number FROM mention JOIN paper USING (paper) WHERE year BETWEEN ? AND ?",
                    [int(first), int(last or first)],
                )
            )
        for query, values in where:
            found = np.zeros(len(self), bool)
            found[[n for (n,) in self._rows(query, values)]] = True
            keep &= found
        out: Numbers = self._order[keep[self._order]]
        return out

    def _sample(self, decision: str, count: int) -> npt.NDArray[np.bool_]:
        """A reproducible random sample of the strings of one decision."""
        of = np.flatnonzero(self.decision == decision)
        drawn = np.zeros(len(self), bool)
        drawn[np.random.default_rng(self.settings.seed).permutation(of)[:count]] = True
        return drawn

    def _attach(self, name: str, table: Path | pa.Table) -> None:
        if isinstance(table, pa.Table):
            self._db.register(name, table)
        else:
            self._db.read_parquet(str(table)).create_view(name)

    def _column(self, query: str) -> list[str]:
        return [str(v) for v in self._db.sql(query).to_arrow_table().column(0).to_pylist()]

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(query, list(values)).fetchall()


@lru_cache(maxsize=1 << 18)
def _fold(affiliation: str) -> str:
    from affil.names import fold

    return fold(affiliation)
