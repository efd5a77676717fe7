"""Whatever a killed command leaves behind, a folder is as before it or as after it, and the next one goes on as if nothing was; likewise
where the disk is full, or fails.

A sample each time, from a seed that is printed; `just torture` does each to each command fifty times.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from affil.io.outputs import atomic_path, sweep
from affil.ledger import Ledger
from affil.registry.local import Details
from affil.workspace import Workspace
from tests.forked import run
from tests.registry.test_fetch import Zenodo
from tests.registry.test_fetch import zenodo as zenodo  # a fixture
from tests.torture import SEED, TORTURE, one_of_everything, papers, undisturbed

# Ends itself, or lets no file grow beyond a limit from then on, a while after it touched the folder for the nth time: creating, renaming or
# deleting files and folders in it, or locking it; or a while after it began. How often it did so, and how long it took, it says at its end.
CHILD = """
import os, resource, signal, sys, threading, time
folder, moment, delay, limit = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
touched, began = 0, time.monotonic()

def end():
    if delay:
        time.sleep(delay)
    if limit < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

def begin():
    threading.Thread(target=end, daemon=True).start() if delay else end()

def touch(event, arguments):
    global touched
    if event == "open":
        writes = arguments[2] is not None and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if not writes:
            return
    elif event not in ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "sqlite3.connect", "ctypes.dlsym"):
        return
    if event == "ctypes.dlsym" or isinstance(arguments[0], (str, os.PathLike)) and os.path.abspath(os.fspath(arguments[0])).startswith(folder):
        touched += 1
        if touched == moment:
            begin()

prelude = sys.argv[5]
sys.argv[1:] = sys.argv[6:]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
exec(prelude)
sys.addaudithook(touch)
if moment < 0:
    begin()
from affil.cli import main
try:
    main()
finally:
    print("touched", touched, time.monotonic() - began, file=sys.stderr)
"""


def ranked(ws: Path) -> dict[str, Any]:
    """What `affil rank` says: every institution with its numbers, how much is matched, and nothing that would be odd."""
    said = json.loads(undisturbed(ws.parent, "rank", ws.name, "--json"))
    return {name: said[name] for name in ("ranking", "coverage", "warnings")}


def content(ws: Path) -> dict[str, list[str]]:
    """The rows of all tables, in any order."""
    names = ("papers", "mentions", "strings", "matches", "institutions")
    return {n: sorted(map(str, pq.read_table(Workspace.open(ws, create=True).table(n)).to_pylist())) for n in names}


_TIME = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+(?:\+00:00|Z)?")  # when a download was made
_OLD = {n: f"{n}.parquet" for n in ("papers", "mentions", "strings", "matches", "institutions")}  # where they stood before
_OTHERS = (
    "manifest.json",
    "settings.toml",
    ".lock",
    "own.csv",
    "venues.csv",
    "registry.affil",
    "ledger.sqlite",
    "proposals.json",
    "suggestions.json",
)


def strays(ws: Path) -> list[str]:
    """Files that neither the manifest nor a state of the counts speaks of."""
    manifest = json.loads((ws / "manifest.json").read_text("utf-8"))
    states = [json.loads(f.read_text("utf-8")) for f in (ws / "counts").glob("s*/*.json")]
    counted = {p["file"] for s in states for p in s["partitions"]} | {s[k] for s in states for k in ("answers", "institutions")}
    known = {*manifest.get("tables", _OLD).values(), *manifest.get("replaced", ()), *_OTHERS}
    known |= {f"tables/manifest-{manifest.get('step', 0):06}.json"}
    known |= {f"counts/files/{name}.parquet" for name in counted} | {f"counts/states/{s['number']:06}.json" for s in states}
    known |= {f"counts/snapshots/{s['name']}.json" for s in states if s["name"]}
    known |= {str(f.relative_to(ws)) for f in (ws / "backups").glob("ledger-????-??-??.sqlite")}
    return sorted(str(f.relative_to(ws)) for f in ws.rglob("*") if f.is_file() and str(f.relative_to(ws)) not in known)


@dataclass(frozen=True)
class Job:
    """A command, what is done before it, the name of what it makes where that is not the workspace, and code that its process runs first."""

    command: tuple[str, ...]
    before: tuple[str, ...] = ()
    makes: str = ""
    prelude: str = ""


_SMALL = ("--registry", "small.affil")
_FEW = "import affil.registry.cached as cached; cached.SHIPPED = 'institutions.csv'"  # what is shipped takes its time
_QUICK = """
import affil.training.fit as fit
from affil.settings import Settings, StageSettings, TrainSettings
stage = StageSettings(iterations=8, max_leaf_nodes=8, min_samples_leaf=10)
quick = TrainSettings(synthetic=240, synthetic_external=120, decoys=150, first=stage, second=stage, min_calibration=20)
fit.Settings = lambda: Settings(train=quick)
"""
_CANDIDATES = ("Lab 2, Fernhollow College", "--institution", "affil:openai", "--by", "bo", "--why", "w")
JOBS = {
    "run": Job(("run", "new.jsonl", "-w", "ws")),
    "rank": Job(("rank", "ws", "--json"), before=("decide", "ws", *_CANDIDATES)),
    "snapshot": Job(("snapshot", "ws", "second"), before=("decide", "ws", *_CANDIDATES)),
    "decide": Job(("decide", "ws", *_CANDIDATES)),
    "decide on a server": Job(("decide", "ws", *_CANDIDATES, "--ledger", "URL")),
    "match": Job(("match", "strings.csv", "-o", "out.csv", *_SMALL, "--model", "model.skops"), makes="out.csv"),
    "discover": Job(("discover", "ws")),
    "report": Job(("report", "ws", "-o", "site"), makes="site"),
    "registry build": Job(("registry", "build", "institutions.csv", "-o", "built.affil"), makes="built.affil"),
    "registry fetch": Job(("registry", "fetch", "--record", "URL"), makes="cache", prelude=_FEW),
    "train": Job(("train", "gold.csv", "-o", "trained.skops", *_SMALL), makes="trained.skops", prelude=_QUICK),
}
LIGHT = ("run", "rank", "snapshot", "decide", "match")
WAYS = ("killed", "full", "failing")


@pytest.fixture(scope="module")
def whole(review_registry: Any, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one of everything, where a run takes several batches; and what the commands read."""
    folder = one_of_everything(tmp_path_factory.mktemp("killed"), review_registry.path, tiny_model, batch=5)
    strings = [
        f"{n}, Lab {n % 7}, {name}" for n in range(40) for name in ("OpenAI", "Fernhollow College", "Northeastern University")
    ]
    (folder / "strings.csv").write_text("".join(f"{s!r}\n" for s in ["affiliation", *strings]).replace("'", '"'), "utf-8")
    rows = [f'"{s}",{"affil:openai" if "OpenAI" in s else "affil:fernhollow-college"}' for s in strings if "North" not in s]
    (folder / "gold.csv").write_text("\n".join(["affiliation,institution_ids", *rows]) + "\n", "utf-8")
    (folder / "institutions.csv").write_text("id,name,country\naffil:qio,Quillwater Institute of Optics,GB\n", "utf-8")
    return folder


