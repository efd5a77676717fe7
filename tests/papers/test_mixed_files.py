"""Files put together of several formats, and the places that messages name."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from affil.errors import InputError
from affil.papers.common import Problem
from affil.papers.read import read_papers

SAMPLES = Path(__file__).parent / "samples"
LINES: dict[str, dict[str, Any]] = {
    "OpenAlex works": {
        "id": "https://openalex.org/W1",
        "title": "T",
        "publication_year": 2024,
        "primary_location": {"source": {"display_name": "ICML"}},
        "authorships": [],
    },
    "Crossref works": {
        "DOI": "10.1000/x",
        "type": "journal-article",
        "title": ["T"],
        "container-title": ["J"],
        "issued": {"date-parts": [[2024]]},
        "author": [{"family": "Li"}],
    },
    "affil's own JSON Lines": {"id": "P1", "title": "T", "venue": "ICML", "year": 2024, "authors": []},
    "DataCite JSON": {
        "doi": "10.1000/y",
        "titles": [{"title": "T"}],
        "creators": [],
        "publicationYear": 2024,
        "publisher": "P",
    },
}
BLOCKS = {
    "RIS": "TY  - JOUR\nTI  - T\nT2  - J\nPY  - 2024\nER  - \n\n",
    "Web of Science": "FN Clarivate Analytics Web of Science\nVR 1.0\nPT J\nTI T\nSO J\nPY 2024\nUT WOS:1\nER\n\nEF\n",
    "BibTeX": "@article{a,\n  title = {T},\n  journal = {J},\n  year = {2024},\n}\n\n",
}


def read(path: Path) -> tuple[list[str], list[Problem]]:
    problems: list[Problem] = []
    return [p.id for p in read_papers([path], on_problem=problems.append)], problems


@pytest.mark.parametrize(("one", "other"), [*itertools.permutations(LINES, 2)])
def test_json_lines_of_two_formats_are_refused_with_the_first_line_of_the_other(tmp_path: Path, one: str, other: str) -> None:
    file = tmp_path / "mixed.jsonl"
    lines = [json.dumps(LINES[one])] * 3 + [json.dumps(LINES[other])]
    file.write_text("\n".join(lines) + "\n")
    message = f"mixed.jsonl, line 4: is a record of another format: {other}; give each format a file of its own"
    with pytest.raises(InputError, match=message):
        read(file)
    file.write_text("\n".join(lines[:3]) + "\n")
    assert len({*read(file)[0]}) <= 1


def test_a_json_list_of_two_formats(tmp_path: Path) -> None:
    (tmp_path / "works.txt").write_text(json.dumps([LINES["OpenAlex works"], LINES["Crossref works"]]))
    with pytest.raises(InputError, match=r"works.txt, record 2: is a record of another format: Crossref works"):
        read(tmp_path / "works.txt")


def test_a_json_list_with_something_behind_it_or_in_front(tmp_path: Path) -> None:
    a_list, a_work = json.dumps([LINES["OpenAlex works"]]), json.dumps(LINES["OpenAlex works"], indent=1)
    (tmp_path / "works.txt").write_text(f"{a_list}\n{a_work}\n")
    with pytest.raises(InputError, match="goes on with another JSON value after record 1; give each format a file"):
        read(tmp_path / "works.txt")
    (tmp_path / "works.txt").write_text(f"{a_work}\n{a_list}\n")
    with pytest.raises(InputError, match="record 2: is no work of OpenAlex"):
        read(tmp_path / "works.txt")


@pytest.mark.parametrize(("one", "other"), [*itertools.permutations(BLOCKS, 2)])
def test_text_of_two_formats_is_refused_with_the_line_of_the_other(tmp_path: Path, one: str, other: str) -> None:
    """Whichever of the two the file is taken for."""
    file = tmp_path / "mixed.txt"
    file.write_text(BLOCKS[one] * 2 + BLOCKS[other])
    lines = BLOCKS[one].count("\n")
    places = {f"line {2 * lines + 1}: another format begins here: {other};", f"line 1: another format begins here: {one};"}
    with pytest.raises(InputError) as caught:
        read(file)
    assert any(place in str(caught.value) for place in places), str(caught.value)


def test_lines_between_records_of_ris_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.ris").write_text("Provider: X\n1.\n" + BLOCKS["RIS"] + "2.\nsome words\n" + BLOCKS["RIS"])
    (problem,) = (p for p in read(tmp_path / "a.ris")[1] if p.whole)
    assert problem.what == "line 10, 'some words', stands in no record; such lines are passed over"


@pytest.mark.parametrize(
    ("sample", "place"),
    [
        ("ris-others.ris", ("line", 23)),
        ("web-of-science-plain.txt", ("line", 111)),
        ("bibtex-others.bib", ("line", 14)),
        ("openalex-snapshot.jsonl", ("line", 3)),
        ("crossref-page.json", ("record", 7)),
        ("pubmed-set.xml", ("record", 2)),
        ("scopus-2024.csv", ("row", 4)),
        ("zotero-library.csv", ("row", 4)),
        ("openalex-snapshot.parquet", ("row", 3)),
    ],
)
def test_places_are_lines_of_text_rows_of_tables_and_records_of_xml_and_json(sample: str, place: tuple[str, int]) -> None:
    lost = [(p.unit, p.row) for p in read(SAMPLES / sample)[1] if not p.whole]
    assert place in lost
    assert {unit for unit, _ in lost} == {place[0]}


def test_rows_are_those_that_a_spreadsheet_shows(tmp_path: Path) -> None:
    """A title above, a blank row between, and in delimited text a cell of several lines."""
    rows: list[list[Any]] = [
        ["Papers of the lab"],
        ["Paper", "Venue", "Year", "Author", "Affiliation"],
        ["1", "ICML", 2024, "Ana Li", "A,\nB"],
        [],
        ["2", "ICML", "soon", "Bo Chen", "C"],
    ]
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    text = '"Papers of the lab",,,,\nPaper,Venue,Year,Author,Affiliation\n1,ICML,2024,Ana Li,"A,\nB"\n\n2,ICML,soon,Bo Chen,C\n'
    (tmp_path / "a.csv").write_text(text)
    for name in ("a.xlsx", "a.csv"):
        ids, problems = read(tmp_path / name)
        assert (ids, [(p.unit, p.row, p.what) for p in problems if not p.whole]) == (
            ["1"],
            [("row", 5, "has no year that is understood")],
        )


def workbook(path: Path, **sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


PAPERS = [["Paper", "Venue", "Year", "Author", "Affiliation"], ["1", "ICML", 2024, "Ana Li", "A University"]]
OTHER = [["Paper", "Venue", "Year", "Author", "Affiliation"], ["2", "ICML", 2024, "Bo Chen", "B University"]]
NOTES = [["Who", "What"], ["Ana", "made this list"]]


def test_the_sheet_with_papers_is_read_wherever_it_stands(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", Notes=NOTES, Papers=PAPERS)
    ids, problems = read(path)
    assert (ids, [p.what for p in problems]) == (["1"], ["the sheet read is 'Papers'; for another, Notes: --sheet"])


def test_of_two_sheets_with_papers_it_is_said_which_is_read_and_how_to_take_the_other(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", Notes=NOTES, First=PAPERS, Second=OTHER)
    ids, problems = read(path)
    assert ids == ["1"]
    assert [p.what for p in problems] == ["the sheet read is 'First'; Second would fit as well: choose with --sheet"]
    assert [p.id for p in read_papers([path], sheet="Second")] == ["2"]


def test_a_sheet_that_fits_by_its_mapping(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", Notes=NOTES, Papers=[["Paper", "Where", *PAPERS[0][2:]], PAPERS[1]])
    assert [p.id for p in read_papers([path], mapping={"Where": "venue"})] == ["1"]
