"""What a record says of a paper, before it is known whether that is enough for one."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass

from affil.papers.duplicates import letters
from affil.papers.reader import Numbered
from affil.papers.source import Source
from affil.types import Author, Paper
from affil.wording import said

NO_AFFILIATION = said("has no affiliation")
NOT_UNDERSTOOD = said("has no year that is understood")
CUT_OFF = said("has an author list that was cut off (et al.): authors count for more than their part")
_YEAR = re.compile(r"(?<!\d)(?:19\d\d|20\d\d|2100)(?:(?!\d)|(?=(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)))")  # or 20230501
_THOUSANDS = re.compile(r"([12])[.,](\d{3})")  # as a spreadsheet may show 2023
_ERAS = {"民國": 1911, "民国": 1911, "令和": 2018, "平成": 1988}  # the year before the first of each
_OF_ERA = re.compile(rf"({'|'.join(_ERAS)})\s*(\d{{1,3}})(?:\s*年|$)")


@dataclass(slots=True)
class Draft:
    """A paper that may lack what a paper needs.

    `id` is that of the source; without one, the paper gets one (see `made_id`). `year` is what stands in its place where that is no year
    ("in press"), "" where nothing does. `of_paper` are affiliations that no author is tied to, where no author has one. `problem` is what
    is wrong with a record that is read nevertheless. `cut_off` tells whether its list of authors ends in "et al.". `number` is that of
    volume and issue. `no_year` and `no_venue` are what to say where it has none.
    """

    id: str
    title: str
    venue: str
    year: int | str
    authors: tuple[Author, ...]
    doi: str = ""
    of_paper: tuple[str, ...] = ()
    problem: str = ""
    cut_off: bool = False
    number: str = ""
    no_year: str = said("has no year")
    no_venue: str = said("has no venue")


def finish(source: Source, row: int, draft: Draft | str) -> Numbered:
    """The paper of a record, if it is one, after reporting what is wrong with it.

    Args:
        source: where the record stands.
        row: its number.
        draft: what it says, or why it is no paper.
    """
    if isinstance(draft, Draft) and ((isinstance(draft.year, int) and draft.venue) or source.strings_only):
        stated = draft.of_paper or any(a.affiliations for a in draft.authors)
        problem = draft.problem or ("" if stated else NO_AFFILIATION)
        for one in (problem, CUT_OFF if draft.cut_off else ""):
            if one:
                source.report(row, one, lost=False)
        identifier = draft.id or made_id(draft, source.settings.least_title)
        loose, year = bool(draft.of_paper), draft.year if isinstance(draft.year, int) else 0
        yield row, Paper(identifier, draft.title, draft.venue, year, draft.authors, not loose, draft.of_paper, draft.doi)
    elif isinstance(draft, Draft) and isinstance(draft.year, str):
        source.report(row, NOT_UNDERSTOOD if draft.year else draft.no_year, lost=True, value=draft.year)
    elif isinstance(draft, Draft):
        source.report(row, draft.no_venue, lost=True)
    else:
        source.report(row, draft, lost=True)


def made_id(draft: Draft, least: int) -> str:
    """The id of a paper whose source gives none, the same in each export: a digest of title, venue, year and first author.

    A title of fewer than `least` letters is that of many papers of a journal ("Editorial"): there volume and issue are in it too. Of
    others they are not, as what is published online first gets them later.
    """
    name, first = letters(draft.title), letters(draft.authors[0].name) if draft.authors else ""
    told = [name, letters(draft.venue), str(draft.year), first, draft.number if len(name) < least else ""]
    return "made:" + hashlib.sha256("\0".join(told).encode()).hexdigest()[:16]


def doi_id(doi: str) -> str:
    """The id of a paper whose source gives none but the DOI; "" without one."""
    return f"doi:{doi}" if doi else ""


def year_in(*texts: str) -> int | str:
    """The first year from 1900 to 2100 in the first text that has one: "May 2023", "20230501", "２０２３", "2,023", "民國112年".

    Where none has one, the first text that is not blank ("in press"), for `Draft.year`; "" where all are.
    """
    return next((year for text in texts if (year := _year(text))), None) or next(filter(None, map(str.strip, texts)), "")


def _year(text: str) -> int | None:
    plain = text.strip() if text.isascii() else unicodedata.normalize("NFKC", text).strip()
    if of_era := _OF_ERA.search(plain):
        return _ERAS[of_era[1]] + int(of_era[2])
    found = _YEAR.search(_THOUSANDS.sub(r"\1\2", plain) if _THOUSANDS.fullmatch(plain) else plain)
    return int(found[0]) if found else None
