"""The OpenAPI document, as who makes a client of it reads it: how to authenticate, what every field means, and every error that it
promises, provoked.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from affil.service.jobs import Jobs
from affil.service.keys import Keys
from affil.service.models import Errors
from affil.service.security import Access
from affil.settings import ServeSettings

TOKEN = "the-token"
SHOWN = {"authorization": f"Bearer {TOKEN}"}
OPEN = ServeSettings(per_minute=1_000_000, body=100_000, job_bytes=100_000)
OWN = {"origin": "http://127.0.0.1:8372"}
ARGUMENTS = {"affiliation": "MIT CSAIL", "prefix": "uni", "id": "https://ror.org/052gg0110"}  # of parameters that are required
BODIES = {
    "application/json": {"json": {"affiliations": ["MIT CSAIL"]}},
    "application/x-www-form-urlencoded": {"data": {"queries": '{"q0": {"query": "MIT"}}'}},
    "multipart/form-data": {"files": {"file": ("mine.csv", io.BytesIO(b"affiliation\nMIT\n"))}},
}


def operations(document: Any) -> list[tuple[str, str, Any]]:
    return [(method.upper(), path, one) for path, of in document["paths"].items() for method, one in of.items()]


def ask(client: Any, method: str, path: str, one: Any, *, lost: bool = False, query: str = "", **more: Any) -> Any:
    """Ask an operation as its document says that it is asked; `lost`: for what is not there."""
    given = {p["name"]: "nothing" if lost else ARGUMENTS.get(p["name"], "") for p in one.get("parameters", ()) if p["required"]}
    path = re.sub(r"\{(\w+)[^}]*\}", lambda m: given.pop(m[1]).rpartition("/")[2] or "nothing", path)
    body = next((BODIES[kind] for kind in one.get("requestBody", {}).get("content", ()) if kind in BODIES), {})
    sent = body if "content" not in more else {}
    more["headers"] = OWN | SHOWN | more.get("headers", {})
    return client.request(method, f"{path}?{httpx.QueryParams(given)}&{query}", **{**sent, **more})


@pytest.fixture(scope="module", params=[True, False], ids=["jobs", "no jobs"])
def behind_token(request: Any, tiny_matcher: Any, serving: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A service that wants the token or a key, with jobs that nobody works off, or none."""
    folder = tmp_path_factory.mktemp("openapi")
    keys = Keys(folder / "keys.sqlite", create=True)
    jobs = Jobs(folder / "jobs", OPEN) if request.param else None
    with serving(tiny_matcher, Access.of("127.0.0.1", TOKEN, keys=keys), OPEN, jobs=jobs) as made:
        yield made, keys
    keys.close()


@pytest.fixture(scope="module")
def document(behind_token: Any) -> Any:
    return behind_token[0].client.get("/openapi.json", headers=SHOWN).json()


def provoked(service: Any, waits: Any, busy: Any) -> dict[int, Callable[..., Any]]:
    """How each documented error is provoked in any operation."""
    client = service.client
    return {
        400: partial(ask, client, query="%ff"),
        401: partial(ask, client, headers={"authorization": ""}),
        403: partial(ask, client, headers={"origin": "https://elsewhere.example"}),
        404: partial(ask, client, lost=True),
        409: lambda method, path, one: ask(client, method, path.replace("{id}", waits), {}),
        413: partial(ask, client, content=b"x" * 150_000),
        415: partial(ask, client, content=b"MIT", headers={"content-type": "text/plain"}),
        421: partial(ask, client, headers={"host": "elsewhere.example"}),
        429: partial(ask, busy),
        503: lambda *_: None,  # below: its cause is in how many are connected
    }


def test_every_error_is_as_documented(behind_token: Any, document: Any, tiny_matcher: Any, serving: Any) -> None:
    service, keys = behind_token
    sent = service.client.post("/jobs", files={"file": ("mine.csv", b"affiliation\nMIT\n")}, headers=OWN | SHOWN).json()
    told, schema = set(), {"$ref": "#/components/schemas/Errors"}
    with serving(tiny_matcher, Access.of("127.0.0.1", TOKEN, keys=keys), ServeSettings(per_minute=1)) as often:
        often.client.get("/health", headers=SHOWN)  # the one of this minute
        provoke = provoked(service, sent.get("id", ""), often.client)
        for method, path, one in operations(document):
            for status in sorted(int(s) for s in one["responses"] if s >= "400"):
                assert one["responses"][str(status)]["content"] == {"application/json": {"schema": schema}}, (path, status)
                answer = provoke[status](method, path, one)
                if answer is not None:
                    held(answer, status)
                    told.add(status)
    assert told == {400, 401, 403, 404, 413, 415, 421, 429} | ({409} if "id" in sent else set())


