"""Format numbers, shares and years for the pages, and look up display names."""

from __future__ import annotations

import json
import re
from typing import Any

from markupsafe import Markup

from affil.report import i18n
from affil.report.data import Years

_WITH_ARTICLE = re.compile(
    r"United .*|.* (Islands|Republic|Federation|Territor(y|ies))|Bahamas|Comoros|Gambia|Isle of Man|Maldives|Netherlands|Philippines|Seychelles"
)


def with_article(country: str) -> str:
    """The English name of a country as it stands in a sentence, some with an article: "the Netherlands"."""
    return f"the {country}" if _WITH_ARTICLE.fullmatch(country) else country


def number(value: float | None) -> str:
    """Format an integer."""
    return "–" if value is None or value != value else f"{value:,.0f}"


def two(value: float | None) -> str:
    """Format with two decimals."""
    return "–" if value is None or value != value else f"{value:,.2f}"


def percent(value: float | None, digits: int = 2) -> str:
    """Format a share as a percentage."""
    return "–" if value is None or value != value else f"{value:.{digits}%}"


def growth(value: float | None) -> str:
    """Format a growth rate, with its sign."""
    return "–" if value is None or value != value else f"{value:+.0%}"


def points(value: float) -> str:
    """Format a change of a few percent, with its sign."""
    return f"{value:+.1%}"


def times(value: float) -> str:
    """Format a factor in a table."""
    return f"×{factor(value)}"


def factor(value: float) -> str:
    """Format a factor in a sentence."""
    return f"{value:.1f}"


def span(years: Years) -> str:
    """Format a range of years."""
    return f"{years[0]}–{years[1]}" if years[0] != years[1] else str(years[0])


def as_json(value: Any) -> Markup:
    """JSON that is safe inside a script element."""
    return Markup(json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"))


class Names:
    """Display names of areas, levels, kinds, continents and measures in one language, for templates."""

    def __init__(self, language: str) -> None:
        self.language = language

    def areas(self, key: str) -> str:
        """The name of an area."""
        return i18n.named("areas", key, self.language)

    def levels(self, key: str) -> str:
        """The name of a level."""
        return i18n.named("levels", key, self.language)

    def kinds(self, key: str) -> str:
        """The name of a kind of institution."""
        return i18n.named("kinds", key, self.language)

    def continents(self, key: str) -> str:
        """The name of a continent."""
        return i18n.named("continents", key, self.language)

    def measures(self, key: str) -> str:
        """The name of a measure."""
        return i18n.named("measures", key, self.language)
