from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from affil.desk import Desk
from affil.errors import AffilError, InputError
from affil.review.exchange import COLUMNS, ImportProblemsError, string_key
from affil.review.queue import Filters
from affil.workspace import Workspace

OPENAI = "affil:openai"
ANY = Filters(scope="all", state="any")


@pytest.fixture
def desk(review_ws: Workspace) -> Iterator[Desk]:
    made = Desk(review_ws)
    yield made
    made.close()


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


def test_out_filled_in_and_back(desk: Desk, sheet: Path) -> None:
    desk.decide(0, [OPENAI], by="ana", why="asked")
    desk.decide(1, [], by="ana", why="not an organisation: a room")
    desk.decide(2, [], by="ana", why="none of the registry")
    assert desk.export_sheet(sheet, ANY) == len(desk.queue)
    rows = read(sheet)
    assert tuple(rows[0]) == COLUMNS
    by_key = {row["key"]: row for row in rows}
    first = by_key[string_key(desk.queue.affiliations[0])]
    assert (first["institution_ids"], first["why"], first["decided_by"], first["entry"]) == (OPENAI, "asked", "ana", "1")
    assert [by_key[string_key(desk.queue.affiliations[n])]["institution_ids"] for n in (1, 2)] == [
        "not an organisation",
        "none",
    ]
    same = desk.import_sheet(sheet, by="bo")
    assert (same.decided, same.unchanged, same.blank) == (0, 3, len(rows) - 3), "what was not changed is not decided again"
    assert len(desk.entries()) == 3

    for number, ids in ((5, f"{OPENAI} affil:fernhollow-college"), (6, "None"), (7, "NOT AN ORGANISATION"), (0, "none")):
        by_key[string_key(desk.queue.affiliations[number])].update(institution_ids=ids, why="")
    done = desk.import_sheet(write(sheet, rows), by="bo")
    assert (done.decided, done.opinions, done.unchanged) == (4, 1, 2)
    current = desk.ledger.current()
    assert current[desk.queue.affiliations[5]] == (OPENAI, "affil:fernhollow-college")
    assert current[desk.queue.affiliations[6]] == current[desk.queue.affiliations[7]] == ()
    assert current[desk.queue.affiliations[0]] == (OPENAI,), "ana's decision is not overwritten"
    whys = {e.affiliation: e.why for e in desk.entries()}
    assert whys[desk.queue.affiliations[7]] == f"not an organisation: decided in {sheet.name}"
    assert [key.affiliation for key, _ in desk.disputes()] == [desk.queue.affiliations[0]]


def test_all_problems_at_once_and_nothing_recorded(desk: Desk, sheet: Path) -> None:
    desk.export_sheet(sheet, ANY)
    rows = read(sheet)
    rows[0]["institution_ids"] = OPENAI
    rows[1]["institution_ids"] = "affil:nobody"
    rows[2]["institution_ids"] = f"{OPENAI} none"
    rows[3].update(key="0000", institution_ids="none")
    rows[4] = dict(rows[0])
    with pytest.raises(ImportProblemsError) as error:
        desk.import_sheet(write(sheet, rows), by="bo")
    assert error.value.problems == (
        (3, "the registry has no institution 'affil:nobody'"),
        (4, "none stands alone: a string names institutions or none"),
        (5, "its key or string is not one of this workspace"),
        (6, "the string stands in row 2 already"),
    )
    assert f"{sheet}: 4 problems, nothing was recorded" in str(error.value)
    assert desk.ledger.entries() == []
    with pytest.raises(ImportProblemsError, match="row 2: nobody is named as deciding"):
        desk.import_sheet(write(sheet, rows[:1]))
    assert desk.ledger.entries() == []


def test_a_sheet_of_ones_own(desk: Desk, sheet: Path) -> None:
    rows = [{"affiliation": desk.queue.affiliations[3], "institution_ids": OPENAI, "by": "cy"}]
    assert desk.import_sheet(write(sheet, rows)).decided == 1
    assert desk.entries()[0].by == "cy"


def test_what_is_no_sheet(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        desk.import_sheet(tmp_path / "none.xlsx", by="x")
    (tmp_path / "bad.xlsx").write_text("no workbook")
    with pytest.raises(InputError, match="cannot be read as XLSX"):
        desk.import_sheet(tmp_path / "bad.xlsx", by="x")
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="needs the columns institution_ids, and key or affiliation"):
        desk.import_sheet(tmp_path / "bad.csv", by="x")
    with pytest.raises(AffilError, match=r"written as \.csv or \.xlsx"):
        desk.export_sheet(tmp_path / "x.ods", ANY)


def test_hostile_strings_leave_as_text_and_come_back(hostile_ws: Workspace, hostile: tuple[str, ...], sheet: Path) -> None:
    desk = Desk(hostile_ws)
    assert desk.export_sheet(sheet, ANY) == len(hostile)
    rows = read(sheet)
    assert max(len(v) for row in rows for v in row.values()) < 32_767
    if sheet.suffix == ".csv":
        assert not [v for row in rows for v in row.values() if v.startswith(("=", "+", "-", "@", "\t"))]
    else:
        cells = [cell for row in load_workbook(sheet).worksheets[0].iter_rows() for cell in row if cell.value is not None]
        assert {cell.data_type for cell in cells} == {"s"}, "no formula"
        assert all(cell.quotePrefix for cell in cells if str(cell.value).startswith(("=", "+", "-", "@")))
    for row in rows:
        row["institution_ids"] = OPENAI
    done: Any = desk.import_sheet(write(sheet, rows), by="ana")
    assert done.decided == len(hostile)
    assert set(desk.ledger.current()) == set(hostile), "to the letter"
    desk.close()
