"""The row that is meant by a name: in the ranking, or known to a registry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from affil.errors import AffilError
from affil.rank import Known, rank
from affil.settings import RankSettings

from .test_credit import INSTITUTIONS, VENUES, one_each, tables

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
        (
            "absent",
            r"'absent' is Name of h \(h\), which has no row in this ranking: no string is counted for it, and none in review may name it$",
        ),
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


YORK = [
    ("ca", "ca", "York University", "education", "CA", "CA-ON", "Toronto"),
    ("gb", "gb", "University of York", "education", "GB", "GB-ENG", "York"),
    ("u1", "u1", "Union University", "education", "US", "", "Jackson"),
    ("u2", "u2", "Union University", "education", "RS", "", "Belgrade"),
]


def meant(name: str, *named: tuple[str, str], **query: Any) -> tuple[str | None, tuple[str, ...]]:
    """The id that a name is understood as, with what is said of it, where strings name institutions of YORK and others."""
    papers, answers = one_each(*named)
    given = tables(papers, answers, [*INSTITUTIONS, *YORK])
    found = rank(given, venues=VENUES, settings=PLAIN, around=name, lookup=lookup, **query)
    return found.around, found.warnings


def test_the_name_that_an_institution_goes_by_comes_before_other_spellings_and_names() -> None:
    both = (("s0", "ca"), ("s1", "ca"), ("s2", "gb"))
    assert meant("University of York", *both) == ("gb", ())
    assert meant("york  university", *both) == ("ca", ())
    assert meant("York Univ.", *both[:2]) == ("ca", ("'York Univ.' is York University (ca)",))
    with pytest.raises(AffilError, match=r"^University of York \(gb\) has no row in this ranking: no string is counted for it"):
        meant("University of York", *both[:2])
    assert meant("alf", ("s0", "a")) == ("a", ("'alf' is Alpha (a)",)), "another name, by the registry"
    assert meant("old alpha", ("s0", "o")) == ("a", ("'old alpha' is Alpha (a)",)), "closed: the successor"


def test_of_several_that_go_by_a_name_none_is_chosen_silently() -> None:
    with pytest.raises(
        AffilError, match=r"several entities are called 'Union University': u1 \(1 paper\), u2 \(1 paper\); give an id"
    ):
        meant("Union University", ("s0", "u1"), ("s1", "u2"))
    said = "'Union University' is u2 here; it is also the name of u1, without a row in this ranking"
    assert meant("Union University", ("s0", "u2")) == ("u2", (said,))
    assert meant("u2", ("s0", "u2"), ("s1", "u1")) == ("u2", ())


def test_what_has_no_row_says_what_was_counted_for_its_name() -> None:
    papers, answers = one_each(("Gamma, Delta", "d"), ("Delta", "d"), ("GAMMA Delta lab", "d"))
    more, doubtful = one_each(("Gama", "c"))
    answers |= {string: [(i, "review") for i, _ in found] for string, found in doubtful.items()}
    papers += [replace(p, id=f"more{n}") for n, p in enumerate(more)]
    with pytest.raises(
        AffilError,
        match=r"^Gamma \(c\) has no row in this ranking: 2 strings name it, counted for Delta, a part of it "
        r'\(see --roll-up top, or decide.policy = "all" in settings.toml\); 1 string in review may name it: \'Gama\'$',
    ):
        rank(tables(papers, answers), venues=VENUES, settings=PLAIN, around="gamma")
    with pytest.raises(
        AffilError, match=r"^Delta \(d\) has no row in this ranking: 3 strings are counted for it, outside of what is asked"
    ):
        rank(tables(papers, answers), venues=VENUES, settings=PLAIN, around="Delta", kind="company")


@pytest.mark.parametrize(
    ("name", "query", "level"),
    [
        ("Cambridge", {}, "city"),
        ("china", {}, "country"),
        ("亚洲", {"level": "city"}, "continent"),
        ("Beijing", {"level": "country"}, "city"),
    ],
)
def test_a_name_of_another_level_is_said(name: str, query: dict[str, Any], level: str) -> None:
    with pytest.raises(AffilError, match=f"no .* '{name}' is in this ranking; that is a {level}: --level {level}"):
        asked(name, **query)
