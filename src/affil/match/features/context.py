"""What stands around the matched words."""

from __future__ import annotations

import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler

from affil.match.candidates import Candidates
from affil.match.features.table import DECIMALS
from affil.match.index import HOSPITAL, INSTITUTE, PARTS, UNIVERSITY, Floats, Index, Ints
from affil.match.mentions import Mentions
from affil.names.tokens import COMMA, HARD
from affil.settings import FeatureSettings

# Words of streets, folded.
STREETS = frozenset(
    ("street", "road", "avenue", "boulevard", "lane", "drive", "highway", "strasse", "platz", "square", "路", "街", "道")
)


def context_columns(
    m: Mentions, c: Candidates, index: Index, first: Ints, last: Ints, place: dict[str, Floats], f: FeatureSettings
) -> dict[str, Floats]:
    """What stands around the matched words: the rest of the segment, the words next to them, other kinds of organisation."""
    n, size = len(c.string), len(m.term)
    content = np.where(m.place, 0, m.weight)
    total = np.concatenate([[0], np.cumsum(content)])
    everything = np.concatenate([[0], np.cumsum(m.weight)])
    head = index.word_head[m.term] | index.word_head[m.word]
    role_part = index.word_role[m.word] == 2
    segment_first = np.flatnonzero(np.concatenate([[True], m.segment[1:] != m.segment[:-1]])) if size else np.zeros(0, np.int64)
    bounds = np.append(segment_first, size)
    seg_a, seg_b = m.segment[np.minimum(first, size - 1)], m.segment[np.minimum(last - 1, size - 1)]
    begin, end = bounds[seg_a], bounds[seg_b + 1]
    inside = np.where(c.exact, everything[last] - everything[first], 0)
    inside = np.where(c.exact, inside, place["coverage_here"] * place["mass"])
    span_content = np.where(c.exact, total[last] - total[first], np.minimum(inside, total[last] - total[first]))
    whole = total[end] - total[begin]
    left = np.round(np.maximum(whole - span_content, 0), DECIMALS)
    # what the names found word for word leave over; a mere acronym within other words claims nothing
    claims = np.flatnonzero(c.exact & ((place["words"] > 1) | (left == 0) | (index.alias_mass[c.alias] > f.claim)))
    border = np.bincount(first[claims], minlength=size + 1) - np.bincount(last[claims], minlength=size + 1)
    unclaimed = np.concatenate([[0], np.cumsum(np.where(np.cumsum(border)[:size] > 0, 0, content))])
    own_content = np.where(c.exact, unclaimed[last] - unclaimed[first], 0)
    block_first = np.flatnonzero(np.concatenate([[True], m.block[1:] != m.block[:-1]])) if size else np.zeros(0, np.int64)
    block_bounds = np.append(block_first, size)
    block = m.block[np.minimum(first, size - 1)]
    of_block = total[block_bounds[block + 1]] - total[block_bounds[block]]
    string_first = np.searchsorted(m.part, np.arange(m.count + 1))
    of_string = total[string_first[c.string + 1]] - total[string_first[c.string]]
    gap = np.append(m.gap, HARD)
    head_bits = np.append(head, 0)
    street = np.array([w in STREETS for w in m.words], bool)
    # another name that says all by itself is no part of this one: "Peking University University of Oxford"
    claims_alone = (place["words"] > 1) | (index.alias_mass[c.alias] > f.claim)
    sole = np.flatnonzero(c.exact & (np.diff(index.owner_ptr)[c.alias] == 1) & claims_alone)
    begun, ended = np.zeros(size + 1, bool), np.zeros(size + 1, bool)
    begun[first[sole]] = ended[last[sole]] = True
    has_before = (gap[first] < COMMA) & ~ended[first]
    has_after = (gap[last] < COMMA) & ~begun[last]
    own_words = np.append(np.where(role_part, 0, m.weight), 0)  # "Department at the University of X" belongs to it
    before = np.where(has_before, own_words[np.maximum(first - 1, 0)], 0)
    after = np.where(has_after, np.append(content, 0)[np.minimum(last, size)], 0)
    commas = np.concatenate([[0], np.cumsum(m.gap >= COMMA)])
    # head words of the segment, less those of the name
    seg_head = np.bitwise_or.reduceat(head_bits[:size], segment_first) if size else np.zeros(0, np.int32)
    string_head = np.bitwise_or.reduceat(head_bits[:size], string_first[:-1][np.diff(string_first) > 0]) if size else seg_head
    by_string = np.zeros(m.count, np.int32)
    by_string[np.diff(string_first) > 0] = string_head
    alias_head = index.alias_head[c.alias]
    extra = (seg_head[seg_a] | seg_head[seg_b]) & ~alias_head
    missing = alias_head & ~by_string[c.string]
    # numbers and ordinals: "Third Hospital" is not "First Hospital"
    is_number = index.number_word
    number = np.array([w.isdigit() for w in m.words] + [False], bool)
    # "Paris 13", but no number of a house: "7-3-1 Hongo"
    lone_number = np.array([w.isdigit() and len(w) < 3 for w in m.words], bool) & ~(number[1:] & (gap[1:] < COMMA))
    numbers_here = np.concatenate([[0], np.cumsum(is_number[m.word] & (m.weight > 0) & ~role_part)])
    alias_numbers = index.alias_numbers[c.alias]
    close_first, close_last = np.maximum(first - 1, begin), np.minimum(last + 1, end)
    near = numbers_here[close_last] - numbers_here[close_first]
    hospital = (alias_head & HOSPITAL) > 0
    # "Paris 13" and "Rennes-II", but no footnote: "Reykjavik University²"
    set_off = np.append(m.start, 0)[np.minimum(last, size)] > m.end[np.maximum(last - 1, 0)]
    numbered = has_after & set_off & ((alias_head & UNIVERSITY) > 0) & np.append(lone_number, False)[np.minimum(last, size)]
    number_missing = (alias_numbers > 0) & (place["missing_word"] > 0) & ~c.exact
    number_missing |= (alias_numbers == 0) & ((near > 0) & hospital | numbered)
    nonplace = np.bincount(m.segment, content, len(bounds) - 1) > f.content if size else np.zeros(0, bool)
    real = np.concatenate([[0], np.cumsum(nonplace)])
    string_of_segment = m.part[segment_first]
    seg_of_string = np.searchsorted(string_of_segment, np.arange(m.count + 1))
    fuzzy = np.flatnonzero(~c.exact)
    similarity, partial = np.ones(n), np.ones(n)
    if len(fuzzy):
        own = [index.alias_text[a] for a in c.alias[fuzzy].tolist()]
        similarity[fuzzy] = process.cpdist(
            _between(m, first[fuzzy], last[fuzzy]), own, scorer=JaroWinkler.normalized_similarity
        )
        partial[fuzzy] = process.cpdist(_between(m, begin[fuzzy], end[fuzzy]), own, scorer=fuzz.partial_ratio) / 100
    all_upper = np.bincount(m.part, m.upper, m.count) / np.maximum(np.bincount(m.part, minlength=m.count), 1)
    kind = c.kind
    return {
        "segment_share": np.minimum(span_content / np.maximum(whole, 1e-6), 1),
        "segment_left": left,
        "segment_unclaimed": np.maximum(unclaimed[end] - unclaimed[begin] - own_content, 0),
        "block_share": np.minimum(span_content / np.maximum(of_block, 1e-6), 1),
        "string_share": np.minimum(span_content / np.maximum(of_string, 1e-6), 1),
        "street": has_after & np.append(street, False)[np.minimum(last, size)],
        "before": before,
        "linked": has_before & (np.append(m.start, 0)[first] - np.append(m.end, 0)[np.maximum(first - 1, 0)] > f.small_words),
        "after": after,
        "before_head": has_before & ((head_bits[np.maximum(first - 1, 0)] & ~PARTS) > 0),
        "after_head": has_after & ((head_bits[np.minimum(last, size)] & ~PARTS) > 0),
        "letters": np.minimum(index.alias_letters[c.alias], 40),
        "crosses": commas[np.maximum(last, first + 1)] - commas[np.minimum(first + 1, size)],
        "similarity": similarity,
        "partial": partial,
        "ambiguity": np.log1p(index.owner_ptr[c.alias + 1] - index.owner_ptr[c.alias] - 1),
        "acronym": kind == 3,
        "variant": kind == 6,
        "former": kind == 4,
        "domain": kind == 5,
        "official": kind <= 1,
        "all_capitals": all_upper[c.string],
        "number_missing": number_missing,
        "head_extra": np.bitwise_count(extra & ~PARTS),
        "head_missing": np.bitwise_count(missing),
        "hospital_left": (extra & HOSPITAL) > 0,
        "institute_left": (extra & INSTITUTE) > 0,
        "university_left": (extra & UNIVERSITY) > 0,
        "segments_behind": np.minimum(real[seg_of_string[c.string + 1]] - real[seg_b + 1], 5),
        "segments_before": np.minimum(real[seg_a] - real[seg_of_string[c.string]], 5),
        "university": (alias_head & UNIVERSITY) > 0,
        "hospital": (alias_head & HOSPITAL) > 0,
        "string_words": np.minimum(np.bincount(m.part, content > 0, m.count)[c.string], 60),
    }


def _between(m: Mentions, first: Ints, last: Ints) -> list[str]:
    """The words from `first` to before `last` of each row, joined by blanks."""
    spans = list(zip(first.tolist(), last.tolist(), strict=True))
    text = {(a, b): " ".join(m.words[a:b]) for a, b in set(spans)}
    return [text[span] for span in spans]
