from __future__ import annotations

import csv
import json
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from affil.errors import AffilError, InputError
from affil.ledger import Key
from affil.ledger.agreement import agreement
from affil.review.items import Filters
from affil.review.session import Session
from affil.review.spreadsheet import COLUMNS, ImportProblemsError, string_key
from affil.workspace import Workspace

OPENAI = "affil:openai"
ANY = Filters(scope="all", state="any")


def read(path: Path) -> list[dict[str, str]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return list(csv.DictReader(lines))
    rows = [
        [str(v) if v is not None else "" for v in row] for row in load_workbook(path).worksheets[0].iter_rows(values_only=True)
    ]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    columns = list(rows[0])
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, columns)
            writer.writeheader()
            writer.writerows(rows)
    else:
        book = Workbook()
        book.active.append(columns)
        for row in rows:
            book.active.append([row[c] for c in columns])
        book.save(path)
    return path


@pytest.fixture(params=[".csv", ".xlsx"])
def sheet(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / f"sheet{request.param}"


def test_out_filled_in_and_back(session: Session, sheet: Path) -> None:
    session.decide(0, [OPENAI], by="ana", why="asked")
    session.decide(1, [], by="ana", why="not an organisation: a room")
    session.decide(2, [], by="ana", why="none of the registry")
    assert session.export_sheet(sheet, ANY) == len(session.queue)
    rows = read(sheet)
    assert tuple(rows[0]) == COLUMNS
    by_key = {row["key"]: row for row in rows}
    first = by_key[string_key(session.queue.affiliations[0])]
    assert (first["institution_ids"], first["why"], first["decided_by"], first["entry"]) == (OPENAI, "asked", "ana", "1")
    assert [by_key[string_key(session.queue.affiliations[n])]["institution_ids"] for n in (1, 2)] == [
        "not an organisation",
        "none",
    ]
    same = session.import_sheet(sheet, by="bo")
    assert (same.decided, same.unchanged, same.blank) == (0, 3, len(rows) - 3), "what was not changed is not decided again"
    assert len(session.entries()) == 3

    for number, ids in ((5, f"{OPENAI} affil:fernhollow-college"), (6, "None"), (7, "NOT AN ORGANISATION"), (0, "none")):
        by_key[string_key(session.queue.affiliations[number])].update(institution_ids=ids, why="")
    done = session.import_sheet(write(sheet, rows), by="bo")
    assert (done.decided, done.opinions, done.unchanged) == (4, 1, 2)
    current = session.ledger.current()
    assert current[session.queue.affiliations[5]] == (OPENAI, "affil:fernhollow-college")
    assert current[session.queue.affiliations[6]] == current[session.queue.affiliations[7]] == ()
    assert current[session.queue.affiliations[0]] == (OPENAI,), "ana's decision is not overwritten"
    whys = {e.affiliation: e.why for e in session.entries()}
    assert whys[session.queue.affiliations[7]] == f"not an organisation: decided in {sheet.name}"
    assert [key.affiliation for key, _ in session.disputes()] == [session.queue.affiliations[0]]


def test_all_problems_at_once_and_nothing_recorded(session: Session, sheet: Path) -> None:
    session.export_sheet(sheet, ANY)
    rows = read(sheet)
    rows[0]["institution_ids"] = OPENAI
    rows[1]["institution_ids"] = "affil:nobody"
    rows[2]["institution_ids"] = f"{OPENAI} none"
    rows[3].update(key="0000", institution_ids="none")
    rows[4] = dict(rows[0])
    with pytest.raises(ImportProblemsError) as error:
        session.import_sheet(write(sheet, rows), by="bo")
    assert error.value.problems == (
        (3, "the registry has no institution 'affil:nobody'"),
        (4, "none stands alone: a string names institutions or none"),
        (5, "its key or string is not one of this workspace"),
        (6, "the string stands in row 2 already"),
    )
    assert f"{sheet}: 4 problems, nothing was recorded" in str(error.value)
    assert session.ledger.entries() == []
    with pytest.raises(ImportProblemsError, match="row 2: nobody is named as deciding"):
        session.import_sheet(write(sheet, rows[:1]))
    assert session.ledger.entries() == []


def test_a_sheet_of_ones_own(session: Session, sheet: Path) -> None:
    rows = [{"affiliation": session.queue.affiliations[3], "institution_ids": OPENAI, "by": "cy"}]
    assert session.import_sheet(write(sheet, rows)).decided == 1
    assert session.entries()[0].by == "cy"


def test_what_is_no_sheet(session: Session, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        session.import_sheet(tmp_path / "none.xlsx", by="x")
    (tmp_path / "bad.xlsx").write_text("no workbook")
    with pytest.raises(InputError, match="cannot be read as XLSX"):
        session.import_sheet(tmp_path / "bad.xlsx", by="x")
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="needs the columns institution_ids, and key or affiliation"):
        session.import_sheet(tmp_path / "bad.csv", by="x")
    with pytest.raises(AffilError, match=r"a sheet must be \.csv or \.xlsx"):
        session.export_sheet(tmp_path / "x.ods", ANY)


def test_hostile_strings_leave_as_text_and_come_back(hostile_ws: Workspace, hostile: tuple[str, ...], sheet: Path) -> None:
    session = Session(hostile_ws)
    assert session.export_sheet(sheet, ANY) == len(hostile)
    rows = read(sheet)
    assert max(len(v) for row in rows for v in row.values()) < 32_767
    if sheet.suffix == ".csv":
        assert not [v for row in rows for v in row.values() if v.startswith(("=", "+", "-", "@", "\t"))]
    else:
        cells = [cell for row in load_workbook(sheet).worksheets[0].iter_rows() for cell in row if cell.value is not None]
        assert {cell.data_type for cell in cells} == {"s", "n"}, "no formula"
        assert all(cell.quotePrefix for cell in cells if str(cell.value).startswith(("=", "+", "-", "@")))
    for row in rows:
        row["institution_ids"] = OPENAI
    done: Any = session.import_sheet(write(sheet, rows), by="ana")
    assert done.decided == len(hostile)
    assert set(session.ledger.current()) == set(hostile), "to the letter"
    session.close()


def filled(session: Session, sheet: Path, column: str) -> list[dict[str, str]]:
    """An exported sheet, its first six rows filled in, in one column of which the cells of four rows were sorted."""
    session.export_sheet(sheet, ANY)
    rows = read(sheet)
    for n, row in enumerate(rows[:6]):
        row["institution_ids"] = OPENAI if n % 2 else "none"
    for row, cell in zip(rows[:4], sorted((row[column] for row in rows[:4]), reverse=True), strict=True):
        row[column] = cell
    return rows


@pytest.mark.parametrize("column", ["key", "affiliation"])
def test_a_sheet_sorted_in_part_is_refused(session: Session, sheet: Path, column: str) -> None:
    rows = filled(session, sheet, column)
    keys = {string_key(a): a for a in session.queue.affiliations}
    moved = [n for n, row in enumerate(rows, 2) if keys[row["key"]] != row["affiliation"]]
    assert len(moved) >= 2
    with pytest.raises(ImportProblemsError) as error:
        session.import_sheet(write(sheet, rows), by="bo")
    assert [row for row, _ in error.value.problems] == moved
    first = rows[moved[0] - 2]
    assert error.value.problems[0][1] == (
        f"its key belongs to {keys[first['key']]!r}, but its affiliation is {first['affiliation']!r}: parts of rows were moved; "
        "undo that and sort whole rows, or export the sheet again"
    )
    assert session.ledger.entries() == []


def test_rows_that_came_apart_are_refused_also_where_nothing_is_filled_in(session: Session, sheet: Path) -> None:
    session.export_sheet(sheet, ANY)
    rows = read(sheet)
    rows[0]["institution_ids"] = OPENAI
    rows[5]["affiliation"] = rows[6]["affiliation"]
    rows[7]["affiliation"] = ""
    with pytest.raises(ImportProblemsError) as error:
        session.import_sheet(write(sheet, rows), by="bo")
    assert [row for row, _ in error.value.problems] == [7, 9]
    assert session.ledger.entries() == []


def test_whole_rows_may_be_sorted_and_left_out(session: Session, sheet: Path) -> None:
    session.export_sheet(sheet, ANY)
    rows = [row | {"institution_ids": OPENAI} for row in sorted(read(sheet), key=lambda row: row["affiliation"])[3:20]]
    assert session.import_sheet(write(sheet, rows), by="bo").decided == 17
    assert set(session.ledger.current()) == {row["affiliation"] for row in rows}


ODD = (
    "  Université  de Montréal ",
    "=OpenAI, Lab 1",
    "'t Hooft Lab, OpenAI",
    "OpenAI,\r\nSan Francisco",
    "-OpenAI\tLab",
    "OpenAI\u00a0HQ",
)
CHANGES: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "decomposed": lambda t: unicodedata.normalize("NFD", t),
    "blanks around": lambda t: f" {t}\u00a0 ",
    "blanks gone": lambda t: " ".join(t.split()),
    "line ends": lambda t: t.replace("\u240d\u240a", "\r\n").replace("\u2409", "\t"),
    "other line ends": lambda t: t.replace("\u240d\u240a", "\n"),
    "quote gone": lambda t: t.removeprefix("'"),
    "another quote": lambda t: f"'{t}",
}


