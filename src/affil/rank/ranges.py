"""How sure a rank is: the distribution of each entity's rank, computed from its doubts.

The distribution of an entity's number (`affil.rank.distribution`) is a list of atoms: values with weights. The rank of an entity whose
number is v is 1 plus how many others are above v: a sum of independent events, so its mean and variance follow from all atoms above
v, and it is taken as normal (with a continuity correction). Over the atoms of the entity this gives the distribution of its rank.
There are no random numbers, so there is no seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from affil.io.arrays import of_numpy, to_numpy, whole
from affil.rank.distribution import distributions
from affil.rank.doubt import Doubts, columns, doubts, ranges
from affil.rank.normal import below
from affil.rank.ranking import Measure
from affil.settings import GridSettings, RankSettings

Bools = NDArray[np.bool_]
Numbers = NDArray[np.int64]
Values = NDArray[np.float64]

_DIGITS = 9  # equal to this many decimals is a tie, as in ranking.sql
_TOLD = 6  # decimals of probabilities and shares that are told; later ones depend on the order of summation


def with_ranges(
    db: duckdb.DuckDBPyConnection, table: pa.Table, by: Measure, settings: RankSettings, *, again: bool = False
) -> pa.Table:
    """Add the columns `low`, `high`, `ahead`, `in_review`, `rank_decided` and `deciding` (see `Ranking`) to a ranking.

    `low` and `high` are quantiles of the rank at the `confidence` level, widened to include the rank itself. Unchanged without
    `settings.ranges`. `again` says that the slice is that of the last call.
    """
    if not settings.ranges or not table.num_rows:
        return table
    found = doubts(db, by, settings, again=again)
    seats = db.sql("SELECT DISTINCT entity, id FROM seat ORDER BY entity").to_arrow_table()
    rows = to_numpy(pc.index_in(table["id"], seats["id"])).astype(np.int64)
    atoms = Atoms.of(found, whole=by in ("publications", "authors"), grid=settings.grid, rows=rows)
    low, high = atoms.rank_quantiles(rows, settings.confidence)
    published = to_numpy(table["rank"])
    rank_decided = _ranks(found.decided)[rows]
    added: dict[str, NDArray[Any]] = {
        "low": np.minimum(low, published),
        "high": np.maximum(high, published),
        "ahead": np.round(np.append(atoms.ahead(rows[:-1], rows[1:]), np.nan), _TOLD),
        "in_review": np.round(_in_review(found)[rows], _TOLD),
        "rank_decided": rank_decided,
    }
    for name, column in added.items():
        table = table.append_column(name, of_numpy(column))
    return table.append_column("deciding", _deciding(db, found, rows, rank_decided != published, settings))


def moves(row: Mapping[Any, Any], least: int) -> str:
    """Whether a row of a ranking would move by so many ranks at least, were the review queue decided: "up", "down", or "" (no)."""
    by = row["rank"] - row.get("rank_decided", row["rank"])
    return "up" if by >= least else "down" if -by >= least else ""


def _ranks(numbers: Values) -> Numbers:
    down = np.sort(-np.round(numbers, _DIGITS))
    return np.asarray(np.searchsorted(down, -np.round(numbers, _DIGITS)) + 1)


def _in_review(found: Doubts) -> Values:
    """The share of each entity's variance that strings in review bring; 0 where all is certain."""
    variance, size = found.variance, len(found.mean)
    whole = np.bincount(found.entity, variance, size)
    return np.divide(np.bincount(found.entity, variance * found.review, size), whole, out=np.zeros(size), where=whole > 0)


def _deciding(
    db: duckdb.DuckDBPyConnection, found: Doubts, rows: Numbers, moves: Bools, settings: RankSettings
) -> pa.ListArray:
    """For rows that move, the strings in review that add to them, or else to those that pass them, most mentioned first."""
    entity, pair = found.entity[found.wanted], found.pair[found.wanted]
    # a string that is another one in each year is shown once
    about = columns(
        db,
        "SELECT coalesce(dated_string.string, pair.string) AS string, mentions "
        "FROM pair LEFT JOIN dated_string ON in_year = pair.string ORDER BY pair",
    )
    own, string, mentions = _most_mentioned(entity, about["string"][pair], about["mentions"][pair], settings.named)
    row, passing = _passing(found, rows[moves], np.unique(own), settings)
    first, last = np.searchsorted(own, passing), np.searchsorted(own, passing, side="right")
    at = ranges(first, last - first)
    row, string, _ = _most_mentioned(np.repeat(row, last - first), string[at], mentions[at], settings.named)
    first, last = np.searchsorted(row, rows), np.searchsorted(row, rows, side="right")
    sizes = (last - first) * moves
    known, at = np.unique(string[ranges(first, sizes)], return_inverse=True)
    db.register("deciding", pa.table({"string": of_numpy(known)}))
    texts = db.sql("SELECT affiliation FROM drawn_string JOIN deciding USING (string) ORDER BY string").to_arrow_table()
    db.unregister("deciding")
    ends = of_numpy(np.append(0, np.cumsum(sizes)).astype(np.int32))
    return pa.ListArray.from_arrays(ends, whole(texts["affiliation"]).take(of_numpy(at)))


def _most_mentioned(group: Numbers, string: Numbers, mentions: Numbers, named: int) -> tuple[Numbers, Numbers, Numbers]:
    """The strings of each group that are mentioned most, by group, most mentioned first; each string once."""
    order = np.lexsort((-mentions, string, group))
    group, string, mentions = group[order], string[order], mentions[order]
    new = (np.diff(group, prepend=-1) != 0) | (np.diff(string, prepend=-1) != 0)
    group, string, mentions = group[new], string[new], mentions[new]
    order = np.lexsort((string, -mentions, group))
    kept = order[np.arange(len(order)) - np.searchsorted(group, group) < named]
    return group[kept], string[kept], mentions[kept]


