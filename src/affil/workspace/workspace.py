"""A workspace: one folder that holds a project from papers to rankings, and what anyone needs to repeat it.

    tables/               papers, mentions, strings, matches and institutions, each with the number of the step that wrote it:
        papers            id, title, venue, year, authors (their number), aligned, digest
        mentions          paper, position, author, affiliation: a row for each author and raw string; affiliation is null where
                          an author has none, position and author where a paper's strings are not aligned to authors
        strings           affiliation, mentions, papers: the distinct strings, most mentioned first
        matches           affiliation, institution_id, probability, decision, by, stated_city, stated_region, stated_country: the
                          model's answers, with a null id where there is none; what people decided is kept apart, in the ledger,
                          and stands above it
        institutions      the registry that the ids belong to
    manifest.json         which tables hold, versions, hashes, counts
    ledger.sqlite         what people decided
    own.csv               optional: institutions and names that people added, laid over the registry
    registry.affil        the registry with them, as the last run used it
    settings.toml         the settings of this project
    venues.csv            optional: venues laid over the shipped ones
    counts/               what every venue and year counted, now and before (see `affil.rank.store`)
    matching/             the finished batches of a run that was interrupted; the next one takes them

A table is never changed. A step (a run, papers added) writes new ones, which nothing names until the step ends: then the manifest is
replaced, at once, and names them. So a step that is killed has never been, and one that ended is whole. The next step deletes what
the manifest does not name. `Workspace.table` says where a table is; workspaces of before had them in the folder itself.
"""

from __future__ import annotations

import json
import platform
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from affil.errors import AffilError, BusyError, InputError, UnknownIdError
from affil.io.files import atomic_path, files_in, sweep
from affil.ledger import Key, Ledger
from affil.ledger.cases import key_of, unexplained
from affil.ledger.overrides import apart_name, set_apart
from affil.names import fold
from affil.names.ids import mistyped
from affil.rank import Diff, Query, Ranking, State, Store, Tables, Trend, Venues, Why, diff, load_venues, trend, why
from affil.rank.credit import find_ids
from affil.registry.dump import ROR
from affil.registry.local import add_name, make_institution, read_own, write_own
from affil.settings import Settings, load_settings, settings_toml
from affil.types import Institution, LedgerEntry, Name, Paper
from affil.workspace.ingest import digests_of, keep_rows, write_papers
from affil.workspace.layout import MATCHES, MENTIONS, PAPERS, TABLES, TEXT, hash_of, identity_of, marked, sha256_of, version_of
from affil.workspace.matching import MatcherLike, answers_of, count_strings, institution_row, strings_of, write_institutions
from affil.workspace.results import about_result, main_table, save_table

if TYPE_CHECKING:
    from affil.discovery.proposals import Proposal
    from affil.match import Matcher
    from affil.papers.common import Problem
    from affil.papers.read import Duplicate
    from affil.registry import Registry


_WITHOUT_EFFECT: Any = {"retrieve": {"batch", "searched_at_once", "remembered"}, "decide": {"small"}}  # on what is matched
_OF_THE_FOLDER = {"time", "chosen", "tables", "step", "replaced", "runs"}  # what the manifest says that repeats nothing
_CHUNK = 20_000  # papers held in memory at once
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Added:
    """What `add_papers` did: papers that are new, that replaced an older record of their id, or that were there already.

    `duplicates` are ids that occur twice in these files; the first record of each was taken. `problems` are records that were
    left out or read only in part.
    """

    new: int
    replaced: int
    unchanged: int
    duplicates: tuple[Duplicate, ...] = ()
    problems: tuple[Problem, ...] = ()

    def problem_lines(self) -> list[str]:
        """The problems in a few plain sentences, the same ones together."""
        together: dict[tuple[str, str, bool], list[int]] = {}
        for one in self.problems:
            together.setdefault((one.path, one.what, one.lost), []).append(one.row)
        return [
            f"{path}: {len(rows):,} {'papers left out' if lost else 'papers'}, as each {what} (first: row {rows[0]})"
            for (path, what, lost), rows in together.items()
        ]


@dataclass(frozen=True, slots=True)
class Run:
    """What `run` did: strings in the workspace, strings matched now, and whether all had to be matched again, and why.

    `added` is what `add_papers` would have returned, None where no papers were given.
    """

    strings: int
    matched: int
    again: str = ""
    added: Added | None = None


