"""Compute a ranking from credit: select venues and years, entities, and measures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypedDict, Unpack, cast

import duckdb
import pyarrow as pa

from affil.errors import AffilError, refuse_unknown
from affil.io.arrays import put_rows
from affil.io.database import database
from affil.rank.choices import check_limit, choose, did_you_mean
from affil.rank.credit import Tables, VenueYear, all_credit, lost_decisions, number, prepare, sql
from affil.rank.families import TOGETHER, families
from affil.rank.named import Lookup, find_row
from affil.rank.numbers import number_texts
from affil.rank.places import HongKong, find_place, hong_kong_groups, put_continents, put_countries, put_groups, put_regions
from affil.rank.presets import find_preset, mean_areas
from affil.rank.ranges import with_ranges
from affil.rank.ranking import LEVELS, MEASURES, Coverage, Level, Measure, Ranking, parse_years, years_text
from affil.rank.rollup import ROLL_UPS, ways_up
from affil.rank.venues import AREAS, Venues, find_area, load_venues
from affil.settings import RankSettings, RollUp
from affil.types import KINDS
from affil.wording import joined, said

_LEVELS = {
    "institutions": "institution",
    "cities": "city",
    "regions": "region",
    "countries": "country",
    "continents": "continent",
}
MEASURES_TRIED = {
    **dict.fromkeys(("papers", "paper", "publication", "count"), "publications"),
    **dict.fromkeys(("author", "people"), "authors"),
    **dict.fromkeys(("adjusted publications", "adjusted papers", "credit", "fractional"), "adjusted"),
    **dict.fromkeys(("ai index", "geometric mean"), "index"),
}
_KINDS = {"university": "education", "universities": "education", "companies": "company", "hospital": "healthcare"}

_DIGITS = 9  # decimals of sums of credit


class Query(TypedDict, total=False):
    """The query of a ranking; all keys are optional.

    level: institution (default), city, region, country or continent. area: one of the eight areas, or its short name (cv, nlp, ml,
    ai, kr, ro, ma, sim); only a venue's share in it is counted. venue: a venue, or several, by any known names. years: 2020, "2014-2024" or
    (2014, 2024), both ends included. kind: institutions of one kind only (education, company ...). by: the measure to rank by
    (default: adjusted). roll_up: none, parent, top or labs (default: the setting); only for the level institution. within: only
    institutions (cities ...) in a country or continent, by any of its names. preset: only the venues of a preset, or "all"
    (default: the setting); the index is then the mean over the areas of the preset. hong_kong: count Hong Kong and Macao "with"
    China or "apart" from it (default: the setting `country_groups`).
    """

    level: Level
    area: str | None
    venue: str | Sequence[str] | None
    years: int | str | tuple[int, int] | None
    kind: str | None
    by: Measure
    roll_up: RollUp | None
    within: str | None
    preset: str | None
    hong_kong: HongKong | None


def rank(
    tables: Tables,
    *,
    decisions: Mapping[str, Sequence[str]] | None = None,
    venues: Venues | None = None,
    settings: RankSettings | None = None,
    limit: int | None = None,
    around: str | None = None,
    lookup: Lookup | None = None,
    **query: Unpack[Query],
) -> Ranking:
    """Rank institutions, cities, regions, countries or continents by one of four measures (definitions: docs/ranking.md).

    Args:
        tables: the input.
        decisions: raw string -> ids (empty: none); they override matches (`Ledger.current()`).
        venues: the venue table; default: the shipped one.
        settings: offset, groups, roll-up, whether matches in review count, and ranges are computed.
        limit: maximum number of rows.
        around: only the row of this entity and `rank.neighbours` rows above and below; an id or a name.
        lookup: finds institutions by names missing from the tables.
        query: see `Query`.

    Raises:
        AffilError: an argument is invalid, or the slice has no papers.
    """
    settings, venues = settings or RankSettings(), venues or load_venues()
    with counts(tables, decisions or {}, venues, settings) as db:
        ranking = measure(db, venues, settings, limit=limit, around=around, lookup=lookup, **query)
        ranking = replace(ranking, warnings=(*ranking.warnings, *lost_decisions(db)))
        return with_families(db, venues, ranking, **query)


@contextmanager
def counts(
    tables: Tables, decisions: Mapping[str, Sequence[str]], venues: Venues, settings: RankSettings
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with all that `measure` reads, for as many rankings of the same papers as one likes; see `rank`."""
    with database(settings.memory) as db:
        prepare(db, tables, decisions, venues, settings)
        number_texts(db, db.from_arrow(all_credit(db, number(db, settings), settings)), settings)
        yield db


