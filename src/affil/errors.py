"""What can fail for a user, each said in one line that names the file, the row and what to do."""

from __future__ import annotations

from pathlib import Path


class AffilError(Exception):
    """Bad input or an impossible request. The command line prints the message alone and exits with code 2."""


class InputError(AffilError):
    """A file that cannot be read as what it should be."""

    def __init__(self, path: Path | str, problem: str, *, row: int | None = None, fix: str = "") -> None:
        self.path, self.row = str(path), row
        where = f"{path}, row {row}" if row is not None else str(path)
        super().__init__(f"{where}: {problem}" + (f"; {fix}" if fix else ""))


class BusyError(AffilError):
    """Something that another process is changing, or that cannot be written to."""


class UnknownIdError(AffilError):
    """An institution id that the registry does not have."""

    def __init__(self, identifier: str, registry: str = "the registry", why: str = "") -> None:
        fix = f"{why}; " if why else ""
        super().__init__(f"{registry} has no institution {identifier!r}; {fix}find it with: affil registry search TEXT")
