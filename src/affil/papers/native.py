"""affil's own format: JSON Lines, one paper a line, or one JSON list of papers.

Fields: `id`, `venue` (text, not blank), `year` (whole number), `authors` (list of `name`, `affiliations`), `title`, `doi`, `aligned`
(default true) and `paper_affiliations` (only where `aligned` is false).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from affil.errors import InputError
from affil.papers.draft import NO_AFFILIATION, NOT_UNDERSTOOD
from affil.papers.head import Head
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.settings import SEARCH
from affil.types import Author, Paper
from affil.wording import said


def _whole(text: str) -> str:
    # Half a surrogate pair is valid JSON but not text: no table can store it.
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        raise ValueError("contains half a surrogate pair")
    return text


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("is blank")
    return text


_Text = Annotated[str, AfterValidator(_whole)]
_Label = Annotated[str, AfterValidator(_whole), AfterValidator(_filled)]


class _Record(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class _AuthorRecord(_Record):
    name: _Text
    affiliations: list[_Text] = []


class _StringsRecord(_Record):
    """What a paper needs of which only the affiliations are asked for."""

    id: _Label
    title: _Text = ""
    authors: list[_AuthorRecord]
    aligned: bool = True
    paper_affiliations: list[_Text] = []
    doi: _Text = ""


class _PaperRecord(_StringsRecord):
    venue: _Label
    year: Annotated[int, Field(ge=1900, le=2100)]


_PAPER_KEYS, _AUTHOR_KEYS = frozenset(_PaperRecord.model_fields), frozenset(_AuthorRecord.model_fields)


class _LacksError(InputError):
    """A paper lacks what papers of other formats may lack as well, a year or a venue; `value` is what stands in place of the year."""

    what = ""
    value = ""


def read_native(source: Source) -> Numbered:
    """Papers with their line numbers; blank affiliations are dropped, all others stay exactly as they are.

    A paper without a year from 1900 to 2100 or a venue is left out and reported, as in all formats.

    Raises:
        InputError: a line is not JSON, or no paper; or no paper has a year and a venue.
    """
    lost: InputError | None = None
    read = False
    for row, value in source.records("item" if source.head.place_of("id", "authors") == "item" else ""):
        slips = dict(_slips(value))
        try:
            paper = _paper(source, row, value, slips)
        except _LacksError as error:
            source.report(row, NOT_UNDERSTOOD if error.value else said("has no {0}", error.what), lost=True, value=error.value)
            lost = lost or error
        else:
            read = True
            for key, meant in slips.items():
                source.report(row, said("has {0!r}, which is not read: call it {1!r}", key, meant), lost=False)
            if not (paper.paper_affiliations or any(a.affiliations for a in paper.authors)):
                source.report(row, NO_AFFILIATION, lost=False)
            yield row, paper
    if lost is not None and not read:
        raise lost


def _recognises(head: Head) -> bool:
    return any(head.place_of("id", "authors", key) in ("", "item") for key in ("venue", "year"))


NATIVE = Reader(
    name="affil",
    title=said("affil's own JSON Lines"),
    recognises=_recognises,
    read=read_native,
    fields="`id`, `title`, `venue`, `year`, `doi`, `authors` (each with `name` and `affiliations`), `aligned`, `paper_affiliations`.",
    lost="Papers without a venue or a year from 1900 to 2100, a whole number. Other fields are ignored.",
    export="Write one JSON object a line, or one list of them, from a program of your own.",
    specification="https://jsonlines.org",
    own_ids=True,
)


def _slips(value: Any) -> Iterator[tuple[str, str]]:
    """Keys of the record and of its authors that are nearly some which are read and which it lacks, with these."""
    if not isinstance(value, dict):
        return
    authors = value.get("authors")
    for record, known in ((value, _PAPER_KEYS), *((a, _AUTHOR_KEYS) for a in (authors if isinstance(authors, list) else ()))):
        if isinstance(record, dict):
            for key in record.keys() - known:
                near = difflib.get_close_matches(key.casefold(), known - record.keys(), 1, SEARCH.near)
                if near:
                    yield key, near[0]


def _paper(source: Source, row: int, value: Any, slips: Mapping[str, str]) -> Paper:
    path, model = source.name, _StringsRecord if source.strings_only else _PaperRecord
    try:
        record = model.model_validate(value)
    except ValidationError as error:
        problem, fix = _complaint(error, slips)
        fields = {str(one["loc"][0]) for one in error.errors() if one["loc"]}
        if not fields or fields - {"year", "venue"}:
            raise InputError(path, problem, row=row, fix=fix) from error
        lacks = _LacksError(path, problem, row=row, fix=fix)
        lacks.what = "year" if "year" in fields else "venue"
        if lacks.what == "year" and value.get("year") not in (None, ""):
            lacks.value = str(value["year"])
        raise lacks from error
    authors = tuple(Author(a.name, tuple(c for c in a.affiliations if c.strip())) for a in record.authors)
    of_paper = tuple(c for c in record.paper_affiliations if c.strip())
    stated = any(a.affiliations for a in authors)
    if record.aligned and of_paper:
        problem = said("paper_affiliations belong to papers whose aligned is false")
        raise InputError(path, problem, row=row, fix=said('add "aligned": false, or move them to the authors'))
    if not record.aligned and stated:
        raise InputError(
            path, said("aligned is false, but an author has affiliations"), row=row, fix=said("move them to paper_affiliations")
        )
    venue, year = (record.venue, record.year) if isinstance(record, _PaperRecord) else ("", 0)
    return Paper(record.id, record.title, venue, year, authors, record.aligned, of_paper, record.doi)


def _complaint(error: ValidationError, slips: Mapping[str, str]) -> tuple[str, str]:
    """The first thing wrong with a record, and what to do; `slips` are keys that were meant to be others."""
    first = error.errors()[0]
    field = ".".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"]) or said("the line")
    value: Any = first["input"]
    if first["type"] == "missing":
        key = next((key for key, meant in slips.items() if meant == first["loc"][-1]), "")
        return said("{0} is missing", field), said("call {0!r} so", key) if key else said("add {0} to the paper", field)
    if field == "year" and isinstance(value, str):
        return said("year is text ({0!r})", value), said('write it as a whole number, e.g. "year": 2024')
    shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "..."
    problem = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "value_error":
        return said("{0} {1}", field, problem), said("correct the line")
    return said("{0}: {1}{2}, not {3}", field, problem[0].lower(), problem[1:], shown), said("correct the line")
