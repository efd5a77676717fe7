"""A server on this machine that answers as a service does, in good and in bad times."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from affil.io import http
from affil.settings import FETCH

Answer = Callable[[str, dict[str, str]], Any]


@dataclass
class Service:
    """What answers, what was asked, and what goes wrong next: a status, `cut` (the answer breaks off) or `html` (no JSON)."""

    answer: Answer = lambda path, asked: {}
    troubles: list[int | str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    base: str = ""


class _Handler(BaseHTTPRequestHandler):
    service: Service

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        asked = dict(parse_qsl(address.query))
        self.service.asked.append((address.path, asked))
        trouble = self.service.troubles.pop(0) if self.service.troubles else None
        answer = self.service.answer(address.path, asked) if trouble in (None, "cut") else {"error": "trouble"}
        status = trouble if isinstance(trouble, int) else 200
        if isinstance(answer, int):
            status, answer = answer, {"error": "no"}
        body = b"<html>busy</html>" if trouble == "html" else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in self.service.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if trouble == "cut" else body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    quick = FETCH.model_copy(update={"wait": 0.0, "patience": 0.0, "gap": 0.0, "per_second": 1e9})
    for module in (
        "affil.io.http",
        "affil.fetch.openalex",
        "affil.fetch.crossref",
        "affil.fetch.dblp",
        "affil.fetch.openreview",
    ):
        monkeypatch.setattr(f"{module}.FETCH", quick)
    assert http.FETCH is quick
    one = Service()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"service": one}))
    server.daemon_threads = True
    one.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield one
    server.shutdown()
    server.server_close()
    thread.join()
