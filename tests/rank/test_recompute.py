"""The ranking against the recomputation in plain pandas: equal to 1e-9 on all measures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from affil.errors import AffilError
from affil.rank import AREAS, LEVELS, Store, Tables, load_venues, rank, trend
from affil.rank.measure import counts, measure
from affil.settings import RankSettings
from affil.workspace import Workspace

from .recompute import count, credited, frames, recompute

VENUES = {v.venue: (v.weight, v.areas, v.years[0] or 0, v.years[1] or 9999) for v in load_venues().values()}
SLICES: list[dict[str, Any]] = [
    {},
    {"years": (2016, 2019)},
    {"area": "machine learning"},
    {"area": "robotics", "years": (2015, 2024)},
    {"kind": "company"},
    {"roll_up": "parent"},
    {"roll_up": "top", "kind": "education"},
    {"roll_up": "top"},
]
HELD = ["CVPR", "CoRL", "ICML", "MABS", "WWW", "UAI", "KR", "Elsewhere"]  # venues that there are papers of
PLAIN = RankSettings(ranges=False)
SETTINGS: list[dict[str, Any]] = [{}, {"offset": 0.25, "include_review": True, "country_groups": {"HK": "CN", "GB": "EU"}}]


def draw(seed: int, papers: int = 400, strings: int = 120, institutions: int = 60) -> tuple[Tables, dict[str, list[str]]]:
    """A synthetic project: everything that can happen happens often."""
    random = np.random.default_rng(seed)
    ids = [f"i{n:02}" for n in range(institutions)]
    registry = pd.DataFrame(
        {
            "id": ids,
            "active_id": [ids[random.integers(n + 1)] if random.random() < 0.1 else i for n, i in enumerate(ids)],
            "name": ids,
            "name_zh": "",
            "kind": random.choice(["education", "company", "facility"], institutions),
            "country": random.choice(["US", "CN", "HK", "GB", "SG", ""], institutions),
            "region": "",
            "city": random.choice(["Paris", "London", "Wuhan", ""], institutions),
            # Parents and successors have smaller numbers: no circles, which the tests of roll_up look at.
            "parents": [
                [ids[p] for p in random.integers(0, n, random.integers(0, 3))] if n else [] for n in range(institutions)
            ],
        }
    )
    registry["region"] = registry["country"].map({"US": "US-CA", "CN": "CN-BJ", "GB": "GB-ENG"}).fillna("")
    active = dict(zip(registry["id"], registry["active_id"], strict=True))
    registry["active_id"] = [i if active[a] != a else a for i, a in active.items()]  # one step only
    names = [f"string {n}" for n in range(strings)]
    matches = []
    for name in names:
        if random.random() < 0.1:
            continue  # not matched yet
        named = random.choice([*ids, "gone"], random.integers(0, 4), replace=False)
        found = [(name, i, c := float(random.uniform(0.5, 1)), "match" if c > 0.7 else "review") for i in named]
        above = dict(zip(registry["id"], registry["parents"], strict=True))
        beside = [
            [p for p in (*above.get(i, ()), "gone", ids[random.integers(institutions)]) if random.random() < 0.3] for i in named
        ]
        told = [(*row, more or None) for row, more in zip(found, beside, strict=True)]
        matches += told or [(name, None, None, "none", None)]
    venues = random.choice(HELD, papers)
    rows, mentions = [], []
    people = ["Wei Wang", "wei-wang", "J. Müller", "J Muller", "王伟", "Ana Li", "."]
    for n, venue in enumerate(venues):
        authors, aligned = int(random.integers(0, 7)), random.random() < 0.8
        rows.append((f"p{n}", "", venue, int(random.integers(2014, 2025)), authors, aligned))
        for position in range(authors) if aligned else [None]:
            cells = random.choice(names, random.integers(0, 4))
            author = None if position is None else random.choice(people)
            mentions += [(f"p{n}", position, author, cell) for cell in cells] or [(f"p{n}", position, author, None)]
    schema = [("paper", pa.string()), ("position", pa.int32()), ("author", pa.string()), ("affiliation", pa.string())]
    tables = Tables(
        pa.Table.from_pandas(
            pd.DataFrame(rows, columns=["id", "title", "venue", "year", "authors", "aligned"]), preserve_index=False
        ),
        pa.table([pa.array(c, t) for c, (_, t) in zip(zip(*mentions, strict=True), schema, strict=True)], pa.schema(schema)),
        pa.Table.from_pandas(
            pd.DataFrame(matches, columns=["affiliation", "institution_id", "probability", "decision", "named_parents"])
        ),
        pa.Table.from_pandas(registry, preserve_index=False),
    )
    return tables, {names[1]: [ids[3]], names[2]: [], names[3]: [ids[1], ids[2], "gone"], "never": [ids[0]]}


def with_digests(tables: Tables) -> Tables:
    """As a store wants them: with what says that a paper has changed."""
    digest = pa.array([b"x" * 16] * len(tables.papers), pa.binary(16))
    return replace(tables, papers=tables.papers.append_column("digest", digest))


def check(ranked: pd.DataFrame, expected: pd.DataFrame) -> None:
    rows = ranked.set_index("id")
    assert set(rows.index) == set(expected.index)
    for column in ("publications", "authors", "adjusted", "index", "share"):
        pd.testing.assert_series_equal(
            rows[column].astype(float).sort_index(),
            expected[column].astype(float).sort_index(),
            check_names=False,
            rtol=0,
            atol=1e-9,
        )


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("settings", SETTINGS, ids=["default", "other"])
def test_equals_plain_pandas(seed: int, settings: dict[str, Any], tmp_path: Path) -> None:
    """What is counted once and ranked in every slice; and the first slice as it is ranked from the tables."""
    tables, decisions = draw(seed)
    given = frames(tables)
    config, venues, store = RankSettings(ranges=False, **settings), load_venues(), Store(tmp_path)
    state = store.refresh(with_digests(tables), decisions, venues, config)
    review = {"include_review": config.include_review}
    for part in SLICES:
        credit = credited(*given, VENUES, decisions=decisions, **_only(part, "area", "years"), **review)
        how = _only(part, "area", "kind", "roll_up") | _only(settings, "offset", "country_groups")
        expected = {level: count(credit, given[3], level=level, **how) for level in LEVELS}
        with store.opened(state, **part) as (db, known):
            for level in LEVELS:
                check(measure(db, known, config, level=level, **part).frame, expected[level])
        if part == SLICES[seed]:
            with counts(tables, decisions, venues, config) as db:
                for level in LEVELS:
                    check(measure(db, venues, config, level=level, **part).frame, expected[level])


def _only(given: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: given[name] for name in names if name in given}


@pytest.fixture(scope="module")
def drawn() -> Iterator[tuple[Any, list[pd.DataFrame], dict[str, list[str]]]]:
    """A connection with a project's counts, its tables for pandas, and its decisions."""
    tables, decisions = draw(5)
    with counts(tables, decisions, load_venues(), PLAIN) as db:
        yield db, frames(tables), decisions


