"""Coded values of an institution as people write them.

Each function gives the value in its normal form, or raises AffilError: one line that says what is wrong and what to write.
"""

from __future__ import annotations

import math
import re
from functools import cache

from affil.errors import AffilError
from affil.names import fold
from affil.names.ids import mistyped, normal_id
from affil.types import KINDS
from affil.wording import said

STATUSES = ("active", "inactive", "withdrawn")
_SEPARATORS = re.compile(r"[\s,;|]")  # between ids where several are written
_HOST = re.compile(r"(?:https?://)?(?:www\d?\.)?([^\s/:@,;]+\.[^\s/:@,;.]+)(?:[/:]\S*)?")
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:-[a-z0-9]{2,8})*")


def country(written: str) -> str:
    """The ISO 3166-1 code of two letters; names of countries, in any language, are understood.

    Two letters that are no code are refused all the same, with the code that may be meant: UK.
    """
    code = written.strip().upper()
    if code in _countries():
        return code
    from affil.registry.countries import country_code  # folds all names

    meant = country_code(written)
    if not meant:
        raise AffilError(said("no country {0!r}; write its ISO 3166-1 code of two letters, e.g. CN", written))
    if re.fullmatch("[A-Z]{2}", code):
        raise AffilError(said("{0!r} is no ISO 3166-1 code; did you mean {1}?", written, meant))
    return meant


def region(written: str, of: str) -> str:
    """The ISO 3166-2 code of a subdivision of the country `of`; "" where nothing is written.

    Of countries that are divided in addresses (`affil.registry.places.SUBDIVIDED`) it must be one of ISO; elsewhere ROR has codes of
    GeoNames as well, which nobody lists, so that any of that form will do.
    """
    from affil.registry.places import SUBDIVIDED

    code = written.strip().upper()
    if not code or (code.startswith(f"{of}-") and code in _regions()):
        return code
    meant = f"{of}-{code}" if f"{of}-{code}" in _regions() else ""
    meant = meant or next((k for k, name in _regions().items() if k.startswith(f"{of}-") and fold(name) == fold(written)), "")
    if meant:
        raise AffilError(said("{0!r} is no ISO 3166-2 code; did you mean {1}?", written, meant))
    if of in SUBDIVIDED or not re.fullmatch(f"{of}-[A-Z0-9]{{1,3}}", code):
        raise AffilError(
            said("{0!r} is no ISO 3166-2 code of a region of {1}; leave it out if you do not know it", written, of)
        )
    return code


def kind(written: str) -> str:
    """One of `affil.types.KINDS`; other where nothing is written."""
    word = written.strip().lower() or "other"
    if word not in KINDS:
        raise AffilError(said("no kind {0!r}; known are: {1}", written, ", ".join(KINDS)))
    return word


def status(written: str) -> str:
    """One of `STATUSES`; active where nothing is written."""
    word = written.strip().lower() or "active"
    if word not in STATUSES:
        raise AffilError(said("no status {0!r}; known are: {1}", written, ", ".join(STATUSES)))
    return word


def identifier(written: str) -> str:
    """The normal form of an id (see `affil.names.ids`): one with the check digits of its registry, or one of the user's own."""
    if problem := mistyped(written):
        raise AffilError(said("{0!r}: {1}", written, problem))
    found = normal_id(written)
    if _SEPARATORS.search(found) or found.casefold() == "none":
        raise AffilError(said("{0!r} cannot be an id; write one without blanks, commas, semicolons and bars", written))
    return found


def language(written: str) -> str:
    """The ISO 639 code of a language, with its script where it is given: zh, zh-hant."""
    code = written.strip().lower()
    if not code or ((found := _LANGUAGE.fullmatch(code)) and found[1] in _languages()):
        return code
    raise AffilError(said("no language {0!r}; write its ISO 639-1 code before the name, e.g. zh:北京大学", written))


def domain(written: str) -> str:
    """An internet domain; of an address its host."""
    if not (found := _HOST.fullmatch(written.strip().lower())):
        raise AffilError(said("{0!r} is not an internet domain; write e.g. tsinghua.edu.cn", written))
    return found[1]


def year(written: str) -> int | None:
    """A year of four digits; None where nothing is written."""
    if not written.strip():
        return None
    if not (found := re.fullmatch(r"\s*([12]\d{3})(?:\.0)?\s*", written)):
        raise AffilError(said("{0!r} is not a year; write four digits, or nothing", written))
    return int(found[1])


def degrees(lat: object, lon: object) -> tuple[float | None, float | None]:
    """Latitude and longitude, both or neither."""
    found = _degrees(lat, 90), _degrees(lon, 180)
    if (found[0] is None) != (found[1] is None):
        raise AffilError(said("latitude and longitude go together; write both, or neither"))
    return found


def _degrees(written: object, most: int) -> float | None:
    if written is None or written == "":
        return None
    try:
        value = float(str(written))
    except ValueError:
        value = math.nan
    if not abs(value) <= most:
        raise AffilError(said("{0!r} is not a coordinate; write degrees from -{1} to {1}", written, most))
    return value


@cache
def _countries() -> frozenset[str]:
    import pycountry

    return frozenset({c.alpha_2 for c in pycountry.countries} | {"XK"})  # Kosovo, as GeoNames and ROR write it


@cache
def _regions() -> dict[str, str]:
    """The names of all subdivisions by code; of those that are newer than pycountry's list, none."""
    import pycountry

    from affil.registry.places import regions

    return {code: "" for codes in regions().values() for code in codes} | {one.code: one.name for one in pycountry.subdivisions}


@cache
def _languages() -> frozenset[str]:
    import pycountry

    return frozenset(code for one in pycountry.languages for code in (one.alpha_3, getattr(one, "alpha_2", one.alpha_3)))
