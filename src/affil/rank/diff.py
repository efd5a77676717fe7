"""Changes between two states of the counts, and the decisions, answers or papers that caused them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Unpack

import pyarrow as pa

from affil.errors import AffilError, InputError
from affil.io.database import database
from affil.ledger.cases import Cases, key_of
from affil.rank.credit import CREDIT, sql
from affil.rank.measure import CheckedQuery, Query, measure
from affil.rank.named import Lookup, find_row
from affil.rank.ranking import plain_rows
from affil.rank.state import State
from affil.rank.store import Store
from affil.types import LedgerEntry
from affil.wording import Said, marked, said

if TYPE_CHECKING:
    import pandas as pd

_SAME = 1e-9  # two values of a measure that differ by less are the same


@dataclass(frozen=True, slots=True)
class Diff:
    """Changes between two states.

    `moves` has one row for each entity whose rank or measure changed: id, name, country (at levels that have it), rank_before,
    rank_after (null if unranked), before, after (the measure), change. Entities whose own measure changed come first, then those
    that moved because others did; within both, largest moves first.

    `causes` explains changes of an entity's own numbers, largest first: id, cause (decision, answer, paper added, paper
    removed, paper or settings changed), what (the string, or venue and year), entry (the number of the decision), who, why,
    was, now (institutions of the string before and after), papers (change of publications), adjusted (change of adjusted
    publications). An entity without causes moved because others did.

    `notes` list other changes.
    """

    moves: pd.DataFrame
    causes: pd.DataFrame
    before: State
    after: State
    by: str
    notes: tuple[str, ...] = ()

    def split(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Split the moves: entities whose own measure changed, others that moved by several ranks, others that moved by one."""
        own = self.moves["change"].abs() > _SAME
        by_one = ~own & ((self.moves["rank_before"] - self.moves["rank_after"]).abs() == 1).fillna(False)
        return self.moves[own], self.moves[~own & ~by_one], self.moves[by_one]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences that a reader must see."""
        return self.after.warnings

    def to_dict(self) -> dict[str, Any]:
        """A JSON-serialisable dictionary."""
        return {
            "since": {"time": self.before.time, "name": self.before.name},
            "now": {"time": self.after.time, "name": self.after.name},
            "by": self.by,
            "notes": list(self.notes),
            "moves": plain_rows(self.moves),
            "causes": plain_rows(self.causes),
        }


def diff(
    store: Store,
    before: State,
    after: State,
    entries: Sequence[LedgerEntry],
    *,
    entity: str | None = None,
    lookup: Lookup | None = None,
    **query: Unpack[Query],
) -> Diff:
    """Compare two states, each ranked with its own settings and venues.

    Args:
        store: the store of both states.
        before: the earlier one.
        after: the later one.
        entries: the ledger's entries.
        entity: only the moves of this one; an id or a name.
        lookup: finds institutions by names missing from the tables.
        query: see `Query`.

    Raises:
        AffilError: the query is invalid, or the entity is in neither ranking.
    """
    import pandas as pd

    changed = _changed_papers(store, before, after)
    ranked, held, named = _counted(store, after, changed, query)
    try:
        ranked_before, held_before, named_before = _counted(store, before, changed, query)
    except InputError:  # its counts are damaged
        raise
    except AffilError:  # the slice was empty before
        ranked_before, held_before, named_before = ranked.head(0), held.slice(0, 0), named.slice(0, 0)
    by = CheckedQuery(query, after.settings).by
    moves, notes = _moves(ranked_before, ranked, by), tuple[str, ...]()
    if entity is not None:
        level = CheckedQuery(query, after.settings).level
        both = pd.concat([ranked, ranked_before[~ranked_before["id"].isin(ranked["id"])]], ignore_index=True)
        with store.opened(after, **query) as (db, _):
            meant = find_row(db, both, level, entity, lookup)
        moves = moves[moves["id"] == meant.row["id"]].reset_index(drop=True)
        notes = (meant.note,) if meant.note else ()
    with database(after.settings.memory) as db:
        tables = {"held_after": held, "named_after": named, "held_before": held_before, "named_before": named_before}
        for name, table in tables.items():
            db.register(name, table)
        for name, state in {"before": before, "after": after}.items():
            db.read_parquet(str(store.whole(state.answers))).create_view(f"answer_{name}")
        db.register("decision", _decisions(entries, before.decisions, after.decisions))
        causes = db.execute(sql("diff/causes")).df()
    causes = causes[causes["id"].isin(moves["id"])].reset_index(drop=True)
    return Diff(moves, causes, before, after, by, (*notes, *_notes(before, after)))


def _counted(store: Store, state: State, changed: pa.Table, query: Query) -> tuple[pd.DataFrame, pa.Table, pa.Table]:
    """A state's ranking, and of papers that may have changed: credit by entity, and the institutions of each string."""
    plain = replace(state, settings=state.settings.model_copy(update={"ranges": False}))
    with store.opened(plain, **query) as (db, venues):
        frame = measure(db, venues, plain.settings, **query).frame
        db.register("changed", changed)
        return frame, db.sql(sql("diff/held")).to_arrow_table(), db.sql(sql("diff/named")).to_arrow_table()


