"""Venues: names, areas and paper weights (`data/venues.csv`)."""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from affil.errors import AffilError, InputError
from affil.rank.choices import did_you_mean, plain

AREAS = (
    "computer vision",
    "natural language processing",
    "machine learning",
    "general AI",
    "cognitive reasoning",
    "robotics",
    "multi-agent systems",
    "simulation",
)
SHORT_AREAS = dict(zip(("cv", "nlp", "ml", "ai", "kr", "ro", "ma", "sim"), AREAS, strict=True))
"""The short names of the areas, for people who type."""
_COLUMNS = ("venue", "name", "areas", "weight", "aliases")
_YEARS = re.compile(r"(\d{4})?\s*-\s*(\d{4})?|(\d{4})")
_SOME_YEARS = re.compile(r"(?:(odd|even) )?(\d{4})(?:(-)(\d{4})?)?")

# Words ignored when comparing venue names: sponsors, citation boilerplate, stop words, years.
_IDLE = frozenset(["proc", "proceedings", "annual", "of", "the", "on", "in", "for", "and", "at", "ieee", "acm", "cvf", "rsj"])
_SPELT = {"conf": "conference", "intl": "international", "int": "international", "symp": "symposium", "trans": "transactions"}
_ONES = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth"
_ORDINAL = re.compile(
    rf"\d+(?:st|nd|rd|th)?|{_ONES}|tenth|eleventh|twelfth|(?:thir|four|fif|six|seven|eigh|nine)teenth|twentieth|thirtieth|fortieth|fiftieth"
    r"|twenty|thirty|forty|fifty"
)
# How indexes of proceedings write a venue: several of its names side by side, then the volume; and what is only near a venue.
_PARTS = re.compile(r"\s*[,;:()\[\]]\s*|\s+[-–—/]\s+|\.\s+")
_VOLUME = re.compile(r"(?:,\s*(?i:vols?|volumes?|pts?|parts?|no)\b.*|\s[IVXL]{2,})$", re.DOTALL)
_HYPHENED = re.compile(r"-(?=\w*[A-Z]{2}\w*(?:-Annual)?$)")  # Conference on Neural Information Processing Systems-NeurIPS
_SATELLITE = re.compile(
    r"\b(?:workshops?|findings|companion|adjunct|demos?|demonstrations?|tutorials?|student|doctoral|extended abstracts|challenges?)\b",
    re.IGNORECASE,
)
_MOST_PARTS = 12


@dataclass(frozen=True, slots=True)
class Venue:
    """A conference or journal; each paper has `weight`, split evenly over `areas` (empty: outside all areas).

    `years` are the first and last year it has existed in, None where that end is open; a paper dated outside them is counted
    outside any area. `openalex` are its confirmed sources at OpenAlex (S...), which has one for each of some conferences' years.
    `not_held` are years between these in which it does not take place, as in the table: "2002", "1990-1994", "even 1994-".
    """

    venue: str
    name: str
    areas: tuple[str, ...]
    weight: float = 1.0
    aliases: tuple[str, ...] = ()
    years: tuple[int | None, int | None] = (None, None)
    openalex: tuple[str, ...] = ()
    not_held: tuple[str, ...] = ()

    def existed_in(self, year: int) -> bool:
        """Whether the venue existed in that year, according to the table."""
        first, last = self.years
        return (first is None or first <= year) and (last is None or year <= last)

    def held_in(self, year: int) -> bool:
        """Whether the venue took place in that year, so that papers of it are missed where there are none."""
        return self.existed_in(year) and not any(_in_years(part, year) for part in self.not_held)


class Venues(Mapping[str, Venue]):
    """Venues by short name; `resolve` finds them by any known name.

    Raises:
        AffilError: two venues share a name, an area is none of `AREAS`, or a weight is negative or not finite.
    """

    def __init__(self, venues: Iterable[Venue]) -> None:
        self._venues = {v.venue: v for v in venues}
        self._names: dict[str, str] = {}
        for venue in self._venues.values():
            _check(venue)
            for name in (venue.venue, venue.name, *venue.aliases):
                other = self._names.setdefault(_fold(name), venue.venue)
                if other != venue.venue:
                    raise AffilError(f"venues {other} and {venue.venue} share the name {name!r}; remove it from one of them")

    def __getitem__(self, venue: str) -> Venue:
        return self._venues[venue]

    def __iter__(self) -> Iterator[str]:
        return iter(self._venues)

    def __len__(self) -> int:
        return len(self._venues)

    def resolve(self, name: str) -> Venue | None:
        """The venue with a name, or None.

        Case, accents, punctuation, years, ordinals, sponsors, "Proc. of the" and volumes do not matter; an abbreviation in
        brackets may follow or stand alone, as may what follows " / " (a conference held together with others). Two names of one
        venue may stand side by side, with a place and a date (see `_agreed`). Workshops and other events of a venue are not the
        venue.
        """
        known, name = self._names.get(_fold(name)), _HYPHENED.sub(", ", name)
        if known is None and not _SATELLITE.search(name.partition(" / ")[0]):
            bracketed = re.fullmatch(r"(.*\S)\s*\(([^()]*)\)\s*", name)
            forms = [*(bracketed.groups() if bracketed and not _SATELLITE.search(name) else ()), name.partition(" / ")[0]]
            forms += [_VOLUME.sub("", form) for form in (name, forms[-1])]
            known = next(filter(None, (self._names.get(_fold(form)) for form in forms)), None) or self._agreed(forms[-1])
        return self._venues[known] if known is not None else None

    def _agreed(self, name: str) -> str | None:
        """The venue that two parts of a name mean: "36th Conference on Neural Information Processing Systems, NeurIPS 2022, ...".

        One part would not do: "Machine Learning, Optimization, and Data Science" is no journal.
        """
        parts = [words for words in map(_words, _PARTS.split(name)) if words][:_MOST_PARTS]
        ends: dict[str, int] = {}  # where the first name of a venue ends, of those that end first
        for end in range(1, len(parts) + 1):
            for start in range(end):
                venue = self._names.get(" ".join(parts[start:end]))
                if venue is not None and ends.setdefault(venue, end) <= start:
                    return venue
        return None


