"""Roll institutions up to their parents in the registry."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import get_args

import duckdb

from affil.settings import RollUp

# What may stand above a laboratory: the kinds of the parents that it goes to, by its own kind.
_ABOVE = {"facility": ("facility", "education", "company"), "company": ("company",)}

ROLL_UPS: tuple[RollUp, ...] = get_args(RollUp)


def roll_up(
    parents: Mapping[str, Sequence[str]], how: RollUp, kinds: Mapping[str, str] | None = None
) -> Iterator[tuple[str, str, float]]:
    """Yield (institution, institution it counts as, share).

    Args:
        parents: the parents of each institution; ids that are not keys are ignored.
        how: `none`: as itself; `parent`: as its parents, or itself if it has none; `top`: as its topmost ancestors; `labs`: a
            facility as the universities and companies that it belongs to, itself or through other facilities, a company as the
            topmost company above it, and everybody else, as a campus, as itself.
        kinds: the kind of each institution, for `labs`.

    Several parents get equal shares, at every step. Cycles of parents are cut where they close.
    """
    ways = Ways(parents, how, kinds)
    for institution in parents:
        for counted_as, part in ways.of(institution):
            yield institution, counted_as, part


class Ways:
    """The ways up from institutions; see `roll_up`."""

    def __init__(self, parents: Mapping[str, Sequence[str]], how: RollUp, kinds: Mapping[str, str] | None = None) -> None:
        if how == "labs":
            parents, how = _of_labs(parents, kinds or {}), "top"
        self.institutions, self._parents, self._how = parents.keys(), parents, how
        self._above = cache(self._find_above)

    def of(self, institution: str, named: Collection[str] = ()) -> list[tuple[str, float]]:
        """What an institution counts as, each with its share, where a string names these institutions beside it.

        Where one of them stands above an institution of the way, only the parents that are such, or lead to one, share; of those that stand
        above each other the lowest count.
        """
        return sorted(self._climb(institution, frozenset(named), 1.0, ()).items())

    def _climb(self, at: str, named: frozenset[str], part: float, path: tuple[str, ...]) -> dict[str, float]:
        ends = self._how == "none" or (self._how == "parent" and path)
        above = [] if ends else sorted(p for p in {*self._parents.get(at, ())} - {*path, at} if p in self._parents)
        if not above:
            return {at: part}
        if len(above) > 1 and (meant := (named & self._above(at)).difference(path)):
            lowest = meant.difference(*(self._above(one) for one in meant)) or meant
            above = [p for p in above if p in lowest or not lowest.isdisjoint(self._above(p))] or above
        out: dict[str, float] = {}
        for parent in above:
            for top, share in self._climb(parent, named, part / len(above), (*path, at)).items():
                out[top] = out.get(top, 0.0) + share
        return out

    def _find_above(self, institution: str) -> frozenset[str]:
        """All that stands above an institution."""
        found: set[str] = set()
        new = {institution}
        while new := {p for i in new for p in self._parents[i] if p in self._parents} - found:
            found |= new
        return frozenset(found - {institution})


def ways_up(db: duckdb.DuckDBPyConnection, how: RollUp, not_parents: Collection[str] = ()) -> Ways:
    """The ways up from the institutions of the table `institutions`; closed or merged parents are replaced by their successors, and none
    leads to those of `not_parents`.
    """
    rows = db.execute("SELECT id, active_id, kind, parents FROM institutions ORDER BY id").fetchall()
    active = {identifier: successor for identifier, successor, *_ in rows}
    parents = {
        i: [active[p] for p in above or () if p in active and not {p, active[p]} & {*not_parents}] for i, _, _, above in rows
    }
    return Ways(parents, how, {i: kind or "" for i, _, kind, _ in rows})


def _of_labs(parents: Mapping[str, Sequence[str]], kinds: Mapping[str, str]) -> dict[str, list[str]]:
    """Parents that lead from a laboratory or company to a university or company; of others, none."""
    above = {i: [p for p in own if kinds.get(p) in _ABOVE.get(kinds.get(i, ""), ())] for i, own in parents.items()}
    leads = {i for i in parents if kinds.get(i) in ("education", "company")}
    while more := {i for i, own in above.items() if i not in leads and not leads.isdisjoint(own)}:
        leads |= more
    return {i: [p for p in own if p in leads] for i, own in above.items()}
