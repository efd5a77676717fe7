"""The files of a workspace (`affil.workspace.workspace` lists them), its lock, and the steps that change it."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import secrets
import shlex
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from affil.errors import AffilError, BusyError, InputError
from affil.io.checksums import digest_of, read_json, sealed_json, verify
from affil.io.outputs import atomic_path, files_in, lasting_scratch, sweep
from affil.ledger import Ledger
from affil.rank import Store, Tables, Venues, load_venues
from affil.settings import Settings, load_settings
from affil.types import Institution
from affil.wording import said

TEXT = pa.string()
PAPERS = pa.schema(
    [
        ("id", TEXT),
        ("title", TEXT),
        ("venue", TEXT),
        ("year", pa.int16()),
        ("authors", pa.int32()),
        ("aligned", pa.bool_()),
        ("digest", pa.binary(16)),
        ("doi", TEXT),
        ("format", TEXT),
    ]
)
MERGED = pa.schema([(name, TEXT) for name in ("kept", "dropped", "by", "kept_format", "dropped_format")])
MENTIONS = pa.schema([("paper", TEXT), ("position", pa.int32()), ("author", TEXT), ("affiliation", TEXT)])
_STATED = ("stated_city", "stated_region", "stated_country")
# optional columns of a matcher: their types, and what stands there where there is nothing to tell
TOLD: dict[str, tuple[pa.DataType, object]] = {
    **dict.fromkeys((*_STATED, "named"), (TEXT, "")),
    "named_parents": (pa.list_(TEXT), None),
}
MATCHES = pa.schema(
    [
        *[("affiliation", TEXT), ("institution_id", TEXT), ("probability", pa.float64()), ("decision", TEXT), ("by", TEXT)],
        *[(name, kind) for name, (kind, _) in TOLD.items()],
    ]
)
INSTITUTIONS = pa.schema(
    [
        *[(name, TEXT) for name in ("id", "active_id", "name", "name_zh", "kind", "country", "region", "city")],
        ("lat", pa.float64()),
        ("lon", pa.float64()),
        ("parents", pa.list_(TEXT)),
        ("other_ids", pa.list_(TEXT)),
        ("successor_from", pa.int16()),
    ]
)
TABLES = ("papers", "mentions", "strings", "matches", "institutions")
BY_HAND = ("settings.toml", "own.csv", "venues.csv")  # files that people edit
_MANIFEST = (  # what a manifest may hold
    "by_hand", "chosen", "counts", "digests", "inputs", "model", "registry", "replaced", "runs", "settings", "step", "tables", "time",
    "versions", "workspace",
)  # fmt: skip
_MANIFEST_COPY = "tables/manifest-{:06}.json"
_PACKAGES = ("affil", "duckdb", "numpy", "pandas", "pyarrow", "scikit-learn")  # versions recorded in the manifest


@dataclass(slots=True)
class WorkspaceFiles:
    """The files of a workspace in their current state."""

    path: Path
    settings: Settings = field(default_factory=Settings)

    @property
    def manifest(self) -> dict[str, Any]:
        """Versions, hashes, counts and settings of the last steps; empty in a new workspace.

        Raises:
            InputError: it is damaged, missing, or not the one that the last step wrote.
        """
        file = self.path / "manifest.json"
        copies = files_in(self.path / "tables", "manifest-*.json")  # first: a step that ends meanwhile writes its copy last
        if not file.exists():
            if copies:
                raise InputError(file, said("is missing"), fix=self.mend)
            return {}
        manifest = self.read_manifest(file)
        if copies and not self._may_follow(manifest, copies[-1]):
            raise InputError(file, said("is not the one that the last step wrote"), fix=self.mend)
        return manifest

    def _may_follow(self, manifest: Mapping[str, Any], copy: Path) -> bool:
        """Whether a manifest is the one of this copy, or of the step after it; an older one, or that of another workspace, is not."""
        try:
            held = json.loads(copy.read_text("utf-8"))
            step, known = int(held["step"]), held.get("workspace", manifest.get("workspace"))
        except (OSError, ValueError, TypeError, LookupError, RecursionError):
            return True  # the next step has deleted it meanwhile, or it is damaged itself
        if step == manifest.get("step"):
            return all(manifest.get(key) == held.get(key) for key in _MANIFEST)
        return bool(step < manifest.get("step", 0) and manifest.get("workspace") == known)

    def read_manifest(self, file: Path) -> dict[str, Any]:
        """The manifest of a step, from its file.

        Raises:
            InputError: it is missing or damaged.
        """
        return read_json(file, self.mend, _MANIFEST)

    @property
    def edited(self) -> list[Path]:
        """Files for people to edit that are not as they were at the last step: somebody changed them, or they are damaged."""
        known = self.manifest.get("by_hand")
        return (
            []
            if known is None
            else [self.path / name for name in BY_HAND if known.get(name) != _digest_of_any(self.path / name)]
        )

    @property
    def mend(self) -> str:
        """What to do where a file of the workspace is damaged."""
        return said("see what can be made again: affil doctor {0} --mend", self.path)

    def table(self, name: str) -> Path:
        """The path of a table, a Parquet file (see the module), which is as it was written.

        Raises:
            AffilError: the table does not exist yet.
            InputError: it is missing or damaged.
        """
        manifest = self.manifest
        if name not in table_files(self.path, manifest):
            raise AffilError(said("{0}: no {1} yet; first run: affil run PAPERS... -w {0}", self.path, name))
        return self.whole(name, manifest)

    def whole(self, name: str, manifest: Mapping[str, Any]) -> Path:
        """The path of a table of a manifest.

        Raises:
            InputError: it is missing or damaged.
        """
        file = self.path / table_files(self.path, manifest)[name]
        digest = manifest.get("digests", {}).get(name)  # None: written by an older version
        return file if digest is None else verify(file, digest, self.mend)

    @property
    def tables(self) -> Tables:
        """The tables to rank.

        Raises:
            AffilError: nothing was matched yet.
        """
        return self.matched_tables()[0]

    def matched_tables(self) -> tuple[Tables, Path]:
        """The tables to rank and the path of the distinct strings, consistently from one step.

        Raises:
            AffilError: nothing was matched yet.
        """
        self.must_be_matched()
        manifest = self.manifest
        papers, mentions, strings, matches, institutions = (self.whole(name, manifest) for name in TABLES)
        return Tables(papers, mentions, matches, self._with_local(institutions)), strings

    @property
    def venues(self) -> Venues:
        """The shipped venues, overridden by venues.csv."""
        given = self.path / "venues.csv"
        return load_venues(given if given.exists() else None)

    def institutions(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The registry of the ids as a table, with local institutions."""
        found = self._with_local(self.table("institutions"))
        if isinstance(found, pa.Table):
            return found if columns is None else found.select(list(columns))
        return pq.read_table(found, columns=None if columns is None else list(columns))

    def published_venues(self) -> list[str]:
        """The venue names in the papers."""
        found = pc.unique(pq.read_table(self.table("papers"), columns=["venue"]).column(0)).to_pylist()
        return sorted(str(v) for v in found if v is not None)

    @property
    def local(self) -> dict[str, Institution]:
        """Local institutions and names, by id."""
        if not (file := self.path / "own.csv").exists():
            return {}
        from affil.registry.local import read_own  # and with it all of reading tables, which a ranking can do without

        return read_own(file)

    @property
    def ledger(self) -> Ledger:
        """Human decisions. New entries record the registry and model of the last run."""
        return self.open_ledger()

    def open_ledger(self, *, lasting: bool = False) -> Ledger:
        """The ledger; with `lasting`, one that stays open between calls (see `Ledger`).

        Raises:
            InputError: its file is gone, although decisions were counted.
        """
        manifest, database = self.manifest, self.settings.review.ledger or self.path / "ledger.sqlite"
        last = self.counts.last() if isinstance(database, Path) and not database.exists() else None
        if last is not None and last.decisions and last.about.get("ledger", str(database)) == str(database):
            what = said("is gone; the last count had {0:,} of its entries", last.decisions)
            raise InputError(database, what, fix=said("put it back, or restore a backup: affil ledger restore {0}", self.path))
        return Ledger(
            database,
            model=manifest.get("model", {}).get("hash", ""),
            registry=manifest.get("registry", {}).get("version", ""),
            wait=self.settings.review.wait,
            lasting=lasting,
            backups=self.path / "backups",
            kept=self.settings.review.backups,
        )

    @property
    def counts(self) -> Store:
        """The counts, current and past; of a workspace that cannot be written a copy, as long as the process lasts."""
        return self.kept_counts if self.writable else Store(_copied(self.path / "counts"), self.mend)

    @property
    def kept_counts(self) -> Store:
        """The counts that the workspace keeps."""
        return Store(self.path / "counts", self.mend)

    @property
    def writable(self) -> bool:
        """Whether the workspace can be written."""
        return os.access(self.path, os.W_OK)

    def must_be_matched(self) -> None:
        """Raise AffilError unless there are matches."""
        if not {"matches", "institutions"} <= table_files(self.path, self.manifest).keys():
            raise AffilError(said("{0}: nothing matched yet; first run: affil run PAPERS... -w {0}", self.path))

    def _with_local(self, institutions: Path) -> Path | pa.Table:
        """The institutions, with local ones added since the last run."""
        if not (local := self.local):
            return institutions
        held = pq.read_table(institutions)
        known = set(held.column("id").to_pylist())
        if "other_ids" in held.column_names:  # now in the registry under another id
            known |= {other for others in held.column("other_ids").to_pylist() for other in others or ()}
        rows = [institution_row(one, one.id) for one in local.values() if one.id not in known]
        if not rows:
            return institutions
        return pa.concat_tables([held, pa.Table.from_pylist(rows, held.schema)])


