"""tools/coverage.py counts what mentions of papers are decided, and says what is wrong in one line."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.tools.conftest import Tool

STRINGS = ("Tsinghua University, Beijing, China", "Quillwater Teacups, Inkwell", "Stanford University, Stanford, CA, USA", None)


@pytest.fixture
def coverage(tool: Tool) -> Tool:
    return partial(tool, "coverage")


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    authors: list[dict[str, Any]] = [{"name": f"A {i}", "affiliations": [s] if s else []} for i, s in enumerate(STRINGS)]
    path = tmp_path / "papers.jsonl"
    path.write_text(json.dumps({"id": "p1", "venue": "CVPR", "year": 2024, "authors": authors}) + "\n", "utf-8")
    return path


def test_mentions_are_counted_and_open_strings_listed(coverage: Tool, papers: Path) -> None:
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


def test_a_file_that_is_not_there_is_one_line(coverage: Tool, tmp_path: Path) -> None:
    code, out, err = coverage(tmp_path / "nothing.jsonl")
    assert (code, out) == (2, "")
    assert "no such file" in err
    assert err.count("\n") == 1
