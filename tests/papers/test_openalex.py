"""OpenAlex works in all their forms. All names are invented."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import InputError
from affil.papers.common import Problem
from affil.papers.formats import formats
from affil.papers.head import Head
from affil.papers.openalex import OPENALEX
from affil.papers.source import Source
from affil.settings import ReadSettings
from affil.types import Author, Paper

SAMPLES = Path(__file__).parent / "samples"
TSINGHUA, BERKELEY = (
    "Department of Automation, Tsinghua University, Beijing 100084, China",
    "University of California, Berkeley, USA",
)
CVPR = "2024 IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)"
ONE = Paper(
    "https://openalex.org/W440000001",
    "Seeing Teapots in the Dark",
    CVPR,
    2024,
    (Author("X. Wen", (TSINGHUA,)), Author("Berta Sol", (TSINGHUA, BERKELEY))),
    doi="10.5555/oa.1",
)
TWO = Paper(
    "https://openalex.org/W440000002",
    "Only Linked Strings",
    CVPR,
    2024,
    (Author("Xiao Wen", (TSINGHUA, BERKELEY)), Author("Berta Sol")),
    doi="10.5555/oa.2",
)
FOUR = Paper(
    "https://openalex.org/W440000004",
    "A Preprint That Appeared",
    "Journal of Machine Learning Research",
    2023,
    (Author("Berta Sol", (BERKELEY,)),),
    doi="10.5555/oa.4",
)


def read(path: Path) -> tuple[list[Paper], list[Problem]]:
    problems: list[Problem] = []
    head = Head(path)
    assert OPENALEX.recognises(head)
    papers = [paper for _, paper in OPENALEX.read(Source(head, ReadSettings(), problems.append, {}))]
    return papers, problems


def test_a_work_of_2022_with_host_venue_and_one_string() -> None:
    papers, problems = read(SAMPLES / "openalex-work.json")
    affiliation = "Scholarly Communications Lab, Simon Fraser University, Vancouver, Canada"
    authors = (Author("Heather Okonjo", (affiliation,)), Author("Jason Abara"))
    title = "The state of tea: a large-scale analysis"
    assert papers == [Paper("https://openalex.org/W2741809801", title, "PeerJ", 2018, authors, doi="10.7717/peerj.4375x")]
    assert problems == []


@pytest.mark.parametrize("name", ["openalex-page.json", "openalex-snapshot.jsonl", "openalex-snapshot.parquet"])
def test_a_page_and_the_snapshot(name: str) -> None:
    papers, problems = read(SAMPLES / name)
    assert papers == [ONE, TWO, FOUR]
    assert [(p.row, p.what, p.lost) for p in problems] == [(3, "is of type supplementary-materials, no paper", True)]


def test_a_list_spread_over_lines() -> None:
    assert read(SAMPLES / "openalex-list.json") == ([ONE, TWO], [])


@pytest.mark.parametrize("first", ["{\n  ", '{"meta": {}, "results": [\n'])
def test_a_page_spread_over_lines(tmp_path: Path, first: str) -> None:
    """As a person or a program formats it; a line that begins as an object does is no line of JSON Lines."""
    rows = ",\n".join(map(json.dumps, works()))
    begin = '"meta": {},\n  "results": [\n' if first == "{\n  " else ""
    (tmp_path / "page.json").write_text(f"{first}{begin}{rows}\n]}}\n", "utf-8")
    assert read(tmp_path / "page.json")[0] == [ONE, TWO, FOUR]
    (tmp_path / "page.json").write_text(json.dumps({"meta": {}, "results": works()}, indent=2), "utf-8")
    assert read(tmp_path / "page.json")[0] == [ONE, TWO, FOUR]


def test_pages_one_a_line(tmp_path: Path) -> None:
    page = (SAMPLES / "openalex-page.json").read_bytes()
    (tmp_path / "pages.jsonl.gz").write_bytes(gzip.compress(page + b"\n" + page + b"\n"))
    papers, problems = read(tmp_path / "pages.jsonl.gz")
    assert papers == [ONE, TWO, FOUR] * 2
    assert [p.row for p in problems] == [1, 2], "the number of the line"
    (tmp_path / "pages.jsonl").write_bytes(page + b'\n{"error": "Rate limit exceeded"}\n')
    with pytest.raises(InputError, match=r"row 2: no results in the line; correct it, or fetch it again"):
        read(tmp_path / "pages.jsonl")


def test_a_page_without_works(tmp_path: Path) -> None:
    (tmp_path / "page.json").write_text('{"meta": {"count": 0}, "results": []}')
    assert read(tmp_path / "page.json") == ([], [])


def test_a_page_that_was_cut_off() -> None:
    with pytest.raises(
        InputError, match=r"openalex-damaged.json: not JSON after record 2: parse error: premature EOF; correct it"
    ):
        read(SAMPLES / "openalex-damaged.json")


def works() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLES / "openalex-snapshot.jsonl").read_text("utf-8").splitlines()]


def parquet(path: Path, rows: list[dict[str, Any]], **options: Any) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path, **options)
    return path


@pytest.mark.parametrize("compliant", [True, False])
def test_parquet_with_nested_columns(tmp_path: Path, compliant: bool) -> None:
    """Writers name the members of a list differently."""
    path = parquet(tmp_path / "part_0000.parquet", works(), use_compliant_nested_type=compliant, row_group_size=2)
    papers, problems = read(path)
    assert papers == [ONE, TWO, FOUR]
    assert [p.row for p in problems] == [3]


def test_parquet_with_json_in_its_cells(tmp_path: Path) -> None:
    rows = [{k: json.dumps(v) if isinstance(v, list | dict) else v for k, v in work.items()} for work in works()]
    assert read(parquet(tmp_path / "dump.parquet", rows))[0] == [ONE, TWO, FOUR]


def test_parquet_reads_only_what_it_needs(tmp_path: Path) -> None:
    from affil.papers.openalex import _wanted

    path = parquet(tmp_path / "part_0000.parquet", works())
    wanted = _wanted(pq.ParquetFile(path))
    assert "authorships.list.element.raw_affiliation_strings.list.element" in wanted
    assert not [name for name in wanted if "institution" in name or "orcid" in name]


def test_parquet_without_authorships(tmp_path: Path) -> None:
    path = parquet(tmp_path / "part.parquet", [{"id": "https://openalex.org/W1", "authorships": []}])
    rows, problems = read(path)
    assert (rows, problems[0].what) == ([], "has no publication_year")
    path = parquet(tmp_path / "authors.parquet", [{"id": "https://openalex.org/A1", "display_name": "Ana"}])
    with pytest.raises(InputError, match="no column authorships"):
        formats(path, format="openalex")


def test_parquet_that_is_damaged(tmp_path: Path) -> None:
    whole = parquet(tmp_path / "part.parquet", works() * 2000, row_group_size=500).read_bytes()
    broken = bytearray(whole)
    broken[4:2000] = b"\xff" * 1996
    (tmp_path / "part.parquet").write_bytes(broken)
    with pytest.raises(InputError, match=r"the Parquet file is damaged after row \d+; fetch or copy it again"):
        read(tmp_path / "part.parquet")


@pytest.mark.parametrize(
    ("authorship", "expected"),
    [
        ({"raw_affiliation_strings": None, "affiliations": None, "raw_affiliation_string": "A; B"}, ("A; B",)),
        ({"raw_affiliation_strings": ["A", " ", None], "affiliations": [{"raw_affiliation_string": "B"}]}, ("A",)),
        ({"affiliations": [{"raw_affiliation_string": "A"}, {"raw_affiliation_string": "A"}, {}]}, ("A",)),
        ({"raw_affiliation_strings": "A"}, ("A",)),
        ({}, ()),
    ],
)
def test_where_affiliations_stand(tmp_path: Path, authorship: dict[str, Any], expected: tuple[str, ...]) -> None:
    path = tmp_path / "work.json"
    path.write_text(json.dumps({**works()[0], "authorships": [{"author": {"display_name": "Ana"}, **authorship}]}))
    assert read(path)[0][0].authors == (Author("Ana", expected),)


def test_a_bare_id_gets_its_address(tmp_path: Path) -> None:
    (tmp_path / "w.json").write_text(json.dumps({**works()[0], "id": "W440000001"}))
    assert read(tmp_path / "w.json")[0] == [ONE]


@pytest.mark.parametrize("form", ["lines", "page", "list"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, form: str) -> None:
    some = [{**works()[0], "id": f"W{i}", "abstract_inverted_index": {"x" * 5000: [0]}} for i in range(600)]
    text = (
        "\n".join(map(json.dumps, some))
        if form == "lines"
        else json.dumps(some if form == "list" else {"meta": {}, "results": some})
    )
    path = tmp_path / "works.json"
    path.write_text(text)
    head = Head(path)
    tracemalloc.start()
    assert sum(1 for _ in OPENALEX.read(Source(head, ReadSettings(), lambda _: None, {}))) == 600
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_600_000 < 3_000_000 < path.stat().st_size


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9).map(str.strip).filter(bool)
papers = st.builds(
    Paper,
    st.integers(0, 1 << 40).map(lambda n: f"https://openalex.org/W{n}"),
    words,
    words,
    st.integers(1900, 2100),
    st.lists(st.builds(Author, words, st.lists(words, max_size=3).map(tuple)), max_size=4).map(tuple),
    doi=st.one_of(st.just(""), st.from_regex(r"10\.\d{4,9}/[a-z0-9.()/-]*[a-z0-9)]", fullmatch=True)),
)


def as_work(paper: Paper, linked: bool) -> dict[str, Any]:
    def written(author: Author) -> dict[str, Any]:
        if linked and len(set(author.affiliations)) == len(author.affiliations):
            return {"affiliations": [{"raw_affiliation_string": a, "institution_ids": []} for a in author.affiliations]}
        return {"raw_affiliation_strings": list(author.affiliations)}

    return {
        "id": paper.id,
        "doi": f"https://doi.org/{paper.doi.upper()}" if paper.doi else None,
        "title": paper.title,
        "publication_year": paper.year,
        "primary_location": {"source": {"display_name": paper.venue, "type": "journal"}},
        "authorships": [{"raw_author_name": a.name, **written(a)} for a in paper.authors],
    }


@given(
    st.lists(papers, min_size=1, max_size=4),
    st.sampled_from(["lines", "page", "list", "parquet"]),
    st.booleans(),
    st.booleans(),
)
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, given: list[Paper], form: str, linked: bool, packed: bool
) -> None:
    path = tmp_path_factory.mktemp("openalex") / ("part.parquet" if form == "parquet" else "works.json")
    written = [as_work(p, linked) for p in given]
    if form == "parquet":
        parquet(path, [{**w, "authorships": w["authorships"] or None} for w in written])
    else:
        whole = {"lines": written, "list": [written], "page": [{"meta": {}, "results": written}]}[form]
        raw = "".join(json.dumps(one) + "\n" for one in whole).encode()
        path.write_bytes(gzip.compress(raw) if packed else raw)
    if form != "parquet" or any(p.authors for p in given):
        assert read(path)[0] == given
