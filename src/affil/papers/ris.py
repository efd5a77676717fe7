"""RIS, as Scopus, Web of Science, ProQuest, publishers and reference managers write it.

A record goes from TY to ER; every tag may come several times. What Scopus and Web of Science do otherwise is read too: a second TY
for the kind of document, tags without a line of their own (`GermanyAD  - Univ Leeds`), CP for the conference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import rispy
from rispy.config import TYPE_OF_REFERENCE_MAPPING

from affil.errors import InputError
from affil.io.cells import split_cell
from affil.papers.common import bare_doi, whole_text
from affil.papers.draft import Draft, doi_id, finish, year_in
from affil.papers.head import Head
from affil.papers.pairing import Named, Paired, by_paper, has_others, is_nobody, pair
from affil.papers.proceedings import (
    NO_CONFERENCE,
    conference_in_note,
    is_series,
    proceedings_venue,
    unwanted_kind,
    venue_or_conference,
)
from affil.papers.reader import Numbered, Reader
from affil.papers.scopus import distinct_affiliations, scopus_id
from affil.papers.source import Source
from affil.wording import said

Tags = Mapping[str, list[str]]
"""The tags of a record, each with its values."""

_TAG = re.compile(r"([A-Z][A-Z0-9]) {1,2}-(?: (.*))?")
_GLUED = re.compile(r"(?<=\S)(?=(?:AD|AN|C1|C3|FU|OA|PU|WE)  - )")
_BEGINS = re.compile(r"^\ufeff?TY {1,2}- ", re.MULTILINE)
_TYPES = frozenset([*TYPE_OF_REFERENCE_MAPPING, "CPAPER", "RPRT", "GRNT", "JFULL", "PREPRINT"])
_JOURNALS = ("T2", "JF", "JO", "JA", "J2", "J1", "BT", "T3")  # where a record may name its journal or book, best first
_AGAIN = said("export the records again, as they come")
_COUNTER = re.compile(r"\d+\.?")  # some programs number the records


class _Names(dict[str, str]):
    """Each tag is called by itself."""

    def __missing__(self, tag: str) -> str:
        return tag


class _All(list[str]):
    """Every tag may have several values, and a line that continues one is one more."""

    def __contains__(self, tag: object) -> bool:
        return True


def read_ris(source: Source) -> Numbered:
    """Papers with the numbers of the lines on which their records begin.

    Raises:
        InputError: a record has no end or no beginning, or another format begins.
    """
    parser = rispy.RisParser(mapping=_Names(), list_tags=_All(), delimiter_tags_mapping={})
    for row, lines in _records(source):
        for tags in parser.parse_lines(iter(lines)):
            yield from finish(source, row, _draft({tag: _values(values) for tag, values in tags.items()}))


def _recognises(head: Head) -> bool:
    return not head.json and not head.root and _BEGINS.search(head.text[:4096].replace("\r", "\n")) is not None


RIS = Reader(
    name="ris",
    title="RIS",
    recognises=_recognises,
    read=read_ris,
    fields=(
        "`AU` (else `A1`), `TI` or `T1`, `PY`, `Y1` or `DA`, `DO`, `AD`; names in brackets in front of an address tell whose it is."
        " The venue is `T2`, `JF`, `JO` or `JA`, in proceedings the conference (`CP` of Web of Science, `C3`, or the one in Scopus'"
        " notes) where `T2` is that of a series. The paper's id is `AN` of Web of Science, Scopus' EID in `UR`, else made from the"
        " DOI, or from title, venue, year and first author, of short titles (“Editorial”) from volume and issue too."
    ),
    lost=(
        "RIS does not say whose an address is, so papers of several authors count as a whole: prefer the CSV of Scopus and the plain"
        " text of Web of Science. Records of whole proceedings, errata and retracted papers of Scopus are left out;"
        " Web of Science does not mark corrections and retractions in RIS."
    ),
    export=(
        "Scopus: Export, RIS, with “Affiliations” and “Conference information”. Web of Science: Export, RIS, “Full Record”. Zotero,"
        " EndNote and others write RIS too, mostly without affiliations."
    ),
    specification="https://en.wikipedia.org/wiki/RIS_(file_format)",
    escaped="titles",
)


def _records(source: Source) -> Iterator[tuple[int, list[str]]]:
    """The lines of one record after the other, as the standard wants them, with the number of the first."""
    lines: list[str] = []
    begun, passed = 0, False
    for row, line in source.lines():
        line = line.lstrip("\ufeff").rstrip()
        wrapped = line[:1].isspace() or (bool(lines) and lines[-1].endswith((",", "-")))
        field = _TAG.fullmatch(line)
        if field is None:
            if lines and line.strip():
                if wrapped and not line.lstrip().startswith("["):  # which begins an address of its own
                    lines[-1] += f" {line.strip()}"
                else:
                    lines.append(line)
            elif line:
                source.refuse_other(row, line)
                if begun and not passed and not _COUNTER.fullmatch(line):
                    source.note(said("line {0}, {1!r}, stands in no record; such lines are passed over", row, line[:40]))
                    passed = True
            continue
        tag, value = field[1], (field[2] or "").strip()
        if tag == "TY" and lines:
            if value in _TYPES:
                problem = said("the record from line {0} has no end (ER) before the next one begins", begun)
                raise InputError(source.name, problem, row=row, fix=_AGAIN)
            tag = "M3"
        elif tag != "TY" and not lines:
            if tag == "ER":
                continue
            raise InputError(source.name, said("{0} stands in no record: TY begins one", tag), row=row, fix=_AGAIN)
        begun = row if not lines else begun
        lines += _GLUED.sub("\n", f"{tag}  - {value}").split("\n")
        if tag == "ER":
            yield begun, lines
            lines = []
    if lines:
        raise InputError(
            source.name, said("the record that begins here was cut off"), row=begun, fix=said("export or copy it again")
        )


def _values(values: object) -> list[str]:
    """The values of a tag without blank ones; rispy gives the type alone as text."""
    return [text for text in map(whole_text, values if isinstance(values, list) else [values]) if text]


def _draft(tags: Tags) -> Draft | str:
    if kind := unwanted_kind("; ".join(tags.get("M3", ()))):
        return said("is no paper: {0}", kind)
    title, doi, venue = _joined(tags, "TI") or _joined(tags, "T1"), bare_doi(_joined(tags, "DO")), _venue(tags)
    numbers = [v for v in tags.get("AN", ()) if v.startswith("WOS:")]
    identifier = next(iter(numbers), "") or scopus_id(*tags.get("UR", ())) or doi_id(doi)
    year = year_in(*(v for tag in ("PY", "Y1", "DA") for v in tags.get(tag, ())))
    paired = _paired(tags)
    problem = paired.problem or (NO_CONFERENCE if is_series(venue) else "")
    cut_off = has_others(tags.get("AU") or tags.get("A1") or ())
    number = " ".join(v for tag in ("VL", "IS") for v in tags.get(tag, ()))
    return Draft(identifier, title, venue, year, paired.authors, doi, paired.of_paper, problem, cut_off, number)


def _joined(tags: Tags, tag: str) -> str:
    """A tag of one value, which may go over several lines or come twice."""
    return " ".join(dict.fromkeys(tags.get(tag, ())))


def _venue(tags: Tags) -> str:
    title = next(filter(None, (_joined(tags, tag) for tag in _JOURNALS)), "")
    noted = next(filter(None, map(conference_in_note, tags.get("N1", ()))), "")
    if any(v.startswith("WOS:") for v in tags.get("AN", ())):  # whose C3 are institutions
        return title if tags["TY"] == ["JOUR"] else proceedings_venue(title, _joined(tags, "CP"))
    return venue_or_conference(title, noted or _joined(tags, "C3"))


def _paired(tags: Tags) -> Paired:
    authors = [name for name in tags.get("AU") or tags.get("A1") or () if not is_nobody(name)]
    found: list[Named] = [one for cell in tags.get("AD", ()) for one in split_cell(cell)]
    if any(names for names, _ in found):
        return pair(authors, found)
    cells = [cell for _, cell in found]
    return by_paper(authors, cells if len(cells) != 1 else distinct_affiliations(cells[0]))  # ProQuest puts all into one
