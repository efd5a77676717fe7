"""What a workspace is made of, whether all of it is whole and fits together, and making again what can be made again."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from affil.errors import AffilError, InputError
from affil.io.database import connect
from affil.io.outputs import TEMPORARY, atomic_path, files_in, sweep
from affil.ledger import Ledger
from affil.papers.reading import Reading
from affil.settings import Settings, load_settings, settings_toml
from affil.wording import Said, counted, marked, message_of, said
from affil.workspace.decisions import PROPOSALS, proposals
from affil.workspace.ingest import add_papers, count_strings
from affil.workspace.layout import (
    Change,
    WorkspaceFiles,
    changing,
    delete_unnamed,
    identity_of,
    locked,
    manifest_copy,
    not_a_workspace,
    settings_of,
    sha256_of,
    table_files,
)
from affil.workspace.matching import run
from affil.workspace.results import count_anew
from affil.workspace.suggestions import SUGGESTIONS, open_suggestions

_ASIDE = ".damaged"  # put behind the name of a file that is in the way and that nothing else holds
_FROM_FILES = frozenset({"papers", "mentions", "merged"})  # tables that only files of papers hold besides
_FROM_MATCHER = frozenset({"matches", "institutions"})

Look = Callable[[], object]  # raises where something is wrong


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a workspace: its path there, what it holds, its bytes (0 where it is missing), what is wrong with it ("" if nothing), and
    the command or deed that helps.
    """

    name: str
    holds: str
    size: int
    problem: str = ""
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """What `doctor` found, and, in plain sentences, what it made again before it looked."""

    parts: tuple[Part, ...]
    mended: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[Part, ...]:
        """The parts with which something is wrong."""
        return tuple(part for part in self.parts if part.problem)


def doctor(path: Path | str, *, mend: bool = False) -> Health:
    """Look at every file of a workspace, and whether they fit together.

    Args:
        path: the folder.
        mend: first make again what can be made again: from the other files, by matching, and from the files of papers where they are as
            they were. What nothing else holds and is in the way is put aside (`NAME.damaged`).

    Raises:
        AffilError: it is no workspace; or with `mend`, another process is changing it, or something cannot be read or written.
    """
    folder = Path(path)
    if not any((folder / name).exists() for name in ("settings.toml", "manifest.json", "tables")):
        raise not_a_workspace(folder)
    mended = tuple(_mend(WorkspaceFiles(folder))) if mend else ()
    return Health(tuple(_parts(WorkspaceFiles(folder))), mended)


def _parts(files: WorkspaceFiles) -> Iterator[Part]:
    """All parts, one after the other."""
    folder, again = files.path, said("affil doctor {0} --mend", files.path)
    yield _part(files, "settings.toml", said("settings"), lambda: settings_of(folder), again)
    with suppress(AffilError):
        files.settings = settings_of(folder)
    yield _part(files, "manifest.json", said("what the last step made, and of what"), lambda: _known(files), again)
    manifest = {} if _problem(lambda: files.manifest) else files.manifest
    yield from _tables(files, manifest, again)
    yield from _matched_with(files, manifest, again)
    if (folder / "venues.csv").exists():
        yield _part(
            files, "venues.csv", said("venues of your own"), lambda: files.venues, said("correct it, or put back a copy")
        )
    yield from _decisions(files, manifest)
    for file, holds in files.kept_counts.kept():
        yield _part(files, file, holds, partial(files.kept_counts.check, file), again)
    if (folder / PROPOSALS).exists():
        yield _part(
            files, PROPOSALS, said("proposed institutions"), lambda: proposals(files), said("affil discover {0}", folder)
        )
    if (folder / SUGGESTIONS).exists():
        yield _part(files, SUGGESTIONS, said("suggestions of assistants"), lambda: open_suggestions(files, {}), again)
    for file in files_in(folder / "fetched", "*.jsonl.gz"):
        yield _part(files, file, said("fetched papers"), partial(_unpack, file), said("delete it, and fetch it again"))
    for name in _strays(files, manifest):
        yield Part(name, said("left behind"), _size(folder / name), said("belongs to nothing, and is in nobody's way"), again)


