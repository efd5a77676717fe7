"""Scopus' CSV: author by author, in the headings and styles of all years. All names are invented."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import InputError
from affil.io.cells import addresses
from affil.papers.common import Problem
from affil.papers.draft import CUT_OFF
from affil.papers.formats import recognise
from affil.papers.head import Head
from affil.papers.proceedings import NO_CONFERENCE
from affil.papers.read import read_papers
from affil.papers.scopus import combinations, split_authors, split_own
from affil.types import Author, Paper

SAMPLES = Path(__file__).parent / "samples"
HEADINGS = (
    *("Authors", "Author full names", "Title", "Year", "Source title", "DOI", "Affiliations", "Authors with affiliations"),
    *("Conference name", "Document Type", "EID"),
)
LEEDS = "School of Computing, University of Leeds, Leeds, LS2 9JT, United Kingdom"
TSINGHUA = "Department of Computer Science and Technology, Tsinghua University, Beijing, 100084, China"
MICROSOFT = "Microsoft Research Asia, Beijing, China"
ZURICH = "Institute of Robotics; Automation Lab, ETH Zürich, Zürich, Switzerland"


def read(path: Path) -> tuple[list[Paper], list[Problem]]:
    problems: list[Problem] = []
    return list(read_papers([path], on_problem=problems.append)), problems


def said(problems: list[Problem]) -> list[tuple[int, str, bool]]:
    return [(p.row, p.what, p.lost) for p in problems]


def table(path: Path, *rows: dict[str, str]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, HEADINGS, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_full_names_alone_are_tied_to_the_short_ones_of_the_affiliations(tmp_path: Path) -> None:
    """An export without the column Authors."""
    row = {
        "Author full names": "Diaz, Carla (1); Li, Hong-Wei (2)",
        "Authors with affiliations": f"Diaz C., {LEEDS}; Li H.-W., {TSINGHUA}",
        "Affiliations": f"{LEEDS}; {TSINGHUA}",
        **{"Title": "T", "Year": "2023", "Source title": "J", "EID": "2-s2.0-85100000001"},
    }
    (paper,), problems = read(table(tmp_path / "s.csv", row))
    assert paper.authors == (Author("Diaz, Carla", (LEEDS,)), Author("Li, Hong-Wei", (TSINGHUA,)))
    assert problems == []


def test_who_is_not_named_is_no_author(tmp_path: Path) -> None:
    row = {
        "Authors": "Li X.; et al.",
        "Authors with affiliations": f"Li X., {LEEDS}",
        "Title": "T",
        "Year": "2023",
        "Source title": "J",
    }
    (paper,), problems = read(table(tmp_path / "s.csv", row | {"EID": "2-s2.0-85100000001"}))
    assert paper.authors == (Author("Li X.", (LEEDS,)),)
    assert [(p.what, p.lost) for p in problems] == [(CUT_OFF, False)]
    (paper,), problems = read(table(tmp_path / "s.csv", row | {"EID": "2-s2.0-85100000001", "Authors": "Li, X., et al."}))
    assert [a.name for a in paper.authors] == ["Li, X."]
    assert CUT_OFF in [p.what for p in problems]


def test_an_author_who_is_spelt_otherwise_than_in_the_list_is_not_given_to_the_one_before(tmp_path: Path) -> None:
    row = {
        "Authors": "De la Cruz M.; Kim S.-H., Jr.", "Authors with affiliations": f"De la Cruz M., {LEEDS}; Kim S.-H., {TSINGHUA}",
        "Affiliations": f"{LEEDS}; {TSINGHUA}", "Title": "T", "Year": "2023", "Source title": "J", "EID": "2-s2.0-85100000001",
    }  # fmt: skip
    (paper,), problems = read(table(tmp_path / "s.csv", row))
    assert (paper.aligned, paper.paper_affiliations) == (False, (LEEDS, TSINGHUA))
    assert len(problems) == 1


def test_headings_in_chinese(tmp_path: Path) -> None:
    """As of Scopus' pages in Chinese: the same papers, and the same column of `affil match` has names in front."""
    chinese = {
        "Authors": "作者", "Title": "文献标题", "Year": "年份", "Source title": "来源出版物名称", "Link": "链接", "Affiliations": "归属机构",
        "Authors with affiliations": "带归属机构的作者", "Conference name": "会议名称", "Document Type": "文献类型",
    }  # fmt: skip
    heading, rest = (SAMPLES / "scopus-2024.csv").read_text("utf-8-sig").split("\n", 1)
    for english, name in chinese.items():
        heading = heading.replace(f'"{english}"', f'"{name}"')
    (tmp_path / "scopus.csv").write_text(f"{heading}\n{rest}", "utf-8-sig")
    assert recognise(Head(tmp_path / "scopus.csv")).name == "scopus"
    assert read(tmp_path / "scopus.csv")[0] == read(SAMPLES / "scopus-2024.csv")[0]
    assert addresses("Diaz C., University of Leeds, United Kingdom", "带归属机构的作者") == [
        "University of Leeds, United Kingdom"
    ]


