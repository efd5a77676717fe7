"""Every verb with a standard output that is full or closed, and files made to fill the memory: one line, exit code 2."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from affil.cli import app
from affil.workspace import Workspace

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
        ("/dev/zero", "/dev/zero: is a device; name a file"),
        ("twice.jsonl", "twice.jsonl, line 1: not JSON that can be read: 'id' stands twice in one object; correct the line"),
        ("slip.jsonl", "slip.jsonl, line 1: authors is missing; call 'auhtors' so"),
    ],
)
def test_what_would_fill_the_memory_or_never_end_is_refused(name: str, said: str, python: str, folder: Path) -> None:
    if name == "bomb.csv.gz":
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


def test_a_pipe_to_which_nobody_writes_is_refused(python: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    impatient = (
        "import sys\nfrom affil.cli import main\nfrom affil.io import files\n"
        "files.INPUT = files.INPUT.model_copy(update={'patience': 0.2})\nsys.exit(main())"
    )
    command = [python, "-c", impatient, "run", "fifo", "-w", "other"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "affil: fifo: is a pipe to which nobody writes; start what writes to it first"
    assert not (tmp_path / "other" / "manifest.json").exists()


READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'  # in a namespace of its own


@pytest.mark.slow
def test_a_workspace_on_a_read_only_mount_is_ranked_and_what_must_write_says_so(
    review_ws: Workspace, python: str, tmp_path: Path
) -> None:
    """Also with decisions that were made elsewhere since it was counted."""
    alone = ["unshare", "-rm", "sh", "-c", READ_ONLY, "sh", str(tmp_path / "ws")]
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs a namespace to mount in")

    def affil(*arguments: str, read_only: bool = True) -> tuple[int, str, str]:
        command = [*((*alone, sys.executable) if read_only else (python,)), "-m", "affil", *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        return done.returncode, done.stdout, done.stderr

    rank = ("rank", "ws", "--by", "publications")
    decide = ("decide", "ws", "Physics, OpenAI", "--institution", "none", "--by", "ana", "--why", "w")
    elsewhere = ("--ledger", "elsewhere.sqlite")
    assert affil(*decide, *elsewhere, read_only=False)[0] == 0
    before = affil(*rank, read_only=False)
    files = {f: f.read_bytes() for f in review_ws.path.rglob("*") if f.is_file()}
    assert affil(*rank) == before
    decided = affil(*rank, *elsewhere)
    assert (decided[0], decided[1] != before[1], decided[2]) == (0, True, "")
    assert affil("decisions", "ws")[::2] == (0, "")
    refused = "affil: ws: not writable; fix its permissions, or work in a copy\n"
    for verb in (("run", "-w", "ws"), ("snapshot", "ws", "now"), ("doctor", "ws", "--mend")):
        assert affil(*verb) == (2, "", refused)
    code, _, told = affil(*decide)
    assert (code, told.count("\n"), "ledger.sqlite: " in told) == (2, 1, True)
    assert {f: f.read_bytes() for f in review_ws.path.rglob("*") if f.is_file()} == files
    assert affil(*rank, *elsewhere, read_only=False)[1] == decided[1]
