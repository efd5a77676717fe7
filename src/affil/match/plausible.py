"""Which of the names found word for word are none: of a street or a town, cut out of a longer word, amid others."""

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
_NATIONAL = "국립"  # stands before a name, no part of it


def plausible(spans: Spans, index: Index, upper: Bools, gap: Ints) -> Spans:
    """Drop hits that are none: acronyms not typed in capitals, unless alone between separators; variants and domains over a comma."""
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
    # a variant that begins within another name that ends before it does: "Ondokuz Mayıs (University Samsun)"
    variant = kind == NameKind.VARIANT
    reach = np.zeros(len(gap) + 1, np.int64)
    np.maximum.at(reach, first[~variant], (first + length)[~variant])
    reach = np.concatenate([[0], np.maximum.accumulate(reach)])  # how far names reach that begin before each word
    begun = variant & (reach[first] > first) & (reach[first] < first + length)
    # or that another name begins within and goes beyond: "Computer (Science University) of Toronto"
    furthest = np.zeros(len(gap) + 2, np.int64)  # how far names reach that begin after each word and before the variant's end
    np.maximum.at(furthest, first[~variant], (first + length)[~variant])
    begun |= variant & (_reach_within(furthest, first, length) > first + length)
    # a name over a comma behind which a longer one begins: "Mila, Université de Montréal" is no MILA University
    behind = _next_segment(first, gap)
    crosses = behind < first + length
    longest = np.zeros(len(gap) + 1, np.int64)
    np.maximum.at(longest, first[~crosses], (first + length)[~crosses])
    broken = crosses & (longest[behind] > first + length)
    # or amid one that ends there: "Shandong (University, Qingdao)"
    earliest = np.arange(len(gap) + 1)  # where the longest name begins that ends before each word
    np.minimum.at(earliest, (first + length)[~crosses], first[~crosses])
    broken |= crosses & (earliest[behind] < first)
    # or one that begins amid a segment and is no kin of it: "Knowledge (Technology, University of Hamburg)"
    amid = crosses & (behind + 1 < first + length) & (longest[behind] == first + length) & (gaps[first] < COMMA)
    for i in np.flatnonzero(amid).tolist():
        other = int(np.flatnonzero((first == behind[i]) & (first + length == longest[behind[i]]))[0])
        broken[i] |= not related(index, int(alias[i]), int(alias[other]))
    keep = ~acronym & ~apart & ~begun & ~broken
    return spans.where(keep)


def amid_hangul(words: Sequence[str], glued: Bools) -> Bools:
    """Which words stand amid a word of Hangul, so that no name begins there: "동(서울대학교)", but "국립(부경대학교)"."""
    rows = np.flatnonzero(glued)
    amid = [
        _HANGUL.fullmatch(words[i - 1] + words[i]) is not None and "".join(words[max(i - 2, 0) : i]) != _NATIONAL
        for i in rows.tolist()
    ]
    found: Bools = np.zeros(len(words), bool)
    found[rows] = amid
    return found


def _next_segment(first: Ints, gap: Ints) -> Ints:
    """Where the next segment begins behind each of some words; the number of words where none does."""
    breaks = np.append(np.flatnonzero(gap >= COMMA), len(gap))
    found: Ints = breaks[np.searchsorted(breaks, first + 1)]
    return found


def _reach_within(furthest: Ints, first: Ints, length: Ints) -> Ints:
    """The furthest word reached from any word of a stretch but its first."""
    out = np.zeros(len(first), np.int64)
    for k in range(1, int(length.max(initial=1))):
        out = np.where(length > k, np.maximum(out, furthest[np.minimum(first + k, len(furthest) - 1)]), out)
    return out


def faculties(spans: Spans, word: Ints, upper: Bools, gap: Ints) -> Ints:
    """Unknown words in capitals that a dash joins to an acronym behind them, alone in their segment: "FMRP-USP", a faculty's."""
    gaps = np.append(gap, HARD)
    at = spans.first[(spans.length == 1) & upper[spans.first]]
    at = at[(at > 0) & (gaps[at] == DASH) & (gaps[at + 1] >= COMMA)] - 1
    found: Ints = at[(word[at] < 0) & upper[at] & (gaps[at] >= COMMA)]
    return found


_STREETS = (("路",), ("街",), ("弄",), ("大", "道"), ("大", "街"))  # folded


def off_streets(spans: Spans, words: Sequence[str], gap: Ints, cjk: Bools) -> tuple[Spans, Bools]:
    """Names without those that a street is called after, and the words of these: "华为路1号", "腾讯大道"."""
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
    """Names without those that places beside each other make over a comma: "Manchester, United Kingdom", "Phoenix, United States"."""
    first, length, _ = spans
    last = first + length
    begin, end = named.first, named.last
    covered = np.concatenate([[0], np.cumsum(covering(begin, named.length, len(gap)))])
    reach, land = np.zeros((2, len(gap) + 1), np.int64)  # how far the longest place, and country, reaches that begins at a word
    np.maximum.at(reach, begin, end)
    of_country = index.place_country_name[named.sequence]
    np.maximum.at(land, begin[of_country], end[of_country])
    behind = _next_segment(first, gap)
    crosses = behind < last
    made = crosses & ((reach[behind] > last) | ((land[behind] == last) & (covered[last] - covered[first] == length)))
    return spans.where(~made)


def off_towns(spans: Spans, named: Spans, gap: Ints, string: Ints, index: Index) -> Spans:
    """Names without those that are the town of the institution before: "Ibaraki Christian University, Hitachi"."""
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
    """Whether an institution of one name is, or is the parent of, one of the other."""
    a, b = (index.owner_inst[index.owner_ptr[x] : index.owner_ptr[x + 1]].tolist() for x in (left, right))
    parents = [index.parent[index.parent_ptr[i] : index.parent_ptr[i + 1]].tolist() for i in (*a, *b)]
    return (
        bool(set(a) & set(b))
        or any(p in b for ps in parents[: len(a)] for p in ps)
        or any(p in a for ps in parents[len(a) :] for p in ps)
    )
