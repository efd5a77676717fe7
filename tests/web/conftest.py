from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from starlette.testclient import TestClient

from affil.match import Matcher
from affil.review.exchange import string_key
from affil.settings import ServeSettings
from affil.web.app import Access
from affil.web.gather import Gatherer
from affil.web.observe import Metrics
from affil.web.serve import serve_app


class Server:
    """The command `affil review` (or `affil serve`, without a folder) in a process of its own."""

    def __init__(self, folder: Path | None, *options: str) -> None:
        verb = ["serve"] if folder is None else ["review", str(folder)]
        command = [sys.executable, "-W", "error", "-m", "affil", *verb, "--port", "0", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ})
        line = self.process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, line + self.process.stderr.read()
        self.url = found[0]

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> str:
        """End it as Ctrl-C does; returns what it said."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=30)
        return said


class Reviewer:
    """Somebody who decides over HTTP, as the page does, on one connection."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host = parts.netloc
        self.connection = http.client.HTTPConnection(parts.netloc, timeout=60)

    def post(self, path: str, *, htmx: bool = False, **fields: object) -> tuple[int, str]:
        pairs = [(k, v) for k, value in fields.items() for v in (value if isinstance(value, list) else [value])]
        headers = {
            "origin": f"http://{self.host}",
            "content-type": "application/x-www-form-urlencoded",
            **({"hx-request": "true"} if htmx else {}),
        }
        self.connection.request("POST", path, urlencode(pairs), headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode()

    def decide(self, string: str, institution: str, why: str) -> bool:
        """Whether the decision was acknowledged."""
        try:
            return self.post("/decide", string=string_key(string), shown=string, institution=institution, why=why)[0] == 303
        except (OSError, http.client.HTTPException):
            self.connection.close()
            return False


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def start(folder: Path | None, *options: str) -> Server:
        started.append(Server(folder, *options))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            server.kill()
        server.process.stdout.close()
        server.process.stderr.close()


@pytest.fixture
def reviewer() -> Iterator[Callable[[str], Reviewer]]:
    made: list[Reviewer] = []

    def start(url: str) -> Reviewer:
        made.append(Reviewer(url))
        return made[-1]

    yield start
    for one in made:
        one.connection.close()


@dataclass
class Service:
    """The service in this process, and what is behind it."""

    client: TestClient
    matcher: Matcher
    gatherer: Gatherer
    settings: ServeSettings


@contextmanager
def in_process(
    matcher: Matcher, access: Access, settings: ServeSettings, base: str = "http://127.0.0.1:8372"
) -> Iterator[Service]:
    metrics = Metrics({"version": matcher.version})
    with Gatherer(matcher, settings, metrics.matched) as gatherer:
        app = serve_app(matcher, gatherer, metrics, access, settings)
        with TestClient(app, base_url=base, follow_redirects=False, raise_server_exceptions=False) as client:
            yield Service(client, matcher, gatherer, settings)


@pytest.fixture(scope="session")
def shipped_matcher() -> Matcher:
    return Matcher.load()


@pytest.fixture(scope="session")
def service(shipped_matcher: Matcher) -> Iterator[Service]:
    """The shipped matcher, on the loopback."""
    settings = ServeSettings(per_minute=1_000_000)  # the test client's address is not the loopback's
    with in_process(shipped_matcher, Access.of("127.0.0.1"), settings) as made:
        yield made


@pytest.fixture
def serving() -> Callable[..., Any]:
    """To make a service of one's own."""
    return in_process


@pytest.fixture(scope="session")
def service_url(own_cache: Path) -> Iterator[str]:
    """The command `affil serve` in a process of its own, for those who only ask."""
    server = Server(None, "--quiet")
    yield server.url
    assert server.stop() == ""
    server.process.stdout.close()
    server.process.stderr.close()
