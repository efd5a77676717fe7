"""How Chinese is written: its own marks beside its characters, and a space between these and Latin letters or digits."""

from __future__ import annotations

import re

_HAN = "[\u4e00-\u9fff]"
_WIDE = "[\u4e00-\u9fff\u3001-\u3009\u3010-\u303f\uff01-\uffef]"  # no quotation marks, in which stands what is typed
_FAULTS = re.compile(
    rf"{_WIDE} ?[,:;?!](?!\w)|[,:;?!] ?{_HAN}"  # marks of English beside a character
    rf"|{_WIDE} ?\((?=[^()]*{_HAN})|(?<=\()[^()]*{_HAN}[^()]*\)"  # its brackets around Chinese
    rf"|{_HAN} {_HAN}"  # a space between characters
)
_UNSPACED = re.compile(rf"{_HAN}[0-9A-Za-z]|[0-9A-Za-z%]{_HAN}")


def faults(text: str) -> list[str]:
    """Where a text in Chinese has marks of English, or spaces between characters, each with what is around it."""
    return [text[max(0, m.start() - 12) : m.end() + 12] for m in _FAULTS.finditer(text)]


def unspaced(text: str) -> list[str]:
    """Where letters or digits touch characters, each with what is around it."""
    return [text[max(0, m.start() - 12) : m.end() + 12] for m in _UNSPACED.finditer(text)]
