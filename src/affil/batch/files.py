"""Match a whole file in bounded memory; writes one row per matched institution."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from affil.batch.answers import NUMBERS, AnswerRows, BatchMatcher
from affil.batch.pool import Ask, Waiting, asking, rare_collections
from affil.errors import InputError
from affil.io.tables import Batch, Format, create_table, open_table
from affil.match import output_columns
from affil.settings import Settings
from affil.types import Decision, Progress

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class MatchSummary:
    """Statistics of `match_file`.

    `rows` were read, `written` are in the output. Of those read, `matched` have only certain matches, `review` at least one for
    review, `none` no institution. `strings` were matched; the others were repeats.
    """

    rows: int
    matched: int
    review: int
    none: int
    written: int
    strings: int
    seconds: float

    def to_dict(self) -> dict[str, int | float]:
        """All fields, JSON-serialisable."""
        return {**asdict(self), "seconds": round(self.seconds, 3)}


def match_file(
    source: Path | str,
    out: Path | str,
    *,
    matcher: BatchMatcher,
    column: str = "affiliation",
    input_format: Format | None = None,
    output_format: Format | None = None,
    settings: Settings | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> MatchSummary:
    """Match the strings of one column of a table and write one row per matched institution, in the order of the input.

    The input's columns come first, unchanged, followed by `COLUMNS`, prefixed with `affil_` if the input has the name. A string
    without an institution has one row with an empty id and decision `none`. `matched_text` is the part of the raw string that
    names the institution. The output appears when complete.

    Args:
        source: a CSV, TSV, JSON Lines (each also .gz) or Parquet file; `-` is standard input.
        out: the same; `-` is standard output.
        matcher: a loaded matcher; with several workers it must pickle, like `affil.Matcher`.
        column: the column with the raw affiliation strings.
        input_format: the format, if not implied by the name (CSV for `-`).
        output_format: likewise for the output.
        settings: batch size and cache size.
        workers: number of processes; the output does not depend on it. Processes are spawned, so scripts must guard the call
            with `if __name__ == "__main__":`.
        progress: called with (rows done, rows expected) after every batch.

    Raises:
        InputError: the input cannot be read, or lacks the column. AffilError: the output cannot be written, or a worker died.
    """
    batching = (settings or Settings()).batch
    start = time.perf_counter()
    counts = dict.fromkeys(Decision, 0)
    rows = written = 0
    with rare_collections(), open_table(source, input_format) as table:
        table.require(column)
        ours = output_columns(table.columns)
        types: dict[str, str | pa.DataType] = {
            **table.types,
            **{new: "double" if c in NUMBERS else "string" for c, new in ours.items()},
        }
        with create_table(out, types, output_format) as writer, asking(matcher, workers, batching.task) as ask:
            answers = _Answers(ask, batching.remembered)
            asked = ((batch, answers.of(_strings(batch, column, table.name))) for batch in table.batches(batching.rows))
            # several batches ahead, so that no worker idles during reading or writing
            for batch, wait in _ahead(asked, 1 if workers == 1 else 2 * workers + 1):
                found = wait()
                writer.write(_joined_columns(batch, found, ours))
                rows += len(batch)
                for answer in found:
                    counts[answer.decision] += 1
                    written += len(answer.rows)
                if progress:
                    progress(rows, max(rows, table.size))
    matched, review, none = (counts[decision] for decision in (Decision.MATCH, Decision.REVIEW, Decision.NONE))
    return MatchSummary(rows, matched, review, none, written, answers.asked, time.perf_counter() - start)


class _Slot:
    """Placeholder of an answer."""

    __slots__ = ("answer",)
    answer: AnswerRows


class _Answers:
    """Answers to strings, with an LRU cache."""

    def __init__(self, ask: Ask, size: int) -> None:
        self._ask, self._size = ask, size
        self._kept: OrderedDict[str, _Slot] = OrderedDict()
        self.asked = 0

    def of(self, strings: list[str]) -> Waiting:
        """Request unknown answers; returns a function that waits for all, to be called in the order of requests."""
        here: dict[str, _Slot] = {}
        new = []
        for string in dict.fromkeys(strings):
            if string in self._kept:
                self._kept.move_to_end(string)
            else:
                self._kept[string] = _Slot()
                new.append(string)
            here[string] = self._kept[string]
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
        self.asked += len(new)
        waiting = self._ask(new) if new else list

        def wait() -> list[AnswerRows]:
            for string, answer in zip(new, waiting(), strict=True):
                here[string].answer = answer
            return [here[string].answer for string in strings]

        return wait


def _ahead(asked: Iterable[tuple[Batch, Waiting]], most: int) -> Iterator[tuple[Batch, Waiting]]:
    """Yield the batches, keeping up to `most` requested ahead."""
    ahead: deque[tuple[Batch, Waiting]] = deque()
    for one in asked:
        ahead.append(one)
        if len(ahead) == most:
            yield ahead.popleft()
    while ahead:
        yield ahead.popleft()


def _strings(batch: Batch, column: str, name: str) -> list[str]:
    values = batch.columns[column]
    for row, value in zip(batch.rows, values, strict=True):
        if value is not None and not isinstance(value, str):
            problem = f"column {column!r} holds {type(value).__name__} {str(value)[:40]!r} instead of text"
            raise InputError(name, problem, row=row, fix="write one string a row, or name another column")
    return [value or "" for value in values]


def _joined_columns(batch: Batch, found: Sequence[AnswerRows], ours: Mapping[str, str]) -> dict[str, Sequence[Any]]:
    """The input's columns, each row repeated for each row of its answer, and the answers' columns."""
    repeats = [len(answer.rows) for answer in found]
    out: dict[str, Sequence[Any]] = dict(batch.columns)
    if len(repeats) != sum(repeats):
        for column, values in batch.columns.items():
            out[column] = [v for v, n in zip(values, repeats, strict=True) for _ in range(n)]
    rows = chain.from_iterable(answer.rows for answer in found)
    return out | dict(zip(ours.values(), zip(*rows, strict=True), strict=True))
