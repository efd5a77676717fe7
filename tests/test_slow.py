"""The list of slow tests in conftest.py names files and tests that exist."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

HERE = Path(__file__).parent


def test_what_is_slow_exists() -> None:
    listed = runpy.run_path(str(HERE / "conftest.py"))
    assert [file for file in listed["SLOW"] if not (HERE / file).is_file()] == []
    source = "".join(file.read_text("utf-8") for file in HERE.rglob("test_*.py"))
    assert listed["SLOW_TESTS"] <= {*re.findall(r"def (test_\w+)\(", source)}
