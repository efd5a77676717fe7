"""Countries as people write them in a column of a sheet: codes, and names in many languages."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import takewhile

from affil.registry.homonyms import Words, folded
from affil.registry.places import COUNTRY, COUNTRY_CODE, read_places


@lru_cache(maxsize=4096)
def country_code(written: str) -> str:
    """The ISO 3166-1 alpha-2 code of a country's code (of two or three letters) or name in any language.

    "" if it is none, or the name of several (Congo).
    """
    codes, names = _countries()
    (words,) = folded([written])
    return codes.get(written.strip().upper(), "") or names.get(words, "")


@cache
def _countries() -> tuple[dict[str, str], dict[Words, str]]:
    """Countries by code and by folded name of one only; codes are not folded, as some are words that this drops ("IN", "AND")."""
    named = list(takewhile(lambda place: place.kind in (COUNTRY, COUNTRY_CODE), read_places()))
    codes = {p.name: p.country for p in named if re.fullmatch("[A-Z]{2,3}", p.name)}
    meant: dict[Words, set[str]] = {}
    for place, words in zip(named, folded([p.name for p in named]), strict=True):
        meant.setdefault(words, set()).add(place.country)
    return codes | {p.country: p.country for p in named}, {w: min(c) for w, c in meant.items() if w and len(c) == 1}
