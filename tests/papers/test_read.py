from __future__ import annotations

import gzip
import io
import json
import os
import sys
import tempfile
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import InputError
from affil.papers.common import Problem
from affil.papers.read import Duplicate, paper_digest, read_papers
from affil.papers.tally import Tally
from affil.types import Author, Paper

SHARED = Path(__file__).parents[3] / "shared" / "data" / "papers"
GOOD: dict[str, Any] = {
    "id": "P1",
    "title": "On Examples",
    "venue": "ICML",
    "year": 2023,
    "track": "main",
    "authors": [{"name": "Ana Li", "affiliations": ["MIT", " "]}, {"name": "Bo", "affiliations": []}],
    "aligned": True,
}


def write(path: Path, *records: Any) -> Path:
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records), "utf-8")
    return path


def test_reads_aligned_and_not(tmp_path: Path) -> None:
    loose = {**GOOD, "id": "P2", "aligned": False, "authors": [], "paper_affiliations": ["MIT", "CMU"]}
    path = write(tmp_path / "a.jsonl", GOOD, "", loose)
    assert list(read_papers([path])) == [
        Paper("P1", "On Examples", "ICML", 2023, (Author("Ana Li", ("MIT",)), Author("Bo"))),
        Paper("P2", "On Examples", "ICML", 2023, (), False, ("MIT", "CMU")),
    ]


