"""Expected shares of institutions in what a set of strings holds, where each match of a string may be right or wrong.

An author's strings (or those of an unaligned paper) share their credit over the institutions that they name, and each string that
names none counts as one unknown institution (sql/credit.sql). A share is not linear in the matches: it depends on how many claims
share the credit. So all combinations of right and wrong are gone through, each with its probability, of those pairs that change this
number; the others stand alone, with their string and their institution, and are one claim whether they are right or wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
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


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of a string and an institution, in the order of strings: the string, the holder and its institution, the probability that
    the pair is right, and whether the string names parents of the institution.
    """

    string: Numbers
    holder: Numbers
    institution: Numbers
    probability: Values
    told: Bools


def split_shares(sizes: Numbers, strings: Numbers, named: Pairs, states: Bools) -> Shares:
    """The shares of institutions in sets of strings. An institution that several strings of a set name has one share, as the holder that
    counts (sql/credit.sql): that of the first string that does in the first state, one that names parents of it before the others.

    Args:
        sizes: the number of strings of each set.
        strings: the strings of the sets, one set after the other.
        named: the pairs.
        states: states x pairs, which pairs are right in each; the last is the most probable one.
    """
    string, institution, probability = named.string, named.institution, named.probability
    of_string = np.bincount(string, minlength=int(strings.max(initial=-1)) + 1)
    by_string, first = np.argsort(string, kind="stable"), np.cumsum(of_string) - of_string
    repeats = of_string[strings]
    ends = np.cumsum(repeats)
    pair = by_string[np.arange(repeats.sum()) + np.repeat(first[strings] - (ends - repeats), repeats)]
    owner = np.repeat(np.repeat(np.arange(len(sizes)), sizes), repeats)
    number = np.repeat(
        np.arange(len(strings)) - np.repeat(np.cumsum(sizes) - sizes, sizes), repeats
    )  # of the string in its set
    last = 2 * ~states[0] + ~named.told  # the first pair of an institution is the one that counts
    order = np.lexsort((pair, last[pair], institution[pair], owner))
    owner, number, pair = owner[order], number[order], pair[order]
    begins = (np.diff(owner, prepend=-1) != 0) | (np.diff(institution[pair], prepend=-1) != 0)
    new, row = np.flatnonzero(begins), np.cumsum(begins) - 1
    elements = _Elements(owner, row, number, pair, probability[pair], states[:, pair], _free(owner, probability[pair]))
    alone = (of_string[string[pair]] == 1) & (np.bincount(row, minlength=len(new))[row] == 1)

    # one part for each set after the shares: that of a single claim
    mean = np.append(np.zeros(len(new)), 1 / sizes)
    in_state = np.tile(mean, (len(states), 1))
    rows, pairs, effects = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0)]
    for some in elements.only(~alone).alike():
        found = some.combined(sizes, len(new))
        mean[found.rows], in_state[:, found.rows] = found.mean, found.states
        rows.append(found.row)
        pairs.append(found.pair)
        effects.append(found.effect)
    by, cause, effect = np.concatenate(rows), np.concatenate(pairs), np.concatenate(effects)

    own = elements.only(alone)
    claim = len(new) + own.owner
    only = (sizes[own.owner] == 1) & (np.bincount(owner, minlength=len(sizes))[own.owner] == 1)  # nothing else is in its set
    present = np.where(own.free | only, own.probability, own.states[-1])
    mean[own.row] = present * mean[claim]
    in_state[:, own.row] = own.states * in_state[:, claim]
    direct = own.free | only
    # what changes the number of claims changes the shares of all
    shared = by >= len(new)
    many = np.bincount(own.owner, minlength=len(sizes))[by[shared] - len(new)]
    first = np.repeat(np.searchsorted(own.owner, by[shared] - len(new)) - (np.cumsum(many) - many), many)
    at = first + np.arange(many.sum())
    return Shares(
        owner[new],
        named.holder[pair[new]],
        mean[: len(new)],
        in_state[:, : len(new)],
        np.concatenate([by[~shared], own.row[direct], own.row[at]]),
        np.concatenate([cause[~shared], own.pair[direct], np.repeat(cause[shared], many)]),
        np.concatenate([effect[~shared], mean[claim[direct]], np.repeat(effect[shared], many) * present[at]]),
    )


