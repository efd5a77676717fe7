"""The gazetteer: names of countries, subdivisions and cities, from pycountry (ISO 3166) and GeoNames (CC BY 4.0)."""

from __future__ import annotations

import csv
import gettext
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import NamedTuple

from affil.registry.geonames import cities

COUNTRY, REGION, CITY, CODE, COUNTRY_CODE = 0, 1, 2, 3, 4
SPELT = (COUNTRY, REGION, CITY)
_LOCALES = ("zh_CN", "ja", "ko", "de", "fr", "es", "pt", "it", "ru", "ar", "tr", "nl", "pl", "cs", "sv", "fi", "da", "hu", "ro", "el",
            "uk", "he", "fa", "vi", "id")  # fmt: skip
# Countries whose subdivisions appear in addresses; elsewhere they are mostly named like their capitals.
SUBDIVIDED = (
    "US",
    "CA",
    "AU",
    "CN",
    "IN",
    "DE",
    "BR",
    "JP",
    "MX",
    "IT",
    "ES",
    "FR",
    "KR",
    "MY",
    "NG",
    "ZA",
    "AR",
    "TW",
    "CH",
    "AT",
)
_COMMON = {
    "US": "USA|U.S.A|United States of America|US|America|EUA|Estados Unidos|EEUU|美国",
    "GB": "UK|Great Britain|England|Scotland|Wales|Northern Ireland|U.K|英国|Britain",
    "KR": "Korea|South Korea|Republic of Korea|S. Korea|대한민국|韩国|Korea Republic of",
    "KP": "North Korea|DPRK",
    "CN": "China|PR China|P.R. China|PRC|People's Republic of China|Peoples R China|中国|中华人民共和国|Mainland China",
    "TW": "Taiwan|ROC|R.O.C|Republic of China|台湾",
    "HK": "Hong Kong|Hong Kong SAR|HKSAR|香港|Hongkong|HK",
    "MO": "Macau|Macao|Macao SAR|澳门",
    "RU": "Russia|Russian Federation|Россия|USSR|俄罗斯",
    "IR": "Iran|Islamic Republic of Iran|IR Iran|I.R. Iran",
    "CZ": "Czech Republic|Czechia|Ceska Republika|Czechoslovakia",
    "DE": "Germany|Deutschland|West Germany|FRG|F.R.G|BRD|Federal Republic of Germany|德国",
    "NL": "Netherlands|The Netherlands|Holland|Nederland|荷兰",
    "VN": "Vietnam|Viet Nam",
    "AE": "UAE|U.A.E|United Arab Emirates|Emirates",
    "SA": "Saudi Arabia|KSA|Kingdom of Saudi Arabia",
    "TR": "Turkey|Turkiye|Türkiye",
    "SY": "Syria",
    "LA": "Laos",
    "TZ": "Tanzania",
    "BO": "Bolivia",
    "VE": "Venezuela",
    "MD": "Moldova",
    "MK": "Macedonia|North Macedonia",
    "BN": "Brunei",
    "CI": "Ivory Coast",
    "CV": "Cape Verde",
    "PS": "Palestine",
    "XK": "Kosovo",
    "CD": "DR Congo|Democratic Republic of the Congo",
    "IE": "Ireland|Republic of Ireland|Eire",
    "BR": "Brazil|Brasil",
    "ES": "Spain|España",
    "IT": "Italy|Italia",
    "JP": "Japan|日本",
    "SG": "Singapore|新加坡",
    "RS": "Serbia|Yugoslavia",
    "IN": "India|印度",
    "FR": "France|法国",
    "CA": "Canada|加拿大",
    "AU": "Australia|澳大利亚|澳洲",
    "CH": "Switzerland|Schweiz|Suisse|Svizzera|瑞士",
}
# Districts and places missing from GeoNames, by the city they count as.
_DISTRICTS = {
    ("CN", "Beijing"): "海淀|海淀区|Haidian|中关村|Zhongguancun",
    ("CN", "Guangzhou"): "番禺|天河",
    ("CN", "Hangzhou"): "余杭",
    ("CN", "Shanghai"): "浦东|闵行|徐汇",
    ("CN", "Shenzhen"): "西丽",
    ("CN", "Wuhan"): "武昌|洪山",
    ("HK", "Hong Kong"): "薄扶林|Pokfulam|九龍塘|紅磡|Hung Hom|清水灣|Clear Water Bay|將軍澳|鰂魚涌|數碼港|Cyberport",
    ("MO", "Macau"): "Coloane",
    ("TW", "Jincheng"): "金門|Kinmen",
    ("TW", "Taoyuan"): "中壢|Zhongli|Jhongli|Chungli|Chung-Li",
}
_ONE_CITY = {"HK": "Hong Kong", "MO": "Macau", "SG": "Singapore"}  # territories that are a single city
_SMALL = ("HK", "MO", "TW")  # universities in small places: half the population suffices for all names
_HAN_CITIES = ("CN", "JP", "TW")  # 市 may be omitted after a city
_HAN_CITY = re.compile("(?<=[\u3400-\u9fff]{2})[市縣县]$")
_SUBDIVISION = re.compile(
    r"( Zhuangzu| Huizu| Uygur)? Zizhiqu$| (Sheng|Shi|Metropolitan City|Province|Do)$|-(do|gwangyeoksi|teukbyeolsi|teukbyeoljachido)$"
    "|[省市县]$|(壮族|回族|维吾尔)?自治区$"
)
_REGIONS = {"CN-NM": "Inner Mongolia", "CN-NX": "宁夏", "CN-XZ": "Tibet"}  # common names that differ from ISO
# Wider countries of territories: "China" in a string does not contradict an institution in Hong Kong.
WIDER = {"HK": "CN", "MO": "CN", "TW": "CN", "PR": "US", "GU": "US", "RE": "FR", "GP": "FR", "MQ": "FR", "GL": "DK", "FO": "DK"}
_CJK = re.compile("[\u3400-\u9fff\uac00-\ud7af]")


