"""Tables of papers as people keep them: other headings, spreadsheets, other encodings. All names are invented."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import InputError
from affil.io.cells import COMMAS, COMMAS_CHINESE
from affil.io.headings import AFFILIATION, PAPERS
from affil.io.table import Style, affiliation_column
from affil.io.tables import create_table, open_table
from affil.papers.common import Problem
from affil.papers.formats import recognise
from affil.papers.head import Head
from affil.papers.long_form import FIELDS, REQUIRED, columns_of
from affil.papers.read import read_papers
from affil.papers.tally import Tally
from affil.types import Author, Paper

SAMPLES = Path(__file__).parent / "samples"


def test_other_headings() -> None:
    assert list(read_papers([SAMPLES / "table-english.csv"])) == [
        Paper(
            "10", "Cups of tea", "Journal of Teacups", 2023,
            (Author("Ana Li", ("Univ. A, Leeds",)), Author("Bo Chen")), doi="10.1000/tea",
        ),
        Paper("11", "Saucers", "Saucer Letters", 2024, (Author("Cy Diaz", ("Lab B, Porto",)),)),
    ]  # fmt: skip


def test_chinese_headings_semicolons_and_gb18030() -> None:
    assert list(read_papers([SAMPLES / "table-chinese.csv"])) == [
        Paper("1", "茶杯", "茶杯学报", 2023, (Author("李安娜", ("甲大学计算机学院",)), Author("陈波", ("乙研究所, 北京",)))),
        Paper("2", "茶碟", "茶碟通讯", 2024, (Author("迪雅", ("丙公司人工智能实验室",)),)),
    ]


def test_a_damaged_table() -> None:
    with pytest.raises(InputError, match=r"table-damaged\.csv, row 2: no valid CSV: unexpected end of data"):
        list(read_papers([SAMPLES / "table-damaged.csv"]))


def test_a_spreadsheet_with_merged_cells(tmp_path: Path) -> None:
    """As people keep it: the paper's cells go over the rows of its authors, and a title stands above."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["Papers of the lab"],
        ["ID", "Title", "Year", "Venue", "Author", "Affiliation"],
        [1, "Cups", 2023, "ICML", "Ana Li", "A University"],
        [None, None, None, None, "Bo Chen", "B Institute"],
        [2, "Saucers", 2024, "CVPR", "Cy Diaz", None],
    ):
        sheet.append(row)
    for column in "ABCD":
        sheet.merge_cells(f"{column}3:{column}4")
    book.save(tmp_path / "papers.xlsx")
    problems: list[Problem] = []
    assert list(read_papers([tmp_path / "papers.xlsx"], on_problem=problems.append)) == [
        Paper("1", "Cups", "ICML", 2023, (Author("Ana Li", ("A University",)), Author("Bo Chen", ("B Institute",)))),
        Paper("2", "Saucers", "CVPR", 2024, (Author("Cy Diaz"),)),
    ]
    assert [(p.what, p.lost) for p in problems] == [
        ("the headings stand in row 2; 'Papers of the lab' above them is passed over", False),
        ("has no affiliation", False),
    ]


