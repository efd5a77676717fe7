"""Institutions as people write them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import AffilError, UnknownIdError
from affil.registry.registry import write_registry
from affil.registry.written import Written, called, like_id
from affil.types import Institution, Name


def one(identifier: str, name: str, city: str, *more: str, **fields: object) -> Institution:
    names = (Name(name, "en", "official"), *(Name(m, "", "alias") for m in more))
    return replace(Institution(f"own:{identifier}", name, names, "education", "GB", city=city), **fields)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    made = [
        one("optics", "Quillwater Institute of Optics, Oxford", "Oxford", "QIO", "羽水光学研究所"),
        one("rooms", "Institute; of Quiet Rooms", "Leeds", "QIO"),
        one("old", "Fernhollow College", "Bath", status="inactive", successors=("own:new",)),
        one("new", "Fernhollow College", "Bath"),
        one("gone", "Teacup Laboratory", "Hull", status="inactive", successors=("own:new",)),
        one("mine", "Institute of Counting", "Hull"),
    ]
    path = tmp_path_factory.mktemp("written") / "small.affil"
    return Written(write_registry(sorted(made, key=lambda x: x.id), path, {"sources": ["test"]}))


def ids(written: Written, cell: str) -> list[str]:
    found, problems = written.all(cell)
    assert problems == []
    return [x.id for x in found]


def test_ids_and_names(written: Written) -> None:
    assert ids(written, "own:optics, own:rooms|own:mine\nown:optics") == ["own:optics", "own:rooms", "own:mine"]
    assert ids(written, "quillwater institute of optics, Oxford") == ["own:optics"]
    assert ids(written, "羽水光学研究所;Institute of Counting") == ["own:optics", "own:mine"]
    assert ids(written, "own:mine; 羽水光学研究所\r\nFernhollow College") == ["own:mine", "own:optics", "own:new"]
    assert ids(written, "Teacup Laboratory; own:gone") == ["own:new", "own:gone"], (
        "an id is that of the closed one, its name the successor's"
    )
    assert ids(written, " ;; \n") == []


def test_every_institution_is_read_as_it_is_called(written: Written) -> None:
    everyone = list(written.registry)
    for institution in everyone:
        assert ids(written, called(institution)) == [institution.id]
        assert ids(written, f"{institution.id}  {institution.name}") == [institution.id]
    whole = [x for x in everyone if ";" not in x.name]
    assert ids(written, "; ".join(map(called, whole))) == [x.id for x in whole]


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("QIO", "several institutions are called 'QIO': own:rooms (Leeds, GB), own:optics (Oxford, GB); write the id of the one that is meant"),
        ("Institute of Countin", "the registry has no institution 'Institute of Countin'; did you mean: own:mine Institute of Counting"),
        ("own:nobody", "the registry has no institution 'own:nobody'"),
        ("https://ror.org/00t33hh49", "the check digits of the ROR id 00t33hh49 are wrong"),
        ("own:mine none", "none stands alone"),
        ("own:mine; none", "none stands alone"),
        (",", "the registry has no institution ','"),
        ("[0.530]", "the registry has no institution"),
        ("own:mine Fernhollow College", "'Fernhollow College' is not a name of own:mine"),
        ("🝰🝰", "the registry has no institution '🝰🝰'"),
    ],
)  # fmt: skip
def test_one_problem_a_part(written: Written, cell: str, problem: str) -> None:
    _, problems = written.all(cell)
    assert len(problems) == 1
    assert problem in problems[0]


def test_one_is_never_a_guess(written: Written) -> None:
    with pytest.raises(UnknownIdError, match=r"did you mean: .*\? Or find it with: affil registry search TEXT"):
        written.one("Counting Institute")
    with pytest.raises(AffilError, match="several institutions"):
        written.one("QIO")
    assert written.one("own:mine Institute of Counting (Hull, GB)").id == "own:mine"
    found, problems = written.all("own:mine Institute of Counting (Hull, GB) [0.530]; own:mine [1.000]")
    assert ([one.id for one in found], problems) == (["own:mine"], [])


@given(st.text(max_size=40))
def test_whatever_is_written_is_an_institution_of_that_name_or_a_problem(written: Written, cell: str) -> None:
    found, problems = written.all(cell)
    parts = [p for p in cell.replace("\r", ";").replace("\n", ";").split(";") if p.strip()]
    assert bool(found or problems) == bool(parts)
    assert all(isinstance(p, str) and p for p in problems)


def test_what_can_only_be_an_id() -> None:
    assert all(map(like_id, ("own:x", "https://ror.org/00t33hh48", "grid.10784.3a", "00t33hh48", "00t33hh49")))
    assert not any(map(like_id, ("MIT", "University: a name", "ETH Zürich", "港中大", "Q1")))
