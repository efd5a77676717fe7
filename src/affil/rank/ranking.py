"""A ranking: the table, and what a reader must know to judge it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import pandas as pd

from affil.errors import AffilError
from affil.settings import RankSettings

Level = Literal["institution", "city", "region", "country"]
Measure = Literal["publications", "authors", "adjusted", "index"]
LEVELS: tuple[Level, ...] = get_args(Level)
MEASURES: tuple[Measure, ...] = get_args(Measure)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a ranking rests on.

    `mentions` is the number of author mentions: an author with one raw string, or with none; for a paper that is not aligned,
    each of its strings. Every mention is one of these shares (of 1): `matched`, `review` (a person should look), `none` (no
    institution found), `missing` (no affiliation given), `pending` (not matched yet). `decided` is the share that a person
    decided.

    `papers` are the papers of the slice, `unaligned` those whose affiliations are not tied to authors, `outside` those whose
    venue is in none of the eight areas. `unknown_venues` lists the venues that the table lacks, with their papers, most first.
    `unplaced` is the share of counted credit whose institution has no place at this level.
    """

    mentions: int
    matched: float
    review: float
    none: float
    missing: float
    pending: float
    decided: float
    papers: int
    unaligned: int
    outside: int
    unknown_venues: tuple[tuple[str, int], ...]
    unplaced: float

    def lines(self) -> list[str]:
        """The coverage in a few plain sentences."""
        shares = [(self.matched, "matched"), (self.review, "to review"), (self.none, "none"), (self.missing, "missing")]
        if self.pending:
            shares.append((self.pending, "not matched yet"))
        out = [
            f"{self.mentions:,} author mentions: " + ", ".join(f"{share:.1%} {name}" for share, name in shares) + ".",
            f"{self.papers:,} papers, {self.unaligned:,} of them with affiliations not tied to authors (no authors counted), "
            f"{self.outside:,} outside the eight areas.",
        ]
        if self.unplaced:
            out.append(f"{self.unplaced:.1%} of the counted credit has no known place at this level.")
        if self.unknown_venues:
            named = ", ".join(f"{venue} ({papers:,})" for venue, papers in self.unknown_venues[:8])
            more = f" and {len(self.unknown_venues) - 8} more" if len(self.unknown_venues) > 8 else ""
            out.append(f"Unknown venues, counted outside any area: {named}{more}.")
        return out


@dataclass(frozen=True, slots=True)
class Ranking:
    """Entities in order of one measure, with all measures.

    `frame` has one row each: rank (ties share one), id, name, what the level knows of its place, publications, authors,
    adjusted, index, unaligned (publications without known authors). The other fields say how it was made; `warnings` are
    sentences a reader must see.
    """

    frame: pd.DataFrame
    coverage: Coverage
    settings: RankSettings
    level: Level
    by: Measure
    area: str | None = None
    venue: str | None = None
    years: tuple[int, int] | None = None
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """The table, as a copy of your own."""
        return self.frame.copy()

    def about(self) -> dict[str, Any]:
        """All but the table, as plain JSON values."""
        return {
            "level": self.level,
            "by": self.by,
            "area": self.area,
            "venue": self.venue,
            "years": list(self.years) if self.years else None,
            "settings": self.settings.model_dump(),
            "coverage": {**asdict(self.coverage), "unknown_venues": dict(self.coverage.unknown_venues)},
            "warnings": list(self.warnings),
        }

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain JSON values."""
        return {**self.about(), "ranking": self.frame.to_dict("records")}


def parse_years(years: int | str | tuple[int, int] | None) -> tuple[int, int] | None:
    """First and last year, both included: from 2020, "2020", "2014-2024", (2014, 2024); None for all.

    Raises:
        AffilError: it is none of these, or the first year is after the last.
    """
    if years is None:
        return None
    parts = years.split("-") if isinstance(years, str) else list(years) if isinstance(years, tuple) else [years]
    try:
        numbers = [int(part) for part in parts]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) not in (1, 2):
        raise AffilError(f"years are one year or a range, e.g. 2020 or 2014-2024, not {years!r}")
    first, last = numbers[0], numbers[-1]
    if first > last:
        raise AffilError(f"the years {first}-{last} run backwards; did you mean {last}-{first}?")
    return first, last
