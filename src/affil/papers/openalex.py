"""OpenAlex works, one JSON object per line, as in its API and snapshot.

Fields read: `id`, `title`, `publication_year`, `primary_location` and `locations` (for the venue), `authorships` with
`raw_author_name` and `raw_affiliation_strings`, `is_retracted`, `is_paratext`, `is_authors_truncated`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from affil.errors import InputError
from affil.papers.common import Problem, parse_json, whole_text
from affil.types import Author, Paper


def read_openalex(
    name: str, lines: Iterable[tuple[int, bytes]], report: Callable[[Problem], None]
) -> Iterator[tuple[int, Paper]]:
    """Papers with their line numbers; works without a venue or year are skipped and reported.

    A line may also hold a page of results of the API, `{"results": [...]}`.

    Raises:
        InputError: a line is not JSON, or not a work.
    """
    for row, line in lines:
        value = parse_json(name, row, line)
        works = value["results"] if isinstance(value, dict) and isinstance(value.get("results"), list) else [value]
        for work in works:
            if not isinstance(work, dict) or not isinstance(work.get("authorships"), list):
                raise InputError(name, "is no work of OpenAlex: no list authorships", row=row, fix="give works, one a line")
            paper, problem = _paper(work)
            if problem:
                report(Problem(name, row, problem, lost=paper is None))
            if paper is not None:
                yield row, paper


def _paper(work: dict[str, Any]) -> tuple[Paper | None, str]:
    """The paper, or None, and problems to report."""
    identifier, year, venue = whole_text(work.get("id")), work.get("publication_year"), _venue(work)
    if not identifier:
        return None, "has no id"
    if work.get("is_retracted"):
        return None, "is retracted"
    if work.get("is_paratext"):
        return None, "is paratext (a cover, a table of contents), no paper"
    if isinstance(year, bool) or not isinstance(year, int) or not 1900 <= year <= 2100:
        return None, "has no publication_year"
    if not venue:
        return None, "has no venue: neither a source nor a raw source name"
    title = whole_text(work.get("title")) or whole_text(work.get("display_name"))
    authors = tuple(_author(a) for a in work["authorships"] if isinstance(a, dict))
    paper = Paper(identifier, title, venue, year, authors)
    if work.get("is_authors_truncated"):
        return paper, "has an author list that was cut off: authors count for more than their part"
    if not any(a.affiliations for a in authors):
        return paper, "has no affiliation"
    return paper, ""


def _author(authorship: dict[str, Any]) -> Author:
    known = authorship.get("author")
    name = whole_text(authorship.get("raw_author_name")) or whole_text((known or {}).get("display_name"))
    raw = authorship.get("raw_affiliation_strings") or []
    return Author(name, tuple(filter(None, map(whole_text, raw if isinstance(raw, list) else []))))


def _venue(work: dict[str, Any]) -> str:
    """The source of the version of record; a repository (arXiv) only as a last resort."""
    locations = [work.get("primary_location"), *(work.get("locations") or [])]
    known = [one for one in locations if isinstance(one, dict)]
    sources = [one["source"] for one in known if isinstance(one.get("source"), dict)]
    named = [(s.get("type") == "repository", whole_text(s.get("display_name"))) for s in sources]
    named += [(False, whole_text(one.get("raw_source_name"))) for one in known if not isinstance(one.get("source"), dict)]
    return min(((repository, name) for repository, name in named if name), key=lambda n: n[0], default=(False, ""))[1]
