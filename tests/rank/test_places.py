"""Countries and continents by the names that people give them."""

from __future__ import annotations

import pycountry
import pytest

from affil.errors import AffilError
from affil.rank.places import continents, find_place, region_name, region_names
from affil.registry.geonames import CONTINENTS, countries


def test_every_country_is_in_one_continent_and_in_that_of_geonames() -> None:
    held = [code for _, codes in continents().values() for code in codes]
    assert len(held) == len({*held})
    assert {*held} >= {c.alpha_2 for c in pycountry.countries}
    for name, (_, codes) in continents().items():
        for code in codes:
            assert CONTINENTS[countries()[code].continent] == name, code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *[("uk", "GB"), ("Great Britain", "GB"), ("英国", "GB"), ("gbr", "GB"), ("United Kingdom", "GB")],
        *[
            ("Korea", "KR"),
            ("south korea", "KR"),
            ("Russia", "RU"),
            ("Turkiye", "TR"),
            ("Viet Nam", "VN"),
            ("中国", "CN"),
            ("us", "US"),
        ],
    ],
)
def test_a_country_by_any_name(name: str, code: str) -> None:
    place = find_place(name, {})
    assert (place.code, place.countries) == (code, (code,))


def test_groups_and_continents() -> None:
    assert find_place("Hong Kong", {"HK": "CN"}) == find_place("China", {"HK": "CN"})
    assert {*find_place("China", {"HK": "CN", "MO": "CN"}).countries} == {"CN", "HK", "MO"}
    assert {*find_place("US", {"GB": "US", "US": "X"}).countries} == {"US", "X"}
    assert find_place("ASIA", {"HK": "GB"}) == find_place("亚洲", {})
    assert {"CN", "HK", "JP", "IN", "TR"} <= {*find_place("asia", {}).countries}
    for wrong, hint in (("Germny", "; did you mean: Germany"), ("Oceana", "; did you mean: Oceania"), ("xqzw", "$")):
        with pytest.raises(AffilError, match=f"no country or continent '{wrong}'{hint}"):
            find_place(wrong, {})


@pytest.mark.parametrize(
    ("code", "name"),
    [
        *[
            ("SE-AB", "Stockholm"),
            ("CN-GD", "Guangdong"),
            ("DE-BY", "Bavaria"),
            ("FR-IDF", "Île-de-France"),
            ("KR-11", "Seoul"),
        ],
        *[("GB-WLS", "Wales"), ("ES-GA", "Galicia"), ("RU-KR", "Kareliya"), ("IN-KA", "Karnataka"), ("NO-32", "Akershus")],
    ],
)
def test_regions_have_the_names_that_people_write(code: str, name: str) -> None:
    found = region_name(code)
    assert found is not None
    assert found[0] == name


def test_the_usual_names_of_regions_are_of_codes_of_iso_and_shown_without_them() -> None:
    codes = [s.code for s in pycountry.subdivisions]
    names = {code: name for code, (name, _) in region_names(codes).items()}
    assert len(names) == len(codes)
    assert not [name for code, name in names.items() if "[" in name and not name.endswith(f"[{code}]")]
    taiwan = {code: name for code, name in names.items() if code.startswith("TW-HS")}
    assert taiwan == {"TW-HSQ": "Hsinchu [TW-HSQ]", "TW-HSZ": "Hsinchu [TW-HSZ]"}
    assert [name for name, _ in region_names(["TW-HSZ", "SE-AB"]).values()] == ["Stockholm", "Hsinchu"]
