"""What a reader of papers is: how its format is recognised, how it is read, and what a person should know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from affil.papers.head import Head
from affil.papers.source import Source
from affil.types import Paper

Numbered = Iterator[tuple[int, Paper]]
"""Papers, each with its place in the file, as a person counts it (from 1) in `Source.unit`: lines, rows or records."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One format of papers.

    A package outside can add one: an entry point of the group `affil.readers` that names an object of this class.

    Attributes:
        name: what `--format` calls it: lower case, with hyphens.
        title: the name a person knows it by.
        recognises: whether a file of this beginning is of the format. It looks at content first, at names last.
        read: the papers of a file, one at a time. What is left out or read only in part goes to `Source.report`; what is no file
            of the format at all raises InputError. Affiliation strings stay exactly as published.
        fields: what is read, for docs/formats.md (Markdown).
        lost: what the format does not tell, or what is left out, likewise.
        export: how to get such a file, likewise.
        specification: the address of the format's description.
        partial: whether its records name only some of a paper's authors, so that any other record of the paper is preferred.
        escaped: which of its texts hold escapes and markup beyond those of the format, which are undone (see `affil.papers.escapes`):
            all; in titles, venues and names (`titles`), while affiliations stay as published; none ('').
        own_ids: whether ids are those that a person gave, so that one id may stand for two papers in two files; that is refused.
    """

    name: str
    title: str
    recognises: Callable[[Head], bool]
    read: Callable[[Source], Numbered]
    fields: str
    lost: str
    export: str
    specification: str
    partial: bool = False
    escaped: Literal["", "titles", "all"] = ""
    own_ids: bool = False
