"""Whatever a killed command leaves behind, a workspace is as before it or as after it, and the next run goes on as if nothing was."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from affil.cli import app
from affil.io.files import atomic_path, sweep
from affil.registry.local import Details
from affil.workspace import Workspace

KILLS = int(os.environ.get("AFFIL_TEST_KILLS", "8"))
SEED = int(os.environ.get("AFFIL_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 1_000_000)

# Kills itself a while after it touched the workspace for the nth time: creating, renaming or deleting files and folders in it, or
# locking it. How often it did so, it says at its end.
CHILD = """
import os, signal, sys, threading, time
folder, moment, delay = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
touched = 0

def end():
    if delay:
        time.sleep(delay)
    os.kill(os.getpid(), signal.SIGKILL)

def touch(event, arguments):
    global touched
    if event == "open":
        writes = arguments[2] is not None and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if not writes:
            return
    elif event not in ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "sqlite3.connect"):
        return
    if isinstance(arguments[0], (str, os.PathLike)) and os.fspath(arguments[0]).startswith(folder):
        touched += 1
        if touched == moment:
            threading.Thread(target=end, daemon=True).start() if delay else end()

sys.argv[1:] = sys.argv[4:]
sys.addaudithook(touch)
from affil.cli import main
try:
    main()
finally:
    print("touched", touched, file=sys.stderr)
"""


def affil(python: str, ws: Path, *arguments: object, moment: int = 0, delay: float = 0.0) -> subprocess.CompletedProcess[str]:
    command = [python, "-c", CHILD, str(ws), str(moment), str(delay), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def undisturbed(*arguments: object) -> str:
    """What a command prints that nobody kills, and that therefore needs no process of its own."""
    done = CliRunner().invoke(app, [*map(str, arguments)])
    assert done.exit_code == 0, (done.stderr, done.exception)
    return done.stdout


def touches(done: subprocess.CompletedProcess[str]) -> int:
    assert done.returncode == 0, done.stderr
    return int(done.stderr.split("touched ")[1])


def papers(path: Path, numbers: range, *strings: str) -> Path:
    rows = [
        {
            "id": f"P{n}",
            "title": f"Paper {n}",
            "venue": ("CVPR", "ICRA")[n % 2],
            "year": 2019 + n % 3,
            "authors": [{"name": f"Author {n}", "affiliations": [f"Lab {n}, {strings[n % len(strings)]}"]}],
        }
        for n in numbers
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def ranked(ws: Path) -> dict[str, Any]:
    """What `affil rank` says: every institution with its numbers, how much is matched, and nothing that would be odd."""
    said = json.loads(undisturbed("rank", ws, "--json"))
    return {name: said[name] for name in ("ranking", "coverage", "warnings")}


def content(ws: Path) -> dict[str, list[str]]:
    """The rows of all tables, in any order."""
    names = ("papers", "mentions", "strings", "matches", "institutions")
    return {n: sorted(map(str, pq.read_table(Workspace.open(ws).table(n)).to_pylist())) for n in names}


_OLD = {n: f"{n}.parquet" for n in ("papers", "mentions", "strings", "matches", "institutions")}  # where they stood before


def strays(ws: Path) -> list[str]:
    """Files that neither the manifest nor a state of the counts speaks of."""
    manifest = json.loads((ws / "manifest.json").read_text("utf-8"))
    states = [json.loads(f.read_text("utf-8")) for f in (ws / "counts").glob("s*/*.json")]
    counted = {p["file"] for s in states for p in s["partitions"]} | {s[k] for s in states for k in ("answers", "institutions")}
    known = {*manifest.get("tables", _OLD).values(), *manifest.get("replaced", ()), "manifest.json", "settings.toml", ".lock"}
    known |= {f"counts/files/{name}.parquet" for name in counted} | {f"counts/states/{s['number']:06}.json" for s in states}
    known |= {f"counts/snapshots/{s['name']}.json" for s in states if s["name"]}
    return sorted(str(f.relative_to(ws)) for f in ws.rglob("*") if f.is_file() and str(f.relative_to(ws)) not in known)


@pytest.fixture(scope="module")
def before(python: str, review_registry: Any, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that was matched and ranked, in batches of five strings; and papers that are to come."""
    folder = tmp_path_factory.mktemp("killed")
    old = papers(folder / "old.jsonl", range(20), "OpenAI", "Fernhollow College", "nobody knows")
    papers(folder / "new.jsonl", range(15, 40), "OpenAI", "Quillwater Institute of Optics")
    ws = folder / "ws"
    Workspace.open(ws)
    settings = (ws / "settings.toml").read_text("utf-8")
    (ws / "settings.toml").write_text(settings.replace("batch = 4096", "batch = 5"), "utf-8")
    assert Workspace.open(ws).settings.retrieve.batch == 5
    chosen = ("--registry", review_registry.path, "--model", tiny_model)
    assert touches(affil(python, ws, "run", old, "-w", ws, *chosen)) > 0
    ranked(ws)
    return ws


