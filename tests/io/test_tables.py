from __future__ import annotations

import datetime
import json
import tracemalloc
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from affil.errors import InputError
from affil.io.delimited import titles_above
from affil.io.table import Style, affiliation_column
from affil.io.tables import FORMATS, Format, create_table, open_table, table_format


def read(path: Path, format: Format | None = None, rows: int = 2) -> dict[str, list[Any]]:
    with open_table(path, format) as table:
        out: dict[str, list[Any]] = {c: [] for c in table.columns}
        for batch in table.batches(rows):
            assert 0 < len(batch) <= rows
            for column, values in batch.columns.items():
                assert len(values) == len(batch)
                out[column] += values
        return out


def write(path: Path, columns: dict[str, list[Any]], types: dict[str, Any] | None = None) -> Path:
    with create_table(path, types or dict.fromkeys(columns, "string")) as table:
        table.write({c: v[:1] for c, v in columns.items()})
        table.write({c: v[1:] for c, v in columns.items()})
    return path


ROWS = {"id": ["1", "2", "3"], "affiliation": ['MIT, "CSAIL"', "清华大学\r\n北京", " "], "": ["", "x\ty", "a\rb"]}


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.tab", "a.CSV.GZ", "a.jsonl", "a.ndjson.gz", "a.parquet", "a.pq"])
def test_what_is_written_is_read_back(tmp_path: Path, name: str) -> None:
    assert read(write(tmp_path / name, ROWS)) == ROWS


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)


@given(st.lists(text, min_size=1, max_size=4, unique=True), st.data(), st.sampled_from([f for f in FORMATS if f != "xlsx"]))
def test_any_text_survives(
    tmp_path_factory: pytest.TempPathFactory, columns: list[str], data: st.DataObject, format: Format
) -> None:
    rows = data.draw(st.lists(st.tuples(*[text] * len(columns)), min_size=1, max_size=5))
    table = {c: [row[i] for row in rows] for i, c in enumerate(columns)}
    path = write(tmp_path_factory.mktemp("t") / f"t.{format}", table)
    if format in ("csv", "tsv") and next(iter(columns[0]), "") == "\ufeff":
        return  # at the start of a file that is a byte-order mark, not a name
    if format in ("csv", "tsv") and titles_above([columns, *rows]):
        return  # a title above usual headings, for whoever reads it
    assert read(path) == table


def test_csv_cells_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'\xef\xbb\xbfid,x\r\n001, 1.50 \r\n\r\nNA,"a ""b"", c"\r\n')
    assert read(tmp_path / "a.csv") == {"id": ["001", "NA"], "x": [" 1.50 ", 'a "b", c']}
    with open_table(tmp_path / "a.csv") as table:
        assert [(list(b.rows), len(b)) for b in table.batches(10)] == [([2, 4], 2)]


def test_a_header_alone_is_an_empty_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,affiliation\n")
    assert read(tmp_path / "a.csv") == {"id": [], "affiliation": []}


def test_json_lines_keep_types_and_know_all_columns(tmp_path: Path) -> None:
    records: list[dict[str, Any]] = [{"a": 1, "s": "x", "n": [1, {"b": "é"}]}, {"a": 2.5, "t": True}, {"a": None, "big": 2**70}]
    (tmp_path / "a.jsonl").write_text("\n \n".join(json.dumps(r) for r in records), "utf-8")
    table = read(tmp_path / "a.jsonl")
    assert table == {c: [r.get(c) for r in records] for c in ("a", "s", "n", "t", "big")}
    with open_table(tmp_path / "a.jsonl") as opened:
        types = dict(opened.types)
    assert types == {"a": "double", "s": "string", "n": "string", "t": "bool", "big": "string"}
    assert read(write(tmp_path / "b.jsonl", table, types)) == table
    assert read(write(tmp_path / "b.parquet", table, types)) == {
        **table,
        "n": ['[1, {"b": "é"}]', None, None],
        "big": [None, None, str(2**70)],
    }
    assert read(write(tmp_path / "b.csv", table, types))["t"] == ["", "true", ""]