@given(st.lists(st.sampled_from(HELD), min_size=1, max_size=5), st.sampled_from(["institution", "country"]))
@example(["CVPR"], "country")
@example(HELD, "institution")
def test_several_venues_are_ranked_as_their_papers_alone(drawn: Any, chosen: list[str], level: Any) -> None:
    db, (papers, *others), decisions = drawn
    expected = recompute(papers[papers["venue"].isin(chosen)], *others, VENUES, decisions=decisions, level=level)
    ranking = measure(db, load_venues(), PLAIN, level=level, venue=chosen)
    check(ranking.frame, expected)
    several = tuple(dict.fromkeys(chosen))
    assert ranking.venue == (several if len(several) > 1 else chosen[0])
    assert ranking.coverage.papers == int(papers["venue"].isin(chosen).sum())


def test_the_venues_of_a_trend_and_of_stored_counts_are_those_asked_for(tmp_path: Path) -> None:
    tables, decisions = draw(5)
    config, venues, store = RankSettings(ranges=False, link_papers=1), load_venues(), Store(tmp_path)
    state = store.refresh(with_digests(tables), decisions, venues, config)
    papers, *others = frames(tables)
    chosen = ["international conference on machine learning", "CVPR", "ICML"]
    expected = recompute(papers[papers["venue"].isin(["CVPR", "ICML"])], *others, VENUES, decisions=decisions)
    ranking = store.rank(state, venue=chosen)
    check(ranking.frame, expected)
    assert (ranking.venue, ranking.about()["venue"]) == (("ICML", "CVPR"), ["ICML", "CVPR"])
    with store.opened(state, venue=chosen) as (db, known):
        assert {v for held in trend(db, known, config, venue=chosen).venues.values() for v in held} == {"CVPR", "ICML"}
    with pytest.raises(AffilError, match=r"there is no paper of ICCV$"):
        rank(tables, venue=["ICML", "ICCV"])
    with pytest.raises(AffilError, match="no venue 'Nowhere'"):
        store.rank(state, venue=["ICML", "Nowhere"])


