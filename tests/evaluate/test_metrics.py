from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.evaluate.metrics import (
    COUNTS,
    METRICS,
    bootstrap,
    calibration_error,
    coverage_curve,
    metric_values,
    reliability,
    summarize,
)

counts = st.lists(st.lists(st.integers(0, 3).map(float), min_size=len(COUNTS), max_size=len(COUNTS)), min_size=1, max_size=12)


@given(counts, st.integers(0, 5))
def test_bootstrap_is_drawing_strings_again(rows: list[list[float]], seed: int) -> None:
    """The vectorised bootstrap against its definition, one draw at a time from the same random numbers."""
    matrix = np.array(rows)
    got = bootstrap(matrix, resamples=20, confidence=0.9, seed=seed)
    rng = np.random.default_rng(seed)
    samples: dict[str, list[float]] = {name: [] for name in METRICS}
    for _ in range(20):
        times = rng.multinomial(len(rows), [1 / len(rows)] * len(rows))
        drawn = [row for row, n in zip(rows, times.tolist(), strict=True) for _ in range(n)]
        for name, value in summarize(np.array(drawn)).items():
            if value is not None:
                samples[name].append(value)
    for name, metric in got.items():
        assert metric.value == summarize(matrix)[name]
        if samples[name]:
            assert metric.low == pytest.approx(np.quantile(samples[name], 0.05))
            assert metric.high == pytest.approx(np.quantile(samples[name], 0.95))
        else:
            assert metric.low is metric.high is None


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(7)
    hits = 0
    for seed in range(200):
        matrix = np.zeros((300, len(COUNTS)))
        matrix[:, COUNTS.index("predicted")] = 1
        matrix[:, COUNTS.index("right")] = rng.random(300) < 0.8
        metric = bootstrap(matrix, resamples=300, confidence=0.9, seed=seed)["precision"]
        assert metric.low is not None
        assert metric.high is not None
        hits += metric.low <= 0.8 <= metric.high
    assert 0.84 < hits / 200 < 0.96


def test_no_strings_and_nothing_to_divide_by() -> None:
    empty = bootstrap(np.zeros((0, len(COUNTS))), resamples=10, confidence=0.95, seed=1)
    assert all(m.value is m.low is m.high is None for m in empty.values())
    assert np.isnan(metric_values(np.zeros(len(COUNTS)))).all()


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60), st.integers(1, 12))
def test_reliability_bins_hold_equal_mass(pairs: list[tuple[float, bool]], bins: int) -> None:
    found = reliability([p for p, _ in pairs], [r for _, r in pairs], bins)
    assert sum(b.pairs for b in found) == len(pairs)
    assert len(found) == min(bins, len(pairs))
    if pairs:
        assert max(b.pairs for b in found) - min(b.pairs for b in found) <= 1
        assert all(a.probability <= b.probability + 1e-12 for a, b in itertools.pairwise(found))
        assert sum(b.pairs * b.right for b in found) == pytest.approx(sum(r for _, r in pairs))
        error = calibration_error(found)
        assert error is not None
        assert 0 <= error <= 1
    else:
        assert calibration_error(found) is None


def test_calibration_error_of_known_cases() -> None:
    right = [i < 90 for i in range(100)]
    assert calibration_error(reliability([0.9] * 100, right, 1)) == pytest.approx(0)
    assert calibration_error(reliability([1.0] * 100, right, 1)) == pytest.approx(0.1)
    assert calibration_error(reliability([0.2, 0.4, 0.9, 0.9], [False, True, True, True], 2)) == pytest.approx(0.15)


def test_the_curve_counts_strings_without_doubt() -> None:
    pairs = [(0, 0.9, True), (0, 0.6, False), (1, 0.8, True), (3, 0.95, False)]
    low, high = coverage_curve(pairs, [True, True, True, False], [0.5, 0.85])
    assert (low.threshold, low.precision, low.coverage) == (0.5, 0.5, 2 / 3)
    assert (high.threshold, high.precision, high.coverage) == (0.85, 0.5, 0.0)
    (empty,) = coverage_curve([], [False], [0.5])
    assert (empty.precision, empty.coverage) == (None, None)
