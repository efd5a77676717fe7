"""The notebooks of docs/notebooks run as they stand; what they show is not kept in them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parents[1] / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
# What must be seen somewhere in the outputs of each.
SHOWN = {
    "openalex": ("ETH Zurich", "<svg", "The small lines are publications"),
    "review": ("Shenyang", "ana", "decision"),
    "scopus": ("University of Oxford", "清华大学", "evidence"),
}


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_outputs_are_not_kept(file: Path) -> None:
    notebook = nbformat.read(file, 4)
    assert [c for c in notebook.cells if c.get("outputs") or c.get("execution_count")] == []
    assert file.stat().st_size < 20_000


RUN = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], 4)
nbclient.execute(notebook, timeout=300, kernel_name="python3")
nbformat.write(notebook, "ran.ipynb")
"""  # in a process of its own, as Jupyter leaves sockets open


@pytest.mark.slow
@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_the_notebooks_run(file: Path, tmp_path: Path) -> None:
    places = {name: str(tmp_path / name) for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR")}
    command = [sys.executable, "-c", RUN, file]
    done = subprocess.run(command, cwd=tmp_path, env={**os.environ, **places}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    outputs = [o for c in nbformat.read(tmp_path / "ran.ipynb", 4).cells for o in c.get("outputs", ())]
    seen = "".join(str(text) for o in outputs for text in o.get("data", {}).values())
    assert [text for text in SHOWN[file.stem] if text not in seen] == []
    assert [o["text"] for o in outputs if o.get("name") == "stderr"] == [], "no warnings"


def test_every_notebook_says_what_must_be_seen() -> None:
    assert sorted(SHOWN) == [file.stem for file in NOTEBOOKS]
