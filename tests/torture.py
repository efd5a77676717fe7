"""What tests of damaged files and of killed commands share: how often, from which seed, and a workspace with one of everything."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import zlib
from pathlib import Path

from typer.testing import CliRunner

from affil.cli import app
from affil.workspace import Workspace
from tests.forked import run

TORTURE = int(os.environ.get("AFFIL_TORTURE", "0"))  # how often each thing is done; 0: a sample
_RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or secrets.token_hex()  # processes of pytest-xdist draw the same tests
SEED = int(os.environ.get("AFFIL_TEST_SEED", "0")) or zlib.crc32(_RUN.encode()) % 1_000_000
STRINGS = ("OpenAI", "Fernhollow College", "Quillwater Institute of Optics", "Tanglewick Robotics", "nobody knows")


def papers(path: Path, numbers: range) -> Path:
    """A file of papers of two venues and three years."""
    rows = [
        {
            "id": f"P{n}",
            "title": f"A paper of number {n}",
            "venue": ("CVPR", "ICRA")[n % 2],
            "year": 2019 + n % 3,
            "authors": [{"name": f"Author {n}", "affiliations": [f"Lab {n % 7}, {STRINGS[n % len(STRINGS)]}"]}],
        }
        for n in numbers
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def affil(python: str, folder: Path, *arguments: object) -> tuple[int, str, str]:
    """Run a command in a process of its own: how it ends, and what it says."""
    return run(python, ["-m", "affil", *map(str, arguments)], str(folder))


def undisturbed(folder: Path, *arguments: object) -> str:
    """What a command prints that nothing disturbs, and that therefore needs no process of its own."""
    with contextlib.chdir(folder):
        done = CliRunner().invoke(app, [*map(str, arguments)])
    assert done.exit_code == 0, (done.stderr, done.exception)
    return done.stdout


def one_of_everything(folder: Path, registry: Path, model: Path, batch: int = 4096) -> Path:
    """A folder with papers, a registry, a model, and a workspace `ws` that was run, decided in, ranked, kept, and discovered in; `batch`
    strings are matched at once.
    """
    papers(folder / "old.jsonl", range(20))
    papers(folder / "new.jsonl", range(15, 40))
    (folder / "small.affil").write_bytes(registry.read_bytes())
    (folder / "model.skops").write_bytes(model.read_bytes())
    Workspace.open(folder / "ws", create=True)
    settings = folder / "ws" / "settings.toml"
    settings.write_text(settings.read_text("utf-8").replace("batch = 4096", f"batch = {batch}"), "utf-8")
    chosen = ("--registry", "small.affil", "--model", "model.skops")
    undisturbed(folder, "run", "old.jsonl", "-w", "ws", *chosen)
    (folder / "ws" / "own.csv").write_text("id,name,country\naffil:tanglewick,Tanglewick Robotics,GB\n", "utf-8")
    (folder / "ws" / "venues.csv").write_text("venue,name,areas,weight,aliases\nCVPR,Mine,robotics,2,\n", "utf-8")
    undisturbed(folder, "snapshot", "ws", "first")
    for string, institution, by in (("Lab 4, nobody knows", "affil:openai", "ana"), ("Lab 0, OpenAI", "none", "bo")):
        undisturbed(folder, "decide", "ws", string, "--institution", institution, "--by", by, "--why", "w")
    undisturbed(folder, "run", "-w", "ws")
    undisturbed(folder, "discover", "ws")
    Workspace.open(folder / "ws", create=True).suggest("Lab 1, OpenAI", ["affil:openai"], by="parrot", why="w")
    undisturbed(folder, "rank", "ws")
    return folder
