"""Names of people as records write them: initials, suffixes, and which part is the family's."""

from __future__ import annotations

import re

from affil.io.semicolons import between_semicolons

SUFFIX = r"(?:Jr|Sr|II|III|IV|2nd|3rd)\.?"
DOTTED = r"(?:[^\W\d_]{1,2}\.[\s-]*)+"
"""Initials with full stops: "H.-W.", "Yu. A."."""
INITIALS = rf"{DOTTED}|[^\W\d_]{{1,2}}|[^\W\d_](?:[\s-][^\W\d_]){{1,3}}"
"""Initials in any way: "H.-W.", "HW", "H W"."""

_DOTTED = re.compile(DOTTED)
_SUFFIX = re.compile(SUFFIX, re.IGNORECASE)
_INITIALS = re.compile(rf"(?:{INITIALS})(?:,?\s*{SUFFIX})?")
_BETWEEN = re.compile(r"[|/\r\n，、]|\s(?:and|&|&amp;)\s", re.IGNORECASE)
_HAN = re.compile(r"[一-鿿]")
_LETTERS = 3  # of initials that are written together without full stops, at most


def are_initials(text: str) -> bool:
    """Whether a text is initials alone, perhaps with a suffix behind: "H.-W.", "HW", "A. B., Jr."."""
    return _INITIALS.fullmatch(text) is not None


def are_dotted(text: str) -> bool:
    """Whether a text is initials with full stops alone."""
    return _DOTTED.fullmatch(text) is not None


def is_suffix(text: str) -> bool:
    """Whether a text is what stands behind a family name: "Jr.", "III"."""
    return _SUFFIX.fullmatch(text) is not None


def family_name(name: str) -> str:
    """The family name: what stands before a comma ("Li, Ana"), or before initials ("Li AB"), else the last word ("Ana Li")."""
    before, comma, _ = name.partition(",")
    words = before.split()
    if comma or not words:
        return before.strip()
    written_last = len(words) > 1 and _together(words[-1].replace(".", "")) and not words[0].isupper()
    return " ".join(words[:-1]) if written_last else words[-1]


def family_and_initials(name: str) -> tuple[str, str]:
    """The family name and the initials of a name with the family in front: "Li, Hong-Wei", "Li, HW" or "Li H.-W."."""
    family, comma, given = name.partition(",")
    if not comma:
        family, _, given = name.rpartition(" ")
    parts = [p for p in re.findall(r"[^\W\d_]+", given) if not is_suffix(p)]
    return family, "".join(p if _together(p) else p[0] for p in parts)


def _together(word: str) -> bool:
    """Whether a word is initials that are written together: "AB"."""
    return len(word) <= _LETTERS and word.isupper()


def people_in(cell: str) -> list[str]:
    """The names in a cell: between semicolons, bars, slashes, line breaks, "and", Chinese commas, and commas that stand in no name.

    A comma stands in a name where that is one with the family in front: "Li, Ana", "Diaz, C., Jr.".
    """
    return [
        name
        for listed in between_semicolons(cell)
        for part in map(str.strip, _BETWEEN.split(listed))
        if part
        for name in _between_commas(part)
    ]


def _between_commas(text: str) -> list[str]:
    parts = [p for part in text.split(",") if (p := part.strip())]
    if any(_HAN.search(part) for part in parts):
        return parts
    while len(parts) > 1 and is_suffix(parts[-1]):
        parts[-2:] = [f"{parts[-2]}, {parts[-1]}"]
    if len(parts) < 2:
        return parts
    if all(len(part.split()) > 1 and part[0].isupper() for part in parts):  # Wei Zhang, Hua Li, or Zhang W, Li H
        return parts
    if len(parts) == 2:
        return [", ".join(parts)]
    given = parts[1::2]
    if len(parts) % 2 == 0 and (all(map(are_initials, given)) or all(len(part.split()) == 1 for part in parts)):
        return [", ".join(pair) for pair in zip(parts[::2], given, strict=True)]
    return parts
