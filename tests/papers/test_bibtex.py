"""BibTeX of Web of Science, Scopus and others. All names are invented."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import InputError
from affil.papers.bibtex import decode_latex
from affil.papers.common import Problem
from affil.papers.draft import CUT_OFF
from affil.papers.read import read_papers
from affil.types import Author, Paper

SAMPLES = Path(__file__).parent / "samples"
BY_PAPER = "does not say whose its affiliations are: counted by paper"
INVALID = "is no valid BibTeX: check its braces and commas"


def read(path: Path) -> tuple[list[Paper], list[Problem]]:
    problems: list[Problem] = []
    return list(read_papers([path], on_problem=problems.append)), problems


def said(problems: list[Problem]) -> list[tuple[int, str, bool]]:
    return [(p.row, p.what, p.lost) for p in problems]


def test_of_web_of_science() -> None:
    papers, problems = read(SAMPLES / "bibtex-web-of-science.bib")
    leeds = "Univ Leeds, Sch Comp [SCOMP], Leeds LS2 9JT, W Yorkshire, England"
    microsoft = "Microsoft Res Asia, Beijing, Peoples R China"
    assert papers[0] == Paper(
        "WOS:000900000000001",
        "Aligning image and text encoders with few labels: a study of transfer",
        "IEEE TRANSACTIONS ON PATTERN ANALYSIS AND MACHINE INTELLIGENCE",
        2023,
        (
            Author("Diaz, Carla", (leeds, microsoft)),
            Author("Li, Hong-Wei", ("Tsinghua Univ, Dept Comp Sci & Technol, Beijing 100084, Peoples R China", microsoft)),
            Author("Okafor, Jr., Ngozi J.", (leeds,)),
        ),
        doi="10.1109/tpami.2022.0000001",
    )
    assert papers[1].venue == "15th European Conference on Computer Vision (ECCV)"
    assert papers[1].paper_affiliations == ("Politecn Milan, Milan, Italy", "Hanoi Univ Sci & Technol, Hanoi, Vietnam")
    assert said(problems) == [(28, BY_PAPER, False)]


def test_of_scopus() -> None:
    """The second entry begins behind the first one's brace, and has its key."""
    papers, problems = read(SAMPLES / "bibtex-scopus.bib")
    assert [(p.id, p.title, p.venue) for p in papers] == [
        (
            "2-s2.0-85100000001",
            "Aligning image & text encoders: 50% fewer labels",
            "IEEE Transactions on Pattern Analysis and Machine Intelligence",
        ),
        ("2-s2.0-85100000002", "A benchmark of instance segmentation under rain", "15th European Conference on Computer Vision, ECCV 2018"),
    ]  # fmt: skip
    assert len(papers[0].paper_affiliations) == 2
    assert papers[1].authors[0].affiliations == ("Politecnico di Milano, Milan, Italy", "ETH Zürich, Zürich, Switzerland")
    assert said(problems) == [(4, BY_PAPER, False), (27, "is no paper: Conference review", True)]


def test_of_others() -> None:
    papers, problems = read(SAMPLES / "bibtex-others.bib")
    assert papers[0].authors == (Author("Müller-Lüdenscheidt, Jörg"), Author("Éva Szőke"))
    assert (papers[0].title, papers[0].venue, papers[0].year) == (
        "Soft limits in Constraint Networks",
        "Artificial Intelligence",
        2019,
    )
    assert papers[0].paper_affiliations == (
        "Universität Dresden, Dresden, Germany",
        "Eötvös University, Budapest, Hungary",
    )
    assert (papers[1].venue, papers[1].year) == ("International Symposium of Robotics Research", 2022)
    assert said(problems) == [
        (5, "does not say whose its affiliations are: counted by paper", False),
        (5, CUT_OFF, False),
        (14, "has no affiliation", False),
        (16, INVALID, True),
        (21, "is no paper: proceedings", True),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ((SAMPLES / "bibtex-damaged.bib").read_text("utf-8-sig"), "line 27: the last entry was cut off or is no valid BibTeX"),
        ("@article{a, title = {A},\n", "line 1: is no valid BibTeX; export it again, or correct its braces and commas"),
    ],
)
def test_broken_files(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "a.bib").write_text(content, "utf-8")
    with pytest.raises(InputError, match=message):
        read(tmp_path / "a.bib")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("@article{a, journal = {J}}", (2, "has no year", True)),
        ("@article{a, year = {2020}}", (2, "has no venue", True)),
        ("@article{a, title = {A},\n year = {2020}\n journal = {J}}", (2, INVALID, True)),
        ("@book{a, title = {A}, year = {2020}}", (2, "is no paper: book", True)),
    ],
)
def test_entries_that_are_left_out(tmp_path: Path, text: str, problem: tuple[int, str, bool]) -> None:
    whole = "@article{b, journal = {J}, year = {2020}, author = {A B}, affiliation = {X}}"
    (tmp_path / "a.bib").write_text(f"\n{text}\n{whole}\n")
    papers, problems = read(tmp_path / "a.bib")
    assert (len(papers), said(problems)) == (1, [problem])


