"""Scopus' CSV export: a row a paper, its authors with their affiliations in one cell, in headings and styles of all years.

`Authors with affiliations` holds `Diaz C., University of Leeds, Leeds, United Kingdom; Li H., ...`, in older exports `Diaz, C., ...`;
several affiliations of one author follow each other after commas. `Affiliations` lists the paper's distinct affiliations, by which
those of one author are told apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set

from affil.io.cells import COMMAS, COMMAS_CHINESE, begins_with_person, split_cell
from affil.io.people import are_dotted, is_suffix
from affil.io.semicolons import between_semicolons
from affil.papers.common import bare_doi
from affil.papers.draft import Draft, doi_id, finish, year_in
from affil.papers.head import Head
from affil.papers.pairing import Paired, by_paper, has_others, is_nobody
from affil.papers.proceedings import NO_CONFERENCE, is_series, unwanted_kind, venue_or_conference
from affil.papers.reader import Numbered, Reader
from affil.papers.source import Source
from affil.types import Author
from affil.wording import said

_CHINESE = {
    "作者": "authors", "作者全名": "author full names", "文献标题": "title", "标题": "title", "年份": "year", "来源出版物名称": "source title",
    "链接": "link", "归属机构": "affiliations", COMMAS_CHINESE: COMMAS, "会议名称": "conference name", "文献类型": "document type",
}  # fmt: skip
"""Headings of an export from Scopus' pages in Chinese; DOI and EID are the same."""
_EID = re.compile(r"2-s2\.0-\d+")
_NUMBER = re.compile(r"\s*\(\d+\)$")
_COMMA = re.compile(", ")


def read_scopus(source: Source) -> Numbered:
    """Papers with the numbers of their rows.

    Raises:
        InputError: the table is broken.
    """
    for row, cells in source.rows():
        yield from finish(source, row, _draft({_CHINESE.get(name, name): cell for name, cell in cells.items()}))


def scopus_id(*texts: str) -> str:
    """Scopus' id of a record (EID), from its own column or from the address of its page; "" where there is none."""
    return next((found[0] for found in map(_EID.search, texts) if found), "")


def distinct_affiliations(cell: str) -> list[str]:
    """The affiliations of a paper, which stand between semicolons."""
    return [one for one in between_semicolons(cell) if one]


def _recognises(head: Head) -> bool:
    names = {_CHINESE.get(name, name) for name in head.headings}
    if "source title" not in names or "ut (unique wos id)" in names:
        return False
    return "authors with affiliations" in names or {"authors", "eid"} <= names or {"authors", "link", "document type"} <= names


SCOPUS = Reader(
    name="scopus",
    title="Scopus: CSV",
    recognises=_recognises,
    read=read_scopus,
    fields=(
        "`EID` (the paper's id), `Title`, `Year`, `DOI`, `Author full names` (else `Authors`), `Authors with affiliations`, by which"
        " affiliations come author by author; `Affiliations` tells several affiliations of one author apart. The venue is `Source title`,"
        " or `Conference name` where the source is a book series such as Lecture Notes in Computer Science. Headings may be those of"
        " Scopus' pages in Chinese (`带归属机构的作者`)."
    ),
    lost=(
        "Without `Authors with affiliations`, papers of several authors count as a whole. Records of whole proceedings (conference"
        " review), errata and retracted papers are left out."
    ),
    export=(
        "Mark the documents, Export, CSV; under “What information do you want to export?” tick “Citation information” and, under"
        " “Bibliographical information”, “Affiliations”; under “Other information”, “Conference information”. Up to 20,000 documents a file."
    ),
    specification="https://service.elsevier.com/app/answers/detail/a_id/11234/supporthub/scopus/",
    escaped="titles",
)


def _draft(cells: Mapping[str, str]) -> Draft | str:
    kind, doi = cells.get("document type", ""), bare_doi(cells.get("doi", ""))
    if unwanted_kind(kind):
        return said("is no paper: {0}", kind)
    identifier = scopus_id(cells.get("eid", ""), cells.get("link", "")) or doi_id(doi)
    venue = venue_or_conference(cells.get("source title", ""), cells.get("conference name", ""))
    paired = _paired(cells)
    problem = paired.problem or (NO_CONFERENCE if is_series(venue) else "")
    year = year_in(cells.get("year", ""))
    listed = [re.split("[;,]", cells.get(column, "")) for column in ("authors", "author full names")]
    draft = Draft(identifier, cells.get("title", ""), venue, year, paired.authors, doi, paired.of_paper, problem)
    draft.cut_off = any(map(has_others, listed))
    return draft


