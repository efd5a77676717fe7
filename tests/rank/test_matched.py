"""Growth, movers and ranks by year over matched venues, against a naive reference and in a made-up world that loses a venue."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.io.database import database
from affil.rank import Comparison, RanksByYear, Trend, Venues, compare, ranks_by_year, trend
from affil.rank.credit import all_credit, number, prepare
from affil.rank.matched import chain, last_chain, missing_venues, pairs, rests_on
from affil.rank.numbers import number_texts
from affil.settings import RankSettings
from affil.types import Author, Paper
from tests.examples import examples

from .test_credit import VENUES, one_each, tables

World = Mapping[tuple[str, int, str], int]  # papers of an institution at a venue in a year
SETTINGS = RankSettings(ranges=False, link_papers=1, link_change=1e9)  # worlds of few papers, which change much
WHO = ("a", "d", "h")
NAMES = ("CV", "RL", "NL", "WEB")


@contextmanager
def counted(world: World, venues: Venues) -> Iterator[duckdb.DuckDBPyConnection]:
    papers = [
        Paper(f"{v}{y}{i}{k}", "", v, y, (Author(f"{i} {k}", (f"s{WHO.index(i)}",)),))
        for (v, y, i), n in world.items()
        for k in range(n)
    ]
    _, answers = one_each(*((f"s{k}", i) for k, i in enumerate(WHO)))
    with database(SETTINGS.memory) as db:
        prepare(db, tables(papers, answers), {}, venues, SETTINGS)
        number_texts(db, db.from_arrow(all_credit(db, number(db, SETTINGS), SETTINGS)))
        yield db


def of_links(least: int) -> RankSettings:
    return SETTINGS.model_copy(update={"link_papers": least})


def trend_of(world: World, venues: Venues = VENUES, least: int = 1, **query: Any) -> Trend:
    with counted(world, venues) as db:
        return trend(db, venues, of_links(least), **query)


def comparison_of(world: World, before: tuple[int, int], after: tuple[int, int], least: int = 1, **query: Any) -> Comparison:
    with counted(world, VENUES) as db:
        return compare(db, VENUES, of_links(least), before, after, **query)


def both_of(world: World, two: tuple[int, int], least: int) -> set[str]:
    """The venues over which two years are compared: none if one of the years has too few papers there."""
    both = set.intersection(*({v for v, y, _ in world if y == year} for year in two))
    return both if all(sum(n for (v, y, _), n in world.items() if y == year and v in both) >= least for year in two) else set()


def ranks_of(world: World, **query: Any) -> RanksByYear:
    with counted(world, VENUES) as db:
        return ranks_by_year(db, VENUES, SETTINGS, **query)


def value(world: World, weights: Mapping[str, float], year: int, venues: set[str], who: str, by: str) -> float:
    """One number, added up plainly."""
    held = {
        w: sum(
            n * (1 if by == "publications" else weights[v])
            for (v, y, i), n in world.items()
            if (y, i) == (year, w) and v in venues
        )
        for w in WHO
    }
    return held[who] if by != "share" else held[who] / sum(held.values()) if sum(held.values()) else 0.0


def naive_growth(world: World, weights: Mapping[str, float], years: list[int], who: str, by: str, least: int) -> float | None:
    """Step by step from the last year back, over the venues that both years have; None where a step begins with nothing,
    or ends with nothing before the last.
    """
    growth = 0.0 if by == "share" else 1.0
    for before, after in reversed([*pairwise(years)]):
        both = both_of(world, (before, after), least)
        if not both:
            break
        was, now = (value(world, weights, y, both, who, by) for y in (before, after))
        if by == "share":
            growth += now - was
        elif was == 0 or (now == 0 and after != years[-1]):
            return None
        else:
            growth *= now / was
    return growth if by == "share" else growth - 1


def leaves_the_shares(
    world: World, weights: Mapping[str, float], years: list[int], reference: int, who: str, least: int
) -> bool:
    """Whether a share that is carried from the reference year to each year, as far as venues lead, is no share on the way."""
    of_year = {y: {v for v, year, _ in world if year == y} for y in years}
    start = value(world, weights, reference, of_year[reference], who, "share")
    at = years.index(reference)
    for path in (years[at::-1], years[at:]):
        level = start
        for here, there in pairwise(path):
            both = both_of(world, (here, there), least)
            if not both:
                break
            level += value(world, weights, there, both, who, "share") - value(world, weights, here, both, who, "share")
            if not -1e-9 <= level <= 1 + 1e-9:
                return True
    return False


cells = st.tuples(st.sampled_from(NAMES), st.integers(2019, 2022), st.sampled_from(WHO))
worlds = st.dictionaries(cells, st.integers(1, 4), min_size=1, max_size=24)


@examples(8)
@given(worlds, st.sampled_from(["publications", "adjusted", "share"]), st.sampled_from([1.0, 2.0]), st.integers(1, 6))
def test_growth_is_that_of_a_naive_reference(world: World, by: str, weight: float, least: int) -> None:
    venues = Venues(replace(v, weight=weight) if v.venue == "CV" else v for v in VENUES.values())
    result = trend_of(world, venues, least, by=by)
    weights = {v.venue: v.weight for v in venues.values()}
    rows = result.frame.set_index("id")
    years = [*result.years]
    for who in rows.index:
        for year in years:
            everything = {v for v, y, _ in world if y == year}
            assert rows.loc[who, year] == pytest.approx(value(world, weights, year, everything, who, by), abs=1e-9)
        if len(years) < 2 or not both_of(world, (years[-2], years[-1]), least):
            continue  # nothing leads to the last year
        expected = naive_growth(world, weights, years, who, by, least)
        if by == "share" and leaves_the_shares(world, weights, years, result.reference, who, least):
            assert math.isnan(rows.loc[who, "growth"])
        elif expected is not None:
            assert rows.loc[who, "growth"] == pytest.approx(expected, abs=1e-9)
            at = result.matched.set_index("id").loc[who]
            first = result.links[0].years[0]
            if by != "share" and at[first] > 0:
                assert at[years[-1]] / at[first] - 1 == pytest.approx(expected, abs=1e-9)


def test_a_share_that_thin_steps_carry_below_nothing_ends_there() -> None:
    """The one paper of a venue was another's a year before: a step of all."""
    world: dict[tuple[str, int, str], int] = {
        ("CV", 2020, "d"): 1, ("CV", 2021, "a"): 1, ("NL", 2021, "d"): 1, ("NL", 2022, "a"): 1, ("CV", 2022, "d"): 9,
    }  # fmt: skip
    result = trend_of(world, by="share")
    carried = result.matched.set_index("id").loc["a"]
    assert 0 < carried[2022] < carried[2021] < 1
    assert math.isnan(carried[2020])
    assert math.isnan(result.frame.set_index("id").loc["a", "growth"])