def measure(
    db: duckdb.DuckDBPyConnection,
    venues: Venues,
    settings: RankSettings,
    *,
    limit: int | None = None,
    around: str | None = None,
    lookup: Lookup | None = None,
    **query: Unpack[Query],
) -> Ranking:
    """Rank from the tables `stats`, `institutions` and those of sql/numbers.sql of a connection; see `rank`."""
    asked = CheckedQuery(query, settings)
    check_limit(limit)
    held = held_venue_years(db)
    chosen = find_venues(asked.venues, held, venues)
    part = [(v, y) for v, y in held if v in (chosen or (v,)) and asked.covers(v, y, venues)]
    if not part:
        raise AffilError(nothing_found(held, asked, chosen))
    make_places(db, asked, settings)
    cover = coverage(db, make_slice(db, part, venues, asked, settings), venues)
    count_measures(db, cover)
    table, first, last, notes = ordered(db, asked.by), 0, limit, tuple[str, ...]()
    if around is not None:
        meant = find_row(db, table.to_pandas(), asked.level, around, lookup)
        around, notes = meant.row["id"], (meant.note,) if meant.note else ()
        at = table["id"].index(around).as_py()
        first, last = max(0, at - settings.neighbours), at + settings.neighbours + 1
    total = table.num_rows
    rows = total if last is None else last - first
    # The last row is compared with the one after it.
    table = with_ranges(db, table.slice(first, rows + 1), asked.by, settings).slice(0, rows)
    return Ranking(
        table,
        cover,
        settings,
        asked.level,
        asked.by,
        asked.area,
        chosen if len(chosen) > 1 else next(iter(chosen), None),
        asked.years,
        asked.kind,
        asked.roll_up,
        asked.preset.name if asked.preset else None,
        asked.within.name if asked.within else None,
        around,
        hong_kong=asked.hong_kong,
        warnings=(*notes, *_nothing_within(asked, table)),
        total=total,
    )


def with_families(db: duckdb.DuckDBPyConnection, venues: Venues, ranking: Ranking, **query: Unpack[Query]) -> Ranking:
    """A ranking by this query that says which of its first rows are of one university or company; where some are, the connection is left
    with another slice.
    """
    settings = ranking.settings
    if ranking.level != "institution" or ranking.roll_up != "none" or not settings.families:
        return ranking
    plain, asked = settings.model_copy(update={"ranges": False}), query | Query(roll_up=TOGETHER)
    first = ranking.table if ranking.around else ranking.table.slice(0, settings.families)
    found = families(first, ways_up(db, TOGETHER, settings.not_parents), lambda: measure(db, venues, plain, **asked).table)
    return replace(ranking, families=found)


def _nothing_within(asked: CheckedQuery, table: pa.Table) -> tuple[str, ...]:
    """What is said where nothing is counted in the place that was asked for: AS is American Samoa, not Asia."""
    if asked.within is None or table.num_rows:
        return ()
    return (said("nothing is counted in {0}; continents go by their names, such as Asia", asked.within.name),)


class CheckedQuery:
    """A validated query with defaults.

    Raises:
        TypeError: a key is unknown. AffilError: a value is invalid.
    """

    def __init__(self, query: Query, settings: RankSettings) -> None:
        refuse_unknown(query, Query.__annotations__)
        area, kind, within = query.get("area"), query.get("kind"), query.get("within")
        self.level = cast(Level, choose(said("level"), query.get("level", "institution"), LEVELS, _LEVELS))
        self.by = cast(Measure, choose("measure", query.get("by", "adjusted"), MEASURES, MEASURES_TRIED))
        self.roll_up = cast(RollUp, choose("roll-up", query.get("roll_up") or settings.roll_up, ROLL_UPS))
        self.area = find_area(area) if area else None
        wanted = query.get("venue") or ()
        self.venues = (wanted,) if isinstance(wanted, str) else tuple(wanted)
        self.years = parse_years(query.get("years"))
        self.kind = choose("kind", kind, KINDS, _KINDS) if kind else None
        self.hong_kong = query.get("hong_kong")
        self.country_groups = hong_kong_groups(settings.country_groups, self.hong_kong)
        self.within = find_place(within, self.country_groups) if within else None
        self.preset = find_preset(query.get("preset") or settings.venues_preset)

    def covers(self, venue: str, year: int, venues: Venues) -> bool:
        """Whether a venue and year are within the query's years, area and preset."""
        if self.years is not None and not self.years[0] <= year <= self.years[1]:
            return False
        if self.preset is not None and venue not in self.preset.venues:
            return False
        return self.area is None or self.area in areas_of(venue, year, venues)


