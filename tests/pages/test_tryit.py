"""The page to try strings on, without a browser."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any

from affil.match import COLUMNS, why_not
from affil.names import visible
from affil.pages.tryit import Point, window
from affil.service import texts
from affil.types import Institution

STRINGS = ["Dept. of CSE, 港中大, Shatin; SenseTime Research", "Univ. of Oxfrod", "独立研究者"]
OWN = {"origin": "http://127.0.0.1:8372"}


def test_the_page_without_scripts(service: Any) -> None:
    plain = service.client.get("/")
    assert plain.status_code == 200
    assert 'name="affiliations"' in plain.text
    assert 'id="results"' not in plain.text
    assert "港中大" in service.client.get("/?example=1").text
    found = service.client.post("/", data={"affiliations": "\n\n 港中大, Shatin \r\n独立研究者\n"}, headers=OWN).text
    assert "<mark>港中大</mark>, Shatin" in found
    assert found.count('<li class="card">') == 2
    assert "The Chinese University of Hong Kong" in found
    assert 'class="dot match"' in found
    many = service.client.post("/", data={"affiliations": "x\n" * 101}, headers=OWN)
    assert (many.status_code, "101 lines; the page takes 100" in many.text) == (413, True)
    long = service.client.post("/", data={"affiliations": "x" * 10_001}, headers=OWN)
    assert (long.status_code, "at most 10,000" in long.text) == (400, True)
    chinese = service.client.get("/", headers={"accept-language": "zh-CN"})
    assert "这些字符串指的是哪些机构" in chinese.text
    assert 'lang="zh-Hans"' in chinese.text


def test_why_a_string_has_no_institution(service: Any) -> None:
    """In the words of the command line, in each language."""
    strings = ["独立研究者", "Infocomm Lab", "12345", "Open University, Sydney, Australia"]
    why = [e.nothing for e in why_not(service.matcher, strings)]
    assert len({w.why for w in why}) > 2
    for language, html in texts.LANGUAGES.items():
        page = service.client.post("/", data={"affiliations": "\n".join(strings)}, headers={**OWN, "accept-language": html})
        said = [unescape(cell) for cell in re.findall(r'<span class="tag none">[^<]*</span> (.+?)</p>', page.text)]
        assert said == [visible(texts.told(w.said, language)) for w in why]
        assert (said == [w.said for w in why]) is (language == "en"), "translated"


def test_no_spreadsheet_runs_a_cell_of_the_download(service: Any) -> None:
    answer = service.client.post("/download", data={"affiliations": '=HYPERLINK("x")\n-1'}, headers=OWN)
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["affiliation"] for row in rows] == ['\'=HYPERLINK("x")', "-1"]


def test_the_download_has_the_columns_of_affil_match(service: Any) -> None:
    answer = service.client.post("/download", data={"affiliations": "\n".join(STRINGS)}, headers=OWN)
    assert answer.headers["content-disposition"] == 'attachment; filename="matches.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert list(rows[0]) == ["affiliation", *COLUMNS]
    expected = service.matcher.match_many(STRINGS)
    assert [r["institution_id"] for r in rows] == [m.institution.id for r in expected for m in r.matches] + [""]
    assert (rows[-1]["decision"], rows[-1]["evidence"]) == ("none", expected[-1].why)
    assert service.client.post("/download", data={"affiliations": "x\n" * 101}, headers=OWN).status_code == 413


def test_the_description_names_every_operation(service: Any) -> None:
    document = service.client.get("/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert {"/match", "/organizations", "/v2/organizations/{id}", "/reconcile", "/health"} <= set(document["paths"])
    page = service.client.get("/docs").text
    for path, methods in document["paths"].items():
        for method in methods:
            assert f'<span class="method">{method.upper()}</span> {path}' in page


def test_the_map_shows_all_points() -> None:
    def at(*places: tuple[float, float]) -> list[Point]:
        return [Point(lon + 180, 90 - lat, Institution("x", "x"), "match") for lon, lat in places]

    assert window([]) == (0.0, 5.0, 360.0, 145.0)
    for places in (
        at((114, 22)),
        at((114, 22), (-71, 42)),
        at((-0.1, 51), (2, 48)),
        at((179, -40)),
        at((-179, 70), (179, -45)),
    ):
        x, y, width, height = window(places)
        assert all(x <= p.x <= x + width and y <= p.y <= y + height for p in places)
        assert 0 <= x <= x + width <= 360.1
