"""Every sample is recognised as its format and as no other; readers of other packages."""

from __future__ import annotations

import csv
import json
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from affil.errors import AffilError, InputError
from affil.papers import formats as library
from affil.papers.formats import READERS, formats, readers, recognise
from affil.papers.head import Head
from affil.papers.read import read_papers
from affil.papers.reader import Reader
from affil.papers.source import Source
from affil.types import Author, Paper

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*"))
NAMES = sorted((r.name for r in READERS), key=len, reverse=True)


def format_of(sample: Path) -> str:
    """Samples are named after their format: scopus-new.csv."""
    return next(name for name in NAMES if sample.name.startswith(name))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s.name)
def test_a_sample_is_recognised_and_read(sample: Path) -> None:
    assert recognise(Head(sample)).name == format_of(sample)
    if "damaged" not in sample.name:
        look = formats(sample)
        assert look.papers or look.problems


def test_every_format_has_two_samples_and_a_damaged_one() -> None:
    """The notes of homepages stand in dblp's samples."""
    for reader in READERS:
        own = [s.name for s in SAMPLES if format_of(s) == reader.name.removesuffix("-homepages")]
        assert sum("damaged" not in name for name in own) >= 2, reader.name
        assert any("damaged" in name for name in own), reader.name


def test_the_first_papers_of_a_file_and_its_format(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"id": "P1", "venue": "ICML", "year": 2024, "authors": [{"name": "Ana Li"}]}\n' * 5, "utf-8")
    look = formats(file, records=2)
    assert (look.reader.name, len(look.papers)) == ("affil", 2)
    for name in ("AFFIL", "Affil"):
        assert formats(file, format=name).reader.name == "affil"
    with pytest.raises(AffilError, match="no format 'no-such-format'; there are: affil, "):
        formats(file, format="no-such-format")


def test_a_format_is_named_in_any_letter_case_and_spacing() -> None:
    sample = next(s for s in SAMPLES if s.name.startswith("scopus") and "damaged" not in s.name)
    assert {formats(sample, format=name).reader.name for name in ("scopus", "Scopus", "SCOPUS")} == {"scopus"}
    sample = next(s for s in SAMPLES if s.name.startswith("web-of-science") and "damaged" not in s.name)
    assert {formats(sample, format=name).reader.name for name in ("Web of Science", "web_of_science")} == {"web-of-science"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"%PDF-1.7", "is a PDF; see which formats are read: affil formats"),
        (b"PK\x03\x04 word/document.xml", "is a zip archive or an Excel workbook; see which"),
        (b"PK\x03\x04 xl/workbook.xml", "is no workbook that can be read: .*; save it again as .xlsx"),
    ],
)
def test_what_holds_no_papers_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(InputError, match=message):
        formats(tmp_path / "a")


def _read(source: Source):  # type: ignore[no-untyped-def]
    for row, line in source.lines():
        id, venue, year, name = line.split("\t")
        yield row, Paper(id, "", venue, int(year), (Author(name),))


OURS = Reader("ours", "our list", lambda head: head.text.startswith("OURS"), _read, "All.", "Nothing.", "Ask us.", "")
NOT_ONE = "nothing"


def test_other_packages_add_readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def points(*values: str) -> None:
        readers.cache_clear()
        found = EntryPoints(EntryPoint(f"p{n}", f"{__name__}:{v}", library.GROUP) for n, v in enumerate(values))
        monkeypatch.setattr(library, "entry_points", lambda group: found.select(group=group))

    monkeypatch.setitem(__import__("sys").modules, __name__, __import__("sys").modules[_read.__module__])
    (tmp_path / "list").write_text("OURS1\tICML\t2024\tAna Li\n", "utf-8")
    try:
        points("OURS")
        look = formats(tmp_path / "list")
        assert (look.reader, look.papers[0].id) == (OURS, "OURS1")
        points("NOT_ONE")
        with pytest.raises(AffilError, match=r"the reader 'p0' .* is no affil.papers.reader.Reader"):
            readers()
        points("GONE")
        with pytest.raises(AffilError, match=r"the reader 'p0' .* cannot be loaded"):
            readers()
    finally:
        readers.cache_clear()


@pytest.mark.parametrize("text", ["%0 Journal Article\n%A Li, X.\n", "RT Journal\nA1 李华\nT1 折纸\n"])
def test_what_is_of_no_format_is_said_with_what_to_export(tmp_path: Path, text: str) -> None:
    (tmp_path / "export.txt").write_text(text, "utf-8")
    with pytest.raises(InputError, match="text, which is not read; export"):
        list(read_papers([tmp_path / "export.txt"]))


@pytest.mark.parametrize(
    ("sample", "format", "message"),
    [
        ("ris-scopus.ris", "bibtex", r"line 1: another format begins here: RIS; .* \(it was read as: BibTeX\)"),
        ("bibtex-scopus.bib", "ris", "line 4: another format begins here: BibTeX"),
        ("zotero-library.csv", "ris", r"holds no paper, read as .*; see what it is: affil formats FILE"),
    ],
)
def test_a_format_forced_on_another_file_reads_nothing_and_says_so(sample: str, format: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        list(read_papers([Path(__file__).parent / "samples" / sample], on_problem=lambda _: None, format=format))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", "as it holds no record"),
        ('[{"paperId": "a", "title": "T", "year": 2023, "venue": "CVPR"}]', "its keys are paperId, title, venue, year;"),
        ('{"total": 1, "data": [{"paperId": "a"}]}', "its keys are data, total;"),
        ('{"error": "Invalid key"}', "its keys are error;"),
    ],
)
def test_json_of_no_format_shows_its_keys(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "a2024.json").write_text(text, "utf-8")
    with pytest.raises(InputError, match=f"is JSON of no format that is read.*{told}"):
        list(read_papers([tmp_path / "a2024.json"]))


