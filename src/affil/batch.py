"""Match a whole file: rows in, one row a matched institution out, in bounded memory."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from affil.errors import InputError
from affil.io.tables import Batch, Format, create_table, open_table
from affil.match import match_records, output_columns
from affil.settings import Settings
from affil.types import Decision, Result

if TYPE_CHECKING:
    import pyarrow as pa

Answer = list[dict[str, Any]]  # the rows of one string, see `match_records`
Progress = Callable[[int, int], None]
_NUMBERS = ("lat", "lon", "probability")


class MatcherLike(Protocol):
    """What this stage needs of a matcher."""

    def match_many(self, strings: list[str], /) -> Sequence[Result]:
        """The result of each string, in order."""


@dataclass(frozen=True, slots=True)
class MatchSummary:
    """What `match_file` did.

    `rows` were read and `written` are in the output. Of those read, `matched` have only sure matches, `review` at least one
    that a person should see, `none` no institution. `strings` were put to the matcher; all others were repeats of these.
    """

    rows: int
    matched: int
    review: int
    none: int
    written: int
    strings: int
    seconds: float

    def to_dict(self) -> dict[str, int | float]:
        """All fields, ready for JSON."""
        return {**asdict(self), "seconds": round(self.seconds, 3)}


def match_file(
    source: Path | str,
    out: Path | str,
    *,
    matcher: MatcherLike,
    column: str = "affiliation",
    input_format: Format | None = None,
    output_format: Format | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> MatchSummary:
    """Match the strings of one column of a table and write one row a matched institution, in the order of the input.

    The columns of the input stand in front, unchanged; behind them those of `COLUMNS`, with `affil_` before the name of one
    that the input has as well. A string without an institution has one row with an empty id and decision `none`. `matched_text`
    is the part of the raw string that named the institution. The output appears only when all is written.

    Args:
        source: a CSV, TSV, JSON Lines (each also .gz) or Parquet file; `-` is standard input.
        out: the same; `-` is standard output.
        matcher: a loaded matcher.
        column: the column with the raw affiliation strings.
        input_format: the format where the name does not tell it (CSV for `-`).
        output_format: the same for the output.
        settings: the size of a batch and of the memory for repeats.
        progress: called with (rows done, rows to expect) after every batch.

    Raises:
        InputError: the input cannot be read, or lacks the column. AffilError: the output cannot be written.
    """
    batching = (settings or Settings()).batch
    start = time.perf_counter()
    counts = dict.fromkeys(Decision, 0)
    rows = written = 0
    with open_table(source, input_format) as table:
        table.require(column)
        ours = output_columns(table.columns)
        types: dict[str, str | pa.DataType] = {
            **table.types,
            **{new: "double" if c in _NUMBERS else "string" for c, new in ours.items()},
        }
        answers = _Answers(matcher, batching.remembered)
        with create_table(out, types, output_format) as writer:
            for batch in table.batches(batching.rows):
                found = answers.of(_strings(batch, column, table.name))
                writer.write(_beside(batch, found, ours))
                rows += len(batch)
                written += sum(map(len, found))
                for answer in found:
                    counts[_decision(answer)] += 1
                if progress:
                    progress(rows, max(rows, table.size))
    return MatchSummary(
        rows=rows,
        matched=counts[Decision.MATCH],
        review=counts[Decision.REVIEW],
        none=counts[Decision.NONE],
        written=written,
        strings=answers.asked,
        seconds=time.perf_counter() - start,
    )


def _decision(answer: Answer) -> Decision:
    decisions = {row["decision"] for row in answer}
    return next(d for d in (Decision.REVIEW, Decision.MATCH, Decision.NONE) if d in decisions)


class _Answers:
    """Answers of a matcher, with those used last kept for strings that come again."""

    def __init__(self, matcher: MatcherLike, size: int) -> None:
        self._matcher, self._size = matcher, size
        self._kept: OrderedDict[str, Answer] = OrderedDict()
        self.asked = 0

    def of(self, strings: list[str]) -> list[Answer]:
        here: dict[str, Answer] = {}
        new = []
        for string in dict.fromkeys(strings):
            if string in self._kept:
                self._kept.move_to_end(string)
                here[string] = self._kept[string]
            else:
                new.append(string)
        self.asked += len(new)
        if new:
            here.update(zip(new, map(match_records, self._matcher.match_many(new)), strict=True))
        for string in new:
            self._kept[string] = here[string]
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return [here[string] for string in strings]


def _strings(batch: Batch, column: str, name: str) -> list[str]:
    values = batch.columns[column]
    for row, value in zip(batch.rows, values, strict=True):
        if value is not None and not isinstance(value, str):
            problem = f"column {column!r} holds {type(value).__name__} {str(value)[:40]!r} instead of text"
            raise InputError(name, problem, row=row, fix="write one string a row, or name another column")
    return [value or "" for value in values]


def _beside(batch: Batch, answers: Sequence[Answer], ours: Mapping[str, str]) -> dict[str, list[Any]]:
    """The columns of the input, each row repeated for each row of its answer, and the answers' columns."""
    repeats = [len(answer) for answer in answers]
    out: dict[str, list[Any]] = {}
    for column, values in batch.columns.items():
        out[column] = [v for v, n in zip(values, repeats, strict=True) for _ in range(n)]
    for column, name in ours.items():
        out[name] = [row.get(column) for answer in answers for row in answer]
    return out
