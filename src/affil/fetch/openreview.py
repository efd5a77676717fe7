"""Notes of OpenReview by venue, and the profiles of their authors (https://docs.openreview.net)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from affil.errors import AffilError
from affil.fetch.collection import Collection, Fetched, Page, collecting
from affil.io.http import Http
from affil.settings import FETCH
from affil.types import Progress
from affil.wording import counted, said

_TOKEN = "OPENREVIEW_TOKEN"
_ASK = said("OpenReview gives profiles only to those who are signed in: export {0}=... with a token of its /login", _TOKEN)


def fetch_openreview(
    folder: Path,
    venue: str,
    *,
    token: str | None = None,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
    base: str = FETCH.openreview,
) -> Fetched:
    """Fetch the accepted papers of a venue with the profiles of their authors, whose history tells where they were.

    OpenReview cannot be asked what changed, so the same call again fetches all of it.

    Args:
        folder: where the file is kept, `fetched` of a workspace.
        venue: the id of the venue as OpenReview writes it: ICLR.cc/2025/Conference.
        token: a token of OpenReview's login; default: that of the environment variable OPENREVIEW_TOKEN, else none.
        progress: called with (records that came, records to expect).
        tell: told what is being done.
        base: the address of the service.

    Raises:
        AffilError: there is no such venue; OpenReview cannot be reached, or refuses. What came stays, and the same call goes on from there.
    """
    tell = tell or (lambda _: None)
    token = token or os.environ.get(_TOKEN, "")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with (
        collecting(folder, "openreview", {"venue": venue}) as collection,
        Http(between=FETCH.gap, headers=headers, refused={401: _ASK, 403: _ASK}) as http,
    ):
        if collection.begun is None:
            collection.begin({})
        total = int(_list(http, base, "notes", {"content.venueid": venue, "limit": "1"})[1])
        if not total:
            raise AffilError(
                said(
                    "OpenReview has no accepted paper of {0!r}; write it as in the address of its group: ICLR.cc/2025/Conference",
                    venue,
                )
            )
        tell(said("{0}, then the profiles of their authors", counted(total, "paper")))

        def pages(state: Mapping[str, Any]) -> Iterator[Page]:
            first = int(state.get("first", 0))
            while first < total and "profile" not in state:
                asked = {"content.venueid": venue, "limit": str(FETCH.openreview_page), "offset": str(first), "sort": "id"}
                notes, _ = _list(http, base, "notes", asked)
                first += len(notes) or FETCH.openreview_page
                yield Page(notes, {"first": first})
            people = _people(collection)
            for at in range(int(state.get("profile", 0)), len(people), FETCH.openreview_profiles):
                some = people[at : at + FETCH.openreview_profiles]
                profiles, _ = _list(http, base, "profiles", {"ids": ",".join(some)})
                yield Page(profiles, {"profile": at + len(some)})
            yield Page([], None)

        return collection.take(pages, progress, total)


def _people(collection: Collection) -> list[str]:
    """The ids of the authors of all notes that came, in a fixed order."""
    found: set[str] = set()
    for record in collection.come():
        ids = record.get("content", {}).get("authorids", {})
        values = ids.get("value") if isinstance(ids, dict) else ids
        found.update(one for one in values or () if isinstance(one, str) and one.startswith("~"))
    return sorted(found)


def _list(http: Http, base: str, what: str, parameters: Mapping[str, str]) -> tuple[list[Any], int]:
    answer = http.get(f"{base}/{what}", parameters)
    try:
        records = list(answer[what])
        return records, int(answer.get("count", len(records)))
    except (KeyError, TypeError, ValueError) as error:
        raise AffilError(
            said("{0}/{1}: answers with something else than a list of {1}; try again later", base, what)
        ) from error
