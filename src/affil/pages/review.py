"""The review page, on which people decide what strings name; the logic is in `affil.review.session`."""

from __future__ import annotations

from dataclasses import asdict, replace
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from affil.ledger.agreement import agreement
from affil.pages.actions import Actions
from affil.pages.forms import filters_of, flipped, page_of, proposal_key, query_of, rule_of
from affil.pages.frame import Frame
from affil.pages.language import set_language
from affil.pages.render import STATIC
from affil.review import proposals
from affil.review.mentions import beside, beside_each, chosen, state_of
from affil.review.session import Session
from affil.service.security import Access
from affil.service.server import Handler, endpoint, make_app
from affil.types import LedgerEntry


def review_app(session: Session, access: Access, *, by: str = "") -> Starlette:
    """Make the web application of a review session.

    Args:
        session: the review session.
        access: access rules.
        by: default name of the reviewer; "": ask for it.
    """
    views, actions = Views(session, by), Actions(session, by)
    settings = session.workspace.settings.web

    def route(path: str, handler: Handler, method: str = "GET") -> Route:
        return Route(path, endpoint(handler, settings), methods=[method])

    return make_app(
        [
            route("/", views.review),
            route("/list", views.listing),
            route("/history", views.history),
            route("/conflicts", views.conflicts),
            route("/new", views.proposals),
            route("/search", views.search),
            route("/candidate", views.candidate),
            route("/similar", views.similar),
            route("/mentions", views.mentions),
            route("/name", actions.set_name, "POST"),
            route("/language", set_language, "POST"),
            route("/decide", actions.decide, "POST"),
            route("/mentions", actions.decide_mentions, "POST"),
            route("/settle", actions.settle, "POST"),
            route("/undo", actions.undo, "POST"),
            route("/skip", actions.skip, "POST"),
            route("/unskip", actions.unskip, "POST"),
            route("/institution", actions.add_institution, "POST"),
            route("/accept", actions.accept, "POST"),
            route("/refuse", actions.refuse, "POST"),
        ],
        access,
        settings,
        views.error,
        static=STATIC,
    )


class Views(Frame):
    """Route handlers of the views."""

    def __init__(self, session: Session, by: str) -> None:
        super().__init__(session, by)
        self.choices = session.queue.store.choices()

    def review(self, request: Request) -> Response:
        """The card of the next string, or of a given one."""
        by = self._by(request)
        if not by or "who" in request.query_params:
            return self._page(request, "who.html")
        filters = filters_of(request.query_params.multi_items())
        self.session.refresh()
        wanted = request.query_params.get("string")
        number = self._string(request, wanted) if wanted else self.session.next(filters, by)
        return self._page(request, "review.html", **self._card(number, filters, by), choices=self.choices)

    def mentions(self, request: Request) -> Response:
        """The mentions of a string that a rule is about, to be decided at once."""
        if not (by := self._by(request)):
            return self._page(request, "who.html")
        self.session.refresh()
        query, pairs = request.query_params, request.query_params.multi_items()
        number, rule, (out, again) = self._string(request, query.get("string", "")), rule_of(pairs), flipped(pairs)
        found = self.session.mentions(number, rule, by)
        page, of = page_of(query.get("page", "")), self.session.workspace.settings.web.listed
        shown = found[(page - 1) * of : page * of]
        store, ticked, known = self.session.queue.store, query.getlist("institution"), self.session.card(number, by).candidates
        added = [i for i in ticked if i not in {c.institution.id for c in known}]
        return self._page(
            request,
            "mentions.html",
            said=self._saved(request),
            item=self.session.item(number),
            rule=rule,
            places=beside(store, number, of),
            total=len(found),
            decided=sum(m.entry is not None for m in found),
            count=len(chosen(found, without=out, again=again)),
            mentions=shown,
            page=page,
            pages=-(-len(found) // of),
            around=beside_each(store, number, [m.at.paper for m in shown]),
            out=out,
            again=again,
            elsewhere=sorted((out | again) - {m.key for m in shown}),
            state=state_of(found),
            candidates=[
                *(replace(c, chosen=c.institution.id in ticked) for c in known),
                *(self.session.candidate(i) for i in added),
            ],
            why=query.get("why", ""),
            path="/mentions",
            back="/mentions?" + urlencode({"string": query["string"], **asdict(rule), "page": page}),
            last=self._last(self.session.last(by)),
            placed_id=self._placed,
        )

    def listing(self, request: Request) -> Response:
        """The strings that pass the filters."""
        if not (by := self._by(request)):
            return self._page(request, "who.html")
        filters = filters_of(request.query_params.multi_items())
        self.session.refresh()
        numbers = self.session.queue.select(filters, by)
        shown = [self.session.item(n) for n in numbers[: self.session.workspace.settings.web.listed].tolist()]
        current = query_of(filters)
        return self._page(
            request, "list.html", items=shown, total=len(numbers), filters=filters, current=current, choices=self.choices
        )

    def history(self, request: Request) -> Response:
        """All decisions, latest first."""
        if not (by := self._by(request)):
            return self._page(request, "who.html")
        self.session.refresh()
        # hide decisions on strings that this person is to decide blindly
        entries = [e for e in reversed(self.session.entries()) if not self._is_hidden(e, by)]
        shown = entries[: self.session.workspace.settings.web.listed]
        steps = {e.number: len(self.session.step(e.number).entries) for e in shown}
        alive = {e.number for case in self.session.queue.cases.values() for e in (case.holder, *case.opinions.values()) if e}
        return self._page(request, "history.html", entries=shown, total=len(entries), alive=alive, steps=steps)

    def conflicts(self, request: Request) -> Response:
        """Conflicting decisions, and agreement between reviewers."""
        if not (by := self._by(request)):
            return self._page(request, "who.html")
        self.session.refresh()
        disputes = [(key, case) for key, case in self.session.disputes() if by in case.people or len(case.people) > 1]
        shown = disputes[: self.session.workspace.settings.web.listed]
        return self._page(
            request, "conflicts.html", disputes=shown, total=len(disputes), agreement=agreement(self.session.queue.cases)
        )

    def proposals(self, request: Request) -> Response:
        """Proposed new institutions."""
        if not self._by(request):
            return self._page(request, "who.html")
        self.session.refresh()
        found = proposals.open_proposals(self.session)
        shown = [(proposal_key(p), p) for p in found[: self.session.workspace.settings.web.listed]]
        return self._page(request, "proposals.html", proposals=shown, total=len(found), choices=self.choices)

    def search(self, request: Request) -> Response:
        """Search for institutions by name."""
        return self._part(
            request,
            "search.html",
            query=(q := request.query_params.get("q", "")[:200]),
            found=self.session.institutions.search(q),
        )

    def candidate(self, request: Request) -> Response:
        """An institution as a candidate of the card."""
        return self._part(request, "candidate.html", c=self.session.candidate(request.query_params.get("id", "")))

    def similar(self, request: Request) -> Response:
        """Strings similar to the one on the card."""
        return self._part(
            request, "similar.html", items=self.session.alike(self._string(request, request.query_params.get("string", "")))
        )

    def _is_hidden(self, entry: LedgerEntry, by: str) -> bool:
        number = self.session.queue.number(entry.affiliation)
        return number is not None and self.session.queue.second(number, by)
