"""The line of authors that people type into arXiv: "A. Li (1), B. Chen (1 and 2) ((1) A University, (2) B Institute)"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from affil.types import Author

_BETWEEN = re.compile(r"\s*(?:,\s*and\s|,|;|\band\s|&)\s*")
_JUNIOR = re.compile(r",\s*(Jr\.?|Sr\.?|I{2,3}|IV)(?=\s*(?:,|;|\(|$|\band\b))")
_COLLABORATION = re.compile(r"\b(?:collaboration|consortium|group|team)$", re.IGNORECASE)
_NUMBERED = re.compile(r"\(\s*(\d{1,3}|[a-z*†‡])\s*\)\s*")
_MARKS = re.compile(r"\s*(?:,|;|&|\band\b|\s)\s*")
_OTHERS = re.compile(r"et\.?\s+al\.?", re.IGNORECASE)


@dataclass(slots=True)
class _Named:
    name: str
    stated: str | None = None  # what stands in brackets behind the name


def authors_of_line(line: str) -> tuple[Author, ...]:
    """Authors with their affiliations, by arXiv's own rules (its `arxiv.util.authors`).

    What stands in brackets behind a name is an affiliation, or numbers in the list in double brackets at the end. Names without
    brackets share those of the next name that has some ("A. Li, B. Chen (A University)"), a collaboration at the start excepted.
    """
    named, listed = _split(line)
    authors: list[Author] = []
    shared: tuple[str, ...] = ()
    for one in reversed(named):
        if one.stated is not None:
            shared = _affiliations(one.stated, listed)
        held = shared if one.stated is not None or not _COLLABORATION.search(one.name) else ()
        authors.append(Author(one.name, held))
    return tuple(reversed(authors))


def _split(line: str) -> tuple[list[_Named], dict[str, str]]:
    """The names, each with its brackets, and the numbered list."""
    named: list[_Named] = []
    listed: dict[str, str] = {}
    for outside, inside in _brackets(line):
        for name in _names(outside):
            named.append(_Named(name))
        if inside.lstrip().startswith("("):
            listed |= _list(inside)
        elif inside.strip() and named:
            before = named[-1].stated
            named[-1].stated = inside.strip() if before is None else f"{before}, {inside.strip()}"
    return named, listed


def _brackets(line: str) -> list[tuple[str, str]]:
    """Pairs of what stands outside brackets and what stands in the outermost brackets behind it; an open one ends with the line."""
    pairs: list[tuple[str, str]] = []
    depth, outside, inside = 0, "", ""
    for char in line:
        depth += char == "("
        if depth == 0:
            outside += char
        elif not (depth == 1 and char in "()"):
            inside += char
        if char == ")" and depth:
            depth -= 1
            if depth == 0:
                pairs.append((outside, inside))
                outside = inside = ""
    return [*pairs, (outside, inside)]


def _names(text: str) -> list[str]:
    joined = _JUNIOR.sub(r" \1", text)
    start, colon, rest = joined.partition(":")
    if colon and _COLLABORATION.search(start.strip()):
        joined = f"{start},{rest}"
    names = (name.strip(" ,;:") for name in _BETWEEN.split(joined))
    return [name for name in names if name and not _OTHERS.fullmatch(name)]


def _list(inside: str) -> dict[str, str]:
    """The affiliations of a list "(1) A University, (2) B Institute" by their marks."""
    parts = _NUMBERED.split(inside)
    told = {mark: text.strip().rstrip(".,; ") for mark, text in zip(parts[1::2], parts[2::2], strict=True)}
    return {mark: re.sub(r",?\s+and$", "", text) for mark, text in told.items() if text}


def _affiliations(stated: str, listed: dict[str, str]) -> tuple[str, ...]:
    marks = [mark for mark in _MARKS.split(stated) if mark]
    if listed and all(mark in listed or mark.isdecimal() for mark in marks):
        return tuple(listed[mark] for mark in marks if mark in listed)
    return () if all(mark.isdecimal() for mark in marks) else (stated,)
