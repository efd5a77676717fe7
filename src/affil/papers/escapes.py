"""Text that a service escaped, or that still has a publisher's markup: `Texas A&amp;M`, `H<sub>2</sub>O`, `<jats:italic>n</jats:italic>`.

JSON and tables need no such escapes, and XML has its own; what is left of them in a record was escaped once or twice too often.
"""

from __future__ import annotations

import html
import re
from dataclasses import replace

from affil.papers.markup import tidy
from affil.types import Author, Paper

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# Elements of HTML, JATS and MathML that stand within titles and affiliations; what is none of them is text: "a<b and c>d".
_WITHIN = (
    "a|b|bold|em|ext-link|font|i|inf|inline-formula|italic|monospace|named-content|overline|roman|sans-serif|sc|scp|small|span|strike"
    "|strong|styled-content|sub|sup|tt|u|underline|xref"
)
_BETWEEN = "alternatives|br|break|disp-formula|div|label|li|list|list-item|p|sec|title|ul"
_MATH = (
    r"(?:mml|m):[a-z]+|math|semantics|m(?:enclose|error|fenced|frac|i|multiscripts|n|o|over|padded|phantom|root|row|s|space|sqrt|style|sub"
    r"|subsup|sup|table|td|text|tr|under|underover)"
)
_SOURCE = re.compile(
    r"<(?:(?:mml|m|jats):)?(annotation|annotation-xml|tex-math)\b[^<>]*>.*?</(?:(?:mml|m|jats):)?\1\s*>", re.I | re.S
)
_TAG = re.compile(rf"</?(?:jats:)?(?:{_WITHIN}|{_MATH})(?:\s[^<>]*)?/?>", re.I)
_BLOCK = re.compile(rf"</?(?:jats:)?(?:{_BETWEEN})(?:\s[^<>]*)?/?>", re.I)


def unescaped(text: str) -> str:
    """Text without entities and without the markup of HTML, JATS and MathML; what has none of these stays as it is."""
    if "&" not in text and "<" not in text:
        return text
    for _ in range(2):  # an ampersand escaped twice: &amp;amp;
        text = _ENTITY.sub(lambda m: html.unescape(m[0]), text)
    if "<" in text:
        text = _BLOCK.sub(" ", _TAG.sub("", _SOURCE.sub("", text)))
    return tidy(text)


def paper_unescaped(paper: Paper, *, affiliations: bool = True) -> Paper:
    """A paper whose title, venue and names are `unescaped`, and its affiliations too unless they are to stay as they are."""
    told = [paper.title, paper.venue, *paper.paper_affiliations, *(s for a in paper.authors for s in (a.name, *a.affiliations))]
    if not any("&" in text or "<" in text for text in told):
        return paper
    undone = unescaped if affiliations else str
    authors = tuple(Author(unescaped(a.name), tuple(map(undone, a.affiliations))) for a in paper.authors)
    of_paper = tuple(map(undone, paper.paper_affiliations))
    title, venue = unescaped(paper.title), unescaped(paper.venue)
    return replace(paper, title=title, venue=venue, authors=authors, paper_affiliations=of_paper)
