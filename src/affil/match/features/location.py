"""Locate the words of each name in its string."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from affil.match.candidates import Candidates
from affil.match.features.table import Columns
from affil.match.index import Index
from affil.match.mentions import Mentions
from affil.match.pairs import STRIDE, expand, keys_in, ragged, rank_within
from affil.registry.arrays import Bools, Floats, Ints


def _sums(values: Floats | Bools, group: Ints, size: int) -> Floats:
    return np.bincount(group, values, size).astype(np.float64, copy=False)


def strength_of(place: Columns) -> Floats:
    """Strength of a name's presence: its weight, reduced if words are missing, scattered or name a place."""
    strength: Floats = place["found_mass"] * place["coverage"] * place["coverage_here"] ** 2
    return np.where(place["exact"], strength, strength * (1 - place["placed"]))


@dataclass(frozen=True, slots=True)
class Located:
    """Candidates of whose names something is there: the matched words are `first` to before `last` of the batch, `columns` say how
    much of the name they are.
    """

    candidates: Candidates
    first: Ints
    last: Ints
    columns: Columns

    def take(self, rows: Ints | Bools) -> Located:
        """The candidates of these rows."""
        columns = {name: column[rows] for name, column in self.columns.items()}
        return Located(self.candidates.take(rows), self.first[rows], self.last[rows], columns)


def locate(m: Mentions, c: Candidates, index: Index) -> Located:
    """Find the words of each name in its string: how much of it is there, where most of it stands together."""
    n, size = len(c.string), max(len(m.term), 1)
    order = np.argsort(m.part * STRIDE + m.term, kind="stable")
    keys = (m.part * STRIDE + m.term)[order]
    pair, slot = expand(index.alias_term_ptr, c.alias)
    term = index.alias_term[slot]
    weight = index.word_idf[term]
    ask = c.string[pair] * STRIDE + term
    left, right = np.searchsorted(keys, ask, "left"), np.searchsorted(keys, ask, "right")
    here = right > left
    name_weight = np.maximum(index.alias_mass[c.alias], 1e-6)
    found_weight = _sums(weight * here, pair, n)
    best_word, missing = np.zeros(n), np.zeros(n)
    np.maximum.at(best_word, pair[here], weight[here])
    np.maximum.at(missing, pair[~here], weight[~here])
    what = np.repeat(np.arange(len(pair)), right - left)
    position = order[np.repeat(left, right - left) + ragged(right - left)]
    together = _best_segments(m, n, size, pair[what], slot[what], weight[what], position)
    first, last = _extent(m, c, together, pair[what], position)
    rows = np.flatnonzero((last > first) & (first >= 0) & (first < size))
    c, first, last = c.take(rows), first[rows], last[rows]
    coverage_here = together.weight[rows]
    columns = {
        "exact": c.exact,
        "turned": np.where(c.exact, 0, np.minimum(together.turned[rows], 4)),
        "coverage": np.where(c.exact, 1, found_weight[rows] / name_weight[rows]),
        "coverage_here": np.where(c.exact, 1, coverage_here / name_weight[rows]),
        "mass": name_weight[rows],
        "found_mass": np.where(c.exact, name_weight[rows], found_weight[rows]),
        "best_word": best_word[rows],
        "missing_word": missing[rows],
        "official_coverage": _official_coverage(c, index, keys),
        "words": (index.alias_ptr[c.alias + 1] - index.alias_ptr[c.alias]).astype(float),
        **_matched_columns(m, c, first, last, coverage_here, together.placed[rows]),
    }
    return Located(c, first, last, columns)


def _official_coverage(c: Candidates, index: Index, keys: Ints) -> Floats:
    """Share of the official name's weight that is found in the string."""
    official = index.inst_alias[c.inst]
    pair, slot = expand(index.alias_term_ptr, official)
    term = index.alias_term[slot]
    found = _sums(index.word_idf[term] * keys_in(c.string[pair] * STRIDE + term, keys), pair, len(c.string))
    share: Floats = np.minimum(found / np.maximum(index.alias_mass[official], 1e-6), 1)
    return share


@dataclass(frozen=True, slots=True)
class _BestSegments:
    """For each row: the segment with most of its name (-1: none), the weight found there, how much of that is in words that
    name a place, and the number of words out of order.
    """

    segment: Ints
    weight: Floats
    placed: Floats
    turned: Floats


def _best_segments(m: Mentions, n: int, size: int, pair: Ints, slot: Ints, weight: Floats, position: Ints) -> _BestSegments:
    """The segment with most of each name; `pair`, `slot`, `weight` are rows, terms and weights of the words at `position`."""
    # one entry per (pair, segment, word of the name): sum per segment, then take the best segment
    group = pair * size + m.segment[position]
    _, one = np.unique(group * (1 << 20) + slot % (1 << 20), return_index=True)
    segments, inverse = np.unique(group[one], return_inverse=True)
    in_segment = _sums(weight[one], inverse, len(segments))
    owner = segments // size
    best = np.flatnonzero(rank_within(owner, -in_segment) == 0)
    most, segment = np.zeros(n), np.full(n, -1)
    most[owner[best]] = in_segment[best]
    segment[owner[best]] = segments[best] % size
    placed = np.zeros(n)
    counted = one[m.segment[position[one]] == segment[pair[one]]]
    np.add.at(placed, pair[counted], weight[counted] * np.append(m.place, False)[position[counted]])
    ordered = counted[np.lexsort((slot[counted], pair[counted]))]
    whose, stands = pair[ordered], position[ordered]
    turned = _sums((whose[1:] == whose[:-1]) & (stands[1:] < stands[:-1]), whose[1:], n)
    return _BestSegments(segment, most, placed, turned)


def _extent(m: Mentions, c: Candidates, together: _BestSegments, pair: Ints, position: Ints) -> tuple[Ints, Ints]:
    """The extent `first`, `last` (exclusive) of each name in its best segment."""
    n, size = len(c.string), max(len(m.term), 1)
    inside = m.segment[position] == together.segment[pair]
    first, last = np.full(n, size), np.full(n, -1)
    np.minimum.at(first, pair[inside], position[inside])
    np.maximum.at(last, pair[inside], position[inside])
    # a Han bigram extends over the next word
    cjk = np.append(m.cjk, False)
    grows = (last >= 0) & ~c.exact & cjk[np.minimum(last, size - 1)] & cjk[np.minimum(last + 1, size)]
    return np.where(c.exact, c.first, first), np.where(c.exact, c.first + c.length, last + grows + 1)


def _matched_columns(m: Mentions, c: Candidates, first: Ints, last: Ints, coverage_here: Floats, placed: Floats) -> Columns:
    """Properties of the matched words: places, gaps, corrections, capitals, CJK characters."""
    length = np.maximum(last - first, 1)

    def within(values: Floats | Bools) -> Floats:
        total = np.concatenate([[0], np.cumsum(values)])
        inside: Floats = total[last] - total[first]
        return inside

    weight = within(m.weight)
    share = within(np.where(m.place, m.weight, 0)) / np.maximum(weight, 1e-6)
    return {
        "placed": np.clip(np.where(c.exact, share, placed / np.maximum(coverage_here, 1e-6)), 0, 1),
        "between": np.where(c.exact, 0, np.maximum(weight - coverage_here, 0)),
        "changed": within(m.changed) / length,
        "capitals": within(m.upper) / length,
        "cjk": within(m.cjk) / length,
    }
