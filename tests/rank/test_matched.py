"""Growth, movers and ranks by year over matched venues, against a naive reference and in a made-up world that loses a venue."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import combinations
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import AffilError
from affil.rank import Comparison, RanksByYear, Trend, Venues, compare, ranks_by_year, trend
from affil.rank.matched import Link, breaks, chain, missing_venues, pairs, panel_of, parts_of_venues, rests_on
from affil.rank.measure import counts
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
    with counts(tables(papers, answers), {}, venues, SETTINGS) as db:
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


def naive_base(world: World, years: list[int], least: int) -> tuple[int, int] | None:
    """The two years that growth compares: those furthest apart, of these the last; each has half of its papers in the venues of both."""
    found = []
    for two in combinations(years, 2):
        both = both_of(world, two, least)
        held = [(sum(n for (v, y, _), n in world.items() if y == year and v in both), year) for year in two]
        if both and all(2 * own >= sum(n for (_, y, _), n in world.items() if y == year) for own, year in held):
            found.append(two)
    return max(found, key=lambda two: (two[1] - two[0], two[1]), default=None)


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
    two = naive_base(world, years, least)
    assert result.compared == two
    both = both_of(world, two, least) if two else set()
    for who in rows.index:
        for year in years:
            everything = {v for v, y, _ in world if y == year}
            assert rows.loc[who, year] == pytest.approx(value(world, weights, year, everything, who, by), abs=1e-9)
        if two is None:
            assert math.isnan(rows.loc[who].get("growth", math.nan))
            continue
        before, after = (value(world, weights, y, both, who, by) for y in two)
        if by == "share":
            assert rows.loc[who, "growth"] == pytest.approx(after - before, abs=1e-9)
        elif before > 0:
            assert rows.loc[who, "growth"] == pytest.approx(after / before - 1, abs=1e-9)
        else:
            assert math.isnan(rows.loc[who, "growth"])
        at = result.matched.set_index("id").loc[who]
        assert at[two[0]] == pytest.approx(before, abs=1e-9)
        assert at[two[1]] == pytest.approx(after, abs=1e-9)
        assert all(math.isnan(at[y]) for y in years if not two[0] <= y <= two[1])


def test_a_year_between_follows_the_growth_from_year_to_year_and_ends_where_the_next_begins() -> None:
    """2020 lacks CV, which alone is compared; RL leads from 2019 to 2021."""
    world: dict[tuple[str, int, str], int] = {
        ("CV", 2019, "a"): 10, ("CV", 2021, "a"): 40, ("CV", 2019, "d"): 10, ("CV", 2021, "d"): 10,
        ("RL", 2019, "a"): 3, ("RL", 2020, "a"): 6, ("RL", 2020, "d"): 2, ("RL", 2019, "d"): 2,
    }  # fmt: skip
    result = trend_of(world, by="publications")
    assert result.base == Link((2019, 2021), ("CV",), (20, 50), (25, 50))
    levels = result.matched.set_index("id")
    assert levels.loc["a", [2019, 2021]].tolist() == [10, 40]
    assert levels.loc["a"].isna()[2020], "RL does not lead on to 2021"
    world |= {("RL", 2021, "a"): 9, ("RL", 2021, "d"): 2}
    led = trend_of(world, by="publications")
    assert led.base == Link((2019, 2021), ("CV", "RL"), (25, 61), (25, 61))
    levels = led.matched.set_index("id")
    carried, end = 13 * 6 / 3, 13 * 6 / 3 * 9 / 6
    assert levels.loc["a", [2019, 2020, 2021]].tolist() == pytest.approx([13, carried * (49 / end) ** 0.5, 49])
    shares = trend_of(world, by="share").matched.set_index("id")
    weights = {v.venue: v.weight for v in VENUES.values()}
    rl = [value(world, weights, y, {"RL"}, "a", "share") for y in (2019, 2020, 2021)]
    first, last = (value(world, weights, y, {"CV", "RL"}, "a", "share") for y in (2019, 2021))
    assert shares.loc["a", 2020] == pytest.approx(first + rl[1] - rl[0] + (last - (first + rl[2] - rl[0])) / 2)
    whole = trend_of(world | {("CV", 2020, "h"): 1}, by="publications")
    assert whole.base is not None
    assert whole.base.years == (2019, 2020, 2021)
    assert whole.matched.set_index("id").loc["a", 2020] == 6, "a year that has all venues is as counted"


papers_of = st.dictionaries(
    st.tuples(st.sampled_from(NAMES), st.integers(2010, 2022)), st.integers(1, 900), min_size=2, max_size=30
)


@given(papers_of, st.floats(0, 1), st.integers(1, 6), st.integers(1, 300))
def test_years_are_compared_where_the_venues_of_both_hold_most_of_each(
    papers: dict[tuple[str, int], int], share: float, far: int, least: int
) -> None:
    limits = SETTINGS.model_copy(update={"panel_share": share, "panel_years": far, "link_papers": least})
    base = panel_of(papers, limits)
    years = sorted({y for _, y in papers})
    allowed = []
    for two in combinations(years, 2):
        both = {v for v, y in papers if y == two[0]} & {v for v, y in papers if y == two[1]}
        own = [sum(papers[v, y] for v in both) for y in two]
        if both and all(
            n >= least and n / sum(k for (_, y), k in papers.items() if y == year) >= share
            for n, year in zip(own, two, strict=True)
        ):
            allowed.append(two)
    if base is None:
        assert not allowed
        return
    assert base.ends in allowed
    distant = [two for two in allowed if two[1] - two[0] >= far]
    if distant:
        last = max(two[1] for two in distant)
        assert base.ends == (min(two[0] for two in distant if two[1] == last), last)
    else:
        assert base.ends[1] - base.ends[0] == max(two[1] - two[0] for two in allowed)
    assert all((v, y) in papers for v in base.venues for y in base.years)
    assert sum(base.papers) == sum(papers[v, y] for v in base.venues for y in base.years)
    assert base.share(base.years[0]) == base.papers[0] / base.all_papers[0]


def test_a_part_of_a_venue_is_not_compared() -> None:
    papers = {("RL", 2016): 48, ("RL", 2017): 794, ("RL", 2019): 900, ("RL", 2022): 60, ("CV", 2016): 500, ("CV", 2022): 700}
    parts = parts_of_venues(papers, 3)
    assert parts == {("RL", 2016), ("RL", 2022)}, "a venue does not lose most of its papers, in three years neither"
    assert parts_of_venues(papers, 20) == set()
    assert parts_of_venues({("RL", 2016): 90, ("RL", 2019): 900}, 3) == set(), "it may grow threefold a year"
    level = {("RL", y): n for y, n in ((2015, 800), (2016, 48), (2017, 50), (2018, 794), (2020, 100), (2021, 90), (2022, 700))}
    assert parts_of_venues(level, 3) == {("RL", y) for y in (2016, 2017, 2020, 2021)}, "several years one after the other"
    begun = {("RL", y): n for y, n in ((2015, 40), (2016, 48), (2017, 800))}
    assert parts_of_venues(begun, 3) == {("RL", 2015), ("RL", 2016)}, "the first years"
    base = panel_of(papers, SETTINGS.model_copy(update={"link_papers": 100, "link_change": 3.0}), parts)
    assert base is not None
    assert (base.ends, base.venues) == ((2016, 2022), ("CV",))
    world = {(v, y, "a"): n // 4 for (v, y), n in papers.items()}
    with counted(world, VENUES) as db:
        told = trend(db, VENUES, SETTINGS.model_copy(update={"link_change": 3.0}), by="publications")
    assert told.left_out == ("RL",)
    assert told.parts == (("RL", 2016), ("RL", 2022))
    assert "Only a part of the papers is there, and does not compare (rank.link_change): RL 2016, RL 2022." in told.lines()
    assert "only a part of it (rank.link_change): RL" in told.growth_line()
    assert trend_of(world, by="publications").left_out == ()


def test_two_periods_leave_out_a_part_of_a_venue_as_growth_does() -> None:
    """In five years 800 may come of 48, but not in the one in which they did."""
    papers = {("CV", y): 900 for y in range(2018, 2024)} | {("RL", y): 48 if y == 2018 else 800 for y in range(2018, 2024)}
    assert [(p.venues, p.papers, p.all_papers) for p in pairs(papers, (2018, 2018), (2023, 2023), 100, 3)] == [
        (("CV",), (900, 900), (948, 1700))
    ]
    assert [p.venues for p in pairs(papers, (2018, 2019), (2022, 2023), 100, 3)] == [("CV",), ("CV", "RL")]
    assert [p.venues for p in pairs(papers, (2018, 2018), (2023, 2023), 100)] == [("CV", "RL")], "unless any change will do"


@given(papers_of, st.floats(0, 1), st.integers(1, 6), st.integers(1, 300), st.floats(1, 9))
def test_movers_of_the_years_of_growth_rest_on_its_venues(
    papers: dict[tuple[str, int], int], share: float, far: int, least: int, change: float
) -> None:
    limits = {"panel_share": share, "panel_years": far, "link_papers": least, "link_change": change}
    base = panel_of(papers, SETTINGS.model_copy(update=limits), parts_of_venues(papers, change))
    if base is not None:
        first, last = base.ends
        (pair,) = pairs(papers, (first, first), (last, last), least, change)
        ends = (base.papers[0], base.papers[-1])
        assert (pair.years, pair.venues, pair.papers) == (base.ends, base.venues, ends)


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


@functools.cache
def _of_steady(count: Callable[..., Any]) -> Callable[..., Any]:
    """What is counted of `steady`, each once."""
    return functools.cache(functools.partial(count, steady()))


@pytest.mark.parametrize("gone", ["CV", "RL", "NL"])
def test_a_venue_that_vanishes_in_the_last_year_changes_no_growth_and_no_mover(gone: str) -> None:
    whole, trend_of_whole, comparison_of_whole = steady(), _of_steady(trend_of), _of_steady(comparison_of)
    world = {cell: n for cell, n in whole.items() if cell[:2] != (gone, 2022)}
    for by in ("publications", "authors", "adjusted", "share"):
        before, after = trend_of_whole(by=by), trend_of(world, by=by)
        assert (before.lacking, after.lacking) == ((), (gone,))
        assert (before.compared, after.compared) == ((2019, 2022), (2019, 2022))
        assert (before.reference, after.reference) == (2022, 2022), "two venues of three have most of its papers"
        columns = ["growth", "growth_last"]
        was, now = (t.frame.set_index("id").sort_index()[columns] for t in (before, after))
        assert now.to_numpy() == pytest.approx(was.to_numpy(), abs=1e-9)
    trends = (trend_of_whole(by="publications"), trend_of(world, by="publications"))
    was, now = (one.frame.set_index("id").sort_index() for one in trends)
    assert was["growth"].to_dict() == pytest.approx({"a": 3, "d": -0.75, "h": 0})
    assert (now[2022] < was[2022]).all(), "numbers as counted do fall"
    for periods in (((2021, 2021), (2022, 2022)), ((2019, 2020), (2021, 2022))):
        compared = (comparison_of_whole(*periods), comparison_of(world, *periods))
        ranks = [one.frame.set_index("id")[["rank_before", "rank_after"]] for one in compared]
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
    world = {("CV", 2018, "a"): 9, ("NL", 2019, "a"): 2, ("NL", 2021, "a"): 6, ("RL", 2021, "a"): 4}
    result = trend_of(world, by="publications")
    assert result.years == (2018, 2019, 2021), "2020 is a gap"
    row = result.frame.iloc[0]
    assert (result.compared, row["growth"], row["growth_last"]) == ((2019, 2021), 2, 2)
    levels = result.matched.iloc[0]
    assert levels[2018] != levels[2018], "no venue leads to it"
    assert levels[[2019, 2021]].tolist() == [2, 6]
    assert result.base is not None
    assert (result.base.share(2019), result.base.share(2021)) == (1, 0.6)
    assert "It is told of no more years of 2018 to 2021" in result.lines()[1]
    thin = trend_of(world | {("RL", 2021, "a"): 7}, by="publications")
    assert thin.compared is None, "less than half of 2021"
    lonely = trend_of({("CV", 2018, "a"): 1, ("NL", 2019, "a"): 1})
    assert lonely.compared is None
    assert lonely.frame["growth"].isna().all()
    assert "so there is no growth to tell" in lonely.lines()[1]


def test_a_last_year_of_another_venue_is_compared_where_it_was_before() -> None:
    """NL every year to 2022, CV in 2019, 2020 and 2023: CV compares, and NL alone tells nothing of 2023."""
    world = {("NL", y, "a"): 8 for y in range(2019, 2023)} | {("CV", y, "a"): n for y, n in ((2019, 6), (2020, 8), (2023, 30))}
    world |= {("CV", y, "d"): 2 for y in (2019, 2020, 2023)}
    result = trend_of(world, by="publications")
    assert result.compared == (2019, 2023)
    assert result.base is not None
    assert result.base.venues == ("CV",)
    assert (result.lacking, result.reference) == (("NL",), 2023)
    assert result.frame.set_index("id").loc["a", "growth"] == 4
    shorter = trend_of(world, by="publications", years="2019-2022")
    assert (shorter.compared, shorter.lacking, shorter.reference) == ((2019, 2022), (), 2022)


def test_what_a_year_lacks_is_a_fact_of_the_data_not_of_the_years_asked_for() -> None:
    world = steady() | {("CV", 2023, "a"): 9}
    for years in ("2019-2023", "2021-2023", "2020,2023", "2023"):
        assert trend_of(world, years=years).lacking == ("NL", "RL"), years
    del world["CV", 2021, "a"], world["CV", 2021, "d"], world["CV", 2021, "h"]
    for years in ("2019-2021", "2021", "2020-2021"):
        assert trend_of(world, years=years).lacking == ("CV",), years


def leads_of(world: World, **query: Any) -> list[tuple[Any, ...]]:
    found = trend_of(world, by="publications", **query).leads
    return [(lead.venues, lead.before, lead.year, lead.ids, lead.values, lead.values_before) for lead in found]


def test_a_lead_that_changes_hands_is_told_with_its_venue_its_year_and_numbers() -> None:
    world = {
        ("CV", 2019, "a"): 5,
        ("CV", 2019, "d"): 3,
        ("CV", 2020, "a"): 4,
        ("CV", 2020, "d"): 4,
        ("CV", 2022, "a"): 6,
        ("CV", 2022, "d"): 9,
    }
    told = (("CV",), 2019, 2022, ("d", "a"), (9.0, 6.0), (3.0, 5.0))
    assert leads_of(world) == [told], "who shares the first place in 2020 does not lead"
    assert "Delta passed Alpha between 2019 and 2022 (CV): 9 to 6 in 2022." in trend_of(world, by="publications").lines()
    back = world | {("CV", 2022, "a"): 20}
    assert leads_of(back) == [], "who leads in the last year led before"
    assert leads_of(world | {("CV", 2022, "a"): 9}) == [], "nobody leads at the end"
    assert leads_of(world, least=13) == [], "2019 has too few papers"


def test_a_lead_at_the_venues_compared_comes_first_then_that_of_the_largest_venue() -> None:
    both = {("CV", 2020, "a"): 9, ("CV", 2020, "d"): 5, ("CV", 2021, "a"): 9, ("CV", 2021, "d"): 11}
    other = {("NL", 2020, "a"): 30, ("NL", 2020, "d"): 2, ("NL", 2021, "a"): 30, ("NL", 2021, "d"): 2}
    small = {("RL", 2020, "d"): 1, ("RL", 2021, "a"): 1}
    assert [lead[0] for lead in leads_of(both | other | small)] == [("CV",), ("RL",)], "over all three nobody passed"
    assert [lead[0] for lead in leads_of(both | small)] == [("CV", "RL"), ("CV",), ("RL",)]


def test_years_of_few_papers_are_not_compared_for_growth_charts_and_movers() -> None:
    """Between 2019 and 2020 both years have one small venue alone; one of its years has four papers."""
    world = {("CV", 2019, "a"): 3, ("NL", 2019, "a"): 1, ("NL", 2019, "d"): 3, ("NL", 2020, "a"): 23, ("NL", 2020, "d"): 3}
    world |= {("NL", 2021, "d"): 5, ("NL", 2021, "a"): 30}
    whole, broken = trend_of(world, by="publications"), trend_of(world, least=5, by="publications")
    assert (whole.compared, broken.compared) == ((2019, 2021), (2020, 2021))
    rows, levels = broken.frame.set_index("id"), broken.matched.set_index("id")
    assert rows.loc["a", "growth"] == rows.loc["a", "growth_last"] == 30 / 23 - 1
    assert math.isnan(levels.loc["a", 2019])
    assert rows.loc["a", 2019] == 4, "but it is counted"
    assert "or fewer than 5 papers" in broken.growth_line()
    none = trend_of(world, least=100, by="publications")
    assert (none.base, none.step, none.compared) == (None, None, None)
    assert none.frame[["growth", "growth_last"]].isna().all(axis=None)
    assert none.drawn is none.frame, "charts show the numbers as counted"
    assert "50% of their papers, and 100 papers, in the venues of both" in none.growth_line()
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
    assert first == Link((2019, 2020, 2021), ("CV",), (1, 2, 3), (1, 2, 7))
    assert (first.ends, first.rests_on, first.share(2021)) == ((2019, 2021), 6 / 10, 3 / 7)
    assert (second.years, second.venues, second.rests_on) == ((2021, 2022), ("RL",), 9 / 12)
    assert rests_on((first, second)) == 15 / 22
    assert [p.years for p in pairs(papers, (2019, 2020), (2021, 2022), 1)] == [(2019, 2021)]


def test_ranks_of_years_with_other_venues_do_not_go_on() -> None:
    def begins(papers: dict[tuple[str, int], int], share: float = 0.5, change: float = 3) -> tuple[int, ...]:
        return breaks(papers, RankSettings(panel_share=share, link_change=change, link_papers=100))

    same = {("CV", 2019): 3, ("CV", 2020): 3, ("CV", 2022): 4}
    assert begins(same) == (), "few papers, and a year without any"
    other = same | {("NL", 2019): 3, ("NL", 2020): 4, ("RL", 2022): 5}
    assert begins(other) == (2022,), "3 of 7 papers of 2020 are at a venue of both, and 4 of 9"
    assert begins(other, share=3 / 7) == ()
    assert begins({("CV", 2019): 10, ("CV", 2020): 31}) == (2020,), "2019 has a part of it"
    assert begins({("CV", 2019): 10, ("CV", 2020): 31}, change=4) == ()
    assert begins({("CV", 2019): 1, ("NL", 2020): 1, ("CV", 2021): 1}) == (2020, 2021)


def test_a_row_of_years_ends_where_the_venues_are_others() -> None:
    world = {
        (v, y, who): n for y, v in ((2019, "CV"), (2020, "CV"), (2021, "NL"), (2022, "NL")) for who, n in (("a", 9), ("d", 2))
    }
    result = ranks_of(world)
    assert result.trend.breaks == (2021,)
    assert result.frame.set_index("id").loc["a", ["in_a_row", "years_first"]].tolist() == [2, 4]
    assert result.lines()[1] == (
        "Ranks of 2021 do not go on from those of the year before, nor does a row of years: "
        "the venues of both, without those of which one has only a part (rank.link_change), have less than 50% of the papers of one "
        "(rank.panel_share)."
    )
    assert result.to_dict()["breaks"] == [2021]


def test_who_is_first_in_a_complete_year_that_does_not_compare_is_said_beside() -> None:
    world = {("CV", y, who): n for y in range(2019, 2023) for who, n in (("a", 9), ("d", 2))} | {("NL", 2022, "d"): 30}
    result = ranks_of(world)
    assert (result.trend.reference, result.trend.complete, result.later) == (
        2021,
        (2019, 2020, 2021, 2022),
        {2022: {"d": "Delta"}},
    )
    told = [
        "Alpha is first in 2021, 3 years in a row (of 3 with papers).",
        "In 2022, to which ranks do not go on from 2021, Delta is first.",
    ]
    assert result.lines()[:2] == told
    few = ranks_of(world, limit=1)
    assert (few.lines()[:2], len(few.frame), len(few.trend.ranks), few.trend.total) == (told, 1, 1, 2), "whoever is shown"
    with pytest.raises(AffilError, match="a limit is at least 1, not 0"):
        ranks_of(world, limit=0)
    same = ranks_of({k: n for k, n in world.items() if k[:2] != ("NL", 2022)} | {("NL", 2022, "a"): 30})
    assert (same.trend.reference, same.later) == (2021, {2022: {"a": "Alpha"}}), "the same"
    with counted(world, VENUES) as db:
        partly = ranks_by_year(db, VENUES, SETTINGS.model_copy(update={"link_change": 1.5}))
    assert (partly.trend.told, partly.later) == (2021, {2022: {"d": "Delta"}})
    del world["CV", 2022, "a"]
    with counted(world, VENUES) as db:
        partly = ranks_by_year(db, VENUES, SETTINGS.model_copy(update={"link_change": 1.5}))
    assert (partly.trend.parts, partly.later) == ((("CV", 2022),), {}), "who is first in a year of a part says nothing"


def test_ranks_are_told_of_the_last_year_to_which_they_go_on() -> None:
    """Growth compares 2017 and 2023, and ranks go on from 2023 to 2024, of which another conference's alone are there."""
    world = {("NL", 2017, "a"): 8, ("NL", 2023, "a"): 6, ("CV", 2023, "a"): 5, ("CV", 2023, "d"): 5, ("CV", 2024, "d"): 9}
    world |= {("NL", 2017, "d"): 2, ("NL", 2023, "d"): 4, ("CV", 2024, "a"): 3}
    venues = Venues(replace(one, not_held=("2024",)) if one.venue == "NL" else one for one in VENUES.values())
    with counted(world, venues) as db:
        result = ranks_by_year(db, venues, SETTINGS)
    assert (result.trend.compared, result.trend.lacking, result.trend.breaks) == ((2017, 2023), (), ())
    assert (result.trend.reference, result.trend.told, result.later) == (2023, 2024, {})
    assert result.lines()[0] == "Delta is first in 2024."
    assert result.frame.set_index("id")["in_a_row"].to_dict() == {"a": 0, "d": 1}


