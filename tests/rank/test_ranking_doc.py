"""The worked example of docs/ranking.md, recomputed from the papers that it prints."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from affil.papers.read import read_papers
from affil.rank import AREAS, Store, Tables, load_venues, rank, trend
from affil.rank.matched import Link
from affil.settings import RankSettings
from affil.workspace import Workspace

NO_PARENTS = pa.array([[], []], pa.list_(pa.string()))
DOC = (Path(__file__).parents[2] / "docs" / "ranking.md").read_text("utf-8")


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    example = re.findall(r"```json\n(.*?)```", DOC, re.DOTALL)[0]
    (tmp_path / "papers.jsonl").write_text(example, "utf-8")
    assert len(list(read_papers([tmp_path / "papers.jsonl"]))) == 3
    ws = Workspace.open(tmp_path / "ws", create=True)
    ws.add_papers(tmp_path / "papers.jsonl")
    matches = {"A University": ("A", "match"), "B Institute": ("B", "match"), "A. N. Other Lab": (None, "none")}
    columns = {"affiliation": list(matches), "institution_id": [i for i, _ in matches.values()]}
    blank = {name: ["", ""] for name in ("name_zh", "kind", "country", "region", "city")}
    return Tables(
        ws.table("papers"),
        ws.table("mentions"),
        pa.table({**columns, "probability": [0.98, 0.95, None], "decision": [d for _, d in matches.values()]}),
        pa.table({"id": ["A", "B"], "active_id": ["A", "B"], "name": ["A", "B"], **blank, "parents": NO_PARENTS}),
    )


def test_the_table_is_what_the_code_computes(tables: Tables) -> None:
    printed = [row.split("|")[1:-1] for row in re.findall(r"^\| \d .*\|$", DOC, re.MULTILINE)]
    assert len(printed) == 2
    frame = rank(tables).to_frame()
    columns = ["rank", "id", "publications", "authors", "adjusted", "index", "share", "unaligned"]
    computed = frame[columns].values.tolist()
    for cells, row in zip(printed, computed, strict=True):
        assert [c.strip() for c in cells] == [f"{v:.6f}" if isinstance(v, float) else str(v) for v in row]


def test_the_formulas_are_what_the_code_computes(tables: Tables) -> None:
    a, b = rank(tables).to_frame().to_dict("records")
    assert a["adjusted"] == pytest.approx(3 / 4 + 1 / 2 + 1 / 3, abs=1e-9)
    assert a["index"] == pytest.approx(((13 / 12 + 1) * (1 / 4 + 1) ** 2) ** (1 / 8), abs=1e-9)
    assert b["index"] == pytest.approx((7 / 12 + 1) ** (1 / 8), abs=1e-9)
    in_vision = rank(tables, area="computer vision").to_frame().set_index("id")
    assert in_vision.loc["A", "index"] == pytest.approx(13 / 12 + 1, abs=1e-9)


def test_the_coverage_is_what_the_code_computes(tables: Tables) -> None:
    coverage = rank(tables).coverage
    assert f"{coverage.mentions} mentions: {coverage.matched:.1%} matched, {coverage.none:.1%} none." in DOC
    assert f"Of the weight of {coverage.papers} papers, {coverage.counted:.1%} counts for somebody" in DOC
    assert rank(tables).to_frame()["share"][0] == pytest.approx(19 / 26)


def test_the_growth_is_what_the_code_computes(tables: Tables, tmp_path: Path) -> None:
    store = Store(tmp_path / "counts")
    state = store.refresh(tables, {}, load_venues(), RankSettings(link_papers=1, link_change=1e9))
    with store.opened(state) as (db, venues):
        both = [trend(db, venues, state.settings, panel=fixed) for fixed in (False, True)]
    free, panel = (one.frame.set_index("id") for one in both)
    assert free.loc["A", [2023, 2024]].tolist() == pytest.approx([5 / 4, 1 / 3])
    assert free.loc["B", [2023, 2024]].tolist() == pytest.approx([1 / 4, 1 / 3])
    assert panel.loc["A", [2023, 2024]].tolist() == pytest.approx([3 / 4, 1 / 3])
    for growth in (free.loc["A", "growth"], free.loc["B", "growth"]):
        assert f"{growth:+.1%}".replace("-", "−") in DOC
    assert free["growth"].tolist() == pytest.approx(panel["growth"].tolist())
    assert both[0].lacking == ("CoRL",)
    assert both[0].base == Link((2023, 2024), ("CVPR",), (1, 1), (2, 1))
    assert both[0].matched.set_index("id").loc["A", [2023, 2024]].tolist() == pytest.approx([3 / 4, 1 / 3])


def test_the_roll_up_is_what_the_code_computes(tables: Tables) -> None:
    blank = {name: [""] * 3 for name in ("name_zh", "kind", "country", "region", "city")}
    ids = {name: ["A", "B", "C"] for name in ("id", "active_id", "name")}
    registry = pa.table({**ids, **blank, "parents": pa.array([[], ["A", "C"], []], pa.list_(pa.string()))})
    frame = rank(replace(tables, institutions=registry), roll_up="parent").to_frame().set_index("id")
    assert f"19/12 + 7/24 = {frame.loc['A', 'adjusted']:.6f}, AP(C) = {frame.loc['C', 'adjusted']:.6f}" in " ".join(DOC.split())
    assert (frame.loc["C", "publications"], len(frame)) == (2, 2)


def test_the_interval_is_what_the_code_computes(tables: Tables) -> None:
    frame = rank(tables).to_frame()
    assert f"ahead of B with a probability of {frame['ahead'][0]:.1%}" in DOC
    assert frame[["low", "high"]].values.tolist() == [[1, 1], [2, 2]]


def test_the_areas_are_all_named() -> None:
    assert ", ".join(AREAS) in " ".join(DOC.split())


def test_every_query_is_explained() -> None:
    folder = Path(__file__).parents[2] / "src" / "affil" / "rank" / "sql"
    queries = list(folder.rglob("*.sql"))
    assert len(queries) > 40
    for query in queries:
        assert query.read_text("utf-8").startswith("-- "), query
