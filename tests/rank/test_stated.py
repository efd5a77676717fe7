"""A company counts for the place that a string states; others for their own, unless the setting says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest

from affil.rank import Store, Tables, Venues, rank
from affil.settings import RankSettings

STRINGS = {
    "Acme": "CN",  # what it names has no stated place
    "Acme, Bellevue": "US/US-WA/Bellevue",
    "Acme, China": "CN",
    "Uni, Paris": "FR/FR-IDF/Paris",
}
AT_HOME: dict[str, float] = {"CN": 3.0, "GB": 1.0}
STATED: dict[str, float] = {"CN": 2.0, "US": 1.0, "GB": 1.0}


def tables(told: bool = True) -> Tables:
    strings = list(STRINGS)
    papers = pa.table({
        "id": strings, "title": strings, "venue": ["CV"] * 4, "year": pa.array([2020] * 4, pa.int16()),
        "authors": pa.array([1] * 4, pa.int32()), "aligned": [True] * 4, "digest": pa.array([b"x" * 16] * 4, pa.binary(16)),
    })  # fmt: skip
    mentions = pa.table(
        {"paper": strings, "position": pa.array([0] * 4, pa.int32()), "author": list("wxyz"), "affiliation": strings}
    )
    columns: dict[str, Any] = {
        "affiliation": strings, "institution_id": ["acme", "acme", "acme", "uni"], "probability": [0.9, 0.8, 0.9, 0.9],
        "decision": ["match"] * 4,
    }  # fmt: skip
    if told:
        columns |= {
            "stated_country": ["", "US", "CN", "FR"],
            "stated_region": ["", "US-WA", "", "FR-IDF"],
            "stated_city": ["", "Bellevue", "", "Paris"],
        }
    institutions = pa.Table.from_pylist([
        {"id": "acme", "active_id": "acme", "name": "Acme", "name_zh": "", "kind": "company", "country": "CN", "region": "CN-GD",
         "city": "Shenzhen", "parents": []},
        {"id": "uni", "active_id": "uni", "name": "Uni", "name_zh": "", "kind": "education", "country": "GB", "region": "GB-ENG",
         "city": "London", "parents": []},
    ])  # fmt: skip
    return Tables(papers, mentions, pa.table(columns), institutions)


def counted(level: Any, kinds: Sequence[str] = ("company",), told: bool = True, **more: Any) -> dict[str, float]:
    settings = RankSettings(stated_places=tuple(kinds))
    frame = rank(tables(told), venues=Venues([]), settings=settings, level=level, **more).frame
    return dict(zip(frame["id"], frame["adjusted"], strict=True))


@pytest.mark.parametrize(
    ("kinds", "countries"),
    [(("company",), STATED), ((), AT_HOME), (("company", "education"), {"CN": 2.0, "US": 1.0, "FR": 1.0})],
)
def test_countries(kinds: tuple[str, ...], countries: dict[str, float]) -> None:
    assert counted("country", kinds) == countries


def test_cities_regions_and_institutions() -> None:
    assert counted("city") == {"CN/CN-GD/Shenzhen": 2.0, "US/US-WA/Bellevue": 1.0, "GB/GB-ENG/London": 1.0}
    assert counted("region") == {"CN-GD": 2.0, "US-WA": 1.0, "GB-ENG": 1.0}
    assert counted("institution") == {"acme": 3.0, "uni": 1.0}
    assert counted("institution", roll_up="top") == {"acme": 3.0, "uni": 1.0}


@pytest.mark.parametrize("by", ["publications", "authors", "adjusted", "index"])
def test_every_measure_and_its_range(by: Any) -> None:
    frame = rank(tables(), venues=Venues([]), settings=RankSettings(), level="country", by=by).frame.set_index("id")
    assert frame["publications"].to_dict() == STATED
    assert frame["authors"].to_dict() == STATED
    assert ((frame["low"] <= frame["rank"]) & (frame["rank"] <= frame["high"])).all()


def test_answers_without_places_are_ranked_as_before() -> None:
    assert counted("country", told=False) == AT_HOME


def test_a_decision_keeps_the_place_of_its_string() -> None:
    settings = RankSettings(ranges=False)
    for ids, countries in ((["acme"], STATED), (["uni"], {"CN": 2.0, "GB": 2.0})):
        decisions = {"Acme, Bellevue": ids}
        frame = rank(tables(), decisions=decisions, venues=Venues([]), settings=settings, level="country").frame
        assert dict(zip(frame["id"], frame["adjusted"], strict=True)) == countries


def test_another_setting_counts_anew_and_why_and_diff_agree(tmp_path: Any) -> None:
    from affil.rank import diff
    from affil.rank.why import why

    store, venues = Store(tmp_path / "counts"), Venues([])
    before = store.refresh(tables(), {}, venues, RankSettings(ranges=False, stated_places=()))
    after = store.refresh(tables(), {}, venues, RankSettings(ranges=False))
    for state, countries in ((before, AT_HOME), (after, STATED)):
        frame = store.rank(state, level="country").frame
        assert dict(zip(frame["id"], frame["adjusted"], strict=True)) == countries
    with store.opened(after, level="country") as (db, known):
        found = why(db, known, after.settings, "United States", tables().papers, level="country")
    assert (found.papers["paper"].tolist(), found.papers["strings"].tolist()) == (["Acme, Bellevue"], [["Acme, Bellevue"]])
    moved = diff(store, before, after, (), level="country")
    assert moved.moves.set_index("id")["change"].to_dict() == {"US": 1.0, "CN": -1.0}
    assert any("rank.stated_places" in note for note in moved.notes)
    causes = moved.causes.set_index("id")
    assert causes["now"].to_dict()["US"] == "acme in US/US-WA/Bellevue"
