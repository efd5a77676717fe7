"""Where a mention says that its institution sits: the place that stands with its name in the string, not that of the registry.

"Tencent AI Lab, Bellevue, WA, USA" names a laboratory of Shenzhen, and Bellevue. Of several organisations in a string each has
the place that belongs to it: the nearest behind its name, before the next name ("SenseTime, Hong Kong; Huawei, Shenzhen").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np

from affil.match.index import Index
from affil.match.names import find_names
from affil.match.parts import covering
from affil.names import Tokens, tokenize
from affil.names.tokens import COMMA, HARD
from affil.registry.arrays import Bools, Ints
from affil.registry.places import CITY, CODE, COUNTRY, COUNTRY_CODE, REGION, SPELT, country_name
from affil.settings import RetrieveSettings
from affil.types import Stated


class _Hit(NamedTuple):
    """Words that name a place: the first and the one behind the last, and what they may mean: twice the number of their sequence
    in the gazetteer, and 1 more where codes ("CA") are meant too.
    """

    first: int
    last: int
    meaning: int


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
    gap = np.append(tokens.gap, HARD)
    gap[tokens.ptr] = HARD
    hits = _hits(index, tokens, gap, settings) if len(row) else []
    if not hits:
        return out
    of_string = np.searchsorted(tokens.ptr, [h.first for h in hits], "right") - 1
    begins = np.searchsorted(of_string, np.arange(len(tokens.ptr))).tolist()
    string = np.repeat(np.arange(len(tokens.ptr) - 1), np.diff(tokens.ptr))
    places = string * _LONG + tokens.start
    first, last = (np.searchsorted(places, np.array(row) * _LONG + np.array(at)).tolist() for at in (start, end))
    names: dict[int, list[tuple[int, int, int]]] = {}  # of strings with places: the words of each name, and its row
    for k, r in enumerate(row):
        if begins[r] < begins[r + 1] and first[k] < last[k]:
            names.setdefault(r, []).append((first[k], last[k], k))
    gaps, home = gap.tolist(), index.inst_country_id[np.array(inst)].tolist()
    resolved = _resolver(index, settings)
    for r, found in names.items():
        around = hits[begins[r] : begins[r + 1]]
        where = sorted({(a, b) for a, b, _ in found})
        for a, b, k in found:
            if own := _belonging(around, (a, b), where, gaps, tokens.words):
                out[k] = resolved(own, home[k])
    return out


_LONG = 1 << 32  # longer than any string


def _hits(index: Index, tokens: Tokens, gap: Ints, settings: RetrieveSettings) -> list[_Hit]:
    """The places that are named, in order: the longest at each word, set off from other words, no part of a longer name."""
    word = index.numbers(tokens.words)
    first, length, sequence = index.place_sequences.find(word, gap[:-1], settings.max_place_tokens)
    last = first + length
    before, behind = gap[first] >= COMMA, gap[last] >= COMMA
    # codes stand in capitals behind a separator, those of countries at the end
    coded = np.where(tokens.upper[first] & before, 1 + (gap[last] >= HARD), 0)
    apart = behind | tokens.cjk[last - 1]
    close = np.flatnonzero(~apart)
    apart[close] = [tokens.words[k].isdigit() for k in last[close].tolist()]  # "London Road" is no place
    apart &= (coded == 2) | ((coded == 1) & index.place_coded[sequence]) | index.place_spelt[sequence]
    within = np.flatnonzero(apart & ~(before & behind))
    apart[within] = ~_inside_names(index, word, gap, tokens.ptr, first[within], settings)
    kept = np.flatnonzero(apart)
    kept = kept[np.lexsort((-length[kept], first[kept]))]
    out: list[_Hit] = []
    free = 0
    for a, b, meaning in zip(*(x[kept].tolist() for x in (first, last, len(_READ) * sequence + coded)), strict=True):
        if a >= free:
            out.append(_Hit(a, b, meaning))
            free = b
    return out


def _inside_names(index: Index, word: Ints, gap: Ints, ptr: Ints, at: Ints, settings: RetrieveSettings) -> Bools:
    """Whether some words stand in names of several words; only their strings are looked at."""
    asked = np.zeros(len(ptr) - 1, bool)
    asked[np.searchsorted(ptr, at, "right") - 1] = True
    here = np.flatnonzero(np.repeat(asked, np.diff(ptr)))
    first, length, _ = find_names(index, word[here], gap[:-1][here], settings.max_name_tokens)
    several = length > 1
    inside: Bools = covering(first[several], length[several], len(here))[np.searchsorted(here, at)]
    return inside


def _belonging(
    hits: Sequence[_Hit], name: tuple[int, int], names: Sequence[tuple[int, int]], gaps: Sequence[int], words: Sequence[str]
) -> tuple[int, ...]:
    """What the places mean that go with a name: the first ones behind it and before the next name, else, if it is alone, those
    before it.

    Over a hard separator they go only as far as it is places that stand there. Names without a comma between them share what
    stands behind the last ("Tencent and Huawei, Shenzhen").
    """
    hits = [
        h for h in hits if not any(a <= h.first and h.last <= b for a, b in names)
    ]  # Mila in Montréal is no town in Algeria
    first, last = name
    found: list[int] = []
    at = last
    for hit in hits:
        if hit.first < last:
            continue
        if any(last <= a < hit.first and max(gaps[last : a + 1]) >= COMMA for a, _ in names):
            break
        adjoining = all(words[i].isdigit() for i in range(at, hit.first))
        if not adjoining and (found or max(gaps[at : hit.first + 1]) >= HARD):
            break
        found.append(hit.meaning)
        at = hit.last
    if found:
        return tuple(found)
    block = first
    while gaps[block] < HARD:
        block -= 1
    if any(block <= b <= first for _, b in names):
        return ()
    return tuple(h.meaning for h in hits if block <= h.first and h.last <= first)


def _resolver(index: Index, settings: RetrieveSettings) -> Callable[[tuple[int, ...], int], Stated]:
    """`_resolved` in this index, which stays with it and remembers what comes again ("Beijing, China")."""
    key = (_resolved, settings.remembered)
    if key not in index.kept:
        index.kept[key] = lru_cache(settings.remembered)(partial(_resolved, index))
    resolver: Callable[[tuple[int, ...], int], Stated] = index.kept[key]
    return resolver


_READ = (SPELT, (*SPELT, CODE), (*SPELT, CODE, COUNTRY_CODE))  # kinds of places that words may name, by where they stand


def _rows(index: Index, meaning: int) -> Ints:
    """The rows of the gazetteer that a hit may mean."""
    sequence, coded = divmod(meaning, len(_READ))
    rows = index.place_row[index.place_ptr[sequence] : index.place_ptr[sequence + 1]]
    return rows[np.isin(index.place_kind[rows], _READ[coded])]


# What the code of a country counts as evidence for it, where a name and the code of a region count 1. A constant, since only its
# being just below 1 matters: a code loses where all else is equal ("Apple, CA" is in California), adds to what else names the
# country ("Toronto, ON, CA"), and says nothing alone, which takes 1.
_BARE = 0.9


def _called(index: Index, city: int, sequence: int, country: str) -> bool:
    """Whether a city is called as its country is, or by the words of a sequence."""
    name = index.city_name[city]
    tokens = tokenize([name])
    first, length, found = index.place_sequences.find(index.numbers(tokens.words), tokens.gap, len(tokens.words))
    return name == country_name(country) or sequence in found[(first == 0) & (length == len(tokens.words))].tolist()


def _resolved(index: Index, meanings: Sequence[int], home: int) -> Stated:
    """The place that some names mean together: the country that most of them can lie in, then its region and city there.

    Where several countries remain, it is `home`, that of the institution, else the one whose city of that name has most institutions.
    """
    hits = [_rows(index, meaning) for meaning in meanings]
    sequences = [meaning // len(_READ) for meaning in meanings]
    kind, country, region, city = index.place_kind, index.place_country, index.place_region, index.place_city
    votes: dict[int, float] = {}
    for hit in hits:
        spelt = set(country[hit[kind[hit] != COUNTRY_CODE]].tolist())
        for c in set(country[hit].tolist()):
            votes[c] = votes.get(c, 0) + (1 if c in spelt else _BARE)
    most = max(votes.values())
    if most < 1:  # a code that nothing speaks for: "Institute for Machines (GT)"
        return Stated()
    leading = [c for c, n in votes.items() if n == most]
    if len(leading) > 1:
        rows = np.concatenate(hits)
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
    for sequence, hit in zip(sequences, hits, strict=True):
        rows = hit[country[hit] == chosen]
        of_country = bool(np.any(kind[rows] == COUNTRY))
        named = {int(r) for r in region[rows[np.isin(kind[rows], (REGION, CODE))]] if r and not of_country}
        towns = rows[kind[rows] == CITY]
        if of_country:  # "Mexico" is neither the state nor Mexico City; Singapore and Tunis are both
            towns = towns[[_called(index, c, sequence, index.country_code[chosen]) for c in city[towns].tolist()]]
        elif np.any(kind[rows] == CODE):  # "Yorktown Heights, NY" is not in New York City
            towns = towns[:0]
        regions |= named if not len(towns) or cities else set()
        cities += [] if cities else towns.tolist()
    inside = [r for r in cities if not regions or int(region[r]) in regions] or cities
    inside.sort(key=lambda r: -int(index.city_size[city[r]]))
    town = int(city[inside[0]]) if inside else -1
    named_region = int(region[inside[0]]) if inside and int(region[inside[0]]) in regions else 0
    of_town = named_region or (int(index.city_region[town]) or int(region[inside[0]]) if inside else 0)
    code = index.region_code[of_town or (next(iter(regions)) if len(regions) == 1 else 0)]
    return Stated(index.city_name[town] if inside else "", code, index.country_code[chosen])
