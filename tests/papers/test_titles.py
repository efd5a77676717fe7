"""Tables with titles above their headings, as programs that export them write."""

from __future__ import annotations

import datetime
from pathlib import Path

import openpyxl
import pytest

from affil.errors import InputError
from affil.io.tables import open_table
from affil.papers.read import read_papers

HEADINGS, ROW = ["paper", "author", "affiliation", "venue", "year"], ["1", "Ann Lee", "MIT", "CVPR", "2020"]


@pytest.mark.parametrize(
    "titles",
    [
        [["Export 2025-11-01"]],
        [["Export", "2025-11-01"]],
        [["Export", "2025-11-01", "", "", ""]],
        [["Papers", "of", "all", "years", "1 Nov 2025"]],
        [["Papers"], [], ["Rows: 1", "as of 01.11.2025"]],
        [["导出", "2025年11月1日"]],
        [["12", "34", "56", "78", "90"]],
    ],
)
@pytest.mark.parametrize("ending", ["csv", "tsv", "xlsx"])
def test_titles_are_passed_over_and_the_row_of_the_headings_is_said(
    tmp_path: Path, titles: list[list[str]], ending: str
) -> None:
    path, records = tmp_path / f"t.{ending}", [*titles, HEADINGS, ROW]
    if ending == "xlsx":
        book = openpyxl.Workbook()
        for at, record in enumerate(records, 1):
            for column, cell in enumerate(record, 1):
                value = datetime.date(2025, 11, 1) if cell == "2025-11-01" else int(cell) if cell.isdecimal() else cell or None
                book.active.cell(at, column, value)
        book.save(path)
    else:
        path.write_text("\n".join(("," if ending == "csv" else "\t").join(record) for record in records) + "\n", "utf-8")
    notes: list[str] = []
    [paper] = read_papers([path], on_problem=lambda p: notes.append(p.what))
    assert [a.affiliations for a in paper.authors] == [("MIT",)]
    assert notes[0].startswith(f"the headings stand in row {len(titles) + 1}; ")


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("Export 2025-11-01\naffiliation\nMIT\n", ("affiliation",)),
        ("Country,Turnover\nInstitute,many\n", ("Country", "Turnover")),
        ("Name of it,2020,2021\nInstitute,,\n", ("Name of it", "2020", "2021")),
        ("where\nInstitute\n", ("where",)),
        ("title,1999\nAffiliation,Address\n", ("Affiliation", "Address")),
    ],
)
def test_a_row_is_passed_over_only_where_it_surely_is_a_title(tmp_path: Path, text: str, columns: tuple[str, ...]) -> None:
    (tmp_path / "t.csv").write_text(text, "utf-8")
    with open_table(tmp_path / "t.csv") as table:
        assert table.columns == columns


def test_a_title_that_cannot_be_told_is_said_to_be_read_as_headings(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("All papers,of,2025-11-01,by,me,and,you\npaper,author,affiliation,venue,year,a,\n", "utf-8")
    with pytest.raises(InputError, match=r"the first row was read as headings: if it is a title \('2025-11-01'\), delete it"):
        list(read_papers([tmp_path / "t.csv"]))
