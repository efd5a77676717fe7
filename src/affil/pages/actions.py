"""Actions of the review page: decide, settle, undo, skip, add institutions; the logic is in `affil.review.session`."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from affil.discovery.proposals import Proposal
from affil.errors import AffilError
from affil.ledger.cases import key_of
from affil.names import visible
from affil.pages.forms import (
    chosen_mention,
    details_of,
    field,
    filters_of,
    number_of,
    proposal_key,
    query_of,
)
from affil.pages.frame import NAME_COOKIE, Frame
from affil.pages.language import back_to, language_of
from affil.review import proposals
from affil.review.items import Filters
from affil.review.spreadsheet import string_key
from affil.review.turns import Step
from affil.service import texts
from affil.service.server import Form
from affil.types import LedgerEntry

_LONGEST_NAME = 80


class Actions(Frame):
    """Route handlers of the actions."""

    def decide(self, request: Request) -> Response:
        """Record a decision on a string, and on similar ones if chosen."""
        by, number, language = self._reviewer(request), self._card_string(request), language_of(request)
        filters = filters_of(parse_qsl(field(request, "filters"), keep_blank_values=True))
        form: Form = request.state.form
        ids, why = self._answer(request)
        mention = self._mention(request, number)
        entries = self.session.decide(
            number,
            ids,
            by=by,
            why=why or "reviewed on the page",
            seen=number_of(field(request, "seen") or "0"),
            settle="settle" in form,
            also=[] if mention else [self._string(request, key) for key in form.get("also", ())],
            mention=mention,
        )
        named = self._named(entries[0].institutions, language)
        first = visible(entries[0].affiliation)[:80]
        said = texts.text("saved", language, first, named)
        if len(entries) > 1:
            said = texts.text("saved_many", language, len(entries), named)
        held = self.session.queue.cases
        beside = {
            case.holder.by for e in entries if (case := held[key_of(e)]).holder is not None and case.holder.number != e.number
        }
        if beside:
            said += " " + texts.text("beside", language, ", ".join(sorted(beside)))
        closed = [
            (visible(self.session.item(c.number).affiliation[:200]), self._named(c.institutions, language))
            for c in self.session.estimate(by)
        ]
        return self._next(request, filters, by, said, closed=closed)

    def settle(self, request: Request) -> Response:
        """Settle a dispute with one of the given answers."""
        by = self._reviewer(request)
        chosen = self._entry(request)
        number = self.session.queue.number(chosen.affiliation)
        if number is None:
            raise AffilError(texts.text("stale", language_of(request)))
        why = " ".join(field(request, "why").split()) or f"settled with entry {chosen.number} by {chosen.by}"
        mention = (chosen.paper, chosen.position) if chosen.paper else None
        self.session.decide(number, list(chosen.institutions or ()), by=by, why=why, settle=True, mention=mention)
        return RedirectResponse(back_to(request), 303)

    def undo(self, request: Request) -> Response:
        """Undo an entry, or those of its step that the page named, else the person's last step."""
        by, language = self._reviewer(request), language_of(request)
        filters = filters_of(parse_qsl(field(request, "filters"), keep_blank_values=True))
        self.session.refresh()
        if field(request, "entry"):
            step = self._step(request, self._entry(request))
            self.session.take_back(step, by=by, why=field(request, "why") or "taken back on the page")
            return RedirectResponse(back_to(request), 303)
        last = self.session.last(by)
        if last is None:
            raise AffilError(texts.text("nothing_to_undo", language))
        shown = self._last(last)
        if field(request, "last") != shown["key"]:
            raise AffilError(texts.text("stale_undo", language, shown["said"]))
        entries = self.session.take_back(last, by=by, why=field(request, "why") or "taken back on the page")
        if last.skipped is not None:
            said = texts.text("undone_skip", language, shown["said"])
            return self._next(request, filters, by, said, number=last.skipped)
        if field(request, "back"):
            return RedirectResponse(back_to(request), 303)
        said = texts.text("undone", language, shown["said"])
        if len(entries) > 1:
            said = texts.text("undone_many", language, len(entries), shown["said"])
        return self._next(request, filters, by, said, number=self.session.queue.number(entries[0].affiliation))

    def skip(self, request: Request) -> Response:
        """Skip a string."""
        by, number = self._reviewer(request), self._card_string(request)
        filters = filters_of(parse_qsl(field(request, "filters"), keep_blank_values=True))
        self.session.skip(number, by)
        self.session.refresh()
        said = texts.text("skipped", language_of(request), visible(self.session.item(number).affiliation)[:80])
        return self._next(request, filters, by, said)

    def unskip(self, request: Request) -> Response:
        """Restore skipped strings."""
        self.session.turns.unskip(self._reviewer(request))
        return RedirectResponse("/?" + query_of(filters_of(parse_qsl(field(request, "filters")))), 303)

    def add_institution(self, request: Request) -> Response:
        """Add an institution to the local registry, and show it as a candidate on the card."""
        self._reviewer(request)
        made = self.session.add_institution(details_of(request))
        said = texts.text("made", language_of(request), made.name)
        return self._part(request, "candidate.html", c=self.session.candidate(made.id), said=said)

    def edit_institution(self, request: Request) -> Response:
        """Replace the details of an institution of the workspace's own."""
        self._reviewer(request)
        self.session.edit_institution(field(request, "id"), details_of(request))
        return RedirectResponse("/new", 303)

    def accept(self, request: Request) -> Response:
        """Accept a proposal as a new institution."""
        by = self._reviewer(request)
        fields = {f: field(request, f).strip() for f in ("name", "country", "city", "kind")}
        proposals.accept(self.session, self._proposal(request), by=by, **fields)
        return RedirectResponse("/new", 303)

    def refuse(self, request: Request) -> Response:
        """Decide that the strings of a proposal name no organisation."""
        proposals.refuse(self.session, self._proposal(request), by=self._reviewer(request))
        return RedirectResponse("/new", 303)

    def _proposal(self, request: Request) -> Proposal:
        wanted = field(request, "proposal")
        found = next((p for p in proposals.open_proposals(self.session) if proposal_key(p) == wanted), None)
        if found is None:
            raise AffilError(texts.text("stale_proposal", language_of(request)))
        return found

    def set_name(self, request: Request) -> Response:
        """Store the person's name in a cookie."""
        name = " ".join(field(request, "name").split())[:_LONGEST_NAME]
        answer = RedirectResponse("/", 303)
        answer.set_cookie(NAME_COOKIE, f"{quote(name)}|{quote(self.by)}", httponly=True, samesite="strict", max_age=366 * 86400)
        return answer

    # A page may be older than the server and the workspace: forms state what was shown, and only that is decided.

    def _mention(self, request: Request, number: int) -> tuple[str, int | None] | None:
        """The chosen mention, if it still has the string; None for all mentions."""
        value = field(request, "mention")
        if not value:
            return None
        paper, position, author = chosen_mention(value)
        if not self.session.queue.store.stands(number, paper, position, author):
            raise AffilError(texts.text("stale_mention", language_of(request), paper[:80]))
        return paper, position

    def _entry(self, request: Request) -> LedgerEntry:
        """The ledger entry shown on the page, verified against the string shown with it."""
        wanted = number_of(field(request, "entry"))
        found = next((e for e in self.session.entries() if e.number == wanted), None)
        if found is None or string_key(found.affiliation) != field(request, "string"):
            raise AffilError(texts.text("stale_entry", language_of(request), wanted))
        return found

    def _step(self, request: Request, entry: LedgerEntry) -> Step:
        """What is to be taken back with an entry: of its step the entries that the page named, all of which still hold."""
        named = {number_of(number) for number in field(request, "step").split()}
        if not named:
            return Step((entry,))
        chosen = tuple(e for e in self.session.step(entry.number).entries if e.number in named)
        if len(chosen) < len(named):
            raise AffilError(texts.text("stale_step", language_of(request)))
        return Step(chosen)

    def _next(
        self,
        request: Request,
        filters: Filters,
        by: str,
        said: str,
        *,
        number: int | None = None,
        closed: Sequence[tuple[str, str]] = (),
    ) -> Response:
        """The next card as an HTML fragment, or a redirect without scripts."""
        if "hx-request" not in request.headers:
            return RedirectResponse("/?" + query_of(filters), 303)
        number = self.session.next(filters, by) if number is None else number
        return self._part(request, "card.html", **self._card(number, filters, by), said=said, closed=closed)
