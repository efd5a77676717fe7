"""Routes that FastAPI describes, with strict validation; problems are reported in `errors`.

What is asked is read by the models themselves, and answers are responses: of FastAPI's own way to an endpoint nothing would be used, and it
takes a third of the time of a short request.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route, request_response
from starlette.types import Receive, Scope, Send

from affil.errors import AffilError, BusyError, LedgerError, UnknownIdError
from affil.service.faults import told
from affil.service.jobs import NoJobError, NotDoneError, TooLargeError, TooManyJobsError
from affil.service.keys import QuotaError
from affil.service.models import Errors
from affil.service.security import Access

T = TypeVar("T")
_FAULTS = {400: "what was asked cannot be read", 413: "too much", 429: "too often", 503: "too busy"}
OTHER_SITE = {403: "a page of another site asks"}
OTHER_BODY = {415: "another kind of body"}
_NO_TOKEN, _OTHER_HOST = "neither the token nor a key was shown", "the service is called by another name"
_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "the token that `affil serve` printed, or was started with"},
    "key": {"type": "http", "scheme": "bearer", "description": "a user's own key, made with `affil keys add`"},
}
BYTES = "application/octet-stream"
_BINARY = {"type": "string", "format": "binary"}


_STATUSES: dict[type[AffilError], int] = {
    UnknownIdError: 404,
    NoJobError: 404,
    QuotaError: 429,
    TooManyJobsError: 429,
    NotDoneError: 409,
    TooLargeError: 413,
    BusyError: 503,
    LedgerError: 503,
}


class BadRequestError(AffilError):
    """The request is invalid."""

    def __init__(self, *problems: str, status: int = 400) -> None:
        self.problems, self.status = problems, status
        super().__init__("; ".join(problems))


class Json(JSONResponse):
    """A JSON response."""

    def render(self, content: Any) -> bytes:
        """Serialize the content."""
        return to_json(content)


class Operation(APIRoute):
    """A route described by FastAPI. It rejects text other than UTF-8, and parses JSON in strict mode: without NaN and lone surrogates.

    Args:
        method: GET (which also handles HEAD), POST or DELETE.
        path: the URL path.
        endpoint: the handler; the first line of its docstring is the summary in the documentation.
        answers: the model of a JSON response, if any.
        fields: maximum number of parameters.
        status: of the answer.
        text: media types of an answer that is no JSON.
        also: further error statuses and their descriptions.
        more: further arguments for FastAPI.
    """

    def __init__(
        self,
        method: str,
        path: str,
        endpoint: Callable[..., Awaitable[Response]],
        answers: Any = None,
        *,
        fields: int,
        status: int = 200,
        text: Sequence[str] = (),
        also: Mapping[int, str] | None = None,
        **more: Any,
    ) -> None:
        self.most_fields = fields
        statuses = _FAULTS | (OTHER_SITE if method != "GET" else {}) | dict(also or {})
        responses: dict[int | str, dict[str, Any]] = {
            status: {"content": {kind: {"schema": _BINARY if kind == BYTES else {"type": "string"}} for kind in text}}
        }
        responses |= {fault: {"model": Errors, "description": why} for fault, why in sorted(statuses.items())}
        super().__init__(
            path,
            endpoint,
            methods=[method],
            summary=(endpoint.__doc__ or "").partition("\n")[0].rstrip("."),
            operation_id=f"{method.lower()}_" + re.sub(r"\W+", "_", path).strip("_"),
            status_code=status,
            response_model=answers,
            response_class=Json if answers else Response,
            response_description="the answer",
            responses=responses,
            **more,
        )
        self.description = ""  # else FastAPI repeats the docstring
        self.app = request_response(self.answer)
        self._queries, self._bodies = (
            {field.name: cast("Any", field.field_info.annotation) for field in fields}
            for fields in (self.dependant.query_params, self.dependant.body_params)
        )

    async def answer(self, request: Request) -> Response:
        """Read what was asked, and answer."""
        request.scope["affil.path"] = self.path
        given = parameters(request.scope["query_string"], self.most_fields)
        asked: dict[str, Any] = {name: check(shape, given, address=True) for name, shape in self._queries.items()}
        for name, shape in self._bodies.items():
            must_be(request, "application/json")
            asked[name] = check(shape, await request.body())
        if self.dependant.request_param_name is not None:
            asked[self.dependant.request_param_name] = request
        found: Response = await self.endpoint(**request.path_params, **asked)
        return found

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match like FastAPI, treating HEAD as GET."""
        return super().matches({**scope, "method": "GET"} if scope["method"] == "HEAD" else scope)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["method"] == "HEAD" and "GET" in (self.methods or ()):
            await self.app(scope, receive, send)
        else:
            await super().handle(scope, receive, send)


