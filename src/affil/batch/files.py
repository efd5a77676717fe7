"""Match a whole file in bounded memory; writes one row per matched institution, or gives the strings with their answers."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack, cast

from affil.batch.answers import AnswerRows, BatchMatcher, one_answer
from affil.batch.pool import Ask, asking
from affil.errors import AffilError, InputError, refuse_unknown
from affil.io.cells import addresses
from affil.io.files import begins_as_json, copied
from affil.io.memory import rare_collections
from affil.io.outputs import keep_inputs
from affil.io.table import has_affiliations
from affil.io.tables import Batch, Format, Style, Table, create_table, open_table, table_format
from affil.match.records import NUMBERS, output_columns
from affil.settings import Settings
from affil.types import Decision, Progress
from affil.wording import said

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class MatchSummary:
    """Statistics of `match_file`.

    `rows` were read, `written` are in the output. Of those read, `matched` have only certain matches, `review` at least one for
    review, `none` no institution found with enough certainty. `strings` were matched; the others were repeats.
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


class Opening(TypedDict, total=False):
    """How a file to match is opened.

    column: the column with the raw affiliation strings, in any case; by default `affiliation`, else the only one with a usual name of such
    columns. input_format: the format, instead of telling it from the content. sheet: the sheet of a spreadsheet; by default the first with
    such a column, else the first with headings. encoding: the encoding of text, instead of telling it.
    """

    column: str | None
    input_format: Format | None
    sheet: str | None
    encoding: str | None


class Matching(Opening, total=False):
    """How a file is matched.

    settings: the size of a batch and of the memory for repeats. workers: processes that match at the same time; the output is the same
    with any number. They are new ones, so a script that asks for several does so under `if __name__ == "__main__":`. decided: answers to
    strings that people decided, which are not matched. progress: called with (rows done, rows to expect) after every batch. tell: called
    with what was guessed: the encoding, the sheet, the column.
    """

    settings: Settings | None
    workers: int
    decided: Mapping[str, AnswerRows] | None
    progress: Progress | None
    tell: Callable[[str], None] | None


def match_file(
    source: Path | str,
    out: Path | str,
    *,
    matcher: BatchMatcher,
    output_format: Format | None = None,
    excel: bool = False,
    **matching: Unpack[Matching],
) -> MatchSummary:
    """Match the strings of one column of a table and write one row per matched institution, in the order of the input.

    The columns of the input stand in front, unchanged; behind them those of `COLUMNS`, with `affil_` before the name of one
    that the input has as well. A string without an institution has one row with an empty id and decision `none`. `matched_text`
    is the part of the raw string that named the institution. The output appears only when all is written. A cell with authors in
    front of their affiliations (see `affil.io.cells`) is matched address by address; an institution that several of them name has one
    row.

    A file of papers (see `affil.papers.formats`) that is no table with one column of affiliations is matched by the strings of its papers,
    which the columns `paper`, `author` and `affiliation` then stand in front for.

    Args:
        source: delimited text, JSON Lines (each also .gz), Parquet or a spreadsheet, as its content tells; `-` is standard input.
        out: .csv, .tsv, .jsonl (each also .gz), .parquet or .xlsx; `-` is standard output. What was delimited text with a byte-order
            mark is written with one, and with its semicolons.
        matcher: a loaded matcher; for several workers one that pickles, as `affil.Matcher` does.
        output_format: the format of the output where the name does not tell it (CSV for `-`).
        excel: write CSV for Excel: with a byte-order mark, with semicolons where the input has them, and no cell a formula.
        matching: see `Matching`.

    Raises:
        InputError: the input cannot be read, or lacks the column. AffilError: the output is the input or cannot be written, or a worker died.
    """
    if excel and table_format(out, output_format) not in ("csv", "tsv", "xlsx"):
        raise AffilError(said("excel is for .csv, .tsv and .xlsx"))
    keep_inputs(out, source)
    start = time.perf_counter()
    counts = dict.fromkeys(Decision, 0)
    rows = written = 0
    with matched(source, matcher, **matching) as run:
        table = run.table
        ours = output_columns(table.columns)
        style = written_style(table.style, excel)
        with create_table(out, answer_types(table.types), output_format, style=style) as writer:
            for batch, _, answers in run.batches:
                found = [one_answer(parts) for parts in answers]
                writer.write(_joined_columns(batch, found, ours))
                rows += len(batch)
                for answer in found:
                    counts[answer.decision] += 1
                    written += len(answer.rows)
    match, review, none = (counts[decision] for decision in (Decision.MATCH, Decision.REVIEW, Decision.NONE))
    return MatchSummary(rows, match, review, none, written, run.answers.asked, time.perf_counter() - start)


