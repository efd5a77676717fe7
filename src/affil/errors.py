"""Errors a user can cause and fix: one line each, naming the file, the row and the fix."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from affil.installed import pip_install


class AffilError(Exception):
    """Bad input or an impossible request. The command line prints only the message and exits with code 2."""


class InputError(AffilError):
    """An input file that is missing, malformed or damaged."""

    def __init__(self, path: Path | str, problem: str, *, row: int | None = None, fix: str = "") -> None:
        self.path, self.row = str(path), row
        where = f"{path}, row {row}" if row is not None else str(path)
        super().__init__(f"{where}: {problem}" + (f"; {fix}" if fix else ""))

    def noting(self, note: str) -> InputError:
        """The same error with a note in brackets at the end."""
        other = InputError(self.path, "", row=self.row)
        other.args = (f"{self} ({note})",)
        return other


class BusyError(AffilError):
    """A resource that is locked by another process or not writable."""


class UnknownIdError(AffilError):
    """An institution id that is not in the registry."""

    def __init__(self, identifier: str, registry: str = "the registry", why: str = "") -> None:
        fix = f"{why}; " if why else ""
        super().__init__(f"{registry} has no institution {identifier!r}; {fix}find it with: affil registry search TEXT")


@contextmanager
def needing(extra: str, what: str, otherwise: str = "") -> Iterator[None]:
    """Import optional packages here: of one that is not installed it says what needs it, and which extra of affil has it.

    Args:
        extra: the extra in pyproject.toml.
        what: what needs the packages, as the beginning of a sentence.
        otherwise: what can be done without them.

    Raises:
        AffilError: a package is not installed.
    """
    try:
        yield
    except ImportError as error:
        install = f"install it with: {pip_install(extra)}"
        raise AffilError(f"{what} needs {error.name}; {install}" + (f", or {otherwise}" if otherwise else "")) from error
