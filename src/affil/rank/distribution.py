"""The distribution of each entity's number: a sum of independent effects, convolved on a grid of its own.

Rare and large losses matter most (one frequent string that is wrong with a probability of 0.2%), so a normal distribution would not do.
Effects of at least two cells are convolved one by one, the largest first, split over two cells where they end between them; all
smaller ones together are normal. What leaves the grid is kept at its ends. A coarse grid finds where the distribution lies, a
fine one covers that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from affil.rank.doubt import Doubts
from affil.settings import GridSettings

Numbers = NDArray[np.int64]
Values = NDArray[np.float64]


def distributions(found: Doubts, *, whole: bool, grid: GridSettings) -> tuple[Numbers, Values, Values]:
    """The distributions of all entities' numbers: entity, value and weight of each cell with a probability, by entity.

    Args:
        found: the doubts.
        whole: whether numbers are whole, so that cells should be.
        grid: the grids.
    """
    moves = _Moves.of(found)
    low, high = moves.reach(found, grid)
    if whole:
        low, high = np.floor(low + 1e-9), np.ceil(high - 1e-9)
    step = _steps(low, high, grid.coarse, whole)
    small = grid.small_whole if whole else grid.small
    coarse = moves.convolved(found.mean, low, step, grid.coarse, small)
    until = np.cumsum(coarse, axis=1)
    first = np.maximum((until > grid.outside).argmax(axis=1) - 1, 0)
    last = np.minimum((until >= 1 - grid.outside).argmax(axis=1) + 1, grid.coarse - 1)
    low, high = low + step * first, np.minimum(low + step * last, high)
    step = _steps(low, high, grid.fine, whole)
    fine = moves.convolved(found.mean, low, step, grid.fine, small)
    entity, cell = np.nonzero(fine > grid.least)
    weight = fine[entity, cell]
    return entity, low[entity] + step[entity] * cell, weight / np.bincount(entity, weight)[entity]


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
        out = np.zeros((size, cells + 2))  # with a cell of nothing at either end
        out[:, 1:-1] = _normal(at[order], np.sqrt(rest[order]), cells)
        first = np.searchsorted(self.entity, np.arange(size))[order]
        floor = np.floor(by)
        whole, part, ends = floor.astype(np.int64), by - floor, np.where(by < 0, 1, cells)
        grid, starts, rows = np.arange(cells + 1), np.arange(size)[:, None] * (cells + 2), np.arange(size)
        active = np.searchsorted(-count[order], -np.arange(int(count.max(initial=0))))
        for k, active_now in enumerate(active.tolist()):
            row, now = first[:active_now] + k, out[:active_now]
            source = np.clip(
                grid - whole[row, None], 0, cells + 1
            )  # of each cell and the one before; beyond the ends all is empty
            split, taken = part[row, None], now.ravel()[source + starts[:active_now]]
            moved = (1 - split) * taken[:, 1:] + split * taken[:, :-1]
            moved[rows[:active_now], ends[row] - 1] += 1 - moved.sum(1)
            now[:, 1:-1] += self.chance[row, None] * (moved - now[:, 1:-1])
        out = out[:, 1:-1]
        back = np.empty_like(out)
        back[order] = out
        return back


def _normal(at: Values, deviation: Values, cells: int) -> Values:
    """Normal distributions on grids; narrow ones are split over two cells."""
    out = np.zeros((len(at), cells))
    wide = deviation > 0.4
    edges = np.arange(1, cells) - 0.5
    until = ndtr((edges - at[wide, None]) / deviation[wide, None])
    out[wide] = np.diff(until, axis=1, prepend=0, append=1)
    narrow = np.flatnonzero(~wide)
    where = np.clip(at[narrow], 0, cells - 1)
    cell = np.minimum(np.floor(where + 1e-9), cells - 2).astype(np.int64)
    part = np.clip(where - cell, 0, 1)
    part[part < 1e-9] = 0
    out[narrow, cell], out[narrow, cell + 1] = 1 - part, part
    return out
