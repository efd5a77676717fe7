"""The Spark engine on a cluster of this machine: two workers, each a process with Python processes of its own."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from affil import Matcher, match_file, match_spark
from affil.spark.cluster import cause as _cause
from affil.cli import main
from affil.demo import sample
from affil.errors import AffilError
from affil.installed import pip_install
from affil.settings import BatchSettings, Settings

needed = "AFFIL_TEST_SPARK" in os.environ  # where it must run, it is no reason to skip that it cannot
if not needed:
    pytest.importorskip("pyspark")
    if shutil.which("java") is None:
        pytest.skip("no Java", allow_module_level=True)

from pyspark.sql import SparkSession  # noqa: E402

# Java compiles what runs for half a minute as if it ran for days
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
SMALL = Settings(batch=BatchSettings(spark_task=1000))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    spark = (
        SparkSession.builder.master("local-cluster[2,1,1024]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.log.level", "OFF")
        .config("spark.driver.extraJavaOptions", JAVA)
        .config("spark.executor.extraJavaOptions", JAVA)
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.local.dir", str(tmp_path_factory.mktemp("spark")))
        .getOrCreate()
    )
    application = spark.sparkContext.applicationId
    yield spark
    spark.stop()
    import pyspark

    shutil.rmtree(Path(pyspark.__file__).parent / "work" / application, ignore_errors=True)


@pytest.fixture(scope="module")
def matcher(tiny_matcher: Matcher) -> Matcher:
    return tiny_matcher


@pytest.fixture
def strings(tmp_path: Path) -> Path:
    """Several files with repeats, nothing, nulls, a number, and columns that are called as ours are."""
    with sample("affiliations.csv").open(encoding="utf-8", newline="") as lines:
        known = [row["affiliation"] for row in csv.DictReader(lines)]
    texts: list[str | None] = [f"{text}, {i % 14}" if i % 3 else text for i in range(42) for text in known]
    texts += [None, "", "nobody", "  ", '\N{KATAKANA LETTER TU}\t"quoted"\r\n;'] * 3
    (tmp_path / "in").mkdir()
    for part in range(4):
        own = texts[part::4]
        columns = {"id": range(len(own)), "affiliation": own, "Name": ["x"] * len(own), "name": ["`y`"] * len(own)}
        pq.write_table(pa.table({k: pa.array(v) for k, v in columns.items()}), tmp_path / "in" / f"{part}.parquet")
    pq.write_table(pq.read_table(tmp_path / "in"), tmp_path / "in.parquet")
    return tmp_path / "in"


def content(path: Path) -> bytes:
    """The rows in order, as bytes."""
    table = pq.read_table(path)
    table = table.sort_by([(name, "ascending") for name in table.column_names])
    out = io.BytesIO()
    pa.csv.write_csv(table, out)
    return str(table.schema.remove_metadata()).encode() + out.getvalue()


def executors(application: str) -> dict[str, int]:
    """The process of each executor of a cluster on this machine, by its number there."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:  # it has ended meanwhile
            continue
        if application.encode() in words and b"--executor-id" in words:
            found[words[words.index(b"--executor-id") + 1].decode()] = int(entry.parent.name)
    return found


class KillHalfWay(threading.Thread):
    """Kills an executor as soon as a quarter of the parts are matched and before three quarters are."""

    def __init__(self, spark: SparkSession) -> None:
        super().__init__(daemon=True)
        self.context = spark.sparkContext
        self.progress: tuple[int, int] | None = None

    def run(self) -> None:
        tracker = self.context.statusTracker()
        for _ in range(6000):
            for stage in map(tracker.getStageInfo, tracker.getActiveStageIds()):
                if stage and stage.numTasks > 4 and 4 * stage.numCompletedTasks >= stage.numTasks:
                    number, process = sorted(executors(self.context.applicationId).items())[0]
                    os.kill(process, signal.SIGKILL)
                    self.progress, self.number = (stage.numCompletedTasks, stage.numTasks), number
                    return
            time.sleep(0.02)


