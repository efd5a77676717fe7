"""Fold words to a canonical form: case, accents, script, spelling variants, abbreviations and translations of generic words."""

from __future__ import annotations

import csv
import functools
import re
import unicodedata
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType

import opencc
from anyascii import anyascii

from affil.settings import TEXT

HAN = "\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
CJK = HAN + "\u3041-\u30ff\u31f0-\u31ff\uac00-\ud7af\U00020000-\U0003134f"
_IS_CJK = re.compile(f"[{CJK}]")
# Abbreviations that are acronyms in capitals: "Ist Nazl Fis Nucl" is an institute, "IST Austria" and "IST Lisboa" are names.
_CAPITALS = frozenset({"ist"})
_ELISION = re.compile(r"(?:l|d|s|qu|dell|all|dall|nell|sull|degl|un)['’ʼ`´](?=[^\W\d_]{3})")


@functools.cache
def vocabulary() -> Mapping[str, tuple[str, ...]]:
    """Spellings, abbreviations and translations of generic words (`words.csv`): folded word -> canonical words, () to drop."""
    table: dict[str, tuple[str, ...]] = {}
    with resources.files("affil.names").joinpath("words.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            canonical = tuple(_umlauts(_plain(w)) for w in row["canonical"].split())
            for word in row["words"].split():
                table[_plain(word)] = canonical
                if canonical:  # a dropped word is dropped as spelt only: "que", but not "qu"
                    table.setdefault(_umlauts(_plain(word)), canonical)
    return MappingProxyType(table)


@functools.cache
def roles() -> Mapping[str, str]:
    """Roles of canonical words: `head` (university, hospital), `part` (department), `legal` (company), `noise` (addresses)."""
    table: dict[str, str] = {}
    with resources.files("affil.names").joinpath("words.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["role"] and row["canonical"]:
                table[_umlauts(_plain(row["canonical"].split()[-1]))] = row["role"]
    return MappingProxyType(table)


@functools.cache
def generic() -> frozenset[str]:
    """All canonical words of the table: generic words, which identify nothing alone."""
    return frozenset(w for words in vocabulary().values() for w in words) | frozenset(roles())


@functools.cache
def _converters() -> tuple[opencc.OpenCC, opencc.OpenCC]:
    return opencc.OpenCC("jp2t"), opencc.OpenCC("t2s")


@functools.lru_cache(maxsize=1 << 16)
def simplified(character: str) -> str:
    """Fold one CJK character: Japanese and traditional Han to simplified, anything else unchanged."""
    japanese, traditional = _converters()
    for form in (character, japanese.convert(character)):
        folded: str = traditional.convert(form)
        if folded != form and len(folded) == 1:
            return folded
    return character


def _plain(word: str) -> str:
    """Lowercase, strip accents and transliterate to ASCII letters and digits."""
    word = unicodedata.normalize("NFKD", _ELISION.sub("", word.casefold()))
    if not word.isascii():
        word = "".join(c for c in word if not unicodedata.combining(c))
        word = anyascii(word).lower()
    return re.sub(r"[^a-z0-9]+", "", word)


def _umlauts(word: str) -> str:
    """Unify the spellings of umlauts: ue, oe, ae become u, o, a (but not aa: Shaanxi is not Shanxi)."""
    return word.replace("ue", "u").replace("oe", "o").replace("ae", "a") if len(word) > 3 else word


@functools.lru_cache(maxsize=1 << 18)
def fold_word(word: str) -> tuple[str, ...]:
    """Fold one word to its canonical words: usually one, none for "of", two for "Universitätsklinikum"."""
    if _IS_CJK.match(word):
        return (simplified(word),)
    plain = _plain(word)
    if not plain:
        return ()
    known = vocabulary()
    if plain in known and not (plain in _CAPITALS and word.isupper()):
        return known[plain]
    if plain.isdigit():
        return (plain.lstrip("0") or plain,) if len(plain) <= TEXT.number else (plain,)  # "Paris 06" is "Paris 6"
    if word.isupper() and len(word) <= TEXT.umlaut_acronym:
        return (plain,)  # UESTC is not USTC
    plain = _umlauts(plain)
    return known.get(plain) or (plain,)
