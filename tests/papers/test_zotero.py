"""Zotero's CSV. All names are invented."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import InputError
from affil.papers.common import Problem
from affil.papers.read import read_papers
from affil.types import Author, Paper

SAMPLES = Path(__file__).parent / "samples"
HEADINGS = ["Key", "Item Type", "Publication Year", "Author", "Title", "Publication Title", "DOI"]


def read(path: Path) -> tuple[list[Paper], list[Problem]]:
    problems: list[Problem] = []
    return list(read_papers([path], on_problem=problems.append)), problems


def test_a_library() -> None:
    papers, problems = read(SAMPLES / "zotero-library.csv")
    assert papers == [
        Paper(
            "zotero:ABCD2345",
            "Aligning image and text encoders",
            "IEEE Transactions on Pattern Analysis and Machine Intelligence",
            2023,
            (Author("Diaz, Carla"), Author("Li, Hong-Wei")),
            doi="10.1109/tpami.2022.0000001",
        ),
        Paper(
            "zotero:EFGH2345",
            "A benchmark of instance segmentation under rain",
            "European Conference on Computer Vision",  # not the series
            2018,
            (Author("Rossi, Anna"),),
        ),
    ]
    assert [(p.row, p.what, p.lost) for p in problems] == [
        (2, "has no affiliation", False),
        (3, "has no affiliation", False),
        (4, "is no paper: webpage", True),
        (5, "has no venue", True),
    ]


def test_a_library_with_few_columns() -> None:
    ((paper,), _) = read(SAMPLES / "zotero-short.csv")
    assert (paper.venue, paper.year, paper.authors) == ("arXiv", 2024, (Author("Haas, Theresa"),))


def test_a_broken_file() -> None:
    with pytest.raises(InputError, match=r"zotero-damaged.csv, row 5: no valid CSV"):
        read(SAMPLES / "zotero-damaged.csv")


WORD = st.text("abcé, ;\"'", min_size=1, max_size=8).map(lambda w: w.strip(" ;") or "x")


@given(st.lists(st.tuples(WORD, WORD, st.integers(1900, 2100), st.lists(WORD.map(lambda w: w.replace(";", "")))), max_size=4))
def test_papers_that_are_written_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, works: list[tuple[str, str, int, list[str]]]
) -> None:
    path = tmp_path_factory.mktemp("zotero") / "library.csv"
    written = [
        Paper(f"zotero:{i}", title, venue, year, tuple(Author(n.strip()) for n in names if n.strip()), doi=f"10.1000/{i}")
        for i, (title, venue, year, names) in enumerate(works)
    ]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file, quoting=csv.QUOTE_ALL)
        rows.writerow(HEADINGS)
        for p in written:
            names = "; ".join(a.name for a in p.authors)
            rows.writerow([p.id.removeprefix("zotero:"), "conferencePaper", p.year, names, p.title, p.venue, p.doi])
    assert read(path)[0] == written
