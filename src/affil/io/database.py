"""DuckDB in memory that goes to disk beyond a limit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


@contextmanager
def database(memory: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty in-memory database that uses the disk beyond a limit of memory, such as "2GB"."""
    import duckdb

    with TemporaryDirectory(prefix="affil-", ignore_cleanup_errors=True) as folder:
        config = {"memory_limit": memory, "temp_directory": folder, "preserve_insertion_order": False}
        with duckdb.connect(config=config) as db:  # type: ignore[arg-type]
            yield db