def _moves(before: pd.DataFrame | None, after: pd.DataFrame, by: str) -> pd.DataFrame:
    import pandas as pd

    about = [c for c in ("name", "country") if c in after]
    columns = ["id", *about, "rank", by]
    earlier = after[columns].head(0) if before is None else before[columns]
    both = earlier.merge(after[columns], on="id", how="outer", suffixes=("_before", "_after"))
    out = pd.DataFrame(
        {
            "id": both["id"],
            **{c: both[f"{c}_after"].fillna(both[f"{c}_before"]) for c in about},
            "rank_before": both["rank_before"].astype("Int64"),
            "rank_after": both["rank_after"].astype("Int64"),
            "before": both[f"{by}_before"].astype(float),
            "after": both[f"{by}_after"].astype(float),
        }
    )
    out["change"] = out["after"].fillna(0) - out["before"].fillna(0)
    moved = (out["rank_before"] - out["rank_after"]).abs()
    changed = out["change"].abs() > _SAME
    out = out.assign(own=changed, moved=moved.fillna(len(out) + 1), size=out["change"].abs())[changed | (moved.fillna(1) != 0)]
    out = out.sort_values(["own", "moved", "size", "name"], ascending=[False, False, False, True], kind="stable")
    return out.drop(columns=["own", "moved", "size"]).reset_index(drop=True)


def _changed_papers(store: Store, before: State, after: State) -> pa.Table:
    """The ids of papers whose credit may differ: those whose stored rows do, or all if another input of the counts changed."""
    same_rest = (before.institutions, before.venues, before.settings) == (after.institutions, after.venues, after.settings)
    old, new = ({p.file for p in state.partitions if p.file} for state in (before, after))
    with database(after.settings.memory) as db:
        for name, files in {"before": old, "after": new}.items():
            read = [str(store.whole(file)) for file in sorted(files - (old & new if same_rest else set()))]
            (db.read_parquet(read) if read else db.from_arrow(CREDIT.empty_table())).create_view(f"credit_{name}")
        return db.sql(sql("diff/changed" if same_rest else "diff/every")).to_arrow_table()


def _decisions(entries: Sequence[LedgerEntry], first: int, last: int) -> pa.Table:
    """The last entry on each string, among `first` to `last`, that changed which decision holds; an opinion changes nothing."""
    cases, newest = Cases(e for e in entries if e.number <= first), dict[str, LedgerEntry]()
    for entry in entries:
        if first < entry.number <= last:
            case = cases.get(key_of(entry))
            held = case and case.holder
            cases.add([entry])
            if cases[key_of(entry)].holder is not held:
                newest[entry.affiliation] = entry
    rows = [
        {
            "affiliation": e.affiliation,
            "entry": e.number,
            "who": e.by,
            "why": ("takes back: " if e.undoes else "") + e.why,
        }
        for e in newest.values()
    ]
    text = [(name, pa.string()) for name in ("affiliation", "who", "why")]
    return pa.Table.from_pylist(rows, pa.schema([*text, ("entry", pa.int64())]))


def _notes(before: State, after: State) -> tuple[str, ...]:
    """Changes other than papers and answers, and reasons for changed answers."""
    out = []
    old, new = before.settings.model_dump(), after.settings.model_dump()
    out += [
        said("the setting rank.{0} was {1!r} and is {2!r}", name, old[name], new[name])
        for name in new
        if old.get(name) != new[name]
    ]
    if before.venues != after.venues:
        was = {v.venue: v for v in before.venues}
        other = [v.venue for v in after.venues if v.venue in was and was[v.venue] != v]
        if other:
            out.append(said("the venue table says something else of {0}", ", ".join(other)))
    for what in (marked("model"), marked("registry"), marked("matching")):
        if before.about.get(what) != after.about.get(what):
            out.append(said("the {0} changed", Said(what)))
    return tuple(out)
