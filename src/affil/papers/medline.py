"""PubMed's text (MEDLINE, .nbib): what the site saves as "PubMed" and sends to citation managers.

A field is a tag of up to four letters, padded to four, a hyphen and a value; a line that begins with blanks continues the one above. The
fields of an author stand together: `FAU`, `AU`, `AUID`, and an `AD` for each affiliation. rispy and Biopython keep the values of each tag
apart, by which nobody knows any more whose an affiliation is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from affil.errors import InputError
from affil.papers.common import bare_doi, whole_text
from affil.papers.draft import Draft, finish, year_in
from affil.papers.head import Head
from affil.papers.pairing import has_others, is_nobody
from affil.papers.pubmed import NO_PAPERS, without_subtitle
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.types import Author
from affil.wording import said

Fields = list[tuple[str, str]]
"""The fields of a record in their order: tag and value."""

_FIELD = re.compile(r"([A-Z][A-Z0-9]{1,3}) {0,2}-(?: +(.*))?")
_BEGINS = re.compile(r"(?:[A-Z][A-Z0-9]{1,3} {0,2}-.*\r?\n){0,5}PMID-? *- *\d")
_NUMBERS = ("PMID", "PMC")
"""The tags with which a record begins; in PubMed's own files PMC stands within, in those of PubMed Central in front."""
_OTHERS = frozenset(["FED", "ED", "FIR", "IR", "FPS", "PS"])
"""People who are no authors: editors, investigators of a group, those whom a paper is about."""


def read_medline(source: Source) -> Numbered:
    """Papers with the numbers of the lines on which their records begin.

    Raises:
        InputError: a line is in no field or no record, the last record was cut off, or another format begins.
    """
    for row, fields in _records(source):
        yield from finish(source, row, _draft(fields))


def _recognises(head: Head) -> bool:
    return not head.json and not head.root and _BEGINS.match(head.text.lstrip("\ufeff \r\n")) is not None


MEDLINE = Reader(
    name="medline",
    title="PubMed text (MEDLINE, .nbib)",
    recognises=_recognises,
    read=read_medline,
    fields=(
        "`PMID` (the id; of a record of PubMed Central without one `PMC`), `TI` (else `TT`), `JT` without its subtitle (else `TA`), the year "
        "of `DP` (else `DEP`), each author in `FAU` (else `AU`) or group in `CN` with the `AD` that follow, the DOI of `LID` or `AID`."
    ),
    lost=(
        "Retracted papers, notices of retraction, errata and books are left out. Until 2013 PubMed kept the affiliation of "
        "the first author only, so older papers count less than they should. Editors and investigators of a group are no authors."
    ),
    export=(
        "PubMed: Save, Format “PubMed”, up to 10,000 records a file; or Send to, “Citation manager” (.nbib); or "
        "`esearch -db pubmed -query '...' | efetch -format medline > papers.nbib`."
    ),
    specification="https://pubmed.ncbi.nlm.nih.gov/help/#pubmed-format",
    escaped="all",
)


def _records(source: Source) -> Iterator[tuple[int, Fields]]:
    """The fields of one record after the other, with the number of its first line."""
    fields = Fields()
    begun, gap, ends = 0, True, False
    for row, line in source.lines():
        line = line.lstrip("\ufeff").rstrip()
        if not line:
            gap = True
            continue
        field = _FIELD.fullmatch(line)
        if line[0].isspace() and fields:
            fields[-1] = (fields[-1][0], f"{fields[-1][1]} {line.strip()}".strip())
        elif field is None:
            source.refuse_other(row, line)
            raise InputError(
                source.name, said("the line is in no field"), row=row, fix=said("save the records again, as they come")
            )
        else:
            tag, value = field[1], (field[2] or "").strip()
            if fields and tag in _NUMBERS and (gap or (tag == "PMID" and tag in dict(fields))):
                yield begun, fields
                ends = ends or "SO" in dict(fields)
                fields = Fields()
            elif tag == "TY":  # no tag of PubMed's
                source.refuse_other(row, line)
            begun = begun if fields else row
            fields.append((tag, whole_text(value)))
        gap = False
    if ends and "SO" not in dict(fields):
        problem = said("the record that begins here has no end (SO), which others have: it was cut off")
        raise InputError(source.name, problem, row=begun, fix=said("save or copy it again"))
    if fields:
        yield begun, fields


def _draft(fields: Fields) -> Draft | str:
    told = dict(reversed(fields))  # the first of each tag
    kinds = [value.lower() for tag, value in fields if tag == "PT"]
    if reason := next((NO_PAPERS[kind] for kind in kinds if kind in NO_PAPERS), ""):
        return reason
    if "BTI" in told:
        return said("is a book or a chapter, no paper")
    if not (told.get("PMID") or told.get("PMC")):
        return said("has no PMID")
    title = told.get("TI", "")
    if title.startswith("[Not Available]") or not title:
        title = told.get("TT") or title
    authors = _authors(fields)
    named = [value.removesuffix("[doi]") for tag, value in fields if tag in ("LID", "AID") and value.endswith("[doi]")]
    return Draft(
        f"pmid:{told['PMID']}" if told.get("PMID") else f"pmc:{told['PMC']}",
        title,
        without_subtitle(told.get("JT", "")) or told.get("TA", ""),
        year_in(told.get("DP", ""), told.get("DEP", "")),
        tuple(Author(name, tuple(strings)) for name, strings in authors if not is_nobody(name)),
        next(filter(None, map(bare_doi, named)), ""),
        cut_off=has_others(name for name, _ in authors),
    )


def _authors(fields: Fields) -> list[tuple[str, list[str]]]:
    """The authors, each with the affiliations behind the name; one in front of all names, as in older records, is the first author's."""
    found: list[tuple[str, list[str]]] = []
    of_first: list[str] = []
    mine, before = of_first, ""
    for tag, value in fields:
        if tag in ("FAU", "CN") or (tag == "AU" and before != "FAU"):
            mine = []
            found.append((value, mine))
        elif tag in _OTHERS:
            mine = []
        elif tag == "AD" and value:
            mine.append(value)
        before = tag
    if found:
        found[0][1][:0] = of_first
    return found
