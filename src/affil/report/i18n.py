"""Texts of the report in its languages; see `affil.catalogue`."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from pathlib import Path

from affil.catalogue import messages
from affil.wording import filled

LOCALE = Path(__file__).with_name("locale")
IN_PAGE = (
    "more", "less", "nothing", "nothing_why", "shown", "ranks_within", "not_loaded", "change_why", "new", "was",
    "in_review", "would_move", "family", "family_as",
    "copied", "remove", "no_data", "growth", "panel_none", "trend_chart", "stop",
    "comma", "colon", "s_and", "and", "beside", "empty_why", "venues_of", "lead_view", "lead_filters",
    "growth_basis", "growth_left_out", "incomplete", "points",
)  # fmt: skip


@lru_cache(maxsize=1 << 14, typed=True)
def text(key: str, language: str, *values: Hashable) -> str:
    """A formatted text in a language; thousands of pages say the same."""
    return filled(messages(LOCALE, language)[key], *values)


def named(table: str, key: str, language: str) -> str:
    """The name of one of the areas, levels, kinds, continents or measures in a language; the key itself if it has none."""
    return messages(LOCALE, language).get(f"{table}.{key}", key)


def script_texts(language: str) -> dict[str, object]:
    """Texts for the pages' scripts."""
    said = messages(LOCALE, language)
    tables = {
        table: {key.removeprefix(f"{table}."): name for key, name in said.items() if key.startswith(f"{table}.")}
        for table in ("areas", "continents", "levels", "measures")
    }
    return {**{key: said[key] for key in IN_PAGE}, **tables}
