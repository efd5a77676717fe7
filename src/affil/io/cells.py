"""Cells that hold authors in front of their affiliations, as Web of Science and Scopus write them.

Web of Science: `[Diaz, C.; Li, H.] Univ Leeds, Leeds, England; [Diaz, C.] Univ Porto, Porto, Portugal`. Scopus, in its column
`Authors with affiliations`: `Diaz C., University of Leeds, United Kingdom; Li H., Porto University, Portugal`, in older
exports `Diaz, C., University of Leeds, ...`.
"""

from __future__ import annotations

import re
from functools import cache

from affil.io.people import DOTTED, INITIALS, SUFFIX, are_dotted, are_initials, is_suffix
from affil.io.semicolons import between_semicolons

Named = tuple[tuple[str, ...], str]
"""The authors of an address (none where the cell names none), and the address as it stands."""

COMMAS = "authors with affiliations"
COMMAS_CHINESE = "带归属机构的作者"
"""The column whose names end in a comma, in lower case, and as Scopus' pages in Chinese call it."""

_GROUP = re.compile(r"(?:^|(?<=[;；\n\r.]))\s*[\[［]([^\[\]［］]*)[\]］]\s*(?=\S)")
_ITEM = re.compile(r"[;；、]|(?<=[一-鿿])[,，]")
# Words of organisations, by their beginnings; a family called School or Hospital shows by its initials.
_ORGANISATION = re.compile(
    r"\b(?:univ|inst\b|instit|dept\b|depart|colleg|coll\b|schools?\b|sch\b|academ|acad\b|labs?\b|laborat|cent(?:er|re|ro|rum|ral)\b|ctr\b"
    r"|hosp\b|hospital|facult|fac\b|division|div\b|corp\b|corpora|inc\b|ltd|gmbh|compan|research|ministr|agenc|museum|foundat|clinic"
    r"|technol|polytec|program|unit\b|sect\b|section|observat|librar|bank\b|state\b|nation|(?-i:the|of|and|for)\b)|[&@/]",
    re.IGNORECASE,
)
_ORGANISATION_HAN = re.compile(
    r".+(?:所|院|校|系|厂|廠|局|馆|館|中心|大学|大學|学部|學部|公司|学会|學會|集团|集團|医学科|科学|科學|研究科|研究室|대학|대학교|연구소|연구원|연구실|병원|학과|학부|센터)$"
)
_ENDS_IN_INITIALS = re.compile(rf"\S.*?\s(?!{SUFFIX}$)(?:{INITIALS})")
_PERSON = re.compile(rf"[^\W\d_]\S*(?: \S+){{0,2}} {DOTTED}")
_FAMILY_FIRST = re.compile(rf"[^\W\d_][^,]*,\s*(?P<given>[^\W\d_][^,]*?)(?:,\s*{SUFFIX})?")
_PARTICLE = re.compile(r"al|ben|bin|da|de|del|della|den|der|di|dos?|du|el|ibn|la|le|ter|van|von|y|zu")
_MOST_WORDS = 4  # of a name without a comma
_FAMILIES = frozenset(
    "王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭程曹袁邓鄧许許傅沈曾彭吕呂苏蘇卢盧蒋蔣蔡贾賈丁魏薛叶葉"
    "阎閻余潘杜戴夏钟鍾汪田任姜范方石姚谭譚廖邹鄒熊金陆陸郝孔白崔康毛邱秦江史顾顧侯邵孟龙龍万萬段雷钱錢汤湯尹黎易常武乔喬贺賀赖賴龚龔文欧歐诸諸"
)


def split_cell(text: str, column: str = "") -> list[Named]:
    """The addresses of a cell, each with its authors, in order; a cell without authors is one address, as it stands.

    Names in square brackets are found in every column: `[Stanford, L.] Univ Leeds` is an address in Leeds. Numbers and words of
    organisations in brackets are no names. Names that end in a comma are looked for only where `column` is the heading of the
    column of Scopus (`COMMAS`, in any case); several addresses of one author stay one there, as commas join them. An author
    without an address has an empty one.
    """
    if is_commas(column):
        return _split_commas(text) or [((), text)]
    if "[" not in text and "［" not in text:
        return [((), text)]
    groups = [(m.start(), m.end(), _items(m[1])) for m in _GROUP.finditer(text)]
    sure = any(map(_surely_names, (items for *_, items in groups)))
    groups = [g for g in groups if g[2] and (_surely_names(g[2]) or _maybe_names(g[2], sure))]
    if not groups:
        return [((), text)]
    first = _bare(text[: groups[0][0]])
    found: list[Named] = [((), first)] if first else []
    ends = [start for start, *_ in groups[1:]] + [len(text)]
    return found + [(items, _bare(text[end:stop])) for (_, end, items), stop in zip(groups, ends, strict=True)]


