"""Whatever happens to a file: the next command answers as if nothing had happened, or says in one line which file is damaged.

A sample each time, from a seed that is printed; `just torture` does each damage to each file a hundred times.
"""

from __future__ import annotations

import difflib
import os
import random
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from affil.workspace import Workspace
from affil.workspace.layout import BY_HAND
from tests.torture import SEED, TORTURE, affil, one_of_everything, undisturbed

TEXT = "Dept. of Optics, Quillwater Institute of Optics; OpenAI"
WS, RANK, RUN = "ws", ("rank", "ws", "--json"), ("run", "new.jsonl", "-w", "ws")
MATCH = ("match", "--text", TEXT, "--registry", "small.affil", "--model", "model.skops", "--json")
RUN_HERE = (*RUN, "--registry", "small.affil", "--model", "model.skops")  # not those that the workspace remembers
DIFF, WHY = ("diff", "ws", "--since", "first", "--json"), ("why", "ws", "OpenAI", "--json")
DOCTOR, DECISIONS = ("doctor", "ws", "--json"), ("decisions", "ws")
EXPORT = ("review", "export", "ws", "-o", "queue.csv")

# Each kind of file, as a pattern, and the commands that read it; what a command changes shows in the ranking afterwards.
FILES: dict[str, Sequence[Sequence[str]]] = {
    "ws/tables/papers-*.parquet": (RANK, RUN, WHY, EXPORT),
    "ws/tables/mentions-*.parquet": (RANK, RUN, EXPORT),
    "ws/tables/strings-*.parquet": (RUN, EXPORT),
    "ws/tables/matches-*.parquet": (RANK, RUN, EXPORT),
    "ws/tables/institutions-*.parquet": (RANK, RUN, WHY, EXPORT),
    "ws/manifest.json": (RANK, RUN, DIFF, DECISIONS, DOCTOR),
    "ws/settings.toml": (RANK, RUN, DIFF, DECISIONS, DOCTOR),
    "ws/own.csv": (RANK, RUN),
    "ws/venues.csv": (RANK, RUN),
    "ws/registry.affil": (RUN, WHY),
    "ws/ledger.sqlite": (RANK, RUN, DECISIONS, EXPORT, ("ledger", "check", "ws")),
    "ws/backups/ledger-*.sqlite": (("ledger", "restore", "ws", "--force"), DOCTOR),
    "ws/counts/states/*.json": (RANK, DIFF, RUN),
    "ws/counts/snapshots/*.json": (RANK, DIFF),
    "ws/counts/files/*.parquet": (RANK, DIFF, WHY, RUN),
    "ws/proposals.json": (DOCTOR,),
    "ws/suggestions.json": (("review", "suggestions", "ws", "--json"), EXPORT, DOCTOR),
    "ws/matching/*/*.parquet": (RUN,),
    "small.affil": (MATCH, ("registry", "search", "optics", "--registry", "small.affil"), RUN_HERE),
    "model.skops": (MATCH, RUN_HERE),
}
Harm = Callable[[bytearray, random.Random, Sequence[bytes]], bytes | bytearray]


def flipped(content: bytearray, drawn: random.Random, _: Sequence[bytes]) -> bytearray:
    for _ in range(drawn.choice((1, 1, 4))):
        content[drawn.randrange(len(content))] ^= 1 << drawn.randrange(8)
    return content


def cut(content: bytearray, drawn: random.Random, _: Sequence[bytes]) -> bytearray:
    return content[: drawn.randrange(1, len(content))]


def emptied(content: bytearray, drawn: random.Random, _: Sequence[bytes]) -> bytes:
    return b""


def zeroed(content: bytearray, drawn: random.Random, _: Sequence[bytes]) -> bytearray:
    first = drawn.randrange(len(content))
    last = min(len(content), first + drawn.choice((1, 16, 512, 4096)))
    content[first:last] = bytes(last - first)
    return content


def swapped(content: bytearray, drawn: random.Random, others: Sequence[bytes]) -> bytes:
    return drawn.choice(others)


HARMS: dict[str, Harm] = {f.__name__: f for f in (flipped, cut, emptied, zeroed, swapped)}


