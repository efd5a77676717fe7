"""Which row of a ranking is meant by a name or an id."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from affil.errors import AffilError
from affil.rank.choices import nearest
from affil.rank.credit import find_ids, sql
from affil.rank.places import find_place
from affil.rank.ranking import Level, plain_rows
from affil.rank.rollup import ROLL_UPS, ways_up
from affil.settings import Settings
from affil.wording import Said, counted, joined, said

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


_TOLD = 5  # strings, ids or parts that a message names


@dataclass(frozen=True, slots=True)
class Found:
    """The row of a ranking that is meant, and a sentence where that institution goes by another name than was given, else ""."""

    row: dict[str, Any]
    note: str


def find_row(db: duckdb.DuckDBPyConnection, frame: pd.DataFrame, level: Level, given: str, lookup: Lookup | None) -> Found:
    """The row of a ranking that somebody means: by an id, by the name that an institution goes by, else by another spelling of it or any
    other name that a registry knows.

    Args:
        db: a connection with the tables `institutions` and those of sql/numbers.sql.
        frame: the ranking, whole.
        level: what its rows are.
        given: an id or a name.
        lookup: finds institutions by their other names.

    Raises:
        AffilError: no row is meant, or several are; the message says which, which are near, or what is counted instead.
    """
    ids = _names_of_ids(db, given)
    found = frame[frame["id"].isin({given, *ids})]
    if found.empty and level == "institution":
        found = _by_own_name(db, frame, given, ids)
    if found.empty:
        from affil.names import fold

        wanted = fold(given)
        names = frame["name"].map(fold) == wanted
        found = frame[names | (frame["name_zh"].map(fold) == wanted)] if "name_zh" in frame and wanted else frame[names]
    if found.empty and level in ("country", "continent"):
        found = frame[frame["id"].isin(_places(given))]
    if found.empty and level == "institution" and lookup is not None:
        found = _by_other_name(db, frame, given, lookup(given))
    if len(found) == 1:
        row = plain_rows(found)[0]
        return Found(row, "" if ids or level != "institution" else _goes_by(row, given) or _namesakes(db, row, given))
    if len(found) > 1:
        several = joined(
            ", ",
            (said("{0} ({1})", r["id"], counted(r["publications"], "paper")) for r in found.head(_TOLD).to_dict("records")),
        )
        raise AffilError(said("several entities are called {0!r}: {1}; give an id", given, several))
    at, near = _other_level(db, level, given), _near(frame, level, given, lookup)
    hint = said("; that is a {0}: --level {1}", Said(at), at) if at else ""
    hint += said("; did you mean: {0}?", ", ".join(near)) if near else ""
    raise AffilError(
        said(
            "no {0} {1!r} is in this ranking{2}",
            Said(level),
            given,
            hint or said("; see the ids with: affil rank WS --limit 0 --json"),
        )
    )


def _names_of_ids(db: duckdb.DuckDBPyConnection, given: str) -> dict[str, str]:
    """The institutions whose id, in any form, this is, with their names."""
    find_ids(db, [given])
    return dict(db.execute("SELECT id, name FROM institutions JOIN meant USING (id) ORDER BY id").fetchall())


def _by_own_name(db: duckdb.DuckDBPyConnection, frame: pd.DataFrame, given: str, ids: Mapping[str, str]) -> pd.DataFrame:
    """The rows of the institutions of these ids, else of those that go by this name; of one that is closed, else of its successor.

    Raises:
        AffilError: there are such institutions, and none has a row.
    """
    rows = _bearers(db, given, ids)
    for column in (0, 1):
        found = frame[frame["id"].isin([row[column] for row in rows])]
        if not found.empty:
            return found
    if rows:
        raise AffilError(joined("; ", (_without_a_row(db, given, row[0], row[2]) for row in rows[:_TOLD])))
    return frame.head(0)


def _bearers(db: duckdb.DuckDBPyConnection, given: str, ids: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """The institutions of these ids, else the active ones that go by this name, else closed ones: id, id of the successor, name."""
    is_meant, values = ("list_contains(?, id)", [[*ids]]) if ids else ("? IN (lower(name), name_zh)", [_spelt(given)])
    rows = db.execute(f"SELECT id, active_id, name FROM institutions WHERE {is_meant} ORDER BY id", values).fetchall()
    return [row for row in rows if row[0] == row[1]] or rows


def _spelt(name: object) -> str:
    return " ".join(str(name or "").split()).lower()


def _goes_by(row: Mapping[str, Any], given: str) -> str:
    """That an institution goes by another name than the one that was given, unless only by letter case."""
    same = _spelt(given) in {_spelt(row.get(name)) for name in ("name", "name_zh")}
    return "" if same else said("{0!r} is {1} ({2})", given, row["name"], row["id"])


def _namesakes(db: duckdb.DuckDBPyConnection, row: Mapping[str, Any], given: str) -> str:
    """That others without a row go by the same name, where there are any."""
    others = [one for one, *_ in _bearers(db, given, {}) if one != row["id"]]
    if not others:
        return ""
    return said("{0!r} is {1} here; it is also the name of {2}, without a row in this ranking", given, row["id"], _some(others))


def _some(values: Sequence[str]) -> str:
    return ", ".join(values[:_TOLD]) + (", ..." if len(values) > _TOLD else "")


def _without_a_row(db: duckdb.DuckDBPyConnection, given: str, identifier: str, name: str) -> str:
    """That an institution has no row in the ranking, and what the strings that name it are counted for."""
    from affil.names import fold

    db.execute("SET VARIABLE entity = ?", [identifier])
    rows = db.execute(sql("why/unranked")).fetchall()
    own = {string: counts for string, institution, _, counts in rows if institution == identifier}
    spelt = {f" {fold(one)} " for one in (given, name)}
    parts = {
        string: (institution, part)
        for string, institution, part, counts in rows
        if institution != identifier and counts and string not in own and any(one in f" {fold(string)} " for one in spelt)
    }
    told = []
    if itself := sum(own.values()):
        told.append(
            said(
                "{0:,} {0:string is|strings are} counted for it, outside of what is asked (kind, place) or as its parents (roll-up)",
                itself,
            )
        )
    if parts:
        units = dict(parts.values())
        how = _roll_up_to(db, identifier, units)
        told.append(
            said(
                "{0:,} {0:string names|strings name} it, counted for {2}, {1:a part|parts} of it "
                '(see {3}decide.policy = "all" in settings.toml)',
                len(parts),
                len(units),
                _some([*units.values()]),
                said("--roll-up {0}, or ", how) if how else "",
            )
        )
    if waiting := [string for string, counts in own.items() if not counts]:
        told.append(
            said(
                "{0:,} {0:string|strings} in review may name it: {1}", len(waiting), _some([repr(string) for string in waiting])
            )
        )
    because = joined("; ", told) if told else said("no string is counted for it, and none in review may name it")
    if _spelt(given) == _spelt(name):
        return said("{0} ({1}) has no row in this ranking: {2}", name, identifier, because)
    return said("{0!r} is {1} ({2}), which has no row in this ranking: {3}", given, name, identifier, because)


def _roll_up_to(db: duckdb.DuckDBPyConnection, identifier: str, units: Collection[str]) -> str:
    """The first way of rolling up by which units that strings name beside an institution count for it; "" where none leads there."""
    for how in ROLL_UPS[:0:-1]:
        ways = ways_up(db, how)
        if all(identifier in dict(ways.of(unit, (identifier,))) for unit in units):
            return how
    return ""


def _other_level(db: duckdb.DuckDBPyConnection, level: Level, given: str) -> str:
    """The level at which this name is one, where it is not the one that was asked for, else ""."""
    if level not in ("country", "continent") and (places := _places(given)):
        return "country" if len(places[0]) == 2 else "continent"
    city = db.execute("SELECT count(*) FROM institutions WHERE lower(city) = lower(?)", [" ".join(given.split())]).fetchall()
    return "city" if level != "city" and city[0][0] else ""


def _places(given: str) -> list[str]:
    try:
        place = find_place(given, {})
    except AffilError:
        return []
    return [place.code or place.name]


def _by_other_name(db: duckdb.DuckDBPyConnection, frame: pd.DataFrame, given: str, known: Sequence[Known]) -> pd.DataFrame:
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
        raise AffilError(_without_a_row(db, given, one.id, one.name))
    if len(ranked) > 1:
        papers = dict(zip(ranked["id"], ranked["publications"], strict=True))
        choices = joined(
            ", ",
            (said("{0} ({1}, {2})", b.name, b.id, counted(papers[b.id], "paper")) for b in bearers.values() if b.id in papers),
        )
        raise AffilError(said("several institutions are called {0!r}: {1}; give an id", given, choices))
    return ranked


def _near(frame: pd.DataFrame, level: Level, given: str, lookup: Lookup | None) -> list[str]:
    """Names in the ranking that are like it: those that the registry finds first, as it knows more names."""
    known = [one.id for one in lookup(given)] if lookup is not None and level == "institution" else []
    by_id = frame.set_index("id")["name"]
    near = [by_id[i] for i in known if i in by_id.index] + nearest(given, dict.fromkeys(frame["name"], ()))
    return list(dict.fromkeys(near))[:3]
