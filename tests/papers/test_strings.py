"""Strings of papers as a table."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

from affil.errors import InputError
from affil.papers.read import read_papers
from affil.papers.strings import COLUMNS, paper_strings

EMPLOYMENT = {"employment-summary": {"organization": {"name": "Univ of Leeds"}}}
SAMPLES = Path(__file__).parent / "samples"


@pytest.mark.parametrize(
    "sample",
    [
        "web-of-science-plain.txt", "scopus-2024.csv", "openalex-snapshot.jsonl", "openalex-page.json", "openalex-snapshot.parquet",
        "crossref-page.json", "pubmed-set.xml", "medline-manager.nbib", "ris-scopus.ris", "bibtex-web-of-science.bib", "acl-anthology-2025.xml",
    ],
)  # fmt: skip
def test_the_strings_are_those_of_the_papers(sample: str) -> None:
    table = paper_strings(SAMPLES / sample)
    assert table is not None
    rows = [row for batch in table.batches(2) for row in zip(*(batch.columns[c] for c in COLUMNS), strict=True)]
    expected = []
    for paper in read_papers([SAMPLES / sample]):
        expected += [(paper.id, a.name, s) for a in paper.authors for s in a.affiliations]
        expected += [(paper.id, "", s) for s in paper.paper_affiliations]
    assert expected
    assert rows == expected
    assert table.notes[0].endswith("the strings of its papers are matched, one a row: paper, author, affiliation")


def test_what_is_left_out_is_told_afterwards() -> None:
    table = paper_strings(SAMPLES / "web-of-science-plain.txt")
    assert table is not None
    list(table.batches(100))
    assert any("1 paper left out, as it is no paper: Correction (line 111)" in line for line in table.remarks())


def test_tables_with_one_column_of_affiliations_and_other_lists_are_none(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,venue,year,author,affiliation\n1,V,2020,A,MIT\n")
    (tmp_path / "b.jsonl").write_text(json.dumps({"affiliation": "MIT", "DOI": "10.1000/x", "author": []}) + "\n")
    (tmp_path / "c.json").write_text(json.dumps([{"affiliation": "MIT"}]))
    (tmp_path / "d.txt").write_text("MIT\nCMU\n")
    book = openpyxl.Workbook()
    book.active.append(["Address"])
    book.save(tmp_path / "e.xlsx")
    for file in sorted(tmp_path.iterdir()):
        assert paper_strings(file) is None, file.name


def test_strings_of_papers_without_a_year_or_venue_are_matched_too(tmp_path: Path) -> None:
    path = tmp_path / "a.ris"
    path.write_text("TY  - JOUR\nTI  - A\nAU  - Diaz, C\nAD  - MIT\nER  - \n", "utf-8")
    table = paper_strings(path)
    assert table is not None
    assert [b.columns["affiliation"] for b in table.batches(9)] == [["MIT"]]


@pytest.mark.parametrize(
    "record",
    [
        {
            "DOI": "10.1000/x",
            "type": "journal-article",
            "title": ["T"],
            "author": [{"family": "Li", "affiliation": [{"name": "Univ of Leeds"}]}],
        },
        {
            "id": "https://openalex.org/W1",
            "authorships": [{"raw_author_name": "A", "raw_affiliation_strings": ["Univ of Leeds"]}],
        },
        {"doi": "10.1000/x", "creators": [{"name": "A", "affiliation": ["Univ of Leeds"]}], "titles": [], "types": {}},
        {"id": "a", "venue": "J", "authors": [{"name": "A", "affiliations": ["Univ of Leeds"]}]},
        {"id": "a", "year": "in press", "authors": [], "aligned": False, "paper_affiliations": ["Univ of Leeds"]},
        {
            "id": "a",
            "content": {
                "title": "T",
                "venue": "TMLR",
                "authors": [{"fullname": "A", "institutions": [{"name": "Univ of Leeds"}]}],
            },
            "invitation": "TMLR/-/Paper",
        },
        {
            "id": "1",
            "source": "MED",
            "authorList": {
                "author": [
                    {"authorAffiliationDetailsList": {"authorAffiliation": [{"affiliation": "Univ of Leeds"}]}, "lastName": "A"}
                ]
            },
        },
        {
            "orcid-identifier": {"path": "0000"},
            "activities-summary": {
                "employments": {"affiliation-group": [{"summaries": [EMPLOYMENT]}]},
                "works": {"group": [{"work-summary": [{"type": "journal-article", "put-code": 1}]}]},
            },
        },
    ],
    ids=["crossref", "openalex", "datacite", "own", "own-by-paper", "openreview", "europe-pmc", "orcid"],
)
def test_records_of_services_without_a_year_too(record: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text(json.dumps(record) + "\n")
    table = paper_strings(tmp_path / "r.jsonl")
    assert table is not None
    assert [cell for batch in table.batches(9) for cell in batch.columns["affiliation"]] == ["Univ of Leeds"]
    if "aligned" in record or "venue" in record:  # of affil's own format, where a file without any paper is refused
        with pytest.raises(InputError, match=r"line 1: (?:year|venue) is"):
            list(read_papers([tmp_path / "r.jsonl"]))
    else:
        assert list(read_papers([tmp_path / "r.jsonl"])) == []


def test_a_table_of_papers_with_numbered_columns_gives_the_strings_of_all_also_without_a_year(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("paper,author,Affiliation 1,Affiliation 2,venue,year\n1,Ann,MIT,CMU,V,2020\n2,Bo,ETH,,V,in press\n")
    table = paper_strings(path)
    assert table is not None
    [batch] = table.batches(9)
    assert list(zip(*batch.columns.values(), strict=True)) == [("1", "Ann", "MIT"), ("1", "Ann", "CMU"), ("2", "Bo", "ETH")]
    assert table.remarks() == [f"{path}: the affiliations are those of Affiliation 1, Affiliation 2"]
