"""Europe PMC search results in XML. All people and papers are invented."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import InputError
from affil.papers.common import Problem
from affil.papers.markup import tidy
from affil.papers.read import read_papers
from affil.types import Author, Paper

SAMPLES = Path(__file__).parent / "samples"


def read(path: Path) -> tuple[list[Paper], list[tuple[int, str, bool]]]:
    problems: list[Problem] = []
    papers = list(read_papers([path], on_problem=problems.append))
    return papers, [(p.row, p.what, p.lost) for p in problems]


def test_core_results() -> None:
    papers, problems = read(SAMPLES / "europe-pmc-core.xml")
    assert papers == [
        Paper(
            "pmid:90000011",
            "Learning from invented samples.",
            "Nature machine intelligence",
            2023,
            (
                Author(
                    "Anna Muster",
                    ("Institute of Examples, ETH Zürich, Zürich, Switzerland.", "Example & Sons GmbH, Basel, Switzerland."),
                ),
                Author("Bo Li", ("Peking University, Beijing, China.",)),
                Author("Sample Consortium"),
            ),
            doi="10.1038/s90000-023-00011-1",
        ),
    ]
    assert problems == [(2, "is a preprint", True), (3, "is a notice about another paper (an erratum, a retraction)", True)]


def test_lite_results_have_names_only() -> None:
    papers, problems = read(SAMPLES / "europe-pmc-lite.xml")
    authors = (Author("Muster A"), Author("Li B"))
    assert papers == [Paper("PMC:PMC9000021", "A light result", "Artif Intell Rev", 2021, authors)]
    assert problems == [(1, "has no affiliation", False), (2, "has no journal", True)]


def test_a_damaged_file_and_a_result_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<responseWrapper><resultList><result><id>1</id></result></resultList></responseWrapper>")
    with pytest.raises(InputError, match="record 1: is no result of Europe PMC: no id and source; save answers of its search"):
        read(tmp_path / "a.xml")
    with pytest.raises(InputError, match=r"europe-pmc-damaged.xml: no well-formed XML: "):
        read(SAMPLES / "europe-pmc-damaged.xml")


def test_an_affiliation_of_a_result_is_that_of_the_paper(tmp_path: Path) -> None:
    told = (
        "<responseWrapper><resultList><result><id>1</id><source>MED</source><pmid>1</pmid><journalTitle>J</journalTitle>"
        "<pubYear>1990</pubYear><authorString>Li A, Chen B.</authorString><affiliation>Example University</affiliation></result>"
        "</resultList></responseWrapper>"
    )
    (tmp_path / "a.xml").write_text(told)
    (paper,), problems = read(tmp_path / "a.xml")
    assert (paper.authors, paper.paper_affiliations) == ((Author("Li A"), Author("Chen B")), ("Example University",))
    assert problems == [(1, "has an affiliation, but not whose: counted by paper", False)]


TEXT = st.text(st.sampled_from("abÄé李&<>\"' ,.;()"), min_size=1, max_size=12).map(tidy).filter(bool)


@given(TEXT, TEXT, st.integers(1900, 2100), st.lists(st.tuples(TEXT, st.lists(TEXT, max_size=3)), min_size=1, max_size=4))
def test_whatever_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, venue: str, title: str, year: int, authors: list[Any]
) -> None:
    people = "".join(
        f"<author><fullName>x</fullName><lastName>{escape(name)}</lastName><authorAffiliationDetailsList>"
        + "".join(f"<authorAffiliation><affiliation>{escape(a)}</affiliation></authorAffiliation>" for a in affiliations)
        + "</authorAffiliationDetailsList></author>"
        for name, affiliations in authors
    )
    path = tmp_path_factory.mktemp("papers") / "p.xml"
    path.write_text(
        f"<responseWrapper><resultList><result><id>7</id><source>AGR</source><title>{escape(title)}</title><authorList>{people}</authorList>"
        f"<journalInfo><journal><title>{escape(venue)}</title></journal></journalInfo><pubYear>{year}</pubYear></result></resultList></responseWrapper>",
        "utf-8",
    )
    (paper,), _ = read(path)
    assert paper == Paper("AGR:7", title, venue, year, tuple(Author(n, tuple(a)) for n, a in authors))