@examples(5)
@given(worlds, st.integers(1, 6))
def test_periods_are_compared_over_the_venues_of_each_pair_of_years(world: World, least: int) -> None:
    result = comparison_of(world, (2019, 2020), (2021, 2022), least)
    weights = {v.venue: v.weight for v in VENUES.values()}
    expected: dict[str, list[float]] = {w: [0.0, 0.0] for w in WHO}
    for k in (0, 1):
        two = (2019 + k, 2021 + k)
        both = both_of(world, two, least)
        for who in WHO:
            for at, year in enumerate(two):
                expected[who][at] += value(world, weights, year, both, who, "adjusted")
    kept = {w: two for w, two in expected.items() if min(two) > 0}
    rows = result.frame.set_index("id")
    assert {*rows.index} == {*kept}
    for who, (before, after) in kept.items():
        assert (rows.loc[who, "before"], rows.loc[who, "after"]) == pytest.approx((before, after))
        for at, column in enumerate(("rank_before", "rank_after")):
            assert rows.loc[who, column] == 1 + sum(round(v[at], 9) > round(expected[who][at], 9) for v in expected.values())


def steady() -> dict[tuple[str, int, str], int]:
    """Every venue is a copy of every other, of another size: a rises, d falls, h stays."""
    output = {"a": (1, 2, 3, 4), "d": (4, 3, 2, 1), "h": (2, 2, 2, 2)}
    return {
        (venue, 2019 + k, who): n * size
        for venue, size in (("CV", 2), ("RL", 1), ("NL", 3))
        for who, own in output.items()
        for k, n in enumerate(own)
    }


