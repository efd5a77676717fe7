"""Notes and profiles of OpenReview. All names are invented."""

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
from affil.papers.openreview import OPENREVIEW
from affil.papers.source import Source
from affil.settings import ReadSettings
from affil.types import Author, Paper

SAMPLES = Path(__file__).parent / "samples"
STANFORD, TSINGHUA = "Computer Science, Stanford University, California, US", "Tsinghua University, Beijing, CN"


def read(path: Path) -> tuple[list[Paper], list[Problem]]:
    problems: list[Problem] = []
    head = Head(path)
    assert OPENREVIEW.recognises(head)
    papers = [paper for _, paper in OPENREVIEW.read(Source(head, ReadSettings(), problems.append, {}))]
    return papers, problems


def test_version_2_with_profiles_around_the_notes() -> None:
    papers, problems = read(SAMPLES / "openreview-v2.jsonl")
    bo = Author("Bo Chen", ("Google",))
    assert papers == [
        Paper("openreview:abc123XYZ0", "Pouring Tea", "ICLR", 2024, (Author("Anna Li", (STANFORD,)), bo, Author("Cy Diaz"))),
        Paper("openreview:abc123XYZ2", "Old Tea", "ICLR", 2023, (Author("Ana Li", (TSINGHUA,)), bo)),
        Paper("openreview:abc123XYZ3", "Tea in Journals", "TMLR", 2024, (bo,)),
        Paper(
            "openreview:abc123XYZ4",
            "Tea at Workshops",
            "NeurIPS Datasets and Benchmarks Track",
            2025,
            (Author("Dee Own", ("Kyoto University, JP",)),),
        ),
    ]
    assert [(p.row, p.what, p.lost) for p in problems] == [
        (3, "was not accepted, or is under review", True),
        (5, "is a reply (a review, a decision, a comment), no paper", True),
        (8, "is an upload by its authors, who say themselves where it appeared", True),
    ]


def test_version_1_with_decisions_among_the_replies() -> None:
    papers, problems = read(SAMPLES / "openreview-v1.json")
    assert papers == [
        Paper("openreview:HJx00", "Early Tea", "ICLR", 2019, (Author("Ana Li", (TSINGHUA,)), Author("Eve Fox"))),
        Paper("openreview:HJx03", "Named Tea", "ICLR", 2022, (Author("Eve Fox", ("ETH Zurich",)),)),
    ]
    assert [(p.row, p.what, p.lost) for p in problems] == [
        (2, "was not accepted, or is under review", True),
        (3, "does not tell whether it was accepted: neither venue nor decision", True),
    ]


def test_an_answer_that_was_cut_off() -> None:
    with pytest.raises(
        InputError, match=r"openreview-damaged.json: not JSON after record 0: parse error: premature EOF; correct it"
    ):
        read(SAMPLES / "openreview-damaged.json")


def values() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLES / "openreview-v2.jsonl").read_text("utf-8").splitlines()]


