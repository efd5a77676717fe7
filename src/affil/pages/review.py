"""The review page, on which people decide what strings name; the logic is in `affil.review.session`."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from affil.pages.actions import Actions
from affil.pages.forms import filters_of, proposal_key
from affil.pages.frame import Frame
from affil.pages.language import set_language
from affil.pages.lists import Lists
from affil.pages.render import STATIC
from affil.review import proposals
from affil.review.session import Session
from affil.service.security import Access
from affil.service.server import Handler, endpoint, make_app


def review_app(session: Session, access: Access, *, by: str = "") -> Starlette:
    """Make the web application of a review session.

    Args:
        session: the review session.
        access: access rules.
        by: default name of the reviewer; "": ask for it.
    """
    views, lists, actions = Views(session, by), Lists(session, by), Actions(session, by)
    settings = session.workspace.settings.web

    def route(path: str, handler: Handler, method: str = "GET") -> Route:
        return Route(path, endpoint(handler, settings), methods=[method])

    return make_app(
        [
            route("/", views.review),
            route("/list", lists.listing),
            route("/history", lists.history),
            route("/conflicts", lists.conflicts),
            route("/new", views.proposals),
            route("/search", views.search),
            route("/candidate", views.candidate),
            route("/similar", views.similar),
            route("/mentions", lists.mentions),
            route("/name", actions.set_name, "POST"),
            route("/language", set_language, "POST"),
            route("/decide", actions.decide, "POST"),
            route("/mentions", lists.decide_mentions, "POST"),
            route("/ticked", lists.bulk, "POST"),
            route("/bulk", lists.decide_bulk, "POST"),
            route("/settle", actions.settle, "POST"),
            route("/undo", actions.undo, "POST"),
            route("/skip", actions.skip, "POST"),
            route("/unskip", actions.unskip, "POST"),
            route("/institution", actions.add_institution, "POST"),
            route("/edit", actions.edit_institution, "POST"),
            route("/parents", views.parents),
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

    def proposals(self, request: Request) -> Response:
        """Proposed new institutions."""
        if not self._by(request):
            return self._page(request, "who.html")
        self.session.refresh()
        found = proposals.open_proposals(self.session)
        shown = [(proposal_key(p), p) for p in found[: self.session.workspace.settings.web.listed]]
        return self._page(request, "proposals.html", proposals=shown, total=len(found), made=self.session.institutions.made)

    def search(self, request: Request) -> Response:
        """Search for institutions by name."""
        return self._part(
            request,
            "search.html",
            query=(q := request.query_params.get("q", "")[:200]),
            found=self.session.institutions.search(q),
        )

    def parents(self, request: Request) -> Response:
        """Institutions of a name, to be chosen as parents in a form."""
        return self._part(
            request, "options.html", found=self.session.institutions.search(request.query_params.get("parents", "")[:200])
        )

    def candidate(self, request: Request) -> Response:
        """An institution as a candidate of the card."""
        return self._part(request, "candidate.html", c=self.session.candidate(request.query_params.get("id", "")))

    def similar(self, request: Request) -> Response:
        """Strings similar to the one on the card."""
        return self._part(
            request, "similar.html", items=self.session.alike(self._string(request, request.query_params.get("string", "")))
        )
