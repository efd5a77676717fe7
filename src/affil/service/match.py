"""The matching API: affil's own endpoints and those of the ROR API."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from affil.errors import UnknownIdError
from affil.match import Matcher, why_none
from affil.match.lacking import Ranked
from affil.names.ids import is_id
from affil.service.batching import Batcher
from affil.service.models import (
    AffiliationAnswer,
    Health,
    ListAnswer,
    MatchAnswer,
    MatchBody,
    MatchQuery,
    Nothing,
    Organization,
    OrganizationsQuery,
)
from affil.service.ror import Records, read_filters
from affil.service.routing import OTHER_BODY, BadRequestError, Json, Operation
from affil.service.telemetry import Metrics, note
from affil.settings import ServeSettings
from affil.types import Decision, Match, Result

_TRUE = {"": True, "true": True, "false": False}
AFFIL_ID = "Affil-Id"  # the header that has the id here of an organisation, which may be none of ROR's
_LOST = {404: "there is no such organisation"}


class Api:
    """Endpoints of affil's API and the ROR API."""

    def __init__(self, matcher: Matcher, batcher: Batcher, records: Records, metrics: Metrics, settings: ServeSettings) -> None:
        self.matcher, self.batcher, self.records, self.metrics = matcher, batcher, records, metrics
        self.settings = settings
        about = {"affil": version("affil"), "version": matcher.version, "institutions": len(matcher.registry)}
        self.about = {"status": "ok", **about}

    def operations(self) -> list[Operation]:
        """The operations."""
        operation = partial(Operation, fields=self.settings.fields)
        found = [
            operation("GET", "/match", self.match_one, MatchAnswer),
            operation("POST", "/match", self.match, MatchAnswer, also=OTHER_BODY),
        ]
        for path in ("/organizations", "/v2/organizations"):
            found += [
                operation("GET", path, self.organizations, AffiliationAnswer | ListAnswer),
                operation("GET", f"{path}/{{id:path}}", self.organization, Organization, also=_LOST),
            ]
        return [
            *found,
            operation("GET", "/health", self.health, Health),
            *(operation("GET", path, self.heartbeat, text=["text/plain"]) for path in ("/heartbeat", "/v2/heartbeat")),
            operation("GET", "/metrics", self.measured, text=["text/plain"]),
        ]

    async def match_one(self, request: Request, asked: Annotated[MatchQuery, Query()]) -> Response:
        """Match one string."""
        return await self._match(request, [asked.affiliation], asked.candidates or 0)

    async def match(self, request: Request, asked: MatchBody, _: Annotated[Nothing, Query()]) -> Response:
        """Match strings."""
        return await self._match(request, asked.affiliations, asked.candidates)

    async def _match(self, request: Request, strings: list[str], candidates: int) -> Response:
        found = await self.ranked(request, strings, candidates, self.settings.strings)
        answers = map(self._told, strings, found)
        # what few strings take is less than what a thread takes, which has to wait for the one that matches
        results = [*answers] if len(strings) <= self.settings.short else await run_in_threadpool(list, answers)
        return Json({"results": results, "version": self.matcher.version})

    def _told(self, string: str, found: Ranked) -> dict[str, Any]:
        """What is found in a string, or why nothing is, in words too."""
        nothing = why_none(self.matcher, string, found)
        explained = {"explanation": nothing.said} if nothing else {}
        return {**_chosen(string, found).to_dict(), **explained, "candidates": _others(string, found)}

    async def ranked(self, request: Request, strings: list[str], candidates: int, most: int) -> list[Ranked]:
        """Match strings after checking the limits."""
        settings = self.settings
        if len(strings) > most:
            raise BadRequestError(f"{len(strings):,} strings in one request; at most {most:,}", status=413)
        for number, string in enumerate(strings):
            if len(string) > settings.characters:
                said = f"string {number} has {len(string):,} characters; at most {settings.characters:,}"
                raise BadRequestError(said, status=413)
        note(request.scope, strings)
        return await self.batcher.ranked(strings, min(candidates, settings.most_candidates))

    async def organizations(self, request: Request, asked: Annotated[OrganizationsQuery, Query()]) -> Response:
        """Match a string, or search for organisations, like the ROR API."""
        page, everyone, filters = (
            _page("1" if asked.page is None else asked.page),
            _flag(asked.all_status),
            _filters(asked.filter),
        )
        if asked.affiliation is not None:
            string = asked.affiliation
            found = (await self.ranked(request, [string], self.settings.candidates, 1))[0] if string.strip() else ()
            single = asked.single_search is not None and asked.single_search.lower() != "false"
            return Json(self.records.matched(string, found, single=single))
        begun = time.perf_counter()
        if "status" not in filters and not everyone:
            filters["status"] = ["active"]
        if len(asked.query or "") > self.settings.characters:
            raise BadRequestError(f"a query of more than {self.settings.characters:,} characters", status=413)
        numbers = await run_in_threadpool(self._search, asked.query, filters)
        milliseconds = round((time.perf_counter() - begun) * 1000)
        return Json(await run_in_threadpool(self.records.listed, numbers, page, self.settings.page, milliseconds))

    def _search(self, query: str | None, filters: dict[str, list[str]]) -> list[int]:
        registry, chosen = self.matcher.registry, self.records.chosen
        if query is None:
            return chosen(range(len(registry)), filters)
        try:
            return [self.records.number(unquote(query))]
        except UnknownIdError:
            if is_id(unquote(query)):
                return []
            found = registry.search(query.strip("\"' "), self.settings.found)
            return chosen((registry.number(one.id) for one, _ in found), filters)

    async def organization(
        self, id: Annotated[str, Path(description="in any form")], _: Annotated[Nothing, Query()]
    ) -> Response:
        """One organisation, in the format of the ROR API."""
        try:
            one = self.matcher.registry.at(self.records.number(unquote(id)))
        except UnknownIdError:
            raise BadRequestError(f"ROR ID '{id[:100]}' does not exist", status=404) from None
        return Json(self.records.record(one), headers={AFFIL_ID: one.id})

    async def health(self, _: Annotated[Nothing, Query()]) -> Response:
        """Health check."""
        return Json(self.about)

    async def heartbeat(self, _: Annotated[Nothing, Query()]) -> Response:
        """That the service answers, as ROR's says it."""
        return Response("OK", media_type="text/plain")

    async def measured(self, _: Annotated[Nothing, Query()]) -> Response:
        """Metrics for Prometheus."""
        self.metrics.waiting.set(self.batcher.waiting)
        return Response(self.metrics.text(), media_type="text/plain; version=0.0.4")


def _chosen(string: str, found: Ranked) -> Result:
    return Result(string, tuple(m for m in found if m.decision != Decision.NONE), found.why)


def _others(string: str, matches: Sequence[Match]) -> list[dict[str, Any]]:
    others = Result(string, tuple(m for m in matches if m.decision == Decision.NONE))
    found: list[dict[str, Any]] = others.to_dict()["matches"]
    return found


def _page(given: str) -> int:
    if not given.isascii() or not given.removeprefix("-").isdigit() or len(given) > 9:
        raise BadRequestError(f"page '{given[:20]}' is not an integer")
    if int(given) < 1:
        raise BadRequestError(f"page '{given}' is less than 1")
    return int(given)


def _flag(given: str | None) -> bool:
    if given is None:
        return False
    if given.lower() not in _TRUE:
        raise BadRequestError("allowed values for all_status parameter are empty (no value), true or false")
    return _TRUE[given.lower()]


def _filters(given: str) -> dict[str, list[str]]:
    try:
        return read_filters(given)
    except ValueError as error:
        raise BadRequestError(str(error)) from None
