"""A process beside this one answers as this one does, and ends with it."""

from __future__ import annotations

import os
import signal

import pytest

from affil.errors import AffilError, InputError
from affil.io.beside import beside, here


def doubled(value: list[int], *, fail: str = "") -> tuple[int, list[int]]:
    if fail == "input":
        raise InputError("papers.csv", "is empty", row=3)
    if fail:
        raise ValueError(fail)
    return os.getpid(), value * 2


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_is_asked_is_answered_elsewhere_as_here() -> None:
    long = list(range(100_000))  # longer than a pipe holds
    with beside() as ask:
        other, first = ask(doubled, long)()
        _, second = ask(doubled, [1])()
        mine, third = here(doubled, long)()
    assert (first, second, third) == (long * 2, [1, 1], long * 2)
    assert (mine == os.getpid(), other == os.getpid()) == (True, False)


def test_errors_come_back_and_the_process_goes_on() -> None:
    with beside() as ask:
        with pytest.raises(AffilError, match=r"^papers\.csv, row 3: is empty$"):
            ask(doubled, [], fail="input")()
        with pytest.raises(RuntimeError, match="ValueError: so"):
            ask(doubled, [], fail="so")()
        assert ask(doubled, [1])()[1] == [1, 1]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows")
def test_a_killed_process_is_an_error_and_no_endless_wait() -> None:
    with beside() as ask:
        with pytest.raises(AffilError, match="a worker process was killed"):
            ask(killed)()
        with pytest.raises(AffilError, match="a worker process was killed"):
            ask(killed)()


def test_it_ends_with_the_block() -> None:
    with beside() as ask:
        other, _ = ask(doubled, [])()
    with pytest.raises(ProcessLookupError):
        os.kill(other, 0)
