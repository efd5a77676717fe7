"""Array operations on (string, number) pairs and on ragged rows."""

from __future__ import annotations

import numpy as np

from affil.registry.arrays import Bools, Floats, Ints

STRIDE = 1 << 32  # a (string, number) pair as one integer key: string * STRIDE + number


def keys_in(keys: Ints, sorted_keys: Ints) -> Bools:
    """Which keys occur in a sorted array."""
    if not len(sorted_keys):
        return np.zeros(len(keys), bool)
    at = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    found: Bools = sorted_keys[at] == keys
    return found


def expand(ptr: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """Expand ragged rows given by `ptr`: for each element, the position in `rows` and the flat index."""
    count = ptr[rows + 1] - ptr[rows]
    who = np.repeat(np.arange(len(rows)), count)
    return who, ptr[rows][who] + ragged(count)


def ragged(count: Ints) -> Ints:
    """Concatenated ranges from 0 to each count (exclusive)."""
    return np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)


def rank_within(group: Ints, *keys: Ints | Floats) -> Ints:
    """Rank (0 first) of each row within its group, ordered by the keys, ascending, first key first."""
    begins = np.concatenate([[True], group[1:] != group[:-1]]) if len(group) else np.zeros(0, bool)
    if len(group) and (group[1:] >= group[:-1]).all():  # usual case: groups renumbered small, which NumPy radix-sorts
        number = np.cumsum(begins) - 1
        order = np.lexsort((*reversed(keys), number.astype(np.min_scalar_type(number[-1]))))
    else:
        order = np.lexsort((*reversed(keys), group))
        begins = np.concatenate([begins[:1], group[order][1:] != group[order][:-1]])
    begin = np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - begin
    return rank
