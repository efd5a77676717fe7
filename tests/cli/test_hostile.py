"""Every verb with a standard output that is full or closed, and files made to fill the memory: one line, exit code 2."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from affil.cli import app

PAPERS = '{"id": "1", "title": "T", "venue": "CVPR", "year": 2024, "authors": [{"name": "A", "affiliations": ["MIT"]}]}\n'


def affil(python: str, *arguments: str, folder: Path, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    command = [python, "-m", "affil", *arguments]
    return subprocess.run(command, cwd=folder, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def folder(python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "papers.jsonl").write_text(PAPERS)
    (folder / "gold.csv").write_text("affiliation,institution_ids\nMIT,https://ror.org/042nb2s44\n")
    assert affil(python, "run", "papers.jsonl", "-w", "ws", folder=folder).returncode == 0
    return folder


VERBS = {
    "match": ("match", "--text", "MIT"),
    "evaluate": ("evaluate", "gold.csv"),
    "run": ("run", "papers.jsonl", "-w", "ws"),
    "formats": ("formats", "papers.jsonl"),
    "rank": ("rank", "ws"),
    "trend": ("trend", "ws"),
    "why": ("why", "ws", "MIT"),
    "venues": ("venues",),
    "decide": ("decide", "ws", "MIT", "--institution", "none", "--by", "ana", "--why", "so"),
    "decisions": ("decisions", "ws"),
    "undo": ("undo", "ws", "1", "--by", "ana", "--why", "so"),
    "snapshot": ("snapshot", "ws", "now"),
    "ledger check": ("ledger", "check", "ws"),
    "registry search": ("registry", "search", "MIT"),
}


def commands() -> list[tuple[str, ...]]:
    """All commands, groups too."""
    top = typer.main.get_command(app)
    found: list[tuple[str, ...]] = [()]
    for name, command in getattr(top, "commands", {}).items():
        found += [(name,), *((name, below) for below in getattr(command, "commands", ()))]
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("verb", [*VERBS, "help"])
def test_a_full_standard_output_is_one_line(verb: str, python: str, folder: Path) -> None:
    calls = [VERBS[verb]] if verb != "help" else [(*command, "--help") for command in commands()]
    for arguments in calls:
        with Path("/dev/full").open("wb") as full:
            done = affil(python, *arguments, folder=folder, stdout=full.fileno())
        assert done.returncode == 2, (arguments, done.stderr)
        said = [line for line in done.stderr.splitlines() if line.startswith("affil: ")]
        assert said == [
            "affil: standard output cannot be written (No space left on device); free some space, or let it go elsewhere"
        ]
        assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("verb", VERBS)
def test_a_closed_standard_output_is_one_line(verb: str, folder: Path) -> None:
    command = ["sh", "-c", 'exec 1>&-; exec "$0" -m affil "$@"', sys.executable, *VERBS[verb]]
    done = subprocess.run(command, cwd=folder, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    said = "affil: standard output is closed; let it go to a terminal, a file or /dev/null\n"
    assert (done.returncode, done.stderr) == (2, said)


@pytest.mark.slow
def test_who_reads_may_stop_reading(python: str, folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = affil(python, "venues", folder=folder, stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bomb.csv.gz", "bomb.csv.gz, line 2: is longer than 100,000,000 bytes; check that it is text"),
        ("fifo", "fifo: is a pipe to which nobody writes; start what writes to it first"),
        ("/dev/zero", "/dev/zero: is a device; name a file"),
        ("twice.jsonl", "twice.jsonl, line 1: not JSON that can be read: 'id' stands twice in one object; correct the line"),
        ("slip.jsonl", "slip.jsonl, line 1: authors is missing; call 'auhtors' so"),
    ],
)
def test_what_would_fill_the_memory_or_never_end_is_refused(name: str, said: str, python: str, folder: Path) -> None:
    if name == "fifo":
        if not (folder / name).exists():
            os.mkfifo(folder / name)
    elif name == "bomb.csv.gz":
        with gzip.open(folder / name, "wb", 1) as file:
            file.write(b"affiliation\n")
            for _ in range(101):
                file.write(b"a" * 1_000_000)
    elif name.endswith(".jsonl"):
        change = ('"id": "1"', '"id": "1", "id": "2"') if name.startswith("twice") else ("authors", "auhtors")
        (folder / name).write_text(PAPERS.replace(*change))
    done = affil(python, "run", name, "-w", "other", folder=folder)
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith(f"affil: {said}")
    assert not (folder / "other" / "manifest.json").exists()
