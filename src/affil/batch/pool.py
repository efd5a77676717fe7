"""Where strings are matched: in this process, or in several others at the same time.

Not in a `ProcessPoolExecutor`: its processes share their pipes and locks, so that one which is killed while it sends leaves half
an answer, and the executor waits for ever for the other half. Here each process has a pipe of its own, which ends with it.
"""

from __future__ import annotations

import gc
import multiprocessing
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from queue import SimpleQueue

from affil.batch.answers import AnswerRows, BatchMatcher, answers
from affil.errors import AffilError
from affil.io.interrupts import SIGNALS, undisturbed

Waiting = Callable[[], list[AnswerRows]]  # waits for the answers to some strings
Ask = Callable[[list[str]], Waiting]
_Outcome = list[AnswerRows] | Exception
_Pickled = SimpleQueue[bytes | None]  # one outcome; none of a process that is gone. An interrupt leaves no lock of it taken.
_Tasks = SimpleQueue[tuple[list[str], _Pickled] | None]  # strings and where their outcome goes; none at the end

_COLLECT = (50_000, 20, 100)  # Python's own are 700, 10, 10


@contextmanager
def asking(matcher: BatchMatcher, workers: int, task: int) -> Iterator[Ask]:
    """Give a function that takes strings and returns another, which waits for their answers.

    With one worker all is done here. Otherwise each of `workers` processes opens a matcher of its own (from the same files,
    memory-mapped, so that the index is in memory once) and takes `task` strings at a time. They end with the block.

    Raises:
        AffilError: a process was killed.
    """
    if workers == 1:
        yield lambda strings: lambda: answers(matcher, strings)
        return
    recipe = pickle.dumps(matcher)
    tasks: _Tasks = SimpleQueue()
    started: list[_Worker] = []

    def ask(strings: list[str]) -> Waiting:
        parts: list[_Pickled] = []
        for i in range(0, len(strings), task):
            parts.append(SimpleQueue())
            tasks.put((strings[i : i + task], parts[-1]))
            if len(started) < workers:
                with undisturbed():  # one that is interrupted while it starts can be neither used nor ended
                    started.append(_Worker(recipe, tasks))
        return lambda: [answer for part in parts for answer in _answered(part.get())]

    try:
        yield ask
    finally:
        with undisturbed():
            for worker in started:
                worker.end()


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for garbage less often: answers are many small objects without cycles, and looking through them is a tenth of all work."""
    before = gc.get_threshold()
    gc.set_threshold(*_COLLECT)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _answered(pickled: bytes | None) -> list[AnswerRows]:
    if pickled is None:
        problem = "a worker process was killed, or could not start (is there memory for all?)"
        raise AffilError(f"{problem}; run again, with fewer --workers")
    outcome: _Outcome = pickle.loads(pickled)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


class _Worker:
    """A process that matches, and a thread that takes tasks to it and outcomes from it."""

    def __init__(self, recipe: bytes, tasks: _Tasks) -> None:
        # Spawned, not forked: a fork copies the locks of threads that it does not copy.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(recipe, theirs), daemon=True)
        self._process.start()
        theirs.close()  # so that the pipe ends with the process
        self._tasks = tasks
        self._thread = threading.Thread(target=self._pass_on, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Kill the process, as nobody waits for what it is at."""
        self._process.kill()
        self._process.join()
        self._tasks.put(None)  # for its thread, or that of another

    def _pass_on(self) -> None:
        alive = True
        while task := self._tasks.get():
            strings, pickled = task
            outcome = None
            try:
                if alive:
                    self._pipe.send(strings)
                    outcome = self._pipe.recv_bytes()
            except (EOFError, OSError):
                alive = False
            finally:  # whatever happens here, nobody is left waiting
                pickled.put(outcome)
        self._pipe.close()


def _work(recipe: bytes, pipe: Connection) -> None:
    gc.set_threshold(*_COLLECT)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the first process ends the others
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)  # as they were put off while it was started
    matcher: BatchMatcher | None = None
    with suppress(EOFError, OSError):  # until nobody is left to work for
        while True:
            strings = pipe.recv()
            try:
                matcher = matcher or pickle.loads(recipe)
                outcome: _Outcome = answers(matcher, strings)
            except AffilError as error:  # in a form that survives the way back
                outcome = AffilError(str(error))
            except Exception:  # a fault, of whatever kind, is raised again where the answers are waited for
                outcome = RuntimeError(f"in a worker process:\n{traceback.format_exc()}")
            pipe.send(outcome)