def test_a_mapping_for_the_rest(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Paper,Who,Periodical,Year,Affiliation\n1,Ana,J,2020,A\n")
    path = tmp_path / "a.csv"
    assert list(read_papers([path], mapping={"who": "author", "Periodical": "venue"})) == [
        Paper("1", "", "J", 2020, (Author("Ana", ("A",)),))
    ]
    for mapping, message in (
        ({"Where": "venue"}, "no column 'Where'; its columns are: Paper, Who, .*; correct --map"),
        ({"Periodical": "journal"}, "no field 'journal'; map Periodical to one of author, affiliation"),
        ({"Periodical": "venue"}, r"no column 'author', nor one of a usual name .*; for another heading: --map HEADING=author"),
    ):
        with pytest.raises(InputError, match=message):
            list(read_papers([path], mapping=mapping))


def test_a_row_for_each_paper_is_counted_by_paper(tmp_path: Path) -> None:
    """Which of the authors stands where is not said, so nobody guesses it."""
    (tmp_path / "a.csv").write_text("Paper,Author,Venue,Year,Affiliation\n1,Ana Li; Bo Chen;,J,2020,A; B\n")
    problems: list[Problem] = []
    (paper,) = read_papers([tmp_path / "a.csv"], on_problem=problems.append)
    assert paper == Paper("1", "", "J", 2020, (Author("Ana Li"), Author("Bo Chen")), False, ("A", "B"))
    assert [(p.row, p.lost) for p in problems] == [(2, False)] and "in one cell" in problems[0].what


def test_papers_without_an_id_are_told_apart_by_doi_or_title(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "DOI,Title,Author,Venue,Year,Affiliation\n10.1000/X,One,A,J,2020,U\n10.1000/x,One,B,J,2020,V\n"
        ",Same,A,J,2020,U\n,Same,B,J,2020,U\n,Same,A,J,2021,U\n"
    )
    papers = list(read_papers([tmp_path / "a.csv"]))
    assert [(p.id, len(p.authors)) for p in papers] == [("10.1000/x", 2), ("Same (J, 2020)", 2), ("Same (J, 2021)", 1)]
    (tmp_path / "d.csv").write_text("Paper,Title,Author,Venue,Year,Affiliation\nSame,Same,A,J,2020,U\n")
    assert [p.id for p in read_papers([tmp_path / "d.csv"])] == ["Same"]
    (tmp_path / "e.csv").write_text("Title,Author,Venue,Year,Affiliation\nOne,A,J,,U\nOne,B,,2020,V\n")
    assert [(p.id, len(p.authors)) for p in read_papers([tmp_path / "e.csv"])] == [("One (J, 2020)", 2)]
    (tmp_path / "b.csv").write_text("DOI,Title,Author,Venue,Year,Affiliation\n,,A,J,2020,U\n")
    with pytest.raises(
        InputError, match="row 2: holds no paper that can be read: the first has neither DOI nor title; give each row its paper"
    ):
        list(read_papers([tmp_path / "b.csv"]))
    (tmp_path / "c.csv").write_text("Position,Author,Venue,Year,Affiliation\n1,A,J,2020,U\n")
    with pytest.raises(InputError, match=r"no column 'paper', nor one of a usual name for it.*paper, doi or title"):
        list(read_papers([tmp_path / "c.csv"]))


def test_a_name_is_of_one_field() -> None:
    names = [name for field in PAPERS for name in PAPERS[field]]
    assert len(names) == len({*names})
    assert not AFFILIATION.intersection(names)
    assert {*PAPERS, "affiliation"} == {*FIELDS}


headings = {**PAPERS, "affiliation": tuple(sorted(AFFILIATION - {COMMAS, COMMAS_CHINESE}))}  # these two are Scopus' own


@given(st.data())
def test_papers_under_any_usual_headings_are_read_back(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Any usual names in any case, in any order of columns, format and delimiter."""
    kept = [f for f in FIELDS if f in (*REQUIRED, "paper") or data.draw(st.booleans())]
    cases = st.sampled_from([str.lower, str.upper, str.title, lambda s: f" {s} ", lambda s: s.replace(" ", "_")])
    named = {f: data.draw(cases)(data.draw(st.sampled_from(headings[f]))) for f in data.draw(st.permutations(kept))}
    assert columns_of(list(named.values()), {}, "x") == named
    word = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=5)
    people = st.lists(
        st.tuples(word, st.lists(word, max_size=2, unique=True)), min_size=1, max_size=3, unique_by=lambda a: a[0]
    )
    papers = [
        Paper(f"P{n}", "T" if "title" in kept else "", "ICML", 2020, tuple(Author(a, tuple(s)) for a, s in authors),
              doi=f"10.1000/{n}" if "doi" in kept else "")
        for n, authors in enumerate(data.draw(st.lists(people, min_size=1, max_size=3)))
    ]  # fmt: skip
    rows = [
        {"paper": p.id, "title": p.title, "venue": p.venue, "year": "2020", "author": a.name, "affiliation": s, "position": str(i),
         "doi": p.doi}
        for p in papers for i, a in enumerate(p.authors) for s in a.affiliations or ("",)
    ]  # fmt: skip
    path = tmp_path_factory.mktemp("t") / data.draw(st.sampled_from(["p.csv", "p.tsv", "p.parquet", "p.xlsx"]))
    style = Style(data.draw(st.sampled_from([",", ";", "|"])))
    with create_table(path, dict.fromkeys(named.values(), "string"), style=style) as table:
        table.write({heading: [row[f] for row in rows] for f, heading in named.items()})
    assert recognise(Head(path)).name == "table"
    assert list(read_papers([path])) == papers


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_rows_that_stand_in_one_cell_each_are_said_to(tmp_path: Path, mark: str) -> None:
    """As a spreadsheet saves a CSV that it showed in column A."""
    rows = [
        ["Authors", "Title", "Year", "Affiliations"],
        ["Inkwell, B.", "Quiet Rooms", "2024", "University of Oxford, Oxford"],
    ]
    with (tmp_path / "a.csv").open("w", encoding="utf-8", newline="") as out:
        for row in rows:
            cell = io.StringIO()
            csv.writer(cell, delimiter=mark, lineterminator="").writerow(row)
            csv.writer(out, quoting=csv.QUOTE_ALL).writerow([cell.getvalue()])
    told = "each row stands in one cell; split the column"
    with pytest.raises(InputError, match=told):
        list(read_papers([tmp_path / "a.csv"]))
    with pytest.raises(InputError, match=told), open_table(tmp_path / "a.csv") as table:
        affiliation_column("a.csv", table.columns)


def test_a_mapping_that_cannot_be_meant_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Paper,Title,Author,Affiliation,Journal,Year\n1,T,A,U,J,2020\n")
    with pytest.raises(InputError, match="two columns are mapped to 'venue'; correct --map"):
        list(read_papers([tmp_path / "a.csv"], mapping={"Title": "venue", "Journal": "venue"}))
    scopus = SAMPLES / "scopus-2024.csv"
    with pytest.raises(InputError, match="two columns are called 'source title' by --map"):
        list(read_papers([scopus], mapping={"Title": "Source title"}))
    with pytest.raises(InputError, match="no column 'Titel'"):
        list(read_papers([scopus], mapping={"Titel": "title"}))
    with pytest.raises(InputError, match="is no table, so that no heading of it can be mapped; omit --map"):
        list(read_papers([SAMPLES / "ris-scopus.ris"], mapping={"TI": "title"}))


def test_lists_with_bars(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Paper,Author,Affiliation,Venue,Year\n1,Ana Li|Bo Chen,U|V,J,2020\n")
    (paper,) = read_papers([tmp_path / "a.csv"])
    assert (len(paper.authors), paper.paper_affiliations) == (2, ("U", "V"))


def test_a_year_is_read_where_it_is_clear_and_shown_where_it_is_not(tmp_path: Path) -> None:
    clear = ["2023年", "２０２３", "20230501", "2,023", "2.023", "民國112年", "令和5年", "2023a", "May 2023"]
    other = ["forthcoming", "23", "20239999", "in press"]
    rows = [f"p{n};A title;CVPR;{year};Ana Li;MIT" for n, year in enumerate(clear + other)]
    path = tmp_path / "y.csv"
    path.write_text("\n".join(["paper;title;venue;year;author;affiliation", *rows]), "utf-8")
    tally = Tally()
    papers = list(read_papers([path], on_problem=tally.meet))
    assert [p.year for p in papers] == [2023] * len(clear)
    what = "4 papers left out, as each has no year that is understood (first: row 11: 'forthcoming')"
    assert [one.line() for one in tally.found()] == [f"{path}: {what}"]


def test_headings_of_chinese_exports_and_all_that_lack_at_once(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text(
        "Title-题名,Author-作者,Organ-单位,Source-文献来源,PubTime-发表时间,DOI-DOI\n甲乙,王五;,浙江大学;,计算机学报,2022-05-01,10.1000/x\n",
        "utf-8",
    )
    assert list(read_papers([path])) == [
        Paper("10.1000/x", "甲乙", "计算机学报", 2022, (Author("王五", ("浙江大学",)),), doi="10.1000/x")
    ]
    path.write_text("论文题目,刊物名称,发表年份,Authors,所属单位\n甲乙,学报,2022,王五、李四,浙江大学\n", "utf-16")
    [paper] = read_papers([path])
    assert (paper.paper_affiliations, [a.name for a in paper.authors]) == (("浙江大学",), ["王五", "李四"])
    path.write_text("Title,Author,Affiliation\nA,B,C\n", "utf-8")
    with pytest.raises(InputError, match="no column 'venue' and no column 'year', nor one of a usual name for them"):
        list(read_papers([path]))


def test_tabs_in_utf16_are_a_table_whatever_the_name(tmp_path: Path) -> None:
    path = tmp_path / "Book1.txt"
    path.write_text("Paper ID\tTitle\tYear\tJournal\tAuthor\tAffiliation\r\np1\tA\t2023\tCVPR\tAna\tMIT\r\n", "utf-16")
    assert [p.id for p in read_papers([path])] == ["p1"]


@pytest.mark.parametrize(
    ("columns", "read_ones", "left"),
    [
        (["Affiliation 1", "Affiliation 2"], ["Affiliation 1", "Affiliation 2"], ""),
        (["Affiliation", "affiliation_2", "Affiliation (3)"], ["Affiliation", "affiliation_2", "Affiliation (3)"], ""),
        (["单位1", "单位2", "地址"], ["单位1", "单位2"], "地址"),
        (["作者单位一", "作者单位二"], ["作者单位一", "作者单位二"], ""),
        (["Affiliation", "Institution"], ["Affiliation"], "Institution"),
        (["Institute1", "Address"], ["Address"], "Institute1"),
    ],
)
def test_several_columns_of_affiliations(tmp_path: Path, columns: list[str], read_ones: list[str], left: str) -> None:
    """All that only a number tells apart are read, and it is said which, and which are not."""
    strings = {column: f"Univ of {column}" for column in columns}
    path = tmp_path / "t.csv"
    row = {"paper": "1", "author": "Ann Lee", **strings, "venue": "V", "year": "2020"}
    path.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n", "utf-8")
    problems: list[Problem] = []
    [paper] = read_papers([path], on_problem=problems.append)
    assert paper.authors[0].affiliations == tuple(strings[c] for c in read_ones)
    said = f"the affiliations are those of {', '.join(read_ones)}"
    assert [p.what for p in problems] == [
        said + (f"; not read: {left} (to read it instead: --map {left}=affiliation)" if left else "")
    ]


def test_blank_cells_of_a_second_column_and_authors_in_one_cell(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "paper,author,Affiliation 1,Affiliation 2,venue,year\n1,Ann,MIT,,V,2020\n1,Bo,,CMU,V,2020\n1,Cy,MIT,MIT,V,2020\n"
        '2,"Ann; Bo",MIT; CMU,ETH,V,2020\n'
    )
    one, two = read_papers([path])
    assert [a.affiliations for a in one.authors] == [("MIT",), ("CMU",), ("MIT",)]
    assert (len(two.authors), two.paper_affiliations) == (2, ("MIT", "CMU", "ETH"))
