"""tools/coverage.py counts what mentions of papers are decided, and says what is wrong in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
STRINGS = ("Tsinghua University, Beijing, China", "Quillwater Teacups, Inkwell", "Stanford University, Stanford, CA, USA", None)


def coverage(*arguments: str | Path) -> tuple[int, str, str]:
    command = [sys.executable, ROOT / "tools" / "coverage.py", *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    authors: list[dict[str, Any]] = [{"name": f"A {i}", "affiliations": [s] if s else []} for i, s in enumerate(STRINGS)]
    path = tmp_path / "papers.jsonl"
    path.write_text(json.dumps({"id": "p1", "venue": "CVPR", "year": 2024, "authors": authors}) + "\n", "utf-8")
    return path


def test_mentions_are_counted_and_open_strings_listed(papers: Path) -> None:
    code, out, err = coverage(papers, "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    (everything,) = found["overall"]
    assert (everything["mentions"], everything["match"], everything["none"]) == (3, pytest.approx(2 / 3), pytest.approx(1 / 3))
    assert [(row["affiliation"], row["mentions"]) for row in found["open"]] == [("Quillwater Teacups, Inkwell", 1)]
    code, out, _ = coverage(papers, "--top", "0")
    assert code == 0
    assert "66.7%" in out
    assert "Quillwater" not in out


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    code, out, err = coverage(tmp_path / "nothing.jsonl")
    assert (code, out) == (2, "")
    assert "no such file" in err
    assert err.count("\n") == 1
