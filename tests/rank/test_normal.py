from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

from affil.rank.normal import below


@given(st.lists(st.floats(-60, 60), max_size=30))
def test_it_is_what_scipy_says(deviations: list[float]) -> None:
    asked = np.array(deviations, np.float64)
    assert below(asked) == pytest.approx(ndtr(asked), abs=1e-13, rel=0)


def test_any_shape_and_far_out() -> None:
    table = np.array([[-np.inf, -38.6, 0.0], [8.2, 8.4, np.inf]])
    assert below(table).shape == (2, 3)
    assert below(table).tolist()[0] == [0, 0, 0.5]
    assert below(table).tolist()[1][1:] == [1, 1]
    assert below(np.zeros(0)).tolist() == []
    assert below(np.array([-1, 1]) * np.nextafter(8.5, 0)).tolist() == pytest.approx([0, 1], abs=1e-13)


def test_more_is_never_less_probable() -> None:
    assert (np.diff(below(np.linspace(-9, 9, 200_001))) >= -1e-16).all()
