"""Telemetry: metrics for Prometheus, and a log with one JSON object per line.

Matched strings are private: they are in the log only on request, never in metrics.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from affil.errors import AffilError

LOG = logging.getLogger("affil.serve")
_REQUEST = "request"  # the event of which there is a line for every request
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 512)


class Metrics:
    """Metrics of one service."""

    def __init__(self, about: dict[str, str]) -> None:
        self.registry = registry = CollectorRegistry()
        self.requests = Counter("affil_requests", "Requests answered", ("method", "path", "status"), registry=registry)
        self.seconds = Histogram("affil_request_seconds", "Time to an answer", ("path",), buckets=_SECONDS, registry=registry)
        self.under_way = Gauge("affil_requests_under_way", "Requests being answered", registry=registry)
        self.strings = Counter("affil_strings", "Strings matched", registry=registry)
        self.batch = Histogram("affil_batch_strings", "Strings matched at once", buckets=_SIZES, registry=registry)
        self.waiting = Gauge("affil_waiting_strings", "Strings that wait to be matched", registry=registry)
        Info("affil", "Versions", registry=registry).info(about)
        ProcessCollector(registry=registry)

    def matched(self, strings: int) -> None:
        """Record a matched batch."""
        self.strings.inc(strings)
        self.batch.observe(strings)

    def text(self) -> bytes:
        """The metrics in Prometheus format."""
        return generate_latest(self.registry)


class RequestLog:
    """ASGI middleware: records and logs every request."""

    def __init__(self, app: ASGIApp, metrics: Metrics, strings: bool) -> None:
        self.app, self.metrics, self.strings = app, metrics, strings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status, size = time.perf_counter(), 500, 0

        async def sending(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            size += len(message.get("body", b""))
            await send(message)

        noted = scope["affil.noted"] = {}
        with self.metrics.under_way.track_inprogress():
            try:
                await self.app(scope, receive, sending)
            finally:
                took = time.perf_counter() - begun
                path = scope.get("affil.path", "other")
                self.metrics.requests.labels(scope["method"] if path != "other" else "other", path, str(status)).inc()
                self.metrics.seconds.labels(path).observe(took)
                if LOG.isEnabledFor(logging.INFO):
                    client = (scope.get("client") or ("",))[0]
                    key = {"key": scope["affil.key"].name} if "affil.key" in scope else {}
                    line = {"client": client, **key, "method": scope["method"], "path": path, "status": status}
                    kept = {k: v for k, v in noted.items() if self.strings or k != "affiliations"}
                    LOG.info(_REQUEST, extra={"fields": line | {"ms": round(took * 1000, 1), "bytes": size} | kept})


def note(scope: Scope, affiliations: list[str]) -> None:
    """Attach a request's strings for the log, and count them for its key.

    Raises:
        QuotaError: the key may not ask for so many today.
    """
    if "affil.key" in scope:
        scope["affil.keys"].spend(scope["affil.key"].name, len(affiliations))
    noted = scope.get("affil.noted")
    if noted is not None:
        noted |= {"strings": len(affiliations), "affiliations": affiliations}


class _Lines(logging.Formatter):
    """Formats records as JSON lines. Of exceptions only type and location are logged: messages may quote a string."""

    def __init__(self, strings: bool) -> None:
        super().__init__()
        self.strings = strings

    def format(self, record: logging.LogRecord) -> str:
        """Format a record."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage() if self.strings or not record.exc_info else str(record.msg).partition("\n")[0],
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0]:
            kind, error, trace = record.exc_info
            line["error"] = f"{kind.__name__}: {error}" if self.strings else kind.__name__
            line["at"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(trace)]
        return json.dumps(line, ensure_ascii=False)


def log_lines(*, strings: bool, requests: bool, audit: Path | None = None) -> None:
    """Log the service and uvicorn to standard error.

    Args:
        strings: include matched strings.
        requests: log every request, not only failures.
        audit: a file to which a line is added for every request, whatever is logged; it may be moved away meanwhile.

    Raises:
        AffilError: the file cannot be written.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines(strings))
    handler.setLevel(logging.INFO if requests else logging.WARNING)
    handlers: list[logging.Handler] = [handler]
    if audit is not None:
        try:
            handlers.append(WatchedFileHandler(audit, encoding="utf-8"))
        except OSError as error:
            raise AffilError(f"{audit}: cannot be written ({error.strerror}); choose another file for --audit") from error
        handlers[-1].setFormatter(handler.formatter)
        handlers[-1].addFilter(lambda record: record.msg == _REQUEST)
    for name in ("affil.serve", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = handlers, False
        logger.setLevel(logging.INFO if name == "affil.serve" and (requests or audit is not None) else logging.WARNING)