@pytest.mark.parametrize("gone", ["CV", "RL", "NL"])
def test_a_venue_that_vanishes_in_the_last_year_changes_no_growth_and_no_mover(gone: str) -> None:
    whole = steady()
    world = {cell: n for cell, n in whole.items() if cell[:2] != (gone, 2022)}
    for by in ("publications", "authors", "adjusted", "share"):
        before, after = trend_of(whole, by=by), trend_of(world, by=by)
        assert (before.lacking, after.lacking) == ((), (gone,))
        assert (before.compared, after.compared) == ((2019, 2022), (2019, 2022))
        assert after.reference == 2021
        columns = ["growth", "growth_last"]
        was, now = (t.frame.set_index("id").sort_index()[columns] for t in (before, after))
        assert now.to_numpy() == pytest.approx(was.to_numpy(), abs=1e-9)
    was, now = (trend_of(w, by="publications").frame.set_index("id").sort_index() for w in (whole, world))
    assert was["growth"].to_dict() == pytest.approx({"a": 3, "d": -0.75, "h": 0})
    assert (now[2022] < was[2022]).all(), "numbers as counted do fall"
    for periods in (((2021, 2021), (2022, 2022)), ((2019, 2020), (2021, 2022))):
        ranks = [comparison_of(w, *periods).frame.set_index("id")[["rank_before", "rank_after"]] for w in (whole, world)]
        assert ranks[0].to_dict() == ranks[1].to_dict()


def test_the_order_of_papers_does_not_matter_and_a_doubled_weight_counts_double() -> None:
    world: dict[tuple[str, int, str], int] = {
        ("CV", 2021, "a"): 2, ("CV", 2022, "a"): 4, ("NL", 2021, "a"): 5, ("NL", 2022, "a"): 5, ("CV", 2022, "d"): 1,
    }  # fmt: skip
    growth = {}
    for weight in (1.0, 2.0):
        venues = Venues(replace(v, weight=weight) if v.venue == "CV" else v for v in VENUES.values())
        growth[weight] = trend_of(world, venues).frame.set_index("id").loc["a", "growth"]
        turned = trend_of(dict(reversed(world.items())), venues).frame
        assert turned.equals(trend_of(world, venues).frame)
    assert growth[1.0] == pytest.approx((4 + 3.5) / (2 + 3.5) - 1)
    assert growth[2.0] == pytest.approx((8 + 3.5) / (4 + 3.5) - 1)


def test_years_that_no_venue_connects_are_not_compared() -> None:
    world = {("CV", 2018, "a"): 9, ("NL", 2019, "a"): 1, ("NL", 2021, "a"): 3, ("RL", 2021, "a"): 7}
    result = trend_of(world, by="publications")
    assert result.years == (2018, 2019, 2021), "2020 is a gap"
    row = result.frame.iloc[0]
    assert (result.compared, row["growth"], row["growth_last"]) == ((2019, 2021), 2, 2)
    levels = result.matched.iloc[0]
    assert levels[2018] != levels[2018], "no venue leads to it"
    assert levels[[2019, 2021]].tolist() == pytest.approx([10 / 3, 10])
    assert result.rests_on == pytest.approx(4 / 11)
    assert "Before 2019 two years have fewer than 1 paper in the venues of both" in result.lines()[1]
    lonely = trend_of({("CV", 2018, "a"): 1, ("NL", 2019, "a"): 1})
    assert lonely.compared is None
    assert lonely.frame["growth"].isna().all()
    assert "so there is no growth to tell" in lonely.lines()[1]


