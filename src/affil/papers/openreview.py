"""Notes of OpenReview with the profiles of their authors, as both versions of its API give them.

Fields read: of notes `content` with `title`, `venue`, `venueid`, `authors`, `authorids`, and the decisions among their replies; of
profiles `history` with `institution`, `start` and `end`, and the names that a person goes by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal

from affil.errors import InputError
from affil.papers.common import bare_doi
from affil.papers.draft import Draft, finish
from affil.papers.employment import Employment, places_in
from affil.papers.head import Head
from affil.papers.json_values import joined, members, objects, text, texts, year
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.types import Author
from affil.wording import said

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_NOT_ACCEPTED = re.compile(r"submi|withdrawn|reject|under review", re.IGNORECASE)
_PRESENTED = {"accept", "accepted", "conditional", "notable", "oral", "poster", "regular", "spotlight", "talk", "top"}
_UPLOADS = "OpenReview.net/"  # venues of what authors upload themselves

Profiles = dict[str, list[Employment]]  # by each name that a person goes by


def read_openreview(source: Source) -> Numbered:
    """Papers with the number of their line or record; what was not accepted, and replies, are left out and reported.

    The file is read twice: first for the profiles, wherever they stand in it.

    Raises:
        InputError: the file is no JSON, holds profiles only, or a record is neither note nor profile.
    """
    profiles: Profiles = {}
    for _, profile in _values(source, "profiles"):
        history = _history(profile)
        profiles.update(dict.fromkeys(_names(profile), history))
    some = False
    for row, note in _values(source, "notes"):
        some = True
        yield from finish(source, row, _draft(note, profiles))
    if profiles and not some:
        fix = said("put both in one file, e.g.: cat profiles.jsonl notes.jsonl > openreview.jsonl")
        raise InputError(source.name, said("holds profiles of OpenReview, but no notes"), fix=fix)


def _recognises(head: Head) -> bool:
    note = any(head.place_of("id", "content", key) is not None for key in ("invitation", "invitations", "forum"))
    profile = any(place.split(".")[-1:] == ["content"] and "history" in keys for place, keys in head.keys.items())
    empty = head.keys.get("", frozenset()) >= {"notes", "count"}
    return note or profile or empty


OPENREVIEW = Reader(
    name="openreview",
    title=said("OpenReview's notes and profiles"),
    recognises=_recognises,
    read=read_openreview,
    fields=(
        "Of notes `title`, `venue` (without its year and how the paper was presented), `venueid`, `authors`, `authorids`. OpenReview tells "
        "affiliations of people, not of papers: an author's are the institutions of the `history` in the profile that hold in the year of "
        "the paper, written as `department, name, city, state, country`; after a move in that year both. Notes whose authors come with "
        "`institutions` of their own need no profile. Notes and profiles stand in one file, in any order: one a line, answers of the API "
        "one a line, or a list."
    ),
    lost=(
        "Notes that were rejected, withdrawn, are under review, or do not tell (neither `venue` nor a decision among their replies), "
        "uploads by authors themselves, and replies (reviews, comments) are left out. A profile says what its person entered, often "
        "years later; authors without a profile in the file have no affiliation."
    ),
    export=(
        "`affil fetch openreview --venue ICLR.cc/2025/Conference`; or with openreview-py `client.get_all_notes(content={'venueid': ...})` "
        "and `openreview.tools.get_profiles(client, authorids)`, each `to_json()` on a line of one file."
    ),
    specification="https://docs.openreview.net/reference/api-v2/entities/note",
)


def _values(source: Source, kind: Literal["notes", "profiles"]) -> Iterator[tuple[int, dict[str, Any]]]:
    """All notes or all profiles of the file: one a line, in pages, or in a list."""
    keys, page = source.head.keys, f"{kind}.item"
    lines = source.has_lines(page)
    paged = not lines and bool(keys.get("", frozenset()) & {"notes", "profiles"})
    for row, value in source.records(page if paged else "item" if "item" in keys and not lines else ""):
        listed = isinstance(value, dict) and ("notes" in value or "profiles" in value)
        for one in [*members(value, "notes"), *members(value, "profiles")] if listed else [value]:
            if not isinstance(one, dict) or not isinstance(one.get("content"), dict):
                fix = said("give notes and profiles as its API gives them")
                raise InputError(source.name, said("is neither note nor profile of OpenReview: no content"), row=row, fix=fix)
            if _is_profile(one) == (kind == "profiles"):
                yield row, one


def _is_profile(value: dict[str, Any]) -> bool:
    return text(value, "id").startswith("~") or "history" in value["content"]


def _names(profile: dict[str, Any]) -> list[str]:
    """The names by which notes mean a person: tilde ids, and e-mail addresses where they are shown."""
    content = profile["content"]
    known = [text(profile, "id"), *(text(name, "username") for name in objects(content, "names")), *texts(content, "emails")]
    return [name for name in known if name and "*" not in name]


def _history(profile: dict[str, Any]) -> list[Employment]:
    found = []
    for one in objects(profile, "content", "history"):
        if place := _place(one.get("institution")):
            found.append(Employment(year(one.get("start")), year(one.get("end")), place))
    return found


def _place(institution: Any) -> str:
    """An institution as one string; its domain where it has no name."""
    if not text(institution, "name"):
        return text(institution, "domain")
    return joined(*(text(institution, key) for key in ("department", "name", "city", "stateProvince", "country")))


def _content(note: dict[str, Any], key: str) -> Any:
    """A field of a note's content; version 2 of the API wraps its value."""
    value = note["content"].get(key)
    return value["value"] if isinstance(value, dict) and "value" in value else value


