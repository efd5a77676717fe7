"""Results of Europe PMC's search. All names are invented."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import InputError
from affil.papers.common import Problem
from affil.papers.europe_pmc import EUROPE_PMC
from affil.papers.head import Head
from affil.papers.markup import tidy
from affil.papers.read import read_papers
from affil.papers.source import Source
from affil.settings import ReadSettings
from affil.types import Author, Paper

SAMPLES = Path(__file__).parent / "samples"
JOURNAL, OXFORD = "Journal of invented neuroscience", "University of Oxford, UK."


def read(path: Path) -> tuple[list[Paper], list[Problem]]:
    problems: list[Problem] = []
    head = Head(path)
    assert EUROPE_PMC.recognises(head)
    papers = [paper for _, paper in EUROPE_PMC.read(Source(head, ReadSettings(), problems.append, {}))]
    return papers, problems


@pytest.mark.parametrize("name", ["europe-pmc-page.json", "europe-pmc-results.jsonl"])
def test_a_page_and_results_one_a_line(name: str) -> None:
    papers, problems = read(SAMPLES / name)
    trust = "Malawi-Liverpool-Wellcome Trust Clinical Research Programme, Blantyre, Malawi."
    school = "London School of Hygiene & Tropical Medicine, London, UK. Electronic address: a@example.org."
    witwatersrand = "School of Public Health, University of the Witwatersrand, Johannesburg, South Africa."
    authors = (
        Author("Ankur Gupta-Smith", (trust, school)),
        Author("Kath Fields", (witwatersrand,)),
        Author("The Cup Consortium"),
    )
    assert papers == [
        Paper("pmid:90000001", "Cups and cortex.", JOURNAL, 2024, authors, doi="10.5555/epmc.90000001"),
        Paper("pmid:90000002", "Older answers.", JOURNAL, 2024, (Author("Ann Old", (OXFORD,)),), doi="10.5555/epmc.90000002"),
        Paper(
            "AGR:90000003",
            "Nobody's affiliation.",
            JOURNAL,
            2024,
            (Author("Old A"), Author("New B")),
            False,
            (OXFORD,),
            "10.5555/epmc.90000003",
        ),
    ]
    assert [(p.row, p.what, p.lost) for p in problems] == [
        (3, "has an affiliation, but not whose: counted by paper", False),
        (4, "is a notice about another paper (an erratum, a retraction)", True),
        (5, "is a preprint", True),
        (6, "is retracted", True),
    ]


def test_a_page_that_was_cut_off() -> None:
    with pytest.raises(
        InputError, match=r"europe-pmc-damaged.json: not JSON after record 4: parse error: premature EOF; correct it"
    ):
        read(SAMPLES / "europe-pmc-damaged.json")


def test_an_answer_without_results(tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text('{"version": "6.9", "hitCount": 0, "request": {}, "resultList": {"result": []}}')
    assert read(tmp_path / "none.json") == ([], [])


def test_an_answer_of_lite_results_has_no_affiliations(tmp_path: Path) -> None:
    result = {
        "id": "1",
        "source": "MED",
        "pmid": "1",
        "title": "T",
        "authorString": "Old A, New B.",
        "journalTitle": "J Tea",
        "pubYear": "2020",
    }
    (tmp_path / "lite.json").write_text(json.dumps({"hitCount": 1, "resultList": {"result": [result]}}))
    papers, problems = read(tmp_path / "lite.json")
    assert papers == [Paper("pmid:1", "T", "J Tea", 2020, (Author("Old A"), Author("New B")))]
    assert [p.what for p in problems] == ["has no affiliation"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"pubYear": None, "journalInfo": {"journal": {"title": "J"}}}, "has no pubYear"),
        ({"pubYear": None}, ""),
        ({"journalInfo": None}, "has no journal"),
        (
            {
                "authorList": {
                    "author": {"fullName": "Old A", "authorAffiliationDetailsList": {"authorAffiliation": {"affiliation": "X"}}}
                }
            },
            "",
        ),
    ],
)
def test_what_is_left_out_and_what_is_not(tmp_path: Path, changes: dict[str, Any], problem: str) -> None:
    result = json.loads((SAMPLES / "europe-pmc-results.jsonl").read_text("utf-8").splitlines()[0]) | changes
    (tmp_path / "r.json").write_text(json.dumps([result]))
    papers, problems = read(tmp_path / "r.json")
    assert [p.what for p in problems] == ([problem] if problem else [])
    assert len(papers) == (not problem)


def test_lines_that_are_no_results(tmp_path: Path) -> None:
    first = (SAMPLES / "europe-pmc-results.jsonl").read_text("utf-8").splitlines()[0]
    (tmp_path / "r.jsonl").write_text(first + '\n{"errCode": 404}\n')
    with pytest.raises(InputError, match="row 2: is no result of Europe PMC: no id and source"):
        read(tmp_path / "r.jsonl")


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9).map(str.strip).filter(bool)
papers = st.builds(
    lambda pmid, title, venue, year, authors: Paper(f"pmid:{pmid}", title, venue, year, authors),
    st.integers(1, 1 << 30),
    words,
    words,
    st.integers(1900, 2100),
    st.lists(st.builds(Author, words, st.lists(words, max_size=3).map(tuple)), max_size=4).map(tuple),
)


def as_result(paper: Paper) -> dict[str, Any]:
    def written(author: Author) -> dict[str, Any]:
        details = {"authorAffiliation": [{"affiliation": a} for a in author.affiliations]}
        return {"fullName": author.name, **({"authorAffiliationDetailsList": details} if author.affiliations else {})}

    pmid = paper.id.removeprefix("pmid:")
    journal = {"journal": {"title": paper.venue}}
    authors = {"author": [written(a) for a in paper.authors]}
    start = {"id": pmid, "source": "MED", "pmid": pmid, "title": paper.title}
    return {**start, "authorList": authors, "journalInfo": journal, "pubYear": str(paper.year)}


@given(st.lists(papers, min_size=1, max_size=4), st.sampled_from(["lines", "page", "list"]), st.booleans())
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, given: list[Paper], form: str, packed: bool
) -> None:
    results = [as_result(p) for p in given]
    page = {"hitCount": len(results), "resultList": {"result": results}}
    whole = {"lines": results, "list": [results], "page": [page]}[form]
    raw = "".join(json.dumps(one) + "\n" for one in whole).encode()
    path = tmp_path_factory.mktemp("europe-pmc") / "results.json"
    path.write_bytes(gzip.compress(raw) if packed else raw)
    assert read(path)[0] == given


def read_xml(path: Path) -> tuple[list[Paper], list[tuple[int, str, bool]]]:
    problems: list[Problem] = []
    papers = list(read_papers([path], on_problem=problems.append))
    return papers, [(p.row, p.what, p.lost) for p in problems]


def test_core_results_in_xml() -> None:
    papers, problems = read_xml(SAMPLES / "europe-pmc-core.xml")
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


def test_lite_results_in_xml_have_names_only() -> None:
    papers, problems = read_xml(SAMPLES / "europe-pmc-lite.xml")
    authors = (Author("Muster A"), Author("Li B"))
    assert papers == [Paper("PMC:PMC9000021", "A light result", "Artif Intell Rev", 2021, authors)]
    assert problems == [(1, "has no affiliation", False), (2, "has no journal", True)]


def test_damaged_xml_and_a_result_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<responseWrapper><resultList><result><id>1</id></result></resultList></responseWrapper>")
    with pytest.raises(InputError, match="record 1: is no result of Europe PMC: no id and source; save answers of its search"):
        read_xml(tmp_path / "a.xml")
    with pytest.raises(InputError, match=r"europe-pmc-damaged.xml: no well-formed XML: "):
        read_xml(SAMPLES / "europe-pmc-damaged.xml")


def test_an_affiliation_of_a_result_is_that_of_the_paper(tmp_path: Path) -> None:
    told = (
        "<responseWrapper><resultList><result><id>1</id><source>MED</source><pmid>1</pmid><journalTitle>J</journalTitle>"
        "<pubYear>1990</pubYear><authorString>Li A, Chen B.</authorString><affiliation>Example University</affiliation></result>"
        "</resultList></responseWrapper>"
    )
    (tmp_path / "a.xml").write_text(told)
    (paper,), problems = read_xml(tmp_path / "a.xml")
    assert (paper.authors, paper.paper_affiliations) == ((Author("Li A"), Author("Chen B")), ("Example University",))
    assert problems == [(1, "has an affiliation, but not whose: counted by paper", False)]


TEXT = st.text(st.sampled_from("qzÄé李&<>\"' ,.;()"), min_size=1, max_size=12).map(tidy).filter(bool)


@given(TEXT, TEXT, st.integers(1900, 2100), st.lists(st.tuples(TEXT, st.lists(TEXT, max_size=3)), min_size=1, max_size=4))
def test_what_is_written_in_xml_is_read_back(
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
    (paper,), _ = read_xml(path)
    assert paper == Paper("AGR:7", title, venue, year, tuple(Author(n, tuple(a)) for n, a in authors))
