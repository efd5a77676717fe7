"""The shipped tables are well-formed: what a reviewer of a diff should not have to check by eye."""

import csv
import re
from collections import Counter
from importlib import resources

import pycountry
import pytest

from affil.registry.checks import STATUSES
from affil.types import KINDS

FOLDER = resources.files("affil.registry") / "data"


def read(name: str) -> list[dict[str, str]]:
    with FOLDER.joinpath(name).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def institutions() -> list[dict[str, str]]:
    return read("institutions.csv")


@pytest.fixture(scope="module")
def names() -> list[dict[str, str]]:
    return read("names.csv")


def test_ids_are_unique_and_well_formed(institutions: list[dict[str, str]]) -> None:
    counts = Counter(r["id"] for r in institutions)
    assert not [i for i, n in counts.items() if n > 1]
    pattern = re.compile(r"https://ror\.org/0[a-hj-km-np-tv-z0-9]{6}[0-9]{2}|affil:[a-z0-9]+(-[a-z0-9]+)*")
    assert not [i for i in counts if not pattern.fullmatch(i)]


def test_places_are_codes_and_coordinates(institutions: list[dict[str, str]]) -> None:
    for r in institutions:
        assert pycountry.countries.get(alpha_2=r["country"]), r
        assert not r["region"] or r["region"].startswith(f"{r['country']}-"), (
            r
        )  # tools/check_registry.py says whether it is one
        assert r["city"], r
        assert abs(float(r["lat"])) <= 90, r
        assert abs(float(r["lon"])) <= 180, r


def test_kinds_and_statuses_are_known(institutions: list[dict[str, str]]) -> None:
    assert {r["kind"] for r in institutions} <= set(KINDS)
    assert {r["status"] for r in institutions} <= set(STATUSES)


def test_relatives_exist_and_parents_make_no_cycle(institutions: list[dict[str, str]]) -> None:
    by_id = {r["id"]: r for r in institutions}
    for r in institutions:
        for i in (r["parents"] + " " + r["successors"]).split():
            assert i in by_id, (r["id"], i)
        above, seen = r["parents"].split(), set()
        while above:
            i = above.pop()
            assert i != r["id"], r["name"]
            if i not in seen:
                seen.add(i)
                above += by_id[i]["parents"].split()


def test_every_institution_has_its_name_once(institutions: list[dict[str, str]], names: list[dict[str, str]]) -> None:
    official = Counter(n["id"] for n in names if n["kind"] == "official")
    assert official == Counter(r["id"] for r in institutions)
    assert not [k for k, n in Counter((n["id"], n["name"]) for n in names).items() if n > 1]
    assert {n["kind"] for n in names} <= {"official", "label", "alias", "acronym", "former", "domain"}
    assert not [n for n in names if n["name"] != n["name"].strip() or not n["name"]]
    assert all(re.fullmatch(r"([a-z]{2}(-hant|-hans)?)?", n["language"]) for n in names)
    assert all(not n["until"] or 1800 < int(n["until"]) <= 2026 for n in names)


def test_further_domains_are_hosts_of_one_institution(institutions: list[dict[str, str]], names: list[dict[str, str]]) -> None:
    further = [n["name"] for n in names if n["kind"] == "domain"]
    own = {r["domain"] for r in institutions}
    assert further
    assert not [d for d in further if not re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", d)]
    assert not [d for d, n in Counter(further).items() if n > 1 or d in own]


def test_tables_are_sorted_so_that_diffs_are_short(institutions: list[dict[str, str]]) -> None:
    keys = [(r["country"], r["name"], r["id"]) for r in institutions]
    assert keys == sorted(keys)
