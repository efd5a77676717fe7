"""What a service does, one operation a line: checked requests in, JSON out, and the OpenAPI document that says so."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from affil.errors import AffilError, BusyError, UnknownIdError
from affil.service import shapes
from affil.settings import ServeSettings

Handler = Callable[[Request, Any], Awaitable[Response]]
T = TypeVar("T")
_SHOWN = 3  # faults of one request that are told


class BadRequestError(AffilError):
    """A request that cannot be answered as it is."""

    def __init__(self, *problems: str, status: int = 400) -> None:
        self.problems, self.status = problems, status
        super().__init__("; ".join(problems))


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked.

    `asks` holds the parameters (of the address, or of a form where `form` is set) or, of other posts, the JSON body. `answers` is the
    shape of the answer, or a media type.
    """

    method: str
    path: str
    summary: str
    handler: Handler
    asks: type[shapes.Asked] = shapes.Nothing
    answers: Any = None
    form: bool = False
    also: Mapping[int, str] = field(default_factory=dict)


class Json(Response):
    """An answer in JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The bytes of the answer."""
        return to_json(content)


def errors(status: int, *problems: str) -> Json:
    """An answer that says what is wrong."""
    headers = {"retry-after": "1"} if status == 503 else None
    return Json({"errors": list(problems)}, status, headers)


def failed(_: Request, error: Exception) -> Response:
    """The answer to what a user can mend."""
    if isinstance(error, BadRequestError):
        return errors(error.status, *error.problems)
    status = 404 if isinstance(error, UnknownIdError) else 503 if isinstance(error, BusyError) else 400
    return errors(status, str(error))


def routes(operations: Sequence[Operation], settings: ServeSettings) -> list[Route]:
    """The operations as Starlette wants them, those of one path together, so that other methods are answered 405."""
    by_path: dict[str, dict[str, Operation]] = {}
    for one in operations:
        by_path.setdefault(one.path, {})[one.method] = one
    return [Route(path, _endpoint(path, methods, settings), methods=[*methods]) for path, methods in by_path.items()]


def _endpoint(path: str, methods: Mapping[str, Operation], settings: ServeSettings) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        request.scope["affil.path"] = path
        operation = methods["GET" if request.method == "HEAD" else request.method]
        return await operation.handler(request, await _asked(request, operation, settings))

    return answer


async def _asked(request: Request, operation: Operation, settings: ServeSettings) -> shapes.Asked:
    query: bytes = request.scope["query_string"]
    pairs = _pairs(query, settings)
    if operation.method == "GET":
        return check(operation.asks, pairs)
    body = await request.body()
    if operation.form:
        if body:
            _must_be(request, "application/x-www-form-urlencoded")
        return check(operation.asks, pairs | _pairs(body, settings))
    if pairs:
        raise BadRequestError(f"query parameter '{next(iter(pairs))}' is illegal")
    _must_be(request, "application/json")
    return check(operation.asks, body)


def _must_be(request: Request, kind: str) -> None:
    given = request.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() != kind:
        raise BadRequestError(f"the body must be {kind}, not {given[:80]!r}", status=415)


def _pairs(text: bytes, settings: ServeSettings) -> dict[str, str]:
    try:
        found = parse_qsl(text.decode("utf-8"), keep_blank_values=True, max_num_fields=settings.fields, errors="strict")
    except ValueError as error:
        raise BadRequestError(f"the parameters cannot be read: {error}") from error
    return dict(found)


