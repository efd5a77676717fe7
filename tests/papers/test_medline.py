"""PubMed's text. All names are invented."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import InputError
from affil.papers.common import Problem
from affil.papers.draft import CUT_OFF
from affil.papers.read import read_papers
from affil.papers.strings import paper_strings
from affil.types import Author, Paper

SAMPLES = Path(__file__).parent / "samples"


def read(path: Path) -> tuple[list[Paper], list[tuple[int, str, bool, str]]]:
    problems: list[Problem] = []
    papers = list(read_papers([path], on_problem=problems.append))
    return papers, [(p.row, p.what, p.lost, p.value) for p in problems]


def test_as_the_site_saves_it() -> None:
    papers, problems = read(SAMPLES / "medline-saved.txt")
    assert papers == [
        Paper(
            "pmid:39000001",
            "Counting teacups in crowded kitchens: a benchmark that goes over more than one line.",
            "IEEE transactions on pattern analysis and machine intelligence",
            2024,
            (
                Author(
                    "Quillwater, Ana M",
                    (
                        "Department of Computer Science, University of Oxford, Oxford, UK. ana@example.org.",
                        "Institute of Computing Technology, Chinese Academy of Sciences, Beijing, China.",
                    ),
                ),
                Author("Inkwell, Bo Jr"),
                Author("Šálek, Čeněk", ("Charles University, Prague, Czech Republic.",)),
                Author("Teacup Consortium", ("Teacup Foundation, Leeds, UK.",)),
            ),
            doi="10.0000/teacups.2024.1",
        )
    ]
    assert problems == [
        (55, "is an erratum, no paper", True, ""),
        (66, "has no year that is understood", True, "In press"),
        (79, "is a book or a chapter, no paper", True, ""),
    ]


def test_older_records_and_those_of_pubmed_central() -> None:
    """Names are short, an affiliation in front of all is the first author's, and a record of PubMed Central begins with its number."""
    papers, problems = read(SAMPLES / "medline-manager.nbib")
    graz = "Institut fur Optik, Technische Universitat Graz, Austria."
    title = "Über das Zählen von Teetassen."
    first = Paper("pmid:9000001", title, "Opt Acta (Graz)", 1998, (Author("Quillwater A", (graz,)),), doi="10.0000/acta.1998")
    boats = Author("Inkwell, Bo", ("清华大学计算机系，北京",))
    assert papers == [first, Paper("pmc:PMC9000002", "Folding paper boats.", "Boats", 2021, (boats,))]
    assert problems == [(1, CUT_OFF, False, "")]


def test_the_strings_of_papers_with_and_without_a_year() -> None:
    table = paper_strings(SAMPLES / "medline-saved.txt")
    assert table is not None
    [batch] = table.batches(100)
    assert list(zip(*batch.columns.values(), strict=True))[-1] == (
        "pmid:39000003",
        "Inkwell, Bo",
        "Tsinghua University, Beijing, China.",
    )
    assert len(batch) == 5


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            (SAMPLES / "medline-damaged.nbib").read_text("utf-8"),
            r"line 28: the record that begins here has no end \(SO\), which others have: it was cut off; save or copy it again",
        ),
        ("PMID- 1\nTI  - A title\nthat is not indented\n", "line 3: the line is in no field; save the records again"),
        ("PMID- 1\nTI  - A\nTY  - JOUR\nER  - \n", "line 3: another format begins here: RIS"),
        ("PMID- 1\nTI  - A\n\n@article{a,\n}\n", "line 4: another format begins here: BibTeX"),
    ],
)
def test_broken_files(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "a.nbib").write_text(content, "utf-8")
    with pytest.raises(InputError, match=message):
        read(tmp_path / "a.nbib")


def test_records_follow_each_other_with_and_without_a_blank_line(tmp_path: Path) -> None:
    record = "PMID- {}\nDP  - 2020\nTI  - T\nFAU - Li, A\nAD  - MIT\nTA  - J\n"
    (tmp_path / "a.nbib").write_text("\n\n" + record.format(1) + record.format(2) + "\n" + record.format(3))
    assert [p.id for p in read(tmp_path / "a.nbib")[0]] == ["pmid:1", "pmid:2", "pmid:3"]


WORDS = st.lists(st.text("abcéz-&<清", min_size=1, max_size=12), min_size=1, max_size=12).map(" ".join)
AUTHORS = st.lists(st.builds(Author, WORDS.map(lambda w: f"{w}, Q"), st.lists(WORDS, max_size=3).map(tuple)), max_size=4)


@st.composite
def papers(draw: Any) -> Paper:
    number = draw(st.integers(1, 10**8))
    years = st.integers(1900, 2100)
    return Paper(f"pmid:{number}", draw(WORDS), draw(WORDS), draw(years), tuple(draw(AUTHORS)), doi=f"10.1000/{number}")


def record(paper: Paper, end: str) -> str:
    """A paper as PubMed writes it, lines wrapped at blanks with one left at their ends."""
    fields = [("PMID", paper.id.removeprefix("pmid:")), ("DP", f"{paper.year} Jun"), ("TI", paper.title)]
    for author in paper.authors:
        fields += [("FAU", author.name), ("AU", author.name[:3]), *(("AD", string) for string in author.affiliations)]
    fields += [("JT", paper.venue), ("AID", f"{paper.doi} [doi]"), ("SO", "J. 2020.")]
    wrapped = (f" {end}      ".join(textwrap.wrap(value, 60, break_on_hyphens=False)) for _, value in fields)
    return "".join(f"{tag:4}- {value}{end}" for (tag, _), value in zip(fields, wrapped, strict=True))


@given(st.lists(papers(), min_size=1, max_size=4, unique_by=lambda p: p.id), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_papers_that_are_written_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, written: list[Paper], end: str, gap: bool
) -> None:
    path = tmp_path_factory.mktemp("medline") / "a.nbib"
    path.write_bytes((end if gap else "").join(record(p, end) for p in written).encode())
    assert read(path)[0] == written
