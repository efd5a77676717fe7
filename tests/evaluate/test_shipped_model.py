"""The shipped model is no worse on the gold test rows than what was recorded when it was made."""

import json

import pytest

from affil.evaluate import Evaluation, evaluate
from affil.match import Matcher
from affil.match.resources import resource

RECORDED = json.loads(resource("models/recorded.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluate(resource("gold/test.csv"), Matcher.load())


@pytest.mark.parametrize("metric", sorted(RECORDED["gold/test.csv"]))
def test_no_metric_falls_below_the_record(evaluation: Evaluation, metric: str) -> None:
    assert round(evaluation.metrics[metric].value or 0, 4) >= RECORDED["gold/test.csv"][metric]


def test_the_record_is_of_the_shipped_model() -> None:
    assert Matcher.load().model_hash == RECORDED["model"]
