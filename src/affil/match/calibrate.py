"""Calibrate scores to probabilities, with a curve for each policy and size of registry."""

from __future__ import annotations

import numpy as np

from affil.match.features.featurize import Pairs
from affil.match.features.table import NAMES
from affil.registry.arrays import Floats, Ints
from affil.settings import Policy

POLICIES: tuple[Policy, ...] = ("most-specific", "all", "one")
_CODES = [NAMES.index(name) for name in ("policy_all", "policy_one")]
_SIZE = NAMES.index("registry_size")
REGIMES = 2 * len(POLICIES)
LEAST = 1e-4  # lower bound of probabilities, and of scores before taking logarithms


def policies(pairs: Pairs) -> Ints:
    """The policy of each pair, as an index into `POLICIES`."""
    codes: Ints = (pairs.features[:, _CODES] @ np.array([1, 2])).astype(np.int64)
    return codes


def regimes(pairs: Pairs, large: int) -> Ints:
    """The calibration regime of each pair, by its policy and whether the registry is large."""
    numbers: Ints = policies(pairs) + len(POLICIES) * (pairs.features[:, _SIZE] >= np.float32(np.log10(large)))
    return numbers


def calibrate(q: Floats, regime: Ints, curves: Floats) -> Floats:
    """Convert scores to probabilities by the curve of each pair's regime: log-odds a ln(q) - b ln(1 - q) + c with a, b > 0."""
    a, b, c = curves[regime].T
    score = np.clip(q, LEAST / 10, 1 - LEAST / 10)
    probability: Floats = logistic(a * np.log(score) - b * np.log1p(-score) + c)
    return np.clip(probability, LEAST, 1 - LEAST)


def logistic(odds: Floats) -> Floats:
    """The probability of log-odds."""
    probability: Floats = 1 / (1 + np.exp(-odds))
    return probability
