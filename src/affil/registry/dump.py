"""The dump of ROR that was fetched last."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from affil.errors import AffilError
from affil.registry.folder import cache_folder

ROR = "ror"  # the word for what `affil registry fetch` brought


Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Dump:
    """A published dump: its version and date (ISO 8601) as Zenodo says, its file, bytes, MD5, and where it is."""

    version: str
    date: str
    file: str
    size: int
    md5: str
    url: str


def last_dump() -> Dump | None:
    """What was fetched last; None before the first time."""
    try:
        return Dump(**json.loads((dump_folder() / "dump.json").read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise AffilError(
            f"{dump_folder() / 'dump.json'}: is damaged ({error}); delete it, and run: affil registry fetch"
        ) from error


def dump_path() -> Path:
    """The dump that was fetched last.

    Raises:
        AffilError: none was.
    """
    known = last_dump()
    if known is None or not (dump_folder() / known.file).exists():
        raise AffilError("ROR was not fetched yet on this machine; do so with: affil registry fetch")
    return dump_folder() / known.file


def dump_folder() -> Path:
    """The folder of what is fetched."""
    folder = cache_folder() / "ror"
    folder.mkdir(exist_ok=True)
    return folder
