"""The Reconciliation Service API 0.2 (W3C Entity Reconciliation Community Group), as OpenRefine speaks it.

https://www.w3.org/community/reports/reconciliation/CG-FINAL-specs-0.2-20230410/
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from importlib.metadata import version
from typing import Any

import jinja2
import pycountry
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from affil.errors import UnknownIdError
from affil.names.ids import ROR, is_ror
from affil.service import shapes, texts
from affil.service.batching import Gatherer
from affil.service.operations import BadRequestError, Json, Operation, check
from affil.service.ror import Records, location
from affil.service.telemetry import note
from affil.settings import ServeSettings
from affil.types import KINDS, REASONS, Decision, Institution, Match, Name

ENTITY = {"id": "organization", "name": "Organization"}
TYPES = {ENTITY["id"]: ENTITY, **{kind: {"id": kind, "name": texts.kind(kind, "en").capitalize()} for kind in KINDS}}
_WIDTH, _HEIGHT = 430, 330  # of a preview, in pixels

# The reasons of a match as features: what each stands for.
FEATURES = REASONS | {
    "name_exact": "“…” is …",
    "name_coverage": "…% of “…”",
    "city_named": "the city … is named",
    "country_named": "the country … is named",
    "bearers": "… institutions bear this name",
}

Values = list[dict[str, Any]]


class Reconciliation:
    """One method an operation."""

    def __init__(self, gatherer: Gatherer, records: Records, templates: jinja2.Environment, settings: ServeSettings) -> None:
        self.gatherer, self.records, self.templates, self.settings = gatherer, records, templates, settings
        self.registry = records.registry

    def operations(self) -> list[Operation]:
        """What can be asked."""
        any_ = dict[str, Any]
        lost = {404: "there is no such thing"}
        return [
            Operation("GET", "/reconcile", "The manifest; or as POST", self.reconcile, shapes.ReconcileQuery, any_),
            Operation(
                "POST", "/reconcile", "Reconcile, or extend data", self.reconcile, shapes.ReconcileQuery, any_, form=True
            ),
            Operation("GET", "/reconcile/suggest/entity", "Complete a name", self.suggest, shapes.SuggestQuery, any_),
            Operation("GET", "/reconcile/suggest/type", "Complete a type", self.suggest_type, shapes.SuggestQuery, any_),
            Operation(
                "GET", "/reconcile/suggest/property", "Complete a property", self.suggest_property, shapes.SuggestQuery, any_
            ),
            Operation("GET", "/reconcile/properties", "Propose properties", self.propose, shapes.ProposeQuery, any_),
            Operation(
                "GET", "/reconcile/flyout/entity", "A word on an institution", self.flyout, shapes.IdQuery, any_, also=lost
            ),
            Operation("GET", "/reconcile/flyout/type", "A word on a type", self.flyout_type, shapes.IdQuery, any_, also=lost),
            Operation(
                "GET",
                "/reconcile/flyout/property",
                "A word on a property",
                self.flyout_property,
                shapes.IdQuery,
                any_,
                also=lost,
            ),
            Operation(
                "GET", "/reconcile/preview", "A page on an institution", self.preview, shapes.IdQuery, "text/html", also=lost
            ),
            Operation(
                "GET", "/reconcile/view", "Its page, at ROR where it has one", self.view, shapes.IdQuery, "text/html", also=lost
            ),
        ]

    async def reconcile(self, request: Request, asked: shapes.ReconcileQuery) -> Response:
        """The manifest, the answers to queries, or values of properties."""
        if asked.queries is not None:
            batch = check(dict[str, shapes.Query], asked.queries, "queries: ")
            return _answer(await self._reconciled(request, batch), asked.callback)
        if asked.extend is not None:
            wanted = check(shapes.Extend, asked.extend, "extend: ")
            return _answer(await run_in_threadpool(self._extended, wanted), asked.callback)
        if request.method == "POST":
            raise BadRequestError("the form has neither 'queries' nor 'extend'")
        return _answer(self.manifest(str(request.base_url).rstrip("/")), asked.callback)

    def manifest(self, base: str) -> dict[str, Any]:
        """The service manifest, for a service at this address."""

        def suggest(kind: str) -> dict[str, str]:
            paths = {
                "service_path": f"/reconcile/suggest/{kind}",
                "flyout_service_path": f"/reconcile/flyout/{kind}?id=${{id}}",
            }
            return {"service_url": base, "flyout_service_url": base, **paths}

        return {
            "versions": ["0.1", "0.2"],
            "name": f"affil: {len(self.registry):,} institutions",
            "identifierSpace": ROR,
            "schemaSpace": "https://schema.org/Organization",
            "defaultTypes": list(TYPES.values()),
            "documentation": f"{base}/docs",
            "logo": f"{base}/static/icon.svg",
            "serviceVersion": version("affil"),
            "batchSize": self.settings.queries,
            "view": {"url": f"{base}/reconcile/view?id={{{{id}}}}"},
            "feature_view": {"url": f"{base}/docs#feature-{{{{id}}}}"},
            "preview": {"url": f"{base}/reconcile/preview?id={{{{id}}}}", "width": _WIDTH, "height": _HEIGHT},
            "suggest": {kind: suggest(kind) for kind in ("entity", "property", "type")},
            "extend": {
                "propose_properties": {"service_url": base, "service_path": "/reconcile/properties"},
                "property_settings": [
                    {
                        "name": "limit",
                        "label": "Limit",
                        "type": "number",
                        "default": 0,
                        "help_text": "Values of one institution at most; 0: all",
                    }
                ],
            },
        }

    # queries

    async def _reconciled(self, request: Request, batch: dict[str, shapes.Query]) -> dict[str, Any]:
        if len(batch) > self.settings.queries:
            raise BadRequestError(f"{len(batch):,} queries in one batch; at most {self.settings.queries:,}", status=413)
        queries = {key: _Query(query, self.settings) for key, query in batch.items()}
        strings = list(dict.fromkeys(q.string for q in queries.values() if q.string))
        note(request.scope, strings)
        # enough for those of other types to be left out
        most = max((q.limit for q in queries.values()), default=0)
        found = dict(
            zip(strings, await self.gatherer.ranked(strings, self.settings.most_candidates if most else 0), strict=True)
        )
        return {key: {"result": self._candidates(query, found.get(query.string, ()))} for key, query in queries.items()}

    def _candidates(self, query: _Query, matches: Sequence[Match]) -> list[dict[str, Any]]:
        named = self._by_id(query.identifier)
        if named is not None:
            sure = Match(named, 1.0, Decision.MATCH, 0, 0, named.name)
            matches = [sure, *(m for m in matches if m.institution.id != named.id)]
        # a cell holds one institution: of several nobody but a person can choose
        certain = [m for m in matches if m.decision != Decision.NONE] if named is None else [matches[0]]
        wanted = [m for m in matches if query.admits(m.institution)]
        wanted.sort(key=lambda m: (m.decision == Decision.NONE, -m.probability))
        return [
            {
                "id": m.institution.id,
                "name": m.institution.name,
                "description": self.description(m.institution),
                "type": [ENTITY, TYPES[m.institution.kind]],
                "score": round(100 * m.probability, 2),
                "features": features(m),
                "match": len(certain) == 1 and m is certain[0] and m.decision == Decision.MATCH and query.agrees(m.institution),
            }
            for m in wanted[: query.limit]
        ]

    def _by_id(self, identifier: str) -> Institution | None:
        try:
            return self.registry.get(identifier) if identifier else None
        except UnknownIdError:
            return None

    def description(self, one: Institution) -> str:
        """Who it is, among others of its name."""
        place = ", ".join(dict.fromkeys(filter(None, (one.city, location(one)["country_name"]))))
        closed = "" if one.status == "active" else one.status
        other = one.name_zh if one.name_zh != one.name else ""
        return " · ".join(filter(None, (place, texts.kind(one.kind, "en"), other, closed)))

    # suggestions

    async def suggest(self, _: Request, asked: shapes.SuggestQuery) -> Response:
        """Institutions whose name begins so."""
        size = asked.limit or self.settings.candidates
        named = self._by_id(asked.prefix.strip())
        ones = [named] if named else await run_in_threadpool(self._named, asked.prefix, asked.cursor + size)
        if asked.type in KINDS:
            ones = [one for one in ones if one.kind == asked.type]
        found = [
            {"id": one.id, "name": one.name, "description": self.description(one), "notable": [ENTITY, TYPES[one.kind]]}
            for one in ones[asked.cursor : asked.cursor + size]
        ]
        return _answer({"result": found}, asked.callback)

    def _named(self, prefix: str, count: int) -> list[Institution]:
        limit = min(count, self.settings.found)
        return [one for one, _ in self.registry.search(prefix[: self.settings.characters], limit)]

    async def suggest_type(self, _: Request, asked: shapes.SuggestQuery) -> Response:
        """Types whose name has these letters."""
        return _suggested(TYPES.values(), asked, self.settings)

    async def suggest_property(self, _: Request, asked: shapes.SuggestQuery) -> Response:
        """Properties whose name has these letters."""
        return _suggested(self._described(), asked, self.settings)

    async def propose(self, _: Request, asked: shapes.ProposeQuery) -> Response:
        """Properties worth fetching."""
        found = [{k: p[k] for k in ("id", "name")} for p in self._described()][: asked.limit]
        more = {} if asked.limit is None else {"limit": asked.limit}
        return _answer({"type": asked.type, "properties": found, **more}, asked.callback)

    # extension

    @cached_property
    def properties(self) -> dict[str, tuple[str, str, Callable[[Institution], Values]]]:
        """What can be fetched: by id the name, the meaning, and the values of an institution."""

        def text(value: Callable[[Institution], str]) -> Callable[[Institution], Values]:
            return lambda one: [{"str": v}] if (v := value(one)) else []

        def number(value: Callable[[Institution], float | None]) -> Callable[[Institution], Values]:
            return lambda one: [] if (v := value(one)) is None else [{"float": v}]

        def entities(value: Callable[[Institution], Iterable[str]]) -> Callable[[Institution], Values]:
            return lambda one: [{"id": i, "name": self.records.label(i) or i} for i in value(one)]

        def names(wanted: Callable[[Any], bool]) -> Callable[[Institution], Values]:
            return lambda one: [{"str": n.value} for n in one.names if wanted(n)]

        def others(kind: str) -> Callable[[Institution], Values]:
            prefix = f"{kind}:"
            return lambda one: [{"str": i.removeprefix(prefix)} for i in one.other_ids if i.startswith(prefix)]

        out: dict[str, tuple[str, str, Callable[[Institution], Values]]] = {
            "ror": ("ROR id", "where it has one", text(lambda one: one.id if is_ror(one.id) else "")),
            "id": ("Id", "in this registry", text(lambda one: one.id)),
            "name": ("Name", "the one to show", text(lambda one: one.name)),
            "country": ("Country code", "ISO 3166-1", text(lambda one: one.country)),
            "country_name": ("Country", "in English", text(lambda one: location(one)["country_name"])),
            "region": ("Region code", "ISO 3166-2", text(lambda one: one.region)),
            "city": ("City", "as GeoNames has it", text(lambda one: one.city)),
            "lat": ("Latitude", "in degrees", number(lambda one: one.lat)),
            "lon": ("Longitude", "in degrees", number(lambda one: one.lon)),
            "coordinates": ("Coordinates", "latitude and longitude", text(_coordinates)),
            "kind": ("Kind", "education, company, facility and so on", text(lambda one: one.kind)),
            "parent": ("Parent", "what it is part of", entities(lambda one: one.parents)),
            "successor": ("Successor", "what it became", entities(lambda one: one.successors)),
            "status": ("Status", "active, inactive or withdrawn", text(lambda one: one.status)),
            "domain": ("Internet domain", "of its site", text(lambda one: one.domain)),
            "grid": ("GRID id", "where the registry has one", others("grid")),
            "isni": ("ISNI", "where the registry has one", others("isni")),
            "wikidata": ("Wikidata item", "where the registry has one", others("wikidata")),
            "fundref": ("Crossref Funder id", "where the registry has one", others("fundref")),
            "acronym": ("Acronym", "short forms in capitals", names(lambda n: n.kind == "acronym")),
            "alias": ("Other name", "in any language", names(lambda n: n.kind == "alias")),
            "former": ("Former name", "in any language", names(lambda n: n.kind == "former")),
        }
        spoken = Counter(x for x in self.registry.arrays.name_language.to_pylist() if x)
        for language, _ in spoken.most_common():
            out[f"name_{language}"] = (
                f"Name in {_language(language)}",
                f"language {language}",
                names(partial(_is_in, language)),
            )
        out["name_zh"] = ("Name in Chinese", "in whichever script it has", text(lambda one: one.name_zh))
        return out

    def _described(self) -> list[dict[str, str]]:
        return [{"id": i, "name": name, "description": meaning} for i, (name, meaning, _) in self.properties.items()]

    def _extended(self, wanted: shapes.Extend) -> dict[str, Any]:
        if len(wanted.ids) > self.settings.entities:
            raise BadRequestError(f"{len(wanted.ids):,} ids in one request; at most {self.settings.entities:,}", status=413)
        if len(wanted.properties) > len(self.properties):
            raise BadRequestError(
                f"there are {len(self.properties)} properties; {len(wanted.properties):,} are asked for", status=413
            )
        meta = []
        for p in wanted.properties:
            linked = {"type": ENTITY} if p.id in ("parent", "successor") else {}
            meta.append({"id": p.id, "name": self.properties[p.id][0] if p.id in self.properties else p.id, **linked})
        rows: dict[str, dict[str, Values]] = {}
        for identifier in wanted.ids:
            one = self._by_id(identifier)
            rows[identifier] = {p.id: self._values(one, p) for p in wanted.properties}
        return {"meta": meta, "rows": rows}

    def _values(self, one: Institution | None, wanted: shapes.Wanted) -> Values:
        if one is None or wanted.id not in self.properties:
            return []
        values = self.properties[wanted.id][2](one)
        limit = str(wanted.settings.get("limit") or "")
        return values[: int(limit)] if re.fullmatch("[1-9][0-9]{0,5}", limit) else values

    # pages

    async def flyout(self, _: Request, asked: shapes.IdQuery) -> Response:
        """A word on an institution."""
        html = self.templates.get_template("flyout.html").render(self._about(self._must_have(asked.id)))
        return _answer({"id": asked.id, "html": html}, asked.callback)

    async def flyout_type(self, _: Request, asked: shapes.IdQuery) -> Response:
        """A word on a type."""
        if asked.id not in TYPES:
            raise BadRequestError(f"there is no type '{asked.id[:100]}'", status=404)
        return self._word(asked, TYPES[asked.id]["name"], "")

    async def flyout_property(self, _: Request, asked: shapes.IdQuery) -> Response:
        """A word on a property."""
        if asked.id not in self.properties:
            raise BadRequestError(f"there is no property '{asked.id[:100]}'", status=404)
        name, meaning, _values = self.properties[asked.id]
        return self._word(asked, name, meaning)

    def _word(self, asked: shapes.IdQuery, name: str, meaning: str) -> Response:
        html = self.templates.from_string("<p><b>{{ name }}</b> {{ meaning }}</p>").render(name=name, meaning=meaning)
        return _answer({"id": asked.id, "html": html}, asked.callback)

    async def preview(self, request: Request, asked: shapes.IdQuery) -> Response:
        """A small page on an institution."""
        about = self._about(self._must_have(asked.id))
        return HTMLResponse(self.templates.get_template("preview.html").render(about, root=request.scope.get("root_path", "")))

    async def view(self, request: Request, asked: shapes.IdQuery) -> Response:
        """The page of an institution: ROR's, or ours."""
        one = self._must_have(asked.id)
        return RedirectResponse(one.id, 302) if is_ror(one.id) else await self.preview(request, asked)

    def _must_have(self, identifier: str) -> Institution:
        one = self._by_id(identifier)
        if one is None:
            raise BadRequestError(f"there is no institution '{identifier[:100]}'", status=404)
        return one

    def _about(self, one: Institution) -> dict[str, Any]:
        shown = {one.name, one.name_zh}
        others = list(dict.fromkeys(n.value for n in one.names if n.value not in shown))
        parents = [self.records.label(p) or p for p in one.parents]
        return {"one": one, "description": self.description(one), "others": others, "parents": parents}


