"""The gazetteer knows the places that addresses name, in the scripts in which they are typed."""

from collections import defaultdict

import pytest

from affil.names import fold
from affil.registry.gazetteer import gazetteer
from affil.registry.places import CITY, REGION, read_places, regions


@pytest.fixture(scope="module")
def places() -> dict[str, set[tuple[int, str, str]]]:
    """Folded name -> (kind, country, city)."""
    out: dict[str, set[tuple[int, str, str]]] = defaultdict(set)
    known = gazetteer()
    for words, *place in zip(known.words, known.kind, known.country, known.city, strict=True):
        out[" ".join(words)].add(tuple(place))
    return out


@pytest.mark.parametrize(
    ("name", "country", "city"),
    [
        ("桃園", "TW", "Taoyuan"),
        ("桃園市", "TW", "Taoyuan"),
        ("中壢", "TW", "Taoyuan"),
        ("Chung-Li", "TW", "Taoyuan"),
        ("花蓮", "TW", "Hualien City"),
        ("宜蘭", "TW", "Yilan"),
        ("埔里", "TW", "Puli"),
        ("金門", "TW", "Jincheng"),
        ("沙田", "HK", "Hong Kong"),
        ("Sha Tin", "HK", "Hong Kong"),
        ("薄扶林", "HK", "Hong Kong"),
        ("Clear Water Bay", "HK", "Hong Kong"),
        ("氹仔", "MO", "Macau"),
        ("Taipa", "MO", "Macau"),
        ("海淀", "CN", "Beijing"),
    ],
)
def test_cities_and_their_districts(places: dict[str, set[tuple[int, str, str]]], name: str, country: str, city: str) -> None:
    assert (CITY, country, city) in places[fold(name)]


@pytest.mark.parametrize(
    ("name", "country"),
    [("花蓮縣", "TW"), ("屏東", "TW"), ("內蒙古", "CN"), ("广西", "CN"), ("宁夏", "CN"), ("Guangxi", "CN"), ("Gyeonggi", "KR")],
)
def test_counties_and_regions_with_and_without_their_title(
    places: dict[str, set[tuple[int, str, str]]], name: str, country: str
) -> None:
    assert any(kind == REGION and code == country for kind, code, _ in places[fold(name)])


def test_cities_come_with_the_iso_code_of_their_region() -> None:
    at = {(p.country, p.name): p.region for p in read_places() if p.kind == CITY}
    assert at["US", "Boston"] == "US-MA"
    assert at["CN", "Shenzhen"] == "CN-GD"
    assert at["DE", "Stuttgart"] == "DE-BW"
    assert at["IR", "Shiraz"] == "IR-07"
    assert at["NO", "Drammen"] == "NO-33"
    assert at["TW", "Tainan"] == ""  # GeoNames does not tell the counties of Taiwan apart
    assert "TW-TNN" in regions()["TW", "04"]
