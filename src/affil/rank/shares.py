"""Expected shares of institutions in what a set of strings holds, where each match of a string may be right or wrong.

An author's strings (or those of an unaligned paper) share their credit over the institutions that they name, and each string that
names none counts as one unknown institution (sql/credit.sql). A share is not linear in the matches, so all combinations of right
and wrong are gone through, each with its probability.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Numbers = NDArray[np.int64]
Values = NDArray[np.float64]

_MOST = 10  # uncertain pairs of a set that are combined; of more, the surest are taken as decided
_CELLS = 1 << 20  # maximum size of an array of combinations


@dataclass(frozen=True, slots=True)
class Shares:
    """One row for each set and institution: the expected share (`mean`), and that in each of the given states (states x rows).

    `row`, `pair` and `effect` are one row for each pair that matters to such a share: by how much the expected share is larger
    where the pair is right than where it is wrong.
    """

    owner: Numbers
    holder: Numbers
    mean: Values
    states: Values
    row: Numbers
    pair: Numbers
    effect: Values


def split_shares(
    sizes: Numbers, strings: Numbers, string: Numbers, holder: Numbers, probability: Values, states: Bools
) -> Shares:
    """The shares of institutions in sets of strings.

    Args:
        sizes: the number of strings of each set.
        strings: the strings of the sets, one set after the other.
        string: the string of each pair.
        holder: the institution of each pair.
        probability: that the pair is right.
        states: states x pairs, which pairs are right in each; the last is the most probable one.
    """
    of_string = np.bincount(string, minlength=int(strings.max(initial=-1)) + 1)
    by_string, first = np.argsort(string, kind="stable"), np.cumsum(of_string) - of_string
    repeats = of_string[strings]
    ends = np.cumsum(repeats)
    pair = by_string[np.arange(repeats.sum()) + np.repeat(first[strings] - (ends - repeats), repeats)]
    owner = np.repeat(np.repeat(np.arange(len(sizes)), sizes), repeats)
    number = np.repeat(
        np.arange(len(strings)) - np.repeat(np.cumsum(sizes) - sizes, sizes), repeats
    )  # of the string in its set
    order = np.lexsort((pair, holder[pair], owner))
    owner, number, pair = owner[order], number[order], pair[order]
    begins = (np.diff(owner, prepend=-1) != 0) | (np.diff(holder[pair], prepend=-1) != 0)
    new, row = np.flatnonzero(begins), np.cumsum(begins) - 1
    elements = _Elements(owner, row, number, pair, probability[pair], states[:, pair])

    # most sets are one string with one institution, which gets all or nothing
    plain = (sizes[owner] == 1) & (np.bincount(owner, minlength=len(sizes))[owner] == 1)
    mean, in_state = np.zeros(len(new)), np.zeros((len(states), len(new)))
    mean[row[plain]], in_state[:, row[plain]] = probability[pair[plain]], states[:, pair[plain]]
    rows, pairs, effects = [row[plain]], [pair[plain]], [np.ones(int(plain.sum()))]
    for part in elements.only(~plain).alike():
        found = part.combined(sizes)
        mean[found.rows], in_state[:, found.rows] = found.mean, found.states
        rows.append(found.row)
        pairs.append(found.pair)
        effects.append(found.effect)
    return Shares(
        owner[new], holder[pair[new]], mean, in_state, np.concatenate(rows), np.concatenate(pairs), np.concatenate(effects)
    )


@dataclass(frozen=True, slots=True)
class _Found:
    rows: Numbers
    mean: Values
    states: Values
    row: Numbers
    pair: Numbers
    effect: Values


@dataclass(frozen=True, slots=True)
class _Elements:
    """Pairs of sets, sorted by set: the set, the row of the institution, the number of the string in the set, and the pair."""

    owner: Numbers
    row: Numbers
    number: Numbers
    pair: Numbers
    probability: Values
    states: Bools

    def only(self, wanted: Bools) -> _Elements:
        return _Elements(*(getattr(self, name)[..., wanted] for name in self.__dataclass_fields__))

    def free(self) -> tuple[Bools, Numbers]:
        """Which pairs are combined, and the number of each among those of its set, the least sure first."""
        doubt = self.probability * (1 - self.probability)
        order = np.lexsort((-doubt, self.owner))
        starts = np.flatnonzero(np.diff(self.owner, prepend=-1))
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))
        return (doubt > 0) & (place < _MOST), place

    def alike(self) -> list[_Elements]:
        """The sets with the same number of combined pairs together, in parts of limited size."""
        if not len(self.owner):
            return []
        free, _ = self.free()
        starts = np.flatnonzero(np.diff(self.owner, prepend=-1))
        lengths = np.diff(starts, append=len(self.owner))
        combined = np.add.reduceat(free, starts, dtype=np.int64)
        out = []
        for m in np.unique(combined):
            sets = np.flatnonzero(combined == m)
            step = max(1, _CELLS // (int(lengths[sets].max()) << m))
            for at in range(0, len(sets), step):
                wanted = np.zeros(len(starts), bool)
                wanted[sets[at : at + step]] = True
                out.append(self.only(np.repeat(wanted, lengths)))
        return out

    def combined(self, sizes: Numbers) -> _Found:
        """The shares of sets with the same number of combined pairs, over all combinations."""
        free, place = self.free()
        starts = np.flatnonzero(np.diff(self.owner, prepend=-1))
        local = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(self.owner)))  # the set
        strings = sizes[self.owner[starts]]
        seat = self.row - self.row[starts][local]  # rows of a set follow each other
        m, many = int(free.sum()) // len(starts), len(starts)
        bits = (np.arange(1 << m) >> np.arange(m)[:, None]) & 1 == 1
        present = np.zeros((many, int(seat.max()) + 1, 1 << m), bool)
        named = np.zeros((many, int(strings.max()), 1 << m), bool)
        fixed = ~free & self.states[-1]
        present[local[fixed], seat[fixed]] = True
        named[local[fixed], self.number[fixed]] = True
        chance, at = np.ones((many, 1 << m)), np.zeros((m, many), np.int64)
        chosen = np.zeros((len(self.states), many), np.int64)
        for k in range(m):
            one = np.flatnonzero(free & (place == k))
            at[k] = one
            present[local[one], seat[one]] |= bits[k]
            named[local[one], self.number[one]] |= bits[k]
            chance *= np.where(bits[k], self.probability[one, None], 1 - self.probability[one, None])
            chosen += self.states[:, one].astype(np.int64) << k
        share = present / (present.sum(1) + strings[:, None] - named.sum(1))[:, None]
        weighed = share * chance[:, None]
        mean = weighed.sum(2)
        real = np.flatnonzero(np.diff(self.row, prepend=-1))  # one element of each row
        row, effect = self.row[real], []
        for k in range(m):
            right = weighed[:, :, bits[k]].sum(2)
            p = self.probability[at[k], None]
            effect.append((right / p - (mean - right) / (1 - p))[local[real], seat[real]])
        pairs = [self.pair[at[k]][local[real]] for k in range(m)]
        return _Found(
            row,
            mean[local[real], seat[real]],
            share[local[real], seat[real], chosen[:, local[real]]],
            np.tile(row, m),
            np.concatenate([*pairs, np.zeros(0, np.int64)]).astype(np.int64),
            np.concatenate([*effect, np.zeros(0)]),
        )