class Disturbed:
    """A command in copies of a folder, killed or kept from writing, beside one that is left alone."""

    def __init__(self, python: str, whole: Path, place: Path, job: Job, url: Callable[[], str]) -> None:
        self._python, self._job, self._place, self._new_url, self._url = python, job, place, url, url()
        self._base = place.with_name("base")
        shutil.copytree(whole, self._base)
        if job.before:
            undisturbed(self._base, *job.before)
        with self._copy() as folder:
            self.before = self._seen(folder)
            code, errors = self._run(folder)
            assert code == 0, errors
            touched, took = errors.split("touched ")[1].split()
            self._last, self._took = int(touched), float(took)
            self.after = self._seen(folder)
            self._files = self._listed(folder)

    def verdict(self, way: str, drawn: random.Random) -> tuple[str, str]:
        """How it stands when a command was disturbed in a way, `before`, `after` or `wrong`, and what happened."""
        moment = drawn.randint(1, self._last) if self._last and not self._url.startswith("postgres") else -1
        delay = drawn.uniform(0, self._took) if moment < 0 else drawn.choice((0.0, 0.0, drawn.uniform(0, 0.03)))
        limit = {"killed": -1, "full": 0, "failing": drawn.choice((100, 3_000, 50_000))}[way]
        with self._copy() as folder:
            code, errors = self._run(folder, moment, delay, limit)
            about = f"{' '.join(self._job.command)} {way} at {moment} of {self._last}, {delay:.4f} s later, limit {limit}: "
            about += f"{code}\n{errors}"
            said = [line for line in errors.splitlines() if not line.startswith(("touched ", "affil: note: "))]
            told = code == 2 and len(said) == 1 and said[0].startswith("affil: ")
            if not (code == 0 or (code == -signal.SIGKILL if way == "killed" else told)):
                return "wrong", about
            is_now = self._seen(folder)
            if is_now not in (self.before, self.after):
                return "wrong", f"{about}\nneither as before nor as after: {is_now}"
            end = "after" if is_now == self.after and self.after != self.before else "before"
            code, errors = self._run(folder)
            repeated = end == "after" and self._job.command[0] in ("snapshot", "decide")
            if code and not repeated:
                return "wrong", f"{about}\nthe next time: {errors}"
            if self._seen(folder) != self.after:
                return "wrong", f"{about}\nthe next time it is not as after"
            undisturbed(folder, "run", "-w", "ws")
            if left := strays(folder / "ws") + sorted({*self._listed(folder)} - {*self._files}):
                return "wrong", f"{about}\nleft behind: {left}"
        return end, about

    @contextmanager
    def _copy(self) -> Iterator[Path]:
        shutil.copytree(self._base, self._place)
        self._url = self._new_url()
        yield self._place
        shutil.rmtree(self._place)

    def _run(self, folder: Path, moment: int = 0, delay: float = 0.0, limit: int = -1) -> tuple[int, str]:
        told = [part.replace("URL", self._url) for part in self._job.command]
        command = ["-c", CHILD, str(folder), str(moment), str(delay), str(limit), self._job.prelude, *told]
        environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")} if self._job.makes == "cache" else None
        code, _, errors = run(self._python, command, str(folder), environment)
        return code, errors

    def _seen(self, folder: Path) -> Any:
        """What the command makes: the bytes of its files, or all that a workspace says."""
        if self._url.startswith("postgres"):
            return [(e.affiliation, e.institutions) for e in Ledger(self._url).entries()]
        if self._job.makes == "cache":
            return sorted(f.suffix for f in (folder / "cache" / "affil" / "ror").glob("*.json"))
        if self._job.makes:
            made = folder / self._job.makes
            files = sorted(f for f in made.rglob("*") if f.is_file()) if made.is_dir() else [made] if made.exists() else []
            return [(str(f.relative_to(folder)), hashlib.sha256(_TIME.sub(b"", f.read_bytes())).hexdigest()) for f in files]
        ws = Workspace.open(folder / "ws", create=True)
        decided = [(e.affiliation, e.institutions) for e in ws.ledger.entries()]
        return ranked(ws.path), decided, [*ws.counts.snapshots()], ws.proposals, content(ws.path)

    def _listed(self, folder: Path) -> list[str]:
        """All files but those of the workspace."""
        found = [f.relative_to(folder) for f in folder.rglob("*") if f.is_file()]
        return sorted(str(f) for f in found if f.parts[0] != "ws")