class Place(NamedTuple):
    """One name of a place: its kind, its ISO 3166-1 and 3166-2 codes, and for a city its GeoNames name."""

    name: str
    kind: int
    country: str
    region: str = ""
    city: str = ""


@cache
def _translations(domain: str) -> list[gettext.NullTranslations]:
    import pycountry

    return [gettext.translation(domain, pycountry.LOCALES_DIR, [lang], fallback=True) for lang in _LOCALES]


@cache
def country_names() -> frozenset[str]:
    """English names of countries, casefolded."""
    import pycountry

    names = {n for c in pycountry.countries for n in (c.name, c.name.split(",")[0], getattr(c, "common_name", c.name))}
    return frozenset(n.casefold() for n in names | {n for group in _COMMON.values() for n in group.split("|")})


@cache
def country_name(code: str) -> str:
    """The common English name of an ISO 3166-1 code, or ""."""
    import pycountry

    country = pycountry.countries.get(alpha_2=code)
    return "" if country is None else str(getattr(country, "common_name", country.name.split(",")[0]))


@cache
def regions() -> dict[tuple[str, str], tuple[str, ...]]:
    """ISO 3166-2 codes of GeoNames' first-level divisions, by country and `admin1code`; several if GeoNames is coarser."""
    with (resources.files("affil.registry") / "data" / "regions.csv").open(encoding="utf-8") as lines:
        return {(row["country"], row["admin1"]): tuple(row["regions"].split()) for row in csv.DictReader(lines)}


@cache
def part_of(code: str) -> frozenset[str]:
    """A subdivision and those containing it: the province of Flemish Brabant is in the Flemish Region."""
    import pycountry

    parents = {s.code: s.parent_code for s in pycountry.subdivisions}
    codes = [code]
    while above := parents.get(codes[-1]):
        codes.append(above)
    return frozenset(codes)


def _says_enough(name: str) -> bool:
    """Whether a country's name is unambiguous without accents: Vietnamese "Úc", "Ý" and "Áo" would become UC, Y and AO."""
    return name.isascii() or len(name) > 3 or _CJK.search(name) is not None


def read_places(min_population: int = 15_000, all_names_from: int = 100_000) -> Iterator[Place]:
    """Yield names of places: countries and subdivisions in many languages, cities of at least `min_population`.

    Cities of at least `all_names_from` inhabitants (half of it in Hong Kong, Macao and Taiwan) come with all their names in
    Latin, Chinese, Japanese and Korean script; those of China, Taiwan and Japan also without 市 or 縣.
    """
    import pycountry  # slow to import; only building needs it

    for country in pycountry.countries:
        code = country.alpha_2
        own = {country.name.split(",")[0], country.alpha_3, getattr(country, "common_name", country.name)}
        own |= {t.gettext(country.name) for t in _translations("iso3166-1")} | set(_COMMON.get(code, "").split("|"))
        for name in sorted(filter(_says_enough, own)):
            yield Place(name, COUNTRY, code)
        yield Place(code, COUNTRY_CODE, code)
    for name in _COMMON["XK"].split("|"):
        yield Place(name, COUNTRY, "XK")
    for sub in pycountry.subdivisions:
        code = sub.country_code
        if code in SUBDIVIDED and sub.parent_code is None:
            names = {sub.name.split("[")[0].split("(")[0].strip()}
            names |= {t.gettext(sub.name) for t in _translations("iso3166-2")[:1]} | {_REGIONS.get(sub.code, sub.name)}
            for name in sorted(names):
                short = _SUBDIVISION.sub("", name)
                yield from (Place(n, REGION, code, sub.code) for n in sorted({name, short}) if len(n) > 1)
            if code in ("US", "CA", "AU"):
                yield Place(sub.code[3:], CODE, code, sub.code)
    for (code, town), parts in _DISTRICTS.items():
        for name in parts.split("|"):
            yield Place(name, CITY, code, "", town)
    for city in cities():
        code = city.country
        if city.population < min_population:
            continue
        within = regions().get((code, city.admin1), ())
        region = within[0] if len(within) == 1 else ""
        names = {city.name}
        if city.population >= all_names_from / (2 if code in _SMALL else 1):
            names.update(city.alternate_names)
        if code in _HAN_CITIES:
            names |= {_HAN_CITY.sub("", n) for n in names}
        for name in sorted(names):  # reproducible order
            yield Place(name, CITY, code, region, _ONE_CITY.get(code, city.name))
