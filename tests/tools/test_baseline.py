"""tools/baseline.py writes what must stay the same, and nothing that depends on time or place."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import tools.baseline
from affil.demo import sample
from tools.baseline import main, sums

Baseline = Callable[..., tuple[int, str]]


@pytest.fixture
def baseline(python: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Baseline:
    def run(*arguments: str | Path) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["baseline.py", *map(str, arguments)])
        monkeypatch.setattr(sys, "executable", python)  # of the commands that it starts
        monkeypatch.setattr(tools.baseline, "LEVELS", ("institution", "country"))
        monkeypatch.setattr(tools.baseline, "MEASURES", ("publications", "index"))
        return main(), capsys.readouterr().err

    return run


def test_answers_rankings_and_the_site_are_summed(baseline: Baseline, tmp_path: Path) -> None:
    papers, folder = tmp_path / "papers.jsonl", tmp_path / "before"
    papers.write_text("".join(sample("papers.jsonl").read_text("utf-8").splitlines(keepends=True)[:8]), "utf-8")
    code, said = baseline(papers, "-o", folder)
    assert code == 0, said
    written = dict(reversed(line.split("  ", 1)) for line in (folder / "sums.txt").read_text("utf-8").splitlines())
    assert {
        "strings.csv",
        "matches.csv",
        "ranks/country-index.csv",
        "ranks/trend.json",
        "site/index.html (no days)",
    } <= written.keys()
    assert sum(name.startswith("ws/tables/matches") for name in written) == 1
    assert not [name for name in written if "manifest" in name]
    page = folder / "site" / "index.html"
    page.write_text(page.read_text("utf-8") + "<!-- 2031-01-01 -->", "utf-8")
    first = dict(sums(folder))
    page.write_text(page.read_text("utf-8").replace("2031-01-01", "2032-02-02"), "utf-8")
    assert dict(sums(folder)) == first, "a day is none of it"
    (folder / "matches.csv").write_text("another answer\n", "utf-8")
    assert {name for name, digest in sums(folder) if first[name] != digest} == {"matches.csv"}


def test_a_folder_of_others_is_not_deleted(baseline: Baseline, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    code, said = baseline(sample("papers.jsonl"), "-o", tmp_path)
    assert (code, said.count("\n")) == (2, 1)
    assert (tmp_path / "mine").exists()
