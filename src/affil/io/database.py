"""DuckDB in memory, which prints nothing, and may go to disk beyond a limit.

To start DuckDB takes longer than most queries do; what one block is done with is kept, empty, for the next.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from affil.io.outputs import scratch

if TYPE_CHECKING:
    import duckdb

_MEMORY = "80%"  # of the machine's: DuckDB's own limit
_KEPT = 2  # as many as one block inside of another needs
_idle: list[duckdb.DuckDBPyConnection] = []


@contextmanager
def database(memory: str = _MEMORY, *, ordered: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty in-memory database that uses the disk beyond a limit of memory, such as "2GB"; where it is `ordered`, the rows of tables
    and files keep their order in answers.

    Each block has a DuckDB, and so the limit, to itself.
    """
    import duckdb

    instance = _idle.pop() if _idle else connect()
    emptied = False
    try:
        with scratch() as folder:
            with instance.cursor() as db:
                db.execute(
                    f"SET memory_limit = '{memory}'; SET temp_directory = '{str(folder).replace(chr(39), chr(39) * 2)}'; "
                    f"SET preserve_insertion_order = {ordered}; ATTACH ':memory:' AS here; USE here"
                )
                yield db
            with suppress(duckdb.Error):  # it has written to the folder, or an answer is still held that is not read
                instance.execute("DETACH here; SET temp_directory = ''")
                emptied = True
    finally:
        if emptied and len(_idle) < _KEPT:
            _idle.append(instance)
        else:
            instance.close()


def connect() -> duckdb.DuckDBPyConnection:
    """An empty in-memory database for long; in notebooks DuckDB would print a bar of progress between what affil prints."""
    import duckdb

    db = duckdb.connect()
    with suppress(duckdb.InvalidInputException):  # in a notebook without ipywidgets, which has no bar either
        db.execute("SET enable_progress_bar = false")
    with suppress(duckdb.CatalogException):  # of a version that remembers no files: one may change between two queries
        db.execute("SET enable_external_file_cache = false")
    return db


def _forget() -> None:
    """Close what is kept: a process that is forked would wait for threads that it has not."""
    while _idle:
        _idle.pop().close()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(before=_forget)
