"""The user's cache folder, and the hash that keys built registries in it."""

from __future__ import annotations

import hashlib
import logging
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from importlib import resources
from importlib.metadata import version
from importlib.resources.abc import Traversable
from pathlib import Path

import platformdirs

from affil.errors import AffilError, InputError
from affil.io.checksums import Sealed, seal
from affil.io.outputs import alone, atomic_path
from affil.registry.arrays import FORMAT
from affil.settings import TEXT
from affil.wording import said

LOG = logging.getLogger("affil.registry")  # warnings before what takes long, its steps at level INFO
# Libraries whose versions may change how names are repaired, folded or weighted.
_LIBRARIES = ("anyascii", "ftfy", "numpy", "opencc", "pycountry", "rapidfuzz", "scipy")


def cache_folder() -> Path:
    """The affil folder in the user's cache; raises AffilError if it cannot be created."""
    folder = platformdirs.user_cache_path("affil", ensure_exists=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AffilError(
            said("{0}: cannot be written ({1}); set XDG_CACHE_HOME to a writable folder", folder, error.strerror)
        ) from error
    return folder


def built_once(out: Path, build: Callable[[Path], None], why: str = "") -> Path:
    """The file `out`, built first where it is not there; of several processes that want it one builds, and the others wait.

    `why` is for what takes so long that people wonder: a warning of the logger `affil.registry` says it before, and those who wait are
    told that.
    """

    def waiting() -> None:
        if why:
            LOG.warning(said("another process builds {0}; waiting for it", out))

    if not out.exists():
        with alone(out.with_suffix(".lock"), waiting):
            if not out.exists():
                if why:
                    LOG.warning(why)
                build(out)
    return out


def kept(name: str, make: Callable[[], bytes]) -> memoryview:
    """What `make` gives, kept in the user's cache under a name that tells all that it depends on; made anew where that is damaged.

    Where no cache can be written it is made each time.
    """

    def build(out: Path) -> None:
        with atomic_path(out) as temporary:
            temporary.write_bytes(make())
            seal(temporary)

    try:
        out = cache_folder() / name
        with suppress(InputError):
            return Sealed(built_once(out, build), said("delete it")).content
        out.unlink()
        return Sealed(built_once(out, build), said("delete it")).content
    except (AffilError, OSError):
        return memoryview(make())


@cache
def sources_hash() -> str:
    """Hash of everything that determines a built registry: code and tables of `names` and `registry`, `types.py`, text
    settings, versions of libraries and of Unicode.
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
    """The name and content of each file of a package, except compiled code."""
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _contents(entry)
        elif entry.is_file():
            yield entry.name, entry.read_bytes()
