"""Build a registry: read sources, merge, index, write one file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from affil.errors import AffilError, InputError
from affil.io.memory import rare_collections
from affil.io.outputs import atomic_path, keep_inputs
from affil.names.ids import is_ror
from affil.registry.arrays import Arrays, write_arrays
from affil.registry.dump import ROR
from affil.registry.homonyms import active_successors
from affil.registry.index import build_index
from affil.registry.merge import merged
from affil.registry.met import Met
from affil.registry.ror import read_ror
from affil.registry.tables import read_rows, read_shipped, read_table, read_usage
from affil.types import Institution
from affil.wording import said

SHIPPED = "shipped"
_TABLES = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".parquet", ".pq", ".xlsx", ".xls", ".ods")
_DAY = re.compile(r"(?<!\d)20\d\d-[01]\d-[0-3]\d(?!\d)")


def read_source(source: str | Path) -> Iterable[Institution]:
    """Read one source: `shipped`, `ror` (see `fetch_ror`), a ROR dump (.json, .zip), or a table (see `is_own`)."""
    if str(source) == SHIPPED:
        return read_shipped()
    path = source_path(source)
    if not path.exists():
        raise InputError(
            path,
            said("no such file"),
            fix=said("sources are `shipped`, `ror`, a ROR dump (.json, .zip) or a table (.csv, .tsv, .xlsx)"),
        )
    if path.suffix.lower() in (".json", ".zip"):
        return read_ror(path)
    if is_own(source):
        return read_table(path)
    raise InputError(
        path,
        said("unknown kind of source"),
        fix=said("give `shipped`, `ror`, a ROR dump (.json, .zip) or a table (.csv, .tsv, .xlsx)"),
    )


def is_own(source: str | Path) -> bool:
    """Whether a source is a user's table, by its name: .csv, .tsv, .jsonl (each also with .gz), .parquet or a spreadsheet."""
    return Path(Path(source).name.lower().removesuffix(".gz")).suffix in _TABLES


@rare_collections()
def build_file(sources: Sequence[str | Path], out: Path, progress: Callable[[str], None] | None = None) -> None:
    """Merge the sources, earlier ones taking precedence, and write the built registry to `out`.

    Args:
        sources: any of `shipped`, `ror`, ROR dumps and tables (see `read_source`).
        out: the file to write; replaced only on success.
        progress: called with a message per step.

    Raises:
        InputError: a source cannot be read. AffilError: the sources are empty, or `out` cannot be written.
    """
    keep_inputs(out, *sources)
    tell = progress or (lambda _: None)
    tell(said("reading {0}", ", ".join(map(str, sources))))
    institutions, met = merge_sources(sources)
    if not institutions:
        raise AffilError(said("{0}: no institution found", ", ".join(map(str, sources))))
    notes = {source_note(s): source_date(s) for s in sources}
    dates = {note: date for note, date in notes.items() if date}
    write_file(institutions, out, {"sources": list(notes), "dates": dates, "met": [one.as_json() for one in met]}, tell)


def merge_sources(sources: Sequence[str | Path | Iterable[Institution]]) -> tuple[list[Institution], list[Met]]:
    """Merge sources, earlier ones taking precedence (see `affil.registry.merge.merged`), and what rows of users' tables met.

    Args:
        sources: as `build_file` has them, or institutions.

    Raises:
        InputError: a source cannot be read, or a row names a parent or successor that no source has.
    """
    tables = {n: (Path(s), list(read_rows(Path(s)))) for n, s in enumerate(sources) if isinstance(s, str | Path) and is_own(s)}
    rows = {one.id: (path, row) for path, read in reversed(tables.values()) for row, one in read}

    def institutions(number: int, source: str | Path | Iterable[Institution]) -> Iterable[Institution]:
        if number in tables:
            return (one for _, one in tables[number][1])
        return read_source(source) if isinstance(source, str | Path) else source

    found = merged((map(_with_usage, institutions(n, s)) for n, s in enumerate(sources)), tables)
    known = {one.id for one in found.institutions}
    for path, read in tables.values():
        for row, one in read:
            for other in (*one.parents, *one.successors):
                if found.today(other) not in known:
                    fix = said("write the id of an institution that is there, give a row to it, or leave it out")
                    raise InputError(path, said("no source has an institution {0!r}", other), row=row, fix=fix)
    return found.institutions, [replace(one, file=str(rows[one.id][0]), row=rows[one.id][1]) for one in found.met]


def _with_usage(institution: Institution) -> Institution:
    """Add the usage count, which only the shipped tables have."""
    usage = read_usage().get(institution.id, 0)
    return replace(institution, usage=usage) if usage > institution.usage else institution


