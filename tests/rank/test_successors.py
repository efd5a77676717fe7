"""What names a closed institution counts for itself until its successor took over, and for the successor from then on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from affil.rank import Store, Tables, Venues, diff, measure, rank
from affil.rank.doubt import doubts
from affil.settings import RankSettings

YEARS = (2021, 2022, 2023, 2024)
STRINGS = ("Old Lab", "New Lab", "Old Lab and Uni")


def tables(year: int | None = 2023, told: bool = True, as_found: str = "new") -> Tables:
    """Each string once a year. Old Lab, of the US, was closed; New Lab, of Great Britain, took over in `year`."""
    each = [(f"{string} {year}", string, year) for year in YEARS for string in STRINGS]
    ids, strings, years = ([one[i] for one in each] for i in range(3))
    n = len(each)
    papers = pa.table({
        "id": ids, "title": ["A title"] * n, "venue": ["CVPR"] * n, "year": pa.array(years, pa.int16()),
        "authors": pa.array([1] * n, pa.int32()), "aligned": [True] * n, "digest": pa.array([b"x" * 16] * n, pa.binary(16)),
    })  # fmt: skip
    mentions = pa.table({"paper": ids, "position": pa.array([0] * n, pa.int32()), "author": ["w"] * n, "affiliation": strings})
    matches = {
        "affiliation": ["Old Lab", "New Lab", "Old Lab and Uni", "Old Lab and Uni"],
        "institution_id": [as_found, "new", as_found, "uni"],
        "probability": [0.9] * 4,
        "decision": ["match"] * 4,
    }
    if told:
        matches["named"] = ["old" if as_found == "new" else "", "", "old" if as_found == "new" else "", ""]
    blank = {"name_zh": "", "region": "", "parents": []}
    institutions = pa.Table.from_pylist([
        {"id": "old", "active_id": "new", "name": "Old Lab", "kind": "company", "country": "US", "city": "Boston",
         "successor_from": year, **blank},
        {"id": "new", "active_id": "new", "name": "New Lab", "kind": "company", "country": "GB", "city": "London",
         "successor_from": None, **blank},
        {"id": "uni", "active_id": "uni", "name": "Uni", "kind": "education", "country": "FR", "city": "Paris",
         "successor_from": None, **blank},
    ])  # fmt: skip
    if year is None:
        institutions = institutions.drop_columns(["successor_from"])
    return Tables(papers, mentions, pa.table(matches), institutions)


def counted(of: Tables, level: Any = "institution", decisions: Mapping[str, Sequence[str]] | None = None, **more: Any) -> Any:
    settings = RankSettings(ranges=False, **more)
    frame = rank(of, decisions=decisions or {}, venues=Venues([]), settings=settings, level=level).frame
    return dict(zip(frame["id"], frame["adjusted"], strict=True))


BY_YEAR = {"new": 4 + 2 + 1, "old": 2 + 1, "uni": 2}
ALWAYS = {"new": 4 + 4 + 2, "uni": 2}


def test_by_year() -> None:
    assert counted(tables()) == BY_YEAR
    assert counted(tables(), "country") == {"GB": 7, "US": 3, "FR": 2}
    assert counted(tables(), "city") == {"GB/London": 7, "US/Boston": 3, "FR/Paris": 2}


@pytest.mark.parametrize("year", [1999, 2021])
def test_a_successor_of_before_all_papers_has_them_all(year: int) -> None:
    assert counted(tables(year)) == ALWAYS


def test_a_successor_of_after_all_papers_has_none() -> None:
    assert counted(tables(2025)) == {"old": 6, "new": 4, "uni": 2}


def test_it_can_be_turned_off() -> None:
    assert counted(tables(), successors=False) == ALWAYS
    assert counted(tables(), "country", successors=False) == {"GB": 10, "FR": 2}


def test_what_does_not_tell_counts_for_the_successor() -> None:
    assert counted(tables(None)) == ALWAYS  # no year is known
    assert counted(tables(told=False)) == ALWAYS  # another matcher, which found the successor
    assert counted(tables(told=False, as_found="old")) == BY_YEAR  # one that found the closed institution itself


def test_decisions() -> None:
    assert counted(tables(), decisions={"Old Lab": ["old"]}) == BY_YEAR
    # confirming what the model found is what the model found; an institution that it did not find is what it is
    assert counted(tables(), decisions={"Old Lab": ["new"]}) == BY_YEAR
    assert counted(tables(told=False), decisions={"Old Lab": ["new"]}) == ALWAYS
    # who names both holds one part once they are one
    assert counted(tables(), decisions={"Old Lab": ["old", "new"]}) == {"new": 4 + 1 + 2 + 1, "old": 1 + 1, "uni": 2}


@pytest.mark.parametrize("by", ["publications", "authors", "adjusted", "index"])
def test_every_measure_and_its_range(by: Any) -> None:
    frame = rank(tables(), venues=Venues([]), settings=RankSettings(), by=by).frame.set_index("id")
    assert frame["publications"].to_dict() == {"new": 8, "old": 4, "uni": 4}
    assert frame["authors"].to_dict() == {"new": 1, "old": 1, "uni": 1}
    assert ((frame["low"] <= frame["rank"]) & (frame["rank"] <= frame["high"])).all()


@pytest.mark.parametrize("by", ["publications", "authors", "adjusted"])
def test_what_ranges_take_as_counted_is_what_is_counted(by: Any, tmp_path: Path) -> None:
    """A string that is in review before and after the year names the one, and then the other."""
    of = tables()
    waits = pa.array(["review", "match", "match", "match"])
    of = replace(of, matches=of.matches.set_column(of.matches.column_names.index("decision"), "decision", waits))
    store, settings = Store(tmp_path), RankSettings()
    with store.opened(store.refresh(of, {}, Venues([]), settings)) as (db, venues):
        frame = measure(db, venues, settings, by=by).frame
        found = doubts(db, by, settings)
        ids = [i for i, _ in db.execute("SELECT DISTINCT id, entity FROM seat ORDER BY entity").fetchall()]
    decided = rank(of, decisions={"Old Lab": ["old"]}, venues=Venues([]), settings=settings, by=by).frame
    assert all(len({*names}) == len(names) for names in frame["deciding"]), "a string is shown once, whatever its years"
    for one, numbers in ((frame, found.counted), (decided, found.decided)):
        assert dict(zip(one["id"], one[by], strict=True)) == pytest.approx(dict(zip(ids, numbers, strict=True)))


def test_a_year_or_a_setting_that_changes_counts_anew_as_a_full_run_does(tmp_path: Path) -> None:
    store, venues = Store(tmp_path / "counts"), Venues([])
    steps: list[tuple[Tables, bool]] = [(tables(2023), True), (tables(2022), True), (tables(2022), False), (tables(2023), True)]
    states = []
    for number, (of, on) in enumerate(steps):
        settings = RankSettings(ranges=False, successors=on)
        states.append(store.refresh(of, {}, venues, settings))
        alone = Store(tmp_path / f"full{number}").refresh(of, {}, venues, settings)
        assert (states[-1].partitions, states[-1].answers) == (alone.partitions, alone.answers)
        frame = store.rank(states[-1]).frame
        assert dict(zip(frame["id"], frame["adjusted"], strict=True)) == counted(of, successors=on)
    kept = {p.year for p in states[1].partitions if p in states[0].partitions}
    assert kept == {2021, 2023, 2024}  # only 2022 counts for another
    moved = diff(store, states[1], states[2], ())
    assert moved.moves.set_index("id")["change"].to_dict() == {"new": 1.5, "old": -1.5}
    assert any("rank.successors" in note for note in moved.notes)
    assert set(moved.causes["was"]) == {"new from 2022, old before 2022", "new from 2022, old before 2022, uni"}
