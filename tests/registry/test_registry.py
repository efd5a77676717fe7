import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import get_args, get_type_hints

import numpy as np
import pyarrow as pa
import pytest

from affil.errors import InputError, UnknownIdError
from affil.names import fold
from affil.names.variants import closed_up, unplaced
from affil.registry import Registry
from affil.registry.aliases import variants
from affil.registry.arrays import FORMAT, Arrays, read_arrays, write_arrays
from affil.registry.homonyms import active_successors
from affil.registry.registry import write_registry
from affil.types import Institution, Name, NameKind


def test_what_goes_in_comes_out(small: Registry, institutions: list[Institution]) -> None:
    assert len(small) == len(institutions)
    for x in institutions:
        assert small.get(x.id) == replace(x, prominence=round(x.prominence, 4))


def test_the_table_holds_what_the_institutions_hold(institutions: list[Institution], tmp_path: Path) -> None:
    nowhere = Institution("affil:nowhere", "Nowhere College", (Name("Nowhere College", "en", "official"),), "education", "US")
    late = replace(nowhere, id="affil:late", status="inactive", successors=("affil:nowhere",), successor_from=2020)
    made = write_registry([*institutions, late, nowhere], tmp_path / "made.affil", {"sources": ["test"]})
    rows = made.to_table().to_pylist()
    assert [row.pop("active_id") for row in rows] == [made.resolve(one.id) for one in made]
    lists = ("parents", "other_ids")
    held = [{name: getattr(one, name) for name in rows[0]} for one in made]
    assert rows == [{k: list(v) if k in lists else v for k, v in one.items()} for one in held]
    assert {row["lat"] is None for row in rows} == {True, False}
    assert {row["successor_from"] is None for row in rows} == {True, False}


@pytest.mark.parametrize(
    "written",
    ["00t33hh48", "http://WWW.ror.org/00T33HH48/", "affil:cuhk", "grid.10784.3a", "0000 0004 1937 0482", "Q15567",
     "https://www.wikidata.org/wiki/Q15567"],
)  # fmt: skip
def test_an_institution_is_found_by_all_its_ids_in_any_form(small: Registry, written: str) -> None:
    assert small.get(written).id == small.resolve(written) == "https://ror.org/00t33hh48"
    assert written in small
    assert [(one.id, score) for one, score in small.search(written)] == [("https://ror.org/00t33hh48", 1.0)]


def test_an_id_that_several_have_is_that_of_the_active_one_or_none(small: Registry) -> None:
    assert small.get("grid.32197.3e").id == "affil:new"
    assert small.get("affil:shared").id == "affil:old"
    assert "grid.1.1" not in small
    with pytest.raises(UnknownIdError, match="several have it: affil:northeastern-boston, affil:openai"):
        small.get("grid.1.1")
    assert [one.id for one, _ in small.search("grid.1.1")] == ["affil:northeastern-boston", "affil:openai"]


def test_a_mistyped_id_is_told(small: Registry) -> None:
    with pytest.raises(UnknownIdError, match="check digits of the ROR id 00t33hh49 are wrong"):
        small.get("https://ror.org/00t33hh49")


def test_unknown_id(small: Registry) -> None:
    with pytest.raises(UnknownIdError, match="no institution 'affil:nowhere'"):
        small.get("affil:nowhere")


def test_closed_institutions_resolve_to_their_successor(small: Registry) -> None:
    assert small.resolve("affil:old") == "affil:new"
    assert small.resolve("affil:new") == "affil:new"
    assert small.resolve("affil:gone") == "affil:gone"


def test_successor_chains_and_cycles(institutions: list[Institution]) -> None:
    a, b, c = (replace(institutions[4], id=i, successors=(j,)) for i, j in (("a", "b"), ("b", "c"), ("c", "a")))
    assert active_successors([a, b, replace(c, status="active")]) == {"a": "c", "b": "c", "c": "c"}
    assert active_successors([a, b, c]) == {"a": "a", "b": "b", "c": "c"}