def source_path(source: str | Path) -> Path:
    """The file of a source other than `shipped`; for `ror`, the fetched dump."""
    if str(source) == ROR:
        from affil.registry.dump import dump_path

        return dump_path()
    return Path(source)


def source_date(source: str | Path) -> str:
    """The date (ISO 8601) of the shipped tables, or the one in a dump's file name; else ""."""
    if str(source) == SHIPPED:
        return resources.files("affil.registry").joinpath("data/date.txt").read_text("utf-8").strip()
    found = _DAY.search(source_path(source).name)
    return found[0] if found else ""


def source_note(source: str | Path) -> str:
    """The source's name with a short hash of its bytes, recorded in the built registry."""
    if str(source) == SHIPPED:
        return SHIPPED
    path = source_path(source)
    with path.open("rb") as stream:
        return f"{path.name} sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()[:16]}"


@rare_collections()
def write_file(
    institutions: Sequence[Institution], out: Path, meta: dict[str, Any], tell: Callable[[str], None] = lambda _: None
) -> None:
    """Index institutions and write them to `out` atomically."""
    tell(said("indexing {0:,} institutions", len(institutions)))
    columns = build_index(institutions) | _columns(institutions)
    columns["name_value"] += columns.pop("shown")  # behind the institutions' own, where `owner_name` looks for them
    counts = {
        "records": len(institutions),
        "active": sum(x.status == "active" for x in institutions),
        "inactive": sum(x.status == "inactive" for x in institutions),
        "withdrawn": sum(x.status == "withdrawn" for x in institutions),
        "names": sum(len(x.names) for x in institutions),
        "countries": len({x.country for x in institutions}),
        "with_coordinates": sum(x.lat is not None for x in institutions),
        "without_ror_id": sum(not is_ror(x.id) and x.status == "active" for x in institutions),
        "education_without_ror_id": sum(
            not is_ror(x.id) and x.status == "active" and x.kind == "education" for x in institutions
        ),
        "other_ids": sum(len(x.other_ids) for x in institutions),
    }
    tell(said("writing"))
    try:
        with atomic_path(out) as temporary:
            write_arrays(temporary, Arrays.of(columns), {**meta, "counts": counts})
    except OSError as error:
        raise AffilError(said("{0}: cannot be written ({1}); choose another place with -o", out, error.strerror)) from error


def _columns(institutions: Sequence[Institution]) -> dict[str, Any]:
    successor = active_successors(institutions)
    number = {x.id: i for i, x in enumerate(institutions)}
    names = [n for x in institutions for n in x.names]
    text = ("id", "name", "name_zh", "kind", "country", "region", "city", "domain", "status")
    columns: dict[str, Any] = {f"inst_{f}": [str(getattr(x, f)) for x in institutions] for f in text}
    for field in ("lat", "lon"):
        columns[f"inst_{field}"] = np.array(
            [getattr(x, field) if getattr(x, field) is not None else np.nan for x in institutions]
        )
    columns |= {
        "inst_prominence_raw": np.array([x.prominence for x in institutions], np.float32),
        "inst_usage": np.array([x.usage for x in institutions], np.int32),
        "inst_parents": [" ".join(x.parents) for x in institutions],
        "inst_successors": [" ".join(x.successors) for x in institutions],
        "inst_successor_from": np.array([x.successor_from or 0 for x in institutions], np.int16),
        "inst_other_domains": [" ".join(x.other_domains) for x in institutions],
        "inst_stands": np.array([number.get(successor.get(x.id, ""), -1) for x in institutions], np.int32),
        "inst_name_ptr": np.cumsum([0, *(len(x.names) for x in institutions)]).astype(np.int64),
        "name_value": [n.value for n in names],
        "name_language": [n.language for n in names],
        "name_kind": [n.kind for n in names],
        "name_until": np.array([n.until or 0 for n in names], np.int16),
    }
    return columns | _other_ids(institutions)


def _other_ids(institutions: Sequence[Institution]) -> dict[str, Any]:
    """Other ids, sorted for binary search, with the institution of each; and for each institution the rows of its other ids."""
    pairs = sorted((other, i) for i, x in enumerate(institutions) for other in x.other_ids)
    owner = np.array([i for _, i in pairs], np.int32)
    return {
        "other_id": [other for other, _ in pairs],
        "other_inst": owner,
        "inst_other": np.argsort(owner, kind="stable").astype(np.int32),
        "inst_other_ptr": np.cumsum([0, *(len(x.other_ids) for x in institutions)]).astype(np.int64),
    }
