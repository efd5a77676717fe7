"""A DuckDB that is kept for who comes next has nothing of who was there before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from affil.io import database as module
from affil.io.database import database


@pytest.fixture(autouse=True)
def none_kept() -> Iterator[None]:
    module._forget()
    yield
    module._forget()


def test_the_next_has_nothing_of_the_last() -> None:
    with database() as db:
        db.register("beside", pa.table({"a": [1]}))
        for statement in (
            *("CREATE TABLE one AS SELECT 1", "CREATE TEMP TABLE two AS SELECT 2", "CREATE VIEW three AS SELECT 3"),
            *("CREATE MACRO four(x) AS x", "CREATE TYPE five AS ENUM ('a')", "SET VARIABLE six = 6"),
            "CREATE SCHEMA seven",
        ):
            db.execute(statement)
        (first,) = db.execute("SELECT current_setting('temp_directory')").fetchone()
    kept = [*module._idle]
    with database() as db:
        assert module._idle == [], "it is that one"
        assert db.execute("SHOW ALL TABLES").fetchall() == []
        assert db.execute("SELECT getvariable('six')").fetchone() == (None,)
        assert db.execute("SELECT current_setting('temp_directory')").fetchone() != (first,)
        for left in (
            *(f"FROM {name}" for name in ("beside", "one", "two", "three", "seven.one")),
            "SELECT four(1)",
            "SELECT 'a'::five",
        ):
            with pytest.raises(duckdb.CatalogException):
                db.execute(left)
    assert module._idle == kept


def test_blocks_at_one_time_are_apart_each_with_its_limit() -> None:
    with database("100MB") as one, database("200MB", ordered=True) as other:
        for number, db in enumerate((one, other)):
            db.execute(f"CREATE TABLE it AS SELECT {number} AS number")
        said = "SELECT number, current_setting('memory_limit'), current_setting('preserve_insertion_order') FROM it"
        assert one.execute(said).fetchall() == [(0, "95.3 MiB", False)]
        assert other.execute(said).fetchall() == [(1, "190.7 MiB", True)]
    with database("300MB") as db:
        assert db.execute("SELECT current_setting('memory_limit')").fetchone() == ("286.1 MiB",)


def test_what_went_wrong_in_a_block_is_not_there_in_the_next() -> None:
    with pytest.raises(duckdb.Error), database() as db:
        db.execute("CREATE TABLE one AS SELECT 1")
        db.execute("BEGIN")
        db.execute("INSERT INTO one VALUES (2)")
        db.execute("SELECT error('no')")
    with database() as db:
        db.execute("CREATE TABLE one AS SELECT 3 AS a")
        assert db.execute("FROM one").fetchall() == [(3,)]


def test_one_that_went_to_disk_is_not_kept() -> None:
    with database("50MB") as db:
        (folder,) = db.execute("SELECT current_setting('temp_directory')").fetchone()
        db.execute("CREATE TABLE many AS SELECT md5(i::VARCHAR) AS a, md5((i + 1)::VARCHAR) AS b FROM range(1500000) AS t(i)")
        assert [*Path(folder).iterdir()], "it went to disk"
    assert module._idle == []
    assert not Path(folder).exists()


def test_a_file_is_read_anew_though_it_looks_as_before(tmp_path: Path) -> None:
    file, when = tmp_path / "one.parquet", (1_700_000_000, 1_700_000_000)
    for number in (1, 2):
        pq.write_table(pa.table({"a": [number]}), file)
        os.utime(file, when)
        with database() as db:
            assert db.read_parquet(str(file)).fetchall() == [(number,)]


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # of other libraries' threads
def test_a_forked_process_has_none_to_wait_for() -> None:
    with database() as db:
        db.execute("SELECT 1")
    assert module._idle
    child = os.fork()
    if not child:
        with database() as db:
            db.execute("SELECT 1")
        module._forget()
        os._exit(0)
    assert os.waitpid(child, 0) == (child, 0)
