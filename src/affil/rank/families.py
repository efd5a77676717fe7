"""Families: rows of a ranking that belong to one university or company, and would be one row if laboratories counted as what they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from affil.settings import RollUp
from affil.wording import Name, Said, joined, said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from affil.rank.rollup import Ways

TOGETHER: RollUp = "labs"  # the roll-up by which rows are one family


@dataclass(frozen=True, slots=True)
class Family:
    """Rows that would be one: their `ids` and `names`, in their order; `whole`, the id of what they count as by the roll-up `labs`, which may
    be one of them, its `name` and its `rank` then.
    """

    ids: tuple[str, ...]
    names: tuple[Name, ...]
    whole: str
    name: Name
    rank: int

    def line(self) -> Said:
        """The rows, and the rank that they would have as one."""
        named = joined(said(" and "), (joined(", ", self.names[:-1]), self.names[-1]))
        if self.whole in self.ids:
            return said("{0} are counted apart; as one they have rank {1:,} (--roll-up labs).", named, self.rank)
        return said("{0} are counted apart; as one, {1}, they have rank {2:,} (--roll-up labs).", named, self.name, self.rank)


def wholes(ids: Iterable[str], ways: Ways) -> dict[str, str]:
    """What each of the ids counts as wholly, which may be itself; one of several universities is of no family."""
    found = {one: ways.of(one) for one in ids if one in ways.institutions}
    return {one: targets[0][0] for one, targets in found.items() if len(targets) == 1}


def grouped(ids: Iterable[str], ways: Ways) -> dict[str, list[str]]:
    """The ids of which two or more count as one institution, by its id."""
    found: dict[str, list[str]] = {}
    for one, whole in wholes(ids, ways).items():
        found.setdefault(whole, []).append(one)
    return {whole: members for whole, members in found.items() if len(members) > 1}


def families(shown: pa.Table, ways: Ways, together: Callable[[], pa.Table]) -> tuple[Family, ...]:
    """The families among the rows of a ranking of institutions as themselves, those of the first rows first.

    Args:
        shown: the rows that are looked at, with `id` and `name`.
        ways: the ways up of the roll-up `labs`.
        together: gives the whole ranking of the same slice by that roll-up; it is asked for only where there is a family.
    """
    groups = grouped(shown["id"].to_pylist(), ways)
    if not groups:
        return ()
    names = {row["id"]: _named(row) for row in shown.to_pylist()}
    whole = together()
    rows = {row["id"]: row for row in whole.filter(pc.is_in(whole["id"], pa.array([*groups], pa.string()))).to_pylist()}
    return tuple(
        Family(tuple(ids), tuple(names[i] for i in ids), top, _named(rows[top]), rows[top]["rank"])
        for top, ids in groups.items()
        if top in rows  # one of another kind is not in the ranking of a kind
    )


def _named(row: Mapping[str, Any]) -> Name:
    return Name(row["name"], row.get("name_zh"))
