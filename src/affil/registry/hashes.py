"""Hashes of words and word sequences, and ragged rows as flat arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def word_hashes(ids: npt.NDArray[np.int32]) -> npt.NDArray[np.uint64]:
    """Spread word ids over 64 bits (the finaliser of splitmix64, Steele et al. 2014)."""
    x = ids.astype(np.uint64) * _MULTIPLIER + np.uint64(0x632BE59BD9B4E019)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def extend(prefix: npt.NDArray[np.uint64], ids: npt.NDArray[np.int32]) -> npt.NDArray[np.uint64]:
    """Rolling polynomial hash modulo 2**64: extends the hash of a word sequence by one word (Karp and Rabin 1987)."""
    return prefix * _MULTIPLIER + word_hashes(ids)


def prefix_table(sequences: Sequence[Sequence[int]]) -> dict[str, Any]:
    """Hash table over all prefixes of the sequences: `hash` (sorted) and `value` (number of the sequence that ends here, or -1)."""
    lengths = np.array([len(s) for s in sequences])
    flat = np.array([w for s in sequences for w in s], np.int32)
    ptr = np.concatenate([[0], np.cumsum(lengths)])[:-1]
    alive = np.arange(len(sequences))
    current = np.zeros(len(sequences), np.uint64)
    hashes, values = [], []
    for depth in range(int(lengths.max(initial=0))):
        alive = alive[lengths[alive] > depth]
        current[alive] = extend(current[alive], flat[ptr[alive] + depth])
        hashes.append(current[alive].copy())
        values.append(np.where(lengths[alive] == depth + 1, alive, -1))
    allh, allv = np.concatenate(hashes), np.concatenate(values)
    order = np.lexsort((-allv, allh))
    allh, allv = allh[order], allv[order]
    first = np.concatenate([[True], allh[1:] != allh[:-1]])
    return {"hash": allh[first], "value": allv[first].astype(np.int32)}


def csr(rows: Sequence[Sequence[int]], dtype: Any = np.int32) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Flatten ragged rows: values and row pointers."""
    ptr = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(r) for r in rows], out=ptr[1:])
    return np.array([v for r in rows for v in r], dtype), ptr


def deletions(word: str) -> list[str]:
    """The word and its single-character deletions (symmetric delete spelling correction, W. Garbe 2012)."""
    return [word, *sorted({word[:i] + word[i + 1 :] for i in range(len(word))})]


def checksums(words: Sequence[str]) -> npt.NDArray[np.uint32]:
    """A short stable hash (CRC-32) of each word; hits must be compared in full."""
    return np.fromiter((crc32(w.encode()) for w in words), np.uint32, len(words))
