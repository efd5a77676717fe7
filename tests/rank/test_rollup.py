"""A unit of several parents rolls up to those that its string names, and to all in equal parts where it names none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.rank import ROLL_UPS, Store, Tables, Venues, diff, measure, rank, roll_up, why
from affil.rank.doubt import doubts
from affil.rank.measure import counts
from affil.rank.rollup import Ways
from affil.settings import RankSettings, RollUp

KINDS = {
    "unit": "facility", "school": "facility", "lmu": "education", "tum": "education", "state": "nonprofit", "clinic": "healthcare",
    "other": "education",
}  # fmt: skip
PARENTS = {"unit": ["lmu", "school"], "school": ["tum"], "tum": ["state"], "lmu": ["state"], "clinic": ["lmu", "tum"]}
# each string with what it names, and what beside it
STRINGS: dict[str, tuple[str, list[str]]] = {
    "Unit": ("unit", []),
    "Unit, TUM": ("unit", ["tum"]),
    "Unit, LMU and TUM": ("unit", ["lmu", "tum"]),
    "Clinic, LMU": ("clinic", ["lmu"]),
    "Unit, Other": ("unit", ["other", "gone"]),
}
PLAIN = RankSettings(ranges=False)


def tables(*strings: str | tuple[str, ...], told: bool = True) -> Tables:
    """A paper of one author for each of these strings, or for several that one author has."""
    papers = [(one,) if isinstance(one, str) else one for one in strings]
    ids = [f"p{n}" for n in range(len(papers))]
    n = len(papers)
    records = pa.table({
        "id": ids, "title": ids, "venue": ["CV"] * n, "year": pa.array([2020] * n, pa.int16()),
        "authors": pa.array([1] * n, pa.int32()), "aligned": [True] * n, "digest": pa.array([b"x" * 16] * n, pa.binary(16)),
    })  # fmt: skip
    held = [(p, string) for p, own in zip(ids, papers, strict=True) for string in own]
    mentions = {
        "paper": [p for p, _ in held], "position": pa.array([0] * len(held), pa.int32()),
        "author": [f"author of {p}" for p, _ in held], "affiliation": [string for _, string in held],
    }  # fmt: skip
    matches = pa.table({
        "affiliation": [*STRINGS], "institution_id": [unit for unit, _ in STRINGS.values()], "probability": [0.95] * len(STRINGS),
        "decision": ["match"] * len(STRINGS),
        "named_parents": pa.array([above for _, above in STRINGS.values()], pa.list_(pa.string())),
    })  # fmt: skip
    blank = {"name_zh": "", "country": "DE", "region": "", "city": "Garching"}
    institutions = [
        {"id": i, "active_id": i, "name": i.upper(), "kind": kind, "parents": PARENTS.get(i, []), **blank}
        for i, kind in KINDS.items()
    ]
    return Tables(
        records,
        pa.table(mentions),
        matches if told else matches.drop_columns("named_parents"),
        pa.Table.from_pylist(institutions),
    )


def counted(of: Tables, how: RollUp, decisions: Mapping[str, Sequence[str]] | None = None, **more: Any) -> dict[str, float]:
    frame = rank(of, decisions=decisions, venues=Venues([]), settings=PLAIN, roll_up=how, **more).frame
    return dict(zip(frame["id"], frame["adjusted"], strict=True))


HALVES = {"lmu": 0.5, "tum": 0.5}


@pytest.mark.parametrize(
    ("string", "how", "expected"),
    [
        ("Unit", "labs", HALVES),
        ("Unit, TUM", "labs", {"tum": 1.0}),
        ("Unit, LMU and TUM", "labs", HALVES),
        ("Unit, Other", "labs", HALVES),
        ("Clinic, LMU", "labs", {"clinic": 1.0}),
        ("Unit", "parent", {"lmu": 0.5, "school": 0.5}),
        ("Unit, TUM", "parent", {"school": 1.0}),
        ("Clinic, LMU", "parent", {"lmu": 1.0}),
        ("Unit, TUM", "top", {"state": 1.0}),
        ("Unit, TUM", "none", {"unit": 1.0}),
    ],
)
def test_the_string_says_where_it_goes(string: str, how: RollUp, expected: dict[str, float]) -> None:
    assert counted(tables(string), how) == expected
    assert counted(tables(string), how, level="city") == {"DE/Garching": 1.0}, "places are those of the unit itself"


@pytest.mark.parametrize("by", ["publications", "authors", "adjusted", "index"])
def test_every_measure_and_its_range(by: Any) -> None:
    of = tables("Unit", "Unit, TUM", "Unit, TUM", "Clinic, LMU")
    frame = rank(of, venues=Venues([]), settings=RankSettings(), roll_up="labs", by=by).frame.set_index("id")
    assert frame["publications"].to_dict() == {"tum": 3, "lmu": 1, "clinic": 1}
    assert frame["authors"].to_dict() == {"tum": 3, "lmu": 1, "clinic": 1}
    assert frame["adjusted"].to_dict() == {"tum": 2.5, "lmu": 0.5, "clinic": 1.0}
    assert ((frame["low"] <= frame["rank"]) & (frame["rank"] <= frame["high"])).all()


def test_tables_without_the_column_are_counted_as_before() -> None:
    assert counted(tables("Unit, TUM", told=False), "labs") == HALVES


def test_an_author_with_several_strings_counts_by_the_first_that_names_a_parent() -> None:
    assert counted(tables(("Unit", "Unit, TUM")), "labs") == {"tum": 1.0}


def test_ranges_count_such_an_author_once() -> None:
    of = tables(("Unit", "Unit, TUM", "Clinic, LMU"), "Unit")
    with counts(of, {}, Venues([]), PLAIN) as db:
        frame = measure(db, Venues([]), PLAIN, roll_up="labs").frame.set_index("id").sort_index()
        found = doubts(db, "adjusted", PLAIN)
    assert frame["adjusted"].to_dict() == {"clinic": 0.5, "lmu": 0.5, "tum": 1.0}
    assert found.counted.tolist() == pytest.approx(frame["adjusted"].tolist())


def test_decisions_keep_what_stands_beside_what_they_are_on() -> None:
    assert counted(tables("Unit, TUM"), "labs", {"Unit, TUM": ["unit"]}) == {"tum": 1.0}
    assert counted(tables("Unit, TUM"), "labs", {"Unit, TUM": ["unit", "tum"]}) == {"tum": 1.0}
    assert counted(tables("Clinic, LMU"), "labs", {"Clinic, LMU": ["unit"]}) == HALVES, "the model did not find the unit there"
    assert counted(tables("Clinic, LMU"), "labs", {"Clinic, LMU": ["unit", "lmu"]}) == {"lmu": 0.75, "tum": 0.25}


def test_what_is_named_and_why_and_diff_agree(tmp_path: Path) -> None:
    store, venues, of = Store(tmp_path / "counts"), Venues([]), tables("Unit", "Unit, TUM", "Clinic, LMU")
    before = store.refresh(tables("Unit", "Unit, TUM", "Clinic, LMU", told=False), {}, venues, PLAIN)
    after = store.refresh(of, {}, venues, PLAIN)
    for state, expected in (
        (before, {"lmu": 1.0, "tum": 1.0, "clinic": 1.0}),
        (after, {"tum": 1.5, "clinic": 1.0, "lmu": 0.5}),
    ):
        frame = store.rank(state, roll_up="labs").frame
        assert dict(zip(frame["id"], frame["adjusted"], strict=True)) == expected
    whole = Store(tmp_path / "anew").refresh(of, {}, venues, PLAIN)
    assert (whole.partitions, whole.answers) == (after.partitions, after.answers), "counted again as counted at once"
    with store.opened(after) as (db, known):
        found = why(db, known, PLAIN, "TUM", of.papers, roll_up="labs")
        unit = why(db, known, PLAIN, "UNIT", of.papers)
        country = why(db, known, PLAIN, "Germany", of.papers, level="country")
    assert found.rolled is not None and unit.rolled is not None and country.rolled is None
    rows = [("Unit", "unit", "UNIT", 0.5, False, 1), ("Unit, TUM", "unit", "UNIT", 1.0, True, 1)]
    assert [*found.rolled.itertuples(index=False, name=None)] == rows
    assert [row["named"] for row in found.to_dict()["rolled"]] == [False, True]
    assert unit.rolled.empty
    moved = diff(store, before, after, (), roll_up="labs")
    assert moved.moves.set_index("id")["change"].to_dict() == {"tum": 0.5, "lmu": -0.5, "clinic": 0.0}
    assert {*moved.causes["what"]} == {"Unit, TUM"}
    assert {*moved.causes["now"]} == {"unit of tum"}


def test_counts_of_another_version_are_counted_anew_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, of = Store(tmp_path), tables("Unit, TUM")
    with monkeypatch.context() as older:
        for module in ("store", "state"):
            older.setattr(f"affil.rank.{module}.FORMAT", 3)
        store.refresh(of, {}, Venues([]), PLAIN)
        old = store.refresh(tables("Unit, TUM", "Unit"), {}, Venues([]), PLAIN)
    assert store.last() is None
    new = store.refresh(of, {}, Venues([]), PLAIN)
    assert new.number > old.number
    assert store.last() == new == store.refresh(of, {}, Venues([]), PLAIN)


def test_the_lowest_of_what_is_named_counts() -> None:
    ways = Ways({"x": ["a", "b"], "a": ["top"], "b": ["top"], "top": ["m", "n"], "m": [], "n": []}, "top")
    assert ways.of("x", ["a", "top"]) == [("m", 0.5), ("n", 0.5)]
    assert ways.of("x", ["a", "m"]) == [("m", 1.0)]
    assert ways.of("x", ["x", "y"]) == ways.of("x")
    assert Ways({"x": ["a", "b"], "a": ["top"], "b": ["top"], "top": []}, "parent").of("x", ["b", "top"]) == [("b", 1.0)]


ID = st.sampled_from("abcdef")


@given(st.dictionaries(ID, st.lists(st.sampled_from("abcdefg"), max_size=3)), st.sampled_from(ROLL_UPS), st.sets(ID), st.data())
def test_what_is_named_only_chooses_among_the_ways(
    parents: dict[str, list[str]], how: RollUp, named: set[str], data: Any
) -> None:
    """Also where parents form circles, and with ids that are none."""
    kinds = {i: data.draw(st.sampled_from(["facility", "education", "company"])) for i in parents}
    ways, without = Ways(parents, how, kinds), [*roll_up(parents, how, kinds)]
    for institution in parents:
        found, plain = dict(ways.of(institution, named)), {top: part for i, top, part in without if i == institution}
        assert sum(found.values()) == pytest.approx(1)
        assert found.keys() <= plain.keys()
        if named <= {institution}:
            assert found == plain