@pytest.fixture(scope="module")
def whole(review_registry: Any, review_folder: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one of everything, and a run in it that did not end."""
    folder = one_of_everything(tmp_path_factory.mktemp("damage"), review_registry.path, tiny_model)
    shutil.copytree(review_folder, folder / "other")

    class EndedError(Exception):
        pass

    def end(done: int, total: int) -> None:
        raise EndedError

    with pytest.raises(EndedError):
        Workspace.open(folder / "ws", create=True).run(progress=end, papers=folder / "new.jsonl")
    return folder


# Times; a batch that is damaged is matched again, and so is all where bytes of a model changed that hold nothing.
_UNTOLD = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]+(\+00:00|Z)?|(the model changed: all strings were matched again\n)?strings: \d+ looked up now"
)


class Trials:
    """Commands in a copy of a folder with one damaged file each, and what they answer in one that is whole."""

    def __init__(self, python: str, whole: Path, place: Path) -> None:
        self._python, self._whole, self._place = python, whole, place
        self._answers: dict[Sequence[str], str] = {}

    def verdict(self, kind: str, harm: str, number: int) -> tuple[str, str]:
        """How a damage ends, `the same`, `told`, `noted` or `wrong`, and what it was."""
        drawn = random.Random(f"{SEED} {kind} {harm} {number}")
        command = drawn.choice(FILES[kind])
        if command not in self._answers:
            with self._copy() as folder:
                self._answers[command] = self._answer(lambda *told: (0, undisturbed(folder, *told), ""), folder, command)[1]
        with self._copy() as folder:
            file = drawn.choice(sorted(folder.glob(kind)))
            before = file.read_bytes()
            others = [(f.suffix == file.suffix, f.read_bytes()) for f in sorted(folder.rglob("*")) if f.is_file()]
            if "backups" in kind:  # where a whole ledger is as good as another
                others = [(False, o) for same, o in others if not same]
            alike = [o for same, o in others if same and o != before] or [o for _, o in others if o != before]
            file.unlink()  # it may be linked
            file.write_bytes(HARMS[harm](bytearray(before), drawn, alike))
            code, said, errors = self._answer(lambda *told: self._run(folder, *told), folder, command)
            about = f"{file.relative_to(folder)} {harm} ({number}), affil {' '.join(command)}: {code}\n{errors}"
        signs = dict.fromkeys(BY_HAND, "not as it was at the last run") | {
            "ledger.sqlite": "an older copy was put in its place"
        }
        noted = signs.get(file.name)
        notes = [line for line in errors.splitlines() if noted is not None and noted in line]
        lines = [line for line in errors.splitlines() if line not in notes]
        if code == 2 and len(lines) == 1 and lines[0].startswith("affil: "):
            return "told", about
        if code == 0 and said == self._answers[command]:
            return "the same", about
        if code == 0 and noted is not None and noted in said + errors:
            return "noted", about
        differs = difflib.unified_diff(self._answers[command].splitlines(), said.splitlines(), n=0, lineterm="")
        return "wrong", "\n".join((about, *differs))

    @contextmanager
    def _copy(self) -> Iterator[Path]:
        def copy(source: str, target: str) -> None:  # registries are never changed, only replaced
            os.link(source, target) if source.endswith(".affil") else shutil.copyfile(source, target)

        shutil.copytree(self._whole, self._place, copy_function=copy)
        yield self._place
        shutil.rmtree(self._place)

    def _run(self, folder: Path, *command: str) -> tuple[int, str, str]:
        try:
            return affil(self._python, folder, *command)
        except TimeoutError as error:
            return -1, "", str(error)

    def _answer(self, do: Callable[..., tuple[int, str, str]], folder: Path, command: Sequence[str]) -> tuple[int, str, str]:
        """How a command ends, what it says and does, and what it says of errors; without times, which differ."""
        code, said, errors = do(*command)
        if code == 0 and command[0] in ("run", "ledger"):
            code, ranked, noted = do(*RANK)
            said, errors = said + ranked, errors + noted
        if "queue.csv" in command and (folder / "queue.csv").exists():
            said += (folder / "queue.csv").read_text("utf-8")
        return code, _UNTOLD.sub("...", said), errors


def sample() -> dict[str, list[tuple[str, int]]]:
    """How each kind of file is damaged: in each way, or some in one way."""
    if TORTURE:
        return {kind: [(harm, number) for harm in HARMS for number in range(TORTURE)] for kind in FILES}
    drawn = random.Random(SEED)
    return {kind: [(drawn.choice([*HARMS]), 0)] for kind in drawn.sample([*FILES], 10)}


@pytest.mark.parametrize("kind", sample())
def test_no_damage_is_silent(python: str, whole: Path, tmp_path: Path, kind: str) -> None:
    trials, ends, wrong = Trials(python, whole, tmp_path / "here"), Counter[str](), []
    for harm, number in sample()[kind]:
        end, about = trials.verdict(kind, harm, number)
        ends[f"{harm}: {end}"] += 1
        if end == "wrong":
            wrong.append(about)
            sys.stdout.write(f"wrong: {about}\n")
    sys.stdout.write(f"seed {SEED}: {kind}, {dict(ends)}\n")
    assert wrong == [], f"seed {SEED}"
