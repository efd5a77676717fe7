"""The words of each name in its string: how much of it is there, and where."""

from __future__ import annotations

import numpy as np

from affil.match.candidates import Candidates
from affil.match.index import Floats, Index, Ints
from affil.match.mentions import Mentions
from affil.match.pairs import STRIDE, expand, keys_in, rank_within


def _sums(values: Floats, group: Ints, size: int) -> Floats:
    total: Floats = np.bincount(group, values, size)
    return total


def strength_of(place: dict[str, Floats]) -> Floats:
    """How much of a name is there: its weight, less where words are missing, lie scattered over the string or name a place."""
    strength: Floats = place["found_mass"] * place["coverage"] * place["coverage_here"] ** 2
    return np.where(place["exact"], strength, strength * (1 - place["placed"]))


def locate(m: Mentions, c: Candidates, index: Index) -> tuple[Candidates, Ints, Ints, dict[str, Floats]]:
    """Find the words of each name in its string: how much of it is there, where most of it stands together."""
    n, size = len(c.string), max(len(m.term), 1)
    term_ptr = index.alias_term_ptr
    pair, slot = expand(term_ptr, c.alias)
    term = index.alias_term[slot]
    weight = index.word_idf[term]
    order = np.argsort(m.part * STRIDE + m.term, kind="stable")
    keys = (m.part * STRIDE + m.term)[order]
    ask = c.string[pair] * STRIDE + term
    left, right = np.searchsorted(keys, ask, "left"), np.searchsorted(keys, ask, "right")
    here = right > left
    official_ptr = index.inst_alias[c.inst]
    own, own_slot = expand(term_ptr, official_ptr)
    own_term = index.alias_term[own_slot]
    own_ask = c.string[own] * STRIDE + own_term
    official = _sums(index.word_idf[own_term] * keys_in(own_ask, keys), own, n) / np.maximum(
        index.alias_mass[official_ptr], 1e-6
    )
    mass = np.maximum(index.alias_mass[c.alias], 1e-6)
    found_mass = _sums(weight * here, pair, n)
    best_word, missing = np.zeros(n), np.zeros(n)
    np.maximum.at(best_word, pair[here], weight[here])
    np.maximum.at(missing, pair[~here], weight[~here])
    count = right - left
    what = np.repeat(np.arange(len(pair)), count)
    position = order[np.repeat(left, count) + np.arange(len(what)) - np.repeat(np.cumsum(count) - count, count)]
    # one entry a (pair, segment, word of the name): sums per segment, then the segment with most
    group = pair[what] * size + m.segment[position]
    _, one = np.unique(group * (1 << 20) + slot[what] % (1 << 20), return_index=True)
    segments, inverse = np.unique(group[one], return_inverse=True)
    in_segment = _sums(weight[what][one], inverse, len(segments))
    owner = segments // size
    best = np.flatnonzero(rank_within(owner, -in_segment) == 0)
    coverage_here, at_segment = np.zeros(n), np.full(n, -1)
    coverage_here[owner[best]] = in_segment[best]
    at_segment[owner[best]] = segments[best] % size
    inside = m.segment[position] == at_segment[pair[what]]
    at_place = np.append(m.place, False)
    in_place = np.zeros(n)
    counted = one[m.segment[position[one]] == at_segment[pair[what[one]]]]
    np.add.at(in_place, pair[what[counted]], weight[what[counted]] * at_place[position[counted]])
    ordered = counted[np.lexsort((slot[what[counted]], pair[what[counted]]))]
    whose, stands = pair[what[ordered]], position[ordered]
    turned = _sums((whose[1:] == whose[:-1]) & (stands[1:] < stands[:-1]), whose[1:], n)
    first, last = np.full(n, size), np.full(n, -1)
    np.minimum.at(first, pair[what][inside], position[inside])
    np.maximum.at(last, pair[what][inside], position[inside])
    # a pair of Han characters ends one word further on
    cjk = np.append(m.cjk, False)
    grows = (last >= 0) & ~c.exact & cjk[np.minimum(last, size - 1)] & cjk[np.minimum(last + 1, size)]
    last = last + grows
    first = np.where(c.exact, c.first, first)
    last = np.where(c.exact, c.first + c.length, last + 1)
    usable = (last > first) & (first >= 0) & (first < size)
    rows = np.flatnonzero(usable)
    c = c.take(rows)
    changed = np.concatenate([[0], np.cumsum(m.changed)])
    upper = np.concatenate([[0], np.cumsum(m.upper)])
    han = np.concatenate([[0], np.cumsum(cjk[: len(m.term)])])
    first, last = first[rows], last[rows]
    length = np.maximum(last - first, 1)
    total = np.concatenate([[0], np.cumsum(m.weight)])
    between = np.where(c.exact, 0, np.maximum(total[last] - total[first] - coverage_here[rows], 0))
    at_places = np.concatenate([[0], np.cumsum(np.where(m.place, m.weight, 0))])
    share = (at_places[last] - at_places[first]) / np.maximum(total[last] - total[first], 1e-6)
    columns = {
        "exact": c.exact,
        "placed": np.clip(np.where(c.exact, share, in_place[rows] / np.maximum(coverage_here[rows], 1e-6)), 0, 1),
        "between": between,
        "turned": np.where(c.exact, 0, np.minimum(turned[rows], 4)),
        "coverage": np.where(c.exact, 1, found_mass[rows] / mass[rows]),
        "coverage_here": np.where(c.exact, 1, coverage_here[rows] / mass[rows]),
        "mass": mass[rows],
        "found_mass": np.where(c.exact, mass[rows], found_mass[rows]),
        "best_word": best_word[rows],
        "missing_word": missing[rows],
        "official_coverage": np.minimum(official[rows], 1),
        "words": (index.alias_ptr[c.alias + 1] - index.alias_ptr[c.alias]).astype(float),
        "changed": (changed[last] - changed[first]) / length,
        "capitals": (upper[last] - upper[first]) / length,
        "cjk": (han[last] - han[first]) / length,
    }
    return c, first, last, columns
