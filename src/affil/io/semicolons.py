"""Lists between semicolons, in which an HTML entity ends as well: `Texas A&amp;M University; MIT` are two."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5
from itertools import pairwise

_SEMICOLON = re.compile(r"[;；]\s*")
_LONGEST_ENTITY = max(map(len, html5))
_NUMBERED = re.compile(r"#(?:\d{1,7}|[xX][0-9a-fA-F]{1,6});")  # an entity without its ampersand


def semicolons(text: str, start: int = 0) -> Iterator[re.Match[str]]:
    """The semicolons from a place on, each with the blanks behind it, but those in which an HTML entity ends: `Texas A&amp;M`."""
    for m in _SEMICOLON.finditer(text, start):
        entity = text[text.rfind("&", max(start, m.start() - _LONGEST_ENTITY), m.start()) + 1 : m.start() + 1]
        if entity not in html5 and not _NUMBERED.fullmatch(entity):
            yield m


def between_semicolons(text: str) -> list[str]:
    """What stands between semicolons (see `semicolons`), without blanks around it; at least one piece, and any may be empty."""
    cuts = [m.span() for m in semicolons(text)]
    return [text[end:start].strip() for (_, end), (start, _) in pairwise([(0, 0), *cuts, (len(text), 0)])]
