"""Build a registry: read sources, merge, index, write one file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from affil.errors import AffilError, InputError
from affil.io.files import atomic_path
from affil.registry.index import active_successors, build_index
from affil.registry.merge import merge
from affil.registry.places import read_places
from affil.registry.registry import Registry
from affil.registry.ror import read_ror
from affil.registry.store import write_store
from affil.registry.tables import read_shipped, read_table
from affil.types import Institution

SHIPPED = "shipped"


def read_source(source: str | Path) -> Iterable[Institution]:
    """The institutions of one source: the word `shipped`, a ROR dump (.json, .zip), or a table (.csv, .tsv)."""
    if str(source) == SHIPPED:
        return read_shipped()
    path = Path(source)
    if not path.exists():
        raise InputError(path, "no such file", fix="sources are `shipped`, a ROR dump (.json, .zip) or a table (.csv, .tsv)")
    if path.suffix.lower() in (".json", ".zip"):
        return read_ror(path)
    if path.suffix.lower() in (".csv", ".tsv", ".tab"):
        return read_table(path)
    raise InputError(path, "unknown kind of source", fix="give `shipped`, a ROR dump (.json, .zip) or a table (.csv, .tsv)")


def build_registry(sources: Sequence[str | Path], out: Path, progress: Callable[[str], None] | None = None) -> Registry:
    """Merge the sources, earlier ones laid over later ones, and write the built registry to `out`.

    Args:
        sources: any of `shipped`, ROR dumps and tables (see `read_source`).
        out: the file to write; replaced only when all went well.
        progress: told what is being done.

    Raises:
        InputError: a source cannot be read. AffilError: nothing in the sources, or `out` cannot be written.
    """
    tell = progress or (lambda _: None)
    tell("reading " + ", ".join(map(str, sources)))
    institutions = merge(read_source(s) for s in sources)
    if not institutions:
        raise AffilError(f"{', '.join(map(str, sources))}: no institution found")
    meta = {"sources": [source_note(s) for s in sources]}
    return write_registry(institutions, out, meta, tell)


def source_note(source: str | Path) -> str:
    """Name a source with a short hash of its bytes, for the record of what a registry was built from."""
    if str(source) == SHIPPED:
        return SHIPPED
    with Path(source).open("rb") as stream:
        return f"{Path(source).name} sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()[:16]}"


def write_registry(
    institutions: Sequence[Institution], out: Path, meta: dict[str, Any], tell: Callable[[str], None] = lambda _: None
) -> Registry:
    """Index institutions and write them to `out` (by a temporary file beside it), then open it."""
    tell(f"indexing {len(institutions):,} institutions")
    arrays = build_index(institutions, list(read_places())) | _columns(institutions)
    counts = {
        "records": len(institutions),
        "active": sum(x.status == "active" for x in institutions),
        "inactive": sum(x.status == "inactive" for x in institutions),
        "withdrawn": sum(x.status == "withdrawn" for x in institutions),
        "names": sum(len(x.names) for x in institutions),
        "countries": len({x.country for x in institutions}),
        "with_coordinates": sum(x.lat is not None for x in institutions),
    }
    tell("writing")
    try:
        with atomic_path(out) as temporary:
            write_store(temporary, arrays, {**meta, "counts": counts})
    except OSError as error:
        raise AffilError(f"{out}: cannot be written ({error.strerror}); choose another place with -o") from error
    return Registry.open(out)


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
        "inst_parents": [" ".join(x.parents) for x in institutions],
        "inst_successors": [" ".join(x.successors) for x in institutions],
        "inst_stands": np.array([number.get(successor.get(x.id, ""), -1) for x in institutions], np.int32),
        "inst_name_ptr": np.cumsum([0, *(len(x.names) for x in institutions)]).astype(np.int64),
        "name_value": [n.value for n in names],
        "name_language": [n.language for n in names],
        "name_kind": [n.kind for n in names],
        "name_until": np.array([n.until or 0 for n in names], np.int16),
    }
    return columns