@pytest.fixture(scope="module")
def odd(review_registry: Any, doubter: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of strings that spreadsheets change; to be copied."""
    folder = tmp_path_factory.mktemp("odd")
    authors = [{"name": f"A{i}", "affiliations": [string]} for i, string in enumerate(ODD)]
    papers = folder / "odd.jsonl"
    papers.write_text(json.dumps({"id": "p", "title": "T", "venue": "CVPR", "year": 2020, "authors": authors}) + "\n", "utf-8")
    workspace = Workspace.open(folder / "ws", create=True)
    workspace.add_papers(papers)
    workspace.run(matcher=doubter(review_registry))
    workspace.choose(registry=review_registry.path)
    return workspace.path


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("keyed", [True, False])
def test_what_spreadsheets_change_in_a_text_does_not_matter(
    odd: Path, tmp_path: Path, sheet: Path, change: str, keyed: bool
) -> None:
    session = Session(Workspace.open(shutil.copytree(odd, tmp_path / "odd"), create=False))
    session.export_sheet(sheet, ANY)
    rows = [row | {"affiliation": CHANGES[change](row["affiliation"]), "institution_ids": OPENAI} for row in read(sheet)]
    for row in rows:
        row["key"] = row["key"] if keyed else ""
    assert session.import_sheet(write(sheet, rows), by="bo").decided == len(session.queue)
    assert set(session.ledger.current()) == set(session.queue.affiliations)
    session.close()


def test_a_text_that_several_strings_share_needs_the_key(
    review_registry: Any, doubter: Any, tmp_path: Path, sheet: Path
) -> None:
    authors = [{"name": "A", "affiliations": ["OpenAI Lab", "OpenAI\u2003Lab", "OpenAI  Lab"]}]
    papers = tmp_path / "same.jsonl"
    papers.write_text(json.dumps({"id": "p", "title": "T", "venue": "CVPR", "year": 2020, "authors": authors}) + "\n", "utf-8")
    workspace = Workspace.open(tmp_path / "same", create=True)
    workspace.add_papers(papers)
    workspace.run(matcher=doubter(review_registry))
    workspace.choose(registry=review_registry.path)
    session = Session(workspace)
    assert len(session.queue) == 3
    wanted = [{"affiliation": "OpenAI Lab ", "institution_ids": OPENAI}]
    with pytest.raises(
        ImportProblemsError, match="row 2: 3 strings of this workspace are written so in a sheet; keep the column key"
    ):
        session.import_sheet(write(sheet, wanted), by="bo")
    exact = [{"affiliation": "OpenAI\u2003Lab", "institution_ids": OPENAI}]
    assert session.import_sheet(write(sheet, exact), by="bo").decided == 1
    assert [*session.ledger.current()] == ["OpenAI\u2003Lab"]
    session.close()


def test_an_equal_answer_of_another_person_is_an_opinion(session: Session, sheet: Path) -> None:
    """Two people fill in the same sheet; the second has not seen the first's answers, so that equal ones count for agreement."""
    session.export_sheet(sheet, ANY)
    rows = read(sheet)
    for row in rows[:4]:
        row["institution_ids"] = OPENAI
    assert session.import_sheet(write(sheet, rows), by="ana").decided == 4
    rows[3]["institution_ids"] = "none"
    done = session.import_sheet(write(sheet, rows), by="bo")
    assert (done.decided, done.opinions, done.unchanged) == (4, 4, 0)
    (agreed,) = agreement(session.queue.cases)
    assert (agreed.first, agreed.second, agreed.strings, agreed.agreed) == ("ana", "bo", 4, 0.75)
    again = session.import_sheet(write(sheet, rows), by="bo")
    assert (again.decided, again.unchanged) == (0, 4), "what bo said already"


def test_rows_as_exported_are_no_opinions(session: Session, sheet: Path) -> None:
    first = session.queue.affiliations[0]
    session.decide(0, [OPENAI], by="ana", why="w")
    session.export_sheet(sheet, ANY)
    session.decide(0, ["affil:fernhollow-college"], by="ana", why="better")
    session.decide(0, [OPENAI], by="ana", why="no, the first")
    assert session.import_sheet(sheet, by="bo").decided == 0, "the answer of then, which holds again, was not bo's"
    assert session.queue.cases[Key(first)].opinions == {}


def test_answers_that_are_not_recorded_are_not_written_over(session: Session, sheet: Path) -> None:
    session.export_sheet(sheet, ANY)
    rows = read(sheet)
    rows[2]["institution_ids"] = OPENAI
    write(sheet, rows)
    before = sheet.read_bytes()
    with pytest.raises(AffilError, match=r"holds 1 answer that would be lost; take them first: affil review import .*sheet"):
        session.export_sheet(sheet, ANY)
    assert sheet.read_bytes() == before
    session.import_sheet(sheet, by="ana")
    assert session.export_sheet(sheet, ANY) == len(rows)
    assert session.export_sheet(sheet, ANY) == len(rows), "what is filled in stands in the ledger"
