"""Works of Crossref by ISSN, by cursor (https://www.crossref.org/documentation/retrieve-metadata/rest-api/)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from affil.errors import AffilError
from affil.fetch.collection import Fetched, Page, collecting
from affil.fetch.issn import checked_issn
from affil.io.http import Http
from affil.settings import FETCH
from affil.types import Progress
from affil.wording import counted, said

_FIELDS = "DOI,title,type,container-title,short-container-title,event,issued,published,author,ISSN,update-to"
_MAIL = "CROSSREF_MAILTO"


def fetch_crossref(
    folder: Path,
    issn: str,
    *,
    years: tuple[int, int] | None = None,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
    base: str = FETCH.crossref,
) -> Fetched:
    """Fetch the works of a journal or series into a file of JSON Lines, packed by gzip; the same call again fetches what came since.

    Crossref asks for a mail address for its faster servers: the environment variable CROSSREF_MAILTO.

    Args:
        folder: where the file is kept, `fetched` of a workspace.
        issn: the ISSN.
        years: first and last year of publication.
        progress: called with (works that came, works in all).
        tell: told what is being done.
        base: the address of the service.

    Raises:
        AffilError: the ISSN is none; the service cannot be reached, or refuses. What came stays, and the same call goes on from there.
    """
    tell = tell or (lambda _: None)
    conditions = [f"issn:{checked_issn(issn)}"]
    if years:
        conditions += [f"from-pub-date:{years[0]}", f"until-pub-date:{years[1]}"]
    with collecting(folder, "crossref", {"filter": conditions}) as collection, Http(between=FETCH.gap) as http:
        if collection.begun is None:
            since = [f"from-index-date:{collection.state['since']}"] if collection.complete else []
            collection.begin({"filter": [*conditions, *since]})
        asked = {"filter": ",".join((collection.begun or {})["filter"]), "select": _FIELDS}
        if mail := os.environ.get(_MAIL):
            asked["mailto"] = mail
        total = int(_message(http, base, {**asked, "rows": "0"})["total-results"])
        tell(said("{0} in about {1}", counted(total, "work"), counted(-(-total // FETCH.crossref_page), "call")))

        def pages(state: Mapping[str, Any]) -> Iterator[Page]:
            cursor = state.get("cursor", "*")
            while cursor:
                message = _message(http, base, {**asked, "rows": str(FETCH.crossref_page), "cursor": cursor})
                works = message["items"]
                cursor = message.get("next-cursor") if len(works) == FETCH.crossref_page else None
                yield Page(works, {"cursor": cursor} if cursor else None)

        return collection.take(pages, progress, total)


def _message(http: Http, base: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    answer = http.get(f"{base}/works", parameters)
    try:
        message = dict(answer["message"])
        if not isinstance(message["items"], list):
            raise TypeError
    except (KeyError, TypeError, ValueError) as error:
        raise AffilError(said("{0}/works: answers with something else than a list of works; try again later", base)) from error
    return message
