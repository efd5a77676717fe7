"""What the number of each entity owes to each uncertain match.

Each pair of a raw string and an institution that it may name, matched or in review, is right with its calibrated probability,
independently of others, for all mentions of the string at once; decisions of people are certain. The number of an entity is written
as its expectation plus, for each pair, an effect times (right − probability): the effect is the difference between the expected
numbers where the pair is right and where it is wrong (the main effects of Hoeffding's decomposition, exact where a number is a sum
over pairs). Nothing is drawn at random.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from affil.io.arrays import to_numpy, whole
from affil.rank.credit import sql
from affil.rank.ranking import Measure
from affil.rank.shares import Pairs, split_shares
from affil.rank.venues import AREAS
from affil.settings import RankSettings

if TYPE_CHECKING:
    import pandas as pd

_OF_PAIRS = ", ".join(Pairs.__slots__)  # columns of the table `pair`

Bools = NDArray[np.bool_]
Numbers = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Doubts:
    """The expected number of each entity (`mean`), as it is `counted`, as it would be were the review queue `decided`, and effects.

    `entity`, `pair` and `effect` are one row for each uncertain pair that matters to an entity, in that order; `probability` and
    `review` are those of the pair: whether it is uncounted, waiting for a decision. `wanted` are the rows of
    such pairs that `decided` takes as right.
    """

    mean: Values
    counted: Values
    decided: Values
    entity: Numbers
    pair: Numbers
    effect: Values
    probability: Values
    review: Bools
    wanted: Bools

    @property
    def variance(self) -> Values:
        """What each row adds to the variance of its entity's number."""
        return self.effect**2 * self.probability * (1 - self.probability)


@dataclass(frozen=True, slots=True)
class _Sums:
    """Expected sums (areas x entities), those in each state (states x areas x entities), and rows of effects (areas x rows)."""

    mean: Values
    states: Values
    entity: Numbers
    pair: Numbers
    effect: Values


def doubts(db: duckdb.DuckDBPyConnection, by: Measure, settings: RankSettings, *, again: bool = False) -> Doubts:
    """The doubts of all entities of a slice, numbered as in the table `seat`, by one measure.

    Args:
        db: a connection with the tables of a measured slice; it gets those of sql/ranges/keys.sql and pairs.sql.
        by: the measure.
        settings: the offset of the index, and from which probability a match in review is taken as right.
        again: whether the slice is that of the last call, so that its tables stand.
    """
    if not again:
        _make_pairs(db)
    pairs = columns(db, f"SELECT {_OF_PAIRS}, review FROM pair ORDER BY pair")
    seats = columns(db, "SELECT holder, entity, part FROM seat ORDER BY holder, entity")
    entities = int(seats["entity"].max(initial=-1)) + 1
    probability, review = pairs["probability"].astype(np.float64), pairs["review"].astype(bool)
    states = np.stack([~review, ~review | (probability >= settings.probable)])  # as counted, as decided
    if by in ("publications", "authors"):
        sums = _whole(db, by, entities, probability, states)
    else:
        areas = [a for a, _ in _areas(db)] if by == "index" else []
        sums = _parts(db, areas, entities, seats, pairs, states)
    sums = _gathered(sums, probability)
    p = probability[sums.pair]
    if by == "index":
        weights = np.array([w for _, w in _areas(db)])
        mean, effect = _through_index(sums, p, weights, settings.offset)
        counted, decided = (_index(one, weights, settings.offset) for one in sums.states)
    else:
        mean, effect, (counted, decided) = sums.mean[0], sums.effect[0], sums.states[:, 0]
    waits = review[sums.pair]
    return Doubts(mean, counted, decided, sums.entity, sums.pair, effect, p, waits, waits & (p >= settings.probable))


