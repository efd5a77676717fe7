"""Ranges of ranks: expectations and effects against all combinations of matches, quantiles against a simulation."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from affil.rank import LEVELS, MEASURES, measure, moves, rank
from affil.rank.distribution import distributions
from affil.rank.doubt import Doubts, doubts
from affil.rank.measure import counts
from affil.rank.ranges import Atoms, _most_mentioned, _passing
from affil.settings import RankSettings
from affil.types import Author, Paper
from tests.examples import examples

from .test_credit import INSTITUTIONS, STRINGS, VENUES, Answers, found, naive, one_each, paper, tables

SUCCESSOR = {row[0]: row[1] for row in INSTITUTIONS}
CHANCES = {"match": 0.95, "review": 0.6}
PLAIN = RankSettings(ranges=False)


def values(papers: list[Paper], answers: Answers, by: str, level: str, **query: Any) -> dict[str, float]:
    counted, _ = naive(papers, answers, {}, PLAIN, level, **query)
    return {where: float(measures[by]) for where, measures in counted.items()}


@examples(25)
@example(  # the part of the doubtful string is that of an unknown institution as long as it is in review
    papers=[Paper("1", "One", "CV", 2020, (Author("Ann", ("s0", "s1")),))],
    answers={"s0": [("a", "match")], "s1": [("a", "review")]},
    level="institution",
    by="adjusted",
    query={},
)
@given(
    papers=st.lists(paper, min_size=1, max_size=6, unique_by=lambda p: p.id),
    answers=st.dictionaries(st.sampled_from(STRINGS[:4]), found, min_size=1),
    level=st.sampled_from(LEVELS),
    by=st.sampled_from(MEASURES),
    query=st.sampled_from([{}, {"kind": "education"}, {"roll_up": "top"}]),
)
def test_expectations_and_effects_are_those_of_all_combinations(
    papers: list[Paper], answers: Answers, level: Any, by: Any, query: dict[str, Any]
) -> None:
    used = {c for p in papers for c in (*p.paper_affiliations, *(c for a in p.authors for c in a.affiliations))}
    chances: dict[tuple[str, str], float] = {}
    for string in used & answers.keys():
        for identifier, decision in answers[string]:
            pair = (string, SUCCESSOR[identifier])
            chances[pair] = max(chances.get(pair, 0), CHANCES[decision])
    pairs = sorted(chances)
    if len(pairs) > 6:
        return
    with counts(tables(papers, answers), {}, VENUES, PLAIN) as db:
        frame = measure(db, VENUES, PLAIN, level=level, by=by, **query).frame
        got = doubts(db, by, PLAIN)
        ids = [i for i, _ in db.execute("SELECT DISTINCT id, entity FROM seat ORDER BY entity").fetchall()]
    nothing = 1.0 if by == "index" else 0.0
    states = list(itertools.product((True, False), repeat=len(pairs)))
    weights, worth = [], []
    for state in states:
        drawn = {
            s: [(i, "match") for (string, i), kept in zip(pairs, state, strict=True) if kept and string == s] for s in STRINGS
        }
        one = values(papers, drawn, by, level, **query)
        worth.append([one.get(i, nothing) for i in ids])
        weights.append(np.prod([chances[p] if kept else 1 - chances[p] for p, kept in zip(pairs, state, strict=True)]))
    weight, table, kept_in = np.array(weights), np.array(worth).reshape(len(states), len(ids)), np.array(states)
    assert got.decided == pytest.approx(table[0]), "all are more probably right than wrong"
    as_counted = dict(zip(frame["id"], frame[by], strict=True))
    assert got.counted == pytest.approx([as_counted.get(i, nothing) for i in ids])
    # the index is not a sum: its mean is right to second order
    assert got.mean == pytest.approx(weight @ table, abs=0.01 if by == "index" else 1e-9)
    effects = np.zeros((len(ids), len(pairs)))
    effects[got.entity, got.pair] = got.effect
    for k in range(len(pairs)):
        right, wrong = kept_in[:, k], ~kept_in[:, k]
        wanted = weight[right] @ table[right] / weight[right].sum() - weight[wrong] @ table[wrong] / weight[wrong].sum()
        assert effects[:, k] == pytest.approx(wanted, abs=0.02 if by == "index" else 1e-9)


@pytest.mark.parametrize("by", ["publications", "authors", "adjusted"])
@pytest.mark.parametrize("decision", ["match", "review"])
@pytest.mark.parametrize("roll_up", ["parent", "top"])
def test_strings_of_an_author_that_name_other_parents_are_one_claim(by: Any, decision: str, roll_up: Any) -> None:
    """Delta has the parents Gamma and Alpha; what names Gamma beside it is Gamma's alone, whatever else the author states."""
    papers = [
        Paper("1", "One", "CV", 2020, (Author("Ann", ("s0", "s1")), Author("Bo", ("s1",)))),
        Paper("2", "Two", "CV", 2020, (Author("Cy", ("s0",)),)),
    ]
    answers: Answers = {"s0": [("d", decision)], "s1": [("d", decision)]}
    with counts(tables(papers, answers, beside={"s1": ["c"]}), {}, VENUES, PLAIN) as db:
        measure(db, VENUES, PLAIN, level="institution", by=by, roll_up=roll_up)
        got = doubts(db, by, PLAIN)
        ids = [i for i, _ in db.execute("SELECT DISTINCT id, entity FROM seat ORDER BY entity").fetchall()]
    right: Answers = {s: [("d", "match")] for s in answers}
    all_right = values(papers, right, by, "institution", roll_up=roll_up, beside={"s1": ["c"]})
    assert got.decided == pytest.approx([all_right[i] for i in ids])
    assert got.counted == pytest.approx(got.decided if decision == "match" else [0] * len(ids))


