"""The venue table beside the papers that are there: what each venue has in which years, and what the table lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from affil.rank.measure import areas_of
from affil.rank.presets import presets
from affil.rank.ranking import plain_rows
from affil.rank.state import State
from affil.rank.venues import Venues
from affil.wording import counted

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class VenueList:
    """Venues and what is there of each.

    `frame` has one row for each venue, those of the table first, in its order: venue, name (empty where the table lacks it), areas,
    weight, since and until (years, null where open), presets (that count it), papers, present (years with papers), absent (years of
    the data in which the venue took place, by the table, without any: its papers are missing), misdated (years with papers in
    which it did not exist; these count outside any area), known (whether the table has it), openalex (number of its confirmed
    sources at OpenAlex; of a venue with none, they are found by its name). `years` are the first and last year of
    the data, None where there is none. `state` is the state of a project's counts that the papers are of, None where that is not
    known.
    """

    frame: pd.DataFrame
    years: tuple[int, int] | None
    state: State | None = field(default=None, repr=False)

    @property
    def unknown(self) -> pd.DataFrame:
        """The venues of the papers that the table lacks, most papers first."""
        return self.frame[~self.frame["known"]]

    def held(self) -> pd.DataFrame:
        """The venues with papers."""
        return self.frame[self.frame["papers"] > 0]

    def of_area(self, area: str) -> VenueList:
        """Only the venues of an area."""
        return replace(
            self, frame=self.frame[[area in areas.split("; ") for areas in self.frame["areas"]]].reset_index(drop=True)
        )

    def lines(self, file: Path) -> list[str]:
        """What to know of the venues, and what to do about those that the table lacks: rows for `file`, a venues.csv to lay over it."""
        held = self.held()
        inside = held[held["areas"] != ""]
        out = [
            f"{counted(len(held), 'venue')} with {counted(held['papers'].sum(), 'paper')}, "
            f"{inside['papers'].sum():,} of them in the eight areas."
        ]
        if wrong := [v for v, years in zip(held["venue"], held["misdated"], strict=True) if years]:
            out.append(f"Papers of years in which the venue did not exist, counted outside any area: {', '.join(wrong)}.")
        if any(held["absent"]):
            out.append("None in: years in which the venue took place by the table and has no paper here.")
        if len(self.unknown):
            out.append(
                f"{counted(len(self.unknown), 'venue')} outside the table and any area. To change that, put into {file} each with its"
            )
            out.append("areas (separated by ;), or as an alias of a venue that the table has:")
            out.append(self.rows_to_add().rstrip())
        return out

    def openalex_line(self) -> str:
        """How OpenAlex's sources of the venues are found."""
        sure = int((self.frame["openalex"] > 0).sum())
        return (
            f"OpenAlex: {sure:,} of {len(self.frame):,} venues have confirmed sources in the table; those of the others are found by their"
            " names when they are fetched."
        )

    def rows_to_add(self) -> str:
        """A table to complete and save as venues.csv of the workspace: the columns, and a row for each venue that is unknown."""
        lines = self.unknown.assign(aliases="", years="", weight=1, areas="", name=self.unknown["venue"])
        text: str = lines[["venue", "name", "areas", "weight", "years", "aliases"]].to_csv(index=False, lineterminator="\n")
        return text

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain JSON values."""
        return {"years": list(self.years) if self.years else None, "table": plain_rows(self.frame)}


def list_venues(venues: Venues, held: Mapping[tuple[str, int], int] | None = None) -> VenueList:
    """List the venues of a table, with what there is of each.

    Args:
        venues: the table.
        held: the number of papers of each venue (its short name; its name in the papers where the table lacks it) and year.
    """
    papers = {where: number for where, number in (held or {}).items() if number}
    dates = [year for _, year in papers]
    span = (min(dates), max(dates)) if dates else None
    years: dict[str, list[int]] = {}
    for venue, year in sorted(papers):
        years.setdefault(venue, []).append(year)
    total = {venue: sum(papers[venue, y] for y in of_it) for venue, of_it in years.items()}
    unknown = sorted(total.keys() - {*venues}, key=lambda v: (-total[v], v))
    rows = []
    for venue in (*venues, *unknown):
        one = venues.get(venue)
        present = years.get(venue, [])
        all_years = range(span[0], span[1] + 1) if span else ()
        rows.append(
            {
                "venue": venue,
                "name": one.name if one else "",
                "areas": "; ".join(one.areas) if one else "",
                "weight": one.weight if one else 1.0,
                "since": one.years[0] if one else None,
                "until": one.years[1] if one else None,
                "presets": "; ".join(p.name for p in presets().values() if venue in p.venues),
                "papers": total.get(venue, 0),
                "present": present,
                "absent": [y for y in all_years if one and one.held_in(y) and y not in present],
                "misdated": [y for y in present if one and one.areas and not areas_of(venue, y, venues)],
                "known": one is not None,
                "openalex": len(one.openalex) if one else 0,
            }
        )
    import pandas as pd

    frame = pd.DataFrame(rows).astype({"since": "Int64", "until": "Int64", "known": bool})
    return VenueList(frame, span)


def spans(years: list[int]) -> str:
    """Years in ranges: 2014-2017, 2019."""
    parts: list[list[int]] = []
    for year in years:
        if parts and year == parts[-1][-1] + 1:
            parts[-1].append(year)
        else:
            parts.append([year])
    return ", ".join(f"{part[0]}-{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts)
