"""Filter word-for-word hits that are no names: streets, towns, parts of longer words or names."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from affil.match.index import Index
from affil.match.parts import covering
from affil.match.sequences import Spans
from affil.names.tokens import COMMA, DASH, HARD
from affil.registry.arrays import Bools, Ints
from affil.registry.places import CITY
from affil.types import NameKind

_HANGUL = re.compile("[\uac00-\ud7af]+")
_NATIONAL = "국립"  # "national", written before a name


def plausible(spans: Spans, index: Index, upper: Bools, gap: Ints) -> Spans:
    """Drop acronyms not in capitals (unless alone in a segment), variants and domains across a comma, and parts of other names."""
    first, length, alias = spans
    if not len(first):
        return spans
    kind = index.owner_kind[index.owner_ptr[alias]]
    gaps = np.append(gap, HARD)
    alone = (gaps[first] >= COMMA) & (gaps[first + 1] >= COMMA)
    latin = np.array([index.alias_text[a].isascii() for a in alias], bool)
    acronym = (length == 1) & (kind == NameKind.ACRONYM) & latin & ~upper[first] & ~alone
    commas = np.concatenate([[0], np.cumsum(gap >= COMMA)])
    apart = ((kind == NameKind.VARIANT) | (kind == NameKind.DOMAIN)) & (commas[first + length] > commas[first + 1])
    # a variant that begins within another name and outlasts it: "Ondokuz Mayıs (University Samsun)"
    variant = kind == NameKind.VARIANT
    reach = np.zeros(len(gap) + 1, np.int64)
    np.maximum.at(reach, first[~variant], (first + length)[~variant])
    reach = np.concatenate([[0], np.maximum.accumulate(reach)])  # furthest end of names that begin before each word
    begun = variant & (reach[first] > first) & (reach[first] < first + length)
    # or is outlasted by a name that begins within it: "Computer (Science University) of Toronto"
    furthest = np.zeros(len(gap) + 2, np.int64)  # end of the longest name that begins at each word
    np.maximum.at(furthest, first[~variant], (first + length)[~variant])
    begun |= variant & (_reach_within(furthest, first, length) > first + length)
    # a name across a comma after which a longer one begins: "Mila, Université de Montréal" is not MILA University
    behind = _next_segment(first, gap)
    crosses = behind < first + length
    longest = np.zeros(len(gap) + 1, np.int64)
    np.maximum.at(longest, first[~crosses], (first + length)[~crosses])
    broken = crosses & (longest[behind] > first + length)
    # or that begins within a name that ends there: "Shandong (University, Qingdao)"
    earliest = np.arange(len(gap) + 1)  # start of the longest name that ends before each word
    np.minimum.at(earliest, (first + length)[~crosses], first[~crosses])
    broken |= crosses & (earliest[behind] < first)
    # or that begins mid-segment before an unrelated name: "Knowledge (Technology, University of Hamburg)"
    amid = crosses & (behind + 1 < first + length) & (longest[behind] == first + length) & (gaps[first] < COMMA)
    for i in np.flatnonzero(amid).tolist():
        other = int(np.flatnonzero((first == behind[i]) & (first + length == longest[behind[i]]))[0])
        broken[i] |= not related(index, int(alias[i]), int(alias[other]))
    keep = ~acronym & ~apart & ~begun & ~broken
    return spans.where(keep)


def amid_hangul(words: Sequence[str], glued: Bools) -> Bools:
    """Mask of words within a longer Hangul word, where no name begins: "동(서울대학교)", but "국립(부경대학교)"."""
    rows = np.flatnonzero(glued)
    amid = [
        _HANGUL.fullmatch(words[i - 1] + words[i]) is not None and "".join(words[max(i - 2, 0) : i]) != _NATIONAL
        for i in rows.tolist()
    ]
    found: Bools = np.zeros(len(words), bool)
    found[rows] = amid
    return found


def _next_segment(first: Ints, gap: Ints) -> Ints:
    """Start of the segment after each word; the number of words if there is none."""
    breaks = np.append(np.flatnonzero(gap >= COMMA), len(gap))
    found: Ints = breaks[np.searchsorted(breaks, first + 1)]
    return found


def _reach_within(furthest: Ints, first: Ints, length: Ints) -> Ints:
    """The maximum of `furthest` over the words of each span except its first."""
    out = np.zeros(len(first), np.int64)
    for k in range(1, int(length.max(initial=1))):
        out = np.where(length > k, np.maximum(out, furthest[np.minimum(first + k, len(furthest) - 1)]), out)
    return out


def faculties(spans: Spans, word: Ints, upper: Bools, gap: Ints) -> Ints:
    """Unknown capitals joined by a dash to an acronym, filling the segment together: "FMRP-USP" (a faculty's)."""
    gaps = np.append(gap, HARD)
    at = spans.first[(spans.length == 1) & upper[spans.first]]
    at = at[(at > 0) & (gaps[at] == DASH) & (gaps[at + 1] >= COMMA)] - 1
    found: Ints = at[(word[at] < 0) & upper[at] & (gaps[at] >= COMMA)]
    return found


_STREETS = (("路",), ("街",), ("弄",), ("大", "道"), ("大", "街"))  # folded


def off_streets(spans: Spans, words: Sequence[str], gap: Ints, cjk: Bools) -> tuple[Spans, Bools]:
    """Remove names within street names ("华为路1号", "腾讯大道"); also returns a mask of those words."""
    first, length, _ = spans
    last = first + length
    street = np.zeros(len(words) + 1, bool)
    begins = {kind[0] for kind in _STREETS}
    for i in [i for i, w in enumerate(words) if w in begins]:
        for kind in _STREETS:
            end = i + len(kind)
            if tuple(words[i:end]) == kind and (end == len(words) or gap[end] > 0 or not cjk[end]):
                street[i] = True
    named = street[last] & (np.append(gap, HARD)[last] == 0)
    addressed = np.zeros(len(words) + 1, np.int64)
    np.add.at(addressed, first[named], 1)
    np.add.at(addressed, last[named], -1)
    covered = np.cumsum(addressed)[:-1] > 0
    within = covered[first] & covered[last - 1] if len(first) else named
    return spans.where(~within), covered


def off_places(spans: Spans, named: Spans, gap: Ints, index: Index) -> Spans:
    """Remove names formed by adjacent places across a comma: "Manchester, United Kingdom", "Phoenix, United States"."""
    first, length, _ = spans
    last = first + length
    begin, end = named.first, named.last
    covered = np.concatenate([[0], np.cumsum(covering(begin, named.length, len(gap)))])
    reach, land = np.zeros((2, len(gap) + 1), np.int64)  # end of the longest place, and country, that begins at each word
    np.maximum.at(reach, begin, end)
    of_country = index.place_country_name[named.sequence]
    np.maximum.at(land, begin[of_country], end[of_country])
    behind = _next_segment(first, gap)
    crosses = behind < last
    made = crosses & ((reach[behind] > last) | ((land[behind] == last) & (covered[last] - covered[first] == length)))
    return spans.where(~made)


def off_towns(spans: Spans, named: Spans, gap: Ints, string: Ints, index: Index) -> Spans:
    """Remove names that are the town of the preceding institution: "Ibaraki Christian University, Hitachi"."""
    first, length, alias = spans
    gaps = np.append(gap, HARD)
    whole = (length == 1) & (gaps[first] >= COMMA) & (gaps[first + length] >= COMMA) & (first > 0)
    rows = np.flatnonzero(whole & np.isin(first, named.first[named.length == 1]))
    if not len(rows):
        return spans
    place = dict(zip(named.first[named.length == 1].tolist(), named.sequence[named.length == 1].tolist(), strict=True))
    sole = np.diff(index.owner_ptr)[alias] == 1
    city = index.inst_city_id[index.owner_inst[index.owner_ptr[alias]]]
    lost = []
    for k in rows.tolist():
        at = int(first[k])
        before = sole & (first + length == at) & (string[first] == string[at]) & (city >= 0)
        meant = index.place_row[index.place_ptr[place[at]] : index.place_ptr[place[at] + 1]]
        if np.isin(city[before], index.place_city[meant[index.place_kind[meant] == CITY]]).any():
            lost.append(k)
    return spans.where(np.delete(np.arange(len(first)), lost))


def related(index: Index, left: int, right: int) -> bool:
    """Whether two names share an institution, or an institution of one is a parent of one of the other."""
    a, b = (index.owner_inst[index.owner_ptr[x] : index.owner_ptr[x + 1]].tolist() for x in (left, right))
    parents = [index.parent[index.parent_ptr[i] : index.parent_ptr[i + 1]].tolist() for i in (*a, *b)]
    return (
        bool(set(a) & set(b))
        or any(p in b for ps in parents[: len(a)] for p in ps)
        or any(p in a for ps in parents[len(a) :] for p in ps)
    )
