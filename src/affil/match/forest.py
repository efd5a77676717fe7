"""Boosted trees as plain arrays: the same predictions as scikit-learn's, with as little of it as possible.

scikit-learn takes longer to import than a string takes to match. So a model file also holds its trees as arrays, and small
batches are predicted from these, all trees at once; large ones by scikit-learn's compiled loop over the rows of one tree, which
is faster there. Its estimators are needed for neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import expit

from affil.io.interrupts import undisturbed
from affil.match.index import Floats, Ints


@dataclass(frozen=True)
class Forest:
    """The nodes of all trees, one tree after the other, and where each tree begins.

    At an inner node a row goes to `left` where its `feature` is at most `threshold`, else to `right`; a leaf points to itself. A
    row's score is `baseline` plus the `value` of its leaf in every tree.
    """

    baseline: Floats
    root: Ints
    feature: Ints
    threshold: Floats
    left: Ints
    right: Ints
    value: Floats

    def predict(self, features: Floats) -> Floats:
        """Probability of each row: bit for bit that of scikit-learn, as scores are added in the same order."""
        rows = np.arange(len(features))[:, None]
        node = np.broadcast_to(self.root, (len(features), len(self.root)))
        while True:
            here = features[rows, self.feature[node]] <= self.threshold[node]
            after = np.where(here, self.left[node], self.right[node])
            if np.array_equal(after, node):
                break
            node = after
        start = np.broadcast_to(self.baseline, (len(features), 1))
        score: Floats = np.cumsum(np.concatenate([start, self.value[node]], axis=1), axis=1)[:, -1]
        probability: Floats = expit(score)
        return probability

    def predict_many(self, features: Floats) -> Floats:
        """The same for many rows, all of them with one tree after the other."""
        score = np.repeat(self.baseline, len(features))
        # by columns: neighbouring rows ask for the same feature, so that far more of what they read is in the cache
        columns = np.asfortranarray(features, np.float64)
        no_categories = np.zeros((0, 8), np.uint32), np.zeros(features.shape[1], np.uint32)
        for tree in self._compiled:
            score += tree.predict(columns, *no_categories, n_threads=1)
        probability: Floats = expit(score)
        return probability

    @cached_property
    def _compiled(self) -> list[Any]:
        """scikit-learn's own form of each tree."""
        with undisturbed():  # an import that is interrupted leaves half a module, and another error than the interrupt
            from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
            from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
        size = np.diff(np.append(self.root, len(self.left)))
        begin = np.repeat(self.root, size)
        nodes = np.zeros(len(self.left), PREDICTOR_RECORD_DTYPE)
        nodes["is_leaf"] = self.left == np.arange(len(self.left))
        nodes["feature_idx"], nodes["num_threshold"], nodes["value"] = self.feature, self.threshold, self.value
        nodes["left"], nodes["right"] = self.left - begin, self.right - begin
        no_categories = np.zeros((0, 8), np.uint32)
        return [TreePredictor(tree, no_categories, no_categories) for tree in np.split(nodes, self.root[1:])]


def to_forest(model: Any) -> Forest:
    """The trees of a fitted binary `HistGradientBoostingClassifier` without categories."""
    parts, roots, size = [], [], 0
    for (predictor,) in model._predictors:
        nodes = predictor.nodes
        own = np.arange(len(nodes)) + size
        leaf = nodes["is_leaf"].astype(bool)
        parts.append(
            (
                np.where(leaf, 0, nodes["feature_idx"]),
                np.where(leaf, np.inf, nodes["num_threshold"]),
                np.where(leaf, own, nodes["left"].astype(np.int64) + size),
                np.where(leaf, own, nodes["right"].astype(np.int64) + size),
                nodes["value"],
            )
        )
        roots.append(size)
        size += len(nodes)
    feature, threshold, left, right, value = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Forest(
        np.array(model._baseline_prediction, np.float64).ravel(),
        np.array(roots, np.int32),
        feature.astype(np.int32),
        threshold,
        left.astype(np.int32),
        right.astype(np.int32),
        value,
    )
