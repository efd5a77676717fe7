"""Processes that are started anew, not forked: a fork copies locks of threads without the threads."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any

from affil.errors import AffilError
from affil.io.interrupts import undisturbed
from affil.settings import INPUT
from affil.wording import said

_NAME = "affil worker"  # tells a process that it was started here
_AGAIN = 78  # its exit code where it would start others instead of working


def spawned(target: Callable[..., None], *arguments: Any) -> BaseProcess:
    """Start a process that ends with this one.

    Raises:
        AffilError: this is such a process, which still reads the program that started it: it came to the same place again.
    """
    now = multiprocessing.current_process()
    if getattr(now, "_inheriting", False):
        if now.name == _NAME:
            os._exit(_AGAIN)  # without a word: the program itself says why, once
        raise AffilError(_again())
    process = multiprocessing.get_context("spawn").Process(target=target, args=arguments, name=_NAME, daemon=True)
    with undisturbed():  # a process interrupted while starting cannot be used or ended
        process.start()
    return process


def why_gone(process: BaseProcess) -> str:
    """Why a process is gone whose pipe has closed, and what to do."""
    process.join(INPUT.ended)
    if process.exitcode == _AGAIN:
        return _again()
    if process.exitcode is not None and process.exitcode > 0:
        return said("a worker process could not start; what it says stands above")
    return said("a worker process was killed (is there memory for all?); run again, with fewer workers")


def _again() -> str:
    return said(
        "this program starts processes where each of them would start it again; "
        'put what it does below the line if __name__ == "__main__": or take workers=1'
    )
