"""Checksums: who writes a file records what is in it, who reads it looks whether that is still so.

- Small files that are read whole: `digest_of` is recorded elsewhere (in a manifest, or as the file's own name), `verify` compares.
- JSON carries its checksum itself: `sealed_json` and `read_json`.
- A large file that is mapped into memory ends with a checksum of each block (`seal`), so that only what is read is checked (`Sealed`).
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import struct
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from affil.errors import InputError
from affil.wording import said

_BLOCK = 1 << 16  # bytes: what is read for one checksum; smaller ones take longer in Python than in zlib
_MAGIC = b"affilsum"
_END = struct.Struct("<8sQQQI")  # magic, length of the content, its part that is checked on first use, checksum of all this
_KEY = "checksum"
DAMAGED = said("is damaged: its content is not what was written")


def digest_of(path: Path) -> str:
    """24 hexadecimal digits of the SHA-256 of a file; not computed again while the file stays as it is.

    Raises:
        OSError: it cannot be read.
    """
    found = path.stat()
    return _digest(path, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


@lru_cache(4096)
def _digest(path: Path, *_: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:24]


def verify(path: Path, expected: str, fix: str) -> Path:
    """The path, if the digest of the file is the one expected.

    Raises:
        InputError: it is missing or damaged; `fix` says what to do.
    """
    try:
        found = digest_of(path)
    except OSError as error:
        raise InputError(path, said("cannot be read: {0}", error.strerror or error), fix=fix) from error
    if found != expected:
        raise InputError(path, DAMAGED, fix=fix)
    return path


def digest(content: bytes | memoryview) -> str:
    """What `digest_of` says of a file with this content."""
    return hashlib.sha256(content).hexdigest()[:24]


def sealed_json(content: Mapping[str, Any], indent: int | None = None) -> str:
    """JSON of an object with a checksum of its values in it, however they are laid out."""
    return json.dumps({**content, _KEY: _checksum(content)}, ensure_ascii=False, indent=indent) + "\n"


def read_json(path: Path, fix: str, keys: Collection[str]) -> dict[str, Any]:
    """Read what `sealed_json` wrote.

    Args:
        path: the file.
        fix: what to do where it is damaged.
        keys: all that such a file may hold, which tells it from others that are whole, too.

    Raises:
        InputError: it cannot be read, is no JSON object of this kind, or its checksum is another; older versions wrote none.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(path, said("cannot be read: {0}", error.strerror or error), fix=fix) from error
    except (ValueError, RecursionError) as error:
        raise InputError(path, said("is damaged: {0}", error), fix=fix) from error
    if not isinstance(content, dict):
        raise InputError(path, DAMAGED, fix=fix)
    told = content.pop(_KEY, None)
    if told not in (None, _checksum(content)) or not content.keys() <= set(keys):
        raise InputError(path, DAMAGED, fix=fix)
    return content


def _checksum(content: Mapping[str, Any]) -> str:
    return digest(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())


def seal(path: Path, first: int = 0, last: int = 0) -> None:
    """Append the checksums of a file's blocks to it; the bytes from `first` to `last` are checked when they are used, all others at once."""
    with path.open("r+b") as file:
        sums = np.array([crc32(block) for block in iter(lambda: file.read(_BLOCK), b"")], "<u4").tobytes()
        length = file.seek(0, os.SEEK_END)
        begin = _END.pack(_MAGIC, length, first, last, 0)[:-4]
        file.write(sums + begin + struct.pack("<I", crc32(sums + begin)))


class Sealed:
    """A file that `seal` has sealed, mapped into memory; `content` are its bytes without the checksums.

    Raises:
        OSError: it cannot be read.
        InputError: it has no such end, or what is checked at once is damaged; `fix` says what to do.
    """

    def __init__(self, path: Path, fix: str) -> None:
        self._path, self._fix = path, fix
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b"")
        magic, length, first, last, checksum = _END.unpack(whole[-_END.size :]) if size >= _END.size else (b"", 0, 0, 0, 0)
        blocks = -(-length // _BLOCK)
        if magic != _MAGIC or size != length + 4 * blocks + _END.size or checksum != crc32(whole[length:-4]):
            raise InputError(path, said("is damaged, incomplete, or no such file of this version"), fix=fix)
        self.content = whole[:length]
        self._sums = np.frombuffer(whole[length : length + 4 * blocks], "<u4").tolist()
        self._good = bytearray(blocks)
        self.check(0, first)
        self.check(last, length)

    def check(self, first: int, last: int) -> None:
        """Check the blocks of the bytes from `first` to `last`, each once.

        Raises:
            InputError: one is damaged.
        """
        for block in range(first // _BLOCK, -(-last // _BLOCK) if last > first else 0):
            if not self._good[block]:
                if crc32(self.content[block * _BLOCK : (block + 1) * _BLOCK]) != self._sums[block]:
                    raise InputError(self._path, DAMAGED, fix=self._fix)
                self._good[block] = 1
