"""Make raw strings safe to display: no invisible characters, none that change text direction."""

from __future__ import annotations

import unicodedata

_BLANKS = frozenset("\u00a0\u2002\u2003\u2009\u202f\u3000")


def visible(raw: str) -> str:
    """Replace invisible and direction-changing characters by visible ones.

    Control characters become their pictures (U+2400 and on), others their code in brackets, wide blanks plain blanks.
    """
    if raw.isprintable():  # all but the characters above; most strings are
        return raw
    return "".join(c if c == " " or unicodedata.category(c)[0] not in "CZ" else _spelt(c) for c in raw)


def _spelt(character: str) -> str:
    if character in _BLANKS:
        return " "
    code = ord(character)
    return chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else f"[U+{code:04X}]"
