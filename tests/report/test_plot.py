from __future__ import annotations

import itertools
import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.report.plot import NARROW, WIDE, dot_chart, line_chart, nice_ticks
from affil.report.worldmap import outlines, project, world_map

NUMBERS = st.floats(0, 1e7, allow_nan=False)


@given(NUMBERS, NUMBERS, st.booleans())
def test_ticks_are_round_few_and_hold_the_values(one: float, other: float, share: bool) -> None:
    low, high = sorted((one, other))
    ticks = nice_ticks(low, high, share)
    steps = [b - a for a, b in itertools.pairwise(ticks)]
    assert 2 <= len(ticks) <= 9
    assert ticks[0] <= low + 1e-6 * max(1, high)
    assert ticks[-1] >= high - 1e-6 * max(1, high)
    assert steps == pytest.approx([steps[0]] * len(steps), rel=1e-3)
    assert share or high < 5 or all(t == round(t) for t in ticks)


def test_ticks_are_written_as_they_are() -> None:
    drawn = line_chart("", "Papers", ["2020", "2021"], {"A": [480.0, 1430.0]})
    assert {"0", "500", "1,000", "1,500"} <= {*re.findall(r">([\d,.]+)</text>", drawn)}
    assert ">0.5%<" in line_chart("", "Share", ["2020", "2021"], {"A": [0.004, 0.021]}, share=True)


@pytest.mark.parametrize("size", [WIDE, NARROW])
@given(lines=st.lists(st.lists(st.none() | NUMBERS, min_size=4, max_size=4), min_size=1, max_size=8), apart=st.booleans())
def test_a_line_is_interrupted_where_a_year_is_missing(size: Any, lines: list[list[float | None]], apart: bool) -> None:
    drawn = line_chart(
        "label", "axis", ["1", "2", "3", "4"], {f"<{k}>": v for k, v in enumerate(lines)}, apart=apart, size=size
    )
    if all(v is None for values in lines for v in values):
        assert drawn == ""
        return
    paths = re.findall(r'<path d="([^"]*)" fill="none"', drawn)
    assert len(paths) == len(lines)
    for values, path in zip(lines, paths, strict=True):
        joined = values[:-1] if apart else values
        assert path.count("L") == sum(a is not None and b is not None for a, b in itertools.pairwise(joined))
    assert drawn.count("<title>") == sum(v is not None for values in lines for v in values)
    at = [float(x) for xy in re.findall(r"translate\(([\d. -]+)\)", drawn) for x in xy.split()]
    assert all(0 <= x <= max(size) for x in at)


def test_nothing_is_drawn_of_nothing() -> None:
    assert line_chart("", "", ["2020"], {"A": [None]}) == ""
    assert line_chart("", "", ["2020"], {"A": [math.nan]}) == ""
    assert dot_chart("", "", ["Area"], {"A": [None]}) == ""
    assert world_map("", []) == ""


def test_places_are_where_they_are() -> None:
    assert project(0, 0) == (450, 232)
    west, east = project(-122.4, 37.8), project(151.2, -33.9)
    assert west[0] < 450 < east[0]
    assert west[1] < 232 < east[1]
    assert project(180, 0)[0] == pytest.approx(450 + 166 * 2.7066, abs=0.1)  # Savric, Patterson and Jenny 2018
    assert project(0, 90)[1] == pytest.approx(232 - 166 * 1.3173, abs=0.1)


def test_no_outline_crosses_the_map() -> None:
    for ring in outlines().split("M")[1:]:
        points = [tuple(map(float, p.split())) for p in ring.removesuffix("Z").split("L")]
        assert all(abs(a[0] - b[0]) < 100 for a, b in itertools.pairwise(points))
