"""Lens.org's CSV. All names are invented."""

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
HEADINGS = ["Lens ID", "Title", "Publication Year", "Publication Type", "Source Title", "Author/s", "DOI"]


def read(path: Path) -> tuple[list[Paper], list[Problem]]:
    problems: list[Problem] = []
    return list(read_papers([path], on_problem=problems.append)), problems


def test_an_export() -> None:
    papers, problems = read(SAMPLES / "lens-export.csv")
    assert papers == [
        Paper(
            "lens:000-000-000-000-001",
            "Aligning image and text encoders",
            "IEEE Transactions on Pattern Analysis and Machine Intelligence",
            2023,
            (Author("Carla Diaz"), Author("Hong-Wei Li")),
            doi="10.1109/tpami.2022.0000001",
        ),
        Paper(
            "lens:000-000-000-000-003",
            "Robots that ask",
            "International Symposium of Robotics Research",
            2022,  # of its date
            (Author("Tom Owen"),),
        ),
    ]
    assert [(p.row, p.what, p.lost) for p in problems] == [
        (2, "has no affiliation", False),
        (3, "is no paper: conference proceedings", True),
        (4, "has no affiliation", False),
        (5, "has no venue", True),
    ]


def test_an_older_export() -> None:
    ((paper,), _) = read(SAMPLES / "lens-older.csv")
    assert (paper.venue, paper.year, paper.authors) == ("Artificial Intelligence", 2019, (Author("T. Haas"),))


def test_a_broken_file() -> None:
    with pytest.raises(InputError, match=r"lens-damaged.csv, row 5: has 2 fields, the header 32"):
        read(SAMPLES / "lens-damaged.csv")


WORD = st.text("abcé, ;\"'", min_size=1, max_size=8).map(lambda w: w.strip(" ;") or "x")


@given(st.lists(st.tuples(WORD, WORD, st.integers(1900, 2100), st.lists(WORD.map(lambda w: w.replace(";", "")))), max_size=4))
def test_papers_that_are_written_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, works: list[tuple[str, str, int, list[str]]]
) -> None:
    path = tmp_path_factory.mktemp("lens") / "lens.csv"
    written = [
        Paper(f"lens:{i}", title, venue, year, tuple(Author(n.strip()) for n in names if n.strip()), doi=f"10.1000/{i}")
        for i, (title, venue, year, names) in enumerate(works)
    ]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(HEADINGS)
        for p in written:
            names = "; ".join(a.name for a in p.authors)
            rows.writerow([p.id.removeprefix("lens:"), p.title, p.year, "journal article", p.venue, names, p.doi])
    assert read(path)[0] == written
