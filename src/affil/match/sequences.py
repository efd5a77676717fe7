"""Word sequences found in text: which names, or which places, stand where in a batch of words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from affil.names.tokens import HARD
from affil.registry.arrays import Bools, Ints
from affil.registry.hashes import extend


class Spans(NamedTuple):
    """Where sequences stand in a batch, one row a hit: the first word, the number of words, the number of the sequence."""

    first: Ints
    length: Ints
    sequence: Ints

    @property
    def last(self) -> Ints:
        """The word behind each."""
        return self.first + self.length

    def where(self, rows: Bools | Ints) -> Spans:
        """Those of some rows."""
        return Spans(self.first[rows], self.length[rows], self.sequence[rows])


@dataclass(frozen=True)
class Sequences:
    """The hash table of all prefixes of some sequences (see `affil.registry.hashes.prefix_table`), of `words` different words."""

    hashes: npt.NDArray[np.uint64]
    values: npt.NDArray[np.int32]
    words: int

    @cached_property
    def starts(self) -> Bools:
        """For each word, and an unknown one at the end, whether a sequence begins with it."""
        ids = np.arange(self.words, dtype=np.int32)
        own = extend(np.zeros(len(ids), np.uint64), ids)
        at = np.minimum(np.searchsorted(self.hashes, own), len(self.hashes) - 1)
        return np.append(self.hashes[at] == own, False)

    def find(self, word: Ints, gap: Ints, most: int) -> Spans:
        """Every place where a sequence of at most so many words stands in a batch of words, shorter ones first.

        All positions grow by one word at a time, and only those stay whose words so far begin some sequence; so a batch costs
        a few array operations, whatever the number of sequences (the job of Aho and Corasick's automaton, on flat memory).
        A sequence never runs over a hard gap (see `affil.names.tokens`), nor over an unknown word (-1).
        """
        alive = np.flatnonzero(self.starts[word])
        state = np.zeros(len(alive), np.uint64)
        found = []
        hard = np.append(gap >= HARD, True)
        words = np.append(word, -1).astype(np.int32)
        for depth in range(most):
            if depth:
                here = alive + depth
                ok = (here < len(word)) & ~hard[np.minimum(here, len(word))] & (words[np.minimum(here, len(word))] >= 0)
                alive, state = alive[ok], state[ok]
            if not len(alive):
                break
            state = extend(state, words[alive + depth])
            at = np.minimum(np.searchsorted(self.hashes, state), len(self.hashes) - 1)
            ok = self.hashes[at] == state
            alive, state, at = alive[ok], state[ok], at[ok]
            ends = self.values[at] >= 0
            found.append((alive[ends], np.full(ends.sum(), depth + 1, np.int32), self.values[at[ends]]))
        if not found:
            empty = np.zeros(0, np.int64)
            return Spans(empty, empty, empty)
        return Spans(*(np.concatenate(column) for column in zip(*found, strict=True)))
