"""DuckDB in memory, which prints nothing, and may go to disk beyond a limit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from affil.io.outputs import scratch

if TYPE_CHECKING:
    import duckdb


@contextmanager
def database(memory: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty in-memory database that uses the disk beyond a limit of memory, such as "2GB"."""
    with (
        scratch() as folder,
        connect(memory_limit=memory, temp_directory=str(folder), preserve_insertion_order=False) as db,
    ):
        yield db


def connect(**config: str | bool) -> duckdb.DuckDBPyConnection:
    """An empty in-memory database; in notebooks DuckDB would print a bar of progress between what affil prints."""
    import duckdb

    db = duckdb.connect(config=config)  # type: ignore[arg-type]
    with suppress(duckdb.InvalidInputException):  # in a notebook without ipywidgets, which has no bar either
        db.execute("SET enable_progress_bar = false")
    return db
