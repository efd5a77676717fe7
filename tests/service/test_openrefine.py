"""What OpenRefine's own code sent, sent again; and the answers read as that code reads them.

`openrefine.json` was recorded by `tools/openrefine/record.py`: the requests of GuessTypesOfColumnCommand, StandardReconConfig and
ReconciledDataExtensionJob for `tools/openrefine/sheet.json`, the answers, and what the classes read of them; and the requests of the
scripts of its page. The rules of reading below are held against that, and then applied to the answers of today.
"""

from __future__ import annotations

import json
import urllib.request
from collections import defaultdict
from collections.abc import Iterable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

ROOT = Path(__file__).parents[2]
RECORD = json.loads(Path(__file__).with_name("openrefine.json").read_text("utf-8"))
SHEET = ROOT / "tools" / "openrefine" / "sheet.json"
GUESSED, PLAIN, DETAILED, EXTENDED = RECORD["read"]
CUHK, TSINGHUA, OXFORD = "https://ror.org/00t33hh48", "https://ror.org/03cve4549", "https://ror.org/052gg0110"
SHENYANG, BOSTON, HSINCHU = "https://ror.org/03awzbc87", "https://ror.org/04t5xt781", "https://ror.org/00zdnkx70"

Json = dict[str, Any]


def asked(exchange: Json) -> Json:
    """The JSON in the one field of the form."""
    ((_, (value,)),) = parse_qs(exchange["body"], strict_parsing=True).items()
    found: Json = json.loads(value)
    return found


def guess_types(answer: Json) -> list[Json]:
    """GuessTypesOfColumnCommand.guessTypes: types by how many candidates have them, then by rank."""
    score: dict[str, float] = defaultdict(float)
    count: dict[str, int] = defaultdict(int)
    names = {}
    for result in answer.values():
        for rank, candidate in enumerate(result["result"]):
            types = candidate["type"]
            for place, one in enumerate(types):
                score[one["id"]] += (len(types) - place) / len(types) / (1 + rank)
                count[one["id"]] += 1
                names[one["id"]] = one["name"]
    order = sorted(names, key=lambda i: (-min(10, count[i]), -score[i] / count[i]))
    return [{"id": i, "name": names[i], "count": count[i], "score": pytest.approx(score[i])} for i in order]


def read_cell(result: Json) -> Json:
    """StandardReconConfig.createReconServiceResults: by score, and matched if the first one says so."""
    candidates = sorted(result["result"], key=lambda c: -c["score"])
    match = candidates[0]["id"] if candidates and candidates[0].get("match") else None
    kept = [{k: c[k] for k in ("id", "name", "score")} | {"types": [t["id"] for t in c["type"]]} for c in candidates]
    return {"judgment": "Matched" if match else "None", "error": None, "match": match, "candidates": kept}


def read_extension(answer: Json, ids: list[str]) -> Json:
    """ReconciledDataExtensionJob: a column a property, a row a value; a property that a row lacks would move those behind it."""
    columns = [{"id": m["id"], "name": m["name"], "type": m.get("type")} for m in answer["meta"]]
    rows: dict[str, list[list[Any]]] = {}
    for identifier in ids:
        rows[identifier] = []
        held = [values for m in columns if (values := answer["rows"][identifier].get(m["id"])) is not None]
        for column, values in enumerate(held):
            for row, value in enumerate(values):
                while row >= len(rows[identifier]):
                    rows[identifier].append([None] * len(columns))
                rows[identifier][row][column] = _value(value)
    return {"columns": columns, "rows": rows}


def _value(value: Json) -> Any:
    if "id" in value:
        return {"id": value["id"], "name": value["name"], "types": value.get("type", []), "score": 100}
    return next(value[kind] for kind in ("str", "float", "int", "date", "bool") if kind in value)


def read_all(answers: list[Json]) -> list[Json]:
    """What OpenRefine makes of the answers to all that was recorded: cells by query, so that equal rows are one."""
    guessed, *others = answers
    cells: dict[bool, dict[str, Json]] = {False: {}, True: {}}
    for exchange, answer in zip(RECORD["exchanges"][1:-1], others[:-1], strict=True):
        for key, query in asked(exchange).items():
            cells["type" in query][json.dumps(query, sort_keys=True)] = read_cell(answer[key])
    extension = read_extension(others[-1], asked(RECORD["exchanges"][-1])["ids"])
    return [{"guessed": guess_types(guessed)}, {"cells": cells[False]}, {"cells": cells[True]}, extension]


def test_the_rules_of_reading_are_those_of_openrefine() -> None:
    guessed, plain, detailed, extended = read_all([e["answer"] for e in RECORD["exchanges"]])
    assert guessed == GUESSED
    assert extended == EXTENDED
    for mine, theirs in ((plain["cells"].values(), PLAIN["cells"]), (detailed["cells"].values(), DETAILED["cells"])):
        assert _once(mine) == _once(theirs)


def _once(cells: Iterable[Json]) -> list[Json]:
    """Rows that are alike were asked for once."""
    return list({json.dumps(cell): cell for cell in cells}.values())


@pytest.fixture(scope="module")
def today(service_url: str) -> list[Json]:
    """What OpenRefine would read today: the requests as they were sent, byte for byte, over HTTP."""
    answers = []
    for exchange in RECORD["exchanges"]:
        url = service_url + exchange["path"].lstrip("/")
        with urllib.request.urlopen(urllib.request.Request(url, exchange["body"].encode(), exchange["headers"])) as answer:
            assert answer.headers["content-type"] == "application/json"
            answers.append(json.load(answer))
    return read_all(answers)


