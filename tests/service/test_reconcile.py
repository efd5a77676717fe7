"""The Reconciliation Service API 0.2, rule by rule of its specification, and a client that was not written for us.

https://www.w3.org/community/reports/reconciliation/CG-FINAL-specs-0.2-20230410/ ; every answer is held against the published JSON
schemas too, where they are at hand.
"""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import jsonschema
import pandas as pd
import pytest
import referencing
import referencing.jsonschema

from affil.match.explain import READ, explain
from affil.service.candidates import FEATURES, TYPES, Sought, candidates, features
from affil.service.models import Query
from affil.service.security import Access
from affil.settings import FeatureSettings, ServeSettings
from affil.types import NAME_KINDS, REASONS, Decision, Institution, Match
from tests.service.specification import conforms

SCHEMAS = Path(__file__).parents[2].parent / "shared" / "data" / "reconciliation-0.2"
SENSETIME = "https://ror.org/049wsmj07"
CUHK = "https://ror.org/00t33hh48"
OXFORD = "https://ror.org/052gg0110"
REFINE = {"origin": "http://127.0.0.1:3333"}


def fits(answer: Any, schema: str) -> None:
    """Hold an answer against the specification, and against a published schema, where these are at hand."""
    conforms(answer, schema.removesuffix(".json"))
    if not SCHEMAS.exists():
        return
    made = [(f.name, json.loads(f.read_text("utf-8"))) for f in SCHEMAS.glob("*.json")]
    resources = [
        (uri, referencing.Resource.from_contents(content, default_specification=referencing.jsonschema.DRAFT7))
        for name, content in made
        for uri in {name, content["$id"], f"https://reconciliation-api.github.io/specs/0.2/schemas/{name}"}
    ]
    registry = referencing.Registry().with_resources(resources)
    jsonschema.Draft7Validator(dict(made)[schema], registry=registry).validate(answer)


def reconcile(service: Any, **queries: Any) -> dict[str, list[dict[str, Any]]]:
    """Post a batch, and check all that the specification says of any answer."""
    fits(queries, "reconciliation-query-batch.json")
    answer = service.client.post("/reconcile", data={"queries": json.dumps(queries)}, headers=REFINE)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    results = answer.json()
    fits(results, "reconciliation-result-batch.json")
    assert set(results) == set(queries)
    for result in results.values():
        candidates = result["result"]
        ids = [c["id"] for c in candidates]
        assert len(set(ids)) == len(ids)
        assert sum(c["match"] for c in candidates) <= 1
        by_score = sorted(candidates, key=lambda c: -c["score"])
        assert not any(c["match"] for c in by_score[1:]), "OpenRefine takes the first by score, if it matches"
        for c in candidates:
            assert isinstance(c["name"], str)
            assert 0 <= c["score"] <= 100
            assert len({f["id"] for f in c["features"]}) == len(c["features"])
            assert all(isinstance(f["value"], bool | int | float) for f in c["features"])
            assert c["type"][0]["id"] == "organization"
            assert all(t["name"] for t in c["type"])
    return {key: result["result"] for key, result in results.items()}


# 3. Service definition


def test_the_manifest(service: Any) -> None:
    answer = service.client.get("/reconcile", headers=REFINE)
    manifest = answer.json()
    fits(manifest, "manifest.json")
    assert "0.2" in manifest["versions"]
    for space in ("identifierSpace", "schemaSpace"):
        assert urlsplit(manifest[space]).scheme == "https"
    assert manifest["batchSize"] == service.settings.queries
    assert {t["id"] for t in manifest["defaultTypes"]} == set(TYPES)
    for template in (manifest["view"]["url"], manifest["feature_view"]["url"], manifest["preview"]["url"]):
        assert template.count("{{id}}") == 1
        assert template.startswith("http://127.0.0.1:8372/")
    for kind in ("entity", "property", "type"):
        assert manifest["suggest"][kind]["flyout_service_path"].count("${id}") == 1
    # all that it names is there
    page = manifest["preview"]["url"].replace("{{id}}", quote(CUHK, safe=""))
    assert service.client.get(page).status_code == 200
    assert service.client.get(manifest["logo"]).headers["content-type"].startswith("image/svg+xml")
    docs = service.client.get(manifest["documentation"])
    assert docs.status_code == 200
    for feature in FEATURES:
        assert f'id="feature-{feature}"' in docs.text
    seen = service.client.get(manifest["view"]["url"].replace("{{id}}", quote(CUHK, safe="")))
    assert (seen.status_code, seen.headers["location"]) == (302, CUHK)