class _Query:
    """One query: the string to match, with the places that its properties name behind it, and what a candidate must be."""

    def __init__(self, asked: shapes.Query, settings: ServeSettings) -> None:
        known: dict[str, list[str]] = {}
        for p in asked.properties:
            values = p.v if isinstance(p.v, list) else [p.v]
            known.setdefault(p.pid, []).extend(v.id if isinstance(v, shapes.Entity) else str(v) for v in values)
        name = asked.query.strip() or next(iter(known.get("name", ())), "").strip()
        self.countries = {v.strip().upper() for v in known.get("country", ()) if len(v.strip()) == 2}
        codes = [location(Institution("", "", country=c))["country_name"] for c in sorted(self.countries)]
        named = [v for v in known.get("country", ()) if len(v.strip()) != 2] + known.get("country_name", [])
        places = [*known.get("city", ()), *codes, *named]
        said = name.casefold()
        hints = [p.strip() for p in places if p.strip() and p.strip().casefold() not in said]
        self.string = ", ".join([name, *hints])[: settings.characters] if name else ""
        self.identifier = next(iter(known.get("ror", ()) or known.get("id", ())), "") or name
        self.limit = min(asked.limit or settings.candidates, settings.most_candidates)
        types = [asked.type] if isinstance(asked.type, str) else asked.type or []
        kinds = [t for t in types if t in KINDS]
        self.kinds = set() if ENTITY["id"] in types or asked.type_strict == "should" else set(kinds)
        self.impossible = asked.type_strict == "all" and len(self.kinds) > 1  # an institution is of one kind

    def admits(self, one: Institution) -> bool:
        """Whether an institution is of the type asked for."""
        return not self.impossible and (not self.kinds or one.kind in self.kinds)

    def agrees(self, one: Institution) -> bool:
        """Whether an institution is where the properties say."""
        return not self.countries or one.country in self.countries


