"""The site: pages from templates, in three languages, with the data that they count from, in one folder that needs no server."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from affil.data import resource
from affil.names import visible
from affil.rank import AREAS, KINDS, Level, Ranking
from affil.rank.measure import areas_of
from affil.report import charts, texts
from affil.report.data import Data, Entity, Years, area_slug, continent_of
from affil.report.formats import Names, as_json, growth, number, percent, span, two
from affil.report.names import LANGUAGES
from affil.report.pack import pack, script
from affil.workspace import Workspace

BOARDS: tuple[tuple[Level, str], ...] = (
    ("institution", "index.html"),
    ("city", "cities.html"),
    ("region", "regions.html"),
    ("country", "countries.html"),
)
NAV = (
    ("index.html", "rankings"),
    ("trends.html", "trends"),
    ("areas.html", "areas"),
    ("map.html", "map"),
    ("movers.html", "movers"),
    ("method.html", "method"),
    ("downloads.html", "downloads"),
)
LABELS = {"en": "English", "zh-hans": "简体", "zh-hant": "繁體"}
_STATIC = ("style.css", "page.js", "engine.js", "board.js", "explore.js", "icon.svg", "LICENSES.txt")
_MEASURES = ("publications", "authors", "adjusted", "index")


def environment() -> Environment:
    """The templates."""
    made = Environment(
        loader=PackageLoader("affil.report"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        auto_reload=False,
    )
    made.filters.update(
        n=number,
        f2=two,
        pct=percent,
        pct1=partial(percent, digits=1),
        pct0=partial(percent, digits=0),
        years=span,
        visible=visible,
        slug=area_slug,
        json=as_json,
    )
    return made


@dataclass
class Site:
    """The pages of one report. `write` makes them all."""

    ws: Workspace
    data: Data
    version: str

    def write(self, folder: Path, tell: Callable[[str], None] = lambda _: None) -> int:
        """Write the site into an empty folder; returns how many files there are."""
        tell("packing the data")
        self._static(folder)
        tell("writing the tables")
        files = self._downloads(folder / "downloads")
        for language in LANGUAGES:
            tell(f"writing the pages: {LABELS[language]}")
            Pages(self, language, files).write(folder)
        return sum(1 for f in folder.rglob("*") if f.is_file())

    @cached_property
    def templates(self) -> Environment:
        """The templates, compiled once."""
        return environment()

    @cached_property
    def css(self) -> str:
        """The style sheet, for pages that carry it."""
        return resources.files("affil.report").joinpath("static/style.css").read_text("utf-8")

    @cached_property
    def world_share(self) -> Mapping[str, float]:
        """The share of each area in all that is counted in the areas."""
        credit = {
            a: self.data.rankings["institution", a].coverage.credit for a in AREAS if ("institution", a) in self.data.rankings
        }
        total = sum(credit.values())
        return {a: credit.get(a, 0.0) / total if total else 0.0 for a in AREAS}

    def _static(self, folder: Path) -> None:
        for sub in ("static", "data"):
            (folder / sub).mkdir(parents=True)
        for name in _STATIC:
            (folder / "static" / name).write_bytes(resources.files("affil.report").joinpath(f"static/{name}").read_bytes())
        (folder / "static" / "vega.js").write_text(charts.bundle(), "utf-8")
        for name, content in pack(self.data).items():
            (folder / "data" / f"{name}.js").write_text(content, "utf-8")
        (folder / "data" / "world.js").write_text(script("world", charts.land()), "utf-8")

    def _downloads(self, folder: Path) -> list[dict[str, Any]]:
        """Every table of the site as CSV, JSON and Parquet, each with its manifest."""
        folder.mkdir()
        out = []
        for name, label, result in self._tables():
            parts = []
            for suffix in ("csv", "json", "parquet"):
                path = folder / f"{name}.{suffix}"
                self.ws.save(result, path)
                parts.append((suffix, _size(path)))
            out.append({"name": name, "label": label, "rows": len(result.frame), "parts": parts})
        return out

    def _tables(self) -> Iterator[tuple[str, tuple[str, ...], Any]]:
        data = self.data
        for level, _ in BOARDS:
            yield (
                f"{level}-{data.window[0]}-{data.window[1]}",
                ("ranking", level, span(data.window)),
                data.rankings[level, "adjusted"],
            )
            yield f"{level}-all-years", ("ranking", level, "all"), data.rankings[level, "all"]
            yield f"{level}-papers-by-year", ("trend", level), data.trends[level, "publications"]
        for level in ("institution", "country"):
            for area in AREAS:
                if (level, area) in data.rankings:
                    yield f"{level}-{area_slug(area)}", ("area", level, area), data.rankings[level, area]


class Pages:
    """All pages in one language."""

    def __init__(self, site: Site, language: str, files: Sequence[Mapping[str, Any]]) -> None:
        self.site, self.data, self.language, self.files = site, site.data, language, files
        self.at = LANGUAGES.index(language)
        self.t = partial(self._text, language)
        self.names = Names(language)
        self.folder = "" if self.at == 0 else f"{language}/"

    @staticmethod
    def _text(language: str, key: str, *values: object) -> str:
        return texts.text(key, language, *values)

    def write(self, folder: Path) -> None:
        """Write them below the folder of the site."""
        for path, template, values in self.pages():
            file = folder / self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(self.render(path, template, values), "utf-8")

    def pages(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Path, template and values of each page."""
        for level, file in BOARDS:
            yield file, "board.html", self.board(level)
        yield "trends.html", "trends.html", self.trends()
        yield "map.html", "map.html", self.map()
        yield "areas.html", "areas.html", self.areas()
        yield "movers.html", "movers.html", self.movers()
        yield "method.html", "method.html", self.method()
        yield "downloads.html", "downloads.html", self.downloads()
        for area in AREAS:
            yield f"area/{area_slug(area)}.html", "area.html", self.area(area)
        for level in ("country", "institution"):
            for identifier in self.data.pages[level]:
                yield (
                    f"{level}/{self.data.entities[level][identifier].slug}.html",
                    "entity.html",
                    self.entity(level, identifier),
                )

    def render(self, path: str, template: str, values: dict[str, Any]) -> str:
        """One page."""
        data, deep = self.data, path.count("/")
        base = "../" * deep
        root = base + ("../" if self.folder else "")
        files = [
            (HTML, LABELS[code], f"{root}{'' if code == 'en' else code + '/'}{path}") for code, HTML in texts.HTML_LANG.items()
        ]
        common = {
            "t": self.t,
            "names": self.names,
            "at": self.at,
            "language": self.language,
            "html_lang": texts.HTML_LANG[self.language],
            "root": root or "./",
            "base": base or "./",
            "nav": NAV,
            "languages": files,
            "site_title": data.title or self.t("title"),
            "version": self.site.version,
            "made": f"{data.made:%Y-%m-%d}",
            "papers": number(sum(p for *_, p in data.held)),
            "years": data.years,
            "window": data.window,
            "warnings": data.warnings,
            "description": "",
            "inline": False,
            "css": "",
            "scripts": (),
            "texts": None,
            "section": "rankings",
        }
        return self.site.templates.get_template(template).render({**common, **values})

    # the pages

    def board(self, level: Level) -> dict[str, Any]:
        """A leaderboard, as it is before the reader ticks anything."""
        data, ranking = self.data, self.data.ranking(level)
        before = data.rankings.get((level, "before"))
        ranks = dict(zip(before.frame["id"], before.frame["rank"].tolist(), strict=True)) if before else {}
        rows = self.ranked(level, ranking, data.report.rows, "adjusted")
        for row in rows:
            row["before"] = ranks.get(row["id"])
        cover = ranking.coverage
        length = data.window[1] - data.window[0] + 1
        lead = self.t(
            "lead",
            number(cover.papers),
            number(len({v for v, y, _ in data.held if data.window[0] <= y <= data.window[1]})),
            data.window[0],
            data.window[1],
            percent(cover.matched, 0),
            percent(cover.counted, 0),
        )
        return {
            "heading": self.t("board_title", self.names.levels(level)),
            "description": lead,
            "lead": lead,
            "level": level,
            "boards": BOARDS,
            "rows": rows,
            "total": len(ranking.frame),
            "areas": AREAS,
            "kinds": KINDS,
            "venues": sorted({v for v, _, _ in data.held}),
            **self.places(level),
            "has_outside": any(not areas_of(v, y, data.venues) for v, y, _ in data.held),
            "has_before": before is not None,
            "change_why": self.t("change_why", data.window[0] - length, data.window[0] - 1)
            if before
            else self.t("change_none"),
            "confidence": percent(data.settings.confidence, 0),
            "roll_up": data.settings.roll_up,
            "offset": f"{data.settings.offset:g}",
            "inline": True,
            "css": Markup(self.site.css),
            "scripts": ("engine", "board"),
            "texts": self.page_texts(),
        }

    def places(self, level: Level) -> dict[str, list[tuple[str, str]]]:
        """Continents and countries that a leaderboard can be narrowed to, by name."""
        codes = sorted({e.country for e in self.data.entities[level].values()} & {*self.data.entities["country"]})
        parts = {c for code in codes if (c := continent_of(code))}
        named = [(code, self.data.entities["country"][code].names[self.at]) for code in codes] if level != "country" else []
        continents = [(c, self.names.continents(c)) for c in parts]
        return {"continents": sorted(continents, key=lambda x: x[1]), "countries": sorted(named, key=lambda x: x[1])}

    def page_texts(self) -> dict[str, Any]:
        """What the scripts of a page say."""
        return {
            **texts.page_texts(self.language),
            "confidence": percent(self.data.settings.confidence, 0),
            "rows": self.data.report.rows,
        }

    def ranked(self, level: Level, ranking: Ranking, limit: int, by: str) -> list[dict[str, Any]]:
        """The first rows of a ranking, with what a table shows of them."""
        frame = ranking.frame.head(limit)
        most = float(frame[by].max()) if len(frame) else 1.0
        return [self.shown(level, row, float(row[by]) / most if most else 0.0) for row in frame.to_dict("records")]

    def shown(self, level: Level, row: Mapping[Any, Any], part: float) -> dict[str, Any]:
        """A row of a ranking, with what a table shows of its entity; `part` is its share of the table's largest value."""
        entity = self.data.entities[level][row["id"]]
        return {
            **{str(k): v for k, v in row.items()},
            "entity": entity,
            "latin": entity.names[0] if entity.names[0] != entity.names[self.at] else "",
            "place": self.place(entity),
            "part": part,
            "told": not row.get("ahead", 1.0) < self.data.settings.confidence,
        }

    def place(self, entity: Entity) -> str:
        """Where it is: nearest first in English, last in Chinese."""
        return ("，" if self.at else ", ").join(p[self.at] for p in (reversed(entity.place) if self.at else entity.place))

    def trends(self) -> dict[str, Any]:
        """Countries by year."""
        data, trend = self.data, self.data.trends["country", "publications"]
        rows = self.trend_rows(trend.frame, trend.years)[:3]
        first = [r["id"] for r in rows]
        chart = self.trend_chart(rows, trend.years)
        by_year = [(y, sorted(v for v, year, _ in data.held if year == y)) for y in range(data.years[1], data.years[0] - 1, -1)]
        return {
            "heading": self.t("trends_title"),
            "section": "trends",
            "chart": chart,
            "trend": {"years": trend.years, "rows": rows},
            "by_year": [(y, v) for y, v in by_year if v],
            "areas": AREAS,
            "scripts": ("engine", "explore"),
            "first": [r["name"] for r in rows],
            "texts": {**self.page_texts(), "page": "trends", "first": first, "spec": charts.trend_spec([], self.t("year"), "")},
        }

    def trend_rows(self, frame: Any, years: Sequence[int]) -> list[dict[str, Any]]:
        """Those of most papers in all years, with their values."""
        order = frame.assign(total=frame[list(years)].sum(axis=1)).sort_values(["total", "name"], ascending=[False, True])
        return [
            {
                "id": r["id"],
                "name": self.data.entities["country"][r["id"]].names[self.at],
                "values_": [r[y] for y in years],
                "growth": growth(r["growth"]),
            }
            for r in order.to_dict("records")
        ]

    def trend_chart(self, rows: Sequence[Mapping[str, Any]], years: Sequence[int], ink: str = "currentColor") -> str:
        """The trend of some rows as a picture."""
        names = [r["name"] for r in rows]
        spec = charts.trend_spec(names, self.t("year"), self.names.measures("publications"), ink=ink)
        spec["data"]["values"] = [
            {"year": y, "who": r["name"], "value": v} for r in rows for y, v in zip(years, r["values_"], strict=True)
        ]
        return charts.draw(spec, self.t("trend_chart", self.names.measures("publications"), ", ".join(names)))

    def map(self) -> dict[str, Any]:
        """Cities by papers."""
        ranking = self.data.ranking("city", "publications")
        points = [
            {"name": e.names[self.at], "lon": e.lon, "lat": e.lat, "value": row["publications"]}
            for row in ranking.frame.to_dict("records")
            if (e := self.data.entities["city"][row["id"]]).lat is not None
        ]
        spec = charts.map_spec(self.names.measures("publications"), charts.land())
        spec["layer"][1]["data"]["values"] = points
        return {
            "heading": self.t("map_title"),
            "section": "map",
            "chart": charts.draw(spec, self.t("map_chart")),
            "rows": self.ranked("city", ranking, self.data.report.mapped, "publications"),
            "areas": AREAS,
            "scripts": ("engine", "explore"),
            "texts": {
                **self.page_texts(),
                "page": "map",
                "first": [],
                "spec": charts.map_spec("", {"values": []}),
                "label": self.t("map_chart"),
            },
        }

    def areas(self) -> dict[str, Any]:
        """The profiles of the first countries and institutions over the areas."""
        data = self.data
        present = [a for a in AREAS if ("institution", a) in data.rankings]
        many: tuple[tuple[Level, int], ...] = (
            ("country", data.report.leading_countries),
            ("institution", data.report.leading),
        )
        tables = [(level, [self.heat(level, i, present) for i in data.ranking(level).frame["id"].head(n)]) for level, n in many]
        first = data.ranking("country").frame["id"].head(3).tolist()
        world = self.t("world_short")
        names = [*(data.entities["country"][i].names[self.at] for i in first), world]
        spec = charts.profile_spec(names, self.t("own_share"), [self.names.areas(a) for a in present])
        own = [self.own_shares("country", i) for i in first] + [dict(self.site.world_share)]
        spec["data"]["values"] = [
            {"who": n, "area": self.names.areas(a), "value": o.get(a, 0.0)}
            for n, o in zip(names, own, strict=True)
            for a in present
        ]
        return {
            "heading": self.t("areas_title"),
            "section": "areas",
            "areas": AREAS,
            "present": present,
            "tables": tables,
            "chart": charts.draw(spec, self.t("profile_of")),
            "scripts": ("engine", "explore"),
            "first": names[:-1],
            "texts": {
                **self.page_texts(),
                "page": "areas",
                "first": first,
                "world": world,
                "spec": charts.profile_spec(["x"], self.t("own_share"), []),
                "label": self.t("profile_of"),
            },
        }

    def own_shares(self, level: Level, identifier: str) -> dict[str, float]:
        """The share of an entity's output that lies in each area."""
        held = {r["area"]: float(r["adjusted"]) for r in self.data.of("areas", level, identifier)}
        total = sum(held.values())
        return {a: v / total for a, v in held.items()} if total else {}

    def heat(self, level: Level, identifier: str, present: Sequence[str]) -> dict[str, Any]:
        """Its share of each area, beside its share of all areas, and how even its shares are."""
        found = {a: self.data.row(level, identifier, a) for a in present}
        shares = {a: float(row["share"]) if row else 0.0 for a, row in found.items()}
        own = sum(float(row["adjusted"]) for row in found.values() if row)
        whole = sum(self.data.rankings[level, a].coverage.credit for a in present)
        mean = own / whole if whole else 0.0
        total = sum(shares.values())
        parts = [s / total for s in shares.values() if s > 0] if total else []
        even = -sum(p * math.log(p) for p in parts) / math.log(len(present)) if len(present) > 1 and parts else None
        cells = [
            {"share": s, "times": f"×{s / mean:.1f}" if mean else "–", "heat": min(1.0, s / mean / 2.5) if mean else 0.0}
            for s in shares.values()
        ]
        return {"entity": self.data.entities[level][identifier], "cells": cells, "even": even}

    def movers(self) -> dict[str, Any]:
        """Whose rank changed most."""
        data = self.data
        groups = []
        levels: tuple[Level, ...] = ("institution", "country", "city")
        for level in levels:
            pairs: list[tuple[str, str, Years | None, Years | None]] = [("adjusted", "before", data.window, data.before)]
            if (level, "last") in data.rankings:
                last, earlier = data.rankings[level, "last"], data.rankings[level, "last before"]
                pairs.append(("last", "last before", last.years, earlier.years))
            for now, then, years, years_before in pairs:
                if (level, then) in data.rankings and years and years_before:
                    moved = moves(
                        data.rankings[level, then],
                        data.rankings[level, now],
                        data.report.compared if level == "institution" else data.report.places_compared,
                    )
                    against = self.t("against", span(years), span(years_before))
                    shown = [{**m, "entity": data.entities[level][m["id"]]} for m in moved if m["id"] in data.entities[level]]
                    up = [m for m in shown if m["now"] < m["before"]][: data.report.listed]
                    down = [m for m in reversed(shown) if m["now"] > m["before"]][: data.report.listed]
                    groups.append((level, against, up, down))
        return {
            "heading": self.t("movers_title"),
            "section": "movers",
            "groups": groups,
            "compared": number(data.report.compared),
        }

    def area(self, area: str) -> dict[str, Any]:
        """The leaders of an area, and its venues."""
        data = self.data
        common = {"heading": self.names.areas(area), "section": "areas", "number": AREAS.index(area)}
        if ("institution", area) not in data.rankings:
            return {**common, "countries": [], "institutions": [], "lead": "", "trend": [], "venues": []}
        ranking = data.rankings["institution", area]
        held = [(v, y, n) for v, y, n in data.held if area in areas_of(v, y, data.venues)]
        years = sorted({y for _, y, _ in held})
        papers = {y: sum(n for _, year, n in held if year == y) for y in years}
        shown = [y for y in years if data.window[0] <= y <= data.window[1]]
        most = max(papers[y] for y in shown)
        return {
            **common,
            "lead": self.t(
                "area_lead", two(ranking.coverage.credit), data.window[0], data.window[1], number(ranking.coverage.papers)
            ),
            "institutions": self.ranked("institution", ranking, data.report.leading, "adjusted"),
            "countries": self.ranked("country", data.rankings["country", area], data.report.leading_countries, "adjusted"),
            "trend": [
                {
                    "year": y,
                    "papers": papers[y],
                    "part": papers[y] / most,
                    "venues": sorted({v for v, year, _ in held if year == y}),
                }
                for y in shown
            ],
            "venues": [v for v in self.venues() if v["venue"] in {x for x, _, _ in held}],
        }

    def venues(self) -> list[dict[str, Any]]:
        """The venues of the data, with their areas and papers."""
        data = self.data
        out = []
        for venue in sorted({v for v, _, _ in data.held}):
            held = [(y, n) for v, y, n in data.held if v == venue]
            known = data.venues.get(venue)
            areas = ", ".join(self.names.areas(a) for a in known.areas) if known else ""
            years = ", ".join(str(y) for y, _ in held)
            out.append(
                {
                    "venue": venue,
                    "name": known.name if known else "",
                    "areas": areas or self.t("outside"),
                    "weight": f"{known.weight if known else 1:g}",
                    "papers": sum(n for _, n in held),
                    "years": years,
                }
            )
        return out

    def entity(self, level: Level, identifier: str) -> dict[str, Any]:
        """The page of an institution or a country."""
        data, one = self.data, self.data.entities[level][identifier]
        in_window = data.row(level, identifier) is not None
        numbers = []
        for measure in _MEASURES:
            now = data.row(level, identifier, measure) or {}
            before, always = data.row(level, identifier, "before") or {}, data.row(level, identifier, "all") or {}
            shown = two if measure in ("adjusted", "index") else number
            doubtful = now and now["low"] < now["high"] if "low" in now else False
            numbers.append(
                {
                    "measure": measure,
                    "value": shown(now.get(measure)),
                    "rank": number(now.get("rank")),
                    "range": f"{now['low']:,}–{now['high']:,}" if doubtful else number(now.get("rank")),
                    "before": shown(before.get(measure)),
                    "all": shown(always.get(measure)),
                }
            )
        row = data.row(level, identifier) or {}
        numbers.append(
            {
                "measure": "share",
                "value": percent(row.get("share")),
                "rank": "",
                "range": "",
                "before": percent((data.row(level, identifier, "before") or {}).get("share")),
                "all": percent((data.row(level, identifier, "all") or {}).get("share")),
            }
        )
        years = [y for y in data.of("years", level, identifier) if y["year"] <= data.window[1]]
        years = [y for y in years if y["year"] >= data.window[0]] or years
        most = max((y["publications"] for y in years), default=1)
        return {
            "heading": one.names[self.at],
            "section": "rankings",
            "level": level,
            "entity": one,
            "board": dict(BOARDS)[level],
            "parent": data.entities["country"].get(one.country) if level == "institution" else None,
            "others": [
                n
                for k, n in enumerate(one.names)
                if n != one.names[self.at] and (k != 2 or (self.at == 0 and n != one.names[1]))
            ],
            "kind": self.names.kinds(one.kind) if one.kind else "",
            "place": self.place(one),
            "numbers": numbers,
            "period": data.window,
            "before": data.before,
            "has_before": data.before is not None,
            "in_window": in_window,
            "trend": [{**y, "part": y["publications"] / most} for y in reversed(years)],
            "profile": self.profile(level, identifier),
            "venues": data.of("venues", level, identifier)[: data.report.listed],
            "members": [
                {**r, "entity": data.entities["institution"][r["institution"]]}
                for r in data.of("members", level, identifier)
                if r["institution"] in data.entities["institution"]
            ]
            if level == "country"
            else [],
            "partners": [
                {**r, "entity": data.entities[level][r["partner"]]}
                for r in data.of("partners", level, identifier)
                if r["partner"] in data.entities[level]
            ],
            "standing": self.standing(level, identifier, row),
            "strings": [
                {**s, "sure": self.t("decided") if s["probability"] != s["probability"] else two(s["probability"])}
                for s in data.of("strings", level, identifier)
            ]
            if level == "institution"
            else [],
        }

    def profile(self, level: Level, identifier: str) -> list[dict[str, Any]]:
        """An entity in each area, beside the world."""
        held = {r["area"]: r for r in self.data.of("areas", level, identifier)}
        own, world = self.own_shares(level, identifier), self.site.world_share
        most = max([*own.values(), *world.values(), 1e-9])
        return [
            {
                "area": a,
                "slug": area_slug(a),
                "rank": number((self.data.row(level, identifier, a) or {}).get("rank")),
                "publications": held[a]["publications"] if a in held else 0,
                "adjusted": held[a]["adjusted"] if a in held else 0.0,
                "own": own.get(a, 0.0),
                "world": world[a],
                "own_part": own.get(a, 0.0) / most,
                "world_part": world[a] / most,
            }
            for a in AREAS
            if world[a]
        ]

    def standing(self, level: Level, identifier: str, row: Mapping[str, Any]) -> list[tuple[str, str]]:
        """How well founded an entity's numbers are."""
        found = self.data.of("standing", level, identifier)
        one = found[0] if found else {"probability": None, "decided": 0.0, "strings": 0, "papers": 0}
        return [
            (self.t("mean_probability"), percent(one["probability"], 1)),
            (self.t("decided_share"), percent(one["decided"], 1)),
            (self.t("unaligned_papers"), number(row.get("unaligned", 0))),
            (self.t("waiting"), self.t("waiting_value", number(one["strings"]), number(one["papers"]))),
        ]

    def method(self) -> dict[str, Any]:
        """How it was counted, on what, and what is not known."""
        data, settings = self.data, self.data.settings
        groups = {**settings.country_groups, **settings.region_groups}
        covers = [
            (span(data.window), data.ranking("institution").coverage),
            (self.t("all_years"), data.rankings["institution", "all"].coverage),
        ]
        shares = (
            ("matched", "m_matched"),
            ("review", "m_review"),
            ("none", "m_none"),
            ("missing", "m_missing"),
            ("pending", "m_pending"),
            ("decided", "m_decided"),
            ("counted", "m_counted"),
        )
        whole = (
            ("papers", self.names.measures("publications")),
            ("mentions", self.t("m_mentions")),
            ("unaligned", self.t("unaligned_papers")),
            ("outside", self.t("m_outside_papers")),
            ("repeated", self.t("m_repeated")),
        )
        coverage = [(label, [number(getattr(c, name)) for _, c in covers]) for name, label in whole]
        coverage += [(self.t(key), [percent(getattr(c, name), 1) for _, c in covers]) for name, key in shares]
        names = {i: e.names[self.at] for i, e in data.entities["institution"].items()}
        decisions = [
            {
                "at": f"{d.at:%Y-%m-%d %H:%M}",
                "by": d.by,
                "affiliation": d.affiliation[:300],
                "names": self.t("m_undone")
                if d.institutions is None
                else ", ".join(names.get(i, i) for i in d.institutions) or self.t("m_nothing"),
                "why": d.why,
            }
            for d in data.decisions[:-201:-1]
        ]
        manifest = data.manifest
        about = [
            ("affil", self.site.version),
            ("registry", manifest.get("registry", {}).get("version", "")),
            ("model", manifest.get("model", {}).get("hash", "")),
        ]
        about += [(f"rank.{k}", json.dumps(v, ensure_ascii=False)) for k, v in settings.model_dump(mode="json").items()]
        about += [
            (f"decide.{k}", json.dumps(v, ensure_ascii=False))
            for k, v in manifest.get("settings", {}).get("decide", {}).items()
        ]
        return {
            "heading": self.t("method_title"),
            "section": "method",
            "groups": ", ".join(f"{a} → {b}" for a, b in groups.items()) or self.t("m_no_groups"),
            "offset": f"{settings.offset:g}",
            "weights": ", ".join(f"{self.names.areas(a)} {w:g}" for a, w in settings.area_weights.items())
            or self.t("m_weights_one"),
            "resamples": number(settings.resamples),
            "confidence": percent(settings.confidence, 0),
            "coverages": covers,
            "coverage": coverage,
            "precision": self.precision(),
            "doubtful": percent(data.rankings["institution", "all"].coverage.review, 1),
            "notes": data.notes,
            "venues": self.venues(),
            "decisions": decisions,
            "decisions_total": len(data.decisions),
            "settings": about,
        }

    def precision(self) -> str:
        """What is known of the matcher's precision: that of the shipped model, if this is it."""
        used = self.data.manifest.get("model", {}).get("hash", "")
        with resource("models/recorded.json").open(encoding="utf-8") as file:
            recorded = json.load(file)
        if used != recorded["model"]:
            return self.t("m_precision_other", used[:12] or "–")
        rows = "gold/test.csv" if "gold/test.csv" in recorded else "gold/dev.csv"
        gold = recorded[rows]
        shares = (percent(gold["match_coverage"], 1), percent(gold["match_precision"], 1), f"{gold['f1']:.3f}")
        return self.t("m_precision_text", *shares, rows)

    def downloads(self) -> dict[str, Any]:
        """The tables to download."""
        return {
            "heading": self.t("downloads_title"),
            "section": "downloads",
            "files": [{**f, "label": self.label(f["label"])} for f in self.files],
        }

    def label(self, about: Sequence[str]) -> str:
        """What a table is called."""
        what, level, *more = about
        name = str(self.names.levels(level))
        if what == "trend":
            return self.t("trend_table", name)
        detail = self.names.areas(more[0]) if what == "area" else self.t("all_years") if more[0] == "all" else more[0]
        return self.t("ranking_table", name, detail)


