"""The card of the shipped model says what it was made from, and that is what is here."""

import hashlib
from pathlib import Path

import pytest

from affil.data import resource
from affil.match import Matcher
from affil.match.modelfile import load_model
from affil.match.provenance import differences, settings_told
from affil.registry import Registry
from affil.settings import FeatureSettings, RetrieveSettings, Settings
from affil.training.provenance import rules_hash

SHARED = Path(__file__).parents[3] / "shared" / "data" / "gold"


@pytest.fixture(scope="module")
def matcher(shipped_matcher: Matcher) -> Matcher:
    return shipped_matcher


def test_the_shipped_model_was_made_from_what_is_here(matcher: Matcher) -> None:
    """Fails where tables or rules changed since: run scripts/retrain."""
    card = matcher.model_card
    assert matcher.differences == ()
    assert card["registry"] == Registry.open().hash
    assert card["rules"] == rules_hash()
    assert card["settings"] == settings_told(Settings())
    assert card["data"]["train.csv"] == hashlib.sha256(resource("gold/train.csv").read_bytes()).hexdigest()
    assert card["versions"].keys() >= {"scikit-learn", "numpy"}


@pytest.mark.skipif(not SHARED.exists(), reason="shared data absent")
def test_the_sets_of_other_projects_are_those_it_was_trained_on(matcher: Matcher) -> None:
    sets = {name: value for name, value in matcher.model_card["data"].items() if name != "train.csv"}
    assert len(sets) == 6
    assert {name: hashlib.sha256((SHARED / name).read_bytes()).hexdigest() for name in sets} == sets


def test_other_settings_are_told_those_of_speed_are_not() -> None:
    _, card, _ = load_model(resource("models/matcher.skops"))
    other = Settings(features=FeatureSettings(claim=0.1), retrieve=RetrieveSettings(top_k=3, batch=7, remembered_parts=0))
    assert differences(card, Registry.open(), other) == ("setting features.claim", "setting retrieve.top_k")
    assert differences({**card, "registry": "x"}, Registry.open(), Settings()) == (
        "the shipped registry, or the rules by which it is read",
    )
