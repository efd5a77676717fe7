"""Boosted trees as plain arrays, with the same predictions as scikit-learn.

Importing scikit-learn takes longer than matching a string, so a model file also holds its trees as arrays, from which small
batches are predicted, all trees at once. Large batches, and all once it is imported, use scikit-learn's compiled loop of its older
gradient boosting, which is faster than that of histogram boosting: no copies of nodes, categories or missing values. Neither needs the
estimators.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.special import expit

from affil.io.interrupts import undisturbed
from affil.registry.arrays import Floats, Ints


@dataclass(frozen=True)
class Forest:
    """The nodes of all trees, concatenated, and the first node of each tree.

    An inner node leads to `left` if `feature` <= `threshold`, else to `right`; a leaf points to itself. A row's score is
    `baseline` plus the `value` of its leaf in every tree.
    """

    baseline: Floats
    root: Ints
    feature: Ints
    threshold: Floats
    left: Ints
    right: Ints
    value: Floats

    def check(self, features: int) -> None:
        """Raise ValueError unless every path from a root ends at a leaf, all nodes and features (`features` of them) exist, and all
        thresholds and values are numbers.

        Trees lie one behind the other, and children behind their parents in the same tree: then no path runs in a circle.
        """
        size = len(self.left)
        arrays = (self.feature, self.threshold, self.right, self.value)
        begins = np.append(self.root, size)
        if self.baseline.shape != (1,) or any(a.shape != (size,) for a in arrays):
            raise ValueError("arrays of other lengths")
        if not size or begins[0] != 0 or (np.diff(begins) <= 0).any():
            raise ValueError("trees that are not one behind the other")
        own = np.arange(size)
        end = np.repeat(begins[1:], np.diff(begins))  # of the tree that a node is in
        leaf = (self.left == own) & (self.right == own)
        if not (leaf | ((self.left > own) & (self.left < end) & (self.right > own) & (self.right < end))).all():
            raise ValueError("nodes that lead to none behind them in their tree")
        if (self.feature < 0).any() or (self.feature >= features).any():
            raise ValueError("features that there are not")
        if not (np.isfinite(self.threshold) | leaf).all() or not np.isfinite([*self.value, *self.baseline]).all():
            raise ValueError("numbers that are not finite")

    def predict(self, features: Floats) -> Floats:
        """Probability of each row, bit for bit that of scikit-learn: scores are added in the same order."""
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
        """Like `predict`, for many rows (single precision), tree by tree."""
        score = np.repeat(self.baseline, len(features))[:, None]
        predict_stages, trees = self._compiled
        predict_stages(trees, np.ascontiguousarray(features, np.float32), 1.0, score)
        probability: Floats = expit(score[:, 0])
        return probability

    @property
    def compiled(self) -> bool:
        """Whether scikit-learn is imported for `predict_many`, which is the faster one from then on."""
        return "_compiled" in self.__dict__

    def compile(self) -> None:
        """Import scikit-learn for `predict_many` now."""
        _ = self._compiled

    @cached_property
    def _compiled(self) -> tuple[Any, Ints]:
        """scikit-learn's prediction loop for trees without missing values or categories, and the trees in its format."""
        with undisturbed():  # an interrupted import would leave a broken module and hide the interrupt
            from sklearn.ensemble._gradient_boosting import predict_stages
            from sklearn.tree._tree import NODE_DTYPE, TREE_LEAF, Tree
        begin = np.repeat(self.root, np.diff(np.append(self.root, len(self.left))))
        leaf = self.left == np.arange(len(self.left))
        nodes = np.zeros(len(self.left), NODE_DTYPE)
        nodes["feature"], nodes["threshold"] = self.feature, self.threshold
        nodes["left_child"] = np.where(leaf, TREE_LEAF, self.left - begin)
        nodes["right_child"] = np.where(leaf, TREE_LEAF, self.right - begin)
        trees = []
        for own, value in zip(np.split(nodes, self.root[1:]), np.split(self.value, self.root[1:]), strict=True):
            tree = Tree(int(self.feature.max(initial=0)) + 1, np.ones(1, np.intp), 1)
            tree.__setstate__({"max_depth": 0, "node_count": len(own), "nodes": own, "values": value.reshape(-1, 1, 1)})
            trees.append(SimpleNamespace(tree_=tree))
        return predict_stages, np.array(trees, object)[:, None]


def to_forest(model: Any) -> Forest:
    """Extract the trees of a fitted binary `HistGradientBoostingClassifier` without categories."""
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
