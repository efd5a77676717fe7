"""Candidates: which institutions could each string mean, and by which of their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from scipy import sparse
from sparse_dot_topn import sp_matmul_topn

from affil.match.index import Index, Ints
from affil.match.mentions import STRIDE, Mentions
from affil.settings import RetrieveSettings


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs of a string and an institution, each by one name, ordered by string.

    `exact` tells whether the name stands in the string word for word, then as words `first` to `first + length` of the batch
    (else both are -1 and 0); `kind` is what the name is to the institution, `owner` the row of that in the index.
    """

    string: Ints
    inst: Ints
    alias: Ints
    kind: Ints
    owner: Ints
    exact: Ints
    first: Ints
    length: Ints

    def take(self, rows: Ints) -> Candidates:
        """The pairs of these rows."""
        return Candidates(*(getattr(self, f)[rows] for f in self.__slots__))


def keys_in(keys: Ints, sorted_keys: Ints) -> Ints:
    """Which keys stand in a sorted array."""
    if not len(sorted_keys):
        return np.zeros(len(keys), bool)
    at = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    found: Ints = sorted_keys[at] == keys
    return found


def expand(ptr: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """For ragged rows given by `ptr`: the position of each asking row, and the flat index of each of its elements."""
    count = ptr[rows + 1] - ptr[rows]
    who = np.repeat(np.arange(len(rows)), count)
    offset = np.arange(len(who)) - np.repeat(np.cumsum(count) - count, count)
    return who, ptr[rows][who] + offset


def rank_within(group: Ints, *keys: Ints) -> Ints:
    """Rank (0 best) of each row within its group; rows are ordered by the keys, ascending, the first key first."""
    order = np.lexsort((*reversed(keys), group))
    start = np.concatenate([[True], group[order][1:] != group[order][:-1]]) if len(order) else np.zeros(0, bool)
    begin = np.maximum.accumulate(np.where(start, np.arange(len(order)), 0)) if len(order) else order
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - begin
    return rank


def retrieve(m: Mentions, index: Index, settings: RetrieveSettings) -> Candidates:
    """Names found word for word, and for each part of a string the names most like it by idf-weighted words."""
    first, length, alias = m.spans
    string = m.string[first]
    fuzzy_string, fuzzy_alias = _similar(m, index, settings)
    known = np.unique(string.astype(np.int64) * STRIDE + alias)
    fresh = ~keys_in(fuzzy_string.astype(np.int64) * STRIDE + fuzzy_alias, known)
    fuzzy_string, fuzzy_alias = fuzzy_string[fresh], fuzzy_alias[fresh]
    n = len(fuzzy_string)
    string = np.concatenate([string, fuzzy_string])
    alias = np.concatenate([alias, fuzzy_alias])
    first = np.concatenate([first, np.full(n, -1)])
    length = np.concatenate([length, np.zeros(n, np.int64)])
    who, owner = expand(index.owner_ptr, alias)
    pairs = Candidates(
        string[who],
        index.owner_inst[owner],
        alias[who],
        index.owner_kind[owner],
        owner,
        first[who] >= 0,
        first[who],
        length[who],
    )
    # of names that many bear ("General Hospital"), the bearers in the places named, then the best known
    place = (pairs.string * STRIDE + index.inst_city_id[pairs.inst], pairs.string * STRIDE + index.inst_country_id[pairs.inst])
    agrees = 2 * keys_in(place[0], m.city) + keys_in(place[1], m.country)
    homonym = rank_within(who, -agrees, -index.inst_prominence[pairs.inst])
    return pairs.take(np.flatnonzero(homonym < settings.max_homonyms))


def _similar(m: Mentions, index: Index, settings: RetrieveSettings) -> tuple[Ints, Ints]:
    """The names nearest to each block by the dot product of idf vectors, that is by covered weight of name and string."""
    known = np.flatnonzero((m.term >= 0) & (m.weight > 0))
    if not len(known):
        empty = np.zeros(0, np.int64)
        return empty, empty
    key = np.unique(m.block[known].astype(np.int64) * STRIDE + m.term[known])
    block, first = np.unique(key // STRIDE, return_index=True)
    terms = np.split((key % STRIDE).astype(np.int32), first[1:])
    near = _nearest(terms, index, settings)
    string_of_block = np.zeros(int(m.block[-1]) + 1, np.int64)
    string_of_block[m.block] = m.string
    found = np.repeat(string_of_block[block], [len(aliases) for aliases in near])
    pair = np.unique(found * STRIDE + np.concatenate(near))
    return pair // STRIDE, pair % STRIDE


def _nearest(blocks: Sequence[Ints], index: Index, settings: RetrieveSettings) -> list[Ints]:
    """The names nearest to each set of words (ascending numbers); what was asked before is remembered."""
    memory = index.nearest
    keys = [(settings.top_k, settings.min_similarity, terms.tobytes()) for terms in blocks]
    new = {k: terms for k, terms in zip(keys, blocks, strict=True) if k not in memory}
    found = {k: memory[k] for k in keys if k in memory}
    if new:
        ptr = np.concatenate([[0], np.cumsum([len(terms) for terms in new.values()])]).astype(np.int32)
        term = np.concatenate(list(new.values()))
        query = sparse.csr_matrix((index.word_idf[term], term, ptr), shape=(len(new), len(index.words)), dtype=np.float32)
        top = sp_matmul_topn(query, index.postings, top_n=settings.top_k, threshold=settings.min_similarity, sort=True)
        fresh = dict(zip(new, np.split(top.indices, top.indptr[1:-1]), strict=True))
        found |= fresh
        memory |= fresh
        for old in list(islice(memory, max(len(memory) - settings.remembered, 0))):
            del memory[old]
    return [found[k] for k in keys]
