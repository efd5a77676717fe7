"""A program that is forked from one that has imported everything does what it does when Python starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SAY = "import os, sys; print(sys.argv[1:], os.getcwd(), os.environ['WHO'], input()); print('än', file=sys.stderr)"
PROGRAMS = (
    ["-c", SAY, "a b", "ü"],
    ["-m", "affil", "--version"],
    ["-m", "affil", "rank", "nowhere"],
    ["-m", "affil", "match", "--text", "x", "--policy", "nonsense"],
    ["-c", "import sys; sys.exit('it failed')"],
    ["-c", "import os; os.kill(os.getpid(), 9)"],
    ["-c", "raise KeyboardInterrupt"],
    ["-c", "import warnings; warnings.warn('told', UserWarning)"],
    ["-c", "import warnings; warnings.warn('hidden', ResourceWarning)"],
    ["-W", "error", "-c", "import warnings; warnings.warn('raised', ResourceWarning)"],
    ["script.py", "1"],
)


@pytest.mark.parametrize("arguments", PROGRAMS, ids=lambda arguments: arguments[-1][:40])
def test_it_says_and_ends_as_any_other(python: str, tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "script.py").write_text("import sys\nprint(sys.argv, __name__, sys.path[0])\nsys.exit(3)\n")
    outcomes = []
    for program in (sys.executable, python):
        done = subprocess.run(
            [program, *arguments], cwd=tmp_path, env={**os.environ, "WHO": "me"}, input="in\n", capture_output=True, text=True
        )
        told = [line for line in done.stderr.splitlines() if not line.startswith("  File ")]
        outcomes.append((done.returncode, done.stdout, told[-1:]))
    assert outcomes[0] == outcomes[1]


def test_each_has_its_own_memory(python: str) -> None:
    code = "import affil.settings as s; print(getattr(s, 'left', 'nothing')); s.left = 'something'"
    for _ in range(2):
        assert subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout == "nothing\n"


LASTS = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_the_program_and_who_asked_for_it_end_by_the_same_signal(python: str, number: signal.Signals) -> None:
    for ended in ("program", "client"):
        with subprocess.Popen([python, "-c", LASTS], stdout=subprocess.PIPE, text=True) as process:
            program = int(process.stdout.readline())
            os.kill(program if ended == "program" else process.pid, number)
            assert process.wait(30) == -number
            assert process.stdout.read() == "", "it has ended, which closes its output"


def test_an_interrupt_reaches_the_program(python: str) -> None:
    code = "import time\ntry: print(flush=True); time.sleep(60)\nexcept KeyboardInterrupt: print('interrupted')"
    with subprocess.Popen([python, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30)[0] == "interrupted\n"
        assert process.returncode == 0