def areas_of(venue: str, year: int, venues: Venues) -> tuple[str, ...]:
    """The areas of a venue's papers of a year; empty if the venue is unknown or did not exist then."""
    known = venues.get(venue)
    return known.areas if known is not None and known.existed_in(year) else ()


def held_venue_years(db: duckdb.DuckDBPyConnection) -> list[VenueYear]:
    """The venues and years that have papers."""
    return [(str(v), int(y)) for v, y in db.execute("SELECT venue, year FROM stats WHERE papers > 0 ORDER BY ALL").fetchall()]


def find_venues(wanted: Sequence[str], held: Sequence[VenueYear], venues: Venues) -> tuple[str, ...]:
    """Resolve venues to their short names, each once; a venue missing from the table has its name in the papers.

    Raises:
        AffilError: there is no such venue, or of one of several there is no paper in any year.
    """
    found = tuple(dict.fromkeys(_find_venue(one, held, venues) for one in wanted))
    missing = [one for one in found if one not in {venue for venue, _ in held}]
    if missing and len(found) > 1:
        raise AffilError(said("there is no paper of {0}", ", ".join(missing)))
    return found


def _find_venue(wanted: str, held: Sequence[VenueYear], venues: Venues) -> str:
    resolved, published = venues.resolve(wanted), {venue for venue, _ in held}
    if resolved is not None:
        return resolved.venue
    if same := sorted(name for name in published if name.casefold() == wanted.casefold()):
        return wanted if wanted in same else same[0]
    names = {name: (one.name, *one.aliases) for name, one in venues.items()} | dict.fromkeys(published - {*venues}, ())
    raise AffilError(said("no venue {0!r}{1}", wanted, did_you_mean(wanted, names)))


def make_places(db: duckdb.DuckDBPyConnection, asked: CheckedQuery, settings: RankSettings) -> None:
    """Create the tables `entity` (ranked entities) and `place` (the share with which an institution counts for an entity)."""
    asks = {k: v for k, v in vars(asked).items() if k not in ("by", "area", "venues", "years", "preset")}
    key = repr((asks, settings.country_groups, settings.region_groups, settings.not_parents))
    if db.execute("SELECT getvariable('places')").fetchall() == [(key,)]:
        return  # they stand there from the last ranking
    codes = _make_sites(db, settings)
    divided = {code[:2] for (code,) in db.execute("SELECT code FROM region_names").fetchall()}
    put_countries(db, (c for c, _ in codes), divided, asked.country_groups)
    if asked.level == "institution":
        _roll(db, asked.roll_up, settings.not_parents)
    if asked.level == "continent":
        put_continents(db)
    db.execute("SET VARIABLE kind = ?", [asked.kind])
    db.execute("SET VARIABLE within = ?", [list(asked.within.countries) if asked.within else None])
    db.execute("SET VARIABLE level = ?", [asked.level])
    db.execute(sql(f"levels/{asked.level}"))
    db.execute(sql("within"))
    db.execute("SET VARIABLE places = ?", [key])


def _make_sites(db: duckdb.DuckDBPyConnection, settings: RankSettings) -> list[tuple[str, str]]:
    """Create `site`, `region_names` and `region_groups`, which all levels share; returns the countries and regions of the sites."""
    key = repr(settings.region_groups)
    made = db.execute("SELECT getvariable('sites')").fetchall() == [(key,)]
    if not made:
        db.execute(sql("sites"))
    codes = db.execute("SELECT DISTINCT country, region FROM site").fetchall()
    if not made:
        put_regions(db, (region for _, region in codes))
        put_groups(db, settings.region_groups)
        db.execute("SET VARIABLE sites = ?", [key])
    return codes