@pytest.mark.parametrize("level", ["institution", "city"])
def test_strings_of_an_author_that_state_other_places_are_one_claim(level: Any) -> None:
    """An institution that one string places elsewhere than another is named once; its place is that of the first."""
    papers = [
        Paper("1", "One", "CV", 2020, (Author("Ann", ("s0", "s1", "s2")),)),
        Paper("2", "Two", "CV", 2020, (Author("Bo", ("s0",)), Author("Cy", ("s1",)))),
    ]
    of = tables(papers, {"s0": [("a", "match")], "s1": [("a", "match")], "s2": [("b", "match")]})
    matches = of.matches
    for field, place in (("country", "GB"), ("region", ""), ("city", "London")):
        matches = matches.append_column(f"stated_{field}", pa.array([place if s == "s1" else "" for s in ("s0", "s1", "s2")]))
    settings = RankSettings(stated_places=("education",))
    with database(settings.memory) as db:
        prepare(db, replace(of, matches=matches), {}, VENUES, settings)
        number_texts(db, db.from_arrow(all_credit(db, number(db, settings), settings)))
        frame = measure(db, VENUES, settings, level=level).frame
        got = doubts(db, "adjusted", settings)
        ids = [i for i, _ in db.execute("SELECT DISTINCT id, entity FROM seat ORDER BY entity").fetchall()]
    assert dict(zip(ids, got.counted, strict=True)) == pytest.approx(dict(zip(frame["id"], frame["adjusted"], strict=True)))


def made_up(seed: int, *, whole: bool) -> Doubts:
    """Two hundred entities of up to sixty strings, sure and unsure, small and large."""
    draw = np.random.default_rng(seed)
    entity = np.repeat(np.arange(200), draw.integers(0, 60, 200))
    size = len(entity)
    probability = draw.choice([0.999, 0.99, 0.95, 0.6, 0.3], size, p=[0.4, 0.3, 0.2, 0.05, 0.05])
    effect = np.ceil(draw.pareto(1.2, size) + 0.1) if whole else draw.pareto(1.2, size) + 0.1
    mean = np.bincount(entity, effect * probability, 200)
    return Doubts(mean, mean, mean, entity, np.arange(size), effect, probability, np.zeros(size, bool), np.zeros(size, bool))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("whole", [False, True])
