"""Test a matcher on a list of institutions from another source, such as a ministry, by native and English names."""

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
from affil.wording import said

if TYPE_CHECKING:
    from affil.match.interface import MatcherLike

if TYPE_CHECKING:
    from affil.registry import Registry

NATIVE, ENGLISH = ("name", "name_native"), ("name_en", "name_english")  # column names
PLACES, IDS, DOMAINS = ("city", "province", "region", "address"), ("institution_id", "ror_id", "id"), "domains"
_BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Listed:
    """Shares of the `names` of a list: `known` to the registry, `found` (any answer), answered `right`, right and decided
    `match`, wrong and decided `match`.
    """

    names: int
    known: Metric
    found: Metric
    right: Metric
    match: Metric
    wrong_match: Metric


@dataclass(frozen=True, slots=True)
class ListTest:
    """Results for a list, by language (native, english) and form (alone, place).

    An answer is right if it has the row's id; in lists without ids, if it is in the row's country and has one of its names or
    internet domains.
    """

    source: str
    registry: str
    model: str
    rows: int
    shares: dict[str, dict[str, Listed]]
    seconds: float
    faults: tuple[Fault, ...] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-serialisable dictionary; only faults decided wrongly are included."""
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
    """Match the names of a list, alone and followed by their place.

    Args:
        source: a table with a column `name` (or `name_native`); optional: `name_en` (or `name_english`), `city`, `province`,
            `region`, `address`, `country` (ISO 3166-1 code), `domains` (separated by blanks or `|`), `institution_id` (or
            `ror_id`, `id`).
        matcher: a loaded matcher.
        country: the country of all rows, if the list has no such column.
        settings: batch size and confidence level.
        progress: called with (strings done, total) after every batch.

    Raises:
        InputError: the table cannot be read, has no column of names, or the country is missing.
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
        # an institution missing from the registry is no fault of the matcher
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
    """(language, form, string, row) for each string to match."""
    for language, name in (("native", row.native), ("english", row.english)):
        if name:
            yield language, "alone", name, row
            if row.place:
                yield language, "place", f"{name}, {row.place}", row


class _Institutions:
    """Correct answers for the rows of a list (see `ListTest`)."""

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
            fix = said("names stand in a column {0}", " or ".join(NATIVE + ENGLISH))
            raise InputError(source, said("no column with names; its columns are: {0}", ", ".join(table.columns)), fix=fix)
        if not country and "country" not in table.columns:
            raise InputError(source, said("no column 'country'"), fix=said("say the country of all rows, e.g. CN"))
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
