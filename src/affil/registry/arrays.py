"""The arrays of a built registry and their file: Arrow IPC with one row, one array per column, sealed by checksums.

The file is mapped into memory; an array is checked, and taken from it, when it is first used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from affil.errors import InputError
from affil.io.checksums import Sealed, seal
from affil.wording import said

FORMAT = 6  # increment when older built files become unreadable or their words would fold differently
Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.floating[Any]]
Bools = npt.NDArray[np.bool_]
Text: TypeAlias = pa.Array  # of type large_string: `[i].as_py()` reads one value, `to_pylist()` all


@dataclass(frozen=True)
class Arrays:
    """All arrays of a built registry; read-only when opened from a file.

    Each is one-dimensional. Sizes: I institutions, N names of all institutions, S further display names (see `name_value`), O
    other ids, W words, A distinct folded names (aliases), B pairs of alias and institution, T terms of aliases, K tokens of
    aliases, P places of the gazetteer, Q distinct folded names of places. `x_ptr` of size R + 1 delimits ragged rows: row r is
    `x[x_ptr[r]:x_ptr[r + 1]]`.

    Institutions, sorted by id (arrays have size I unless noted):
        inst_id, inst_name, inst_name_zh, inst_kind, inst_country, inst_region, inst_city, inst_domain, inst_status: text, as in
            `affil.types.Institution`.
        inst_parents, inst_successors, inst_other_domains: text, values separated by blanks.
        inst_lat, inst_lon: degrees, NaN where unknown.
        inst_prominence_raw: as in `Institution`; inst_prominence: its rank within the registry, scaled to 0..1.
        inst_usage: number of mentions in AI papers.
        inst_successor_from: a year, or 0.
        inst_stands: the number of its current record (itself or its active successor), or -1.
        inst_country_id, inst_region_id, inst_city_id: numbers in `country_code`, `region_code` (0 for none), `city_name` (-1 for none).
        inst_name_ptr (I + 1): delimits its names.
        inst_other (O), inst_other_ptr (I + 1): its other ids, as rows of `other_id`.
        parent, parent_ptr (I + 1): the numbers of its parents.

    Names:
        name_value (N + S): as written: the institutions' names, then the display names of domains and of acronyms taken from
            parentheses.
        name_language, name_kind, name_until (N): as in `affil.types.Name`, the year is 0 where unknown.
        other_id, other_inst (O): sorted other ids, and the institution of each.

    Index over names:
        word, word_idf, word_df (W): the sorted vocabulary; idf weights, 0..1; document frequency in institutions.
        delete_hash, delete_word: sorted checksums of words with one character deleted, and the word of each.
        alias_text, alias_mass (A): sorted folded names, and the sum of the idf weights of their terms.
        alias_tok (K), alias_ptr (A + 1): their tokens, as word numbers; alias_term (T), alias_term_ptr (A + 1): their distinct
            terms.
        owner_inst, owner_kind, owner_name (B), owner_ptr (A + 1): the institutions of an alias and the kind of name
            (`NameKind`), best kind and highest usage first; owner_name is a row of `name_value`.
        span_hash, span_value: hash table of the prefixes of aliases (see `affil.registry.hashes.prefix_table`).
        posting_data, posting_indices (T), posting_indptr (W + 1): words x aliases, normalised idf weights, in CSR form.

    Places:
        place_hash, place_value: hash table of the prefixes of folded place names.
        place_row, place_ptr (Q + 1): the gazetteer rows of a folded name.
        place_kind, place_country, place_region, place_city (P): kind (see `affil.registry.places`); numbers as for
            institutions.
        country_code, region_code, city_name: ISO 3166-1 codes, ISO 3166-2 codes (the first is ""), city names as written.
    """

    inst_id: Text
    inst_name: Text
    inst_name_zh: Text
    inst_kind: Text
    inst_country: Text
    inst_region: Text
    inst_city: Text
    inst_domain: Text
    inst_status: Text
    inst_parents: Text
    inst_successors: Text
    inst_other_domains: Text
    inst_lat: npt.NDArray[np.float64]
    inst_lon: npt.NDArray[np.float64]
    inst_prominence_raw: npt.NDArray[np.float32]
    inst_prominence: npt.NDArray[np.float32]
    inst_usage: npt.NDArray[np.int32]
    inst_successor_from: npt.NDArray[np.int16]
    inst_stands: npt.NDArray[np.int32]
    inst_country_id: npt.NDArray[np.int16]
    inst_region_id: npt.NDArray[np.int32]
    inst_city_id: npt.NDArray[np.int32]
    inst_name_ptr: npt.NDArray[np.int64]
    inst_other: npt.NDArray[np.int32]
    inst_other_ptr: npt.NDArray[np.int64]
    parent: npt.NDArray[np.int32]
    parent_ptr: npt.NDArray[np.int64]
    name_value: Text
    name_language: Text
    name_kind: Text
    name_until: npt.NDArray[np.int16]
    other_id: Text
    other_inst: npt.NDArray[np.int32]
    word: Text
    word_idf: npt.NDArray[np.float32]
    word_df: npt.NDArray[np.int32]
    delete_hash: npt.NDArray[np.uint32]
    delete_word: npt.NDArray[np.int32]
    alias_text: Text
    alias_mass: npt.NDArray[np.float32]
    alias_tok: npt.NDArray[np.int32]
    alias_ptr: npt.NDArray[np.int64]
    alias_term: npt.NDArray[np.int32]
    alias_term_ptr: npt.NDArray[np.int64]
    owner_inst: npt.NDArray[np.int32]
    owner_kind: npt.NDArray[np.int8]
    owner_name: npt.NDArray[np.int32]
    owner_ptr: npt.NDArray[np.int64]
    span_hash: npt.NDArray[np.uint64]
    span_value: npt.NDArray[np.int32]
    posting_data: npt.NDArray[np.float32]
    posting_indices: npt.NDArray[np.int32]
    posting_indptr: npt.NDArray[np.int64]
    place_hash: npt.NDArray[np.uint64]
    place_value: npt.NDArray[np.int32]
    place_row: npt.NDArray[np.int32]
    place_ptr: npt.NDArray[np.int64]
    place_kind: npt.NDArray[np.int8]
    place_country: npt.NDArray[np.int16]
    place_region: npt.NDArray[np.int32]
    place_city: npt.NDArray[np.int32]
    country_code: Text
    region_code: Text
    city_name: Text

    @classmethod
    def of(cls, columns: Mapping[str, Any]) -> Arrays:
        """Convert the columns of a build; lists become text arrays."""
        text = {name: pa.array(values, pa.large_string()) for name, values in columns.items() if isinstance(values, list)}
        return cls(**{**columns, **text})

    @classmethod
    def lazy(cls, load: Callable[[str], Any]) -> Arrays:
        """Arrays that are loaded, by name, when they are first used."""
        made = object.__new__(cls)
        made.__dict__["_load"] = load
        return made

    def __getattr__(self, name: str) -> Any:
        load = self.__dict__.get("_load")
        if load is None or name not in _NAMES:
            raise AttributeError(name)
        return self.__dict__.setdefault(name, load(name))


_NAMES = tuple(sorted(f.name for f in fields(Arrays)))


def write_arrays(path: Path, arrays: Arrays, meta: Mapping[str, Any]) -> str:
    """Write arrays and JSON-serialisable `meta` to `path`; return the content hash (SHA-256)."""
    columns, digest = {}, hashlib.sha256()
    for name in _NAMES:
        values = getattr(arrays, name)
        flat = pa.array(np.ascontiguousarray(values)) if isinstance(values, np.ndarray) else values
        digest.update(name.encode())
        for buffer in flat.buffers():
            digest.update(buffer or b"")
        columns[name] = pa.LargeListArray.from_arrays(pa.array([0, len(flat)], pa.int64()), flat)
    content = digest.hexdigest()
    schema = pa.schema(
        [pa.field(n, c.type) for n, c in columns.items()],
        metadata={"affil-format": str(FORMAT), "affil-meta": json.dumps({**meta, "hash": content}, ensure_ascii=False)},
    )
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        writer.write_batch(pa.record_batch(list(columns.values()), schema=schema))
    with pa.memory_map(str(path)) as file:
        whole = file.read_buffer()
        spans = [_span(pa.ipc.open_file(pa.BufferReader(whole)).get_batch(0), name, whole) for name in _NAMES]
    seal(path, min(first for first, _ in spans), max(last for _, last in spans))
    return content


def read_arrays(path: Path, command: str) -> tuple[Arrays, dict[str, Any]]:
    """Open a built file: its arrays, and the `meta` given to `write_arrays` with the content hash added as `hash`.

    Raises:
        InputError: the file is missing, not a built registry, damaged, or of another format version; `command` makes one. An
            array that is damaged is told when it is first used.
    """
    fix = said("build it again with: {0}", command)
    try:
        sealed = Sealed(path, fix)
        whole = pa.py_buffer(sealed.content)
        batch = pa.ipc.open_file(pa.BufferReader(whole)).get_batch(0)
    except FileNotFoundError as error:
        other = said(
            "name a registry that is there, fetch all of ROR (affil registry fetch, then --registry ror), or make it with: {0}",
            command,
        )
        raise InputError(path, said("no such file"), fix=other) from error
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(path, said("cannot be read as a built registry: {0}", error), fix=fix) from error
    meta = batch.schema.metadata or {}
    if meta.get(b"affil-format") != str(FORMAT).encode():
        found = meta.get(b"affil-format", b"none").decode()
        raise InputError(path, said("built in format {0}, this version reads format {1}", found, FORMAT), fix=fix)

    def load(name: str) -> Any:
        sealed.check(*_span(batch, name, whole))
        values = batch.column(name).values
        return values if values.type == pa.large_string() else np.from_dlpack(values)  # to_numpy() imports pandas

    return Arrays.lazy(load), json.loads(meta[b"affil-meta"])


def _span(batch: pa.RecordBatch, name: str, whole: pa.Buffer) -> tuple[int, int]:
    """Where the bytes of a column are in a file."""
    buffers = [b for b in batch.column(name).buffers() if b is not None and b.size]
    return min(b.address for b in buffers) - whole.address, max(b.address + b.size for b in buffers) - whole.address
