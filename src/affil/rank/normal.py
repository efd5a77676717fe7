"""The normal distribution. `scipy.special` has it too, and takes longer to import than a ranking after a correction to compute."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
_NOTHING, _ALL = -38.5, 8.3  # below the one the probability is 0 as a floating-point number, above the other 1


def below(deviations: Values) -> Values:
    """The probability that a normal number lies below its mean plus so many standard deviations; of any shape."""
    out = np.asarray(deviations >= _ALL, np.float64)
    between = (deviations > _NOTHING) & (deviations < _ALL)
    out[between] = [0.5 * math.erfc(x) for x in (deviations[between] * -math.sqrt(0.5)).tolist()]
    return out
