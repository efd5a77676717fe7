"""What rows of users' tables meet, and what becomes of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from affil.registry.build import merge_sources
from affil.registry.met import Met
from affil.types import Institution, Name

TSINGHUA = Institution(
    "https://ror.org/02qwwwz02", "Tsinghua University", (Name("Tsinghua University", "en", "official"), Name("Qinghua", "en", "alias")),
    "education", "CN", "CN-BJ", "Beijing", 39.9, 116.4, "tsinghua.edu.cn", other_ids=("grid:grid.12527.33",),
)  # fmt: skip
HEAD = "id,name,country,city,kind,parents,aliases"


def meet(tmp_path: Path, *rows: str, others: tuple[Institution, ...] = (TSINGHUA,)) -> tuple[dict[str, Institution], list[Met]]:
    own = tmp_path / "own.csv"
    own.write_text("\n".join((HEAD, *rows, "")))
    found = {}
    for sources in ([own, others], [others, own]):
        institutions, met = merge_sources(sources)
        found[type(sources[0])] = {one.id: one for one in institutions}, met
    first, last = found.values()
    if all(one.by == "name" for one in first[1]):
        assert first[1] == last[1], "a name meets the same whichever source comes first"
    return first


@pytest.mark.parametrize(
    "row",
    ["own:1,Tsinghua University,CN,,,,清大", "own:1,Qinghua,CN,海淀,,,清大", "own:1,tsinghua university,China,,facility,,清大"],
)
def test_a_row_of_that_name_only_adds_to_the_institution(row: str, tmp_path: Path) -> None:
    institutions, (met,) = meet(tmp_path, row)
    (one,) = institutions.values()
    assert {n.value for n in one.names} >= {"Tsinghua University", "Qinghua", "清大"}
    assert one.other_ids == (*TSINGHUA.other_ids, "own:1")
    assert replace(one, names=TSINGHUA.names, other_ids=TSINGHUA.other_ids) == replace(TSINGHUA, prominence=one.prominence)
    assert (met.id, met.institution, met.by, met.against, met.row) == ("own:1", TSINGHUA.id, "name", "", 2)
    assert str(met.line()).startswith(
        f"{tmp_path / 'own.csv'}, row 2: adds to {TSINGHUA.id} Tsinghua University, by its name; "
    )


@pytest.mark.parametrize(
    ("row", "against", "said"),
    [
        ("own:1,Tsinghua University,CN,Shenzhen,,,", "place", "it is another place"),
        ("own:1,Tsinghua University,CN,,company,,", "kind", "it is of another kind"),
    ],
)
def test_a_row_of_that_name_stays_apart_where_something_contradicts(row: str, against: str, said: str, tmp_path: Path) -> None:
    institutions, (met,) = meet(tmp_path, row)
    assert institutions.keys() == {TSINGHUA.id, "own:1"}
    assert institutions[TSINGHUA.id] == TSINGHUA
    assert (met.by, met.against) == ("name", against)
    assert f"row 2: stays apart from {TSINGHUA.id} Tsinghua University, as {said}; write that id if they are one" in str(
        met.line()
    )


def test_a_part_of_the_same_name_is_apart_without_a_word(tmp_path: Path) -> None:
    institutions, met = meet(tmp_path, "own:1,Tsinghua University,CN,Beijing,,grid.12527.33,")
    assert institutions.keys() == {TSINGHUA.id, "own:1"}
    assert institutions["own:1"].parents == (TSINGHUA.id,)
    assert met == []


def test_of_several_of_one_name_the_one_that_fits_is_met(tmp_path: Path) -> None:
    far = replace(TSINGHUA, id="affil:hsinchu", city="Shenzhen", region="CN-GD", lat=22.5, lon=114.0, other_ids=())
    institutions, (met,) = meet(tmp_path, "own:1,Tsinghua University,CN,Shenzhen,,,", others=(TSINGHUA, far))
    assert (institutions.keys(), met.institution, met.against) == ({TSINGHUA.id, far.id}, far.id, "")
    institutions, (met,) = meet(tmp_path, "own:1,Tsinghua University,CN,,,,", others=(TSINGHUA, far))
    assert (len(institutions), met.against) == (3, "several")
    assert "as several may be meant" in str(met.line())


@pytest.mark.parametrize("ident", [TSINGHUA.id, "02qwwwz02", "grid.12527.33"])
def test_a_row_that_states_the_id_replaces_and_it_is_said(ident: str, tmp_path: Path) -> None:
    institutions, (met,) = meet(tmp_path, f"{ident},Tsinghua,CN,Shenzhen,,,")
    (one,) = institutions.values()
    assert (one.id, one.name, one.city) == (TSINGHUA.id, "Tsinghua", "Shenzhen")
    assert (one.region, one.lat, one.lon) == ("", None, None), "where Beijing is says nothing of Shenzhen"
    assert {"name": ("Tsinghua University", "Tsinghua"), "city": ("Beijing", "Shenzhen")}.items() <= dict(met.changed).items()
    assert "now has name 'Tsinghua' instead of 'Tsinghua University', " in str(met.line())
    assert met.worth_telling
    (quiet,) = meet(tmp_path, f"{ident},Tsinghua University,CN,,,,清大")[1]
    assert (quiet.by, quiet.changed, quiet.worth_telling) == ("id", {}, False)


def test_an_own_row_with_a_ror_id_meets_the_shipped_record_that_has_none(tmp_path: Path) -> None:
    bare = replace(TSINGHUA, id="affil:tsinghua")
    institutions, (met,) = meet(tmp_path, f"{TSINGHUA.id},Tsinghua University,CN,,,,清大", others=(bare,))
    (one,) = institutions.values()
    assert (one.id, one.city) == (TSINGHUA.id, "Beijing")
    assert (met.id, met.institution, met.by) == (TSINGHUA.id, bare.id, "name")


def test_a_row_meets_what_has_become_of_a_record_without_a_ror_id(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text(f"{HEAD}\nown:1,Tsinghua University,CN,Beijing,,,清大\n")
    shipped = replace(TSINGHUA, id="affil:tsinghua", other_ids=())
    for sources in ([own, [shipped], [TSINGHUA]], [[TSINGHUA], [shipped], own]):
        (one,), (met,) = merge_sources(sources)
        assert (one.id, met.institution, met.by, met.against) == (TSINGHUA.id, TSINGHUA.id, "name", "")
        assert {*one.other_ids} == {*TSINGHUA.other_ids, "affil:tsinghua", "own:1"}
        assert "清大" in {n.value for n in one.names}


def test_two_rows_of_one_name_are_not_both_the_institution(tmp_path: Path) -> None:
    institutions, met = meet(tmp_path, "own:1,Tsinghua University,CN,,,,", "own:2,Tsinghua University,CN,,,,")
    assert institutions.keys() == {TSINGHUA.id, "own:2"}
    assert [(one.row, one.against) for one in met] == [(2, ""), (3, "several")]