def test_parquet_keeps_types(tmp_path: Path) -> None:
    day = datetime.date(2024, 2, 29)
    schema = pa.schema({"year": pa.int16(), "day": pa.date32(), "list": pa.list_(pa.string()), "x": pa.float32()})
    rows = {"year": [2024, None, 7], "day": [day, day, None], "list": [["a"], [], None], "x": [0.5, float("nan"), None]}
    pq.write_table(pa.table(rows, schema), tmp_path / "a.parquet", row_group_size=2)
    with open_table(tmp_path / "a.parquet") as table:
        types = dict(table.types)
        assert table.size == 3
    columns = read(tmp_path / "a.parquet")
    assert pq.read_schema(write(tmp_path / "b.parquet", columns, types)) == schema
    lines = write(tmp_path / "b.jsonl", columns, types).read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines][:2] == [
        {"year": 2024, "day": "2024-02-29", "list": ["a"], "x": 0.5},
        {"year": None, "day": "2024-02-29", "list": [], "x": None},
    ]
    assert write(tmp_path / "b.csv", columns, types).read_text("utf-8").splitlines()[1] == '2024,2024-02-29,"[""a""]",0.5'


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\n\n", "is empty"),
        ("a.csv", b"id,x\n1,2\n3\n", "row 3: has 1 field, the header 2; write all its fields"),
        ("a.csv", b"id,x\n1,2\n3,4,5\n", "row 3: has 3 fields, the header 2"),
        ("a.csv", b"id,x\n1,a\0b\n", "row 2: holds a NUL character"),
        ("a.csv", b'id,x\n1,"a"b\n', "row 2: no valid CSV: ',' expected after '\"'"),
        ("a.csv", b'id,x\n1,2\n3,"unclosed\n4,5\n', "row 3: no valid CSV: unexpected end of data"),
        ("a.csv", b"id,id\n1,2\n", "row 1: duplicate column 'id'; rename one of them"),
        ("a.tsv", b"id\tx\n1,2\n", "row 2: has 1 field, the header 2"),
        ("a.jsonl", b'{"a": 1}\n{"a": \n', r"line 2: not JSON at character 6: Expecting value; correct the line"),
        ("a.jsonl", b"\n[1]\n", "line 2: the line is JSON but not an object"),
        ("a.jsonl", b'{"a": "\\ud83d"}\n', "line 1: contains half a surrogate pair"),
        ("a.jsonl", b'{"a": ' + b"9" * 5000 + b"}", "line 1: not JSON that can be read"),
        ("a.jsonl", b"[" * 100_000, "line 1: not JSON that can be read"),
        ("a.jsonl", b" \n", "is empty"),
        ("a.parquet", b"PAR1 and no more", "not a Parquet file, or truncated"),
        ("a.parquet", b"", "is empty"),
        ("a.csv", b"id,x,,\n1,2,,3\n", "row 2: has '3' in a column without a heading"),
        ("a.csv", b"id,,x,,y\n", "row 1: columns 2 and 4 have no heading; give them one"),
        ("a.json", b'[{"a": 1}, {"a": ', r"record 2: not JSON at character 7: Expecting value"),
        ("a.json", b'[{"a": 1}, {"a" 2}]', r"record 2: not JSON at character 6: Expecting ':' delimiter; correct the record"),
        ("a.json", b'[{"a": 1} {"a": 2}]', "record 1: no comma behind it; correct it, or write one object a line"),
        ("a.json", b'[{"a": 1}, ', "record 2: not JSON"),
        ("a.json", b'[{"a": 1}', "record 1: the list is not closed: it was cut off"),
        ("a.json", b'[{"a": 1}, 2]', "record 2: the record is JSON but not an object"),
        ("a.json", b'[{"a": 1}] [', "record 1: goes on behind the list"),
        ("a.json", b'[{"a": 1, "a": 2}]', "record 1: not JSON that can be read: 'a' stands twice in one object"),
        ("a.json", b'[{"a": "\\ud83d"}]', "record 1: contains half a surrogate pair"),
        ("a.json", b'[{"a": ' + b"[" * 100_000, "record 1: not JSON that can be read"),
        ("a.json", b"[]", "is empty"),
        ("a.xls", b"<html><table><tr><td>x", "is a web page or XML, no table; open it"),
        ("a.xlsx", b"PK\x03\x04 xl/workbook.xml and no more", "is no workbook that can be read: .*; save it again as .xlsx"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + bytes(600), "is no workbook that can be read"),
        ("a.xlsx", b"PK\x03\x04 word/document.xml", "is a zip archive without a workbook; unpack it"),
    ],
)
def test_broken_tables_name_file_row_and_fix(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_damaged_parquet_page_is_an_error(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": ["x" * 20 + str(i) for i in range(5000)]}), tmp_path / "a.parquet", use_dictionary=False)
    content = bytearray((tmp_path / "a.parquet").read_bytes())
    content[4:2000] = b"\xff" * 1996
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(InputError, match="is damaged after row 0"):
        read(tmp_path / "a.parquet", rows=100)


def test_a_missing_column_lists_those_found(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,affil\n1,MIT\n")
    with open_table(tmp_path / "a.csv") as table, pytest.raises(InputError) as caught:
        table.require("affiliation")
    assert str(caught.value).endswith("no column 'affiliation'; its columns are: id, affil; choose one with --column")


@pytest.mark.parametrize(
    ("columns", "wanted", "found"),
    [
        (["affiliation", "Affiliation"], None, "affiliation"),
        (["affiliation", "Affiliation"], "Affiliation", "Affiliation"),
        (["Nr", "Title", "Affiliations"], None, "Affiliations"),
        (["UT", "C1"], None, "C1"),
        (["编号", "作者单位"], None, "作者单位"),
        (["题名", "机构"], None, "机构"),
        (["Authors", " AUTHORS WITH  AFFILIATIONS "], None, " AUTHORS WITH  AFFILIATIONS "),
        (["raw_affiliation_string"], None, "raw_affiliation_string"),
        (["id", "Where"], "where", "Where"),
        (["my  column"], "My Column", "my  column"),
    ],
)
def test_the_column_is_found(columns: list[str], wanted: str | None, found: str) -> None:
    assert affiliation_column("x.csv", columns, wanted) == found


@pytest.mark.parametrize(
    ("columns", "wanted", "message"),
    [
        (
            ["Affiliations", "Addresses"],
            None,
            "several columns may be meant: Affiliations, Addresses; choose one with --column",
        ),
        (["X", "x"], "ｘ", "no column 'ｘ'; its columns are: X, x"),
        (["AB", "ab"], "Ab", "several columns may be meant: AB, ab"),
        (["Nr", "Title, short", ""], None, "no column whose name tells .*; its columns are: Nr, 'Title, short', ''; choose"),
        ([str(i) for i in range(50)], "x", "37, 38, 39 and 10 more; choose"),
    ],
)
def test_a_column_that_is_not_found(columns: list[str], wanted: str | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        affiliation_column("x.csv", columns, wanted)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.xlsx", "noextension", "a.tsv"])
def test_delimiters_are_told_by_content(tmp_path: Path, delimiter: str, name: str) -> None:
    rows = {"Nr": ["1", "2"], "Title": ["Tea, and cups", "a|b;c\td"], "Affiliations": ["Univ A; Univ B,\nLeeds", "1,5"]}
    with create_table(tmp_path / "a.csv", dict.fromkeys(rows, "string"), style=Style(delimiter, mark=True)) as table:
        table.write(rows)
    (tmp_path / name).write_bytes((tmp_path / "a.csv").read_bytes())
    assert read(tmp_path / name) == rows
    with open_table(tmp_path / name) as opened:
        assert opened.style == Style(delimiter, mark=True)
        assert opened.notes == ()


def test_a_comma_in_headings_does_not_hide_the_semicolons(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Name, given;Score;Where\nA;1,5;B\nC;2,5;D, E\n")
    assert read(tmp_path / "a.csv") == {"Name, given": ["A", "C"], "Score": ["1,5", "2,5"], "Where": ["B", "D, E"]}


def test_quotes_between_tabs_need_not_enclose(tmp_path: Path) -> None:
    """Web of Science writes titles with quotes as they are."""
    rows = ['J\t"Smart" cups\t[Li, H.] Univ A\t', 'J\t"Tea\t[Diaz, C.] Univ B', 'J\tx\t"']
    (tmp_path / "savedrecs.txt").write_text("\n".join(["PT\tTI\tC1", *rows]) + "\n", "utf-8-sig")
    assert read(tmp_path / "savedrecs.txt") == {
        "PT": ["J", "J", "J"],
        "TI": ['"Smart" cups', '"Tea', "x"],
        "C1": ["[Li, H.] Univ A", "[Diaz, C.] Univ B", '"'],
    }
    (tmp_path / "a.tsv").write_text('a\tb\n"x" y\t1\n')
    assert read(tmp_path / "a.tsv") == {"a": ['"x" y'], "b": ["1"]}
    (tmp_path / "a.tsv").write_text('a\tb\n"x\ty"\t1\n')
    assert read(tmp_path / "a.tsv") == {"a": ["x\ty"], "b": ["1"]}


def test_padding_of_spreadsheets_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id;x;;\n1;2;;\n;;;\n3;4\n5;6;;;;\n")
    assert read(tmp_path / "a.csv") == {"id": ["1", "", "3", "5"], "x": ["2", "", "4", "6"]}


def test_titles_above_the_headings_are_passed_over_and_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Export of 2024\n\nId;Affiliation\n1;A, B\n2;C\n")
    with open_table(tmp_path / "a.csv") as table:
        assert table.notes == ("the headings stand in row 3; 'Export of 2024' above them is passed over",)
        (batch,) = table.batches(9)
    assert batch.columns == {"Id": ["1", "2"], "Affiliation": ["A, B", "C"]}
    assert list(batch.rows) == [4, 5]


def test_a_column_of_strings_with_commas_is_no_title(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("affiliation\nMIT, Cambridge\nCMU, Pittsburgh\n")
    with pytest.raises(
        InputError, match=r"row 2: has 2 fields, the header 1; .* or call the file \.txt if each line is one string"
    ):
        read(tmp_path / "a.csv")
    (tmp_path / "a.csv").rename(tmp_path / "a.txt")
    assert read(tmp_path / "a.txt") == {"affiliation": ["MIT, Cambridge", "CMU, Pittsburgh"]}


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a"])
def test_json_lines_are_told_by_content(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"a": "x, y"}\n{"a": "z"}\n')
    assert read(tmp_path / name) == {"a": ["x, y", "z"]}


def test_csv_called_json_lines(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("a,b\n1,2\n")
    assert read(tmp_path / "a.jsonl") == {"a": ["1"], "b": ["2"]}


def test_parquet_under_any_name(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", ROWS).rename(tmp_path / "a.csv")
    assert read(tmp_path / "a.csv") == ROWS


def test_a_guessed_encoding_is_noted(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id;Affiliation\n1;Московский университет\n2;Институт физики\n", "koi8-r")
    with open_table(tmp_path / "a.csv") as table:
        assert table.notes == (
            "the text looks like KOI8-R and is read so; if letters come out wrong, choose another with --encoding",
        )
    with open_table(tmp_path / "a.csv", encoding="koi8-r") as table:
        assert table.notes == ()
    assert read(tmp_path / "a.csv")["Affiliation"] == ["Московский университет", "Институт физики"]


def test_what_excel_shall_not_run(tmp_path: Path) -> None:
    cells = ["=1+1", "+x", "-x", "@x", "\tx", " =x", "＝x", "-5", "+1,5", "-", "x=1", "'x", ""]
    with create_table(tmp_path / "a.csv", {"=a": "string", "n": "double"}, style=Style(";", mark=True, harmless=True)) as table:
        table.write({"=a": cells, "n": [-1.5] * len(cells)})
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf'=a;n\n'=1+1;-1.5\n")
    guarded = read(tmp_path / "a.csv")["'=a"]
    assert guarded == ["'=1+1", "'+x", "'-x", "'@x", "'\tx", "' =x", "'＝x", "-5", "+1,5", "'-", "x=1", "'x", ""]


def test_formats_by_name() -> None:
    assert table_format("-") == "csv"
    assert table_format("-", "jsonl") == "jsonl"
    assert table_format("x.TSV.gz") == "tsv"
    for name in ("x.xls", "x", "x.xlsx.gz", "x.parquet.gz"):
        with pytest.raises(InputError, match=rf"{name}: unknown format; name it \.csv"):
            table_format(name)


def test_an_exception_leaves_the_old_output(tmp_path: Path) -> None:
    for name in ("a.csv", "a.jsonl.gz", "a.parquet"):
        (tmp_path / name).write_text("old")
        with pytest.raises(KeyboardInterrupt), create_table(tmp_path / name, {"a": "string"}) as table:
            table.write({"a": ["x"]})
            raise KeyboardInterrupt
        assert (tmp_path / name).read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, name: str) -> None:
    with create_table(tmp_path / name, {"a": "string"}) as table:
        for i in range(100):
            table.write({"a": [f"{i} {j} " + "x" * 2_000 for j in range(40)]})
    pa.set_memory_pool(pa.system_memory_pool())
    tracemalloc.start()
    with open_table(tmp_path / name) as table, create_table(tmp_path / f"copy-{name}", table.types) as copy:
        rows = 0
        for batch in table.batches(40):
            copy.write(batch.columns)
            rows += len(batch)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == 4_000
    assert peak < 4_500_000


def test_a_short_row_and_an_encoding_of_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1\n", "utf-8")
    with (
        pytest.raises(InputError, match="row 2: has 1 field, the header 2; write all its fields, also blank ones, or take"),
        open_table(tmp_path / "a.csv") as table,
    ):
        list(table.batches(9))
    book = openpyxl.Workbook()
    book.active.append(["affiliation"])
    book.save(tmp_path / "a.xlsx")
    with (
        pytest.raises(InputError, match="is no text, so that it has no encoding; omit --encoding"),
        open_table(tmp_path / "a.xlsx", encoding="gb18030"),
    ):
        pass


def test_strings_without_a_heading_get_the_advice_to_write_one() -> None:
    with pytest.raises(InputError, match='--column, or write "affiliation" above the strings where there are no headings'):
        affiliation_column("one.txt", ["University of Leeds", "Leeds"])
    with pytest.raises(InputError, match=r"--column$"):
        affiliation_column("a.csv", ["Title", "Where"])


@pytest.mark.parametrize(
    "columns", [["Affiliation 1", "Affiliation 2"], ["affiliation", "affiliation 2"], ["单位1", "单位2", "id"]]
)
def test_none_of_several_numbered_columns_is_chosen_silently(columns: list[str]) -> None:
    with pytest.raises(InputError, match=f"several columns may be meant: {columns[0]}, {columns[1]}; choose one with --column"):
        affiliation_column("t.csv", columns)
    assert affiliation_column("t.csv", columns, columns[1]) == columns[1]


CELLS = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text('aé清"\\[]{},: \n', max_size=9) | st.floats(-1, 1)


@given(
    st.lists(st.fixed_dictionaries({"affiliation": st.text('aé清"]}', max_size=9), "x": CELLS}), min_size=1, max_size=9),
    st.sampled_from([None, 2]),
)
def test_a_json_list_and_json_lines_of_the_same_rows_are_one_table(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], indent: int | None
) -> None:
    folder = tmp_path_factory.mktemp("json")
    (folder / "a.json").write_text(" \n" + json.dumps(rows, indent=indent, ensure_ascii=False) + "\n", "utf-16")
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with open_table(folder / "a.json") as one, open_table(folder / "a.jsonl") as other:
        assert (one.columns, one.types, one.size, one.unit) == (other.columns, other.types, other.size, "record")
        assert [b.columns for b in one.batches(4)] == [b.columns for b in other.batches(4)]


def test_a_long_json_list_is_not_held_as_a_whole(tmp_path: Path) -> None:
    with (tmp_path / "a.json").open("w") as file:
        file.write(
            "["
            + ",\n".join(json.dumps({"a": f"{n} " + "x" * 400}) for n in range(40_000))
            + ', {"a": "'
            + "y" * 300_000
            + '"}]'
        )
    tracemalloc.start()
    with open_table(tmp_path / "a.json") as table:
        rows = sum(len(batch) for batch in table.batches(400))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == 40_001
    assert peak < 4_500_000


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_the_row_with_the_heading_that_is_asked_for_has_the_headings(tmp_path: Path, suffix: str) -> None:
    rows = [["Liste der Einrichtungen"], ["Nr", "Affiliation (roh)"], ["1", "Universität Bern"]]
    path = tmp_path / f"a.{suffix}"
    if suffix == "csv":
        path.write_text("\n".join(";".join(r) for r in rows) + "\n", "utf-8")
    else:
        book = Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)
    with open_table(path, heading="affiliation (Roh)") as opened:
        (batch,) = opened.batches(10)
        assert opened.columns == ("Nr", "Affiliation (roh)")
        assert batch.columns["Affiliation (roh)"] == ["Universität Bern"]
        assert "the headings stand in row 2; 'Liste der Einrichtungen' above them is passed over" in opened.notes


@pytest.mark.parametrize("heading", ["Adresse", "Institutsadresse", "Einrichtung", "Établissement", "Afiliación"])
def test_headings_of_other_languages(tmp_path: Path, heading: str) -> None:
    (tmp_path / "a.csv").write_text(f"Titel;{heading};Jahr\nX;ETH;2020\n", "utf-8")
    with open_table(tmp_path / "a.csv") as opened:
        assert opened.column_of(None) == heading
