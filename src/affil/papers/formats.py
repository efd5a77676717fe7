"""All formats of papers, and which of them a file is."""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Unpack

from affil.errors import AffilError, InputError, refuse_unknown
from affil.io.encoding import no_text
from affil.io.table import has_affiliations
from affil.papers.acl_anthology import ACL_ANTHOLOGY
from affil.papers.arxiv import ARXIV
from affil.papers.bibtex import BIBTEX
from affil.papers.common import Problem, parse_json
from affil.papers.crossref import CROSSREF
from affil.papers.datacite import DATACITE
from affil.papers.dblp import DBLP, DBLP_HOMEPAGES
from affil.papers.dblp_api import DBLP_API
from affil.papers.escapes import paper_unescaped
from affil.papers.europe_pmc import EUROPE_PMC
from affil.papers.grobid import GROBID
from affil.papers.head import Head
from affil.papers.jats import JATS
from affil.papers.lens import LENS
from affil.papers.long_form import LONG_FORM
from affil.papers.medline import MEDLINE
from affil.papers.native import NATIVE
from affil.papers.openalex import OPENALEX
from affil.papers.openreview import OPENREVIEW
from affil.papers.orcid import ORCID
from affil.papers.paper_copilot import PAPER_COPILOT
from affil.papers.pubmed import PUBMED
from affil.papers.reader import Numbered, Reader
from affil.papers.reading import Reading
from affil.papers.ris import RIS
from affil.papers.scopus import SCOPUS
from affil.papers.source import Source
from affil.papers.web_of_science import WEB_OF_SCIENCE
from affil.papers.zotero import ZOTERO
from affil.settings import ReadSettings
from affil.types import Paper
from affil.wording import said

READERS: tuple[Reader, ...] = (
    NATIVE,
    OPENALEX,
    CROSSREF,
    DATACITE,
    EUROPE_PMC,
    ORCID,
    OPENREVIEW,
    PUBMED,
    MEDLINE,
    JATS,
    GROBID,
    ACL_ANTHOLOGY,
    ARXIV,
    DBLP,
    DBLP_HOMEPAGES,
    DBLP_API,
    RIS,
    BIBTEX,
    WEB_OF_SCIENCE,
    SCOPUS,
    LENS,
    ZOTERO,
    LONG_FORM,
    PAPER_COPILOT,
)
"""The formats that affil brings, in the order in which they are tried."""

_NO_TEXT = (said("of no format of papers that is read"), said("see which are read: affil formats"))
_TEXTS = {  # texts of other programs, by a line in them: what they are, and what to export instead
    re.compile(r"^RT [A-Z]", re.MULTILINE): (
        said("RefWorks' text, which is not read"),
        said("export BibTeX or RIS instead"),
    ),
    re.compile(r"^SrcDatabase-", re.MULTILINE): (
        said("CNKI's text, which is not read"),
        said("export 自定义 (custom) as .xls, or BibTeX"),
    ),
    re.compile(r"^%0 ", re.MULTILINE): (said("EndNote's text, which is not read"), said("export RIS instead")),
}

GROUP = "affil.readers"
"""The group of entry points by which other packages add readers."""


@functools.cache
def readers() -> dict[str, Reader]:
    """All readers by name, those of other packages after affil's own.

    Raises:
        AffilError: an entry point cannot be loaded, is no reader, or takes a name that is taken.
    """
    found = {reader.name: reader for reader in READERS}
    for point in entry_points(group=GROUP):
        try:
            reader = point.load()
        except Exception as error:  # whatever the other package does
            raise AffilError(said("the reader {0!r} ({1}) cannot be loaded: {2}", point.name, point.value, error)) from error
        if not isinstance(reader, Reader):
            raise AffilError(said("the reader {0!r} ({1}) is no affil.papers.reader.Reader", point.name, point.value))
        if found.setdefault(reader.name, reader) is not reader:
            raise AffilError(said("two readers are called {0!r}; uninstall one of their packages", reader.name))
    return found


def recognise(head: Head, format: str | None = None, *, mapped: bool = False) -> Reader:
    """The reader of a file: the one that is named, else the first that recognises it. Of a table whose headings are `mapped` it is known
    that it holds papers.

    Raises:
        AffilError: there is no reader of that name. InputError: none recognises the file.
    """
    known = readers()
    if format is not None:
        return known[_named(format, known)]
    if (found := known_format(head)) is not None:
        return found
    if mapped or has_affiliations(head.columns):
        return LONG_FORM  # which says what it lacks
    other = said("XML of no format that is read: its outermost element is {0}", head.root) if head.root else no_text(head.start)
    if other and not head.table:
        raise InputError(head.shown, said("is {0}", other), fix=said("see which formats are read: affil formats"))
    if head.json and _foreign(head):
        fix = said("see which formats are read: affil formats")
        raise InputError(head.shown, said("is JSON of no format that is read{0}", _keys_shown(head)), fix=fix)
    if not head.table and not head.json and head.text.strip():
        what, fix = next((told for begins, told in _TEXTS.items() if begins.search(head.text[:4096])), _NO_TEXT)
        raise InputError(head.shown, said("is {0}", what), fix=fix)
    return LONG_FORM if head.table else NATIVE  # which say what is wrong with it


