from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest


class Server:
    """The command `affil review` in a process of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        command = [sys.executable, "-W", "error", "-m", "affil", "review", str(folder), "--port", "0", *options]
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

    def decide(self, number: int, institution: str, why: str) -> bool:
        """Whether the decision was acknowledged."""
        try:
            return self.post("/decide", number=number, institution=institution, why=why)[0] == 303
        except (OSError, http.client.HTTPException):
            self.connection.close()
            return False


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def start(folder: Path, *options: str) -> Server:
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