class Change:
    """A step: new tables, which become visible together when the manifest refers to them."""

    def __init__(self, files: WorkspaceFiles) -> None:
        self.files, self.folder, self.settings, self.before = files, files.path, files.settings, files.manifest
        self.tables = table_files(self.folder, self.before)
        self.digests: dict[str, str] = {}  # of the tables that this step wrote
        step = int(self.before.get("step", 0))
        self.replaced = {*self.tables.values(), *([_MANIFEST_COPY.format(step)] if step else [])}
        self.number = step + 1
        self.news: dict[str, Any] = {}
        self.done_with: list[Path] = []  # folders to delete after the step

    def file(self, table: str) -> Path | None:
        """The path of a table within this step, or None.

        Raises:
            InputError: it is missing or damaged.
        """
        if table not in self.tables:
            return None
        return self.folder / self.tables[table] if table in self.digests else self.files.whole(table, self.before)

    @contextmanager
    def writing(self, table: str) -> Iterator[Path]:
        """Yield a path to rewrite a table; it replaces the old one when the block succeeds."""
        name = f"tables/{table}-{self.number:06}.parquet"
        (self.folder / "tables").mkdir(exist_ok=True)
        with atomic_path(self.folder / name) as temporary:
            yield temporary
            self.digests[table] = digest_of(temporary)
        self.tables[table] = name

    def drop(self, table: str) -> None:
        """Leave a table out, as if it had never been; nothing where there is none."""
        self.tables.pop(table, None)

    def commit(self) -> None:
        """Commit the step: the manifest refers to its tables from now on."""
        content = {
            "workspace": secrets.token_hex(8),
            **self.before,
            **self.news,
            "counts": {name: pq.read_metadata(self.folder / file).num_rows for name, file in self.tables.items()},
            "tables": self.tables,
            "digests": {n: d for n, d in {**self.before.get("digests", {}), **self.digests}.items() if n in self.tables},
            "step": self.number,
            "replaced": sorted(self.replaced - {*self.tables.values()}),
            "settings": self.settings.model_dump(),
            "versions": {"python": platform.python_version(), **{name: version_of(name) for name in _PACKAGES}},
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "by_hand": {name: _digest_of_any(self.folder / name) for name in BY_HAND},
        }
        text = sealed_json(content, indent=2)
        for file in (self.folder / "manifest.json", manifest_copy(self.folder, self.number)):
            file.parent.mkdir(exist_ok=True)
            with atomic_path(file) as temporary:
                temporary.write_text(text, "utf-8")
        for folder in self.done_with:
            shutil.rmtree(folder)


