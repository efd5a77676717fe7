"""Records of ORCID. All names are invented."""

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
from affil.papers.employment import Employment, places_in
from affil.papers.head import Head
from affil.papers.orcid import ORCID
from affil.papers.source import Source
from affil.settings import ReadSettings
from affil.types import Author, Paper

SAMPLES = Path(__file__).parent / "samples"
BOSTON, LEEDS = "Primary Care, Boston University, Massachusetts, US", "University of Leeds, GB"
ALONE = "names only the author whose record it is: that author counts for the whole paper"
OF_PAT = [
    Paper(
        "doi:10.5555/orcid.11",
        "Cups in Care",
        "Journal of Cups",
        2019,
        (Author("Pat Cupper", (LEEDS,)),),
        doi="10.5555/orcid.11",
    ),
    Paper("orcid:0000-0002-1825-0097/12", "Moving Cups", "Symposium on Cups", 2021, (Author("Pat Cupper", (BOSTON, LEEDS)),)),
    Paper("doi:10.5555/orcid.14", "Early Cups", "Journal of Cups", 2010, (Author("Pat Cupper"),), doi="10.5555/orcid.14"),
]


def read(path: Path) -> tuple[list[Paper], list[Problem]]:
    problems: list[Problem] = []
    head = Head(path)
    assert ORCID.recognises(head)
    papers = [paper for _, paper in ORCID.read(Source(head, ReadSettings(), problems.append, {}))]
    return papers, problems


def test_a_record() -> None:
    """Of two tellings of a work the preferred one; after a move in a year both employers."""
    papers, problems = read(SAMPLES / "orcid-record.json")
    assert papers == OF_PAT
    assert [(p.row, p.what, p.lost) for p in problems] == [
        (1, ALONE, False),
        (1, ALONE, False),
        (1, "is of type data-set, no paper", True),
        (1, "has no affiliation: no employment in its year", False),
        (1, "has no publication-date", True),
    ]


def test_records_one_a_line_the_second_of_version_2() -> None:
    papers, problems = read(SAMPLES / "orcid-records.jsonl")
    lou = (Author("Lou Saucer", (LEEDS,)),)
    assert papers == [*OF_PAT, Paper("doi:10.5555/orcid.21", "Saucers", "Journal of Cups", 2018, lou, doi="10.5555/orcid.21")]
    assert problems[-1].row == 2


def test_a_record_that_was_cut_off() -> None:
    with pytest.raises(
        InputError, match=r"orcid-damaged.json: not JSON after record 0: parse error: premature EOF; correct it"
    ):
        read(SAMPLES / "orcid-damaged.json")


def test_employments_alone_are_no_papers(tmp_path: Path) -> None:
    record = json.loads((SAMPLES / "orcid-record.json").read_text("utf-8"))
    (tmp_path / "e.json").write_text(json.dumps(record["activities-summary"]["employments"]))
    with pytest.raises(
        InputError, match=r"holds employments of ORCID, but no works; fetch the whole record: https://pub.orcid.org/v3.0/{iD}"
    ):
        read(tmp_path / "e.json")


def test_lines_that_are_no_records(tmp_path: Path) -> None:
    first = (SAMPLES / "orcid-records.jsonl").read_text("utf-8").splitlines()[0]
    (tmp_path / "r.jsonl").write_text(first + '\n{"response-code": 404}\n')
    with pytest.raises(InputError, match="row 2: is no record of ORCID: no activities-summary"):
        read(tmp_path / "r.jsonl")


def test_a_person_without_a_public_name_or_journal(tmp_path: Path) -> None:
    record = json.loads((SAMPLES / "orcid-record.json").read_text("utf-8"))
    record["person"]["name"] = None
    (tmp_path / "r.json").write_text(json.dumps(record))
    assert {p.authors[0].name for p in read(tmp_path / "r.json")[0]} == {"0000-0002-1825-0097"}
    for group in record["activities-summary"]["works"]["group"]:
        for work in group["work-summary"]:
            work["journal-title"] = None
    (tmp_path / "r.json").write_text(json.dumps(record))
    papers, problems = read(tmp_path / "r.json")
    assert papers == []
    assert "has no journal-title" in {p.what for p in problems}


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [(2019, 2021, True), (2020, 2020, True), (None, None, True), (2021, None, False), (None, 2019, False), (2020, None, True)],
)
def test_an_employment_holds_in_its_years(first: int | None, last: int | None, expected: bool) -> None:
    assert places_in([Employment(first, last, "X"), Employment(first, last, "X")], 2020) == (("X",) if expected else ())


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9).map(str.strip).filter(bool)
years = st.integers(1900, 2100)
employments = st.lists(st.builds(Employment, st.none() | years, st.none() | years, words), max_size=4)
works = st.lists(st.tuples(words, words, years), min_size=1, max_size=4)


def date(year: int | None) -> dict[str, Any] | None:
    return {"year": {"value": str(year)}, "month": None, "day": None} if year else None


@given(words, employments, works, st.booleans(), st.booleans())
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    employments: list[Employment],
    works: list[tuple[str, str, int]],
    grouped: bool,
    packed: bool,
) -> None:
    summaries = [
        {"organization": {"name": e.place}, "start-date": date(e.first), "end-date": date(e.last)} for e in employments
    ]
    groups = [{"summaries": [{"employment-summary": one}]} for one in summaries]
    told = [
        {
            "put-code": i,
            "type": "journal-article",
            "title": {"title": {"value": t}},
            "journal-title": {"value": v},
            "publication-date": date(y),
        }
        for i, (t, v, y) in enumerate(works)
    ]
    activities = {
        "employments": {"affiliation-group": groups} if grouped else {"employment-summary": summaries},
        "works": {"group": [{"work-summary": [one]} for one in told]},
    }
    person = {"name": {"credit-name": {"value": name}}}
    raw = json.dumps({"orcid-identifier": {"path": "0000"}, "person": person, "activities-summary": activities}).encode()
    path = tmp_path_factory.mktemp("orcid") / "record.json"
    path.write_bytes(gzip.compress(raw) if packed else raw)
    expected = [
        Paper(f"orcid:0000/{i}", title, venue, year, (Author(name, places_in(employments, year)),))
        for i, (title, venue, year) in enumerate(works)
    ]
    assert read(path)[0] == expected
