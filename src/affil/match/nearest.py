"""Nearest names to sets of words by the dot product of idf vectors: exact results for a third of the work.

Half of the full product goes to names that share only words like "university" with the query and cannot reach the threshold. So
only names are scored that have a rarer word of the query, or whose common words alone could reach the threshold (max-score
pruning, Turtle and Flood 1995, for a group of queries at once).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice, pairwise

import numpy as np
from scipy import sparse
from sparse_dot_topn import sp_matmul_topn

from affil.match.index import Index
from affil.registry.arrays import Ints
from affil.settings import RetrieveSettings

_SURE = 0.999  # safety margin below the threshold for single-precision rounding


def nearest(index: Index, settings: RetrieveSettings) -> Nearest:
    """The search for an index and settings, cached with the index."""
    if settings not in index.kept:
        index.kept[settings] = Nearest(index, settings)
    search: Nearest = index.kept[settings]
    return search


class Nearest:
    """Nearest-name search in one index, with a cache."""

    def __init__(self, index: Index, settings: RetrieveSettings) -> None:
        self._index, self._settings = index, settings
        self._memory: dict[bytes, Ints] = {}
        self._spread = np.diff(index.postings.indptr)  # number of names with each word
        self._common = np.zeros(len(self._spread), bool)
        self._common[np.argsort(-self._spread, kind="stable")[: settings.common_words]] = True
        weight = np.where(self._common, index.word_idf, 0).astype(np.float64)
        self._heavy = index.postings.T @ weight > _SURE * settings.min_similarity

    def __len__(self) -> int:
        """Number of cached queries."""
        return len(self._memory)

    def of(self, queries: Sequence[Ints]) -> list[Ints]:
        """The names nearest to each query (a set of words in ascending order), nearest first."""
        keys = [terms.tobytes() for terms in queries]
        new = {key: terms for key, terms in zip(keys, queries, strict=True) if key not in self._memory}
        found = {key: self._memory[key] for key in keys if key in self._memory}
        for group in self._groups(list(new)):
            fresh = dict(zip(group, self._search([new[key] for key in group]), strict=True))
            found |= fresh
            self._memory |= fresh
        for old in list(islice(self._memory, max(len(self._memory) - self._settings.remembered, 0))):
            del self._memory[old]
        return [found[key] for key in keys]

    def _groups(self, keys: list[bytes]) -> Iterable[list[bytes]]:
        """Group queries with common rarer words, so that each group scores few names."""
        if not keys:
            return ()
        terms = np.frombuffer(b"".join(keys), np.int32)
        query = np.repeat(np.arange(len(keys)), [len(key) // terms.itemsize for key in keys])
        spread = np.where(self._common[terms], -1, self._spread[terms])
        order = np.lexsort((terms, -spread, query))
        commonest = order[np.searchsorted(query, np.arange(len(keys)))]
        keys = [keys[i] for i in np.lexsort((terms[commonest], -spread[commonest]))]
        size = self._settings.searched_at_once
        return (keys[i : i + size] for i in range(0, len(keys), size))

    def _search(self, queries: Sequence[Ints]) -> list[Ints]:
        postings, settings = self._index.postings, self._settings
        ptr = np.cumsum([0, *map(len, queries)]).astype(np.int32)
        words, word = np.unique(np.concatenate(queries), return_inverse=True)
        rows = postings[words]
        row = np.repeat(np.arange(len(words)), np.diff(rows.indptr))
        looked_at = self._heavy.copy()
        looked_at[rows.indices[~self._common[words][row]]] = True
        names = np.flatnonzero(looked_at)
        # renumbered in order, so that ties break as in the full product
        number = np.cumsum(looked_at, dtype=np.int32) - 1
        keep = looked_at[rows.indices]
        kept_ptr = np.cumsum([0, *np.bincount(row[keep], minlength=len(words))]).astype(np.int32)
        shape = (len(words), max(len(names), min(settings.top_k, postings.shape[1])))  # at least top_k columns
        part = sparse.csr_matrix((rows.data[keep], number[rows.indices[keep]], kept_ptr), shape=shape)
        weights = self._index.word_idf[words][word]
        query = sparse.csr_matrix((weights, word.astype(np.int32), ptr), shape=(len(queries), len(words)), dtype=np.float32)
        top = sp_matmul_topn(query, part, top_n=settings.top_k, threshold=settings.min_similarity, sort=True)
        best = names[top.indices].astype(np.int32)
        return [best[a:b] for a, b in pairwise(top.indptr.tolist())]
