"""Split strings into folded tokens: words of spaced scripts, single characters of Han, kana and Hangul."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from affil.names.fold import CJK, fold_word
from affil.names.repair import repair


def _pattern(letter: str, letters: str, apostrophe: str, before: str) -> re.Pattern[str]:
    return re.compile(
        rf"{before}(?P<initials>(?:{letter}\.){{2,}}(?:{letter}(?![\w'’]))?)"
        r"|(?P<company>(?<![\w&])[A-Z]{1,2}&[A-Z]{1,2}(?![\w&]))"  # AT&T, A&M
        rf"|(?P<word>{letters}(?:{apostrophe}{letters})*)"
        r"|\d+"
    )


_LETTER = rf"[^\W\d_{CJK}]"
_TOKEN = _pattern(_LETTER, rf"(?:{_LETTER}+|[\u0300-\u036f])+", "['’ʼ‘]", rf"(?P<cjk>[{CJK}])|")
_ASCII_TOKEN = _pattern("[A-Za-z]", "[A-Za-z]+", "'", "")  # equivalent for ASCII text, and faster


class Gap(IntEnum):
    """How strongly the characters between two tokens separate: only words, segments (COMMA), or organisations (HARD)."""

    BLANK = 0
    DASH = 1
    COMMA = 2
    HARD = 3


BLANK, DASH, COMMA, HARD = Gap
_HARD = re.compile(r"[;+|•‖¶\n；]|\s[/·]\s")
_COMMA = re.compile(r"[,:()\[\]{}<>、，：（）【】「」/\\_*†‡§^=@]|\s[-–—]+\s|[–—]")
_DASH = re.compile(r"[-.’']")


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a batch of strings, concatenated.

    `words[i]` is a folded token, `start[i]:end[i]` its span in `repaired[string]`, `gap[i]` how strongly it is separated from
    the previous token (a `Gap`), `upper[i]` whether it was in capitals, `cjk[i]` whether it is a character of a script without
    blanks. String k has the tokens `ptr[k]` to `ptr[k + 1]`.
    """

    repaired: list[str]
    words: list[str]
    start: npt.NDArray[np.int32]
    end: npt.NDArray[np.int32]
    gap: npt.NDArray[np.int8]
    upper: npt.NDArray[np.bool_]
    cjk: npt.NDArray[np.bool_]
    ptr: npt.NDArray[np.int64]


# A footnote number before the next organisation: "1Tianjin University2Pazhou Laboratory", "1 Zhejiang University 2 Alibaba".
_NOTE = re.compile(r"(?<=[^\W\d_])\d{1,2}(?=[^\W\d_][^\W\d_])|(?<=[^\W\d_] )[2-9](?= [^\W\d_a-z])")


_LISTED = re.compile(r"\s*1\s?[^\W\d_]")  # the numbering begins with 1


@lru_cache(maxsize=1 << 12)
def _gap(between: str) -> Gap:
    if _HARD.search(between):
        return HARD
    if _COMMA.search(between):
        return COMMA
    return DASH if _DASH.search(between) else BLANK


def _eastern(i: int, first: int, text: str, columns: tuple[list[Any], ...]) -> bool:
    """Whether a letter is an E for "East", as in "E China Normal Univ" and "Univ E Anglia", and no Portuguese or Italian "and"."""
    words, starts, ends, gaps, uppers, _ = columns
    east: bool = (
        text[starts[i]] == "E"
        and (gaps[i] >= COMMA or (i > first and words[i - 1] == "university"))
        and i + 1 < len(words)
        and not uppers[i + 1]
        and text[ends[i] : starts[i + 1]] in (" ", ". ")
    )
    return east


_MEDICAL = frozenset(
    ("university", "college", "school", "center", "institute", "faculty", "clinic", "academy", "foundation", "association", "science",
     "research", "physics", "technology", "branch", "group", "unit", "department", "campus", "hospital")
)  # fmt: skip


_SHORT = frozenset(("med", "min", "cent", "informat"))
_AMBIGUOUS = frozenset(("medicine", "ministry", "center", "information"))  # their folded forms


def _resolve_abbreviation(short: str, before: str, behind: str, begins: bool, joined: bool) -> str:
    """Resolve an ambiguous abbreviation by the words before and after it.

    `begins`: it begins a segment; `joined`: no dropped word follows. "Med Univ Vienna" and "Univ Med Ctr" are medical, "Sch Med
    Univ Porto" is medicine; "Cent S Univ" is central, "Res Cent" a center; "Univ Min & Technol" is mining, "Min Educ" a
    ministry; "Informat Sci" is information, "Inst Informat" informatics.
    """
    if short == "med":
        taught = behind == "university" and before in ("school", "faculty", "department", "college", "division", "institute")
        return "medical" if behind in _MEDICAL and not taught else "medicine"
    if short == "min":
        return (
            "mining"
            if (before == "university" and not begins) or behind in ("technology", "metallurgy", "metallurgical")
            else "ministry"
        )
    if short == "cent":
        return "central" if joined and behind != "national" and (begins or before == "university") else "center"
    return "information" if behind else "informatics"


