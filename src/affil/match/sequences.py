"""Find known word sequences (names, places) in a batch of words."""

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
    """Occurrences of sequences in a batch, one row per hit: first word, number of words, number of the sequence."""

    first: Ints
    length: Ints
    sequence: Ints

    @property
    def last(self) -> Ints:
        """The end of each, exclusive."""
        return self.first + self.length

    def where(self, rows: Bools | Ints) -> Spans:
        """Select rows."""
        return Spans(self.first[rows], self.length[rows], self.sequence[rows])


@dataclass(frozen=True)
class Sequences:
    """Hash table of all prefixes of sequences (see `affil.registry.hashes.prefix_table`) over a vocabulary of size `words`."""

    hashes: npt.NDArray[np.uint64]
    values: npt.NDArray[np.int32]
    words: int

    @cached_property
    def starts(self) -> Bools:
        """Whether a sequence begins with each word; with an extra entry for unknown words."""
        ids = np.arange(self.words, dtype=np.int32)
        own = extend(np.zeros(len(ids), np.uint64), ids)
        at = np.minimum(np.searchsorted(self.hashes, own), len(self.hashes) - 1)
        return np.append(self.hashes[at] == own, False)

    def find(self, word: Ints, gap: Ints, most: int) -> Spans:
        """All occurrences of sequences of at most `most` words, shorter ones first.

        All positions are extended one word at a time, keeping those whose words are a prefix of some sequence; so a batch costs
        a few array operations, whatever the number of sequences (as an Aho-Corasick automaton, but vectorised). A sequence
        never crosses a hard gap (see `affil.names.tokens`) or an unknown word (-1).
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
