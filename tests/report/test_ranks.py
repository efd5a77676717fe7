from __future__ import annotations

import itertools
import re
from math import nan
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.markup import spark_path
from affil.rank.years import RanksByYear
from affil.report import i18n
from affil.report.names import city_names
from affil.report.pages.ranks import broken, first_places
from affil.settings import RankSettings
from affil.wording import Name
from affil.workspace import Workspace
from tests.report.conftest import chart_table

MAYBE = st.none() | st.floats(0, 1e4)


@given(values=st.lists(MAYBE, min_size=1, max_size=12), apart=st.booleans())
def test_a_small_line_joins_only_years_that_follow_each_other(values: list[float | None], apart: bool) -> None:
    whole = values[:-1] if apart else values
    joined = sum(a is not None and b is not None for a, b in itertools.pairwise(whole))
    assert spark_path(values, apart=apart).count("L") == joined
    assert all(0 <= int(n) <= 64 for n in re.findall(r"\d+", spark_path(values, apart=apart)))


def test_a_small_line_begins_at_zero_and_leaves_out_an_incomplete_year() -> None:
    assert spark_path([0.0, 5.0, 10.0]) == "M2 14L32 8L62 2"
    assert spark_path([0.0, 5.0, 10.0, 1.0], apart=True) == spark_path([0.0, 5.0, 10.0])
    assert spark_path([None, 3.0, nan]) == spark_path([]) == spark_path([1.0, 2.0], apart=True) == ""


@pytest.mark.parametrize("level", ["institution", "city", "country"])
def test_charts_show_the_ranks_of_the_library(site: Path, report_ws: Workspace, level: Any) -> None:
    head, rows, _ = chart_table(site / "charts" / f"ranks-{level}.csv")
    found = report_ws.ranks_by_year(level=level, years=(2017, 2021))
    first = report_ws.rank(level=level, years=(2017, 2021)).frame.head(12)
    ranks = found.frame.set_index("id")
    assert len(head) == 1 + len(first)
    for k, one in enumerate(first.to_dict("records")):
        assert head[1 + k].startswith(one["name"])
        assert [row[1 + k] for row in rows] == ["" if pd.isna(r) else str(r) for r in ranks.loc[one["id"], list(found.years)]]


def _frame(ranks: dict[str, list[int]], in_a_row: dict[str, int], reference: int, complete: int | None = None) -> Any:
    years = (2020, 2021, 2022, 2023)
    until = complete or reference
    table = pd.DataFrame(
        [{"id": i, **dict(zip(years, r, strict=True)), "in_a_row": in_a_row.get(i, 0)} for i, r in ranks.items()]
    )
    trend = SimpleNamespace(told=reference, breaks=(), parts=(), complete=tuple(y for y in years if y <= until))
    firsts = {y: {i: Name(i) for i in table.loc[table[y] == 1, "id"]} for y in years}
    found = RanksByYear(table, cast(Any, trend), firsts)
    return SimpleNamespace(
        data=SimpleNamespace(ranks={"country": found}),
        name=lambda level, identifier: identifier,
        listed=", ".join,
        text=lambda key, *values: i18n.text(key, "en", *values),
    )


def test_who_is_first_and_for_how_long_is_said() -> None:
    two = {"A": [1, 1, 2, 1], "B": [2, 2, 1, 2]}
    assert first_places(_frame(two, {"B": 1}, 2022), "country") == [
        "B was first in 2022.",
        "Most often first: A, in 2 of 3 years.",
    ]
    assert first_places(_frame(two, {"B": 1}, 2022, complete=2023), "country") == [
        "B was first in 2022.",
        "In 2023, to which ranks do not go on from 2022, A was first.",
        "Most often first: A, in 3 of 4 years.",
    ]
    assert first_places(_frame({"A": [1] * 4, "B": [2] * 4}, {"A": 4}, 2023), "country") == [
        "A was first in 2023, for 4 years in a row."
    ]


def test_years_in_which_lines_begin_anew_are_said() -> None:
    frame = _frame({"A": [1] * 4}, {"A": 2}, 2023)
    frame.data.ranks["country"].trend.breaks, frame.data.ranks["country"].trend.settings = (), RankSettings()
    assert broken(frame, "country") == ""
    frame.data.ranks["country"].trend.breaks = (2021, 2022)
    assert broken(frame, "country").startswith("Lines, and rows of years, begin anew in 2021, 2022, as the venues")
    assert broken(frame, "country").endswith("less than 50% of the papers of one of the two.")


def test_cities_have_the_name_that_is_also_called_a_city() -> None:
    assert city_names("Shenzhen", "CN") == ("Shenzhen", "深圳", "深圳")
    assert city_names("Guangzhou", "CN")[1:] == ("广州", "廣州")


def test_a_board_shows_small_lines_only_of_its_first_slice(reader: Any) -> None:
    reader.open("countries.html")
    cells = reader.page.locator("#board td.spark")
    before = cells.evaluate_all("all => all.map(c => c.innerHTML)")
    assert sum("<path" in c for c in before) >= 3
    reader.page.locator("#board th button[data-by=index]").click()
    reader.settled()
    after = cells.evaluate_all("all => all.map(c => c.innerHTML)")
    assert sorted(after) == sorted(before) and cells.first.is_visible()
    reader.page.locator("input[name=area]").first.uncheck()
    reader.page.wait_for_function("document.getElementById('board').classList.contains('other')")
    assert not cells.first.is_visible()
    reader.page.locator("#reset").click()
    assert cells.first.is_visible()


def test_circles_of_cities_lead_to_their_pages(reader: Any) -> None:
    reader.open("map.html")
    reader.page.mouse.move(300, 300)
    reader.page.wait_for_selector("#chart .points path")
    linked = "[...document.querySelectorAll('#chart .points path')].findLastIndex(p => p.__data__.datum.page)"
    index = reader.page.evaluate(linked)
    circle = reader.page.locator("#chart .points path").nth(index)
    address = circle.evaluate("p => p.__data__.datum.page")
    assert (reader.site / str(address)).exists()
    circle.click()
    reader.page.wait_for_url(f"**/{address}")
