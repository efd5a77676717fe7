"""Features of the words around the matched ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler

from affil.match.candidates import Candidates
from affil.match.features.location import Located
from affil.match.features.table import DECIMALS, Columns
from affil.match.index import HOSPITAL, INSTITUTE, PART, PARTS, UNIVERSITY, Index
from affil.match.mentions import Mentions
from affil.names.tokens import COMMA, HARD
from affil.registry.arrays import Bools, Floats, Ints
from affil.settings import FeatureSettings
from affil.types import NameKind

# Words of streets, folded.
STREETS = frozenset(
    ("street", "road", "avenue", "boulevard", "lane", "drive", "highway", "strasse", "platz", "square", "路", "街", "道")
)
_HOUSE = 3  # minimum digits of a house number


@dataclass(frozen=True, slots=True)
class _Context:
    """The matched words `first:last` of each row, within their segments.

    `content` is the weight of each word of the batch, 0 for places; `total` its cumulative sum. `bounds` are the first words of
    segments, and the end of the batch; a row begins in segment `from_segment`, ends in `to_segment`, and `begin:end` are their
    words. `before` and `after`: a word precedes or follows within the segment and is not another name. `alias_head` is the mask
    of head words of the name.
    """

    m: Mentions
    c: Candidates
    index: Index
    first: Ints
    last: Ints
    content: Floats
    total: Floats
    bounds: Ints
    from_segment: Ints
    to_segment: Ints
    begin: Ints
    end: Ints
    before: Bools
    after: Bools
    alias_head: Ints

    @property
    def word_before(self) -> Ints:
        """The preceding word."""
        return np.maximum(self.first - 1, 0)

    @property
    def word_after(self) -> Ints:
        """The following word, or the end of the batch."""
        return np.minimum(self.last, len(self.m.term))


def context_columns(m: Mentions, located: Located, index: Index, f: FeatureSettings) -> Columns:
    """What stands around the matched words: the rest of the segment, the words next to them, other kinds of organisation."""
    x, place = _context(m, located, index, f), located.columns
    return {
        **_share_columns(x, place, f),
        **_next_word_columns(x, f),
        **_head_columns(x),
        "number_missing": _number_missing(x, place),
        **_similarity_columns(x),
        **_segment_columns(x, f),
        **_name_columns(x),
    }


def _context(m: Mentions, located: Located, index: Index, f: FeatureSettings) -> _Context:
    c, first, last = located.candidates, located.first, located.last
    size = len(m.term)
    content = np.where(m.place, 0, m.weight)
    bounds = _bounds(m.segment)
    from_segment, to_segment = m.segment[np.minimum(first, size - 1)], m.segment[np.minimum(last - 1, size - 1)]
    # another name that says all by itself is no part of this one: "Peking University University of Oxford"
    claims_alone = (located.columns["words"] > 1) | (index.alias_mass[c.alias] > f.claim)
    sole = np.flatnonzero(c.exact & (np.diff(index.owner_ptr)[c.alias] == 1) & claims_alone)
    begun, ended = np.zeros(size + 1, bool), np.zeros(size + 1, bool)
    begun[first[sole]] = ended[last[sole]] = True
    gap = np.append(m.gap, HARD)
    return _Context(
        m, c, index, first, last, content, np.concatenate([[0], np.cumsum(content)]), bounds, from_segment, to_segment,
        bounds[from_segment], bounds[to_segment + 1], (gap[first] < COMMA) & ~ended[first], (gap[last] < COMMA) & ~begun[last],
        index.alias_head[c.alias],
    )  # fmt: skip


def _bounds(number: Ints) -> Ints:
    """The first words of segments or blocks, given the number of each word's, and the total number of words."""
    first = np.flatnonzero(np.concatenate([[True], number[1:] != number[:-1]])) if len(number) else np.zeros(0, np.int64)
    return np.append(first, len(number))


