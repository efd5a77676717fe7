"""What notebooks show: tables, small lines, charts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import AffilError
from affil.markup import SHOWN, Html, sparkline, table
from affil.match import Matcher
from affil.rank import Ranking, Trend
from affil.rank.matched import Link
from affil.rank.ranking import distinct_names
from affil.types import Results
from affil.workspace import Workspace

HOSTILE = '<script>alert("1")</script>&'


def parsed(html: str) -> Any:
    """HTML as these tables write it is XML but for <br>."""
    return ElementTree.fromstring(f"<x>{html.replace('<br>', '<br/>')}</x>")


def cells(html: str) -> list[list[str]]:
    return [["\n".join(td.itertext()) for td in row] for row in parsed(html).iterfind(".//tr")]


# What XML can hold at all
TEXT = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Cn", "Co"]), max_size=8)


@given(rows=st.lists(st.tuples(TEXT, st.lists(TEXT, min_size=1, max_size=2)), min_size=1, max_size=3), note=TEXT)
def test_all_text_is_escaped(rows: list[tuple[str, list[str]]], note: str) -> None:
    html = table([{HOSTILE: text, "b": several} for text, several in rows], [note, HOSTILE])
    assert cells(html) == [[HOSTILE, "b"], *([text, "\n".join(filter(None, several))] for text, several in rows)]
    assert [p.text or "" for p in parsed(html).iterfind(".//p")] == [note, HOSTILE]


def test_numbers_and_what_is_missing() -> None:
    html = table([{"a": 1500, "b": 0.5, "c": None, "d": float("nan"), "e": Html("<b>x</b>")}])
    assert cells(html)[1] == ["1,500", "0.5", "", "", "x"]
    assert cells(table([])) == [[]]


def test_long_tables_say_what_is_left_out() -> None:
    html = table([{"a": k} for k in range(SHOWN + 5)])
    assert len(cells(html)) == SHOWN + 1
    assert f"{SHOWN} of {SHOWN + 5} rows." in html


def test_small_lines() -> None:
    assert parsed(sparkline([1.0, None, 2.0, 3.0])).find(".//path") is not None
    assert sparkline([1.0]) == sparkline([1.0, 2.0], apart=True) == ""


def test_results_and_reasons(tiny_matcher: Matcher) -> None:
    results = tiny_matcher.match_many(["University of Oxford", HOSTILE])
    assert isinstance(results, Results)
    shown = cells(results._repr_html_())
    assert [row[0] for row in shown] == ["affiliation", "University of Oxford", HOSTILE]
    assert shown[2][1:] == ["", "", "none", ""]
    (match,) = results[0].matches
    assert shown[1][3] == f"match {match.probability:.3f}"
    assert shown[1][4] == "\n".join(match.evidence)
    assert cells(results[0]._repr_html_()) == shown[:2]
    assert cells(match._repr_html_())[1] == shown[1][1:]


@pytest.fixture(scope="module")
def ws(review_folder: Any) -> Workspace:
    return Workspace.open(review_folder, create=True)


@pytest.fixture(scope="module")
def ranking(ws: Workspace) -> Ranking:
    return ws.rank(by="publications")


@pytest.fixture(scope="module")
def trend(ws: Workspace) -> Trend:
    return ws.trend(by="publications")


def test_rankings_are_tables_with_their_notes(ranking: Ranking) -> None:
    shown = cells(ranking._repr_html_())
    name, publications = shown[0].index("name"), shown[0].index("publications")
    assert [row[name] for row in shown[1:]] == ranking.frame["name"].tolist()
    assert [row[publications] for row in shown[1:]] == [f"{n:,}" for n in ranking.frame["publications"]]
    assert ranking.coverage.lines()[0] in ranking._repr_html_()
    renamed = pa.Table.from_pandas(ranking.frame.assign(name=HOSTILE), preserve_index=False)
    hostile = replace(ranking, table=renamed, warnings=(HOSTILE,))
    assert "<script" not in hostile._repr_html_()


def test_trends_have_years_and_small_lines(trend: Trend) -> None:
    shown = cells(trend._repr_html_())
    assert [h for h in shown[0] if h[:4].isdecimal()] == [
        f"{y}{'*' if trend.lacking and y == trend.years[-1] else ''}" for y in trend.years
    ]
    assert "<svg" in trend._repr_html_()


def test_why_shows_papers_and_what_waits(ws: Workspace) -> None:
    why = ws.why("OpenAI")
    html = why._repr_html_()
    assert len(parsed(html).findall(".//table")) == 2
    assert why.papers["title"][0] in html
    assert f'<td style="text-align: left">{why.papers["year"][0]}</td>' in html
    assert "<script" not in replace(why, papers=why.papers.assign(title=HOSTILE))._repr_html_()


def test_charts_are_drawn_without_a_browser(ws: Workspace, ranking: Ranking, trend: Trend) -> None:
    bars = ranking.plot(3)
    first = ranking.frame.iloc[0]
    assert bars.to_dict()["data"]["values"][0] == {"x": first["name"], "value": float(first["publications"])}
    assert len(bars.to_dict()["data"]["values"]) == 3
    lines = trend.plot(2).to_dict()["data"]["values"]
    assert [row["value"] for row in lines if row["who"] == lines[0]["who"]] == trend.frame.iloc[0][[*trend.years]].tolist()
    assert trend.plot(1, matched=True).to_dict()["data"]["values"][-1]["value"] == trend.frame.iloc[0][trend.years[-1]], (
        "as counted, where no years compare"
    )
    doubled = trend.frame.copy()
    doubled[[*trend.years]] *= 2
    compared = replace(trend, base=Link(trend.years[-2:], ("ICLR",), (1, 1), (1, 1)), matched=doubled)
    assert compared.plot(1, matched=True).to_dict()["data"]["values"][-1]["value"] == 2 * trend.frame.iloc[0][trend.years[-1]]
    for chart in (bars, trend.plot(), trend.plot(matched=True), bars.properties(title="mine")):
        svg = chart._repr_mimebundle_()["image/svg+xml"]
        assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert "OpenAI" in bars._repr_mimebundle_()["image/svg+xml"]
    assert "mine" in bars.properties(title="mine")._repr_mimebundle_()["image/svg+xml"]
    for wrong in (lambda: ranking.plot(0), lambda: trend.plot(9), lambda: ws.map(level="country")):
        with pytest.raises(AffilError):
            wrong()


def test_a_map_has_a_circle_where_a_place_is_known(monkeypatch: pytest.MonkeyPatch, ws: Workspace) -> None:
    import pyarrow as pa

    table = Workspace.institutions(ws)
    at = {"affil:openai": (37.8, -122.4), "affil:northeastern-boston": (42.3, -71.1)}
    for k, column in enumerate(("lat", "lon")):
        values = [at.get(i, (None, None))[k] for i in table.column("id").to_pylist()]
        table = table.set_column(table.column_names.index(column), column, pa.array(values, pa.float64()))
    monkeypatch.setattr(Workspace, "institutions", lambda _, columns: table.select(columns))
    chart = ws.map(by="publications")
    counted = ws.rank(level="city", by="publications").frame.set_index("name")["publications"]
    rows = {row["name"]: row for row in chart.to_dict()["data"]["values"]}
    assert {*rows} == {"San Francisco", "Boston"} & {*counted.index}
    assert rows["San Francisco"]["value"] == counted["San Francisco"]
    assert (rows["San Francisco"]["lon"], rows["San Francisco"]["lat"]) == (-122.4, 37.8)
    svg = ElementTree.fromstring(chart._repr_mimebundle_()["image/svg+xml"])
    assert len(svg.findall(".//{*}path")) > 170


def test_names_that_several_have_are_told_apart() -> None:
    frame = pd.DataFrame(
        [("1", "A", "Leeds", "GB"), ("2", "A", None, "US"), ("3", "B", "", ""), ("4", "A", None, "US")],
        columns=["id", "name", "city", "country"],
    )
    assert distinct_names(frame) == ["A (Leeds, GB)", "A (US) 2", "B", "A (US) 4"]
