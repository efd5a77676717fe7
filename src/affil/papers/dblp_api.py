"""Records of dblp in JSON, as its search answers and as `affil fetch dblp` keeps them.

Read of a record (`info` of a hit): `key`, `type`, `authors`, `title`, `venue`, `year`, `doi`, `ee`.
"""

from __future__ import annotations

from html import unescape
from typing import Any

from affil.errors import InputError
from affil.papers.common import bare_doi, whole_text
from affil.papers.dblp import DBLP, OTHER, person
from affil.papers.draft import Draft, finish, year_in
from affil.papers.head import Head
from affil.papers.json_values import members
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.types import Author
from affil.wording import said

_KEYS = ("key", "title", "type", "venue")
_HITS = "result.hits.hit.item.info"
_PAPERS = ("Conference and Workshop Papers", "Journal Articles", "Informal and Other Publications")
_WITHDRAWN = "Withdrawn Items"


def read_dblp_api(source: Source) -> Numbered:
    """Papers without affiliations, with the number of their line or record.

    Raises:
        InputError: the file is no JSON, or a record is none of dblp.
    """
    for row, value in source.records(source.head.place_of(*_KEYS) or ""):
        if not isinstance(value, dict) or not whole_text(value.get("key")):
            raise InputError(
                source.name,
                said("is no record of dblp: no key"),
                row=row,
                fix=said("give answers of its search, or affil fetch dblp"),
            )
        yield from finish(source, row, _draft(value))


def _recognises(head: Head) -> bool:
    return head.place_of(*_KEYS, "year") in ("", "item", _HITS)


DBLP_API = Reader(
    name="dblp-api",
    title=said("dblp search results in JSON"),
    recognises=_recognises,
    read=read_dblp_api,
    fields="`key` (the id), `authors` (without the number of a homonym), `title`, `venue`, `year`, `doi` (else that of `ee`).",
    lost=DBLP.lost,
    export="`affil fetch dblp`, or `https://dblp.org/search/publ/api?q=...&format=json&h=1000`.",
    specification="https://dblp.org/faq/How+to+use+the+dblp+search+API.html",
    escaped="all",
)


def _draft(info: dict[str, Any]) -> Draft | str:
    kind = whole_text(info.get("type"))
    if kind not in _PAPERS:
        return said("was withdrawn") if kind == _WITHDRAWN else OTHER
    names = (one.get("text") if isinstance(one, dict) else one for one in members(info, "authors", "author"))
    return Draft(
        f"dblp:{whole_text(info['key'])}",
        _text(info.get("title")).removesuffix("."),
        _text(info.get("venue")),
        year_in(str(info.get("year") or "")),
        tuple(Author(person(name)) for name in map(_text, names) if name),
        next(filter(None, (bare_doi(_text(info.get(field))) for field in ("doi", "ee"))), ""),
    )


def _text(value: Any) -> str:
    """A text, or the first of several; dblp writes "&amp;" also in JSON."""
    return unescape(whole_text(value[0] if isinstance(value, list) and value else value))
