"""Candidate generation (blocking): the institutions that each string could mean, and by which name."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from affil.match.index import Index
from affil.match.mentions import Mentions
from affil.match.nearest import nearest
from affil.match.pairs import STRIDE, expand, keys_in, rank_within
from affil.registry.arrays import Bools, Ints
from affil.settings import RetrieveSettings


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs of a string and an institution, each by one name, ordered by string.

    `exact`: the name occurs word for word, as words `first` to `first + length` of the batch (else -1 and 0). `kind` is the
    kind of name, `owner` its row in the owner arrays of the index.
    """

    string: Ints
    inst: Ints
    alias: Ints
    kind: Ints
    owner: Ints
    exact: Bools
    first: Ints
    length: Ints

    def take(self, rows: Ints | Bools) -> Candidates:
        """Select rows."""
        return Candidates(*(getattr(self, f)[rows] for f in self.__slots__))


def retrieve(m: Mentions, index: Index, settings: RetrieveSettings) -> Candidates:
    """Retrieve names that occur word for word, and the names nearest to each part by idf-weighted words."""
    first, length, alias = m.spans
    string = m.part[first]
    fuzzy_string, fuzzy_alias = _similar(m, index, settings)
    known = np.unique(string.astype(np.int64) * STRIDE + alias)
    fresh = ~keys_in(fuzzy_string.astype(np.int64) * STRIDE + fuzzy_alias, known) & ~index.alias_short_han[fuzzy_alias]
    fuzzy_string, fuzzy_alias = fuzzy_string[fresh], fuzzy_alias[fresh]
    n = len(fuzzy_string)
    string = np.concatenate([string, fuzzy_string])
    alias = np.concatenate([alias, fuzzy_alias])
    first = np.concatenate([first, np.full(n, -1)])
    length = np.concatenate([length, np.zeros(n, np.int64)])
    who, owner = expand(index.owner_ptr, alias)
    considered = owner - index.owner_ptr[alias][who] < settings.max_bearers  # sorted by kind and usage
    who, owner = who[considered], owner[considered]
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
    # for ambiguous names ("General Hospital"), prefer homonyms in the named places, then prominent ones
    homonyms = (index.owner_ptr[alias + 1] - index.owner_ptr[alias])[who]
    rows = np.flatnonzero(homonyms > settings.max_homonyms)
    string, inst = pairs.string[rows] * STRIDE, pairs.inst[rows]
    agrees = 2 * keys_in(string + index.inst_city_id[inst], m.city) + keys_in(string + index.inst_country_id[inst], m.country)
    stays = np.ones(len(who), bool)
    stays[rows] = rank_within(who[rows], -agrees, -index.inst_usage[inst], -index.inst_prominence[inst]) < settings.max_homonyms
    return pairs.take(np.flatnonzero(stays))


def _similar(m: Mentions, index: Index, settings: RetrieveSettings) -> tuple[Ints, Ints]:
    """The names nearest to each block by the dot product of idf vectors."""
    known = np.flatnonzero((m.term >= 0) & (m.weight > 0))
    if not len(known):
        empty = np.zeros(0, np.int64)
        return empty, empty
    key = np.unique(m.block[known].astype(np.int64) * STRIDE + m.term[known])
    block, first = np.unique(key // STRIDE, return_index=True)
    terms = (key % STRIDE).astype(np.int32)
    near = nearest(index, settings).of([terms[a:b] for a, b in pairwise([*first.tolist(), len(terms)])])
    string_of_block = np.zeros(int(m.block[-1]) + 1, np.int64)
    string_of_block[m.block] = m.part
    found = np.repeat(string_of_block[block], [len(aliases) for aliases in near])
    pair = np.unique(found * STRIDE + np.concatenate(near))
    return pair // STRIDE, pair % STRIDE
