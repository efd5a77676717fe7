"""Papers as others publish them: Paper Copilot, OpenAlex, and tables in long form. All names are invented."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import InputError
from affil.papers.common import Problem
from affil.papers.read import read_papers
from affil.types import Author, Paper

SAMPLES = Path(__file__).parent / "samples"


def read(path: Path) -> tuple[list[Paper], list[Problem]]:
    problems: list[Problem] = []
    return list(read_papers([path], on_problem=problems.append)), problems


def copilot(path: Path, *records: Any) -> Path:
    path.write_text(json.dumps(records, indent=4), "utf-8")
    return path


def record(number: int, author: str, aff: str, **more: Any) -> dict[str, Any]:
    return {"id": f"r{number}", "title": f"Title {number}", "status": "Poster", "author": author, "aff": aff, **more}


def test_paper_copilot_as_published(tmp_path: Path) -> None:
    path = copilot(
        tmp_path / "iclr2024.json",
        record(1, "Ana Li; Bo Chen", "A University; B Institute + A University", rating="8;6"),
        record(2, "Ana Li;Bo Chen;Cy Diaz", "A University;;C Lab"),
        record(3, "Ana Li;Bo Chen", "A University"),
        record(4, "Ana Li", "A University", status="Reject"),
        record(5, "Ana Li", "A University", status="Desk Rejected Submission"),
        record(6, "Ana Li", ""),
        {"title": "Without an id", "author": "Ana Li", "aff": "A University", "status": "Accept(Oral)"},
        "no object",
        *(record(n, "Ana Li", "A University") for n in range(10, 14)),
    )
    papers, problems = read(path)
    assert papers[:4] == [
        Paper(
            "iclr2024-r1",
            "Title 1",
            "iclr",
            2024,
            (Author("Ana Li", ("A University",)), Author("Bo Chen", ("B Institute", "A University"))),
        ),
        Paper(
            "iclr2024-r2",
            "Title 2",
            "iclr",
            2024,
            (Author("Ana Li", ("A University",)), Author("Bo Chen"), Author("Cy Diaz", ("C Lab",))),
        ),
        Paper("iclr2024-r3", "Title 3", "iclr", 2024, (Author("Ana Li"), Author("Bo Chen")), False, ("A University",)),
        Paper("iclr2024-r6", "Title 6", "iclr", 2024, (Author("Ana Li"),)),
    ]
    assert len({p.id for p in papers}) == 9
    assert [(p.row, p.what, p.lost) for p in problems] == [
        (3, "has another number of affiliations than of authors: counted by paper", False),
        (4, "was not accepted: its status is 'Reject'", True),
        (5, "was not accepted: its status is 'Desk Rejected Submission'", True),
        (6, "has no affiliation", False),
        (8, "is no JSON object", True),
    ]


def test_paper_copilot_that_lists_affiliations_by_paper(tmp_path: Path) -> None:
    """Older files: names between commas, and the distinct affiliations of the paper."""
    path = copilot(
        tmp_path / "siggraph-asia2019.json",
        record(1, "Ana Li, Bo Chen", "A University; B Institute"),
        record(2, "Ana Li, Bo Chen, Cy Diaz", "A University"),
        record(3, "Ana Li, Bo Chen", "A University; B Institute; C Lab"),
    )
    papers, problems = read(path)
    assert [(p.venue, p.year, p.aligned, len(p.authors)) for p in papers] == [
        ("siggraph-asia", 2019, False, 2),
        ("siggraph-asia", 2019, False, 3),
        ("siggraph-asia", 2019, False, 2),
    ]
    assert papers[0].paper_affiliations == ("A University", "B Institute")
    assert problems == []


def test_samples_of_paper_copilot() -> None:
    papers, problems = read(SAMPLES / "paper-copilot-iclr2024.json")
    university = "Example University"
    authors = (Author("Ana Li", (university,)), Author("Bo Chen", ("Example Institute", university)))
    assert [(p.title, p.year, p.authors) for p in papers] == [("Folding maps", 2024, authors)]
    assert [p.what for p in problems] == ["was not accepted: its status is 'Reject'"]
    papers, problems = read(SAMPLES / "paper-copilot-siggraph2019.json")
    assert [(p.aligned, len(p.authors), len(p.paper_affiliations)) for p in papers] == [(False, 3, 2), (False, 2, 3)]
    assert problems == []
    with pytest.raises(InputError, match=r"paper-copilot-damaged2020\.json: not JSON at line 11"):
        read(SAMPLES / "paper-copilot-damaged2020.json")


# Texts without the signs that lists are written with
plain_texts = st.text(st.sampled_from("ABab \u00fc\u5927\u5b66"), min_size=1, max_size=12).map(str.strip).filter(bool)


@given(
    st.lists(
        st.lists(st.tuples(plain_texts, st.lists(plain_texts, min_size=1, max_size=3)), min_size=2, max_size=4),
        min_size=1,
        max_size=4,
    )
)
def test_what_is_written_as_paper_copilots_list_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, written: list[list[tuple[str, list[str]]]]
) -> None:
    records = [
        record(n, ";".join(name for name, _ in people), ";".join("+".join(cell) for _, cell in people))
        for n, people in enumerate(written)
    ]
    papers, _ = read(copilot(tmp_path_factory.mktemp("lists") / "iclr2024.json", *records))
    assert [[(a.name, list(a.affiliations)) for a in p.authors] for p in papers] == [
        [(name, cell) for name, cell in people] for people in written
    ]


def test_samples_of_affils_own_format() -> None:
    papers, problems = read(SAMPLES / "affil-lines.jsonl")
    people = (Author("Ana Li", ("Example University, Graz", "Example Lab")), Author("陈博", ("示例大学",)))
    assert papers[:2] == [
        Paper("F1", "Folding maps", "ICML", 2023, people, doi="10.1000/f1"),
        Paper("F2", "Unfolding maps", "CVPR", 2024, (Author("Ana Li"),), False, ("Example University",)),
    ]
    assert [(p.row, p.what) for p in problems] == [(3, "has no affiliation")]
    assert read(SAMPLES / "affil-list.json")[0] == papers[:2]
    with pytest.raises(InputError, match=r"affil-damaged\.jsonl, line 2"):
        read(SAMPLES / "affil-damaged.jsonl")


def test_paper_copilot_packed(tmp_path: Path) -> None:
    (tmp_path / "3dv2025.json.gz").write_bytes(gzip.compress(json.dumps([record(1, "Ana", "A")]).encode()))
    (paper,), _ = read(tmp_path / "3dv2025.json.gz")
    assert (paper.id, paper.venue, paper.year) == ("3dv2025-r1", "3dv", 2025)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("papers.json", '[{"title": "A", "author": "B"}]', "its name does not tell venue and year; name it .* iclr2024.json"),
        ("iclr2024.json", '[{"id": }]', "iclr2024.json: not JSON at line 1, character 9"),
        ("iclr2024.json", "", "is empty"),
        ("iclr2024.json", '[{"id": "x"', "not JSON at line 1"),
    ],
)
def test_paper_copilot_that_cannot_be_read(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=message):
        read(tmp_path / name)


def work(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"https://openalex.org/W{number}",
        "title": f"Title {number}",
        "publication_year": 2021,
        "primary_location": {"source": {"display_name": "Neural Information Processing Systems", "type": "conference"}},
        "authorships": [
            {
                "author": {"display_name": "Ana Li"},
                "raw_author_name": "A. Li",
                "raw_affiliation_strings": ["A University", "B Institute"],
            },
            {"author": {"display_name": "Bo Chen"}, "raw_author_name": None, "raw_affiliation_strings": []},
        ],
        **more,
    }


def test_openalex_works(tmp_path: Path) -> None:
    arxiv = {"source": {"display_name": "arXiv (Cornell University)", "type": "repository"}}
    journal = {"source": {"display_name": "Journal of Teacups", "type": "journal"}}
    works = [
        work(1),
        work(2, primary_location=arxiv, locations=[arxiv, journal]),
        work(3, primary_location=arxiv),
        work(4, primary_location={"source": None, "raw_source_name": "Proc. of Teacups"}),
        work(5, primary_location=None),
        work(6, publication_year=None),
        work(7, is_retracted=True),
        work(8, is_paratext=True),
        work(9, is_authors_truncated=True),
        work(10, authorships=[]),
        {**work(11), "title": None, "display_name": "Shown"},
        {**work(12), "id": None},
    ]
    path = tmp_path / "works.jsonl"
    path.write_text("".join(json.dumps(w) + "\n" for w in works), "utf-8")
    papers, problems = read(path)
    assert papers[0] == Paper(
        "https://openalex.org/W1",
        "Title 1",
        "Neural Information Processing Systems",
        2021,
        (Author("A. Li", ("A University", "B Institute")), Author("Bo Chen")),
    )
    assert [(p.id[-2:], p.venue) for p in papers[1:4]] == [
        ("W2", "Journal of Teacups"),
        ("W3", "arXiv (Cornell University)"),
        ("W4", "Proc. of Teacups"),
    ]
    assert papers[-1].title == "Shown"
    assert [(p.row, p.what, p.lost) for p in problems] == [
        (5, "has no venue: neither a source nor a raw source name", True),
        (6, "has no publication_year", True),
        (7, "is retracted", True),
        (8, "is paratext (a cover, a table of contents), no paper", True),
        (9, "has an author list that was cut off (et al.): authors count for more than their part", False),
        (10, "has no affiliation", False),
        (12, "has no id", True),
    ]


def test_openalex_pages_of_the_api(tmp_path: Path) -> None:
    path = tmp_path / "page.json"
    path.write_text(json.dumps({"meta": {"count": 2}, "results": [work(1), work(2)]}), "utf-8")
    assert [p.id[-2:] for p in read(path)[0]] == ["W1", "W2"]


@pytest.mark.parametrize(
    ("second", "message"),
    [("{", "line 2: not JSON at character 2"), ('{"id": "x"}', "line 2: is no work of OpenAlex: no list authorships")],
)
def test_openalex_that_cannot_be_read(tmp_path: Path, second: str, message: str) -> None:
    (tmp_path / "works.jsonl").write_text(json.dumps(work(1)) + "\n" + second + "\n", "utf-8")
    with pytest.raises(InputError, match=message):
        read(tmp_path / "works.jsonl")


LONG = [
    {"paper": "P1", "title": "One", "venue": "CVPR", "year": "2023", "author": "Ana Li", "affiliation": "A University"},
    {"paper": "P1", "title": "One", "venue": "CVPR", "year": "2023", "author": "Ana Li", "affiliation": "B Institute"},
    {"paper": "P1", "title": "One", "venue": "CVPR", "year": "2023", "author": "Bo Chen", "affiliation": ""},
    {"paper": "P2", "title": "", "venue": "ICRA", "year": "2024", "author": "", "affiliation": "A University"},
    {"paper": "P2", "title": "", "venue": "ICRA", "year": "2024", "author": "Ana Li", "affiliation": "C Lab"},
]
EXPECTED = [
    Paper("P1", "One", "CVPR", 2023, (Author("Ana Li", ("A University", "B Institute")), Author("Bo Chen"))),
    Paper("P2", "", "ICRA", 2024, (Author("Ana Li"),), False, ("A University", "C Lab")),
]


def long_form(path: Path, rows: list[dict[str, Any]]) -> Path:
    frame = pd.DataFrame(rows)
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
    return path


@pytest.mark.parametrize("name", ["p.csv", "p.tsv", "p.csv.gz", "p.parquet"])
def test_long_form(tmp_path: Path, name: str) -> None:
    papers, problems = read(long_form(tmp_path / name, LONG))
    assert papers == EXPECTED
    assert [(p.what, p.lost) for p in problems] == [("has an affiliation without an author: counted by paper", False)]


def test_long_form_with_numbers_and_positions(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"paper": 7, "venue": "CVPR", "year": 2023.0, "author": "Wei Wang", "affiliation": "B", "position": 2},
        {"paper": 7, "venue": "CVPR", "year": 2023.0, "author": "Wei Wang", "affiliation": "A", "position": 1},
    ]
    (paper,), _ = read(long_form(tmp_path / "p.parquet", rows))
    assert (paper.id, paper.year) == ("7", 2023)
    assert paper.authors == (Author("Wei Wang", ("A",)), Author("Wei Wang", ("B",))), "two people of one name"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"year": "soon"}, (2, "has no year that is understood", True)),
        ({"year": "20203"}, (2, "has no year that is understood", True)),
        ({"year": ""}, (2, "has no year", True)),
        ({"venue": " "}, (2, "has no venue", True)),
        ({"paper": ""}, (2, "has no id of its paper", True)),
        ({"position": "first"}, (2, "has a position that is no whole number: its authors stand as their rows do", False)),
    ],
)
def test_one_bad_cell_leaves_out_one_paper_and_names_the_row(
    tmp_path: Path, change: dict[str, str], problem: tuple[int, str, bool]
) -> None:
    rows = [
        {"paper": f"Q{n}", "venue": "ICML", "year": "2023", "author": "A", "affiliation": "U", "position": "1"} for n in (1, 2)
    ]
    rows[0] |= change
    papers, problems = read(long_form(tmp_path / "p.csv", rows))
    assert [(p.row, p.what, p.lost) for p in problems] == [problem]
    assert [p.id for p in papers] == (["Q2"] if problem[2] else ["Q1", "Q2"])
    if problem[2]:
        with pytest.raises(
            InputError, match=r"p\.csv, row 2: holds no paper that can be read: the first has no .*; give each row"
        ):
            read(long_form(tmp_path / "p.csv", rows[:1]))


def test_what_a_row_leaves_blank_another_may_say(tmp_path: Path) -> None:
    rows = [dict(row) for row in LONG]
    for row in rows:
        if row["paper"] == rows[0]["paper"] and row is not rows[0]:
            row |= {"title": "", "venue": "", "year": "20203"}
    assert read(long_form(tmp_path / "p.csv", rows))[0] == EXPECTED


def test_rows_that_contradict_each_other_leave_out_their_paper(tmp_path: Path) -> None:
    rows = [dict(row) for row in LONG]
    rows[1] |= {"venue": "ICCV"}
    papers, problems = read(long_form(tmp_path / "p.csv", rows))
    assert papers == EXPECTED[1:]
    assert (3, "says another title, venue or year than the rows above it of the same paper", True) in [
        (p.row, p.what, p.lost) for p in problems
    ]


def test_rows_of_a_paper_that_do_not_stand_together_are_refused(tmp_path: Path) -> None:
    rows = [dict(row) for row in LONG]
    rows[1] |= {"paper": "P9"}
    with pytest.raises(InputError, match="row 4: the rows of paper 'P1' do not stand together; sort the table by paper"):
        read(long_form(tmp_path / "p.csv", rows))


def test_long_form_without_a_column(tmp_path: Path) -> None:
    rows = [{k: v for k, v in row.items() if k != "venue"} for row in LONG]
    with pytest.raises(
        InputError, match=r"no column 'venue', nor one of a usual name .*; its columns are: paper, .*--map HEADING=venue"
    ):
        read(long_form(tmp_path / "p.csv", rows))


names = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=5)


@given(
    st.lists(
        st.tuples(st.lists(st.tuples(names, st.lists(names, max_size=3, unique=True)), min_size=1, max_size=4), names),
        max_size=4,
    )
)
def test_what_is_written_in_long_form_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, given: list[tuple[list[tuple[str, list[str]]], str]]
) -> None:
    papers = [
        Paper(f"P{n}", title, "CVPR", 2020, tuple(Author(name, tuple(strings)) for name, strings in authors))
        for n, (authors, title) in enumerate(given)
    ]
    rows = [
        {"paper": p.id, "title": p.title, "venue": p.venue, "year": p.year, "author": a.name, "affiliation": s, "position": i}
        for p in papers
        for i, a in enumerate(p.authors)
        for s in a.affiliations or ("",)
    ]
    path = tmp_path_factory.mktemp("long") / "p.parquet"
    columns = ["paper", "title", "venue", "year", "author", "affiliation", "position"]
    pd.DataFrame(rows, columns=columns).to_parquet(path, index=False)
    assert read(path)[0] == papers