def effects_by_cell(db: duckdb.DuckDBPyConnection, probable: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The effects of uncertain pairs on the credit of institutions, by venue and year, before venues are weighed.

    Args:
        db: a connection with the tables of a measured slice; it gets those of sql/ranges/pairs.sql.
        probable: the probability from which a match in review is taken as right.

    Returns two tables, in papers. The first has a row for each pair, institution, venue and year: pair (its number), affiliation,
    probability, review, institution (`known_as` of sql/numbers.sql), venue, year, effect. The second has, by institution, venue and year,
    `drift`: by how much the expected credit differs from what is counted plus all effects times (probability − counted), as credit is
    split; and `drift_decided`: the same of the credit were the review queue decided (see `Doubts`).
    """
    import pandas as pd

    _make_pairs(db)
    pairs = db.execute(f"SELECT affiliation, {_OF_PAIRS}, review FROM pair JOIN drawn_string USING (string) ORDER BY pair").df()
    table = db.sql(sql("ranges/cells")).to_arrow_table()
    _, sizes, strings = _lists(table.column("strings"))
    probability, counted = pairs["probability"].to_numpy(np.float64), ~pairs["review"].to_numpy(bool)
    given = Pairs(*(pairs[name].to_numpy() for name in Pairs.__slots__))
    decided = counted | (probability >= probable)
    shares = split_shares(sizes, strings, given, np.stack([counted, decided]))
    where = pd.DataFrame({"holder": shares.holder})
    where["venue"] = table.column("venue").to_pandas().to_numpy()[shares.owner]
    where["year"] = table.column("year").to_numpy()[shares.owner]
    part = table.column("part").to_numpy()[shares.owner]

    def drift(value: Values, chance: Values) -> Values:
        linear = shares.effect * (chance - counted)[shares.pair]
        return np.asarray((value - shares.states[0] - _sums(shares.row, linear, len(shares.owner))) * part)

    holders = db.execute("SELECT known_as AS institution FROM holder ORDER BY holder").df()

    def gathered(rows: pd.DataFrame, *summed: str) -> pd.DataFrame:
        by = [column for column in rows if column not in summed]
        found = rows.groupby(by, as_index=False).sum()
        return pd.concat([found.drop(columns="holder"), holders.iloc[found["holder"]].reset_index(drop=True)], axis=1)

    doubtful = (probability[shares.pair] > 0) & (probability[shares.pair] < 1)
    row = shares.row[doubtful]
    effects = where.iloc[row].assign(pair=shares.pair[doubtful], effect=shares.effect[doubtful] * part[row])
    found = gathered(effects, "effect")
    named = pairs[["affiliation", "probability", "review"]].iloc[found["pair"]].reset_index(drop=True)
    drifts = {"drift": drift(shares.mean, probability), "drift_decided": drift(shares.states[1], decided.astype(np.float64))}
    return pd.concat([found, named], axis=1), gathered(where.assign(**drifts), *drifts)


def _make_pairs(db: duckdb.DuckDBPyConnection) -> None:
    """Create the tables of sql/ranges/pairs.sql, and once in a connection those of keys.sql."""
    _once(db, "keys")
    db.execute(sql("ranges/pairs"))


def _once(db: duckdb.DuckDBPyConnection, tables: str) -> None:
    """Create tables that hold for all slices, unless they stand there."""
    if db.execute(f"SELECT getvariable('made_{tables}')").fetchall() != [(True,)]:
        db.execute(sql(f"ranges/{tables}"))
        db.execute(f"SET VARIABLE made_{tables} = true")


def _whole(db: duckdb.DuckDBPyConnection, by: Measure, entities: int, probability: Values, states: Bools) -> _Sums:
    """Whole counts: a paper (or author) counts for an entity unless all of its pairs are wrong."""
    table = db.sql(sql("ranges/whole").format(key={"publications": "paper", "authors": "author"}[by])).to_arrow_table()
    owner, weight = to_numpy(table.column("entity")), to_numpy(table.column("weight")).astype(np.float64)
    starts, sizes, pair = _lists(table.column("pairs"))
    wrong = 1 - probability[pair]
    lost = np.multiply.reduceat(wrong, starts) if len(starts) else wrong
    found = np.logical_or.reduceat(states[:, pair], starts, axis=1) if len(starts) else states[:, pair]
    effect: Values = np.repeat(weight * lost, sizes) / np.where(wrong > 0, wrong, 1) * (wrong > 0)
    mean, *in_state = (_sums(owner, weight * part, entities) for part in (1 - lost, *found))
    return _Sums(mean[None], np.stack(in_state)[:, None], np.repeat(owner, sizes), pair, effect[None])


def _parts(
    db: duckdb.DuckDBPyConnection,
    areas: list[str],
    entities: int,
    seats: dict[str, NDArray[Any]],
    pairs: dict[str, NDArray[Any]],
    states: Bools,
) -> _Sums:
    """Fractional credit: what a set of strings holds is split over the institutions that it names (see sql/credit.sql)."""
    # decimals: their sum does not depend on the order of rows, which differs between runs
    worth = "sum(CAST(part * weight AS DECIMAL(30, 15)))"
    filters = [f" FILTER (area = '{a}')" for a in areas] or [""]
    weights = ", ".join(f"coalesce(CAST({worth}{one} AS DOUBLE), 0)" for one in filters)
    table = db.sql(sql("ranges/parts").format(weights=weights, areas="slice_area" if areas else "slice")).to_arrow_table()
    weight = np.stack([to_numpy(table.column(i + 1)) for i in range(max(len(areas), 1))])
    _, sizes, strings = _lists(table.column("strings"))
    shares = split_shares(sizes, strings, Pairs(*(pairs[name] for name in Pairs.__slots__)), states)

    # the entities credited for each institution, several if it is rolled up to several
    of_holder = np.bincount(seats["holder"], minlength=int(pairs["holder"].max(initial=-1)) + 1)
    first = np.cumsum(of_holder) - of_holder

    def credited(rows: Numbers, value: Values) -> tuple[Numbers, Values, Numbers]:
        """For values of rows of shares: the entity, areas x value, and position of each."""
        repeats = of_holder[shares.holder[rows]]
        at = ranges(first[shares.holder[rows]], repeats)
        position = np.repeat(np.arange(len(rows)), repeats)
        return seats["entity"][at], weight[:, shares.owner[rows][position]] * value[position] * seats["part"][at], position

    def summed(value: Values) -> Values:
        entity, worth, _ = credited(np.arange(len(shares.owner)), value)
        return np.stack([_sums(entity, one, entities) for one in worth])

    entity, effect, position = credited(shares.row, shares.effect)
    in_state = np.stack([summed(one) for one in shares.states])
    return _Sums(summed(shares.mean), in_state, entity, shares.pair[position], effect)


def _gathered(sums: _Sums, probability: Values) -> _Sums:
    """One row for each entity and uncertain pair."""
    doubtful = (probability[sums.pair] < 1) & (probability[sums.pair] > 0)
    key, at = np.unique(sums.entity[doubtful] * len(probability) + sums.pair[doubtful], return_inverse=True)
    effect = np.stack([_sums(at, one[doubtful], len(key)) for one in sums.effect])
    return _Sums(sums.mean, sums.states, key // max(len(probability), 1), key % max(len(probability), 1), effect)


def _through_index(sums: _Sums, p: Values, weights: Values, offset: float) -> tuple[Values, Values]:
    """The expected index, and the effects on it: each pair's right and wrong around the expected sums, the mean to second order."""
    around = sums.mean[:, sums.entity]
    right = _index(around + sums.effect * (1 - p), weights, offset)
    wrong = _index(np.maximum(around - sums.effect * p, 0), weights, offset)
    middle = _index(sums.mean, weights, offset)
    curve = p * right + (1 - p) * wrong - middle[sums.entity]
    return middle + np.bincount(sums.entity, curve, len(middle)), right - wrong


def _index(sums: Values, weights: Values, offset: float) -> Values:
    """The geometric mean over areas (rows) of the sums plus the offset."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.exp(weights @ np.log(sums + offset) / weights.sum()))


def _sums(index: Numbers, values: Values, size: int) -> Values:
    """The sum of the values of each index."""
    return np.asarray(np.bincount(index, values, size), np.float64)


def _areas(db: duckdb.DuckDBPyConnection) -> list[tuple[str, float]]:
    rows = db.execute("SELECT area, weight FROM area WHERE weight > 0 ORDER BY area").fetchall()
    return [(a, w) for a, w in rows if a in AREAS]


def columns(db: duckdb.DuckDBPyConnection, query: str) -> dict[str, NDArray[Any]]:
    """The columns of a query without nulls."""
    table = db.sql(query).to_arrow_table()
    return {name: to_numpy(column) for name, column in zip(table.column_names, table.columns, strict=True)}


def _lists(column: pa.ChunkedArray) -> tuple[Numbers, Numbers, Numbers]:
    """The starts and sizes of a column of lists, and their elements."""
    array = whole(column)
    offsets = to_numpy(array.offsets).astype(np.int64)
    return offsets[:-1], np.diff(offsets), to_numpy(array.values).astype(np.int64)


def ranges(starts: Numbers, sizes: Numbers) -> Numbers:
    """Concatenated ranges `start`, `start + 1`, ... of given sizes."""
    ends = np.cumsum(sizes)
    return np.asarray(np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - sizes), sizes))
