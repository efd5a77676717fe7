"""Web of Science's exports: plain text, tab-delimited text, Excel, and tables made of them.

The plain text has fields of two letters (FN ... VR ... PT ... ER ... EF), one address a line of C1, its authors in brackets in
front: `[Diaz, C.; Li, H.] Univ Leeds, Leeds, England.` Names stand there as in AF. Tables have the same fields, under the two
letters or under long headings, addresses between semicolons and without the full stop.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from affil.errors import InputError
from affil.io.semicolons import between_semicolons, semicolons
from affil.papers.common import bare_doi, cell_text
from affil.papers.draft import Draft, doi_id, finish, year_in
from affil.papers.head import Head
from affil.papers.pairing import Named, Paired, by_paper, has_others, is_nobody, pair
from affil.papers.proceedings import proceedings_venue, unwanted_kind
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.wording import counted, said

Fields = Mapping[str, list[str]]
"""The fields of a record by their two letters, each with its values."""

HEADINGS = {
    "publication type": "PT",
    "authors": "AU",
    "book authors": "BA",
    "author full names": "AF",
    "book author full names": "BF",
    "group authors": "CA",
    "article title": "TI",
    "source title": "SO",
    "book series title": "SE",
    "conference title": "CT",
    "document type": "DT",
    "addresses": "C1",
    "reprint addresses": "RP",
    "publication year": "PY",
    "early access date": "EA",
    "doi": "DI",
    "ut (unique wos id)": "UT",
}
"""The long headings of the Excel export and the fields that they stand for."""

ONLY_REPRINT = said("has no addresses but that of its corresponding author (RP)")

_FIELD = re.compile(r"([A-Z][A-Z0-9])(?: (.*))?")
_LISTS = frozenset(["AU", "AF", "BA", "BF", "CA", "C1"])  # of which each line is a value
_REPRINT = re.compile(r"(?P<names>[^()]+? \((?:corresponding|reprint) author\)|[^,;]+, [A-Z]{1,4}), (?P<address>.+)")
_REPRINT_AUTHOR = re.compile(r" \((?:corresponding|reprint) author\)$")
_ANOTHER_REPRINT = re.compile(r"\.;\s*")


def read_web_of_science(source: Source) -> Numbered:
    """Papers with the number of the line on which their record begins in plain text, else of their row.

    Raises:
        InputError: the file is broken: a record without its end, a line without a field, no type or title in a record.
    """
    records = _plain_text(source) if _is_plain_text(source.head) else _table(source)
    for row, fields in records:
        if not fields.get("PT") and not fields.get("TI"):
            problem = said("is no record of Web of Science: neither PT nor TI")
            raise InputError(source.name, problem, row=row, fix=said("export the records again, as they come"))
        yield from finish(source, row, _draft(fields))


def split_addresses(cell: str) -> list[str]:
    """The addresses of a cell, names in brackets in front of them: a semicolon within brackets separates names.

    A bracket that is never closed ends where the next address begins with names.
    """
    found, rest = [], cell.strip()
    while rest:
        cut = _end_of_address(rest)
        found.append(rest[: cut.start() if cut else len(rest)].strip())
        rest = rest[cut.end() :] if cut else ""
    return [one for one in found if one]


def split_names(address: str) -> Named:
    """An address without the names in front of it, and these."""
    end = _end_of_names(address)
    return tuple(n for n in between_semicolons(address[1 : end - 1]) if n) if end else (), address[end:].strip()


def _recognises(head: Head) -> bool:
    if _is_plain_text(head) or _letters(head):
        return True
    return {"ut (unique wos id)", "source title"} <= head.headings or {"pt", "au", "so", "ut"} <= head.headings


WEB_OF_SCIENCE = Reader(
    name="web-of-science",
    title=said("Web of Science: plain text, tab-delimited or Excel"),
    recognises=_recognises,
    read=read_web_of_science,
    fields=(
        "`UT` (the paper's id), `TI`, `PY` (else the year of `EA`), `DI`, `AF` (else `AU`; groups of `CA` that an address names), `C1`"
        " with the authors in brackets, the venue from `SO` or, in proceedings, `CT`; in Excel the columns that hold the same. Of a"
        " record without `C1`, the corresponding author's address in `RP` is read, and reported."
    ),
    lost=(
        "`C1` without names (records before 2008 and some since) does not tell whose an address is: such papers count as a whole."
        " `C3`, Web of Science's own names of institutions, is not read, as it names no author. Corrections, retractions and retracted"
        " papers are left out."
    ),
    export=(
        "On the page of results: Export, “Plain text file” (or “Tab delimited file”, “Excel”), Record Content “Full Record”, up to 500 or"
        " 1,000 records a file; give all files at once. “Author, Title, Source” alone has no addresses."
    ),
    specification="https://images.webofknowledge.com/images/help/WOS/hs_wos_fieldtags.html",
    escaped="titles",
)


def _is_plain_text(head: Head) -> bool:
    return head.text.lstrip("\ufeff \r\n").startswith("FN ") and "\nVR " in head.text.replace("\r", "\n")


def _letters(head: Head) -> bool:
    """Whether it is tab-delimited text under headings of two letters."""
    first = head.text.lstrip("\ufeff").split("\n", 1)[0].rstrip("\r").split("\t")
    return {"PT", "AU", "SO"} <= set(first)


def _plain_text(source: Source) -> Iterator[tuple[int, Fields]]:
    """The records of plain text, each with its first line. Files that were put together keep their first and last lines in the middle."""
    fields: dict[str, list[str]] = {}
    tag, begun = "", 0
    for row, line in source.lines():
        line = line.lstrip("\ufeff").rstrip()
        if not fields and not line.startswith(("FN ", "PT ")):
            source.refuse_other(row, line)
        field = _FIELD.fullmatch(line)
        if field is None:
            if not tag and line.strip():
                raise InputError(
                    source.name, said("the line is in no field"), row=row, fix=said("export the records again, as they come")
                )
            if line.strip():
                _add(fields, tag, line.strip())
        elif field[1] in ("FN", "VR", "EF"):
            tag = ""
        elif field[1] == "ER":
            fields["C1"] = [one.removesuffix(".") for one in fields.get("C1", ()) if one]  # it ends the line, not the address
            yield begun, fields
            fields, tag = {}, ""
        else:
            tag = field[1]
            if tag == "PT" and fields:
                problem = said("the record from line {0} has no end (ER) before the next one begins", begun)
                raise InputError(source.name, problem, row=row, fix=said("export the records again, as they come"))
            begun = begun if fields else row
            fields.setdefault(tag, []).append(field[2] or "")
    if fields:
        raise InputError(
            source.name, said("the record that begins here was cut off"), row=begun, fix=said("export or copy it again")
        )


def _add(fields: dict[str, list[str]], tag: str, text: str) -> None:
    """Continue a field: a list by another value, unless an address is not at its end, which is a full stop; text by more of it."""
    values = fields[tag]
    within = tag == "C1" and values[-1] != "" and not values[-1].endswith(".") and not text.startswith("[")
    if tag in _LISTS and not within:
        values.append(text)
    else:
        values[-1] = f"{values[-1]} {text}".strip()


def _table(source: Source) -> Iterator[tuple[int, Fields]]:
    for row, cells in _letter_rows(source) if _letters(source.head) else source.rows():
        fields = {HEADINGS.get(heading, heading.upper()): [text] for heading, text in cells.items() if text}
        for tag in ("AU", "AF", "BA", "BF", "CA"):
            if tag in fields:
                fields[tag] = [name for name in between_semicolons(fields[tag][0]) if name]
        if "C1" in fields:
            fields["C1"] = split_addresses(fields["C1"][0])
        yield row, fields


def _letter_rows(source: Source) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of tab-delimited text. It has no quoting, and in some years a tab more at the ends of rows than of the headings."""
    headings: list[str] = []
    lines = source.lines()
    for row, line in lines:
        source.unit = "row"
        cells = line.lstrip("\ufeff").split("\t") if line.strip() else []
        if not headings:
            headings = [c.strip() for c in cells]
        elif cells:
            if len(cells) < len(headings) - 1 or any(c.strip() for c in cells[len(headings) :]):
                problem = said("has {0}, the headings are {1}", counted(len(cells), "field"), len(headings))
                raise InputError(source.name, problem, row=row, fix=said("export the records again, as they come"))
            yield row, {h: c.strip() for h, c in zip(headings, cells, strict=False) if h}


