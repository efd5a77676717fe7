from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Affil = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def affil(python: str) -> Affil:
    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [python, "-W", "error", "-m", "affil", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


def test_report_writes_a_site_and_a_bulletin(affil: Affil, review_folder: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(review_folder, tmp_path / "ws")
    done = affil("report", tmp_path / "ws", "-o", tmp_path / "site")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("written: ")
    assert done.stdout.rstrip().endswith(f"open {tmp_path / 'site' / 'index.html'}")
    assert (tmp_path / "site" / "zh-hant" / "index.html").exists()
    done = affil("report", tmp_path / "ws", "-o", tmp_path / "b.md", "--format", "md", "--language", "zh-hans", "--json")
    told = json.loads(done.stdout)
    assert told == {"path": str(tmp_path / "b.md"), "format": "md", "files": 2, "bytes": told["bytes"]}
    assert told["bytes"] > 1000


def test_report_fails_in_one_line(affil: Affil, review_folder: Path, tmp_path: Path) -> None:
    for arguments, said in (
        ((tmp_path / "nothing",), "not a workspace"),
        ((review_folder, "--format", "docx", "-o", tmp_path / "x"), "it is one of: site, pdf, md"),
        ((review_folder, "--years", "soon", "-o", tmp_path / "x"), "years are one year or a range"),
        ((review_folder, "--format", "md", "-o", tmp_path / "none" / "b.md"), "none"),
    ):
        done = affil("report", *arguments)
        assert done.returncode == 2, done.stderr
        assert done.stderr.count("\n") == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert [*tmp_path.iterdir()] == []