def _named(given: str, known: Iterable[str]) -> str:
    """The name of a format as it was typed: "Scopus", "web of science".

    Raises:
        AffilError: there is no such format.
    """
    forms = {_letters(name): name for name in known}
    if _letters(given) not in forms:
        raise AffilError(said("no format {0!r}; there are: {1}", given, ", ".join(forms.values())))
    return forms[_letters(given)]


def _letters(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


def _foreign(head: Head) -> bool:
    """Whether it is JSON indeed, and no object of it is nearly a paper of affil's own format; damaged lines are its reader's to tell."""
    is_list = head.text.lstrip().startswith("[")
    if is_list and head.name.endswith(".jsonl"):
        return False
    if is_list and head.is_whole:
        parse_json(head.shown, None, head.start)
    elif head.is_whole or head.first_line is not None:
        try:
            parse_json(head.shown, 1, (head.first_line or head).start)
        except InputError:
            return False
    return len(head.keys.get("", frozenset()) & {"id", "title", "venue", "year", "authors"}) < 2


def _keys_shown(head: Head) -> str:
    found = next((sorted(keys) for keys in head.keys.values() if keys), [])
    return (
        said(": its keys are {0}{1}", ", ".join(found[:8]), ", ..." if len(found) > 8 else "")
        if found
        else said(", as it holds no record")
    )


def known_format(head: Head) -> Reader | None:
    """The first reader that recognises a file, JSON Lines by the first of them; None where none does."""
    return _of(head.first_line) or _of(head)


def _of(head: Head | None) -> Reader | None:
    """The first reader that recognises a beginning."""
    return None if head is None else next((reader for reader in readers().values() if reader.recognises(head)), None)


def _fits(columns: Sequence[str], mapping: Mapping[str, str]) -> bool:
    """Whether these are headings of a table of papers, known ones or those that are mapped."""
    return _of(Head.of_headings(columns)) is not None or (bool(mapping) and set(mapping) <= set(columns))


class _Other:
    """Of what other format a JSON record is, which the reader of its file does not take for its own; told once for the same keys."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._told: dict[frozenset[str], str] = {}

    def __call__(self, record: dict[str, Any]) -> str:
        keys = frozenset(record)
        if keys not in self._told:
            head = Head.of_record(json.dumps(record))
            other = None if self._reader.recognises(head) else _of(head)
            self._told[keys] = other.title if other else ""
        return self._told[keys]


def papers_of(reader: Reader, source: Source) -> Numbered:
    """The papers of a file; an error says which format it was read as, as that may be what is wrong.

    What a service escaped once too often is unescaped (see `Reader.escaped`).
    """
    try:
        for row, paper in reader.read(source):
            yield row, paper_unescaped(paper, affiliations=reader.escaped == "all") if reader.escaped else paper
    except InputError as error:
        note = "" if reader is NATIVE else said("it was read as: {0}", reader.title)  # which says so in its own words
        raise error.noting(note, source.unit) from error


def open_source(
    path: Path | str, settings: ReadSettings, problem: Callable[[Problem], None], **reading: Unpack[Reading]
) -> tuple[Reader, Source]:
    """The reader of a file, and the file as it reads it; `problem` is told of each problem of a record.

    Raises:
        InputError: the file cannot be read, or no reader recognises it. AffilError: there is no such format.
    """
    head = head_of(path, **reading)
    reader = recognise(head, reading.get("format"), mapped=bool(reading.get("mapping")))
    return reader, source_of(reader, head, settings, problem, **reading)


def head_of(path: Path | str, **reading: Unpack[Reading]) -> Head:
    """The beginning of a file; see `open_source`."""
    refuse_unknown(reading, Reading.__annotations__)
    mapping = reading.get("mapping") or {}
    head = Head(path, reading.get("sheet"), reading.get("encoding"), lambda columns: _fits(columns, mapping))
    if mapping and not (head.table or head.columns):
        raise InputError(head.shown, said("is no table, so that no heading of it can be mapped"), fix=said("omit --map"))
    return head


def source_of(
    reader: Reader, head: Head, settings: ReadSettings, problem: Callable[[Problem], None], **reading: Unpack[Reading]
) -> Source:
    """The file of a beginning as a reader reads it; see `open_source`."""
    source = Source(head, settings, problem, reading.get("mapping") or {})
    if head.json and not reading.get("format"):
        source.other = _Other(reader)
    return source


@dataclass(frozen=True, slots=True)
class Look:
    """What a file is, and its first papers as they are read, with the problems up to there."""

    path: str
    reader: Reader
    papers: tuple[Paper, ...]
    problems: tuple[Problem, ...]


def formats(path: Path | str, *, records: int = 3, **reading: Unpack[Reading]) -> Look:
    """Tell what a file is and read its first papers.

    Args:
        path: the file; `-` is standard input.
        records: number of papers to read.
        reading: how to read it, where its content does not tell it.

    Raises:
        InputError: it cannot be read. AffilError: there is no such format.
    """
    problems = list[Problem]()
    reader, source = open_source(path, ReadSettings(), problems.append, **reading)
    papers = tuple(paper for _, paper in itertools.islice(papers_of(reader, source), records))
    return Look(source.name, reader, papers, tuple(problems))
