"""Where strings are cut into parts."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.names.split import split_parts


def parts(text: str) -> list[str]:
    return [text[a:b] for a, b in split_parts(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Google; ETH Zurich", ["Google", "ETH Zurich"]),
        ("华为；北京大学", ["华为", "北京大学"]),
        ("Peking University+Sony AI", ["Peking University", "Sony AI"]),
        ("Adobe / Purdue | CNRS", ["Adobe", "Purdue", "CNRS"]),
        ("MIT\n\nCarnegie Mellon University\n", ["MIT", "Carnegie Mellon University"]),
        ("• Fernhollow College • Quillwater Institute", ["Fernhollow College", "Quillwater Institute"]),
        ("Fernhollow College#TAB#Leeds", ["Fernhollow College", "Leeds"]),
        ("1Tianjin University2Pazhou Laboratory", ["Tianjin University", "Pazhou Laboratory"]),
        ("1 Zhejiang University 2 Alibaba Group", ["Zhejiang University", "Alibaba Group"]),
        ("(1) MIT (2) Google (3) Fernhollow College", ["MIT", "Google", "Fernhollow College"]),
        ("¹ Google ² MIT", ["Google", "MIT"]),
        ("<sup>1</sup>MIT <sup>2</sup>CMU", ["MIT", "CMU"]),
    ],
)
def test_hard_separators_cut(text: str, expected: list[str]) -> None:
    assert parts(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Xi&#x27;an Jiaotong University",
        "Texas A&amp;M University",
        "Center for C++, Fernhollow College",
        "约翰·霍普金斯大学",
        "Dept. (Optics; Acoustics), Fernhollow College",
        "R&D/IT Department",
        "University of #N#Harare",
        "University\nof Harare",
        "1 Main Street, Oxford",
        "3M Company 2 Foo Bar",
        "University of Oxford 2 Parks Road",
        "Université Paris 1",
        "",
        " ; ",
    ],
)
def test_what_is_one_name_stays_whole(text: str) -> None:
    assert parts(text) == [text]


@given(st.text(alphabet="ab1 2;\n+|/·•()&#x27N，、<br>", max_size=80))
def test_parts_are_disjoint_slices_in_order(text: str) -> None:
    spans = split_parts(text)
    assert spans
    assert all(0 <= a <= b <= len(text) for a, b in spans)
    assert all(b <= c for (_, b), (c, _) in pairwise(spans))
    if len(spans) > 1:
        assert all(text[a:b] == text[a:b].strip() and any(c.isalnum() for c in text[a:b]) for a, b in spans)
    kept = sum(c.isalpha() for a, b in spans for c in text[a:b])
    lost = sum(c.isalpha() for c in text) - kept
    assert lost <= 6 * (len(text) - sum(b - a for a, b in spans)), "only separators are left out"
