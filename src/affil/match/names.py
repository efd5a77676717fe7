"""Find registry names in a batch of words, except short Han forms that are part of another name."""

from __future__ import annotations

import numpy as np

from affil.match.index import Index
from affil.match.sequences import Spans
from affil.names.tokens import COMMA, HARD
from affil.registry.arrays import Bools, Ints

_VOCATIONAL = ("职业", "专科", "技师", "技工")
_HOSPITAL = "医院"


def find_names(index: Index, word: Ints, gap: Ints, most: int) -> Spans:
    """All occurrences of names of at most `most` words (see `Sequences.find`)."""
    found = index.name_sequences.find(word, gap, most)
    short = np.flatnonzero(index.alias_short_han[found.sequence])
    if not short.size:
        return found
    lost = short[_within_another(index, found.where(short), word, gap, most)]
    return found.where(np.delete(np.arange(len(found.first)), lost))


def _within_another(index: Index, short: Spans, word: Ints, gap: Ints, most: int) -> Bools:
    """Which short Han forms are part of another name.

    They begin within a place ("湖(北理工)学院"), or belong to a vocational college or a hospital ("山东理工职业学院", "同济医院").
    """
    size, first, last = len(word), short.first, short.last
    places = index.place_sequences.find(word, gap, most)
    reach = np.zeros(size + 1, np.int64)  # end of the outermost place that begins before each word
    order = np.lexsort((-places.length, places.first))
    for at, end in zip(places.first[order].tolist(), places.last[order].tolist(), strict=True):
        if at >= reach[at]:
            reach[at + 1 : end] = end
    vocational = np.any([_pair(index, text, word) for text in _VOCATIONAL], axis=0)
    ahead = np.minimum.accumulate(np.where(vocational, np.arange(size + 1), size)[::-1])[::-1]
    han = np.append(index.word_han[word], False)
    run = np.cumsum((np.append(gap, HARD) >= COMMA) | ~han | ~np.append(True, han[:-1]))
    inside = (reach[first] > first) & (reach[first] < last)
    lost: Bools = inside | _pair(index, _HOSPITAL, word)[last] | (run[ahead[last]] == run[last - 1])
    return lost


def _pair(index: Index, text: str, word: Ints) -> Bools:
    """Mask of words where a two-character text begins, with a final False."""
    a, b = (index.word_id.get(c, -2) for c in text)
    return np.append((word == a) & (np.append(word[1:], -1) == b), False)
