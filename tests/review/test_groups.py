from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.review.groups import group_strings
from affil.settings import ReviewSettings
from affil.types import Decision, Institution, Match, Name, Reason
from tests.examples import examples

SETTINGS = ReviewSettings()
EXACT = Reason("name_exact", "official")


def match(name: str, probability: float, *reasons: Reason, chosen: bool = True, alias: str = "") -> Match:
    one = Institution(f"affil:{name.lower().replace(' ', '-')}", name)
    decision = Decision.REVIEW if chosen else Decision.NONE
    return Match(one, probability, decision, 0, 1, alias or name, reasons or (EXACT,))


def grouped(*rows: tuple[str, list[Match]]) -> list[set[str]]:
    """The strings of each group of two or more."""
    labels = group_strings([s for s, _ in rows], [m for _, m in rows], SETTINGS).tolist()
    out = defaultdict(set)
    for (string, _), label in zip(rows, labels, strict=True):
        out[label].add(string)
    return sorted((g for g in out.values() if len(g) > 1), key=sorted)


def test_one_institution_by_any_of_its_full_names_is_one_reason() -> None:
    amazon = match("Amazon", 0.7)
    other = match("Amazon", 0.8, Reason("name_exact", "alias"), alias="Amazon.com")
    assert grouped(("Amazon", [amazon]), ("Amazon, Seattle", [amazon]), ("Amazon.com Inc", [other])) == [
        {"Amazon", "Amazon, Seattle", "Amazon.com Inc"}
    ]


def test_departments_are_of_the_group_of_their_university() -> None:
    shared = match("Northeastern University", 0.83, EXACT, Reason("bearers", value=2))
    rival = match("Northeastern University China", 0.17, Reason("bearers", value=2), chosen=False)
    near = match("Northeast Normal University", 0.001, Reason("name_coverage", "alias", 0.6), chosen=False)
    placed = match("Northeastern University", 0.93, EXACT, Reason("city_named"), Reason("bearers", value=2))
    rows = {
        "Northeastern University": [shared, rival, near],
        "Physics, Northeastern University": [shared, rival],
        "Northeastern University, Boston": [placed, rival],
    }
    assert grouped(*rows.items()) == [{"Northeastern University", "Physics, Northeastern University"}]


def test_a_member_that_names_anything_else_is_none() -> None:
    york, of_york = match("York University", 0.87), match("University of York", 0.3, chosen=False)
    assert grouped(("York University", [york]), ("University of York", [york, of_york])) == []
    mit, iit = match("MIT", 0.9, Reason("name_exact", "acronym")), match("IIT", 0.4, chosen=False)
    assert grouped(("MIT", [mit]), ("LCSL - IIT & MIT", [mit, iit])) == []
    bosch, china = match("Bosch", 0.6), match("Bosch China", 0.3, chosen=False)
    assert grouped(("Robert Bosch GmbH", [bosch]), ("Robert Bosch CN", [bosch, china])) == []
    coimbra = match("University of Coimbra", 0.9)
    rows = [
        (s, [coimbra])
        for s in ("University of Coimbra", "University of Coimbra + Perceive3D", "Robotics, University of Coimbra")
    ]
    assert grouped(*rows) == [{"University of Coimbra", "Robotics, University of Coimbra"}], "a name that nobody knows"
    rows = [(s, [coimbra]) for s in ("University of Coimbra", "Tanglewick Hospital, University of Coimbra")]
    assert grouped(*rows) == []


def test_a_name_without_telling_words_and_one_cut_by_commas_are_names() -> None:
    peking, berkeley = match("Peking University", 0.9), match("University of California, Berkeley", 0.9)
    rows = [(s, [peking]) for s in ("Peking University", "Peking University, China", "Physics, Peking University, Beijing")]
    assert grouped(*rows) == [{s for s, _ in rows}]
    rows = [(s, [berkeley]) for s in ("University of California, Berkeley", "EECS, University of California, Berkeley, USA")]
    assert grouped(*rows) == [{s for s, _ in rows}]
    rows = [(s, [peking]) for s in ("Peking University", "Peking University, University of Tanglewick")]
    assert grouped(*rows) == []