def _passing(found: Doubts, rows: Numbers, adding: Numbers, settings: RankSettings) -> tuple[Numbers, Numbers]:
    """For each row, the entities that strings in review add to and whose gain moves it: itself, or else the first that pass it."""
    itself = np.isin(rows, adding)
    row, passing = [rows[itself]], [rows[itself]]
    others = rows[~itself]
    step = max(1, settings.compared_at_once // max(1, len(adding)))
    for some in (others[k : k + step] for k in range(0, len(others), step)):
        passes = found.counted[adding] <= found.counted[some, None]
        passes &= found.decided[adding] >= found.decided[some, None]
        passes &= np.cumsum(passes, axis=1) <= settings.passing
        one, by = np.nonzero(passes)
        row.append(some[one])
        passing.append(adding[by])
    return np.concatenate(row), np.concatenate(passing)


@dataclass(frozen=True, slots=True)
class Atoms:
    """The distributions of entities' numbers, sorted by entity, then value, largest first.

    `above` is the probability that the entity is above the value of an atom, `cell` numbers equal values from the smallest. `entities`
    is how many there are at all.
    """

    entity: Numbers
    value: Values
    weight: Values
    above: Values
    cell: Numbers
    entities: int

    @classmethod
    def of(cls, found: Doubts, *, whole: bool, grid: GridSettings, rows: Numbers | None = None) -> Atoms:
        """The atoms of the numbers of entities (see `distributions`); `whole` numbers are rounded to such."""
        entity, value, weight = distributions(found, whole=whole, grid=grid, rows=rows)
        cells, cell = np.unique(np.round(value, _DIGITS), return_inverse=True)
        key, at = np.unique(entity * len(cells) + (len(cells) - 1 - cell), return_inverse=True)
        weight = np.asarray(np.bincount(at, weight), np.float64)
        entity, cell = key // len(cells), len(cells) - 1 - key % len(cells)
        before = np.cumsum(weight) - weight
        return cls(entity, cells[cell], weight, before - before[np.searchsorted(entity, entity)], cell, len(found.mean))

    def rank_quantiles(self, rows: Numbers, confidence: float) -> tuple[Numbers, Numbers]:
        """The smallest ranks that are not exceeded with probability (1 − confidence) / 2, and 1 less that, of some entities."""
        order = np.argsort(-self.cell, kind="stable")
        after = self.above + self.weight
        steps = self.weight, after * (1 - after) - self.above * (1 - self.above)
        mean, variance = (np.append(0, np.cumsum(step[order])) for step in steps)
        mine = np.flatnonzero(np.isin(self.entity, rows))
        at = np.searchsorted(-self.cell[order], -self.cell[mine])
        own = self.above[mine]
        mean, variance = mean[at] - own, variance[at] - own * (1 - own)
        owner = np.searchsorted(np.unique(rows), self.entity[mine])
        deviation = np.sqrt(np.maximum(variance, 1e-12))
        found = [
            _smallest(mean, deviation, self.weight[mine], owner, level, self.entities)[np.searchsorted(np.unique(rows), rows)]
            for level in ((1 - confidence) / 2, (1 + confidence) / 2)
        ]
        return found[0], found[1]

    def ahead(self, one: Numbers, other: Numbers) -> Values:
        """The probability that each entity is above another, ties for half."""
        starts, ends = np.searchsorted(self.entity, one), np.searchsorted(self.entity, one, side="right")
        at = np.concatenate([np.arange(a, b) for a, b in zip(starts, ends, strict=True)] or [np.zeros(0, np.int64)])
        row = np.repeat(np.arange(len(one)), ends - starts)
        size = int(self.cell.max()) + 1
        keys = self.entity * size + (size - 1 - self.cell)
        key = other[row] * size + (size - 1 - self.cell[at])
        until = np.append(0, np.cumsum(self.weight))
        end = until[np.searchsorted(self.entity, other[row], side="right")]
        below, not_above = end - until[np.searchsorted(keys, key, side="right")], end - until[np.searchsorted(keys, key)]
        return np.asarray(np.bincount(row, self.weight[at] * (below + not_above) / 2, len(one)), np.float64)


def _smallest(mean: Values, deviation: Values, weight: Values, owner: Numbers, level: float, most: int) -> Numbers:
    """The smallest rank that each owner's rank does not exceed with a probability of at least `level`, by bisection between the least
    and the largest such rank of its atoms, which come owner by owner.
    """
    own, starts = mean + 0.5 + deviation * NormalDist().inv_cdf(level), np.searchsorted(owner, np.arange(int(owner[-1]) + 1))
    low: Numbers = np.clip(np.floor(np.minimum.reduceat(own, starts)) - 1, 1, most).astype(np.int64)
    high = np.clip(np.ceil(np.maximum.reduceat(own, starts)) + 1, 1, most).astype(np.int64)
    while (open_ := low < high).any():
        at, middle = np.flatnonzero(open_[owner]), (low + high) // 2
        of = owner[at]
        reached = np.bincount(of, weight[at] * below((middle[of] - 0.5 - mean[at]) / deviation[at]), len(low)) >= level - 1e-9
        low, high = np.where(open_ & ~reached, middle + 1, low), np.where(open_ & reached, middle, high)
    return low