@dataclass(frozen=True, slots=True)
class MatchedFile:
    """A file being matched: `batches` are its rows, the addresses of each row's cell, and the answers to them, in order."""

    table: Table
    answers: _Answers
    batches: Iterator[tuple[Batch, list[list[str]], list[list[AnswerRows]]]]


@contextmanager
def matched(source: Path | str, matcher: BatchMatcher, **matching: Unpack[Matching]) -> Iterator[MatchedFile]:
    """Match a file, batch by batch (see `match_file`); its batches are to be used within the block.

    Raises:
        InputError: the input cannot be read, or lacks the column. AffilError: a worker died, or there are to be none. TypeError: an
            unknown keyword.
    """
    refuse_unknown(matching, Matching.__annotations__)
    if matching.get("workers", 1) < 1:
        raise AffilError(said("workers are at least 1, not {0}", matching["workers"]))
    batching = (matching.get("settings") or Settings()).batch
    workers, progress, tell = matching.get("workers", 1), matching.get("progress"), matching.get("tell") or (lambda _: None)
    with rare_collections(), _opened(source, _opening(matching)) as (table, chosen):
        for note in [
            *table.notes,
            *([said("matching the column {0!r}", chosen)] if chosen != (matching.get("column") or "affiliation") else []),
        ]:
            tell(said("{0}: {1}", table.name, note))
        with asking(matcher, workers, batching.task) as ask:
            answers = _Answers(ask, batching.remembered, matching.get("decided") or {})

            def run() -> Iterator[tuple[Batch, list[list[str]], list[list[AnswerRows]]]]:
                rows = 0
                cells = ((batch, _addresses(batch, chosen, table)) for batch in table.batches(batching.rows))
                asked = ((batch, parts, answers.of(parts)) for batch, parts in cells)
                # several batches ahead, so that no worker waits while one is read or written
                for batch, parts, wait in _ahead(asked, 1 if workers == 1 else 2 * workers + 1):
                    yield batch, parts, wait()
                    rows += len(batch)
                    if progress:
                        progress(rows, max(rows, table.size))
                for remark in table.remarks():
                    tell(remark)

            yield MatchedFile(table, answers, run())


def strings_in(source: Path | str, rows: int = 10_000, **opening: Unpack[Opening]) -> Iterator[list[str]]:
    """The strings that `match_file` would match in a file, those of `rows` rows at a time.

    Raises:
        InputError: the input cannot be read, or lacks the column.
    """
    with _opened(source, opening) as (table, chosen):
        for batch in table.batches(rows):
            yield list(chain.from_iterable(_addresses(batch, chosen, table)))


def _opening(matching: Matching) -> Opening:
    return cast(Opening, {name: value for name, value in matching.items() if name in Opening.__annotations__})


@contextmanager
def _opened(source: Path | str, opening: Opening) -> Iterator[tuple[Table, str]]:
    """The table to match, and its column: that of the file, or of the strings of its papers where it has no one column of affiliations."""
    refuse_unknown(opening, Opening.__annotations__)
    column, input_format = opening.get("column"), opening.get("input_format")
    sheet, encoding = opening.get("sheet"), opening.get("encoding")
    held = copied(source)  # as it is opened several times
    fits = partial(has_affiliations, wanted=column)
    as_table = partial(open_table, source, input_format, sheet=sheet, encoding=encoding, fits=fits, heading=column)
    asked = input_format is not None or column is not None
    with ExitStack() as stack:
        table: Table | None = None
        error: InputError | None = None
        if asked or not begins_as_json(source):  # whose columns show only after all of it was read
            try:
                table = stack.enter_context(as_table())
            except InputError as fault:
                error = fault
        if not asked and (table is None or not has_affiliations(table.columns)):
            table = _of_papers(source, sheet, encoding) or table
        if table is None and error is not None:
            raise error
        table = table or stack.enter_context(as_table())
        yield table, table.column_of(column)
    del held


