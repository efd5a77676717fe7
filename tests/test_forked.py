"""A program that is forked from one that has imported everything does what it does when Python starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.forked import run

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


@pytest.mark.parametrize("code", ["print('x' * 300_000); print('än', file=sys.stderr); sys.exit(3)", "os.kill(os.getpid(), 9)"])
def test_one_that_is_asked_for_without_a_client_ends_as_with_one(python: str, tmp_path: Path, code: str) -> None:
    code = f"import os, sys; print(os.getcwd(), os.environ['WHO'], sys.stdin.read(), flush=True); {code}"
    environment = {**os.environ, "WHO": "me"}
    done = subprocess.run(
        [python, "-c", code], cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert run(python, ["-c", code], str(tmp_path), environment) == (done.returncode, done.stdout, done.stderr)


def test_one_that_is_not_waited_for_is_killed(python: str, tmp_path: Path) -> None:
    code = "import os, sys, time; open('number', 'w').write(str(os.getpid())); time.sleep(60)"
    with pytest.raises(TimeoutError):
        run(python, ["-c", code], str(tmp_path), timeout=2)
    limit = time.monotonic() + 30
    while Path(f"/proc/{(tmp_path / 'number').read_text()}").exists():
        assert time.monotonic() < limit
        time.sleep(0.01)


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
