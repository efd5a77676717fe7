"""Python programs that start fast: a server that has imported the libraries forks a process for each of them.

A program has its own arguments, folder, environment, files and memory, ends with its own code or signal, and finds all modules
imported but none used. As a script, this is the client: it takes Python's options -W error, -m and -c, or a file.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable


def client(path: str, arguments: list[str]) -> None:
    """Have a program run, and end as it ends."""
    with socket.socket(socket.AF_UNIX) as asking, asking.makefile("rb") as told:
        asking.connect(path)
        forwarded = (signal.SIGINT, signal.SIGTERM)
        signal.pthread_sigmask(signal.SIG_BLOCK, forwarded)  # until it is known whom they are for
        message = {"arguments": arguments, "folder": os.getcwd(), "environment": dict(os.environ)}
        socket.send_fds(asking, [json.dumps(message).encode() + b"\n"], [0, 1, 2])
        program = int(told.readline())
        for number in forwarded:
            signal.signal(number, lambda number, _: os.kill(program, number))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, forwarded)
        code = int(told.readline())
    if code < 0:
        for number in forwarded:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


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
        while sys.stdin not in select.select([listening, sys.stdin], [], [])[0]:
            asked, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _attend(asked)
            asked.close()
            _reap(os.WNOHANG)
    _reap(0)


def _reap(options: int) -> None:
    """Take notice of processes that have ended; with 0, wait for all."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, options)[0]:
            pass


def _attend(asked: socket.socket) -> None:
    """Run a program in a process of its own and tell the client how it ended."""
    data, files, _, _ = socket.recv_fds(asked, 1 << 20, 3)
    while not data.endswith(b"\n"):
        data += asked.recv(1 << 20)
    message = json.loads(data)
    program = os.fork()
    if program:
        for file in files:
            os.close(file)
        asked.send(b"%d\n" % program)
        ended = os.pidfd_open(program)
        if ended not in select.select([asked, ended, sys.stdin], [], [])[0]:  # the client or who started the server was killed
            os.kill(program, signal.SIGKILL)
        _, status = os.waitpid(program, 0)
        with contextlib.suppress(BrokenPipeError):
            asked.send(b"%d\n" % os.waitstatus_to_exitcode(status))
        os._exit(0)
    asked.close()
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
