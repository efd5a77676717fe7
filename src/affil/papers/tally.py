"""Problems of records counted by what they are."""

from __future__ import annotations

from dataclasses import dataclass, field

from affil.errors import Unit
from affil.papers.common import Problem


@dataclass(frozen=True, slots=True)
class Problems:
    """Records of a file with the same problem: what it is, whether they were left out, whether it is of the whole file, how many records,
    and the first one's place and value.
    """

    path: str
    what: str
    lost: bool
    whole: bool
    records: int
    first: int
    unit: Unit = "row"
    value: str = ""

    def line(self) -> str:
        """The problem in a plain sentence."""
        if self.whole:
            return f"{self.path}: {self.what}"
        out, place = (
            " left out" if self.lost else "",
            f"{self.unit} {self.first}" + (f": {self.value[:40]!r}" if self.value else ""),
        )
        if self.records == 1:
            return f"{self.path}: 1 paper{out}, as it {self.what} ({place})"
        return f"{self.path}: {self.records:,} papers{out}, as each {self.what} (first: {place})"


@dataclass(slots=True)
class Tally:
    """Counts problems as they are met."""

    _met: dict[tuple[str, str, bool, bool], tuple[int, int, Unit, str]] = field(
        default_factory=dict
    )  # number of records, the first

    def meet(self, problem: Problem) -> None:
        """Count a problem."""
        same = problem.path, problem.what, problem.lost, problem.whole
        number, row, unit, value = self._met.get(same, (0, problem.row, problem.unit, problem.value))
        self._met[same] = number + 1, row, unit, value

    def found(self) -> tuple[Problems, ...]:
        """All problems, in the order in which they were first met."""
        return tuple(Problems(*same, *counts) for same, counts in self._met.items())