def _draft(note: dict[str, Any], profiles: Profiles) -> Draft | str:
    """What a note says of a paper, or why it is none."""
    identifier, venueid = text(note, "id"), text(_content(note, "venueid")) or _group(note)
    if not identifier:
        return said("has no id")
    if text(note, "replyto") or text(note, "forum") not in ("", identifier):
        return said("is a reply (a review, a decision, a comment), no paper")
    if venueid.startswith(_UPLOADS):
        return said("is an upload by its authors, who say themselves where it appeared")
    stated, decision = text(_content(note, "venue")), _decision(note)
    if _NOT_ACCEPTED.search(f"{stated} {text(_content(note, 'venueid'))} {decision}"):
        return said("was not accepted, or is under review")
    if not stated and not text(_content(note, "venueid")) and not decision.lower().startswith("accept"):
        return said("does not tell whether it was accepted: neither venue nor decision")
    venue, published = _venue(stated, venueid), _published(note, stated, venueid)
    authors = _authors(note, profiles, published or 0)
    doi = bare_doi(text(_content(note, "doi")) or text(_content(note, "html")))
    draft = Draft(f"openreview:{identifier}", text(_content(note, "title")), venue, published or stated, authors, doi)
    if not authors:
        draft.problem = said("has no affiliation: its authors are hidden")
    elif not any(a.affiliations for a in authors):
        draft.problem = said("has no affiliation: no profile in the file tells where an author was in its year")
    return draft


def _group(note: dict[str, Any]) -> str:
    """The venue whose invitation a note answers: ICLR.cc/2019/Conference of ICLR.cc/2019/Conference/-/Blind_Submission."""
    return (text(note, "invitation") or next(iter(texts(note, "invitations")), "")).partition("/-/")[0]


def _decision(note: dict[str, Any]) -> str:
    """What was decided, according to the replies that came along ("" without one)."""
    replies = [*objects(note, "details", "directReplies"), *objects(note, "details", "replies")]
    found = [_content(reply, "decision") for reply in replies if isinstance(reply.get("content"), dict)]
    return next(filter(None, map(text, found)), "")


def _venue(stated: str, venueid: str) -> str:
    """The venue without its year and how the paper was presented: ICLR of "ICLR 2023 notable top 5%"."""
    words = stated.removeprefix("Accepted by ").split()
    while _YEAR.search(stated) and words and (words[-1].strip("(),").lower() in _PRESENTED or words[-1].endswith("%")):
        words.pop()  # behind the year
    if not words:
        domain, *parts = venueid.split("/")
        words = [domain.partition(".")[0], *(part.replace("_", " ") for part in parts if part != "Conference")]
    return " ".join(word for word in words if not _YEAR.fullmatch(word))


def _published(note: dict[str, Any], stated: str, venueid: str) -> int | None:
    """The year in the name of the venue, else that of publication."""
    if found := _YEAR.search(stated) or _YEAR.search(venueid):
        return year(found[0])
    moment = note.get("pdate") or note.get("cdate")  # milliseconds
    if isinstance(moment, int) and not isinstance(moment, bool) and 0 < moment < 1 << 42:
        return datetime.fromtimestamp(moment / 1000, UTC).year
    return None


def _authors(note: dict[str, Any], profiles: Profiles, published: int) -> tuple[Author, ...]:
    listed, ids = members(_content(note, "authors")), members(_content(note, "authorids"))
    ids += [None] * (len(listed) - len(ids))
    if listed == ["Anonymous"]:
        return ()
    return tuple(_author(author, text(ids[i]), profiles, published) for i, author in enumerate(listed))


def _author(author: Any, identifier: str, profiles: Profiles, published: int) -> Author:
    """An author by name and id, or (since 2025) as an object with institutions of the author's own."""
    if isinstance(author, dict):
        places = tuple(dict.fromkeys(filter(None, map(_place, members(author, "institutions")))))
        identifier = text(author, "username") or identifier
        name = text(author, "fullname")
    else:
        places, name = (), text(author)
    return Author(name or identifier, places or places_in(profiles.get(identifier, ()), published))