def test_types_are_guessed(today: list[Json]) -> None:
    first, second = today[0]["guessed"][:2]
    assert (first["id"], second["id"]) == ("organization", "education")


def test_cells_are_reconciled(today: list[Json]) -> None:
    plain = {json.loads(query)["query"]: cell["match"] for query, cell in today[1]["cells"].items()}
    assert plain["香港中文大學計算機科學與工程學系"] == plain[CUHK] == CUHK
    assert plain["University of Oxford"] == plain["Univ. of Oxfrod 🎓"] == OXFORD
    assert plain["Northeastern University"] is None, "there are two"
    assert plain["Dept. of CSE, 港中大, Shatin; SenseTime Research"] is None, "two are named"
    assert plain["独立研究者"] is None


def test_further_columns_and_the_type_tell_which_is_meant(today: list[Json]) -> None:
    matched: dict[tuple[str, Any], Any] = {}
    for text, cell in today[2]["cells"].items():
        query = json.loads(text)
        assert query["type_strict"] == "should"
        details = {p["pid"]: p["v"] for p in query.get("properties", ())}
        matched[query["query"], details.get("city")] = cell["match"]
    assert matched["Northeastern University", "Shenyang"] == SHENYANG, "the country is an entity of Wikidata"
    assert matched["Northeastern University", "Boston"] == BOSTON
    assert matched["国立清华大学", "新竹"] == HSINCHU
    assert matched["Dept. of Computer Science & Technology, Tsinghua Univ., Beijing", None] == TSINGHUA
    assert matched["Dept. of CSE, 港中大, Shatin; SenseTime Research", None] == CUHK, "the university of the two"
    assert matched["Univ. of Oxfrod 🎓", None] is None, "the sheet says France"
    assert matched["Max-Planck-Institut für Informatik", "Saarbrücken"] is None, "no university"


def test_columns_are_added(today: list[Json]) -> None:
    extended = today[3]
    assert extended["columns"] == EXTENDED["columns"]
    assert set(extended["rows"]) == {CUHK, TSINGHUA, OXFORD, SHENYANG, BOSTON, HSINCHU}
    (first, *more) = extended["rows"][CUHK]
    ror, grid, parent, chinese, _alias, city, lat, place = first
    assert (ror, grid, parent, chinese, city) == (CUHK, "grid.10784.3a", None, "香港中文大學", "Hong Kong")
    assert place.startswith(f"{lat},")
    assert len(more) == 1, "two aliases are two rows"
    assert [cell for cell in more[0] if cell] == [more[0][4]]


def ask(url: str, **headers: str) -> tuple[Any, Any]:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
        return answer.headers, json.load(answer)


def test_its_page_gets_what_it_asks_for(service_url: str) -> None:
    """With what its widget for suggestions adds (`spell`, `scoring` and more), from a page on another port of this machine."""
    origin = "http://127.0.0.1:3333"
    read = RECORD["page"]["read"]
    assert read["access"] == "json", "no JSONP was needed"
    answers = {}
    for path in RECORD["page"]["asked"]:
        headers, answer = ask(service_url + path.lstrip("/"), origin=origin)
        assert headers["access-control-allow-origin"] == origin
        answers[path.partition("?")[0].removeprefix("/reconcile")] = answer
    assert list(answers) == ["", "/suggest/entity", "/suggest/type", "/suggest/property", "/properties"]
    for kind in ("entity", "type", "property"):
        assert answers[f"/suggest/{kind}"]["result"][0] == read[kind]
    by_name = sorted(answers["/properties"]["properties"], key=lambda p: p["id"])
    assert by_name == sorted(read["properties"], key=lambda p: p["id"])
    # kinds of what is chosen for all rows are put together as text
    assert ",".join(read["entity"]["notable"]) == "organization,education"


def test_its_page_can_do_with_jsonp(service_url: str) -> None:
    """jQuery names the function, and adds a number against caches."""
    url = f"{service_url}reconcile?callback=jQuery37107_179&_=1795795849924"
    with urllib.request.urlopen(url) as answer:
        assert answer.read().startswith(b'/**/jQuery37107_179({"versions":')


def test_addresses_are_fetched_for_each_row(service_url: str) -> None:
    """`Add column by fetching URLs` offers TLS along with each request (Apache's HttpClient)."""
    path = f"/match?affiliation={quote('Tencent AI Lab, Bellevue, WA, USA')}"
    fetch = HTTPConnection(urlsplit(service_url).netloc)
    for _ in range(2):  # on one connection
        fetch.request("GET", path, headers={"Upgrade": "TLS/1.2", "Connection": "Upgrade"})
        stated = json.load(fetch.getresponse())["results"][0]["matches"][0]
        assert (stated["stated_city"], stated["stated_country"]) == ("Bellevue", "US")
    fetch.close()


@pytest.mark.skipif(not SHEET.exists(), reason="the tests run without the project's folder around them")
def test_what_was_recorded_is_the_sheet() -> None:
    rows = json.loads(SHEET.read_text("utf-8"))["rows"]
    assert len(PLAIN["cells"]) == len(DETAILED["cells"]) == len(rows)
    sent = {query["query"] for e in RECORD["exchanges"][1:-1] for query in asked(e).values()}
    assert sent == {row[0] for row in rows}
