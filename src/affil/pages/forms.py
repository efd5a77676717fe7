"""Encode and decode the form fields of the review page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from affil.discovery.proposals import Proposal
from affil.errors import AffilError
from affil.names import visible
from affil.registry.local import Details
from affil.review.history import Search
from affil.review.items import Filters
from affil.review.mentions import Rule
from affil.review.spreadsheet import string_key
from affil.service.server import Form
from affil.types import LedgerEntry, Name
from affil.wording import said

_SHOWN = 200  # characters of a string in a form; its key covers all


def filters_of(pairs: Sequence[tuple[str, str]]) -> Filters:
    """Filters from form fields; blank and unknown fields are ignored."""
    known = {f.name: f for f in fields(Filters)}
    given: dict[str, Any] = {k: v.strip() for k, v in pairs if k in known and v.strip()}
    for bound in ("low", "high"):
        if bound in given:
            try:
                given[bound] = float(given[bound])
            except ValueError as error:
                raise AffilError(said("no probability: {0!r}", given[bound])) from error
    return Filters(**given).check()


def query_of(filters: Filters) -> str:
    """Filters as a query string."""
    plain = Filters()
    return urlencode(
        {f.name: getattr(filters, f.name) for f in fields(Filters) if getattr(filters, f.name) != getattr(plain, f.name)}
    )


def rule_of(pairs: Sequence[tuple[str, str]]) -> Rule:
    """A rule about mentions from form fields; blank and unknown fields are ignored."""
    known = {f.name for f in fields(Rule)}
    return Rule(**{k: " ".join(v.split()) for k, v in pairs if k in known})


def search_of(pairs: Sequence[tuple[str, str]]) -> Search:
    """A search of the history from form fields; blank and unknown fields are ignored."""
    known = {f.name for f in fields(Search)}
    return Search(**{k: v.strip() for k, v in pairs if k in known}).check()


def pairs_of(request: Request) -> list[tuple[str, str]]:
    """The fields of a form, or of the address."""
    form: Form = request.state.form
    return [(k, v) for k, values in form.items() for v in values] or request.query_params.multi_items()


def flipped(pairs: Sequence[tuple[str, str]]) -> tuple[set[str], set[str]]:
    """The rows of a paged list that were unticked, and those that were ticked, by key.

    `here` are the rows of the page that was posted, `take` those ticked there; `out` and `again` those of its other pages.
    """
    by: dict[str, set[str]] = {name: {v for k, v in pairs if k == name} for name in ("here", "take", "out", "again")}
    return by["out"] | (by["here"] - by["take"]), by["again"] | by["take"]


def page_of(value: str) -> int:
    """The number of a page, from 1."""
    return max(1, number_of(value)) if value else 1


def field(request: Request, name: str) -> str:
    """The last value of a form field, or ""."""
    values: Form = request.state.form
    return values[name][-1] if values.get(name) else ""


def details_of(request: Request) -> Details:
    """What a form says of an institution that the registry lacks."""
    told = {f: field(request, f).strip() for f in ("name", "country", "city", "ror")}
    chinese, parents = field(request, "chinese").strip(), tuple(field(request, "parents").split())
    names = (Name(chinese, "zh", "label"),) if chinese else ()
    return Details(**told, kind=field(request, "kind") or "other", names=names, parents=parents)


def shown_of(affiliation: str) -> str:
    """The beginning of the shown string, as a browser submits it."""
    return visible(affiliation[:_SHOWN])


def entry_key(entry: LedgerEntry) -> str:
    """A key of an entry and its string."""
    return f"{entry.number} {string_key(entry.affiliation)}"


def proposal_key(proposal: Proposal) -> str:
    """A short hash of a proposal."""
    return string_key(json.dumps(asdict(proposal)))


def chosen_mention(value: str) -> tuple[str, int | None, str]:
    """Parse a mention from a form field: `["paper", position, "author"]`."""
    try:
        paper, position, author = json.loads(value)
    except (ValueError, TypeError) as error:
        raise AffilError(said("not a mention: {0!r}", value[:40])) from error
    if not (isinstance(paper, str) and isinstance(author, str) and (position is None or type(position) is int)):
        raise AffilError(said("not a mention: {0!r}", value[:40]))
    return paper, position, author


def number_of(value: str) -> int:
    """Parse a non-negative integer."""
    if not value.isascii() or not value.isdigit() or len(value) > 12:
        raise AffilError(said("not a number: {0!r}", value[:20]))
    return int(value)
