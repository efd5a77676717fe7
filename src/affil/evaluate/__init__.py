"""Scoring on labelled strings: precision, recall, F1, NIL, calibration, with confidence intervals and by slice."""

from affil.evaluate.gold import GoldRow, read_gold
from affil.evaluate.lists import ListTest, list_test
from affil.evaluate.metrics import METRICS, Bin, Metric
from affil.evaluate.pairs import PairTest, pair_test
from affil.evaluate.score import Evaluation, Mistake, evaluate
from affil.evaluate.self_test import Fault, SelfTest, Shares, self_test

__all__ = ["METRICS", "Bin", "Evaluation", "Fault", "GoldRow", "ListTest", "Metric", "Mistake", "PairTest", "SelfTest", "Shares",
           "evaluate", "list_test", "pair_test", "read_gold", "self_test"]  # fmt: skip