def _part(files: WorkspaceFiles, name: Path | str, holds: str, look: Look, cure: str) -> Part:
    where, problem = name if isinstance(name, Path) else files.path / name, _problem(look)
    shown = where.relative_to(files.path) if where.is_relative_to(files.path) else where
    if not _problem(lambda: files.edited) and where in files.edited:
        holds += said(", not as it was at the last run")
    return Part(str(shown), holds, _size(where), problem, cure if problem else "")


def _size(where: Path) -> int:
    return where.stat().st_size if where.is_file() else 0


def _problem(look: Look) -> str:
    """What a look raises, in one line; "" if nothing."""
    try:
        look()
    except InputError as error:
        return error.problem
    except AffilError as error:
        return message_of(error)
    except (OSError, pa.ArrowInvalid) as error:
        return " ".join(str(error).split())
    return ""


def _known(files: WorkspaceFiles) -> None:
    """Raise where the manifest is damaged, or is missing although there are tables."""
    if not files.manifest and files_in(files.path / "tables", "*"):
        raise AffilError(said("is missing"))


def _tables(files: WorkspaceFiles, manifest: Mapping[str, Any], again: str) -> Iterator[Part]:
    """The tables, and where they do not fit."""
    damaged = False
    for name, file in sorted(table_files(files.path, manifest).items()):
        part = _part(files, file, said("table {0}", name), partial(_whole, files, name, manifest), again)
        if part.problem and name in _FROM_FILES and not _as_they_were(manifest):
            named = ", ".join(i["file"] for i in manifest.get("inputs", [])) or said("the files of papers")
            part = replace(part, cure=said("put back a copy of it, or, as they were: {0}", named))
        damaged |= bool(part.problem)
        yield part
    for name, problem in () if damaged else _misfits(files, manifest):
        yield Part(table_files(files.path, manifest)[name], said("table {0}", name), 0, problem, again)


def _whole(files: WorkspaceFiles, name: str, manifest: Mapping[str, Any]) -> None:
    """Raise where a table is not as it was written; one without a checksum is read."""
    file = files.whole(name, manifest)
    if name not in manifest.get("digests", {}):
        pq.read_table(file)


def _as_they_were(manifest: Mapping[str, Any]) -> bool:
    """Whether all files of papers that a workspace was made of are as they were."""
    inputs = [(Path(i["file"]), i["sha256"]) for i in manifest.get("inputs", [])]
    return bool(inputs) and all(file.is_file() and sha256_of(file) == told for file, told in inputs)


# What a table has and another lacks: the table, the one beside it, the rows, and how to say it.
_MISFITS = (
    (
        "mentions",
        "papers",
        "mentions ANTI JOIN papers ON papers.id = mentions.paper",
        marked("{0:,} {0:mention|mentions} of papers that there are not"),
    ),
    (
        "strings",
        "mentions",
        "strings ANTI JOIN mentions USING (affiliation)",
        marked("{0:,} {0:string|strings} that no paper mentions"),
    ),
    (
        "strings",
        "mentions",
        "(FROM mentions WHERE affiliation IS NOT NULL) ANTI JOIN strings USING (affiliation)",
        marked("{0:,} mentioned {0:string|strings} that it lacks"),
    ),
    (
        "institutions",
        "matches",
        "(FROM matches WHERE institution_id IS NOT NULL) AS m ANTI JOIN institutions AS i ON i.id = m.institution_id",
        marked("{0:,} {0:match|matches} of institutions that it lacks"),
    ),
)


