"""Fit both boosting stages and the calibrations."""

from __future__ import annotations

from typing import Any

import numpy as np

from affil.match.calibrate import LEAST, POLICIES, REGIMES, calibrate, logistic, policies, regimes
from affil.match.classifier import COMPARED, RIVALS, Estimators, Model, finalists, rival_features
from affil.match.features.featurize import Pairs
from affil.match.features.table import FEATURES
from affil.match.labels import Trust
from affil.registry.arrays import Floats, Ints
from affil.settings import StageSettings, TrainSettings


def fit_curve(q: Floats, right: Ints, weights: Floats) -> Floats:
    """Fit a calibration curve (see `calibrate`) by maximum likelihood.

    Args:
        q: scores, 0 to 1.
        right: 1 for correct pairs.
        weights: of each pair.
    """
    from scipy.optimize import minimize

    score = np.clip(q, LEAST / 10, 1 - LEAST / 10)
    x = np.stack([np.log(score), -np.log1p(-score), np.ones(len(score))])
    total = max(float(weights.sum()), 1e-9)

    def loss(curve: Floats) -> tuple[float, Floats]:
        odds = curve @ x
        gap = weights * (logistic(odds) - right)
        return float((weights * (np.logaddexp(0, odds) - right * odds)).sum() / total), x @ gap / total

    steep = (LEAST, None)  # strictly rising
    found: Floats = minimize(
        loss, np.array([1.0, 1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[steep, steep, (None, None)]
    ).x
    return found


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

    Noisy labels (of other projects) are cleaned: a pair whose label contradicts a near-certain prediction of the other folds'
    models is excluded from training.

    Args:
        pairs: candidates with features.
        labels: 1 for correct pairs.
        weights: of each pair; pairs of weight 0 train neither stage.
        fold: of each pair, from 0; strings of one fold never train the model that predicts them, so that the second stage and
            the calibration see out-of-fold probabilities.
        trust: how reliable the labels of each pair are (`affil.match.labels.Trust`); each calibration uses the most reliable
            pairs of its regime that suffice, for small registries synthetic ones too.
        settings: training settings.

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
    probability = np.full(len(labels), LEAST)
    probability[rows] = calibrate(q, regime, curves)
    return model, probability


def _curve(q: Floats, y: Ints, w: Floats, regime: Ints, number: int, trust: Ints, settings: TrainSettings) -> Floats:
    """Fit the curve of one regime on the most reliable pairs that suffice.

    Synthetic strings resemble those matched against a small registry, for which few are labelled; the confusions of a large
    registry only show in labelled strings.
    """
    same_policy = regime % len(POLICIES) == number % len(POLICIES)
    if number < len(POLICIES):
        choices = [regime == number]
    else:
        choices = [(regime == number) & (trust >= least) for least in (Trust.REPRESENTATIVE, Trust.NOISY)]
    choices += [same_policy & (trust >= Trust.NOISY), trust >= Trust.NOISY, np.ones(len(q), bool)]
    chosen = next((c for c in choices if (c & (w > 0)).sum() >= settings.min_calibration), choices[-1]) & (w > 0)
    return fit_curve(q[chosen], y[chosen], w[chosen])
