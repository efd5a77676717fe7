"""tools/baseline.py writes what must stay the same, and nothing that depends on time or place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from affil.demo import sample
from tools.baseline import sums

ROOT = Path(__file__).resolve().parents[2]


def baseline(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "tools" / "baseline.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_answers_rankings_and_the_site_are_summed(tmp_path: Path) -> None:
    papers, folder = tmp_path / "papers.jsonl", tmp_path / "before"
    papers.write_text("".join(sample("papers.jsonl").read_text("utf-8").splitlines(keepends=True)[:8]), "utf-8")
    done = baseline(papers, "-o", folder)
    assert done.returncode == 0, done.stderr
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


def test_a_folder_of_others_is_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    done = baseline(sample("papers.jsonl"), "-o", tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert (tmp_path / "mine").exists()
