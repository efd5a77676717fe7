"""Decisions on the strings of a workspace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pyarrow.compute as pc
import pyarrow.parquet as pq

from affil.errors import AffilError, UnknownIdError
from affil.io.checksums import read_json, sealed_json
from affil.io.database import connect
from affil.io.outputs import atomic_path
from affil.ledger import Key, Ledger
from affil.ledger.cases import key_of, unexplained
from affil.rank.credit import find_ids
from affil.types import LedgerEntry
from affil.wording import said
from affil.workspace.layout import WorkspaceFiles, locked
from affil.workspace.matching import open_registry

if TYPE_CHECKING:
    from affil.discovery.proposals import Proposal

FilesT = TypeVar("FilesT", bound=WorkspaceFiles)
PROPOSALS = "proposals.json"
_SUFFIXES = (".sqlite", ".sqlite3", ".db")  # of a ledger's file


def decide(
    files: WorkspaceFiles,
    affiliation: str,
    institution: str | Sequence[str] | None,
    *,
    by: str,
    why: str,
    paper: str,
    position: int | None,
    settle: bool,
) -> tuple[LedgerEntry, tuple[str, ...]]:
    """See `Workspace.decide`."""
    files.must_be_matched()
    wanted = [] if institution is None else [institution] if isinstance(institution, str) else list(institution)
    ids, warnings = checked_ids(files, wanted)
    occurs = pc.any(pc.equal(pq.read_table(files.table("strings"), columns=["affiliation"]).column(0), affiliation))
    if not occurs.as_py():
        warnings.append(said("{0!r} does not occur in {1}; the decision waits until it does", affiliation, files.path))
    ledger = files.ledger
    entry = ledger.decide(affiliation, ids or None, by=by, why=why, paper=paper, position=position, settle=settle)
    case = ledger.cases()[key_of(entry)]
    if case.holder is not None and case.holder.number != entry.number:
        warnings.append(
            said(
                "{0} decided before (entry {1}), and that holds until someone settles the two: decide again with --settle",
                case.holder.by,
                case.holder.number,
            )
        )
    return entry, tuple(warnings)


def with_ledger(files: FilesT, database: str) -> FilesT:
    """See `Workspace.with_ledger`."""
    path = Path(database)
    if "://" not in database and not path.is_file() and (path.suffix not in _SUFFIXES or not path.absolute().parent.is_dir()):
        example = said("a file such as decisions.sqlite, or a URL such as postgresql://user@host/name")
        raise AffilError(said("no ledger at {0!r}; give {1}", database, example))
    kept = database if "://" in database else str(path.absolute())
    review = files.settings.review.model_copy(update={"ledger": kept})
    return replace(files, settings=files.settings.model_copy(update={"review": review}))


def use_ledger(files: WorkspaceFiles, database: str) -> None:
    """Keep the decisions of a workspace elsewhere from now on, written into its settings.toml; "": in the workspace itself.

    Raises:
        AffilError: it is neither a URL nor a file that is there or can be made, or it cannot be reached.
    """
    import tomlkit

    other = with_ledger(files, database) if database else files
    kept = other.settings.review.ledger if database else ""
    if database:
        other.ledger.entries()  # whether it can be reached, and is whole
    file = files.path / "settings.toml"
    document = tomlkit.parse(file.read_text("utf-8")) if file.exists() else tomlkit.document()
    document.setdefault("review", tomlkit.table())["ledger"] = kept
    with atomic_path(file) as temporary:
        temporary.write_text(document.as_string(), "utf-8")
    files.settings = files.settings.model_copy(update={"review": files.settings.review.model_copy(update={"ledger": kept})})


def restore_ledger(files: WorkspaceFiles, file: Path | None, *, force: bool = False) -> tuple[int, Path]:
    """Put a backup in the place of the ledger (see `affil.ledger.backup.restore`).

    Args:
        files: the workspace.
        file: the backup; default: the latest that the workspace keeps.
        force: replace also a whole ledger with more entries.

    Returns:
        The number of entries, and the backup.

    Raises:
        InputError: the backup is missing or damaged. AffilError: there is none, or the ledger has more entries.
    """
    from affil.ledger.backup import backups_in

    folder = files.path / "backups"
    if file is None and not (kept := backups_in(folder)):
        raise AffilError(said("{0}: no backup of the ledger; name a copy of your own", folder))
    taken = file or kept[-1]
    with locked(files.path, files.settings.review.wait):
        database = files.settings.review.ledger or files.path / "ledger.sqlite"
        return Ledger(database, wait=files.settings.review.wait).restore(taken, force=force), taken


def checked_ids(files: WorkspaceFiles, wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """The registry's form of ids, those of names too (see `affil.registry.written`), and warnings about closed institutions.

    Raises:
        UnknownIdError: the registry has no such id or name. AffilError: several institutions have the name.
    """
    from affil.names.ids import mistyped
    from affil.registry.written import Written, like_id

    known_ids, active = find_in(files, wanted)
    if names := [one for one in wanted if one not in known_ids and not like_id(one)]:
        institutions = Written(open_registry(files, files.manifest.get("chosen", {}).get("registry")))
        meant = {name: institutions.one(name).id for name in names}
        wanted = [meant.get(one, one) for one in wanted]
        known_ids, active = find_in(files, wanted)
    ids: list[str] = []
    warnings: list[str] = []
    for one in wanted:
        known = known_ids.get(one)
        if known is None:
            raise UnknownIdError(one, said("the registry of {0}", files.path), mistyped(one))
        if active[known] != known:
            since = _successor_from(files, known)
            warnings.append(
                said(
                    "{0} is closed; it counts for its successor {1}{2}",
                    known,
                    active[known],
                    since and said(" from {0} on", since),
                )
            )
        ids.append(known)
    return list(dict.fromkeys(ids)), warnings


def _successor_from(files: WorkspaceFiles, identifier: str) -> str:
    """The first year that counts for the successor of a closed institution; "" for all years."""
    table = files.institutions()
    if not files.settings.rank.successors or "successor_from" not in table.column_names:
        return ""
    year = table.filter(pc.equal(table.column("id"), identifier)).column("successor_from")[0].as_py()
    return str(year or "")


def find_in(files: WorkspaceFiles, wanted: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Maps from given ids to institutions, and from institutions to their current ids."""
    with connect() as db:
        db.register("institutions", files.institutions(["id", "active_id", "other_ids"]))
        find_ids(db, wanted)
        rows = db.execute("SELECT given, id, active_id FROM meant JOIN institutions USING (id)").fetchall()
    return {given: identifier for given, identifier, _ in rows}, {identifier: active for _, identifier, active in rows}


