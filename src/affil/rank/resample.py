"""Uncertainty of ranks, by resampling uncertain matches and ranking each resample.

Each (string, institution) pair, matched or in review, is kept in a resample with its calibrated probability, independently of
others; decisions of people are always kept. A string keeps or loses a match for all its mentions. All resamples are computed
together, as matrices of pairs x resamples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from affil.rank.credit import sql
from affil.rank.ranking import Measure
from affil.rank.venues import AREAS
from affil.settings import RankSettings

_CELLS = 1 << 22  # maximum cells of a matrix: small enough for the allocator to reuse memory

Drawn = NDArray[np.bool_]
Numbers = NDArray[np.int64]
Values = NDArray[np.float64]


def resampled_ranks(db: duckdb.DuckDBPyConnection, frame: pd.DataFrame, by: Measure, settings: RankSettings) -> pd.DataFrame:
    """Add `low`, `high` and `ahead` (see `Ranking`) to a ranking; unchanged without resamples.

    `low` and `high` are quantiles of the rank over the resamples at the `confidence` level, widened to include the rank itself.
    """
    if not settings.resamples or frame.empty:
        return frame
    db.execute(sql("resample/pairs"))
    values = _resampled(db, by, settings)
    ids = db.execute("SELECT id FROM ranked ORDER BY entity").df()["id"]
    rows = pd.Index(ids).get_indexer(pd.Index(frame["id"]))
    ranks = np.sort(_ranks(values, rows), axis=1)
    tail = int((1 - settings.confidence) / 2 * (settings.resamples - 1))  # resamples cut off at either end
    low, high = ranks[:, tail], ranks[:, -1 - tail]
    upper, lower = values[rows[:-1]], values[rows[1:]]
    ahead = (upper > lower).mean(axis=1) + (upper == lower).mean(axis=1) / 2
    published = frame["rank"].to_numpy()
    return frame.assign(
        low=np.minimum(low, published),
        high=np.maximum(high, published),
        ahead=np.append(ahead, np.nan),
    )


def _ranks(values: Values, rows: Numbers) -> NDArray[np.int32]:
    """Ranks of `rows` among all rows, per column; ties share the best."""
    out = np.empty((len(rows), values.shape[1]), np.int32)
    for column, down in enumerate(np.sort(-values.T)):
        out[:, column] = np.searchsorted(down, -values[rows, column], side="left") + 1
    return out


def _resampled(db: duckdb.DuckDBPyConnection, by: Measure, settings: RankSettings) -> Values:
    """The measure in each resample: entities x resamples."""
    entities = int(db.execute("SELECT count(*) FROM ranked").fetchall()[0][0])
    pairs = _columns(
        db,
        "SELECT string, holder, probability FROM pair JOIN drawn_string USING (affiliation) JOIN holder USING (institution, stated) "
        "ORDER BY pair",
    )
    probability = pairs["probability"].astype(np.float32)
    if by in ("publications", "authors"):
        compute, rows = _any_of(db, by, entities)
    else:
        compute, rows = _split(db, by, entities, pairs["string"], pairs["holder"], settings)
    out = [np.round(compute(drawn), 9) for drawn in _draws(probability, max(rows, len(probability)), settings)]
    return np.concatenate(out, axis=1)


def _draws(probability: NDArray[np.float32], rows: int, settings: RankSettings) -> Iterator[Drawn]:
    """Boolean matrices of pairs x resamples, in blocks of resamples that fit in memory."""
    random = np.random.default_rng(settings.seed)
    at_once = max(1, min(settings.resamples, _CELLS // max(rows, 1)))
    for start in range(0, settings.resamples, at_once):
        size = (min(at_once, settings.resamples - start), len(probability))
        yield np.ascontiguousarray((random.random(size, np.float32) < probability).T)


def _any_of(db: duckdb.DuckDBPyConnection, by: Measure, entities: int) -> tuple[Callable[[Drawn], Values], int]:
    """Whole counts: a paper (or author) counts for an entity if any of its pairs is drawn."""
    table = db.sql(sql(f"resample/{by}")).to_arrow_table()
    sets = _Lists.of(table.column("pairs"))
    owner = table.column("entity").to_numpy()
    count = sparse.csr_matrix((table.column("weight").to_numpy(), (owner, np.arange(len(owner)))), (entities, len(owner)))

    def compute(drawn: Drawn) -> Values:
        return np.asarray(count @ sets.any(drawn).astype(np.float32), np.float64)

    return compute, len(sets.values)


def _split(
    db: duckdb.DuckDBPyConnection, by: Measure, entities: int, string: Numbers, holder: Numbers, settings: RankSettings
) -> tuple[Callable[[Drawn], Values], int]:
    """Fractional credit: in each resample a set of strings is split over the institutions drawn for it (see sql/credit.sql)."""
    areas = [a for a, _ in _areas(db)] if by == "index" else []
    weights = ", ".join(f"coalesce(sum(part * weight) FILTER (area = '{a}'), 0)" for a in areas) or "sum(part * weight)"
    table = db.sql(sql("resample/parts").format(weights=weights, areas="slice_area" if areas else "slice")).to_arrow_table()
    sets = _Lists.of(table.column("strings"))
    weight = np.stack([table.column(i + 1).to_numpy() for i in range(max(len(areas), 1))])
    by_string = _Lists.grouped(string, int(db.execute("SELECT count(*) FROM drawn_string").fetchall()[0][0]))

    # the entities credited for each institution, several if it is rolled up to several
    places = _columns(
        db,
        "SELECT holder, entity, CAST(part AS DOUBLE) AS part FROM holder JOIN place USING (institution, stated) JOIN ranked USING (id) "
        "WHERE getvariable('kind') IS NULL OR place.kind = getvariable('kind') ORDER BY holder, entity",
    )
    by_holder = _Lists.grouped(places["holder"], int(holder.max(initial=-1)) + 1)

    def worth(of_set: Numbers, of_holder: Numbers, column: Numbers, columns: int) -> list[sparse.csr_matrix]:
        """A matrix of entities x `columns` for each weight."""
        repeats = by_holder.sizes[of_holder]
        at = by_holder.values[_ranges(by_holder.starts[of_holder], repeats)]
        of_set, where = np.repeat(of_set, repeats), (places["entity"][at], np.repeat(column, repeats))
        return [sparse.csr_matrix((w[of_set] * places["part"][at], where), (entities, columns)) for w in weight]

    # most sets are one string with one candidate institution, which gets all or nothing
    owner, member = sets.owners(), sets.values
    plain = np.flatnonzero((sets.sizes == 1)[owner] & (by_string.sizes[member] == 1))
    pair = by_string.values[by_string.starts[member[plain]]]
    worth_plain = worth(owner[plain], holder[pair], pair, len(string))

    # the others: one row per (set, institution), with its pairs
    sets = sets.without(owner[plain])
    owner, member = sets.owners(), sets.values
    repeats = by_string.sizes[member]
    of_set, pair = np.repeat(owner, repeats), by_string.values[_ranges(by_string.starts[member], repeats)]
    order = np.lexsort((pair, holder[pair], of_set))
    of_set, pair = of_set[order], pair[order]
    first = np.flatnonzero(np.diff(of_set, prepend=-1) | np.diff(holder[pair], prepend=-1))
    named = _Lists(pair, first, np.diff(first, append=len(pair)))
    row_set = of_set[first]
    rows = _Lists.grouped(row_set, len(sets.sizes))
    worth_rows = worth(row_set, holder[pair[first]], np.arange(len(first)), len(first))

    def compute(drawn: Drawn) -> Values:
        present = named.any(drawn)
        claims = rows.sum(present) + sets.sum(~by_string.any(drawn))
        share, alone = present / claims[row_set], drawn.astype(np.float64)
        sums = [np.asarray(p @ alone + w @ share) for p, w in zip(worth_plain, worth_rows, strict=True)]
        return _index(sums, [w for _, w in _areas(db)], settings.offset) if areas else sums[0]

    return compute, len(pair)


def _columns(db: duckdb.DuckDBPyConnection, query: str) -> dict[str, NDArray[Any]]:
    return {name: column.to_numpy() for name, column in db.execute(query).df().items() if isinstance(name, str)}


def _areas(db: duckdb.DuckDBPyConnection) -> list[tuple[str, float]]:
    return [
        (a, w) for a, w in db.execute("SELECT area, weight FROM area WHERE weight > 0 ORDER BY area").fetchall() if a in AREAS
    ]


def _index(sums: list[Values], weights: list[float], offset: float) -> Values:
    with np.errstate(divide="ignore"):
        logs = sum(w * np.log(s + offset) for s, w in zip(sums, weights, strict=True))
    return np.asarray(np.exp(logs / sum(weights)))


def _ranges(starts: Numbers, sizes: Numbers) -> Numbers:
    """Concatenated ranges `start`, `start + 1`, ... of given sizes."""
    ends = np.cumsum(sizes)
    return np.asarray(np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - sizes), sizes))


@dataclass(frozen=True, slots=True)
class _Lists:
    """Ragged lists of numbers, concatenated in `values`."""

    values: Numbers
    starts: Numbers
    sizes: Numbers

    @classmethod
    def of(cls, column: Any) -> _Lists:
        array = column.combine_chunks()
        offsets = array.offsets.to_numpy().astype(np.int64)
        return cls(array.values.to_numpy().astype(np.int64), offsets[:-1], np.diff(offsets))

    @classmethod
    def grouped(cls, owner: Numbers, owners: int) -> _Lists:
        """The positions of each owner."""
        sizes = np.bincount(owner, minlength=owners).astype(np.int64)
        return cls(np.argsort(owner, kind="stable"), np.cumsum(sizes) - sizes, sizes)

    def owners(self) -> Numbers:
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    def without(self, owners: Numbers) -> _Lists:
        """The lists, with those of some owners emptied."""
        sizes = self.sizes.copy()
        sizes[owners] = 0
        return _Lists(self.values[_ranges(self.starts, sizes)], np.cumsum(sizes) - sizes, sizes)

    def any(self, drawn: Drawn) -> Drawn:
        """Whether any of the rows of each list is true; False for empty lists."""
        return self._reduced(drawn, np.logical_or, np.dtype(bool))

    def sum(self, drawn: Drawn) -> NDArray[np.int16]:
        """The number of true rows of each list."""
        return self._reduced(drawn, np.add, np.dtype(np.int16))

    def _reduced(self, drawn: Drawn, operation: np.ufunc, kind: np.dtype[Any]) -> NDArray[Any]:
        # most lists have one element; indexing is much faster than reducing
        out = np.zeros((len(self.sizes), drawn.shape[1]), kind)
        one, more = self.sizes == 1, self.sizes > 1
        out[one] = drawn[self.values[self.starts[one]]]
        if more.any():
            sizes = self.sizes[more]
            rows = self.values[_ranges(self.starts[more], sizes)]
            out[more] = operation.reduceat(drawn[rows], np.cumsum(sizes) - sizes, axis=0, dtype=kind)
        return out
