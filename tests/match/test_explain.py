"""Reasons are data; the sentences are made of them."""

from __future__ import annotations

import pickle

import pytest

from affil.match import Matcher
from affil.match.explain import READ, explain
from affil.settings import FeatureSettings, Settings
from affil.types import NAME_KINDS, REASONS, Decision, Institution, Match, Reason

NOTHING = dict.fromkeys(READ, 0.0)
TELLING = FeatureSettings().telling


def names(homonyms: int = 1, /, **features: float) -> list[str]:
    return [r.name for r in explain({**NOTHING, **features}, "official", homonyms, FeatureSettings())]


@pytest.mark.parametrize(
    ("features", "name"),
    [
        ({"city_agrees": 1}, "city_named"),
        ({"country_agrees": 1}, "country_named"),
        ({"other_names": 2}, "other_name_named"),
        ({"parent_found": 1}, "parent_named"),
        ({"changed": 0.5}, "misspelt"),
        ({"country_differs": 1}, "other_country_named"),
        ({"city_differs": 1}, "other_place_named"),
        ({"nested": 1}, "part_of_longer_name"),
        ({"number_missing": 1}, "numbers_differ"),
        ({"hospital_left": 1}, "other_kind_named"),
        ({"university_left": 1}, "other_kind_named"),
        ({"institute_left": 1}, "other_kind_named"),
        ({"missing_word": TELLING + 0.01}, "word_missing"),
    ],
)
def test_a_feature_is_a_reason(features: dict[str, float], name: str) -> None:
    assert names(**features) == ["name_coverage", name]


def test_what_gives_no_reason() -> None:
    assert names() == ["name_coverage"]
    assert names(exact=1) == ["name_exact"]
    assert names(missing_word=TELLING) == ["name_coverage"]
    assert names(exact=1, missing_word=1) == ["name_exact"], "an alias word for word lacks nothing"
    assert names(2) == ["name_coverage", "bearers"]


def test_which_missing_words_are_told_is_a_setting(tiny_matcher: Matcher) -> None:
    said = {}
    for telling in (0.0, 1.0):
        settings = Settings(features=FeatureSettings(telling=telling))
        matcher = Matcher.load(tiny_matcher.registry, tiny_matcher.model_path, settings)
        said[telling] = [r.name for m in matcher.candidates("Chinese University, Hong Kong") for r in m.reasons]
    assert "word_missing" in said[0.0]
    assert "word_missing" not in said[1.0]


def test_all_reasons_in_order_and_in_words() -> None:
    one = Institution("affil:x", "X", country="GB", city="York")
    for exact in (0.0, 1.0):
        features = {**dict.fromkeys(READ, 1.0), "exact": exact, "coverage": 0.5}
        reasons = explain(features, "former", 3, FeatureSettings())
        left_out = {"decided"} | ({"name_coverage", "word_missing"} if exact else {"name_exact"})
        assert [r.name for r in reasons] == [name for name in REASONS if name not in left_out]
        match = Match(one, 0.5, Decision.REVIEW, 0, 1, "Name, {with} comma", reasons)
        first = (
            "+ “Name, {with} comma” is a former name of it" if exact else "+ 50% of “Name, {with} comma”, a former name of it"
        )
        last = () if exact else ("- a distinctive word of the name is missing",)
        assert match.evidence == (
            first,
            "+ the city York is named",
            "+ the country GB is named",
            "+ another of its names is there too",
            "+ its parent is named too",
            "- misspelt or glued words were corrected",
            "- another country is named",
            "- a place in another country is named",
            "- 3 institutions have this name",
            "- the words are part of a longer name",
            "- numbers differ",
            "- next to it are words for another kind of organisation",
            *last,
        )


def test_every_kind_of_name_is_told_in_other_words() -> None:
    said = set()
    for kind in NAME_KINDS:
        reasons = explain({**NOTHING, "exact": 1.0}, kind, 1, FeatureSettings())
        (sentence,) = Match(Institution("affil:x", "X"), 0.5, Decision.REVIEW, 0, 1, "Alias", reasons).evidence
        assert sentence.startswith("+ “Alias” is ")
        said.add(sentence)
    assert len(said) == len(NAME_KINDS) > 5


def test_a_match_with_reasons_goes_to_other_processes() -> None:
    reasons = (Reason("name_coverage", "label", 0.25), Reason("bearers", value=2))
    match = Match(Institution("affil:x", "X"), 0.5, Decision.REVIEW, 0, 1, "X", reasons)
    again = pickle.loads(pickle.dumps(match))
    assert again == match
    assert again.evidence == ("+ 25% of “X”, one of its names", "- 2 institutions have this name")
    assert hash(again) == hash(match)
