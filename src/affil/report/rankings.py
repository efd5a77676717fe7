"""The whole way from papers to published rankings in one call: tables by level, area and year, trends, and the site."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack, cast

from affil.errors import AffilError
from affil.papers.reading import Reading
from affil.rank import AREAS, Query
from affil.rank.measure import areas_of
from affil.report.report import report
from affil.types import Progress
from affil.wording import said
from affil.workspace import Added, Workspace

LIKE = ("airankings",)
"""What rankings can be like: airankings ranks by adjusted publications and by the AI index, overall and in each of eight areas."""


@dataclass(frozen=True, slots=True)
class Rankings:
    """What was written: the folder, its tables (each with its manifest beside it), and the page to open first; `empty` are areas without
    papers, which have no tables.
    """

    folder: Path
    tables: tuple[Path, ...]
    start: Path
    empty: tuple[str, ...] = ()


def rankings(
    ws: Workspace,
    output: Path | str,
    *,
    papers: Sequence[Path | str] | None = None,
    like: str = "airankings",
    years: tuple[int, int] | None = None,
    read: Callable[[Added], None] | None = None,
    progress: Progress | None = None,
    tell: Callable[[str], None] = lambda _: None,
    **reading: Unpack[Reading],
) -> Rankings:
    """Match papers and write all rankings into a folder.

    `tables/` has institutions, cities and countries by adjusted publications and by AI index, overall and by area, and the countries'
    adjusted publications year by year, all as CSV with a manifest; `site/` is the website (see `report`).

    Args:
        ws: the workspace.
        output: the folder; files of the same names there are replaced.
        papers: files of papers to add first; default: those that `affil fetch` brought into the workspace, if any.
        like: what they are like, one of `LIKE`.
        years: first and last year of the tables; default: all years that there are papers of.
        read: called with what was read.
        progress: called with (strings matched, strings to match).
        tell: told what is being written.
        reading: how the files of papers are to be read, where their content does not tell it.

    Raises:
        InputError: a file of papers cannot be read.
        AffilError: `like` is unknown, there are no papers, no paper is of these years, or the folder cannot be written.
    """
    if like not in LIKE:
        raise AffilError(said("no rankings like {0!r}; there are: {1}", like, ", ".join(LIKE)))
    files = papers or sorted((ws.path / "fetched").glob("*.jsonl.gz")) or None
    ws.run(files, progress=progress, read=read, **reading)
    folder = Path(output)
    try:
        (folder / "tables").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AffilError(said("{0}: cannot be created ({1}); choose another folder", folder, error.strerror)) from error
    tables, held = [], _areas_held(ws, years)
    for name, query in _queries(years, held):
        tell(f"tables/{name}.csv")
        path = folder / "tables" / f"{name}.csv"
        ws.save(ws.rank(**query), path)
        tables.append(path)
    tell("tables/countries-by-year.csv")
    by_year: Query = {"level": "country", **_within(years)}
    ws.save(ws.trend(**by_year), folder / "tables" / "countries-by-year.csv")
    tables.append(folder / "tables" / "countries-by-year.csv")
    site = report(ws, folder / "site", years=years, tell=tell)
    return Rankings(folder, tuple(tables), site.path / "index.html", tuple(a for a in AREAS if a not in held))


def _areas_held(ws: Workspace, years: tuple[int, int] | None) -> list[str]:
    """The areas with papers in these years."""
    first, last = years or (0, 9999)
    held, venues = [(p.venue, p.year) for p in ws.count().partitions if first <= p.year <= last], ws.venues
    found = {area for venue, year in held for area in areas_of(venue, year, venues)}
    return [area for area in AREAS if area in found]


def _queries(years: tuple[int, int] | None, areas: Sequence[str]) -> Iterator[tuple[str, Query]]:
    """The name and the query of each table."""
    for level, plural in (("institution", "institutions"), ("city", "cities"), ("country", "countries")):
        for by in ("index", "adjusted"):
            yield f"{plural}-{by}", cast(Query, {"level": level, "by": by, **_within(years)})
        for area in areas:
            yield f"{plural}-{area.lower().replace(' ', '-')}", cast(Query, {"level": level, "area": area, **_within(years)})


def _within(years: tuple[int, int] | None) -> Query:
    return {"years": years} if years else {}
