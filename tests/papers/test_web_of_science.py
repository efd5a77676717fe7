"""Web of Science: plain text, tab-delimited text and Excel. All names are invented."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import InputError
from affil.io.tables import create_table
from affil.papers.common import Problem
from affil.papers.formats import recognise
from affil.papers.head import Head
from affil.papers.read import read_papers
from affil.papers.web_of_science import HEADINGS, ONLY_REPRINT, split_addresses, split_names
from affil.types import Author, Paper

SAMPLES = Path(__file__).parent / "samples"
LEEDS = "Univ Leeds, Sch Comp [SCOMP], Leeds LS2 9JT, W Yorkshire, England"
TSINGHUA = "Tsinghua Univ, Dept Comp Sci & Technol, Beijing 100084, Peoples R China"
MICROSOFT = "Microsoft Res Asia, Beijing, Peoples R China"
ALIGNING = Paper(
    "WOS:000900000000001",
    "Aligning image and text encoders with few labels: a study of transfer between domains",
    "IEEE TRANSACTIONS ON PATTERN ANALYSIS AND MACHINE INTELLIGENCE",
    2023,
    (
        Author("Diaz, Carla", (LEEDS, MICROSOFT)),
        Author("Li, Hong-Wei", (TSINGHUA, MICROSOFT)),
        Author("Okafor, Ngozi J., Jr.", (LEEDS,)),
    ),
    doi="10.1109/tpami.2022.0000001",
)


def read(path: Path) -> tuple[list[Paper], list[Problem]]:
    problems: list[Problem] = []
    return list(read_papers([path], on_problem=problems.append)), problems


def said(problems: list[Problem]) -> list[tuple[int, str, bool]]:
    return [(p.row, p.what, p.lost) for p in problems]


def test_plain_text() -> None:
    papers, problems = read(SAMPLES / "web-of-science-plain.txt")
    assert papers[0] == ALIGNING
    assert [(p.id[-1], p.venue, p.year) for p in papers[1:]] == [
        ("2", "32nd IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)", 2019),
        ("3", "COMPUTER VISION - ECCV 2018 WORKSHOPS, PT IV", 2019),  # the conference is not that of its workshops
        ("4", "NATURE", 2023),
        ("6", "JOURNAL OF ARTIFICIAL INTELLIGENCE RESEARCH", 2024),  # of the early access date
    ]
    zhejiang, adobe = "Zhejiang Univ, Hangzhou, Peoples R China", "Adobe Res, San Jose, CA USA"
    assert [(a.name, a.affiliations) for a in papers[1].authors] == [
        ("Wang, Wei", (zhejiang,)),
        ("Wang, Wei", (zhejiang,)),
        ("Zhao, Min", (zhejiang, adobe)),
    ]
    assert [a.name for a in papers[2].authors] == ["Rossi, Anna", "Nguyen, Thi Thu", "SegBench Consortium"]
    assert papers[3].authors == ()
    (berg,) = papers[4].authors  # a single author needs no names in front
    assert berg.affiliations == (
        "Linkoping Univ, Dept Comp & Informat Sci, Linkoping, Sweden",
        "Ericsson Res, Stockholm, Sweden",
    )
    assert said(problems) == [(98, "has no affiliation", False), (111, "is no paper: Correction", True)]


def test_addresses_of_older_records_belong_to_no_author() -> None:
    papers, problems = read(SAMPLES / "web-of-science-older.txt")
    first, second, third = papers
    assert (first.id, first.aligned) == ("WOS:A1991FZ00000003", False)
    assert first.paper_affiliations == (
        "UNIV EDINBURGH,DEPT ARTIFICIAL INTELLIGENCE,EDINBURGH,MIDLOTHIAN,SCOTLAND",
        "UNIV TOKYO,TOKYO 113,JAPAN",
    )
    zurich = "Swiss Fed Inst Technol, Inst Theoret Comp Sci, CH-8092 Zurich, Switzerland"
    assert second.authors == (Author("Moreau, P"), Author("Keller, S", (zurich,)))
    assert (third.doi, third.authors[0].affiliations) == ("10.1023/a:1007300000000", ())
    assert said(problems) == [
        (3, "does not say whose its affiliations are: counted by paper", False),
        (25, ONLY_REPRINT, False),
        (38, "has no affiliation", False),
    ]


def test_tab_delimited_text_in_utf_16() -> None:
    """Quotes are letters there, and rows end in a tab that the headings lack."""
    papers, problems = read(SAMPLES / "web-of-science-tab.txt")
    assert papers[0].title == '"Aligning" image and text encoders'
    assert papers[0].authors == ALIGNING.authors
    assert papers[1].venue == "15th European Conference on Computer Vision (ECCV)"
    assert [a.name for a in papers[1].authors] == ["Rossi, Anna", "Nguyen, Thi Thu", "SegBench Consortium"]
    assert papers[2].paper_affiliations == (
        "Univ Michigan, Dept Sociol, Ann Arbor, MI 48104 USA",
        "Stanford Univ, Stanford, CA 94305 USA",
    )
    assert said(problems) == [(4, "does not say whose its affiliations are: counted by paper", False)]


def long_headings(path: Path) -> tuple[list[str], list[list[str]]]:
    """The tab-delimited sample under the headings of the Excel export."""
    letters, *rows = (line.split("\t") for line in path.read_text("utf-16").splitlines())
    names = {tag: heading.title() for heading, tag in HEADINGS.items()} | {"UT": "UT (Unique WOS ID)", "DI": "DOI"}
    keep = [i for i, tag in enumerate(letters) if tag in names]
    return [names[letters[i]] for i in keep], [[row[i] for i in keep] for row in rows]


def test_the_headings_of_excel(tmp_path: Path) -> None:
    headings, rows = long_headings(SAMPLES / "web-of-science-tab.txt")
    with (tmp_path / "savedrecs.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([headings, *rows])
    assert read(tmp_path / "savedrecs.csv") == (read(SAMPLES / "web-of-science-tab.txt")[0], list(_moved(tmp_path)))


def _moved(tmp_path: Path) -> list[Problem]:
    problems = read(SAMPLES / "web-of-science-tab.txt")[1]
    return [Problem(str(tmp_path / "savedrecs.csv"), p.row, p.what, p.lost) for p in problems]


def test_the_excel_export(tmp_path: Path) -> None:
    headings, rows = long_headings(SAMPLES / "web-of-science-tab.txt")
    columns: dict[str, list[Any]] = {h: [row[i] for row in rows] for i, h in enumerate(headings)}
    columns["Publication Year"] = [float(year) for year in columns["Publication Year"]]  # as Excel keeps them
    with create_table(tmp_path / "savedrecs.xlsx", dict.fromkeys(columns, "string") | {"Publication Year": "double"}) as table:
        table.write(columns)
    assert read(tmp_path / "savedrecs.xlsx")[0] == read(SAMPLES / "web-of-science-tab.txt")[0]


def test_files_put_together_and_packed(tmp_path: Path) -> None:
    one, two = ((SAMPLES / f"web-of-science-{n}.txt").read_bytes() for n in ("plain", "older"))
    (tmp_path / "all.txt.gz").write_bytes(gzip.compress(two.replace(b"EF\r\n", b"") + one))
    assert len(read(tmp_path / "all.txt.gz")[0]) == 8


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            (SAMPLES / "web-of-science-damaged.txt").read_text("utf-8-sig"),
            "line 48: the record that begins here was cut off; export or copy it again",
        ),
        ("FN x\nVR 1.0\n   stray\n", "line 3: the line is in no field; export the records again"),
        (
            "FN x\nVR 1.0\nPT J\nAU A\nPT J\nER\nEF\n",
            r"line 5: the record from line 3 has no end \(ER\) before the next one begins",
        ),
        ("FN x\nVR 1.0\nAU A\nER\nEF\n", "line 3: is no record of Web of Science: neither PT nor TI"),
        ("PT\tAU\tSO\tTI\tUT\nJ\tA\n", "row 2: has 2 fields, the headings are 5"),
    ],
)
def test_broken_files(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "savedrecs.txt").write_text(content, "utf-8")
    assert recognise(Head(tmp_path / "savedrecs.txt")).name == "web-of-science"
    with pytest.raises(InputError, match=message):
        read(tmp_path / "savedrecs.txt")


def test_records_that_lack_what_a_ranking_needs(tmp_path: Path) -> None:
    text = (
        "FN x\nVR 1.0\n"
        + "".join(f"PT J\n{line}\nUT WOS:{i}\nER\n" for i, line in enumerate(("SO NATURE", "PY 2020")))
        + "EF\n"
    )
    (tmp_path / "a.txt").write_text(text)
    assert said(read(tmp_path / "a.txt")[1]) == [(3, "has no year", True), (7, "has no venue", True)]


def test_lines_of_addresses(tmp_path: Path) -> None:
    """Names may go over several lines; a bracket within an address that is never closed ends with its line."""
    lines = "C1 [Li, Hui;\n   Wu, Qi] Univ X [Campus, Leeds.\n   [Wu, Qi] Univ Z.\n"
    text = f"FN x\nVR 1.0\nPT J\nAF Li, Hui\n   Wu, Qi\nTI T\nSO NATURE\n{lines}PY 2020\nUT WOS:1\nER\n"
    (tmp_path / "a.txt").write_text(
        text + text.partition("1.0\n")[2].replace(lines, "C1 \n").replace("WOS:1", "WOS:2") + "EF\n"
    )
    (one, two), problems = read(tmp_path / "a.txt")
    assert [a.affiliations for a in one.authors] == [("Univ X [Campus, Leeds",), ("Univ X [Campus, Leeds", "Univ Z")]
    assert (two.aligned, said(problems)) == (True, [(14, "has no affiliation", False)])


def test_brackets_and_semicolons_of_addresses() -> None:
    cell = "[Li, H; [Anon]] Univ X [Campus; Y], Leeds, England; Univ Z, Bath, England; [Diaz, C] [Lab] Univ V"
    assert [split_names(one) for one in split_addresses(cell)] == [
        (("Li, H", "[Anon]"), "Univ X [Campus; Y], Leeds, England"),
        ((), "Univ Z, Bath, England"),
        (("Diaz, C",), "[Lab] Univ V"),
    ]
    assert split_addresses("[Li, H] Univ X [Campus, Leeds; [Diaz, C] Univ V; ; Univ Z") == [
        "[Li, H] Univ X [Campus, Leeds",
        "[Diaz, C] Univ V",
        "Univ Z",
    ]
    assert split_names("[Li, H Univ X") == ((), "[Li, H Univ X")


WORD = st.text("abcdeéz", min_size=1, max_size=8)
NAME = st.builds("{}, {}.".format, WORD.map(str.title), st.sampled_from("ABCDE"))
ADDRESS = st.lists(WORD, min_size=1, max_size=4).map(lambda words: "Univ " + ", ".join(words))


@st.composite
def papers(draw: Any) -> Paper:
    names = draw(st.lists(NAME, min_size=1, max_size=4, unique_by=lambda n: n.casefold().replace("é", "e")))
    pool = draw(st.lists(ADDRESS, min_size=1, max_size=4, unique=True))
    authors = tuple(Author(n, tuple(a for a in pool if draw(st.booleans()))) for n in names)
    number, title, venue = draw(st.integers(1, 10**9)), draw(st.lists(WORD, min_size=1)), draw(WORD)
    return Paper(f"WOS:{number}", " ".join(title), venue, draw(st.integers(1900, 2100)), authors, doi=f"10.1000/{number}")


def plain(paper: Paper) -> str:
    pool = list(dict.fromkeys(s for a in paper.authors for s in a.affiliations))
    lines = [f"[{'; '.join(a.name for a in paper.authors if s in a.affiliations)}] {s}." for s in pool]
    fields = {"PT": ["J"], "AF": [a.name for a in paper.authors], "TI": [paper.title], "SO": [paper.venue], "C1": lines}
    fields |= {"PY": [str(paper.year)], "DI": [paper.doi], "UT": [paper.id]}
    return "".join(f"{tag} " + "\n   ".join(values) + "\n" for tag, values in fields.items() if values) + "ER\n\n"


@given(st.lists(papers(), max_size=4, unique_by=lambda p: p.id))
def test_papers_that_are_written_are_read_back(tmp_path_factory: pytest.TempPathFactory, written: list[Paper]) -> None:
    path = tmp_path_factory.mktemp("wos") / "savedrecs.txt"
    path.write_text("FN x\nVR 1.0\n" + "".join(map(plain, written)) + "EF\n", "utf-8")
    found = read(path)[0]
    assert len(found) == len(written)
    for one, other in zip(found, written, strict=True):
        assert (one.id, one.title, one.venue, one.year, one.doi) == (other.id, other.title, other.venue, other.year, other.doi)
        assert [(a.name, set(a.affiliations)) for a in one.authors] == [(a.name, set(a.affiliations)) for a in other.authors]


def test_an_address_goes_on_until_its_full_stop(tmp_path: Path) -> None:
    text = (
        "FN Clarivate Analytics Web of Science\nVR 1.0\nPT J\nAU Diaz, C\n   Li, H\nTI T\nSO J\n"
        "C1 [Diaz, C.] Tsinghua Univ, Beijing 100084, Peoples R\n"
        "   China.\n   [Li, H.] Univ Leeds, Leeds, England.\nPY 2023\nUT WOS:000000000000001\nER\n\nEF\n"
    )
    (tmp_path / "savedrecs.txt").write_text(text, "utf-8")
    (paper,), problems = read(tmp_path / "savedrecs.txt")
    assert [a.affiliations for a in paper.authors] == [
        ("Tsinghua Univ, Beijing 100084, Peoples R China",),
        ("Univ Leeds, Leeds, England",),
    ]
    assert problems == []


def test_a_whole_book_is_no_paper(tmp_path: Path) -> None:
    path = tmp_path / "b.txt"
    text = "FN Clarivate Analytics Web of Science\nVR 1.0\nPT B\nAU Diaz, C\nTI Cups\nPY 2020\nSO CUPS\nDT {}\nUT WOS:1\nER\n\nEF\n"
    path.write_text(text.format("Book"), "utf-8")
    assert not list(read_papers([path]))
    path.write_text(text.format("Proceedings Paper"), "utf-8")
    assert [p.id for p in read_papers([path])] == ["WOS:1"]
