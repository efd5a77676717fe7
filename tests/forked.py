"""Python programs that start fast: a server that has imported the libraries forks a process for each of them.

A program has its own arguments, folder, environment, files and memory, ends with its own code or signal, and finds all modules
imported but none used. As a script, this is the client: it takes Python's options -W error, -m and -c, or a file.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator

SOCKET = "python.socket"  # where the server listens, in the folder of the program that asks it


def client(path: str, arguments: list[str]) -> None:
    """Have a program run, and end as it ends."""
    forwarded = (signal.SIGINT, signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_BLOCK, forwarded)  # until it is known whom they are for
    with _asked(path, arguments, os.getcwd(), dict(os.environ), [0, 1, 2]) as (program, told):
        for number in forwarded:
            signal.signal(number, lambda number, _: os.kill(program, number))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, forwarded)
        code = int(told.readline())
    if code < 0:
        for number in forwarded:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


def run(
    python: str, arguments: list[str], folder: str, environment: dict[str, str] | None = None, timeout: float = 300
) -> tuple[int, str, str]:
    """How a program ends that has no input, and what it says on standard output and standard error; without a process for the client.

    Raises:
        TimeoutError: it took longer than `timeout` seconds, and was killed.
    """
    said: dict[int, bytes] = {}
    with contextlib.ExitStack() as stack:
        ours, theirs = zip(*(os.pipe() for _ in "oe"), strict=True)
        given = [os.open(os.devnull, os.O_RDONLY), *theirs]
        for one in ours:
            stack.callback(os.close, one)
        try:
            asked = _asked(
                os.path.join(os.path.dirname(python), SOCKET), arguments, folder, environment or dict(os.environ), given
            )
            _, told = stack.enter_context(asked)
        finally:
            for one in given:
                os.close(one)
        limit, left = time.monotonic() + timeout, [*ours]
        while left:
            ready, _, _ = select.select(left, [], [], max(0, limit - time.monotonic()))
            if not ready:
                raise TimeoutError(f"{arguments} took more than {timeout} s")
            for one in ready:
                piece = os.read(one, 1 << 16)
                said[one] = said.get(one, b"") + piece
                if not piece:
                    left.remove(one)
        code = int(told.readline())
    out, errors = (said[one].decode("utf-8") for one in ours)
    return code, out, errors


@contextlib.contextmanager
def _asked(
    path: str, arguments: list[str], folder: str, environment: dict[str, str], files: list[int]
) -> Iterator[tuple[int, io.BufferedReader]]:
    """Have the server start a program with such files for input, output and errors: its number, and where its code will be read. It is
    killed where the code is not waited for.
    """
    with socket.socket(socket.AF_UNIX) as asking, asking.makefile("rb") as told:
        asking.connect(path)
        message = {"arguments": arguments, "folder": folder, "environment": environment}
        socket.send_fds(asking, [json.dumps(message).encode() + b"\n"], files)
        yield int(told.readline()), told


def serve(path: str, libraries: list[str]) -> None:
    """Import affil and libraries that it imports on use, and run the programs that clients ask for, until standard input ends."""
    import functools
    import gc
    import importlib
    import pkgutil

    import typer.main

    import affil

    for name in (*(found.name for found in pkgutil.walk_packages(affil.__path__, "affil.")), *libraries):
        if not name.endswith(".__main__"):
            with contextlib.suppress(ModuleNotFoundError):  # of an extra that is not installed
                importlib.import_module(name)
    typer.main.get_command = functools.cache(typer.main.get_command)  # which takes longer than what most programs do
    typer.main.get_command(importlib.import_module("affil.cli").app)
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(16)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        _attend(listening)


def _attend(listening: socket.socket) -> None:
    """Start programs and tell who asked for each how it ended; kill it where nobody waits for it any more."""
    running: list[
        tuple[int, int, socket.socket]
    ] = []  # the number of a program, a file that is ready when it ends, and who asked
    while True:
        ready = select.select([listening, sys.stdin, *(one for _, *both in running for one in both)], [], [])[0]
        for one in [*running]:
            program, ended, asked = one
            if ended in ready or asked in ready or sys.stdin in ready:
                if ended not in ready:
                    os.kill(program, signal.SIGKILL)
                _, status = os.waitpid(program, 0)
                with asked, contextlib.suppress(OSError):
                    asked.send(b"%d\n" % os.waitstatus_to_exitcode(status))
                os.close(ended)
                running.remove(one)
        if sys.stdin in ready:
            return
        if listening in ready:
            asked, _ = listening.accept()
            data, files, _, _ = socket.recv_fds(asked, 1 << 20, 3)
            while not data.endswith(b"\n") and (more := asked.recv(1 << 20)):
                data += more
            program = os.fork() if data.endswith(b"\n") else -1  # it was killed while it asked
            if program == 0:
                for one in (listening, asked, *(asked for _, _, asked in running)):
                    one.close()
                for _, ended, _ in running:
                    os.close(ended)
                _begin(json.loads(data), files)
            for file in files:
                os.close(file)
            if program < 0:
                asked.close()
                continue
            running.append((program, os.pidfd_open(program), asked))
            with contextlib.suppress(OSError):
                asked.send(b"%d\n" % program)


def _begin(message: dict[str, object], files: list[int]) -> None:
    """Be the program that was asked for."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(message["folder"])
    os.environ.clear()
    os.environ.update(message["environment"])
    _end(_program, message["arguments"])


def _end(program: Callable[[list[str]], None], arguments: list[str]) -> None:
    """Run a program and end as Python does, but for taking all modules apart, which costs more than what most programs do."""
    import atexit
    import gc
    import threading

    code: str | int | None = None
    try:
        program(arguments)
    except SystemExit as end:
        code = end.code
    if isinstance(code, str):
        sys.exit(code)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    gc.collect()  # what was left open is told
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        sys.exit(code)
    os._exit((code or 0) & 0xFF)


def _program(arguments: list[str]) -> None:
    """Do what `python` with these arguments would do."""
    import runpy
    import types
    import warnings

    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.__stdout__ = open(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.__stderr__ = open(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)
    sys.warnoptions[:] = ["error"] if arguments[:2] == ["-W", "error"] else []
    warnings.resetwarnings()
    if sys.warnoptions:
        warnings.simplefilter("error")
        arguments = arguments[2:]
    else:
        for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", category)
    if arguments[0] == "-m":
        sys.argv, sys.path[0] = arguments[1:], os.getcwd()
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    elif arguments[0] == "-c":
        sys.argv, sys.path[0] = ["-c", *arguments[2:]], ""
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        exec(arguments[1], vars(main))
    else:
        sys.argv, sys.path[0] = arguments, os.path.dirname(os.path.abspath(arguments[0]))
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    serve(sys.argv[2], sys.argv[3:]) if sys.argv[1] == "serve" else client(sys.argv[1], sys.argv[2:])
