"""Doubtful strings of a file to a sheet, and its answers back, without a workspace."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from typer.testing import CliRunner, Result

import affil
from affil.cli import app
from affil.errors import AffilError
from affil.match import Matcher
from affil.review.file_sheet import COLUMNS
from affil.review.spreadsheet import ImportProblemsError, string_key

OXFORD, TSINGHUA = "https://ror.org/052gg0110", "https://ror.org/03cve4549"
STRINGS = [
    "NTU",
    "University of Oxford",
    "UCL",
    "独立研究者",
    "NTU",
    "=Tsinghua University",
    "[Doe, J.] UCL; [Li, H.] NTU",
    "UoN",
]
Affil = Callable[..., Result]


@pytest.fixture
def run(tiny_matcher: Matcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Affil:
    """`affil match`, with the tests' own registry and model, in a folder with a file of strings."""
    monkeypatch.chdir(tmp_path)
    with Path("in.csv").open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([("id", "affiliation"), *enumerate(STRINGS, 1)])

    def call(*words: str, code: int = 0, **more: Any) -> Result:
        given = ["match", *words, "--registry", str(tiny_matcher.registry.path), "--model", str(tiny_matcher.model_path)]
        result = CliRunner().invoke(app, given, **more)
        assert code or result.exception is None, result.exception
        return result

    return call


def read(path: str) -> list[dict[str, str]]:
    if path.endswith(".csv"):
        with Path(path).open(encoding="utf-8-sig", newline="") as lines:
            return list(csv.DictReader(lines))
    first, *rest = load_workbook(path).worksheets[0].iter_rows(values_only=True)
    return [{str(k): "" if v is None else str(v) for k, v in zip(first, row, strict=True)} for row in rest]


def fill(path: str, answers: dict[str, dict[str, str]], **every: str) -> list[dict[str, str]]:
    """Fill cells into a sheet, by string, and into every row."""
    rows = [row | every | answers.get(row["affiliation"], {}) for row in read(path)]
    if path.endswith(".csv"):
        with Path(path).open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    else:
        book = Workbook()
        book.active.append(list(rows[0]))
        for row in rows:
            book.active.append(list(row.values()))
        book.save(path)
    return rows


def doubtful_of(matcher: Matcher) -> Counter[str]:
    cells = [["UCL", "NTU"] if "[" in s else [s] for s in STRINGS]
    found = Counter(one for cell in cells for one in cell)
    return Counter({s: n for s, n in found.items() if matcher.match(s).decision == "review"})


@pytest.mark.parametrize("sheet", ["doubtful.csv", "doubtful.xlsx"])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_out_filled_in_and_back(run: Affil, tiny_matcher: Matcher, sheet: str, workers: str) -> None:
    said = run("in.csv", "--review-only", "-o", sheet, "--workers", workers)
    rows = read(sheet)
    assert tuple(rows[0]) == COLUMNS
    expected = doubtful_of(tiny_matcher)
    assert set(expected) >= {"NTU", "UCL", "UoN"}
    assert {row["affiliation"]: int(row["mentions"]) for row in rows} == expected
    assert [int(row["mentions"]) for row in rows] == sorted(expected.values(), reverse=True)
    assert f"{len(rows)} doubtful strings, in 5 of 8 rows, written to {sheet}; fill in" in said.stderr
    for row in rows:
        assert row["key"] == string_key(row["affiliation"])
        assert row["reason"]
        assert (row["institution_ids"], row["why"]) == ("", "")
        best = tiny_matcher.match(row["affiliation"]).matches[0]
        assert row["candidates"].startswith(f"{best.institution.id} {best.institution.name} ({best.institution.city}, ")
        assert float(row["probability"]) == pytest.approx(best.probability, abs=6e-4)

    run("in.csv", "-o", "before.csv")
    ntu = {"institution_ids": "University of Oxford\n清华大学", "why": "asked them", "by": "ana"}
    fill(sheet, {"NTU": ntu, "UoN": {"institution_ids": "none"}}, by="")
    said = run("in.csv", "-o", "after.csv", "--decided", sheet, "--workers", workers)
    assert f"note: 2 decided strings in {sheet}" in said.stderr
    before, after = read("before.csv"), read("after.csv")
    assert [r for r in before if r["id"] not in "1578"] == [r for r in after if r["id"] not in "1578"], (
        "the others stay as they were"
    )
    ours = [r for r in after if r["id"] in ("1", "5")]
    assert [(r["id"], r["institution_id"]) for r in ours] == [("1", OXFORD), ("1", TSINGHUA), ("5", OXFORD), ("5", TSINGHUA)]
    assert {(float(r["probability"]), r["decision"], r["evidence"]) for r in ours} == {
        (1.0, "match", f"decided by ana in {sheet}: asked them")
    }
    assert {r["country"] for r in ours} == {"GB", "CN"}
    (none,) = (r for r in after if r["id"] == "8")
    assert (none["institution_id"], none["probability"], none["decision"], none["evidence"]) == (
        "",
        "",
        "none",
        f"decided in {sheet}",
    )
    both = {r["institution_id"]: r["evidence"] for r in after if r["id"] == "7"}
    ucl = {r["institution_id"] for r in before if r["id"] == "3"}
    assert set(both) == {OXFORD, TSINGHUA} | ucl, "an address of a cell is decided by itself"