_WITHIN = frozenset(("", ".", "&"))  # allowed between single letters of an acronym


def _folded(surface: str, kind: str | None) -> tuple[str, ...]:
    """The folded words of a token of several letters."""
    if kind == "company":
        return (surface.replace("&", "").casefold(),)
    if kind == "initials":
        letters = surface.replace(".", "").casefold()
        country = fold_word(letters)
        return country if len(country) > 1 else (letters,)  # "U.S.", "U.K."
    return fold_word(surface)


def _finish(text: str, first: int, columns: tuple[list[Any], ...]) -> None:
    """Finish the words of one string, from `first` on: resolve single letters and abbreviations by their neighbours, remove
    dropped words.
    """
    words, starts, ends, gaps, _, cjks = columns
    if len(words) > first:
        gaps[first] = HARD
    for i in range(first, len(words)):  # last, when a letter can no longer grow: "y" is "and", but "A&M" is "am"
        if len(words[i]) == 1 and not cjks[i] and not _eastern(i, first, text, columns):
            words[i] = "".join(fold_word(words[i]))
        elif words[i] in _AMBIGUOUS and (short := text[starts[i] : ends[i]].casefold()) in _SHORT:
            goes_on = i + 1 < len(words) and gaps[i + 1] < COMMA
            behind, joined = (words[i + 1], text[ends[i] : starts[i + 1]] in (" ", ". ")) if goes_on else ("", False)
            begins = gaps[i] >= COMMA
            words[i] = _resolve_abbreviation(short, "" if begins and i == first else words[i - 1], behind, begins, joined)
    if "" in words[first:]:
        keep = [i for i in range(first, len(words)) if words[i]]
        for column in columns:
            column[first:] = [column[i] for i in keep]


def tokenize(strings: Sequence[str], *, limit: int = 2000) -> Tokens:
    """Repair and tokenize a batch; only the first `limit` characters of a string are read.

    Dropped words ("of", "the") leave no token; their gaps carry over to the next one. Runs of single letters are joined, so
    that "M. D. Anderson", "MD Anderson", "A & M" and "A&M" agree.
    """
    repaired: list[str] = []
    words: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    gaps: list[int] = []
    uppers: list[bool] = []
    cjks: list[bool] = []
    ptr = [0]
    for raw in strings:
        text = repair(raw[:limit])
        repaired.append(text)
        last_end, first = 0, len(words)
        gap: int = HARD
        single = False  # the last token is a run of single letters and may continue
        notes = frozenset(m.end() for m in _NOTE.finditer(text)) if _LISTED.match(text) else frozenset()
        for m in (_ASCII_TOKEN if text.isascii() else _TOKEN).finditer(text):
            s, e = m.span()
            surface, kind = m[0], m.lastgroup
            between = text[last_end:s]
            if between and (wider := _gap(between)) > gap:
                gap = wider
            if last_end in notes:
                gap = HARD
            last_end = e
            if e == s + 1 and kind == "word":
                if single and gap < COMMA and between.strip() in _WITHIN:
                    words[-1] += surface.casefold()
                    ends[-1] = e
                    continue
                folded: tuple[str, ...] = (surface.casefold(),)
                single = True
            else:
                folded = _folded(surface, kind)
                single = kind == "initials" and len(folded) == 1
            for word in folded:
                words.append(word)
                starts.append(s)
                ends.append(e)
                gaps.append(gap)
                uppers.append(surface.isupper())
                cjks.append(kind == "cjk")
                gap = BLANK
        _finish(text, first, (words, starts, ends, gaps, uppers, cjks))
        ptr.append(len(words))
    return Tokens(
        repaired,
        words,
        np.array(starts, np.int32),
        np.array(ends, np.int32),
        np.array(gaps, np.int8),
        np.array(uppers, bool),
        np.array(cjks, bool),
        np.array(ptr, np.int64),
    )


def fold(text: str) -> str:
    """Fold a whole string: its canonical words joined by blanks (see `tokenize` for offsets)."""
    return " ".join(tokenize([text]).words)


def terms(tokens: Tokens) -> list[str]:
    """The term of each token in idf vectors: the word itself, or in scripts without blanks its bigram with the next character.

    Single Han characters are hardly distinctive ("大" is in every university), bigrams are like words. "" for a token that is
    already in the bigram before it, as the last of a run.
    """
    words, cjk = tokens.words, tokens.cjk
    if not cjk.any():
        return words
    joined = np.zeros(len(words) + 1, bool)  # token i continues token i - 1 without a gap
    joined[1:-1] = cjk[1:] & cjk[:-1] & (tokens.gap[1:] == 0)
    out = list(words)
    for i in np.flatnonzero(cjk):
        out[i] = words[i] + words[i + 1] if joined[i + 1] else "" if joined[i] else words[i]
    return out
