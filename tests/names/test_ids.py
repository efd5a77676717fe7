from __future__ import annotations

import csv
import re
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.names.ids import SCHEMES, id_forms, ids_within, is_ror, mistyped, normal_id, other_id

CUHK = "https://ror.org/00t33hh48"


def shipped() -> list[str]:
    with resources.files("affil.registry").joinpath("data/institutions.csv").open(encoding="utf-8") as lines:
        return [row["id"] for row in csv.DictReader(lines) if is_ror(row["id"])]


ids = st.sampled_from(shipped())


@given(
    ids,
    st.sampled_from(["", "https://", "http://", "HTTPS://"]),
    st.sampled_from(["ror.org/", "www.ror.org/", "ROR.org/", "ror.org/organizations/"]),
    st.sampled_from(["", "/", " ", "\n", "//"]),
    st.booleans(),
)
def test_every_usual_form_of_a_ror_id_is_that_id(identifier: str, scheme: str, host: str, end: str, capitals: bool) -> None:
    bare = identifier.removeprefix("https://ror.org/")
    bare = bare.upper() if capitals else bare
    for written in (bare, f" {bare}{end}", f"{scheme}{host}{bare}{end}"):
        assert normal_id(written) == identifier
        assert mistyped(written) == ""


def test_all_shipped_ids_of_ror_have_right_check_digits() -> None:
    assert [i for i in shipped() if normal_id(i) != i or mistyped(i)] == []


@given(ids, st.integers(1, 8), st.sampled_from("0123456789abcdefghjkmnpqrstvwxyz"))
def test_one_wrong_character_is_seen(identifier: str, place: int, other: str) -> None:
    bare = identifier.removeprefix("https://ror.org/")
    wrong = bare[:place] + other + bare[place + 1 :]
    if wrong == bare or (place > 6 and not other.isdigit()):
        return
    for written in (wrong, f"https://ror.org/{wrong}"):
        assert "check digits" in mistyped(written)
        assert normal_id(written) == written, "what is no id of ROR is not made one"


@given(st.text(max_size=30))
def test_normal_forms_stay_as_they_are(text: str) -> None:
    once = normal_id(text)
    assert normal_id(once) == once
    assert id_forms(text)[0] == text


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("grid.10784.3a", "grid:grid.10784.3a"),
        ("https://www.grid.ac/institutes/GRID.10784.3A", "grid:grid.10784.3a"),
        ("grid:grid.10784.3a", "grid:grid.10784.3a"),
        ("0000 0004 1937 0482", "isni:0000000419370482"),
        ("https://isni.org/isni/0000000419370482", "isni:0000000419370482"),
        ("ISNI 0000-0004-1937-0482", "isni:0000000419370482"),
        ("isni:000000012146438X", "isni:000000012146438X"),
        ("http://www.wikidata.org/entity/Q49108", "wikidata:Q49108"),
        ("wikidata:q49108", "wikidata:Q49108"),
        ("10.13039/501100004853", "fundref:501100004853"),
        ("https://doi.org/10.13039/501100004853", "fundref:501100004853"),
        ("fundref:501100004853", "fundref:501100004853"),
    ],
)
def test_ids_of_other_registries(written: str, normal: str) -> None:
    assert normal_id(written) == normal


@pytest.mark.parametrize(
    "written",
    ["affil:northeastern", "own:1", "Q7", "501100004853", "ror", "00t33hh4", "x.org/00t33hh48"],
)
def test_all_else_stands_as_written(written: str) -> None:
    assert normal_id(written) == written
    assert mistyped(written) == ""


def test_a_bare_item_of_wikidata_is_looked_up_but_no_normal_form() -> None:
    assert id_forms("q49108") == ("q49108", "wikidata:Q49108")
    assert id_forms("00t33hh48") == ("00t33hh48", CUHK)


