"""GROBID's TEI. All people and papers are invented."""

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


def test_a_header_with_raw_affiliations_and_without() -> None:
    (paper,), problems = read(SAMPLES / "grobid-header.xml")
    raw = "Dept. of Examples, MIT , Cambridge, MA"
    joined = "Lab of Samples, Example University, 12 High Street, 12345, Exampleton, UK"
    assert paper == Paper(
        "md5:0123456789abcdef0123456789abcdef",
        "Reading what was printed",
        "Proceedings of the 2021 Conference on Empirical Methods in Natural Language Processing",
        2021,
        (Author("Anna B Muster", (raw, joined)), Author("Li", (raw,))),
        doi="10.18653/v1/2021.example-main.1",
    )
    assert problems == [(1, "has affiliations that GROBID tied to no author: they are left out", False)]


def test_affiliations_tied_to_nobody_belong_to_the_paper() -> None:
    (paper,), problems = read(SAMPLES / "grobid-corpus.xml")
    assert paper.id.startswith("made:")
    assert (paper.title, paper.venue, paper.year) == ("Loose ends", "Artificial Intelligence", 2018)
    assert (paper.authors, paper.aligned) == ((Author("Bo Chen"),), False)
    assert paper.paper_affiliations == ("University A", "University B")
    assert problems == [(2, 'has no venue: let GROBID look it up ("consolidateHeader": 1)', True)]


def test_a_damaged_file_and_tei_of_others(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"grobid-damaged.xml: no well-formed XML: "):
        read(SAMPLES / "grobid-damaged.xml")
    (tmp_path / "hal.xml").write_text(
        '<TEI xmlns="http://www.tei-c.org/ns/1.0"><text><body><listBibl><biblFull/></listBibl></body></text></TEI>'
    )
    with pytest.raises(InputError, match="is XML of no format that is read"):
        read(tmp_path / "hal.xml")


TEXT = st.text(st.sampled_from("qzÄé李&<>\"' ,.;()"), min_size=1, max_size=12).map(tidy).filter(bool)
AUTHORS = st.lists(st.tuples(TEXT, st.lists(TEXT, max_size=3)), min_size=1, max_size=4)


@given(TEXT, TEXT, st.integers(1900, 2100), AUTHORS, st.booleans())
def test_whatever_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, venue: str, title: str, year: int, authors: list[Any], raw: bool
) -> None:
    begin, end = (
        ('<note type="raw_affiliation"><label>a</label> ', "</note>") if raw else ('<orgName type="institution">', "</orgName>")
    )
    people = "".join(
        f"<author><persName><surname>{escape(name)}</surname></persName>"
        + "".join(f"<affiliation>{begin}{escape(a)}{end}</affiliation>" for a in affiliations)
        + "</author>"
        for name, affiliations in authors
    )
    path = tmp_path_factory.mktemp("papers") / "p.tei.xml"
    path.write_text(
        '<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt><title>x</title></titleStmt><sourceDesc><biblStruct>'
        f'<analytic>{people}<title level="a">{escape(title)}</title></analytic><monogr><title level="j">{escape(venue)}</title><imprint>'
        f'<date when="{year}-02-03"/></imprint></monogr><idno type="MD5">AB</idno></biblStruct></sourceDesc></fileDesc></teiHeader></TEI>',
        "utf-8",
    )
    (paper,), _ = read(path)
    assert paper == Paper("md5:ab", title, venue, year, tuple(Author(n, tuple(a)) for n, a in authors))
