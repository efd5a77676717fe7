"""Undo damage by files, forms and PDFs: mojibake, entities, LaTeX and detached accents, ligatures, control characters."""

from __future__ import annotations

import codecs
import html
import re
import unicodedata

import ftfy
from rapidfuzz.distance import Levenshtein

from affil.settings import TEXT

_PLAIN = re.compile(r"[\x20-\x22\x24\x25\x27-\x3b\x3d-\x5b\x5d-\x7e]*")  # ASCII without # & < \
# damage possible in plain ASCII; each alternative begins with a rare character, which keeps the search fast
_DAMAGED = re.compile(r"[01](?=[A-Za-z])(?<=[A-Za-z].)|''|\(cid:|\?(?=[a-z])(?<=[a-z].)")
# tabs and line breaks as some exports write them; they separate, unless a name continues: "University of #N#Harare"
_BREAK = re.compile(r"(\b(?:of|for|and|the|de|di|du|der|für)\s*)?#(?:TAB|N|R)#")
_MOJIBAKE = re.compile("[\u0080-\u009fÂÃÄÅÆÐÑâãåæçèé¤€ƒ][\u0080-\u00bf\u0152-\u017e\u02c6-\u2122]|\ufffd")
_TAG = re.compile(r"</?(?:sup|sub|i|b|em|strong|span|p|br|italic|bold)\b[^<>]*>", re.I)
_COMBINING = {"'": "\u0301", "´": "\u0301", "`": "\u0300", '"': "\u0308", "¨": "\u0308", "^": "\u0302", "ˆ": "\u0302",
              "~": "\u0303", "˜": "\u0303", "¸": "\u0327", "c": "\u0327", "v": "\u030c", "ˇ": "\u030c", "˚": "\u030a",
              "˘": "\u0306", "˙": "\u0307",
              "r": "\u030a", "u": "\u0306", "=": "\u0304", ".": "\u0307", "H": "\u030b", "k": "\u0328"}  # fmt: skip
