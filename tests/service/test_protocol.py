"""Requests that offer another protocol, as clients of Java make them, are answered as all others are."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote_plus, urlsplit

from hypothesis import given, settings
from hypothesis import strategies as st

OFFERS = [
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n",  # java.net.http.HttpClient
    "Upgrade: TLS/1.2\r\nConnection: Upgrade\r\n",  # Apache HttpClient 5.4 and later, of OpenRefine 3.9
    "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n",
    "",
]
FORM = f"queries={quote_plus(json.dumps({'q0': {'query': '港中大'}}))}"


def request(method: str, path: str, body: str = "", more: str = "") -> bytes:
    kind = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}{kind}\r\n{body}".encode()


@contextmanager
def connection(url: str) -> Iterator[tuple[socket.socket, Any]]:
    at = urlsplit(url)
    with socket.create_connection((at.hostname, at.port), timeout=60) as sent, sent.makefile("rb") as read:
        yield sent, read


def answer(read: Any) -> tuple[int, dict[str, str], Any]:
    status = int(read.readline().split()[1])
    headers = dict(line.decode().rstrip().lower().split(": ", 1) for line in iter(read.readline, b"\r\n"))
    return status, headers, json.loads(read.read(int(headers["content-length"])))


def pieces(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    ends = sorted({c % len(data) for c in cuts} | {len(data)})
    return [data[a:b] for a, b in zip([0, *ends], ends, strict=False)]


@settings(max_examples=20, deadline=None)
@given(offer=st.sampled_from(OFFERS), cuts=st.lists(st.integers(0, 10_000), max_size=4))
def test_offers_are_passed_over(service_url: str, offer: str, cuts: list[int]) -> None:
    """The body is read, and so is what follows on the same connection, in whatever pieces it comes."""
    asked = [request("POST", "/reconcile", FORM, offer), request("GET", "/health", more=offer), request("GET", "/health")]
    with connection(service_url) as (sent, read):
        for piece in pieces(b"".join(asked), cuts):
            sent.sendall(piece)
        status, headers, found = answer(read)
        assert (status, found["q0"]["result"][0]["id"]) == (200, "https://ror.org/00t33hh48")
        assert "upgrade" not in headers
        for _ in asked[1:]:
            status, _headers, health = answer(read)
            assert (status, health["status"]) == (200, "ok")


def test_a_body_in_chunks(service_url: str) -> None:
    kind = "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n"
    head = request("POST", "/reconcile", more=OFFERS[0] + kind)
    with connection(service_url) as (sent, read):
        sent.sendall(head + f"{len(FORM):x}\r\n{FORM}\r\n0\r\n\r\n".encode())
        assert answer(read)[2]["q0"]["result"]


def test_what_is_no_request_is_refused(serve: Any) -> None:
    server = serve(None, "--quiet")
    for asked in (b"CONNECT other.example:80 HTTP/1.1\r\nHost: other.example\r\n\r\n", b"nonsense\r\n\r\n"):
        with connection(server.url) as (sent, read):
            sent.sendall(asked)
            assert read.readline().split()[1] == b"400"
    assert server.stop().count("Invalid HTTP request received.") == 2
