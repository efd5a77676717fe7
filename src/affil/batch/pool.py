"""Where strings are matched: in this process, or in several others at the same time."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from typing import Any

from affil.batch.answers import Answer, MatcherLike, answers
from affil.errors import AffilError
from affil.io.interrupts import SIGNALS, undisturbed

Waiting = Callable[[], list[Answer]]  # waits for the answers to some strings
Ask = Callable[[list[str]], Waiting]

_COLLECT = (50_000, 20, 100)  # Python's own are 700, 10, 10
_recipe: bytes  # of a worker process's own matcher


@contextmanager
def asking(matcher: MatcherLike, workers: int, task: int) -> Iterator[Ask]:
    """Give a function that takes strings and returns another, which waits for their answers.

    With one worker all is done here. Otherwise each of `workers` processes opens a matcher of its own (from the same files,
    memory-mapped, so that the index is in memory once) and takes `task` strings at a time.

    Raises:
        AffilError: a process was killed.
    """
    if workers == 1:
        yield lambda strings: lambda: answers(matcher, strings)
        return
    # Spawned, not forked: a fork copies the locks of threads that it does not copy.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(pickle.dumps(matcher),))

    def ask(strings: list[str]) -> Waiting:
        parts = [pool.submit(_answers, strings[i : i + task]) for i in range(0, len(strings), task)]
        return lambda: [answer for part in parts for answer in part.result()]

    others = multiprocessing.active_children()
    try:
        with undisturbed():  # a pool that is interrupted while it starts can be neither used nor ended
            pool.submit(_nothing)
        yield ask
    except BrokenProcessPool as error:
        problem = "a worker process was killed, or could not start (is there memory for all?)"
        raise AffilError(f"{problem}; run again, with fewer --workers") from error
    except BaseException:
        # Nobody waits for what they are at. All of them, also those that started with later tasks: one that is left would wait
        # for ever for the lock that another was killed with.
        for process in multiprocessing.active_children():
            if process not in others:
                process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for garbage less often: answers are many small objects without cycles, and looking through them is a tenth of all work."""
    before = gc.get_threshold()
    gc.set_threshold(*_COLLECT)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _nothing() -> None:
    pass


def _begin(recipe: bytes) -> None:
    global _recipe
    _recipe = recipe
    gc.set_threshold(*_COLLECT)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the first process tells the others to stop
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)  # as they were put off while it was started
    parent: Any = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()  # nobody is left to work for


@cache
def _matcher() -> MatcherLike:
    matcher: MatcherLike = pickle.loads(_recipe)
    return matcher


def _answers(strings: list[str]) -> list[Answer]:
    try:
        return answers(_matcher(), strings)
    except AffilError as error:  # in a form that survives the way back
        raise AffilError(str(error)) from None
