"""Our answers have the fields of the ROR API v2, each of the same type; what is in them is the registry's."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from affil.names.ids import is_ror, mistyped, shown_id
from affil.registry import Registry
from affil.service.ror import Records, geonames_id, matching_type, read_filters
from affil.types import Decision, Institution, Match, Name, Reason

RECORDED = Path(__file__).parent / "ror"
CUHK = "https://ror.org/00t33hh48"


def fields(value: Any, path: str = "") -> dict[str, set[str]]:
    """The types of every field, by its path; lists stand for all their elements."""
    kind = {bool: "truth", int: "number", float: "number", str: "text", type(None): "null"}.get(
        type(value), type(value).__name__
    )
    out = {path: {kind}}
    parts = value.items() if isinstance(value, dict) else [("[]", v) for v in value] if isinstance(value, list) else []
    for key, part in parts:
        for below, kinds in fields(part, f"{path}.{key}").items():
            out.setdefault(below, set()).update(kinds)
    return out


def recorded(name: str) -> dict[str, set[str]]:
    return fields(json.loads((RECORDED / name).read_text("utf-8")))


@pytest.mark.parametrize(
    ("recording", "path"),
    [
        ("affiliation.json", "/organizations?affiliation=Dept.+of+CSE,+CUHK,+Shatin"),
        ("affiliation.json", "/v2/organizations?affiliation=Univ.+of+Oxford"),
        ("query.json", "/organizations?query=Hong+Kong"),
        ("query.json", "/v2/organizations?page=2"),
        ("organization.json", "/organizations/00t33hh48"),
        ("errors.json", "/organizations/00000000"),
        ("errors.json", "/v2/organizations?page=x"),
    ],
)
def test_field_by_field(service: Any, recording: str, path: str) -> None:
    theirs = recorded(recording)
    ours = fields({k: v for k, v in service.client.get(path).json().items() if k != "affil_ids"})
    assert len(ours) > 1
    empty = {p for p in ours if ours[p] == {"list"} and f"{p}.[]" not in ours}
    if "CUHK" in path or "00t33hh48" in path:  # of which the registry has all that it can have
        assert not empty
    assert set(ours) == {p for p in theirs if not any(p.startswith(f"{e}.[]") for e in empty)}
    nullable = {p for p, kinds in theirs.items() if "null" in kinds}
    for field, kinds in ours.items():
        allowed = theirs[field] | {"null"} if field in nullable or field.endswith(NULLABLE) else theirs[field]
        assert kinds <= allowed, field


# null in records of ROR, too, though not in the few that are recorded here
NULLABLE = (".established", ".lang", ".country_subdivision_code", ".country_subdivision_name")


def test_a_string(service: Any) -> None:
    found = service.client.get("/organizations", params={"affiliation": "Dept. of CSE, 港中大, Shatin"}).json()
    first = found["items"][0]
    assert first["organization"]["id"] == CUHK
    assert (first["chosen"], first["substring"]) == (True, "港中大")
    assert first["score"] > 0.9
    assert found["number_of_results"] == len(found["items"])
    scores = [(i["chosen"], i["score"]) for i in found["items"]]
    assert scores == sorted(scores, reverse=True), "what is chosen comes first, then by score"
    assert service.client.get("/organizations", params={"affiliation": " "}).json() == {"number_of_results": 0, "items": []}


def test_ways_of_matching(service: Any) -> None:
    def kinds(string: str, **more: str) -> list[str]:
        items = service.client.get("/organizations", params={"affiliation": string, **more}).json()["items"]
        return [i["matching_type"] for i in items if i["chosen"]]

    assert kinds("University of Oxford") == ["EXACT"]
    assert kinds("Physics, University of Oxford") == ["PHRASE"]
    assert kinds("Univ. of Oxfrod") == ["FUZZY"]
    assert kinds("CUHK") == ["ACRONYM"]
    assert kinds("University of Oxford", single_search="") == ["SINGLE SEARCH"]
    one = Institution("x", "X")
    variant = Match(one, 0.9, Decision.MATCH, 0, 3, "X", (Reason("name_exact", "variant"),))
    assert matching_type("Y University", variant) == "HEURISTICS"
    part = Match(one, 0.9, Decision.MATCH, 0, 3, "X", (Reason("name_coverage", "official", 0.8),))
    assert matching_type("X Y", part) == "COMMON TERMS"
    # only what stands word for word is an acronym or a variant
    part = Match(one, 0.9, Decision.MATCH, 0, 3, "X", (Reason("name_coverage", "acronym", 0.8),))
    assert matching_type("X Y", part) == "COMMON TERMS"
    misspelt = Match(one, 0.9, Decision.MATCH, 0, 3, "X", (Reason("name_coverage", "label", 0.8), Reason("misspelt")))
    assert matching_type("X Y", misspelt) == "FUZZY"
    assert matching_type("X Y", Match(one, 0.9, Decision.MATCH, 0, 3, "X")) == "EXACT"


@pytest.mark.parametrize(
    "given", ["00t33hh48", "ror.org/00t33hh48", CUHK, "http://ror.org/00t33hh48", "https%3A%2F%2Fror.org%2F00t33hh48"]
)
def test_an_id_in_any_form(service: Any, given: str) -> None:
    record = service.client.get(f"/organizations/{given}").json()
    assert record["id"] == CUHK
    assert {"ror_display", "label"} == {t for n in record["names"] for t in n["types"] if n["value"].startswith("The Chinese")}
    details = record["locations"][0]["geonames_details"]
    assert (details["country_code"], details["country_name"], details["continent_code"]) == ("HK", "Hong Kong", "AS")
    assert service.client.get("/organizations", params={"query": given}).json()["items"][0]["id"] == CUHK


@pytest.mark.parametrize("given", ["grid.1.1", "https://www.wikidata.org/wiki/Q1", "10.13039/1"])
def test_an_id_that_is_not_there_is_not_taken_for_words(service: Any, given: str) -> None:
    assert service.client.get("/organizations", params={"query": given}).json()["items"] == []


def test_heartbeat(service: Any) -> None:
    for path in ("/heartbeat", "/v2/heartbeat"):
        answer = service.client.get(path)
        assert (answer.status_code, answer.text) == (200, "OK")


def test_an_institution_without_a_ror_id(service: Any) -> None:
    """Its id in records is of ROR's form, but none of ROR's; the one here stands beside, and both find it."""
    registry = service.matcher.registry
    real = next(i for i in registry.ids if not is_ror(i) and registry.get(i).status == "active")
    shown = shown_id(real)
    assert mistyped(shown)
    for given in (real, shown, shown.removeprefix("https://ror.org/")):
        answer = service.client.get(f"/organizations/{given}")
        assert (answer.json()["id"], answer.headers["Affil-Id"]) == (shown, real)
        found = service.client.get("/organizations", params={"query": given}).json()
        assert ([i["id"] for i in found["items"]], found["affil_ids"]) == ([shown], {shown: real})
    assert "affil_ids" not in service.client.get("/organizations", params={"query": CUHK}).json()


def test_ids_shown_differ() -> None:
    registry = Registry.open(None)
    assert len({shown_id(i) for i in registry.ids}) == len(registry)


def test_every_record_is_valid_by_rors_schema() -> None:
    """Of the shipped registry, or of the built one that AFFIL_TEST_REGISTRY names."""
    schema = json.loads((RECORDED / "ror_schema_v2_1.json").read_text("utf-8"))
    validator = jsonschema_rs.Draft7Validator(schema, validate_formats=True)
    records = Records(Registry.open(os.environ.get("AFFIL_TEST_REGISTRY")))
    wrong = [f"{one.id}: {error}" for one in records.registry for error in validator.iter_errors(records.record(one))]
    assert wrong == []
    assert not validator.is_valid(records.record(records.registry.at(0)) | {"id": "affil:openai"})


def test_pages_and_filters(service: Any) -> None:
    def ask(**more: Any) -> Any:
        return service.client.get("/organizations", params=more).json()

    everything = ask()
    registry = service.matcher.registry
    active = [one for one in registry if one.status == "active"]
    assert everything["number_of_results"] == len(active)
    assert [i["id"] for i in everything["items"]] == [shown_id(one.id) for one in active[:20]]
    assert [i["id"] for i in ask(page=3)["items"]] == [shown_id(one.id) for one in active[40:60]]
    assert ask(page=100_000)["items"] == []
    assert ask(all_status="")["number_of_results"] == len(registry)
    assert sum(b["count"] for b in everything["meta"]["types"]) == len(active)
    wanted = [one for one in active if one.kind == "company" and one.country == "HK"]
    found = ask(filter="types:Company,country.country_code:hk")
    assert [i["id"] for i in found["items"]] == [shown_id(one.id) for one in wanted[:20]]
    assert found["meta"]["countries"] == [{"id": "hk", "title": "Hong Kong", "count": len(wanted)}]
    named = ask(query="hong kong univ", filter="locations.geonames_details.country_name:Hong Kong")
    assert named["items"]
    assert all(i["locations"][0]["geonames_details"]["country_code"] == "HK" for i in named["items"])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"page": "0"}, "page '0' is less than 1"),
        ({"page": "x"}, "page 'x' is not an integer"),
        ({"filter": "city:Leeds"}, "filter key 'city' is illegal"),
        ({"filter": "types"}, "filter 'types' is not in the key:value form"),
        ({"all_status": "maybe"}, "allowed values for all_status parameter are empty (no value), true or false"),
        ({"affilation": "MIT"}, "query parameter 'affilation' is illegal"),
    ],
)
def test_faults_are_told_as_ror_tells_them(service: Any, asked: dict[str, str], said: str) -> None:
    answer = service.client.get("/organizations", params=asked)
    assert (answer.status_code, answer.json()) == (400, {"errors": [said]})


def test_relations_go_both_ways(review_registry: Registry) -> None:
    records = Records(review_registry)
    college = records.record(review_registry.get("affil:fernhollow-college"))
    institute = records.record(review_registry.get("affil:quillwater-institute-of-optics"))
    child = {"type": "child", "label": "Quillwater Institute of Optics", "id": shown_id("affil:quillwater-institute-of-optics")}
    assert college["relationships"] == [child]
    parent = {"type": "parent", "label": "Fernhollow College", "id": shown_id("affil:fernhollow-college")}
    assert institute["relationships"] == [parent]
    assert records.label("affil:nobody") == ""


def test_geonames_numbers_are_of_the_place(review_registry: Registry) -> None:
    assert geonames_id(Institution("x", "X", country="GB", city="Oxford", lat=51.75, lon=-1.26)) == 2640729
    assert geonames_id(Institution("x", "X", country="GB", city="Oxford", lat=34.4, lon=-89.5)) == 0, "of another Oxford"
    assert geonames_id(Institution("x", "X", country="GB", city="Oxford")) == 0
    # the name to show is one of the names, whatever a source says
    bare = Records(review_registry).record(Institution("x", "X", (Name("Y", "zh-hant", "former"),)))
    assert bare["names"] == [
        {"lang": None, "types": ["ror_display", "label"], "value": "X"},
        {"lang": "zh", "types": ["alias"], "value": "Y"},
    ]
    assert [p["geonames_details"]["name"] for p in bare["locations"]] == ["unknown"]


def test_filters_are_read() -> None:
    assert read_filters("") == {}
    assert read_filters("types:A,types:B,country.country_code:CN") == {"types": ["a", "b"], "country_code": ["cn"]}
