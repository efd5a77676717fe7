from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from affil.match import Matcher
from affil.pages.serve import serve_app
from affil.service.batching import Gatherer
from affil.service.security import Access
from affil.service.telemetry import Metrics
from affil.settings import ServeSettings


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
