"""Prepare a batch of strings for matching: corrected and weighted words, segments, named places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import is_not

import numpy as np

from affil.match.corrections import correct, misspelt_branches, rejoin
from affil.match.index import Index
from affil.match.joints import find_joints
from affil.match.names import find_names
from affil.match.places import find_places, shared_places
from affil.match.plausible import amid_hangul, faculties, off_places, off_streets, off_towns, plausible
from affil.match.sequences import Spans
from affil.match.words import Words
from affil.names import Tokens, tokenize
from affil.names.fold import roles
from affil.names.things import things
from affil.names.tokens import BLANK, COMMA, HARD, terms
from affil.registry.arrays import Bools, Floats, Ints
from affil.settings import RetrieveSettings


@dataclass(frozen=True, slots=True)
class Mentions:
    """The words of a batch as arrays (one entry per word), and data on the parts of its strings.

    A part is what is matched: a whole string, or one of several joined names ("Google and ETH Zurich"). `string` is the string
    of each part.

    Per word: `words` are the folded and corrected words; `word` and `term` their numbers in the index's vocabulary (-1: unknown
    or none); `weight` is the idf weight of the term, 1 for unknown words; `changed` marks corrections; `part`, `segment`
    (between commas) and `block` (between hard separators) are the numbers of what it belongs to; `place` marks words that only
    name a place; `amid` marks words within a longer Hangul word.

    Places: `country`, `region`, `city` are sorted keys `part * STRIDE + number`; `city_country` the countries of cities and
    regions, `city_region` the regions of cities, `sure_country` the countries of places that fill their segment; `borrowed`
    marks parts with the places of another part.
    """

    strings: Sequence[str]
    string: Ints
    tokens: Tokens
    words: list[str]
    word: Ints
    term: Ints
    weight: Floats
    changed: Bools
    gap: Ints
    start: Ints
    end: Ints
    upper: Bools
    cjk: Bools
    part: Ints
    segment: Ints
    block: Ints
    spans: Spans
    place: Bools
    country: Ints
    region: Ints
    city: Ints
    city_country: Ints
    city_region: Ints
    sure_country: Ints
    borrowed: Bools
    amid: Bools

    @property
    def count(self) -> int:
        """Number of parts."""
        return len(self.string)

    def places_within(self, part: Ints, first: Ints, last: Ints) -> Bools:
        """Whether the words that name a place in some parts all are among these of it: "Mary", a city, within "Queen Mary"."""
        before = np.concatenate([[0], np.cumsum(self.place)])
        inside = before[last] - before[first]
        within: Bools = (inside > 0) & (inside == np.bincount(self.part, self.place, self.count)[part])
        return within


_NOTE = 2  # maximum digits of a footnote number: "301医院" is a name
_ORDINAL = "第"


def prepare(strings: Sequence[str], index: Index, settings: RetrieveSettings) -> Mentions:
    """Tokenize, correct, weight and segment a batch; find all names and places that occur word for word."""
    tokens = rejoin(tokenize(strings, limit=settings.max_string), index, settings)
    words, origin = correct(tokens, index, settings)
    typed = [tokens.words[i] for i in origin.tolist()]
    changed = np.fromiter(map(is_not, words, typed), bool, len(words))
    string = np.repeat(np.arange(len(strings)), np.diff(tokens.ptr))[origin]
    new = np.concatenate([[True], string[1:] != string[:-1]]) if len(string) else np.zeros(0, bool)
    gap = tokens.gap[origin]
    if len(origin) > 1:
        gap[1:][origin[1:] == origin[:-1]] = BLANK
    start, end, upper, cjk = tokens.start[origin], tokens.end[origin], tokens.upper[origin], tokens.cjk[origin]
    glued = ~new & (start == np.roll(end, 1))
    fixed = Tokens(tokens.repaired, words, tokens.start, tokens.end, gap, tokens.upper, cjk, tokens.ptr)
    word, term, weight = _word_weights(fixed, things(tokens)[origin], index, settings)
    weight[_footnotes(words, glued)] = 0
    gap = np.where(new, HARD, gap).astype(np.int8)
    spans = find_names(index, word, gap, settings.max_name_tokens)
    if meant := misspelt_branches(spans, words, typed, gap, index, settings):
        words = [meant.get(i, w) for i, w in enumerate(words)]
        at = list(meant)
        word[at] = term[at] = index.numbers(list(meant.values()))
        weight[at], changed[at] = index.word_idf[term[at]], True
        spans = find_names(index, word, gap, settings.max_name_tokens)
    amid = amid_hangul(words, cjk & glued)
    batch = Words(words, word, gap, upper, cjk, string, origin, tokens)
    spans, named, void = _sifted(spans, batch, amid, index, settings)
    weight[void] = 0
    begins, joiners = find_joints(spans, named, batch, index, settings)
    gap[begins] = HARD  # of the batch, too
    weight[joiners] = 0
    joints = np.cumsum(np.bincount(begins, minlength=len(words) + 1)) if begins else np.zeros(len(words) + 1, np.int64)
    spans = spans.where(joints[spans.first] == joints[np.maximum(spans.last - 1, 0)])  # no name spans a joint
    begin = new.copy()
    begin[begins] = True
    # strings without words get an empty part, so that every string has one
    string_of_part, part = _add_empty_parts(string[begin], np.cumsum(begin) - 1 if len(string) else string, len(strings))
    segment = np.cumsum(new | (gap >= COMMA)) - 1
    block = np.cumsum(new | (gap >= HARD)) - 1
    place, places = find_places(named, spans, batch, part, index, settings.famous)
    places, borrowed = shared_places(places, string_of_part)
    return Mentions(
        strings, string_of_part, tokens, words, word, term, weight, changed, gap, start, end, upper, cjk, part, segment, block,
        spans, place, *places, borrowed, amid,
    )  # fmt: skip


def _word_weights(tokens: Tokens, void: Bools, index: Index, settings: RetrieveSettings) -> tuple[Ints, Ints, Floats]:
    """Vocabulary numbers of words and terms, and weights; `void` marks words for things."""
    word = index.numbers(tokens.words)
    word[void] = -1
    term_words = terms(tokens)
    term = index.numbers(term_words)
    weight = np.where(np.array([t == "" for t in term_words], bool), 0.0, np.append(index.word_idf, 1.0)[term])
    role = roles()
    # postcodes, street numbers and address words need not be explained by a name
    noise = {t for t in set(term_words) if t.isdigit() or role.get(t) == "noise"}
    weight[[t in noise for t in term_words]] *= settings.noise_weight
    weight[void] = 0
    return word, term, weight


def _sifted(spans: Spans, words: Words, amid: Bools, index: Index, settings: RetrieveSettings) -> tuple[Spans, Spans, Bools]:
    """The names found that are names where they stand, the places found, and the words of streets and faculties."""
    gap = words.gap
    void = np.zeros(len(words.folded), bool)
    spans = plausible(spans, index, words.upper, gap)
    spans = spans.where(~amid[spans.first])
    void[faculties(spans, words.number, words.upper, gap)] = True
    spans, addressed = off_streets(spans, words.folded, gap, words.cjk)
    named = index.place_sequences.find(words.number, gap, settings.max_place_tokens)
    spans = off_places(spans, named, gap, index)
    return off_towns(spans, named, gap, words.string, index), named, void | addressed


def _footnotes(words: Sequence[str], glued: Bools) -> Bools:
    """Mask of footnote numbers, attached to a word: "Korea University1", "2Microsoft", but not "第2医院".

    `glued[i]`: word i begins where the previous word ends.
    """
    short = np.array([w.isdigit() and len(w) <= _NOTE for w in words] + [True], bool)
    digit = np.array([w.isdigit() for w in words] + [True], bool)
    counted = np.array([False, *(w == _ORDINAL for w in words)], bool)[:-1]
    after, before = glued & ~np.roll(digit, 1)[:-1] & ~counted, np.append(glued[1:], False) & ~digit[1:]
    found: Bools = short[:-1] & (after | before) & ~counted
    return found


def _add_empty_parts(string_of_part: Ints, part: Ints, strings: int) -> tuple[Ints, Ints]:
    """Renumber parts, inserting an empty one for each string without words."""
    empty = np.setdiff1d(np.arange(strings), string_of_part)
    every = np.concatenate([string_of_part, empty])
    order = np.argsort(every, kind="stable")
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order))
    return every[order], number[part]