@pytest.mark.parametrize(
    ("text", "first"),
    [("港中大", "https://ror.org/00t33hh48"), ("cuhk", "https://ror.org/00t33hh48"), ("香港中文大学", "https://ror.org/00t33hh48"),
     ("Northeastern Universty", "affil:northeastern-boston"), ("Tokyo Institute of Technology", "affil:new"), ("open ai", "affil:openai")],
)  # fmt: skip
def test_search(small: Registry, text: str, first: str) -> None:
    assert small.search(text)[0][0].id == first


@pytest.mark.parametrize(
    ("text", "all_of"),
    [("hong kong", {"hong", "kong"}), ("univ of oxf", {"oxf"}), ("Universität", {"universit"}), ("(c++", {"c"})],
)
def test_search_finds_names_with_all_words(text: str, all_of: set[str]) -> None:
    registry = Registry.open()
    found = registry.search(text, 50)
    assert found
    for one, score in found:
        folded = [" " + fold(n.value) for n in one.names]
        assert any(all(f" {w}" in name for w in all_of) for name in folded) or one.domain
        assert 0 < score <= 1
    assert [s for _, s in found] == sorted((s for _, s in found), reverse=True)
    assert len({one.id for one, _ in found}) == len(found)
    assert registry.search(text, 3) == found[:3]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("港中大", "The Chinese University of Hong Kong"),
        ("University of Oxf", "University of Oxford"),
        ("Unversity of Oxfrod", "University of Oxford"),
        ("Tsinghau", "Tsinghua University"),
        ("Carnegy Melon Univ", "Carnegie Mellon University"),
        ("Oxfrd University Computing", "University of Oxford"),
        ("Oxfrd University Robotics", "University of Oxford"),
        ("Department of Physics, Quillwater, Stanford University", "Stanford University"),
    ],
)
def test_search_completes_and_corrects(text: str, name: str) -> None:
    assert Registry.open().search(text)[0][0].name == name


def test_search_for_nothing(small: Registry) -> None:
    assert small.search("") == [] == small.search("of the")


def test_same_institutions_same_hash(small: Registry, institutions: list[Institution], tmp_path: Path) -> None:
    again = write_registry(sorted(institutions, key=lambda x: x.id), tmp_path / "again.affil", {"sources": ["elsewhere"]})
    assert again.hash == small.hash
    changed = [replace(institutions[0], city="Shatin"), *institutions[1:]]
    assert write_registry(sorted(changed, key=lambda x: x.id), tmp_path / "changed.affil", {"sources": []}).hash != small.hash