def test_ranges_are_those_of_a_simulation(seed: int, whole: bool) -> None:
    given_, draws, confidence = made_up(seed, whole=whole), 20_000, 0.95
    random = np.random.default_rng(seed)
    number_ = np.zeros((200, draws), np.float32)
    for entity, effect, p in zip(given_.entity, given_.effect, given_.probability, strict=True):
        number_[entity] += np.where(random.random(draws) < p, np.float32(effect), np.float32(0))
    number_ = np.round(number_, 4)
    ranks = np.empty((200, draws), np.int64)
    for k, column in enumerate(number_.T):
        ranks[:, k] = np.searchsorted(np.sort(-column), -column) + 1
    ranks.sort(axis=1)
    tail = int((1 - confidence) / 2 * draws)
    wanted = np.stack([ranks[:, tail], ranks[:, -1 - tail]])
    atoms, rows = Atoms.of(given_, whole=whole, grid=PLAIN.grid), np.arange(200)
    got = np.stack(atoms.rank_quantiles(rows, confidence))
    allowed = np.maximum(1, 0.05 * (wanted[1] - wanted[0]))
    far = (np.abs(got - wanted) > allowed).any(axis=0)
    assert far.mean() <= 0.02, (rows[far], got[:, far], wanted[:, far])
    assert (np.abs(got - wanted) <= np.maximum(3, allowed)).all()
    ahead = (number_[:-1] > number_[1:]).mean(1) + (number_[:-1] == number_[1:]).mean(1) / 2
    # a large number of parts that is spread over few cells is off by a little more than the simulation
    assert np.abs(atoms.ahead(rows[:-1], rows[1:]) - ahead).max() < 0.05


@pytest.mark.parametrize("seed", [3, 4])
@pytest.mark.parametrize("whole", [False, True])
def test_ranges_of_some_rows_are_those_of_the_whole_ranking(seed: int, whole: bool) -> None:
    """Entities that are below all these rows for sure are left out; sums over others differ in digits that are not told."""
    doubt = made_up(seed, whole=whole)
    every, best = Atoms.of(doubt, whole=whole, grid=PLAIN.grid), np.argsort(-doubt.mean).astype(np.int64)
    for rows in (best[:1], best[:10], best[90:110], best[-3:], best):
        some = Atoms.of(doubt, whole=whole, grid=PLAIN.grid, rows=rows)
        for one, other in zip(some.rank_quantiles(rows, 0.95), every.rank_quantiles(rows, 0.95), strict=True):
            assert one.tolist() == other.tolist()
        assert some.ahead(rows[:-1], rows[1:]) == pytest.approx(every.ahead(rows[:-1], rows[1:]), abs=1e-10)
    assert len(Atoms.of(doubt, whole=whole, grid=PLAIN.grid, rows=best[:3]).entity) < len(every.entity) / 2


@pytest.mark.parametrize("whole", [False, True])
def test_distributions_have_the_mean_and_few_values_exactly(whole: bool) -> None:
    given_ = made_up(3, whole=whole)
    entity, value, weight = distributions(given_, whole=whole, grid=PLAIN.grid)
    assert np.bincount(entity, weight, 200) == pytest.approx(np.ones(200))
    one = Doubts(*(np.array([x]) for x in (2.85, 3.0, 3.0)), *map(np.array, ([0], [0], [3.0], [0.95], [False], [False])))
    _, value, weight = distributions(one, whole=whole, grid=PLAIN.grid)
    assert dict(zip(np.round(value, 9), np.round(weight, 9), strict=True)) == {0.0: 0.05, 3.0: 0.95}


def test_what_people_decided_is_sure() -> None:
    papers, answers = one_each(("s0", "a"), ("s0", "a"), ("s1", "b"))
    answers["s0"] = [("a", "review"), ("b", "review")]
    doubtful = rank(tables(papers, answers), venues=VENUES, settings=RankSettings(include_review=True)).frame
    assert (doubtful["low"] < doubtful["high"]).all()
    sure = rank(tables(papers, answers), venues=VENUES, decisions={"s0": ["a"], "s1": ["b"]}).frame
    assert sure[["low", "high"]].values.tolist() == [[1, 1], [2, 2]]
    assert sure["ahead"].tolist()[0] == 1.0
    assert sure["in_review"].tolist() == [0, 0]


