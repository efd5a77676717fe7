"""What charts show: drawn by vl-convert, as pages draw the same specifications."""

from __future__ import annotations

import itertools
import re
from math import nan
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from affil.drawing.vega import FONT, bars, bump, lines, tidy
from affil.registry.folder import cache_folder
from affil.report.charts import NARROW, WIDE, Figure, bundle, map_figure, profile_figure, svg

YEARS = ["2017", "2018", "2019", "2020*"]
NUMBERS = st.none() | st.integers(0, 10**6)


def drawn(figure: Figure, width: int = WIDE) -> Any:
    return etree.fromstring(svg(figure, width).encode())


def texts(picture: Any) -> list[str]:
    return [t.text for t in picture.iter("{*}text")]


def all_texts(picture: Any) -> list[str]:
    """Its texts, those of several lines line by line."""
    return [part for t in picture.iter("{*}text") for part in ([s.text for s in t.iter("{*}tspan")] or [t.text or ""])]


def told(picture: Any) -> list[str]:
    """What its marks say to those who hear it."""
    return [e.get("aria-label") for e in picture.iter("{*}path") if e.get("aria-roledescription") in ("point", "bar", "circle")]


def of_years(rows: list[list[Any]], names: list[str], **options: Any) -> Figure:
    return Figure("key", "label", lines("label", "Papers", **options), ("Year", *names), rows)


@pytest.mark.parametrize("width", [WIDE, NARROW])
@settings(max_examples=6)
@given(values=st.lists(st.lists(NUMBERS, min_size=4, max_size=4), min_size=1, max_size=8))
def test_a_line_is_interrupted_where_a_year_is_missing(width: int, values: list[list[Any]]) -> None:
    figure = of_years([[y, *(v[k] for v in values)] for k, y in enumerate(YEARS)], [f"<{k}>" for k in range(len(values))])
    if figure.empty:
        return
    picture = drawn(figure, width)
    paths = [p.get("d") for g in picture.iter("{*}g") if "mark-line" in (g.get("class") or "") for p in g.iter("{*}path")]
    pairs = sum(a is not None and b is not None for v in values for a, b in itertools.pairwise(v[:-1]))
    assert sum((p or "").count("L") for p in paths) == pairs  # the last year is incomplete and stands apart
    assert len(told(picture)) == sum(v is not None for one in values for v in one)


def test_axes_and_points_are_written_without_needless_digits() -> None:
    picture = drawn(of_years([["2020", 480, 1430], ["2021", 0.5, 12.25]], ["法国 <b>", "B"]))
    assert {"0", "500", "1,000", "1,500", "2020", "2021", "法国 <b>", "B", "Papers"} <= {*texts(picture)}
    assert told(picture) == ["法国 <b> 2020：480", "B 2020: 1,430", "法国 <b> 2021：0.5", "B 2021: 12.25"]
    shares = drawn(of_years([["2020", 0.004], ["2021", 0.022]], ["A"], share=True))
    assert {"0%", "0.5%", "2%"} <= {*texts(shares)}
    assert told(shares) == ["A 2020: 0.4%", "A 2021: 2.2%"]
    assert picture.get("aria-label") is None and picture.find(".//{*}g[@aria-label]") is not None


@pytest.mark.parametrize("deepest", [2, 17, 201])
def test_an_axis_of_ranks_begins_at_the_first(deepest: int) -> None:
    written = [
        int(t)
        for t in texts(drawn(of_years([["2014", deepest], ["2024", 1]], ["A"], ranks=True)))
        if t.isdigit() and len(t) < 4
    ]
    assert written
    assert min(written) >= 1


def test_nothing_is_drawn_of_nothing() -> None:
    for rows in ([["2020", None]], [["2020", nan]], []):
        figure = of_years(rows, ["A"])
        assert figure.empty and figure.at_once().drawn == ()


