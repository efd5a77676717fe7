"""Works of Crossref. All names are invented."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import InputError
from affil.papers.common import Problem
from affil.papers.crossref import CROSSREF
from affil.papers.head import Head
from affil.papers.source import Source
from affil.settings import ReadSettings
from affil.types import Author, Paper

SAMPLES = Path(__file__).parent / "samples"
ARTICLE = Paper(
    "doi:10.5555/aphys.56.3-a17",
    "Pressure Inside Teapots",
    "Acta Invented B",
    2025,
    (
        Author("C. Lorens", ("CPHT, École polytechnique, Institut Polytechnique de Paris",)),
        Author("P. Schweiz", ("Department of Physics, University of Connecticut", "https://ror.org/042tfbd02")),
    ),
    doi="10.5555/aphys.56.3-a17",
)
CHAPTER = Paper(
    "doi:10.1007/978-3-000-00000-1_7",
    "Tracking Cups",
    "Computer Vision – ECCV 2018",
    2018,
    (Author("Ana Li", ("Vision Lab, The Example Institute, Zürich, Switzerland",)),),
    doi="10.1007/978-3-000-00000-1_7",
)
CVPR = Paper(
    "doi:10.1109/cvpr.2019.00001",
    "Cups Without Tea",
    "2019 IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)",
    2019,
    (Author("Bo Chen", ("Tsinghua University", "SenseTime Research")), Author("The Cup Consortium")),
    doi="10.1109/cvpr.2019.00001",
)


def read(path: Path) -> tuple[list[Paper], list[Problem]]:
    problems: list[Problem] = []
    head = Head(path)
    assert CROSSREF.recognises(head)
    papers = [paper for _, paper in CROSSREF.read(Source(head, ReadSettings(), problems.append, {}))]
    return papers, problems


def test_one_work_as_the_api_gives_it() -> None:
    assert read(SAMPLES / "crossref-work.json") == ([ARTICLE], [])


def test_a_file_of_the_dump() -> None:
    assert read(SAMPLES / "crossref-items.json") == ([ARTICLE, CHAPTER, CVPR], [])


@pytest.mark.parametrize("name", ["crossref-page.json", "crossref-dump.jsonl"])
def test_a_page_and_the_lines_of_the_dump(name: str) -> None:
    papers, problems = read(SAMPLES / name)
    assert papers[:3] == [ARTICLE, CHAPTER, CVPR]
    assert [(p.id, p.venue) for p in papers[3:]] == [
        ("doi:10.5555/event.1", "Symposium on Cups"),
        ("doi:10.5555/bare.1", "Acta Invented B"),
    ]
    assert [(p.row, p.what, p.lost) for p in problems] == [
        (5, "is a preprint (posted-content)", True),
        (6, "is a notice about another paper (a correction, a retraction)", True),
        (7, "has no year (issued)", True),
        (8, "has no affiliation", False),
    ]


def test_a_page_that_was_cut_off() -> None:
    with pytest.raises(
        InputError, match=r"crossref-damaged.json: not JSON after record 5: parse error: premature EOF; correct it"
    ):
        read(SAMPLES / "crossref-damaged.json")


def article(**changes: Any) -> dict[str, Any]:
    work: dict[str, Any] = json.loads((SAMPLES / "crossref-work.json").read_text("utf-8"))["message"]
    return {key: value for key, value in {**work, **changes}.items() if value is not ...}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"type": "component"}, "is of type component, no paper"),
        ({"type": "peer-review"}, "is of type peer-review, no paper"),
        ({"type": "journal"}, "is of type journal, no paper"),
        ({"updated-by": [{"type": "retraction", "DOI": "10.5555/r"}]}, "is retracted"),
        ({"container-title": [], "event": None}, "has no venue: neither a container-title nor an event"),
        ({"DOI": "none"}, "has no DOI"),
        ({"author": ...}, "has no affiliation"),
        ({"update-to": [{"type": "new_version", "DOI": "10.5555/r"}]}, ""),
        (
            {
                "issued": {"date-parts": [[None]]},
                "published": ...,
                "published-online": ...,
                "published-print": {"date-parts": [[2020]]},
            },
            "",
        ),
        ({"container-title": "As in CSL", "type": "article-journal"}, ""),
    ],
)
def test_what_is_left_out_and_what_is_not(tmp_path: Path, changes: dict[str, Any], problem: str) -> None:
    (tmp_path / "work.json").write_text(json.dumps(article(**changes)))
    papers, problems = read(tmp_path / "work.json")
    assert [p.what for p in problems] == ([problem] if problem else [])
    assert len(papers) == (problem in ("", "has no affiliation"))


def test_references_are_no_works(tmp_path: Path) -> None:
    """A book has no container-title, but its references have a DOI and an author."""
    work = article(**{"container-title": ..., "author": ..., "type": "book", "event": {"name": "Symposium on Cups"}})
    (tmp_path / "work.json").write_text(json.dumps({"message-type": "work", "message": work}))
    assert [p.id for p in read(tmp_path / "work.json")[0]] == [ARTICLE.id]


def test_an_answer_without_works(tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text(
        '{"status": "ok", "message-type": "work-list", "message": {"items": [], "total-results": 0}}'
    )
    assert read(tmp_path / "none.json") == ([], [])


def test_lines_that_are_no_works(tmp_path: Path) -> None:
    (tmp_path / "works.jsonl").write_text(json.dumps(article()) + '\n{"error": "Resource not found"}\n')
    with pytest.raises(InputError, match="row 2: is no work of Crossref: neither DOI nor type"):
        read(tmp_path / "works.jsonl")


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9).map(str.strip).filter(bool)
authors = st.lists(st.builds(Author, words, st.lists(words, max_size=3).map(tuple)), max_size=4).map(tuple)
papers = st.builds(
    lambda doi, title, venue, year, authors: Paper(f"doi:{doi}", title, venue, year, authors, doi=doi),
    st.from_regex(r"10\.\d{4,9}/[a-z0-9.()/-]*[a-z0-9)]", fullmatch=True),
    words,
    words,
    st.integers(1900, 2100),
    authors,
)


def as_work(paper: Paper) -> dict[str, Any]:
    return {
        "DOI": paper.doi.upper(),
        "type": "journal-article",
        "title": [paper.title],
        "container-title": [paper.venue],
        "issued": {"date-parts": [[paper.year, 5]]},
        "author": [{"name": a.name, "affiliation": [{"name": name} for name in a.affiliations]} for a in paper.authors],
    }


@given(st.lists(papers, min_size=1, max_size=4), st.sampled_from(["lines", "page", "items", "list"]), st.booleans())
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, given: list[Paper], form: str, packed: bool
) -> None:
    works = [as_work(p) for p in given]
    page = {"message-type": "work-list", "message": {"items": works}}
    whole = {"lines": works, "list": [works], "page": [page], "items": [{"items": works}]}[form]
    raw = "".join(json.dumps(one) + "\n" for one in whole).encode()
    path = tmp_path_factory.mktemp("crossref") / "works.json"
    path.write_bytes(gzip.compress(raw) if packed else raw)
    assert read(path)[0] == given
