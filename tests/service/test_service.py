"""The service's own answers, its limits, and what is told about it."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from affil.match import COLUMNS, why_not
from affil.service.limits import Limits
from affil.service.routing import Json
from affil.service.security import Access
from affil.service.telemetry import log_lines
from affil.settings import ServeSettings, load_settings
from affil.types import Decision, Institution, Match, Reason, Result

STRINGS = ["Dept. of CSE, 港中大, Shatin; SenseTime Research", "Univ. of Oxfrod", "独立研究者", "", "MIT CSAIL"]
OWN = {"origin": "http://127.0.0.1:8372"}


# what it answers


def test_the_answers_are_the_librarys(service: Any) -> None:
    answer = service.client.post("/match", json={"affiliations": STRINGS}).json()
    explained = why_not(service.matcher, STRINGS)
    said = [{"explanation": e.nothing.said} if e.nothing else {} for e in explained]
    results = [e.result for e in explained]
    assert results == service.matcher.match_many(STRINGS)
    expected = [{**r.to_dict(), **more, "candidates": []} for r, more in zip(results, said, strict=True)]
    assert answer["results"] == json.loads(json.dumps(expected))
    assert [r["why"] for r in answer["results"] if r["decision"] == "none"] == ["nothing_named", "no_words"]
    assert answer["version"] == service.matcher.version
    one = service.client.get("/match", params={"affiliation": STRINGS[0]}).json()
    assert one["results"] == answer["results"][:1]
    assert service.client.post("/match", json={"affiliations": []}).json()["results"] == []


def test_rivals_where_they_are_asked_for(service: Any) -> None:
    (found,) = service.client.get("/match", params={"affiliation": "Northeastern University", "candidates": 3}).json()[
        "results"
    ]
    assert found["candidates"]
    assert len(found["matches"]) + len(found["candidates"]) <= 3
    assert all(c["decision"] == "none" for c in found["candidates"])
    chosen = [m["institution_id"] for m in found["matches"]]
    plain = service.client.get("/match", params={"affiliation": "Northeastern University"}).json()["results"][0]
    assert chosen == [m["institution_id"] for m in plain["matches"]]


def test_health_and_metrics(service: Any) -> None:
    health = service.client.get("/health").json()
    assert (health["status"], health["institutions"]) == ("ok", len(service.matcher.registry))

    def counted() -> float:
        text = service.client.get("/metrics").text
        found = re.search(r"^affil_strings_total (\S+)$", text, re.MULTILINE)
        assert found
        return float(found[1])

    before = counted()
    service.client.post("/match", json={"affiliations": ["MIT", "Oxford", "CUHK"]})
    assert counted() == before + 3
    text = service.client.get("/metrics").text
    assert 'affil_requests_total{method="POST",path="/match",status="200"}' in text
    assert "process_resident_memory_bytes" in text
    service.client.get("/organizations/00t33hh48")
    service.client.get("/no/such/path?with=secrets")
    assert "00t33hh48" not in (text := service.client.get("/metrics").text), "no label for every id"
    assert "secrets" not in text


def test_what_is_not_there(service: Any) -> None:
    assert service.client.get("/nothing").json() == {"errors": ["not found"]}
    assert service.client.delete("/match", headers=OWN).status_code == 405
    assert set(service.client.delete("/match", headers=OWN).headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
    assert service.client.head("/health").status_code == 200


# limits


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 400, "Invalid JSON: EOF"),
        (b"{", 400, "Invalid JSON"),
        (b"\xff\xfe", 400, "Invalid JSON"),
        (b'{"affiliations": ["\xff"]}', 400, "Invalid JSON: invalid unicode"),
        (rb'{"affiliations": ["\ud800"]}', 400, "Invalid JSON"),
        (b"[" * 100_000, 400, "recursion limit exceeded"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, 400, "recursion limit exceeded"),
        (b"null", 400, "Input should be an object"),
        (b"[]", 400, "Input should be an object"),
        (b"{}", 400, "'affiliations' is missing"),
        (b'{"affiliations": "MIT"}', 400, "'affiliations' should be a valid array"),
        (b'{"affiliations": ["MIT", 7]}', 400, "'affiliations.1' should be a valid string"),
        (b'{"affiliations": [null]}', 400, "'affiliations.0' should be a valid string"),
        (b'{"affiliations": [], "candidates": -1}', 400, "'candidates' should be greater than or equal to 0"),
        (b'{"affiliations": [], "candidates": NaN}', 400, "candidates"),
        (b'{"affiliations": [], "strings": []}', 400, "'strings' is unknown; known are: affiliations, candidates"),
        (json.dumps({"affiliations": ["x"] * 1001}).encode(), 413, "1,001 strings in one request; at most 1,000"),
        (json.dumps({"affiliations": ["x", "y" * 10_001]}).encode(), 413, "string 1 has 10,001 characters; at most 10,000"),
        (b'{"affiliations": ["' + b"x" * 10_000_000 + b'"]}', 413, "too large: more than 1,000,000 bytes"),
    ],
    ids=lambda v: repr(v)[:30],
)
def test_bad_bodies_are_refused_with_a_reason(service: Any, body: bytes, status: int, said: str) -> None:
    answer = service.client.post("/match", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    assert said in answer.json()["errors"][0]
    assert len(answer.text) < 500


def test_ten_megabytes_that_are_not_announced(service: Any) -> None:
    def drip() -> Iterator[bytes]:
        yield from (b"x" * 100_000 for _ in range(100))

    answer = service.client.post("/match", content=drip(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()) == (413, {"errors": ["the request is too large"]})


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/match", "'affiliation' is missing"),
        ("/match?affiliation=%ff", "the parameters cannot be read"),
        ("/match?affiliation=x&candidates=many", "'candidates' should be a valid integer"),
        ("/match?affiliation=x&afiliation=y", "query parameter 'afiliation' is illegal"),
        ("/reconcile/suggest/entity", "'prefix' is missing"),
        ("/reconcile/suggest/entity?prefix=x&cursor=-1", "'cursor' should be greater than or equal to 0"),
        ("/match?" + "&".join(f"a{i}=1" for i in range(3000)), "the parameters cannot be read"),
    ],
)
def test_bad_parameters_are_refused_with_a_reason(service: Any, path: str, said: str) -> None:
    answer = service.client.get(path)
    assert answer.status_code == 400
    assert said in answer.json()["errors"][0]


def test_bodies_of_another_kind(service: Any) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = service.client.post("/match", content=b'{"affiliations": []}', headers={"content-type": kind})
        assert answer.status_code == 415
    assert service.client.post("/reconcile", json={"queries": "{}"}).status_code == 415
    assert service.client.post("/match?candidates=1", json={"affiliations": []}).status_code == 400


def test_posts_of_other_sites_are_refused(service: Any) -> None:
    for path in ("/match", "/", "/download"):
        answer = service.client.post(path, json={"affiliations": []}, headers={"origin": "http://evil.example"})
        assert (answer.status_code, answer.json()) == (403, {"errors": ["refused: the request comes from another site"]})
    assert service.client.get("/match?affiliation=x", headers={"host": "evil.example"}).status_code == 421


def test_clients_elsewhere_may_ask_so_often(tiny_matcher: Any, serving: Any) -> None:
    access = Access.of("0.0.0.0", "secret")
    token = {"authorization": "Bearer secret"}
    with serving(tiny_matcher, access, ServeSettings(per_minute=5), "http://lab.example") as made:
        assert made.client.get("/health").status_code == 401
        assert made.client.get("/health").json() == {"errors": [made.client.get("/health").json()["errors"][0]]}
        answers = [made.client.get("/health", headers=token) for _ in range(8)]  # the test client's address is no loopback
        statuses = [a.status_code for a in answers]
        assert statuses[-1] == 429
        assert set(statuses) == {200, 429}
        last = answers[-1]
        assert 1 <= int(last.headers["retry-after"]) <= 60
        assert "more than 5 requests in a minute" in last.json()["errors"][0]


def test_every_client_is_counted_for_itself() -> None:
    async def ask() -> list[int]:
        limits, statuses = Limits(Json({}), ServeSettings(per_minute=2)), []

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        for client in ("1.2.3.4",) * 4 + ("1.2.3.5",) + ("127.0.0.1",) * 4:
            await limits({"type": "http", "method": "GET", "path": "/", "client": (client, 1)}, None, send)
        return statuses

    assert asyncio.run(ask()) == [200, 200, 429, 429, 200, 200, 200, 200, 200]


def test_a_request_takes_only_so_long(tiny_matcher: Any, serving: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(tiny_matcher, Access.of("127.0.0.1"), ServeSettings(seconds=0.2)) as made:

        async def never(*_: Any) -> Any:
            import asyncio

            await asyncio.sleep(60)

        monkeypatch.setattr(made.batcher, "ranked", never)
        answer = made.client.get("/match?affiliation=MIT")
        assert (answer.status_code, answer.json()) == (503, {"errors": ["no answer within 0.2 seconds"]})


def test_too_many_strings_waiting(tiny_matcher: Any, serving: Any) -> None:
    with serving(tiny_matcher, Access.of("127.0.0.1"), ServeSettings(waiting=2)) as made:
        answer = made.client.post("/match", json={"affiliations": ["a", "b", "c"]})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert "try again" in answer.json()["errors"][0]


def test_a_fault_of_ours_is_told_and_does_not_quote(tiny_matcher: Any, serving: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(tiny_matcher, Access.of("127.0.0.1"), ServeSettings()) as made:

        async def broken(*_: Any) -> Any:
            raise KeyError("Secret Institute")

        monkeypatch.setattr(made.batcher, "ranked", broken)
        answer = made.client.get("/match?affiliation=MIT")
        assert answer.status_code == 500
        assert answer.json() == {"errors": ["this should not have happened; the log says more"]}
        assert made.client.get("/health").status_code == 200


# the token


def test_the_token_in_the_path(tiny_matcher: Any, serving: Any) -> None:
    """For OpenRefine, which can be told an address and nothing else."""
    with serving(tiny_matcher, Access.of("0.0.0.0", "secret"), ServeSettings(), "http://lab.example") as made:
        there = {"origin": "https://refine.example", "sec-fetch-site": "cross-site"}
        assert made.client.get("/reconcile").status_code == 401
        assert made.client.get("/reconcile", headers=there).status_code == 403
        assert made.client.get("/token/wrong/reconcile").status_code == 401
        manifest = made.client.get("/token/secret/reconcile", headers=there).json()
        assert manifest["suggest"]["entity"]["service_url"] == "http://lab.example/token/secret"
        answer = made.client.post("/token/secret/reconcile", data={"queries": '{"q": {"query": "港中大"}}'}, headers=there)
        assert answer.json()["q"]["result"][0]["match"] is True
        preview = made.client.get(manifest["preview"]["url"].replace("{{id}}", "00t33hh48"))
        assert preview.status_code == 200
        style = re.search(r'href="(/token/secret/static/style\.css)"', preview.text)
        assert style
        assert made.client.get(style[1]).status_code == 200
        assert made.client.get("/token/secret/match?affiliation=MIT").status_code == 200
        assert made.client.post("/token/secret/match", json={"affiliations": []}, headers=there).status_code == 403
    with serving(tiny_matcher, Access.of("127.0.0.1"), ServeSettings()) as open_to_all:
        assert open_to_all.client.get("/token/x/health").status_code == 404


# the log


@pytest.mark.parametrize("strings", [False, True])
def test_the_log(tiny_matcher: Any, serving: Any, capsys: pytest.CaptureFixture[str], strings: bool) -> None:
    from starlette.testclient import TestClient

    from affil.pages.serve import serve_app
    from affil.service.batching import Batcher
    from affil.service.telemetry import Metrics

    settings, metrics = ServeSettings(), Metrics({})
    try:
        log_lines(strings=strings, requests=True)
        with Batcher(tiny_matcher, settings) as batcher:
            app = serve_app(tiny_matcher, batcher, metrics, Access.of("127.0.0.1"), settings, log_strings=strings)
            with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
                client.post("/match", json={"affiliations": ["Tanglewick Robotics", "Quillwater"]})
                client.get("/match?affiliation=Tanglewick+Robotics")
                client.post("/reconcile", data={"queries": '{"q": {"query": "Tanglewick Robotics"}}'})
                client.get("/organizations?query=Tanglewick+Robotics")
                client.get("/match?affiliation=x", headers={"host": "evil.example"})
        logging.getLogger("affil.serve").error("failed", exc_info=KeyError("Tanglewick Robotics"))
    finally:
        for name in ("affil.serve", "uvicorn"):
            logger = logging.getLogger(name)
            logger.handlers, logger.propagate = [], True
            logger.setLevel(logging.NOTSET)
    out = capsys.readouterr().err
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(x["path"], x["status"]) for x in lines[:-1]] == [
        ("/match", 200), ("/match", 200), ("/reconcile", 200), ("/organizations", 200), ("other", 421)
    ]  # fmt: skip
    assert [x.get("strings") for x in lines[:-1]] == [2, 1, 1, None, None]
    assert all(x["ms"] >= 0 and x["time"].endswith("+00:00") for x in lines[:-1])
    assert lines[-1]["error"].startswith("KeyError")
    assert ("Tanglewick" in out) is strings
    assert (lines[0].get("affiliations") == ["Tanglewick Robotics", "Quillwater"]) is strings


def test_settings_of_the_service_are_read(tmp_path: Any) -> None:
    file = tmp_path / "limits.toml"
    file.write_text('[serve]\nstrings = 5\norigins = ["https://refine.example"]\n', "utf-8")
    assert load_settings(file).serve == ServeSettings(strings=5, origins=("https://refine.example",))


def test_a_result_as_json_has_what_a_table_has() -> None:
    match = Match(Institution("affil:x", "X"), 0.5, Decision.REVIEW, 0, 1, "X", (Reason("name_exact", "official"),))
    made = Result("X", (match,)).to_dict()
    assert sorted(made["matches"][0]) == sorted([*COLUMNS, "start", "end", "alias"])
    assert made["matches"][0]["evidence"] == ["+ “X” is its official name"]
