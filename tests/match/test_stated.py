"""The place that a string gives for each institution, whatever the registry says."""

from __future__ import annotations

import pandas as pd
import pytest

from affil.match import Matcher, match_records


@pytest.fixture(scope="module")
def matcher(tiny_matcher: Matcher) -> Matcher:
    return tiny_matcher


def told(matcher: Matcher, string: str) -> dict[str, tuple[str, str, str]]:
    result = matcher.match(string)
    return {m.institution.name: (m.stated.city, m.stated.region, m.stated.country) for m in result.matches}


@pytest.mark.parametrize(
    ("string", "name", "place"),
    [
        ("Tencent AI Lab, Bellevue, WA, USA", "Tencent AI Lab", ("Bellevue", "US-WA", "US")),
        ("Baidu Research, Sunnyvale, California 94089", "Baidu Research", ("Sunnyvale", "US-CA", "US")),
        ("华为，北京", "Huawei", ("Beijing", "CN-BJ", "CN")),
        ("Tencent, Munich, Germany", "Tencent", ("Munich", "DE-BY", "DE")),
        ("Apple, New York", "Apple", ("New York", "US-NY", "US")),
        ("Apple, Toronto, ON, CA", "Apple", ("Toronto", "CA-ON", "CA")),
        ("Apple, CA", "Apple", ("", "US-CA", "US")),
        ("Apple, Guatemala", "Apple", ("", "", "GT")),
        ("Apple, Tunis", "Apple", ("Tunis", "TN-11", "TN")),
        ("Apple, Singapore", "Apple", ("Singapore", "", "SG")),
        ("Apple, NY", "Apple", ("", "US-NY", "US")),
        ("Apple, Yorktown Heights, NY 10598", "Apple", ("", "US-NY", "US")),
        ("Apple, New York, NY", "Apple", ("New York", "US-NY", "US")),
        ("Tencent, Amsterdam, NL", "Tencent", ("Amsterdam", "NL-NH", "NL")),
        ("Beijing, Tencent AI Lab", "Tencent AI Lab", ("Beijing", "CN-BJ", "CN")),
        ("Georgia Institute of Technology, Atlanta, Georgia", "Georgia Institute of Technology", ("Atlanta", "US-GA", "US")),
    ],
)
def test_the_place_behind_a_name(matcher: Matcher, string: str, name: str, place: tuple[str, str, str]) -> None:
    assert told(matcher, string)[name] == place


@pytest.mark.parametrize(
    ("string", "places"),
    [
        ("SenseTime, Hong Kong; Huawei, Shenzhen, China", {"SenseTime": ("Hong Kong", "HK"), "Huawei": ("Shenzhen", "CN")}),
        ("Tencent and Huawei, Shenzhen", {"Tencent": ("Shenzhen", "CN"), "Huawei": ("Shenzhen", "CN")}),
        ("Amazon, Seattle; Princeton University, Princeton, NJ", {"Amazon": ("Seattle", "US"), "Princeton University": ("Princeton", "US")}),
        ("Google, Princeton University, Princeton, NJ, USA", {"Google": ("", ""), "Princeton University": ("Princeton", "US")}),
    ],
)  # fmt: skip
def test_of_several_each_has_its_own(matcher: Matcher, string: str, places: dict[str, tuple[str, str]]) -> None:
    found = {name: (city, country) for name, (city, _, country) in told(matcher, string).items()}
    assert {name: found[name] for name in places} == places


@pytest.mark.parametrize(
    "string",
    [
        "Tencent AI Lab",
        "Google (GT)",
        "Microsoft Research Cambridge",
        "University of Washington",
        "University of Leeds, London Road",
    ],
)
def test_what_is_not_stated_is_blank(matcher: Matcher, string: str) -> None:
    assert set(told(matcher, string).values()) == {("", "", "")}


def test_a_name_of_many_cities_is_that_of_the_institution_or_the_one_of_most_institutions(matcher: Matcher) -> None:
    assert told(matcher, "Huawei Technologies, Dublin")["Huawei"][::2] == ("Dublin", "IE")
    assert told(matcher, "MIT, Cambridge")["Massachusetts Institute of Technology"][::2] == ("Cambridge", "US")
    assert told(matcher, "University of Cambridge, Cambridge")["University of Cambridge"][::2] == ("Cambridge", "GB")


def test_a_name_of_another_organisation_is_no_place(matcher: Matcher) -> None:
    assert told(matcher, "Apple, Princeton University, Princeton, NJ")["Apple"] == ("", "", "")


def test_all_answers_say_the_same(matcher: Matcher) -> None:
    strings = [
        "Tencent AI Lab, Bellevue, WA, USA",
        "x",
        "SenseTime, Hong Kong; Huawei, Shenzhen",
        "Tencent AI Lab, Bellevue, WA, USA",
    ]
    results = matcher.match_many(strings)
    expected = [(m.stated.city, m.stated.country) for r in results for m in r.matches]
    assert ("Bellevue", "US") in expected
    ranked = [[m for m in found if m.decision != "none"] for found in matcher.ranked(strings, [5] * len(strings))]
    assert [(m.stated.city, m.stated.country) for found in ranked for m in found] == expected
    table = matcher.match_table(strings)
    assert list(zip(table["stated_city"].to_pylist(), table["stated_country"].to_pylist(), strict=True)) == expected
    frame = matcher.match_frame(pd.DataFrame({"affiliation": strings})).dropna(subset=["name"]).fillna("")
    assert list(zip(frame["stated_city"], frame["stated_country"], strict=True)) == expected
    records = [row for r in results for row in match_records(r) if row["institution_id"]]
    assert [(row["stated_city"], row["stated_country"]) for row in records] == expected
