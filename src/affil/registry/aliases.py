"""Generated variants of registry names, and names too generic to identify anyone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from affil.names.fold import generic
from affil.registry.places import country_names

_PARENTHESIS = re.compile(r"(\s*[(（]([^()（）]*)[)）]\s*)")
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TAIL = re.compile(
    r",?\s+(?:S\.?A\.?|A\.?G\.?|A\.?B\.?|S\.?p\.?A\.?|B\.?V\.?|N\.?V\.?|K\.?K\.?|S\.?r\.?l\.?|A/S|ASA|SE|Oy|KG|Holdings?)$"
)
_ACADEMY, _INSTITUTE = ("中国科学院", "中科院"), ("研究所", "所")  # each with its short form
# Folded placeholders for "no affiliation".
_PLACEHOLDERS = frozenset(("anonymous", "dummy", "na", "nan", "nil", "none", "null", "other", "tba", "tbc", "tbd", "test", "todo",
                           "unaffiliated", "undefined", "unknown", "unspecified", "xx", "xxx"))  # fmt: skip


def variants(name: str, kind: str) -> Iterable[tuple[str, str]]:
    """Yield (text, kind) for a registry name and the variants people type.

    A parenthesis is dropped if it holds a country or an acronym, but kept if it names a campus.
    """
    yield name, kind
    plain = name
    for whole, inner in _PARENTHESIS.findall(name):
        acronym = inner.isascii() and inner.isupper() and len(inner) > 2 and not name.isupper()
        if inner.casefold() in country_names() or acronym:
            plain = plain.replace(whole, " ").strip()
            if inner.isupper() and len(inner) > 2 and inner.replace(".", "").casefold() not in country_names():
                yield inner, "acronym"
    if plain != name and plain:
        yield plain, kind
    if (short := _TAIL.sub("", plain)) != plain:
        yield short, kind
    if (split := _CAMEL.sub(" ", plain)) != plain and kind != "domain":
        yield split, "variant" if " " in plain else kind
    if plain.startswith(_ACADEMY[0]) and plain != _ACADEMY[0]:
        short = plain.replace(*_ACADEMY, 1)
        yield short, "variant"
        if short.endswith(_INSTITUTE[0]):
            yield short.removesuffix(_INSTITUTE[0]) + _INSTITUTE[1], "variant"


def names_nobody(text: str, words: Sequence[str], kind: str) -> bool:
    """Whether a name (raw text, folded words, kind) is too generic to identify an institution.

    True for names that fold to nothing or to one letter, single generic words ("RES" is research, "NAC" national, "The Royal"),
    placeholders ("TBD", "N/A"), acronyms of generic words ("TU"), and unofficial names that are a country's ("PRC").
    """
    if not words or (len(words) == 1 and (len(words[0]) == 1 or words[0] in generic())) or "".join(words) in _PLACEHOLDERS:
        return True
    if kind == "acronym" and set(words) <= generic():
        return True
    return kind not in ("official", "label") and text.strip(" .").casefold() in country_names()


def without_country(text: str, name: str, words: int) -> bool:
    """Whether a variant, of `words` words, has lost its name's country: "Sony" of "Sony (China)", "amazon" of "amazon.de".

    Domains lose it because folding drops the stop words of every language, "de" and "in" among them.
    """
    if text == name:
        return bool(_HOST.fullmatch(name)) and words < len(re.split(r"[.-]", name))
    return any(inner.casefold() in country_names() and inner not in text for _, inner in _PARENTHESIS.findall(name))