def _share_columns(x: _Context, place: Columns, f: FeatureSettings) -> Columns:
    """Shares of segment, block and string that the name explains, and the unexplained weight."""
    m, c, first, last, total, size = x.m, x.c, x.first, x.last, x.total, len(x.m.term)
    everything = np.concatenate([[0], np.cumsum(m.weight)])
    inside = np.where(c.exact, everything[last] - everything[first], place["coverage_here"] * place["mass"])
    explained = np.where(c.exact, total[last] - total[first], np.minimum(inside, total[last] - total[first]))
    whole = total[x.end] - total[x.begin]
    left = np.round(np.maximum(whole - explained, 0), DECIMALS)
    # weight not claimed by any exact name; a weak acronym within other words claims nothing
    claims = np.flatnonzero(c.exact & ((place["words"] > 1) | (left == 0) | (x.index.alias_mass[c.alias] > f.claim)))
    border = np.bincount(first[claims], minlength=size + 1) - np.bincount(last[claims], minlength=size + 1)
    unclaimed = np.concatenate([[0], np.cumsum(np.where(np.cumsum(border)[:size] > 0, 0, x.content))])
    own = np.where(c.exact, unclaimed[last] - unclaimed[first], 0)
    blocks = _bounds(m.block)
    block = m.block[np.minimum(first, size - 1)]
    of_block = total[blocks[block + 1]] - total[blocks[block]]
    strings = np.searchsorted(m.part, np.arange(m.count + 1))
    of_string = total[strings[c.string + 1]] - total[strings[c.string]]
    return {
        "segment_share": np.minimum(explained / np.maximum(whole, 1e-6), 1),
        "segment_left": left,
        "segment_unclaimed": np.maximum(unclaimed[x.end] - unclaimed[x.begin] - own, 0),
        "block_share": np.minimum(explained / np.maximum(of_block, 1e-6), 1),
        "string_share": np.minimum(explained / np.maximum(of_string, 1e-6), 1),
    }


def _next_word_columns(x: _Context, f: FeatureSettings) -> Columns:
    """The words before and after the name."""
    m, index, size = x.m, x.index, len(x.m.term)
    of_part = index.word_role[m.word] == PART
    own_words = np.append(np.where(of_part, 0, m.weight), 0)  # words of parts do not count: "Department at the University of X"
    head = np.append(index.word_head[m.term] | index.word_head[m.word], 0) & ~PARTS
    street = np.array([w in STREETS for w in m.words] + [False], bool)
    start, end = np.append(m.start, 0), np.append(m.end, 0)
    commas = np.concatenate([[0], np.cumsum(m.gap >= COMMA)])
    return {
        "street": x.after & street[x.word_after],
        "before": np.where(x.before, own_words[x.word_before], 0),
        "linked": x.before & (start[x.first] - end[x.word_before] > f.small_words),
        "after": np.where(x.after, np.append(x.content, 0)[x.word_after], 0),
        "before_head": x.before & (head[x.word_before] > 0),
        "after_head": x.after & (head[x.word_after] > 0),
        "crosses": commas[np.maximum(x.last, x.first + 1)] - commas[np.minimum(x.first + 1, size)],
    }


def _head_columns(x: _Context) -> Columns:
    """Head words of the segment missing from the name, and of the name missing from the string."""
    m, index = x.m, x.index
    head = index.word_head[m.term] | index.word_head[m.word]
    of_segment = np.bitwise_or.reduceat(head, x.bounds[:-1]) if len(head) else np.zeros(0, np.int32)
    words = np.searchsorted(m.part, np.arange(m.count + 1))
    of_string = np.zeros(m.count, np.int32)
    if len(head):
        spoken = np.diff(words) > 0
        of_string[spoken] = np.bitwise_or.reduceat(head, words[:-1][spoken])
    extra = (of_segment[x.from_segment] | of_segment[x.to_segment]) & ~x.alias_head
    return {
        "head_extra": np.bitwise_count(extra & ~PARTS),
        "head_missing": np.bitwise_count(x.alias_head & ~of_string[x.c.string]),
        "hospital_left": (extra & HOSPITAL) > 0,
        "institute_left": (extra & INSTITUTE) > 0,
        "university_left": (extra & UNIVERSITY) > 0,
        "university": (x.alias_head & UNIVERSITY) > 0,
        "hospital": (x.alias_head & HOSPITAL) > 0,
    }


