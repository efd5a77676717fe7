from __future__ import annotations

import datetime
import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import AffilError, InputError
from affil.io import writers
from affil.io.tables import create_table, open_table

SAMPLES = Path(__file__).parent / "samples"


def book(path: Path, *sheets: list[list[Any]], names: tuple[str, ...] = ("One", "Two", "Three")) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in zip(names, sheets, strict=False):
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


def read(path: Path, **options: Any) -> tuple[dict[str, list[Any]], tuple[str, ...], list[int]]:
    with open_table(path, **options) as table:
        out: dict[str, list[Any]] = {c: [] for c in table.columns}
        rows: list[int] = []
        for batch in table.batches(2):
            rows += batch.rows
            for column, values in batch.columns.items():
                out[column] += values
        return out, table.notes, rows


def test_values_keep_their_kinds(tmp_path: Path) -> None:
    path = book(
        tmp_path / "a.xlsx",
        [
            ["Id", "year", "x", "when", "yes", "mixed"],
            ["001", 2024, 1.5, datetime.date(2024, 5, 1), True, 1],
            ["2", 2025.0, 2, datetime.datetime(2024, 5, 1, 3, 4), False, "a"],
            [None, None, None, datetime.time(3, 4), None, None],
        ],
    )
    found, notes, rows = read(path)
    assert found == {
        "Id": ["001", "2", None],
        "year": [2024, 2025, None],
        "x": [1.5, 2, None],
        "when": ["2024-05-01", "2024-05-01 03:04:00", "03:04:00"],
        "yes": [True, False, None],
        "mixed": [1, "a", None],
    }
    assert (notes, rows) == ((), [2, 3, 4])
    assert [type(v) for v in found["year"]] == [int, int, type(None)]
    with open_table(path) as table:
        assert table.size == 3
        assert dict(table.types) == {
            "Id": "string", "year": "int64", "x": "double", "when": "string", "yes": "bool", "mixed": "string",
        }  # fmt: skip


def test_the_first_sheet_with_headings_is_read_and_said(tmp_path: Path) -> None:
    path = book(tmp_path / "a.csv.xlsx", [], [["Affiliation"], ["A"]], [["b"], ["B"]])
    assert read(path)[:2] == (
        {"Affiliation": ["A"]},
        ("the sheet read is 'Two'; for another, One, Three: --sheet",),
    )
    assert read(path, sheet="Three")[:2] == ({"b": ["B"]}, ())
    with pytest.raises(InputError, match="has no sheet 'Four'; choose one with --sheet: One, Two, Three"):
        read(path, sheet="Four")
    (tmp_path / "b.csv").write_text("a\nb\n")
    with pytest.raises(InputError, match=r"b\.csv: is no spreadsheet; omit --sheet"):
        read(tmp_path / "b.csv", sheet="One")


def test_hidden_sheets_are_no_first_sheets(tmp_path: Path) -> None:
    made = openpyxl.load_workbook(book(tmp_path / "a.xlsx", [["a"], [1]], [["b"], [2]]))
    made["One"].sheet_state = "hidden"
    made.save(tmp_path / "a.xlsx")
    assert read(tmp_path / "a.xlsx")[0] == {"b": [2]}
    assert read(tmp_path / "a.xlsx", sheet="One")[0] == {"a": [1]}


def test_rows_above_and_around_the_table(tmp_path: Path) -> None:
    path = book(
        tmp_path / "a.xlsx",
        [[], [None, "Staff of 2024"], [], [None, "Nr", "Affiliation", None], [None, 1, "A"], [], [None, 2, "B"]],
    )
    found, notes, rows = read(path)
    assert found == {"Nr": [1, 2], "Affiliation": ["A", "B"]}
    assert notes == ("the headings stand in row 4; 'Staff of 2024' above them is passed over",)
    assert rows == [5, 7]


def test_a_title_above_unknown_headings_is_an_error(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", [["Staff of 2024"], ["Foo", "Bar"], [1, "A"]])
    with pytest.raises(
        InputError, match=r"row 2: has 'Bar' in a column without a heading; .* delete the rows above the headings"
    ):
        read(path)


def test_merged_cells_fill_their_range(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    sheet = made.active
    for row in (["paper", "author"], ["P1", "Ana"], [None, "Bo"], [None, "Cy"], ["P2", "Di"]):
        sheet.append(row)
    sheet.merge_cells("A2:A4")
    made.save(tmp_path / "a.xlsx")
    assert read(tmp_path / "a.xlsx")[0] == {"paper": ["P1", "P1", "P1", "P2"], "author": ["Ana", "Bo", "Cy", "Di"]}


@pytest.mark.parametrize("name", ["sheet.xls", "sheet.ods"])
def test_other_workbooks(name: str) -> None:
    """The same table in each."""
    found, _, _ = read(SAMPLES / name)
    assert found == {"Nr": [1, 2], "Affiliation": ["Univ. of Leeds, UK", "清华大学"], "Score": [1.5, None]}


def test_empty_and_broken_workbooks(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is empty; give a workbook with a row of headings"):
        read(book(tmp_path / "a.xlsx", []))
    whole = book(tmp_path / "b.xlsx", [["a"], [1]]).read_bytes()
    (tmp_path / "b.xlsx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="is no workbook that can be read"):
        read(tmp_path / "b.xlsx")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", "a\nb\n")
    (tmp_path / "c.zip").write_bytes(packed.getvalue())
    with pytest.raises(InputError, match="is a zip archive without a workbook; unpack it"):
        read(tmp_path / "c.zip")


def test_duplicate_headings(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="row 1: duplicate column 'a'; rename one of them"):
        read(book(tmp_path / "a.xlsx", [["a", "a"], [1, 2]]))


cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.integers(-(10**6), 10**6).map(lambda n: n / 8),
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=6),
)


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=5))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, Any]]) -> None:
    path = tmp_path_factory.mktemp("s") / "t.xlsx"
    with create_table(path, {"a": "string", "=b": "string"}) as table:
        table.write({"a": [a for a, _ in rows], "=b": [b for _, b in rows]})
    kept = [row for row in rows if row != (None, None)]
    assert read(path)[0] == {"a": [a for a, _ in kept], "=b": [b for _, b in kept]}


def test_formulas_are_text(tmp_path: Path) -> None:
    with create_table(tmp_path / "a.xlsx", {"a": "string"}) as table:
        table.write({"a": ["=1+1", "@x", "a\x07b", "line\nbreak"]})
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert [(c.value, c.data_type) for c, *_ in sheet.iter_rows(min_row=2)] == [
        ("=1+1", "s"),
        ("@x", "s"),
        ("a\N{REPLACEMENT CHARACTER}b", "s"),
        ("line\nbreak", "s"),
    ]


def test_what_excel_cannot_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(values: list[str]) -> None:
        with create_table(tmp_path / "a.xlsx", {"a": "string"}) as table:
            table.write({"a": values})

    with pytest.raises(AffilError, match=r"a\.xlsx: row 2 has a cell of 32,768 characters, .*; write \.csv or \.parquet"):
        write(["x" * 32_768])
    monkeypatch.setattr(writers, "_SHEET_ROWS", 3)
    with pytest.raises(AffilError, match="an Excel sheet holds 3 rows and there are more"):
        write(["x"] * 3)
    assert not (tmp_path / "a.xlsx").exists()
