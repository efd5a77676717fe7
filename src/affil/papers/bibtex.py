"""BibTeX, as Web of Science, Scopus, publishers and reference managers write it.

Of affiliations there are three forms: Web of Science's `Affiliation`, a line an address with its authors in front (`Diaz, Carla; Li, Hui,
Univ Leeds, Leeds, England.`), Scopus' `affiliations`, the paper's distinct ones between semicolons, and `affiliation` of others. Commands
and braces of LaTeX become the letters that they stand for.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence

from bibtexparser.entrypoint import parse_string
from bibtexparser.model import (
    DuplicateBlockKeyBlock,
    DuplicateFieldKeyBlock,
    Entry,
    ExplicitComment,
    ImplicitComment,
    ParsingFailedBlock,
    String,
)
from pylatexenc.latex2text import LatexNodes2Text
from pylatexenc.latexwalker import LatexWalkerError

from affil.errors import InputError
from affil.io.semicolons import between_semicolons
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
from affil.papers.scopus import scopus_id
from affil.papers.source import Source
from affil.wording import said

for _name in ("bibtexparser", "pylatexenc"):  # what they warn of is reported by this module
    logging.getLogger(_name).addHandler(logging.NullHandler())

_BEGINS = re.compile(
    r"\s*(?P<end>\})?\s*(?P<entry>@\s*(?P<kind>\w+)\s*[{(].*)", re.DOTALL
)  # files put together lack a line end
_NO_ENTRIES = frozenset(["comment", "preamble"])
_MARK = re.compile(r"(?<!\\)[{}\"]|#")
_NAME = re.compile(r"[^\s{}\"=]+")  # of a text that was defined, or a number
_WRAPPED_BRACE = re.compile(r"\\\r?\n\s+(?=[{}])")  # Web of Science breaks lines between a backslash and its brace
_ESCAPED, _SPECIAL = re.compile(r"\\([&%#$_])|\{\[\}"), set("\\{}~$")
_UNESCAPED = re.compile(r"(?<!\\)[%&#]")
_CORRESPONDING = re.compile(r"\s*\((?:corresponding|reprint) author\)", re.IGNORECASE)
_CONFERENCE = re.compile(r"(.+?\([^()]+\)), ")  # of Web of Science's note: name (acronym), place, date
_SUFFIX = re.compile(r"([^,]+),([^,]+),([^,]+)")  # Diaz, Jr., Carla or Diaz, Carla, Jr.
_BOOKS = frozenset(["inproceedings", "conference", "incollection", "inbook"])
_INHERITED = ("booktitle", "year", "date", "eventtitle")
_WHOLE = frozenset(["proceedings", "book", "collection", "mvproceedings", "mvbook", "periodical"])
_DECODER = LatexNodes2Text(math_mode="verbatim", keep_comments=True)


def read_bibtex(source: Source) -> Numbered:
    """Papers with the numbers of the lines on which their entries begin.

    Entries that are no valid BibTeX are left out, and reported.

    Raises:
        InputError: the last entry was cut off, or none is valid.
    """
    broken = valid = last = 0
    family = _Family()
    for row, text, strings in _blocks(source):
        entries = _entries(text, strings)
        last = row if not entries else 0
        valid += len(entries)
        if not entries:
            broken += 1
            source.report(row, said("is no valid BibTeX: check its braces and commas"), lost=True)
        for entry in entries:
            for at, whole in family.completed(row, entry):
                yield from finish(source, at, _draft(whole))
    for at, orphan in family.waiting():
        yield from finish(source, at, _draft(orphan))
    if broken and (last or not valid):
        what = said("the last entry was cut off or is no valid BibTeX") if valid else said("is no valid BibTeX")
        raise InputError(source.name, what, row=last or None, fix=said("export it again, or correct its braces and commas"))


def decode_latex(text: str) -> str:
    """Text without commands and braces of LaTeX, blanks and line ends as single blanks."""
    if not set(_ESCAPED.sub("", text)) & _SPECIAL:
        text = _ESCAPED.sub(lambda m: m[1] or "[", text)  # all that Web of Science escapes
    else:
        try:
            text = _DECODER.latex_to_text(_UNESCAPED.sub(r"\\\g<0>", text))
        except (LatexWalkerError, ValueError, IndexError, RecursionError):
            text = text.replace("{", "").replace("}", "")
    return whole_text(" ".join(text.split()))


def _recognises(head: Head) -> bool:
    return not head.json and not head.root and any(map(_BEGINS.fullmatch, head.text.lstrip("\ufeff").splitlines()[:200]))


BIBTEX = Reader(
    name="bibtex",
    title="BibTeX",
    recognises=_recognises,
    read=read_bibtex,
    fields=(
        "`author`, `title`, `year` (else `date`), `doi`, and `affiliation` or `affiliations`; of Web of Science's `Affiliation`, whose each"
        " address is. The venue is `journal` or `booktitle`, or the conference (`eventtitle`, or in the note of Web of Science and Scopus)"
        " where that is a series; `booktitle` and year may stand in the entry that `crossref` names. The paper's id is Web of Science's"
        " `Unique-ID`, Scopus' EID in `url`, else made from the DOI, or from title, venue, year and first author; keys of entries are not"
        " used, as exports give one key to several papers. Letters in LaTeX are decoded."
    ),
    lost=(
        "Scopus' `affiliations` do not tell whose they are: papers of several authors count as a whole (prefer the CSV). Most other BibTeX"
        " has no affiliations. Whole books and proceedings are left out, and entries that are no valid BibTeX."
    ),
    export=(
        "Web of Science: Export, BibTeX, “Full Record”. Scopus: Export, BibTeX, with “Affiliations” and “Conference information”. Zotero,"
        " JabRef and publishers write BibTeX too, mostly without affiliations."
    ),
    escaped="titles",
    specification="https://tug.ctan.org/info/bibtex/tamethebeast/ttb_en.pdf",
)


class _Family:
    """Entries that name another one of the file by `crossref`, mostly their proceedings, which stands before or behind them."""

    def __init__(self) -> None:
        self._parents: dict[str, dict[str, str]] = {}
        self._children: dict[str, list[tuple[int, dict[str, str]]]] = {}

    def completed(self, row: int, entry: dict[str, str]) -> Iterator[tuple[int, dict[str, str]]]:
        """Give an entry, unless it has to wait, and those that waited for it, with what they inherit and the numbers of their lines."""
        key, named = entry["key"], entry.get("crossref", "").strip().casefold()
        lacks = "booktitle" not in entry or not ("year" in entry or "date" in entry)
        if named and lacks and named not in self._parents:
            self._children.setdefault(named, []).append((row, entry))
            return
        yield row, _inheriting(entry, self._parents.get(named, {}))
        if entry["entrytype"] in _WHOLE:
            told = {"booktitle": entry.get("title", "")} | entry
            self._parents[key] = {name: told[name] for name in _INHERITED if told.get(name)}
            for at, child in self._children.pop(key, ()):
                yield at, _inheriting(child, self._parents[key])

    def waiting(self) -> list[tuple[int, dict[str, str]]]:
        """The entries whose parent did not come."""
        return [one for some in self._children.values() for one in some]


def _inheriting(entry: dict[str, str], parent: dict[str, str]) -> dict[str, str]:
    """An entry with what its parent says and it does not; of year and date, the parent's count only where it has neither."""
    dated = "year" in entry or "date" in entry
    return {name: text for name, text in parent.items() if not (dated and name in ("year", "date"))} | entry


