"""The language of a page: the user's choice, else the browser's."""

from __future__ import annotations

import re

from babel import negotiate_locale
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from affil.catalogue import SOURCE
from affil.service import texts
from affil.service.server import Form

LANGUAGE_COOKIE = "affil_language"
_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})


def language_of(request: Request) -> str:
    """One of `texts.LANGUAGES`."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in texts.LANGUAGES:
        return str(chosen)
    wanted = [_scripted(one.partition(";")[0].strip()) for one in request.headers.get("accept-language", "").split(",")]
    return negotiate_locale(wanted, texts.LANGUAGES, sep="-") or SOURCE


def _scripted(tag: str) -> str:
    """A tag as browsers send it, with the script in place of the region where the language is Chinese."""
    parts = tag.lower().split("-")
    if parts[0] != "zh":
        return tag
    return "zh-hant" if not _TRADITIONAL.isdisjoint(parts) and "hans" not in parts else "zh-hans"


def set_language(request: Request) -> Response:
    """Store the language in the form field `to`, and redirect to the page in the field `back`."""
    form: Form = request.state.form
    to = form.get("to", [""])[-1]
    answer = RedirectResponse(back_to(request), 303)
    if to in texts.LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, to, httponly=True, samesite="strict", max_age=366 * 86400)
    return answer


def back_to(request: Request) -> str:
    """The page in the form field `back`, if it is one of this server; else the first page."""
    form: Form = request.state.form
    back = form.get("back", [""])[-1]
    return back if re.match(r"/(?![/\\])", back) else "/"
