"""Undo what files, forms and PDFs do to text: mojibake, entities, LaTeX and detached accents, ligatures, control characters."""

from __future__ import annotations

import html
import re
import unicodedata

import ftfy
from rapidfuzz.distance import Levenshtein

_PLAIN = re.compile(r"[\x20-\x22\x24\x25\x27-\x3b\x3d-\x5b\x5d-\x7e]*")  # printable ASCII without # & < \
_BREAK = re.compile(r"#(?:TAB|N|R)#")  # how some exports write a tab or a line break
_MOJIBAKE = re.compile("[\u0080-\u009fÂÃÄÅÆÐÑâãåæçèé¤€ƒ][\u0080-\u00bf\u0152-\u017e\u02c6-\u2122]|\ufffd")
_TAG = re.compile(r"</?(?:sup|sub|i|b|em|strong|span|p|br|italic|bold)\b[^<>]*>", re.I)
_COMBINING = {"'": "\u0301", "´": "\u0301", "`": "\u0300", '"': "\u0308", "¨": "\u0308", "^": "\u0302", "ˆ": "\u0302",
              "~": "\u0303", "˜": "\u0303", "¸": "\u0327", "c": "\u0327", "v": "\u030c", "ˇ": "\u030c", "˚": "\u030a",
              "r": "\u030a", "u": "\u0306", "=": "\u0304", ".": "\u0307", "H": "\u030b", "k": "\u0328"}  # fmt: skip
_LATEX_ACCENT = re.compile(r"\{?\\(['`\"^~=.]|[cvruHk](?![a-zA-Z]))\s*\{?\\?([A-Za-zı])\}?\}?")
_LATEX_LETTER = re.compile(r"\{?\\(ss|o|O|l|L|ae|AE|oe|OE|aa|AA|i|j)(?![A-Za-z])\s?\}?")
_LETTERS = {"ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å"}
# PDFs print the accent before its letter, often after a blank: "Universit ´e", "Z ¨urich"; some print it behind: "Universite´ de".
_DETACHED = re.compile(r"(?<=[A-Za-z])\s?([´`¨ˆ˜¸ˇ˚])([A-Za-zı])|(?<![A-Za-z])([´`¨ˆ˜¸ˇ˚])([A-Za-zı])")
_TRAILING = re.compile(r"([A-Za-zı])([´¨ˆ˜¸ˇ˚])(?![A-Za-z])")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def _accent(letter: str, mark: str) -> str:
    return unicodedata.normalize("NFC", letter.replace("ı", "i") + _COMBINING[mark])


def repair(text: str) -> str:
    """Repair one string; printable ASCII without markup comes back unchanged (and at once).

    Mojibake is undone with ftfy, the rest by the rules of this module; the result is NFKC.
    """
    if _PLAIN.fullmatch(text):
        return text
    if "&" in text:
        text = html.unescape(html.unescape(text))
    if "#" in text:
        text = _BREAK.sub(" ; ", text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "\\" in text:
        text = _LATEX_ACCENT.sub(lambda m: _accent(m[2], m[1]), text)
        text = _LATEX_LETTER.sub(lambda m: _LETTERS.get(m[1], m[1]), text)
    if not text.isascii():
        if _MOJIBAKE.search(text):
            # without the blanks around, which ftfy may take for the last byte of a damaged letter
            core = text.strip()
            text = text.replace(core, ftfy.fix_encoding(core), 1)
        text = _INVISIBLE.sub("", text)
        # before NFKC, which would turn the spacing accents into a blank and a combining mark
        text = _DETACHED.sub(lambda m: _accent(m[2] or m[4], m[1] or m[3]), text)
        text = _TRAILING.sub(lambda m: _accent(m[1], m[2]), text)
        if not unicodedata.is_normalized("NFKC", text):
            text = unicodedata.normalize("NFKC", text)
    return _CONTROL.sub(" ", text)


def raw_span(raw: str, repaired: str, start: int, end: int) -> tuple[int, int]:
    """Map a span of the repaired string to the raw string, by the least edit between the two."""
    if raw == repaired:
        return start, end
    first = last = None
    inserted: int | None = None  # where raw characters begin that belong to the repaired one behind them: "É" was "Ã‰"
    for op in Levenshtein.opcodes(repaired, raw):
        s, e, raw_s, raw_e = op.src_start, op.src_end, op.dest_start, op.dest_end
        if op.tag == "insert":
            inserted = raw_s
            continue
        if start < e and end > s:
            if op.tag == "equal":
                first = raw_s + max(start - s, 0) if first is None else first
                last = raw_s + min(end, e) - s
            elif op.tag == "replace":
                if first is None:
                    first = raw_s if inserted is None or s < start else inserted
                last = raw_e
        inserted = None
    return (first or 0, max(last or 0, first or 0)) if first is not None else (0, len(raw))