def _free(owner: Numbers, probability: Values) -> Bools:
    """Which pairs of each set may be right or wrong: the least sure ones, so many that they can be combined."""
    doubt = probability * (1 - probability)
    order = np.lexsort((-doubt, owner))
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))
    return (doubt > 0) & (place < _MOST)


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
    """Pairs of sets, sorted by set: the set, the row of the institution, the number of the string in the set, the pair, and whether
    it may be right or wrong.
    """

    owner: Numbers
    row: Numbers
    number: Numbers
    pair: Numbers
    probability: Values
    states: Bools
    free: Bools

    def only(self, wanted: Bools | Numbers | slice) -> _Elements:
        return _Elements(*(getattr(self, name)[..., wanted] for name in self.__dataclass_fields__))

    def alike(self) -> Iterator[_Elements]:
        """The sets with the same number of combined pairs together, in parts of limited size."""
        if not len(self.owner):
            return
        starts = np.flatnonzero(np.diff(self.owner, prepend=-1))
        lengths = np.diff(starts, append=len(self.owner))
        combined = np.add.reduceat(self.free, starts, dtype=np.int64)
        elements = self.only(np.argsort(np.repeat(combined, lengths), kind="stable"))
        order = np.argsort(combined, kind="stable")
        lengths, combined = lengths[order], combined[order]
        ends = np.append(0, np.cumsum(lengths))
        for m in np.unique(combined):
            first, last = np.searchsorted(combined, (m, m + 1)).tolist()
            step = max(1, _CELLS // ((int(lengths[first:last].max()) + 1) << int(m)))
            for at in range(first, last, step):
                yield elements.only(slice(ends[at], ends[min(at + step, last)]))

    def combined(self, sizes: Numbers, claims: int) -> _Found:
        """The shares of sets with the same number of combined pairs, over all combinations; row `claims` + n is a single claim of set n."""
        free = self.free
        new = np.diff(self.owner, prepend=-1) != 0
        starts = np.flatnonzero(new)
        local, many = np.cumsum(new) - 1, len(starts)  # the set
        real = np.flatnonzero(np.diff(self.row, prepend=-1))  # one element of each row
        seat = np.cumsum(np.diff(self.row, prepend=-1) != 0) - 1
        seat -= seat[starts][local]
        strings, m = sizes[self.owner[starts]], int(free.sum()) // many
        place = np.cumsum(free) - 1 - np.arange(many)[local] * m  # of a pair among those of its set
        bits = (np.arange(1 << m) >> np.arange(m)[:, None]) & 1 == 1
        present = np.zeros((many, int(seat.max()) + 2, 1 << m), bool)
        named = np.zeros((many, int(self.number.max()) + 1, 1 << m), bool)
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
        number = present.sum(1) + strings[:, None] - named.sum(1)
        present[:, -1] = True  # a single claim
        share = present / number[:, None]
        weighed = share * chance[:, None]
        mean = weighed.sum(2)
        sets, seats = np.append(local[real], np.arange(many)), np.append(seat[real], np.full(many, present.shape[1] - 1))
        row = np.append(self.row[real], claims + self.owner[starts])
        effect = []
        for k in range(m):
            right = weighed[:, :, bits[k]].sum(2)
            p = self.probability[at[k], None]
            effect.append((right / p - (mean - right) / (1 - p))[sets, seats])
        pairs = [self.pair[at[k]][sets] for k in range(m)]
        return _Found(
            row,
            mean[sets, seats],
            share[sets, seats, chosen[:, sets]],
            np.tile(row, m),
            np.concatenate([*pairs, np.zeros(0, np.int64)]).astype(np.int64),
            np.concatenate([*effect, np.zeros(0)]),
        )
