"""Access control: tokens, hosts, cross-site requests, body size, security headers.

Starlette's TrustedHostMiddleware and CORSMiddleware do not do this; see docs/decisions/0010-guard.md.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlencode, urlsplit

from starlette.datastructures import URL, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from affil.service.keys import Keys
from affil.settings import WebSettings

TOKEN_COOKIE = "affil_token"
HEADERS = {
    # resources of this server only; no inline scripts or styles
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # `no-referrer` would also hide the origin of posts from us
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
SAFE = ("GET", "HEAD", "OPTIONS")
_TOKEN_PATH = "/token/"
_NO_TOKEN = (
    "a token is needed: programs send it, or a key, in the header 'authorization: Bearer TOKEN'; "
    "in a browser open the address with the token that the server printed when it started"
)
_UNKNOWN_TOKEN = "this token or key is not known here, or was revoked; affil keys list shows those there are"
_STATIC = "/static/"


@dataclass(frozen=True, slots=True)
class Sharing:
    """What other origins may request; safe only for requests without side effects.

    Pages of `origins` ("*": any site), pages of this machine, and clients with the token in the path may request `paths`. With
    `programs`, non-browser clients may post without a token.
    """

    paths: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    programs: bool = False


NOTHING_SHARED = Sharing()


@dataclass(frozen=True, slots=True)
class Access:
    """Access rules: a `token` required unless "", the allowed host names (`hosts`; empty: any), and `keys` that do as well as the
    token.
    """

    token: str = ""
    hosts: frozenset[str] = field(default_factory=frozenset)
    keys: Keys | None = None

    @classmethod
    def of(cls, host: str, token: str = "", names: Collection[str] = (), keys: Keys | None = None) -> Access:
        """Access rules for a listening address: no token on the loopback, elsewhere a token, generated if omitted.

        On the loopback only its own host names are accepted, which prevents DNS rebinding. With `names` (host names of a proxy)
        or `keys` a token is required there too.
        """
        if is_loopback(host):
            token = token or (secrets.token_urlsafe(24) if names or keys is not None else "")
            return cls(token, frozenset({"127.0.0.1", "localhost", "[::1]", "::1", host, *names}), keys)
        return cls(token or secrets.token_urlsafe(24), keys=keys)

    def admits(self, scope: Scope, shown: str) -> bool:
        """Whether what somebody shows is the token or a key; of a key it notes in the scope which one (see `affil.service.limits`)."""
        if self.token and secrets.compare_digest(shown.encode(), self.token.encode()):
            return True
        key = None if self.keys is None else self.keys.find(shown)
        if key is not None:
            scope["affil.key"], scope["affil.keys"] = key, self.keys
        return key is not None

    @property
    def pass_(self) -> str:
        """The cookie value of a client that has shown the token."""
        return hashlib.sha256(f"affil:{self.token}".encode()).hexdigest()


class Guard:
    """ASGI middleware: rejects unknown hosts, requests without the token, cross-site posts, and large bodies.

    Adds security headers to every response. The token may also be in the path (`/token/TEXT/...`), for clients configured by a
    URL only.
    """

    def __init__(
        self,
        app: ASGIApp,
        access: Access,
        settings: WebSettings,
        sharing: Sharing = NOTHING_SHARED,
        refuse: Callable[[int, str], Response] | None = None,
        bodies: Mapping[tuple[str, str], int] | None = None,
    ) -> None:
        self.app, self.access, self.settings, self.sharing, self.bodies = app, access, settings, sharing, bodies or {}
        self.refuse = refuse or _plain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, or reject it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        admitted = self._admit_by_path(scope)
        path = _path(scope)
        shared = bool(self.sharing.paths) and path.startswith(self.sharing.paths)
        request = Request(scope, receive)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**HEADERS, **(self._shared_headers(request) if shared else {})}.items():
                    headers.setdefault(name, value)
                if self.sharing.paths and path.startswith(_STATIC):
                    # what shared pages are made of: in a sandboxed frame, as OpenRefine's, even this server is another origin
                    headers["cross-origin-resource-policy"] = "cross-origin"
                if shared:
                    del headers["x-frame-options"]  # superseded by frame-ancestors
                if not path.startswith(_STATIC):
                    headers["cache-control"] = "no-store"
                if getattr(scope["app"].state, "ending", False):
                    headers["connection"] = "close"
            await send(message)

        refusal = self._refusal(request, shared, admitted)
        if refusal is not None:
            await refusal(scope, receive, with_headers)
            return
        left = self._most(request)

        async def limited() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise _TooLargeError
            return message

        try:
            await self.app(scope, limited, with_headers)
        except _TooLargeError:
            await self.refuse(413, "the request is too large")(scope, receive, with_headers)

    def _refusal(self, request: Request, shared: bool, admitted: bool) -> Response | None:
        access, headers, refuse = self.access, request.headers, self.refuse
        host = headers.get("host", "")
        if access.hosts and _hostname(host) not in access.hosts:
            return refuse(
                421, f"this server does not go by the name {_hostname(host)[:100]!r}, only by those in the setting names"
            )
        length, most = headers.get("content-length", "0"), self._most(request)
        if not length.isdigit() or int(length) > most:
            return refuse(413, f"the request is too large: more than {most:,} bytes")
        if shared:
            if not admitted and not self._allowed_page(headers):
                return refuse(
                    403, "refused: the request comes from another site; the setting serve.origins names those that may ask"
                )
            if request.method == "OPTIONS" and "access-control-request-method" in headers:
                return Response(status_code=204)
        elif request.method not in SAFE and not _own_page(headers, host, self.sharing.programs):
            return refuse(403, "refused: the request comes from another site")
        return self._require_token(request) if access.token and not admitted else None

    def _most(self, request: Request) -> int:
        """Bytes of a request, at most."""
        return self.bodies.get((request.method, _path(request.scope)), self.settings.body)

    def _admit_by_path(self, scope: Scope) -> bool:
        """Whether the path begins with the token, which is then moved to the root path; `affil.root` is that without it."""
        before, path = scope.get("root_path", ""), _path(scope)
        if not self.access.token or not path.startswith(_TOKEN_PATH):
            return False
        shown = path.removeprefix(_TOKEN_PATH).partition("/")[0]
        if not self.access.admits(scope, shown):
            return False
        scope["root_path"], scope["affil.root"] = f"{before}{_TOKEN_PATH}{shown}", before
        return True

    def _allowed_page(self, headers: Mapping[str, str]) -> bool:
        """Whether the requesting page is allowed; requests from no page (a program, a followed link) are."""
        origin, fetch = headers.get("origin"), headers.get("sec-fetch-site")
        if "*" in self.sharing.origins:
            return True
        if origin is None and (
            fetch in (None, "same-origin", "same-site", "none") or headers.get("sec-fetch-mode") == "navigate"
        ):
            return True
        page = urlsplit(origin or headers.get("referer", ""))
        return f"{page.scheme}://{page.netloc}" in self.sharing.origins or is_loopback(page.hostname or "")

    def _shared_headers(self, request: Request) -> dict[str, str]:
        origins = " ".join(("http://127.0.0.1:*", "http://localhost:*", *self.sharing.origins))
        return {
            "access-control-allow-origin": request.headers.get("origin", "*"),
            "access-control-allow-methods": "GET, POST, OPTIONS",
            "access-control-allow-headers": "authorization, content-type",
            "vary": "origin",
            "cross-origin-resource-policy": "cross-origin",
            "content-security-policy": HEADERS["content-security-policy"].replace(
                "frame-ancestors 'none'", f"frame-ancestors {origins}"
            ),
        }

    def _require_token(self, request: Request) -> Response | None:
        """None if the client has the token; a token in the URL is exchanged for a cookie."""
        access = self.access
        shown = request.query_params.get("token", "")
        if shown and request.method in SAFE and secrets.compare_digest(shown.encode(), access.token.encode()):
            rest = [(k, v) for k, v in request.query_params.multi_items() if k != "token"]
            answer = RedirectResponse(str(URL(scope=request.scope).replace(query=urlencode(rest))), 303)
            answer.set_cookie(TOKEN_COOKIE, access.pass_, httponly=True, samesite="strict")
            return answer
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if access.admits(request.scope, bearer):
            return None
        if secrets.compare_digest(request.cookies.get(TOKEN_COOKIE, "").encode(), access.pass_.encode()):
            return None
        refused = self.refuse(401, _UNKNOWN_TOKEN if bearer or shown else _NO_TOKEN)
        refused.headers["www-authenticate"] = "Bearer"
        return refused


class _TooLargeError(Exception):
    pass


def _path(scope: Scope) -> str:
    """The path without the root path."""
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


@lru_cache(maxsize=1 << 10)
def is_loopback(host: str) -> bool:
    """Whether an address is reachable from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _hostname(host: str) -> str:
    name = urlsplit(f"//{host}").hostname or "" if host.count(":") < 2 or host.startswith("[") else host
    return f"[{name}]" if ":" in name else name


def _own_page(headers: Mapping[str, str], host: str, programs: bool = False) -> bool:
    """Whether a post comes from our own pages. Browsers send at least one of the two headers, and scripts cannot set them.

    A client that sends neither is not a browser, and needs `programs` or a token in the header `authorization`.
    """
    origin, fetch = headers.get("origin"), headers.get("sec-fetch-site")
    if origin is None and fetch is None:
        return programs or headers.get("authorization", "").startswith("Bearer ")
    return (origin is None or urlsplit(origin).netloc == host) and (fetch is None or fetch == "same-origin")


def _plain(status: int, text: str) -> PlainTextResponse:
    return PlainTextResponse(text + "\n", status)
