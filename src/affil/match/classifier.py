"""The classifier: two stages of gradient boosting over candidate pairs, then calibration.

The first stage scores each pair alone. The second rescores the finalists of a string given the first-stage scores of their
rivals and the features of the strongest one, since a candidate is often wrong only because a better one exists. Both are
scikit-learn's histogram gradient boosting (Ke et al. 2017) with monotone constraints where the direction of a feature is known.
Calibration is beta calibration (Kull, Silva Filho and Flach 2017) on out-of-fold predictions of labelled strings, one for each
policy and size of registry, which differ in what is correct and in the number of similar names. It is smooth and strictly
monotone, so probabilities rank strings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from affil.match.calibrate import LEAST, calibrate, regimes
from affil.match.features.featurize import Pairs
from affil.match.features.table import NAMES
from affil.match.forest import Forest, to_forest
from affil.match.pairs import expand, rank_within
from affil.registry.arrays import Floats, Ints

# features added in the second stage: name -> monotone direction; `p` is the first stage's probability
RIVALS = {
    "p": 1, "p_best_other": -1, "p_gap": 1, "p_rank": -1, "p_overlapping": -1, "p_parent": 0, "p_child": 0, "p_same_name": -1,
    "p_sum": 0, "rival_overlaps": 0, "rival_before": 0, "rival_parent": 0, "rival_child": 0, "rival_same_name": 0,
}  # fmt: skip
# features of the strongest rival, appended to the candidate's own
COMPARED = ("exact", "coverage", "coverage_here", "official_coverage", "mass", "segment_share", "education", "healthcare", "facility",
            "government", "company", "children", "prominence", "country_agrees", "city_agrees", "country_differs", "acronym", "official",
            "nested", "names_before", "homonym_kind", "segments_behind", "before_head", "after_head")  # fmt: skip
_COMPARED = np.array([NAMES.index(name) for name in COMPARED])


@dataclass(frozen=True, slots=True)
class Estimators:
    """The fitted scikit-learn estimators of both stages."""

    first: Any
    second: Any


@dataclass(frozen=True)
class Model:
    """A trained model: trees as arrays, calibration curves, and a loader of the scikit-learn estimators.

    `finalists` is the number of candidates per string that reach the second stage, `large` the number of institutions that
    makes a registry large. `curves` has a row (a, b, c) per regime, see `calibrate`. `features` are checked against those of
    this version.
    """

    first: Forest
    second: Forest
    curves: Floats
    finalists: int
    large: int
    load: Callable[[], Estimators]
    features: tuple[str, ...] = NAMES

    @classmethod
    def of(cls, estimators: Estimators, curves: Floats, finalists: int, large: int, features: tuple[str, ...] = NAMES) -> Model:
        """Make a model of fitted estimators."""
        return cls(
            to_forest(estimators.first), to_forest(estimators.second), curves, finalists, large, lambda: estimators, features
        )

    @cached_property
    def estimators(self) -> Estimators:
        """The scikit-learn estimators, for training, saving and analysis; loaded on first use."""
        return self.load()

    def compile(self) -> None:
        """Import scikit-learn now, with which pairs are predicted from then on, be they few or many."""
        for forest in (self.first, self.second):
            forest.compile()

    def predict(self, pairs: Pairs, small: int = 0, hopeless: float = 0.0) -> Floats:
        """Calibrated probability of each pair.

        Up to `small` pairs are predicted without scikit-learn as long as it is not imported, more with its compiled trees. Pairs below
        `hopeless` in the first stage skip the second.
        """
        if not len(pairs.features):
            return np.zeros(0)
        plain = len(pairs.features) <= small and not self.first.compiled
        p = self.first.predict(pairs.features) if plain else self.first.predict_many(pairs.features)
        rows = finalists(p, pairs, self.finalists)
        rows = rows[p[rows] >= hopeless]
        wide = rival_features(p, pairs, rows)
        q = self.second.predict(wide) if plain else self.second.predict_many(wide)
        out = np.full(len(p), LEAST)
        out[rows] = calibrate(q, regimes(pairs, self.large)[rows], self.curves)
        return out


_LIKELY = 0.2  # first-stage probability that always makes a candidate a finalist


def finalists(p: Floats, pairs: Pairs, count: int) -> Ints:
    """Rows of the `count` best candidates of each string by the first stage, and of all likely ones."""
    return np.flatnonzero((rank_within(pairs.candidates.string, -p) < count) | (p >= _LIKELY))


def rival_features(p: Floats, pairs: Pairs, rows: Ints) -> Floats:
    """The second stage's input for `rows`: all features, and comparisons with the string's other candidates."""
    c = pairs.candidates
    n = len(p)
    count = int(c.string.max(initial=-1)) + 1
    rank = rank_within(c.string, -p)
    best, second = np.full(count, -1), np.full(count, -1)
    best[c.string[rank == 0]] = np.flatnonzero(rank == 0)
    second[c.string[rank == 1]] = np.flatnonzero(rank == 1)
    rival = np.where(rank == 0, second[c.string], best[c.string])
    alone = rival < 0
    other = np.where(alone, 0, p[rival])
    # best rival with overlapping words
    bounds = np.searchsorted(c.string, np.arange(count + 1))
    who, against = expand(bounds, c.string)
    clash = (pairs.first[against] < pairs.last[who]) & (pairs.first[who] < pairs.last[against]) & (who != against)
    overlapping = np.zeros(n)
    np.maximum.at(overlapping, who[clash], p[against[clash]])
    same = clash & (c.alias[who] == c.alias[against])
    same_name = np.zeros(n)
    np.maximum.at(same_name, who[same], p[against[same]])
    child, at = pairs.child, pairs.parent
    p_parent, p_child = np.zeros(n), np.zeros(n)
    np.maximum.at(p_parent, child, p[at])
    np.maximum.at(p_child, at, p[child])
    is_parent, is_child = np.zeros(n, bool), np.zeros(n, bool)
    is_parent[child[rival[child] == at]] = True
    is_child[at[rival[at] == child]] = True
    overlaps = (pairs.first[rival] < pairs.last) & (pairs.first < pairs.last[rival])
    relations = [overlaps, pairs.first[rival] < pairs.first, is_parent, is_child, c.alias[rival] == c.alias]
    extra = [p, other, p - other, np.minimum(rank, 10), overlapping, p_parent, p_child, same_name,
             np.minimum(np.bincount(c.string, p, count)[c.string], 6), *(r & ~alone for r in relations)]  # fmt: skip
    compared = np.where(alone[rows, None], -1, pairs.features[np.ix_(rival[rows], _COMPARED)])
    beside = np.stack([np.asarray(column)[rows] for column in extra], axis=1)
    return np.concatenate([pairs.features[rows], beside.astype(np.float32), compared.astype(np.float32)], axis=1)
