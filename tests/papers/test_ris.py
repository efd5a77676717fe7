"""RIS of Scopus, Web of Science and others. All names are invented."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import InputError
from affil.papers.common import Problem
from affil.papers.read import read_papers
from affil.types import Author, Paper

SAMPLES = Path(__file__).parent / "samples"
BY_PAPER = "does not say whose its affiliations are: counted by paper"


def read(path: Path) -> tuple[list[Paper], list[Problem]]:
    problems: list[Problem] = []
    return list(read_papers([path], on_problem=problems.append)), problems


def said(problems: list[Problem]) -> list[tuple[int, str, bool]]:
    return [(p.row, p.what, p.lost) for p in problems]


def test_of_scopus() -> None:
    papers, problems = read(SAMPLES / "ris-scopus.ris")
    assert papers[0] == Paper(
        "2-s2.0-85100000001",
        "Aligning image and text encoders with few labels",
        "IEEE Transactions on Pattern Analysis and Machine Intelligence",
        2023,
        (Author("Diaz, C."), Author("Li, H.-W.")),
        False,
        (
            "School of Computing, University of Leeds, Leeds, LS2 9JT, United Kingdom",
            "Department of Computer Science and Technology, Tsinghua University, Beijing, 100084, China",
        ),
        "10.1109/tpami.2022.0000001",
    )
    assert papers[1].venue == "15th European Conference on Computer Vision, ECCV 2018"
    assert papers[1].authors == (
        Author("Rossi, A.", ("Politecnico di Milano, Milan, Italy", "ETH Zürich, Zürich, Switzerland")),
    )
    assert said(problems) == [(1, BY_PAPER, False), (31, "is no paper: Conference Review", True)]


def test_of_web_of_science() -> None:
    """Several tags stand on one line there; C3 and A1 are no affiliations and no authors."""
    papers, problems = read(SAMPLES / "ris-web-of-science.ris")
    assert [(p.id, p.venue, len(p.authors)) for p in papers] == [
        ("WOS:000400000000003", "15th European Conference on Computer Vision (ECCV)", 2),
        ("WOS:000600000000001", "NATURE", 1),
    ]
    assert papers[0].paper_affiliations == ("Politecn Milan, Milan, Italy", "Hanoi Univ Sci & Technol, Hanoi, Vietnam")
    assert papers[1].authors[0].affiliations == ("KAIST, Daejeon, South Korea",)
    assert said(problems) == [(1, BY_PAPER, False)]


def test_of_others() -> None:
    papers, problems = read(SAMPLES / "ris-others.ris")
    dresden, kyoto = "Technische Universität Dresden, Dresden, Germany", "Kyoto University, Kyoto, Japan"
    assert papers[0] == Paper(
        "doi:10.1016/j.artint.2019.00001",
        "Soft limits in constraint networks",
        "Artificial Intelligence",
        2019,
        (Author("Haas, Theresa", (dresden, kyoto)), Author("Ito, Mari", (kyoto,))),
        doi="10.1016/j.artint.2019.00001",
    )
    assert papers[1].venue == "International Symposium of Robotics Research"
    assert papers[1].paper_affiliations == ("University of Porto, Porto, Portugal", "INESC TEC, Porto, Portugal")
    assert said(problems) == [(13, BY_PAPER, False), (23, "has no year", True)]


def test_records_without_id_and_doi_are_told_apart_by_venue_and_short_titles_by_number(tmp_path: Path) -> None:
    def ids(*records: tuple[str, str, str]) -> list[str]:
        path = tmp_path / "r.ris"
        lines = [f"TY  - JOUR\nTI  - {t}\nAU  - Diaz, C\nJO  - {j}\nVL  - {v}\nPY  - 2023\nER  - \n" for t, j, v in records]
        path.write_text("".join(lines), "utf-8")
        return [p.id for p in read_papers([path], on_duplicate=lambda _: None)]

    assert (
        len(ids(("Editorial", "Neurocomputing", "1"), ("Editorial", "Neurocomputing", "2"), ("Editorial", "TPAMI", "1"))) == 3
    )
    title = "A title that is long enough to tell"
    assert len(ids((title, "CVPR", "1"), (title, "TPAMI", "1"))) == 2
    assert ids((title, "TPAMI", "1")) == ids((title.upper(), "TPAMI", "")), "the volume comes when it is printed"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            (SAMPLES / "ris-damaged.ris").read_text("utf-8-sig"),
            "line 18: the record that begins here was cut off; export or copy it again",
        ),
        (
            "TY  - JOUR\nTI  - A\n\nTY  - JOUR\nER  - \n",
            r"line 4: the record from line 1 has no end \(ER\) before the next one begins",
        ),
        ("TY  - JOUR\nER  - \nTI  - A\n", "line 3: TI stands in no record: TY begins one"),
    ],
)
def test_broken_files(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "a.ris").write_text(content, "utf-8")
    with pytest.raises(InputError, match=message):
        read(tmp_path / "a.ris")


def test_records_that_lack_a_venue(tmp_path: Path) -> None:
    (tmp_path / "a.ris").write_text("TY  - THES\nPY  - 2020\nTI  - A\nER  - \n")
    assert said(read(tmp_path / "a.ris")[1]) == [(1, "has no venue", True)]


WORD = st.text("abcdeéz", min_size=1, max_size=8)


@st.composite
def papers(draw: Any) -> Paper:
    authors = tuple(Author(f"{w.title()}, Q.") for w in draw(st.lists(WORD, min_size=2, max_size=4)))
    pool = tuple(f"Univ {w}, Leeds" for w in draw(st.lists(WORD, max_size=3, unique=True)))
    number, year = draw(st.integers(1, 10**9)), draw(st.integers(1900, 2100))
    return Paper(f"WOS:{number}", draw(WORD), draw(WORD), year, authors, not pool, pool, f"10.1000/{number}")


def record(paper: Paper, end: str) -> str:
    tags = [("TY", "JOUR"), *(("AU", a.name) for a in paper.authors), ("TI", paper.title), ("T2", paper.venue)]
    tags += [*(("AD", s) for s in paper.paper_affiliations), ("PY", str(paper.year)), ("DO", paper.doi), ("AN", paper.id)]
    return "".join(f"{tag}  - {value}{end}" for tag, value in tags) + f"ER  - {end}{end}"


@given(st.lists(papers(), max_size=4, unique_by=lambda p: p.id), st.sampled_from(["\n", "\r\n"]))
def test_papers_that_are_written_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, written: list[Paper], end: str
) -> None:
    path = tmp_path_factory.mktemp("ris") / "a.ris"
    path.write_bytes(("TY  - GEN\nER  - \n" + "".join(record(p, end) for p in written)).encode())
    assert read(path)[0] == written


@pytest.mark.parametrize(
    "wrapped",
    ["School of Computing,\nUniv Leeds", "School of Computing,\n      Univ Leeds", "School of\n  Computing, Univ Leeds"],
)
def test_an_address_that_goes_over_lines_is_one(tmp_path: Path, wrapped: str) -> None:
    path = tmp_path / "w.ris"
    path.write_text(f"TY  - JOUR\nTI  - A\nAU  - Diaz, C\nAD  - {wrapped}\nAD  - MIT\nJO  - B\nPY  - 2020\nER  - \n", "utf-8")
    [one] = read(path)[0]
    assert [" ".join(a.split()) for a in one.authors[0].affiliations] == ["School of Computing, Univ Leeds", "MIT"]
