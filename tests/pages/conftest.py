from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from urllib.parse import urlencode, urlsplit

import pytest

from affil.review.spreadsheet import string_key


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
def reviewer() -> Iterator[Callable[[str], Reviewer]]:
    made: list[Reviewer] = []

    def start(url: str) -> Reviewer:
        made.append(Reviewer(url))
        return made[-1]

    yield start
    for one in made:
        one.connection.close()
