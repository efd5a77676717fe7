"""Common parts of the review pages: the person, the string, rendering."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http.cookies import CookieError
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from affil.errors import AffilError
from affil.ledger.cases import NOT_AN_ORGANISATION
from affil.names import visible
from affil.pages.forms import entry_key, field, number_of, query_of, shown_of
from affil.pages.language import language_of
from affil.pages.render import placed, render, shortened, templates
from affil.review.items import Filters
from affil.review.session import Session
from affil.review.spreadsheet import string_key
from affil.review.turns import Step
from affil.service import texts
from affil.service.server import Form
from affil.types import KINDS

NAME_COOKIE = "affil_name"


class Frame:
    """Base of views and actions: the session, and the default name of reviewers."""

    def __init__(self, session: Session, by: str) -> None:
        self.session, self.by, self.templates = session, by, templates()
        self.elsewhere = session.elsewhere

    def error(self, request: Request, error: Exception) -> Response:
        """Show an error, as a message on the page or as a page."""
        if "hx-request" in request.headers:
            return self._part(request, "message.html", said=str(error), failed=True, status=409)
        return self._page(request, "error.html", said=str(error), status=409)

    def _by(self, request: Request) -> str:
        """The person: the name given in the page, unless the server was started with another `--by` since."""
        try:
            name, _, default = request.cookies.get(NAME_COOKIE, "").partition("|")
        except CookieError:
            return self.by
        return unquote(name) if name and (unquote(default) == self.by or not self.by) else self.by

    def _reviewer(self, request: Request) -> str:
        by = self._by(request)
        if not by:
            raise AffilError(texts.text("who", language_of(request)))
        return by

    def _string(self, request: Request, key: str) -> int:
        """The number of the string with this key."""
        number = self.session.number(key)
        if number is None:
            raise AffilError(texts.text("stale", language_of(request)))
        return number

    def _card_string(self, request: Request) -> int:
        """The number of the string shown on the card."""
        number = self._string(request, field(request, "string"))
        if field(request, "shown") != shown_of(self.session.item(number).affiliation):
            raise AffilError(texts.text("stale", language_of(request)))
        return number

    def _answer(self, request: Request) -> tuple[list[str], str]:
        """The institutions that a form decides for, and the reason given: that there is none, and the note."""
        form: Form = request.state.form
        how = field(request, "how")
        ids = list(form["only"]) if "only" in form else [] if how in ("none", "not") else list(form.get("institution", ()))
        if not ids and how not in ("none", "not"):
            raise AffilError(texts.text("choose_first", language_of(request)))
        reason = {"none": "none of the registry", "not": NOT_AN_ORGANISATION}.get(how, "") if not ids else ""
        return ids, ": ".join(filter(None, (reason, " ".join(field(request, "why").split()))))

    def _card(self, number: int | None, filters: Filters, by: str) -> dict[str, Any]:
        return {
            "card": None if number is None else self.session.card(number, by),
            "left": len(self.session.select(filters, by)),
            "skipped": len(self.session.turns.skipped(by)),
            "last": self._last(self.session.last(by)),
            "filters": filters,
            "current": query_of(filters),
            "policy": self.session.matcher.settings.decide.policy,
            "placed_id": self._placed,
        }

    def _placed(self, identifier: str) -> str:
        one = self.session.institutions.find(identifier)
        return placed(one) if one else visible(identifier)

    def _last(self, step: Step | None) -> dict[str, Any]:
        """A person's last step, as a card says it."""
        if step is None:
            return {"key": "", "skip": False, "strings": 0, "said": ""}
        if step.skipped is not None:
            string = self.session.item(step.skipped).affiliation
            return {"key": f"skip {string_key(string)}", "skip": True, "strings": 1, "said": visible(string[:80])}
        first = step.entries[0]
        strings = len(step.entries)
        return {"key": entry_key(first), "skip": False, "strings": strings, "said": visible(first.affiliation[:80])}

    def _key(self, number: int) -> str:
        return string_key(self.session.queue.affiliations[number])

    def _saved(self, request: Request) -> str:
        """What the step in the address saved, as far as it still holds: the message after a decision on many."""
        value = request.query_params.get("step", "")
        entries = self.session.step(number_of(value)).entries if value else ()
        if not entries:
            return ""
        language = language_of(request)
        if len({e.institutions for e in entries}) > 1:
            return texts.text("saved_each", language, f"{len(entries):,}")
        key = "saved_mentions" if entries[0].paper else "saved_many"
        return texts.text(key, language, f"{len(entries):,}", self._named(entries[0].institutions, language))

    def _page(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        return self._render(request, template, status, {"said": "", **values, "whole": True})

    def _part(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        return self._render(request, template, status, {"said": "", "failed": False, **values, "whole": False})

    def _render(self, request: Request, template: str, status: int, values: dict[str, Any]) -> Response:
        language = language_of(request)
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        tools = {
            "named": lambda ids: self._named(ids, language),
            "string_number": self.session.queue.number,
            "string_key": string_key,
            "shown": shown_of,
            "json": json.dumps,
            "here": path if request.method == "GET" and values["whole"] else "/",
            "by": self._by(request),
            "progress": self.session.queue.progress(),
            "notices": self._notices(language),
            "kinds": KINDS,
            "pairs": lambda values: [(v, v) for v in values],
            "failed": False,
            "closed": (),
        }
        vary = "hx-request, cookie, accept-language"
        return render(self.templates, request, template, {**tools, **values}, status, vary=vary)

    def _notices(self, language: str) -> list[str]:
        """What everybody who decides here has to know of the workspace."""
        said = []
        if self.elsewhere:
            said.append(texts.text("elsewhere", language, *map(visible, self.elsewhere)))
        if self.session.outdated:
            said.append(texts.text("outdated", language))
        return said

    def _named(self, ids: Sequence[str] | None, language: str) -> str:
        if ids is None:
            return texts.text("undecided", language)
        known = [self.session.institutions.find(i) for i in ids]
        said = [f"{placed(one)} {shortened(i)}" if one else visible(i) for i, one in zip(ids, known, strict=True)]
        return texts.text("list_and", language).join(said) or texts.text("names_none", language)
