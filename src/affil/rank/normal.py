"""The normal distribution. `scipy.special` has it too, and takes longer to import than a ranking after a correction to compute."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
_REACH = 8.5  # beyond so many standard deviations a probability is 0 or 1 but for 1e-17
_CELLS = 512  # of a standard deviation


def below(deviations: Values) -> Values:
    """The probability that a normal number lies below its mean plus so many standard deviations; of any shape, to 14 decimals."""
    out = np.asarray(deviations >= _REACH, np.float64)
    between = np.abs(deviations) < _REACH
    at = (deviations[between] + _REACH) * _CELLS
    cell = np.minimum(at.astype(np.int64), _cubics().shape[1] - 1)
    at -= cell
    constant, slope, square, cube = _cubics()[:, cell]
    out[between] = constant + at * (slope + at * (square + at * cube))
    return out


@cache
def _cubics() -> Values:
    """The coefficients of the cubic of each cell that has the values and slopes of the distribution at both ends (Hermite)."""
    x = np.arange(-_REACH * _CELLS, _REACH * _CELLS + 1) / _CELLS
    value = np.array([0.5 * math.erfc(-v * math.sqrt(0.5)) for v in x.tolist()])
    slope = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi) / _CELLS
    rise, first, last = np.diff(value), slope[:-1], slope[1:]
    return np.stack([value[:-1], first, 3 * rise - 2 * first - last, first + last - 2 * rise])