def _roll(db: duckdb.DuckDBPyConnection, how: RollUp, not_parents: Sequence[str]) -> None:
    """Create the table `rolled` with institution, named_parents, id, part: for all institutions where a string names no parent, and with
    the parents that strings name; closed or merged parents are replaced by their successors.
    """
    if how == "none":
        db.execute(
            "CREATE OR REPLACE TEMP TABLE rolled AS SELECT institution, named_parents, institution AS id, 1.0::DOUBLE AS part "
            "FROM (SELECT id AS institution, '' AS named_parents FROM institutions UNION SELECT institution, named_parents FROM holder)"
        )
        return
    ways = ways_up(db, how, not_parents)
    named = db.execute("SELECT DISTINCT institution, named_parents FROM holder WHERE named_parents <> ''").fetchall()
    rolled = [
        (institution, parents, top, part)
        for institution, parents in [*((i, "") for i in ways.institutions), *named]
        for top, part in ways.of(institution, parents.split())
    ]
    put_rows(db, "rolled", rolled, institution="VARCHAR", named_parents="VARCHAR", id="VARCHAR", part="DOUBLE")


@dataclass(frozen=True, slots=True)
class Slice:
    """The venues and years of a ranking with the weight of a paper, the weight that it has in each area, and the areas of the mean with
    their weights.
    """

    weights: Mapping[VenueYear, float]
    in_areas: Sequence[tuple[str, int, str, float]]
    areas: Mapping[str, float]

    @property
    def inside(self) -> set[VenueYear]:
        """The venues and years that are in an area."""
        return {(venue, year) for venue, year, *_ in self.in_areas}

    @property
    def empty_areas(self) -> tuple[str, ...]:
        """The areas of the mean without papers."""
        there = {area for *_, area, _ in self.in_areas}
        return tuple(a for a in AREAS if self.areas.get(a, 0) > 0 and a not in there)


def choose_slice(part: Sequence[VenueYear], venues: Venues, asked: CheckedQuery, settings: RankSettings) -> Slice:
    """The slice of some venues and years."""
    weights, shares = {}, []
    for venue, year in part:
        known, areas = venues.get(venue), areas_of(venue, year, venues)
        weight = 1.0 if known is None else known.weight
        # a paper of a venue in two areas has half its weight in each
        weights[venue, year] = weight / len(areas) if asked.area else weight
        shares += [(venue, year, a, weight / len(areas)) for a in areas if asked.area in (None, a)]
    return Slice(weights, shares, mean_areas(settings, asked.area, asked.preset.name if asked.preset else None))


def make_slice(
    db: duckdb.DuckDBPyConnection, part: Sequence[VenueYear], venues: Venues, asked: CheckedQuery, settings: RankSettings
) -> Slice:
    """Create the tables `slice`, `slice_area`, `area` of a slice, and `holding` and `entity_cell`, what entities hold of it."""
    chosen = choose_slice(part, venues, asked, settings)
    weights = [(venue, year, weight) for (venue, year), weight in chosen.weights.items()]
    put_rows(db, "chosen", weights, venue="VARCHAR", year="SMALLINT", weight="DOUBLE")
    put_rows(db, "chosen_area", chosen.in_areas, venue="VARCHAR", year="SMALLINT", area="VARCHAR", weight="DOUBLE")
    put_rows(db, "area", [*chosen.areas.items()], area="VARCHAR", weight="DOUBLE")
    db.execute("SET VARIABLE area_offset = ?", [settings.offset])
    db.execute(sql("slice"))
    db.execute(sql("holding"))
    return chosen


def count_measures(db: duckdb.DuckDBPyConnection, cover: Coverage) -> None:
    """Create the tables of all measures of all entities of the slice."""
    for name in ("publications", "authors", "adjusted"):
        db.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql(name)}")
    db.execute(f"CREATE OR REPLACE TEMP TABLE index_ AS {sql('index')}")
    db.execute("SET VARIABLE counted = ?", [cover.credit])