def addresses(text: str, column: str = "") -> list[str]:
    """The distinct addresses of a cell in order, without their authors (see `split_cell`); at least one, which may be empty."""
    if "[" not in text and "［" not in text and not is_commas(column):
        return [text]
    found = dict.fromkeys(address for _, address in split_cell(text, column) if address)
    return list(found) or [""]


@cache
def is_commas(column: str) -> bool:
    """Whether this is the heading of the column in which a comma follows the names."""
    return " ".join(column.split()).casefold() in (COMMAS, COMMAS_CHINESE)


def _bare(address: str) -> str:
    return address.strip().rstrip(";；").rstrip()


def _items(inside: str) -> tuple[str, ...]:
    """What stands between semicolons, if anything has two letters: footnote marks have not."""
    items = tuple(filter(None, (item.strip() for item in _ITEM.split(inside))))
    return items if any(sum(c.isalpha() for c in item) > 1 for item in items) else ()


def _surely_names(items: tuple[str, ...]) -> bool:
    """Whether one has initials behind a comma, or all are names and one has the comma, or they are several."""
    commas = [m for m in map(_FAMILY_FIRST.fullmatch, items) if m]
    if any(are_initials(m["given"]) for m in commas):
        return True
    return all(map(_like_a_name, items)) and (bool(commas) or len(items) > 1)


def _maybe_names(items: tuple[str, ...], sure: bool) -> bool:
    """Whether these are names where another bracket of the cell surely has such, or by themselves: [CSAIL] and [清华] are none."""
    one = items[0]
    return sure or (all(map(_like_a_name, items)) and (len(one.split()) > 1 or one[0] in _FAMILIES or "가" <= one[0] <= "힣"))


def _like_a_name(item: str) -> bool:
    if _ORGANISATION.search(item) or any(c.isdigit() for c in item):
        return False
    if _han(item):
        bare = item.replace(" ", "").replace("　", "")
        return len(bare) <= 4 + 8 * ("·" in bare) and not _ORGANISATION_HAN.fullmatch(bare)
    words = item.replace(",", " ").split()
    return len(words) <= _MOST_WORDS + item.count(",") and all(w[0].isupper() or _PARTICLE.fullmatch(w) for w in words)


def _han(item: str) -> bool:
    """Whether it is written in Han, kana or Hangul."""
    return any("぀" <= c <= "鿿" or "가" <= c <= "힣" for c in item)


def _split_commas(text: str) -> list[Named]:
    found: list[Named] = []
    for item in filter(None, between_semicolons(text)):
        name, address = _name_in_front(item)
        if name:
            found.append(((name,), address))
        else:  # an address with a semicolon in it
            found.append((found[-1][0] if found else (), item))
    return found


def begins_with_person(item: str) -> bool:
    """Whether an item surely begins with a person's name: one with initials, before the first comma or right behind it."""
    first, *rest = (field.strip() for field in item.split(","))
    if _ORGANISATION.search(first):
        return False
    return bool(rest) and bool(_PERSON.fullmatch(first) or (len(first.split()) < _MOST_WORDS and are_dotted(rest[0])))


def _name_in_front(item: str) -> tuple[str, str]:
    """The name that an item begins with, and the rest; no name where it begins with an organisation."""
    first, *rest = (field.strip() for field in item.split(","))
    cut = 1
    if not _ENDS_IN_INITIALS.fullmatch(first) and rest and are_initials(rest[0]):
        cut = 2
    elif _ORGANISATION.search(first) or len(first.split()) > _MOST_WORDS:
        return "", item
    if len(rest) >= cut and is_suffix(rest[cut - 1]):
        cut += 1
    fields = item.split(",", cut)
    return ",".join(fields[:cut]).strip(), "".join(fields[cut:]).strip()