def test_a_sheet_of_what_is_left(run: Affil) -> None:
    run("in.csv", "--review-only", "-o", "one.csv")
    fill("one.csv", {"NTU": {"institution_ids": "not an organisation", "why": "a joke"}})
    run("in.csv", "--review-only", "-o", "two.csv", "--decided", "one.csv")
    assert {r["affiliation"] for r in read("one.csv")} - {r["affiliation"] for r in read("two.csv")} == {"NTU"}
    run("in.csv", "-o", "out.jsonl", "--decided", "one.csv")
    rows = [json.loads(line) for line in Path("out.jsonl").read_text("utf-8").splitlines()]
    assert rows[0]["evidence"] == "decided in one.csv: not an organisation; a joke"
    assert rows[0]["decision"] == "none"


@pytest.mark.parametrize("sheet", ["doubtful.csv", "doubtful.xlsx"])
def test_all_problems_at_once_and_nothing_written(run: Affil, sheet: str) -> None:
    run("in.csv", "--review-only", "-o", sheet)
    strings = [row["affiliation"] for row in read(sheet)]
    number = {string: n for n, string in enumerate(strings, 2)}
    wrong = {
        "NTU": {"institution_ids": "affil:nobody"},
        "UCL": {"institution_ids": "Univercity of Oxfort"},
        "UoN": {"affiliation": "Another string"},
    }
    fill(sheet, wrong)
    Path("out.csv").write_text("kept")
    failed = run("in.csv", "-o", "out.csv", "--decided", sheet, code=2).exception
    assert isinstance(failed, ImportProblemsError)
    assert str(failed).startswith(f"{sheet}: 3 problems, nothing was written")
    told = dict(failed.problems)
    assert told[number["NTU"]] == "the registry has no institution 'affil:nobody'"
    assert f"did you mean: {OXFORD} University of Oxford (Oxford, GB)" in told[number["UCL"]]
    assert "its key belongs to 'UoN', but its affiliation is 'Another string': parts of rows were moved" in told[number["UoN"]]
    assert Path("out.csv").read_text() == "kept"


