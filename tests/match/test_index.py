import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.match.index import Index
from affil.match.names import find_names
from affil.match.pairs import expand, keys_in, rank_within
from affil.match.sequences import Sequences
from affil.names import tokenize
from affil.registry import Registry
from affil.registry.hashes import prefix_table
from affil.registry.places import CODE, COUNTRY_CODE

words = st.integers(0, 3)
sequences = st.lists(st.lists(words, min_size=1, max_size=4).map(tuple), min_size=1, max_size=12, unique=True)


@given(sequences, st.lists(words, max_size=20), st.data())
def test_find_equals_naive_search(names: list[tuple[int, ...]], text: list[int], data: st.DataObject) -> None:
    hard = data.draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    table = prefix_table(names)
    known = Sequences(table["hash"], table["value"], 4)
    gap = np.where(hard, 3, 0).astype(np.int8) if text else np.zeros(0, np.int8)
    first, length, found = known.find(np.array(text, np.int32), gap, 4)
    expected = {
        (i, len(n), k)
        for k, n in enumerate(names)
        for i in range(len(text) - len(n) + 1)
        if tuple(text[i : i + len(n)]) == n and not any(hard[i + 1 : i + len(n)])
    }
    assert set(zip(first.tolist(), length.tolist(), found.tolist(), strict=True)) == expected


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-5, 5)), max_size=30))
def test_rank_within_equals_sorting_each_group(rows: list[tuple[int, float]]) -> None:
    group = np.array([g for g, _ in rows], np.int64)
    key = np.array([k for _, k in rows])
    rank = rank_within(group, key)
    for g in set(group.tolist()):
        members = [i for i in range(len(rows)) if group[i] == g]
        assert [rank[i] for i in sorted(members, key=lambda i: (key[i], i))] == list(range(len(members)))


@given(st.lists(st.integers(0, 20)), st.lists(st.integers(0, 20)))
def test_keys_in(keys: list[int], table: list[int]) -> None:
    found = keys_in(np.array(keys, np.int64), np.unique(np.array(table, np.int64)))
    assert found.tolist() == [k in table for k in keys]


@given(st.lists(st.lists(st.integers(), max_size=3), min_size=1, max_size=6), st.data())
def test_expand(rows: list[list[int]], data: st.DataObject) -> None:
    ask = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=8))
    ptr = np.concatenate([[0], np.cumsum([len(r) for r in rows])]).astype(np.int64)
    flat = [x for r in rows for x in r]
    who, at = expand(ptr, np.array(ask, np.int64))
    assert [(w, flat[a]) for w, a in zip(who.tolist(), at.tolist(), strict=True)] == [
        (i, x) for i, r in enumerate(ask) for x in rows[r]
    ]


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(Registry.open())


def test_every_name_of_the_shipped_registry_is_found_in_itself(index: Index) -> None:
    ptr = index.alias_ptr
    for alias in range(0, len(ptr) - 1, 97):
        word = index.alias_tok[ptr[alias] : ptr[alias + 1]]
        if len(word) > 24:
            continue
        first, length, found = find_names(index, word, np.zeros(len(word), np.int8), 24)
        assert (0, len(word), alias) in set(zip(first.tolist(), length.tolist(), found.tolist(), strict=True))


def test_rank_within_without_keys_keeps_the_order() -> None:
    assert rank_within(np.array([1, 0, 1, 1])).tolist() == [0, 0, 1, 2]


def test_words_have_numbers_and_places_are_spelt_or_codes() -> None:
    index = Index(Registry.open())
    coded = np.isin(index.place_kind[index.place_row], (CODE, COUNTRY_CODE))
    for k in range(0, len(index.place_ptr) - 1, 97):
        assert index.place_spelt[k] == (not coded[index.place_ptr[k] : index.place_ptr[k + 1]].all())
    assert index.numbers(["paris", "", "paris"]).tolist() == [index.word_id["paris"], -1, index.word_id["paris"]]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("湖北理工学院", False),  # 北理工
        ("河南理工职业技术学院", False),
        ("同济医院", False),
        ("上海南开", True),  # 海南 is within 上海
        ("北大软件学院", True),
        ("北理工和北京职业学院", True),
    ],
)
def test_short_forms_in_han_are_not_found_within_another_name(text: str, named: bool) -> None:
    index = Index(Registry.open())
    tokens = tokenize([text])
    spans = find_names(index, index.numbers(tokens.words), tokens.gap, 24)
    assert any(index.alias_short_han[alias] for alias in spans[2]) == named
