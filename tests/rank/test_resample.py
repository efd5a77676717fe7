"""Rank intervals against a naive reference: each resample recomputed by itself, from the matches that were drawn in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affil.rank import LEVELS, MEASURES, rank
from affil.settings import RankSettings
from affil.types import Paper

from .test_credit import INSTITUTIONS, STRINGS, VENUES, Answers, decided_ids, found, naive, one_each, paper, tables

DRAWS = 12
SUCCESSOR = {row[0]: row[1] for row in INSTITUTIONS}


def drawn_answers(
    ranked: pd.DataFrame, papers: list[Paper], answers: Answers, decisions: Any, seed: int, slice_: set[str]
) -> list[Answers]:
    """What each resample answers: the same random numbers, pair by pair in order."""
    used = {
        c for p in papers if p.id in slice_ for c in (*p.paper_affiliations, *(c for a in p.authors for c in a.affiliations))
    }
    chances: dict[tuple[str, str], float] = {}
    for string in used:
        if string in decisions:
            chances |= {(string, SUCCESSOR[i]): 1.0 for i in decisions[string] if i in SUCCESSOR}
            continue
        for identifier, decision in answers.get(string, []):
            key = (string, SUCCESSOR[identifier])
            chances[key] = max(chances.get(key, 0), {"match": 0.95, "review": 0.6}[decision])
    pairs = sorted(chances)
    random = np.random.default_rng(seed).random((DRAWS, len(pairs)), np.float32)
    kept = random < np.array([chances[p] for p in pairs], np.float32)
    return [
        {s: [(i, "match") for (string, i), k in zip(pairs, row, strict=True) if k and string == s] for s in STRINGS}
        for row in kept
    ]


def values(papers: list[Paper], answers: Answers, by: str, level: str, **query: Any) -> dict[str, float]:
    counted, _ = naive(papers, answers, {}, RankSettings(), level, **query)
    return {where: round(float(measures[by]), 9) for where, measures in counted.items()}


@settings(max_examples=40, deadline=None)
@given(
    papers=st.lists(paper, min_size=1, max_size=8, unique_by=lambda p: p.id),
    answers=st.dictionaries(st.sampled_from(STRINGS), found, min_size=1),
    decisions=st.dictionaries(st.sampled_from(STRINGS), decided_ids, max_size=2),
    level=st.sampled_from(LEVELS),
    by=st.sampled_from(MEASURES),
    query=st.sampled_from([{}, {"kind": "education"}, {"roll_up": "top"}, {"years": (2019, 2021)}]),
)
def test_equals_ranking_each_resample(
    papers: list[Paper], answers: Answers, decisions: Any, level: Any, by: Any, query: dict[str, Any]
) -> None:
    years = query.get("years", (0, 9999))
    inside = {p.id for p in papers if years[0] <= p.year <= years[1]}
    if not inside:
        return
    config = RankSettings(resamples=DRAWS, confidence=0.8)
    frame = rank(
        tables(papers, answers), decisions=decisions, venues=VENUES, settings=config, level=level, by=by, **query
    ).frame
    if frame.empty:
        return
    resamples = [
        values(papers, one, by, level, **query) for one in drawn_answers(frame, papers, answers, decisions, config.seed, inside)
    ]
    # What nobody names in a resample is worth nothing, or the offset alone in an index.
    nothing = 1.0 if by == "index" else 0.0
    ids = frame["id"].tolist()
    worth = np.array([[one.get(i, nothing) for one in resamples] for i in ids])
    ranks = np.array(
        [[1 + sum(v > mine + 1e-8 for v in one.values()) for one, mine in zip(resamples, row, strict=True)] for row in worth]
    )
    tail = int(0.1 * (DRAWS - 1) + 1e-9)
    ordered = np.sort(ranks, axis=1)
    np.testing.assert_array_equal(frame["low"], np.minimum(ordered[:, tail], frame["rank"]))
    np.testing.assert_array_equal(frame["high"], np.maximum(ordered[:, -1 - tail], frame["rank"]))
    close = np.abs(worth[:-1] - worth[1:]) < 1e-8
    ahead = np.where(close, 0.5, worth[:-1] > worth[1:]).mean(axis=1)
    np.testing.assert_allclose(frame["ahead"].to_numpy()[:-1], ahead)
    assert np.isnan(frame["ahead"].to_numpy()[-1])


def test_what_people_decided_is_sure() -> None:
    papers, answers = one_each(("s0", "a"), ("s0", "a"), ("s1", "b"))
    answers["s0"] = [("a", "review"), ("b", "review")]
    doubtful = rank(tables(papers, answers), venues=VENUES, settings=RankSettings(include_review=True)).frame
    assert (doubtful["low"] < doubtful["high"]).all()
    sure = rank(tables(papers, answers), venues=VENUES, decisions={"s0": ["a"], "s1": ["b"]}).frame
    assert sure[["low", "high"]].values.tolist() == [[1, 1], [2, 2]]
    assert sure["ahead"].tolist()[0] == 1.0


def test_neighbours_that_tie_are_not_told_apart() -> None:
    papers, answers = one_each(("s0", "a"), ("s1", "b"))
    frame = rank(tables(papers, answers), venues=VENUES, decisions={"s0": ["a"], "s1": ["b"]}).frame
    assert frame["ahead"].tolist()[0] == 0.5


def test_the_same_seed_gives_the_same_intervals_and_zero_gives_none() -> None:
    papers, answers = one_each(("s0", "a"), ("s1", "b"), ("s2", "c"))
    one, two = (rank(tables(papers, answers), venues=VENUES).frame for _ in range(2))
    assert one.equals(two)
    none = rank(tables(papers, answers), venues=VENUES, settings=RankSettings(resamples=0)).frame
    assert not {"low", "high", "ahead"} & {*none.columns}


@pytest.mark.parametrize("cells", [1, 50])
def test_the_size_of_a_batch_does_not_matter_for_what_is_certain(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    papers, answers = one_each(("s0", "a"), ("s1", "b"), ("s2", "c"))
    whole = rank(tables(papers, answers), venues=VENUES).frame
    monkeypatch.setattr("affil.rank.resample._CELLS", cells)
    assert rank(tables(papers, answers), venues=VENUES).frame.equals(whole), "the same random numbers in the same order"
