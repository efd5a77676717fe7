from __future__ import annotations

import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from affil.errors import AffilError
from affil.installed import pip_install
from affil.report import LANGUAGES, bulletin, report
from affil.report.collect import collect
from affil.workspace import Workspace
from tests.report.conftest import papers


@pytest.fixture(scope="module")
def collected(report_ws: Workspace) -> Any:
    """What all bulletins of the workspace tell, collected once."""
    return collect(report_ws, bulletin=True)


def tables(text: str) -> list[list[str]]:
    return [[c.strip() for c in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")]


def test_its_figures_are_those_of_the_rankings(report_ws: Workspace, tmp_path: Path) -> None:
    made = report(report_ws, tmp_path / "b.md", format="md")
    text = made.path.read_text("utf-8")
    pictures = [*tmp_path.glob("b-*.svg")]
    assert made.files == 1 + len(pictures)
    assert all(f.read_text("utf-8").startswith("<svg") for f in pictures)
    assert {f.name for f in pictures} == {*re.findall(r"\]\((.*?)\)", text)} >= {"b-trend.svg", "b-leader.svg", "b-rose.svg"}
    rows = tables(text)
    for level in ("country", "institution", "city"):
        ranking = report_ws.rank(level=level, years=(2017, 2021))  # type: ignore[arg-type]
        moved = report_ws.compare((2012, 2016), (2017, 2021), level=level).frame.set_index("id")  # type: ignore[arg-type]
        for row in ranking.frame.head(5).to_dict("records"):
            (found,) = [
                r
                for r in rows
                if r[0] == str(row["rank"]) and r[2].startswith(row["name"]) and r[5:6] == [f"{row['publications']:,}"]
            ]
            numbers = [
                f"{row['adjusted']:,.2f}",
                f"{row['index']:,.2f}",
                f"{row['publications']:,}",
                f"{row['authors']:,}",
                f"{row['share']:.2%}",
            ]
            assert found[3:8] == numbers
            one = moved.loc[row["id"]]
            assert found[8:] == [f"{one['rank_before']} → {one['rank_after']}"]
    ranking = report_ws.rank(level="country", years=(2017, 2021))
    assert text.count(f"{ranking.coverage.unaligned:,} do not tie affiliations to authors") == 3, (
        "below each table with authors"
    )
    assert "The table has" not in text, "that of the chart is on the page of trends"
    first = ranking.frame.iloc[0]
    assert f"{first['name']} leads with {first['share']:.0%}" in text


@pytest.mark.parametrize("shown", [40, 1])
def test_rows_of_one_university_are_told_below_their_table(workspace: Any, tmp_path: Path, shown: int) -> None:
    ws = workspace(f"[rank]\nranges = false\n[report]\nyears = 5\nbulletin = {shown}\n", papers()[::3])
    families = ws.rank(years=(2017, 2021)).families
    assert families
    data = collect(ws, bulletin=True)
    for language, apart in (("en", " are counted apart"), ("zh-hans", "分开统计"), ("zh-hant", "分開統計")):
        made, *_ = bulletin.write_bulletin(data, tmp_path / f"{language}.md", "md", language)
        told = [line for line in made.read_text("utf-8").splitlines() if apart in line]
        if shown == 1:
            assert len(told) == 1, "the sentence on the first ones tells it, the table of one row does not"
            continue
        _, line = told
        assert line.count(apart) == len(families)
        assert all(name in line for family in families for name in family.names)
        assert all(re.search(rf"(rank|第) {family.rank}\b", line) for family in families)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_are_used_and_nothing_runs_over_their_margins(collected: Any, language: str) -> None:
    """Texts and pictures as WeasyPrint lays them out, with long names in the tables; no table leaves a row or two on another page."""
    from weasyprint import HTML

    made = bulletin.Bulletin(collected, language)
    svg = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='{}' height='{}'/>"
    pictures = {topic: svg.format(*((760, 320) if topic == "trend" else (430, 270))) for topic in made.pictures()}
    html = made.render("bulletin.html", pictures)
    pages = HTML(string=html).render().pages
    assert len(pages) > 1
    seen = 0
    for page in pages:
        body = page._page_box.children[0]
        left, right, lowest = body.content_box_x(), body.content_box_x() + body.width, 0.0
        for box in body.descendants():
            if getattr(box, "text", "").strip() or type(box).__name__.endswith("ReplacedBox"):
                seen += 1
                assert box.position_x >= left - 0.5
                assert box.position_x + box.width <= right + 0.5, getattr(box, "text", box)
                lowest = max(lowest, (box.position_y - body.content_box_y()) / page._page_box.height)
        assert lowest > 0.5 or page is pages[-1]
        for table in body.descendants():
            if type(table).__name__ == "TableBox":
                assert sum(type(box).__name__ == "TableRowBox" for box in table.descendants()) > 3, "a head and some rows"
    assert seen > 100


def test_every_table_names_a_command_that_traces_it(report_ws: Workspace, collected: Any, tmp_path: Path) -> None:
    text = bulletin.write_bulletin(collected, tmp_path / "b.md", "md", "en")[0].read_text("utf-8")
    commands = re.findall(r'`affil why WS "([^"]+)" --level (\w+) --years (\d+)-(\d+)`', text)
    assert [level for _, level, *_ in commands] == ["country", "institution", "city"]
    for identifier, level, start, end in commands:
        row = report_ws.why(identifier, level=level, years=(int(start), int(end))).row  # type: ignore[arg-type]
        assert row["rank"] == 1
        assert f"{row['adjusted']:,.2f}" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_printed_in_every_language(report_ws: Workspace, collected: Any, tmp_path: Path, language: str) -> None:
    made = report(report_ws, tmp_path / "b.pdf", format="pdf", language=language)
    content = made.path.read_bytes()
    assert content.startswith(b"%PDF-")
    assert len(content) > 10_000
    text = bulletin.write_bulletin(collected, tmp_path / "b.md", "md", language)[0].read_text("utf-8")
    assert {"en": "Singapore", "zh-hans": "台湾", "zh-hant": "臺灣"}[language] in text


def test_it_is_of_the_last_state_while_another_process_writes(report_ws: Workspace, tmp_path: Path) -> None:
    report_ws.count()
    with closing(sqlite3.connect(report_ws.path / ".lock", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        text = report(report_ws, tmp_path / "b.md", format="md").path.read_text("utf-8")
    assert "locked by another process; try again when it is done; showing the state of 20" in text


def test_what_is_missing_is_named(report_ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "weasyprint", None)
        with pytest.raises(AffilError, match=re.escape(f"a PDF needs weasyprint; install it with: {pip_install('report')}")):
            report(report_ws, tmp_path / "b.pdf", format="pdf")
    monkeypatch.setattr(bulletin, "_has_chinese_font", lambda: False)
    with pytest.raises(AffilError, match="no font on this machine has Chinese characters"):
        report(report_ws, tmp_path / "b.pdf", format="pdf", language="zh-hans")
    with pytest.raises(AffilError, match=r"none"):
        report(report_ws, tmp_path / "none" / "b.md", format="md")
    assert [*tmp_path.iterdir()] == []