@cache
def _copied(folder: Path) -> Path:
    """A copy of a folder, deleted when the process ends."""
    copy = lasting_scratch() / folder.name
    if folder.exists():
        shutil.copytree(folder, copy)
    return copy


@contextmanager
def locked(folder: Path, wait: float = 0.0) -> Iterator[None]:
    """Lock the workspace against other processes. An SQLite lock works everywhere and ends with the process.

    Raises:
        BusyError: another process holds the lock for longer than `wait` seconds, or the folder is not writable.
    """
    if folder.exists() and not os.access(folder, os.W_OK):
        raise BusyError(said("{0}: not writable; fix its permissions, or work in a copy", folder))
    try:
        with closing(sqlite3.connect(folder / ".lock", timeout=wait, isolation_level=None)) as lock:
            lock.execute("BEGIN EXCLUSIVE")
            yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise BusyError(said("{0}: locked by another process; try again when it is done", folder)) from error
        raise BusyError(said("{0}: not writable ({1}); fix its permissions", folder, error)) from error


@contextmanager
def changing(files: WorkspaceFiles, wait: float = 0.0) -> Iterator[Change]:
    """Start a step under the lock; without `Change.commit` it has no effect.

    Raises:
        BusyError: see `locked`.
    """
    with locked(files.path, wait):
        delete_unnamed(files)
        try:
            yield Change(files)
        except BaseException:
            delete_unnamed(files)
            raise


