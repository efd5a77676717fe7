"""The examples of docs/serve.md run against the service; what it says of limits and pictures is so."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from affil.settings import ServeSettings

ROOT = Path(__file__).parents[2]
DOC = ROOT / "docs" / "serve.md"
MARKED = re.compile(r"<!-- (run|not run) by the tests -->\n```sh\n(.*?)```", re.DOTALL)

pytestmark = pytest.mark.skipif(not DOC.exists(), reason="the tests run without the project's folder around them")


def test_the_examples_run(serve: Any, lacking: Any, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        lacking("curl (apt-get install curl)")
    text = DOC.read_text("utf-8")
    blocks = MARKED.findall(text)
    assert len(blocks) == text.count("\n```sh\n")
    server, ran = serve(None, "--quiet", "--jobs", str(tmp_path / "jobs")), 0
    for state, block in blocks:
        if state == "not run":
            continue
        block = block.strip().replace("http://127.0.0.1:8372/", server.url)
        # each curl for itself, but for those that need what was said before
        for command in [block] if "$id" in block else re.split(r"\n(?=curl)", block):
            run = ["bash", "-euo", "pipefail", "-c", command]
            done = subprocess.run(run, capture_output=True, text=True, cwd=tmp_path, timeout=300)
            assert done.returncode == 0, f"{command}\n{done.stderr}"
            assert done.stdout
            assert '"errors"' not in done.stdout
            ran += 1
    assert ran >= 10
    assert server.stop() == ""


def test_defaults_and_pictures_are_as_told() -> None:
    text = DOC.read_text("utf-8")
    (shown,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert ServeSettings(**tomllib.loads(shown)["serve"]) == ServeSettings()
    for picture in re.findall(r"!\[[^]]+\]\((images/[^)]+)\)", text):
        assert (DOC.parent / picture).exists(), picture