def test_gzip_and_bom_are_recognised_by_content(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(gzip.compress(b"\xef\xbb\xbf" + json.dumps(GOOD).encode()))
    assert [p.id for p in read_papers([tmp_path / "a.txt"])] == ["P1"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": 7}, "id: input should be a valid string, not 7"),
        ({"authors": {}}, "authors: input should be a valid list"),
        (
            {"authors": [{"name": "A", "affiliations": "MIT"}]},
            "authors.1.affiliations: input should be a valid list",
        ),
        ({"authors": [{"affiliations": []}]}, "authors.1.name is missing; add authors.1.name to the paper"),
        ({"paper_affiliations": ["MIT"]}, 'whose aligned is false; add "aligned": false'),
        ({"aligned": False}, "aligned is false, but an author has affiliations; move them to paper_affiliations"),
        ({"title": "\ud83d"}, "title contains half a surrogate pair"),
    ],
)
def test_wrong_fields_name_file_row_and_fix(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = write(tmp_path / "bad.jsonl", {**GOOD, "id": "P0"}, "", {**GOOD, **change})
    with pytest.raises(InputError, match=message) as caught:
        list(read_papers([path]))
    assert str(caught.value).startswith(f"{path}, line 3: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"year": "2023"}, r"""year is text \('2023'\); write it as a whole number, e.g. "year": 2024"""),
        ({"year": 20.5}, "year: input should be a valid integer, not 20.5"),
        ({"year": True}, "year: input should be a valid integer, not True"),
        ({"year": 123}, "year: input should be greater than or equal to 1900, not 123"),
        ({"venue": " "}, "venue is blank"),
        ({"venue": None}, "venue: input should be a valid string, not None"),
    ],
)
def test_a_paper_without_year_or_venue_is_left_out_and_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = write(tmp_path / "bad.jsonl", GOOD, "", {**GOOD, "id": "P0", **change})
    problems: list[Problem] = []
    assert [p.id for p in read_papers([path], on_problem=problems.append)] == ["P1"]
    what, value = ("has no venue", "") if "venue" in change else ("has no year that is understood", str(change["year"]))
    assert problems == [Problem(str(path), 3, what, lost=True, unit="line", value=value)]
    with pytest.raises(InputError, match=f"line 1: {message}"):  # where no paper can be read, what is wrong is said in full
        list(read_papers([write(tmp_path / "all.jsonl", {**GOOD, **change})]))


@pytest.mark.parametrize("field", ["id", "venue", "year", "authors"])
def test_missing_fields(tmp_path: Path, field: str) -> None:
    path = write(tmp_path / "bad.jsonl", {k: v for k, v in GOOD.items() if k != field})
    with pytest.raises(InputError, match=f"line 1: {field} is missing; add {field} to the paper"):
        list(read_papers([path]))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty; a papers file has one JSON object a line"),
        (b"\n \n", "is empty"),
        (b'{"id": "P1", \n', r"line 1: not JSON at character \d+: .+; correct the line"),
        (b"[1]\n", r"line 1: the line: .+ not \[1\]"),
        (b'{"id": "\xe4"}', "line 1: byte 9 is not UTF-8; save the file as UTF-8"),
        ("{}".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        (b'{"year": ' + b"9" * 5000 + b"}", "line 1: not JSON that can be read"),
        (b"[" * 100_000, "line 1: "),
        (
            gzip.compress(json.dumps(GOOD).encode() * 50, mtime=0)[:-20],
            "the gzip file is truncated; fetch or copy it again",
        ),
        (b"\x1f\x8b\x08\x00nonsense", "the gzip file is (damaged|truncated)[;:]"),
    ],
)
def test_unreadable_files(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "bad.jsonl").write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        list(read_papers([tmp_path / "bad.jsonl"]))
    assert "\n" not in str(caught.value)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file; check the path"):
        list(read_papers([tmp_path / "no.jsonl"]))
    with pytest.raises(InputError, match="is a folder"):
        list(read_papers([tmp_path]))


def test_the_same_paper_twice_is_read_once_and_flagged(tmp_path: Path) -> None:
    first = write(tmp_path / "a.jsonl", GOOD)
    second = write(tmp_path / "b.jsonl", GOOD, {**GOOD, "year": 2022})
    flagged: list[Duplicate] = []
    papers = list(read_papers([first, second], flagged.append))
    assert [(p.id, p.year) for p in papers] == [("P1", 2023)]
    assert flagged == [
        Duplicate("P1", str(second), 1, True, False, "line", "On Examples", "ICML"),
        Duplicate("P1", str(second), 2, False, False, "line", "On Examples", "ICML"),
    ]
    with pytest.raises(InputError, match="line 2: paper 'P1' was read before with other content"):
        list(read_papers([first, second]))


@pytest.mark.parametrize("packed", [False, True])
def test_what_can_be_read_only_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    """Standard input and pipes: the format is told from the beginning, which is gone then."""
    content = "".join(json.dumps({**GOOD, "id": f"P{n}"}) + "\n" for n in range(3000)).encode()
    content = gzip.compress(content) if packed else content
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert sum(1 for _ in read_papers(["-"])) == 3000
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(content,))
    writer.start()
    assert sum(1 for _ in read_papers([pipe])) == 3000
    writer.join()
    assert list(tmp_path.iterdir()) == [pipe], "copies are gone"


def test_two_thousand_authors(tmp_path: Path) -> None:
    many = {**GOOD, "authors": [{"name": f"A {i}", "affiliations": ["CERN"]} for i in range(2000)]}
    assert len(next(read_papers([write(tmp_path / "a.jsonl", many)])).authors) == 2000


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", *({**GOOD, "id": f"P{i}", "title": "x" * 5000} for i in range(2000)))
    tracemalloc.start()
    assert sum(1 for _ in read_papers([path])) == 2000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000 < path.stat().st_size


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(st.lists(st.tuples(text, st.lists(text, max_size=3)), max_size=4), text)
def test_whatever_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, authors: list[Any], title: str) -> None:
    record = {**GOOD, "title": title, "authors": [{"name": n, "affiliations": a} for n, a in authors]}
    path = write(tmp_path_factory.mktemp("papers") / "p.jsonl", record)
    paper = next(read_papers([path]))
    assert paper.title == title
    assert paper.authors == tuple(Author(n, tuple(c for c in a if c.strip())) for n, a in authors)


def test_digest_tells_where_a_string_belongs() -> None:
    one = Paper("P", "", "V", 2020, (Author("A", ("x", "y")), Author("B")))
    two = Paper("P", "", "V", 2020, (Author("A", ("x",)), Author("B", ("y",))))
    assert paper_digest(one) != paper_digest(two)
    assert paper_digest(one) == paper_digest(Paper("P", "", "V", 2020, (Author("A", ("x", "y")), Author("B"))))


@pytest.mark.skipif(not SHARED.exists(), reason="shared data absent")
def test_reads_the_shared_papers() -> None:
    flagged: list[Duplicate] = []
    papers = cells = aligned = 0
    for paper in read_papers(sorted(SHARED.glob("*.jsonl.gz")), flagged.append):
        papers += 1
        aligned += paper.aligned
        cells += len(paper.paper_affiliations) + sum(len(a.affiliations) for a in paper.authors)
    assert (papers, aligned, cells, flagged) == (63_299, 54_654, 242_996, [])


def test_a_file_without_papers_is_said(tmp_path: Path) -> None:
    path, tally = tmp_path / "a.csv", Tally()
    path.write_text("title,venue,year,author,affiliation\n", "utf-8")
    assert not list(read_papers([path], on_problem=tally.meet))
    assert [one.line() for one in tally.found()] == [f"{path}: holds no paper"]
