"""One file for many arrays: an Arrow IPC file with one row, each column one whole array; opened memory-mapped, without copying."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from affil.errors import InputError

FORMAT = 5  # raised whenever a built file of before can no longer be read, or holds words folded otherwise


class Store:
    """Named arrays of an opened file: `array` for numbers, `strings` for text."""

    def __init__(self, path: Path) -> None:
        """Open a built file.

        Raises:
            InputError: it is missing, not such a file, truncated, or built by another version.
        """
        rebuild = "build it again with: affil registry build SOURCE... -o FILE"
        try:
            self._batch = pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)
        except FileNotFoundError as error:
            raise InputError(path, "no such file", fix=rebuild) from error
        except (pa.ArrowInvalid, OSError) as error:
            raise InputError(path, "not a built registry, or truncated", fix=rebuild) from error
        meta = self._batch.schema.metadata or {}
        if meta.get(b"affil-format") != str(FORMAT).encode():
            found = meta.get(b"affil-format", b"none").decode()
            raise InputError(path, f"built in format {found}, this version reads format {FORMAT}", fix=rebuild)
        self.meta: dict[str, Any] = json.loads(meta[b"affil-meta"])
        self._numbers: dict[str, npt.NDArray[Any]] = {}
        self._text: dict[str, pa.Array] = {}

    def array(self, name: str) -> npt.NDArray[Any]:
        """The array of numbers under this name, read-only and not copied."""
        if name not in self._numbers:
            self._numbers[name] = np.from_dlpack(self._batch.column(name).values)  # Arrow's own way imports pandas
        return self._numbers[name]

    def strings(self, name: str) -> pa.Array:
        """The array of text under this name (`[i].as_py()` reads one, `to_pylist()` all)."""
        if name not in self._text:
            self._text[name] = self._batch.column(name).values
        return self._text[name]


def write_store(path: Path, arrays: Mapping[str, Any], meta: Mapping[str, Any]) -> str:
    """Write arrays (NumPy arrays, or lists of strings) and JSON-able `meta` to `path`; return the content hash (SHA-256)."""
    columns, digest = {}, hashlib.sha256()
    for name in sorted(arrays):
        values = arrays[name]
        flat = pa.array(values, pa.large_string()) if isinstance(values, list) else pa.array(np.ascontiguousarray(values))
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
    return content