def test_an_export_of_these_years() -> None:
    papers, problems = read(SAMPLES / "scopus-2024.csv")
    assert papers[0] == Paper(
        "2-s2.0-85100000001",
        "Aligning image and text encoders with few labels",
        "IEEE Transactions on Pattern Analysis and Machine Intelligence",
        2023,
        (
            Author("Diaz, Carla", (LEEDS, MICROSOFT)),
            Author("Li, Hong-Wei", (TSINGHUA,)),  # two are called Li H.-W.: their order tells them apart
            Author("Li, Hao-Wen", (MICROSOFT,)),
            Author("Okafor, Ngozi J.", (LEEDS,)),
        ),
        doi="10.1109/tpami.2022.0000001",
    )
    assert papers[1].venue == "15th European Conference on Computer Vision, ECCV 2018"  # not the series
    assert papers[1].authors == (
        Author("Rossi, Anna", ("Politecnico di Milano, Milan, Italy", ZURICH)),
        Author("Keller, Stefan", (ZURICH,)),
    )
    assert papers[2].authors == (Author("Park, Jin"),)
    assert said(problems) == [
        (4, "is no paper: Conference review", True),
        (5, NO_CONFERENCE, False),
        (5, "has no affiliation", False),
    ]


def test_an_export_before_2020() -> None:
    papers, problems = read(SAMPLES / "scopus-2019.csv")
    assert papers[0].authors == (
        Author("Diaz, C.", (LEEDS,)),
        Author("Li, H.-W.", (TSINGHUA, LEEDS)),
        Author("Suharto", (LEEDS,)),
        Author("van den Berg, K., Jr.", (TSINGHUA,)),
    )
    assert papers[0].venue == "Proceedings of the IEEE Computer Society Conference on Computer Vision and Pattern Recognition"
    assert papers[1].id == "2-s2.0-85000000002"  # of its link
    assert papers[1].paper_affiliations == ("CNRS, Toulouse, France", "ETH Zürich, Zürich, Switzerland")
    assert said(problems) == [
        (3, "does not say whose its affiliations are: counted by paper", False),
        (4, "is no paper: Erratum", True),
    ]


def test_a_broken_file() -> None:
    with pytest.raises(InputError, match=r"scopus-damaged.csv, row 4: no valid CSV"):
        read(SAMPLES / "scopus-damaged.csv")


