"""The examples of the README run, in order, in one folder."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from affil.cli import app

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
MARKED = re.compile(r"<!-- (run|not run) by the tests -->\n```(sh|python)\n(.*?)```", re.DOTALL)

pytestmark = pytest.mark.skipif(not README.exists(), reason="the tests run without the project's folder around them")


def blocks() -> list[tuple[str, str, str]]:
    return MARKED.findall(README.read_text("utf-8"))


def test_every_example_is_marked() -> None:
    assert len(blocks()) == README.read_text("utf-8").count("\n```sh\n") + README.read_text("utf-8").count("\n```python\n")


def test_the_examples_run(tmp_path: Path) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "affil").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m affil "$@"\n')
    (bin_folder / "affil").chmod(0o755)
    environment = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"}
    python = ""
    ran = 0
    for state, language, text in blocks():
        if state != "run":
            continue
        ran += 1
        python += text if language == "python" else ""  # later examples go on with the names of earlier ones
        command = (
            ["bash", "-euo", "pipefail", "-c", text] if language == "sh" else [sys.executable, "-W", "error", "-c", python]
        )
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
    assert ran >= 8
    assert (tmp_path / "matches.csv").read_text("utf-8").startswith("id,affiliation,institution_id,")
    assert (tmp_path / "vision.csv").exists()


def test_links_and_pictures_exist() -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", README.read_text("utf-8"))
    assert targets
    for target in targets:
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_every_command_is_documented() -> None:
    """A command without a word in the README fails here."""
    text = README.read_text("utf-8")
    group = typer.main.get_command(app)
    names = []
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        names += [f"{name} {sub}" for sub in inner] if inner else [name]
    assert len(names) > 10
    assert not [name for name in names if f"affil {name}" not in text]