def test_profiles_alone(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(json.dumps({"profiles": [values()[0]]}))
    with pytest.raises(InputError, match="holds profiles of OpenReview, but no notes; put both in one file"):
        read(tmp_path / "p.json")


def test_notes_alone(tmp_path: Path) -> None:
    (tmp_path / "n.json").write_text(json.dumps({"notes": [values()[1]], "count": 1}))
    papers, problems = read(tmp_path / "n.json")
    assert [a.name for a in papers[0].authors] == ["Anna Li", "Bo Chen", "Cy Diaz"]
    assert [p.what for p in problems] == ["has no affiliation: no profile in the file tells where an author was in its year"]


def test_an_answer_without_notes(tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text('{"notes": [], "count": 0}')
    assert read(tmp_path / "none.json") == ([], [])


def test_lines_that_are_neither(tmp_path: Path) -> None:
    (tmp_path / "n.jsonl").write_text(json.dumps(values()[1]) + '\n{"name": "RateLimitError", "status": 429}\n')
    with pytest.raises(InputError, match="row 2: is neither note nor profile of OpenReview: no content"):
        read(tmp_path / "n.jsonl")


@pytest.mark.parametrize(
    ("venue", "venueid", "expected"),
    [
        ("ICLR 2023 notable top 25%", "ICLR.cc/2023/Conference", ("ICLR", 2023)),
        ("ICML 2024 Oral", "ICML.cc/2024/Conference", ("ICML", 2024)),
        ("NeurIPS 2022 Accept", "NeurIPS.cc/2022/Conference", ("NeurIPS", 2022)),
        ("EMNLP 2023 Findings", "EMNLP/2023/Conference", ("EMNLP Findings", 2023)),
        (
            "NeurIPS 2023 Workshop TeaFrontiers poster",
            "NeurIPS.cc/2023/Workshop/TeaFrontiers",
            ("NeurIPS Workshop TeaFrontiers", 2023),
        ),
        ("The Web Conference", "ACM.org/TheWebConf/2024/Conference", ("The Web Conference", 2024)),
        ("", "ICLR.cc/2024/Conference", ("ICLR", 2024)),
        ("", "ICLR.cc/2024/Workshop/Tea_Cups", ("ICLR Workshop Tea Cups", 2024)),
        ("TMLR", "TMLR", ("TMLR", 2024)),
        ("Submitted to ICLR 2024", "ICLR.cc/2024/Conference", None),
        ("ICLR 2022 Submitted", "ICLR.cc/2022/Conference", None),
        ("ICLR 2024 Conference Withdrawn Submission", "ICLR.cc/2024/Conference/Withdrawn_Submission", None),
        ("", "ICLR.cc/2024/Conference/Desk_Rejected_Submission", None),
    ],
)
def test_venue_and_year(tmp_path: Path, venue: str, venueid: str, expected: tuple[str, int] | None) -> None:
    note = values()[1]
    note["content"] |= {"venue": {"value": venue}, "venueid": {"value": venueid}}
    (tmp_path / "n.json").write_text(json.dumps(note))
    papers, problems = read(tmp_path / "n.json")
    assert [(p.venue, p.year) for p in papers] == ([expected] if expected else [])
    assert expected or [p.what for p in problems] == ["was not accepted, or is under review"]


def test_hidden_authors(tmp_path: Path) -> None:
    note = values()[1]
    note["content"] |= {"authors": {"value": ["Anonymous"]}, "authorids": {"value": ["ICLR.cc/2024/Paper7/Authors"]}}
    (tmp_path / "n.json").write_text(json.dumps(note))
    papers, problems = read(tmp_path / "n.json")
    assert papers[0].authors == ()
    assert [p.what for p in problems] == ["has no affiliation: its authors are hidden"]


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9).map(str.strip).filter(bool)
years = st.integers(1900, 2100)
histories = st.lists(st.builds(Employment, st.none() | years, st.none() | years, words), max_size=3)
people = st.dictionaries(st.integers(1, 9).map(lambda n: f"~P_Q{n}"), histories, max_size=4)
notes = st.lists(
    st.tuples(
        words, st.integers(1900, 2099), st.lists(st.tuples(words, st.integers(1, 9).map(lambda n: f"~P_Q{n}")), max_size=4)
    ),
    max_size=4,
)


@given(people, notes, st.sampled_from(["lines", "pages", "page", "list"]), st.sampled_from([1, 2]), st.booleans())
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    people: dict[str, list[Employment]],
    notes: list[tuple[str, int, list[tuple[str, str]]]],
    form: str,
    version: int,
    first: bool,
) -> None:
    def content(**fields: Any) -> dict[str, Any]:
        return fields if version == 1 else {key: {"value": value} for key, value in fields.items()}

    written = [
        {
            "id": f"n{i}",
            "forum": f"n{i}",
            **({"invitation": "ICLR.cc/-/Submission"} if version == 1 else {"invitations": ["ICLR.cc/-/Submission"]}),
            "content": content(
                title=title,
                venue=f"ICLR {year} poster",
                authors=[a for a, _ in authors],
                authorids=[identifier for _, identifier in authors],
            ),
        }
        for i, (title, year, authors) in enumerate([*notes, ("last", 2020, [])])
    ]
    profiles = [
        {
            "id": name,
            "content": {"history": [{"start": e.first, "end": e.last, "institution": {"name": e.place}} for e in history]},
        }
        for name, history in people.items()
    ]
    both = [*profiles, *written] if first else [*written, *profiles]
    pages = [{"notes": written, "count": len(written)}, {"profiles": profiles}]
    whole = {"lines": both, "list": [both], "pages": pages, "page": [pages[0] | pages[1]]}[form]
    path = tmp_path_factory.mktemp("openreview") / "notes.json"
    path.write_bytes(gzip.compress("".join(json.dumps(one) + "\n" for one in whole).encode()))
    expected = [
        Paper(f"openreview:n{i}", title, "ICLR", year, tuple(Author(a, places_in(people.get(p, []), year)) for a, p in authors))
        for i, (title, year, authors) in enumerate([*notes, ("last", 2020, [])])
    ]
    assert read(path)[0] == expected
