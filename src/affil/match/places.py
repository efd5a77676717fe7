"""The places that the parts of a string name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from affil.match.index import Index, Ints
from affil.match.pairs import STRIDE
from affil.names.tokens import COMMA, HARD
from affil.registry.places import CITY, CODE, COUNTRY, COUNTRY_CODE, REGION

_CODE = 3  # letters of the longest code of a country
_TURNED = frozenset(("north", "south", "east", "west", "new", "upper", "lower", "great", "greater", "port", "fort", "mount"))


def shared_places(places: Sequence[Ints], string_of_part: Ints) -> tuple[list[Ints], Ints]:
    """Places of parts, where a part without any has those of the next part of its string that has some, else of the last.

    Returns:
        The places, and which parts have those of another.
    """
    if len(string_of_part) < 2 or not (string_of_part[1:] == string_of_part[:-1]).any():
        return list(places), np.zeros(len(string_of_part), bool)
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
        row = np.repeat(bounds[lender], count) + np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        out.append(np.repeat(np.arange(len(has)), count) * STRIDE + place[row])
    return out, lender != number


def find_places(
    index: Index,
    named: tuple[Ints, Ints, Ints],
    words: Sequence[str],
    gap: Ints,
    upper: Ints,
    part: Ints,
    spans: tuple[Ints, Ints, Ints],
    famous: int,
) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints, Ints]:
    """Find places outside of the longer names of organisations ("Washington" in "University of Washington" names no place), and of
    the official names of famous ones ("Mila" is no town in Algeria).
    """
    first, length, sequence = named
    size = len(words)
    inside = np.zeros(size + 1, np.int32)
    official = index.owner_ptr[spans[2]]  # the first bearer, by the kind of the name
    long = (spans[1] > 1) | ((index.owner_kind[official] == 0) & (index.inst_usage[index.owner_inst[official]] >= famous))
    alone = np.zeros(size + 1, bool)
    alone[spans[0][long & (spans[1] == 1)]] = True
    np.add.at(inside, spans[0][long], 1)
    np.add.at(inside, spans[0][long] + spans[1][long], -1)
    covered = np.cumsum(inside)[:-1] > 0
    longest: Ints = np.zeros(size, np.int32)
    if len(first):
        np.maximum.at(longest, first, length)
    ends = np.append(gap, HARD)
    whole = (ends[first] >= COMMA) & (ends[np.minimum(first + length, size)] >= COMMA) if len(first) else first > 0
    keep = (
        (length == longest[first]) & (~covered[first] | (whole & ~(alone[first] & (length == 1)))) if len(first) else first > 0
    )
    # North Manchester is not Manchester
    turned = np.array([w in _TURNED for w in words] + [False], bool)
    keep &= ~(turned[first - 1] & (ends[first] < COMMA) & ~covered[np.maximum(first - 1, 0)])
    first, length, sequence, whole = first[keep], length[keep], sequence[keep], whole[keep]
    count = index.place_ptr[sequence + 1] - index.place_ptr[sequence]
    pair = np.repeat(np.arange(len(first)), count)
    offset = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    row = index.place_row[index.place_ptr[sequence][pair] + offset]
    kind, at = index.place_kind[row], first[pair]
    ok = (kind < CODE) | _codes(index, part[at], upper[at] & (ends[at] >= COMMA), ends[at + 1] >= HARD, pair, row, kind)
    # those of three letters where they are typed so or stand by themselves: "CAN", "PER", "NOR" are words too
    short = np.array([len(w) <= _CODE and w.isascii() for w in words] + [False], bool)
    ok &= (kind != COUNTRY) | (length[pair] > 1) | ~short[at] | upper[at] | whole[pair]
    pair, row, kind, at = pair[ok], row[ok], kind[ok], at[ok]
    where = part[at].astype(np.int64) * STRIDE
    is_country = (kind == COUNTRY) | (kind == COUNTRY_CODE)
    is_region = (kind == REGION) | (kind == CODE)
    is_city = kind == CITY
    sure = whole[pair] | (kind >= CODE)
    wide = sure & (is_country | (is_region & ~np.isin(pair, pair[is_city])))  # Santa Cruz is a city as well
    mark = np.zeros(size + 1, np.int32)
    used = np.unique(pair)
    np.add.at(mark, first[used], 1)
    np.add.at(mark, first[used] + length[used], -1)
    return (
        (np.cumsum(mark)[:-1] > 0) & ~covered,
        np.unique(where[is_country] + index.place_country[row[is_country]]),
        np.unique(where[is_region] + index.place_region[row[is_region]]),
        np.unique(where[is_city] + index.place_city[row[is_city]]),
        np.unique(where[is_city | is_region] + index.place_country[row[is_city | is_region]]),
        np.unique(where[is_city] + index.place_region[row[is_city]]),
        _narrowed(where[sure] + index.place_country[row[sure]], where[wide] + index.place_country[row[wide]]),
    )


def _codes(index: Index, part: Ints, typed: Ints, last: Ints, pair: Ints, row: Ints, kind: Ints) -> Ints:
    """Which two-letter codes name a place: "Cambridge, MA 02139", "Hamilton, ON, CA", not "in" or "de".

    They count as capitals behind a separator; those of countries at the end, and only if a city or region there is named, too:
    CA is California, unless the string names Toronto, and "Institute for Machines (GT)" is not in Guatemala.
    """
    of_country = kind == COUNTRY_CODE
    code = (kind >= CODE) & typed & (last | ~of_country)
    where = part.astype(np.int64) * STRIDE + index.place_country[row]
    backed = code & np.isin(where, where[(kind == CITY) | (kind == REGION)])
    likely: Ints = np.where(np.isin(pair, pair[backed]), backed, code & ~of_country)
    return likely


def _narrowed(places: Ints, wide: Ints) -> Ints:
    """The countries of places, as keys of parts, of which countries and regions leave some: "Boston, USA" is not in Lincolnshire."""
    places, wide = np.unique(places), np.unique(wide)
    free = ~np.isin(places // STRIDE, wide // STRIDE)
    kept: Ints = places[free | np.isin(places, wide)]
    return kept