def discover(files: WorkspaceFiles, tell: Callable[[str], None]) -> list[Proposal]:
    """See `Workspace.discover`."""
    from affil.discovery.proposals import discover

    tables, strings = files.matched_tables()
    cases = files.ledger.cases()
    matches = pq.read_table(tables.matches, columns=["affiliation", "decision"])
    silent = matches.filter(pc.equal(matches.column("decision"), "none")).column("affiliation").combine_chunks()
    table = pq.read_table(strings, columns=["affiliation", "mentions"])
    left = table.filter(pc.is_in(table.column("affiliation"), value_set=silent))
    pairs = zip(left.column("affiliation").to_pylist(), left.column("mentions").to_pylist(), strict=True)
    authors = pc.unique(pq.read_table(tables.mentions, columns=["author"]).column(0)).drop_null().to_pylist()
    found = discover(
        [(a, n) for a, n in pairs if unexplained(cases.get(Key(a)))],
        table.column("affiliation").to_pylist(),
        authors,
        open_registry(files, files.manifest.get("chosen", {}).get("registry")),
        files.settings.discover,
        tell,
    )
    with atomic_path(files.path / PROPOSALS) as temporary:
        temporary.write_text(sealed_json({"proposals": [asdict(p) for p in found]}, indent=1), "utf-8")
    return found


def proposals(files: WorkspaceFiles) -> list[Proposal]:
    """See `Workspace.proposals`."""
    from affil.discovery.proposals import Proposal

    file = files.path / PROPOSALS
    if not file.exists():
        return []
    rows = read_json(file, said("make them again: affil discover {0}", files.path), ("proposals",))["proposals"]
    return [Proposal(**{**row, "strings": tuple(row["strings"]), "spellings": tuple(row["spellings"])}) for row in rows]
