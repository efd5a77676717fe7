"""Works are fetched from a server that answers as OpenAlex does (developers.openalex.org)."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from affil.errors import AffilError
from affil.fetch import fetch_openalex
from affil.fetch.openalex import Query
from affil.papers.read import read_papers
from tests.fetch.conftest import Service

KEY = "a-key"
ICML = [
    {
        "id": "https://openalex.org/S1",
        "display_name": "International Conference on Machine Learning",
        "alternate_titles": ["ICML"],
    }
]
OTHERS = [
    {"id": "https://openalex.org/S2", "display_name": "Proceedings of the 40th International Conference on Machine Learning"},
    {"id": "https://openalex.org/S3", "display_name": "International Conference on Machine Learning and Applications"},
    {"id": "https://openalex.org/S4", "display_name": None},
]


def work(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"https://openalex.org/W{number}",
        "doi": f"https://doi.org/10.1000/{number}",
        "title": f"Title {number}",
        "publication_year": 2024,
        "primary_location": {"source": {"id": "https://openalex.org/S1", "display_name": "ICML"}},
        "authorships": [{"raw_author_name": "Ana Li", "raw_affiliation_strings": ["MIT"]}],
        **more,
    }


class OpenAlex:
    """Works in pages by cursor, filters on ids and dates of change, single works, sources."""

    def __init__(self, works: list[dict[str, Any]], *, by_date: bool = True) -> None:
        self.works, self.by_date = works, by_date

    def __call__(self, path: str, asked: dict[str, str]) -> Any:
        if asked.get("api_key") != KEY:
            return 401
        if path == "/sources":
            return {"meta": {"count": 4}, "results": ICML + OTHERS}
        if path.startswith("/works/"):
            return {**next(w for w in self.works if w["id"].endswith(path.rpartition("/")[2])), "is_authors_truncated": False}
        found = self.works
        for condition in asked["filter"].split(","):
            field, _, value = condition.partition(":")
            if field == "from_updated_date":
                if not self.by_date:
                    return 403
                found = [w for w in found if w.get("updated_date", "2000-01-01") >= value]
            if field == "ids.openalex":
                found = [w for w in found if w["id"].rpartition("/")[2] in value.split("|")]
        size = int(asked["per_page"])
        assert size <= 100
        first = 0 if asked.get("cursor", "*") == "*" else int(asked["cursor"])
        page = found[first : first + size]
        fields = asked["select"].split(",")
        results = [{k: v for k, v in w.items() if k in fields or k == "is_authors_truncated"} for w in page]
        return {"meta": {"count": len(found), "next_cursor": str(first + size) if page else None}, "results": results}


def held(path: Path) -> list[str]:
    with gzip.open(path, "rt") as lines:
        return [json.loads(line)["id"] for line in lines]


def fetch(service: Service, folder: Path, query: Query | None = None, **more: Any) -> Any:
    return fetch_openalex(folder, query or Query(venues=["ICML"], years=(2014, 2025)), key=KEY, base=service.base, **more)


def test_all_works_of_a_venue_in_pages(service: Service, tmp_path: Path) -> None:
    service.answer = OpenAlex([work(n) for n in range(250)])
    told: list[str] = []
    steps: list[tuple[int, int]] = []
    fetched = fetch(service, tmp_path, tell=told.append, progress=lambda *step: steps.append(step))
    assert (fetched.records, fetched.new, fetched.calls) == (250, 250, 4)
    assert held(fetched.file) == [f"https://openalex.org/W{n}" for n in range(250)]
    assert told == ["250 works in about 3 calls, 0.00 US$ of the day's free budget"]
    assert [done for done, _ in steps] == [100, 200, 250, 250]
    filters = {asked["filter"] for path, asked in service.asked if path == "/works"}
    assert filters == {"publication_year:2014-2025,primary_location.source.id:S1|S2|S4306419644"}, "by name, and the table's"
    assert len(list(read_papers([fetched.file]))) == 250
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".gz", ".json"]


def test_two_that_fetch_the_same_take_turns(service: Service, tmp_path: Path) -> None:
    service.answer = OpenAlex([work(n) for n in range(450)])
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: fetch(service, tmp_path), range(2))
    assert {first.records, second.records} == {450}
    assert held(first.file) == [f"https://openalex.org/W{n}" for n in range(450)]
    assert sorted((first.new, second.new)) != [450, 450], "the second asked only for what came since"


def test_conditions_hold_together(service: Service, tmp_path: Path) -> None:
    service.answer = OpenAlex([work(1)])
    query = Query(institution="https://ror.org/042nb2s44", issn="0162-8828", filter="type:article", years=(2024, 2024))
    fetch(service, tmp_path, query)
    expected = (
        "type:article,publication_year:2024-2024,authorships.institutions.ror:https://ror.org/042nb2s44,"
        "primary_location.source.issn:0162-8828"
    )
    assert {asked["filter"] for _, asked in service.asked} == {expected}


def test_works_with_more_than_a_hundred_authors_are_asked_for_one_by_one(service: Service, tmp_path: Path) -> None:
    service.answer = OpenAlex([work(1), work(2, is_authors_truncated=True)])
    fetch(service, tmp_path)
    assert [path for path, _ in service.asked].count("/works/W2") == 1


def test_what_came_since_by_the_date_of_change(service: Service, tmp_path: Path) -> None:
    works = [work(n) for n in range(150)]
    service.answer = OpenAlex(works)
    fetch(service, tmp_path)
    works[7] = work(7, title="Another title", updated_date="2999-01-01")
    works.append(work(999, updated_date="2999-01-01"))
    service.asked.clear()
    fetched = fetch(service, tmp_path)
    assert (fetched.records, fetched.new) == (151, 2)
    assert {p.id: p.title for p in read_papers([fetched.file])}["https://openalex.org/W7"] == "Another title"
    assert len(service.asked) < 8


def test_what_came_since_by_ids_where_the_key_allows_no_more(service: Service, tmp_path: Path) -> None:
    works = [work(n) for n in range(150)]
    service.answer = OpenAlex(works, by_date=False)
    fetch(service, tmp_path)
    works += [work(n) for n in range(900, 1030)]
    fetched = fetch(service, tmp_path)
    assert (fetched.records, fetched.new) == (280, 130)
    assert len(set(held(fetched.file))) == 280
    again = fetch(service, tmp_path)
    assert (again.records, again.new) == (280, 0)


@pytest.mark.parametrize("trouble", [429, 500, 503, "cut", "html"])
def test_passing_trouble_is_asked_again(service: Service, tmp_path: Path, trouble: int | str) -> None:
    service.answer = OpenAlex([work(n) for n in range(30)])
    service.troubles = [trouble, trouble]
    assert fetch(service, tmp_path).records == 30


@pytest.mark.parametrize(
    ("troubles", "message"),
    [
        ([503] * 9, "answers 503 .*; try again later$"),
        (["html"] * 9, "answers with something else than JSON"),
        (["cut"] * 9, "broke off .*; run it again$"),
        ([404], "answers 404 .*; it may have moved$"),
        ([401], "the key in OPENALEX_API_KEY is wrong; get one at https://openalex.org/settings/api"),
    ],
)
def test_trouble_that_stays_is_one_line_without_the_key(
    service: Service, tmp_path: Path, troubles: list[int | str], message: str
) -> None:
    service.answer = OpenAlex([work(1)])
    service.troubles = list(troubles)
    with pytest.raises(AffilError, match=message) as caught:
        fetch(service, tmp_path)
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_spent_budget_goes_on_another_day(service: Service, tmp_path: Path) -> None:
    openalex = OpenAlex([work(n) for n in range(250)])
    service.answer = lambda path, asked: 429 if asked.get("cursor") == "100" and service.headers else openalex(path, asked)
    service.headers = {"X-RateLimit-Remaining-USD": "0"}
    with pytest.raises(AffilError, match="budget for the day is spent; run it again tomorrow, it goes on from there"):
        fetch(service, tmp_path)
    service.headers = {}
    service.asked.clear()
    fetched = fetch(service, tmp_path)
    assert len(set(held(fetched.file))) == fetched.records == 250
    assert "*" not in {asked.get("cursor") for _, asked in service.asked}, "the first page is not asked for again"


def test_a_part_that_somebody_deleted_is_fetched_again(service: Service, tmp_path: Path) -> None:
    openalex = OpenAlex([work(n) for n in range(250)])
    service.answer = lambda path, asked: 404 if asked.get("cursor") == "100" and service.headers else openalex(path, asked)
    service.headers = {"X-Trouble": "yes"}
    with pytest.raises(AffilError):
        fetch(service, tmp_path)
    next(tmp_path.glob("*.part")).unlink()
    service.headers = {}
    assert len(set(held(fetch(service, tmp_path).file))) == 250


def test_errors_of_the_person(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service.answer = OpenAlex([work(1)])
    monkeypatch.delenv("OPENALEX_API_KEY", raising=False)
    with pytest.raises(AffilError, match="OPENALEX_API_KEY is not set, and OpenAlex needs a key; get one at"):
        fetch_openalex(tmp_path, Query(issn="0162-8828"), base=service.base)
    with pytest.raises(AffilError, match="no venue 'ICMLX' in the table; the venues are: CVPR, "):
        fetch(service, tmp_path, Query(venues=["ICMLX"]))
    with pytest.raises(AffilError, match="nothing to fetch; name venues, an institution, an ISSN or a filter"):
        fetch(service, tmp_path, Query())
    with pytest.raises(AffilError, match="'0162-8829' is no ISSN: its last digit does not fit the others"):
        fetch(service, tmp_path, Query(issn="0162-8829"))
    with pytest.raises(AffilError, match=r"127\.0\.0\.1:1 cannot be reached .*; connect this machine to the internet"):
        fetch_openalex(tmp_path, Query(issn="0162-8828"), key=KEY, base="http://127.0.0.1:1")
    assert not tmp_path.exists(), "what failed before the first page leaves nothing"


def test_what_came_before_a_failure_stays(service: Service, tmp_path: Path) -> None:
    service.answer = OpenAlex([work(n) for n in range(250)])
    service.troubles = [*[None] * 3, 403]
    with pytest.raises(AffilError, match="403"):
        fetch(service, tmp_path)
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".json", ".part"]
    assert fetch(service, tmp_path).records == 250


_KILLED = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from affil.fetch import fetch_openalex, openalex
from affil.io import http
quick = http.FETCH.model_copy(update={"wait": 0.0, "per_second": 1e9, "page": 10})
http.FETCH = openalex.FETCH = quick
fetch_openalex(Path(sys.argv[1]), openalex.Query(filter="all"), key="a-key", base=sys.argv[2])
"""


@pytest.mark.slow
def test_killed_at_any_moment_none_is_lost_or_twice(service: Service, python: str, tmp_path: Path) -> None:
    chance = random.Random(20261126)
    service.answer = OpenAlex([work(n) for n in range(3000)])
    kills = 0
    while True:
        process = subprocess.Popen([python, "-c", _KILLED, str(tmp_path), service.base], env={**os.environ})
        began = len(service.asked)
        stop = began + chance.randrange(20, 150)
        while process.poll() is None and (len(service.asked) < stop or kills == 3):
            time.sleep(0.001)
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
    assert process.returncode == 0
    assert kills == 3
    (file,) = tmp_path.glob("*.jsonl.gz")
    assert held(file) == [f"https://openalex.org/W{n}" for n in range(3000)]
