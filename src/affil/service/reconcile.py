"""The Reconciliation Service API 0.2 (W3C Entity Reconciliation Community Group), used by OpenRefine.

https://www.w3.org/community/reports/reconciliation/CG-FINAL-specs-0.2-20230410/
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property, partial
from importlib.metadata import version
from typing import Annotated, Any

import jinja2
from fastapi import Query as Parameters
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from affil.errors import UnknownIdError
from affil.names.ids import ROR, is_ror
from affil.registry.countries import country_code
from affil.service.batching import Batcher
from affil.service.candidates import ENTITY, TYPES, Sought, candidates, description
from affil.service.models import Extend, IdQuery, ProposeQuery, Query, ReconcileQuery, SuggestQuery
from affil.service.properties import Properties
from affil.service.ror import Records
from affil.service.routing import OTHER_BODY, OTHER_SITE, BadRequestError, Json, Operation, check, must_be, parameters
from affil.service.telemetry import note
from affil.settings import ServeSettings
from affil.types import KINDS, Institution

_WIDTH, _HEIGHT = 430, 330  # preview size in pixels
_FORM = "application/x-www-form-urlencoded"
_SCRIPT = "text/javascript"  # media type of JSONP responses


class Reconciliation:
    """Endpoints of the reconciliation API."""

    def __init__(self, batcher: Batcher, records: Records, templates: jinja2.Environment, settings: ServeSettings) -> None:
        self.batcher, self.records, self.templates, self.settings = batcher, records, templates, settings
        self.registry = records.registry
        country_code("")  # reads the names of countries now rather than during the first request

    @cached_property
    def properties(self) -> Properties:
        """The properties that can be fetched."""
        return Properties(self.records)

    def operations(self) -> list[Operation]:
        """The operations."""
        operation = partial(Operation, fields=self.settings.fields)
        get = partial(operation, "GET", answers=dict[str, Any], text=[_SCRIPT], also=OTHER_SITE)
        look = partial(get, also=OTHER_SITE | {404: "there is no such thing"})
        page = partial(look, answers=None, text=["text/html", _SCRIPT])
        form = {"required": True, "content": {_FORM: {"schema": ReconcileQuery.model_json_schema()}}}
        post = operation(
            "POST",
            "/reconcile",
            self.posted,
            dict[str, Any],
            text=[_SCRIPT],
            openapi_extra={"requestBody": form},
            also=OTHER_BODY,
        )
        return [
            get("/reconcile", self.reconcile),
            post,
            get("/reconcile/suggest/entity", self.suggest),
            get("/reconcile/suggest/type", self.suggest_type),
            get("/reconcile/suggest/property", self.suggest_property),
            get("/reconcile/properties", self.propose),
            look("/reconcile/flyout/entity", self.flyout),
            look("/reconcile/flyout/type", self.flyout_type),
            look("/reconcile/flyout/property", self.flyout_property),
            page("/reconcile/preview", self.preview),
            page("/reconcile/view", self.view),
        ]

    async def reconcile(self, request: Request, asked: Annotated[ReconcileQuery, Parameters()]) -> Response:
        """Return the manifest, or reconcile as POST does."""
        found = await self._answers(request, asked)
        return _answer(manifest(request, len(self.registry), self.settings) if found is None else found, asked.callback)

    async def posted(self, request: Request) -> Response:
        """Reconcile, or extend data."""
        body = await request.body()
        if body:
            must_be(request, _FORM)
        pairs = [parameters(text, self.settings.fields) for text in (request.scope["query_string"], body)]
        asked = check(ReconcileQuery, pairs[0] | pairs[1])
        found = await self._answers(request, asked)
        if found is None:
            raise BadRequestError("the form has neither 'queries' nor 'extend'")
        return _answer(found, asked.callback)

    async def _answers(self, request: Request, asked: ReconcileQuery) -> dict[str, Any] | None:
        """Answer queries or a data extension; None if neither is given."""
        if asked.queries is not None:
            return await self._reconciled(request, check(dict[str, Query], asked.queries, "queries: "))
        if asked.extend is not None:
            return await run_in_threadpool(self._extended, check(Extend, asked.extend, "extend: "))
        return None

    async def _reconciled(self, request: Request, batch: dict[str, Query]) -> dict[str, Any]:
        if len(batch) > self.settings.queries:
            raise BadRequestError(f"{len(batch):,} queries in one batch; at most {self.settings.queries:,}", status=413)
        queries = {key: Sought(query, self.settings) for key, query in batch.items()}
        strings = list(dict.fromkeys(q.string for q in queries.values() if q.string))
        note(request.scope, strings)
        # the maximum, since candidates of other types are dropped
        most = max((q.limit for q in queries.values()), default=0)
        found = dict(
            zip(strings, await self.batcher.ranked(strings, self.settings.most_candidates if most else 0), strict=True)
        )
        return {
            key: {"result": candidates(query, self._named_by(query.identifiers), found.get(query.string, ()))}
            for key, query in queries.items()
        }

    def _named_by(self, identifiers: Iterable[str]) -> list[Institution]:
        ones = (self._by_id(i) for i in identifiers)
        return list({one.id: one for one in ones if one}.values())

    def _by_id(self, identifier: str) -> Institution | None:
        try:
            return self.registry.get(identifier) if identifier else None
        except UnknownIdError:
            return None

    def _extended(self, wanted: Extend) -> dict[str, Any]:
        if len(wanted.ids) > self.settings.entities:
            raise BadRequestError(f"{len(wanted.ids):,} ids in one request; at most {self.settings.entities:,}", status=413)
        known = len(self.properties.of)
        if len(wanted.properties) > known:
            raise BadRequestError(f"there are {known} properties; {len(wanted.properties):,} are asked for", status=413)
        return self.properties.extended(wanted.properties, {i: self._by_id(i) for i in wanted.ids})

    async def suggest(self, asked: Annotated[SuggestQuery, Parameters()]) -> Response:
        """Complete a name."""
        size = asked.limit or self.settings.candidates
        named = self._by_id(asked.prefix.strip())
        ones = [named] if named else await run_in_threadpool(self._named, asked.prefix, asked.cursor + size)
        if asked.type in KINDS:
            ones = [one for one in ones if one.kind == asked.type]
        found = [
            # kinds by their ids: OpenRefine writes what is chosen for all rows with the kinds put together as text
            {"id": one.id, "name": one.name, "description": description(one), "notable": [ENTITY["id"], one.kind]}
            for one in ones[asked.cursor : asked.cursor + size]
        ]
        return _answer({"result": found}, asked.callback)

    def _named(self, prefix: str, count: int) -> list[Institution]:
        limit = min(count, self.settings.found)
        return [one for one, _ in self.registry.search(prefix[: self.settings.characters], limit)]

    async def suggest_type(self, asked: Annotated[SuggestQuery, Parameters()]) -> Response:
        """Complete a type."""
        return _suggested(TYPES.values(), asked, self.settings)

    async def suggest_property(self, asked: Annotated[SuggestQuery, Parameters()]) -> Response:
        """Complete a property."""
        return _suggested(self.properties.described(), asked, self.settings)

    async def propose(self, asked: Annotated[ProposeQuery, Parameters()]) -> Response:
        """Propose properties."""
        found = [{k: p[k] for k in ("id", "name")} for p in self.properties.described()][: asked.limit]
        more = {} if asked.limit is None else {"limit": asked.limit}
        return _answer({"type": asked.type, "properties": found, **more}, asked.callback)

    async def flyout(self, asked: Annotated[IdQuery, Parameters()]) -> Response:
        """Fly-out of an institution."""
        html = self.templates.get_template("flyout.html").render(self._about(self._must_have(asked.id)))
        return _answer({"id": asked.id, "html": html}, asked.callback)

    async def flyout_type(self, asked: Annotated[IdQuery, Parameters()]) -> Response:
        """Fly-out of a type."""
        if asked.id not in TYPES:
            raise BadRequestError(f"unknown type '{asked.id[:100]}'", status=404)
        return self._word(asked, TYPES[asked.id]["name"], "")

    async def flyout_property(self, asked: Annotated[IdQuery, Parameters()]) -> Response:
        """Fly-out of a property."""
        if asked.id not in self.properties.of:
            raise BadRequestError(f"unknown property '{asked.id[:100]}'", status=404)
        known = self.properties.of[asked.id]
        return self._word(asked, known.name, known.meaning)

    def _word(self, asked: IdQuery, name: str, meaning: str) -> Response:
        html = self.templates.from_string("<p><b>{{ name }}</b> {{ meaning }}</p>").render(name=name, meaning=meaning)
        return _answer({"id": asked.id, "html": html}, asked.callback)

    async def preview(self, request: Request, asked: Annotated[IdQuery, Parameters()]) -> Response:
        """Preview page of an institution."""
        about = self._about(self._must_have(asked.id))
        return HTMLResponse(self.templates.get_template("preview.html").render(about, root=request.scope.get("root_path", "")))

    async def view(self, request: Request, asked: Annotated[IdQuery, Parameters()]) -> Response:
        """Redirect to an institution's page, at ROR if it has one."""
        one = self._must_have(asked.id)
        return RedirectResponse(one.id, 302) if is_ror(one.id) else await self.preview(request, asked)

    def _must_have(self, identifier: str) -> Institution:
        one = self._by_id(identifier)
        if one is None:
            raise BadRequestError(f"unknown institution '{identifier[:100]}'", status=404)
        return one

    def _about(self, one: Institution) -> dict[str, Any]:
        shown = {one.name, one.name_zh}
        others = list(dict.fromkeys(n.value for n in one.names if n.value not in shown))
        parents = [self.records.label(p) or p for p in one.parents]
        return {"one": one, "description": description(one), "others": others, "parents": parents}


