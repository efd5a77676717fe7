"""Ask a service on the internet: politely, again where the trouble is passing, and with every failure said in one line."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from affil.errors import AffilError
from affil.settings import FETCH
from affil.wording import said

if TYPE_CHECKING:
    import httpx2

_PASSING = (429, 500, 502, 503, 504)  # what a server says that will answer again soon


class RefusedError(AffilError):
    """A server refused a request for good; `status` is its HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(slots=True)
class Http:
    """A client of one service; to be used in a `with` block.

    Attributes:
        advice: what else a person can do when it does not answer, behind "; ..., ".
        between: seconds between two requests at least.
        headers: sent with each request.
        refused: sentences for statuses that have a meaning of their own at this service (401: the key is wrong).
    """

    advice: str = ""
    between: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[int, str] = field(default_factory=dict)
    answered: Mapping[str, str] = field(default_factory=dict, init=False)  # headers of the last answer, names in lower case
    _client: httpx2.Client | None = field(default=None, init=False)
    _last: float = field(default=0.0, init=False)

    def __enter__(self) -> Http:
        import httpx2

        agent = {"User-Agent": "affil", "Accept-Encoding": "identity"}
        self._client = httpx2.Client(follow_redirects=True, timeout=FETCH.timeout, headers={**agent, **self.headers})
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._client is not None:
            self._client.close()

    def get(self, url: str, parameters: Mapping[str, str] | None = None) -> Any:
        """A JSON value.

        Raises:
            RefusedError: the server says no, or that there is nothing.
            AffilError: it cannot be reached, or answers with something else than JSON.
        """
        import httpx2

        shown = url.partition("?")[0]  # without parameters, as a key may be among them
        for attempt in range(1, FETCH.attempts + 1):
            try:
                with self.stream(url, parameters=parameters) as response:
                    body = response.read()
                    return json.loads(body)
            except httpx2.TransportError as error:
                if attempt == FETCH.attempts:
                    raise AffilError(said("{0}: broke off ({1}); run it again", shown, cause_of(error))) from error
            except ValueError as error:
                if attempt == FETCH.attempts:
                    raise AffilError(
                        said("{0}: answers with something else than JSON ({1}); try again later", shown, error)
                    ) from error
            time.sleep(FETCH.wait * attempt)
        raise AssertionError  # the last attempt returns or raises

    @contextmanager
    def stream(
        self, url: str, *, parameters: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Iterator[httpx2.Response]:
        """Ask for an address, again where the server is busy; the answer's body is to be read in the block.

        Raises:
            RefusedError, AffilError: see `get`.
        """
        import httpx2

        assert self._client is not None
        away = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol)  # no use in asking again
        shown, host = url.partition("?")[0], urlsplit(url).netloc
        for attempt in range(1, FETCH.attempts + 1):
            time.sleep(max(0.0, self._last + self.between - time.monotonic()))
            self._last = time.monotonic()
            try:
                request = self._client.build_request("GET", url, params=parameters, headers=headers)
                response = self._client.send(request, stream=True)
            except (httpx2.HTTPError, httpx2.InvalidURL) as error:
                passing = isinstance(error, httpx2.TransportError) and not isinstance(error, away)
                if passing and attempt < FETCH.attempts:
                    time.sleep(FETCH.wait * attempt)
                    continue
                problem = said("{0} cannot be reached ({1})", host or shown, cause_of(error))
                raise AffilError(said("{0}; connect this machine to the internet{1}", problem, self.advice)) from error
            try:
                status = response.status_code
                self.answered = {name.lower(): value for name, value in response.headers.items()}
                if status in (200, 206):
                    yield response
                    return
            finally:
                response.close()
            if status not in _PASSING or status in self.refused:
                break
            if attempt < FETCH.attempts:
                time.sleep(_wait(response, attempt))
        later = said("try again later") if status in _PASSING else said("it may have moved")
        told = self.refused.get(status, later + self.advice)
        raise RefusedError(said("{0}: answers {1} {2}; {3}", shown, status, response.reason_phrase, told), status)


def cause_of(error: Exception) -> str:
    """What an error says, or its name."""
    return str(error) or type(error).__name__


def _wait(response: httpx2.Response, attempt: int) -> float:
    """Seconds until the next attempt: what the server asks for, as far as anyone waits."""
    asked: str = response.headers.get("Retry-After", "")
    return min(float(asked), FETCH.patience) if asked.isdecimal() else FETCH.wait * attempt