def errors(status: int, *problems: str) -> Json:
    """An error response."""
    headers = {"retry-after": "1"} if status == 503 else None
    return Json({"errors": list(problems)}, status, headers)


def failed(_: Request, error: Exception) -> Response:
    """The response to an AffilError."""
    if isinstance(error, BadRequestError):
        return errors(error.status, *error.problems)
    answer = errors(next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), 400), str(error))
    if isinstance(error, QuotaError):
        answer.headers["retry-after"] = str(error.wait)
    return answer


def not_here(request: Request, error: Exception) -> Response:
    """The response to an unknown path or method."""
    assert isinstance(error, HTTPException)
    answer = errors(error.status_code, str(error.detail).lower())
    answer.headers.update(error.headers or {})
    if error.status_code == 405:  # there is a route for each method
        routes = [r for r in request.app.routes if isinstance(r, Route) and r.matches(request.scope)[0] != Match.NONE]
        methods = {method for route in routes for method in route.methods or ()}
        answer.headers["allow"] = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
    return answer


def must_be(request: Request, kind: str) -> None:
    """Reject a body of another media type."""
    given = request.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() != kind:
        raise BadRequestError(f"the body must be {kind}, not {given[:80]!r}", status=415)


def parameters(text: bytes, most: int) -> dict[str, str]:
    """Parse the parameters of a URL or a form, by name; the last one of a name wins.

    Raises:
        BadRequestError: there are more than `most`, or they are not UTF-8.
    """
    try:
        return dict(parse_qsl(text.decode("utf-8"), keep_blank_values=True, max_num_fields=most, errors="strict"))
    except ValueError as error:
        raise BadRequestError(f"the parameters cannot be read: {error}") from error


def check(shape: type[T], given: bytes | str | Mapping[str, Any], where: str = "", *, address: bool = False) -> T:
    """Validate a request against a model.

    Args:
        shape: the model.
        given: JSON (bytes are a body, parsed in strict mode), or values by name.
        where: prefix of error messages.
        address: the values are those of an address, of which errors are told in ROR's words.

    Raises:
        BadRequestError: the request does not fit the model.
    """
    adapter: TypeAdapter[T] = _adapter(shape)  # type: ignore[arg-type]  # a type is hashable
    try:
        if isinstance(given, bytes | str):
            return adapter.validate_json(given, strict=isinstance(given, bytes))
        return adapter.validate_python(given)
    except ValidationError as error:
        known = () if address else tuple(getattr(shape, "model_fields", ()))
        raise BadRequestError(*(f"{where}{fault}" for fault in told(error.errors(include_url=False), known))) from None


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def document(operations: Sequence[Operation], title: str, version: str, description: str, access: Access) -> dict[str, Any]:
    """The OpenAPI 3.1 document of these operations behind `access`, without FastAPI's status 422, which is 400 here."""
    made = get_openapi(title=title, version=version, openapi_version="3.1.0", description=description, routes=operations)
    made["components"]["securitySchemes"] = _SCHEMES
    refused = ({"401": _NO_TOKEN} if access.token else {}) | ({"421": _OTHER_HOST} if access.hosts else {})
    for one in (one for methods in made["paths"].values() for one in methods.values()):
        one["responses"].pop("422", None)
        body = one["responses"]["400"]["content"]
        found = one["responses"] | {status: {"description": why, "content": body} for status, why in refused.items()}
        one["responses"] = dict(sorted(found.items()))
        # of each operation, not of all: makers of clients look for it there
        one["security"] = [{name: []} for name in _SCHEMES if name != "key" or access.keys] if access.token else []
    for shape in ("HTTPValidationError", "ValidationError"):
        del made["components"]["schemas"][shape]
    return made
