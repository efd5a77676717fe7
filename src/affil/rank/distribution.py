"""The distribution of each entity's number: a sum of independent effects, convolved on a grid of its own.

Rare and large losses matter most (one frequent string that is wrong with a probability of 0.2%), so a normal distribution would not do.
Effects of at least two cells are convolved one by one, the largest first, split over two cells where they end between them; all
smaller ones together are normal. What leaves the grid is kept at its ends. A coarse grid finds where the distribution lies, a
fine one covers that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from affil.rank.doubt import Doubts
from affil.rank.normal import below
from affil.settings import GridSettings

Numbers = NDArray[np.int64]
Values = NDArray[np.float64]


def distributions(
    found: Doubts, *, whole: bool, grid: GridSettings, rows: Numbers | None = None
) -> tuple[Numbers, Values, Values]:
    """The distributions of entities' numbers: entity, value and weight of each cell with a probability, by entity.

    Args:
        found: the doubts.
        rows: the entities whose ranks are asked for; others that are below all of these for sure are left out. None: all.
        whole: whether numbers are whole, so that cells should be.
        grid: the grids.
    """
    moves = _Moves.of(found)
    low, high = moves.reach(found, grid)
    if whole:
        low, high = np.floor(low + 1e-9), np.ceil(high - 1e-9)
    kept = np.flatnonzero(high >= (low if rows is None else low[rows]).min(initial=np.inf))
    moves, mean, low, high = moves.only(kept), found.mean[kept], low[kept], high[kept]
    step = _steps(low, high, grid.coarse, whole)
    small = grid.small_whole if whole else grid.small
    coarse = moves.convolved(mean, low, step, grid.coarse, small)
    until = np.cumsum(coarse, axis=1)
    first = np.maximum((until > grid.outside).argmax(axis=1) - 1, 0)
    last = np.minimum((until >= 1 - grid.outside).argmax(axis=1) + 1, grid.coarse - 1)
    low, high = low + step * first, np.minimum(low + step * last, high)
    step = _steps(low, high, grid.fine, whole)
    fine = moves.convolved(mean, low, step, grid.fine, small)
    entity, cell = np.nonzero(fine > grid.least)
    weight = fine[entity, cell]
    return kept[entity], low[entity] + step[entity] * cell, weight / np.bincount(entity, weight)[entity]


def _steps(low: Values, high: Values, cells: int, whole: bool) -> Values:
    """The width of a cell."""
    step = np.maximum((high - low) / (cells - 1), 1e-12)
    return np.asarray(np.maximum(np.ceil(step - 1e-9), 1)) if whole else step


@dataclass(frozen=True, slots=True)
class _Moves:
    """Effects as moves away from what is most probable, the largest of each entity first: by how much, and how probable.

    `shift` is what the most probable state of the effect adds to the expectation of its entity.
    """

    entity: Numbers
    place: Numbers
    move: Values
    chance: Values
    shift: Values

    @classmethod
    def of(cls, found: Doubts) -> _Moves:
        order = np.lexsort((-np.abs(found.effect), found.entity))
        entity, p, effect = found.entity[order], found.probability[order], found.effect[order]
        likely = p >= 0.5
        place = np.arange(len(order)) - np.searchsorted(entity, entity)
        return cls(entity, place, np.where(likely, -effect, effect), np.minimum(p, 1 - p), effect * (likely - p))

    def only(self, kept: Numbers) -> _Moves:
        """The moves of some entities, in order, which are numbered anew."""
        mine = np.isin(self.entity, kept)
        entity = np.searchsorted(kept, self.entity[mine])
        return _Moves(entity, *(getattr(self, name)[mine] for name in ("place", "move", "chance", "shift")))

    def reach(self, found: Doubts, grid: GridSettings) -> tuple[Values, Values]:
        """Where the number of each entity lies, but for what is very rare."""
        size, mean = len(found.mean), found.mean
        so_far = np.cumsum(self.chance) - (np.cumsum(self.chance) - self.chance)[np.searchsorted(self.entity, self.entity)]
        near = so_far > grid.far
        deviation = np.sqrt(np.bincount(self.entity, self.move**2 * self.chance * (1 - self.chance) * near, size))
        likely = mean + np.bincount(self.entity, self.shift, size)
        lowest = likely + np.bincount(self.entity, np.minimum(self.move, 0), size)
        highest = likely + np.bincount(self.entity, np.maximum(self.move, 0), size)
        middle = mean + np.bincount(self.entity, self.shift * ~near, size)
        return np.maximum(lowest, middle - grid.reach * deviation), np.minimum(highest, middle + grid.reach * deviation)

    def convolved(self, mean: Values, low: Values, step: Values, cells: int, small: float) -> Values:
        """The probability of each cell of a grid for each entity (entities x cells)."""
        size = len(mean)
        by = self.move / step[self.entity]
        large = np.abs(by) >= small
        at = (mean + np.bincount(self.entity, self.shift * large, size) - low) / step
        rest = np.bincount(self.entity, by**2 * self.chance * (1 - self.chance) * ~large, size)
        count = np.bincount(self.entity, large, size).astype(np.int64)
        order = np.argsort(-count, kind="stable")  # so that entities with a further effect come first
        # Grids stand beside each other with as much room of nothing before each and after the last, so that what stands so many cells
        # before a cell is found there, however many they are.
        width = 2 * cells + 1
        room = np.zeros((size + 1) * width)
        grids = room[: size * width].reshape(size, width)[:, cells + 1 :]
        grids[:] = _normal(at[order], np.sqrt(rest[order]), cells)
        views = sliding_window_view(room, cells + 1)
        first, start = np.searchsorted(self.entity, np.arange(size))[order], np.arange(size) * width + cells
        floor = np.floor(by)
        part, chance = (by - floor)[:, None], self.chance[:, None]
        shift, ends = np.clip(floor, -cells - 1, cells).astype(np.int64), np.where(by < 0, 0, cells - 1)
        active = np.searchsorted(-count[order], -np.arange(int(count.max(initial=0))))
        for k, active_now in enumerate(active.tolist()):
            row, now = first[:active_now] + k, grids[:active_now]
            taken = views[start[:active_now] - shift[row]]  # of each cell and the one before
            moved = (1 - part[row]) * taken[:, 1:]
            moved += part[row] * taken[:, :-1]
            moved[np.arange(active_now), ends[row]] += 1 - moved.sum(1)
            moved -= now
            moved *= chance[row]
            now += moved
        back = np.empty((size, cells))
        back[order] = grids
        return back


def _normal(at: Values, deviation: Values, cells: int) -> Values:
    """Normal distributions on grids; narrow ones are split over two cells."""
    out = np.zeros((len(at), cells))
    wide = deviation > 0.4
    edges = np.arange(1, cells) - 0.5
    until = below((edges - at[wide, None]) / deviation[wide, None])
    out[wide] = np.diff(until, axis=1, prepend=0, append=1)
    narrow = np.flatnonzero(~wide)
    where = np.clip(at[narrow], 0, cells - 1)
    cell = np.minimum(np.floor(where + 1e-9), cells - 2).astype(np.int64)
    part = np.clip(where - cell, 0, 1)
    part[part < 1e-9] = 0
    out[narrow, cell], out[narrow, cell + 1] = 1 - part, part
    return out
