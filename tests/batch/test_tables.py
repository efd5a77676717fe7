"""Tables as people have them, matched: any format, encoding and heading; cells with authors; what is written for a spreadsheet."""

from __future__ import annotations

import csv
import gzip
import io
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from affil.batch import MatchSummary, match_file
from affil.batch.answers import AnswerRows, one_answer
from affil.errors import AffilError, InputError
from affil.match import COLUMNS, Matcher
from affil.registry import build_registry
from affil.types import Decision

OWN = """id,name,country,city,aliases,labels
x:1,Quillwater Institute of Optics,GB,Oxford,QIO,zh:羽水研究所
x:2,Stanford University,US,Stanford,,
x:3,University of Leeds,GB,Leeds,Univ Leeds,
"""


@pytest.fixture(scope="module")
def matcher(tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    folder = tmp_path_factory.mktemp("own")
    (folder / "own.csv").write_text(OWN, "utf-8")
    build_registry([folder / "own.csv"], folder / "own.affil")
    return Matcher.load(folder / "own.affil")


def run(matcher: Matcher, source: Path, out: str = "out.csv", **options: Any) -> tuple[MatchSummary, list[str], Path]:
    said: list[str] = []
    target = source.parent / out
    summary = match_file(source, target, matcher=matcher, tell=said.append, **options)
    return summary, said, target


def rows_of(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""), delimiter=delimiter))


def test_a_frame_a_workbook_and_parquet_give_the_same_bytes(matcher: Matcher, tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "Nr": [1, 2, 3, 4],
            "Affiliation": ["QIO, Oxford; Univ Leeds", "[Stanford, L.] Univ Leeds", "羽水研究所", "nobody, -1"],
            "Score": [0.5, 1.25, -2.75, 1e-7],
            "Note": ["1=1", 'a "b", c', "x\ny", "0012"],
        }
    )
    frame.to_parquet(tmp_path / "in.parquet", index=False)
    frame.to_excel(tmp_path / "in.xlsx", index=False)
    frame.to_csv(tmp_path / "in.csv", index=False)
    outputs = {}
    for name in ("in.parquet", "in.xlsx", "in.csv"):
        for workers in (1, 2) if name == "in.xlsx" else (1,):
            _, said, target = run(matcher, tmp_path / name, workers=workers)
            assert said == [f"{tmp_path / name}: matching the column 'Affiliation'"]
            outputs[name, workers] = target.read_bytes()
    matched = matcher.match_frame(frame)
    outputs["frame", 1] = matched.to_csv(index=False, lineterminator="\n").encode()
    assert len({*outputs.values()}) == 1, outputs
    assert matched["institution_id"].fillna("").tolist() == ["x:1", "x:3", "x:3", "x:1", ""]


def test_a_european_excels_file(matcher: Matcher, tmp_path: Path) -> None:
    """Semicolons, a byte-order mark, a decimal comma; what comes out opens in it as well."""
    (tmp_path / "in.csv").write_text("Nr;Title;Affiliations\n1;=A1, tea;Univ Leeds, Leeds\n2,5;Größe;QIO\n", "utf-8-sig")
    summary, said, out = run(matcher, tmp_path / "in.csv")
    assert said == [f"{tmp_path / 'in.csv'}: matching the column 'Affiliations'"]
    assert (summary.rows, summary.none) == (2, 0)
    assert out.read_bytes().startswith(b"\xef\xbb\xbfNr;Title;Affiliations;institution_id;")
    found = rows_of(out, ";")
    assert [(r["Nr"], r["Title"], r["institution_id"]) for r in found] == [("1", "=A1, tea", "x:3"), ("2,5", "Größe", "x:1")]
    _, _, out = run(matcher, tmp_path / "in.csv", excel=True)
    assert [r["Title"] for r in rows_of(out, ";")] == ["'=A1, tea", "Größe"]
    assert all(r["evidence"].startswith("'+ ") for r in rows_of(out, ";"))


