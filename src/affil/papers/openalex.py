"""OpenAlex works, as its API and its snapshot give them: JSON, JSON Lines, pages of results, and Parquet.

Fields read: `id`, `doi`, `title`, `publication_year`, `type`, `primary_location`, `locations` and (until 2023) `host_venue` for the
venue, `authorships` with `raw_author_name` and `raw_affiliation_strings` (else `affiliations`, else the older
`raw_affiliation_string`), `is_retracted`, `is_paratext`, `is_authors_truncated`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from affil.errors import InputError
from affil.io.files import open_input
from affil.papers.common import bare_doi, parse_json
from affil.papers.draft import Draft, finish
from affil.papers.head import Head
from affil.papers.json_values import inside, members, objects, text, texts, year
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.types import Author
from affil.wording import said

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_NO_PAPERS = {
    "component", "database", "dataset", "erratum", "grant", "journal", "journal-issue", "journal-volume", "libguides", "paratext",
    "peer-review", "proceedings", "retraction", "software", "supplementary-materials",
}  # fmt: skip
_SHORT = re.compile(r"W\d+")
_BATCH = 500  # works of Parquet held in memory at once: one of 5,000 authors takes some megabytes

_PLAIN = ["id", "doi", "title", "display_name", "publication_year", "type"]
_FLAGS = ["is_retracted", "is_paratext", "is_authors_truncated"]
_LOCATION = ["source.display_name", "source.type", "raw_source_name"]
_COLUMNS = frozenset(
    _PLAIN
    + _FLAGS
    + [f"{location}.{field}" for location in ("primary_location", "locations") for field in _LOCATION]
    + ["host_venue.display_name", "host_venue.type"]
    + ["authorships.author.display_name", "authorships.raw_author_name", "authorships.raw_affiliation_strings"]
    + ["authorships.raw_affiliation_string", "authorships.affiliations.raw_affiliation_string"]
)
_NESTED = ("authorships", "primary_location", "locations", "host_venue")
_WRAPPERS = re.compile(
    r"\.(?:list\.(?:element|item|array)|bag\.array_element|array)(?=\.|$)"
)  # how writers name a list's members


def read_openalex(source: Source) -> Numbered:
    """Papers with the number of their line or record; works without a venue or year, and what is no paper, are left out and reported.

    Raises:
        InputError: the file is no JSON or Parquet, or a record is no work.
    """
    works = (
        _parquet(source)
        if _is_parquet(source.head)
        else source.records(source.head.place_of("authorships") or _page(source.head))
    )
    for row, work in works:
        if not isinstance(work, dict) or not isinstance(work.get("authorships"), list):
            fix = said("give works, one a line")
            raise InputError(source.name, said("is no work of OpenAlex: no list authorships"), row=row, fix=fix)
        yield from finish(source, row, _draft(work))


def _recognises(head: Head) -> bool:
    if _is_parquet(head):
        return "authorships" in head.columns
    return head.place_of("authorships") is not None or bool(_page(head))


OPENALEX = Reader(
    name="openalex",
    title=said("OpenAlex works"),
    recognises=_recognises,
    read=read_openalex,
    fields=(
        "`id`, `doi`, `title`, `publication_year`, `type`; the venue is the source of `primary_location` or the first of `locations` "
        "that is no repository (`host_venue` in files from before 2023); of each of the `authorships` `raw_author_name` and "
        "`raw_affiliation_strings`, else `affiliations`, else the older `raw_affiliation_string`. Works may stand one a line, in a "
        "list, in pages of the API, or in Parquet with nested columns."
    ),
    lost=(
        "Retracted works, paratext and what is no paper by its type (datasets, errata, peer reviews, supplements) are left out, as are "
        "works without a year or a venue. The institutions that OpenAlex matched are not read. The API cuts lists of works off after "
        "100 authors, which is said; the snapshot and single works have all."
    ),
    export=(
        "`affil fetch openalex`; or any answer of <https://api.openalex.org/works?filter=...>, saved as it comes; or the parts of the "
        "[snapshot](https://developers.openalex.org/download/snapshot-format), JSON Lines or Parquet, packed as they are."
    ),
    specification="https://developers.openalex.org/api-entities/works/work-object",
    escaped="all",
)


def _page(head: Head) -> str:
    """Where works stand in a page of the API, which may hold none; "" for what is no page."""
    return "results.item" if head.keys.get("", frozenset()) >= {"meta", "results"} else ""


def _is_parquet(head: Head) -> bool:
    return head.start.startswith(b"PAR1")


def _parquet(source: Source) -> Iterator[tuple[int, Any]]:
    """The works of a Parquet file, only the columns that are read; a nested column may also be JSON text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    row, source.unit = 0, "row"
    with open_input(source.head.path) as raw:
        try:
            file = pq.ParquetFile(raw, pre_buffer=False, buffer_size=1 << 20)
            if "authorships" not in file.schema_arrow.names:
                raise InputError(
                    source.name, said("holds no works of OpenAlex: no column authorships"), fix=said("give its works")
                )
            for batch in file.iter_batches(_BATCH, columns=_wanted(file)):
                for work in batch.to_pylist():
                    row += 1
                    for name in _NESTED:
                        if isinstance(nested := work.get(name), str):
                            work[name] = parse_json(source.name, row, nested.encode())
                    work["authorships"] = work.get("authorships") or []
                    yield row, work
        except (pa.ArrowException, OSError, EOFError) as error:
            raise InputError(
                source.name, said("the Parquet file is damaged after row {0}", row), fix=said("fetch or copy it again")
            ) from error


