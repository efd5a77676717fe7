from __future__ import annotations

import os
import signal
import threading

import pytest

from affil.io.interrupts import undisturbed


@pytest.mark.parametrize("by_thread", [False, True])
def test_an_interrupt_waits_for_the_end_of_the_block(by_thread: bool) -> None:
    done = []

    def send() -> None:
        os.kill(os.getpid(), signal.SIGINT)

    def block() -> None:
        with undisturbed():
            if by_thread:
                thread = threading.Thread(target=send)
                thread.start()
                thread.join()
            else:
                send()
            done.append(sum(range(100_000)))

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        block()
    assert len(done) == 1
    assert signal.getsignal(signal.SIGINT) is before


def test_without_a_signal_nothing_happens_and_other_threads_may_use_it() -> None:
    entered = []

    def work() -> None:
        with undisturbed():
            entered.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    work()
    assert entered == [True, True]
