"""From papers, author mentions and matches to a ranking. The SQL in `sql/` is the published method (docs/ranking.md)."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from affil.errors import AffilError
from affil.rank.places import country_table, region_table
from affil.rank.ranking import LEVELS, MEASURES, Coverage, Level, Measure, Ranking, parse_years
from affil.rank.venues import AREAS, Venue, Venues, find_area, load_venues
from affil.settings import RankSettings

# Case, accents, punctuation and blanks do not make another author; word order and initials do.
_AUTHOR_KEY = r"""CREATE MACRO author_key(name) AS
    nullif(trim(regexp_replace(lower(strip_accents(name)), '[^\p{L}\p{M}\p{N}]+', ' ', 'g')), '')"""


@dataclass(frozen=True, slots=True)
class Tables:
    """What is counted, as Parquet files or Arrow tables; any matcher's output can be ranked.

    papers: id, venue, year, authors (their number), aligned. mentions: paper, position (null where not aligned), author,
    affiliation (null where missing). matches: affiliation, institution_id (null where none), decision (match, review, none).
    institutions: id, active_id (the successor's id, else its own), name, name_zh, kind, country, region, city.
    """

    papers: Path | pa.Table
    mentions: Path | pa.Table
    matches: Path | pa.Table
    institutions: Path | pa.Table


def rank(
    tables: Tables,
    *,
    level: Level = "institution",
    area: str | None = None,
    venue: str | None = None,
    years: int | str | tuple[int, int] | None = None,
    by: Measure = "adjusted",
    limit: int | None = None,
    decisions: Mapping[str, Sequence[str]] | None = None,
    venues: Venues | None = None,
    settings: RankSettings | None = None,
) -> Ranking:
    """Rank institutions, cities, regions or countries by one of four measures (definitions: docs/ranking.md).

    Args:
        tables: what is counted.
        level: what is ranked.
        area: one of the eight areas; only the part of a venue's credit that belongs to it is counted.
        venue: one venue, under any name that the venue table knows.
        years: 2020, "2014-2024" or (2014, 2024), both ends included.
        by: the measure that orders.
        limit: rows kept.
        decisions: raw string -> ids (empty: none); they stand above the matches (`Ledger.current()`).
        venues: the venue table; default: the shipped one.
        settings: offset, country groups, and whether matches in review count.

    Raises:
        AffilError: an argument is unknown, or the slice has no paper.
    """
    settings, venues, decisions = settings or RankSettings(), venues or load_venues(), decisions or {}
    _check("level", level, LEVELS)
    _check("measure", by, MEASURES)
    if limit is not None and limit < 1:
        raise AffilError(f"a limit is at least 1, not {limit}")
    area, span = find_area(area) if area else None, parse_years(years)
    with duckdb.connect() as db:
        for name in ("papers", "mentions", "matches", "institutions"):
            _attach(db, name, getattr(tables, name))
        published = [str(v) for (v,) in db.execute("SELECT DISTINCT venue FROM papers ORDER BY venue").fetchall()]
        known = {name: venues.resolve(name) for name in published}
        venue = _find_venue(venue, known, venues) if venue else None
        _prepare_slice(db, known, area, venue, span, settings)
        _prepare_places(db, settings)
        _prepare_decisions(db, decisions)
        for step in (_AUTHOR_KEY, _sql("scope"), _sql("found"), _sql("credit"), _sql(f"levels/{level}")):
            db.execute(step)
        coverage = _coverage(db, known)
        if not coverage.papers:
            raise AffilError(_nothing(db, published, area, venue, span))
        for measure in ("publications", "authors", "adjusted"):
            db.execute(f"CREATE TEMP TABLE {measure} AS {_sql(measure)}")
        db.execute(f"CREATE TEMP TABLE index_ AS {_sql('index')}")
        frame = db.execute(_sql("ranking").format(by=by)).df()
        warnings = _lost_decisions(db)
    if limit is not None:
        frame = frame.head(limit)
    return Ranking(frame, coverage, settings, level, by, area, venue, span, warnings)


@cache
def _sql(name: str) -> str:
    return resources.files("affil.rank").joinpath(f"sql/{name}.sql").read_text("utf-8")


def _check(what: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise AffilError(f"no {what} {value!r}; it is one of: {', '.join(allowed)}")


def _attach(db: duckdb.DuckDBPyConnection, name: str, table: Path | pa.Table) -> None:
    if isinstance(table, pa.Table):
        db.register(name, table)
    else:
        db.read_parquet(str(table)).create_view(name)


def _find_venue(wanted: str, known: Mapping[str, Venue | None], venues: Venues) -> str:
    """The short name of the venue that is meant; a venue that the table lacks is meant by its name in the papers."""
    resolved = venues.resolve(wanted)
    if resolved is not None:
        return resolved.venue
    if wanted in known:
        return wanted
    near = difflib.get_close_matches(wanted, {*known, *venues}, n=3, cutoff=0.5)
    raise AffilError(f"no venue {wanted!r}" + (f"; did you mean: {', '.join(near)}?" if near else ""))


def _prepare_slice(
    db: duckdb.DuckDBPyConnection,
    known: Mapping[str, Venue | None],
    area: str | None,
    venue: str | None,
    years: tuple[int, int] | None,
    settings: RankSettings,
) -> None:
    """Tables `venue_slice`, `venue_area`, `area` and the variables that the SQL reads."""
    weights, shares = [], {}
    for published, found in known.items():
        short, areas, weight = (found.venue, found.areas, found.weight) if found else (published, (), 1.0)
        if (venue is not None and short != venue) or (area is not None and area not in areas):
            continue
        # Within one area, a paper of a venue in two areas weighs half.
        weights.append((published, short, weight / len(areas) if area else weight))
        for one in areas if area is None else (area,):
            shares[short, one] = 1.0 if area else 1.0 / len(areas)
    db.execute("CREATE TEMP TABLE venue_slice (published VARCHAR, venue VARCHAR, weight DOUBLE)")
    db.execute("CREATE TEMP TABLE venue_area (venue VARCHAR, area VARCHAR, share DOUBLE)")
    db.execute("CREATE TEMP TABLE area (area VARCHAR)")
    if weights:
        db.executemany("INSERT INTO venue_slice VALUES (?, ?, ?)", weights)
    if shares:
        db.executemany("INSERT INTO venue_area VALUES (?, ?, ?)", [(*key, share) for key, share in shares.items()])
    db.executemany("INSERT INTO area VALUES (?)", [(a,) for a in ((area,) if area else AREAS)])
    first, last = years or (0, 9999)
    variables = {
        "first_year": first,
        "last_year": last,
        "area_offset": settings.offset,
        "include_review": settings.include_review,
    }
    for name, value in variables.items():
        db.execute(f"SET VARIABLE {name} = ?", [value])


def _prepare_places(db: duckdb.DuckDBPyConnection, settings: RankSettings) -> None:
    """Tables `country_names` and `region_names`."""
    codes = db.execute("SELECT DISTINCT country, region FROM institutions").fetchall()
    regions = region_table(region for _, region in codes)
    divided = {code[:2] for code in regions.column("code").to_pylist()}
    db.register("region_names", regions)
    db.register("country_names", country_table((c for c, _ in codes), divided, settings.country_groups))


def _prepare_decisions(db: duckdb.DuckDBPyConnection, decisions: Mapping[str, Sequence[str]]) -> None:
    """Tables `decisions` (the strings that a person decided) and `decided` (what they name)."""
    pairs = [(affiliation, identifier) for affiliation, ids in decisions.items() for identifier in ids]
    columns = {"affiliation": [a for a, _ in pairs], "institution_id": [i for _, i in pairs]}
    db.register("decisions", pa.table({"affiliation": pa.array(list(decisions), pa.string())}))
    db.register("decided", pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}))


def _coverage(db: duckdb.DuckDBPyConnection, known: Mapping[str, Venue | None]) -> Coverage:
    counts = _row(db, _sql("coverage"))
    mentions = counts.pop("mentions")
    by_venue = db.execute("SELECT venue, count(*) FROM paper GROUP BY venue ORDER BY count(*) DESC, venue").fetchall()
    return Coverage(
        mentions=mentions,
        **{name: count / max(mentions, 1) for name, count in counts.items()},
        **_row(db, _sql("papers")),
        **_row(db, _sql("unplaced")),
        unknown_venues=tuple((str(v), int(n)) for v, n in by_venue if v in known and known[v] is None),
    )


def _row(db: duckdb.DuckDBPyConnection, query: str) -> dict[str, Any]:
    """The only row of a query, by column."""
    (row,) = db.execute(query).fetchall()
    return dict(zip((name for name, *_ in db.description), row, strict=True))


def _nothing(
    db: duckdb.DuckDBPyConnection, published: Sequence[str], area: str | None, venue: str | None, years: tuple[int, int] | None
) -> str:
    asked = [f"in {area}" if area else "", f"of {venue}" if venue else "", "in {}-{}".format(*years) if years else ""]
    wanted = " ".join(filter(None, asked)) or "at all"
    if not published:
        return "there is no paper to rank"
    held = _row(db, "SELECT min(year) AS first, max(year) AS last FROM papers")
    named = ", ".join(published[:12]) + (" ..." if len(published) > 12 else "")
    return f"there is no paper {wanted}; there are papers of {held['first']}-{held['last']} in {named}"


def _lost_decisions(db: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """One sentence for each decided id that the registry no longer has: the decision stays, but nothing is counted for it."""
    lost = db.execute(
        "SELECT institution_id, min(affiliation), count(*) FROM decided "
        "ANTI JOIN institutions ON institutions.id = decided.institution_id GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return tuple(
        f"the registry no longer has {identifier}, decided for {example!r}"
        + (f" and {strings - 1} more strings" if strings > 1 else "")
        + "; the decision is kept but counts for nobody: decide again with an id of today"
        for identifier, example, strings in lost
    )
