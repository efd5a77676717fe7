from pathlib import Path

import pytest

from affil.names.variants import curtailed, flagships, hospitals_alone, is_another, respelt, says_nothing
from affil.registry import Registry, build_registry

_PLACES = {("rome",), ("la", "plata"), ("bologna",), ("lyon",), ("moscow",)}


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("university lyon 1", "university lyon i"),
        ("university paris 10 nanterre", "university paris x nanterre"),
        ("east china normal university", "e china normal university"),
        ("university north texas", "university n texas"),
        ("northwestern polytechnic university", "nw polytechnic university"),
        ("southeast university", "se university"),
        ("southern methodist university", "so methodist university"),
        ("center hospital university rennes", "university hospital rennes"),
        ("hospital university puerta mar", "puerta mar university hospital"),
        ("polytechnic milan", "polytechnic institute milan"),
        ("polytechnic gdansk", "polytechnic university gdansk"),
    ],
)
def test_names_are_respelt(name: str, other: str) -> None:
    assert tuple(other.split()) in set(respelt(name.split(), name, "education"))


def test_names_of_generic_words_say_nothing_unless_one_is_a_place() -> None:
    assert says_nothing(["science", "university"], _PLACES)
    assert says_nothing(["science", "university"], _PLACES | {("university",)})
    assert not says_nothing(["rome", "university"], _PLACES)
    assert not says_nothing(["kassel", "university"], _PLACES)


@pytest.mark.parametrize(
    ("name", "n", "another"),
    [
        ("lapland university applied science", 2, True),
        ("washington university saint louis", 2, False),
        ("south china university technology", 3, False),
        ("korea university technology education", 3, False),
        ("lyon university rome", 2, False),
    ],
)
def test_a_longer_name_tells_that_it_is_another(name: str, n: int, another: bool) -> None:
    assert is_another(name.split(), n, _PLACES) == another


def test_initials_are_spelt_out_where_they_are_some() -> None:
    assert list(respelt(["prairie", "am", "university"], "Prairie A&M University", "education")) == [
        ("prairie", "agricultural", "mechanical", "university")
    ]
    assert not list(respelt(["prairie", "am", "university"], "Prairie AM University", "education"))


@pytest.mark.parametrize(
    ("words", "name", "country", "others"),
    [
        ("university rome tor vergata", "", "IT", {"tor vergata university", "university tor vergata"}),
        ("perm state university", "", "RU", {"perm university", "university perm"}),
        ("perm state university", "", "US", set()),
        ("moscow state university", "", "RU", {"moscow university", "university moscow"}),
        ("national university rosario", "", "AR", {"rosario university", "university rosario"}),
        ("national university south", "", "AR", set()),
        ("university bologna la plata", "", "IT", set()),
        ("saint erik eye hospital", "St. Erik Eye Hospital", "SE", {"saint eriks eye hospital"}),
        ("saint lukes hospital", "St. Luke's Hospital", "US", {"saint luke hospital"}),
        ("saint jose state university", "San José State University", "US", set()),
    ],
)
def test_names_are_curtailed(words: str, name: str, country: str, others: set[str]) -> None:
    found = curtailed(words.split(), name, country, "education", _PLACES)
    assert {" ".join(w) for w in found} == others


def test_hospitals_stand_without_their_university_where_that_is_no_one_elses_name() -> None:
    def words(*names: str) -> list[tuple[str, ...]]:
        return [tuple(n.split()) for n in names]

    west, first, union, other = words(
        "quill hospital tea university",
        "first affiliated hospital tea university",
        "tea university union hospital",
        "city union hospital",
    )
    owners = {west: {0}, first: {1}, union: {2}, other: {3}}
    found = hospitals_alone([(west, 0, 0), (first, 1, 1), (union, 2, 2)], {("tea", "university")}, owners)
    assert found == [(("quill", "hospital"), 0, 0)]


def test_a_domain_of_a_group_and_its_branches_is_the_groups(tmp_path: Path) -> None:
    table = tmp_path / "own.csv"
    table.write_text(
        "id,name,kind,country,domain,parents\n"
        "affil:g,Quillwater Group,company,CN,quillwater.com|quillwater-inc.com,\n"
        "affil:b,Quillwater Israel,company,IL,quillwater.com,affil:g\n"
        "affil:x,Inkwell,company,CN,inkwell.com,\n",
        encoding="utf-8",
    )
    build_registry([table], tmp_path / "own.affil")
    arrays = Registry.open(tmp_path / "own.affil").arrays
    alias = arrays.alias_text.to_pylist().index("quillwater com")
    begin, end = arrays.owner_ptr[alias : alias + 2]
    ids = arrays.inst_id.to_pylist()
    assert [ids[i] for i in arrays.owner_inst[begin:end]] == ["affil:g"]


def test_flagships() -> None:
    words = [
        ("university", "massachusetts", "system"),
        ("university", "massachusetts", "amherst"),
        ("university", "massachusetts", "boston"),
        ("university", "massachusetts", "medical", "school"),
        ("university", "california", "system"),
        ("university", "california", "berkeley"),
        ("university", "california", "los", "angeles"),
    ]
    parents = [[], [0], [0], [0], [], [4], [4]]
    fame = [2.0, 3.6, 3.1, 3.5, 3.0, 4.4, 4.6]
    assert flagships(words, parents, fame, 0.3) == [(("university", "massachusetts"), 1)]
    assert flagships(words, parents, fame, 0.1)[1:] == [(("university", "california"), 6)]
