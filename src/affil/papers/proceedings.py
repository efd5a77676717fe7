"""What records of papers say of their kind and venue: which of several names is the venue, and what is no paper."""

from __future__ import annotations

import re

from affil.wording import said

NO_CONFERENCE = said("is in a series of many conferences and does not tell which: its venue is the series")

_NOT_PAPERS = ("conference review", "correction", "erratum", "expression of concern", "retract", "withdrawn publication")
_CONFERENCE_NOTE = re.compile(r"Conference name: ([^;]+)")
_SATELLITE = re.compile(r"\b(?:workshops?|findings|companion|adjunct|extended abstracts|demonstrations?)\b", re.IGNORECASE)
# Series whose volumes belong to many conferences, so that only the conference's name tells the venue.
_SERIES = re.compile(
    r"\b(?:lecture notes|communications in computer and information science|proceedings of machine learning research"
    r"|(?:acm )?international conference proceedings? series|ceur workshop proceedings|advances in intelligent systems and computing"
    r"|advances in information and communication technology|frontiers in artificial intelligence and applications"
    r"|leibniz international proceedings|studies in computational intelligence|smart innovation, systems and technologies"
    r"|proceedings of spie|springer proceedings|procedia|conference series)\b",
    re.IGNORECASE,
)


def unwanted_kind(kinds: str) -> str:
    """The one of the kinds of a document, between semicolons, that makes it no paper; "" if none does.

    Kinds are those of Web of Science and Scopus: Retracted Publication, Erratum, Conference review (a whole volume).
    """
    return next((kind for kind in map(str.strip, kinds.split(";")) if kind.casefold().startswith(_NOT_PAPERS)), "")


def is_series(venue: str) -> bool:
    """Whether the volumes of a series belong to many conferences: Lecture Notes in Computer Science."""
    return _SERIES.search(venue) is not None


def venue_or_conference(source: str, conference: str) -> str:
    """The source of a paper, or the conference where the source is a series of many (or not told)."""
    return conference if conference and (not source or is_series(source)) else source


def proceedings_venue(volume: str, conference: str) -> str:
    """The conference of a volume of proceedings, unless the volume is that of its workshops or the like: then its title.

    What is written behind the conference and " / " was held together with it, and does not tell which of them the volume is of.
    """
    satellite = _SATELLITE.search(volume) and (" / " in conference or not _SATELLITE.search(conference))
    return volume if satellite or not conference else conference


def conference_in_note(note: str) -> str:
    """The conference that Scopus names in the note of a record; "" where it names none."""
    found = _CONFERENCE_NOTE.search(note)
    return found[1].strip() if found else ""
