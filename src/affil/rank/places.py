"""Names of countries and regions: ISO 3166-1 and 3166-2 through pycountry, Chinese names through its translations. Continents."""

from __future__ import annotations

import csv
import functools
import gettext
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal, get_args

import duckdb
import pycountry

from affil.errors import AffilError
from affil.io.arrays import put_rows
from affil.rank.choices import choose, did_you_mean, plain

# pycountry's names of Chinese regions include their type (province, municipality, autonomous region)
_KIND_OF_REGION = re.compile(r" (?:Shi|Sheng|(?:Uygur |Zhuangzu |Huizu )?Zizhiqu)$")

# What ISO adds to a name: another one, a code, what it is, or the number of a region.
_ADDITION = re.compile(r" [\[(][^\])]*[\])]$")
# A name that ISO turns round, as in "Bashkortostan, Respublika".
_TURNED = re.compile(r"^([^,]+), (?:Respublika|Región de|The)$")
HongKong = Literal["with", "apart"]
PART_OF: Mapping[str, str] = {"HK": "CN", "MO": "CN"}
"""What `hong_kong_groups` counts with China: Hong Kong and Macao."""

# What people call countries besides what ISO does.
_OTHER_NAMES = {
    "AE": ("UAE",),
    "CZ": ("Czech Republic",),
    "GB": ("UK", "Great Britain", "Britain"),
    "KR": ("Korea",),
    "MO": ("Macau",),
    "RU": ("Russia",),
    "TR": ("Turkey",),
    "US": ("America",),
}


@functools.cache
def _chinese(domain: str) -> gettext.NullTranslations:
    return gettext.translation(domain, pycountry.LOCALES_DIR, languages=["zh_CN"], fallback=True)


@functools.cache
def country_name(code: str) -> tuple[str, str]:
    """English and Chinese name of an ISO 3166-1 alpha-2 code, preferring the common one; the code itself if unknown."""
    country = pycountry.countries.get(alpha_2=code)
    if country is None:
        return code, ""
    name = getattr(country, "common_name", country.name)
    return name, _translated("iso3166-1", name) or _translated("iso3166-1", country.name)


@functools.cache
def region_name(code: str) -> tuple[str, str] | None:
    """English and Chinese name of an ISO 3166-2 code, or None if there is no such region.

    The English name is the usual one (`data/regions.csv`) or else that of ISO, without its additions, and of India and Iran without
    the marks of transliteration.
    """
    official, usual = _official_regions().get(code), _usual_regions().get(code)
    if official is None:
        return (usual, "") if usual else None
    name = _TURNED.sub(r"\1", _ADDITION.sub("", official))
    name = _KIND_OF_REGION.sub("", name) if code.startswith("CN-") else name
    if code.startswith(("IN-", "IR-")):
        name = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    return usual or name, _ADDITION.sub("", _translated("iso3166-2", official))


@functools.cache
def _official_regions() -> Mapping[str, str]:
    """The name of each ISO 3166-2 code; pycountry would make an object of each, which takes a third of a second."""
    file = Path(pycountry.DATABASE_DIR) / "iso3166-2.json"
    return {one["code"]: one["name"] for one in json.loads(file.read_text("utf-8"))["3166-2"]}


@functools.cache
def _usual_regions() -> Mapping[str, str]:
    """The English name by which people know a region, by ISO 3166-2 code, where it is another than ISO's."""
    lines = resources.files("affil.rank").joinpath("data/regions.csv").read_text("utf-8").splitlines()
    return {row["code"]: row["name"] for row in csv.DictReader(lines)}


def _translated(domain: str, name: str) -> str:
    chinese = _chinese(domain).gettext(name)
    return "" if chinese == name else chinese


def put_countries(
    db: duckdb.DuckDBPyConnection, codes: Iterable[str], divided: Iterable[str], groups: Mapping[str, str]
) -> None:
    """Create the table `country_names`, a row a country: code, `counted_as` (itself, or its group), names, whether its regions are known."""
    known, with_regions = sorted({*codes, *groups.values()} - {""}), set(divided)
    rows = [(code, groups.get(code, code), *country_name(code), code in with_regions) for code in known]
    types = {"code": "VARCHAR", "counted_as": "VARCHAR", "name": "VARCHAR", "name_zh": "VARCHAR", "divided": "BOOLEAN"}
    put_rows(db, "country_names", rows, **types)


