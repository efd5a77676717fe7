"""Words that look like an institution but name none: products, membership grades, technical terms, files (`things.csv`)."""

from __future__ import annotations

import csv
import functools
from collections import defaultdict
from collections.abc import Mapping
from importlib import resources

import numpy as np
import numpy.typing as npt

from affil.names.tokens import COMMA, DASH, HARD, Tokens, tokenize
from affil.settings import TEXT

_Words = tuple[str, ...]


@functools.cache
def _table() -> Mapping[str, frozenset[_Words]]:
    """Folded phrases of each kind."""
    rows: dict[str, list[str]] = defaultdict(list)
    with resources.files("affil.names").joinpath("things.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            rows[row["kind"]] += row["phrases"].split("|")
    out = {}
    for kind, phrases in rows.items():
        tokens = tokenize(phrases)
        out[kind] = frozenset(tuple(tokens.words[a:b]) for a, b in zip(tokens.ptr, tokens.ptr[1:], strict=False))
    return out


@functools.cache
def _phrases() -> Mapping[str, list[tuple[_Words, int]]]:
    """Phrases by first word, with the gap that would break them: products, and membership grades next to a society."""
    table = _table()
    every = dict.fromkeys(table["thing"], COMMA)
    for grade in table["grade"]:
        for society in table["society"]:
            every |= {grade + society: HARD, society + grade: HARD}
    out: dict[str, list[tuple[_Words, int]]] = defaultdict(list)
    for phrase, parted in sorted(every.items()):
        out[phrase[0]].append((phrase, parted))
    return dict(out)


def things(tokens: Tokens) -> npt.NDArray[np.bool_]:
    """Mask of the tokens of a batch that name no institution.

    "Google Scholar" is not Google, a "Senior Member, IEEE" not its employee, "stanford.pdf" a file; terms ("RBC, HDL") are not
    acronyms where a string has several.
    """
    out = np.zeros(len(tokens.words), bool)
    words, phrases = tokens.words, _phrases()
    terms, files = ({w for (w,) in _table()[kind]} for kind in ("term", "file"))
    string = np.repeat(np.arange(len(tokens.ptr) - 1), np.diff(tokens.ptr))
    named: dict[int, list[int]] = defaultdict(list)  # positions of terms by string
    for i, w in enumerate(words):
        if w in phrases:
            for phrase, parted in phrases[w]:
                end = i + len(phrase)
                if tuple(words[i:end]) == phrase and string[end - 1] == string[i] and (tokens.gap[i + 1 : end] < parted).all():
                    out[i:end] = True
        if w in terms and tokens.upper[i]:
            named[int(string[i])].append(i)
        if w in files and i and string[i] == string[i - 1] and tokens.gap[i] == DASH:
            text, begin = tokens.repaired[string[i]], i
            while begin and string[begin - 1] == string[i] and not _apart(text[tokens.end[begin - 1] : tokens.start[begin]]):
                begin -= 1
            if text[tokens.start[i] - 1] == ".":
                out[begin : i + 1] = True
    for at in named.values():
        if len({words[i] for i in at}) >= TEXT.terms:
            out[at] = True
    return out


def _apart(between: str) -> bool:
    return any(c.isspace() for c in between)
