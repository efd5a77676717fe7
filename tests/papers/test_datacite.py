"""DOIs of DataCite. All names are invented."""

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
from affil.papers.datacite import DATACITE
from affil.papers.head import Head
from affil.papers.source import Source
from affil.settings import ReadSettings
from affil.types import Author, Paper

SAMPLES = Path(__file__).parent / "samples"
CUPS = Paper(
    "doi:10.70126/t70h-qt35",
    "Cups at Conferences",
    "Proceedings of the Symposium on Cups",
    2023,
    (
        Author("Liz Mill", ("University of Leeds",)),
        Author("Jo Star", ("California Digital Library", "University of California")),
        Author("The Cup Group"),
    ),
    doi="10.70126/t70h-qt35",
)


def read(path: Path) -> tuple[list[Paper], list[Problem]]:
    problems: list[Problem] = []
    head = Head(path)
    assert DATACITE.recognises(head)
    papers = [paper for _, paper in DATACITE.read(Source(head, ReadSettings(), problems.append, {}))]
    return papers, problems


@pytest.mark.parametrize("name", ["datacite-doi.json", "datacite-alone.json"])
def test_one_doi(name: str) -> None:
    assert read(SAMPLES / name) == ([CUPS], [])


@pytest.mark.parametrize("name", ["datacite-page.json", "datacite-dump.jsonl"])
def test_a_page_and_the_lines_of_the_dump(name: str) -> None:
    papers, problems = read(SAMPLES / name)
    hall = "Rick Hall"
    assert papers == [
        CUPS,
        Paper(
            "doi:10.5281/zenodo.11",
            "Affiliation as Text",
            "Journal of Cups",
            2020,
            (Author(hall, ("DataCite",)),),
            doi="10.5281/zenodo.11",
        ),
        Paper(
            "doi:10.5281/zenodo.12",
            "Only a Repository",
            "Zenodo",
            2021,
            (Author(hall, ("https://ror.org/04wxnsj81",)),),
            doi="10.5281/zenodo.12",
        ),
    ]
    assert [(p.row, p.what, p.lost) for p in problems] == [
        (4, "is of type Dataset, no paper", True),
        (5, "is a preprint", True),
    ]


def test_a_page_that_was_cut_off() -> None:
    with pytest.raises(
        InputError, match=r"datacite-damaged.json: not JSON after record 3: parse error: premature EOF; correct it"
    ):
        read(SAMPLES / "datacite-damaged.json")


def test_an_answer_without_dois(tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text(
        '{"data": [], "meta": {"total": 0}, "links": {"self": "https://api.datacite.org/dois"}}'
    )
    assert read(tmp_path / "none.json") == ([], [])


def test_another_answer_of_that_kind_is_not_recognised(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"data": [{"id": "cern", "attributes": {"name": "CERN"}}], "meta": {}, "links": {}}')
    assert not DATACITE.recognises(Head(tmp_path / "other.json"))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"publicationYear": None, "dates": []}, "has no publicationYear"),
        ({"publicationYear": None}, ""),
        ({"publicationYear": "2023"}, ""),
        ({"relatedItems": [], "publisher": None}, "has no venue: neither a container nor a publisher"),
        ({"doi": None, "identifiers": []}, "has no DOI"),
        ({"doi": None, "identifiers": [{"identifierType": "DOI", "identifier": "https://doi.org/10.70126/T70H-QT35"}]}, ""),
        ({"creators": []}, "has no affiliation"),
    ],
)
def test_what_is_left_out_and_what_is_not(tmp_path: Path, changes: dict[str, Any], problem: str) -> None:
    record = json.loads((SAMPLES / "datacite-doi.json").read_text("utf-8"))
    record["data"]["attributes"] |= changes
    (tmp_path / "doi.json").write_text(json.dumps(record))
    papers, problems = read(tmp_path / "doi.json")
    assert [p.what for p in problems] == ([problem] if problem else [])
    assert len(papers) == (problem in ("", "has no affiliation"))


def test_lines_that_are_no_dois(tmp_path: Path) -> None:
    first = (SAMPLES / "datacite-dump.jsonl").read_text("utf-8").splitlines()[0]
    (tmp_path / "dois.jsonl").write_text(first + '\n{"errors": []}\n')
    with pytest.raises(InputError, match="row 2: no attributes in the line"):
        read(tmp_path / "dois.jsonl")
    (tmp_path / "dois.jsonl").write_text(first + '\n{"attributes": {"name": "CERN"}}\n')
    with pytest.raises(InputError, match="row 2: is no DOI of DataCite: no creators"):
        read(tmp_path / "dois.jsonl")


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


def as_record(paper: Paper, objects: bool) -> dict[str, Any]:
    def affiliation(names: tuple[str, ...]) -> Any:
        if objects:
            return [{"name": name, "affiliationIdentifierScheme": "ROR"} for name in names]
        return names[0] if len(names) == 1 else list(names)

    attributes = {
        "doi": paper.doi.upper(),
        "titles": [{"title": paper.title}],
        "container": {"title": paper.venue},
        "publicationYear": paper.year,
        "types": {"resourceTypeGeneral": "ConferencePaper"},
        "creators": [{"name": a.name, "affiliation": affiliation(a.affiliations)} for a in paper.authors],
    }
    return {"id": paper.doi, "type": "dois", "attributes": attributes}


@given(
    st.lists(papers, min_size=1, max_size=4), st.sampled_from(["lines", "page", "list", "alone"]), st.booleans(), st.booleans()
)
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, given: list[Paper], form: str, objects: bool, packed: bool
) -> None:
    records = [as_record(p, objects) for p in given]
    alone = [record["attributes"] for record in records]
    whole = {"lines": records, "list": [records], "alone": alone, "page": [{"data": records, "meta": {}, "links": {}}]}[form]
    raw = "".join(json.dumps(one) + "\n" for one in whole).encode()
    path = tmp_path_factory.mktemp("datacite") / "dois.json"
    path.write_bytes(gzip.compress(raw) if packed else raw)
    assert read(path)[0] == given
