"""PubMed XML. All people and papers are invented."""

from __future__ import annotations

import gzip
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


def test_a_set_as_it_is_exported() -> None:
    papers, problems = read(SAMPLES / "pubmed-set.xml")
    assert papers == [
        Paper(
            "pmid:90000001",
            "Segmenting CO2 plumes with few labels.",
            "IEEE transactions on image processing",
            2024,
            (
                Author(
                    "Jörg A Beispiel",
                    (
                        "Department of Informatics, Technical University of Munich, Garching, Germany.",
                        "Helmholtz Zentrum München, Neuherberg, Germany. Electronic address: j.beispiel@example.org.",
                    ),
                ),
                Author("Q Muster Jr"),
                Author("Plume Study Group"),
            ),
            doi="10.1109/tip.2024.9000001",
        ),
        Paper(
            "pmid:90000002",
            "Ein Beispiel.",
            "Artif Intell Med",
            1998,
            (Author("Ana Li", ("State Key Lab, Example University, Beijing 100084, China.",)),),
            doi="10.1016/s0000-0000(98)00001-2",
        ),
    ]
    assert problems == [
        (2, "has an author list that was cut off: authors count for more than their part", False),
        (3, "is retracted", True),
        (4, "is a book or a chapter, no paper", True),
        (5, "names records that PubMed deleted: they are not taken out of other files", True),
    ]


def test_a_set_of_medline_in_which_only_the_article_has_an_affiliation() -> None:
    papers, problems = read(SAMPLES / "pubmed-old.xml")
    affiliation = "Laboratory for Examples, 351-0198 Saitama, Japan. a@example.org"
    assert papers == [
        Paper(
            "pmid:70000001", "Nets that wrap.", "Neural networks", 2003, (Author("Bo Muster", (affiliation,)), Author("Ana Li"))
        )
    ]
    assert problems == []


def test_a_damaged_and_a_packed_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"pubmed-damaged.xml: no well-formed XML: AttValue"):
        read(SAMPLES / "pubmed-damaged.xml")
    (tmp_path / "pubmed25n0001.xml.gz").write_bytes(gzip.compress((SAMPLES / "pubmed-set.xml").read_bytes()))
    assert read(tmp_path / "pubmed25n0001.xml.gz") == read(SAMPLES / "pubmed-set.xml")


ARTICLE = (
    "<PubmedArticle><MedlineCitation><PMID>1</PMID><Article><Journal>{journal}<JournalIssue><PubDate>{date}</PubDate></JournalIssue></Journal>"
    "<ArticleTitle>T</ArticleTitle>{more}</Article></MedlineCitation></PubmedArticle>"
)


@pytest.mark.parametrize(
    ("journal", "date", "more", "what"),
    [
        ("", "<Year>2020</Year>", "", "has no venue"),
        ("<Title>J</Title>", "<Season>Spring</Season>", "", "has no year"),
        (
            "<Title>J</Title>",
            "<Year>2020</Year>",
            "<AuthorList><Author><LastName>Li</LastName></Author></AuthorList>",
            "has no affiliation",
        ),
        (
            "<Title>J</Title>",
            "<Year>2020</Year>",
            "<PublicationTypeList><PublicationType>Published Erratum</PublicationType></PublicationTypeList>",
            "is an erratum, no paper",
        ),
    ],
)
def test_what_is_reported(tmp_path: Path, journal: str, date: str, more: str, what: str) -> None:
    article = ARTICLE.format(journal=journal, date=date, more=more)
    (tmp_path / "a.xml").write_text(f"<PubmedArticleSet>{article}<PubmedArticle/></PubmedArticleSet>")
    papers, problems = read(tmp_path / "a.xml")
    assert problems == [(1, what, not papers), (2, "has no Article or no PMID", True)]


TEXT = st.text(st.sampled_from("qzÄé李&<>\"' ,.;()"), min_size=1, max_size=12).map(tidy).filter(bool)
AUTHORS = st.lists(st.tuples(TEXT, st.lists(TEXT, max_size=3)), min_size=1, max_size=4)


@given(TEXT, TEXT.filter(lambda t: not t.startswith("[")), st.integers(1900, 2100), AUTHORS)
def test_whatever_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, venue: str, title: str, year: int, authors: list[Any]
) -> None:
    people = "".join(
        f"<Author><LastName>{escape(name)}</LastName>"
        + "".join(f"<AffiliationInfo><Affiliation>{escape(a)}</Affiliation></AffiliationInfo>\n" for a in affiliations)
        + "</Author>"
        for name, affiliations in authors
    )
    article = ARTICLE.replace("<ArticleTitle>T<", f"<ArticleTitle>{escape(title)}<").format(
        journal=f"<ISOAbbreviation>{escape(venue)}</ISOAbbreviation>",
        date=f"<Year>{year}</Year>",
        more=f"<AuthorList>{people}</AuthorList>",
    )
    path = tmp_path_factory.mktemp("papers") / "p.xml"
    path.write_text(f"<PubmedArticleSet>{article}</PubmedArticleSet>", "utf-8")
    (paper,), _ = read(path)
    assert paper == Paper("pmid:1", title, venue, year, tuple(Author(n, tuple(a)) for n, a in authors))