def _misfits(files: WorkspaceFiles, manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The tables that do not fit the others, and why; all of them can be read."""
    tables = {name: files.path / file for name, file in table_files(files.path, manifest).items()}
    with connect() as db:
        for name, file in tables.items():
            db.read_parquet(str(file)).create_view(name)
        for name, beside, rows, what in _MISFITS:
            if {name, beside} <= tables.keys():
                (number,) = db.execute(f"SELECT count(*) FROM {rows}").fetchall()[0]
                if number:
                    yield name, Said(what, (number,))
    if tables.keys() >= _FROM_MATCHER and len({identity_of(tables[name]).get("registry") for name in _FROM_MATCHER}) > 1:
        yield "institutions", said("is of another registry than the matches")


def _matched_with(files: WorkspaceFiles, manifest: Mapping[str, Any], again: str) -> Iterator[Part]:
    """The registry and the model of the last run, and what the workspace adds to the registry."""
    from affil.data import SHIPPED_MODEL, resource
    from affil.match.modelfile import load_model
    from affil.registry import Registry
    from affil.registry.local import read_own

    own, built = files.path / "own.csv", files.path / "registry.affil"
    if own.exists():
        yield _part(
            files,
            own,
            said("institutions and names of your own"),
            lambda: read_own(own),
            said("correct it, or put back a copy"),
        )
    if built.exists():
        yield _part(files, built, said("registry with your own institutions"), lambda: Registry(built).verify(), again)
    chosen = manifest.get("chosen")
    if chosen is None:
        return

    def registry() -> None:
        found = Registry.open(chosen["registry"])
        found.verify()
        if not own.exists() and found.hash != manifest["registry"]["hash"]:
            raise AffilError(said("is another than in the last run"))

    def model() -> None:
        if load_model(Path(chosen["model"] or resource(SHIPPED_MODEL)))[2] != manifest["model"]["hash"]:
            raise AffilError(said("is another than in the last run"))

    cure = said("put it back, or match anew: affil run -w {0}", files.path)
    yield _part(files, chosen["registry"] or "shipped", said("registry"), registry, cure)
    yield _part(files, chosen["model"] or "shipped", said("model"), model, cure)


def _decisions(files: WorkspaceFiles, manifest: Mapping[str, Any]) -> Iterator[Part]:
    """The ledger and its copies."""
    where = files.settings.review.ledger

    def entries() -> None:
        ledger = files.open_ledger() if manifest else Ledger(where or files.path / "ledger.sqlite")
        ledger.entries()

    ledger = _part(files, where or "ledger.sqlite", said("decisions"), entries, said("affil ledger restore {0}", files.path))
    if ledger.size or ledger.problem or where:
        yield ledger
    for file in files_in(files.path / "backups", "ledger-*.sqlite"):
        yield _part(files, file, said("copy of the decisions"), lambda f=file: Ledger(f).entries(), said("delete it"))  # type: ignore[misc]


def _unpack(file: Path) -> None:
    """Raise where a gzip file is damaged."""
    try:
        with gzip.open(file) as content:
            while content.read(1 << 20):
                pass
    except (EOFError, zlib.error) as error:
        raise InputError(file, said("is damaged: {0}", error)) from error


def _strays(files: WorkspaceFiles, manifest: Mapping[str, Any]) -> list[str]:
    """Files that belong to nothing: unfinished ones, and, where the manifest can be read, tables that it does not name."""
    named = {*table_files(files.path, manifest).values(), *manifest.get("replaced", ())}
    copy = manifest_copy(files.path, int(manifest.get("step", 0)))
    tables = [f for f in files_in(files.path / "tables", "*") if f != copy] if manifest else []
    found = [*tables, *(f for f in files.path.rglob(f"{TEMPORARY}*") if f.is_file())]
    return sorted({str(f.relative_to(files.path)) for f in found} - named)


def _mend(files: WorkspaceFiles) -> Iterator[str]:
    """Make again what can be made again; says what."""
    with locked(files.path):
        sweep(files.path)
        yield from _mend_manifest(files)
        yield from _mend_settings(files)
        yield from _mend_derived(files)
    if not _problem(lambda: files.manifest):
        yield from _mend_tables(files)
        yield from _mend_counts(files)


def _put_aside(file: Path) -> None:
    file.replace(file.with_name(file.name + _ASIDE))


def _mend_manifest(files: WorkspaceFiles) -> Iterator[str]:
    """Put the newest copy of a manifest whose tables are there in the place of a damaged one."""
    file = files.path / "manifest.json"
    if not _problem(lambda: _known(files)):
        delete_unnamed(files)
        return
    for copy in reversed(files_in(files.path / "tables", "manifest-*.json")):
        with suppress(InputError):
            told = files.read_manifest(copy)
            if all((files.path / table).exists() for table in told["tables"].values()):
                with atomic_path(file) as temporary:
                    temporary.write_bytes(copy.read_bytes())
                yield said("manifest.json: as step {0} wrote it", told["step"])
                return


def _mend_settings(files: WorkspaceFiles) -> Iterator[str]:
    """Put the settings of the last step in the place of damaged ones."""
    file = files.path / "settings.toml"
    if not file.exists() or _problem(lambda: load_settings(file)):
        told = {} if _problem(lambda: files.manifest) else files.manifest.get("settings", {})
        settings = Settings()
        with suppress(ValueError):  # those of another version
            settings = Settings.model_validate(told)
        if file.exists():
            _put_aside(file)
        with atomic_path(file) as temporary:
            temporary.write_text(settings_toml(settings), "utf-8")
        yield said(
            "settings.toml: {0}; what was there is put aside",
            said("those of the last step") if told else said("the default ones"),
        )
    files.settings = load_settings(file)


def _mend_derived(files: WorkspaceFiles) -> Iterator[str]:
    """Delete what is damaged and made again where it is needed."""
    from affil.registry import Registry

    built = files.path / "registry.affil"
    if built.exists() and _problem(lambda: Registry(built).verify()):
        built.unlink()
        yield said("registry.affil: will be built again when it is needed")
    if _problem(lambda: proposals(files)):
        (files.path / PROPOSALS).unlink()
        yield said("{0}: was deleted; make it again: affil discover {1}", PROPOSALS, files.path)
    if _problem(lambda: open_suggestions(files, {})):
        _put_aside(files.path / SUGGESTIONS)
        yield said("{0}: is put aside; assistants may suggest again", SUGGESTIONS)


def _mend_tables(files: WorkspaceFiles) -> Iterator[str]:
    """Make tables again that are damaged, or do not fit."""
    manifest = files.manifest
    names = table_files(files.path, manifest)
    damaged = {name for name in names if _problem(partial(_whole, files, name, manifest))}
    damaged = damaged or {name for name, _ in _misfits(files, manifest)}
    if not damaged or (damaged & _FROM_FILES and not _as_they_were(manifest)):
        return
    with changing(files) as change:
        yield from _mend_papers(change, manifest, damaged)
        for name in damaged & _FROM_MATCHER:
            change.drop(name)
        change.commit()
    if damaged & _FROM_MATCHER:
        run(files)
        yield said("{0}: matched again", " and ".join(sorted(damaged & _FROM_MATCHER)))


def _mend_papers(change: Change, manifest: Mapping[str, Any], damaged: Set[str]) -> Iterator[str]:
    """Make the tables of papers again: from their files, or only the strings from the mentions."""
    if damaged & _FROM_FILES:
        for name in (*_FROM_FILES, "strings"):
            change.drop(name)
        for one in manifest["inputs"]:
            reading = {name: value for name, value in one.items() if name not in ("file", "sha256")}
            add_papers(change, one["file"], **cast(Reading, reading))
        change.news["inputs"] = manifest["inputs"]
        yield said("papers and mentions: read again from {0}", counted(len(manifest["inputs"]), "file"))
    elif "strings" in damaged:
        mentions = change.file("mentions")
        assert mentions is not None
        with change.writing("strings") as temporary:
            pq.write_table(count_strings(mentions, change.settings.read.memory), temporary, compression="zstd")
        yield said("strings: counted again")


def _mend_counts(files: WorkspaceFiles) -> Iterator[str]:
    """Delete damaged counts and count again; snapshots whose counts are lost are put aside."""
    store = files.kept_counts
    damaged = [file for file, _ in store.kept() if _problem(partial(store.check, file))]
    for file in damaged:
        _put_aside(file) if file.parent.name == "snapshots" else file.unlink()
    if damaged:
        with suppress(AffilError), locked(files.path):  # not matched yet
            count_anew(files)
        for file, _ in store.kept():
            if _problem(partial(store.check, file)):  # of a state of before, whose files are gone
                damaged.append(file)
                _put_aside(file) if file.parent.name == "snapshots" else file.unlink()
        lost = sorted(f.stem for f in damaged if f.parent.name == "snapshots")
        yield said("counts: made again") + (said("; lost, and put aside: snapshot {0}", ", ".join(lost)) if lost else "")