def _blocks(source: Source) -> Iterator[tuple[int, str, dict[str, str]]]:
    """The text of each entry, with all text that was defined (@string) before it, by name in lower case."""
    strings: dict[str, str] = {}
    for row, kind, lines in _pieces(source):
        text = _WRAPPED_BRACE.sub(r"\\", "\n".join(lines))
        if kind == "string":
            for block in parse_string(text, parse_stack=[]).blocks:
                if isinstance(block, String):
                    strings[block.key.casefold()] = _value(str(block.value), strings) or ""
        elif kind and kind not in _NO_ENTRIES:
            yield row, text, strings


def _pieces(source: Source) -> Iterator[tuple[int, str, list[str]]]:
    """Lines from one @ at the beginning of a line to the next, with the number of the first and what it begins."""
    first, kind, lines = 1, "", list[str]()
    for row, line in source.lines():
        begun = _BEGINS.fullmatch(line.lstrip("\ufeff"))
        if begun is not None:
            yield first, kind, [*lines, begun["end"] or ""]
            first, kind, lines = row, begun["kind"].casefold(), [begun["entry"]]
        else:
            if line.startswith(("TY  - ", "FN ", "PT ")):
                source.refuse_other(row, line)
            lines.append(line)
    yield first, kind, lines


def _value(raw: str, strings: dict[str, str]) -> str | None:
    """The text of a value: parts in braces, in quotes, or names of texts that were defined, which # joins; None for what is none."""
    depth, quoted, start, enclosed = 0, False, 0, 0
    parts: list[str] = []
    for mark in _MARK.finditer(raw):
        if mark[0] in "{}":
            depth += 1 if mark[0] == "{" else -1
            enclosed += depth == 0 and not quoted
        elif depth == 0 and mark[0] == '"':
            quoted = not quoted
            enclosed += not quoted
        elif depth == 0 and not quoted:
            parts.append(raw[start : mark.start()])
            start = mark.end()
    parts = [part.strip() for part in (*parts, raw[start:])]
    if enclosed != sum(part.startswith(("{", '"')) for part in parts):  # a comma is missing before the next field
        return None
    found = [_part(part, strings) for part in parts]
    return None if None in found else "".join(part for part in found if part)


def _part(part: str, strings: dict[str, str]) -> str | None:
    if len(part) > 1 and part[0] + part[-1] in ("{}", '""'):
        return part[1:-1]
    return strings.get(part.casefold(), part) if _NAME.fullmatch(part) else None


def _bare(value: str) -> str:
    """A value without a second pair of braces around it, as Web of Science writes them."""
    doubled = value.startswith("{") and value.endswith("}") and _value(value, {}) is not None
    return value[1:-1] if doubled else value


