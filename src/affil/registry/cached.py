"""The registry of the fetched ROR dump, built once into the user's cache folder."""

from __future__ import annotations

from pathlib import Path

from affil.registry.build import SHIPPED, build_file
from affil.registry.dump import Dump, Tell, dump_folder, dump_path, last_dump
from affil.registry.folder import LOG, built_once, sources_hash
from affil.wording import said


def ror_path() -> Path:
    """The registry of the last fetched dump; rebuilt after an upgrade of affil.

    Raises:
        AffilError: no dump has been fetched.
    """
    dump_path()
    known = last_dump()
    assert known is not None
    return ror_file(known, LOG.info)


def ror_file(dump: Dump, tell: Tell) -> Path:
    """The built registry of a dump; built if missing."""
    out = dump_folder() / f"{dump.md5[:12]}-{sources_hash()}.affil"
    why = said("building the registry of {0}; this happens once, and takes some minutes", dump.file)
    return built_once(out, lambda out: build_file([SHIPPED, dump_folder() / dump.file], out, tell), why)
