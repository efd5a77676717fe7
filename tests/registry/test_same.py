"""Two records of one name and country, and what tells them apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.registry.met import KIND, PARENTS, PLACE
from affil.registry.same import contradiction
from affil.types import KINDS, Institution

BEIJING = {"city": "Beijing", "region": "CN-BJ", "lat": 39.9, "lon": 116.4}


def at(country: str = "CN", ident: str = "x:1", **facts: object) -> Institution:
    return Institution(ident, "Institute of Optics", country=country, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "against"),
    [
        (at(), at(**BEIJING), ""),
        (at(city="Beijing"), at(**BEIJING), ""),
        (at(city="北京"), at(**BEIJING), ""),
        (at(city="海淀"), at(**BEIJING), ""),
        (at(city="Shenzhen"), at(**BEIJING), PLACE),
        (at(region="CN-GD"), at(**BEIJING), PLACE),
        (at(lat=39.8, lon=116.2), at(**BEIJING), ""),
        (at(lat=22.5, lon=114.0), at(**BEIJING), PLACE),
        (at("US", city="Berkeley"), at("US", city="San Francisco"), ""),
        (at("US", city="Springfield", region="US-IL"), at("US", city="Springfield", region="US-MA"), PLACE),
        (at("US", city="Springfield"), at("US", city="Springfield", lat=42.1, lon=-72.6), ""),
        (at("HK", city="Shatin"), at("HK", city="Hong Kong", lat=22.28, lon=114.17), ""),
        (at("FR", city="Petit-Bourg-sur-Rien"), at("FR", city="Paris"), PLACE),
        (at(kind="company"), at(kind="education"), KIND),
        (at(kind="facility"), at(kind="education"), ""),
        (at(kind="company"), at(kind="other"), ""),
        (at(parents=("x:9",)), at(parents=("x:8",)), PARENTS),
        (at(parents=("x:9", "x:8")), at(parents=("x:8",)), ""),
        (at(parents=("x:9",)), at(), ""),
        (at(parents=("x:2",)), at(ident="x:2"), PARENTS),
        (at(parents=("old:2",)), at(ident="x:2", other_ids=("old:2",)), PARENTS),
    ],
)  # fmt: skip
def test_what_tells_two_of_one_name_apart(one: Institution, other: Institution, against: str) -> None:
    assert contradiction(one, other) == contradiction(other, one) == against


RECORDS = st.builds(
    at,
    st.just("US"),
    kind=st.sampled_from(KINDS),
    city=st.sampled_from(["", "Boston", "Cambridge", "Austin", "Nowhereville"]),
    region=st.sampled_from(["", "US-MA", "US-TX"]),
)


@given(RECORDS, RECORDS)
def test_it_is_the_same_both_ways_and_nothing_contradicts_itself(one: Institution, other: Institution) -> None:
    assert contradiction(one, one) == ""
    assert contradiction(one, other) == contradiction(other, one)
