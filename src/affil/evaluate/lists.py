"""A list of institutions of another source, as of a ministry: what share of its names, native and English, the matcher knows."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from affil.errors import InputError, UnknownIdError
from affil.evaluate.metrics import Metric, share
from affil.evaluate.score import Answer, answer
from affil.evaluate.self_test import Fault, NameIndex, find_faults, with_wrong
from affil.io.tables import open_table
from affil.names import fold
from affil.settings import Settings
from affil.types import Decision, Progress

if TYPE_CHECKING:
    from affil.match.interface import MatcherLike

if TYPE_CHECKING:
    from affil.registry import Registry

NATIVE, ENGLISH = ("name", "name_native"), ("name_en", "name_english")  # what columns are called
PLACES, IDS, DOMAINS = ("city", "province", "region", "address"), ("institution_id", "ror_id", "id"), "domains"
_BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Listed:
    """Of `names` of a list: the share for which the registry has an institution, and of all of them the share that has an
    answer, a right one, a right one decided `match`, and a wrong one decided `match`.
    """

    names: int
    known: Metric
    found: Metric
    right: Metric
    match: Metric
    wrong_match: Metric


@dataclass(frozen=True, slots=True)
class ListTest:
    """How a matcher knows a list, by language (native, english) and form (alone, place).

    An answer is right if it is the institution of the row's id, where the list has ids, else an institution of the country that
    bears one of the row's names or has one of its internet domains.
    """

    source: str
    registry: str
    model: str
    rows: int
    shares: dict[str, dict[str, Listed]]
    seconds: float
    faults: tuple[Fault, ...] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """All, ready for JSON; of the faults the wrong ones."""
        return with_wrong(self)


@dataclass(frozen=True, slots=True)
class _Row:
    native: str
    english: str
    place: str
    country: str
    domains: tuple[str, ...]
    id: str


def list_test(
    source: Path | str,
    matcher: MatcherLike,
    *,
    country: str = "",
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> ListTest:
    """Give the names of a list to a matcher, alone and with their place.

    Args:
        source: a table with a column `name` (or `name_native`), and where they are there `name_en` (or `name_english`); `city`,
            `province`, `region` and `address`; `country` (ISO 3166-1 code); `domains`, separated by blanks or `|`;
            `institution_id` (or `ror_id`, `id`).
        matcher: a loaded matcher.
        country: the country of all rows, for a list without such a column.
        settings: size of batches, level of the intervals.
        progress: called with (strings done, strings in all) after every batch.

    Raises:
        InputError: the table cannot be read, has no column of names, or says no country.
    """
    settings = settings or Settings()
    start = time.perf_counter()
    registry = matcher.registry
    rows = _read(source, country)
    given = [one for row in rows for one in _given(row)]
    answers = answer([string for _, _, string, _ in given], matcher, settings.batch.rows, progress)
    institutions = _Institutions(registry)
    counts: dict[tuple[str, str], list[int]] = {}
    faults: list[Fault] = []
    for (language, form, string, row), found in zip(given, answers, strict=True):
        right = institutions.of(row)
        names = {i: registry.get(i).name for i in sorted(right) if i in registry}
        of = counts.setdefault((language, form), [0] * 6)
        of[:] = [a + b for a, b in zip(of, _counted(right, bool(names), found), strict=True)]
        # that the registry lacks an institution is no fault of the matcher
        faults += [f for f in find_faults(string, form, language, names, found, registry) if names or f.fault == "wrong"]
    shares: dict[str, dict[str, Listed]] = {}
    for (language, form), (total, *values) in counts.items():
        level = settings.evaluate.confidence
        shares.setdefault(language, {})[form] = Listed(total, *(share(v, total, level) for v in values))
    return ListTest(
        source=Path(source).name,
        registry=registry.version,
        model=matcher.model_hash,
        rows=len(rows),
        shares=shares,
        seconds=time.perf_counter() - start,
        faults=tuple(faults),
    )


def _given(row: _Row) -> Iterator[tuple[str, str, str, _Row]]:
    """Language, form and string of what is given of a row."""
    for language, name in (("native", row.native), ("english", row.english)):
        if name:
            yield language, "alone", name, row
            if row.place:
                yield language, "place", f"{name}, {row.place}", row


class _Institutions:
    """Which institutions of a registry a row of a list may mean (see `ListTest`)."""

    def __init__(self, registry: Registry) -> None:
        self.registry, self.names = registry, NameIndex(registry)
        self.country = registry.arrays.inst_country.to_pylist()
        self.with_domain: dict[str, list[int]] = defaultdict(list)
        for column in (registry.arrays.inst_domain, registry.arrays.inst_other_domains):
            for i, domains in enumerate(column.to_pylist()):
                for domain in domains.split():
                    self.with_domain[domain.removeprefix("www.")].append(i)

    def of(self, row: _Row) -> set[str]:
        if row.id:
            return {_resolved(row.id, self.registry)}
        meant = [i for name in (row.native, row.english) for i in self.names.of(fold(name))]
        meant += [i for domain in row.domains for i in self.with_domain.get(domain, ())]
        return {self.registry.resolve(self.registry.ids[i]) for i in meant if self.country[i] == row.country}


def _counted(right: set[str], known: bool, found: Sequence[Answer]) -> tuple[int, ...]:
    ids, sure = {a.id for a in found}, {a.id for a in found if a.decision == Decision.MATCH}
    return 1, known, bool(ids), bool(ids & right), bool(sure & right), bool(sure - right)


def _resolved(identifier: str, registry: Registry) -> str:
    try:
        return registry.resolve(identifier)
    except UnknownIdError:
        return identifier


def _read(source: Path | str, country: str) -> list[_Row]:
    with open_table(source) as table:
        native, english, identifier = (_first(names, table.columns) for names in (NATIVE, ENGLISH, IDS))
        if not native and not english:
            fix = f"names stand in a column {' or '.join(NATIVE + ENGLISH)}"
            raise InputError(source, f"no column with names; its columns are: {', '.join(table.columns)}", fix=fix)
        if not country and "country" not in table.columns:
            raise InputError(source, "no column 'country'", fix="say the country of all rows, e.g. CN")
        places = [c for c in PLACES if c in table.columns]
        out = []
        for batch in table.batches(_BATCH):
            columns = {c: [str(v or "").strip() for v in values] for c, values in batch.columns.items()}
            nothing = [""] * len(next(iter(columns.values())))
            names = (columns.get(c, nothing) for c in (native, english, identifier))
            where = [", ".join(dict.fromkeys(filter(None, parts))) for parts in zip(*(columns[c] for c in places), strict=True)]
            code, domains = columns.get("country", nothing), columns.get(DOMAINS, nothing)
            for mine, theirs, one, place, of, hosts in zip(*names, where or nothing, code, domains, strict=True):
                had = tuple(h.casefold().removeprefix("www.") for h in re.split(r"[\s|,;]+", hosts) if h)
                out.append(_Row(mine, theirs, place, (of or country).upper(), had, one))
    return out


def _first(wanted: tuple[str, ...], columns: Sequence[str]) -> str:
    return next((c for c in wanted if c in columns), "")
