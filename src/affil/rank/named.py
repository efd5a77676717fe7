"""Which row of a ranking is meant by a name or an id."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from affil.errors import AffilError
from affil.rank.choices import nearest
from affil.rank.places import find_place
from affil.rank.ranking import Level, plain_rows
from affil.settings import Settings
from affil.wording import counted

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Known:
    """An institution that a registry finds for a name: its id of today, its name, how often its names were mentioned in the counts
    that the registry comes with, and whether it bears the name that was searched (else it is only like it).
    """

    id: str
    name: str
    usage: int
    exact: bool


Lookup = Callable[[str], Sequence[Known]]
"""Finds institutions by any of their names, the likeliest first."""


def find_row(frame: pd.DataFrame, level: Level, given: str, meant: Collection[str], lookup: Lookup | None) -> dict[str, Any]:
    """The row of a ranking that somebody means: by an id, by its name there, or by any other name that a registry knows.

    Args:
        frame: the ranking, whole.
        level: what its rows are.
        given: an id or a name.
        meant: the ids that it may be.
        lookup: finds institutions by their other names.

    Raises:
        AffilError: no row is meant, or several are; the message says which, or which are near.
    """
    found = frame[frame["id"].isin({given, *meant})]
    if found.empty:
        from affil.names import fold

        wanted = fold(given)
        names = frame["name"].map(fold) == wanted
        found = frame[names | (frame["name_zh"].map(fold) == wanted)] if "name_zh" in frame and wanted else frame[names]
    if found.empty and level in ("country", "continent"):
        found = frame[frame["id"].isin(_places(given))]
    if found.empty and level == "institution" and lookup is not None:
        found = _by_other_name(frame, given, lookup(given))
    if len(found) == 1:
        return plain_rows(found)[0]
    if len(found) > 1:
        several = ", ".join(f"{r['id']} ({counted(r['publications'], 'paper')})" for r in found.head(5).to_dict("records"))
        raise AffilError(f"several entities are called {given!r}: {several}; give an id")
    near = _near(frame, level, given, lookup)
    hint = f"; did you mean: {', '.join(near)}?" if near else "; see the ids with: affil rank WS --limit 0 --json"
    raise AffilError(f"no {level} {given!r} is in this ranking{hint}")


def _places(given: str) -> list[str]:
    try:
        place = find_place(given, {})
    except AffilError:
        return []
    return [place.code or place.name]


def _by_other_name(frame: pd.DataFrame, given: str, known: Sequence[Known]) -> pd.DataFrame:
    """The row of the institution that a registry knows by a name. Of several that bear it, the one that is nearly always meant
    (`retrieve.famous` and `dominant`, as when strings are matched), else the only one that is ranked.

    Raises:
        AffilError: several are ranked, or the one that is meant is not.
    """
    bearers = {one.id: one for one in known if one.exact}
    if not bearers:
        return frame.head(0)
    rules, total = Settings().retrieve, sum(one.usage for one in bearers.values())
    famous = [one for one in bearers.values() if one.usage >= rules.famous and one.usage >= rules.dominant * total]
    ranked = frame[frame["id"].isin([one.id for one in famous] or bearers)]
    if ranked.empty:
        one = (famous or list(bearers.values()))[0]
        raise AffilError(f"{given!r} is {one.name} ({one.id}), which has no row in this ranking")
    if len(ranked) > 1:
        papers = dict(zip(ranked["id"], ranked["publications"], strict=True))
        choices = ", ".join(f"{b.name} ({b.id}, {counted(papers[b.id], 'paper')})" for b in bearers.values() if b.id in papers)
        raise AffilError(f"several institutions are called {given!r}: {choices}; give an id")
    return ranked


def _near(frame: pd.DataFrame, level: Level, given: str, lookup: Lookup | None) -> list[str]:
    """Names in the ranking that are like it: those that the registry finds first, as it knows more names."""
    known = [one.id for one in lookup(given)] if lookup is not None and level == "institution" else []
    by_id = frame.set_index("id")["name"]
    near = [by_id[i] for i in known if i in by_id.index] + nearest(given, dict.fromkeys(frame["name"], ()))
    return list(dict.fromkeys(near))[:3]
