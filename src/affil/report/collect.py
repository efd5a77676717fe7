"""Collect the data of a report: rankings, and tables of the underlying counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from affil.errors import AffilError, InputError
from affil.io.beside import Ask, here
from affil.rank import (
    AREAS,
    MEASURES,
    ROLL_UPS,
    Comparison,
    Level,
    Profiles,
    Ranking,
    RanksByYear,
    State,
    Store,
    Trend,
    Venues,
    compare,
    measure,
    profiles,
    ranks_by_year,
    trend,
    years_text,
)
from affil.rank.families import TOGETHER, Family, wholes
from affil.rank.matched import Link, pairs
from affil.rank.measure import CheckedQuery, areas_of, make_places, reordered, with_families
from affil.rank.places import PART_OF, HongKong, hong_kong_groups
from affil.rank.ranking import Measure, records
from affil.rank.rollup import ways_up
from affil.rank.why import make_waiting
from affil.registry import Registry
from affil.report.data import Data, RankingKey, Years
from affil.report.doubts import PageDoubts, read_doubts
from affil.report.entities import LEVELS, Entity, Placed, name_entities
from affil.report.names import script_table
from affil.report.papers import collect_papers
from affil.settings import RankSettings, ReportSettings
from affil.wording import said
from affil.workspace import Workspace
from affil.workspace.results import count_or_last

WITH_PAGES: tuple[Level, ...] = ("institution", "city", "country")  # levels whose entities have pages
_ASIDE: tuple[Level, ...] = ("city", "region", "country")  # levels that take about as long as institutions and all names
Held = tuple[tuple[str, int, int], ...]  # venue, year, papers


@cache
def sql(name: str) -> str:
    """One of the page queries."""
    return resources.files("affil.report").joinpath(f"sql/{name}.sql").read_text("utf-8")


def collect(
    ws: Workspace,
    *,
    years: Years | None = None,
    hong_kong: HongKong | None = None,
    bulletin: bool = False,
    ask: Ask | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Data:
    """Collect all data of a report.

    Args:
        ws: the workspace.
        years: the window of years shown by default; default: the last years of the data, by the setting.
        hong_kong: count Hong Kong and Macao `with` China or `apart`; default: the setting `rank.country_groups`.
        bulletin: collect only what the bulletin needs.
        ask: another process, which takes some of the levels; None: this process takes them all.
        tell: called with a message per step.

    Raises:
        AffilError: nothing was matched yet, these years have no papers, or Hong Kong is to be counted in no such way.
    """
    chosen, state = ws.settings.report, count_or_last(ws)
    groups = dict(hong_kong_groups(state.settings.country_groups, hong_kong))
    settings, store = state.settings.model_copy(update={"country_groups": groups}), ws.counts
    state = replace(state, settings=settings)
    held = _held(state)
    if not held:
        raise AffilError(said("{0}: no papers to report on", ws.path))
    periods = _periods(held, years, chosen.years)
    levels = WITH_PAGES if bulletin else LEVELS
    aside = _ASIDE if ask else ()
    others = (ask or here)(count_levels, store, state, chosen, periods, aside)  # none without another process
    with store.opened(state, level="institution") as (db, venues):
        counter = _Counter(db, venues, settings, chosen, held, periods, bulletin)
        by_level: dict[Level, Counted] = {}
        for level in levels:
            if level not in aside:
                tell(said("ranking: {0}", level))
                by_level[level] = counter.count(level)
        tell(said("reading names"))
        registry, notes = _registry(ws)
        facts, people = db.sql(sql("facts")).to_arrow_table(), db.sql(sql("people")).to_arrow_table()
        cells = [(venue, year) for venue, year, _ in held]
        found = PageDoubts() if bulletin or not settings.ranges else read_doubts(db, venues, settings, cells)
        placed = _placed(db, settings, set(facts.column("institution").to_pylist()))
        if aside:
            tell(said("ranking: {0}", ", ".join(aside)))
            by_level |= others()
        counted = Counted.of(by_level[level] for level in levels)
        papers = collect_papers(db, counted.listed, ws.tables.papers)
        entities = _entities(db, ws, settings, placed, counted, registry)
        whole_of = wholes(entities["institution"], ways_up(db, TOGETHER, settings.not_parents))
    return Data(
        title=chosen.title,
        made=datetime.now(UTC),
        settings=settings,
        report=chosen,
        manifest=state.about.get("workspace") or ws.manifest,  # states of older versions do not have it
        venues=venues,
        held=held,
        years=periods.all,
        window=periods.window,
        before=periods.before and _with_papers(held, periods.before),
        rankings=counted.rankings,
        rows={key: _rows(ranking.frame) for key, ranking in counted.rankings.items()},
        trends=counted.trends,
        ranks=counted.ranks,
        comparisons=counted.comparisons,
        profiles=counted.profiles,
        entities=entities,
        pages=counted.pages,
        tables=counted.tables,
        authors=_authors(people, periods.window),
        facts=facts,
        people=people,
        papers=papers,
        doubts=found,
        placed=placed,
        wholes={one: whole for one, whole in whole_of.items() if one != whole and whole in entities["institution"]},
        script=script_table(n for level in entities.values() for e in level.values() for n in (*e.names, *e.search)),
        state=state,
        decisions=tuple(entry for entry in ws.ledger.entries() if entry.number <= state.decisions),
        notes=notes,
        hong_kong=hong_kong,
    )


@dataclass(frozen=True, slots=True)
class Periods:
    """First and last year of the data, the window, the preceding period of the same length (None without papers), and the last
    two years with papers (or fewer), ascending.
    """

    all: Years
    window: Years
    before: Years | None
    last_two: tuple[int, ...]


def _periods(held: Held, years: Years | None, length: int) -> Periods:
    found = sorted({y for _, y, _ in held})
    window = years or (found[-1] - length + 1, found[-1])
    if not any(window[0] <= y <= window[1] for y in found):
        raise AffilError(
            said("no papers from {0}; there are papers from {1}", years_text(window), years_text((found[0], found[-1])))
        )
    window = _with_papers(held, window)
    earlier = (window[0] - (window[1] - window[0] + 1), window[0] - 1)
    before = earlier if any(earlier[0] <= y <= earlier[1] for y in found) else None
    return Periods((found[0], found[-1]), window, before, tuple([y for y in found if y <= window[1]][-2:]))


def _with_papers(held: Held, years: Years) -> Years:
    """A range of years from the first to the last of them that has papers."""
    found = [y for _, y, _ in held if years[0] <= y <= years[1]]
    return min(found), max(found)


@dataclass(frozen=True, slots=True)
class Counted:
    """Rankings, trends and page tables by level (see `Data`); `listed` has the papers behind the numbers of its pages, where they are
    listed.
    """

    rankings: dict[RankingKey, Ranking] = field(default_factory=dict)
    trends: dict[RankingKey, Trend] = field(default_factory=dict)
    ranks: dict[Level, RanksByYear] = field(default_factory=dict)
    comparisons: dict[RankingKey, Comparison] = field(default_factory=dict)
    tables: dict[tuple[str, Level], dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    profiles: dict[Level, Profiles] = field(default_factory=dict)
    pages: dict[Level, tuple[str, ...]] = field(default_factory=dict)
    listed: dict[Level, pa.Table] = field(default_factory=dict)

    @classmethod
    def of(cls, levels: Iterable[Counted]) -> Counted:
        """Those of several levels together."""
        every = [*levels]
        return cls(**{f.name: {key: v for one in every for key, v in getattr(one, f.name).items()} for f in fields(cls)})


def count_levels(
    store: Store, state: State, chosen: ReportSettings, periods: Periods, levels: Sequence[Level]
) -> dict[Level, Counted]:
    """What a site shows of some levels, from a state of stored counts."""
    with store.opened(state, level="institution") as (db, venues):
        counter = _Counter(db, venues, state.settings, chosen, _held(state), periods, bulletin=False)
        return {level: counter.count(level) for level in levels}


def _held(state: State) -> Held:
    return tuple((p.venue, p.year, p.stats["papers"]) for p in state.partitions if p.stats["papers"])


@dataclass(frozen=True, slots=True)
class _Counter:
    """Counts levels from the tables of a connection."""

    db: duckdb.DuckDBPyConnection
    venues: Venues
    settings: RankSettings
    chosen: ReportSettings
    held: Held
    periods: Periods
    bulletin: bool

    def count(self, level: Level) -> Counted:
        """Count a level. A ranking leaves its slice in the connection; the page tables are computed on that slice."""
        counted = Counted()
        with_pages = level in WITH_PAGES and not self.bulletin
        window = self.periods.window
        counted.rankings[level, "all"] = self._rank(level, ranges=False)
        if with_pages:
            counted.tables["years", level] = _by_entity(self.db.sql(sql("years")).df())
            counted.tables["collaboration", level] = _by_entity(self.db.sql(sql("collaboration")).df())
            self.db.execute(sql("papers"))
        counted.trends[level, "publications"] = trend(
            self.db, self.venues, self.settings, level=level, by="publications", years=window
        )
        self._add_periods(level, counted)
        for area in AREAS if level in ("institution", "country") or with_pages else ():
            if any(area in areas_of(v, y, self.venues) for v, y, _ in self.held if window[0] <= y <= window[1]):
                counted.rankings[level, area] = self._rank(
                    level, ranges=not self.bulletin and level != "city", years=window, area=area
                )
        if not self.bulletin:
            counted.ranks[level] = ranks_by_year(self.db, self.venues, self.settings, level=level, years=window)
        if level == "country":
            counted.rankings[level, "hong_kong"] = self._rank(level, ranges=False, years=window, hong_kong=self._other_way())
        families = self._families(window) if level == "institution" else ()
        first = replace(self._rank(level, ranges=True, years=window), families=families)
        others: tuple[Measure, ...] = ("index",) if self.bulletin else tuple(m for m in MEASURES if m != "adjusted")
        for by in others:
            counted.rankings[level, by] = reordered(self.db, first, by)
        counted.rankings[level, "adjusted"] = first
        ids = first.frame["id"].tolist()
        most = {"institution": self.chosen.institutions, "city": self.chosen.cities}.get(level)
        if level in WITH_PAGES:
            listed = {*ids[:most], *ids[: max(self.chosen.leading, self.chosen.leading_countries)]}
            counted.profiles[level] = profiles(self.db, sorted(listed))
        if with_pages:
            counted.pages[level] = tuple(ids[:most])
            for name, table in _page_tables(self.db, counted.pages[level], self.chosen).items():
                counted.tables[name, level] = table
            if self.chosen.papers:
                counted.listed[level] = self.db.sql("FROM held SEMI JOIN wanted_id USING (id)").to_arrow_table()
        return counted

    def _families(self, window: Years) -> tuple[Family, ...]:
        """Which of the first institutions are of one university or company; the ranking that is told of is made after this one."""
        plain = self._rank("institution", ranges=False, years=window)
        return with_families(self.db, self.venues, plain, level="institution", years=window).families

    def _other_way(self) -> HongKong:
        """The way to count Hong Kong and Macao that is not that of the settings."""
        return "apart" if self.settings.country_groups.get("HK") == PART_OF["HK"] else "with"

    def _add_periods(self, level: Level, counted: Counted) -> None:
        """What the window is compared with: the period before, or else, where no years of the two are alike, the first of the two years
        that growth compares with the second.
        """
        if self.periods.before and not self.bulletin:
            counted.rankings[level, "before"] = self._rank(level, ranges=False, years=self.periods.before)
        against: dict[str, tuple[Years, Years]] = {}
        growth = counted.trends[level, "publications"].compared
        if self.periods.before and self._pairs(self.periods.before, self.periods.window):
            against["before"] = (self.periods.before, self.periods.window)
        elif growth:
            against["before"] = ((growth[0], growth[0]), (growth[1], growth[1]))
        if len(self.periods.last_two) == 2 and level != "region" and not self.bulletin:
            earlier, last = self.periods.last_two
            against["last"] = ((earlier, earlier), (last, last))
        for what, (before, after) in against.items():
            found = compare(self.db, self.venues, self.settings, before, after, level=level)
            if not found.pairs:
                continue
            if what == "before":
                counted.comparisons[level, what] = found
            if level == "institution" and self.settings.roll_up == "none":  # another name of the same house is no rise
                found = compare(self.db, self.venues, self.settings, before, after, level=level, roll_up="labs")
            counted.comparisons[level, "moved" if what == "before" else "moved_last"] = found

    def _pairs(self, before: Years, after: Years) -> tuple[Link, ...]:
        """The years of two periods that can be compared."""
        papers = {(venue, year): number for venue, year, number in self.held}
        return pairs(papers, before, after, self.settings.link_papers, self.settings.link_change)

    def _rank(self, level: Level, *, ranges: bool, **query: Any) -> Ranking:
        settings = self.settings if ranges else self.settings.model_copy(update={"ranges": False})
        return measure(self.db, self.venues, settings, level=level, **query)


def _authors(people: pa.Table, window: Years) -> int:
    """The distinct names of authors of papers of some years."""
    years = people.column("year")
    inside = pc.and_(pc.greater_equal(years, window[0]), pc.less_equal(years, window[1]))
    return int(pc.count_distinct(people.filter(inside).column("author")).as_py())


def _registry(ws: Workspace) -> tuple[Registry | None, tuple[str, ...]]:
    """The registry of the workspace; if it cannot be opened, None and a note."""
    try:
        return ws.registry(), ()
    except InputError as error:
        return None, (f"names are those of the last run only, as the registry cannot be opened: {error}",)


def _rows(frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return {str(row["id"]): row for row in records(frame)}


def _by_entity(frame: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    out: dict[str, list[dict[str, Any]]] = {}
    for row in records(frame):  # once for the whole table: a table an entity costs a hundred times as much
        out.setdefault(str(row["id"]), []).append(row)
    return out


def _page_tables(
    db: duckdb.DuckDBPyConnection, ids: Sequence[str], chosen: ReportSettings
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """The page tables of entities, from the tables of the connection."""
    db.register("wanted_id", pa.table({"id": pa.array(ids, pa.string())}))
    db.execute("SET VARIABLE listed = ?", [chosen.listed])
    make_waiting(db)
    return {
        name: _by_entity(db.sql(sql(name)).df())
        for name in ("areas", "venues", "partners", "strings", "reliability", "members")
    }


def _placed(
    db: duckdb.DuckDBPyConnection, settings: RankSettings, institutions: set[str]
) -> dict[str, dict[str, tuple[tuple[str, float], ...]]]:
    """The entities each institution with papers counts for, by level and, for institutions, by roll-up.

    Hong Kong and Macao count for themselves here: pages put them together with China where that is asked for.
    """
    out: dict[str, dict[str, tuple[tuple[str, float], ...]]] = {}
    for level in LEVELS:
        for how in ROLL_UPS if level == "institution" else ("none",):
            make_places(db, CheckedQuery({"level": level, "roll_up": how, "hong_kong": "apart"}, settings), settings)
            found: dict[str, list[tuple[str, float]]] = {}
            for institution, identifier, part in db.execute(sql("placed")).fetchall():
                if institution in institutions:
                    found.setdefault(institution, []).append((identifier, float(part)))
            out[how if level == "institution" else level] = {i: tuple(targets) for i, targets in found.items()}
            db.execute(f"CREATE OR REPLACE TEMP TABLE entity_{level} AS FROM entity")
    make_places(db, CheckedQuery({"level": "country"}, settings), settings)
    db.execute("INSERT INTO entity_country FROM entity WHERE id NOT IN (SELECT id FROM entity_country)")
    return out


def _entities(
    db: duckdb.DuckDBPyConnection,
    ws: Workspace,
    settings: RankSettings,
    placed: Placed,
    counted: Counted,
    registry: Registry | None,
) -> dict[Level, dict[str, Entity]]:
    """All ranked entities by level, from the tables created by `_placed`."""
    rows: dict[Level, list[dict[str, Any]]] = {}
    for level in LEVELS:
        ways = ROLL_UPS if level == "institution" else (level,)
        wanted = {target for how in ways for targets in placed[how].values() for target, _ in targets}
        if (level, "all") in counted.rankings:
            wanted |= {*counted.rankings[level, "all"].frame["id"]}
        found = db.sql(f"SELECT * FROM entity_{level} ORDER BY name, id").df()
        rows[level] = records(found[found["id"].isin(wanted)])
    places = ws.institutions(["id", "lat", "lon"]).to_pylist()
    points = {p["id"]: (p["lat"], p["lon"]) for p in places if p["lat"] is not None and p["lat"] == p["lat"]}
    return name_entities(rows, placed, counted.pages, frozenset(settings.country_groups.values()), registry, points)
