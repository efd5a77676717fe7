"""Where a mention says that its institution sits: the place that stands with its name in the string, not that of the registry.

"Tencent AI Lab, Bellevue, WA, USA" names a laboratory of Shenzhen, and Bellevue. Of several organisations in a string each has
the place that belongs to it: the nearest behind its name, before the next name ("SenseTime, Hong Kong; Huawei, Shenzhen").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from affil.match.index import Index, Ints
from affil.registry.places import CITY, CODE, COUNTRY
from affil.settings import RetrieveSettings
from affil.text import Tokens
from affil.text.tokens import COMMA, HARD
from affil.types import Stated


class _Hit(NamedTuple):
    """Words that name a place: the first and the one behind the last, and the rows of the gazetteer that they may mean."""

    first: int
    last: int
    rows: Ints


def stated_places(
    tokens: Tokens,
    row: Sequence[int],
    start: Sequence[int],
    end: Sequence[int],
    inst: Sequence[int],
    index: Index,
    settings: RetrieveSettings,
) -> list[Stated]:
    """The place that goes with each of some names that were found in strings; blank where none is stated.

    Args:
        tokens: the words of the strings.
        row: for each name the number of its string.
        start: where it begins in the repaired string.
        end: where it ends there.
        inst: for each name the number of its institution, whose country decides between places that are called the same.
        index: the index of the registry, with the gazetteer.
        settings: how long the name of a place may be.
    """
    out = [Stated()] * len(row)
    words = np.array([index.word_id.get(w, -1) for w in tokens.words], np.int32)
    gap = np.append(tokens.gap, HARD)
    gap[tokens.ptr] = HARD
    hits = _hits(index, words, gap, tokens.upper, tokens.cjk, tokens.words, settings) if len(row) else []
    if not hits:
        return out
    of_string = np.searchsorted(tokens.ptr, [h.first for h in hits], "right") - 1
    begins = np.searchsorted(of_string, np.arange(len(tokens.ptr))).tolist()
    names: dict[int, list[tuple[int, int, int]]] = {}  # of strings with places: the words of each name, and its row
    ptr = tokens.ptr.tolist()
    for k, r in enumerate(row):
        if begins[r] < begins[r + 1]:
            own = tokens.start[ptr[r] : ptr[r + 1]]
            first, last = ptr[r] + own.searchsorted(start[k]), ptr[r] + own.searchsorted(end[k])
            if first < last:
                names.setdefault(r, []).append((int(first), int(last), k))
    for r, found in names.items():
        around = hits[begins[r] : begins[r + 1]]
        where = sorted({(a, b) for a, b, _ in found})
        for a, b, k in found:
            out[k] = _resolved(_belonging(around, (a, b), where, gap, tokens.words), index, inst[k])
    return out


def _hits(
    index: Index, word: Ints, gap: Ints, upper: Ints, cjk: Ints, words: Sequence[str], settings: RetrieveSettings
) -> list[_Hit]:
    """The places that are named, in order: the longest at each word, set off from other words, no part of a longer name."""
    first, length, sequence = index.find("place", word, gap[:-1], settings.max_place_tokens)
    name, size, _ = index.find("span", word, gap[:-1], settings.max_name_tokens)
    covered = np.zeros(len(word) + 1, np.int64)
    np.add.at(covered, name[size > 1], 1)
    np.add.at(covered, (name + size)[size > 1], -1)
    inside = np.cumsum(covered) > 0
    out: list[_Hit] = []
    free = 0
    for k in np.lexsort((-length, first)):
        a, b = int(first[k]), int(first[k] + length[k])
        whole = gap[a] >= COMMA and gap[b] >= COMMA
        apart = gap[b] >= COMMA or words[b].isdigit() or bool(cjk[b - 1])  # "London Road" is no place
        if a < free or not apart or (inside[a] and not whole):
            continue
        rows = index.place_row[index.place_ptr[sequence[k]] : index.place_ptr[sequence[k] + 1]]
        rows = rows[(index.place_kind[rows] != CODE) | bool(upper[a] and gap[a] >= COMMA)]
        if len(rows):
            out.append(_Hit(a, b, rows))
            free = b
    return out


def _belonging(
    hits: Sequence[_Hit], name: tuple[int, int], names: Sequence[tuple[int, int]], gap: Ints, words: Sequence[str]
) -> Sequence[_Hit]:
    """The places that go with a name: the first ones behind it and before the next name, else, if it is alone, those before it.

    Over a hard separator they go only as far as it is places that stand there. Names without a comma between them share what
    stands behind the last ("Tencent and Huawei, Shenzhen").
    """
    first, last = name
    behind = [h for h in hits if h.first >= last]
    found: list[_Hit] = []
    at = last
    for hit in behind:
        if any(last <= a < hit.first and (gap[last : a + 1] >= COMMA).any() for a, _ in names):
            break
        between = range(at, hit.first)
        if any(gap[i] >= HARD for i in range(at, hit.first + 1)) and not all(words[i].isdigit() for i in between):
            break
        if found and not all(words[i].isdigit() for i in between):
            break
        found.append(hit)
        at = hit.last
    if found:
        return found
    block = first
    while gap[block] < HARD:
        block -= 1
    return (
        [h for h in hits if block <= h.first and h.last <= first]
        if not any(block <= b and b <= first for _, b in names)
        else ()
    )


def _resolved(hits: Sequence[_Hit], index: Index, inst: int) -> Stated:
    """The place that some names mean together: the country that most of them can lie in, then its region and city there.

    Where several countries remain, it is that of the institution, else the one whose city of that name has most institutions.
    """
    if not hits:
        return Stated()
    kind, country, region, city = index.place_kind, index.place_country, index.place_region, index.place_city
    votes: dict[int, int] = {}
    for hit in hits:
        for c in set(country[hit.rows].tolist()):
            votes[c] = votes.get(c, 0) + 1
    most = max(votes.values())
    leading = [c for c, n in votes.items() if n == most]
    if len(leading) > 1:
        home = int(index.inst_country_id[inst])
        rows = np.concatenate([h.rows for h in hits])
        weight = {
            c: int(index.city_size[city[rows[(kind[rows] == CITY) & (country[rows] == c)]]].max(initial=0)) for c in leading
        }
        best = sorted(leading, key=lambda c: (c != home, -weight[c]))
        if best[0] != home and weight[best[0]] == weight[best[1]]:
            return Stated()
        leading = best
    chosen = leading[0]
    regions: set[int] = set()
    cities: list[int] = []
    for hit in hits:
        rows = hit.rows[country[hit.rows] == chosen]
        named = {int(r) for r in region[rows[(kind[rows] != CITY) & (kind[rows] != COUNTRY)]] if r}
        towns = rows[kind[rows] == CITY]
        regions |= named if not len(towns) or cities else set()
        cities += [] if cities else towns.tolist()
    inside = [r for r in cities if not regions or int(region[r]) in regions] or cities
    inside.sort(key=lambda r: -int(index.city_size[city[r]]))
    town = int(city[inside[0]]) if inside else -1
    named_region = int(region[inside[0]]) if inside and int(region[inside[0]]) in regions else 0
    of_town = named_region or (int(index.city_region[town]) or int(region[inside[0]]) if inside else 0)
    code = index.region_code[of_town or (next(iter(regions)) if len(regions) == 1 else 0)]
    return Stated(index.city_name[town] if inside else "", code, index.country_code[chosen])