def test_a_plain_file_is_written_plainly_unless_for_excel(matcher: Matcher, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("affiliation;x\nUniv Leeds;-3\n", "utf-8")
    _, said, out = run(matcher, tmp_path / "in.csv")
    assert said == []
    assert out.read_bytes().startswith(b"affiliation,x,institution_id,")
    _, _, out = run(matcher, tmp_path / "in.csv", excel=True)
    assert out.read_bytes().startswith(b"\xef\xbb\xbfaffiliation;x;institution_id;")
    assert rows_of(out, ";")[0]["x"] == "-3"
    for name in ("out.jsonl", "out.parquet"):
        with pytest.raises(AffilError, match=r"excel is for \.csv, \.tsv and \.xlsx"):
            run(matcher, tmp_path / "in.csv", name, excel=True)


def test_a_workbook_out(matcher: Matcher, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("affiliation,x\nUniv Leeds,=1\nnobody,\n", "utf-8")
    _, _, out = run(matcher, tmp_path / "in.csv", "out.xlsx")
    header, first, second = openpyxl.load_workbook(out).active.iter_rows()
    assert [c.value for c in header] == ["affiliation", "x", *COLUMNS]
    assert (first[1].value, first[1].data_type) == ("=1", "s")
    assert isinstance(first[2 + COLUMNS.index("probability")].value, float)
    assert [c.value for c in second[2:4]] == [None, None]


def test_a_guess_is_said_and_can_be_forced(matcher: Matcher, tmp_path: Path) -> None:
    text = "Nr;机构\n" + "1;羽水研究所\n" * 3
    (tmp_path / "in.csv").write_text(text, "euc_jis_2004")
    name = tmp_path / "in.csv"
    _, said, out = run(matcher, name, encoding="euc_jis_2004")
    assert said == [f"{name}: matching the column '机构'"]
    assert [r["institution_id"] for r in rows_of(out)] == ["x:1"] * 3
    (tmp_path / "in.csv").write_text("Nr;Address\n1;Universität Köln\n2;Straße, Universität Zürich\n", "cp1252")
    _, said, _ = run(matcher, name)
    assert (
        said[0]
        == f"{name}: the text looks like CP1252 and is read so; if letters come out wrong, choose another with --encoding"
    )
    with pytest.raises(InputError, match="line 2: byte 23 is not ascii; omit --encoding"):
        run(matcher, name, encoding="ascii")


def test_authors_are_never_matched(matcher: Matcher, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(
        'C1\n"[Stanford, L.] Univ Leeds"\n'
        '"[Stanford, L.; Li, H.] Univ Leeds, Leeds; [Diaz, C.] Quillwater Inst Opt, QIO, Oxford; [Li, H.] University of Leeds"\n'
        '"[Stanford, L.] nobody; [Li, H.] nowhere"\n'
    )
    summary, _, out = run(matcher, tmp_path / "in.csv")
    assert [(r["C1"][:20], r["institution_id"], r["matched_text"]) for r in rows_of(out)] == [
        ("[Stanford, L.] Univ ", "x:3", "Univ Leeds"),
        ("[Stanford, L.; Li, H", "x:3", "Univ Leeds"),
        ("[Stanford, L.; Li, H", "x:1", rows_of(out)[2]["matched_text"]),
        ("[Stanford, L.] nobod", "", ""),
    ]
    assert (summary.rows, summary.none, summary.written) == (3, 1, 4)


def test_names_before_commas_only_in_the_column_of_scopus(matcher: Matcher, tmp_path: Path) -> None:
    cell = '"Stanford L., Univ Leeds, Leeds, United Kingdom; Diaz, C., QIO, Oxford"'
    (tmp_path / "in.csv").write_text(f"Authors with affiliations\n{cell}\n")
    _, _, out = run(matcher, tmp_path / "in.csv")
    assert [r["institution_id"] for r in rows_of(out)] == ["x:3", "x:1"]


def test_the_strings_of_web_of_science_match_as_they_do_alone(matcher: Matcher, tmp_path: Path) -> None:
    alone = ["Univ Leeds, Leeds, W Yorkshire, England", "QIO, Oxford, England", "Stanford University, Stanford, CA USA"]
    (tmp_path / "alone.csv").write_text("affiliation\n" + "".join(f'"{s}"\n' for s in alone))
    (tmp_path / "wos.csv").write_text("affiliation\n" + "".join(f'"[Diaz, C.; Li, H.] {s}"\n' for s in alone))
    first, second = (rows_of(run(matcher, tmp_path / f"{n}.csv", f"{n}-out.csv")[2]) for n in ("alone", "wos"))
    assert [{k: v for k, v in r.items() if k != "affiliation"} for r in first] == [
        {k: v for k, v in r.items() if k != "affiliation"} for r in second
    ]
    assert len(first) == 3


def test_the_answers_to_addresses_are_one() -> None:
    def row(identifier: str, probability: float | None, decision: str) -> tuple[Any, ...]:
        given = {"institution_id": identifier, "probability": probability, "decision": decision}
        return tuple(given.get(c) for c in COLUMNS)

    none = AnswerRows(Decision.NONE, [row("", None, "none")])
    sure, unsure = AnswerRows(Decision.MATCH, [row("a", 0.9, "match")]), AnswerRows(Decision.REVIEW, [row("a", 0.5, "review")])
    other = AnswerRows(Decision.REVIEW, [row("b", 0.6, "review")])
    assert one_answer([none, none]) == none
    assert one_answer([none, sure, none]) == sure
    assert one_answer([unsure, sure]) == sure
    assert one_answer([sure, other, unsure]) == AnswerRows(Decision.REVIEW, [sure.rows[0], other.rows[0]])


def test_a_sheet_is_chosen(matcher: Matcher, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["notes"])
    book.active.append(["x"])
    sheet = book.create_sheet("Strings")
    for value in ("Affiliation", "Univ Leeds"):
        sheet.append([value])
    book.save(tmp_path / "in.xlsx")
    with pytest.raises(InputError, match="no column whose name tells that it holds affiliations; its columns are: notes"):
        run(matcher, tmp_path / "in.xlsx", sheet="Sheet")
    name = tmp_path / "in.xlsx"
    for options, told in (({"sheet": "Strings"}, []), ({}, ["the sheet read is 'Strings'; for another, Sheet: --sheet"])):
        _, said, out = run(matcher, name, **options)
        assert said == [f"{name}: {one}" for one in (*told, "matching the column 'Affiliation'")]
        assert rows_of(out)[0]["institution_id"] == "x:3"


@pytest.mark.parametrize("packed", [False, True])
def test_papers_are_matched_by_their_strings(
    matcher: Matcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    addresses = "C1 [Diaz, Carla; Li, Hui] Univ Leeds, Leeds, England.\n   [Li, Hui] Nobody.\n"
    record = f"PT J\nAF Diaz, Carla\n   Li, Hui\nTI Teacups\nSO NATURE\n{addresses}"
    text = f"FN Clarivate Analytics Web of Science\nVR 1.0\n{record}PY 2024\nUT WOS:1\nER\n\n{record}UT WOS:2\nER\n\nEF\n"
    (tmp_path / "export.ciw").write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    summary, said, out = run(matcher, tmp_path / "export.ciw")
    rows = [(r["paper"], r["author"], r["affiliation"], r["institution_id"]) for r in rows_of(out)]
    leeds = "Univ Leeds, Leeds, England"
    assert rows == [
        (id, author, string, found)
        for id in ("WOS:1", "WOS:2")  # which has no year, and strings nevertheless
        for author, string, found in (("Diaz, Carla", leeds, "x:3"), ("Li, Hui", leeds, "x:3"), ("Li, Hui", "Nobody", ""))
    ]
    assert [one.partition(": ")[2] for one in said] == [
        "Web of Science: plain text, tab-delimited or Excel: the strings of its papers are matched, one a row: paper, author, affiliation",
    ]
    assert (summary.rows, summary.strings) == (6, 2)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((tmp_path / "export.ciw").read_bytes())))
    match_file("-", tmp_path / "piped.csv", matcher=matcher)
    assert (tmp_path / "piped.csv").read_bytes() == out.read_bytes()


def test_a_table_of_papers_with_one_column_of_affiliations_keeps_its_columns(matcher: Matcher, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("Paper,Author,Venue,Year,Affiliation\n1,Ana,V,2020,Univ Leeds\n")
    out = run(matcher, tmp_path / "in.csv")[2]
    assert [(r["Venue"], r["Affiliation"], r["institution_id"]) for r in rows_of(out)] == [("V", "Univ Leeds", "x:3")]