def manifest(request: Request, institutions: int, settings: ServeSettings) -> dict[str, Any]:
    """The service manifest, with URLs based on this request's."""
    base = str(request.base_url).rstrip("/")

    def suggest(kind: str) -> dict[str, str]:
        paths = {"service_path": f"/reconcile/suggest/{kind}", "flyout_service_path": f"/reconcile/flyout/{kind}?id=${{id}}"}
        return {"service_url": base, "flyout_service_url": base, **paths}

    return {
        "versions": ["0.1", "0.2"],
        "name": f"affil: {institutions:,} institutions",
        "identifierSpace": ROR,
        "schemaSpace": "https://schema.org/Organization",
        "defaultTypes": list(TYPES.values()),
        "documentation": f"{base}/docs",
        "logo": f"{base}/static/icon.svg",
        "serviceVersion": version("affil"),
        "batchSize": settings.queries,
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


def _suggested(known: Iterable[dict[str, str]], asked: SuggestQuery, settings: ServeSettings) -> Response:
    wanted = asked.prefix.strip().casefold()
    found = [one for one in known if wanted in one["name"].casefold() or one["id"].casefold().startswith(wanted)]
    found.sort(key=lambda one: not one["name"].casefold().startswith(wanted))
    return _answer({"result": found[asked.cursor :][: asked.limit or settings.candidates]}, asked.callback)


def _answer(content: Any, callback: str | None) -> Response:
    """A JSON response, or JSONP with a callback."""
    if callback is None:
        return Json(content)
    safe = to_json(content).decode().replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return Response(f"/**/{callback}({safe});", media_type="text/javascript")