def load_venues(path: Path | None = None) -> Venues:
    """The shipped venues; rows of a CSV at `path` with the same columns replace venues of the same name.

    Columns: `venue`, `name`, `areas` and `aliases` (each separated by `;`), `weight` (1 where blank), and optionally `years`
    (`2017-`, `1990-2005`, `-2010`, `2020`; blank: any), `openalex` (source ids, separated by `;`) and `not_held` (years in which it did not
    take place, separated by `;`: `2002`, `1990-1994`, `even 1994-`).

    Raises:
        InputError: a column is missing or a row is invalid.
        AffilError: two venues share a name.
    """
    shipped = resources.files("affil.rank").joinpath("data/venues.csv").read_text("utf-8")
    venues = {v.venue: v for v in _rows(shipped.splitlines(), "venues.csv")}
    if path is not None:
        try:
            lines = path.read_text("utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(path, f"cannot be read: {error}", fix="save it as a CSV in UTF-8") from error
        venues.update({v.venue: v for v in _rows(lines, path)})
    return Venues(venues.values())


def find_area(name: str) -> str:
    """Resolve an area, ignoring case and hyphens, or by its short name (`SHORT_AREAS`).

    Raises:
        AffilError: the area is unknown.
    """
    wanted = plain(name)
    found = next((a for a in AREAS if plain(a) == wanted), None) or SHORT_AREAS.get(wanted)
    if found is None:
        short = {area: [form] for form, area in SHORT_AREAS.items()}
        named = ", ".join(f"{area} ({form})" for form, area in SHORT_AREAS.items())
        hint = did_you_mean(name, short).removesuffix("?")
        raise AffilError(f"no area {name!r}{hint}{'? The' if hint else '; the'} areas are: {named}")
    return found


def _rows(lines: Sequence[str], source: Path | str) -> Iterator[Venue]:
    reader = csv.DictReader(lines)
    missing = [c for c in _COLUMNS if c not in (reader.fieldnames or ())]
    if missing:
        raise InputError(source, f"no column {missing[0]}", fix=f"the columns are: {', '.join(_COLUMNS)}")
    for number, row in enumerate(reader, 2):
        try:
            venue = Venue(
                row["venue"].strip(),
                row["name"].strip(),
                _split(row["areas"]),
                float(row["weight"] or 1),
                _split(row["aliases"]),
                _years(row.get("years") or ""),
                _split(row.get("openalex") or ""),
                _split(row.get("not_held") or ""),
            )
            _check(venue)
        except (AffilError, ValueError, AttributeError, TypeError) as error:
            raise InputError(source, f"not a venue: {error}", row=number, fix="correct the row") from error
        yield venue


def _split(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def _years(cell: str) -> tuple[int | None, int | None]:
    if not cell.strip():
        return None, None
    found = _YEARS.fullmatch(cell.strip())
    if found is None or cell.strip() == "-":
        raise AffilError(f"years are written like 2017-, 1990-2005 or 2020, not {cell!r}")
    first, last, only = (int(part) if part else None for part in found.groups())
    if first is not None and last is not None and first > last:
        raise AffilError(f"the years {first}-{last} run backwards")
    return (only, only) if only else (first, last)


def _in_years(part: str, year: int) -> bool:
    """Whether a part of `Venue.not_held` has a year.

    Raises:
        AffilError: it is not written like one.
    """
    found = _SOME_YEARS.fullmatch(part)
    if found is None:
        raise AffilError(f"years without a venue are written like 2002, 1990-1994 or even 1994-, not {part!r}")
    parity, first, dash, last = found.groups()
    until = int(last) if last else math.inf if dash else int(first)
    return int(first) <= year <= until and parity in (None, "odd" if year % 2 else "even")


def _check(venue: Venue) -> None:
    if not venue.venue or not venue.name:
        raise AffilError("a venue needs a short name and a name")
    for part in venue.not_held:
        _in_years(part, 0)
    wrong = [a for a in venue.areas if a not in AREAS]
    if wrong:
        raise AffilError(f"{venue.venue}: no area {wrong[0]!r}; the areas are: {', '.join(AREAS)}")
    if len(set(venue.areas)) < len(venue.areas):
        raise AffilError(f"{venue.venue}: an area is named twice")
    if not (math.isfinite(venue.weight) and venue.weight >= 0):
        raise AffilError(f"{venue.venue}: the weight must be a number of at least 0, not {venue.weight}")


@lru_cache(1 << 12)
def _fold(name: str) -> str:
    return _words(name) or " ".join(_plain(name).split())


def _words(name: str) -> str:
    """The words of a name that tell it from others; "" if none does."""
    words = (_SPELT.get(w, w) for w in re.findall(r"[^\W_]+", _plain(name)))
    return " ".join(w for w in words if w not in _IDLE and not _ORDINAL.fullmatch(w))


def _plain(name: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
