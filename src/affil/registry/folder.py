"""The folder of affil in the user's cache, and the hash by which built registries are kept there."""

from __future__ import annotations

import hashlib
from importlib import resources
from pathlib import Path

import platformdirs

from affil.errors import AffilError
from affil.registry.arrays import FORMAT


def cache_folder() -> Path:
    """The folder of affil in the user's cache; raises AffilError where it cannot be made."""
    folder = platformdirs.user_cache_path("affil", ensure_exists=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AffilError(f"{folder}: cannot be written ({error.strerror}); set XDG_CACHE_HOME to a writable folder") from error
    return folder


def sources_hash(*more: str) -> str:
    """A hash of all that the shipped registry is built from, tables and code, and of more modules of this package."""
    digest = hashlib.sha256(str(FORMAT).encode())
    code = ("aliases.py", "build.py", "geonames.py", "index.py", "merge.py", "places.py", "tables.py", *more)
    tables = (
        *(f"data/{table}.csv" for table in ("institutions", "names", "alternative_ids", "successors", "usage", "regions")),
        "data/cities.parquet",
        "data/date.txt",
    )
    text = ("words.csv", "fold.py", "ids.py", "tokens.py", "repair.py", "variants.py")
    for package, names in (("affil.registry", code + tables), ("affil.names", text)):
        for name in names:
            digest.update(resources.files(package).joinpath(name).read_bytes())
    return digest.hexdigest()[:16]