def _wanted(file: pq.ParquetFile) -> list[str]:
    """The leaves to read, by their paths in the file."""
    paths = [file.schema.column(i).path for i in range(len(file.schema))]
    plain = [(path, _WRAPPERS.sub("", path)) for path in paths]
    return [path for path, name in plain if name in _COLUMNS or name in _NESTED]


def _draft(work: dict[str, Any]) -> Draft | str:
    """What a work says of a paper, or why it is none."""
    identifier, kind = text(work, "id"), text(work, "type")
    if not identifier:
        return said("has no id")
    if work.get("is_retracted"):
        return said("is retracted")
    if work.get("is_paratext"):
        return said("is paratext (a cover, a table of contents), no paper")
    if kind in _NO_PAPERS:
        return said("is of type {0}, no paper", kind)
    if _SHORT.fullmatch(identifier):
        identifier = f"https://openalex.org/{identifier}"
    title = text(work, "title") or text(work, "display_name")
    authors = tuple(_author(a) for a in work["authorships"] if isinstance(a, dict))
    published = year(work.get("publication_year")) or text(work, "publication_year")
    draft = Draft(identifier, title, _venue(work), published, authors, bare_doi(text(work, "doi")))
    draft.no_year, draft.no_venue = (
        said("has no publication_year"),
        said("has no venue: neither a source nor a raw source name"),
    )
    draft.cut_off = bool(work.get("is_authors_truncated"))
    return draft


def _author(authorship: dict[str, Any]) -> Author:
    name = text(authorship, "raw_author_name") or text(authorship, "author", "display_name")
    strings = texts(authorship, "raw_affiliation_strings")
    if not strings:
        linked = (text(one, "raw_affiliation_string") for one in objects(authorship, "affiliations"))
        strings = tuple(dict.fromkeys(filter(None, linked))) or texts(authorship, "raw_affiliation_string")
    return Author(name, strings)


def _venue(work: dict[str, Any]) -> str:
    """The source of the version of record; a repository (arXiv) only as a last resort."""
    locations = [work.get("primary_location"), *members(work, "locations")]
    named = [_named(one) for one in locations if isinstance(one, dict)]
    named += [(text(one, "type") == "repository", text(one, "display_name")) for one in objects(work, "host_venue")]
    return min(((repository, name) for repository, name in named if name), key=lambda n: n[0], default=(False, ""))[1]


def _named(location: dict[str, Any]) -> tuple[bool, str]:
    """Whether the source of a location is a repository, and its name."""
    source = location.get("source")
    if isinstance(source, dict) and text(source, "display_name"):
        return inside(source, "type") == "repository", text(source, "display_name")
    return False, text(location, "raw_source_name")