@pytest.mark.parametrize(
    "path",
    [
        "/reconcile",
        "/reconcile?queries=%7B%7D",
        "/reconcile?queries=x",
        "/reconcile/suggest/entity?prefix=Oxf",
        "/reconcile/properties?type=education",
        "/reconcile/flyout/entity?id=nobody",
        "/reconcile/nothing",
    ],
)
def test_cross_origin_access(service: Any, path: str) -> None:
    for origin in ("http://127.0.0.1:3333", "http://localhost:3333"):
        answer = service.client.get(path, headers={"origin": origin, "sec-fetch-site": "cross-site"})
        assert answer.headers["access-control-allow-origin"] == origin
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.headers["vary"] == "origin"
    asked = {**REFINE, "access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    before = service.client.options(path, headers=asked)
    assert before.status_code == 204
    assert "POST" in before.headers["access-control-allow-methods"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),  # a program
        ({"origin": "http://127.0.0.1:3333", "sec-fetch-site": "same-site"}, 200),
        ({"referer": "http://localhost:3333/", "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, 200),  # JSONP
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, 200),  # a link, or a frame, which the policy guards
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, 403),
        ({"referer": "http://evil.example/", "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, 403),
        ({"origin": "http://evil.example", "sec-fetch-site": "cross-site"}, 403),
        ({"origin": "http://127.0.0.1.evil.example"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_pages_of_other_sites_may_not(service: Any, headers: dict[str, str], status: int) -> None:
    assert service.client.get("/reconcile", headers=headers).status_code == status
    posted = service.client.post("/reconcile", data={"queries": "{}"}, headers=headers)
    assert posted.status_code == status


def test_nothing_else_is_shared(service: Any) -> None:
    for path in ("/", "/match?affiliation=x", "/organizations?query=x", "/health"):
        answer = service.client.get(path, headers=REFINE)
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["x-frame-options"] == "DENY"
    assert service.client.post("/match", json={"affiliations": []}, headers=REFINE).status_code == 403


def test_sites_that_the_settings_name_may(tiny_matcher: Any, serving: Any) -> None:
    for origins, allowed in ((("https://refine.example",), False), (("*",), True)):
        with serving(tiny_matcher, Access.of("127.0.0.1"), ServeSettings(origins=origins)) as made:
            there = made.client.get("/reconcile", headers={"origin": "https://refine.example"})
            assert there.headers["access-control-allow-origin"] == "https://refine.example"
            assert "https://refine.example" in there.headers["content-security-policy"] or allowed
            elsewhere = made.client.get("/reconcile", headers={"origin": "https://other.example"})
            assert (elsewhere.status_code == 200) is allowed


def test_jsonp(service: Any) -> None:
    answer = service.client.get("/reconcile/suggest/type", params={"prefix": "comp", "callback": "jQuery_1.done"})
    assert answer.headers["content-type"].startswith("text/javascript")
    body = re.fullmatch(r"/\*\*/jQuery_1\.done\((.+)\);", answer.text)
    assert body
    assert json.loads(body[1])["result"][0]["id"] == "company"
    assert service.client.get("/reconcile", params={"callback": "alert(1)//"}).status_code == 400
    assert service.client.get("/reconcile?callback=f").text.startswith("/**/f({")


# 4. Reconciliation queries


def test_post_and_get_say_the_same(service: Any) -> None:
    batch = {"q0": {"query": "港中大"}, "q1": {"query": "Univ. of Oxford", "limit": 2}}
    posted = reconcile(service, **batch)
    got = service.client.get("/reconcile", params={"queries": json.dumps(batch)}).json()
    assert {k: v["result"] for k, v in got.items()} == posted
    assert posted["q0"][0]["id"] == CUHK
    assert posted["q0"][0]["match"] is True
    assert posted["q1"][0]["id"] == OXFORD
    assert len(posted["q1"]) <= 2


def test_each_query_is_answered_for_itself(service: Any) -> None:
    batch = {"a": {"query": "港中大"}, "b": {"query": "Northeastern University"}, "c": {"query": "港中大", "limit": 1}}
    together = reconcile(service, **batch)
    assert together == {key: reconcile(service, **{key: query})[key] for key, query in batch.items()}


def test_exact_names_and_ids_find_their_institution(service: Any) -> None:
    """Of a sample of all; a name may be hidden by many namesakes, or be generic, but hardly ever is."""
    ones = [one for one in service.matcher.registry if one.status == "active"][:: len(service.matcher.registry) // 90][:90]
    by_name = reconcile(service, **{one.id: {"query": one.name} for one in ones})
    found = sum(one.id in {c["id"] for c in by_name[one.id]} for one in ones)
    assert found >= 0.98 * len(ones)
    by_id = reconcile(service, **{one.id: {"query": one.id, "limit": 1} for one in ones})
    for one in ones:
        assert by_id[one.id][0]["id"] == one.id
        assert by_id[one.id][0]["score"] == 100
        assert by_id[one.id][0]["match"]
    bare = reconcile(service, q={"query": CUHK.removeprefix("https://ror.org/")})
    assert bare["q"][0]["id"] == CUHK


def test_candidates_come_by_score_and_rivals_are_among_them(service: Any) -> None:
    (candidates,) = reconcile(service, q={"query": "Northeastern University"}).values()
    assert {"https://ror.org/04t5xt781", "https://ror.org/03awzbc87"} <= {c["id"] for c in candidates}
    scores = [c["score"] for c in candidates]
    assert scores == sorted(scores, reverse=True)
    assert all("description" in c for c in candidates)


def test_what_is_not_chosen_is_not_above_what_is() -> None:
    """A university may be more probable than its laboratory that is named; it is the laboratory that matches."""
    found = [
        Match(Institution(name, name, kind="education"), probability, decision, 0, 1, name)
        for name, probability, decision in (
            ("University", 0.996, Decision.NONE),
            ("Laboratory", 0.98, Decision.MATCH),
            ("Town", 0.01, Decision.NONE),
        )
    ]
    shown = candidates(Sought(Query(query="x"), ServeSettings()), [], found)
    assert [(c["id"], c["score"], c["match"]) for c in shown] == [
        ("Laboratory", 98.0, True),
        ("University", 98.0, False),
        ("Town", 1.0, False),
    ]
    assert {f["id"]: f["value"] for f in shown[1]["features"]}["probability"] == 0.996


def test_two_institutions_in_a_cell_are_left_to_a_person(service: Any) -> None:
    (candidates,) = reconcile(service, q={"query": "Dept. of CSE, 港中大, Shatin; SenseTime Research"}).values()
    assert {CUHK, SENSETIME} == {c["id"] for c in candidates[:2]}
    assert not any(c["match"] for c in candidates)


def test_types_restrict(service: Any) -> None:
    both = {"query": "Dept. of CSE, 港中大, Shatin; SenseTime Research"}
    found = reconcile(
        service,
        company={**both, "type": "company"},
        either={**both, "type": ["company", "education"]},
        all={**both, "type": ["company", "education"], "type_strict": "all"},
        should={**both, "type": "company", "type_strict": "should"},
        any_organization={**both, "type": "organization"},
        unknown={**both, "type": "Q43229"},
    )
    assert {t["id"] for c in found["company"] for t in c["type"]} == {"organization", "company"}
    # of the two that the cell names one is of the kind: it need not be left to a person
    assert [c["id"] for c in found["company"] if c["match"]] == [SENSETIME]
    assert {c["id"] for c in found["either"]} >= {CUHK, SENSETIME}
    assert not any(c["match"] for c in found["either"])
    assert found["all"] == []
    assert found["any_organization"] == found["unknown"]


def test_a_preferred_type_does_not_hide_what_is_found(service: Any) -> None:
    """What OpenRefine always asks for: its `should` is no `any`."""
    both = {"query": "Dept. of CSE, 港中大, Shatin; SenseTime Research", "type_strict": "should"}
    found = reconcile(
        service,
        company={**both, "type": "company"},
        strictly={**both, "type": "company", "type_strict": "any"},
        none={**both, "type": "funder"},
        any_organization={**both, "type": "organization"},
    )
    assert found["company"] == found["strictly"]
    assert [c["id"] for c in found["none"]] == [c["id"] for c in found["any_organization"]]
    assert not any(c["match"] for c in found["none"])


def test_properties_tell_namesakes_apart(service: Any) -> None:
    def one(*properties: tuple[str, Any]) -> dict[str, Any]:
        query = {"query": "Northeastern University", "properties": [{"pid": p, "v": v} for p, v in properties]}
        found: dict[str, Any] = reconcile(service, q=query)["q"][0]
        return found

    boston, shenyang = "https://ror.org/04t5xt781", "https://ror.org/03awzbc87"
    assert one(("city", "Shenyang"))["id"] == shenyang
    assert one(("country", "CN"))["id"] == shenyang
    assert one(("country", "China"))["id"] == shenyang
    assert one(("city", "Boston"), ("country", "US"))["id"] == boston
    assert one(("country", ["US", {"id": "US", "name": "United States"}]))["id"] == boston
    assert one(("nonsense", 1.5), ("more", True))["id"] in (boston, shenyang)
    contradicted = reconcile(service, q={"query": "港中大", "properties": [{"pid": "country", "v": "FR"}]})["q"]
    assert not any(c["match"] for c in contradicted)
    by_property = reconcile(
        service, q={"properties": [{"pid": "ror", "v": CUHK}]}, n={"properties": [{"pid": "name", "v": "港中大"}]}
    )
    assert by_property["q"][0]["id"] == by_property["n"][0]["id"] == CUHK


@pytest.mark.parametrize(
    ("pid", "value", "best"),
    [
        ("country", {"id": "Q148", "name": "People's Republic of China"}, "https://ror.org/03awzbc87"),  # Wikidata's
        ("country", "CHN", "https://ror.org/03awzbc87"),
        ("country", "中国", "https://ror.org/03awzbc87"),
        ("country_name", "Vereinigte Staaten", "https://ror.org/04t5xt781"),
        ("region", "US-MA", "https://ror.org/04t5xt781"),
        ("region", "Liaoning", "https://ror.org/03awzbc87"),
        ("city", "沈阳", "https://ror.org/03awzbc87"),
        ("name_zh", "东北大学", "https://ror.org/03awzbc87"),
        ("grid", "grid.261112.7", "https://ror.org/04t5xt781"),
        ("ror", {"id": "https://ror.org/03awzbc87", "name": "NEU"}, "https://ror.org/03awzbc87"),
    ],
)
def test_further_columns_are_read_as_people_fill_them(service: Any, pid: str, value: Any, best: str) -> None:
    query = {"query": "Northeastern University", "properties": [{"pid": pid, "v": value}]}
    assert reconcile(service, q=query)["q"][0]["id"] == best


def test_a_column_that_says_otherwise_is_for_a_person(service: Any) -> None:
    def matched(query: str, **properties: str) -> list[str]:
        asked = {"query": query, "properties": [{"pid": p, "v": v} for p, v in properties.items()]}
        return [c["id"] for c in reconcile(service, q=asked)["q"] if c["match"]]

    assert matched("港中大") == [CUHK]
    assert matched("港中大", country="Hong Kong") == matched("港中大", country="China") == [CUHK]
    assert matched("港中大", country="France") == matched("港中大", country="FRA") == []
    assert matched("港中大", ror=OXFORD) == [OXFORD], "an id stands above the words"
    assert matched("港中大", ror=CUHK, grid="grid.10784.3a") == [CUHK]
    assert matched("港中大", ror=CUHK, grid="grid.4991.5") == [], "two ids, of two institutions"


def test_nothing_found_is_an_empty_result(service: Any) -> None:
    assert all(c["score"] < 10 and not c["match"] for c in reconcile(service, q={"query": "独立研究者"})["q"])
    assert reconcile(service, q={"query": "?!"})["q"] == []
    blank = service.client.post("/reconcile", data={"queries": json.dumps({"q": {"query": " "}})}).json()
    assert blank == {"q": {"result": []}}
    assert service.client.post("/reconcile", data={"queries": "{}"}).json() == {}


def test_long_cells_are_cut_and_not_refused(service: Any) -> None:
    assert reconcile(service, q={"query": "港中大 " + "x" * 50_000})["q"][0]["id"] == CUHK


def _with(properties: list[dict[str, Any]]) -> dict[str, str]:
    return {"queries": json.dumps({"q": {"query": "x", "properties": properties}})}


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"queries": "{"}, 400, "queries: Invalid JSON"),
        ({"queries": "[]"}, 400, "queries: Input should be an object"),
        ({"queries": '{"q": {"query": 1}}'}, 400, "queries: 'q.query'"),
        ({"queries": '{"q": {"query": "x", "limit": 0}}'}, 400, "queries: 'q.limit'"),
        ({"queries": '{"q": {"query": "x", "kind": "y"}}'}, 400, "'q.kind' is illegal"),
        ({"queries": json.dumps({str(i): {"query": "x"} for i in range(101)})}, 413, "101 queries in one batch; at most 100"),
        (_with([{"pid": "city", "v": ["x"] * 21}]), 400, "should have at most 20 items"),
        (_with([{"pid": f"p{i}", "v": "x"} for i in range(21)]), 400, "should have at most 20 items"),
        ({}, 400, "the form has neither 'queries' nor 'extend'"),
        ({"extend": "{}"}, 400, "extend: 'ids' is missing"),
        ({"extend": json.dumps({"ids": ["x"] * 1001, "properties": []})}, 413, "1,001 ids"),
        ({"extend": json.dumps({"ids": [], "properties": [{"id": "x"}] * 999})}, 413, "999 are asked for"),
    ],
)
def test_faults_have_their_status(service: Any, form: dict[str, str], status: int, said: str) -> None:
    answer = service.client.post("/reconcile", data=form, headers=REFINE)
    assert answer.status_code == status
    assert said in answer.json()["errors"][0]


# 5. Preview


def test_the_preview_is_a_page_for_a_frame(service: Any) -> None:
    preview = service.client.get("/reconcile/preview", params={"id": CUHK})
    assert preview.headers["content-type"].startswith("text/html")
    assert "The Chinese University of Hong Kong" in preview.text
    assert "frame-ancestors http://127.0.0.1:* http://localhost:*" in preview.headers["content-security-policy"]
    assert "x-frame-options" not in preview.headers
    assert service.client.get("/reconcile/preview", params={"id": "nobody"}).status_code == 404
    mine = service.client.get("/reconcile/view", params={"id": "affil:damo-academy"})
    assert (mine.status_code, "DAMO Academy" in mine.text) == (200, True)


# 6. Suggest


@pytest.mark.parametrize("kind", ["entity", "type", "property"])
def test_suggestions(service: Any, kind: str) -> None:
    schema = {"entity": "suggest-entities", "type": "suggest-types", "property": "suggest-properties"}[kind]
    prefix = {"entity": "University", "type": "", "property": "name"}[kind]

    def ask(**asked: Any) -> list[dict[str, Any]]:
        answer = service.client.get(f"/reconcile/suggest/{kind}", params={"prefix": prefix, **asked})
        found = answer.json()
        fits(found, f"{schema}-response.json")
        assert all(isinstance(one["id"], str) and one["name"] for one in found["result"])
        return list(found["result"])

    first, more = ask(limit=4), ask(limit=4, cursor=4)
    assert len(first) == 4
    assert more
    assert ask(limit=8)[:4] == first
    assert ask(limit=8)[4:] == more
    assert ask(cursor=100_000) == []
    one = first[0]
    flyout = service.client.get(f"/reconcile/flyout/{kind}", params={"id": one["id"]}).json()
    assert flyout["id"] == one["id"]
    assert one["name"] in flyout["html"]
    assert service.client.get(f"/reconcile/flyout/{kind}?id=nobody").status_code == 404


def test_entities_are_suggested_by_what_is_typed(service: Any) -> None:
    def ids(prefix: str, **more: str) -> list[str]:
        result = service.client.get("/reconcile/suggest/entity", params={"prefix": prefix, **more}).json()["result"]
        return [one["id"] for one in result]

    assert ids("The Chinese University of Hong Kong")[0] == CUHK
    assert ids("港中大")[0] == CUHK
    assert ids(CUHK) == ids("00t33hh48") == [CUHK]
    assert OXFORD in ids("univ of oxf")
    assert SENSETIME in ids("sensetime", type="company")
    assert ids("sensetime", type="education") == []
    assert ids("") == []
    (found,) = service.client.get("/reconcile/suggest/entity", params={"prefix": CUHK}).json()["result"]
    assert found["notable"] == ["organization", "education"]


# 7. Data extension


def test_data_extension(service: Any) -> None:
    proposed = service.client.get("/reconcile/properties", params={"type": "education", "limit": 40}).json()
    fits(proposed, "data-extension-property-proposal.json")
    assert (proposed["type"], proposed["limit"]) == ("education", 40)
    assert [p["id"] for p in proposed["properties"]][:4] == ["ror", "id", "name", "country"]
    wanted = {
        "ids": [CUHK, "affil:damo-academy", "nobody"],
        "properties": [
            {"id": i}
            for i in (
                "ror",
                "country",
                "country_name",
                "city",
                "coordinates",
                "lat",
                "parent",
                "name_zh",
                "name_en",
                "nonsense",
            )
        ]
        + [{"id": "alias", "settings": {"limit": "1"}}],
    }
    fits(wanted, "data-extension-query.json")
    answers = [
        service.client.post("/reconcile", data={"extend": json.dumps(wanted)}, headers=REFINE).json(),
        service.client.get("/reconcile", params={"extend": json.dumps(wanted)}).json(),
    ]
    assert answers[0] == answers[1]
    fits(answers[0], "data-extension-response.json")
    meta, rows = answers[0]["meta"], answers[0]["rows"]
    assert [m["id"] for m in meta] == [p["id"] for p in wanted["properties"]]
    assert next(m for m in meta if m["id"] == "parent")["type"]["id"] == "organization"
    assert set(rows) == set(wanted["ids"])
    assert all(list(row) == [m["id"] for m in meta] for row in rows.values())
    assert rows[CUHK]["ror"] == [{"str": CUHK}]
    assert rows[CUHK]["country"] == [{"str": "HK"}]
    assert rows[CUHK]["country_name"] == [{"str": "Hong Kong"}]
    assert rows[CUHK]["name_zh"][0] in ({"str": "香港中文大學"}, {"str": "香港中文大学"})
    assert rows[CUHK]["name_en"] == [{"str": "The Chinese University of Hong Kong"}]
    assert rows[CUHK]["lat"][0]["float"] == pytest.approx(22.3, abs=0.2)
    assert rows[CUHK]["coordinates"] == [{"str": f"{rows[CUHK]['lat'][0]['float']},114.1747"}]
    assert len(rows[CUHK]["alias"]) == 1
    assert rows["affil:damo-academy"]["ror"] == []
    assert all(values == [] for values in rows["nobody"].values())
    child = next(one for one in service.matcher.registry if one.parents)
    asked = json.dumps({"ids": [child.id], "properties": [{"id": "parent"}]})
    parents = service.client.get("/reconcile", params={"extend": asked}).json()["rows"][child.id]["parent"]
    assert [p["id"] for p in parents] == [*child.parents]
    assert all(p["name"] for p in parents)


# features


@pytest.mark.parametrize("kind", NAME_KINDS)
def test_all_evidence_is_a_feature(kind: str) -> None:
    one = Institution("affil:x", "X", country="GB", city="York")
    for exact in (0.0, 1.0):
        values = {**dict.fromkeys(READ, 1.0), "exact": exact, "coverage": 0.54499}
        reasons = explain(values, kind, 3, FeatureSettings())
        match = Match(one, 0.5, Decision.REVIEW, 0, 1, "x", reasons)
        found = {f["id"]: f["value"] for f in features(match)}
        assert list(found)[: len(reasons) + 1] == ["probability", *(r.name for r in reasons)]
        assert len(found) == len(reasons) + 1 + (exact == 1.0)
        assert found["bearers"] == 3
        assert found["name_coverage"] == (1.0 if exact else 0.54), "as the sentence says it: in whole percents"
        assert found["city_named"] is True


def test_every_feature_says_what_it_stands_for() -> None:
    assert list(FEATURES) == list(REASONS)
    assert not [words for words in FEATURES.values() if "{" in words]


# a client that was not written for us


def test_the_client_reconciler(service_url: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, and those of its progress bar
        from reconciler import reconcile as client

        frame = pd.DataFrame(
            {
                "affiliation": ["Dept. of CSE, 港中大, Shatin", "Univ. of Oxford", "Northeastern University", "Tsinghua Univ."],
                "country": ["HK", "GB", "CN", "CN"],
            }
        )
        found = client(
            frame["affiliation"],
            type_id="education",
            top_res=1,
            property_mapping={"country": frame["country"]},
            reconciliation_endpoint=f"{service_url}reconcile",
        )
    assert found["id"].tolist() == [CUHK, OXFORD, "https://ror.org/03awzbc87", "https://ror.org/03cve4549"]
    assert found["match"].tolist() == [True] * 4
    assert found["input_value"].tolist() == frame["affiliation"].tolist()
