"""Strings as the parts that are matched on their own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.match.index import Index
from affil.match.mentions import prepare
from affil.match.pairs import STRIDE
from affil.match.parts import covering, parts_of
from affil.match.places import PlaceKeys, shared_places
from affil.registry import Registry
from affil.settings import RetrieveSettings

SETTINGS = RetrieveSettings()


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(Registry.open())


def texts(index: Index, string: str) -> list[str]:
    parts = parts_of([string], index, SETTINGS)
    return [parts.texts[t] for t in parts.text]


def test_equal_parts_are_matched_once(index: Index) -> None:
    parts = parts_of(["MIT; Google", "Google", "Google\nMIT"], index, SETTINGS)
    assert parts.texts == ["MIT", "Google"]
    assert parts.string.tolist() == [0, 0, 1, 2, 2]
    assert parts.text.tolist() == [0, 1, 1, 1, 0]


@pytest.mark.parametrize(
    ("string", "expected"),
    [
        ("Fernhollow College; Boston; USA", ["Fernhollow College, Boston, USA"]),
        ("MIT; Google; USA", ["MIT, USA", "Google, USA"]),
        ("University of Georgia, Tbilisi; MIT; USA", ["University of Georgia, Tbilisi", "MIT, USA"]),
        ("Department of Physics; University of Oxford; Oxford OX1 3PU", ["Department of Physics, Oxford OX1 3PU",
                                                                         "University of Oxford, Oxford OX1 3PU"]),
        ("Boston; USA", ["Boston, USA"]),
    ],
)  # fmt: skip
def test_a_place_alone_stands_behind_the_parts_that_name_none(index: Index, string: str, expected: list[str]) -> None:
    assert texts(index, string) == expected


def joined(index: Index, string: str) -> list[str]:
    """The parts of names that are joined within a string, by their folded words."""
    m = prepare([string], index, SETTINGS)
    return [" ".join(w for w, p in zip(m.words, m.part, strict=True) if p == k) for k in range(m.count)]


@pytest.mark.parametrize(
    ("string", "expected"),
    [
        ("Google and ETH Zurich", ["google", "eth zurich"]),
        ("Baidu & Stanford University", ["baidu", "stanford university"]),
        ("Adobe/Purdue University", ["adobe", "purdu university"]),
        ("Peking University, Tsinghua University", ["peking university", "tsinghua university"]),
        ("Department of Physics, University of Hamburg and DESY, Germany",
         ["department physics university hamburg", "desy germany"]),
        ("华为和北京大学", ["华 为 和", "北 京 大 学"]),
    ],
)  # fmt: skip
def test_names_beside_each_other_are_parts(index: Index, string: str, expected: list[str]) -> None:
    assert joined(index, string) == expected


@pytest.mark.parametrize(
    "string",
    [
        "Department of Health and Human Services",
        "MIT Computer Science and Artificial Intelligence Laboratory, MIT",  # child and parent
        "School of Computer Science, Carnegie Mellon University",
        "Stanford University, Stanford, USA",
        "和歌山大学",
    ],
)
def test_what_belongs_together_is_one_part(index: Index, string: str) -> None:
    assert len(joined(index, string)) == 1


def test_a_part_without_a_place_has_that_of_the_next(index: Index) -> None:
    m = prepare(["Google and ETH Zurich, Switzerland", "MIT"], index, SETTINGS)
    assert m.string.tolist() == [0, 0, 1]
    assert (m.country >> 32).tolist() == [0, 1]
    assert len(set((m.country & 0xFFFFFFFF).tolist())) == 1


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2)), max_size=12))
def test_a_part_without_a_place_has_that_of_the_next_or_of_the_last(parts: list[tuple[bool, int]]) -> None:
    string = np.cumsum([step > 0 for _, step in parts], dtype=np.int64)
    placed = [k for k, (has, _) in enumerate(parts) if has]
    keys = np.array([k * STRIDE + 7 * k for k in placed], np.int64)
    (got, *others), borrowed = shared_places(PlaceKeys(*[keys] * len(PlaceKeys._fields)), string)
    assert all(np.array_equal(got, other) for other in others)
    expected = []
    for k in range(len(parts)):
        own = [i for i in placed if string[i] == string[k]]
        lender = next((i for i in own if i >= k), own[-1] if own else None)
        expected += [] if lender is None else [k * STRIDE + 7 * lender]
        assert borrowed[k] == (lender not in (None, k))
    assert got.tolist() == expected


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4)), max_size=6))
def test_covering_tells_the_words_of_spans(spans: list[tuple[int, int]]) -> None:
    first, length = (np.array([s[i] for s in spans], np.int64) for i in (0, 1))
    inside = {k for a, n in spans for k in range(a, a + n)}
    assert np.flatnonzero(covering(first, length, 13)).tolist() == sorted(inside)


def test_strings_without_words_keep_their_number(index: Index) -> None:
    m = prepare(["", "Google and ETH Zurich", "..."], index, SETTINGS)
    assert m.string.tolist() == [0, 1, 1, 2]
    assert sorted(set(m.part.tolist())) == [1, 2]