@pytest.mark.parametrize("width", [WIDE, 430, NARROW])
def test_a_number_stands_at_the_end_of_its_bar_and_within_the_chart(width: int) -> None:
    rows = [("A long name of a country", -0.25), ("B", 1.5), ("C", 0.0)]
    spec = bars("label", "Change", len(rows), "format(datum.value, '+.0%')", once=True)
    picture = drawn(Figure("key", "label", spec, ("", "Change"), rows), width)
    assert {"−25%", "+150%", "+0%"} <= {*texts(picture)}
    assert told(picture) == ["A long name of a country: −25%", "B: +150%", "C: +0%"]
    assert float(picture.get("width")) == width
    at = {
        t.text: (float(t.get("transform").split("(")[1].split(",")[0]), t.get("text-anchor")) for t in picture.iter("{*}text")
    }
    zero = at["+0%"][0]
    assert at["−25%"][0] < zero < at["+150%"][0] and at["−25%"][1] == "end"
    assert at["−25%"][0] > 40 and at["+150%"][0] < width - 40  # room for the digits, whatever lies beside


def test_a_profile_has_a_dot_for_each_who_and_area() -> None:
    figure = profile_figure(
        "key", "label", "Share", "Area", ["视觉", "Robotics"], {"China": [0.02, 0.34], "World": [None, 0.004]}
    )
    assert told(drawn(figure)) == ["China，视觉：2%", "China, Robotics: 34%", "World, Robotics: 0.4%"]
    assert figure.shown == [["视觉", "2.0%", "–"], ["Robotics", "34.0%", "0.4%"]]


def ranks(rows: list[list[Any]], names: list[str], lowest: int = 20, width: int = WIDE) -> Any:
    columns = ("Year", *names)
    return drawn(Figure("key", "label", bump("label", columns, rows, lowest), columns, rows), width)


def test_ranks_are_drawn_with_gaps_and_an_incomplete_year_apart() -> None:
    picture = ranks([["2020", 1, 2], ["2021", 1, None], ["2022", 1, 25], ["2023*", 40, 2]], ["A", "B & C"])
    paths = [p.get("d") for g in picture.iter("{*}g") if "mark-line" in (g.get("class") or "") for p in g.iter("{*}path")]
    assert [p.count("L") for p in paths] == [2, 0]
    assert {"A 2023*: 40", "B & C 2022: 25"} <= {*told(picture)}
    assert {">20", "1", "5", "A", "B & C"} <= {*texts(picture)}
    faint = [p for p in picture.iter("{*}path") if p.get("opacity") == "0.45"]
    assert len(faint) == 3


def test_ranks_of_years_that_do_not_compare_are_not_joined() -> None:
    rows = [["2019", 1, 2], ["2020", 1, 2], ["2021", 2, 1], ["2022", 1, 25], ["2023*", 2, 1]]
    columns = ("Year", "A", "B")
    picture = drawn(Figure("key", "label", bump("label", columns, rows, 20, (2021, 2023)), columns, rows))
    paths = [p.get("d") for g in picture.iter("{*}g") if "mark-line" in (g.get("class") or "") for p in g.iter("{*}path")]
    assert sorted(p.count("L") for p in paths if p and "L" in p) == [1, 1, 1, 1], "2019 to 2020, 2021 to 2022"
    strokes = [
        p.get("stroke") for g in picture.iter("{*}g") if "mark-line" in (g.get("class") or "") for p in g.iter("{*}path")
    ]
    assert len({*strokes}) == 2


def test_names_at_the_ends_of_ranks_do_not_touch() -> None:
    names = [f"Institution {k}" for k in range(12)]
    picture = ranks([["2020", *[1] * 12], ["2021", *[30] * 12]], names)
    at = sorted(float(re.split(r"[,)]", t.get("transform"))[1]) for t in picture.iter("{*}text") if t.text in names)
    assert len(at) == 12 and min(b - a for a, b in itertools.pairwise(at)) > 12 and at[-1] < 400