def _of_papers(source: Path | str, sheet: str | None, encoding: str | None) -> Table | None:
    """The strings of a file of papers; None for what is none."""
    from affil.papers.strings import paper_strings  # imports all readers

    try:
        return paper_strings(source, sheet=sheet, encoding=encoding)
    except InputError:  # what is wrong with the file, is said of the table
        return None


def written_style(given: Style | None, excel: bool = False) -> Style:
    """How the output is written for a table written so."""
    mark = excel or (given is not None and given.mark)
    return Style(";" if mark and given is not None and given.delimiter == ";" else ",", mark, excel)


T = TypeVar("T")
Waiting = Callable[[], list[list[AnswerRows]]]
"""Waits for the answers to the addresses of some cells."""


class _Slot:
    """Placeholder of an answer."""

    __slots__ = ("answer",)
    answer: AnswerRows


class _Answers:
    """Answers to strings: those that people decided, else the matcher's, with an LRU cache."""

    def __init__(self, ask: Ask, size: int, decided: Mapping[str, AnswerRows]) -> None:
        self._ask, self._size, self._decided = ask, size, decided
        self._kept: OrderedDict[str, _Slot] = OrderedDict()
        self.asked = 0

    def of(self, cells: Sequence[Sequence[str]]) -> Waiting:
        """Ask for what is not known; what is returned waits for the answers, and must be called in the order of asking.

        Args:
            cells: the addresses of each cell.
        """
        here: dict[str, _Slot] = {}
        new = []
        for string in dict.fromkeys(chain.from_iterable(cells)):
            if string in self._kept:
                self._kept.move_to_end(string)
            else:
                self._kept[string] = _Slot()
                if string in self._decided:
                    self._kept[string].answer = self._decided[string]
                else:
                    new.append(string)
            here[string] = self._kept[string]
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
        self.asked += len(new)
        waiting = self._ask(new) if new else list

        def wait() -> list[list[AnswerRows]]:
            for string, answer in zip(new, waiting(), strict=True):
                here[string].answer = answer
            return [[here[string].answer for string in parts] for parts in cells]

        return wait


def _ahead(asked: Iterable[T], most: int) -> Iterator[T]:
    """Yield the batches, keeping up to `most` requested ahead."""
    ahead: deque[T] = deque()
    for one in asked:
        ahead.append(one)
        if len(ahead) == most:
            yield ahead.popleft()
    while ahead:
        yield ahead.popleft()


def answer_types(types: Mapping[str, str | pa.DataType]) -> dict[str, str | pa.DataType]:
    """The columns of the output for an input with these columns, and their types."""
    ours = output_columns(tuple(types))
    return {**types, **{new: "double" if c in NUMBERS else "string" for c, new in ours.items()}}


def _addresses(batch: Batch, column: str, table: Table) -> list[list[str]]:
    """The addresses in each cell of a column."""
    return [addresses(cell, column) for cell in strings_of(batch, column, table)]


def strings_of(batch: Batch, column: str, table: Table) -> list[str]:
    """The cells of a column.

    Raises:
        InputError: one is no text.
    """
    values = batch.columns[column]
    for row, value in zip(batch.rows, values, strict=True):
        if value is not None and not isinstance(value, str):
            problem = said("column {0!r} holds {1} {2!r} instead of text", column, type(value).__name__, str(value)[:40])
            fix = said("write one string a row, or name another column")
            raise InputError(table.name, problem, row=row, fix=fix, unit=table.unit)
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
