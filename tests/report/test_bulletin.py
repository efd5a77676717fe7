from __future__ import annotations

import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from affil.errors import AffilError
from affil.report import LANGUAGES, bulletin, report
from affil.workspace import Workspace


def tables(text: str) -> list[list[str]]:
    return [[c.strip() for c in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")]


def test_its_figures_are_those_of_the_rankings(report_ws: Workspace, tmp_path: Path) -> None:
    made = report(report_ws, tmp_path / "b.md", format="md")
    text = made.path.read_text("utf-8")
    assert made.files == 2
    assert (tmp_path / "b.svg").read_text("utf-8").startswith("<svg")
    assert "](b.svg)" in text
    rows = tables(text)
    for level in ("country", "institution", "city"):
        ranking = report_ws.rank(level=level, years=(2017, 2021))  # type: ignore[arg-type]
        before = report_ws.rank(level=level, years=(2012, 2016)).frame.set_index("id")  # type: ignore[arg-type]
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
            assert found[8:] == [str(before["rank"][row["id"]]), f"{before['share'][row['id']]:.2%}"]
    first = report_ws.rank(level="country", years=(2017, 2021)).frame.iloc[0]
    assert f"{first['name']} leads with {first['share']:.1%}" in text


def test_every_table_names_a_command_that_traces_it(report_ws: Workspace, tmp_path: Path) -> None:
    text = report(report_ws, tmp_path / "b.md", format="md").path.read_text("utf-8")
    commands = re.findall(r'`affil why WS "([^"]+)" --level (\w+) --years (\d+)-(\d+)`', text)
    assert [level for _, level, *_ in commands] == ["country", "institution", "city"]
    for identifier, level, start, end in commands:
        row = report_ws.why(identifier, level=level, years=(int(start), int(end))).row  # type: ignore[arg-type]
        assert row["rank"] == 1
        assert f"{row['adjusted']:,.2f}" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_printed_in_every_language(report_ws: Workspace, tmp_path: Path, language: str) -> None:
    made = report(report_ws, tmp_path / "b.pdf", format="pdf", language=language)
    content = made.path.read_bytes()
    assert content.startswith(b"%PDF-")
    assert len(content) > 10_000
    text = report(report_ws, tmp_path / "b.md", format="md", language=language).path.read_text("utf-8")
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
        with pytest.raises(AffilError, match=r"a PDF needs weasyprint; install it with: pip install 'affil\[report\]'"):
            report(report_ws, tmp_path / "b.pdf", format="pdf")
    monkeypatch.setattr(bulletin, "_has_chinese_font", lambda: False)
    with pytest.raises(AffilError, match="no font on this machine has Chinese characters"):
        report(report_ws, tmp_path / "b.pdf", format="pdf", language="zh-hans")
    with pytest.raises(AffilError, match=r"none"):
        report(report_ws, tmp_path / "none" / "b.md", format="md")
    assert [*tmp_path.iterdir()] == []
