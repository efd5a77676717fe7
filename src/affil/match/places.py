"""The places that the parts of a string name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from affil.match.index import Index
from affil.match.pairs import STRIDE, expand, ragged
from affil.match.parts import covering
from affil.match.sequences import Spans
from affil.match.words import Words
from affil.names.tokens import COMMA, HARD
from affil.registry.arrays import Bools, Ints
from affil.registry.places import CITY, CODE, COUNTRY, COUNTRY_CODE, REGION
from affil.types import NameKind

_CODE = 3  # letters of the longest code of a country
_TURNED = frozenset(("north", "south", "east", "west", "new", "upper", "lower", "great", "greater", "port", "fort", "mount"))


class PlaceKeys(NamedTuple):
    """The places that parts name, each as sorted keys `part * STRIDE + number`: countries, regions, cities, the countries of cities
    and regions, the regions of cities, and the countries of places that are the whole of their segment.
    """

    country: Ints
    region: Ints
    city: Ints
    city_country: Ints
    city_region: Ints
    sure_country: Ints


def shared_places(places: PlaceKeys, string_of_part: Ints) -> tuple[PlaceKeys, Bools]:
    """Places of parts, where a part without any has those of the next part of its string that has some, else of the last.

    Returns:
        The places, and which parts have those of another.
    """
    if len(string_of_part) < 2 or not (string_of_part[1:] == string_of_part[:-1]).any():
        return places, np.zeros(len(string_of_part), bool)
    has = np.zeros(len(string_of_part), bool)
    for keys in places:
        has[keys // STRIDE] = True
    number = np.arange(len(has))
    behind = np.minimum.accumulate(np.where(has, number, len(has) - 1)[::-1])[::-1]  # the next one that has some
    before = np.maximum.accumulate(np.where(has, number, 0))
    lender = number
    for other in (before, behind):
        lender = np.where(has[other] & (string_of_part[other] == string_of_part), other, lender)
    out = []
    for keys in places:
        of_part, place = keys // STRIDE, keys % STRIDE
        bounds = np.searchsorted(of_part, np.arange(len(has) + 1))
        count = (bounds[1:] - bounds[:-1])[lender]
        row = np.repeat(bounds[lender], count) + ragged(count)
        out.append(np.repeat(np.arange(len(has)), count) * STRIDE + place[row])
    return PlaceKeys(*out), lender != number


def find_places(named: Spans, spans: Spans, words: Words, part: Ints, index: Index, famous: int) -> tuple[Bools, PlaceKeys]:
    """Find places outside of the longer names of organisations ("Washington" in "University of Washington" names no place), and of
    the official names of famous ones ("Mila" is no town in Algeria).

    Args:
        named: names of places in the batch.
        spans: names of organisations in the batch.
        words: the words of the batch.
        part: the part that each belongs to.
        index: the index, with the gazetteer.
        famous: how often papers name an institution that is famous.

    Returns:
        Which words only name a place, and the places named in each part.
    """
    size, upper, ends = len(words.folded), words.upper, np.append(words.gap, HARD)
    covered, alone = _covered(index, spans, size, famous)
    whole = (ends[named.first] >= COMMA) & (ends[np.minimum(named.last, size)] >= COMMA)
    keep = _free(named, whole, words.folded, ends, covered, alone)
    named, whole = named.where(keep), whole[keep]
    pair, row = expand(index.place_ptr, named.sequence)
    row = index.place_row[row]
    kind, at = index.place_kind[row], named.first[pair]
    ok = (kind < CODE) | _codes(index, part[at], upper[at] & (ends[at] >= COMMA), ends[at + 1] >= HARD, pair, row, kind)
    # those of three letters where they are typed so or stand by themselves: "CAN", "PER", "NOR" are words too
    short = np.array([len(w) <= _CODE and w.isascii() for w in words.folded] + [False], bool)
    ok &= (kind != COUNTRY) | (named.length[pair] > 1) | ~short[at] | upper[at] | whole[pair]
    pair, row = pair[ok], row[ok]
    used = named.where(np.unique(pair))
    return covering(used.first, used.length, size) & ~covered, _place_keys(index, part[at[ok]], pair, row, whole[pair])


def _covered(index: Index, spans: Spans, size: int, famous: int) -> tuple[Bools, Bools]:
    """Which words stand in names that name no place: longer ones, and official ones of famous institutions. And, with an entry more
    for the end of the batch, which are such a name by themselves.
    """
    official = index.owner_ptr[spans.sequence]  # the first institution, by the kind of name
    known = (index.owner_kind[official] == NameKind.OFFICIAL) & (index.inst_usage[index.owner_inst[official]] >= famous)
    long = spans.where((spans.length > 1) | known)
    alone = np.zeros(size + 1, bool)
    alone[long.first[long.length == 1]] = True
    return covering(long.first, long.length, size), alone


def _free(named: Spans, whole: Bools, words: Sequence[str], ends: Ints, covered: Bools, alone: Bools) -> Bools:
    """Which names of places count: the longest at each word, in no name of an organisation unless they are their whole segment."""
    first, length, _ = named
    if not len(first):
        return np.zeros(0, bool)
    longest: Ints = np.zeros(len(words), np.int32)
    np.maximum.at(longest, first, length)
    keep = (length == longest[first]) & (~covered[first] | (whole & ~(alone[first] & (length == 1))))
    # North Manchester is not Manchester
    turned = np.array([w in _TURNED for w in words] + [False], bool)
    free: Bools = keep & ~(turned[first - 1] & (ends[first] < COMMA) & ~covered[np.maximum(first - 1, 0)])
    return free


def _place_keys(index: Index, part: Ints, pair: Ints, row: Ints, whole: Bools) -> PlaceKeys:
    """The places named in each part.

    Args:
        index: the index, with the gazetteer.
        part: for each reading of a name the part that it stands in.
        pair: the name that it reads.
        row: the row of the gazetteer that it means.
        whole: whether the name is the whole of its segment.
    """
    kind, where = index.place_kind[row], part.astype(np.int64) * STRIDE
    country, region = where + index.place_country[row], where + index.place_region[row]
    is_country = (kind == COUNTRY) | (kind == COUNTRY_CODE)
    is_region = (kind == REGION) | (kind == CODE)
    is_city = kind == CITY
    sure = whole | (kind >= CODE)
    wide = sure & (is_country | (is_region & ~np.isin(pair, pair[is_city])))  # Santa Cruz is a city as well
    return PlaceKeys(
        np.unique(country[is_country]),
        np.unique(region[is_region]),
        np.unique(where[is_city] + index.place_city[row[is_city]]),
        np.unique(country[is_city | is_region]),
        np.unique(region[is_city]),
        _narrowed(country[sure], country[wide]),
    )


def _codes(index: Index, part: Ints, typed: Bools, last: Bools, pair: Ints, row: Ints, kind: Ints) -> Bools:
    """Which two-letter codes name a place: "Cambridge, MA 02139", "Hamilton, ON, CA", not "in" or "de".

    They count as capitals behind a separator; those of countries at the end, and only if a city or region there is named, too:
    CA is California, unless the string names Toronto, and "Institute for Machines (GT)" is not in Guatemala.
    """
    of_country = kind == COUNTRY_CODE
    code = (kind >= CODE) & typed & (last | ~of_country)
    where = part.astype(np.int64) * STRIDE + index.place_country[row]
    backed = code & np.isin(where, where[(kind == CITY) | (kind == REGION)])
    likely: Bools = np.where(np.isin(pair, pair[backed]), backed, code & ~of_country)
    return likely


def _narrowed(places: Ints, wide: Ints) -> Ints:
    """The countries of places, as keys of parts, of which countries and regions leave some: "Boston, USA" is not in Lincolnshire."""
    places, wide = np.unique(places), np.unique(wide)
    free = ~np.isin(places // STRIDE, wide // STRIDE)
    kept: Ints = places[free | np.isin(places, wide)]
    return kept