def moves(before: Ranking, now: Ranking, compared: int) -> list[dict[str, Any]]:
    """Rows of both rankings whose rank is among the first in either, those that rose most first: id, before, now, was, is_."""
    old = before.frame.set_index("id")[["rank", "adjusted"]]
    both = now.frame.set_index("id")[["rank", "adjusted"]].join(old, rsuffix="_before", how="inner")
    both = both[(both["rank"] <= compared) | (both["rank_before"] <= compared)]
    both["moved"] = both["rank_before"] - both["rank"]
    both = both.sort_values(["moved", "adjusted"], ascending=[False, False])
    return [
        {
            "id": i,
            "before": int(r["rank_before"]),
            "now": int(r["rank"]),
            "was": float(r["adjusted_before"]),
            "is_": float(r["adjusted"]),
        }
        for i, r in both.to_dict("index").items()
    ]


def _size(path: Path) -> str:
    size = path.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"


def write_site(ws: Workspace, data: Data, version: str, folder: Path, tell: Callable[[str], None] = lambda _: None) -> int:
    """Write the site into a folder that does not exist yet, or put it in the place of an older one, whole or not at all.

    Returns how many files it has.
    """
    part, old = (folder.with_name(f".{folder.name}.{what}") for what in ("part", "old"))
    shutil.rmtree(part, ignore_errors=True)
    try:
        files = Site(ws, data, version).write(part, tell)
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            folder.rename(old)
        part.rename(folder)
    finally:
        for rest in (part, old):
            shutil.rmtree(rest, ignore_errors=True)
    return files
