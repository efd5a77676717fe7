"""tools/api_reference.py renders every docstring of the public names, and finds what is missing and links that lead nowhere."""

from __future__ import annotations

import re
import runpy
import subprocess
from pathlib import Path

import affil
import affil.evaluate
import affil.rank

TOOL = Path(__file__).parents[2] / "tools" / "api_reference.py"


def anchors(file: Path) -> set[str]:
    return {*re.findall(r'<section id="([^"]+)"', file.read_text("utf-8"))}


def test_every_public_name_is_in_it(python: str, tmp_path: Path) -> None:
    done = subprocess.run([python, "-W", "error", TOOL, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {*affil.__all__} <= anchors(tmp_path / "affil.html")
    assert {*affil.rank.__all__} <= anchors(tmp_path / "affil" / "rank.html")
    assert {*affil.evaluate.__all__} <= anchors(tmp_path / "affil" / "evaluate.html")
    assert {"Settings", "RankSettings", "ServeSettings"} <= anchors(tmp_path / "affil" / "settings.html")
    assert {"Workspace.rank", "Matcher.match_many"} <= {
        *re.findall(r'id="([\w.]+)"', (tmp_path / "affil.html").read_text("utf-8"))
    }


def test_what_is_missing_and_broken_is_told(tmp_path: Path) -> None:
    tool = runpy.run_path(str(TOOL))
    (tmp_path / "affil").mkdir()
    (tmp_path / "affil.html").write_text(
        '<p id="Matcher"><a href="affil/rank.html#rank">x</a> <a href="https://ror.org/#a">y</a></p>'
    )
    (tmp_path / "affil" / "rank.html").write_text(
        '<p id="rank"><a href="../affil.html#Nobody">x</a><a href="gone.html">y</a></p>'
    )
    assert [*tool["missing"]({"affil": ["Matcher", "Nobody"]}, tmp_path)] == ["affil.Nobody is not in the reference"]
    assert [*tool["broken_links"](tmp_path)] == [
        "affil/rank.html: the link ../affil.html#Nobody leads nowhere",
        "affil/rank.html: the link gone.html leads nowhere",
    ]