def test_a_killed_run_has_never_been_or_was_whole(python: str, before: Path, tmp_path: Path) -> None:
    sys.stdout.write(f"seed {SEED}\n")
    drawn = random.Random(SEED)
    new = before.parent / "new.jsonl"
    whole = shutil.copytree(before, tmp_path / "whole")
    last = touches(affil(python, whole, "run", new, "-w", whole))
    answers = {"before": ranked(before), "after": ranked(whole)}
    assert answers["before"] != answers["after"]
    found = []
    for kill in range(KILLS):
        ws = shutil.copytree(before, tmp_path / f"ws{kill}")
        moment, delay = drawn.randint(1, last), drawn.choice((0.0, 0.0, drawn.uniform(0, 0.03)))
        done = affil(python, ws, "run", new, "-w", ws, moment=moment, delay=delay)
        where = f"seed {SEED}, kill {kill}: at {moment} of {last} and {delay:.4f} s later"
        assert done.returncode == -signal.SIGKILL or (delay and done.returncode == 0), f"{where}: {done.stderr}"
        is_now = ranked(ws)
        assert is_now in answers.values(), where
        found.append(next(k for k, v in answers.items() if v == is_now))
        sys.stdout.write(f"{where}\n")
        undisturbed("run", new, "-w", ws)
        assert ranked(ws) == answers["after"], where
        assert content(ws) == content(whole), where
        assert strays(ws) == [], where
        shutil.rmtree(ws)
    sys.stdout.write(f"{KILLS} kills: {found.count('before')} as before, {found.count('after')} as after\n")


def as_before(ws: Path) -> None:
    """Give a workspace the form that it had before the manifest named its tables."""
    manifest = json.loads((ws / "manifest.json").read_text("utf-8"))
    for name, file in manifest.pop("tables").items():
        (ws / file).rename(ws / f"{name}.parquet")
    shutil.rmtree(ws / "tables")
    for name in ("step", "replaced", "runs"):
        manifest.pop(name, None)
    (ws / "manifest.json").write_text(json.dumps(manifest), "utf-8")


@pytest.mark.parametrize("old", [False, True])
def test_what_killed_commands_left_is_ignored_and_then_swept(before: Path, tmp_path: Path, old: bool) -> None:
    ws = shutil.copytree(before, tmp_path / "ws")
    whole = ranked(ws)
    if old:
        as_before(ws)
    parts = ws / "matching" / "0123456789abcdef"
    parts.mkdir(parents=True)
    folders = [ws, parts, ws / "counts" / "states", ws / "counts" / "files", ws / "counts" / "snapshots"]
    for folder in folders:
        folder.mkdir(exist_ok=True)
        for suffix in (".parquet", ".json", ".jsonl"):
            (folder / f".affil-0123456789ab{suffix}").touch()
    assert ranked(ws) == whole
    for verb in (("snapshot", ws), ("snapshot", ws, "kept"), ("snapshot", ws), ("diff", ws, "--since", "kept")):
        undisturbed(*verb)
    undisturbed("run", before.parent / "old.jsonl", "-w", ws)
    assert ranked(ws) == whole
    undisturbed("run", "-w", ws)
    assert strays(ws) == []
    assert not (ws / "matching").exists()


def test_finished_batches_are_taken_once(
    review_ws: Workspace, review_registry: Any, doubter: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that was killed when its matches were known, before it deleted the batches that they were made of."""
    new = papers(tmp_path / "new.jsonl", range(9), "OpenAI", "Fernhollow College")
    with monkeypatch.context() as killed:
        killed.setattr("affil.workspace.layout.shutil.rmtree", lambda folder, **_: None)
        review_ws.run(papers=new, matcher=doubter(review_registry))
    assert [*(review_ws.path / "matching").rglob("*.parquet")]
    expected = content(review_ws.path)
    assert review_ws.run(papers=new, matcher=doubter(review_registry)).matched == 0
    assert content(review_ws.path) == expected
    assert not (review_ws.path / "matching").exists()


def test_batches_of_papers_that_never_came_in_are_left_out(
    review_ws: Workspace, review_registry: Any, doubter: Any, tmp_path: Path
) -> None:
    """A killed run matched strings whose papers the next one is not given."""
    before = content(review_ws.path)

    class LostError(Exception):
        pass

    def fail(done: int, total: int) -> None:
        raise LostError

    new = papers(tmp_path / "new.jsonl", range(9), "OpenAI", "Fernhollow College")
    with pytest.raises(LostError):
        review_ws.run(fail, papers=new, matcher=doubter(review_registry))
    assert content(review_ws.path) == before
    assert [*(review_ws.path / "matching").rglob("*.parquet")]
    review_ws.run(matcher=doubter(review_registry))
    assert content(review_ws.path) == before


def test_what_another_process_is_writing_is_not_swept(tmp_path: Path) -> None:
    (tmp_path / ".affil-000000000000.csv").touch()
    with atomic_path(tmp_path / "out.csv") as temporary:
        temporary.write_text("x")
        sweep(tmp_path)
        assert [f.name for f in tmp_path.iterdir()] == [temporary.name]
    assert [f.name for f in tmp_path.iterdir()] == ["out.csv"]


def test_an_own_institution_is_written_at_once(review_ws: Workspace) -> None:
    """It stands in own.csv, and nowhere else until the next run: there is nothing to be killed between."""
    files = {f: f.read_bytes() for f in review_ws.path.rglob("*") if f.is_file()}
    made = review_ws.add_institution(Details("Tanglewick Robotics", "GB", kind="company"))
    changed = {f.name for f in review_ws.path.rglob("*") if f.is_file() and files.get(f) != f.read_bytes()}
    assert changed - {".lock"} == {"own.csv"}
    assert made.id in review_ws.institutions(["id"]).column("id").to_pylist()
