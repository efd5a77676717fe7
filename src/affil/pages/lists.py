"""Pages of many rows: the list of strings with its facets, what is decided there at once, and the mentions of one string."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import urlencode

import numpy as np
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from affil.errors import AffilError
from affil.ledger import Key
from affil.ledger.agreement import agreement
from affil.names import visible
from affil.pages.forms import filters_of, flipped, page_of, pairs_of, query_of, rule_of, search_of
from affil.pages.frame import Frame
from affil.pages.language import back_to, language_of
from affil.review.bulk import Bulk, as_found, bulk_of
from affil.review.card import Candidate
from affil.review.facets import facets, value_of, within, without
from affil.review.history import KINDS, Search, conflicts, history, kind_of
from affil.review.items import SORTS, Filters
from affil.review.mentions import beside, beside_each, chosen, state_of
from affil.review.queue import Numbers
from affil.review.session import Session
from affil.service import texts
from affil.types import LedgerEntry


class Lists(Frame):
    """Route handlers of pages with many rows.

    Rows are ticked over several pages: see `affil.pages.forms.flipped`.
    """

    def __init__(self, session: Session, by: str) -> None:
        super().__init__(session, by)
        self.choices = session.queue.store.choices()

    def listing(self, request: Request) -> Response:
        """The strings that pass the filters, with facets, to tick some or all."""
        if not (by := self._by(request)):
            return self._page(request, "who.html")
        pairs = pairs_of(request)
        filters, (out, again) = filters_of(pairs), flipped(pairs)
        self.session.refresh()
        queue, sort, whole = self.session.queue, request.query_params.get("sort") or SORTS[0], "all" in dict(pairs)
        numbers = queue.ordered(queue.select(filters, by), sort)
        page, pages, shown = self._paged(request, numbers)
        items = [self.session.item(n) for n in shown.tolist()]
        keys = {self._key(n) for n in shown.tolist()}
        address = {f: v for f, v in (("sort", sort), ("page", page)) if v not in (SORTS[0], 1)}
        return self._page(
            request,
            "list.html",
            said=self._saved(request),
            items=items,
            hidden_from=[queue.second(n, by) for n in shown.tolist()],
            total=len(numbers),
            mentions=int(queue.mentions[numbers].sum()),
            filters=filters,
            current=query_of(filters),
            fields=[(name, value) for name, value in asdict(filters).items() if value != getattr(Filters(), name)],
            facets=self._facets(filters, by),
            shown_first=self.session.workspace.settings.web.faceted,
            value_said=lambda facet, value: self._said(facet, value, language_of(request)),
            placed_id=self._placed,
            choices=self.choices,
            sort=sort,
            everything=whole,
            ticked=(lambda key: key not in out) if whole else (lambda key: key in again),
            count=len(self._ticked(numbers, pairs)),
            elsewhere=sorted((out if whole else again) - keys),
            page=page,
            pages=pages,
            path="/list",
            back=f"/list?{query_of(filters)}&{urlencode(address)}",
            last=self._last(self.session.last(by)),
            case_of=lambda item: queue.cases.get(Key(item.affiliation)),
            doubts_of=self.session.doubts,
            value_of=lambda number: float(queue.value[number]),
        )

    def bulk(self, request: Request) -> Response:
        """The ticked strings of a list, each with what the model found, to be decided at once."""
        by = self._reviewer(request)
        self.session.refresh()
        found = self._bulk(request, by)
        return self._page(
            request,
            "bulk.html",
            bulk=found,
            policy=self.session.matcher.settings.decide.policy,
            back=back_to(request),
            here=back_to(request),
            candidates=self._offered(found),
            last=self._last(self.session.last(by)),
        )

    def decide_bulk(self, request: Request) -> Response:
        """Record decisions on the strings of a bulk, but for those that were unticked."""
        by, language = self._reviewer(request), language_of(request)
        self.session.refresh()
        pairs = pairs_of(request)
        out, _ = flipped(pairs)
        whole = self._bulk(request, by)
        if whole.state != dict(pairs).get("seen"):
            raise AffilError(texts.text("stale_bulk", language))
        kept = replace(whole, items=tuple(i for i in whole.items if self._key(i.number) not in out))
        if not kept.items:
            raise AffilError(texts.text("tick_first", language))
        if dict(pairs).get("how") == "model":
            note = " ".join(dict(pairs).get("why", "").split())
            answers, why = as_found(kept), ": ".join(filter(None, ("as the model found it", note)))
        else:
            ids, why = self._answer(request)
            answers = {item.number: tuple(ids) for item in kept.items}
        entries = self.session.decide_each(answers, by=by, why=why or "decided in a list")
        return RedirectResponse(f"{back_to(request)}&step={entries[-1].number}", 303)

    def mentions(self, request: Request) -> Response:
        """The mentions of a string that a rule is about, to be decided at once."""
        if not (by := self._by(request)):
            return self._page(request, "who.html")
        self.session.refresh()
        query, pairs = request.query_params, pairs_of(request)
        number, rule, (out, again) = self._string(request, query.get("string", "")), rule_of(pairs), flipped(pairs)
        found = self.session.mentions(number, rule, by)
        page, pages, shown = self._paged(request, found)
        store, ticked = self.session.queue.store, query.getlist("institution")
        known = self.session.card(number, by).candidates
        added = [i for i in ticked if i not in {c.institution.id for c in known}]
        return self._page(
            request,
            "mentions.html",
            said=self._saved(request),
            item=self.session.item(number),
            rule=rule,
            places=beside(store, number, self._of),
            total=len(found),
            decided=sum(m.entry is not None for m in found),
            count=len(chosen(found, without=out, again=again)),
            mentions=shown,
            page=page,
            pages=pages,
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

    def decide_mentions(self, request: Request) -> Response:
        """Record a decision on the mentions of a string that a rule is about."""
        by, number = self._reviewer(request), self._card_string(request)
        ids, why = self._answer(request)
        pairs = pairs_of(request)
        rule, (out, again) = rule_of(pairs), flipped(pairs)
        self.session.refresh()
        found = self.session.mentions(number, rule, by)
        if dict(pairs).get("seen") != state_of(found):
            raise AffilError(texts.text("stale_mentions", language_of(request)))
        wanted = chosen(found, without=out, again=again)
        entries = self.session.decide_mentions(number, wanted, ids, by=by, why=": ".join(filter(None, (why, str(rule)))))
        return RedirectResponse(f"{back_to(request)}&step={entries[-1].number}", 303)

    def history(self, request: Request) -> Response:
        """What people did, step by step, latest first."""
        if not (by := self._by(request)):
            return self._page(request, "who.html")
        self.session.refresh()
        search, entries, cases = search_of(pairs_of(request)), self.session.entries(), self.session.queue.cases
        # hide decisions on strings that this person is to decide blindly
        seen = [e for e in entries if not self._is_hidden(e, by)]
        found = history(seen, cases, search, self.session.institutions.name)
        page, pages, shown = self._paged(request, found)
        values = self._searched(search, seen, page, pages, "/history")
        return self._page(request, "history.html", steps=shown, total=len(found), kind_of_entry=kind_of, **values)

    def conflicts(self, request: Request) -> Response:
        """Conflicting decisions, and agreement between reviewers."""
        if not (by := self._by(request)):
            return self._page(request, "who.html")
        self.session.refresh()
        search, cases = search_of(pairs_of(request)), self.session.queue.cases
        disputes = [(key, case) for key, case in self.session.disputes() if by in case.people or len(case.people) > 1]
        found = conflicts(disputes, search, self.session.institutions.name)
        page, pages, shown = self._paged(request, found)
        said = [e for _, case in disputes for e in (case.holder, *case.opinions.values()) if e is not None]
        values = self._searched(search, said, page, pages, "/conflicts")
        return self._page(request, "conflicts.html", disputes=shown, total=len(found), agreement=agreement(cases), **values)

    def _searched(self, search: Search, entries: Sequence[LedgerEntry], page: int, pages: int, path: str) -> dict[str, Any]:
        """What the pages show of a search, its choices and its pages."""
        query = urlencode({k: v for k, v in asdict(search).items() if v})
        return {
            "search": search,
            "searched": query,
            "reviewers": sorted({e.by for e in entries}),
            "entry_kinds": [k for k in KINDS if any(kind_of(e) == k for e in entries)],
            "page": page,
            "pages": pages,
            "path": path,
            "linked": f"{path}?{query}{'&' if query else ''}",
            "back": f"{path}?{query}{'&' if query else ''}page={page}",
        }

    def _is_hidden(self, entry: LedgerEntry, by: str) -> bool:
        number = self.session.queue.number(entry.affiliation)
        return number is not None and self.session.queue.second(number, by)

    @property
    def _of(self) -> int:
        """Rows a page."""
        return self.session.workspace.settings.web.listed

    def _paged(self, request: Request, rows: Any) -> tuple[int, int, Any]:
        """The page asked for, the number of pages, and its rows."""
        pages = max(1, -(-len(rows) // self._of))
        page = min(page_of(request.query_params.get("page", "")), pages)
        return page, pages, rows[(page - 1) * self._of : page * self._of]

    def _facets(self, filters: Filters, by: str) -> list[tuple[str, str, str, list[tuple[str, int, str]]]]:
        """For each facet its name, its value, the query without it, and the values, counts and queries to choose from."""
        return [
            (
                name,
                value_of(filters, name),
                query_of(without(filters, name)),
                [(value, count, query_of(within(filters, name, value))) for value, count in counts],
            )
            for name, counts in facets(self.session.queue, filters, by).items()
        ]

    def _said(self, facet: str, value: str, language: str) -> str:
        """A value of a facet as people read it."""
        if facet == "doubt":
            return texts.doubt(value, language)
        if facet == "decision":
            return texts.text("answer_" + value, language)
        if facet == "probability":
            return "–".join(f"{float(bound):.0%}" for bound in value.split("-"))
        return dict(texts.countries(language)).get(value, value) if facet == "country" else visible(value)

    def _ticked(self, numbers: Numbers, pairs: Sequence[tuple[str, str]]) -> Numbers:
        """Of the strings of a list, those ticked on any of its pages."""
        out, again = flipped(pairs)
        if "all" in dict(pairs):
            return numbers[~np.isin(numbers, self._numbers(out))]
        return numbers[np.isin(numbers, self._numbers(again))]

    def _numbers(self, keys: set[str]) -> list[int]:
        return [n for key in keys if (n := self.session.number(key)) is not None]

    def _bulk(self, request: Request, by: str) -> Bulk:
        """The strings ticked in a list, or shown by the page that decides them."""
        pairs = pairs_of(request)
        if "seen" in dict(pairs):
            keys = [v for k, v in pairs if k == "here"]
            return bulk_of(self.session, np.array([self._string(request, key) for key in keys], np.int64), by)
        numbers = self._ticked(self.session.queue.select(filters_of(pairs), by), pairs)
        if not len(numbers):
            raise AffilError(texts.text("tick_first", language_of(request)))
        return bulk_of(self.session, numbers, by)

    def _offered(self, bulk: Bulk) -> list[Candidate]:
        """The institutions found in most strings of a bulk, none of them ticked."""
        counts: dict[str, int] = {}
        for item in bulk.items:
            for i in item.institutions:
                counts[i] = counts.get(i, 0) + item.mentions
        most = sorted(counts, key=lambda i: (-counts[i], i))[: self.session.settings.candidates]
        return [replace(self.session.candidate(i), chosen=False) for i in most if self.session.institutions.find(i)]
