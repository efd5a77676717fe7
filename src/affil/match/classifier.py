"""The classifier: two stages of gradient boosting over candidate pairs, then calibration.

The first stage judges each pair alone. The second one judges the string's finalists beside each other: what the first thought of
the rivals, and what the strongest rival is like, since a candidate is often wrong only because a better one is there. Both are
scikit-learn's histogram gradient boosting (Ke et al. 2017) with monotone constraints where the direction of a feature is known;
calibration is that of Kull, Silva Filho and Flach (2017, "beta calibration") on out-of-fold predictions of labelled strings, one
for each policy and each size of registry, since what counts as right and how many near names there are differ between them. It is
smooth and strictly monotone, so that strings can be put in order by their probability.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from affil.match.candidates import expand, rank_within
from affil.match.features import FEATURES, NAMES, Pairs
from affil.match.forest import Forest, to_forest
from affil.match.index import Floats, Ints
from affil.match.labels import Trust
from affil.settings import Policy, StageSettings, TrainSettings

# what the second stage adds: name: direction; `p` is the first stage's probability
RIVALS = {
    "p": 1, "p_best_other": -1, "p_gap": 1, "p_rank": -1, "p_overlapping": -1, "p_parent": 0, "p_child": 0, "p_same_name": -1,
    "p_sum": 0, "rival_overlaps": 0, "rival_before": 0, "rival_parent": 0, "rival_child": 0, "rival_same_name": 0,
}  # fmt: skip
# features of the strongest rival that it sees beside the candidate's own
COMPARED = ("exact", "coverage", "coverage_here", "official_coverage", "mass", "segment_share", "education", "healthcare", "facility",
            "government", "company", "children", "prominence", "country_agrees", "city_agrees", "country_differs", "acronym", "official",
            "nested", "names_before", "homonym_kind", "segments_behind", "before_head", "after_head")  # fmt: skip
_COMPARED = np.array([NAMES.index(name) for name in COMPARED])
POLICIES: tuple[Policy, ...] = ("most-specific", "all", "one")
_CODES = [NAMES.index(name) for name in ("policy_all", "policy_one")]
_SIZE = NAMES.index("registry_size")
REGIMES = 2 * len(POLICIES)


@dataclass(frozen=True, slots=True)
class Estimators:
    """The fitted scikit-learn estimators of both stages."""

    first: Any
    second: Any


@dataclass(frozen=True)
class Model:
    """A trained model: its trees as arrays, the curves of its calibrations, and how to get at the scikit-learn estimators.

    `finalists` is how many candidates of a string the second stage judges, `large` from how many institutions on a registry is
    large. `curves` has a row (a, b, c) for each of the `REGIMES`, see `calibrate`. `features` guards against use with another
    version's features.
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
        """The model of fitted estimators."""
        return cls(
            to_forest(estimators.first), to_forest(estimators.second), curves, finalists, large, lambda: estimators, features
        )

    @cached_property
    def estimators(self) -> Estimators:
        """The scikit-learn estimators, for those who train, save or study a model; loaded when first needed."""
        return self.load()

    def predict(self, pairs: Pairs, small: int = 0, hopeless: float = 0.0) -> Floats:
        """Calibrated probability of each pair.

        Up to `small` pairs are predicted without scikit-learn, more with its compiled trees. What the first stage finds less
        probable than `hopeless` is not put to the second.
        """
        if not len(pairs.features):
            return np.zeros(0)
        plain = len(pairs.features) <= small
        p = self.first.predict(pairs.features) if plain else self.first.predict_many(pairs.features)
        rows = finalists(p, pairs, self.finalists)
        rows = rows[p[rows] >= hopeless]
        wide = rival_features(p, pairs, rows)
        q = self.second.predict(wide) if plain else self.second.predict_many(wide)
        out = np.full(len(p), _LEAST)
        out[rows] = calibrate(q, regimes(pairs, self.large)[rows], self.curves)
        return out


_LIKELY = 0.2  # by the first stage, of a candidate that is a finalist however many others its string has
_LEAST = 1e-4  # of a probability, and of a score before its logarithm is taken


def policies(pairs: Pairs) -> Ints:
    """The policy of each pair, as a number of `POLICIES`."""
    codes: Ints = (pairs.features[:, _CODES] @ np.array([1, 2])).astype(np.int64)
    return codes


def regimes(pairs: Pairs, large: int) -> Ints:
    """Which calibration is each pair's: by its policy, and whether the registry is large."""
    numbers: Ints = policies(pairs) + len(POLICIES) * (pairs.features[:, _SIZE] >= np.float32(np.log10(large)))
    return numbers


def calibrate(q: Floats, regime: Ints, curves: Floats) -> Floats:
    """Turn scores into probabilities, each by the curve of its regime: log-odds a ln(q) - b ln(1 - q) + c with a, b > 0."""
    a, b, c = curves[regime].T
    score = np.clip(q, _LEAST / 10, 1 - _LEAST / 10)
    probability: Floats = _logistic(a * np.log(score) - b * np.log1p(-score) + c)
    return np.clip(probability, _LEAST, 1 - _LEAST)


def _logistic(odds: Floats) -> Floats:
    probability: Floats = 1 / (1 + np.exp(-odds))
    return probability