def test_who_has_nothing_in_a_thin_step_has_not_lost_all_that_follows() -> None:
    """Between 2019 and 2020 only NL is in both: "a" has no paper there in 2020, and many elsewhere."""
    world = {("NL", 2019, "a"): 1, ("NL", 2019, "d"): 1, ("NL", 2020, "d"): 1}
    world |= {("CV", 2020, "a"): 10, ("CV", 2021, "a"): 20, ("CV", 2020, "d"): 10, ("CV", 2021, "d"): 10}
    result = trend_of(world, by="publications")
    rows, levels = result.frame.set_index("id"), result.matched.set_index("id")
    assert rows["growth"].isna()["a"], "not -100%"
    assert rows.loc["a", "growth_last"] == 1
    assert levels.loc["a", [2020, 2021]].tolist() == [10, 20]
    assert rows.loc["d", "growth"] == 0
    gone = trend_of({("CV", 2020, "a"): 4, ("CV", 2020, "d"): 4, ("CV", 2021, "d"): 4}, by="publications").frame.set_index("id")
    assert gone.loc["a", "growth"] == -1, "what ends with nothing has fallen by all"


def test_a_link_of_few_papers_is_broken_for_growth_charts_and_movers() -> None:
    """Between 2019 and 2020 both years have one small venue alone; one of its years has four papers."""
    world = {("CV", 2019, "a"): 40, ("NL", 2019, "a"): 1, ("NL", 2019, "d"): 3, ("NL", 2020, "a"): 3, ("NL", 2020, "d"): 3}
    world |= {("RL", 2020, "a"): 20, ("RL", 2021, "a"): 30, ("NL", 2021, "d"): 5}
    whole, broken = trend_of(world, by="publications"), trend_of(world, least=5, by="publications")
    assert (whole.compared, broken.compared) == ((2019, 2021), (2020, 2021))
    rows, levels = broken.frame.set_index("id"), broken.matched.set_index("id")
    assert rows.loc["a", "growth"] == rows.loc["a", "growth_last"] == 30 / 23 - 1
    assert math.isnan(levels.loc["a", 2019]), "what lies beyond is not carried on"
    assert rows.loc["a", 2019] == 41, "but it is counted"
    assert "Before 2020 two years have fewer than 5 papers in the venues of both" in broken.growth_line()
    assert broken.about()["link_papers"] == 5
    none = trend_of(world, least=100, by="publications")
    assert (none.links, none.compared) == ((), None)
    assert none.frame[["growth", "growth_last"]].isna().all(axis=None)
    assert none.drawn is none.frame, "charts show the numbers as counted"
    assert "fewer than 100 papers" in none.growth_line()
    periods = (2019, 2020), (2020, 2021)
    assert [p.years for p in comparison_of(world, *periods).pairs] == [(2019, 2020), (2020, 2021)]
    assert [p.years for p in comparison_of(world, *periods, least=5).pairs] == [(2020, 2021)]
    assert comparison_of(world, *periods, least=100).frame.empty
    same = trend_of({("CV", 2020, "a"): 2, ("CV", 2021, "a"): 3}, least=4)
    assert same.lines() == ["The same venues in every year (2020 and 2021): CV.", same.growth_line()], (
        "and why there is no growth"
    )