def check(shape: type[T], given: bytes | str | Mapping[str, Any], where: str = "") -> T:
    """What was asked, checked.

    Args:
        shape: a model.
        given: JSON (as bytes: a body, of which numbers in quotes and the like are refused), or values by name.
        where: stands before what is wrong.

    Raises:
        BadRequestError: says what is wrong, and where.
    """
    adapter: TypeAdapter[T] = _adapter(shape)  # type: ignore[arg-type]  # a type is hashable
    try:
        if isinstance(given, bytes | str):
            return adapter.validate_json(given, strict=isinstance(given, bytes))
        return adapter.validate_python(given)
    except ValidationError as error:
        raise BadRequestError(*(f"{where}{_fault(fault)}" for fault in error.errors(include_url=False)[:_SHOWN])) from None


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _fault(fault: Any) -> str:
    where = ".".join(map(str, fault["loc"]))[:100]
    if fault["type"] == "extra_forbidden":
        return f"query parameter '{where}' is illegal"
    if fault["type"] == "missing":
        return f"'{where}' is missing"
    return f"'{where}' {re.sub('^(Input|String) should', 'should', fault['msg'])}" if where else str(fault["msg"])


def document(operations: Sequence[Operation], title: str, version: str, description: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of these operations."""
    answers = {one.answers for one in operations if not isinstance(one.answers, str)} | {shapes.Errors}
    bodies = {one.asks for one in operations if one.method == "POST" and not one.form}
    adapters = {shape: TypeAdapter(shape) for shape in answers | bodies}
    by_shape, schemas = TypeAdapter.json_schemas(
        [(shape, "serialization" if shape in answers else "validation", adapter) for shape, adapter in adapters.items()],
        ref_template="#/components/schemas/{model}",
    )
    schema = {shape: made for (shape, _), made in by_shape.items()}
    paths: dict[str, Any] = {}
    for one in operations:
        described: dict[str, Any] = {"summary": one.summary, "operationId": f"{one.method.lower()}_{_slug(one.path)}"}
        parameters = [
            {"name": name, "in": "path", "required": True, "description": "in any form", "schema": {"type": "string"}}
            for name in re.findall(r"{(\w+)", one.path)
        ]
        if one.method == "GET":
            parameters += _parameters(one.asks)
        elif one.form:
            kind, made = "application/x-www-form-urlencoded", one.asks.model_json_schema()
            described["requestBody"] = {"required": True, "content": {kind: {"schema": made}}}
        else:
            described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema[one.asks]}}}
        if parameters:
            described["parameters"] = parameters
        kind, made = (
            (one.answers, {"type": "string"}) if isinstance(one.answers, str) else ("application/json", schema[one.answers])
        )
        wrong = {"application/json": {"schema": schema[shapes.Errors]}}
        statuses = {400: "what was asked cannot be read", 413: "too much", 429: "too often", 503: "too busy", **one.also}
        if one.method == "POST":
            statuses |= {403: "a post of another site's page", 415: "another kind of body"}
        content = {kind: {"schema": made}}
        if "callback" in one.asks.model_fields:
            content["text/javascript"] = {"schema": {"type": "string"}}
        described["responses"] = {"200": {"description": "the answer", "content": content}} | {
            str(status): {"description": why, "content": wrong} for status, why in sorted(statuses.items())
        }
        paths.setdefault(re.sub(r"{(\w+):\w+}", r"{\1}", one.path), {})[one.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": description},
        "paths": paths,
        "components": {"schemas": schemas.get("$defs", {})},
    }


def _parameters(asks: type[shapes.Asked]) -> list[dict[str, Any]]:
    made = asks.model_json_schema()
    needed = made.get("required", [])
    out = []
    for name, schema in made["properties"].items() if "properties" in made else ():
        plain = {k: v for k, v in schema.items() if k not in ("title", "description")}
        if "anyOf" in plain:  # a parameter is there or not; there is no null in an address
            plain |= next(kind for kind in plain.pop("anyOf") if kind.get("type") != "null")
        if plain.get("default", "") is None:
            del plain["default"]
        out.append(
            {
                "name": name,
                "in": "query",
                "required": name in needed,
                "description": schema.get("description", ""),
                "schema": plain,
            }
        )
    return out


def _slug(path: str) -> str:
    return re.sub(r"\W+", "_", path).strip("_") or "root"
