"""dblp's JSON. All people and papers are invented."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import InputError
from affil.papers.common import Problem
from affil.papers.markup import tidy
from affil.papers.read import read_papers
from affil.types import Author, Paper

SAMPLES = Path(__file__).parent / "samples"
OTHER = "is a book, a thesis, a chapter or a data set, no paper"


def read(path: Path) -> tuple[list[Paper], list[tuple[int, str, bool]]]:
    problems: list[Problem] = []
    papers = list(read_papers([path], on_problem=problems.append))
    return papers, [(p.row, p.what, p.lost) for p in problems]


def test_an_answer_of_the_search() -> None:
    papers, problems = read(SAMPLES / "dblp-api-page.json")
    authors = (Author("Jörg Müster"), Author("Wei Li"))
    assert papers == [
        Paper("dblp:conf/icml/MusterL23", "Learning & other examples", "ICML", 2023, authors, doi="10.5555/icml.2023"),
        Paper(
            "dblp:journals/corr/abs-2301-90001",
            "Is this an example?",
            "CoRR",
            2023,
            (Author("Cy Doe"),),
            doi="10.48550/arxiv.2301.90001",
        ),
    ]
    assert problems == [(1, "has no affiliation", False), (2, "has no affiliation", False), (3, OTHER, True)]


def test_lines_as_they_are_fetched() -> None:
    papers, problems = read(SAMPLES / "dblp-api-fetched.jsonl")
    assert papers == [
        Paper(
            "dblp:conf/cvpr/LiC24",
            "Fetched",
            "CVPR",
            2024,
            (Author("Ana Li"), Author("Bo Chen")),
            doi="10.1109/cvpr.2024.00001",
        ),
        Paper("dblp:journals/pami/X24", "Of nobody", "IEEE Trans. Pattern Anal. Mach. Intell.", 2024, ()),
    ]
    assert problems == [(1, "has no affiliation", False), (2, "has no affiliation", False), (3, "was withdrawn", True)]


def test_a_damaged_file_and_a_record_of_another_kind(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"dblp-api-damaged.json: not JSON after record \d"):
        read(SAMPLES / "dblp-api-damaged.json")
    good = (SAMPLES / "dblp-api-fetched.jsonl").read_text("utf-8")
    (tmp_path / "a.jsonl").write_text(good + '{"title": "T"}\n', "utf-8")
    with pytest.raises(
        InputError, match="line 4: is no record of dblp: no key; give answers of its search, or affil fetch dblp"
    ):
        read(tmp_path / "a.jsonl")


def test_the_same_record_in_xml_and_json_has_the_same_id_and_title() -> None:
    (in_xml, _), _ = read(SAMPLES / "dblp-part.xml")
    (in_json, _), _ = read(SAMPLES / "dblp-api-page.json")
    assert (in_xml.id, in_xml.venue, in_xml.doi) == (in_json.id, in_json.venue, in_json.doi)


TEXT = st.text(st.sampled_from("qzÄé李<>\"' ,;()"), min_size=1, max_size=12).map(tidy).filter(bool)


@given(TEXT, TEXT, st.integers(1900, 2100), st.lists(TEXT, max_size=3))
def test_whatever_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, venue: str, title: str, year: int, names: list[str]
) -> None:
    people = [{"@pid": "0", "text": f"{name} 0012"} for name in names]
    info = {"key": "conf/x/y", "title": f"{title}.", "venue": venue, "year": str(year), "type": "Journal Articles"}
    if people:
        info["authors"] = {"author": people if len(people) > 1 else people[0]}  # type: ignore[assignment]
    path = tmp_path_factory.mktemp("papers") / "p.jsonl"
    path.write_text(json.dumps(info) + "\n", "utf-8")
    (paper,), _ = read(path)
    assert paper == Paper("dblp:conf/x/y", title, venue, year, tuple(map(Author, names)))
