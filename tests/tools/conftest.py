from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
Tool = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tool(python: str) -> Tool:
    """Run one of the tools, by its name, in a process of its own: its exit code, output and errors."""

    def run(name: str, *arguments: str | Path) -> tuple[int, str, str]:
        environment = os.environ | {"PYTHONIOENCODING": "utf-8"}
        command = [python, TOOLS / f"{name}.py", *arguments]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=False)
        return done.returncode, done.stdout, done.stderr

    return run