def test_addresses_of_ror_without_an_id_are_told() -> None:
    assert "six letters or digits" in mistyped("https://ror.org/00t33hh4")
    assert "six letters or digits" in mistyped("https://ror.org/0lt33hh48")


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("0000 0004 1937 0483", "the check digit of the ISNI is wrong"),
        ("isni:0000000419370483", "the check digit of the ISNI is wrong"),
        ("https://isni.org/isni/1", "an id of isni looks like 0000 0004 1937 0482"),
        ("grid.10784", "an id of grid looks like grid.10784.3a"),
        ("grid:1", "an id of grid looks like grid.10784.3a"),
        ("wikidata:49108", "an id of wikidata looks like wikidata:Q49108"),
        ("fundref:CUHK", "an id of fundref looks like fundref:501100004853"),
    ],
)
def test_ids_that_say_what_they_are_and_cannot_be_are_told(written: str, problem: str) -> None:
    assert normal_id(written) == written
    assert problem in mistyped(written)


@pytest.mark.parametrize(
    ("kind", "value", "normal"),
    [
        ("isni", "0000 0001 0742 0364", "isni:0000000107420364"),
        ("isni", "0000 0000 0000 0007", "isni:0000000000000007"),
        ("fundref", "501100004853", "fundref:501100004853"),
        ("wikidata", "Q1", "wikidata:Q1"),
        ("grid", "grid.1", "grid:grid.1"),
    ],
)
def test_values_of_a_dump(kind: str, value: str, normal: str) -> None:
    assert other_id(kind, value) == normal


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Physics, ror.org/03vek6s52, Cambridge", ["https://ror.org/03vek6s52"]),
        ("Physics (ROR: 03vek6s52)", ["https://ror.org/03vek6s52"]),
        ("ROR ID=03vek6s52; grid.38142.3c", ["https://ror.org/03vek6s52", "grid:grid.38142.3c"]),
        ("ROR: 03vek6s53", []),  # wrong check digits
        ("error: 03vek6s52", []),
        ("room 03vek6s52", []),
    ],
)
def test_ids_that_stand_in_a_text(text: str, found: list[str]) -> None:
    assert [identifier for _, _, identifier in ids_within(text)] == found


digits = st.integers(1, 10**9).map(str)
written_values = st.one_of(
    st.tuples(st.just("grid"), digits, st.text("0123456789abcdef", min_size=1, max_size=2)).map(
        lambda v: (v[0], f"grid.{v[1]}.{v[2]}")
    ),
    st.tuples(st.just("wikidata"), digits.map(lambda d: f"Q{d}")),
    st.tuples(st.just("fundref"), digits),
    st.tuples(st.just("isni"), st.sampled_from(["0000000419370482", "000000012146438X", "0000000107420364"])),
)
ADDRESSES = {
    "grid": ("grid:{}", "{}", "https://www.grid.ac/institutes/{}", "http://grid.ac/institutes/{}/"),
    "isni": ("isni:{}", "{}", "ISNI {}", "https://isni.org/isni/{}", "http://www.isni.org/{}"),
    "wikidata": ("wikidata:{}", "https://www.wikidata.org/wiki/{}", "http://www.wikidata.org/entity/{}"),
    "fundref": (
        "fundref:{}",
        "10.13039/{}",
        "https://doi.org/10.13039/{}",
        "http://dx.doi.org/10.13039/{}",
        "funder:10.13039/{}",
    ),
}


@given(written_values, st.data())
def test_every_usual_form_of_another_registrys_id_is_that_id(known: tuple[str, str], data: st.DataObject) -> None:
    kind, value = known
    form = data.draw(st.sampled_from(ADDRESSES[kind]))
    written = form.format(data.draw(st.sampled_from([value, value.upper(), value.lower()])))
    assert normal_id(f" {written} ") == f"{kind}:{value}" == other_id(kind, value)
    assert set(ADDRESSES) == set(SCHEMES)


def test_ids_are_read_in_one_module() -> None:
    addresses = re.compile(r"\bror\\?\.org/|grid\\?\.ac|(wikidata|isni)\\?\.org|10\\?\.13039")
    package = Path(str(resources.files("affil")))
    files = {str(f.relative_to(package)) for f in package.rglob("*.py") if addresses.search(f.read_text("utf-8"))}
    assert files == {"names/ids.py"}
