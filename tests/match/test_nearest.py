"""The search for nearest names gives what the whole product gives, whatever it leaves out, groups or remembers."""

import csv
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sparse_dot_topn import sp_matmul_topn

from affil.data import resource
from affil.match.index import Index
from affil.match.mentions import prepare
from affil.match.nearest import Nearest, nearest
from affil.registry import Registry
from affil.registry.arrays import Ints
from affil.settings import RetrieveSettings


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(Registry.open())


@pytest.fixture(scope="module")
def queries(index: Index) -> list[Ints]:
    """The words of labelled strings, of single names, of generic words alone, at random, and none that any name has."""
    with resource("gold/dev.csv").open(encoding="utf-8", newline="") as lines:
        texts = [row["affiliation"] for row in csv.DictReader(lines)]
    texts += ["University", "Institute of Science and Technology", "National Research Center", "University of Science"]
    texts += [index.alias_text[i] for i in range(0, len(index.alias_text), 40)]
    mentions = prepare(texts, index, RetrieveSettings())
    found = [np.unique(mentions.term[(mentions.part == i) & (mentions.term >= 0)]) for i in range(len(texts))]
    rng = np.random.default_rng(0)
    found += [np.unique(rng.integers(len(index.words), size=rng.integers(1, 6))) for _ in range(200)]
    nowhere = np.flatnonzero(np.diff(index.postings.indptr) == 0)
    found += [nowhere[:1], nowhere[:3]]
    return [q.astype(np.int32) for q in found if len(q)]


@pytest.fixture(scope="module")
def whole_product(index: Index, queries: list[Ints]) -> Callable[[RetrieveSettings], list[list[int]]]:
    """What is found with the product of all; it depends on how many and how alike names are asked for, and on no other setting."""
    found = functools.cache(
        lambda top_k, least: _whole_product(index, queries, RetrieveSettings(top_k=top_k, min_similarity=least))
    )
    return lambda settings: found(settings.top_k, settings.min_similarity)


def _whole_product(index: Index, queries: list[Ints], settings: RetrieveSettings) -> list[list[int]]:
    ptr = np.cumsum([0, *map(len, queries)]).astype(np.int32)
    words = np.concatenate(queries)
    asked = sparse.csr_matrix((index.word_idf[words], words, ptr), (len(queries), len(index.words)), np.float32)
    top = sp_matmul_topn(asked, index.postings, top_n=settings.top_k, threshold=settings.min_similarity, sort=True)
    return [top.indices[a:b].tolist() for a, b in zip(top.indptr, top.indptr[1:], strict=False)]


@pytest.mark.parametrize("common_words", [0, 1, 80, 10**9])
@pytest.mark.parametrize(("searched_at_once", "top_k", "min_similarity"), [(1, 14, 0.25), (64, 3, 0.05), (10**6, 14, 0.6)])
def test_it_is_the_whole_product(
    index: Index,
    queries: list[Ints],
    whole_product: Any,
    common_words: int,
    searched_at_once: int,
    top_k: int,
    min_similarity: float,
) -> None:
    settings = RetrieveSettings(
        common_words=common_words, searched_at_once=searched_at_once, top_k=top_k, min_similarity=min_similarity
    )
    expected = whole_product(settings)
    assert sum(map(len, expected)) > len(queries)
    assert [names.tolist() for names in Nearest(index, settings).of(queries)] == expected


@pytest.mark.parametrize("remembered", [0, 10, 100_000])
def test_what_is_remembered_is_the_same_and_bounded(
    index: Index, queries: list[Ints], whole_product: Any, remembered: int
) -> None:
    search = Nearest(index, RetrieveSettings(remembered=remembered))
    expected = whole_product(RetrieveSettings())
    for _ in range(2):
        got = []
        for begin in range(0, len(queries), 50):
            got += search.of(queries[begin : begin + 50])
            assert len(search) <= remembered
        assert [names.tolist() for names in got] == expected


def test_it_stays_with_the_index(index: Index) -> None:
    assert nearest(index, RetrieveSettings()) is nearest(index, RetrieveSettings())
    assert nearest(index, RetrieveSettings(top_k=3)) is not nearest(index, RetrieveSettings())
