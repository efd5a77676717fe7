"""Lists between semicolons."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.io.semicolons import between_semicolons


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a; b;c", ["a", "b", "c"]),
        ("甲；乙", ["甲", "乙"]),
        ("Texas A&amp;M; B&#252;ro; C&#xfc;", ["Texas A&amp;M", "B&#252;ro", "C&#xfc;"]),
        ("AT&T; B&B; c", ["AT&T", "B&B", "c"]),
        ("a & b; c", ["a & b", "c"]),
        ("; a;;", ["", "a", "", ""]),
        ("", [""]),
    ],
)
def test_an_entity_ends_in_a_semicolon_that_separates_nothing(text: str, pieces: list[str]) -> None:
    assert between_semicolons(text) == pieces


@given(
    st.lists(st.text(st.characters(categories=["L", "N"], include_characters=" ,.&"), min_size=1).map(str.strip), min_size=1)
)
def test_what_semicolons_join_they_separate(pieces: list[str]) -> None:
    pieces = [p.replace("&", "& ").strip() for p in pieces]
    assert between_semicolons("; ".join(pieces)) == pieces
