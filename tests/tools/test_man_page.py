"""docs/affil.1 is what the commands say, and man(1) can show it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tools.conftest import Tool

PAGE = Path(__file__).parents[2] / "docs" / "affil.1"


def test_the_page_is_what_the_commands_say(tool: Tool) -> None:
    """Where it is not: run tools/man_page.py."""
    assert tool("man_page", "-o", "-") == (0, PAGE.read_text("utf-8"), "")


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_the_page_is_shown_without_a_warning() -> None:
    shown = subprocess.run(
        ["groff", "-k", "-man", "-Tutf8", "-ww", str(PAGE)],
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    assert shown.stderr == ""
    assert "affil registry fetch" in shown.stdout
