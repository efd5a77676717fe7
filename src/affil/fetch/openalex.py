"""Works of OpenAlex: of venues, institutions or ISSNs, by cursor (https://developers.openalex.org).

OpenAlex asks for a key, which is free, and counts the cost of calls against a budget for the day. Lists give the first hundred authors
of a work; works that have more are asked for one by one, which costs nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from affil.errors import AffilError
from affil.fetch.collection import Collection, Fetched, Page, collecting
from affil.fetch.issn import checked_issn
from affil.io.http import Http, RefusedError
from affil.rank import Venues, load_venues
from affil.settings import FETCH
from affil.types import Progress
from affil.wording import counted, said

Tell = Callable[[str], None]

_KEY = "OPENALEX_API_KEY"
_FIELDS = "id,doi,title,publication_year,primary_location,locations,authorships,is_retracted,is_paratext,type,updated_date"
_GET_ONE = said("get one at https://openalex.org/settings/api (free), then: export OPENALEX_API_KEY=...")
_REFUSED = {
    401: said("the key in {0} is wrong; {1}", _KEY, _GET_ONE),
    403: said("the key in {0} is refused, or does not allow this; {1}", _KEY, _GET_ONE),
}


@dataclass(frozen=True, slots=True)
class Query:
    """What to fetch; conditions hold together.

    Attributes:
        venues: names of venues of the table, or "all".
        institution: the ROR id of an institution that an author states.
        issn: the ISSN of a journal.
        filter: a filter of one's own in OpenAlex's words.
        years: first and last year of publication.
    """

    venues: Sequence[str] = ()
    institution: str = ""
    issn: str = ""
    filter: str = ""
    years: tuple[int, int] | None = None


def fetch_openalex(
    folder: Path,
    query: Query,
    *,
    venues: Venues | None = None,
    key: str | None = None,
    progress: Progress | None = None,
    tell: Tell | None = None,
    base: str = FETCH.openalex,
) -> Fetched:
    """Fetch works into a file of JSON Lines, packed by gzip; the same query again fetches only what came since.

    Args:
        folder: where the file is kept, `fetched` of a workspace.
        query: what to fetch.
        venues: the table that names of venues belong to; default: the shipped one.
        key: the key; default: that of the environment variable OPENALEX_API_KEY.
        progress: called with (works here, works in all).
        tell: told what is being done, and what it will cost.
        base: the address of the service.

    Raises:
        AffilError: there is no key, a venue is unknown, an ISSN is none, or OpenAlex cannot be reached, refuses, or its budget for the
            day is spent. What came stays, and the same call goes on from there.
    """
    key = key or os.environ.get(_KEY, "")
    if not key:
        raise AffilError(said("{0} is not set, and OpenAlex needs a key; {1}", _KEY, _GET_ONE))
    tell = tell or (lambda _: None)
    query = replace(query, issn=checked_issn(query.issn) if query.issn else "")
    with (
        collecting(folder, "openalex", asdict(query)) as collection,
        Http(between=1 / FETCH.per_second, refused=_REFUSED) as http,
    ):
        service = _OpenAlex(http, base, key, tell)
        if (plan := collection.begun) is None:
            filters = service.filters(query, venues or load_venues())
            plan = _update(service, collection, filters) if collection.complete else {"filters": filters}
            collection.begin(plan)
        if "ids" in plan:
            ids: list[str] = plan["ids"]
            total, calls = len(ids), -(-len(ids) // FETCH.page)
        else:
            counts = [service.count(f) for f in plan["filters"]]
            total, calls = sum(counts), sum(-(-n // FETCH.page) for n in counts)
        tell(
            said(
                "{0} in about {1}, {2:.2f} US$ of the day's free budget",
                counted(total, "work"),
                counted(calls, "call"),
                calls * FETCH.openalex_cost,
            )
        )
        return collection.take(lambda state: service.pages(plan, state), progress, total)


def _update(service: _OpenAlex, collection: Collection, filters: Sequence[str]) -> dict[str, Any]:
    """What to fetch anew: works changed since the last time, or, where the key does not allow to ask for them, new ones by their id."""
    newer = [f"{f},from_updated_date:{collection.state['since']}" for f in filters]
    try:
        for filter in newer:
            service.count(filter)
    except RefusedError as error:
        if error.status not in (400, 403):
            raise
        known = collection.ids(lambda work: str(work["id"]))
        service.tell(said("{0} here already; asking which are new", counted(len(known), "work")))
        return {"ids": [id for id in service.ids(filters) if id not in known]}
    return {"filters": newer}


@dataclass(frozen=True, slots=True)
class _OpenAlex:
    http: Http
    base: str
    key: str
    tell: Tell

    def get(self, path: str, **parameters: str) -> Any:
        try:
            return self.http.get(f"{self.base}/{path}", {**parameters, "api_key": self.key})
        except RefusedError as error:
            left = self.http.answered.get("x-ratelimit-remaining-usd", "")
            if error.status == 429 and left and float(left) <= 0:
                spent = said("OpenAlex's budget for the day is spent; run it again tomorrow, it goes on from there")
                raise AffilError(spent) from error
            raise

    def listed(self, path: str, **parameters: str) -> tuple[list[Any], dict[str, Any]]:
        """A page of results, and what is said of all of them."""
        answer = self.get(path, **parameters)
        try:
            return list(answer["results"]), dict(answer["meta"])
        except (KeyError, TypeError, ValueError) as error:
            raise AffilError(
                said("{0}/{1}: answers with something else than a list of OpenAlex; try again later", self.base, path)
            ) from error

    def count(self, filter: str) -> int:
        return int(self.listed("works", filter=filter, per_page="1", select="id")[1]["count"])

    def pages(self, plan: Mapping[str, Any], state: Mapping[str, Any]) -> Iterator[Page]:
        """Pages of works by a plan, from where the state says."""
        return self.of_ids(plan["ids"], state) if "ids" in plan else self.works(plan["filters"], state)

    def works(self, filters: Sequence[str], state: Mapping[str, Any]) -> Iterator[Page]:
        """Pages of works of one filter after the other, from where the state says."""
        for at in range(int(state.get("filter", 0)), len(filters)):
            cursor: str | None = state.get("cursor", "*") if at == state.get("filter", 0) else "*"
            while cursor:
                works, meta = self.listed("works", filter=filters[at], per_page=str(FETCH.page), cursor=cursor, select=_FIELDS)
                cursor = meta.get("next_cursor") if works else None
                more = {"filter": at, "cursor": cursor} if cursor else {"filter": at + 1} if at + 1 < len(filters) else None
                yield Page([self._whole(work) for work in works], more)

    def ids(self, filters: Sequence[str]) -> Iterator[str]:
        """The ids of all works."""
        for filter in filters:
            cursor: str | None = "*"
            while cursor:
                works, meta = self.listed("works", filter=filter, per_page=str(FETCH.page), cursor=cursor, select="id")
                cursor = meta.get("next_cursor") if works else None
                yield from (str(work["id"]) for work in works)

    def of_ids(self, ids: Sequence[str], state: Mapping[str, Any]) -> Iterator[Page]:
        """Pages of works of these ids."""
        begin = int(state.get("begin", 0))
        for at in range(begin, len(ids), FETCH.page):
            wanted = "|".join(id.rpartition("/")[2] for id in ids[at : at + FETCH.page])
            works, _ = self.listed("works", filter=f"ids.openalex:{wanted}", per_page=str(FETCH.page), select=_FIELDS)
            then = {"begin": at + FETCH.page} if at + FETCH.page < len(ids) else None
            yield Page([self._whole(work) for work in works], then)
        if begin >= len(ids):
            yield Page([], None)

    def _whole(self, work: Any) -> Any:
        if not (isinstance(work, dict) and work.get("is_authors_truncated")):
            return work
        return self.get(f"works/{str(work['id']).rpartition('/')[2]}", select=_FIELDS)

    def filters(self, query: Query, venues: Venues) -> list[str]:
        """The query in OpenAlex's words: one filter, or several where it names more sources than one filter takes."""
        parts = [query.filter] if query.filter else []
        if query.years:
            parts.append(f"publication_year:{query.years[0]}-{query.years[1]}")
        if query.institution:
            parts.append(f"authorships.institutions.ror:{query.institution}")
        if query.issn:
            parts.append(f"primary_location.source.issn:{query.issn}")
        if not query.venues:
            if not parts:
                raise AffilError(said("nothing to fetch; name venues, an institution, an ISSN or a filter"))
            return [",".join(parts)]
        sources = self.sources(query.venues, venues)
        chunks = [sources[at : at + FETCH.alternatives] for at in range(0, len(sources), FETCH.alternatives)]
        return [",".join([*parts, "primary_location.source.id:" + "|".join(chunk)]) for chunk in chunks]

    def sources(self, names: Sequence[str], venues: Venues) -> list[str]:
        """The sources of venues at OpenAlex: those of the table, and those whose name there is one of the venue's.

        OpenAlex has a source of its own for the proceedings of many a year.
        """
        wanted = list(venues) if "all" in names else list(names)
        found: dict[str, None] = {}
        for name in wanted:
            venue = venues.resolve(name)
            if venue is None:
                raise AffilError(said("no venue {0!r} in the table; the venues are: {1}", name, ", ".join(venues)))
            here = dict.fromkeys(venue.openalex)
            sources, _ = self.listed(
                "sources", search=venue.name, per_page=str(FETCH.page), select="id,display_name,alternate_titles"
            )
            for source in sources:
                titles = [source.get("display_name"), *(source.get("alternate_titles") or [])]
                if any(isinstance(t, str) and venues.resolve(t) is venue for t in titles):
                    here[str(source["id"]).rpartition("/")[2]] = None
            if not here:
                self.tell(said("OpenAlex has no source for {0}", venue.venue))
            found |= here
        if not found:
            raise AffilError(said("OpenAlex has no source for any of these venues"))
        return sorted(found)