def _draft(fields: Fields) -> Draft | str:
    if unwanted := unwanted_kind(_text(fields, "DT")):
        return said("is no paper: {0}", unwanted)
    if _text(fields, "PT") == "B" and _text(fields, "DT").casefold() == "book":
        return said("is no paper: a whole book")
    paired, doi, year = _paired(fields), bare_doi(_text(fields, "DI")), year_in(_text(fields, "PY"), _text(fields, "EA"))
    identifier = _text(fields, "UT") or doi_id(doi)
    title, venue = _text(fields, "TI"), _venue(fields)
    cut_off = any(has_others(fields.get(tag, ())) for tag in ("AF", "AU", "BF", "BA"))
    return Draft(identifier, title, venue, year, paired.authors, doi, paired.of_paper, paired.problem, cut_off)


def _text(fields: Fields, tag: str) -> str:
    return cell_text(" ".join(fields.get(tag, ())))


def _venue(fields: Fields) -> str:
    """The journal, or the conference of a book or of a volume in a series."""
    title, series, conference = _text(fields, "SO"), _text(fields, "SE"), _text(fields, "CT")
    if _text(fields, "PT") in ("J", "") and not series:
        return title or conference
    return proceedings_venue(title, conference) or series


def _paired(fields: Fields) -> Paired:
    authors, short = _authors(fields)
    groups = [name for name in fields.get("CA", ()) if not is_nobody(name)]
    addresses = [split_names(one) for one in fields.get("C1", ())]
    named = {name for names, _ in addresses for name in names}
    added = [group for group in groups if group in named or not authors]
    authors, short = authors + added, short + added if short else short
    if addresses:
        return pair(authors, addresses, short)
    reprint = _reprint(_text(fields, "RP"))
    if not reprint:
        return by_paper(authors, ())
    paired = pair(authors, reprint, short)
    return Paired(paired.authors, paired.of_paper, paired.problem or ONLY_REPRINT)


