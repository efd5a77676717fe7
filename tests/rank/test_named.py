"""The row that is meant by a name: in the ranking, or known to a registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from affil.errors import AffilError
from affil.rank import Known, rank
from affil.settings import RankSettings

from .test_credit import VENUES, one_each, tables

PLAIN = RankSettings(ranges=False, neighbours=1)
REGISTRY = {  # name -> id, usage, whether it bears it
    "alf": [("a", 900, True), ("b", 10, True)],
    "twin": [("b", 5, True), ("c", 5, True)],
    "lone": [("d", 1, True), ("h", 1, True)],
    "absent": [("h", 3000, True), ("a", 2, True)],
    "delt": [("d", 10, False)],
}


def lookup(name: str) -> Sequence[Known]:
    return [Known(i, f"Name of {i}", usage, exact) for i, usage, exact in REGISTRY.get(name, ())]


def asked(name: str, **query: Any) -> Any:
    papers, answers = one_each(("s0", "a"), ("s1", "a"), ("s2", "b"), ("s3", "c"), ("s4", "d"))
    ranking = rank(tables(papers, answers), venues=VENUES, settings=PLAIN, around=name, lookup=lookup, **query)
    return ranking.around, ranking.frame["id"].tolist()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a", ("a", ["a", "b"])),
        ("delta", ("d", ["b", "d", "c"])),
        ("alf", ("a", ["a", "b"])),  # nearly always meant
        ("lone", ("d", ["b", "d", "c"])),  # the only one that is ranked
    ],
)
def test_a_row_with_its_neighbours(name: str, found: Any) -> None:
    assert asked(name) == found


def test_neighbours_keep_their_ranks_and_ranges() -> None:
    papers, answers = one_each(*((f"s{n}", i) for n, i in enumerate("aaabbcd")))
    settings = RankSettings(neighbours=1)
    whole = rank(tables(papers, answers), venues=VENUES, settings=settings).frame
    part = rank(tables(papers, answers), venues=VENUES, settings=settings, around="beta").frame
    columns = ["rank", "id", "low", "high", "ahead"]
    assert part[columns].equals(whole.iloc[0:3][columns].reset_index(drop=True))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("twin", r"several institutions are called 'twin': Name of b \(b, 1 paper\), Name of c \(c, 1 paper\); give an id$"),
        ("absent", r"'absent' is Name of h \(h\), which has no row in this ranking$"),
        ("delt", "no institution 'delt' is in this ranking; did you mean: Delta?"),
        ("zzz", "no institution 'zzz' is in this ranking; see the ids with"),
    ],
)
def test_what_is_not_one_row(name: str, message: str) -> None:
    with pytest.raises(AffilError, match=message):
        asked(name)


def test_countries_and_continents_by_any_name() -> None:
    assert asked("中国", level="country")[0] == "CN"
    assert asked("uk", level="country")[0] == "GB"
    assert asked("asia", level="continent")[0] == "Asia"
    with pytest.raises(AffilError, match="no country 'France' is in this ranking"):
        asked("France", level="country")
