"""Stored counts: those of a venue and year are recomputed only if its papers change, those of a paper only if its answers do.

    counts/states/000001.json      a state: the file of each venue and year, and its inputs
    counts/snapshots/NAME.json     a named state
    counts/files/HASH.parquet      rows of `credit` of one venue and year, or answers, or institutions; named by their content, which
                                   is compared with the name before they are read

Files are immutable. A state is written after all its files, so readers see either the old or the new one. Files that no kept
state refers to are deleted.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, Unpack

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from affil.errors import AffilError, InputError
from affil.io.arrays import put_rows
from affil.io.checksums import digest, read_json, sealed_json, verify
from affil.io.database import database
from affil.io.outputs import atomic_path, files_in, sweep
from affil.io.threads import in_threads
from affil.rank.credit import (
    CREDIT,
    TEXTS,
    Tables,
    VenueYear,
    all_credit,
    as_credit,
    batches,
    count_credit,
    lost_decisions,
    number,
    number_again,
    prepare,
    sql,
)
from affil.rank.measure import CheckedQuery, Query, find_venues, measure, with_families
from affil.rank.named import Lookup
from affil.rank.numbers import number_texts
from affil.rank.ranking import Ranking
from affil.rank.state import FORMAT, KEYS, Partition, State
from affil.rank.venues import Venues
from affil.settings import RankSettings
from affil.wording import said

_NAME = re.compile(r"[\w.-]{1,80}")
_STATS = ("papers", "unaligned", "repeated", "mentions", "matched", "review", "none", "missing", "pending", "decided")
_OF_ANSWERS = _STATS[4:]  # and not of papers alone


class Store:
    """The stored counts of one project, in a folder."""

    def __init__(self, folder: Path, fix: str = said("delete the folder; it will be made again")) -> None:
        """The folder, and what to do where a file in it is damaged."""
        self.folder, self._fix = folder, fix

    def refresh(
        self,
        tables: Tables,
        decisions: Mapping[str, Sequence[str]],
        venues: Venues,
        settings: RankSettings,
        *,
        entries: int = 0,
        about: Mapping[str, Any] | None = None,
        run: bool = False,
        inputs: str = "",
        strings: Collection[str] | None = None,
    ) -> State:
        """Update the counts and return their state; only venues and years with changed papers are recounted, and of others the papers
        that mention a string whose answer changed.

        Args:
            tables: the input; papers need a column `digest`, which changes with the record.
            decisions: raw string -> ids.
            venues: the venue table.
            settings: counting settings.
            entries: the number of the ledger's last entry.
            about: further provenance to store.
            run: whether this is the end of a run.
            inputs: a digest of tables, decisions, venues and settings; where it is that of the last state, they are not looked at.
            strings: where nothing but decisions on these has changed since the last state; None: anything may have.

        Where no ranking changed it is the last state, with what it stands on now: `about` and `entries` as they are given.

        The caller keeps others from refreshing at the same time.
        """
        last, about = self.last(), {**(about or {}), **({"inputs": inputs} if inputs else {})}
        known = last is not None and last.about.get("inputs", "") == inputs
        if last is not None and not run and inputs and known and self._there(last):
            return replace(last, about=about, decisions=entries)
        with database(settings.memory) as db:
            old = {(p.venue, p.year): p for p in last.partitions} if last and self._usable(last, settings) else {}
            few = strings if old else None
            prepare(db, tables, decisions, venues, settings, few)
            if last is not None and old:
                db.read_parquet(str(self.whole(last.answers))).create_view("answer_before")
                if few is not None:
                    db.execute("INSERT INTO answer BY NAME SELECT * FROM answer_before ANTI JOIN asked USING (affiliation)")
            papers = _papers(db) if few is None else {where: p.papers for where, p in old.items()}
            touched = {where for where, digest in papers.items() if where not in old or old[where].papers != digest}
            made = in_threads(self._stored, self._count(db, sorted(touched), papers, settings))
            fresh = {(p.venue, p.year): p for p in made}
            if old:
                answered = _changed_answers(db, few is None) & papers.keys() - touched
                again = {where: old[where] for where in sorted(answered) if old[where].file}
                made = in_threads(self._stored, self._count_again(db, again, settings))
                fresh |= {(p.venue, p.year): p for p in made}
            state = State(
                number=1 + max((int(file.stem) for file in self._states()), default=0),  # also after one of another version
                time=datetime.now(UTC).isoformat(timespec="microseconds"),
                partitions=tuple(fresh.get(where) or old[where] for where in sorted(papers)),
                answers=self._write(_answers(db)),
                institutions=self._copy(tables.institutions),
                venues=tuple(venues[v] for v in sorted({v for v, _ in papers} & venues.keys())),
                settings=settings,
                decisions=entries,
                about=about,
                warnings=lost_decisions(db),
                run=run,
            )
        if last is not None and last.same_counts(state) and last.warnings == state.warnings:
            state = replace(last, run=last.run or run, about=about, decisions=entries)
            if not run and known:
                return state
        self._save(state, self._numbered(state.number))
        self._tidy(settings.kept_states)
        return state

    def last(self) -> State | None:
        """The newest state; None if there is none, or it has another format version."""
        files = self._states()
        return self._load(files[-1]) if files else None

    def since(self, what: str) -> State:
        """Find a state: by the name of a snapshot; by date or time (ISO, UTC), as of its end; or `last`, the state after the
        last run, or before it if nothing has changed since.

        Raises:
            AffilError: there is no such state.
        """
        states = [state for file in self._states() if (state := self._load(file)) is not None]
        if not states:
            raise AffilError(said("nothing counted yet; first run: affil run PAPERS... -w WS"))
        if what == "last":
            runs = [state for state in states[:-1] if state.run]
            before = states[-1].run or not runs
            found = states[-2] if before and len(states) > 1 else None if before else runs[-1]
            if found is None:
                raise AffilError(said("there is nothing to compare with yet: this is the first state of the counts"))
            return found
        snapshot = self._snapshot(what)
        if snapshot is not None and snapshot.exists():
            named = self._load(snapshot)
            if named is None:
                raise AffilError(said("snapshot {0!r} was made by another version of affil", what))
            return named
        try:
            moment = datetime.fromisoformat(what)
        except ValueError:
            named_ones = ", ".join(self.snapshots()) or said("none yet")
            raise AffilError(
                said("{0!r} is no snapshot ({1}), no date like 2026-11-24, and not: last", what, named_ones)
            ) from None
        end = datetime.combine(moment, time.max) if len(what) <= len("2026-11-24") else moment
        end = end if end.tzinfo else end.replace(tzinfo=UTC)
        earlier = [state for state in states if datetime.fromisoformat(state.time) <= end]
        if not earlier:
            raise AffilError(
                said("no state of the counts is as old as {0}; the oldest one kept is from {1}", what, states[0].time)
            )
        return earlier[-1]

    def snapshot(self, name: str, state: State) -> State:
        """Save a state under a name until it is removed.

        Raises:
            AffilError: the name is taken or invalid.
        """
        file = self._snapshot(name)
        if file is None or name == "last" or name[0].isdigit() or name[0] == ".":
            raise AffilError(
                said("invalid snapshot name {0!r}; use letters, digits, '.', '_' and '-', starting with a letter", name)
            )
        if file.exists():
            raise AffilError(said("there is already a snapshot {0!r}; remove it first, or choose another name", name))
        named = replace(state, name=name)
        self._save(named, file)
        return named

    def remove_snapshot(self, name: str) -> None:
        """Delete a snapshot.

        Raises:
            AffilError: there is no snapshot of that name.
        """
        file = self._snapshot(name)
        if file is None or not file.exists():
            raise AffilError(said("no snapshot {0!r}; known are: {1}", name, ", ".join(self.snapshots()) or said("none")))
        file.unlink()

    def snapshots(self) -> dict[str, str]:
        """The names of the snapshots, each with the time of its state, oldest first."""
        files = files_in(self.folder / "snapshots", "*.json")
        found = {f.stem: str(self._read(f)["time"]) for f in files}
        return dict(sorted(found.items(), key=lambda item: item[1]))

    def rank(
        self,
        state: State,
        *,
        limit: int | None = None,
        around: str | None = None,
        lookup: Lookup | None = None,
        **query: Unpack[Query],
    ) -> Ranking:
        """Rank a state with its own settings and venues; see `affil.rank.rank`."""
        with self.opened(state, **query) as (db, venues):
            ranking = measure(db, venues, state.settings, limit=limit, around=around, lookup=lookup, **query)
            ranking = with_families(db, venues, ranking, **query)
            return replace(ranking, warnings=ranking.warnings + state.warnings, state=state)

    @contextmanager
    def opened(self, state: State, **query: Unpack[Query]) -> Iterator[tuple[duckdb.DuckDBPyConnection, Venues]]:
        """A connection with the tables `stats`, `institutions`, and those of sql/numbers.sql, of a state; `credit` is limited to the query's
        slice.
        """
        asked, venues = CheckedQuery(query, state.settings), Venues(state.venues)
        chosen = find_venues(asked.venues, [(p.venue, p.year) for p in state.partitions], venues)
        needed = [p for p in state.partitions if p.venue in (chosen or (p.venue,)) and asked.covers(p.venue, p.year, venues)]
        with database(state.settings.memory) as db:
            rows = [(p.venue, p.year, *(p.stats[name] for name in _STATS)) for p in state.partitions]
            put_rows(db, "stats", rows, venue="VARCHAR", year="SMALLINT", **dict.fromkeys(_STATS, "BIGINT"))
            db.read_parquet(str(self.whole(state.institutions))).create("institutions")
            files = [str(self.whole(p.file)) for p in needed if p.file]
            number_texts(db, db.read_parquet(files) if files else db.from_arrow(CREDIT.empty_table()), state.settings)
            yield db, venues

    def file(self, name: str) -> Path:
        """The path of a file of a state."""
        return self.folder / "files" / f"{name}.parquet"

    def whole(self, name: str) -> Path:
        """The path of a file of a state, whose content is what its name says.

        Raises:
            InputError: it is missing or damaged.
        """
        return verify(self.file(name), name, self._fix)

    def kept(self) -> list[tuple[Path, str]]:
        """All files of the counts, and what each holds."""
        states: list[tuple[Path, str]] = [(f, said("counts at one time")) for f in self._states()]
        snapshots = [(f, said("snapshot")) for f in files_in(self.folder / "snapshots", "*.json")]
        return states + snapshots + [(f, said("counts")) for f in files_in(self.folder / "files", "*.parquet")]

    def check(self, file: Path) -> None:
        """Read one of these files.

        Raises:
            InputError: it is damaged, or a file of a state is missing.
        """
        if file.suffix == ".parquet":
            self.whole(file.stem)
        elif (state := self._load(file)) is not None:
            missing = next((name for name in _files(state) if not self.file(name).exists()), None)
            if missing is not None:
                raise InputError(file, said("its file {0} is missing", self.file(missing).name), fix=self._fix)

    def _usable(self, last: State, settings: RankSettings) -> bool:
        """Whether partitions of the last state can be reused: only settings used for counting matter."""
        same = all(getattr(last.settings, f) == getattr(settings, f) for f in ("include_review", "min_title", "stated_places"))
        return same and self._there(last)

    def _there(self, state: State) -> bool:
        return all(self.file(f).exists() for f in _files(state))

    def _count(
        self,
        db: duckdb.DuckDBPyConnection,
        wanted: Sequence[VenueYear],
        papers: Mapping[VenueYear, str],
        settings: RankSettings,
    ) -> Iterator[tuple[Partition, pa.Table]]:
        """Venues and years with their credit, which is not written yet."""
        if not wanted:
            return
        spans = number(db, settings, wanted)
        stats = _rows_of(db.sql("SELECT * FROM stats"))
        for where, credit in count_credit(db, spans, settings):
            yield Partition(*where, "", papers[where], stats[where]), credit

    def _count_again(
        self, db: duckdb.DuckDBPyConnection, parts: Mapping[VenueYear, Partition], settings: RankSettings
    ) -> Iterator[tuple[Partition, pa.Table]]:
        """The same, where only papers that mention a string of the table `changed` are counted again; the others, and their number, are as
        before.
        """
        ends = np.cumsum([p.stats["papers"] for p in parts.values()]).tolist()
        spans = [(where, end - p.stats["papers"] + 1, end) for (where, p), end in zip(parts.items(), ends, strict=True)]
        for some in batches(spans, settings.papers_at_once):
            files = [str(self.whole(parts[where].file)) for where, *_ in some]
            db.read_parquet(files).create_view("credit_before", replace=True)
            found = number_again(db, settings)
            if not found:
                continue  # only records that are left out mention them
            db.register("credit", all_credit(db, found, settings))
            db.execute(sql("credit_after"))
            credit = db.sql(
                "FROM credit_after ORDER BY venue, year, paper, position, affiliation, institution, credit"
            ).to_arrow_table()
            now, before = (_rows_of(db.sql(sql("stats").format(answer=one))) for one in ("answer", "answer_before"))
            rows = db.execute("SELECT venue, year, count(*) FROM credit_after GROUP BY ALL ORDER BY ALL").fetchall()
            for (venue, year, many), end in zip(rows, np.cumsum([many for *_, many in rows]).tolist(), strict=True):
                where = venue, year
                if where in now:
                    more = {name: now[where][name] - before[where][name] for name in _OF_ANSWERS}
                    totals = {name: number + more.get(name, 0) for name, number in parts[where].stats.items()}
                    yield replace(parts[where], stats=totals), as_credit(credit.slice(end - many, many))

    def _stored(self, counted: tuple[Partition, pa.Table]) -> Partition:
        part, credit = counted
        return replace(part, file=self._write(credit) if len(credit) else "")

    def _copy(self, table: Path | pa.Table) -> str:
        return self._write(table) if isinstance(table, pa.Table) else self._put(table.read_bytes())

    def _write(self, table: pa.Table) -> str:
        sink = pa.BufferOutputStream()
        table = table.replace_schema_metadata(None).combine_chunks()
        pq.write_table(table, sink, compression="zstd", use_dictionary=[*TEXTS], write_statistics=False)
        return self._put(sink.getvalue())

    def _put(self, content: bytes | pa.Buffer) -> str:
        """Store a file under the hash of its bytes; returns the hash."""
        name = digest(memoryview(content))
        if not self.file(name).exists():
            self.file(name).parent.mkdir(parents=True, exist_ok=True)
            with atomic_path(self.file(name), sync=False) as temporary:
                temporary.write_bytes(content)
        return name

    def _states(self) -> list[Path]:
        return files_in(self.folder / "states", "*.json")

    def _numbered(self, number: int) -> Path:
        return self.folder / "states" / f"{number:06}.json"

    def _snapshot(self, name: str) -> Path | None:
        return self.folder / "snapshots" / f"{name}.json" if _NAME.fullmatch(name) else None

    def _save(self, state: State, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(file) as temporary:
            temporary.write_text(sealed_json(state.to_json()), "utf-8")

    def _read(self, file: Path) -> dict[str, Any]:
        return read_json(file, self._fix, KEYS)

    def _load(self, file: Path) -> State | None:
        content = self._read(file)
        try:
            if content["format"] != FORMAT:
                return None
            state = State.from_json(content)
        except (ValueError, KeyError, TypeError) as error:  # of an older version, which wrote no checksum
            raise InputError(file, said("is damaged: {0}", error), fix=self._fix) from error
        if file != (self._snapshot(state.name) if state.name else self._numbered(state.number)):
            raise InputError(file, said("is not the state of its name"), fix=self._fix)
        return state

    def _tidy(self, kept: int) -> None:
        """Delete the oldest states, and unused or unfinished files."""
        sweep(self.folder)
        for file in self._states()[:-kept]:
            file.unlink()
        states = [self._load(file) for file in (*self._states(), *files_in(self.folder / "snapshots", "*.json"))]
        named = {name for state in states if state is not None for name in _files(state)}
        for file in files_in(self.folder / "files", "*.parquet"):
            if file.stem not in named:
                file.unlink()


def _files(state: State) -> Iterator[str]:
    yield from (state.answers, state.institutions)
    yield from (p.file for p in state.partitions if p.file)


def _papers(db: duckdb.DuckDBPyConnection) -> dict[VenueYear, str]:
    """An order-independent digest of the papers of each venue and year, by published venue name."""
    rows = db.execute(
        "SELECT venue_name.venue, year, count(*), bit_xor(md5_number(concat_ws(chr(31), id, papers.venue, hex(digest)))) "
        "FROM papers JOIN venue_name ON venue_name.published = papers.venue GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return {(str(venue), int(year)): f"{number}:{digest:x}" for venue, year, number, digest in rows}


def _rows_of(stats: duckdb.DuckDBPyRelation) -> dict[VenueYear, dict[str, int]]:
    """The numbers of sql/stats.sql by venue and year."""
    rows = stats.to_arrow_table().to_pylist()
    return {(r["venue"], r["year"]): {name: int(r[name] or 0) for name in _STATS} for r in rows}


def _answers(db: duckdb.DuckDBPyConnection) -> pa.Table:
    return db.sql("SELECT * FROM answer ORDER BY affiliation, institution, since").to_arrow_table()


def _changed_answers(db: duckdb.DuckDBPyConnection, any_string: bool) -> set[VenueYear]:
    """Venues and years with a string whose answer changed; creates the table `changed`, of these strings."""
    now, before = (one if any_string else f"{one} SEMI JOIN asked USING (affiliation)" for one in ("answer", "answer_before"))
    db.execute(
        "CREATE TEMP TABLE changed AS SELECT DISTINCT affiliation "
        f"FROM ((FROM {now} EXCEPT FROM {before}) UNION ALL (FROM {before} EXCEPT FROM {now}))"
    )
    rows = db.execute(
        "SELECT DISTINCT venue_name.venue, papers.year FROM mentions SEMI JOIN changed USING (affiliation) "
        "JOIN papers ON papers.id = mentions.paper JOIN venue_name ON venue_name.published = papers.venue"
    ).fetchall()
    return {(str(venue), int(year)) for venue, year in rows}