def test_which_venues_a_year_lacks() -> None:
    every = dict.fromkeys([(v, y) for v in ("CV", "RL", "new") for y in (2019, 2020, 2021)], 1)
    assert missing_venues(every, VENUES, 2021) == ()
    without = {cell: n for cell, n in every.items() if cell not in (("CV", 2021), ("new", 2021))}
    assert missing_venues(without, VENUES, 2021) == ("CV",), "what the table does not know is not missed"
    ended = Venues(replace(v, years=(None, 2020)) for v in VENUES.values())
    assert missing_venues(without, ended, 2021) == ()
    even = Venues(replace(v, not_held=("odd 2013-",) if v.venue == "NL" else ()) for v in VENUES.values())
    second = {**every, ("NL", 2018): 1, ("NL", 2020): 1}
    assert missing_venues(second, even, 2021) == (), "it is held every second year"
    assert missing_venues(second, VENUES, 2021) == ("NL",), "data that lack years do not make a rhythm"
    assert missing_venues({("CV", 2021): 1, ("NL", 2021): 1, ("CV", 2022): 1}, even, 2022) == ("NL",)


def test_a_year_of_which_a_part_of_a_venue_is_missing_is_not_compared_over_it() -> None:
    papers = {("CV", 2015): 600, ("CV", 2016): 640, ("CV", 2017): 780, ("RL", 2015): 800, ("RL", 2016): 48, ("RL", 2017): 794}
    assert [(link.years, link.venues) for link in chain(papers, 100, 3)] == [((2015, 2016, 2017), ("CV",))]
    assert chain(papers, 100)[0].venues == ("CV", "RL")
    assert chain({("RL", 2016): 200, ("RL", 2017): 700}, 100, 3) == ()
    assert [p.venues for p in pairs(papers, (2015, 2015), (2017, 2017), 100, 3)] == [("CV", "RL")]
    grown = {("CV", 2015): 100, ("CV", 2017): 900, ("RL", 2015): 100, ("RL", 2017): 901}
    assert chain(grown, 100, 3)[0].venues == ("CV",), "three times a year, in two years nine"


def test_links_of_the_same_venues_are_one() -> None:
    papers = {("CV", 2019): 1, ("CV", 2020): 2, ("CV", 2021): 3, ("RL", 2021): 4, ("RL", 2022): 5}
    first, second = chain(papers, 1)
    assert (first.years, first.venues, first.papers, first.all_papers) == ((2019, 2020, 2021), ("CV",), 6, 10)
    assert (second.years, second.venues, second.rests_on) == ((2021, 2022), ("RL",), 9 / 12)
    assert last_chain((first, second), 2022) == (first, second)
    assert last_chain((first, second), 2021) == (first,)
    assert rests_on((first, second)) == 15 / 22
    assert [p.years for p in pairs(papers, (2019, 2020), (2021, 2022), 1)] == [(2019, 2021)]


def test_ranks_by_year_say_who_has_been_first_for_how_long() -> None:
    result = ranks_of(steady())
    rows = result.frame.set_index("id")
    assert rows.loc["a", [2019, 2020, 2021, 2022]].tolist() == [3, 2, 1, 1]
    assert rows.loc["d", [2019, 2020, 2021, 2022]].tolist() == [1, 1, 2, 3]
    assert rows[["best", "years_first", "in_a_row"]].to_dict("index") == {
        "a": {"best": 1, "years_first": 2, "in_a_row": 2},
        "d": {"best": 1, "years_first": 2, "in_a_row": 0},
        "h": {"best": 2, "years_first": 0, "in_a_row": 0},
    }
    assert result.lines()[0] == "Alpha is first in 2022, 2 years in a row (of 4 with papers)."
    world = {cell: n for cell, n in steady().items() if cell[:2] != ("CV", 2022)}
    assert ranks_of(world).lines()[0] == "Alpha is first in 2021.", "an incomplete year does not count"
    world = {cell: n for cell, n in steady().items() if cell[1] != 2021}
    assert ranks_of(world).frame.set_index("id").loc["a", "in_a_row"] == 1, "a year without papers ends a row"
    assert [r["id"] for r in ranks_of(steady(), limit=1).to_dict()["ranks"]] == ["a"]
