"""What speaks for and against each candidate: one column a feature, computed for all pairs of a batch at once.

No feature knows which institution it is about: one model serves every registry.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler

from affil.match.candidates import Candidates, expand, keys_in, rank_within
from affil.match.index import HOSPITAL, INSTITUTE, KINDS, PARTS, UNIVERSITY, Floats, Index, Ints
from affil.match.mentions import STRIDE, Mentions
from affil.names.tokens import COMMA, HARD
from affil.settings import TEXT, FeatureSettings, Settings

# name: (meaning, direction in which more of it may only raise (1) or lower (-1) the probability, 0 for either)
FEATURES: dict[str, tuple[str, int]] = {
    "exact": ("the name stands in the string word for word", 0),
    "coverage": ("share of the name's weight found anywhere in the string", 1),
    "coverage_here": ("share of the name's weight found in the one segment that holds most of it", 0),
    "mass": ("weight of the name's words: how distinctive it is", 0),
    "found_mass": ("weight of the name's words that were found", 0),
    "best_word": ("weight of the most distinctive word found", 1),
    "missing_word": ("weight of the most distinctive word of the name that is missing", -1),
    "words": ("number of words of the name", 0),
    "letters": ("number of characters of the name, at most 40", 0),
    "segment_share": ("share of the segment's weight that the name explains, places aside", 1),
    "segment_left": ("weight of the segment's words that it leaves, places aside", 0),
    "segment_unclaimed": ("weight of the segment's words that no name found word for word claims, places aside", -1),
    "block_share": ("share that it explains of the part between hard separators (; + /), places aside", 1),
    "string_share": ("share of the whole string's weight that it explains", 0),
    "before": ("weight of the word right before the name, 0 behind a separator or a word of parts (department)", 0),
    "linked": ("small words (at the, of the) stand between it and the word right before", 0),
    "after": ("weight of the word right behind the name, 0 before a separator or a place", 0),
    "before_head": ("the word right before is one that makes another organisation (hospital, school)", 0),
    "after_head": ("the word right behind is one that makes another organisation (hospital, school)", 0),
    "crosses": ("commas inside the name as it stands in the string", 0),
    "between": ("weight of the words between those of the name that are none of it, where it is not found word for word", -1),
    "turned": ("words of the name that stand before one that they follow in it", -1),
    "changed": ("share of the found words that were corrected first", 0),
    "similarity": ("character similarity of name and matched words (Jaro and Winkler)", 1),
    "partial": ("best partial character similarity of name and segment", 1),
    "ambiguity": ("logarithm of the number of institutions that bear the name", -1),
    "acronym": ("the name is an acronym of the institution", 0),
    "variant": ("the name is a variant that the index made", 0),
    "former": ("the name is a former one", 0),
    "domain": ("the name is the institution's internet domain", 0),
    "official": ("the name is the official one or a label", 0),
    "capitals": ("share of the matched words typed in capitals", 0),
    "all_capitals": ("share of the whole string typed in capitals", 0),
    "country_agrees": ("the string names its country", 1),
    "country_differs": ("the string names countries, but not its own", -1),
    "city_agrees": ("the string names its city", 1),
    "city_differs": ("the string names cities or regions, none of them in its country", -1),
    "region_agrees": ("the string names its region", 1),
    "elsewhere": ("places that are the whole of their segment are named, none of them in its country", -1),
    "street": ("a word of a street stands right behind the name", -1),
    "other_city": ("the string names cities, but not its own: 1, where one is in its region 0.5", -1),
    "number_missing": ("the name has a number or ordinal that the segment lacks, or the other way round", -1),
    "head_extra": ("kinds of organisation named in the segment outside of the name", 0),
    "head_missing": ("kinds of organisation in the name that are missing in the string", -1),
    "hospital_left": ("a hospital is named in the segment outside of the name", 0),
    "institute_left": ("an institute, centre or laboratory is named in the segment outside of the name", 0),
    "university_left": ("a university or college is named in the segment outside of the name", 0),
    "segments_behind": ("number of segments behind it that are not just places", 0),
    "segments_before": ("number of segments before it", 0),
    "other_names": ("further names of the institution found in the string", 1),
    "parent_found": ("its parent is also found word for word", 0),
    "child_found": ("one of its children is also found word for word", 0),
    "parent_name_inside": ("its parent's name is part of the matched words", 0),
    "nested": ("the name is part of a longer name found for another institution", -1),
    "nested_weight": ("how much longer that name is, by weight", -1),
    "apart": ("a longer name encloses it, but that institution also bears a shorter one here, beside it", 1),
    "overlapped": ("another institution's name that begins before it ends within it, or a longer word of Hangul", -1),
    "contains": ("shorter names of other institutions are part of it", 0),
    "rival_mass": ("largest found weight among the string's other institutions", 0),
    "mass_gap": ("found weight less that of the best other", 0),
    "coverage_rank": ("rank of its found weight among the string's candidates", -1),
    "others_elsewhere": ("share of the other institutions found, by weight, not in its country; 0 of a university's or company's own name", 0),
    "others_here": ("another institution in its city is found word for word", 0),
    "homonym_rank": ("rank of its prominence among the bearers of this name in this string", 0),
    "homonym_gap": ("its prominence less that of the best known other bearer of this name in this string, less for those farther away", 1),
    "usage": ("share of this name's bearers in this string that it has by how often AI papers name each, less for those farther away", 1),
    "named_often": ("logarithm of how often AI papers name it unmistakably", 1),
    "homonym_kind": ("bearers of this name in this string to whom it is a better kind of name (official, not former)", -1),
    "homonyms_in_place": ("bearers of this name in the places the string names", 0),
    "prominence": ("rank of its prominence in the registry, 0 to 1", 0),
    "company": ("the institution is a company, which has more places than its seat", 0),
    "education": ("the institution is a university or school", 0),
    "healthcare": ("the institution is a hospital or clinic", 0),
    "facility": ("the institution is a research facility", 0),
    "government": ("the institution is of government", 0),
    "nonprofit": ("the institution is a nonprofit", 0),
    "closed": ("the institution is no longer active", 0),
    "children": ("logarithm of the number of its children in the registry", 0),
    "parents": ("number of its parents in the registry", 0),
    "namesake_child": ("one of its children bears the same name: a system and its campus", 0),
    "namesake_parent": ("one of its parents bears the same name", 0),
    "official_coverage": ("share of the weight of its official name found in the string", 0),
    "initials": ("the name is an acronym that words beside it spell out", 0),
    "names_before": ("names found word for word that begin before it, nested ones aside", 0),
    "names_behind": ("names found word for word that begin behind it, nested ones aside", 0),
    "universities": ("names of other universities found word for word, nested ones aside", 0),
    "hospitals": ("names of other hospitals found word for word, nested ones aside", 0),
    "institutes": ("names of other institutions found word for word, neither university nor hospital, nested ones aside", 0),
    "registry_size": ("logarithm of the number of institutions of the registry", 0),
    "policy_all": ("parents are wanted beside their children", 0),
    "policy_one": ("one institution a string is wanted", 0),
    "university": ("the name is that of a university or college", 0),
    "hospital": ("the name is that of a hospital or clinic", 0),
    "exact_names": ("number of institutions found word for word", 0),
    "string_words": ("number of words of the string, places aside", 0),
    "is_place": ("the matched words are also the name of a place", -1),
    "placed": ("share of the found weight in words that name a place where they stand", -1),
    "cjk": ("share of the matched words in Han, kana or Hangul", 0),
}  # fmt: skip
# Words of streets, folded.
STREETS = frozenset(
    ("street", "road", "avenue", "boulevard", "lane", "drive", "highway", "strasse", "platz", "square", "路", "街", "道")
)
NAMES = tuple(FEATURES)
DECIMALS = 5  # of all features


@dataclass(frozen=True, slots=True)
class Pairs:
    """Candidates with features: at most one row for each pair of string and institution.

    `first` and `last` delimit the matched words in the batch, `features` has a column for each of `NAMES`; `child[i]` and
    `parent[i]` are rows of one string whose institutions are child and parent.
    """

    candidates: Candidates
    first: Ints
    last: Ints
    features: Floats
    child: Ints
    parent: Ints


def _sums(values: Floats, group: Ints, size: int) -> Floats:
    total: Floats = np.bincount(group, values, size)
    return total


def featurize(m: Mentions, found: Candidates, index: Index, settings: Settings) -> Pairs:
    """Compute all features; of an institution's several names in a string the one that explains most is kept.

    Args:
        m: the prepared batch.
        found: the candidates of `retrieve`.
        index: the index.
        settings: how names compete, and how many institutions are kept per string.
    """
    # in order, since what is looked up in order is found faster
    c, first, last, place = _locate(m, found.take(np.lexsort((found.inst, found.string))), index)
    # the best name of each institution: the weight that it explains, word for word before scattered, official before acronym
    strength = _strength(place)
    f = settings.features
    quality = strength + f.exact_bonus * c.exact * index.alias_mass[c.alias] - f.kind_cost * c.kind
    commas = np.concatenate([[0], np.cumsum(m.gap >= COMMA)])
    quality -= f.comma_cost * c.exact * (commas[np.maximum(last, first + 1)] - commas[np.minimum(first + 1, len(m.gap))])
    key = c.string * STRIDE + c.inst
    keep = rank_within(key, -quality, first) == 0
    keys, number = np.unique(key[c.exact], return_inverse=True)
    names = keys[np.unique(number * (len(m.term) + 1) + first[c.exact]) // (len(m.term) + 1)]  # one entry a place of a name
    own = np.flatnonzero(c.exact & (index.owner_ptr[c.alias + 1] - index.owner_ptr[c.alias] == 1))
    stretches = _Stretches.of(key[own], first[own], last[own], len(m.term))
    c, first, last, quality = c.take(np.flatnonzero(keep)), first[keep], last[keep], quality[keep]
    place = {k: v[keep] for k, v in place.items()}
    agree = keys_in(c.string * STRIDE + index.inst_country_id[c.inst], m.country) * f.place_bonus
    # a string that names many keeps more
    spans = m.part[np.unique(first[c.exact])]
    most = np.maximum(2 * np.bincount(spans, minlength=m.count), settings.retrieve.max_candidates)
    keep = rank_within(c.string, -(quality + agree + f.fame_bonus * index.inst_prominence[c.inst])) < most[c.string]
    c, first, last = c.take(np.flatnonzero(keep)), first[keep], last[keep]
    place = {k: v[keep] for k, v in place.items()}
    key = c.string * STRIDE + c.inst
    child, parent = _family(key, c, index)
    places = _places(m, c, index)
    columns = place | _context(m, c, index, first, last, place, f) | places
    columns |= _rivals(m, c, index, first, last, place, child, parent, stretches, _nearness(places), f)
    policy = settings.decide.policy
    columns["registry_size"] = np.full(len(key), np.log10(len(index.parent_ptr) - 1))
    columns |= {"policy_all": np.full(len(key), policy == "all"), "policy_one": np.full(len(key), policy == "one")}
    columns["other_names"] = np.minimum(np.searchsorted(names, key, "right") - np.searchsorted(names, key, "left"), 4) - c.exact
    # rounded, so that the last bits of running sums over the batch never tell a string what else is in it
    table = np.empty((len(NAMES), len(key)), np.float32)
    for row, name in zip(table, NAMES, strict=True):
        column = columns[name]
        row[:] = column.astype(np.float64).round(DECIMALS) if column.dtype.kind == "f" else column
    features = table.T
    return Pairs(c, first, last, features, child, parent)


@dataclass(frozen=True, slots=True)
class _Stretches:
    """Where names stand word for word that their institution alone bears: ascending codes of string and institution, first and last."""

    keys: Ints
    codes: Ints
    size: int

    @classmethod
    def of(cls, key: Ints, first: Ints, last: Ints, size: int) -> _Stretches:
        """The stretches of pairs of string and institution."""
        keys, number = np.unique(key, return_inverse=True)
        return cls(keys, np.unique((number * (size + 1) + first) * (size + 1) + last), size)

    def have(self, key: Ints, first: Ints, last: Ints) -> Ints:
        """Whether such a name of the pair stands in exactly these words."""
        number = np.searchsorted(self.keys, key)
        code = (number * (self.size + 1) + np.maximum(first, 0)) * (self.size + 1) + np.maximum(last, 0)
        known: Ints = keys_in(key, self.keys) & keys_in(code, self.codes)
        return known


def _strength(place: dict[str, Floats]) -> Floats:
    """How much of a name is there: its weight, less where words are missing, lie scattered over the string or name a place."""
    strength: Floats = place["found_mass"] * place["coverage"] * place["coverage_here"] ** 2
    return np.where(place["exact"], strength, strength * (1 - place["placed"]))


def _locate(m: Mentions, c: Candidates, index: Index) -> tuple[Candidates, Ints, Ints, dict[str, Floats]]:
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


def _context(
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


def _places(m: Mentions, c: Candidates, index: Index) -> dict[str, Floats]:
    """Agreement and conflict of the institution's place with the places that the string names."""
    country = index.inst_country_id[c.inst].astype(np.int64)
    base = c.string * STRIDE
    named = np.zeros(m.count, bool)
    named[m.country // STRIDE] = True
    cities = np.zeros(m.count, bool)
    cities[m.city // STRIDE] = True
    sure = np.zeros(m.count, bool)
    sure[m.sure_country // STRIDE] = True
    somewhere = np.zeros(m.count, bool)
    somewhere[m.city_country // STRIDE] = True
    wider = index.wider[country].astype(np.int64)
    agrees = keys_in(base + country, m.country)
    city = (index.inst_city_id[c.inst] >= 0) & keys_in(base + index.inst_city_id[c.inst], m.city)
    region = (index.inst_region_id[c.inst] > 0) & keys_in(base + index.inst_region_id[c.inst], m.region)
    # "Pasadena, CA" is not in Canada
    tolerated = agrees | keys_in(base + wider, m.country) | (city & region)
    in_country = keys_in(base + country, m.city_country) | keys_in(base + wider, m.city_country)
    in_region = (index.inst_region_id[c.inst] > 0) & keys_in(base + index.inst_region_id[c.inst], m.city_region)
    own = ~m.borrowed[c.string]  # the places of another part speak for a name, never against it
    return {
        "country_agrees": agrees,
        "country_differs": own & named[c.string] & ~tolerated,
        "city_agrees": city,
        "city_differs": own & somewhere[c.string] & ~in_country & ~city,
        "elsewhere": own
        & sure[c.string]
        & ~(keys_in(base + country, m.sure_country) | keys_in(base + wider, m.sure_country) | (city & region)),
        "region_agrees": region,
        "other_city": (own & cities[c.string] & ~city) * np.where(in_region, 0.5, 1.0),
    }


def _nearness(places: dict[str, Floats]) -> Ints:
    """How well the place of each row agrees with those of its string: 3 its city, 2 its region, 1 its country, 0 unknown, -1 another."""
    another = places["country_differs"] | places["elsewhere"]
    levels: Ints = np.select(
        [another, places["city_agrees"], places["region_agrees"], places["country_agrees"]], [-1, 3, 2, 1], 0
    )
    return levels


def _family(key: Ints, c: Candidates, index: Index) -> tuple[Ints, Ints]:
    """All pairs of rows (child, parent) of one string; `key` holds the ascending `string * STRIDE + inst`."""
    child, parent = expand(index.parent_ptr, c.inst)
    ask = c.string[child] * STRIDE + index.parent[parent]
    at = np.minimum(np.searchsorted(key, ask), max(len(key) - 1, 0))
    here = key[at] == ask if len(key) else np.zeros(0, bool)
    return child[here], at[here]


def _ties_before(group: Ints, key: Ints) -> Ints:
    """How many rows of the same group and key were ranked before each row."""
    return rank_within(group * 16 + key)


def _lead(group: Ints, value: Floats) -> Floats:
    """How far each row's value is above the largest other value of its group; 5 where there is no other."""
    rank = rank_within(group, -value)
    _, number = np.unique(group, return_inverse=True)
    size = int(number.max(initial=-1)) + 1
    top, second = np.full(size, -np.inf), np.full(size, -np.inf)
    top[number[rank == 0]] = value[rank == 0]
    second[number[rank == 1]] = value[rank == 1]
    other = np.where(rank == 0, second[number], top[number])
    lead: Floats = np.clip(value - other, -5.0, 5.0)
    return lead


def _share(group: Ints, value: Floats) -> Floats:
    """Each row's share of the sum of its group; groups are numbered from 0."""
    share: Floats = value / np.bincount(group, value)[group] if len(group) else value
    return share


def _rivals(
    m: Mentions,
    c: Candidates,
    index: Index,
    first: Ints,
    last: Ints,
    place: dict[str, Floats],
    child: Ints,
    at: Ints,
    stretches: _Stretches,
    nearness: Ints,
    settings: FeatureSettings,
) -> dict[str, Floats]:
    """How the candidate stands among the others of its string: nested names, family, homonyms."""
    n = len(c.string)
    base = c.string * STRIDE
    mass = _strength(place)
    # nested: a longer word-for-word span of another institution encloses this one
    nested, nested_weight, contains, overlapped = np.zeros(n, bool), np.zeros(n), np.zeros(n), np.zeros(n, bool)
    enclosed = np.zeros(n, bool)
    exact = np.flatnonzero(c.exact)
    begins = np.searchsorted(c.string[exact], np.arange(m.count + 1))
    if len(exact):
        who, other = expand(begins, c.string)
        other = exact[other]
        encloses = (
            (first[other] <= first[who]) & (last[other] >= last[who]) & (last[other] - first[other] > last[who] - first[who])
        )
        encloses &= c.inst[who] != c.inst[other]
        enclosed[who[encloses]] = True
        # "West China Hospital" stands beside "Sichuan University" in the longer name that has both
        key, of = base[other] + c.inst[other], c.exact[who] & (place["words"][who] > 1)
        ends, begins = of & (last[who] == last[other]), of & (first[who] == first[other])
        beside = np.zeros(len(who), bool)
        for gap in (0, 1):  # with a small word between them or none
            beside |= ends & stretches.have(key, first[other], first[who] - gap)
            beside |= begins & stretches.have(key, last[who] + gap, last[other])
        encloses &= ~beside
        nested[who[encloses]] = True
        np.maximum.at(nested_weight, who[encloses], index.alias_mass[c.alias[other[encloses]]] - mass[who[encloses]])
        runs_into = (first[other] < first[who]) & (last[other] > first[who]) & (last[other] < last[who])
        overlapped[who[runs_into & (c.inst[who] != c.inst[other])]] = True
        inner = encloses & c.exact[who]
        contains += np.bincount(other[inner], minlength=n)
    parent_found, child_found, parent_inside = np.zeros(n, bool), np.zeros(n, bool), np.zeros(n, bool)
    parent_found[child] |= c.exact[at]
    np.logical_or.at(child_found, at, c.exact[child])
    np.logical_or.at(parent_inside, child, (first[at] >= first[child]) & (last[at] <= last[child]) & c.exact[at])
    namesake_child, namesake_parent = np.zeros(n, bool), np.zeros(n, bool)
    namesake = c.alias[child] == c.alias[at]
    namesake_child[at[namesake]] = True
    namesake_parent[child[namesake]] = True
    rank = rank_within(c.string, -mass)
    top, second = np.zeros(m.count), np.zeros(m.count)
    top[c.string[rank == 0]] = mass[rank == 0]
    second[c.string[rank == 1]] = mass[rank == 1]
    rival = np.where(rank == 0, second[c.string], top[c.string])
    same_name = c.string * STRIDE + c.alias
    _, group = np.unique(same_name, return_inverse=True)
    here = keys_in(base + index.inst_country_id[c.inst], m.country) | keys_in(base + index.inst_city_id[c.inst], m.city)
    # fame counts among those who are as near to the place named
    nearest = np.full(int(group.max(initial=-1)) + 1, -1)
    np.maximum.at(nearest, group, nearness)
    away = nearest[group] - nearness
    spans = m.part[np.unique(first[exact])]
    is_place = np.append(np.concatenate([[0], np.cumsum(m.place)]), 0)
    return _neighbours(m, c, index, first, last, exact[~nested[exact]]) | {
        "parent_found": parent_found,
        "child_found": child_found,
        "parent_name_inside": parent_inside,
        "nested": nested,
        "nested_weight": nested_weight,
        "apart": enclosed & ~nested,
        "overlapped": overlapped | (~c.exact & m.amid[first]),
        "contains": np.minimum(contains, 4),
        "rival_mass": rival,
        "mass_gap": mass - rival,
        "coverage_rank": np.minimum(rank, 20),
        "homonym_rank": np.minimum(rank_within(same_name, -index.inst_prominence[c.inst]), 10),
        "homonym_gap": _lead(same_name, index.inst_fame[c.inst] - settings.away_fame * away),
        "usage": _share(group, (index.inst_usage[c.inst] + settings.usage_prior) * settings.away_usage**away),
        "named_often": np.log1p(index.inst_usage[c.inst]),
        "homonym_kind": np.minimum(rank_within(same_name, c.kind.astype(np.int64)) - _ties_before(same_name, c.kind), 3),
        **_others(m, c, index, np.flatnonzero(c.exact & ~nested & (place["mass"] > settings.claim))),
        "homonyms_in_place": np.minimum(np.bincount(group, here)[group], 5),
        "prominence": index.inst_prominence[c.inst],
        **{kind: index.inst_kind[c.inst] == KINDS.index(kind) for kind in KINDS[:5]},
        "nonprofit": index.inst_kind[c.inst] == KINDS.index("nonprofit"),
        "closed": index.inst_closed[c.inst],
        "children": np.log1p(index.inst_children[c.inst]),
        "parents": np.minimum(index.parent_ptr[c.inst + 1] - index.parent_ptr[c.inst], 4),
        "namesake_child": namesake_child,
        "namesake_parent": namesake_parent,
        "exact_names": np.minimum(np.bincount(spans, minlength=m.count)[c.string], 10),
        "is_place": (is_place[last] - is_place[first]) >= (last - first),
    }


def _others(m: Mentions, c: Candidates, index: Index, names: Ints) -> dict[str, Floats]:
    """Where the other institutions of a part are: `names` are rows found word for word; those of names that several bear are left out."""
    names = names[index.owner_ptr[c.alias[names] + 1] - index.owner_ptr[c.alias[names]] == 1]
    mass = np.zeros(len(c.string))
    mass[names] = index.alias_mass[c.alias[names]]
    whole = np.bincount(c.string, mass, m.count)[c.string] - mass
    _, land = np.unique(c.string * STRIDE + index.inst_country_id[c.inst], return_inverse=True)
    same = np.bincount(land, mass)[land] - mass if len(land) else mass
    _, town = np.unique(c.string * STRIDE + (index.inst_city_id[c.inst] + 1), return_inverse=True)
    near = np.bincount(town, mass)[town] - mass if len(town) else mass
    # universities and companies stand beside each other from everywhere
    sole = c.exact & (index.owner_ptr[c.alias + 1] - index.owner_ptr[c.alias] == 1)
    sole &= ((index.alias_head[c.alias] & UNIVERSITY) > 0) | (index.inst_kind[c.inst] == KINDS.index("company"))
    return {
        "others_elsewhere": np.where(sole, 0, np.maximum(whole - same, 0) / np.maximum(whole, 1e-6)),
        "others_here": (near > 1e-6) & (index.inst_city_id[c.inst] >= 0),
    }


def _neighbours(m: Mentions, c: Candidates, index: Index, first: Ints, last: Ints, names: Ints) -> dict[str, Floats]:
    """What else is named: `names` are the rows found word for word and not nested; each stretch of words counts once."""
    size = len(m.term)
    stretch, row = np.unique(first[names] * (size + 1) + last[names], return_index=True)
    begin, string = stretch // (size + 1), c.string[names[row]]
    heads = index.alias_head[c.alias[names[row]]]
    university, hospital = (heads & UNIVERSITY) > 0, (heads & HOSPITAL) > 0
    bounds = np.searchsorted(string, np.arange(m.count + 1))
    of_string = bounds[c.string + 1] - bounds[c.string]
    before = np.searchsorted(begin, first, "left") - bounds[c.string]
    own = np.searchsorted(begin, first, "right") - np.searchsorted(begin, first, "left")
    # a row's own stretch is no other name
    at = np.minimum(np.searchsorted(stretch, first * (size + 1) + last), max(len(stretch) - 1, 0))
    itself = (stretch[at] == first * (size + 1) + last) if len(stretch) else np.zeros(len(first), bool)
    counts = {}
    for name, kind in (
        ("universities", university & ~hospital),
        ("hospitals", hospital),
        ("institutes", ~university & ~hospital),
    ):
        total = np.bincount(string, kind, m.count)[c.string]
        counts[name] = np.minimum(total - (itself & kind[at] if len(stretch) else 0), 5)
    return {
        "names_before": np.minimum(before, 6),
        "names_behind": np.minimum(of_string - before - own, 6),
        "initials": _initials(m, c, index, first, last),
        **counts,
    }


def _initials(m: Mentions, c: Candidates, index: Index, first: Ints, last: Ints) -> Floats:
    """Whether the words right before or right behind an acronym begin with its letters."""
    size = len(m.words)
    initial = np.array([ord(w[0]) if w[0] < "\x80" else 0 for w in m.words] + [0], np.uint8)
    string = np.append(m.part, -1)
    letters = index.alias_initial[c.alias]
    length = (letters > 0).sum(axis=1)
    out = np.zeros(len(first), bool)
    for begin in (first - length, last):
        agrees = c.exact & (length > 2)
        for k in range(TEXT.spelt_acronym):
            at = np.clip(begin + k, 0, size)
            agrees &= (k >= length) | ((begin + k >= 0) & (string[at] == c.string) & (initial[at] == letters[:, k]))
        out |= agrees
    return out
