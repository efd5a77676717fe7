"""Defer signals during critical sections."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Defer SIGINT and SIGTERM until the block ends; for short blocks only.

    Processes started meanwhile inherit both as blocked. In this process Python's handlers are replaced too, since signals may
    be delivered to other threads and are handled in the main thread regardless.
    """
    put_off: list[tuple[int, FrameType | None]] = []
    main = threading.current_thread() is threading.main_thread()
    handlers = {number: signal.getsignal(number) for number in SIGNALS} if main else {}
    for number in handlers:
        signal.signal(number, lambda number, frame: put_off.append((number, frame)))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS) if hasattr(signal, "pthread_sigmask") else None  # not on Windows
    try:
        yield
    finally:
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for received, _ in put_off[:1]:
            signal.raise_signal(received)
