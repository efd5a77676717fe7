"""Records of dblp by stream, such as conf/cvpr (https://dblp.org/faq/How+to+use+the+dblp+search+API.html). It has no affiliations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from affil.errors import AffilError
from affil.fetch.collection import Fetched, Page, collecting
from affil.io.http import Http
from affil.settings import FETCH
from affil.types import Progress
from affil.wording import counted, said


def fetch_dblp(
    folder: Path,
    stream: str,
    *,
    years: tuple[int, int],
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
    base: str = FETCH.dblp,
) -> Fetched:
    """Fetch the records of a conference or journal, year by year, into a file of JSON Lines, packed by gzip.

    dblp cannot be asked what changed, so the same call again fetches all of it.

    Args:
        folder: where the file is kept, `fetched` of a workspace.
        stream: the stream as dblp writes it: conf/cvpr, journals/pami.
        years: first and last year.
        progress: called with (records that came, records in all).
        tell: told what is being done.
        base: the address of the service.

    Raises:
        AffilError: the stream is no such name, or has no record in these years; dblp cannot be reached, or refuses. What came stays, and the
            same call goes on from there.
    """
    tell = tell or (lambda _: None)
    if stream.count("/") != 1 or stream.split("/")[0] not in ("conf", "journals", "series"):
        raise AffilError(
            said(
                "{0!r} is no stream of dblp; write it like conf/cvpr or journals/pami, as in the addresses of dblp.org/db",
                stream,
            )
        )
    with collecting(folder, "dblp", {"stream": stream, "years": list(years)}) as collection, Http(between=FETCH.gap) as http:
        if collection.begun is None:
            collection.begin({})
        counts = {year: _hits(http, base, stream, year, 0, 0)[1] for year in range(years[0], years[1] + 1)}
        total = sum(counts.values())
        if not total:
            raise AffilError(said("dblp has no record of {0} in {1}-{2}; see {3}/db/{0}", stream, years[0], years[1], base))
        tell(
            said(
                "{0} in about {1}",
                counted(total, "record"),
                counted(sum(-(-n // FETCH.dblp_page) for n in counts.values()), "call"),
            )
        )

        def pages(state: Mapping[str, Any]) -> Iterator[Page]:
            for year in range(int(state.get("year", years[0])), years[1] + 1):
                first = int(state.get("first", 0)) if year == state.get("year") else 0
                while first < counts[year]:
                    hits, _ = _hits(http, base, stream, year, first, FETCH.dblp_page)
                    first += len(hits) or FETCH.dblp_page
                    yield Page(hits, {"year": year, "first": first})
            yield Page([], None)

        return collection.take(pages, progress, total)


def _hits(http: Http, base: str, stream: str, year: int, first: int, number: int) -> tuple[list[Any], int]:
    """Records of a year from the first on, and how many there are in all."""
    query = f"stream:streams/{stream}: year:{year}:"
    answer = http.get(f"{base}/search/publ/api", {"q": query, "format": "json", "h": str(number), "f": str(first)})
    try:
        hits = answer["result"]["hits"]
        return [hit["info"] for hit in hits.get("hit", ())], int(hits["@total"])
    except (KeyError, TypeError, ValueError) as error:
        raise AffilError(said("{0}: answers with something else than records; try again later", base)) from error