def sample() -> dict[str, list[str]]:
    """How each command is disturbed: all of them, or some in one way each."""
    if TORTURE:
        return {name: [way for way in WAYS for _ in range(TORTURE)] for name in JOBS}
    drawn = random.Random(SEED)
    heavy = [name for name in JOBS if name not in LIGHT and name != "registry fetch"]
    return {name: [drawn.choice(WAYS)] for name in (*drawn.sample(LIGHT, 3), drawn.choice(heavy))}


@pytest.mark.parametrize("name", sample())
def test_a_disturbed_command_has_never_been_or_was_whole(
    python: str, whole: Path, tmp_path: Path, name: str, request: pytest.FixtureRequest
) -> None:
    url: Callable[[], str] = str
    if name == "decide on a server":
        url = request.getfixturevalue("postgres").database
    if name == "registry fetch":
        held: Zenodo = request.getfixturevalue("zenodo")
        url = lambda: f"{held.url}/api/records/6347574"  # noqa: E731
    disturbed, ends, wrong = Disturbed(python, whole, tmp_path / "here", JOBS[name], url), Counter[str](), []
    for number, way in enumerate(sample()[name]):
        end, about = disturbed.verdict(way, random.Random(f"{SEED} {name} {way} {number}"))
        ends[f"{way}: {end}"] += 1
        if end == "wrong":
            wrong.append(about)
            sys.stdout.write(f"wrong: {about}\n")
    sys.stdout.write(f"seed {SEED}: {name}, {dict(ends)}\n")
    assert wrong == [], f"seed {SEED}"


def as_before(ws: Path) -> None:
    """Give a workspace the form that it had before the manifest named its tables."""
    manifest = json.loads((ws / "manifest.json").read_text("utf-8"))
    for name, file in manifest.pop("tables").items():
        (ws / file).rename(ws / f"{name}.parquet")
    shutil.rmtree(ws / "tables")
    for name in ("step", "replaced", "runs", "digests", "checksum"):
        manifest.pop(name, None)
    (ws / "manifest.json").write_text(json.dumps(manifest), "utf-8")


@pytest.mark.parametrize("old", [False, True])
def test_what_killed_commands_left_is_ignored_and_then_swept(whole: Path, tmp_path: Path, old: bool) -> None:
    folder = shutil.copytree(whole, tmp_path / "here")
    ws = folder / "ws"
    before = ranked(ws)
    if old:
        as_before(ws)
    parts = ws / "matching" / "0123456789abcdef"
    parts.mkdir(parents=True)
    folders = [ws, parts, ws / "counts" / "states", ws / "counts" / "files", ws / "counts" / "snapshots"]
    for one in folders:
        one.mkdir(exist_ok=True)
        for suffix in (".parquet", ".json", ".jsonl"):
            (one / f".affil-0123456789ab{suffix}").touch()
    assert ranked(ws) == before
    for verb in (("snapshot", "ws"), ("snapshot", "ws", "kept"), ("snapshot", "ws"), ("diff", "ws", "--since", "kept")):
        undisturbed(folder, *verb)
    undisturbed(folder, "run", "old.jsonl", "-w", "ws")
    assert ranked(ws) == before
    undisturbed(folder, "run", "-w", "ws")
    assert strays(ws) == []
    assert not (ws / "matching").exists()


def test_finished_batches_are_taken_once(
    review_ws: Workspace, review_registry: Any, doubter: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that was killed when its matches were known, before it deleted the batches that they were made of."""
    new = papers(tmp_path / "new.jsonl", range(9))
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

    new = papers(tmp_path / "new.jsonl", range(9))
    with pytest.raises(LostError):
        review_ws.run(progress=fail, papers=new, matcher=doubter(review_registry))
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