class _Change:
    """One step: the tables that it writes, which nothing names yet, and news for the manifest, which makes them known at once."""

    def __init__(self, folder: Path, manifest: dict[str, Any], tables: dict[str, str]) -> None:
        self.folder, self.before, self.tables = folder, manifest, dict(tables)
        self.replaced = set(tables.values())
        self.number = int(manifest.get("step", 0)) + 1
        self.news: dict[str, Any] = {}
        self.done_with: list[Path] = []  # folders that are deleted when the step has ended

    def file(self, table: str) -> Path | None:
        """Where a table is, as it will be; None where there is none."""
        return self.folder / self.tables[table] if table in self.tables else None

    @contextmanager
    def writing(self, table: str) -> Iterator[Path]:
        """Where to write a table anew; it takes the place of the old one when the block ends well."""
        name = f"tables/{table}-{self.number:06}.parquet"
        (self.folder / "tables").mkdir(exist_ok=True)
        with atomic_path(self.folder / name) as temporary:
            yield temporary
        self.tables[table] = name


@dataclass(slots=True)
class Workspace:
    """One project in a folder; see the module for its files. Made by `Workspace.open`."""

    path: Path
    settings: Settings = field(default_factory=Settings)

    @classmethod
    def open(cls, path: Path | str, create: bool = True) -> Workspace:
        """Open the workspace in a folder; with `create`, make it where there is none.

        Raises:
            AffilError: there is none and it must not, or cannot, be made.
            InputError: its settings.toml is not valid.
        """
        path = Path(path)
        if not any((path / file).exists() for file in ("settings.toml", "manifest.json")):
            if not create:
                raise AffilError(f"{path}: no workspace there; make one with: affil run PAPERS... -w {path}")
            if path.exists() and (not path.is_dir() or files_in(path, "*")):
                raise AffilError(f"{path}: is not an empty folder; name a new one for the workspace")
            try:
                path.mkdir(parents=True, exist_ok=True)
                with atomic_path(path / "settings.toml") as temporary:
                    temporary.write_text(settings_toml(Settings()), "utf-8")
            except OSError as error:
                raise AffilError(f"{path}: the workspace cannot be made: {error.strerror or error}") from error
        return cls(path, load_settings(path / "settings.toml"))

    @property
    def tables(self) -> Tables:
        """What is ranked.

        Raises:
            AffilError: nothing was matched yet.
        """
        return self.matched_tables()[0]

    def matched_tables(self) -> tuple[Tables, Path]:
        """What is ranked, and where the distinct strings are, all of one step.

        Raises:
            AffilError: nothing was matched yet.
        """
        self.must_be_matched()
        names = self._tables(self.manifest)
        papers, mentions, strings, matches, institutions = (self.path / names[name] for name in TABLES)
        return Tables(papers, mentions, matches, self._with_own(institutions)), strings

    def table(self, name: str) -> Path:
        """Where one of the tables is, as a Parquet file (see the module).

        Raises:
            AffilError: there is none yet.
        """
        names = self._tables(self.manifest)
        if name not in names:
            raise AffilError(f"{self.path}: no {name} yet; first: affil run PAPERS... -w {self.path}")
        return self.path / names[name]

    @property
    def manifest(self) -> dict[str, Any]:
        """Versions, hashes, counts and settings of the last steps; empty in a new workspace."""
        file = self.path / "manifest.json"
        if not file.exists():
            return {}
        try:
            out: dict[str, Any] = json.loads(file.read_text("utf-8"))
        except (ValueError, OSError) as error:
            raise InputError(file, f"cannot be read: {error}", fix="delete it and run again with all papers") from error
        return out

    @property
    def venues(self) -> Venues:
        """The shipped venues, with those of venues.csv laid over them."""
        own = self.path / "venues.csv"
        return load_venues(own if own.exists() else None)

    def choose(self, *, registry: Path | str | None = None, model: Path | str | None = None) -> None:
        """Set the registry or the model that the next run uses (see `run`)."""
        with self._changing(self.settings.review.wait) as change:
            change.news["chosen"] = self._choice(change, registry, model)
            self._commit(change)

    def institutions(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The registry that the ids belong to, with the institutions that people added, as a table."""
        found = self._with_own(self.table("institutions"))
        if isinstance(found, pa.Table):
            return found if columns is None else found.select(list(columns))
        return pq.read_table(found, columns=None if columns is None else list(columns))

    def published_venues(self) -> list[str]:
        """The venues of the papers, under the names that these give them."""
        found = pc.unique(pq.read_table(self.table("papers"), columns=["venue"]).column(0)).to_pylist()
        return sorted(str(v) for v in found if v is not None)

    @property
    def own(self) -> dict[str, Institution]:
        """The institutions and names that people added, by id."""
        return read_own(self.path / "own.csv")

    def matcher(self) -> Matcher:
        """The matcher of the last run: its registry, with what people added, and its model."""
        chosen = self.manifest.get("chosen", {})
        return self._matcher(chosen.get("registry"), chosen.get("model"))

    def registry(self) -> Registry:
        """The registry of the last run, with what people added.

        Raises:
            InputError: it is not where it was.
        """
        return self._registry(self.manifest.get("chosen", {}).get("registry"))

    @property
    def ledger(self) -> Ledger:
        """What people decided. Entries note the registry and model of the last run."""
        return self.open_ledger()

    def open_ledger(self, *, lasting: bool = False) -> Ledger:
        """The ledger; with `lasting`, one that stays open between calls (see `Ledger`)."""
        manifest = self.manifest
        return Ledger(
            self.settings.review.ledger or self.path / "ledger.sqlite",
            model=manifest.get("model", {}).get("hash", ""),
            registry=manifest.get("registry", {}).get("version", ""),
            wait=self.settings.review.wait,
            lasting=lasting,
        )

    def add_papers(self, paths: Path | str | Iterable[Path | str]) -> Added:
        """Read papers (files of four kinds, see `read_papers`) into the workspace; a newer record of an id replaces the older one.

        Raises:
            InputError: a file cannot be read; the workspace stays as it was.
            AffilError: another process is changing the workspace.
        """
        with self._changing() as change:
            added = self._add(change, paths)
            self._commit(change)
        return added

    def run(
        self,
        progress: Progress | None = None,
        *,
        papers: Path | str | Iterable[Path | str] | None = None,
        read: Callable[[Added], None] | None = None,
        registry: Path | str | None = None,
        model: Path | str | None = None,
        matcher: MatcherLike | None = None,
    ) -> Run:
        """Match the strings that this registry, model and settings have not matched yet, with `papers` after adding these.

        Without arguments it takes the registry and model of the last run, in a new workspace the shipped ones; "shipped" goes
        back to those. All strings are matched again where registry, model or matching settings changed.

        All of it becomes visible at once, when it has ended; a run that was killed has never been, but for the batches that it
        finished, which the next one takes. One that is interrupted (`KeyboardInterrupt`) ends early: its papers are kept, and the
        batches that it finished count at once, unless all is matched again.

        Args:
            progress: called with (strings matched, strings to match) after every batch.
            papers: files to add first, as `add_papers` does.
            read: called with what came of these, before the matching begins.
            registry: a built registry, or one of the words `shipped` and `ror` (see `affil.registry.fetch_ror`).
            model: a trained model.
            matcher: a matcher to use instead of a registry and model.

        Raises:
            AffilError: there are no papers; another process is changing the workspace; registry or model cannot be read.
            InputError: a file of papers cannot be read. The workspace stays as it was.
        """
        with self._changing() as change:
            added = None if papers is None else self._add(change, papers)
            if added is not None and read is not None:
                read(added)
            if (file := change.file("strings")) is None:
                raise AffilError(f"{self.path}: no papers yet; add some with: affil run PAPERS... -w {self.path}")
            chosen = self._choice(change, registry, model)
            matcher = matcher or self._matcher(chosen["registry"], chosen["model"])
            identity = {
                "registry": matcher.registry.hash,
                "model": matcher.model_hash,
                "settings": hash_of(
                    self.settings.model_dump(include={"retrieve", "features", "decide"}, exclude=_WITHOUT_EFFECT)
                ),
            }
            change.news["chosen"] = chosen
            again = _why_again(change, identity)
            strings = pq.read_table(file, columns=["affiliation"]).column(0)
            matched = self._match(change, matcher, strings, identity, bool(again), progress)
            change.news |= {
                "registry": {"version": matcher.registry.version, "hash": identity["registry"]},
                "model": {"hash": identity["model"]},
                "runs": change.before.get("runs", 0) + 1,
            }
            self._commit(change)
            self._count()
        return Run(len(strings), matched, again, added)

    def rank(self, *, limit: int | None = None, resamples: int | None = None, **query: Unpack[Query]) -> Ranking:
        """Rank what was matched, with the ledger's decisions above the model's.

        What changed since the last time is counted again, the rest is kept. A file venues.csv in the workspace is laid over the
        shipped venue table.

        Args:
            limit: rows kept.
            resamples: how often doubtful matches are drawn for the intervals; 0: no intervals; default: the setting.
            query: level, area, venue, years, kind, by, roll_up (see `affil.rank.Query`).

        Raises:
            AffilError: nothing was matched yet, or an argument is unknown.
        """
        state = self._counted()
        if resamples is not None:
            state = replace(state, settings=state.settings.model_copy(update={"resamples": resamples}))
        return self.counts.rank(state, limit=limit, **query)

    def trend(self, *, panel: bool = False, limit: int | None = None, **query: Unpack[Query]) -> Trend:
        """A measure year by year (see `affil.rank.trend`).

        Raises:
            AffilError: nothing was matched yet, an argument is unknown, or no venue is in every year of a panel.
        """
        state = self._counted()
        everything: Query = {**query, "years": None, "by": "adjusted"}
        with self.counts.opened(state, **everything) as (db, venues):
            return trend(db, venues, state.settings, panel=panel, limit=limit, **query)

    def why(self, entity: str, **query: Unpack[Query]) -> Why:
        """The papers behind the numbers of an institution (or city, region, country), given by id or name.

        Raises:
            AffilError: nothing was matched yet, or there is no such entity in the ranking.
        """
        state = self._counted()
        plain = state.settings.model_copy(update={"resamples": 0})
        with self.counts.opened(state, **query) as (db, venues):
            return why(db, venues, plain, entity, self.table("papers"), **query)

    def diff(self, since: str = "last", **query: Unpack[Query]) -> Diff:
        """What moved since the last run (`last`), a date, or a snapshot, and through which decisions or papers.

        Raises:
            AffilError: nothing was matched yet, or there is nothing to compare with.
        """
        now = self.count()
        entries = [replace(e, affiliation=apart_name(key_of(e))) if e.paper else e for e in self.ledger.entries()]
        return diff(self.counts, self.counts.since(since), now, entries, **query)

    def snapshot(self, name: str) -> State:
        """Keep how things stand now under a name, to compare with later.

        Raises:
            AffilError: nothing was matched yet, or the name is taken.
        """
        self.must_be_matched()
        with self._alone():
            return self.counts.snapshot(name, self._count())

    def save(self, result: Ranking | Trend | Why | Diff, path: Path | str) -> Path:
        """Write a result as `save_table` does, and beside it `NAME.manifest.json`: how to repeat it, and what it rests on.

        Returns the path of the manifest.

        Raises:
            AffilError: another extension, or a file cannot be written; existing files stay as they were.
        """
        path = Path(path)
        manifest = path.with_name(path.name + ".manifest.json")
        with atomic_path(manifest) as beside, atomic_path(path) as temporary:
            save_table(result, temporary, shown=path)
            content = {
                "file": path.name,
                "sha256": sha256_of(temporary),
                "rows": len(main_table(result)),
                **about_result(result),
                "workspace": {k: v for k, v in self.manifest.items() if k not in _OF_THE_FOLDER},
                "last_decision": max((e.number for e in self.ledger.entries()), default=0),
                "made": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            beside.write_text(json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n", "utf-8")
        return manifest

    @property
    def counts(self) -> Store:
        """What was counted, now and before."""
        return Store(self.path / "counts")

    def count(self) -> State:
        """Bring the counts up to date with papers, matches, decisions and settings.

        Raises:
            AffilError: nothing was matched yet, or another process is changing the workspace.
        """
        self.must_be_matched()
        with self._alone():
            return self._count()

    def decide(
        self,
        affiliation: str,
        institution: str | Sequence[str] | None,
        *,
        by: str,
        why: str,
        paper: str = "",
        position: int | None = None,
        settle: bool = False,
    ) -> tuple[LedgerEntry, tuple[str, ...]]:
        """Record a decision after checking that the workspace's registry has the ids; returns the entry and warnings.

        A warning is given where the string does not occur in the workspace (the decision is kept: it may come), where an
        institution is closed and counts for its successor, and where another person's decision holds, so that this one stands
        beside it until someone settles the two. An id may be written in any form (see `affil.names.ids`), or be another id of
        the institution; the entry has the registry's. See `Ledger.decide`.

        Raises:
            AffilError: an id is unknown, an argument blank, or the ledger cannot be written.
        """
        self.must_be_matched()
        wanted = [] if institution is None else [institution] if isinstance(institution, str) else list(institution)
        known_ids, active = self._find_ids(wanted)
        ids, warnings = [], []
        for one in wanted:
            known = known_ids.get(one)
            if known is None:
                raise UnknownIdError(one, f"the registry of {self.path}", mistyped(one))
            if active[known] != known:
                since = self._taken_over(known)
                warnings.append(
                    f"{known} is closed; it counts for its successor {active[known]}{since and f' from {since} on'}"
                )
            ids.append(known)
        occurs = pc.any(pc.equal(pq.read_table(self.table("strings"), columns=["affiliation"]).column(0), affiliation))
        if not occurs.as_py():
            warnings.append(f"{affiliation!r} does not occur in {self.path}; the decision waits until it does")
        ledger = self.ledger
        entry = ledger.decide(affiliation, ids or None, by=by, why=why, paper=paper, position=position, settle=settle)
        case = ledger.standing()[key_of(entry)]
        if case.holder is not None and case.holder.number != entry.number:
            warnings.append(
                f"{case.holder.by} decided before (entry {case.holder.number}), and that holds until someone settles the two: "
                "decide again with --settle"
            )
        return entry, tuple(warnings)

    def _taken_over(self, identifier: str) -> str:
        """The first year that counts for the successor of a closed institution; "" where it counts in all years."""
        table = self.institutions()
        if not self.settings.rank.successors or "successor_from" not in table.column_names:
            return ""
        year = table.filter(pc.equal(table.column("id"), identifier)).column("successor_from")[0].as_py()
        return str(year or "")

    def _find_ids(self, wanted: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
        """The institutions that are meant by some ids, and what stands for each of those today."""
        with duckdb.connect() as db:
            db.register("institutions", self.institutions(["id", "active_id", "other_ids"]))
            find_ids(db, wanted)
            rows = db.execute("SELECT given, id, active_id FROM meant JOIN institutions USING (id)").fetchall()
        return {given: identifier for given, identifier, _ in rows}, {identifier: active for _, identifier, active in rows}

    def add_institution(
        self, name: str, country: str, *, city: str = "", kind: str = "other", names: Iterable[Name] = ()
    ) -> Institution:
        """Add an institution that the registry lacks; it can be decided for, and counts, at once.

        It stands in own.csv, and is matched from the next run on.

        Raises:
            AffilError: a field is wrong, or the registry has an institution of that name in that country; another process is
                changing the workspace.
        """
        self.must_be_matched()
        with self._alone(self.settings.review.wait):
            table = self.institutions(["id", "name", "country"])
            own = self.own
            made = make_institution(
                name, country, city=city, kind=kind, names=names, taken={*table.column("id").to_pylist(), *own}
            )
            known = zip(*(table.column(c).to_pylist() for c in ("id", "name", "country")), strict=True)
            same = next((i for i, n, c in known if c == made.country and fold(n) == fold(made.name)), None)
            if same is not None:
                raise AffilError(f"there is one called {made.name!r} in {made.country} already: {same}")
            write_own(self.path / "own.csv", [*own.values(), made])
        return made

    def add_names(self, names: Iterable[tuple[Institution, str]]) -> int:
        """Add names to institutions in own.csv, as aliases; returns how many are new. Matched from the next run on.

        Raises:
            AffilError: another process is changing the workspace, or it cannot be written.
        """
        with self._alone(self.settings.review.wait):
            own, added = self.own, 0
            for institution, name in names:
                bare = replace(institution, names=(Name(institution.name, "", "official"),), parents=(), successors=())
                before = own.get(institution.id, bare)
                own[institution.id] = add_name(before, name)
                added += own[institution.id] is not before
            if added:
                write_own(self.path / "own.csv", own.values())
        return added

    def discover(self, tell: Callable[[str], None] = lambda _: None) -> list[Proposal]:
        """Propose new institutions for the strings that neither the registry nor a person explains (see `affil.discovery.proposals`).

        They are kept in proposals.jsonl too, where the review page finds them.
        """
        from affil.discovery.proposals import discover

        tables, strings = self.matched_tables()
        standing = self.ledger.standing()
        matches = pq.read_table(tables.matches, columns=["affiliation", "decision"])
        silent = matches.filter(pc.equal(matches.column("decision"), "none")).column("affiliation").combine_chunks()
        table = pq.read_table(strings, columns=["affiliation", "mentions"])
        left = table.filter(pc.is_in(table.column("affiliation"), value_set=silent))
        pairs = zip(left.column("affiliation").to_pylist(), left.column("mentions").to_pylist(), strict=True)
        authors = pc.unique(pq.read_table(tables.mentions, columns=["author"]).column(0)).drop_null().to_pylist()
        chosen = self.manifest.get("chosen", {})
        found = discover(
            [(a, n) for a, n in pairs if unexplained(standing.get(Key(a)))],
            table.column("affiliation").to_pylist(),
            authors,
            self._registry(chosen.get("registry")),
            self.settings.discover,
            tell,
        )
        with atomic_path(self.path / "proposals.jsonl") as temporary:
            temporary.write_text("".join(json.dumps(asdict(p), ensure_ascii=False) + "\n" for p in found), "utf-8")
        return found

    @property
    def proposals(self) -> list[Proposal]:
        """What the last `discover` proposed."""
        from affil.discovery.proposals import Proposal

        file = self.path / "proposals.jsonl"
        if not file.exists():
            return []
        try:
            rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
            return [Proposal(**{**row, "strings": tuple(row["strings"]), "spellings": tuple(row["spellings"])}) for row in rows]
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(file, f"is damaged: {error}", fix="run affil discover again") from error

    def _add(self, change: _Change, paths: Path | str | Iterable[Path | str]) -> Added:
        """Add papers as a part of a step."""
        from affil.papers.read import paper_digest, read_papers

        files = [Path(paths)] if isinstance(paths, str | Path) else [Path(p) for p in paths]
        with change.writing("papers") as papers, change.writing("mentions") as mentions:
            known = digests_of(change.file("papers"))
            duplicates: list[Duplicate] = []
            problems: list[Problem] = []
            counts = {"new": 0, "replaced": 0, "unchanged": 0}
            with (
                pq.ParquetWriter(papers, PAPERS, compression="zstd") as to_papers,
                pq.ParquetWriter(mentions, MENTIONS, compression="zstd") as to_mentions,
            ):
                fresh: list[tuple[Paper, bytes]] = []
                newer: set[str] = set()
                for paper in read_papers(files, duplicates.append, problems.append, self.settings.read):
                    before, digest = known.get(paper.id), paper_digest(paper)
                    state = "new" if before is None else "unchanged" if before == digest else "replaced"
                    counts[state] += 1
                    if state == "unchanged":
                        continue
                    newer.add(paper.id)
                    fresh.append((paper, digest))
                    if len(fresh) == _CHUNK:
                        write_papers(fresh, to_papers, to_mentions)
                        fresh = []
                write_papers(fresh, to_papers, to_mentions)
                keep_rows(change.file("papers"), "id", newer, to_papers)
                keep_rows(change.file("mentions"), "paper", newer, to_mentions)
            with change.writing("strings") as strings:
                pq.write_table(count_strings(mentions), strings, compression="zstd")
        inputs = {str(f): {"file": str(f), "sha256": sha256_of(f)} for f in files if f.is_file()}
        older = {i["file"]: i for i in change.before.get("inputs", [])}
        change.news["inputs"] = [*({**older, **inputs}).values()]
        return Added(**counts, duplicates=tuple(duplicates), problems=tuple(problems))

    def _counted(self) -> State:
        """The counts of now; of the last time, with a warning, where they cannot be brought up to date."""
        try:
            return self.count()
        except BusyError as error:
            last = self.counts.last()
            if last is None:
                raise
            return replace(last, warnings=(*last.warnings, f"{error}; this is how things stood at {last.time}"))

    def _count(self) -> State:
        standing, tables = self.ledger.standing(), self.tables
        apart, decisions = set_apart(tables.papers, tables.mentions, standing.current())
        manifest, last = self.manifest, self.counts.last()
        about = {
            "registry": manifest.get("registry", {}).get("hash", ""),
            "model": manifest.get("model", {}).get("hash", ""),
            "matching": identity_of(tables.matches).get("settings", ""),
            "runs": manifest.get("runs", 0),
        }
        return self.counts.refresh(
            replace(tables, papers=apart.papers, mentions=apart.mentions),
            decisions,
            self.venues,
            self.settings.rank,
            entries=standing.number,
            about=about,
            run=last is None or last.about.get("runs", 0) != about["runs"],  # also of a run that was killed before it counted
        )

    def _tables(self, manifest: Mapping[str, Any]) -> dict[str, str]:
        """The file of each table below the folder, as a manifest names it; in workspaces of before they stood in the folder."""
        if "tables" in manifest:
            return dict(manifest["tables"])
        return {name: f"{name}.parquet" for name in TABLES if (self.path / f"{name}.parquet").exists()}

    def _with_own(self, institutions: Path) -> Path | pa.Table:
        """The institutions, with those that people added since the last run."""
        if not (own := self.own):
            return institutions
        held = pq.read_table(institutions)
        known = set(held.column("id").to_pylist())
        if "other_ids" in held.column_names:  # which a registry has come to hold under an id of its own
            known |= {other for others in held.column("other_ids").to_pylist() for other in others or ()}
        rows = [institution_row(one, one.id) for one in own.values() if one.id not in known]
        if not rows:
            return institutions
        return pa.concat_tables([held, pa.Table.from_pylist(rows, held.schema)])

    def must_be_matched(self) -> None:
        """Check that there is something to rank and to review; raises AffilError."""
        if not {"matches", "institutions"} <= self._tables(self.manifest).keys():
            raise AffilError(f"{self.path}: nothing is matched yet; first: affil run PAPERS... -w {self.path}")

    @contextmanager
    def _alone(self, wait: float = 0.0) -> Iterator[None]:
        """Keep other processes from changing the workspace. An SQLite lock works everywhere and ends with the process."""
        try:
            with closing(sqlite3.connect(self.path / ".lock", timeout=wait, isolation_level=None)) as lock:
                lock.execute("BEGIN EXCLUSIVE")
                yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise BusyError(f"{self.path}: another process is changing it; wait until that one is done") from error
            raise BusyError(f"{self.path}: is not writable ({error}); correct its permissions") from error

    @contextmanager
    def _changing(self, wait: float = 0.0) -> Iterator[_Change]:
        """Begin a step, alone, on what earlier ones left; it has ended with `_commit`, and without has never been."""
        with self._alone(wait):
            self._sweep()
            manifest = self.manifest
            try:
                yield _Change(self.path, manifest, self._tables(manifest))
            except BaseException:
                self._sweep()
                raise

    def _sweep(self) -> None:
        """Delete what no manifest names: what killed steps left, and tables that were replaced.

        These are there until the next step, for who still reads them.
        """
        sweep(self.path)
        manifest = self.manifest
        named = {self.path / file for file in self._tables(manifest).values()}
        replaced = {self.path / file for file in manifest.get("replaced", ())}
        for file in {*(self.path / "tables").glob("*.parquet"), *replaced} - named:
            file.unlink(missing_ok=True)

    def _commit(self, change: _Change) -> None:
        """End a step: the manifest names its tables from now on."""
        packages = ("affil", "duckdb", "numpy", "pandas", "pyarrow", "scikit-learn")
        content = {
            **change.before,
            **change.news,
            "counts": {name: pq.read_metadata(self.path / file).num_rows for name, file in change.tables.items()},
            "tables": change.tables,
            "step": change.number,
            "replaced": sorted(change.replaced - {*change.tables.values()}),
            "settings": self.settings.model_dump(),
            "versions": {"python": platform.python_version(), **{name: version_of(name) for name in packages}},
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        with atomic_path(self.path / "manifest.json") as temporary:
            temporary.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", "utf-8")
        for folder in change.done_with:
            shutil.rmtree(folder)

    def _choice(self, change: _Change, registry: Path | str | None, model: Path | str | None) -> dict[str, str | None]:
        """The registry and model to use: those given, else those of the last run."""
        last = change.before.get("chosen", {})
        return {"registry": _chosen(registry, last.get("registry")), "model": _chosen(model, last.get("model"))}

    def _matcher(self, registry: str | None, model: str | None) -> Matcher:
        from affil.match import Matcher  # heavy, and not needed to rank

        return Matcher.load(registry=self._registry(registry), model=Path(model) if model else None, settings=self.settings)

    def _registry(self, chosen: str | None) -> Registry:
        """The chosen registry, with the workspace's own table laid over it where there is one."""
        from affil.registry import Registry

        base = Registry.open(chosen)
        if not (own := self.path / "own.csv").exists():
            return base
        from affil.registry.build import source_note
        from affil.registry.merge import merge
        from affil.registry.registry import write_registry

        file, sources = self.path / "registry.affil", [source_note(own), f"registry sha256:{base.hash[:16]}"]
        if not file.exists() or Registry.open(file).meta["sources"] != sources:
            dates = base.meta.get("dates", {})
            write_registry(merge([read_own(own).values(), base]), file, {"sources": sources, "dates": dates})
        return Registry.open(file)

    def _match(
        self,
        change: _Change,
        matcher: MatcherLike,
        strings: pa.ChunkedArray,
        identity: dict[str, str],
        again: bool,
        progress: Progress | None,
    ) -> int:
        """Match what is not matched yet, batch by batch into files of their own, then gather them; returns how many strings."""
        parts = self.path / "matching" / hash_of(identity)
        parts.mkdir(parents=True, exist_ok=True)
        for other in parts.parent.iterdir():
            if other != parts:
                shutil.rmtree(other)
        matches = None if again else change.file("matches")
        known = set() if matches is None else set(strings_of(matches))
        wanted = [s for s in strings.to_pylist() if s not in known]
        finished = files_in(parts, "*.parquet")
        seen = {a for file in finished for a in strings_of(file)}
        todo = [s for s in wanted if s not in seen]
        size = self.settings.retrieve.batch
        try:
            for number, start in enumerate(range(0, len(todo), size), len(finished)):
                batch = todo[start : start + size]
                with atomic_path(parts / f"{number:06}.parquet") as temporary:
                    pq.write_table(answers_of(matcher, batch), temporary)
                if progress:
                    progress(start + len(batch), len(todo))
        except KeyboardInterrupt:
            # Half of a new matching is not mixed with an old one: the old one stays in place until the new one is complete.
            if not again:
                self._gather(change, parts, wanted, matcher.registry, identity, again)
            self._commit(change)
            raise
        self._gather(change, parts, wanted, matcher.registry, identity, again)
        return len(todo)

    def _gather(
        self, change: _Change, parts: Path, wanted: list[str], registry: Registry, identity: dict[str, str], again: bool
    ) -> None:
        """Put the finished batches into the matches, and the registry's institutions beside them.

        A killed run may have left batches that are in the matches already, or strings of papers that never came in.
        """
        institutions, matches = change.file("institutions"), change.file("matches")
        if institutions is None or identity_of(institutions).get("registry") != identity["registry"]:
            with change.writing("institutions") as temporary:
                write_institutions(registry, self.own, temporary, {"registry": identity["registry"]})
        finished = files_in(parts, "*.parquet")
        if finished or again or matches is None:
            new = pa.array(wanted, TEXT)
            with (
                change.writing("matches") as temporary,
                pq.ParquetWriter(temporary, marked(MATCHES, identity), compression="zstd") as writer,
            ):
                for file in [*([matches] if matches is not None and not again else []), *finished]:
                    with pq.ParquetFile(file) as old:
                        for batch in old.iter_batches():
                            rows = batch if file == matches else batch.filter(pc.is_in(batch.column(0), value_set=new))
                            writer.write_batch(rows.replace_schema_metadata(writer.schema.metadata))
        change.done_with.append(self.path / "matching")


def _why_again(change: _Change, identity: dict[str, str]) -> str:
    """Why the matches that exist do not count any more; "" if they do, or there are none."""
    if (matches := change.file("matches")) is None:
        return ""
    before = identity_of(matches)
    names = {"registry": "the registry", "model": "the model", "settings": "the matching settings"}
    changed = [names[part] for part in names if before.get(part) != identity[part]]
    return f"{' and '.join(changed)} changed" if changed else ""


def _chosen(given: Path | str | None, remembered: str | None) -> str | None:
    """The file to use: the one given, else the one of the last run; None stands for the shipped one, `ror` for the fetched one."""
    if given is None:
        return remembered
    return None if str(given) == "shipped" else str(given) if str(given) == ROR else str(Path(given).resolve())
