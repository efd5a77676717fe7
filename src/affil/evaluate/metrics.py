"""Metrics of predicted against labelled (string, institution) pairs.

Each is a ratio of two sums over strings, so one matrix of counts per string yields the value, its slices and its bootstrap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from affil.wording import said

Floats = npt.NDArray[np.float64]

# Counts per string: the columns of a count matrix, in order.
COUNTS = (
    "right",  # predicted pairs that are labelled
    "predicted",  # predicted pairs (decided match or review)
    "labelled",  # labelled pairs
    "nil_right",  # 1: nothing is predicted, nothing labelled
    "nil_predicted",  # 1: nothing is predicted
    "nil_labelled",  # 1: nothing is labelled
    "sure_right",  # pairs decided match that are labelled
    "sure",  # pairs decided match
    "named",  # 1: something is labelled
    "named_sure",  # 1: something is labelled, and all predictions (at least one) are decided match
    "named_first_right",  # 1: something is labelled, and the most probable pair is labelled
)


@dataclass(frozen=True, slots=True)
class Ratio:
    """Definition of a metric: one weighted sum of counts over another, and its meaning."""

    above: dict[str, int]
    below: dict[str, int]
    meaning: str


METRICS = {
    "precision": Ratio({"right": 1}, {"predicted": 1}, said("predicted pairs that are right")),
    "recall": Ratio({"right": 1}, {"labelled": 1}, said("labelled pairs that are predicted")),
    "f1": Ratio({"right": 2}, {"predicted": 1, "labelled": 1}, said("harmonic mean of precision and recall")),
    "nil_precision": Ratio({"nil_right": 1}, {"nil_predicted": 1}, said("strings without an answer that name none")),
    "nil_recall": Ratio({"nil_right": 1}, {"nil_labelled": 1}, said("strings that name none without an answer")),
    "precision_at_1": Ratio(
        {"named_first_right": 1}, {"named": 1}, said("strings that name one with a right most probable answer")
    ),
    "match_precision": Ratio({"sure_right": 1}, {"sure": 1}, said("pairs decided match that are right")),
    "match_recall": Ratio({"sure_right": 1}, {"labelled": 1}, said("labelled pairs that are decided match")),
    "match_coverage": Ratio(
        {"named_sure": 1}, {"named": 1}, said("strings that name one and are decided match, nothing to review")
    ),
}


@dataclass(frozen=True, slots=True)
class Metric:
    """A value with its bootstrap interval; None where undefined (division by zero)."""

    value: float | None
    low: float | None = None
    high: float | None = None


def metric_values(counts: Floats) -> Floats:
    """The `METRICS` of sums of `COUNTS`: shape (..., counts) to (..., metrics); NaN where undefined."""
    above = counts @ np.array([[float(m.above.get(c, 0)) for m in METRICS.values()] for c in COUNTS])
    below = counts @ np.array([[float(m.below.get(c, 0)) for m in METRICS.values()] for c in COUNTS])
    values: Floats = np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
    return values


def summarize(counts: Floats) -> dict[str, float | None]:
    """The metrics of strings, given one row of `COUNTS` per string."""
    return {name: _known(v) for name, v in zip(METRICS, metric_values(counts.sum(axis=0)), strict=True)}


def bootstrap(counts: Floats, *, resamples: int, confidence: float, seed: int) -> dict[str, Metric]:
    """The metrics of strings with percentile bootstrap intervals (Efron 1979).

    Args:
        counts: one row of `COUNTS` per string.
        resamples: number of bootstrap samples.
        confidence: confidence level, e.g. 0.95.
        seed: random seed.
    """
    values = summarize(counts)
    strings = len(counts)
    if not strings:
        return {name: Metric(value) for name, value in values.items()}
    rng = np.random.default_rng(seed)
    drawn = []
    step = max(1, 4_000_000 // strings)  # bounds memory: each resample is a row of weights, one per string
    for start in range(0, resamples, step):
        times = rng.multinomial(strings, np.full(strings, 1 / strings), size=min(step, resamples - start))
        drawn.append(metric_values(times @ counts))
    samples = np.concatenate(drawn)
    out = {}
    for (name, value), sample in zip(values.items(), samples.T, strict=True):
        defined = sample[~np.isnan(sample)]
        tails = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
        low, high = np.quantile(defined, tails) if len(defined) else (np.nan, np.nan)
        out[name] = Metric(value, _known(low), _known(high))
    return out


def share(count: int, total: int, confidence: float) -> Metric:
    """A proportion with its score interval (Wilson 1927), which holds near 1 too; None if `total` is 0."""
    if not total:
        return Metric(None)
    p, z = count / total, NormalDist().inv_cdf((1 + confidence) / 2)
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    return Metric(p, min(max(middle - half, 0.0), p), max(min(middle + half, 1.0), p))  # guards against rounding


@dataclass(frozen=True, slots=True)
class Bin:
    """Pairs of similar predicted probability: their number, mean probability, and share that is right."""

    pairs: int
    probability: float
    right: float


def reliability(probability: Sequence[float] | Floats, right: Sequence[bool] | npt.NDArray[np.bool_], bins: int) -> list[Bin]:
    """Group pairs by probability into `bins` of equal frequency (fewer if there are fewer pairs)."""
    p, r = np.asarray(probability, float), np.asarray(right, float)
    order = np.argsort(p, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return [Bin(len(part), float(p[part].mean()), float(r[part].mean())) for part in parts]


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """Expected calibration error: the mean gap between probability and share right, weighted by pairs (Naeini et al. 2015)."""
    total = sum(b.pairs for b in bins)
    return sum(b.pairs * abs(b.probability - b.right) for b in bins) / total if total else None


@dataclass(frozen=True, slots=True)
class Point:
    """The effect of a `match` threshold: `precision` over pairs, `coverage` as `match_coverage`."""

    threshold: float
    precision: float | None
    coverage: float | None


def coverage_curve(pairs: Sequence[tuple[int, float, bool]], named: Sequence[bool], thresholds: Sequence[float]) -> list[Point]:
    """Automatic coverage against precision, by threshold.

    Args:
        pairs: (string, probability, right) of each predicted pair.
        named: whether each string has a label.
        thresholds: minimum probabilities of a `match`.
    """
    string = np.array([s for s, _, _ in pairs], np.int64)
    probability = np.array([p for _, p, _ in pairs])
    right = np.array([r for _, _, r in pairs], bool)
    names = np.array(named, bool)
    answered = np.bincount(string, minlength=len(names)) > 0
    out = []
    for threshold in thresholds:
        sure = probability >= threshold
        doubtful = np.bincount(string[~sure], minlength=len(names)) > 0
        out.append(
            Point(
                threshold,
                float(right[sure].mean()) if sure.any() else None,
                float((answered & ~doubtful)[names].mean()) if names.any() else None,
            )
        )
    return out


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