def ordered(db: duckdb.DuckDBPyConnection, by: Measure) -> pa.Table:
    """All measures of all entities of the slice, sorted by one."""
    return db.sql(sql("ranking").format(by=by)).to_arrow_table()


def reordered(db: duckdb.DuckDBPyConnection, ranking: Ranking, by: Measure) -> Ranking:
    """The whole ranking that was measured last in a connection, by another measure: nothing but ranks and ranges is computed."""
    return replace(ranking, by=by, table=with_ranges(db, ordered(db, by), by, ranking.settings, again=True))


def coverage(db: duckdb.DuckDBPyConnection, chosen: Slice, venues: Venues) -> Coverage:
    """The coverage of a slice."""
    db.execute("FROM stats")
    names = [name for name, *_ in db.description]
    cells = {(row["venue"], row["year"]): row for one in db.fetchall() if (row := dict(zip(names, one, strict=True)))}
    held = [cells[where] for where in chosen.weights if where in cells]
    counts = {name: sum(row[name] or 0 for row in held) for name in names[2:]}
    weight = sum(row["papers"] * chosen.weights[row["venue"], row["year"]] for row in held)
    (credited, unplaced), mentions = _credited(db, chosen), int(counts["mentions"])
    inside, shares = chosen.inside, ("matched", "review", "none", "missing", "pending", "decided")
    unknown: dict[str, int] = {}
    misdated: dict[str, int] = {}
    for venue, year in chosen.weights:
        number = int(cells[venue, year]["papers"])
        if venue not in venues:
            unknown[venue] = unknown.get(venue, 0) + number
        elif not venues[venue].existed_in(year):
            misdated[f"{venue} {year}"] = number
    return Coverage(
        mentions=mentions,
        **{name: counts[name] / max(mentions, 1) for name in shares},
        papers=int(counts["papers"]),
        unaligned=int(counts["unaligned"]),
        repeated=int(counts["repeated"]),
        outside=sum(row["papers"] for row in held if (row["venue"], row["year"]) not in inside),
        unknown_venues=tuple(sorted(unknown.items(), key=lambda v: (-v[1], v[0]))),
        misdated=tuple(misdated.items()),
        # rounded: the last digits depend on the order of summation
        credit=round(credited, _DIGITS),
        counted=round(credited / weight, _DIGITS) if weight else 0.0,
        unplaced=round(unplaced / credited, _DIGITS) if credited else 0.0,
        empty_areas=chosen.empty_areas,
    )


def _credited(db: duckdb.DuckDBPyConnection, chosen: Slice) -> tuple[float, float]:
    """The adjusted publications of a slice credited to any institution, and those of them without a place."""
    places = db.execute("SELECT getvariable('places'), getvariable('credited')").fetchall()
    if places[0][0] != places[0][1]:  # not made since the places were
        db.execute(sql("credited"))
        db.execute("SET VARIABLE credited = getvariable('places')")
    rows = db.execute(
        "SELECT venue, year, placed, credit FROM credited JOIN cell USING (cell) ORDER BY cell, placed"
    ).fetchall()
    held = [(chosen.weights[v, y] * credit, placed) for v, y, placed, credit in rows if (v, y) in chosen.weights]
    return sum((credit for credit, _ in held), 0.0), sum((credit for credit, placed in held if not placed), 0.0)


def nothing_found(held: Sequence[VenueYear], asked: CheckedQuery, chosen: Sequence[str]) -> str:
    """What is said where no paper is in a slice; `chosen` are the venues asked for."""
    if not held:
        return said("there is no paper to rank")
    wanted = [said("in {0}", asked.area) if asked.area else "", said("of {0}", ", ".join(chosen)) if chosen else ""]
    wanted += [said("of the venues of {0}", asked.preset.name) if asked.preset else ""]
    wanted += [said("in {0}", years_text(asked.years)) if asked.years else ""]
    names, dates = sorted({venue for venue, _ in held}), [year for _, year in held]
    named = ", ".join(names[:12]) + (" ..." if len(names) > 12 else "")
    there = said("there are papers of {0} in {1}", years_text((min(dates), max(dates))), named)
    return said("there is no paper {0}; {1}", joined(" ", filter(None, wanted)) or said("at all"), there)