def test_neighbours_that_tie_are_not_told_apart() -> None:
    papers, answers = one_each(("s0", "a"), ("s1", "b"))
    frame = rank(tables(papers, answers), venues=VENUES, decisions={"s0": ["a"], "s1": ["b"]}).frame
    assert frame["ahead"].tolist()[0] == 0.5


def test_what_the_review_queue_would_change_is_said_with_its_strings() -> None:
    papers, answers = one_each(("s0", "a"), ("s0", "a"), ("s1", "b"), ("s2", "b"), ("s3", "b"), ("s4", "c"))
    answers |= {"s2": [("b", "review")], "s3": [("b", "review")]}
    frame = rank(tables(papers, answers), venues=VENUES).frame.set_index("id")
    assert frame["rank"].to_dict() == {"a": 1, "b": 2, "c": 2}
    assert frame["rank_decided"].to_dict() == {"a": 2, "b": 1, "c": 3}
    assert frame["deciding"].to_dict() == {"a": ["s2", "s3"], "b": ["s2", "s3"], "c": ["s2", "s3"]}
    review, match = 2 * 0.6 * 0.4, 0.95 * 0.05
    assert frame["in_review"].to_dict() == pytest.approx({"a": 0, "b": review / (review + match), "c": 0})
    decided = rank(tables(papers, answers), venues=VENUES, decisions={"s2": ["b"], "s3": ["b"]}).frame.set_index("id")
    assert decided["rank"].to_dict() == frame["rank_decided"].to_dict()
    assert decided["deciding"].str.len().sum() == 0


def test_ranges_can_be_left_out_and_settings_of_older_versions_are_read() -> None:
    papers, answers = one_each(("s0", "a"), ("s1", "b"), ("s2", "c"))
    one, two = (rank(tables(papers, answers), venues=VENUES).frame for _ in range(2))
    assert one.equals(two)
    assert not {"low", "high", "ahead", "in_review", "rank_decided"} & {*rank(tables(papers, answers), settings=PLAIN).frame}
    assert RankSettings.model_validate({"resamples": 200, "seed": 20261124}) == RankSettings()
    assert RankSettings.model_validate({"resamples": 0}) == PLAIN


def test_a_row_is_marked_only_if_it_would_move_by_some_ranks() -> None:
    for rank_, decided, up_or_down in ((5, 3, "up"), (5, 4, ""), (5, 5, ""), (5, 6, ""), (5, 7, "down")):
        assert moves({"rank": rank_, "rank_decided": decided}, 2) == up_or_down
    assert moves({"rank": 5, "rank_decided": 4}, 1) == "up"
    assert moves({"rank": 5}, 1) == "", "without ranges nothing is known"


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(1, 3)), max_size=30))
def test_the_strings_mentioned_most_are_those_of_a_plain_count(rows: list[tuple[int, int, int]]) -> None:
    wanted = []
    for group in sorted({g for g, _, _ in rows}):
        most = {s: max(m for g, t, m in rows if (g, t) == (group, s)) for g, s, _ in rows if g == group}
        wanted += [(group, s, m) for s, m in sorted(most.items(), key=lambda one: (-one[1], one[0]))[:3]]
    got = _most_mentioned(*(np.array([row[k] for row in rows], np.int64) for k in range(3)), 3)
    assert [*zip(*(column.tolist() for column in got), strict=True)] == wanted


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.booleans()), min_size=1, max_size=60))
def test_a_row_is_moved_by_itself_or_by_the_first_that_pass_it(entities: list[tuple[int, int, bool]]) -> None:
    counted = np.array([c for c, _, _ in entities], np.float64)
    decided = np.array([c + g * a for c, g, a in entities], np.float64)
    adding = [k for k, (*_, adds) in enumerate(entities) if adds]
    none = np.zeros(0)
    found = Doubts(counted, counted, decided, *(none.astype(int),) * 2, none, none, *(none.astype(bool),) * 2)
    row, passing = _passing(found, np.arange(len(entities)), np.array(adding, np.int64), PLAIN)
    got = sorted(zip(row.tolist(), passing.tolist(), strict=True))
    passed = {
        k: [e for e in adding if counted[e] <= counted[k] and decided[e] >= decided[k]][:20] for k in range(len(entities))
    }
    assert got == sorted((k, e) for k in passed for e in ([k] if k in adding else passed[k]))
