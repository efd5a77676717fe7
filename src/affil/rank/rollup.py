"""Roll institutions up to their parents in the registry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

from affil.settings import RollUp

ROLL_UPS: tuple[RollUp, ...] = get_args(RollUp)


def roll_up(parents: Mapping[str, Sequence[str]], how: RollUp) -> Iterator[tuple[str, str, float]]:
    """Yield (institution, institution it counts as, share).

    Args:
        parents: the parents of each institution; ids that are not keys are ignored.
        how: `none`: as itself; `parent`: as its parents, or itself if it has none; `top`: as its topmost ancestors.

    Several parents get equal shares, at every step. Cycles of parents are cut where they close.
    """
    for institution in parents:
        for counted_as, part in sorted(_climb(institution, parents, how, 1.0, ()).items()):
            yield institution, counted_as, part


def _climb(at: str, parents: Mapping[str, Sequence[str]], how: RollUp, part: float, path: tuple[str, ...]) -> dict[str, float]:
    ends = how == "none" or (how == "parent" and path)
    above = [] if ends else sorted(p for p in {*parents[at]} - {*path, at} if p in parents)
    if not above:
        return {at: part}
    out: dict[str, float] = {}
    for parent in above:
        for top, share in _climb(parent, parents, how, part / len(above), (*path, at)).items():
            out[top] = out.get(top, 0.0) + share
    return out
