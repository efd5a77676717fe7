"""Errors a user can cause and fix: one line each, naming the file, the row and the fix."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from affil.installed import pip_install
from affil.wording import Said, marked, said


class AffilError(Exception):
    """Bad input or an impossible request. The command line prints only the message and exits with code 2."""


Unit = Literal["row", "line", "record"]
"""What the places in a file are counted in, from 1: the rows of a table, as a spreadsheet shows them (the headings are one), the lines of
text (JSON Lines too), the records of XML and of JSON that is one value.
"""


_UNITS = marked("row"), marked("line"), marked("record")
_PLACES: dict[Unit, str] = {"row": marked("row {0}"), "line": marked("line {0}"), "record": marked("record {0}")}


def place_in(unit: Unit, row: int) -> Said:
    """A place in a file: "row 3"."""
    return Said(_PLACES[unit], (row,))


def placed(path: Path | str, unit: Unit, row: int) -> Said:
    """A place in a file, with its name: "a.csv, row 3"."""
    return said("{0}, {1}", str(path), place_in(unit, row))


class InputError(AffilError):
    """An input file that is missing, malformed or damaged; `row` is the place in it, counted in `unit`."""

    def __init__(
        self, path: Path | str, problem: str, *, row: int | None = None, fix: str = "", unit: Unit = "row", note: str = ""
    ) -> None:
        self.path, self.problem, self.row, self.fix, self.unit = str(path), problem, row, fix, unit
        where = placed(path, unit, row) if row is not None else str(path)
        told = said("{0}: {1}", where, problem)
        told = said("{0}; {1}", told, fix) if fix else told
        super().__init__(said("{0} ({1})", told, note) if note else told)

    def noting(self, note: str, unit: Unit = "row") -> InputError:
        """The same error with a note in brackets at the end, and its place counted in a unit unless it says another itself."""
        counted = unit if self.unit == "row" else self.unit
        return InputError(self.path, self.problem, row=self.row, fix=self.fix, unit=counted, note=note)


class BusyError(AffilError):
    """A resource that is locked by another process or not writable."""


class LedgerError(AffilError):
    """The ledger of a matcher in use can no longer be read, or decides on an institution that the registry lacks."""


class UnknownIdError(AffilError):
    """An institution id, or a name in its place, that is not in the registry; `problem` is the message without the way to find one."""

    def __init__(self, identifier: str, registry: str = said("the registry"), why: str = "") -> None:
        self.problem = said("{0} has no institution {1!r}", registry, identifier)
        if why:
            self.problem = said("{0}; {1}", self.problem, why)
        other = said("{0} Or find it with: affil registry search TEXT", self.problem)
        super().__init__(other if why.endswith("?") else said("{0}; find it with: affil registry search TEXT", self.problem))


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
        told = said("{0} needs {1}; install it with: {2}", what, error.name, pip_install(extra))
        raise AffilError(said("{0}, or {1}", told, otherwise) if otherwise else told) from error


def refuse_unknown(given: Collection[str], known: Collection[str]) -> None:
    """Refuse keywords that a function passes on and nobody reads.

    Args:
        given: the names of the keywords.
        known: those there are, as the `__annotations__` of a TypedDict.

    Raises:
        TypeError: one of them is unknown.
    """
    for name in given:
        if name not in known:
            raise TypeError(f"there is no argument {name!r}; there are: {', '.join(known)}")