def test_a_cluster_that_loses_an_executor_half_way_gives_what_one_machine_gives(
    cluster: SparkSession, matcher: Matcher, strings: Path, tmp_path: Path
) -> None:
    local = match_file(strings.with_suffix(".parquet"), tmp_path / "local.parquet", matcher=matcher)
    killer = KillHalfWay(cluster)
    killer.start()
    summary = match_spark(strings, tmp_path / "out.parquet", matcher=matcher, settings=SMALL, spark=cluster)
    killer.join()
    assert killer.progress is not None
    done, parts = killer.progress
    assert done < 0.75 * parts
    store: Any = cluster.sparkContext._jsc.sc().statusStore().executorList(False)
    lost = [store.apply(i) for i in range(store.size()) if not store.apply(i).isActive()]
    assert [executor.id() for executor in lost] == [killer.number]
    assert content(tmp_path / "out.parquet") == content(tmp_path / "local.parquet")
    assert {**summary.to_dict(), "seconds": 0} == {**local.to_dict(), "seconds": 0}
    assert local.matched > 1000
    assert local.written > local.rows > local.strings
    assert not list(tmp_path.glob(".affil-*"))


def test_the_command(
    cluster: SparkSession,
    matcher: Matcher,
    strings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    of_tests = ["--registry", str(matcher.registry.path), "--model", str(matcher.model_path)]

    def call(*arguments: str) -> tuple[int, str, str]:
        files = [str(tmp_path / a) if a in ("in", "in.parquet", "out.parquet", "no.parquet") else a for a in arguments]
        monkeypatch.setattr(sys, "argv", ["affil", "match", "--engine", "spark", *of_tests, *files])
        with pytest.raises(SystemExit) as end:
            main()
        return int(end.value.code or 0), *capsys.readouterr()

    for _ in range(2):  # the second time the first's output is there
        code, out, err = call("in.parquet", "-o", "out.parquet", "--json", "--policy", "one")
        assert code == 0, err
        assert json.loads(out)["written"] == json.loads(out)["rows"]
    before = content(tmp_path / "out.parquet")
    refused = {
        ("in.parquet", "-o", "out.parquet", "--column", "x"): "in.parquet: no column 'x'; its columns are: id, affiliation",
        ("in.parquet", "-o", "out.parquet", "--column", "id"): "column 'id' holds bigint instead of text; name another",
        ("no.parquet", "-o", "out.parquet"): "no.parquet: no Parquet file or folder that Spark can read; check the path",
        ("in.parquet", "-o", "in"): "in: is there already, and no output of Spark; remove it, or choose another output",
        ("in.parquet", "-o", "-"): "--engine spark reads and writes Parquet files",
        ("in.parquet", "-o", "out.parquet", "--workers", "2"): "with as many workers as the cluster has",
        ("in.parquet", "-o", "out.parquet", "--engine", "flink"): "no engine 'flink'; known are: local, spark",
    }
    for arguments, message in refused.items():
        code, out, err = call(*arguments)
        assert (code, out) == (2, "")
        assert message in err
        assert "Traceback" not in err
    assert content(tmp_path / "out.parquet") == before
    assert not list(tmp_path.glob(".affil-*"))


def test_what_is_missing_is_named(matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _cause("[JAVA_GATEWAY_EXITED] Java gateway process exited before sending its port number.").startswith(
        f"Java did not start; install it with: {pip_install('spark')}, and Java 17"
    )
    trace = "An exception was thrown from the Python worker\n  File ...\naffil.errors.AffilError: the executor has x\n"
    assert _cause(trace) == "the executor has x"
    trace = "An exception ...\nModuleNotFoundError: No module named 'affil'\n"
    assert _cause(trace).startswith("No module named 'affil' on an executor; install affil for the Python of PYSPARK_PYTHON")
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(AffilError, match=re.escape(f"Spark is missing; install it with: {pip_install('spark')}")):
        match_spark("in.parquet", "out.parquet", matcher=matcher)