def held(answer: Any, status: int) -> None:
    where = f"{answer.request.method} {answer.request.url}"
    assert answer.status_code == status, f"{where}: {answer.status_code}, documented is {status}: {answer.text}"
    assert answer.headers["content-type"] == "application/json", where
    assert TypeAdapter(Errors).validate_json(answer.content, strict=True).errors, where


def test_too_many_connections(document: Any, serve: Any, tiny_matcher: Any, tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "limits.toml").write_text("[serve]\nat_once = 1\n")
    files = ["--registry", str(tiny_matcher.registry.path), "--model", str(tiny_model)]
    server = serve(None, *files, "--settings", str(tmp_path / "limits.toml"), "--quiet")
    with httpx.Client(base_url=server.url) as client:
        for method, path, one in operations(document):
            answer = ask(client, method, path, one)
            held(answer, 503)
            assert answer.headers["retry-after"] == "1"


def test_no_error_comes_that_is_not_documented(behind_token: Any, document: Any) -> None:
    """Whatever provokes an error in one operation is tried on all of them."""
    service, _ = behind_token
    for method, path, one in operations(document):
        for status, provoke in provoked(service, "0" * 16, service.client).items():
            answer = provoke(method, path, one)
            if answer is not None and answer.status_code >= 400:
                assert str(answer.status_code) in one["responses"], f"{method} {path}, as {status}: {answer.status_code}"


def test_how_to_authenticate(behind_token: Any, document: Any) -> None:
    service, keys = behind_token
    schemes = document["components"]["securitySchemes"]
    assert {name: (s["type"], s["scheme"]) for name, s in schemes.items()} == dict.fromkeys(
        ("token", "key"), ("http", "bearer")
    )
    assert all(one["security"] == [{"token": []}, {"key": []}] for _, _, one in operations(document))
    refused = service.client.get("/health")
    assert refused.headers["www-authenticate"] == "Bearer"
    (told,) = refused.json()["errors"]
    header, value = re.findall(r"'(\S+): (Bearer) TOKEN'", told)[0]
    for shown in (TOKEN, keys.add("ana", per_minute=10, per_day=0)):
        assert service.client.get("/health", headers={header: f"{value} {shown}"}).status_code == 200


def test_an_open_service_asks_for_nothing(service: Any) -> None:
    found = operations(service.client.get("/openapi.json").json())
    assert all(one["security"] == [] and "401" not in one["responses"] for _, _, one in found)


def test_the_server_is_where_it_was_asked(behind_token: Any) -> None:
    client = behind_token[0].client
    base = "http://127.0.0.1:8372"
    assert client.get("/openapi.json", headers=SHOWN).json()["servers"] == [{"url": base}]
    by_path = client.get(f"/token/{TOKEN}/openapi.json")
    assert by_path.json()["servers"] == [{"url": base}]
    assert TOKEN not in by_path.text, "a document that is passed on has no secret"


def test_every_field_is_described(document: Any) -> None:
    shapes = document["components"]["schemas"]
    fields = [(name, field, one) for name, shape in shapes.items() for field, one in shape.get("properties", {}).items()]
    assert len(fields) > 80
    assert [(name, field) for name, field, one in fields if not one.get("description")] == []
    # what is no other shape, and no choice of few, has an example, which is of its type
    for name, field, one in fields:
        if "$ref" in str(one) or "enum" in str(one) or "const" in one or one.get("format") == "binary":
            continue
        assert "examples" in one, (name, field, one)
        (example,) = one["examples"]
        kinds = {"string": str, "integer": int, "number": float, "boolean": bool, "array": list, "object": dict}
        wanted = tuple(kinds[k["type"]] for k in one.get("anyOf", [one]) if k["type"] != "null")
        assert isinstance(example, wanted), (name, field, example)
    for _, path, one in operations(document):
        assert all(p.get("description") for p in one.get("parameters", ())), path


def test_what_is_unknown_in_a_body_is_told_with_what_is_known(service: Any) -> None:
    answer = service.client.post("/match", json={"affiliations": ["MIT"], "policy": "all"})
    assert (answer.status_code, answer.json()["errors"]) == (400, ["'policy' is unknown; known are: affiliations, candidates"])
