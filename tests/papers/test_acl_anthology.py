"""ACL Anthology XML. All people and papers are invented."""

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
from affil.rank.venues import load_venues
from affil.types import Author, Paper

SAMPLES = Path(__file__).parent / "samples"
BOOK = "Proceedings of the 63rd Annual Meeting of the Association for Computational Linguistics (Volume 1: Long Papers)"


def read(path: Path) -> tuple[list[Paper], list[tuple[int, str, bool]]]:
    problems: list[Problem] = []
    papers = list(read_papers([path], on_problem=problems.append))
    return papers, [(p.row, p.what, p.lost) for p in problems]


def test_a_volume_with_affiliations() -> None:
    papers, problems = read(SAMPLES / "acl-anthology-2025.xml")
    authors = (
        Author("Anna Muster", ("Example University", "Sample AI")),
        Author("Bo Li", ("Universität Beispiel & Co",)),
        Author("Mononym"),
    )
    doi = "10.18653/v1/2025.acl-long.1"
    assert papers == [Paper("acl:2025.acl-long.1", "BERT reads O(n^2) examples", BOOK, 2025, authors, doi=doi)]
    assert problems == [(2, "is retracted", True), (3, "has no author: front matter, no paper", True)]


def test_a_journal_goes_by_its_name() -> None:
    papers, problems = read(SAMPLES / "acl-anthology-journal.xml")
    assert papers == [
        Paper("acl:J89-1001", "Parsing invented sentences", "Computational Linguistics", 1989, (Author("Ana Li"),))
    ]
    assert problems == [(1, "has no affiliation", False)]


@pytest.mark.parametrize(
    ("booktitle", "kind", "venue"),
    [
        (BOOK, "proceedings", "ACL"),
        ("Transactions of the Association for Computational Linguistics, Volume 9", "journal", "TACL"),
        ("Computational Linguistics, Volume 48, Issue 1 - March 2022", "journal", "CL"),
        ("Computational Linguistics (November 1975)", "journal", "CL"),
        ("Proceedings of the 2023 Conference on Empirical Methods in Natural Language Processing", "proceedings", "EMNLP"),
    ],
)
def test_venues_are_found_in_the_panel(tmp_path: Path, booktitle: str, kind: str, venue: str) -> None:
    (tmp_path / "a.xml").write_text(
        f'<collection id="2023.x"><volume id="1" type="{kind}"><meta><booktitle>{booktitle}</booktitle><year>2023</year></meta>'
        '<paper id="1"><title>T</title><author><last>Li</last></author></paper></volume></collection>'
    )
    (paper,), _ = read(tmp_path / "a.xml")
    found = load_venues().resolve(paper.venue)
    assert found is not None
    assert found.venue == venue


@pytest.mark.parametrize(
    ("collection", "volume", "paper", "id"),
    [
        ("2023.acl", "long", "1", "2023.acl-long.1"),
        ("P18", "1", "7", "P18-1007"),
        ("W18", "25", "4", "W18-2504"),
        ("D19", "5", "12", "D19-0512"),
        ("D19", "1", "12", "D19-1012"),
    ],
)
def test_ids_are_those_of_the_site(tmp_path: Path, collection: str, volume: str, paper: str, id: str) -> None:
    (tmp_path / "a.xml").write_text(
        f'<collection id="{collection}"><volume id="{volume}"><meta><booktitle>B</booktitle><year>2018</year></meta>'
        f'<paper id="{paper}"><title>T</title><author><last>Li</last></author></paper></volume></collection>'
    )
    assert [p.id for p in read(tmp_path / "a.xml")[0]] == [f"acl:{id}"]


def test_files_before_2020_say_it_at_each_paper(tmp_path: Path) -> None:
    (tmp_path / "P18.xml").write_text(
        '<volume id="P18"><paper id="1001"><title>T</title><author><first>A</first><last>Li</last></author>'
        "<booktitle>Proceedings of Examples</booktitle><year>2018</year></paper></volume>"
    )
    (paper,), _ = read(tmp_path / "P18.xml")
    assert paper == Paper("acl:P18-1001", "T", "Proceedings of Examples", 2018, (Author("A Li"),))


def test_a_damaged_file() -> None:
    with pytest.raises(InputError, match=r"acl-anthology-damaged.xml: no well-formed XML: "):
        read(SAMPLES / "acl-anthology-damaged.xml")


TEXT = st.text(st.sampled_from("qzÄé李&<>\"' ,.;()"), min_size=1, max_size=12).map(tidy).filter(bool)


@given(TEXT, TEXT, st.integers(1900, 2100), st.lists(st.tuples(TEXT, st.lists(TEXT, max_size=3)), min_size=1, max_size=4))
def test_whatever_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, venue: str, title: str, year: int, authors: list[Any]
) -> None:
    people = "".join(
        f"<author><first/><last>{escape(name)}</last>{''.join(f'<affiliation>{escape(a)}</affiliation>' for a in affiliations)}</author>"
        for name, affiliations in authors
    )
    path = tmp_path_factory.mktemp("papers") / "p.xml"
    path.write_text(
        f'<collection id="2024.x"><volume id="main"><meta><booktitle>{escape(venue)}</booktitle><year>{year}</year></meta>'
        f'<paper id="3"><title>{escape(title)}</title>{people}</paper></volume></collection>',
        "utf-8",
    )
    (paper,), _ = read(path)
    assert paper == Paper("acl:2024.x-main.3", title, venue, year, tuple(Author(n, tuple(a)) for n, a in authors))
