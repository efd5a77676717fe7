"""Works, records and notes from servers that answer as Crossref, dblp and OpenReview do."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import AffilError
from affil.fetch import fetch_crossref, fetch_dblp, fetch_openreview
from affil.fetch.issn import checked_issn
from tests.fetch.conftest import Service


def held(path: Path) -> list[Any]:
    with gzip.open(path, "rt") as lines:
        return [json.loads(line) for line in lines]


class Crossref:
    def __init__(self, number: int) -> None:
        self.works = [{"DOI": f"10.1000/{n}", "title": [f"Title {n}"]} for n in range(number)]

    def __call__(self, path: str, asked: dict[str, str]) -> Any:
        assert path == "/works"
        rows = int(asked["rows"])
        first = 0 if asked.get("cursor", "*") == "*" else int(asked["cursor"])
        found = self.works if "from-index-date" not in asked["filter"] else self.works[:3]
        message = {"total-results": len(found), "items": found[first : first + rows], "next-cursor": str(first + rows)}
        return {"status": "ok", "message-type": "work-list", "message": message}


def test_crossref_by_issn_and_what_came_since(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSREF_MAILTO", "ana@example.org")
    service.answer = Crossref(1203)
    service.troubles = [503, "cut"]
    fetched = fetch_crossref(tmp_path, "0162-8828", years=(2020, 2021), base=service.base)
    assert [w["DOI"] for w in held(fetched.file)] == [f"10.1000/{n}" for n in range(1203)]
    assert service.asked[-1][1]["filter"] == "issn:0162-8828,from-pub-date:2020,until-pub-date:2021"
    assert service.asked[-1][1]["mailto"] == "ana@example.org"
    again = fetch_crossref(tmp_path, "0162-8828", years=(2020, 2021), base=service.base)
    assert (again.records, again.new) == (1203, 3)
    assert ",from-index-date:" in service.asked[-1][1]["filter"]


@pytest.mark.parametrize(
    ("text", "message"),
    [("nonsense", "'nonsense' is no ISSN; write it like 0162-8828"), ("0162-8829", "its last digit does not fit the others")],
)
def test_an_issn_is_checked_before_anything_is_asked(service: Service, tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(AffilError, match=message):
        fetch_crossref(tmp_path / "fetched", text, base=service.base)
    assert (service.asked, list(tmp_path.iterdir())) == ([], [])


@pytest.mark.parametrize(
    ("text", "written"), [("0162-8828", "0162-8828"), ("01628828", "0162-8828"), (" 2167-647x ", "2167-647X")]
)
def test_issns(text: str, written: str) -> None:
    assert checked_issn(text) == written


@given(st.integers(0, 9_999_999))
def test_of_ten_check_digits_and_x_one_fits(number: int) -> None:
    digits = f"{number:07}"
    fitting = [c for c in "0123456789X" if is_issn(digits + c)]
    assert len(fitting) == 1
    weighed = sum(w * int(d) for w, d in zip(range(8, 1, -1), digits, strict=True))
    assert (weighed + "0123456789X".index(fitting[0])) % 11 == 0


def is_issn(text: str) -> bool:
    try:
        return bool(checked_issn(text))
    except AffilError:
        return False


class Dblp:
    def __call__(self, path: str, asked: dict[str, str]) -> Any:
        assert path == "/search/publ/api"
        stream, year = asked["q"].split(": year:")
        number = {"2022": 0, "2023": 1501, "2024": 3}[year.rstrip(":")] if stream == "stream:streams/conf/cvpr" else 0
        first, size = int(asked["f"]), int(asked["h"])
        hits = [{"info": {"key": f"{year}{n}", "title": "T"}} for n in range(first, min(first + size, number))]
        return {"result": {"hits": {"@total": str(number), **({"hit": hits} if hits else {})}}}


def test_dblp_year_by_year(service: Service, tmp_path: Path) -> None:
    service.answer = Dblp()
    told: list[str] = []
    fetched = fetch_dblp(tmp_path, "conf/cvpr", years=(2022, 2024), tell=told.append, base=service.base)
    assert (fetched.records, told) == (1504, ["1,504 records in about 3 calls"])
    assert len({r["key"] for r in held(fetched.file)}) == 1504
    assert fetch_dblp(tmp_path, "conf/cvpr", years=(2022, 2024), base=service.base).records == 1504
    with pytest.raises(AffilError, match="'CVPR' is no stream of dblp; write it like conf/cvpr"):
        fetch_dblp(tmp_path, "CVPR", years=(2022, 2024), base=service.base)
    with pytest.raises(AffilError, match="dblp has no record of conf/cvprx in 2022-2024"):
        fetch_dblp(tmp_path, "conf/cvprx", years=(2022, 2024), base=service.base)


class OpenReview:
    def __call__(self, path: str, asked: dict[str, str]) -> Any:
        if path == "/profiles":
            return {"profiles": [{"id": p, "content": {"history": []}} for p in asked["ids"].split(",")]}
        if asked["content.venueid"] != "ICLR.cc/2025/Conference":
            return {"notes": [], "count": 0}
        first, size = int(asked.get("offset", 0)), int(asked["limit"])
        ids = {"value": ["~Ana_Li1", "ana@example.org"]}
        notes = [
            {"id": f"n{n}", "content": {"authorids": ids if n else {"value": [f"~B_{k}" for k in range(120)]}}}
            for n in range(1203)
        ]
        return {"notes": notes[first : first + size], "count": 1203}


def test_openreview_notes_and_then_the_profiles_of_their_authors(service: Service, tmp_path: Path) -> None:
    service.answer = OpenReview()
    fetched = fetch_openreview(tmp_path, "ICLR.cc/2025/Conference", base=service.base)
    ids = [r["id"] for r in held(fetched.file)]
    assert ids[:1203] == [f"n{n}" for n in range(1203)]
    assert sorted(ids[1203:]) == sorted(["~Ana_Li1", *(f"~B_{k}" for k in range(120))])
    with pytest.raises(AffilError, match="OpenReview has no accepted paper of 'ICLR'; write it as"):
        fetch_openreview(tmp_path, "ICLR", base=service.base)
    service.troubles = [403]
    with pytest.raises(AffilError, match=r"answers 403 .*; OpenReview gives profiles only to those who are signed in"):
        fetch_openreview(tmp_path, "ICLR.cc/2025/Conference", base=service.base)


@pytest.mark.parametrize("fetch", [fetch_crossref, fetch_openreview])
def test_an_answer_of_another_kind_is_said(service: Service, tmp_path: Path, fetch: Any) -> None:
    service.answer = lambda path, asked: {"hello": "world"}
    with pytest.raises(AffilError, match=r"answers with something else than a list of (works|notes); try again later"):
        fetch(tmp_path, "0162-8828", base=service.base)