def test_trends_are_rankings_of_each_year() -> None:
    tables, decisions = draw(9)
    tables = with_digests(tables)
    venues, settings = load_venues(), RankSettings(ranges=False, link_papers=1, link_change=1e9)
    papers, mentions, matches, institutions = frames(tables)
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        state = store.refresh(tables, decisions, venues, settings)
        for panel in (False, True):
            with store.opened(state) as (db, known):
                result = trend(db, known, settings, level="country", by="index", years="2015,2018,2023", panel=panel)
            assert result.years == (2015, 2018, 2023)
            counted = papers[papers["venue"].isin(result.every_year)] if panel else papers
            values = {
                year: recompute(
                    counted, mentions, matches, institutions, VENUES, decisions=decisions, level="country", years=(year, year)
                )["index"]
                for year in result.years
            }
            rows = result.frame.set_index("id")
            for year, expected in values.items():
                np.testing.assert_allclose(rows.loc[expected.index, year], expected, rtol=0, atol=1e-9)
                assert (rows.loc[~rows.index.isin(expected.index), year] == 0).all()
            grown = rows[2023] / rows[2015].replace(0, np.nan) - 1
            np.testing.assert_allclose(rows["growth"], grown, rtol=0, atol=1e-9)
            assert rows[2023].is_monotonic_decreasing


@pytest.mark.skipif("AFFIL_TEST_WORKSPACE" not in os.environ, reason="no matched workspace named in AFFIL_TEST_WORKSPACE")
def test_a_whole_workspace_equals_plain_pandas() -> None:
    """On real papers: set AFFIL_TEST_WORKSPACE to the folder of a workspace."""
    ws = Workspace.open(os.environ["AFFIL_TEST_WORKSPACE"], create=False)
    papers, mentions, matches, institutions = (pq.read_table(file).to_pandas() for file in (ws.tables.papers, *_others(ws)))
    short = {name: (v.venue if (v := ws.venues.resolve(name)) else name) for name in papers["venue"].unique()}
    papers["venue"] = papers["venue"].map(short)
    state = ws.count()
    repeated = ws.rank(ranges=False).coverage.repeated
    with ws.counts.opened(state) as (db, _):
        counted = {p for (p,) in db.execute("SELECT id FROM paper_id").fetchall()}
    with_mentions = set(mentions["paper"])
    assert len(with_mentions - counted) <= repeated
    papers = papers[papers["id"].isin(counted)]
    for level in ("institution", "country"):
        for part in (
            {"years": (2014, 2024)},
            *({"area": a} for a in AREAS if a in {x for v in short.values() if v in ws.venues for x in ws.venues[v].areas}),
        ):
            ranked = ws.rank(level=level, ranges=False, **part)  # type: ignore[arg-type]
            expected = recompute(
                papers, mentions, matches, institutions, VENUES, decisions=ws.ledger.current(), level=level, **part
            )
            check(ranked.frame, expected)


def _others(ws: Workspace) -> list[Any]:
    return [ws.tables.mentions, ws.tables.matches, ws.tables.institutions]
