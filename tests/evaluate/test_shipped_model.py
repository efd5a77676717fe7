"""The shipped model is no worse on the labelled strings for development than what was recorded when it was made.

`gold/test.csv` is scored once a release, by hand, and only recorded: a test that scored it with every change would steer.
"""

import json

import pytest

from affil.data import resource
from affil.evaluate import Evaluation, evaluate
from affil.match import Matcher

RECORDED = json.loads(resource("models/recorded.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluate(resource("gold/dev.csv"), Matcher.load())


@pytest.mark.parametrize("metric", sorted(RECORDED["gold/dev.csv"]))
def test_no_metric_falls_below_the_record(evaluation: Evaluation, metric: str) -> None:
    assert round(evaluation.metrics[metric].value or 0, 4) >= RECORDED["gold/dev.csv"][metric]


def test_the_record_is_of_the_shipped_model() -> None:
    assert Matcher.load().model_hash == RECORDED["model"]
    assert RECORDED.get("gold/test.csv", RECORDED["gold/dev.csv"]).keys() == RECORDED["gold/dev.csv"].keys()
