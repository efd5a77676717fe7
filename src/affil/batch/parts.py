"""A file cut into parts that are matched one by one, and their answers joined: the same bytes as matching it whole."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, cast

from affil.batch.answers import BatchMatcher
from affil.batch.files import answer_types, match_file, strings_of, written_style
from affil.errors import AffilError, InputError
from affil.io.outputs import open_output
from affil.io.table import Batch, Style, Table
from affil.io.tables import Format, create_table, open_table, table_in, table_kind
from affil.settings import Settings
from affil.wording import counted, said

_PLAN = "plan.json"  # stands in the folder once all parts do


@dataclass(frozen=True, slots=True)
class Parts:
    """A file cut into parts, in a folder.

    Attributes:
        folder: `todo` in it holds the parts, `done` their answers, each by its number.
        format: that of the file.
        style: how its answer is written, where it is delimited text.
        types: its columns and their types, of JSON Lines only: Parquet, of which other parts are, knows its own.
        column: the heading of the affiliations.
        rows: of the file.
        each: rows of a part; the last one may have fewer.
    """

    folder: Path
    format: Format
    style: Style
    types: dict[str, str]
    column: str
    rows: int
    each: int

    @property
    def count(self) -> int:
        """The number of parts, at least one."""
        return max(-(-self.rows // self.each), 1)

    @property
    def done(self) -> int:
        """The number of parts that are matched: those before the first that is not."""
        return next((n for n in range(self.count) if not self._done(n).exists()), self.count)

    def match(self, number: int, matcher: BatchMatcher, settings: Settings) -> None:
        """Match a part, unless it is matched: its answer appears at once, and stays."""
        if not self._done(number).exists():
            todo = self._todo(number)
            match_file(todo, self._done(number), matcher=matcher, column=self.column, settings=settings)
            todo.unlink()

    def joined(self, rows: int, format: Format | None = None) -> Iterator[bytes]:
        """The answers to all parts in order, as `match_file` writes those to the whole file, `rows` at a time.

        Args:
            rows: rows read at once.
            format: one of csv, tsv, jsonl and parquet; default: the file's.

        Raises:
            AffilError: a part is not matched.
        """
        if self.done < self.count:
            raise AffilError(said("{0:,} of {1:,} parts are matched", self.done, self.count))
        with open_table(self._done(0)) as table:
            types = table.types if self.format != "jsonl" else answer_types(self.types)
        out = _Chunks()
        with table_in(cast(IO[bytes], out), types, format or self.format, style=self.style) as writer:
            for number in range(self.count):
                with open_table(self._done(number)) as table:
                    for batch in table.batches(rows):
                        writer.write(batch.columns)
                        yield out.taken()
        yield out.taken()

    def _todo(self, number: int) -> Path:
        return self.folder / "todo" / self._name(number)

    def _done(self, number: int) -> Path:
        return self.folder / "done" / self._name(number)

    def _name(self, number: int) -> str:
        return f"{number:06}" + (".jsonl" if self.format == "jsonl" else ".parquet")


def cut(
    source: Path, folder: Path, *, column: str | None = None, each: int, most: int | None = None, longest: int | None = None
) -> Parts:
    """Cut a table into parts in a folder. What a process that was killed had cut is cut again.

    Args:
        source: delimited text, JSON Lines or Parquet, as its content tells.
        folder: where to; it must be there.
        column: the column with affiliations; default: as for `match_file`.
        each: rows of a part.
        most: rows of the file, at most.
        longest: characters of a string, at most.

    Raises:
        InputError: the file cannot be read, is a spreadsheet, lacks the column, or has more or longer rows.
    """
    for name in ("todo", "done"):
        (folder / name).mkdir(exist_ok=True)
    with open_table(source) as table:
        kind = table_kind(table)
        if kind == "xlsx":
            raise InputError(table.name, said("is a spreadsheet"), fix=said("save it as CSV, or send Parquet or JSON Lines"))
        chosen = table.column_of(column)
        types = dict(table.types)
        held = {c: str(t) for c, t in types.items()} if kind == "jsonl" else {}
        parts = Parts(folder, kind, written_style(table.style), held, chosen, 0, each)
        rows = number = 0
        batches = table.batches(each)
        while (batch := next(batches, None)) is not None or number == 0:
            if batch is not None:
                _check(batch, chosen, table, longest)
                rows += len(batch)
                if most is not None and rows > most:
                    raise InputError(table.name, said("has more than {0}", counted(most, "row")), fix=said("send it in parts"))
            with create_table(parts._todo(number), types) as writer:
                if batch is not None:
                    writer.write(batch.columns)
            number += 1
    plan = {"format": kind, "style": asdict(parts.style), "types": held, "column": chosen, "rows": rows, "each": each}
    with open_output(folder / _PLAN) as out:
        out.write(json.dumps(plan, ensure_ascii=False).encode())
    return parts_in(folder)


def parts_in(folder: Path) -> Parts:
    """The parts that `cut` has left in a folder.

    Raises:
        FileNotFoundError: it is not cut, or not to the end.
    """
    plan: dict[str, Any] = json.loads((folder / _PLAN).read_text("utf-8"))
    return Parts(folder, **{**plan, "style": Style(**plan["style"])})


def _check(batch: Batch, column: str, table: Table, longest: int | None) -> None:
    """Refuse what is no text, or too long, while the row is known as a person counts it."""
    for row, string in zip(batch.rows, strings_of(batch, column, table), strict=True):
        if longest is not None and len(string) > longest:
            raise InputError(
                table.name,
                said("a string of {0:,} characters; at most {1:,}", len(string), longest),
                row=row,
                unit=table.unit,
                fix=said("shorten it"),
            )


class _Chunks(io.RawIOBase):
    """Bytes that are written, to be taken away again and again."""

    def __init__(self) -> None:
        super().__init__()
        self._held: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, data: Any, /) -> int:
        self._held.append(bytes(data))
        self._at += len(self._held[-1])
        return len(self._held[-1])

    def taken(self) -> bytes:
        """What was written since."""
        found, self._held = b"".join(self._held), []
        return found
