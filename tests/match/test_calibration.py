"""Scores become probabilities by smooth curves that rise everywhere."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from affil.match.calibrate import calibrate
from affil.training.boosting import fit_curve

scores = st.lists(st.floats(0, 1), min_size=2, max_size=50)


@settings(max_examples=40)
@given(scores, st.integers(0, 2**32 - 1))
def test_a_higher_score_is_a_higher_probability(drawn: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    q = rng.random(400)
    right = (rng.random(400) < q**2).astype(int)
    curve = fit_curve(q, right, np.ones(400))
    assert (curve[:2] > 0).all()
    x = np.unique(np.clip(np.array(drawn), 0.001, 0.999).round(4))
    p = calibrate(x, np.zeros(len(x), np.int64), curve[None])
    assert (np.diff(p) >= 0).all()
    assert ((p > 0) & (p < 1)).all()
    inner = (p[1:] < 0.999) & (p[:-1] > 0.001)
    assert (np.diff(p)[inner] > 0).all()


def test_a_curve_says_how_often_a_score_is_right() -> None:
    rng = np.random.default_rng(1)
    q = rng.random(40_000)
    right = (rng.random(len(q)) < q**2).astype(int)  # scores that promise too much
    p = calibrate(q, np.zeros(len(q), np.int64), fit_curve(q, right, np.ones(len(q)))[None])
    for low in np.arange(0, 1, 0.1):
        here = (q >= low) & (q < low + 0.1)
        assert abs(p[here].mean() - right[here].mean()) < 0.03


def test_weights_count_as_repeats() -> None:
    q, right = np.array([0.2, 0.4, 0.6, 0.9] * 20), np.array([0, 1, 0, 1] * 20)
    weights = np.tile([1.0, 3.0, 1.0, 2.0], 20)
    times = weights.astype(int)
    repeated = fit_curve(np.repeat(q, times), np.repeat(right, times), np.ones(times.sum()))
    assert np.allclose(fit_curve(q, right, weights), repeated, atol=1e-3)
