"""Names of countries and regions: ISO 3166-1 and 3166-2 through pycountry, Chinese names through its translations."""

from __future__ import annotations

import functools
import gettext
import re
from collections.abc import Iterable, Mapping

import pyarrow as pa
import pycountry

# pycountry's names of Chinese regions include their type (province, municipality, autonomous region)
_KIND_OF_REGION = re.compile(r" (?:Shi|Sheng|(?:Uygur |Zhuangzu |Huizu )?Zizhiqu)$")


@functools.cache
def _chinese(domain: str) -> gettext.NullTranslations:
    return gettext.translation(domain, pycountry.LOCALES_DIR, languages=["zh_CN"], fallback=True)


def country_name(code: str) -> tuple[str, str]:
    """English and Chinese name of an ISO 3166-1 alpha-2 code, preferring the common one; the code itself if unknown."""
    country = pycountry.countries.get(alpha_2=code)
    if country is None:
        return code, ""
    name = getattr(country, "common_name", country.name)
    return name, _translated("iso3166-1", name) or _translated("iso3166-1", country.name)


def region_name(code: str) -> tuple[str, str] | None:
    """English and Chinese name of an ISO 3166-2 code, or None if there is no such region."""
    region = pycountry.subdivisions.get(code=code)  # type: ignore[no-untyped-call]
    if region is None:
        return None
    name = _KIND_OF_REGION.sub("", region.name) if code.startswith("CN-") else region.name
    return name, _translated("iso3166-2", region.name)


def _translated(domain: str, name: str) -> str:
    chinese = _chinese(domain).gettext(name)
    return "" if chinese == name else chinese


def country_table(codes: Iterable[str], divided: Iterable[str], groups: Mapping[str, str]) -> pa.Table:
    """One row per country: code, `counted_as` (itself, or its group), names, whether its regions are known."""
    with_regions = set(divided)
    rows = []
    for code in sorted({*codes, *groups.values()} - {""}):
        name, name_zh = country_name(code)
        counted = groups.get(code, code)
        row = {"code": code, "counted_as": counted, "name": name, "name_zh": name_zh, "divided": code in with_regions}
        rows.append(row)
    text = [pa.field(f, pa.string()) for f in ("code", "counted_as", "name", "name_zh")]
    return pa.Table.from_pylist(rows, pa.schema([*text, pa.field("divided", pa.bool_())]))


def region_table(codes: Iterable[str]) -> pa.Table:
    """One row per known region: code and names."""
    named = {code: region_name(code) for code in sorted(set(codes))}
    rows = [{"code": c, "name": n[0], "name_zh": n[1]} for c, n in named.items() if n is not None]
    return pa.Table.from_pylist(rows, pa.schema([(f, pa.string()) for f in ("code", "name", "name_zh")]))


def group_table(groups: Mapping[str, str]) -> pa.Table:
    """One row per code that is counted as another: code, `counted_as`."""
    return pa.table({"code": pa.array(list(groups), pa.string()), "counted_as": pa.array(list(groups.values()), pa.string())})