def features(match: Match) -> list[dict[str, Any]]:
    """The probability and the reasons of a match, as matching features; shares in whole percents."""
    found: dict[str, float | bool] = {"probability": match.probability}
    for reason in match.reasons:
        found[reason.name] = True if reason.value is None else float(reason.value)
    if "name_exact" in found:
        found["name_coverage"] = 1.0
    elif "name_coverage" in found:
        found["name_coverage"] = round(100 * found["name_coverage"]) / 100
    return [{"id": feature, "value": value} for feature, value in found.items()]


def _suggested(known: Iterable[dict[str, str]], asked: shapes.SuggestQuery, settings: ServeSettings) -> Response:
    wanted = asked.prefix.strip().casefold()
    found = [one for one in known if wanted in one["name"].casefold() or one["id"].casefold().startswith(wanted)]
    found.sort(key=lambda one: not one["name"].casefold().startswith(wanted))
    return _answer({"result": found[asked.cursor :][: asked.limit or settings.candidates]}, asked.callback)


def _answer(content: Any, callback: str | None) -> Response:
    """JSON, or a script that hands it to a function (JSONP)."""
    if callback is None:
        return Json(content)
    safe = to_json(content).decode().replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return Response(f"/**/{callback}({safe});", media_type="text/javascript")


def _is_in(language: str, name: Name) -> bool:
    return name.language == language and name.kind in ("official", "label")


def _coordinates(one: Institution) -> str:
    return "" if one.lat is None or one.lon is None else f"{one.lat},{one.lon}"


def _language(code: str) -> str:
    if code == "zh-hant":
        return "traditional Chinese"
    known = pycountry.languages.get(alpha_2=code)
    return getattr(known, "name", code)
