"""The page on which people decide what strings name; everything it shows and does is `affil.review.session`'s."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from http.cookies import CookieError
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from affil.discovery.proposals import Proposal
from affil.errors import AffilError
from affil.ledger.cases import NOT_AN_ORGANISATION, key_of
from affil.names import visible
from affil.pages.language import language_of, set_language
from affil.pages.render import STATIC, render, templates
from affil.review.queue import Filters
from affil.review.session import Desk
from affil.review.spreadsheet import string_key
from affil.service import texts
from affil.service.security import Access
from affil.service.server import Form, Handler, endpoint, make_app
from affil.types import KINDS, LedgerEntry, Name

NAME_COOKIE = "affil_name"
_LONGEST_NAME = 80
_TOLD = 200  # characters of a string that a form says it showed; its key is of all of them


def review_app(desk: Desk, access: Access, *, by: str = "") -> Starlette:
    """The application that shows a desk.

    Args:
        desk: the workspace to review.
        access: who may ask.
        by: the name of whoever has not given one; "": they are asked.
    """
    pages = _Pages(desk, by)
    settings = desk.workspace.settings.web

    def route(path: str, handler: Handler, method: str = "GET") -> Route:
        return Route(path, endpoint(handler, settings), methods=[method])

    return make_app(
        [
            route("/", pages.review),
            route("/list", pages.listing),
            route("/history", pages.history),
            route("/conflicts", pages.conflicts),
            route("/new", pages.proposals),
            route("/search", pages.search),
            route("/candidate", pages.candidate),
            route("/similar", pages.similar),
            route("/name", pages.set_name, "POST"),
            route("/language", set_language, "POST"),
            route("/decide", pages.decide, "POST"),
            route("/settle", pages.settle, "POST"),
            route("/undo", pages.undo, "POST"),
            route("/skip", pages.skip, "POST"),
            route("/unskip", pages.unskip, "POST"),
            route("/institution", pages.add_institution, "POST"),
            route("/accept", pages.accept, "POST"),
            route("/refuse", pages.refuse, "POST"),
        ],
        access,
        settings,
        pages.error,
        static=STATIC,
    )


class _Pages:
    """One method a route."""

    def __init__(self, desk: Desk, by: str) -> None:
        self.desk, self.by, self.templates = desk, by, templates()
        self.choices = desk.queue.choices()

    # what is shown

    def review(self, request: Request) -> Response:
        by = self._by(request)
        if not by or "who" in request.query_params:
            return self._page(request, "who.html")
        filters = _filters(request.query_params.multi_items())
        self.desk.refresh()
        wanted = request.query_params.get("string")
        number = self._string(request, wanted) if wanted else self.desk.next(filters, by)
        return self._page(request, "review.html", **self._card(number, filters, by), choices=self.choices)

    def listing(self, request: Request) -> Response:
        if not (by := self._by(request)):
            return self._page(request, "who.html")
        filters = _filters(request.query_params.multi_items())
        self.desk.refresh()
        numbers = self.desk.select(filters, by)
        shown = [self.desk.item(n) for n in numbers[: self.desk.workspace.settings.web.listed].tolist()]
        current = _query(filters)
        return self._page(
            request, "list.html", items=shown, total=len(numbers), filters=filters, current=current, choices=self.choices
        )

    def history(self, request: Request) -> Response:
        if not (by := self._by(request)):
            return self._page(request, "who.html")
        self.desk.refresh()
        # a string that is to be decided blindly keeps its secret here too
        entries = [e for e in reversed(self.desk.entries()) if not self._secret(e, by)]
        shown = entries[: self.desk.workspace.settings.web.listed]
        alive = {e.number for case in self.desk.queue.standing.values() for e in (case.holder, *case.opinions.values()) if e}
        return self._page(request, "history.html", entries=shown, total=len(entries), alive=alive)

    def conflicts(self, request: Request) -> Response:
        if not (by := self._by(request)):
            return self._page(request, "who.html")
        self.desk.refresh()
        disputes = [(key, case) for key, case in self.desk.disputes() if by in case.people or len(case.people) > 1]
        shown = disputes[: self.desk.workspace.settings.web.listed]
        return self._page(request, "conflicts.html", disputes=shown, total=len(disputes), agreement=self.desk.agreement())

    def proposals(self, request: Request) -> Response:
        if not self._by(request):
            return self._page(request, "who.html")
        self.desk.refresh()
        found = self.desk.proposals()
        shown = [(_proposal_key(p), p) for p in found[: self.desk.workspace.settings.web.listed]]
        return self._page(request, "proposals.html", proposals=shown, total=len(found), choices=self.choices)

    def search(self, request: Request) -> Response:
        return self._part(
            request, "search.html", query=(q := request.query_params.get("q", "")[:200]), found=self.desk.search(q)
        )

    def candidate(self, request: Request) -> Response:
        return self._part(request, "candidate.html", c=self.desk.candidate(request.query_params.get("id", "")))

    def similar(self, request: Request) -> Response:
        return self._part(
            request, "similar.html", items=self.desk.alike(self._string(request, request.query_params.get("string", "")))
        )

    # what is done

    def decide(self, request: Request) -> Response:
        by, number, language = self._who(request), self._card_string(request), language_of(request)
        filters = _filters(parse_qsl(_one(request, "filters"), keep_blank_values=True))
        form: Form = request.state.form
        how = _one(request, "how")
        ids = list(form["only"]) if "only" in form else [] if how in ("none", "not") else list(form.get("institution", ()))
        if not ids and how not in ("none", "not"):
            raise AffilError(texts.text("choose_first", language))
        note = " ".join(_one(request, "why").split())
        reason = {"none": "none of the registry", "not": NOT_AN_ORGANISATION}.get(how, "") if not ids else ""
        entries = self.desk.decide(
            number,
            ids,
            by=by,
            why=": ".join(filter(None, (reason, note))) or "reviewed on the page",
            seen=_number(_one(request, "seen") or "0"),
            settle="settle" in form,
            also=[self._string(request, key) for key in form.get("also", ())],
            mention=self._mention(request, number),
        )
        named = self._named(entries[0].institutions, language)
        first = visible(entries[0].affiliation)[:80]
        said = texts.text("saved", language, first, named)
        if len(entries) > 1:
            said = texts.text("saved_many", language, len(entries), named)
        held = self.desk.queue.standing
        beside = {
            case.holder.by for e in entries if (case := held[key_of(e)]).holder is not None and case.holder.number != e.number
        }
        if beside:
            said += " " + texts.text("beside", language, ", ".join(sorted(beside)))
        return self._next(request, filters, by, said)

    def settle(self, request: Request) -> Response:
        """End a dispute by one of the answers given."""
        by = self._who(request)
        chosen = self._entry(request)
        number = self.desk.queue.number(chosen.affiliation)
        if number is None:
            raise AffilError(texts.text("stale", language_of(request)))
        why = " ".join(_one(request, "why").split()) or f"settled with entry {chosen.number} by {chosen.by}"
        mention = (chosen.paper, chosen.position) if chosen.paper else None
        self.desk.decide(number, list(chosen.institutions or ()), by=by, why=why, settle=True, mention=mention)
        return RedirectResponse("/conflicts", 303)

    def undo(self, request: Request) -> Response:
        by, language = self._who(request), language_of(request)
        filters = _filters(parse_qsl(_one(request, "filters"), keep_blank_values=True))
        self.desk.refresh()
        given = _one(request, "entry")
        last = self._entry(request) if given else self.desk.last(by)
        if last is None:
            raise AffilError(texts.text("nothing_to_undo", language))
        if not given and _one(request, "last") != _entry_key(last):
            raise AffilError(texts.text("stale_undo", language, visible(last.affiliation)[:80]))
        entry = self.desk.undo(last.number, by=by, why=_one(request, "why") or "taken back on the page")
        said = texts.text("undone", language, visible(entry.affiliation)[:80])
        if given:
            return RedirectResponse("/history", 303)
        return self._next(request, filters, by, said, number=self.desk.queue.number(entry.affiliation))

    def skip(self, request: Request) -> Response:
        by, number = self._who(request), self._card_string(request)
        filters = _filters(parse_qsl(_one(request, "filters"), keep_blank_values=True))
        self.desk.skip(number, by)
        self.desk.refresh()
        said = texts.text("skipped", language_of(request), visible(self.desk.item(number).affiliation)[:80])
        return self._next(request, filters, by, said)

    def unskip(self, request: Request) -> Response:
        self.desk.unskip(self._who(request))
        return RedirectResponse("/?" + _query(_filters(parse_qsl(_one(request, "filters")))), 303)

    def add_institution(self, request: Request) -> Response:
        self._who(request)
        chinese = _one(request, "chinese").strip()
        made = self.desk.add_institution(
            _one(request, "name"),
            _one(request, "country"),
            city=_one(request, "city"),
            kind=_one(request, "kind") or "other",
            names=[Name(chinese, "zh", "label")] if chinese else [],
        )
        said = texts.text("made", language_of(request), made.name)
        return self._part(request, "candidate.html", c=self.desk.candidate(made.id), said=said)

    def accept(self, request: Request) -> Response:
        """Make a proposal a new institution."""
        by = self._who(request)
        fields = {f: _one(request, f).strip() for f in ("name", "country", "city", "kind")}
        self.desk.accept(self._proposal(request), by=by, **fields)
        return RedirectResponse("/new", 303)

    def refuse(self, request: Request) -> Response:
        """Decide that the strings of a proposal name no organisation."""
        self.desk.refuse(self._proposal(request), by=self._who(request))
        return RedirectResponse("/new", 303)

    def _proposal(self, request: Request) -> Proposal:
        wanted = _one(request, "proposal")
        found = next((p for p in self.desk.proposals() if _proposal_key(p) == wanted), None)
        if found is None:
            raise AffilError(texts.text("stale_proposal", language_of(request)))
        return found

    def set_name(self, request: Request) -> Response:
        name = " ".join(_one(request, "name").split())[:_LONGEST_NAME]
        answer = RedirectResponse("/", 303)
        answer.set_cookie(NAME_COOKIE, quote(name), httponly=True, samesite="strict", max_age=366 * 86400)
        return answer

    def error(self, request: Request, error: Exception) -> Response:
        if "hx-request" in request.headers:
            return self._part(request, "message.html", said=str(error), failed=True, status=409)
        return self._page(request, "error.html", said=str(error), status=409)

    # how

    def _by(self, request: Request) -> str:
        try:
            return unquote(request.cookies.get(NAME_COOKIE, "")) or self.by
        except CookieError:
            return self.by

    def _who(self, request: Request) -> str:
        by = self._by(request)
        if not by:
            raise AffilError(texts.text("who", language_of(request)))
        return by

    # A page may be older than the server and than the workspace: it says what it showed, and only that is decided.

    def _string(self, request: Request, key: str) -> int:
        """The number of the string with this key."""
        number = self.desk.number(key)
        if number is None:
            raise AffilError(texts.text("stale", language_of(request)))
        return number

    def _card_string(self, request: Request) -> int:
        """The number of the string that the card showed."""
        number = self._string(request, _one(request, "string"))
        if _one(request, "shown") != _shown(self.desk.item(number).affiliation):
            raise AffilError(texts.text("stale", language_of(request)))
        return number

    def _mention(self, request: Request, number: int) -> tuple[str, int | None] | None:
        """The mention that was chosen, if the string still stands there; None for the string wherever it stands."""
        value = _one(request, "mention")
        if not value:
            return None
        paper, position, author = _chosen_mention(value)
        if not self.desk.queue.stands(number, paper, position, author):
            raise AffilError(texts.text("stale_mention", language_of(request), paper[:80]))
        return paper, position

    def _entry(self, request: Request) -> LedgerEntry:
        """The entry of the ledger that the page showed, under the string that it showed with it."""
        wanted = _number(_one(request, "entry"))
        found = next((e for e in self.desk.entries() if e.number == wanted), None)
        if found is None or string_key(found.affiliation) != _one(request, "string"):
            raise AffilError(texts.text("stale_entry", language_of(request), wanted))
        return found

    def _secret(self, entry: LedgerEntry, by: str) -> bool:
        number = self.desk.queue.number(entry.affiliation)
        return number is not None and self.desk.queue.second(number, by)

    def _card(self, number: int | None, filters: Filters, by: str) -> dict[str, Any]:
        return {
            "card": None if number is None else self.desk.card(number, by),
            "left": len(self.desk.select(filters, by)),
            "skipped": self.desk.skipped(by),
            "last": "" if (last := self.desk.last(by)) is None else _entry_key(last),
            "filters": filters,
            "current": _query(filters),
        }

    def _next(self, request: Request, filters: Filters, by: str, said: str, number: int | None = None) -> Response:
        """The next card as a part of the page, or the whole page for who has no scripts."""
        if "hx-request" not in request.headers:
            return RedirectResponse("/?" + _query(filters), 303)
        number = self.desk.next(filters, by) if number is None else number
        return self._part(request, "card.html", **self._card(number, filters, by), said=said)

    def _page(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        return self._render(request, template, status, {"said": "", **values, "whole": True})

    def _part(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        return self._render(request, template, status, {"said": "", "failed": False, **values, "whole": False})

    def _render(self, request: Request, template: str, status: int, values: dict[str, Any]) -> Response:
        language = language_of(request)
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        tools = {
            "named": lambda ids: self._named(ids, language),
            "string_number": self.desk.queue.number,
            "string_key": string_key,
            "shown": _shown,
            "json": json.dumps,
            "here": path if request.method == "GET" and values["whole"] else "/",
            "by": self._by(request),
            "progress": self.desk.progress(),
            "kinds": KINDS,
            "pairs": lambda values: [(v, v) for v in values],
            "failed": False,
        }
        vary = "hx-request, cookie, accept-language"
        return render(self.templates, request, template, {**tools, **values}, status, vary=vary)

    def _named(self, ids: Sequence[str] | None, language: str) -> str:
        if ids is None:
            return texts.text("undecided", language)
        return ", ".join(visible(self.desk.name(i)) for i in ids) or texts.text("names_none", language)


def _filters(pairs: Sequence[tuple[str, str]]) -> Filters:
    """Filters from the fields of a form; what is blank or not a filter is left out."""
    known = {f.name: f for f in fields(Filters)}
    given: dict[str, Any] = {k: v.strip() for k, v in pairs if k in known and v.strip()}
    for bound in ("low", "high"):
        if bound in given:
            try:
                given[bound] = float(given[bound])
            except ValueError as error:
                raise AffilError(f"no probability: {given[bound]!r}") from error
    return Filters(**given).check()


def _query(filters: Filters) -> str:
    plain = Filters()
    return urlencode(
        {f.name: getattr(filters, f.name) for f in fields(Filters) if getattr(filters, f.name) != getattr(plain, f.name)}
    )


def _one(request: Request, name: str) -> str:
    """The last value of a field of the form, "" where it is not there."""
    values: Form = request.state.form
    return values[name][-1] if values.get(name) else ""


def _shown(affiliation: str) -> str:
    """What a form says that its card showed: the beginning of the string, as a browser hands it back."""
    return visible(affiliation[:_TOLD])


def _entry_key(entry: LedgerEntry) -> str:
    return f"{entry.number} {string_key(entry.affiliation)}"


def _proposal_key(proposal: Proposal) -> str:
    """A short key of all that a proposal says."""
    return string_key(json.dumps(asdict(proposal)))


def _chosen_mention(value: str) -> tuple[str, int | None, str]:
    """A mention from what the form says of it: `["paper", position, "author"]`."""
    try:
        paper, position, author = json.loads(value)
    except (ValueError, TypeError) as error:
        raise AffilError(f"not a mention: {value[:40]!r}") from error
    if not (isinstance(paper, str) and isinstance(author, str) and (position is None or type(position) is int)):
        raise AffilError(f"not a mention: {value[:40]!r}")
    return paper, position, author


def _number(value: str | None) -> int:
    if value is None or not value.isascii() or not value.isdigit() or len(value) > 12:
        raise AffilError(f"not a number: {(value or '')[:20]!r}")
    return int(value)
