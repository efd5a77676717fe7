"""The classifier: two stages of gradient boosting over candidate pairs, then calibration.

The second stage sees what the first thought of the string's other candidates: a candidate is often wrong only because a better
one is there. Both are scikit-learn's histogram gradient boosting (Ke et al. 2017) with monotone constraints where the direction
of a feature is known; calibration is isotonic regression (Zadrozny and Elkan 2002) on out-of-fold predictions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from affil.match.features import FEATURES, NAMES, Pairs
from affil.match.forest import Forest, to_forest
from affil.match.index import Floats, Ints
from affil.match.retrieve import expand, rank_within
from affil.settings import TrainSettings

# what the second stage adds: name: direction
RIVALS = {
    "p": 1, "p_best_other": -1, "p_gap": 1, "p_rank": -1, "p_overlapping": -1, "p_parent": 0, "p_child": 0, "p_same_name": -1,
    "p_sum": 0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Estimators:
    """The fitted scikit-learn estimators: both stages and the calibration."""

    first: Any
    second: Any
    calibrator: Any


@dataclass(frozen=True)
class Model:
    """A trained model: its trees as arrays, the knots of its calibration, and how to get at the scikit-learn estimators.

    `features` guards against use with another version's features.
    """

    first: Forest
    second: Forest
    knots: tuple[Floats, Floats]
    load: Callable[[], Estimators]
    features: tuple[str, ...] = NAMES

    @classmethod
    def of(cls, estimators: Estimators, features: tuple[str, ...] = NAMES) -> Model:
        """The model of fitted estimators."""
        knots = (estimators.calibrator.X_thresholds_, estimators.calibrator.y_thresholds_)
        return cls(to_forest(estimators.first), to_forest(estimators.second), knots, lambda: estimators, features)

    @cached_property
    def estimators(self) -> Estimators:
        """The scikit-learn estimators, loaded when first needed."""
        return self.load()

    def predict(self, pairs: Pairs, small: int = 0, at_once: int = 8192) -> Floats:
        """Calibrated probability of each pair.

        Up to `small` pairs are predicted without scikit-learn; more are handed to it `at_once` at a time, as it walks all rows
        with one tree after the other, which is nearly twice as fast while they stay in the processor's cache.
        """
        if not len(pairs.features):
            return np.zeros(0)
        if len(pairs.features) <= small:
            p = self.first.predict(pairs.features)
            q = self.second.predict(rival_features(p, pairs))
        else:
            p = _in_parts(self.estimators.first, pairs.features, at_once)
            q = _in_parts(self.estimators.second, rival_features(p, pairs), at_once)
        calibrated: Floats = np.clip(np.interp(q, *self.knots), 1e-4, 1 - 1e-4)
        return calibrated


def _in_parts(estimator: Any, features: Floats, rows: int) -> Floats:
    parts = [estimator.predict_proba(features[i : i + rows])[:, 1] for i in range(0, len(features), rows)]
    return np.concatenate(parts)


def rival_features(p: Floats, pairs: Pairs) -> Floats:
    """The second stage's input: all features, and how the first stage's probability compares with those of the rivals."""
    c = pairs.candidates
    n = len(p)
    count = int(c.string.max(initial=-1)) + 1
    rank = rank_within(c.string, -p)
    top, second = np.zeros(count), np.zeros(count)
    top[c.string[rank == 0]] = p[rank == 0]
    second[c.string[rank == 1]] = p[rank == 1]
    other = np.where(rank == 0, second[c.string], top[c.string])
    # the best rival that claims some of the same words
    bounds = np.searchsorted(c.string, np.arange(count + 1))
    who, rival = expand(bounds, c.string)
    clash = (pairs.first[rival] < pairs.last[who]) & (pairs.first[who] < pairs.last[rival]) & (who != rival)
    overlapping = np.zeros(n)
    np.maximum.at(overlapping, who[clash], p[rival[clash]])
    same = clash & (c.alias[who] == c.alias[rival])
    same_name = np.zeros(n)
    np.maximum.at(same_name, who[same], p[rival[same]])
    child, at = pairs.child, pairs.parent
    p_parent, p_child = np.zeros(n), np.zeros(n)
    np.maximum.at(p_parent, child, p[at])
    np.maximum.at(p_child, at, p[child])
    extra = [p, other, p - other, np.minimum(rank, 10), overlapping, p_parent, p_child, same_name,
             np.minimum(np.bincount(c.string, p, count)[c.string], 6)]  # fmt: skip
    return np.concatenate([pairs.features, np.stack(extra, axis=1).astype(np.float32)], axis=1)


def fit_stage(features: Floats, labels: Ints, weights: Floats, settings: TrainSettings, *, rivals: bool) -> Any:
    """Fit one stage of boosting."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    constraints = [direction for _, direction in FEATURES.values()] + (list(RIVALS.values()) if rivals else [])
    model = HistGradientBoostingClassifier(
        max_iter=settings.iterations,
        learning_rate=settings.learning_rate,
        max_leaf_nodes=settings.max_leaf_nodes,
        min_samples_leaf=settings.min_samples_leaf,
        l2_regularization=settings.l2,
        monotonic_cst=constraints,
        early_stopping=False,
        random_state=settings.seed,
    )
    return model.fit(features, labels, sample_weight=weights)


def fit(pairs: Pairs, labels: Ints, weights: Floats, fold: Ints, settings: TrainSettings) -> tuple[Model, Floats]:
    """Fit both stages and the calibration.

    Args:
        pairs: candidates with features.
        labels: 1 where the pair is right.
        weights: of each pair.
        fold: of each pair, from 0; strings of one fold never train what predicts them, so that the second stage and the
            calibration see honest probabilities.
        settings: of the boosting.

    Returns:
        The model and the out-of-fold calibrated probabilities.
    """
    from sklearn.isotonic import IsotonicRegression

    p = np.zeros(len(labels))
    for k in np.unique(fold):
        part = fit_stage(pairs.features[fold != k], labels[fold != k], weights[fold != k], settings, rivals=False)
        p[fold == k] = part.predict_proba(pairs.features[fold == k])[:, 1]
    wide = rival_features(p, pairs)
    q = np.zeros(len(labels))
    for k in np.unique(fold):
        part = fit_stage(wide[fold != k], labels[fold != k], weights[fold != k], settings, rivals=True)
        q[fold == k] = part.predict_proba(wide[fold == k])[:, 1]
    calibrator = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(q, labels, weights)
    first = fit_stage(pairs.features, labels, weights, settings, rivals=False)
    second = fit_stage(wide, labels, weights, settings, rivals=True)
    return Model.of(Estimators(first, second, calibrator)), calibrator.predict(q)
