"""Names in the languages of the report, from the registry, GeoNames and ISO; Chinese scripts are converted by OpenCC."""

from __future__ import annotations

import csv
import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import resources
from typing import NamedTuple

import opencc

from affil.registry import Registry
from affil.registry.geonames import City, cities, countries
from affil.types import Institution

Translations = tuple[str, ...]  # in the order of LANGUAGES

_HAN = re.compile("[\u3400-\u9fff]{2,8}")
_HAS_HAN = re.compile("[\u3400-\u9fff]")
_KIND_OF_CITY = re.compile("(?<=..)(特别市|广域市|特別市|広域市|市)$")
_TRADITIONAL = {"TW": "s2tw"}  # elsewhere as in Hong Kong


@functools.cache
def _converter(how: str) -> opencc.OpenCC:
    return opencc.OpenCC(how)


@functools.lru_cache(maxsize=1 << 16)
def simplified(text: str) -> str:
    """Convert to simplified Chinese."""
    return str(_converter("t2s").convert(text))


@functools.lru_cache(maxsize=1 << 16)
def traditional(text: str, country: str = "HK") -> str:
    """Convert to traditional Chinese as used in Taiwan or, for all other countries, in Hong Kong."""
    return str(_converter(_TRADITIONAL.get(country, "s2hk")).convert(text))


class Language(NamedTuple):
    """What a language of the report has besides its messages.

    `chinese` writes a Chinese name, of a country, in its script: None where names are written as in English. `named` tells whether
    the rows of rankings name institutions in it; else the names of the registry in it stand above those.
    """

    chinese: Callable[[str, str], str] | None = None
    named: bool = False

    def place(self, names: Sequence[str]) -> str:
        """What something lies in, given nearest first: as in an English address, or in a Chinese one."""
        return "，".join(reversed(names)) if self.chinese else ", ".join(names)


# By tag. A further language is a line here, such as "fr": Language(), and its messages: tools/catalogues.py fr.
LANGUAGES: dict[str, Language] = {
    "en": Language(named=True),
    "zh-hans": Language(lambda name, _: simplified(name), named=True),
    "zh-hant": Language(lambda name, country: traditional(simplified(name), country)),
}


def html_tag(language: str) -> str:
    """The tag of a language as pages have it: zh-Hans."""
    return "-".join(part.title() if len(part) == 4 else part for part in language.split("-"))


def in_languages(name: str, chinese: str = "", country: str = "HK") -> Translations:
    """A name in all languages; what has no Chinese name keeps its own."""
    return tuple(one.chinese(chinese, country) if one.chinese and chinese else name for one in LANGUAGES.values())


def institution_names(name: str, name_zh: str, country: str, known: Institution | None) -> Translations:
    """The names of an institution; one that the registry has in a language, such as a traditional one, stands above a converted one."""
    made = in_languages(name, name_zh, country)
    own = {n.language: n.value for n in reversed(known.names) if n.kind != "acronym"} if known else {}
    return tuple(
        made_up if one.named else own.get(tag, made_up) for (tag, one), made_up in zip(LANGUAGES.items(), made, strict=True)
    )


@functools.cache
def _cities() -> Mapping[tuple[str, str], list[City]]:
    """The cities of GeoNames by country and name."""
    out: dict[tuple[str, str], list[City]] = {}
    for city in cities():
        out.setdefault((city.country, city.name), []).append(city)
    return out


@functools.cache
def _chinese_city(name: str, country: str) -> str:
    """Simplified Chinese name of a city, the most frequent among its Chinese names; "" without one.

    Of equally frequent ones it is one that is also called a city (深圳, as there is 深圳市), rather than a former or a district's (宝安).
    Of several cities of that name it is the largest one's. Characters as Japan writes them are as China does (横浜: 横滨).
    """
    best = (0, "")
    for city in _cities().get((country, name), ()):
        names = (n for n in city.alternate_names if _HAN.fullmatch(n))
        written = [simplified(str(_converter("jp2t").convert(n)) if country == "JP" else n) for n in names]
        found = Counter(_KIND_OF_CITY.sub("", n) for n in written)
        if found:
            most = max(found.values())
            called_city = {n for n in found if any(w != n and _KIND_OF_CITY.sub("", w) == n for w in written)}
            named = min((n for n, times in found.items() if times == most), key=lambda n: (n not in called_city, len(n), n))
            best = max(best, (city.population, named))
    return best[1]


@functools.cache
def _chinese_places() -> Mapping[tuple[str, str, str], str]:
    """Simplified Chinese names of cities and regions, by level, country and English name, which neither GeoNames nor ISO 3166-2 has, or for
    which GeoNames has one that mainland China does not use (坎培拉): those of Chinese maps, entered for affil (`chinese_places.csv`).
    """
    lines = resources.files("affil.report").joinpath("chinese_places.csv").read_text("utf-8").splitlines()
    return {(row["level"], row["country"], row["name"]): row["name_zh"] for row in csv.DictReader(lines)}


def city_names(name: str, country: str) -> Translations:
    """The names of a city; without a known Chinese one, the Latin name."""
    return in_languages(name, _chinese_places().get(("city", country, name)) or _chinese_city(name, country), country)


def region_names(name: str, chinese: str, country: str) -> Translations:
    """The names of a region, of which ISO 3166-2 has this Chinese one ("" for none); without a known one, the Latin name."""
    return in_languages(name, chinese or _chinese_places().get(("region", country, name), ""), country)


@functools.cache
def continents() -> Mapping[str, str]:
    """ISO 3166-1 code -> continent: AF, AN, AS, EU, NA, OC or SA."""
    return {code: country.continent for code, country in countries().items()}


def search_names(known: Institution | None, names: Translations) -> tuple[str, ...]:
    """Names by which an entity can be found, folded like input in the page; except the English name, which pages have."""
    values = [*names[1:], *(n.value for n in known.names)] if known else names[1:]
    return tuple(sorted({page_fold(v) for v in values} - {page_fold(names[0]), ""}))


@functools.lru_cache(maxsize=1 << 16)
def page_fold(text: str) -> str:
    """Fold case, accents and Han script like the search in the page (`fold` in static/engine.js)."""
    if text.isascii():
        return " ".join(text.lower().split())
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join("".join(simplified(c) for c in plain.lower()).split())


def script_table(texts: Iterable[str]) -> dict[str, str]:
    """Traditional characters that a reader may type for these texts, mapped to simplified ones."""
    characters = {
        c
        for text in texts
        if _HAS_HAN.search(text)
        for how in ("s2t", "s2hk", "s2tw")
        for c in _converter(how).convert(text) + text
    }
    return {c: simplified(c) for c in sorted(characters) if simplified(c) != c and len(simplified(c)) == 1}


def lookup(registry: Registry | None, ids: Iterable[str]) -> dict[str, Institution]:
    """The institutions with these ids that the registry has."""
    return {i: registry.get(i) for i in ids if i in registry} if registry is not None else {}


__all__ = ["LANGUAGES", "Language", "Translations", "city_names", "continents", "html_tag", "in_languages", "institution_names", "lookup",
           "page_fold", "region_names", "script_table", "search_names", "simplified", "traditional"]  # fmt: skip
