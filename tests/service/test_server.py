from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from affil.errors import AffilError
from affil.pages.render import STATIC
from affil.service.security import Access, is_loopback
from affil.service.server import address, endpoint, listen, make_app
from affil.settings import WebSettings

SMALL = WebSettings(body=1000, fields=5)


def hello(request: Request) -> Response:
    return PlainTextResponse(f"hello {request.query_params.get('name', '')}")


def said(request: Request) -> Response:
    if "fail" in request.state.form:
        raise AffilError("no such thing")
    return PlainTextResponse(repr(request.state.form))


def client(access: Access, base: str = "http://127.0.0.1:8000") -> TestClient:
    routes = [
        Route("/", endpoint(hello, SMALL)),
        Route("/say", endpoint(said, SMALL), methods=["POST"]),
    ]
    app = make_app(routes, access, SMALL, lambda _, error: PlainTextResponse(str(error), 409), static=STATIC)
    return TestClient(app, base_url=base, follow_redirects=False)


@pytest.fixture
def local() -> Iterator[TestClient]:
    with client(Access.of("127.0.0.1")) as made:
        yield made


OWN = {"origin": "http://127.0.0.1:8000"}


def test_every_answer_has_the_security_headers(local: TestClient) -> None:
    for answer in (local.get("/"), local.get("/static/style.css"), local.get("/nothing"), local.post("/say", data={"a": "b"})):
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert "http" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "same-origin"
    assert local.get("/").headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (OWN, 200),
        ({**OWN, "sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"authorization": "Bearer x"}, 200),  # no page of another site can send that
        ({}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:9000"}, 403),
        ({**OWN, "sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
    ],
)
def test_posts_from_other_sites_are_refused(local: TestClient, headers: dict[str, str], status: int) -> None:
    assert local.post("/say", data={"a": "b"}, headers=headers).status_code == status


def test_starlettes_own_middleware_does_not_do_it() -> None:
    """The reason of docs/decisions/0010-guard.md."""
    asked: list[str] = []

    def ask(request: Request) -> Response:
        asked.append(request.method)
        return PlainTextResponse("done")

    middleware = [
        Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1"]),
        Middleware(CORSMiddleware, allow_origins=["http://127.0.0.1:8000"]),
    ]
    app = Starlette(routes=[Route("/", ask, methods=["GET", "POST"])], middleware=middleware)
    with TestClient(app, base_url="http://127.0.0.1:8000") as made:
        foreign = made.post("/", data={"a": "b"}, headers={"origin": "http://evil.example"})
        unknown = made.get("/", headers={"host": "evil.example"})
    assert (foreign.status_code, asked) == (200, ["POST"]), "a foreign form is answered, and done"
    assert (unknown.status_code, unknown.text) == (400, "Invalid host header")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.evil:8000", "[::2]"])
def test_the_loopback_answers_to_its_own_names_only(local: TestClient, host: str) -> None:
    assert local.get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "localhost:1", "[::1]:8000"])
def test_it_does_answer_to_those(local: TestClient, host: str) -> None:
    assert local.get("/", headers={"host": host}).status_code == 200


def test_too_much_is_turned_away(local: TestClient) -> None:
    assert local.post("/say", data={"a": "x" * 2000}, headers=OWN).status_code == 413

    def drip() -> Iterator[bytes]:
        yield from (b"x" * 100 for _ in range(100))

    assert local.post("/say", content=drip(), headers=OWN).status_code == 413
    many = local.post("/say", data={str(i): "" for i in range(9)}, headers=OWN)
    assert many.status_code == 409
    assert "the form cannot be read" in many.text
    assert local.post("/say", content=b"a=%ff", headers=OWN).status_code == 409
    assert local.post("/say", content=b"", headers={**OWN, "content-length": "-1"}).status_code in (400, 413)


def test_forms_and_errors(local: TestClient) -> None:
    assert local.post("/say", data={"a": ["1", "2"], "b": ""}, headers=OWN).text == "{'a': ['1', '2'], 'b': ['']}"
    failed = local.post("/say", data={"fail": ""}, headers=OWN)
    assert (failed.status_code, failed.text) == (409, "no such thing")


def test_elsewhere_a_token_is_demanded() -> None:
    access = Access.of("0.0.0.0")
    assert len(access.token) >= 32
    assert access.token != Access.of("0.0.0.0").token
    with client(access, "http://lab.example:8000") as far:
        assert far.get("/").status_code == 401
        assert far.get("/?token=wrong").status_code == 401
        assert far.get("/?token=").status_code == 401
        assert far.get("/static/style.css").status_code == 401
        assert far.post("/say", data={"a": "b"}, headers={"origin": "http://lab.example:8000"}).status_code == 401
        assert far.get("/", headers={"authorization": f"Bearer {access.token}"}).status_code == 200
        entered = far.get(f"/?name=x&token={access.token}")
        assert entered.status_code == 303
        assert entered.headers["location"] == "http://lab.example:8000/?name=x", "the token does not stay in the address"
        cookie = entered.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert access.token not in cookie
        assert far.get("/?name=x").text == "hello x"


def test_which_addresses_are_the_loopback() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.1.2.3", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.1.1", "example.com")))
    assert Access.of("127.0.0.1").token == ""
    assert Access.of("192.168.1.1", "mine").token == "mine"
    behind = Access.of("127.0.0.1", names=("affil.example",))
    assert len(behind.token) >= 32, "others ask through the proxy"
    assert {"127.0.0.1", "affil.example"} <= behind.hosts


def test_a_port_that_is_taken() -> None:
    with listen("127.0.0.1", 0, exactly=False) as first:
        port = first.getsockname()[1]
        with pytest.raises(AffilError, match=r"cannot listen on 127\.0\.0\.1 port"):
            listen("127.0.0.1", port, exactly=True)
        with listen("127.0.0.1", port, exactly=False) as second:
            assert second.getsockname()[1] != port
        assert address(first, "127.0.0.1") == f"http://127.0.0.1:{port}/"
        assert address(first, "::1", "t") == f"http://[::1]:{port}/?token=t"
    with pytest.raises(AffilError, match="cannot listen"):
        listen("no.such.host.invalid", 0, exactly=False)


def test_an_address_that_others_can_open(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as listening:
        listening.bind(("0.0.0.0", 0))
        port = listening.getsockname()[1]
        assert address(listening, "127.0.0.1") == f"http://127.0.0.1:{port}/"
        monkeypatch.setattr("affil.service.server._own_address", lambda family: "198.51.100.7")
        assert address(listening, "0.0.0.0", "abc") == f"http://198.51.100.7:{port}/?token=abc"
        monkeypatch.setattr("affil.service.server._own_address", lambda family: "")
        assert address(listening, "0.0.0.0") == f"http://0.0.0.0:{port}/"
