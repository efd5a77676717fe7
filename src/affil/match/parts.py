"""Split raw strings into parts, matched independently with the string's unattached places appended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from affil.match.index import Index
from affil.match.names import find_names
from affil.names import tokenize
from affil.names.split import split_parts
from affil.names.tokens import COMMA
from affil.registry.arrays import Bools, Ints
from affil.settings import RetrieveSettings


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a batch of strings.

    `texts` are the distinct parts. The arrays have one entry per part of each string, in order: `string` is the string's
    number, `text` the index into `texts`, `start:end` the span in the raw string.
    """

    texts: list[str]
    string: Ints
    text: Ints
    start: Ints
    end: Ints


def parts_of(strings: Sequence[str], index: Index, settings: RetrieveSettings) -> Parts:
    """Split strings at their hard separators (see `affil.names.split`).

    A part that only names places ("...; Boston; USA") is not matched itself: it is appended, after a comma, to every part of
    its string without a place.
    """
    spans = [split_parts(s[: settings.max_cell]) for s in strings]
    pieces = [[s[a:b] for a, b in own] for s, own in zip(strings, spans, strict=True)]
    short = {p for own in pieces if len(own) > 1 for p in own if len(p) <= settings.longest_place}
    lonely = _only_places(sorted(short), index, settings) if short else frozenset()
    number: dict[str, int] = {}
    string: list[int] = []
    text: list[int] = []
    bounds: list[tuple[int, int]] = []
    for k, (own, where) in enumerate(zip(pieces, spans, strict=True)):
        if len(own) == 1:
            string.append(k)
            text.append(number.setdefault(own[0], len(number)))
            bounds.append(where[0])
            continue
        named = [i for i, p in enumerate(own) if p not in lonely] or [0]
        context = [p for i, p in enumerate(own) if p in lonely and i not in named]
        placed = _placed([own[i] for i in named], index, settings) if context else ()
        for at, i in enumerate(named):
            whole = own[i] if not context or placed[at] else ", ".join((own[i], *context))
            string.append(k)
            text.append(number.setdefault(whole, len(number)))
            bounds.append(where[i])
    start, end = np.array(bounds, np.int64).reshape(-1, 2).T
    return Parts(list(number), np.array(string, np.int64), np.array(text, np.int64), start, end)


def _only_places(texts: Sequence[str], index: Index, settings: RetrieveSettings) -> frozenset[str]:
    """The texts that consist of places and postcodes only and are not a registry name."""
    tokens = tokenize(texts)
    word = index.numbers(tokens.words)
    string = np.repeat(np.arange(len(texts)), np.diff(tokens.ptr))
    digits = np.array([w.isdigit() for w in tokens.words], bool)
    coded = (np.bincount(string, digits, len(texts)) > 0)[string]  # "OX1 3PU"
    covered = digits | (coded & np.array([len(w) <= settings.postcode_letters for w in tokens.words], bool))
    first, length, _ = index.place_sequences.find(word, tokens.gap, settings.max_place_tokens)
    covered |= covering(first, length, len(word))
    first, length, _ = find_names(index, word, tokens.gap, settings.max_name_tokens)
    named = np.zeros(len(texts), bool)
    named[string[first[length == np.diff(tokens.ptr)[string[first]]]]] = True
    left = np.bincount(string, ~covered, len(texts))
    size = np.diff(tokens.ptr)
    return frozenset(t for t, free, n, known in zip(texts, left, size, named, strict=True) if n and not free and not known)


def _placed(texts: Sequence[str], index: Index, settings: RetrieveSettings) -> list[bool]:
    """Whether each text ends in a place after a separator."""
    tokens = tokenize(texts)
    word = index.numbers(tokens.words)
    first, length, _ = index.place_sequences.find(word, tokens.gap, settings.max_place_tokens)
    begins = np.isin(first, tokens.ptr[:-1])
    ends = set((first + length)[(tokens.gap[first] >= COMMA) & ~begins].tolist())
    return [int(end) in ends for end in tokens.ptr[1:]]


def covering(first: Ints, length: Ints, size: int) -> Bools:
    """Mask of the `size` words covered by the spans."""
    border = np.bincount(first, minlength=size + 1) - np.bincount(first + length, minlength=size + 1)
    covered: Bools = np.cumsum(border)[:-1] > 0
    return covered