def delete_unnamed(files: WorkspaceFiles) -> None:
    """Delete files the manifest does not refer to: leftovers of killed steps, and replaced tables.

    Replaced tables are kept until the next step for processes still reading them.
    """
    sweep(files.path)
    manifest = files.manifest
    named = {files.path / file for file in table_files(files.path, manifest).values()}
    replaced = {files.path / file for file in manifest.get("replaced", ())}
    named.add(manifest_copy(files.path, int(manifest.get("step", 0))))
    for file in {*files_in(files.path / "tables", "*"), *replaced} - named:
        file.unlink(missing_ok=True)


def table_files(folder: Path, manifest: Mapping[str, Any]) -> dict[str, str]:
    """The relative path of each table in a manifest; older workspaces had the tables in the folder itself."""
    if "tables" in manifest:
        return dict(manifest["tables"])
    return {name: f"{name}.parquet" for name in TABLES if (folder / f"{name}.parquet").exists()}


def manifest_copy(folder: Path, step: int) -> Path:
    """Where a step keeps a second copy of its manifest, for `doctor`."""
    return folder / _MANIFEST_COPY.format(step)


def _digest_of_any(path: Path) -> str | None:
    return digest_of(path) if path.exists() else None


def marked(schema: pa.Schema, identity: dict[str, str]) -> pa.Schema:
    """A schema with the file's provenance in its metadata."""
    return schema.with_metadata({"affil": json.dumps(identity)})


def identity_of(file: Path) -> dict[str, str]:
    """The provenance stored in a file."""
    try:
        out: dict[str, str] = json.loads((pq.read_schema(file).metadata or {}).get(b"affil", b"{}"))
    except (pa.ArrowInvalid, OSError, ValueError) as error:
        raise InputError(file, said("is damaged: {0}", error), fix=said("delete it and run again")) from error
    return out


def hash_of(content: Any) -> str:
    """A short hash of JSON-serialisable content."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def settings_of(folder: Path) -> Settings:
    """The settings of a workspace; the default ones where it has no settings.toml.

    Raises:
        InputError: it is not valid.
    """
    file = folder / "settings.toml"
    return load_settings(file if file.exists() else None)


def not_a_workspace(path: Path) -> AffilError:
    """What is said of a path that is no workspace: how papers in a file get into one, where it is a file."""
    if path.is_file():
        file = shlex.quote(str(path))
        return AffilError(
            said(
                "{0}: a file, not a workspace; the papers in it are read by: affil run {1} -w WS; then give WS here", path, file
            )
        )
    return AffilError(said("{0}: not a workspace; create one with: affil run PAPERS... -w {0}", path))


def sha256_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def version_of(package: str) -> str:
    """The installed version of a package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def institution_row(one: Institution, active: str) -> dict[str, Any]:
    """An institution as a row of institutions.parquet."""
    fields = {name: getattr(one, name) for name in INSTITUTIONS.names if name not in ("active_id", "parents", "other_ids")}
    return {**fields, "active_id": active, "parents": list(one.parents), "other_ids": list(one.other_ids)}
