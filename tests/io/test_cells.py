"""Cells with authors in front of their affiliations. All names of people are invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.io.cells import COMMAS, addresses, split_cell


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("[Stanford, L.] Univ Leeds", [(("Stanford, L.",), "Univ Leeds")]),
        (
            "[Zhang, W.; Li, H.] Tsinghua Univ, Beijing, Peoples R China; [Diaz, C.] Univ Leeds, Leeds, England",
            [
                (("Zhang, W.", "Li, H."), "Tsinghua Univ, Beijing, Peoples R China"),
                (("Diaz, C.",), "Univ Leeds, Leeds, England"),
            ],
        ),
        ("[Diaz, Carla] Univ A\n[King, M. L., Jr.] Univ B", [(("Diaz, Carla",), "Univ A"), (("King, M. L., Jr.",), "Univ B")]),
        ("Univ Porto; [Diaz, C.] Univ Leeds;", [((), "Univ Porto"), (("Diaz, C.",), "Univ Leeds")]),
        ("[Sukma] Univ A; [Diaz, C.] Univ B", [(("Sukma",), "Univ A"), (("Diaz, C.",), "Univ B")]),
        ("[School, J.] Univ A", [(("School, J.",), "Univ A")]),
        ("[Nguyen, The Anh] Univ A", [(("Nguyen, The Anh",), "Univ A")]),
        ("[ATLAS Collaboration; Abel, B. P.] CERN", [(("ATLAS Collaboration", "Abel, B. P."), "CERN")]),
        ("[John van der Stanford] Univ Leeds", [(("John van der Stanford",), "Univ Leeds")]),
        ("[张伟；李文科]清华大学；[王芳] 北京大学", [(("张伟", "李文科"), "清华大学"), (("王芳",), "北京大学")]),
        ("［欧阳明］ 清华大学", [(("欧阳明",), "清华大学")]),
        ("[山田 太郎; 佐藤 花] 東京大学", [(("山田 太郎", "佐藤 花"), "東京大学")]),
        ("[김지원] 서울대학교", [(("김지원",), "서울대학교")]),
    ],
)
def test_names_in_brackets(cell: str, expected: list[tuple[tuple[str, ...], str]]) -> None:
    assert split_cell(cell) == expected
    assert addresses(cell) == [address for _, address in expected]


@pytest.mark.parametrize(
    "cell",
    [
        "",
        " University of Leeds ",
        "MIT; Stanford University",
        "[1] Tsinghua University; [2] Peking University",
        "[a] MIT; [b] Stanford University",
        "[CSAIL] MIT",
        "[MIT] Department of Physics",
        "[Institute of Physics] Polish Academy of Sciences",
        "[Dept. Physics, Univ. Porto] Porto",
        "[Google Research; Google Brain] Mountain View",
        "[清华] 计算机系",
        "[金融系] 北京大学",
        "MIT [Cambridge, MA] CSAIL",
        "[Diaz, C.]",
        "[Diaz, C. Univ Leeds",
        "Zhang W., Tsinghua University, Beijing",
    ],
)
def test_a_cell_without_authors_stays_as_it_is(cell: str) -> None:
    assert split_cell(cell) == [((), cell)]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (
            "Zhang, W., Tsinghua University, Beijing, China; Li H., Peking University, Beijing, China",
            [(("Zhang, W.",), "Tsinghua University, Beijing, China"), (("Li H.",), "Peking University, Beijing, China")],
        ),
        ("Stanford L., University of Leeds, UK", [(("Stanford L.",), "University of Leeds, UK")]),
        ("Sukma, Universitas A, Jakarta", [(("Sukma",), "Universitas A, Jakarta")]),
        ("Abel Jr., J., AT&amp;T Labs, USA", [(("Abel Jr., J.",), "AT&amp;T Labs, USA")]),
        ("King M.L., Jr., Univ A; Li H.", [(("King M.L., Jr.",), "Univ A"), (("Li H.",), "")]),
        ("van der Berg A.-B., Dept; Univ A", [(("van der Berg A.-B.",), "Dept"), (("van der Berg A.-B.",), "Univ A")]),
        ("Li X.-Y., N.A.S.A., Houston", [(("Li X.-Y.",), "N.A.S.A., Houston")]),
        ("University of A, B; Li H., Univ C", [((), "University of A, B"), (("Li H.",), "Univ C")]),
        ("", [((), "")]),
    ],
)
def test_names_before_commas(cell: str, expected: list[tuple[tuple[str, ...], str]]) -> None:
    assert split_cell(cell, " Authors with  Affiliations") == expected


def test_addresses_are_distinct() -> None:
    assert addresses("[Diaz, C.] Univ A; [Li, H.] Univ B; [Abel, J.] Univ A") == ["Univ A", "Univ B"]
    assert addresses("Li H.; Diaz C.", COMMAS) == [""]


family = st.sampled_from(["Zhang", "Diaz", "van der Berg", "O'Neil", "Müller-Lüdenscheidt", "Stanford", "Le", "Ångström"])
initials = st.lists(st.sampled_from(["A.", "W.", "Yu.", "É."]), min_size=1, max_size=3)
place = st.sampled_from(
    ["Univ Leeds", "Dept Phys", "Ctr [X] Study", "Leeds LS2 9JT", "England", "CERN", "St. John's Coll", "清华大学"]
)
address = st.lists(place, min_size=1, max_size=4).map(", ".join)
authors = st.lists(st.tuples(family, initials.map(" ".join)).map(", ".join), min_size=1, max_size=4).map(tuple)


@given(st.lists(st.tuples(authors, address), min_size=1, max_size=5))
def test_what_web_of_science_writes_is_read_back(pairs: list[tuple[tuple[str, ...], str]]) -> None:
    assert split_cell("; ".join(f"[{'; '.join(names)}] {where}" for names, where in pairs)) == pairs


@given(st.lists(st.tuples(family, initials.map("".join), address), min_size=1, max_size=5), st.sampled_from([", ", " "]))
def test_what_scopus_writes_is_read_back(triples: list[tuple[str, str, str]], between: str) -> None:
    cell = "; ".join(f"{name}{between}{given}, {where}" for name, given, where in triples)
    assert split_cell(cell, COMMAS) == [((f"{name}{between}{given}",), where) for name, given, where in triples]


@given(st.text("[];, .ABab&1张"), st.sampled_from(["", COMMAS]))
def test_no_cell_fails_or_comes_out_empty(cell: str, column: str) -> None:
    assert split_cell(cell, column)
    assert addresses(cell, column)
