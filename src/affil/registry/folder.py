"""The folder of affil in the user's cache, and the hash by which built registries are kept there."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from importlib import resources
from importlib.metadata import version
from importlib.resources.abc import Traversable
from pathlib import Path

import platformdirs

from affil.errors import AffilError
from affil.io.files import alone
from affil.registry.arrays import FORMAT
from affil.settings import TEXT

# What repairs, folds and weighs names; another version may do so otherwise.
_LIBRARIES = ("anyascii", "ftfy", "numpy", "opencc", "pycountry", "rapidfuzz", "scipy")


def cache_folder() -> Path:
    """The folder of affil in the user's cache; raises AffilError where it cannot be made."""
    folder = platformdirs.user_cache_path("affil", ensure_exists=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AffilError(f"{folder}: cannot be written ({error.strerror}); set XDG_CACHE_HOME to a writable folder") from error
    return folder


def built_once(out: Path, build: Callable[[Path], None]) -> Path:
    """The file `out`, built first where it is not there; of several processes that want it one builds, and the others wait."""
    if not out.exists():
        lock = out.with_suffix(".lock")
        with alone(lock):
            try:
                if not out.exists():
                    build(out)
            finally:
                with suppress(OSError):
                    lock.unlink()
    return out


@cache
def sources_hash() -> str:
    """A hash of all that decides how a registry is built: the code and tables of names and registry, the kinds of names and
    institutions, the settings of text, the versions of libraries and of Unicode.
    """
    digest = hashlib.sha256(f"{FORMAT} {TEXT.model_dump_json()} {unicodedata.unidata_version}".encode())
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}".encode())
    for package in ("affil.names", "affil.registry"):
        for name, content in _contents(resources.files(package)):
            digest.update(f"{package} {name}".encode() + content)
    digest.update(resources.files("affil").joinpath("types.py").read_bytes())
    return digest.hexdigest()[:16]


def _contents(folder: Traversable) -> Iterator[tuple[str, bytes]]:
    """The name and content of each file of a package, compiled code aside."""
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _contents(entry)
        elif entry.is_file():
            yield entry.name, entry.read_bytes()