_LATEX_ACCENT = re.compile(r"\{?\\(['`\"^~=.]|[cvruHk](?![a-zA-Z]))\s*\{?\\?([A-Za-zı])\}?\}?")
_LATEX_LETTER = re.compile(r"\{?\\(ss|o|O|l|L|ae|AE|oe|OE|aa|AA|i|j)(?![A-Za-z])\s?(?:\{\})?\}?")
_LETTERS = {"ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å"}
# Accents that PDFs detach: before the letter, often after a blank ("Universit ´e", "Z ¨urich"), or after it ("Universite´ de").
_DETACHED = re.compile(r"(?<=[A-Za-z])\s?([´`¨ˆ˜¸ˇ˚˘˙])([A-Za-zı])|(?<![A-Za-z])([´`¨ˆ˜¸ˇ˚˘˙])([A-Za-zı])")
_TRAILING = re.compile(r"([A-Za-zı])([´¨ˆ˜¸ˇ˚˘˙])(?![A-Za-z])")
# Or after a capital or the letter of a cedilla, within the word: "O¨ zyegin", "Bogazic¸i"; or as a combining character after a
# blank: "T ̈ubingen".
_BEHIND = re.compile(r"(?<![^\W\d_])([A-Z])([´¨ˆ˜˘˙])\s(?=[a-z])|([CcSsTt])(¸)\s?(?=[a-zı])")
_COMBINED = re.compile(r"(?<=[A-Za-z])\s([\u0300-\u030c\u0327\u0328])([A-Za-zı])")
# OCR confuses "o" with 0 and "l" with 1; postcodes and formulas have other digits, or more of them.
_SCANNED = re.compile(r"(?<![A-Za-z0-9])(?:[A-Za-z](?=[A-Za-z]*[01])[A-Za-z01]{3,}[A-Za-z]|0[FN])(?![A-Za-z0-9])")
_GLYPH = re.compile(r"\(cid:(\d{1,5})\)")  # a glyph without a name in a PDF's font; mostly Latin-1
_LOST = re.compile(r"(?<=[a-z])\?(?=[a-z])")  # a letter lost to an encoding: "Jagiello?ski"
_APART = re.compile(r"(?<![^\W\d_])([A-Z]\.) (?=[A-Z]\.(?![^\W\d_]))")  # "U. S. Army"
_KERNED = re.compile(r"(?<=V) A(?![\w'’.])|(?<!\w)NA (?=VER(?:LABS)?(?!\w))")  # "UV A Health", "NA VER": kerning of AV in PDFs
_SPACED = re.compile(r"(?<!\w)(?:[^\W\d_] ){3,}[^\W\d_](?!\w)")  # "U N I V E R S I T Y", with two blanks between words
_SPACED_WORD = re.compile(r"(?<!\w)(?:[^\W\d_] )+[^\W\d_](?!\w)")
_HAN = re.compile("[\u3400-\u9fff]")
_INVISIBLE = re.compile("[\ue000-\uf8ff\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_WIDE_BLANK = "\uc2a0"  # a UTF-8 no-break space read as UTF-16; not a Hangul syllable in use
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def _accent(letter: str, mark: str) -> str:
    return unicodedata.normalize("NFC", letter.replace("ı", "i") + _COMBINING[mark])


def _letters(scanned: re.Match[str]) -> str:
    word = scanned[0]
    if 3 * sum(c in "01" for c in word) > len(word) and len(word) > 2:
        return word
    return word.translate(str.maketrans("01", "OI" if word.isupper() else "ol"))


def _from_mac(text: str) -> str:
    """Undo UTF-8 read as Mac Roman: "√∏" was "ø"."""
    try:
        return text.encode("mac_roman").decode("utf-8")
    except UnicodeError:
        return text


def _from_gbk(text: str) -> str:
    """Undo UTF-8 read as GBK; genuine Chinese is not valid UTF-8 in GBK and is returned unchanged.

    The last character may have lost a byte: GBK reads bytes in pairs.
    """
    if not _HAN.search(text):
        return text
    try:
        data = b"\x80".join(part.encode("gb18030") for part in text.rstrip("\ufffd?").split("€"))
        found = codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeError:
        return text
    return found if len(_HAN.findall(found)) >= TEXT.sure_han else text


def repair(text: str) -> str:
    """Repair one string and normalise it to NFKC; plain ASCII without markup is returned unchanged, on a fast path.

    Mojibake is undone by ftfy, other damage by the rules of this module.
    """
    if "  " in text and _SPACED.search(text):
        text = _SPACED_WORD.sub(lambda m: m[0].replace(" ", ""), text)
    if "A V" in text or "V A" in text:
        text = _KERNED.sub(lambda m: m[0].strip(), text)
    if ". " in text:
        text = _APART.sub(r"\1", text)
    if _PLAIN.fullmatch(text) and not _DAMAGED.search(text):
        return text
    if "&" in text:
        text = html.unescape(html.unescape(text))
    if "#" in text:
        text = _BREAK.sub(lambda m: f"{m[1].rstrip()} " if m[1] else " ; ", text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "\\" in text:
        text = _LATEX_ACCENT.sub(lambda m: _accent(m[2], m[1]), text)
        text = _LATEX_LETTER.sub(lambda m: _LETTERS.get(m[1], m[1]), text)
    if "(cid:" in text:
        text = _GLYPH.sub(lambda m: chr(int(m[1])) if 0xC0 <= int(m[1]) <= 0xFF else " ", text)
    if "?" in text:
        text = _LOST.sub("", text)
    text = _SCANNED.sub(_letters, text.replace("''", "'"))
    if not text.isascii():
        text = _from_mac(text) if "√" in text else _from_gbk(text)
        if _MOJIBAKE.search(text):
            # stripped, since ftfy may take a blank for the last byte of a damaged letter
            core = text.strip()
            text = text.replace(core, ftfy.fix_encoding(core), 1)
        text = _INVISIBLE.sub("", text.replace(_WIDE_BLANK, " "))
        text = _BEHIND.sub(lambda m: _accent(m[1] or m[3], m[2] or m[4]), text)
        text = _COMBINED.sub(lambda m: unicodedata.normalize("NFC", m[2].replace("ı", "i") + m[1]), text)
        # before NFKC, which would split spacing accents into a blank and a combining mark
        text = _DETACHED.sub(
            lambda m: (m[0][0] if m[0][0] == " " and m[2].isupper() else "") + _accent(m[2] or m[4], m[1] or m[3]), text
        )
        text = _TRAILING.sub(lambda m: _accent(m[1], m[2]), text)
        if not unicodedata.is_normalized("NFKC", text):
            text = unicodedata.normalize("NFKC", text)
    return _CONTROL.sub(" ", text)


def raw_span(raw: str, repaired: str, start: int, end: int) -> tuple[int, int]:
    """Map a span of the repaired string to the raw string, by their minimal edit script."""
    if raw == repaired:
        return start, end
    first = last = None
    inserted: int | None = None  # start of raw characters that belong to the next repaired one: "É" was "Ã‰"
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