def test_rows_that_lack_something(tmp_path: Path) -> None:
    path = table(
        tmp_path / "scopus.csv",
        {"Title": "A", "Year": "2020", "Authors": "Li H."},
        {"Title": "B", "Source title": "Nature", "Authors": "Li H."},
        {"Title": "C", "Year": "2020", "Source title": "Lecture Notes in Computer Science", "Authors": "Li H.", "Affiliations": "X"},
        {"Title": "D", "Year": "2020", "Source title": "Nature", "Authors": "[No author name available]", "Affiliations": "X"},
        {"Title": "E", "Year": "2020", "Source title": "Nature", "Authors": "Li H.; Wu Y.", "Authors with affiliations": "Xu Q., X; Zhu F., Y"},
        {"Title": "F", "Year": "2020", "Source title": "Nature", "Authors with affiliations": "Xu Q., Univ X; Zhu F., Univ Y"},
    )  # fmt: skip
    papers, problems = read(path)
    assert said(problems)[:3] == [(2, "has no venue", True), (3, "has no year", True), (4, NO_CONFERENCE, False)]
    assert [(p.title, p.paper_affiliations) for p in papers[1:3]] == [("D", ("X",)), ("E", ("X", "Y"))]
    assert papers[3].authors == (Author("Xu Q.", ("Univ X",)), Author("Zhu F.", ("Univ Y",)))
    assert papers[0].id.startswith("made:")
    assert papers == read(path)[0]


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("Diaz C.; Li H.-W.", ["Diaz C.", "Li H.-W."]),
        ("Diaz, C., Li, H.-W., Yu, X.,", ["Diaz, C.", "Li, H.-W.", "Yu, X."]),
        ("Fabio Turco J., Benhur Mokochinski J.", ["Fabio Turco J.", "Benhur Mokochinski J."]),
        ("Herwina H., Suharto, Nurainas, Janra M.N.", ["Herwina H.", "Suharto", "Nurainas", "Janra M.N."]),
        ("Diaz, Carla; Li, Hong-Wei", ["Diaz, Carla", "Li, Hong-Wei"]),
        ("Suharto", ["Suharto"]),
        ("[No author name available]", []),
        ("", []),
    ],
)
def test_the_names_of_all_years(cell: str, names: list[str]) -> None:
    assert split_authors(cell) == names


def test_affiliations_that_are_not_those_of_the_paper_stay_together() -> None:
    known = combinations(["A, Leeds", "A, Leeds, United Kingdom", "B"])
    assert split_own("A, Leeds, United Kingdom, B", known) == ["A, Leeds, United Kingdom", "B"]
    assert split_own("A, Leeds, B, A, Leeds", known) == ["A, Leeds", "B", "A, Leeds"]
    assert split_own("A, Leeds, C", known) == ["A, Leeds, C"]
    assert split_own("", known) == []


WORD = st.text("abcdeéz", min_size=1, max_size=8)
ADDRESS = st.lists(WORD, min_size=1, max_size=4).map(lambda words: "Univ " + ", ".join(words))


@st.composite
def papers(draw: Any) -> tuple[dict[str, str], Paper]:
    """A row and the paper that it holds, in the style of these years or of earlier ones."""
    pool = draw(st.lists(ADDRESS, min_size=1, max_size=4, unique=True).filter(_plain))
    authors = [
        (f"{draw(WORD).title()}, {draw(st.sampled_from('QRSTX'))}.", tuple(a for a in pool if draw(st.booleans())))
        for _ in range(draw(st.integers(1, 4)))
    ]
    number, year, title, venue = draw(st.integers(1, 10**9)), draw(st.integers(1900, 2100)), draw(WORD), draw(WORD)
    if draw(st.booleans()):
        written = [(name.replace(",", ""), own) for name, own in authors]
        names = "; ".join(name for name, _ in written)
    else:
        written = authors
        names = ", ".join(name for name, _ in written)
    row = {
        "Authors": names,
        "Title": title,
        "Year": str(year),
        "Source title": venue,
        "DOI": f"10.1000/{number}",
        "Affiliations": "; ".join(pool),
        "Authors with affiliations": "; ".join(", ".join([name, *own]) for name, own in written),
        "EID": f"2-s2.0-{number}",
    }
    people = tuple(Author(name, own) for name, own in written)
    paper = Paper(row["EID"], title, venue, year, people, doi=row["DOI"])
    if not any(own for _, own in written):
        alone = (Author(people[0].name, tuple(pool)),) if len(people) == 1 else people
        paper = Paper(
            row["EID"], title, venue, year, alone, len(people) == 1, () if len(people) == 1 else tuple(pool), row["DOI"]
        )
    return row, paper


def _plain(pool: list[str]) -> bool:
    """No affiliation is the beginning of another, so that a list of them can be read in one way only."""
    return not any(one != other and other.startswith(one) for one in pool for other in pool)


@given(st.lists(papers(), max_size=4, unique_by=lambda p: p[1].id))
def test_papers_that_are_written_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, written: list[tuple[dict[str, str], Paper]]
) -> None:
    path = table(tmp_path_factory.mktemp("scopus") / "scopus.csv", *(row for row, _ in written))
    assert read(path)[0] == [paper for _, paper in written]