def _paired(cells: Mapping[str, str]) -> Paired:
    short, full = split_authors(cells.get("authors", "")), _full_names(cells.get("author full names", ""))
    distinct, of_authors = distinct_affiliations(cells.get("affiliations", "")), cells.get(COMMAS, "")
    if not short and of_authors:
        short = [authors[0] for authors, _ in split_cell(of_authors, COMMAS) if authors]
    names = full if len(full) == len(short) or not short else short
    pieces = _own_pieces(of_authors, list(zip(names, short if len(short) == len(names) else names, strict=True)))
    if not any(pieces):
        return by_paper(names, distinct or [address for _, address in split_cell(of_authors, COMMAS) if address])
    known = combinations(distinct)
    return Paired(tuple(Author(n, tuple(split_own(piece, known))) for n, piece in zip(names, pieces, strict=True)))


def split_authors(cell: str) -> list[str]:
    """The names of the authors: between semicolons, in older exports between commas ("Diaz C., Li H." or "Diaz, C., Li, H.")."""
    if is_nobody(cell):
        return []
    between = between_semicolons(cell)
    if len(between) > 1 or "," not in cell:
        return [n for n in between if n and not is_nobody(n)]
    names: list[str] = []
    for part in filter(None, map(str.strip, cell.split(","))):
        if is_nobody(part):
            continue
        if names and (are_dotted(part) or is_suffix(part)):
            names[-1] += f", {part}"
        else:
            names.append(part)
    return names


def _full_names(cell: str) -> list[str]:
    return [n for n in (_NUMBER.sub("", one) for one in between_semicolons(cell)) if n and not is_nobody(n)]


def _own_pieces(cell: str, authors: Sequence[tuple[str, str]]) -> list[str]:
    """What stands behind each author's name, in any of its forms.

    A piece between semicolons that begins with no further author continues the one before; but where it begins with a person who is not
    among the authors as they are listed, nobody knows whose it is, and nothing is given to anybody.
    """
    own, at = [""] * len(authors), -1
    starts = [re.compile(f"(?:{'|'.join(map(_any_comma, forms))})" + r"(?:,\s*|$)") for forms in authors]
    for piece in between_semicolons(cell):
        begun = next(((i, m) for i in range(at + 1, len(authors)) if (m := starts[i].match(piece))), None)
        if begun is not None:
            at, own[begun[0]] = begun[0], piece[begun[1].end() :].strip()
        elif begins_with_person(piece):
            return [""] * len(authors)
        elif at >= 0 and piece:
            own[at] += f"; {piece}"
    return own


def _any_comma(name: str) -> str:
    """A pattern for a name with and without its comma."""
    return r"[,\s]+".join(map(re.escape, re.findall(r"[^,\s]+", name)))


def combinations(distinct: Sequence[str]) -> frozenset[str]:
    """The affiliations of a paper, also two or three put together again, as one may hold a semicolon."""
    return frozenset("; ".join(distinct[i : i + n]) for n in (1, 2, 3) for i in range(len(distinct) - n + 1))


def split_own(text: str, known: Set[str]) -> list[str]:
    """The affiliations of one author, which commas join, told apart by those of the paper (see `combinations`).

    Where the text is none of them put together, it stays one string. Of several ways to read it, that with the longest
    affiliations first is taken.
    """
    ends = [*(m.start() for m in _COMMA.finditer(text)), len(text)]
    ways: dict[int, list[str]] = {0: []}  # by the number of characters read, the first way found to read them
    for start in (0, *(end + 2 for end in ends)):
        for end in reversed(ends) if start in ways else ():
            if text[start:end] in known:
                ways.setdefault(end if end == len(text) else end + 2, [*ways[start], text[start:end]])
    return ways.get(len(text), [text]) if text else []
