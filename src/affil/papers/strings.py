"""The affiliation strings of papers as a table, a row for each string of an author, so that they can be matched as any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from affil.io.table import Batch, Table, has_affiliations
from affil.papers.formats import head_of, known_format, papers_of, source_of
from affil.papers.paper_copilot import PAPER_COPILOT
from affil.papers.reader import Reader
from affil.papers.source import Source
from affil.papers.tally import Tally
from affil.settings import ReadSettings
from affil.wording import said

COLUMNS = ("paper", "author", "affiliation")


class PaperStrings(Table):
    """Columns: `paper` (its id), `author` (blank where nobody says whose it is) and `affiliation`. A paper without any has no row."""

    def __init__(self, reader: Reader, source: Source, problems: Tally) -> None:
        what = said("{0}: the strings of its papers are matched, one a row: {1}", reader.title, ", ".join(COLUMNS))
        super().__init__(source.name, COLUMNS, 0, [what])
        self._reader, self._source, self._problems = reader, source, problems

    @property
    def types(self) -> Mapping[str, str]:
        """All are text."""
        return dict.fromkeys(COLUMNS, "string")

    def remarks(self) -> list[str]:
        """The problems of the papers; see `Table.remarks`."""
        return [problems.line() for problems in self._problems.found()]

    def batches(self, rows: int) -> Iterator[Batch]:
        """The rows; see `Table.batches`."""
        records = self._rows()
        while part := list(islice(records, rows)):
            columns = zip(*(cells for _, cells in part), strict=True)
            yield Batch([row for row, _ in part], dict(zip(COLUMNS, map(list, columns), strict=True)))

    def _rows(self) -> Iterator[tuple[int, tuple[str, str, str]]]:
        for row, paper in papers_of(self._reader, self._source):
            self.unit = self._source.unit
            for author in paper.authors:
                for string in author.affiliations:
                    yield row, (paper.id, author.name, string)
            for string in paper.paper_affiliations:
                yield row, (paper.id, "", string)


def paper_strings(path: Path | str, *, sheet: str | None = None, encoding: str | None = None) -> PaperStrings | None:
    """The strings of a file of papers; None for what is of no such format, or a table that has one column with affiliations (not
    several, as Affiliation 1 and 2).

    Args:
        path: the file; `-` is standard input.
        sheet: the sheet of a workbook.
        encoding: that of text, instead of telling it.

    Raises:
        InputError: it cannot be read.
    """
    head = head_of(path, sheet=sheet, encoding=encoding)
    reader = known_format(head)
    if reader is None or (reader is PAPER_COPILOT and "aff" not in head.keys.get("item", ())):
        return None
    if has_affiliations(head.columns):
        return None
    problems = Tally()
    source = source_of(reader, head, ReadSettings(), problems.meet)
    source.strings_only = True
    return PaperStrings(reader, source, problems)