FILES = {
    "a.ris": "TY  - JOUR\nTI  - A\nT2  - J\nPY  - {}\nAU  - Li, A\nAD  - MIT\nER  - \n",
    "a.bib": "@article{{a, title = {{A}}, journal = {{J}}, year = {{{}}}, author = {{Li, A}}, affiliation = {{MIT}}}}\n",
    "scopus.csv": "Authors,Title,Year,Source title,Affiliations,EID\nLi A.,A,{},J,MIT,2-s2.0-1\n",
    "wos.txt": "FN x\nVR 1.0\nPT J\nAF Li, A\nTI A\nSO J\nPY {}\nC1 [Li, A] MIT.\nUT WOS:1\nER\n\nEF\n",
    "savedrecs.txt": "PT\tAU\tTI\tSO\tC1\tPY\tUT\nJ\tLi, A\tA\tJ\t[Li, A] MIT\t{}\tWOS:1\n",
    "zotero.csv": "Key,Item Type,Publication Year,Author,Title,Publication Title,DOI\nK,journalArticle,{},Li A,A,J,\n",
    "lens.csv": "Lens ID,Title,Publication Year,Source Title,Author/s,Publication Type\n0,A,{},J,Li A,journal article\n",
    "a.nbib": "PMID- 1\nDP  - {}\nTI  - A\nFAU - Li, A\nAD  - MIT\nJT  - J\n",
    "table.csv": "paper,author,affiliation,venue,year\n1,Li A,MIT,J,{}\n2,Li A,MIT,J,2020\n",
    "own.jsonl": '{{"id": "1", "venue": "J", "year": "{}", "authors": [{{"name": "A", "affiliations": ["MIT"]}}]}}\n'
    '{{"id": "2", "venue": "J", "year": 2020, "authors": []}}\n',
    "works.json": '[{{"id": "https://openalex.org/W1", "publication_year": "{}", "authorships": []}}]',
    "notes.json": '[{{"id": "a", "forum": "a", "invitation": "x/-/y", "content": {{"title": "A", "venue": "{}", "authors": ["A"]}}}}]',
    "pmc.json": '[{{"id": "1", "source": "MED", "pubYear": "{}", "journalTitle": "J", "authorString": "Li A.", "title": "A"}}]',
    "data.json": '[{{"doi": "10.1000/x", "creators": [], "titles": [], "types": {{"resourceTypeGeneral": "Text"}}, "publicationYear": "{}"}}]',
    "works.xml": '<dblp><article key="a"><author>A</author><title>T</title><journal>J</journal><year>{}</year></article></dblp>',
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("year", ["in press", "forthcoming 20XX"])
def test_a_year_that_is_not_understood_is_shown_in_every_format(tmp_path: Path, name: str, year: str) -> None:
    (tmp_path / name).write_text(FILES[name].format(year), "utf-8")
    problems = [p for p in formats(tmp_path / name).problems if p.lost]
    assert [(p.what, p.value) for p in problems] == [("has no year that is understood", year)]


def test_json_lines_with_the_fields_of_a_table_are_a_table(tmp_path: Path) -> None:
    row = {"No": 1, "Title": "Alpha", "Year": 2022, "Journal": "CVPR", "Author": "Ana Li", "Affiliation": "MIT"}
    path = tmp_path / "t.jsonl"
    path.write_text(json.dumps(row) + "\n" + json.dumps({**row, "Author": "Bo Orr"}), "utf-8")
    [paper] = read_papers([path])
    assert [(a.name, a.affiliations) for a in paper.authors] == [("Ana Li", ("MIT",)), ("Bo Orr", ("MIT",))]
    path.write_text(json.dumps(row) + "\n" + json.dumps({**row, "Author": ["Bo", "Orr"]}), "utf-8")
    with pytest.raises(InputError, match="line 2: holds a list where text should stand; write text or a number"):
        list(read_papers([path]))


def test_a_json_list_of_rows_is_the_table_that_it_would_be_as_text(tmp_path: Path) -> None:
    """Of any format that is a table: the rows of an export of Scopus, or of one's own, also under headings that are mapped."""
    for sample in ("scopus-2024.csv", "table-english.csv", "lens-export.csv", "zotero-library.csv"):
        with (Path(__file__).parent / "samples" / sample).open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        (tmp_path / "rows.json").write_text(json.dumps(rows), "utf-8")
        list_of, text = formats(tmp_path / "rows.json"), formats(Path(__file__).parent / "samples" / sample)
        assert (list_of.reader, list_of.papers) == (text.reader, text.papers)
    row = {"paper": 1, "author": "Ana", "Affiliation": "MIT", "Periodical": "J", "year": 2020}
    (tmp_path / "own.json").write_text(json.dumps([row]))
    [paper] = formats(tmp_path / "own.json", mapping={"Periodical": "venue"}).papers
    assert (paper.venue, paper.authors) == ("J", (Author("Ana", ("MIT",)),))
    with pytest.raises(InputError, match="no column 'venue', nor one of a usual name for it; its columns are: paper, author, "):
        formats(tmp_path / "own.json")


def test_a_json_list_of_papers_in_affils_own_format(tmp_path: Path) -> None:
    paper = {"id": "P1", "venue": "ICML", "year": 2024, "authors": [{"name": "Ana Li", "affiliations": ["MIT"]}]}
    (tmp_path / "a.json").write_text(json.dumps([paper, {**paper, "id": "P2", "year": None}], indent=1))
    look = formats(tmp_path / "a.json")
    assert [p.id for p in look.papers] == ["P1"]
    assert [(p.row, p.unit, p.what) for p in look.problems] == [(2, "record", "has no year")]
