"""All that the report shows, from the library's own rankings and from the tables that these are counted from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from statistics import median
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from affil.errors import AffilError, InputError
from affil.names.ids import ROR
from affil.rank import AREAS, LEVELS, MEASURES, ROLL_UPS, Level, Measure, Query, Ranking, Trend, Venues, measure, trend
from affil.rank.measure import Asked, areas_of, make_places
from affil.rank.places import country_name, region_name
from affil.registry import Registry
from affil.report.names import (
    Names,
    city_names,
    continents,
    in_languages,
    institution_names,
    lookup,
    page_fold,
    script_table,
    search_names,
)
from affil.settings import RankSettings, ReportSettings
from affil.types import LedgerEntry
from affil.workspace import Workspace

Years = tuple[int, int]
Key = tuple[Level, str]  # a level, and what else tells rankings apart


@dataclass(frozen=True, slots=True)
class Entity:
    """One institution, city, region or country: its id, names in the languages of the report, and where it is.

    `place` are the names of what it lies in, nearest first. `slug` names its page where it has one. `search` are more names,
    folded, by which it is found.
    """

    id: str
    names: Names
    slug: str = ""
    kind: str = ""
    country: str = ""
    place: tuple[Names, ...] = ()
    search: tuple[str, ...] = ()
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True, slots=True)
class Data:
    """What the report shows.

    `years` is the first and last year with papers, `window` the years that are shown first, `before` those of the same length
    before them (None where no paper is of these), `held` the papers of each venue and year. `rankings` holds rankings of the window
    by (level, measure) and (level, area), of all years by (level, "all"), of the years before by (level, "before"), of the last
    year and the one before it by (level, "last") and (level, "last before"); `rows` are their rows by id. `entities` are all that
    is ranked, by level and id, `pages` the ids of those that have a page. `tables` are the tables of these pages by the name of
    their query (see `sql/`) and level. `facts` and `people` are what the pages count from, `placed` what each institution counts
    for at each level and way of rolling up. `script` has the simplified form of traditional characters. `warnings` are sentences
    that a reader must see, `notes` those for the method.
    """

    title: str
    made: datetime
    settings: RankSettings
    report: ReportSettings
    manifest: Mapping[str, Any]
    venues: Venues
    held: tuple[tuple[str, int, int], ...]
    years: Years
    window: Years
    before: Years | None
    rankings: Mapping[Key, Ranking]
    rows: Mapping[Key, Mapping[str, dict[str, Any]]]
    trends: Mapping[Key, Trend]
    entities: Mapping[Level, Mapping[str, Entity]]
    pages: Mapping[Level, tuple[str, ...]]
    tables: Mapping[tuple[str, Level], Mapping[str, pd.DataFrame]]
    facts: pa.Table
    people: pa.Table
    placed: Mapping[str, Mapping[str, tuple[tuple[str, float], ...]]]
    script: Mapping[str, str]
    decisions: tuple[LedgerEntry, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def ranking(self, level: Level, what: str = "adjusted") -> Ranking:
        """A ranking of the window by a measure, of an area, or of other years; see `rankings`."""
        return self.rankings[level, what]

    def row(self, level: Level, identifier: str, what: str = "adjusted") -> dict[str, Any] | None:
        """An entity's row of a ranking; None where it has no paper there."""
        return self.rows.get((level, what), {}).get(identifier)

    def of(self, table: str, level: Level, identifier: str) -> list[dict[str, Any]]:
        """An entity's rows of one of the tables of its page."""
        frame = self.tables[table, level].get(identifier)
        return [] if frame is None else [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


@cache
def sql(name: str) -> str:
    """One of the queries of the pages."""
    return resources.files("affil.report").joinpath(f"sql/{name}.sql").read_text("utf-8")


def gather(
    ws: Workspace, *, years: Years | None = None, bulletin: bool = False, tell: Callable[[str], None] = lambda _: None
) -> Data:
    """Count all that the report shows.

    Args:
        ws: the workspace.
        years: the years that are shown first; default: the last of the data, as many as the setting says.
        bulletin: only what the bulletin needs.
        tell: called with what is being done.

    Raises:
        AffilError: nothing was matched yet, or no paper is of these years.
    """
    chosen, state = ws.settings.report, ws.count()
    settings = state.settings
    plain = settings.model_copy(update={"resamples": 0})
    everything: Query = {"level": "institution"}
    with ws.counts.opened(state, **everything) as (db, venues):
        held = tuple((p.venue, p.year, p.stats["papers"]) for p in state.partitions if p.stats["papers"])
        if not held:
            raise AffilError(f"{ws.path}: there is no paper to report on")
        first, last = min(y for _, y, _ in held), max(y for _, y, _ in held)
        window = years or (max(first, last - chosen.years + 1), last)
        _check_years(window, held)
        length = window[1] - window[0] + 1
        earlier = (window[0] - length, window[0] - 1)
        before = earlier if any(earlier[0] <= y <= earlier[1] for _, y, _ in held) else None
        last_two = [y for y in sorted({y for _, y, _ in held}) if y <= window[1]][-2:]

        levels: tuple[Level, ...] = ("institution", "city", "country") if bulletin else LEVELS
        rankings: dict[Key, Ranking] = {}
        trends: dict[Key, Trend] = {}
        tables: dict[tuple[str, Level], Mapping[str, pd.DataFrame]] = {}
        pages: dict[Level, tuple[str, ...]] = {}
        for level in levels:
            tell(f"ranking: {level}")
            rank = _ranker(db, venues, level)
            rankings[level, "all"] = rank(plain if bulletin else settings)
            if level in ("institution", "country") and not bulletin:
                tables["years", level] = _by_entity(db.sql(sql("years")).df())
            if before:
                rankings[level, "before"] = rank(plain, years=before)
            if len(last_two) == 2 and level != "region":
                rankings[level, "last"], rankings[level, "last before"] = (
                    rank(plain, years=(y, y)) for y in reversed(last_two)
                )
            for area in AREAS if level in ("institution", "country") else ():
                if any(area in areas_of(v, y, venues) for v, y, _ in held if window[0] <= y <= window[1]):
                    rankings[level, area] = rank(plain if bulletin else settings, years=window, area=area)
            measures: Iterable[Measure] = (
                ("index", "adjusted") if bulletin else (*(m for m in MEASURES if m != "adjusted"), "adjusted")
            )
            for by in measures:
                rankings[level, by] = rank(settings, years=window, by=by)
            trends[level, "publications"] = trend(db, venues, plain, level=level, by="publications", years=window)
            if level in ("institution", "country") and not bulletin:
                ids = rankings[level, "adjusted"].frame["id"].tolist()
                pages[level] = tuple(ids[: chosen.institutions] if level == "institution" else ids)
                rank(plain, years=window)  # the tables of the connection are those of the window again
                tables.update({(name, level): t for name, t in _page_tables(db, pages[level], chosen).items()})
        tell("reading names")
        registry: Registry | None = None
        notes: tuple[str, ...] = ()
        try:
            registry = ws.registry()
        except InputError as error:
            notes = (f"names are those of the last run only, as the registry cannot be opened: {error}",)
        facts, people = db.sql(sql("facts")).to_arrow_table(), db.sql(sql("people")).to_arrow_table()
        placed = _placed(db, settings, set(facts.column("institution").to_pylist()))
        entities = _entities(db, settings, placed, pages, registry, ws)
    shown = [n for level in entities.values() for e in level.values() for n in (*e.names, *e.search)]
    return Data(
        title=chosen.title,
        made=datetime.now(UTC),
        settings=settings,
        report=chosen,
        manifest=ws.manifest,
        venues=venues,
        held=held,
        years=(first, last),
        window=window,
        before=before,
        rankings=rankings,
        rows={key: _rows(ranking.frame) for key, ranking in rankings.items()},
        trends=trends,
        entities=entities,
        pages=pages,
        tables=tables,
        facts=facts,
        people=people,
        placed=placed,
        script=script_table(shown),
        decisions=tuple(ws.ledger.entries()),
        warnings=state.warnings,
        notes=notes,
    )


def _check_years(window: Years, held: Sequence[tuple[str, int, int]]) -> None:
    if not any(window[0] <= y <= window[1] for _, y, _ in held):
        raise AffilError(
            f"there is no paper of {window[0]}-{window[1]}; there are papers of {min(y for _, y, _ in held)}-{max(y for _, y, _ in held)}"
        )


def _ranker(db: duckdb.DuckDBPyConnection, venues: Venues, level: Level) -> Callable[..., Ranking]:
    def rank(settings: RankSettings, **query: Any) -> Ranking:
        return measure(db, venues, settings, level=level, **query)

    return rank


def _rows(frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return {str(row["id"]): {str(k): v for k, v in row.items()} for row in frame.to_dict("records")}


def _by_entity(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {str(i): part for i, part in frame.groupby("id", sort=False)}


def _page_tables(
    db: duckdb.DuckDBPyConnection, ids: Sequence[str], chosen: ReportSettings
) -> dict[str, dict[str, pd.DataFrame]]:
    """The tables of the pages of some entities, from the tables of the connection."""
    db.register("wanted_id", pa.table({"id": pa.array(ids, pa.string())}))
    db.execute("SET VARIABLE listed = ?", [chosen.listed])
    return {
        name: _by_entity(db.sql(sql(name)).df()) for name in ("areas", "venues", "partners", "strings", "standing", "members")
    }


def _placed(
    db: duckdb.DuckDBPyConnection, settings: RankSettings, institutions: set[str]
) -> dict[str, dict[str, tuple[tuple[str, float], ...]]]:
    """What each institution with papers counts for, at each level and, for institutions, each way of rolling them up."""
    out: dict[str, dict[str, tuple[tuple[str, float], ...]]] = {}
    for level in LEVELS:
        for how in ROLL_UPS if level == "institution" else ("none",):
            make_places(db, Asked({"level": level, "roll_up": how}, settings), settings)
            found: dict[str, list[tuple[str, float]]] = {}
            for institution, identifier, part in db.execute(sql("placed")).fetchall():
                if institution in institutions:
                    found.setdefault(institution, []).append((identifier, float(part)))
            out[how if level == "institution" else level] = {i: tuple(targets) for i, targets in found.items()}
            db.execute(f"CREATE OR REPLACE TEMP TABLE entity_{level} AS FROM entity")
    return out


def _entities(
    db: duckdb.DuckDBPyConnection,
    settings: RankSettings,
    placed: Mapping[str, Mapping[str, tuple[tuple[str, float], ...]]],
    pages: Mapping[Level, Sequence[str]],
    registry: Registry | None,
    ws: Workspace,
) -> dict[Level, dict[str, Entity]]:
    """All that is ranked at each level, with its names."""
    wanted: dict[Level, set[str]] = {
        level: {
            target
            for how in (ROLL_UPS if level == "institution" else (level,))
            for targets in placed[how].values()
            for target, _ in targets
        }
        for level in LEVELS
    }
    frames = {level: db.sql(f"SELECT * FROM entity_{level} ORDER BY name, id").df() for level in LEVELS}
    rows = {level: [r for r in frames[level].to_dict("records") if r["id"] in wanted[level]] for level in LEVELS}
    groups = {*settings.country_groups.values()}
    country: dict[str, Names] = {}
    for row in rows["country"]:
        country[row["id"]] = in_languages(row["name"], row["name_zh"] or "", row["id"])
    for code in groups - country.keys():
        country[code] = in_languages(*country_name(code), code)
    taken: dict[str, str] = {}
    known = lookup(registry, wanted["institution"])
    where = {
        i: (lat, lon)
        for i, lat, lon in zip(
            *(ws.institutions(["id", "lat", "lon"]).column(c).to_pylist() for c in ("id", "lat", "lon")), strict=True
        )
        if lat is not None and lat == lat
    }
    out: dict[Level, dict[str, Entity]] = {level: {} for level in LEVELS}
    for row in rows["country"]:
        slug = _slug(row["id"], taken) if row["id"] in {*pages.get("country", ())} else ""
        more = tuple(sorted({page_fold(n) for n in (row["id"], *country[row["id"]])}))
        out["country"][row["id"]] = Entity(row["id"], country[row["id"]], slug, country=row["id"], search=more)
    for row in rows["region"]:
        names = in_languages(row["name"], row["name_zh"] or "", row["country"] or "HK")
        names = (names[0].split(" [")[0], names[1], names[2])
        out["region"][row["id"]] = Entity(
            row["id"], names, country=row["country"] or "", place=_place(country.get(row["country"]))
        )
    for row in rows["city"]:
        names = city_names(row["name"], row["id"].split("/")[0])
        place = tuple(p for p in _place(_region(row["id"]), country.get(row["country"])) if p[0] != names[0])
        out["city"][row["id"]] = Entity(row["id"], names, country=row["country"], place=place, search=search_names(None, names))
    with_page = {*pages.get("institution", ())}
    for row in rows["institution"]:
        one = known.get(row["id"])
        names = institution_names(row["name"], row["name_zh"] or "", row["country"], one)
        city = city_names(row["city"], row["country"]) if row["city"] else None
        out["institution"][row["id"]] = Entity(
            row["id"],
            names,
            _slug(row["id"], taken) if row["id"] in with_page else "",
            row["kind"] or "other",
            row["country"] or "",
            _place(city, country.get(row["country"])),
            search_names(one, names),
            *where.get(row["id"], (None, None)),
        )
    _locate_cities(out, placed["city"])
    return out


def _region(city: str) -> Names | None:
    """The names of the region that a city's id says, without what ISO adds in brackets."""
    parts = city.split("/")
    found = region_name(parts[1]) if len(parts) == 3 else None
    return in_languages(found[0].split(" [")[0], found[1].split(" [")[0], parts[0]) if found else None


def _locate_cities(entities: dict[Level, dict[str, Entity]], placed: Mapping[str, tuple[tuple[str, float], ...]]) -> None:
    """A city is shown in the middle (median) of its institutions."""
    points: dict[str, list[tuple[float, float]]] = {}
    for institution, targets in placed.items():
        one = entities["institution"].get(institution)
        if one is not None and one.lat is not None and one.lon is not None:
            points.setdefault(targets[0][0], []).append((one.lat, one.lon))
    for city, found in points.items():
        if city in entities["city"]:
            lat, lon = median(p[0] for p in found), median(p[1] for p in found)
            entities["city"][city] = replace(entities["city"][city], lat=lat, lon=lon)


def _place(*names: Names | None) -> tuple[Names, ...]:
    """The names of what something lies in, without what is called the same as what it lies in (Singapore)."""
    kept: list[Names] = []
    for one in names:
        if one and one[0] and one[0] not in [k[0] for k in kept]:
            kept.append(one)
    return tuple(kept)


def _slug(identifier: str, taken: dict[str, str]) -> str:
    """What the page of an entity is called."""
    base = re.sub(r"[^A-Za-z0-9]+", "-", identifier.removeprefix(ROR).removeprefix("affil:")).strip("-").lower() or "x"
    slug, number = base, 1
    while taken.setdefault(slug, identifier) != identifier:
        number += 1
        slug = f"{base}-{number}"
    return slug


def continent_of(code: str) -> str:
    """The continent of a country: AF, AN, AS, EU, NA, OC, SA, or "" where that is not known (a group of one's own)."""
    return continents().get(code, "")


def area_slug(area: str) -> str:
    """What the page of an area is called."""
    return area.replace(" ", "-").lower()


__all__ = ["Data", "Entity", "area_slug", "continent_of", "gather", "sql"]