def _authors(fields: Fields) -> tuple[list[str], list[str]]:
    """The full names of the authors and, where there is one for each, the short ones."""
    full, short = fields.get("AF") or fields.get("BF") or [], fields.get("AU") or fields.get("BA") or []
    pairs = list(zip(full, short, strict=True)) if len(full) == len(short) else [(name, "") for name in full or short]
    pairs = [(name, other) for name, other in pairs if not is_nobody(name)]
    return [name for name, _ in pairs], [other for _, other in pairs if other]


def _end_of_address(cell: str) -> re.Match[str] | None:
    """The semicolon that ends the first address of a cell; None where that is the last."""
    names = _end_of_names(cell)
    for m in semicolons(cell, names):
        if cell.count("[", names, m.start()) <= cell.count("]", names, m.start()):
            return m
    return next((m for m in semicolons(cell, names) if cell.startswith("[", m.end())), None)


def _end_of_names(address: str) -> int:
    """Where the brackets end in which an address begins; 0 where it begins with none."""
    depth = 0
    for i, c in enumerate(address if address.startswith("[") else ""):
        depth += (c == "[") - (c == "]")
        if depth == 0:
            return i + 1
    return 0


def _reprint(text: str) -> list[Named]:
    """The addresses of corresponding authors: `Li, H (corresponding author), Univ Leeds, Leeds, England.; Diaz, C (...), ...`."""
    found = [_REPRINT.fullmatch(one) for one in _ANOTHER_REPRINT.split(text.removesuffix("."))]
    return [(tuple(between_semicolons(_REPRINT_AUTHOR.sub("", m["names"]))), m["address"]) for m in found if m]