def test_what_names_its_institution_again_or_the_parent_of_it_names_nothing_else() -> None:
    penn = match("University of Pennsylvania", 0.9)
    of_penn = replace(penn.institution, names=(Name("University of Pennsylvania"), Name("GRASP Laboratory", kind="alias")))
    grasp = replace(penn, institution=of_penn, alias="GRASP Laboratory")
    rows = [(s, [grasp]) for s in ("GRASP Laboratory", "GRASP Laboratory, University of Pennsylvania")]
    assert grouped(*rows) == [{s for s, _ in rows}]
    sydney, unit = match("University of Sydney", 0.99, chosen=False), match("Centre for Field Robotics", 0.9)
    unit = replace(unit, institution=replace(unit.institution, parents=(sydney.institution.id,)))
    rows = [("Centre for Field Robotics", [unit]), ("Centre for Field Robotics, University of Sydney", [unit, sydney])]
    assert grouped(*rows) == [{s for s, _ in rows}]
    rows = [rows[0], ("Centre for Field Robotics, University of Sydney, University of Tanglewick", [unit, sydney])]
    assert grouped(*rows) == []


def test_the_same_words_in_which_nothing_was_found() -> None:
    rows: list[tuple[str, list[Match]]] = [
        (s, [])
        for s in ("Department of Computer Science", "Computer Science Department", "Dept. of Computer Science", "Physics")
    ]
    assert grouped(*rows) == [{"Department of Computer Science", "Computer Science Department", "Dept. of Computer Science"}]
    assert grouped(("++", []), ("--", [])) == []
    assert group_strings([], [], SETTINGS).tolist() == []


NAMES = ("Alpha", "Beta", "Gamma")
REASONS = (
    EXACT,
    Reason("name_exact", "acronym"),
    Reason("bearers", value=2),
    Reason("city_named"),
    Reason("other_place_named"),
)


@examples(30)
@given(
    st.lists(
        st.lists(
            st.builds(
                lambda name, p, reasons, chosen: match(name, p, *reasons, chosen=chosen),
                st.sampled_from(NAMES),
                st.sampled_from((0.01, 0.3, 0.9)),
                st.lists(st.sampled_from(REASONS), min_size=1, max_size=3, unique=True),
                st.booleans(),
            ),
            max_size=3,
            unique_by=lambda m: m.institution.id,
        ),
        max_size=8,
    )
)
def test_groups_against_the_rule_spelt_out(matches: list[list[Match]]) -> None:
    strings = [f"{'Alpha Beta Gamma'} x{i}" for i in range(len(matches))]

    def told(m: Match) -> frozenset[str]:
        names = {r.name for r in m.reasons}
        return frozenset(names if "bearers" in names else names & {"other_place_named"})

    def plain(m: Match) -> bool:
        return not any(r.name == "bearers" for r in m.reasons) and EXACT in m.reasons

    def rule(found: list[Match], string: str) -> Any:
        chosen = frozenset((m.institution.id, "" if plain(m) else m.alias, naming(m)) for m in found if m.decision != "none")
        rivals = frozenset(
            (m.institution.id, naming(m)) for m in found if m.decision == "none" and m.probability >= SETTINGS.rival
        )
        return (chosen, rivals) if chosen else string

    def naming(m: Match) -> frozenset[str]:
        names = {r.name for r in m.reasons}
        return told(m) if plain(m) or "bearers" in names else frozenset(names & {"other_place_named"})

    labels = group_strings(strings, matches, SETTINGS).tolist()
    keys = [rule(found, string) for found, string in zip(matches, strings, strict=True)]
    for i in range(len(matches)):
        for j in range(i):
            assert (labels[i] == labels[j]) == (keys[i] == keys[j])


@pytest.mark.parametrize("rival", [0.05, 0.5])
def test_which_others_tell_strings_apart_is_a_setting(rival: float) -> None:
    one, other = match("Alpha", 0.9), match("Beta", 0.3, chosen=False)
    labels = group_strings(["Alpha", "Alpha x"], [[one], [one, other]], SETTINGS.model_copy(update={"rival": rival}))
    assert (len({*labels.tolist()}) == 1) == (rival > 0.3)