def test_standard_input_and_a_sheet_of_ones_own(run: Affil) -> None:
    """Without keys, and from a pipe, which is read twice."""
    Path("own.csv").write_text("affiliation,institution_ids\n独立研究者,University of Oxford\n", "utf-8")
    run("-", "-o", "out.csv", "--decided", "own.csv", input=Path("in.csv").read_text("utf-8"))
    (row,) = (r for r in read("out.csv") if r["affiliation"] == "独立研究者")
    assert (row["institution_id"], row["evidence"]) == (OXFORD, "decided in own.csv")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("in.csv", "-o", "x.parquet", "--review-only"), r"a sheet must be \.csv or \.xlsx"),
        (("in.csv", "-o", "x.csv", "--review-only", "--output-format", "tsv"), "--output-format is not for --review-only"),
        (("in.csv", "-o", "x.csv", "--decided", "gone.csv"), r"gone\.csv: no such file"),
        (("in.csv", "-o", "x.csv", "--decided", "in.csv"), "needs the columns institution_ids, and key or affiliation"),
        (("--text", "UCL", "--review-only"), "--review-only is for files"),
        (("in.parquet", "-o", "x.parquet", "--engine", "spark", "--decided", "in.csv"), "--decided is not for --engine spark"),
    ],
)
def test_what_cannot_be(run: Affil, words: tuple[str, ...], problem: str) -> None:
    failed = run(*words, code=2).exception
    assert isinstance(failed, AffilError)
    assert re.search(problem, str(failed))
    assert not Path("x.csv").exists()


def test_as_a_library(run: Affil, tiny_matcher: Matcher) -> None:
    done = affil.write_doubtful("in.csv", "sheet.csv", matcher=tiny_matcher)
    assert (done.rows, done.doubtful, done.strings) == (8, 5, len(doubtful_of(tiny_matcher)))
    fill("sheet.csv", {}, institution_ids="none")
    decided = affil.read_decided("sheet.csv", "in.csv", registry=tiny_matcher.registry)
    assert set(decided) == set(doubtful_of(tiny_matcher))
    summary = affil.match_file("in.csv", "out.csv", matcher=tiny_matcher, decided=decided)
    assert (summary.review, summary.rows) == (0, 8)
    assert summary.strings == len({*STRINGS, "UCL", "NTU"} - {"[Doe, J.] UCL; [Li, H.] NTU"}) - done.strings


@pytest.mark.parametrize("sheet", ["sheet.csv", "sheet.xlsx"])
@pytest.mark.parametrize("again", [("--review-only",), ()])
def test_a_sheet_with_answers_is_not_written_over(run: Affil, sheet: str, again: tuple[str, ...]) -> None:
    run("in.csv", "--review-only", "-o", sheet)
    run("in.csv", "--review-only", "-o", sheet)  # nobody has filled in anything
    fill(sheet, {"NTU": {"institution_ids": "none"}, "UCL": {"institution_ids": OXFORD}})
    before = Path(sheet).read_bytes()
    failed = run("in.csv", *again, "-o", sheet, code=2).exception
    assert isinstance(failed, AffilError)
    assert str(failed) == (
        f"{sheet}: holds 2 answers that would be lost; take them first: affil match IN -o OUT --decided {sheet}, or choose another name"
    )
    assert Path(sheet).read_bytes() == before
    if not again:
        run(sheet, "-o", "matches.csv", "--column", "affiliation")  # which has the columns of the sheet
        run(sheet, "-o", "matches.csv", "--column", "affiliation")


@pytest.mark.parametrize("other", ["same", "./same", "link", "hard"])
@pytest.mark.parametrize("more", [(), ("--review-only",)])
def test_an_input_is_not_written_over(run: Affil, other: str, more: tuple[str, ...]) -> None:
    Path("in.csv").rename("same.csv")
    Path("link.csv").symlink_to("same.csv")
    Path("hard.csv").hardlink_to("same.csv")
    before = Path("same.csv").read_bytes()
    failed = run("same.csv", "-o", f"{other}.csv", *more, code=2).exception
    assert isinstance(failed, AffilError)
    assert "is the file that is read" in str(failed)
    assert Path(f"{other}.csv").read_bytes() == before
    run("same.csv", "--review-only", "-o", "sheet.csv")
    with pytest.raises(AffilError, match="is the file that is read"):
        run("same.csv", "-o", "sheet.csv", "--decided", "sheet.csv", code=2, catch_exceptions=False)