@pytest.mark.parametrize("many", [2, 12, 30])
def test_no_two_lines_look_alike(many: int) -> None:
    picture = ranks([[str(y), *range(1, many + 1)] for y in (2020, 2021)], [f"N{k}" for k in range(many)], lowest=many)
    groups = {
        kind: [g for g in picture.iter("{*}g") if f"mark-{kind}" in (g.get("class") or "")] for kind in ("line", "symbol")
    }
    strokes = [(p.get("stroke"), p.get("stroke-dasharray")) for g in groups["line"] for p in g.iter("{*}path")]
    keys = [(p.get("fill"), p.get("d")) for p in groups["symbol"][-1].iter("{*}path")]
    assert len(strokes) == len({*strokes}) == many
    assert len(keys) == len({*keys}) == many


LONG = [
    "Korea Advanced Institute of Science and Technology",
    "Massachusetts Institute of Technology",
    "University of California, Berkeley",
    "麻省理工学院计算机科学与人工智能实验室",
    "加利福尼亚大学伯克利分校",
    "ETH Zurich",
]


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("last", ["2024", "2024*"])
def test_names_and_years_are_whole_and_apart(width: int, last: str) -> None:
    years = [*map(str, range(2015, 2024)), last]
    picture = ranks([[y, *range(1, 7)] for y in years], LONG, width=width)
    assert "".join(LONG).replace(" ", "") in "".join(t for t in all_texts(picture) if t not in years).replace(" ", "")
    shown = [t for t in picture.iter("{*}text") if (t.text or "") in years and t.get("opacity") != "0"]
    at = sorted(float(re.split(r"[(,]", t.get("transform"))[1]) for t in shown)
    assert len(at) >= 3 and min(b - a for a, b in itertools.pairwise(at)) > 38, "a year is about 30 pixels wide"


def test_a_title_on_a_phone_stands_in_two_lines() -> None:
    title = "Adjusted – growth since the first year, comparable venues"
    for width, lines_ in ((WIDE, 1), (NARROW, 2)):
        figure = Figure("key", "label", lines("label", title), ("Year", "A"), [["2020", 1], ["2021", 2]])
        found = [t for t in all_texts(drawn(figure, width)) if t in title and len(t) > 4]
        assert (" ".join(found), len(found)) == (title, lines_)


def test_places_are_where_they_are() -> None:
    points = [
        ("Null Island", 0.0, 0.0, 4.0, ""),
        ("San Francisco", -122.4, 37.8, 1.0, "city/sf.html"),
        ("Sydney", 151.2, -33.9, 2.0, ""),
    ]
    picture = drawn(map_figure("key", "label", ("City", "lon", "lat", "Papers"), points), 900)
    found = {}
    for path in picture.iter("{*}path"):
        if path.get("aria-label"):
            x, y = map(float, re.findall(r"-?[\d.]+", path.get("transform")))
            found[path.get("aria-label")] = (x, y)
    assert found["Null Island: 4"] == pytest.approx((450, 232), abs=0.1)
    west, east = found["San Francisco: 1"], found["Sydney: 2"]
    assert west[0] < 450 < east[0] and west[1] < 232 < east[1]
    assert (picture.get("width"), picture.get("height")) == ("900", "415")
    assert len(picture.findall(".//{*}path")) > 170  # countries


def test_a_table_is_one_object_for_each_who_and_row() -> None:
    assert tidy(("Year", "A", "B"), [("2020", 1, None)]) == [
        {"x": "2020", "who": "A", "value": 1},
        {"x": "2020", "who": "B", "value": None},
    ]


def test_drawings_of_a_page_say_the_fonts_of_the_page() -> None:
    figure = of_years([["2019", 1.0], ["2020", 2.0]], ["Oxford"]).at_once()
    assert len(figure.drawn) == 2
    for drawing in figure.drawn:
        fonts = {t.get("font-family") for t in etree.fromstring(drawing.encode()).iter("{*}text")}
        assert fonts == {FONT}


def test_the_script_of_charts_is_put_together_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("vl_convert.javascript_bundle", lambda snippet: f"first {snippet}")
    assert bundle().startswith("first window.affil.vega")
    monkeypatch.setattr("vl_convert.javascript_bundle", lambda snippet: "second")
    assert bundle().startswith("first window.affil.vega") and len([*cache_folder().glob("vega-*.js")]) == 1
    monkeypatch.setattr("affil.report.charts.version", lambda _: "another")  # of vl-convert
    assert bundle() == "second"