def fit_curve(q: Floats, right: Ints, weights: Floats) -> Floats:
    """The curve of a calibration (see `calibrate`), by maximum likelihood.

    Args:
        q: scores, 0 to 1.
        right: 1 where the pair is right.
        weights: of each pair.
    """
    from scipy.optimize import minimize

    score = np.clip(q, _LEAST / 10, 1 - _LEAST / 10)
    x = np.stack([np.log(score), -np.log1p(-score), np.ones(len(score))])
    total = max(float(weights.sum()), 1e-9)

    def loss(curve: Floats) -> tuple[float, Floats]:
        odds = curve @ x
        gap = weights * (_logistic(odds) - right)
        return float((weights * (np.logaddexp(0, odds) - right * odds)).sum() / total), x @ gap / total

    steep = (_LEAST, None)  # strictly rising
    found: Floats = minimize(
        loss, np.array([1.0, 1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[steep, steep, (None, None)]
    ).x
    return found


def finalists(p: Floats, pairs: Pairs, count: int) -> Ints:
    """The rows of the `count` candidates of each string that the first stage finds most probable, and of all that are likely."""
    return np.flatnonzero((rank_within(pairs.candidates.string, -p) < count) | (p >= _LIKELY))


def rival_features(p: Floats, pairs: Pairs, rows: Ints) -> Floats:
    """The second stage's input for some rows: all features, and how they stand beside the string's other candidates."""
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
    # the best rival that claims some of the same words
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


def fit_stage(features: Floats, labels: Ints, weights: Floats, settings: TrainSettings, stage: StageSettings) -> Any:
    """Fit one stage of boosting."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    constraints = [direction for _, direction in FEATURES.values()]
    if features.shape[1] > len(constraints):
        constraints += [*RIVALS.values(), *(0 for _ in COMPARED)]
    model = HistGradientBoostingClassifier(
        max_iter=stage.iterations,
        learning_rate=stage.learning_rate,
        max_leaf_nodes=stage.max_leaf_nodes,
        min_samples_leaf=stage.min_samples_leaf,
        l2_regularization=stage.l2,
        monotonic_cst=constraints,
        early_stopping=False,
        random_state=settings.seed,
    )
    return model.fit(features, labels, sample_weight=weights)


def fit(pairs: Pairs, labels: Ints, weights: Floats, fold: Ints, trust: Ints, settings: TrainSettings) -> tuple[Model, Floats]:
    """Fit both stages and the calibrations.

    Labels of other projects are cleaned by what the models of other folds are sure of: a candidate that they find as good as
    certain and that has no label, or the other way round, trains nothing from then on.

    Args:
        pairs: candidates with features.
        labels: 1 where the pair is right.
        weights: of each pair; pairs of weight 0 train neither stage.
        fold: of each pair, from 0; strings of one fold never train what predicts them, so that the second stage and the
            calibration see honest probabilities.
        trust: how far the labels of each pair can be trusted (`affil.match.labels.Trust`); the calibration takes the most
            trusted pairs of a regime that suffice, for small registries composed ones too.
        settings: of the boosting.

    Returns:
        The model and the out-of-fold calibrated probabilities.
    """
    used = weights > 0
    p = np.zeros(len(labels))
    for k in np.unique(fold):
        here, there = fold == k, (fold != k) & used
        part = fit_stage(pairs.features[there], labels[there], weights[there], settings, settings.first)
        p[here] = part.predict_proba(pairs.features[here])[:, 1]
    doubtful = np.where(labels > 0, p < settings.sure_labelled, p > settings.sure_unlabelled)
    used &= ~(doubtful & (trust == Trust.NOISY) & (policies(pairs) == 0))
    weights = np.where(used, weights, 0.0)
    rows = finalists(p, pairs, settings.finalists)
    wide, y, w, part_of = rival_features(p, pairs, rows), labels[rows], weights[rows], fold[rows]
    q = np.zeros(len(rows))
    for k in np.unique(part_of):
        there = (part_of != k) & (w > 0)
        part = fit_stage(wide[there], y[there], w[there], settings, settings.second)
        q[part_of == k] = part.predict_proba(wide[part_of == k])[:, 1]
    regime, sure = regimes(pairs, settings.large)[rows], trust[rows]
    curves = np.array([_curve(q, y, w, regime, number, sure, settings) for number in range(REGIMES)])
    first = fit_stage(pairs.features[used], labels[used], weights[used], settings, settings.first)
    second = fit_stage(wide[w > 0], y[w > 0], w[w > 0], settings, settings.second)
    model = Model.of(Estimators(first, second), curves, settings.finalists, settings.large)
    probability = np.full(len(labels), _LEAST)
    probability[rows] = calibrate(q, regime, curves)
    return model, probability


def _curve(q: Floats, y: Ints, w: Floats, regime: Ints, number: int, trust: Ints, settings: TrainSettings) -> Floats:
    """The curve of one regime, from the most trusted pairs that suffice.

    Composed strings are like those that a small registry meets, where labelled ones are few; a large one has confusions of its
    own, which only labelled strings show.
    """
    same_policy = regime % len(POLICIES) == number % len(POLICIES)
    if number < len(POLICIES):
        choices = [regime == number]
    else:
        choices = [(regime == number) & (trust >= least) for least in (Trust.REPRESENTATIVE, Trust.NOISY)]
    choices += [same_policy & (trust >= Trust.NOISY), trust >= Trust.NOISY, np.ones(len(q), bool)]
    chosen = next((c for c in choices if (c & (w > 0)).sum() >= settings.min_calibration), choices[-1]) & (w > 0)
    return fit_curve(q[chosen], y[chosen], w[chosen])