def _entries(text: str, strings: dict[str, str]) -> list[dict[str, str]]:
    """The entries of a block, mostly one, as fields by their names in lower case; none if it is not valid.

    Its kind is "entrytype", its key "key". A field or a key that comes twice does no harm.
    """
    entries = []
    for block in parse_string(text, parse_stack=[]).blocks:
        twice = isinstance(block, (DuplicateFieldKeyBlock, DuplicateBlockKeyBlock))
        entry = block.ignore_error_block if isinstance(block, ParsingFailedBlock) and twice else block
        values = (
            {f.key.casefold(): _value(str(f.value), strings) for f in reversed(entry.fields)}
            if isinstance(entry, Entry)
            else {}
        )
        if isinstance(entry, Entry) and None not in values.values():
            fields = {name: value if name == "author" else _bare(value) for name, value in values.items() if value is not None}
            entries.append(fields | {"entrytype": entry.entry_type.casefold(), "key": entry.key.casefold()})
        elif not isinstance(entry, (ExplicitComment, ImplicitComment, String)):
            return []
    return entries


def _draft(entry: dict[str, str]) -> Draft | str:
    kind = entry.get("type", "")
    whole = kind.casefold() == "book" if kind else entry["entrytype"] in _WHOLE  # Scopus writes chapters as @BOOK
    if whole or unwanted_kind(kind):
        return said("is no paper: {0}", kind or entry["entrytype"])
    title, doi = decode_latex(entry.get("title", "")), bare_doi(entry.get("doi", "").replace("\\_", "_"))
    identifier = entry.get("unique-id", "") or scopus_id(entry.get("url", "")) or doi_id(doi)
    venue, year = _venue(entry), year_in(entry.get("year", ""), entry.get("date", ""))
    paired, cut_off = _paired(entry)
    problem = paired.problem or (NO_CONFERENCE if is_series(venue) else "")
    number = " ".join(entry[name] for name in ("volume", "number") if name in entry)
    return Draft(identifier, title, venue, year, paired.authors, doi, paired.of_paper, problem, cut_off, number)


def _venue(entry: dict[str, str]) -> str:
    journal = decode_latex(entry.get("journal", "") or entry.get("journaltitle", ""))
    book, note = decode_latex(entry.get("booktitle", "")), decode_latex(entry.get("note", ""))
    if "unique-id" in entry:
        named = _CONFERENCE.match(note)
        book = proceedings_venue(book or journal, named[1]) if named and (book or "series" in entry) else book
        return book or journal
    title = (book or journal) if entry["entrytype"] in _BOOKS else (journal or book)
    return venue_or_conference(title, conference_in_note(note) or decode_latex(entry.get("eventtitle", "")))


def _paired(entry: dict[str, str]) -> tuple[Paired, bool]:
    """The authors with what is theirs, and whether their list was cut off."""
    names = [n for n in map(decode_latex, _people(entry.get("author", ""))) if n]
    cut_off = has_others(names)
    authors = [n for n in names if n != "others" and not is_nobody(n)]
    if "unique-id" in entry:  # whose Affiliations are Web of Science's own names of institutions
        return _pair_lines(authors, entry.get("affiliation", "").splitlines()), cut_off
    cells = entry.get("affiliations", "") or entry.get("affiliation", "")
    found = (decode_latex(one) for one in re.split(r";(?!\w)|\n\s*\n", cells))
    return by_paper(authors, [one for one in found if one]), cut_off


def _people(text: str) -> list[str]:
    """The names between the words "and" that stand in no braces; the library's function loses accents at their beginnings."""
    parts, depth = [""], 0
    for word in text.split():
        depth += word.count("{") - word.count("}")
        if depth == 0 and word.casefold() == "and":
            parts.append("")
        else:
            parts[-1] += f" {word}"
    return parts


def _pair_lines(authors: Sequence[str], lines: Sequence[str]) -> Paired:
    """Pair the addresses of Web of Science; those of corresponding authors, which come first, count where there are no others."""
    decoded = [line.removesuffix(".") for line in map(decode_latex, lines) if line]
    own = [line for line in decoded if not _CORRESPONDING.search(line)]
    found = [_names_in_front(_CORRESPONDING.sub("", line), authors) for line in own or decoded]
    return pair(authors, found)


def _names_in_front(line: str, authors: Sequence[str]) -> Named:
    """An address with the names in front; they have commas themselves, so the last one is an author's that fits, or of two fields."""
    *names, rest = between_semicolons(line)
    forms = (form for a in authors for form in (a, _SUFFIX.sub(r"\1,\3,\2", a)))
    known = max((form for form in forms if rest.startswith(f"{form}, ")), key=len, default="")
    if not known:
        fields = rest.split(", ", 2)
        if len(fields) < 3 or not (names or re.fullmatch(r"[A-Z]{1,4}|(?:[A-Z]\.[ -]?)+", fields[1])):
            return (), line
        known = ", ".join(fields[:2])
    return (*names, known), rest[len(known) + 2 :].strip()
