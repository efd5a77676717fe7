"""The page to try strings on, and the documentation page of the service."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jinja2
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from affil.io.writers import harmless
from affil.match import COLUMNS, match_records, why_none
from affil.pages.language import language_of, set_language
from affil.pages.render import render
from affil.review.card import Piece, in_pieces
from affil.service import texts
from affil.service.candidates import FEATURES
from affil.service.match import Api
from affil.service.routing import Json, errors
from affil.service.server import endpoint
from affil.settings import ServeSettings
from affil.types import Institution, Match, Result
from affil.wording import Said

EXAMPLE = (
    "Dept. of CSE, 港中大, Shatin; SenseTime Research",
    "國立清華大學資訊工程學系",
    "Northeastern University, Shenyang",
    "MIT CSAIL & Google DeepMind, London, UK",
    "Univ. of Oxfrod",
    "独立研究者",
)
_MARGIN, _NARROWEST, _SHAPE = 12.0, 100.0, 2.3  # map: margin and minimum width in degrees, width / height
_WORLD = (0.0, 5.0, 360.0, 145.0)  # x, y, width, height in degrees: all land except Antarctica


@dataclass(frozen=True, slots=True)
class Shown:
    """A string shown on the page, and why it has no institution."""

    result: Result
    pieces: tuple[Piece, ...]
    cut: int
    why: Said | None


@dataclass(frozen=True, slots=True)
class Point:
    """An institution on the map."""

    x: float
    y: float
    institution: Institution
    decision: str


class TryIt:
    """Route handlers of the pages."""

    def __init__(self, api: Api, templates: jinja2.Environment, document: dict[str, Any], settings: ServeSettings) -> None:
        self.api, self.templates, self.document, self.settings = api, templates, document, settings

    def routes(self) -> list[Route]:
        """The routes."""

        def page(path: str, handler: Any, *methods: str) -> Route:
            async def answer(request: Request) -> Response:
                request.scope["affil.path"] = path
                found: Response = await handler(request)
                return found

            return Route(path, answer, methods=list(methods))

        return [
            page("/", self.tryit, "GET", "POST"),
            page("/download", self.download, "POST"),
            page("/docs", self.docs, "GET"),
            page("/openapi.json", self.openapi, "GET"),
            Route("/language", endpoint(set_language, self.settings), methods=["POST"]),
        ]

    async def tryit(self, request: Request) -> Response:
        """The form, with the matches of its strings."""
        if request.method != "POST":
            text = "\n".join(EXAMPLE) if "example" in request.query_params else ""
            return self._page(request, "tryit.html", text=text, shown=None)
        text, lines = await self._lines(request)
        if len(lines) > self.settings.lines:
            said = texts.text("too_many_lines", language_of(request), f"{len(lines):,}", f"{self.settings.lines:,}")
            return self._page(request, "tryit.html", 413, text=text, shown=None, said=said)
        matches = await self.api.ranked(request, lines, 0, self.settings.lines)
        results = [Result(line, found, found.why) for line, found in zip(lines, matches, strict=True)]
        why = await run_in_threadpool(lambda: [*map(partial(why_none, self.api.matcher), lines, matches)])
        shown = [
            Shown(r, *in_pieces(r.affiliation, r.matches, self.settings.characters), w.said if w else None)
            for r, w in zip(results, why, strict=True)
        ]
        points = points_of(results)
        counts = {decision: sum(r.decision == decision for r in results) for decision in ("match", "review", "none")}
        view = " ".join(f"{v:g}" for v in window(points))
        return self._page(request, "tryit.html", text=text, shown=shown, points=points, view=view, counts=counts)

    async def download(self, request: Request) -> Response:
        """The matches as a table with the columns of `affil match`."""
        _, lines = await self._lines(request)
        if len(lines) > self.settings.lines:
            return errors(
                413, f"{len(lines):,} strings; at most {self.settings.lines:,} on the page: affil match takes any number"
            )
        matches = await self.api.ranked(request, lines, 0, self.settings.lines)
        out = io.StringIO()
        rows = csv.DictWriter(out, ["affiliation", *COLUMNS], restval="", lineterminator="\n")
        rows.writeheader()
        for line, found in zip(lines, matches, strict=True):
            records = ({"affiliation": line, **record} for record in match_records(Result(line, found, found.why)))
            rows.writerows({c: harmless(v) if isinstance(v, str) else v for c, v in record.items()} for record in records)
        disposition = {"content-disposition": 'attachment; filename="matches.csv"'}
        return Response(out.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=disposition)

    async def docs(self, request: Request) -> Response:
        """The documentation of the service."""
        base = str(request.base_url).rstrip("/")
        return self._page(request, "docs.html", document=self.document, base=base, features=FEATURES)

    async def openapi(self, request: Request) -> Response:
        """The OpenAPI document, of the service at the address at which it was asked, but for a token or key in the path: it is passed on."""
        base = request.base_url
        address = base.replace(path=request.scope.get("affil.root", base.path))
        return Json(self.document | {"servers": [{"url": str(address).rstrip("/")}]})

    async def _lines(self, request: Request) -> tuple[str, list[str]]:
        text = ""

        def keep(inner: Request) -> Response:
            nonlocal text
            text = (inner.state.form.get("affiliations") or [""])[-1]
            return Response()

        await endpoint(keep, self.settings)(request)
        return text, [line.strip() for line in text.splitlines() if line.strip()]

    def _page(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        tools = {
            "here": request.url.path,
            "said": "",
            "limit": self.settings.lines,
            "institutions": len(self.api.matcher.registry),
            "reconcile": f"{str(request.base_url).rstrip('/')}/reconcile",
        }
        return render(self.templates, request, template, {**tools, **values}, status, vary="cookie, accept-language")

    def error(self, request: Request, error: Exception) -> Response:
        """An error page."""
        return self._page(request, "tryit.html", 400, text="", shown=None, said=str(error))


def points_of(results: Sequence[Result]) -> list[Point]:
    """The distinct matched institutions with known coordinates."""
    best: dict[str, Match] = {}
    for match in (m for r in results for m in r.matches):
        one = match.institution
        if one.lat is not None and one.lon is not None and match.probability > getattr(best.get(one.id), "probability", -1.0):
            best[one.id] = match
    return [
        Point(
            round((m.institution.lon or 0.0) + 180, 2),
            round(90 - (m.institution.lat or 0.0), 2),
            m.institution,
            str(m.decision),
        )
        for m in best.values()
    ]


def window(points: Sequence[Point]) -> tuple[float, float, float, float]:
    """The map window of these points: x, y, width, height in degrees; the world if there are none."""
    if not points:
        return _WORLD
    left, right = min(p.x for p in points) - _MARGIN, max(p.x for p in points) + _MARGIN
    top, bottom = min(p.y for p in points) - _MARGIN, max(p.y for p in points) + _MARGIN
    width = max(right - left, (bottom - top) * _SHAPE, _NARROWEST)
    x, y, most_width, most_height = _WORLD
    if width >= most_width:
        return _WORLD
    height = width / _SHAPE
    begin_x = min(max((left + right - width) / 2, x), x + most_width - width)
    begin_y = min(max((top + bottom - height) / 2, y), y + most_height - height)
    return round(begin_x, 1), round(begin_y, 1), round(width, 1), round(height, 1)
