"""The examples of docs/report.md run, in order, in one folder."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from affil.settings import ReportSettings

DOC = Path(__file__).parents[2] / "docs" / "report.md"
MARKED = re.compile(r"<!-- (run|not run) by the tests -->\n```(sh|python)\n(.*?)```", re.DOTALL)

pytestmark = pytest.mark.skipif(not DOC.exists(), reason="the tests run without the project's folder around them")


def test_the_examples_run(python: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": f"{Path(python).parent}:{os.environ['PATH']}"}
    blocks = MARKED.findall(DOC.read_text("utf-8"))
    assert len(blocks) == 2
    for _, language, text in blocks:
        command = ["bash", "-euo", "pipefail", "-c", text] if language == "sh" else [python, "-W", "error", "-c", text]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
    assert (tmp_path / "bulletin.pdf").read_bytes().startswith(b"%PDF")
    assert "港科大" in (tmp_path / "site" / "institution" / "00q4vv597.html").read_text("utf-8")


def test_every_setting_is_in_the_table() -> None:
    told = dict(re.findall(r"^\| `report\.(\w+)` \| ?(\S*) ?\|", DOC.read_text("utf-8"), re.MULTILINE))
    assert {k: str(f.default) for k, f in ReportSettings.model_fields.items()} == told