def test_damaged_and_foreign_files_are_named(small: Registry, tmp_path: Path) -> None:
    half = tmp_path / "half.affil"
    half.write_bytes(small.path.read_bytes()[: small.path.stat().st_size // 2])
    with pytest.raises(InputError, match="incomplete"):
        Registry.open(half)
    with pytest.raises(InputError, match="no such file"):
        Registry.open(tmp_path / "none.affil")


def test_damage_is_told_when_it_is_read(small: Registry, tmp_path: Path) -> None:
    whole, path = small.path.read_bytes(), tmp_path / "damaged.affil"
    for text in (small.arrays.alias_text, small.arrays.name_value, small.arrays.inst_name):
        place = whole.index("".join(text.to_pylist()).encode())
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(InputError, match=r"damaged\.affil: is damaged.*affil registry build"):
            registry = Registry.open(path)
            registry.search("univ")
            list(registry)


def test_another_format_is_refused(small: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "other.affil"
    monkeypatch.setattr("affil.registry.arrays.FORMAT", 999)
    write_arrays(path, small.arrays, {})
    monkeypatch.undo()
    with pytest.raises(InputError, match=rf"format 999, this version reads format {FORMAT}; build it"):
        read_arrays(path, "build it")


def test_arrays_are_of_the_types_that_they_say(small: Registry) -> None:
    for name, hint in get_type_hints(Arrays).items():
        values = getattr(small.arrays, name)
        if hint is pa.Array:
            assert values.type == pa.large_string(), name
        else:
            assert values.dtype == get_args(get_args(hint)[1])[0], name
            assert not values.flags.writeable
        assert f"{name}" in str(Arrays.__doc__)


def test_shipped_registry_opens_and_knows_short_forms() -> None:
    registry = Registry.open()
    assert len(registry) >= 300
    assert registry.search("港中大")[0][0].name == "The Chinese University of Hong Kong"
    assert all(x.country and x.lat is not None and x.city for x in registry)


def test_what_stands_in_parentheses_is_left_out_only_where_it_tells_nothing() -> None:
    assert list(variants("Nvidia (United States)", "official")) == [
        ("Nvidia (United States)", "official"),
        ("Nvidia", "official"),
    ]
    assert list(variants("Centre National (CNRS)", "label"))[1:] == [("CNRS", "acronym"), ("Centre National", "label")]
    assert list(variants("HKUST(GZ)", "alias")) == [("HKUST(GZ)", "alias")]
    assert list(variants("港中大（深圳）", "alias")) == [("港中大（深圳）", "alias")]
    assert ("Sense Time", "official") in list(variants("SenseTime", "official"))


def test_a_name_goes_without_the_place_at_its_end() -> None:
    places = {("bochum",), ("new", "jersey"), ("jersey",), ("singapore",), ("coruna",)}
    assert unplaced(("ruhr", "university", "bochum"), places) == ("ruhr", "university")
    assert unplaced(("rutgers", "university", "new", "jersey"), places) == ("rutgers", "university")
    assert unplaced(("national", "university", "singapore"), places) is None
    assert unplaced(("university", "a", "coruna"), places) is None
    assert unplaced(("ruhr", "triennale", "bochum"), places) is None
    assert unplaced(("university", "bochum"), places) is None


def test_syllables_of_pinyin_are_typed_as_one_word() -> None:
    assert closed_up(("peking", "tian", "tan", "hospital")) == ("peking", "tiantan", "hospital")
    assert closed_up(("university", "hong", "kong")) == ("university", "hongkong")
    assert closed_up(("chang", "gung", "university")) is None
    assert closed_up(("university", "a", "coruna")) is None
    assert closed_up(("tian", "tan")) is None


def test_what_more_than_one_institution_is_left_with_is_nobodys(tmp_path: Path) -> None:
    def university(number: int, name: str, country: str, city: str) -> Institution:
        return Institution(f"own:{number}", name, (Name(name, "en", "official"),), "education", country, city=city)

    rows = [
        university(1, "Quillwater University Bochum", "DE", "Bochum"),
        university(2, "Fernhollow University of Bochum", "DE", "Bochum"),
        university(3, "Fernhollow University Malaysia", "MY", "Kuala Lumpur"),
        university(4, "Oakmere University Bochum", "DE", "Bochum"),
        university(5, "Oakmere University", "GB", "Oxford"),
    ]
    registry = write_registry(rows, tmp_path / "places.affil", {"sources": []})
    names = registry.arrays.alias_text.to_pylist()
    assert "quillwater university" in names
    assert "fernhollow university" not in names
    owners = registry.arrays.owner_ptr
    place = names.index("oakmere university")
    assert owners[place + 1] - owners[place] == 1


def test_what_is_shown_of_a_name_is_what_its_kind_says() -> None:
    """A domain is shown as the domain, an acronym as the acronym, and what is no variant folds to the words that it was found by."""
    registry = Registry.open()
    names, words = registry.arrays.name_value.to_pylist(), registry.arrays.alias_text.to_pylist()
    of_word = np.repeat(np.arange(len(words)), np.diff(registry.arrays.owner_ptr))
    owners = (a.tolist() for a in (registry.arrays.owner_inst, registry.arrays.owner_kind, registry.arrays.owner_name))
    domains = {domain for one in registry for domain in (one.domain, *one.other_domains)}
    checked = Counter()
    for word, _, kind, name in zip(of_word.tolist(), *owners, strict=True):
        kind, shown = NameKind(kind).word, names[name]
        checked[kind] += 1
        if kind == "domain":
            assert shown in domains
        if kind != "variant":
            assert words[word] in {fold(text) for text, _ in variants(shown, kind)}, (words[word], shown)
    assert min(checked[kind] for kind in ("official", "acronym", "domain", "variant")) > 100


def test_a_domain_that_folding_leaves_one_word_names_nobody(tmp_path: Path) -> None:
    one = Institution(
        "own:a", "Quillwater College", (Name("Quillwater College", "en", "official"),), "education", "US", domain="du.edu"
    )
    registry = write_registry([one, replace(one, id="own:b", domain="qc.edu")], tmp_path / "domains.affil", {"sources": []})
    assert "edu" not in registry.arrays.alias_text.to_pylist()
    assert "qc edu" in registry.arrays.alias_text.to_pylist()
    assert [n.value for n in registry.get("own:b").names] == ["Quillwater College"]


def owners(registry: Registry, name: str) -> set[str]:
    texts = registry.arrays.alias_text.to_pylist()
    if name not in texts:
        return set()
    first, last = registry.arrays.owner_ptr[texts.index(name) : texts.index(name) + 2]
    return {registry.ids[i] for i in registry.arrays.owner_inst[first:last]}


def test_a_regional_company_does_not_bear_its_parents_name(tmp_path: Path) -> None:
    def company(name: str, country: str, domain: str, *others: str, parent: str = "") -> Institution:
        names = (Name(name, "en", "official"), *(Name(other, "en", "alias") for other in others))
        parents = (parent,) if parent else ()
        return Institution(f"own:{fold(name)}", name, names, "company", country, domain=domain, parents=parents)

    rows = [
        company("Quillwater", "US", "quillwater.com"),
        company("Quillwater Germany", "DE", "quillwater.de", parent="own:quillwater"),  # "de" is a stop word
        company("Quillwater India", "IN", "quillwater.in", "Quillwater (India)", parent="own:quillwater"),
        company("Fernhollow Systems", "DE", "fernhollow.de"),
        company("Fernhollow Foods", "AT", "fernhollow.de"),
        company("Oakmere Instruments", "DE", "oakmere.de"),
        company("Brackenfield (Sweden)", "SE", "brackenfield.com"),
    ]
    registry = write_registry(sorted(rows, key=lambda x: x.id), tmp_path / "regional.affil", {"sources": []})
    assert owners(registry, "quillwater") == {"own:quillwater"}
    assert owners(registry, "quillwater germany") == {"own:quillwater germany"}
    assert owners(registry, "fernhollow") == set()  # what is left of two domains is nobody's
    assert owners(registry, "oakmere") == {"own:oakmere instruments"}
    assert owners(registry, "brackenfield") == {"own:brackenfield sweden"}


def test_capitals_that_fold_to_a_common_word_name_nobody(tmp_path: Path) -> None:
    one = Institution(
        "own:inf",
        "INF Technology",
        (Name("INF Technology", "en", "official"), Name("羽水光年", "zh", "label")),
        "company",
        "CN",
    )
    registry = write_registry([one], tmp_path / "capitals.affil", {"sources": []})
    assert owners(registry, "information technology") == set()
    assert owners(registry, fold("羽水光年")) == {"own:inf"}


def test_names_that_mean_nobody_are_left_out(tmp_path: Path) -> None:
    junk = ("TBD", "N/A", "None", "NAC", "ACAD", "UNI", "TU", "The Royal", "UK", "PRC", "U.A.E.", "X Corp")
    sound = ("MIT", "ETH", "CAS", "NIU", "TU Wien", "UNIL", "National University")
    names = (Name("Fernhollow", "en", "official"), *(Name(name, "", "acronym") for name in (*junk, *sound[:-1])))
    one = Institution("own:fernhollow", "Fernhollow", (*names, Name(sound[-1], "en", "alias")), "education", "NL")
    registry = write_registry([one], tmp_path / "junk.affil", {"sources": []})
    assert [name for name in junk if fold(name) and owners(registry, fold(name))] == []
    assert [name for name in sound if not owners(registry, fold(name))] == ["TU Wien"]  # Vienna is a word of the table


def test_a_parents_alias_does_not_hide_its_part(tmp_path: Path) -> None:
    def body(identifier: str, name: str, *others: str, parent: str = "") -> Institution:
        names = (Name(name, "en", "official"), *(Name(other, "en", "alias") for other in others))
        return Institution(identifier, name, names, "facility", "NO", parents=(parent,) if parent else ())

    rows = [body("own:a", "Quillwater", "Quillwater Digital"), body("own:b", "Quillwater Digital", parent="own:a")]
    registry = write_registry(rows, tmp_path / "parts.affil", {"sources": []})
    assert owners(registry, "quillwater digital") == {"own:b"}
    assert owners(registry, "quillwater") == {"own:a"}


def test_a_namesake_in_another_country_bears_the_name_as_a_variant(tmp_path: Path) -> None:
    def university(name: str, country: str) -> Institution:
        return Institution(f"own:{country}", name, (Name(name, "en", "official"),), "education", country)

    rows = [university("University of Quillwater (Switzerland)", "CH"), university("University of Quillwater", "DE")]
    registry = write_registry(rows, tmp_path / "namesakes.affil", {"sources": []})
    place = registry.arrays.alias_text.to_pylist().index("university quillwater")
    first, last = registry.arrays.owner_ptr[place : place + 2]
    kinds = [NameKind(k).word for k in registry.arrays.owner_kind[first:last]]
    assert dict(zip([registry.ids[i] for i in registry.arrays.owner_inst[first:last]], kinds, strict=True)) == {
        "own:DE": "official",
        "own:CH": "variant",
    }


def test_the_shipped_registry_knows_whom_a_bare_name_means() -> None:
    registry = Registry.open()
    for name, official in (
        ("amazon", "Amazon"),
        ("bosch", "Bosch"),
        ("sony", "Sony"),
        ("philips", "Philips"),
        ("thu", "Tsinghua University"),
    ):
        assert [registry.get(i).name for i in owners(registry, name)] == [official]


def test_every_process_builds_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(
        "id,name,country,city\nx:1,Institute of Optics,CN,Xi'an\nx:2,Oslo Academy,NO,Oslo\n", "utf-8"
    )
    build = "import sys; from affil.registry import build_registry; build_registry(['own.csv'], __import__('pathlib').Path(sys.argv[1]))"
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed} | ({"XDG_CACHE_HOME": str(tmp_path)} if seed == "2" else {})
        subprocess.run([sys.executable, "-c", build, f"{seed}.affil"], cwd=tmp_path, env=environment, check=True)
    assert (tmp_path / "1.affil").read_bytes() == (tmp_path / "2.affil").read_bytes()


def test_a_city_goes_by_what_the_gazetteer_calls_it(tmp_path: Path) -> None:
    one = Institution("own:a", "A", (Name("A College", "en", "official"),), "education", "US", "US-NY", "New York")
    two = Institution("own:b", "B", (Name("B College", "en", "official"),), "education", "US", "US-NY", "New York City")
    registry = write_registry([one, two], tmp_path / "cities.affil", {"sources": []})
    cities = registry.arrays.inst_city_id.tolist()
    assert cities[0] == cities[1]
    assert registry.get("own:a").city == "New York"


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ([("桜花学園大学", "ja", "label")], "樱花学园大学"),
        ([("神戸大学", "ja", "official")], "神户大学"),
        ([("東京大学", "ja", "label"), ("东京大学", "zh", "label")], "东京大学"),
        ([("とうきょう大学", "ja", "label")], ""),
    ],
)
def test_japanese_names_are_shown_in_chinese_writing(names: list[tuple[str, str, str]], shown: str) -> None:
    assert Institution("own:a", "A", names=tuple(Name(*n) for n in names)).name_zh == shown
