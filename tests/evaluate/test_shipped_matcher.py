"""What the shipped matcher must know and hold to: what the first users asked for, and properties over all that its registry has."""

import csv

import numpy as np
import pytest

from affil.data import resource
from affil.demo import sample
from affil.match import Matcher
from affil.match.candidates import retrieve
from affil.match.decide import decide
from affil.match.features.featurize import featurize
from affil.match.mentions import prepare
from affil.registry.places import country_name
from affil.settings import DecideSettings, RetrieveSettings, Settings
from affil.types import Decision, Result

CUHK = "The Chinese University of Hong Kong"
SEPARATORS = ("; ", "\n", " + ", " | ", " / ", "；", "\n• ")
Answer = dict[str, tuple[float, str]]  # of each institution found the probability and the decision


@pytest.fixture(scope="module")
def matcher(shipped_matcher: Matcher) -> Matcher:
    return shipped_matcher


def found(matcher: Matcher, text: str) -> list[str]:
    return [m.institution.name for m in matcher.match(text).matches]


def answer(result: Result) -> Answer:
    return {m.institution.id: (m.probability, m.decision.value) for m in result.matches}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("港中大", {CUHK}),
        ("香港中文大學", {CUHK}),
        ("CUHK", {CUHK}),
        ("Dept. of CSE, The Chinese Univ. of Hong Kong, Shatin", {CUHK}),
        ("CUHK-Shenzhen", {"The Chinese University of Hong Kong, Shenzhen"}),
        ("清华大学", {"Tsinghua University"}),
        ("國立清華大學", {"National Tsing Hua University"}),
        ("独立研究者", set()),
        ("fax: +39-050-883496", set()),
        ("", set()),
        ("   ", set()),
    ],
)
def test_what_the_first_users_asked_for(matcher: Matcher, text: str, names: set[str]) -> None:
    assert set(found(matcher, text)) == names


def test_homonyms_are_told_apart_by_their_place(matcher: Matcher) -> None:
    shenyang = matcher.match("Northeastern University, Shenyang").matches
    boston = matcher.match("Northeastern University, Boston").matches
    assert [m.institution.country for m in shenyang] == ["CN"]
    assert [m.institution.country for m in boston] == ["US"]


def test_several_organisations_in_one_string(matcher: Matcher) -> None:
    names = found(matcher, "Sber AI+Kazan Federal University+Skoltech")
    assert {"Kazan Federal University", "Skolkovo Institute of Science and Technology"} <= set(names)
    assert any("Sber" in n for n in names)


def test_what_is_hopeless_at_first_sight_changes_no_decision(matcher: Matcher) -> None:
    with sample("affiliations.csv").open(encoding="utf-8", newline="") as lines:
        texts = [row["affiliation"] for row in csv.DictReader(lines)]
    index, searched = matcher._index, matcher.settings.retrieve
    mentions = prepare(texts, index, searched)
    pairs = featurize(mentions, retrieve(mentions, index, searched), index, matcher.settings)
    settings = DecideSettings()
    thorough, quick = matcher._model.predict(pairs), matcher._model.predict(pairs, hopeless=settings.hopeless)
    differs = quick != thorough
    assert differs.any()
    assert (thorough[differs] < 0.02).all()
    assert np.array_equal(decide(quick, pairs, settings), decide(thorough, pairs, settings))


def test_a_child_and_its_parent_behind_a_hard_separator_are_both_named(matcher: Matcher) -> None:
    families = [(x.name, matcher.registry.get(p).name) for x in matcher.registry for p in x.parents]
    families = [pair for pair in families if not any(c in name for name in pair for c in "+|;；/·\n")][::20]
    alone = dict(zip(names := sorted({n for pair in families for n in pair}), matcher.match_many(names), strict=True))
    decided = [(a, b) for a, b in families if Decision.MATCH == alone[a].decision == alone[b].decision]
    assert len(decided) > 60
    strings = [(separator.join(pair), pair) for a, b in decided for pair in ((a, b), (b, a)) for separator in SEPARATORS]
    for (_, (one, other)), result in zip(strings, matcher.match_many([s for s, _ in strings]), strict=True):
        first, second = answer(alone[one]), answer(alone[other])
        both = {i: max(found for found in (first.get(i), second.get(i)) if found) for i in {**first, **second}}
        assert answer(result) == both, result.affiliation


def test_a_cell_holds_any_number_of_institutions(matcher: Matcher) -> None:
    known = sorted((x for x in matcher.registry if x.kind == "education"), key=lambda x: -x.usage)[:60]
    alone = [x for x in known if set(answer(matcher.match(x.name))) == {x.id}]
    assert len(alone) > 50
    cell = "; ".join(f"School of Law, {x.name}, {x.city}" for x in alone)
    found = matcher.match(cell).matches
    assert {m.institution.id for m in found} >= {x.id for x in alone}
    assert all(cell[m.start : m.end] and ";" not in cell[m.start : m.end] for m in found)


def test_a_right_place_hardly_lowers_a_probability(matcher: Matcher) -> None:
    """Place words are no words of the name; what they tell about rivals may cost a little of the certainty."""
    known = sorted((x for x in matcher.registry if x.kind == "education" and x.city), key=lambda x: -x.usage)[:400]
    bare = matcher.match_many([x.name for x in known])
    placed = matcher.match_many([f"{x.name}, {x.city}, {country_name(x.country)}" for x in known])

    def probability(result: Result, identifier: str) -> float:
        return next((m.probability for m in result.matches if m.institution.id == identifier), 0.0)

    lost = np.array([probability(a, x.id) - probability(b, x.id) for x, a, b in zip(known, bare, placed, strict=True)])
    assert (lost > 0.02).mean() <= 0.01
    assert lost.mean() < 0.001


def test_a_probability_depends_on_the_string_alone(matcher: Matcher) -> None:
    settings = Settings(retrieve=RetrieveSettings(remembered_parts=0))  # nothing is answered from memory
    matcher = Matcher.load(matcher.registry, settings=settings)
    with resource("gold/train.csv").open(encoding="utf-8", newline="") as lines:
        strings = [row["affiliation"] for row in csv.DictReader(lines)]
    strings.append("School of Computer Science and Technology, Shandong University, Qingdao, China")

    def answers(order: list[str]) -> dict[str, list[tuple[str, float, str]]]:
        return {
            x.affiliation: [(m.institution.id, m.probability, m.decision.value) for m in x.matches]
            for x in matcher.match_many(order)
        }

    together = answers(strings)
    assert answers(strings[::-1]) == together
    for text in [*strings[::20], strings[-1]]:
        assert answers([text])[text] == together[text]


@pytest.mark.parametrize("between", [" and ", ", and ", " & ", ", ", "; ", " / ", "\n", ", Shenzhen, China and "])
@pytest.mark.parametrize(
    "names", [("Southern University of Science and Technology", "Peng Cheng Laboratory"), ("SUSTech", "Pengcheng Lab")]
)
def test_a_university_and_a_laboratory_beside_it_are_both_found(matcher: Matcher, names: tuple[str, str], between: str) -> None:
    for first, second in (names, names[::-1]):
        got = found(matcher, f"{first}{between}{second}, Shenzhen, China")
        assert {*got} == {"Southern University of Science and Technology", "Peng Cheng Laboratory"}
