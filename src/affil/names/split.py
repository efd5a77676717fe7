"""Split a string at unambiguous boundaries between organisations; the parts are matched separately."""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import pairwise

# Hard separators, except the semicolon of an HTML entity. A slash or a dot needs blanks around it ("R&D/IT", "约翰·霍普金斯大学"), and
# a doubled plus is none (C++).
_SEPARATOR = re.compile(
    r"&#?\w{1,31};|(?P<cut>[;；\n\r|｜•‖¶▪◦●■]|(?<!\+)[+＋](?!\+)|(?<=\s)[/／·](?=\s)|#(?:N|R|TAB)#|<br\s*/?>)", re.I
)
_MARKS = re.compile(r"[;；\n\r|｜•‖¶▪◦●■+＋/／·#<]")  # every separator has one of these
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|（[^（）]*）")
# A line break within a name: "University of #N#Harare", "University\nof Harare".
_RUNS_ON = re.compile(r"(?:.*\W)?(?:of|for|and|the|de|di|du|der|für)", re.I | re.S)
_LONGEST = 4  # of these, with what stands before it
_GOES_ON = re.compile(r"\s*(?:of|for|and|de|di|du|der|für)\b")
# A number that begins a list item: "1Tianjin University2Pazhou Laboratory", "(1) MIT (2) Google", "¹ Google ² MIT".
_NUMBER = re.compile(
    r"(?:(?<![^\s,;.)\]])[(\[]?(?:<sup>)?(?P<apart>\d{1,2}|[¹²³⁴⁵⁶⁷⁸⁹])(?:</sup>)?[)\].:]?\s*"
    r"|(?<=[^\W\d_])(?:<sup>)?(?P<glued>\d{1,2}|[¹²³⁴⁵⁶⁷⁸⁹])(?:</sup>)?)(?=[^\W\d_][^\W_])"
)
_BEGINS_LIST = re.compile(r"\s*[(\[]?(?:<sup>)?[1¹]")
_RAISED = str.maketrans("¹²³⁴⁵⁶⁷⁸⁹", "123456789")


def split_parts(text: str) -> list[tuple[int, int]]:
    """The parts of a string between hard separators, as stripped (start, end) spans; at least one.

    Hard separators are `;`, line breaks, bullets, `+`, `|`, ` / `, and the numbers of a list that begins with 1. Brackets are
    never split.
    """
    cuts = _cuts(text)
    if not cuts:
        return [(0, len(text))]
    parts = []
    for (_, begin), (end, _) in pairwise([(0, 0), *cuts, (len(text), len(text))]):
        piece = text[begin:end]
        stripped = piece.strip()
        if stripped and any(c.isalnum() for c in stripped):
            start = begin + len(piece) - len(piece.lstrip())
            parts.append((start, start + len(stripped)))
    return parts or [(0, len(text))]


def _cuts(text: str) -> list[tuple[int, int]]:
    """Spans of separators, in order."""
    cuts = [m.span() for m in _SEPARATOR.finditer(text) if m["cut"]] if _MARKS.search(text) else []
    numbers = _list_numbers(text)
    if not cuts and not numbers:
        return []
    if "(" in text or "[" in text or "（" in text:
        brackets = [m.span() for m in _BRACKETS.finditer(text)]
        begins = [begin for begin, _ in brackets]
        cuts = [(a, b) for a, b in cuts if not (at := bisect_left(begins, a)) or a >= brackets[at - 1][1]]
    cuts = [(a, b) for a, b in cuts if text[a] not in "#\n\r<" or not (_runs_on(text, a) or _GOES_ON.match(text, b))]
    return sorted(cuts + numbers)


def _runs_on(text: str, cut: int) -> bool:
    """Whether the word before a line break says that the name goes on."""
    word = cut
    while word and text[word - 1].isspace():
        word -= 1
    return _RUNS_ON.fullmatch(text, max(word - _LONGEST, 0), word) is not None


def _list_numbers(text: str) -> list[tuple[int, int]]:
    """Spans of the numbers 1, 2, 3... of a list that begins the text; it has at least two items."""
    found: list[tuple[int, int]] = []
    if not _BEGINS_LIST.match(text):
        return found
    for m in _NUMBER.finditer(text):
        number = (m["apart"] or m["glued"]).translate(_RAISED)
        if not found and (number != "1" or text[: m.start()].strip()):
            return []
        if number == str(len(found) + 1):
            found.append(m.span())
    return found if len(found) > 1 else []