def _number_missing(x: _Context, place: Columns) -> Bools:
    """Numbers and ordinals in only one of name and segment: "Third Hospital" is not "First Hospital"."""
    m, c, index = x.m, x.c, x.index
    gap = np.append(m.gap, HARD)
    number = np.array([w.isdigit() for w in m.words] + [False], bool)
    # "Paris 13", but not house numbers: "7-3-1 Hongo"
    short = np.array([w.isdigit() and len(w) < _HOUSE for w in m.words], bool)
    lone = np.append(short & ~(number[1:] & (gap[1:] < COMMA)), False)
    counted = index.number_word[m.word] & (m.weight > 0) & ~(index.word_role[m.word] == PART)
    numbers = np.concatenate([[0], np.cumsum(counted)])
    near = numbers[np.minimum(x.last + 1, x.end)] - numbers[np.maximum(x.first - 1, x.begin)]
    # "Paris 13" and "Rennes-II", but not footnotes: "Reykjavik University²"
    set_off = np.append(m.start, 0)[x.word_after] > m.end[np.maximum(x.last - 1, 0)]
    numbered = x.after & set_off & ((x.alias_head & UNIVERSITY) > 0) & lone[x.word_after]
    of_name = index.alias_numbers[c.alias]
    here = (of_name == 0) & (((near > 0) & ((x.alias_head & HOSPITAL) > 0)) | numbered)
    missing: Bools = here | ((of_name > 0) & (place["missing_word"] > 0) & ~c.exact)
    return missing


def _similarity_columns(x: _Context) -> Columns:
    """Character similarity of the name to the matched words and to their segments; 1 for exact matches."""
    similarity, partial = np.ones(len(x.first)), np.ones(len(x.first))
    rows = np.flatnonzero(~x.c.exact)
    if len(rows):
        names = [x.index.alias_text[a] for a in x.c.alias[rows].tolist()]
        matched, around = _between(x.m, x.first[rows], x.last[rows]), _between(x.m, x.begin[rows], x.end[rows])
        similarity[rows] = process.cpdist(matched, names, scorer=JaroWinkler.normalized_similarity)
        partial[rows] = process.cpdist(around, names, scorer=fuzz.partial_ratio) / 100
    return {"similarity": similarity, "partial": partial}


def _segment_columns(x: _Context, f: FeatureSettings) -> Columns:
    """The other segments of the string, except places, and the string as a whole."""
    m, string = x.m, x.c.string
    real = np.bincount(m.segment, x.content, len(x.bounds) - 1) > f.content if len(m.term) else np.zeros(0, bool)
    before = np.concatenate([[0], np.cumsum(real)])
    of_string = np.searchsorted(m.part[x.bounds[:-1]], np.arange(m.count + 1))
    capitals = np.bincount(m.part, m.upper, m.count) / np.maximum(np.bincount(m.part, minlength=m.count), 1)
    return {
        "segments_behind": np.minimum(before[of_string[string + 1]] - before[x.to_segment + 1], 5),
        "segments_before": np.minimum(before[x.from_segment] - before[of_string[string]], 5),
        "all_capitals": capitals[string],
        "string_words": np.minimum(np.bincount(m.part, x.content > 0, m.count)[string], 60),
    }


def _name_columns(x: _Context) -> Columns:
    """Kind, length and ambiguity of the name."""
    c, index = x.c, x.index
    return {
        "letters": np.minimum(index.alias_letters[c.alias], 40),
        "ambiguity": np.log1p(index.owner_ptr[c.alias + 1] - index.owner_ptr[c.alias] - 1),
        "acronym": c.kind == NameKind.ACRONYM,
        "variant": c.kind == NameKind.VARIANT,
        "former": c.kind == NameKind.FORMER,
        "domain": c.kind == NameKind.DOMAIN,
        "official": c.kind <= NameKind.LABEL,
    }


def _between(m: Mentions, first: Ints, last: Ints) -> list[str]:
    """The words `first:last` of each row, joined by blanks."""
    spans = list(zip(first.tolist(), last.tolist(), strict=True))
    text = {(a, b): " ".join(m.words[a:b]) for a, b in set(spans)}
    return [text[span] for span in spans]
