"""dblp XML. All people and papers are invented."""

from __future__ import annotations

import gzip
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import InputError
from affil.papers.common import Problem
from affil.papers.markup import tidy
from affil.papers.read import read_papers
from affil.types import Author, Paper

SAMPLES = Path(__file__).parent / "samples"
TODAY = "has affiliations of its authors' homepages: where they are today, not where they were"
OTHER = "is a book, a thesis, a chapter or a data set, no paper"


def read(path: Path, format: str | None = None) -> tuple[list[Paper], list[tuple[int, str, bool]]]:
    problems: list[Problem] = []
    papers = list(read_papers([path], on_problem=problems.append, format=format))
    return papers, [(p.row, p.what, p.lost) for p in problems]


def test_a_part_of_the_file_without_its_document_type() -> None:
    papers, problems = read(SAMPLES / "dblp-part.xml")
    assert papers == [
        Paper(
            "dblp:conf/icml/MusterL23",
            "Learning H2O & other examples",
            "ICML",
            2023,
            (Author("Jörg Müster"), Author("Wei Li"), Author("Zoë Ås")),
            doi="10.5555/icml.2023",
        ),
        Paper("dblp:journals/ai/Li05", "Is this an example?", "Artif. Intell.", 2005, (Author("Wei Li"),)),
    ]
    assert problems == [
        (1, "has no affiliation", False),
        (2, "has no affiliation", False),
        (3, "was withdrawn", True),
        (4, OTHER, True),
        (5, OTHER, True),
    ]


def test_the_page_of_a_person(tmp_path: Path) -> None:
    (paper,), problems = read(SAMPLES / "dblp-person.xml")
    assert paper == Paper("dblp:conf/acl/Li10", "Persons and pages", "ACL", 2010, (Author("Ana Li"), Author("Bo Chen")))
    assert problems == [(2, "has no affiliation", False)]
    (paper,), problems = read(SAMPLES / "dblp-person.xml", "dblp-homepages")
    assert paper.authors == (Author("Ana Li", ("Example University",)), Author("Bo Chen"))
    assert problems == []  # the note says its years


def test_notes_of_homepages_only_when_asked_for_and_said() -> None:
    (newer, older), problems = read(SAMPLES / "dblp-part.xml", "dblp-homepages")
    assert newer.authors == (
        Author("Jörg Müster", ("Universität Beispiel, Germany",)),
        Author("Wei Li", ("Tsinghua University, Beijing, China",)),
        Author("Zoë Ås"),
    )
    assert older.authors == (Author("Wei Li", ("Peking University, Beijing, China",)),)
    assert problems == [(1, TODAY, False), (3, "was withdrawn", True), (4, OTHER, True), (5, OTHER, True)]


@pytest.mark.parametrize(
    ("label", "year", "held"),
    [
        (None, 1990, True),
        ("since 2010", 2010, True),
        ("since 2010", 2009, False),
        ("until 2010", 2010, True),
        ("until 2010", 2011, False),
        ("2003-2005", 2004, True),
        ("2003 - 2005", 2006, False),
        ("former, 2003–2005", 2003, True),
        ("former", 2003, False),
        ("PhD 2003", 2003, False),
    ],
)
def test_a_note_counts_in_the_years_it_says(tmp_path: Path, label: str | None, year: int, held: bool) -> None:
    said = f" label={quoteattr(label)}" if label else ""
    (tmp_path / "a.xml").write_text(
        f'<dblp><article key="k"><author>Ana Li</author><journal>J</journal><year>{year}</year></article>'
        f'<www key="homepages/l/Li"><author>A. Li</author><author>Ana Li</author>'
        f'<note type="affiliation x"{said}>A University</note></www></dblp>'
    )
    (paper,), _ = read(tmp_path / "a.xml", "dblp-homepages")
    assert paper.authors == (Author("Ana Li", ("A University",) if held else ()),)


def test_a_damaged_and_a_packed_file(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"dblp-damaged.xml: no well-formed XML after record 1: .*; correct it, or fetch it again"
    ):
        read(SAMPLES / "dblp-damaged.xml")
    (tmp_path / "dblp.xml.gz").write_bytes(gzip.compress((SAMPLES / "dblp-part.xml").read_bytes()))
    for format in (None, "dblp-homepages"):
        assert read(tmp_path / "dblp.xml.gz", format) == read(SAMPLES / "dblp-part.xml", format)


TEXT = st.text(st.sampled_from("qzÄé李&<>\"' ,;()"), min_size=1, max_size=12).map(tidy).filter(bool)


@given(st.sampled_from(["article", "inproceedings"]), TEXT, TEXT, st.integers(1900, 2100), st.lists(TEXT, max_size=4), TEXT)
def test_whatever_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, kind: str, venue: str, title: str, year: int, authors: list[str], affiliation: str
) -> None:
    where = "journal" if kind == "article" else "booktitle"
    people = "".join(f"<author>{escape(name)} 0007</author>" for name in authors)
    pages = "".join(
        f'<www><author>{escape(name)} 0007</author><note type="affiliation">{escape(affiliation)}</note></www>'
        for name in authors
    )
    path = tmp_path_factory.mktemp("papers") / "p.xml"
    path.write_text(
        f'<dblp><{kind} key="k">{people}<title>{escape(title)}.</title><year>{year}</year>'
        f"<{where}>{escape(venue)}</{where}></{kind}>{pages}</dblp>",
        "utf-8",
    )
    (paper,), _ = read(path)
    assert paper == Paper("dblp:k", title, venue, year, tuple(map(Author, authors)))
    (paper,), _ = read(path, "dblp-homepages")
    assert paper.authors == tuple(Author(name, (affiliation,)) for name in authors)
