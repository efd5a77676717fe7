"""Profiles over areas, against a recomputation in plain Python and in worlds where the answer is known."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.rank import LEVELS, Profiles, measure, profiles
from affil.rank.measure import counts
from affil.rank.profiles import AreaShare, Spread, spread
from affil.settings import RankSettings
from affil.types import Author, Paper
from tests.examples import examples

from .test_credit import STRINGS, VENUES, Answers, found, naive, paper, tables

PLAIN = RankSettings(ranges=False)


def profiled(papers: list[Paper], answers: Answers, level: Any, **query: Any) -> Profiles:
    with counts(tables(papers, answers), {}, VENUES, PLAIN) as db:
        frame = measure(db, VENUES, PLAIN, level=level, **query).frame
        return profiles(db, frame["id"])


@examples(10)
@given(
    papers=st.lists(paper, min_size=1, max_size=12, unique_by=lambda p: p.id),
    answers=st.dictionaries(st.sampled_from(STRINGS), found, min_size=1),
    level=st.sampled_from(LEVELS),
    query=st.sampled_from([{}, {"years": (2019, 2021)}, {"kind": "education"}]),
)
def test_equals_the_naive_recomputation(papers: list[Paper], answers: Answers, level: Any, query: dict[str, Any]) -> None:
    shown = [p for p in papers if "years" not in query or 2019 <= p.year <= 2021]
    if not shown:
        return
    kind = query.get("kind")
    areas = {a for p in shown if (known := VENUES.resolve(p.venue)) for a in known.areas}
    own: dict[str, dict[tuple[str, int], Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    world: dict[tuple[str, int], Fraction] = defaultdict(Fraction)
    for area in areas:
        for year in {p.year for p in shown}:
            asked: dict[str, Any] = {"area": area, "years": (year, year)}
            for identifier, one in naive(papers, answers, {}, PLAIN, level, kind=kind, **asked)[0].items():
                own[identifier][area, year] = Fraction(one["adjusted"])
            everybody = naive(papers, answers, {}, PLAIN, "institution", **asked)[0]
            world[area, year] = sum((Fraction(one["adjusted"]) for one in everybody.values()), Fraction(0))
    got = profiled(papers, answers, level, **query)
    assert got.keys() == {i for i, credit in own.items() if any(credit.values())}
    for identifier, shares in got.items():
        assert shares.keys() == {a for a in areas if sum(n for (b, _), n in world.items() if a == b)}
        for area, one in shares.items():
            whole = sum(n for (a, _), n in world.items() if a == area)
            expected = Fraction(0)
            for year in {y for _, y in world}:
                of_year = sum(n for (_, y), n in world.items() if y == year)
                held = sum(n for (_, y), n in own[identifier].items() if y == year)
                expected += world[area, year] * held / of_year if of_year else 0
            observed = sum(n for (a, _), n in own[identifier].items() if a == area)
            assert one.share == pytest.approx(float(observed / whole), abs=1e-12)
            assert one.expected == pytest.approx(float(expected / whole), abs=1e-12)


ALL: Answers = {"s0": [("a", "match")], "s1": [("d", "match")]}


def world(chinese: dict[tuple[str, int], int], papers: dict[tuple[str, int], int]) -> list[Paper]:
    """Papers by venue and year, of which some are of one author in China and the others of one in the United States."""
    return [
        Paper(f"{venue}{year}-{k}", "", venue, year, (Author("A", ("s1" if k < chinese[venue, year] else "s0",)),))
        for (venue, year), many in papers.items()
        for k in range(many)
    ]


def test_a_share_that_is_the_same_in_all_areas_of_a_year_is_as_expected_though_areas_have_different_years() -> None:
    """China grows from a tenth to a half, in vision and language alike; language has its papers late, vision early."""
    papers = {("CV", 2018): 40, ("NL", 2018): 10, ("CV", 2019): 10, ("NL", 2019): 60}
    part = {2018: 10, 2019: 2}
    got = profiled(world({k: n // part[k[1]] for k, n in papers.items()}, papers), ALL, "country")
    for country in ("CN", "US"):
        assert {area: one.ratio for area, one in got[country].items()} == {
            "computer vision": pytest.approx(1),
            "natural language processing": pytest.approx(1),
        }
    shares = [one.share for one in got["CN"].values()]
    assert shares == pytest.approx([9 / 50, 31 / 70]), "though its shares of the areas are far from equal"


def test_an_area_that_a_country_leaves_to_others_is_below_what_is_expected() -> None:
    papers = dict.fromkeys([("CV", 2018), ("NL", 2018)], 20)
    got = profiled(world({("CV", 2018): 15, ("NL", 2018): 5}, papers), ALL, "country")
    whole = (15 + 0.7 * 5) / (20 + 0.7 * 20)  # the weight of a paper of NL is 0.7
    assert got["CN"]["computer vision"].ratio == pytest.approx(0.75 / whole)
    assert got["CN"]["natural language processing"].ratio == pytest.approx(0.25 / whole)
    alone = profiled(world({("CV", 2018): 15, ("NL", 2018): 0}, papers), ALL, "country")
    assert alone["CN"]["natural language processing"].ratio == 0


def test_how_uneven_a_profile_is() -> None:
    own = {
        "a": AreaShare(0.3, 0.1),
        "b": AreaShare(0.1, 0.2),
        "c": AreaShare(0.1, 0.1),
        "d": AreaShare(0.0, 0.1),
        "e": AreaShare(0.1, 0.0),
    }
    assert spread(own, "abc") == Spread("a", "b", pytest.approx(6.0))
    assert spread(own, "ac") == Spread("a", "c", pytest.approx(3.0))
    assert spread(own, "ad") == Spread("a", "d", float("inf"))
    assert spread(own, "ae") is spread(own, "a") is spread({}, "abc") is None, "nothing is expected of e"
    even = {area: AreaShare(0.2, 0.2) for area in "ab"}
    assert spread(even, "ab").times == 1  # type: ignore[union-attr]
