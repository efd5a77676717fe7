"""Match strings in this process, or in several worker processes.

A `ProcessPoolExecutor` is not used: its processes share pipes and locks, so a process killed while sending leaves half an
answer, and the executor waits forever. Here each process has a pipe of its own, which closes with it.
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
from affil.io.memory import RARELY
from affil.io.spawned import spawned, why_gone
from affil.wording import message_of

Waiting = Callable[[], list[AnswerRows]]  # waits for the answers to some strings
Ask = Callable[[list[str]], Waiting]
_Outcome = list[AnswerRows] | Exception
_Pickled = SimpleQueue[bytes | str]  # one outcome; text from a dead process: why. Safe against interrupts, unlike Queue.
_Tasks = SimpleQueue[tuple[list[str], _Pickled] | None]  # strings and the queue of their outcome; None at the end


@contextmanager
def asking(matcher: BatchMatcher, workers: int, task: int) -> Iterator[Ask]:
    """Yield a function that submits strings and returns a function that waits for their answers.

    With one worker, matching is done in this process. Otherwise each of `workers` processes opens its own matcher (of the same
    memory-mapped files, so the index is in memory once) and takes `task` strings at a time. They end with the block.

    Raises:
        AffilError: a process was killed, or could not start.
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
                with undisturbed():  # a process interrupted while starting cannot be used or ended
                    started.append(_Worker(recipe, tasks))
        return lambda: [answer for part in parts for answer in _answered(part.get())]

    try:
        yield ask
    finally:
        with undisturbed():
            for worker in started:
                worker.end()


def _answered(pickled: bytes | str) -> list[AnswerRows]:
    if isinstance(pickled, str):
        raise AffilError(pickled)
    outcome: _Outcome = pickle.loads(pickled)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


class _Worker:
    """A matching process, and a thread that passes tasks and outcomes."""

    def __init__(self, recipe: bytes, tasks: _Tasks) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        self._process = spawned(_work, recipe, theirs)
        theirs.close()  # so that the pipe closes with the process
        self._tasks = tasks
        self._thread = threading.Thread(target=self._pass_on, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Kill the process; nobody waits for its outcome."""
        self._process.kill()
        self._process.join()
        self._tasks.put(None)  # ends its thread, or another's

    def _pass_on(self) -> None:
        gone = ""
        while task := self._tasks.get():
            strings, pickled = task
            outcome: bytes | str = gone
            try:
                if not gone:
                    self._pipe.send(strings)
                    outcome = self._pipe.recv_bytes()
            except (EOFError, OSError):
                outcome = gone = why_gone(self._process)
            finally:  # never leave the caller waiting
                pickled.put(outcome)
        self._pipe.close()


def _work(recipe: bytes, pipe: Connection) -> None:
    gc.set_threshold(*RARELY)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the parent ends the others
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)  # blocked by the parent during start
    matcher: BatchMatcher | None = None
    with suppress(EOFError, OSError):  # until the parent is gone
        while True:
            strings = pipe.recv()
            try:
                matcher = matcher or pickle.loads(recipe)
                outcome: _Outcome = answers(matcher, strings)
            except AffilError as error:  # in a form that pickles
                outcome = AffilError(message_of(error))
            except Exception:  # raised again in the parent
                outcome = RuntimeError(f"in a worker process:\n{traceback.format_exc()}")
            pipe.send(outcome)