def put_regions(db: duckdb.DuckDBPyConnection, codes: Iterable[str]) -> None:
    """Create the table `region_names`, a row a known region: code and names (see `region_names`)."""
    rows = [(code, *names) for code, names in region_names(codes).items()]
    put_rows(db, "region_names", rows, code="VARCHAR", name="VARCHAR", name_zh="VARCHAR")


def region_names(codes: Iterable[str]) -> dict[str, tuple[str, str]]:
    """English and Chinese names of known regions by code; two of one name in one country are told apart by their codes."""
    named = {code: name for code in sorted(set(codes)) if (name := region_name(code)) is not None}
    twice = Counter((code[:2], name) for code, (name, _) in named.items())
    return {
        code: (f"{name} [{code}]" if twice[code[:2], name] > 1 else name, chinese) for code, (name, chinese) in named.items()
    }


def hong_kong_groups(groups: Mapping[str, str], how: str | None) -> Mapping[str, str]:
    """Countries that are counted as others, with Hong Kong and Macao as part of China, or each for itself.

    Args:
        groups: the setting, code -> what it is counted as; other groups stay.
        how: `with` China, or `apart`; None: as the setting says.

    Raises:
        AffilError: `how` is neither.
    """
    if how is None:
        return groups
    others = {code: counted for code, counted in groups.items() if code not in PART_OF}
    return {**others, **PART_OF} if choose("way to count Hong Kong", how, get_args(HongKong)) == "with" else others


def put_groups(db: duckdb.DuckDBPyConnection, groups: Mapping[str, str]) -> None:
    """Create the table `region_groups`, a row a code that is counted as another: code, `counted_as`."""
    put_rows(db, "region_groups", groups.items(), code="VARCHAR", counted_as="VARCHAR")


@functools.cache
def continents() -> Mapping[str, tuple[str, tuple[str, ...]]]:
    """Each continent (`data/continents.csv`) with its Chinese name and the ISO codes of its countries."""
    lines = resources.files("affil.rank").joinpath("data/continents.csv").read_text("utf-8").splitlines()
    return {row["continent"]: (row["name_zh"], tuple(row["countries"].split())) for row in csv.DictReader(lines)}


def put_continents(db: duckdb.DuckDBPyConnection) -> None:
    """Create the table `continent_names`, a row a country: code, the continent's name in English and Chinese."""
    rows = [(code, name, chinese) for name, (chinese, codes) in continents().items() for code in codes]
    put_rows(db, "continent_names", rows, code="VARCHAR", name="VARCHAR", name_zh="VARCHAR")


@dataclass(frozen=True, slots=True)
class Place:
    """A country (its `code`) or a continent ("" as code) and the ISO codes of the countries that it consists of."""

    name: str
    code: str
    countries: tuple[str, ...]


@functools.cache
def _countries() -> Mapping[str, tuple[str, ...]]:
    """Each ISO code with the names that a country may go by."""
    fields = ("alpha_2", "alpha_3", "name", "common_name", "official_name")
    out = {}
    for country in pycountry.countries:
        names = [getattr(country, f) for f in fields if hasattr(country, f)]
        chinese = [zh for name in names if (zh := _translated("iso3166-1", name))]
        out[country.alpha_2] = (*names, *chinese, *_OTHER_NAMES.get(country.alpha_2, ()))
    return out


def find_place(name: str, groups: Mapping[str, str]) -> Place:
    """A country or continent by its name in English or Chinese, or a country by its ISO code.

    Args:
        name: what it is called.
        groups: countries that are counted as others; a country is all that is counted as it.

    Raises:
        AffilError: there is none of that name.
    """
    wanted = plain(name)
    for continent, (chinese, codes) in continents().items():
        if wanted in (plain(continent), chinese):
            return Place(continent, "", codes)
    for code, names in _countries().items():
        if any(wanted == plain(n) for n in names):
            counted = groups.get(code, code)
            together = tuple(c for c in {**_countries(), **groups, counted: ()} if groups.get(c, c) == counted)
            return Place(country_name(counted)[0], counted, together)
    known = {country_name(code)[0]: names[2:] for code, names in _countries().items()} | dict.fromkeys(continents(), ())
    raise AffilError(f"no country or continent {name!r}{did_you_mean(name, known)}")
