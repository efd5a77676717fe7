"""Public records of ORCID as JSON: the works of a person, with the person's employments in the year of each.

Fields read: `orcid-identifier`, the name in `person`, `employments` and `works` of `activities-summary`; versions 2 and 3 of the API.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from affil.errors import InputError
from affil.papers.common import bare_doi
from affil.papers.draft import Draft, finish
from affil.papers.employment import Employment, places_in
from affil.papers.head import Head
from affil.papers.json_values import inside, joined, objects, text, year
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.types import Author
from affil.wording import said

_PAPERS = frozenset(["book-chapter", "conference-paper", "journal-article", "review"])
_ALONE = said("names only the author whose record it is: that author counts for the whole paper")


def read_orcid(source: Source) -> Numbered:
    """Papers with the number of their person's record; works that are no papers, or have no journal or year, are left out and reported.

    Raises:
        InputError: the file is no JSON, holds employments without works, or a record is none of ORCID.
    """
    head = source.head
    if head.place_of("activities-summary") is None and head.place_of("affiliation-group") is not None:
        fix = said("fetch the whole record: https://pub.orcid.org/v3.0/{{iD}}/record")
        raise InputError(source.name, said("holds employments of ORCID, but no works"), fix=fix)
    for row, record in source.records(head.place_of("activities-summary") or ""):
        if not isinstance(record, dict) or not isinstance(record.get("activities-summary"), dict):
            fix = said("fetch it from https://pub.orcid.org/v3.0/{{iD}}/record as JSON")
            raise InputError(source.name, said("is no record of ORCID: no activities-summary"), row=row, fix=fix)
        for draft in _drafts(record):
            yield from finish(source, row, draft)


def _recognises(head: Head) -> bool:
    return head.place_of("activities-summary") is not None or head.place_of("affiliation-group") is not None


ORCID = Reader(
    name="orcid",
    title=said("ORCID's public records"),
    recognises=_recognises,
    read=read_orcid,
    fields=(
        "Each work of a person is a paper: title, `journal-title`, year, DOI. The affiliations of its one author are the employments of "
        "that year, written as `department, organisation, city, region, country`. Records may stand alone, in a list, or one a line."
    ),
    lost=(
        "Co-authors: ORCID does not tell them, so a paper has one author here, who counts for the whole of it (which is said). Use such "
        "papers to see where people worked, not to rank. An employment without dates counts for every year. Educations, invited "
        "positions and memberships are not read; preprints, data sets, books and all other types of work are left out."
    ),
    export=(
        "`https://pub.orcid.org/v3.0/{iD}/record` with the header `Accept: application/json`. The yearly public data file is XML; "
        "ORCID's own [converter](https://github.com/ORCID/orcid-conversion-lib) makes JSON of it."
    ),
    specification="https://github.com/ORCID/orcid-model/tree/master/src/main/resources/record_3.0",
    escaped="all",
    partial=True,
)


def _drafts(record: dict[str, Any]) -> Iterator[Draft | str]:
    """What each work says of a paper, or why it is none."""
    orcid = text(record, "orcid-identifier", "path") or text(record, "path").strip("/")
    name = _name(record) or orcid
    employments = list(_employments(inside(record, "activities-summary", "employments")))
    for group in objects(record, "activities-summary", "works", "group"):
        summaries = objects(group, "work-summary")
        if summaries:  # one work as several sources tell it: the person prefers the one with the highest index
            work = max(
                summaries, key=lambda one: int(text(one, "display-index") or 0) if text(one, "display-index").isdecimal() else 0
            )
            yield _draft(work, group, orcid, name, employments)


def _draft(work: dict[str, Any], group: dict[str, Any], orcid: str, name: str, employments: list[Employment]) -> Draft | str:
    kind = text(work, "type").lower().replace("_", "-")
    if kind not in _PAPERS:
        return said("is of type {0}, no paper", kind or said("unknown"))
    stated = text(work, "publication-date", "year", "value")
    published = year(stated)
    doi = _doi(work) or _doi(group)
    identifier = f"doi:{doi}" if doi else f"orcid:{orcid}/{text(work, 'put-code')}"
    places = places_in(employments, published or 0)
    title, venue = text(work, "title", "title", "value"), text(work, "journal-title", "value")
    draft = Draft(identifier, title, venue, published or stated, (Author(name, places),), doi)
    draft.problem = _ALONE if places else said("has no affiliation: no employment in its year")
    draft.no_year, draft.no_venue = said("has no publication-date"), said("has no journal-title")
    return draft


def _doi(work: dict[str, Any]) -> str:
    for one in objects(work, "external-ids", "external-id"):
        if text(one, "external-id-type").lower() == "doi" and text(one, "external-id-relationship").lower() in ("", "self"):
            return bare_doi(text(one, "external-id-value"))
    return ""


def _name(record: dict[str, Any]) -> str:
    name = inside(record, "person", "name")
    parts = (text(name, "given-names", "value"), text(name, "family-name", "value"))
    return text(name, "credit-name", "value") or " ".join(filter(None, parts))


def _employments(listed: Any) -> Iterator[Employment]:
    """Employments in version 3 (in groups) and version 2 (in one list)."""
    grouped = [one for group in objects(listed, "affiliation-group") for one in objects(group, "summaries")]
    for summary in [*(inside(one, "employment-summary") for one in grouped), *objects(listed, "employment-summary")]:
        organisation, address = inside(summary, "organization"), inside(summary, "organization", "address")
        place = joined(
            text(summary, "department-name"),
            text(organisation, "name"),
            *(text(address, part) for part in ("city", "region", "country")),
        )
        if text(organisation, "name"):
            first, last = (year(text(summary, date, "year", "value")) for date in ("start-date", "end-date"))
            yield Employment(first, last, place)
