"""arXiv XML: the API's feed, and the formats of OAI-PMH. All people and papers are invented."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import InputError
from affil.papers.arxiv_authors import authors_of_line
from affil.papers.common import Problem
from affil.papers.markup import tidy
from affil.papers.read import read_papers
from affil.types import Author, Paper

SAMPLES = Path(__file__).parent / "samples"


def read(path: Path) -> tuple[list[Paper], list[tuple[int, str, bool]]]:
    problems: list[Problem] = []
    papers = list(read_papers([path], on_problem=problems.append))
    return papers, [(p.row, p.what, p.lost) for p in problems]


def test_a_feed() -> None:
    papers, problems = read(SAMPLES / "arxiv-feed.xml")
    authors = (Author("Anna Muster", ("Example University", "Sample Lab, Paris")), Author("Bo Li"))
    assert papers == [Paper("arxiv:2101.90001", "An example over two lines", "arXiv", 2021, authors, doi="10.1000/j.example")]
    assert problems == [(2, "was withdrawn", True)]


def test_a_harvest_in_both_formats() -> None:
    papers, problems = read(SAMPLES / "arxiv-oai.xml")
    both = ("Example University", "Institute for Samples (IfS), Paris")
    assert papers == [
        Paper(
            "arxiv:0804.90002",
            "Harvested examples",
            "arXiv",
            2008,
            (Author("Anna B. Muster Jr", ("Example University", "CNRS")), Author("Collaboration")),
            doi="10.48550/arxiv.0804.90002",
        ),
        Paper(
            "arxiv:0804.90004",
            "Raw examples",
            "arXiv",
            2008,
            (Author("A. Muster", both[:1]), Author("B. Li", both), Author(r"C. D\'iaz", both)),
            doi="10.1000/raw",
        ),
    ]
    assert problems == [(2, "is deleted", True)]


def test_an_error_of_the_api_is_no_paper(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>http://arxiv.org/api/errors#incorrect_id_format</id><title>Error</title>'
        "<summary>incorrect id format for x</summary></entry></feed>"
    )
    with pytest.raises(
        InputError, match="an error that arXiv's API answered with: incorrect id format for x; correct the query"
    ):
        read(tmp_path / "a.xml")


def test_a_damaged_file_and_another_feed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"arxiv-damaged.xml: no well-formed XML: "):
        read(SAMPLES / "arxiv-damaged.xml")
    (tmp_path / "news.xml").write_text('<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>urn:1</id></entry></feed>')
    with pytest.raises(InputError, match="is XML of no format that is read: its outermost element is feed"):
        read(tmp_path / "news.xml")


@pytest.mark.parametrize(
    ("line", "authors"),
    [
        ("Ana Li", [("Ana Li",)]),
        ("Ana Li, Bo Chen and Cy Doe", [("Ana Li",), ("Bo Chen",), ("Cy Doe",)]),
        ("Ana Li, Bo Chen, and Cy Doe & Di Roe", [("Ana Li",), ("Bo Chen",), ("Cy Doe",), ("Di Roe",)]),
        ("Ana Li (A University)", [("Ana Li", "A University")]),
        ("Ana Li, Bo Chen (A University)", [("Ana Li", "A University"), ("Bo Chen", "A University")]),
        ("Ana Li (lab a; lab b), Bo Chen", [("Ana Li", "lab a; lab b"), ("Bo Chen",)]),
        ("Ana Li(1,2)((1)lab a,(2)lab b)", [("Ana Li", "lab a", "lab b")]),
        ("Ana Li (1 and 2), Bo Chen (2) ((1) lab a, (2) b (LB), Rome)", [("Ana Li", "lab a", "b (LB), Rome"), ("Bo Chen", "b (LB), Rome")]),
        ("Ana Li, Bo Chen (1), Cy Doe (2 & 3) ((1) a, (2) b, and (3) c.)", [("Ana Li", "a"), ("Bo Chen", "a"), ("Cy Doe", "b", "c")]),
        ("X Collaboration: Ana Li (1) ((1) A University)", [("X Collaboration",), ("Ana Li", "A University")]),
        ("Ana Li, Jr., Bo Chen, III (lab), et al", [("Ana Li Jr.", "lab"), ("Bo Chen III", "lab")]),
        ("Ana Li (1), Bo Chen (9) ((1) lab a)", [("Ana Li", "lab a"), ("Bo Chen",)]),
        ("Ana Li (1)", [("Ana Li",)]),
        ("Ana Li ((lab a), (lab b))", [("Ana Li",)]),
        ("Ana Li (A University", [("Ana Li", "A University")]),
        ("Anderson Band, Andy Li", [("Anderson Band",), ("Andy Li",)]),
        ("", []),
    ],
)  # fmt: skip
def test_the_line_of_authors_that_people_type(line: str, authors: list[tuple[str, ...]]) -> None:
    assert authors_of_line(line) == tuple(Author(name, tuple(affiliations)) for name, *affiliations in authors)


TEXT = st.text(st.sampled_from("qzÄé李&<>\"' ,.;()"), min_size=1, max_size=12).map(tidy).filter(bool)
AUTHORS = st.lists(st.tuples(TEXT, st.lists(TEXT, max_size=3)), min_size=1, max_size=4)


@given(TEXT, st.integers(1900, 2100), AUTHORS, st.booleans())
def test_whatever_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, title: str, year: int, authors: list[Any], feed: bool
) -> None:
    def people(name_of: str, affiliation: str) -> str:
        return "".join(
            f"<author><{name_of}>{escape(name)}</{name_of}>"
            + "".join(f"<{affiliation}>{escape(a)}</{affiliation}>" for a in affiliations)
            + "</author>"
            for name, affiliations in authors
        )

    if feed:
        told = (
            '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom"><entry><id>http://arxiv.org/abs/math/0101v2</id>'
            f"<published>{year}-05-04T00:00:00Z</published><title>{escape(title)}</title>{people('name', 'arxiv:affiliation')}</entry></feed>"
        )
    else:
        told = (
            '<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>math/0101</id>'
            f"<created>{year}-05-04</created><authors>{people('keyname', 'affiliation')}</authors><title>{escape(title)}</title></arXiv>"
        )
    path = tmp_path_factory.mktemp("papers") / "p.xml"
    path.write_text(told, "utf-8")
    (paper,), _ = read(path)
    expected = tuple(Author(n, tuple(a)) for n, a in authors)
    assert paper == Paper("arxiv:math/0101", title, "arXiv", year, expected, doi="10.48550/arxiv.math/0101")


NAMES = st.text(st.sampled_from("bcÄé李.'"), min_size=1, max_size=8)


@given(
    st.lists(st.tuples(NAMES, st.lists(st.integers(1, 4), min_size=1, unique=True)), min_size=1, max_size=5),
    st.lists(NAMES, min_size=4, max_size=4),
)
def test_numbers_in_brackets_are_those_of_the_list(people: list[Any], affiliations: list[str]) -> None:
    line = ", ".join(f"{name} ({', '.join(map(str, numbers))})" for name, numbers in people)
    listed = ", ".join(f"({n}) U {affiliation} X" for n, affiliation in enumerate(affiliations, 1))
    expected = tuple(Author(name, tuple(f"U {affiliations[n - 1]} X" for n in numbers)) for name, numbers in people)
    assert authors_of_line(f"{line} ({listed})") == expected
