"""A process of its own for a part of the work."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, ParamSpec, Protocol, TypeVar

from affil.errors import AffilError
from affil.io.interrupts import SIGNALS, undisturbed
from affil.io.memory import rare_collections
from affil.io.spawned import spawned, why_gone
from affil.wording import message_of

P = ParamSpec("P")
T = TypeVar("T")


class Ask(Protocol):
    """Hands a function of a module and its arguments over, and returns a function that waits for what it returns."""

    def __call__(self, function: Callable[P, T], /, *given: P.args, **options: P.kwargs) -> Callable[[], T]:
        """Hand them over."""


def here(function: Callable[P, T], /, *given: P.args, **options: P.kwargs) -> Callable[[], T]:
    """An `Ask` of this process: what is asked is done when somebody waits for it."""
    return partial(function, *given, **options)


@contextmanager
def beside() -> Iterator[Ask]:
    """Yield an `Ask` of a process of its own; what is asked is answered in order, and waited for in order. The process ends with the
    block, or with this process.

    Raises:
        AffilError: the process was killed, or could not start.
    """
    ours, theirs = multiprocessing.Pipe()
    process = spawned(_work, theirs)
    theirs.close()  # so that the pipe closes with the process

    def ask(function: Callable[P, T], /, *given: P.args, **options: P.kwargs) -> Callable[[], T]:
        with suppress(OSError):  # it was killed: whoever waits for the answer is told
            ours.send_bytes(pickle.dumps((function, given, options)))
        return answer

    def answer() -> Any:
        try:
            outcome = pickle.loads(ours.recv_bytes())
        except (EOFError, OSError):
            raise AffilError(why_gone(process)) from None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    try:
        yield ask
    finally:
        with undisturbed():
            process.kill()
            process.join()
            ours.close()


def _work(pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the parent ends this one
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)  # blocked by the parent during start
    with suppress(EOFError, OSError), rare_collections():  # until the parent is gone
        while True:
            function, given, options = pickle.loads(pipe.recv_bytes())
            try:
                outcome = function(*given, **options)
            except AffilError as error:  # in a form that pickles
                outcome = AffilError(message_of(error))
            except Exception:  # raised again in the parent
                outcome = RuntimeError(f"in a process beside:\n{traceback.format_exc()}")
            pipe.send_bytes(pickle.dumps(outcome))
