"""Problems of records counted by what they are."""

from __future__ import annotations

from dataclasses import dataclass, field

from affil.errors import Unit, place_in
from affil.papers.common import Problem
from affil.wording import Said, marked, said


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
            return said("{0}: {1}", self.path, self.what)
        where = place_in(self.unit, self.first)
        where = said("{0}: {1!r}", where, self.value[:40]) if self.value else where
        if self.records == 1:
            one = marked("{0}: 1 paper left out, as it {1} ({2})") if self.lost else marked("{0}: 1 paper, as it {1} ({2})")
            return Said(one, (self.path, self.what, where))
        more = (
            marked("{0}: {1:,} papers left out, as each {2} (first: {3})")
            if self.lost
            else marked("{0}: {1:,} papers, as each {2} (first: {3})")
        )
        return Said(more, (self.path, self.records, self.what, where))


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
