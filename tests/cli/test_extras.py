"""Commands whose extra is not installed say so in one line; all others do without it."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from affil.installed import pip_install

ROOT = Path(__file__).parents[2]
# What pyproject.toml's extras install, by the names that are imported, and what comes with these.
MODULES = {
    "babel": "babel", "jinja2": "jinja2", "minify-html": "minify_html", "vl-convert-python": "vl_convert",
    "weasyprint": "weasyprint", "fastapi": "fastapi",
    "httptools": "httptools", "limits": "limits", "openpyxl": "openpyxl", "prometheus-client": "prometheus_client",
    "psycopg": "psycopg", "python-multipart": "python_multipart",
    "starlette": "starlette", "uvicorn": "uvicorn", "matplotlib": "matplotlib", "pyspark": "pyspark",
    "altair": "altair", "mcp": "mcp",
}  # fmt: skip
BLOCK = """
import sys

class Block:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in {blocked}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Block)
"""


@pytest.fixture(scope="module")
def bare(forked_python: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Python of an installation without extras."""
    folder = tmp_path_factory.mktemp("bare")
    blocked = {*MODULES.values(), "markupsafe", "py4j"}
    (folder / "sitecustomize.py").write_text(BLOCK.format(blocked=blocked), "utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))}
    with forked_python(folder, environment) as program:
        yield program


def affil(bare: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [bare, "-m", "affil", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_all_extras_are_blocked_here() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]
    used = extras.keys() - {"dev", "docs"}  # those two are for work on affil, and none of its modules imports them
    named = {one.split("[")[0].split(">")[0] for extra in used for one in extras[extra]}
    assert named == {*MODULES}


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (("report", "WS"), "report"),
        (("report", "WS", "--format", "pdf", "-o", "b.pdf"), "report"),
        (("report", "WS", "--format", "md", "-o", "b.md"), "report"),
        (("serve", "--port", "0"), "web"),
        (("mcp", "WS"), "mcp"),
        (("review", "WS", "--port", "0"), "web"),
        (("review", "export", "WS", "-o", "sheet.xlsx"), "xlsx"),
        (("review", "import", "WS", "sheet.xlsx", "--by", "ana"), "xlsx"),
        (("review", "conflicts", "WS", "--ledger", "postgresql://nobody@127.0.0.1:1/none"), "postgres"),
        (("evaluate", "gold.csv", "--picture", "picture.svg"), "plot"),
        (("match", "strings.parquet", "-o", "out", "--engine", "spark"), "spark"),
        (("run", "papers.jsonl", "-w", "WS", "--engine", "spark"), "spark"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, tuple) else v,
)
def test_a_missing_extra_is_one_line(
    bare: str, review_folder: Path, tmp_path: Path, arguments: tuple[str, ...], extra: str
) -> None:
    shutil.copytree(review_folder, tmp_path / "ws")
    (tmp_path / "gold.csv").write_text("affiliation,institution_ids\nUniversity of Oxford,https://ror.org/052gg0110\n", "utf-8")
    authors = [{"name": "Ana Quillwater", "affiliations": ["Inkwell Polytechnic"]}]
    paper = {"id": "new", "title": "Counting Teacups", "venue": "CVPR", "year": 2023, "authors": authors}
    (tmp_path / "papers.jsonl").write_text(json.dumps(paper), "utf-8")
    for name in ("sheet.xlsx", "strings.parquet"):
        (tmp_path / name).write_bytes(b"PK")
    places = {
        "WS": tmp_path / "ws",
        **{n: tmp_path / n for n in ("b.pdf", "b.md", "sheet.xlsx", "gold.csv", "papers.jsonl", "picture.svg", "out")},
    }
    before = {p.name for p in tmp_path.iterdir()}
    done = affil(bare, *(places.get(a, tmp_path / a if a == "strings.parquet" else a) for a in arguments))
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert pip_install(extra) in done.stderr
    assert {p.name for p in tmp_path.iterdir()} == before, "nothing half-written"


def test_everything_else_does_without(
    bare: str, review_folder: Path, review_registry: Any, tiny_model: Path, tmp_path: Path
) -> None:
    ws, sheet = tmp_path / "ws", tmp_path / "sheet.csv"
    shutil.copytree(review_folder, ws)
    (tmp_path / "strings.csv").write_text("affiliation\nOpenAI\n", "utf-8")
    (tmp_path / "gold.csv").write_text("affiliation,institution_ids\nOpenAI,affil:openai\n", "utf-8")
    registry = ("--registry", review_registry.path)
    small = (*registry, "--model", tiny_model)
    for arguments in (
        ("match", tmp_path / "strings.csv", "-o", tmp_path / "out.csv", *small),
        ("match", "--text", "OpenAI", *small),
        ("evaluate", tmp_path / "gold.csv", *small),
        ("run", "-w", ws),
        ("rank", ws, "-o", tmp_path / "r.parquet"),
        ("trend", ws),
        ("why", ws, "OpenAI"),
        ("snapshot", ws, "first"),
        ("diff", ws, "--since", "first"),
        ("decide", ws, "OpenAI!", "--institution", "affil:openai", "--by", "ana", "--why", "w"),
        ("decisions", ws),
        ("undo", ws, "1", "--by", "ana", "--why", "w"),
        ("discover", ws),
        ("review", "export", ws, "-o", sheet),
        ("review", "import", ws, sheet, "--by", "ana"),
        ("review", "conflicts", ws),
        ("review", "names", ws),
        ("registry", "search", "openai", *registry),
        ("registry", "show", "affil:openai", *registry),
        ("registry", "info", *registry),
    ):
        done = affil(bare, *arguments)
        assert done.returncode == 0, (arguments, done.stderr)
        assert "Traceback" not in done.stderr
    with sheet.open(encoding="utf-8-sig", newline="") as lines:
        assert "institution_ids" in next(csv.reader(lines))
