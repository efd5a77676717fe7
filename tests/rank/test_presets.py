"""Presets of venues, the areas of the mean, and the list of venues."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affil.errors import AffilError
from affil.rank import AREAS, Tables, Venue, Venues, list_venues, load_venues, presets, rank
from affil.rank.venue_list import spans
from affil.settings import RankSettings
from affil.types import Author, Paper
from tests.examples import examples

from .test_credit import tables

PLAIN = RankSettings(ranges=False)


def test_presets_are_made_of_the_table() -> None:
    venues = load_venues()
    for preset in presets().values():
        assert {*preset.venues} <= {*venues}
        held = {area for v in preset.venues for area in venues[v].areas}
        assert {*preset.areas} <= held
        assert all({*venues[v].areas} & {*preset.areas} for v in preset.venues)
    assert presets()["airankings-like"].areas == AREAS
    assert len(presets()["airankings-like"].venues) >= 50
    assert presets()["csrankings-like"].venues == {
        *("AAAI", "IJCAI", "CVPR", "ECCV", "ICCV", "ICML", "ICLR", "NeurIPS", "ACL", "EMNLP", "NAACL", "ICRA", "IROS", "RSS")
    }


def test_the_page_names_the_venues_and_presets() -> None:
    doc, venues = (Path(__file__).parents[2] / "docs" / "ranking.md").read_text("utf-8"), load_venues()
    assert f"`airankings-like`: {len(presets()['airankings-like'].venues)} leading" in doc
    placed = [row.split("|")[1:3] for row in doc.splitlines() if row.count("|") == 4 and row.startswith("| ")]
    told = {name.strip(): areas.strip() for names, areas in placed for name in names.split(",") if venues.resolve(name)}
    assert len(told) >= 20
    for name, areas in told.items():
        found = venues.resolve(name)
        assert found is not None
        assert (", ".join(found.areas) or "none") == areas, name


def papers_of(*venues: str) -> Tables:
    papers = [Paper(f"p{n}", "", v, 2020, (Author(f"A{n}", ("s0",)),)) for n, v in enumerate(venues)]
    return tables(papers, {"s0": [("a", "match")]})


@examples(10)
@given(st.lists(st.sampled_from(["CVPR", "ICCV", "ACL", "WSC", "AAMAS", "CoRL", "ICML", "SIGIR", "Elsewhere"]), min_size=1))
def test_only_the_venues_of_a_preset_count_and_the_mean_is_over_its_areas(venues: list[str]) -> None:
    areas = {
        "CVPR": "computer vision",
        "ICCV": "computer vision",
        "ACL": "natural language processing",
        "ICML": "machine learning",
    }
    of = ("computer vision", "natural language processing", "machine learning", "general AI", "robotics")
    inside = [areas[v] for v in venues if v in areas]
    try:
        ranking = rank(papers_of(*venues), preset="csrankings-like", by="index", settings=PLAIN)
    except AffilError as error:
        assert "no paper of the venues of csrankings-like" in str(error)
        assert not inside
        return
    row = ranking.frame.iloc[0]
    assert row["publications"] == len(inside)
    assert row["index"] == pytest.approx(math.prod(inside.count(a) + 1 for a in of) ** (1 / len(of)))
    empty = tuple(a for a in AREAS if a in of and a not in inside)
    assert ranking.coverage.empty_areas == empty
    assert ranking.mean == dict.fromkeys([a for a in AREAS if a in of], 1.0)


def test_a_preset_as_a_setting_and_all_venues_in_spite_of_it() -> None:
    chosen = PLAIN.model_copy(update={"venues_preset": "csrankings-like"})
    held = papers_of("CVPR", "WSC")
    assert rank(held, settings=chosen).frame["publications"].tolist() == [1]
    assert rank(held, settings=chosen, preset="all").frame["publications"].tolist() == [2]
    assert rank(held, settings=chosen).preset == "csrankings-like"


def test_a_ranking_by_index_says_how_the_mean_was_taken_and_what_is_empty() -> None:
    weighed = RankSettings(ranges=False, offset=0.5, area_weights={"robotics": 0, "simulation": 2})
    ranking = rank(papers_of("CVPR", "WSC"), by="index", settings=weighed)
    assert ranking.lines()[:2] == [
        "index: the geometric mean over 7 areas of the adjusted publications in each, plus 0.5; weights other than 1: simulation 2.",
        "No paper here is in natural language processing, machine learning, general AI, cognitive reasoning, multi-agent systems: "
        "in the mean, each such area is 0.5 for everybody.",
    ]
    assert ranking.about()["mean"]["empty"] == list(ranking.coverage.empty_areas)
    assert rank(papers_of("CVPR"), by="index", area="cv", settings=PLAIN).lines()[0] == (
        "index: the adjusted publications in computer vision, plus 1."
    )
    everywhere = [v for v, one in load_venues().items() if one.areas]
    assert "No paper here" not in " ".join(rank(papers_of(*everywhere), by="index", settings=PLAIN).lines())
    assert rank(papers_of("CVPR")).lines() == rank(papers_of("CVPR")).coverage.lines()


VENUES = Venues(
    [
        Venue("CV", "Vision", ("computer vision",), 2.0, (), (2015, None)),
        Venue("RL", "Robots", ("robotics", "machine learning")),
        Venue("WEB", "Web", ()),
    ]
)


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["CV", "RL", "WEB", "New", "Other"]), st.integers(2013, 2018)), st.integers(0, 3), max_size=12
    )
)
def test_the_list_of_venues(held: dict[tuple[str, int], int]) -> None:
    found = list_venues(VENUES, held)
    there = {where for where, n in held.items() if n}
    years = [y for _, y in there]
    assert found.years == ((min(years), max(years)) if years else None)
    rows: dict[str, Any] = {r["venue"]: r for r in found.to_dict()["table"]}
    assert {*rows} == {*VENUES} | {v for v, _ in there}
    for venue, row in rows.items():
        assert row["papers"] == sum(n for (v, _), n in held.items() if v == venue)
        assert row["present"] == sorted(y for v, y in there if v == venue)
        first = VENUES[venue].years[0] if venue in VENUES else None
        expected = (
            [y for y in range(min(years), max(years) + 1) if y not in row["present"] and y >= (first or 0)] if years else []
        )
        assert row["absent"] == (expected if venue in VENUES else [])
        assert row["misdated"] == [y for y in row["present"] if venue == "CV" and y < 2015]
    lines = "\n".join(found.lines(Path("ws/venues.csv")))
    assert ("outside the table and any area" in lines) == bool({v for v, _ in there} - {*VENUES})
    added = list(csv.DictReader(io.StringIO(found.rows_to_add())))
    assert [r["venue"] for r in added] == found.unknown["venue"].tolist()


def test_the_rows_to_add_are_a_table_of_venues(tmp_path: Path) -> None:
    found = list_venues(load_venues(), {("A, B & C", 2020): 3, ("Z", 2021): 1})
    (tmp_path / "venues.csv").write_text(found.rows_to_add(), "utf-8")
    more = load_venues(tmp_path / "venues.csv")
    assert more["A, B & C"] == Venue("A, B & C", "A, B & C", ())
    assert list_venues(more, {("A, B & C", 2020): 3, ("Z", 2021): 1}).unknown.empty


def test_years_in_ranges() -> None:
    assert spans([]) == ""
    assert spans([2014, 2015, 2017, 2019, 2020, 2021]) == "2014-2015, 2017, 2019-2021"
