"""Estimate anew how probable the answers of open strings are, from decisions on the same names, places and people.

Each decision speaks once for all strings of its group (see `affil.review.groups`). It speaks for an institution if it decided that the
same name means it, again if the same country was stated, and if it put the same author there; against it if it decided that the
name means something else. Votes multiply the odds of the model's probability (naive Bayes); the factors are settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from affil.review.groups import folded
from affil.review.store import Store
from affil.settings import ReviewSettings
from affil.types import Decision, Match

Numbers = npt.NDArray[np.int64]
Decided = Mapping[int, Sequence[str]]  # string -> the ids decided on

_TABLES = count()
_QUERY = """
WITH verdict AS (
    SELECT DISTINCT id, name, country, grp, list_contains(ids, id) AS fits FROM {candidates} JOIN decided USING (number)
), named AS (
    SELECT c.number, c.id,
        count(DISTINCT v.grp) FILTER (v.fits) AS agree,
        count(DISTINCT v.grp) FILTER (NOT v.fits) AS differ,
        count(DISTINCT v.grp) FILTER (v.fits AND v.country = c.country AND c.country <> '') AS placed
    FROM {candidates} AS c JOIN verdict AS v ON v.id = c.id AND v.name = c.name AND v.grp <> c.grp
    GROUP BY ALL
), known AS (
    SELECT DISTINCT author, unnest(ids) AS id, grp
    FROM decided JOIN mention USING (number) JOIN (SELECT DISTINCT number, grp FROM {candidates}) USING (number)
    WHERE contains(author, ' ')
), met AS (
    SELECT c.number, c.id, count(DISTINCT known.grp) AS people
    FROM {candidates} AS c JOIN mention USING (number) JOIN known ON known.author = mention.author AND known.id = c.id
    WHERE known.grp <> c.grp
    GROUP BY ALL
)
SELECT number, id, chosen, probability, coalesce(agree, 0) AS agree, coalesce(differ, 0) AS differ, coalesce(placed, 0) AS placed,
    coalesce(people, 0) AS people
FROM {candidates} LEFT JOIN named USING (number, id) LEFT JOIN met USING (number, id)
ORDER BY number, chosen DESC, probability DESC, id
"""


@dataclass(frozen=True, slots=True)
class Closing:
    """A string that has become sure: its answer, its probability, and how many decisions on its names speak for it."""

    number: int
    institutions: tuple[str, ...]
    probability: float
    decisions: int


class Estimator:
    """The candidates of doubtful strings, and what decisions say of them.

    Args:
        store: the tables of the workspace.
        numbers: the strings.
        groups: the group of each.
        matches: what the matcher makes of each (`Matcher.ranked`).
        settings: the factors, and when a string is closed.
    """

    def __init__(
        self, store: Store, numbers: Numbers, groups: Numbers, matches: Sequence[Sequence[Match]], settings: ReviewSettings
    ) -> None:
        self._store, self._settings = store, settings
        self._table = f"candidates_{next(_TABLES)}"
        best: dict[tuple[int, str], tuple[int, Match]] = {}
        for number, group, found in zip(numbers.tolist(), groups.tolist(), matches, strict=True):
            for match in sorted(found, key=lambda m: -m.probability):
                best.setdefault((number, match.institution.id), (group, match))
        aliases = sorted({m.alias for _, m in best.values()})
        names = dict(zip(aliases, folded(aliases), strict=True))
        store.register(
            self._table,
            pa.table(
                {
                    "number": pa.array([n for n, _ in best], pa.int64()),
                    "id": pa.array([i for _, i in best], pa.string()),
                    "grp": pa.array([g for g, _ in best.values()], pa.int64()),
                    "name": pa.array([names[m.alias] for _, m in best.values()], pa.string()),
                    "country": pa.array([m.stated.country for _, m in best.values()], pa.string()),
                    "probability": pa.array([m.probability for _, m in best.values()], pa.float64()),
                    "chosen": pa.array([m.decision != Decision.NONE for _, m in best.values()], pa.bool_()),
                }
            ),
        )

    def estimate(self, decided: Decided) -> tuple[pa.Table, npt.NDArray[np.float64]]:
        """The candidates with the votes on each (see the query), and their probabilities in the light of them."""
        ids = {
            "number": pa.array([*decided], pa.int64()),
            "ids": pa.array([[*v] for v in decided.values()], pa.list_(pa.string())),
        }
        found = self._store.table(_QUERY.format(candidates=self._table), decided=pa.table(ids))
        p, agree, differ, placed, people = (
            found.column(c).to_numpy() for c in ("probability", "agree", "differ", "placed", "people")
        )
        s = self._settings
        p = np.clip(p, 1e-6, 1 - 1e-6)
        votes = (
            np.log(s.name_vote) * (agree - differ)
            + np.log(s.place_vote) * placed
            + np.log(s.people_vote) * np.minimum(people, 1)
        )
        return found, 1 / (1 + np.exp(-(np.log(p / (1 - p)) + votes)))

    def closings(self, decided: Decided) -> list[Closing]:
        """The undecided strings that have become sure.

        Each institution chosen in one is at least as probable as the setting `closes`, each other one as improbable, none of the
        chosen has a vote against it, and those that were doubtful have enough decisions (`close_after`) for them.
        """
        found, probability = self.estimate(decided)
        if not len(found):
            return []
        number, chosen = (found.column(c).to_numpy(zero_copy_only=False) for c in ("number", "chosen"))
        agree, differ, before = (found.column(c).to_numpy() for c in ("agree", "differ", "probability"))
        s = self._settings
        voted = (agree >= s.close_after) & (differ == 0)
        fits = np.where(
            chosen, (probability >= s.closes) & ((before >= s.sure) & (differ == 0) | voted), probability <= 1 - s.closes
        )
        strings, first = np.unique(number, return_index=True)
        whole = np.logical_and.reduceat(fits, first)
        new = np.logical_or.reduceat(chosen & voted, first)
        keep = np.repeat(whole & new & ~np.isin(strings, [*decided]), np.diff(np.r_[first, len(number)])) & chosen
        rows = found.append_column("now", pa.array(probability)).filter(pa.array(keep))
        out: dict[int, list[tuple[str, float, int]]] = {}
        for n, i, p, votes in zip(*(rows.column(c).to_pylist() for c in ("number", "id", "now", "agree")), strict=True):
            out.setdefault(n, []).append((i, p, votes))
        return [
            Closing(n, tuple(i for i, _, _ in told), min(p for _, p, _ in told), max(v for _, _, v in told))
            for n, told in out.items()
        ]

    def answers(self, decided: Decided) -> tuple[Numbers, npt.NDArray[np.float64]]:
        """The strings with chosen institutions, and the probability of the least probable of each."""
        found, probability = self.estimate(decided)
        chosen = found.column("chosen").to_numpy(zero_copy_only=False)
        number = found.column("number").to_numpy()[chosen]
        if not len(number):
            return np.zeros(0, np.int64), np.zeros(0)
        strings, first = np.unique(number, return_index=True)
        return strings, np.minimum.reduceat(probability[chosen], first)