def test_two_who_share_the_first_place_are_both_told() -> None:
    world = {("CV", y, who): 4 for y in (2019, 2020) for who in ("a", "d")}
    for limit in (None, 1):
        assert ranks_of(world, limit=limit).lines()[:2] == [
            "Alpha is first in 2020, 2 years in a row (of 2 with papers).",
            "Delta is first in 2020, 2 years in a row (of 2 with papers).",
        ]
    one = ranks_of(world).of("d")
    assert (one.frame["id"].tolist(), one.trend.ranks["id"].tolist()) == (["d"], ["d"])


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
    assert ranks_of(world).lines()[0] == "Alpha is first in 2022, 2 years in a row (of 4 with papers).", (
        "most of its papers are there"
    )
    world = {cell: n for cell, n in steady().items() if cell[1] < 2022} | {("WEB", 2022, "d"): 9}
    assert ranks_of(world).lines()[0] == "Alpha is first in 2021.", "2022 compares with no year"
    assert ranks_of(world).later == {}, "2022 is incomplete"
    world = {cell: n for cell, n in steady().items() if cell[1] != 2021}
    assert ranks_of(world).frame.set_index("id").loc["a", "in_a_row"] == 1, "a year without papers ends a row"
    assert [r["id"] for r in ranks_of(steady(), limit=1).to_dict()["ranks"]] == ["a"]
