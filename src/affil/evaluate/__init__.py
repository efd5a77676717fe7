"""Labelled strings in, scores out: precision, recall, F1, NIL, calibration, with intervals and by slice."""

from affil.evaluate.gold import GoldRow, read_gold
from affil.evaluate.metrics import METRICS, Bin, Metric
from affil.evaluate.score import Evaluation, Mistake, evaluate

__all__ = ["METRICS", "Bin", "Evaluation", "GoldRow", "Metric", "Mistake", "evaluate", "read_gold"]
