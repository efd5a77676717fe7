"""The service `affil serve`: the matcher for programs, for OpenRefine, and on a page."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from affil.io.memory import rare_collections
from affil.match import Matcher
from affil.pages.render import STATIC, templates
from affil.pages.tryit import TryIt
from affil.service.batching import Batcher
from affil.service.bulk import Bulk, bodies
from affil.service.jobs import Jobs
from affil.service.jobwork import Worker
from affil.service.limits import Limits
from affil.service.match import Api
from affil.service.reconcile import Reconciliation
from affil.service.ror import Records
from affil.service.routing import document, errors, failed, not_here
from affil.service.security import Access, Sharing
from affil.service.server import make_app, serve
from affil.service.telemetry import Metrics, RequestLog, log_lines
from affil.settings import ServeSettings

_PAGES = ("/", "/docs")
DESCRIPTION = (
    "Affiliation strings to institutions: affil's own answers, those of the ROR API v2, and the Reconciliation API 0.2."
)


def serve_app(
    matcher: Matcher,
    batcher: Batcher,
    metrics: Metrics,
    access: Access,
    settings: ServeSettings,
    *,
    jobs: Jobs | None = None,
    log_strings: bool = False,
) -> Starlette:
    """Make the web application of the service.

    Args:
        matcher: the matcher, with its registry.
        batcher: the batching thread.
        metrics: the metrics to update.
        access: access rules.
        settings: limits of the service.
        jobs: where bulk jobs are kept; None: there are none.
        log_strings: whether to log matched strings.
    """
    records, pages = Records(matcher.registry).warm(), templates()
    api = Api(matcher, batcher, records, metrics, settings)
    operations = [
        *api.operations(),
        *Bulk(jobs, settings).operations(),
        *Reconciliation(batcher, records, pages, settings).operations(),
    ]
    described = document(operations, "affil", version("affil"), DESCRIPTION, access)
    page = TryIt(api, pages, described, settings)

    def on_error(request: Request, error: Exception) -> Response:
        return page.error(request, error) if request.scope.get("affil.path") in _PAGES else failed(request, error)

    return make_app(
        [*page.routes(), *operations],
        access,
        settings,
        on_error,
        static=STATIC,
        sharing=Sharing(("/reconcile",), settings.origins, programs=True),
        refuse=errors,
        bodies=bodies(settings),
        outside=[Middleware(RequestLog, metrics=metrics, strings=log_strings)],
        inside=[Middleware(Limits, settings=settings)],
        handlers={
            HTTPException: not_here,
            Exception: lambda *_: errors(500, "this should not have happened; the log says more"),
        },
    )


@contextmanager
def service(
    matcher: Matcher,
    access: Access,
    settings: ServeSettings,
    *,
    jobs: Path | None = None,
    log_strings: bool = False,
    log_requests: bool = True,
    audit: Path | None = None,
) -> Iterator[Callable[[socket.socket], None]]:
    """Prepare the service; yields a function that serves on a socket until SIGTERM or Ctrl-C, then finishes accepted requests.

    Args:
        matcher: the matcher, with its registry.
        access: access rules.
        settings: limits of the service.
        jobs: the folder of bulk jobs, which a process beside this one works off; None: there are none.
        log_strings: whether to log matched strings, on standard error.
        log_requests: whether to log every request, or only failures.
        audit: a file to which a line is added for every request.

    Raises:
        AffilError: the folder or the file cannot be written.
    """
    log_lines(strings=log_strings, requests=log_requests, audit=audit)
    kept = None if jobs is None else Jobs(jobs, settings)
    metrics = Metrics({"affil": version("affil"), "version": matcher.version})
    with ExitStack() as stack:
        stack.enter_context(rare_collections())
        batcher = stack.enter_context(Batcher(matcher.warm(), settings, metrics.matched))
        if kept is not None:
            stack.enter_context(Worker(kept, matcher, None if access.keys is None else access.keys.path))
        app = serve_app(matcher, batcher, metrics, access, settings, jobs=kept, log_strings=log_strings)
        yield lambda listening: serve(app, listening, settings, drain=settings.drain, grace=settings.seconds, log_config=None)
