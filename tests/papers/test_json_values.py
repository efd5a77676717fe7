from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.papers.json_values import inside, joined, members, objects, text, texts, year

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=8,
)


@given(anything)
def test_no_value_is_a_surprise(value: Any) -> None:
    assert isinstance(text(value, "a", "b"), str)
    assert all(isinstance(one, str) and one for one in texts(value, "a"))
    assert all(isinstance(one, dict) for one in objects(value, "a"))
    assert isinstance(members(value), list)
    found = year(value)
    assert found is None or 1900 <= found <= 2100


def test_what_stands_where() -> None:
    value = {"a": [{"b": " x "}, "y", None, {"b": 7}], "b": True}
    assert inside(value, "a", "b") is None
    assert [text(one, "b") for one in objects(value, "a")] == ["x", "7"]
    assert texts(value, "a") == ("y",)
    assert (text(value, "b"), members(value, "c"), members(value, "b")) == ("", [], [True])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2021, 2021),
        ("2021", 2021),
        (" 2021-05-01", 2021),
        (2021.0, 2021),
        ([[2021, 5]], 2021),
        ([[None]], None),
        ([], None),
        (True, None),
        ("20210501", None),
        ("May 2021", None),
        (1899, None),
        (2021.5, None),
    ],
)
def test_years(value: Any, expected: int | None) -> None:
    assert year(value) == expected


def test_parts_of_an_address() -> None:
    assert joined("Vision Lab", "ETH Zürich", "Zürich", "", "CH") == "Vision Lab, ETH Zürich, CH"
    assert joined("Massachusetts Institute", "MA", "Mass") == "Massachusetts Institute, MA, Mass"
    assert joined() == ""