@pytest.mark.parametrize("sheet", ["sheet.csv", "sheet.xlsx"])
def test_answers_of_strings_that_are_not_there_are_counted(run: Affil, sheet: str) -> None:
    run("in.csv", "--review-only", "-o", sheet)
    Path("other.csv").write_text("affiliation\nUCL\n", "utf-8")
    fill(sheet, {s: {"institution_ids": "none"} for s in ("NTU", "UoN", "UCL")})
    said = run("other.csv", "-o", "out.csv", "--decided", sheet).stderr
    assert f"note: 1 decided string in {sheet}\nnote: 2 answers are of strings that are not in other.csv\n" in said
    assert [r["evidence"] for r in read("out.csv")] == [f"decided in {sheet}"]
    fill(sheet, {"NTU": {"affiliation": "UCL"}})  # whose key is of a string that is not there
    failed = run("other.csv", "-o", "out.csv", "--decided", sheet, code=2).exception
    assert "its key or string is not one of other.csv" in str(failed)


@pytest.mark.parametrize("sheet", ["sheet.csv", "sheet.xlsx"])
def test_an_answer_to_what_is_doubted_shows_what_was_certain(run: Affil, sheet: str) -> None:
    both, beside = "University of Oxford, UK; NTU", "NTU; University of Oxford, UK"
    Path("both.csv").write_text(f'affiliation\n"{both}"\n"{beside}"\n', "utf-8")
    run("both.csv", "--review-only", "-o", sheet)
    for row in read(sheet):
        assert re.fullmatch(rf"{OXFORD} University of Oxford \(Oxford, GB\) \[0\.9\d\d\]", row["taken"])
        assert row["doubted"]
        assert row["doubted"] in row["candidates"]
        assert row["candidates"].count("[") == len(row["candidates"].split("; "))
    ntu = read(sheet)[0]["doubted"].split(" [")[0]
    fill(sheet, {both: {"institution_ids": ntu}, beside: {"institution_ids": f"+{read(sheet)[0]['doubted']}"}})
    said = run("both.csv", "-o", "out.csv", "--decided", sheet).stderr
    assert "note: 1 answer leaves out institutions that were certain: row 2: University of Oxford (+ before" in said
    found = {(r["affiliation"], r["institution_id"]) for r in read("out.csv")}
    fill(sheet, {both: {"institution_ids": "+"}, beside: {"institution_ids": "+none"}})
    failed = run("both.csv", "-o", "out.csv", "--decided", sheet, code=2).exception
    assert "row 2: + has no institution behind it\n  row 3: none stands alone" in str(failed)
    assert found == {(both, ntu.split()[0]), (beside, OXFORD), (beside, ntu.split()[0])}


def test_numbers_of_a_workbook_are_numbers(run: Affil) -> None:
    run("in.csv", "--review-only", "-o", "sheet.xlsx")
    head, *rows = load_workbook("sheet.xlsx").worksheets[0].iter_rows(values_only=True)
    assert {(type(r[head.index("mentions")]), type(r[head.index("probability")])) for r in rows} == {(int, float)}


def test_semicolons_for_excel(run: Affil) -> None:
    run("in.csv", "--review-only", "-o", "sheet.csv", "--excel")
    head = Path("sheet.csv").read_bytes().splitlines()[0]
    assert head == b"\xef\xbb\xbf" + ";".join(COLUMNS).encode()
    rows = Path("sheet.csv").read_text("utf-8").replace(";;\n", ";University of Oxford;\n", 1)
    Path("sheet.csv").write_text(rows, "utf-8")
    assert "1 decided string in" in run("in.csv", "-o", "out.csv", "--decided", "sheet.csv").stderr
    Path("german.csv").write_text("nr;affiliation\n1;NTU\n", "utf-8")
    run("german.csv", "--review-only", "-o", "two.csv")
    assert Path("two.csv").read_text("utf-8-sig").startswith("key;affiliation;")