def test_fields_and_keys_that_come_twice(tmp_path: Path) -> None:
    (tmp_path / "a.bib").write_text(
        "@article{a, doi = {10.1000/1}, journal = {J}, year = {2020}, year = {2021}}\n"
        '@article{a, doi = "10.1000/2", journal = {J}, year = 2020} @article{a, doi = {10.1000/3}, journal = {J}, year = {2022}}\n'
    )
    assert [(p.id, p.year) for p in read(tmp_path / "a.bib")[0]] == [
        ("doi:10.1000/1", 2020),
        ("doi:10.1000/2", 2020),
        ("doi:10.1000/3", 2022),
    ]


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        (r"Universit{\"a}t M{\"u}nchen \& {\O}rsted", "Universität München & Ørsted"),
        (r"{\L}\'od\'z, \c{C}ank{\i}r{\i}, Universit\`{a}", "Łódź, Çankırı, Università"),
        (r"100\% of R\&D at AT&T {#}1, Dept.~of~Physics", "100% of R&D at AT&T #1, Dept. of Physics"),
        ("50% of it {stays} and\n  goes on", "50% of it stays and goes on"),
        (r"$\alpha$-nets {[}SCOMP]", r"$\alpha$-nets [SCOMP]"),
        ("unbalanced } here", "unbalanced here"),
        ("no LaTeX", "no LaTeX"),
    ],
)
def test_latex(text: str, letters: str) -> None:
    assert decode_latex(text) == letters


WORD = st.text("abcdezéüşłñ", min_size=1, max_size=8)
LATEX = {"é": r"{\'e}", "ü": r"\"{u}", "ş": r"{\c s}", "ł": r"{\l}", "ñ": r"\~n", "&": r"\&"}


@st.composite
def papers(draw: Any) -> Paper:
    authors = tuple(Author(f"{w}, Quentin") for w in draw(st.lists(WORD, min_size=2, max_size=4)))
    pool = tuple(f"Univ {w} & Co, Leeds" for w in draw(st.lists(WORD, max_size=3, unique=True)))
    number, year = draw(st.integers(1, 10**9)), draw(st.integers(1900, 2100))
    return Paper(f"doi:10.1000/{number}", draw(WORD), draw(WORD), year, authors, not pool, pool, f"10.1000/{number}")


def entry(paper: Paper, latex: bool) -> str:
    fields = {"author": " and ".join(a.name for a in paper.authors), "title": paper.title, "journal": paper.venue}
    fields |= {"year": str(paper.year), "doi": paper.doi, "affiliations": "; ".join(paper.paper_affiliations)}
    lines = (f"  {key} = {{{''.join(LATEX.get(c, c) for c in value) if latex else value}}},\n" for key, value in fields.items())
    return f"@article{{key,\n{''.join(lines)}}}\n"


@given(st.lists(papers(), max_size=4, unique_by=lambda p: p.id), st.booleans())
def test_papers_that_are_written_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, written: list[Paper], latex: bool
) -> None:
    path = tmp_path_factory.mktemp("bib") / "a.bib"
    path.write_text("@comment{these}\n" + "".join(entry(p, latex) for p in written), "utf-8")
    assert read(path)[0] == written


def of_text(tmp_path: Path, text: str) -> list[Paper]:
    path = tmp_path / "a.bib"
    path.write_text(text, "utf-8")
    return list(read_papers([path]))


def test_double_braces_are_no_part_of_ids(tmp_path: Path) -> None:
    text = """@article{x, Author = {{Team and Friends}}, Title = {{One &amp; two}}, Journal = {{NATURE}}, Year = {{2023}},
      DOI = {{10.1000/x}}, Unique-ID = {{WOS:000900000000001}}}"""
    assert of_text(tmp_path, text) == [
        Paper("WOS:000900000000001", "One & two", "NATURE", 2023, (Author("Team and Friends"),), doi="10.1000/x")
    ]


def test_parts_are_joined(tmp_path: Path) -> None:
    text = """@string{acl = "ACL"}
@string{findings = acl # { Findings}}
@inproceedings{x, author = "Li, " # {Hua}, title = "A # sign, " # {b {#} c}, booktitle = FINDINGS # " " # 2022, year = "20" # "22"}"""
    [paper] = of_text(tmp_path, text)
    assert (paper.title, paper.venue, paper.year, paper.authors) == (
        "A # sign, b # c",
        "ACL Findings 2022",
        2022,
        (Author("Li, Hua"),),
    )


def test_what_proceedings_say_is_inherited_wherever_they_stand(tmp_path: Path) -> None:
    child = "@inproceedings{one, author = {Li, Hua}, title = {A}, crossref = {Conf/2023}}"
    parent = "@proceedings{conf/2023, title = {Proceedings of Cups}, booktitle = {Cups 2023}, year = {2023}}"
    orphan = "@inproceedings{two, author = {Li, Hua}, title = {B}, booktitle = {Cups}, year = 2020, crossref = {none}}"
    for order in ([child, parent, orphan], [orphan, parent, child]):
        told = {p.title: (p.venue, p.year) for p in of_text(tmp_path, "\n".join(order))}
        assert told == {"A": ("Cups 2023", 2023), "B": ("Cups", 2020)}


def test_a_series_does_not_hide_the_event(tmp_path: Path) -> None:
    text = "@inproceedings{x, author={Li, Hua}, title={A}, booktitle={Lecture Notes in AI}, eventtitle={ECCV 2018}, date={2018-09-01}}"
    assert [(p.venue, p.year) for p in of_text(tmp_path, text)] == [("ECCV 2018", 2018)]
