"""What packages are made from agrees: recipe, extras and the sizes promised."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONDA = {"duckdb": "python-duckdb"}  # names that differ on conda-forge
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_the_recipe_needs_what_the_package_needs() -> None:
    recipe = (ROOT / "tools" / "conda" / "recipe.yaml").read_text("utf-8")
    run = recipe.partition("\n  run:\n")[2].partition("\n\n")[0]
    asked = [line.removeprefix("    - ") for line in run.splitlines()]
    assert asked[0] == "python >=${{ python_min }}"
    project = PYPROJECT["project"]
    parts = [re.fullmatch(r"([\w.-]+?)([<>=!].*)?", one) for one in project["dependencies"]]
    assert asked[1:] == [f"{CONDA.get(p[1], p[1])} {p[2] or ''}".strip() for p in parts if p]
    assert f'python_min: "{project["requires-python"].removeprefix(">=")}"' in recipe


def test_every_extra_says_what_it_is_for() -> None:
    lines = (ROOT / "pyproject.toml").read_text("utf-8").splitlines()
    extras = PYPROJECT["project"]["optional-dependencies"]
    for extra in extras:
        at = next(i for i, line in enumerate(lines) if line.startswith(f"{extra} = ["))
        assert lines[at - 1].startswith("# "), extra
