"""The last fetched ROR dump."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from affil.errors import AffilError
from affil.registry.folder import cache_folder
from affil.wording import said

ROR = "ror"  # the source name of the dump that `affil registry fetch` downloaded


Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Dump:
    """A published dump: version and date (ISO 8601) from Zenodo, file name, size in bytes, MD5 and URL."""

    version: str
    date: str
    file: str
    size: int
    md5: str
    url: str


def last_dump() -> Dump | None:
    """The last fetched dump, or None."""
    try:
        return Dump(**json.loads((dump_folder() / "dump.json").read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise AffilError(
            said("{0}: is damaged ({1}); delete it, and run: affil registry fetch", dump_folder() / "dump.json", error)
        ) from error


def dump_path() -> Path:
    """The file of the last fetched dump.

    Raises:
        AffilError: no dump has been fetched.
    """
    known = last_dump()
    if known is None or not (dump_folder() / known.file).exists():
        raise AffilError(said("ROR was not fetched yet on this machine; do so with: affil registry fetch"))
    return dump_folder() / known.file


def dump_folder() -> Path:
    """The folder of fetched files."""
    folder = cache_folder() / "ror"
    folder.mkdir(exist_ok=True)
    return folder
