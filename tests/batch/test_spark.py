"""The Spark engine on a cluster of this machine: a master and two workers, each a process with executors of its own, whose client is
this process, as it is of YARN in client mode; and the same through Spark Connect.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
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

from affil import Matcher, Workspace, match_file, match_spark
from affil.cli import main
from affil.demo import sample
from affil.errors import AffilError
from affil.installed import pip_install
from affil.settings import BatchSettings, Settings, settings_toml
from affil.spark.cluster import cause, open_cluster
from affil.workspace.layout import TABLES

pytest.importorskip("bench", reason="the tests run without the project's folder around them")
needed = "AFFIL_TEST_SPARK" in os.environ  # where it must run, it is no reason to skip that it cannot
if not needed:
    pytest.importorskip("pyspark")
    if shutil.which("java") is None:
        pytest.skip("no Java", allow_module_level=True)

from pyspark.sql import SparkSession  # noqa: E402

from bench.spark import SHORT_JAVA, standalone  # noqa: E402

SMALL = Settings(batch=BatchSettings(spark_task=1000))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A session that also serves Spark Connect, and takes every part of a join that is a little larger than others for too large."""
    folder = tmp_path_factory.mktemp("spark")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    options = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraJavaOptions": SHORT_JAVA,
        "spark.executor.extraJavaOptions": SHORT_JAVA,
        "spark.log.level": "OFF",
        "spark.local.dir": folder,
        "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": free_port(),
        "spark.sql.adaptive.advisoryPartitionSizeInBytes": "16KB",
        "spark.sql.adaptive.skewJoin.skewedPartitionFactor": "2",
        "spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes": "16KB",
        "spark.sql.codegen.wholeStage": "false",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    with standalone(folder) as master:
        builder = SparkSession.builder.master(master)
        for name, value in options.items():
            builder = builder.config(name, str(value))
        spark = builder.getOrCreate()
        yield spark
        spark.stop()


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        number: int = held.getsockname()[1]
        return number


@pytest.fixture
def through_connect(cluster: SparkSession, tmp_path: Path) -> dict[str, str]:
    """The environment of a process that knows the cluster through Spark Connect only, and has no Java."""
    port = cluster.sparkContext.getConf().get("spark.connect.grpc.binding.port")
    (tmp_path / "programs").mkdir()
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("JAVA", "PYSPARK", "SPARK"))}
    return {**outside, "PATH": str(tmp_path / "programs"), "SPARK_REMOTE": f"sc://127.0.0.1:{port}"}


@pytest.fixture(scope="module")
def matcher(tiny_matcher: Matcher) -> Matcher:
    return tiny_matcher


@pytest.fixture
def strings(tmp_path: Path) -> Path:
    """Several files with repeats, nothing, nulls, a number, and columns that are called as ours are."""
    with sample("affiliations.csv").open(encoding="utf-8", newline="") as lines:
        known = [row["affiliation"] for row in csv.DictReader(lines)]
    texts: list[str | None] = [f"{text}, {i % 14}" if i % 3 else text for i in range(42) for text in known]
    texts += texts[5:6] * (len(texts) // 2)  # one string in a third of the rows
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


def test_spark_connect_gives_what_one_machine_gives(
    through_connect: dict[str, str], python: str, matcher: Matcher, strings: Path, tmp_path: Path
) -> None:
    local = match_file(strings.with_suffix(".parquet"), tmp_path / "local.parquet", matcher=matcher)
    files = ["--registry", str(matcher.registry.path), "--model", str(matcher.model_path)]
    command = [
        python,
        "-m",
        "affil",
        "match",
        strings,
        "-o",
        tmp_path / "out.parquet",
        "--engine",
        "spark",
        "--json",
        *files,
    ]
    done = subprocess.run(command, env=through_connect, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {**json.loads(done.stdout), "seconds": 0} == {**local.to_dict(), "seconds": 0}
    before = content(tmp_path / "out.parquet")
    assert before == content(tmp_path / "local.parquet")
    again = subprocess.run(command, env=through_connect, capture_output=True, text=True, check=False)
    assert again.returncode == 2
    assert again.stderr.endswith(
        "out.parquet: is there already, and Spark Connect replaces nothing; remove it, or choose another output\n"
    )
    assert content(tmp_path / "out.parquet") == before


def test_a_server_that_is_not_there_is_said_at_once(
    through_connect: dict[str, str], python: str, matcher: Matcher, strings: Path
) -> None:
    nowhere = {**through_connect, "SPARK_REMOTE": f"sc://127.0.0.1:{free_port()}/;token=secret"}
    files = ["--registry", str(matcher.registry.path), "--model", str(matcher.model_path)]
    command = [python, "-m", "affil", "match", strings, "-o", strings / "out", "--engine", "spark", *files]
    done = subprocess.run(command, env=nowhere, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2
    assert re.fullmatch(
        r"Spark: nothing answers at 127\.0\.0\.1:\d+ \(.*\); check SPARK_REMOTE.*\n", done.stderr.removeprefix("affil: ")
    )
    assert not (strings / "out").exists()


def tables(folder: Path) -> dict[str, bytes]:
    """All tables of a workspace: what they say of themselves, and their rows in order, as bytes."""
    ws, out = Workspace.open(folder, create=False), {}
    for name in TABLES:
        table = pq.read_table(ws.table(name))
        out[name] = "\n".join([str(table.schema), *sorted(map(repr, table.to_pylist()))]).encode()
    return out


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory, matcher: Matcher) -> tuple[Path, dict[str, bytes]]:
    """A file of papers, and the tables that the local engine makes of it."""
    folder = tmp_path_factory.mktemp("papers")
    with sample("affiliations.csv").open(encoding="utf-8", newline="") as lines:
        known = [row["affiliation"] for row in csv.DictReader(lines)]
    shared = {"venue": "CVPR", "year": 2023}
    rows = [{"id": f"p{i}", "title": f"Paper {i}", "authors": [{"name": f"A {i}", "affiliations": [s, known[0]]}], **shared} for i, s in
            enumerate(known)]  # fmt: skip
    (folder / "papers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    Workspace.open(folder / "ws", create=True).run(
        papers=folder / "papers.jsonl", registry=matcher.registry.path, model=matcher.model_path
    )
    return folder / "papers.jsonl", tables(folder / "ws")


def test_papers_are_matched_on_the_cluster(
    cluster: SparkSession, matcher: Matcher, papers: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []
    before = cluster.conf.get("spark.sql.shuffle.partitions")
    ws = Workspace.open(tmp_path / "ws", create=True)
    of_tests = {"registry": matcher.registry.path, "model": matcher.model_path}
    result = ws.run(papers[0], progress=lambda *done: told.append(done), engine="spark", spark=cluster, **of_tests)
    assert tables(tmp_path / "ws") == papers[1]
    assert told == [(result.strings, result.strings)]
    assert ws.run(engine="spark").matched == 0
    assert cluster.conf.get("spark.sql.shuffle.partitions") == before


def test_a_killed_run_on_the_cluster_leaves_what_was_and_the_next_goes_on(
    through_connect: dict[str, str], matcher: Matcher, papers: tuple[Path, dict[str, bytes]], tmp_path: Path, start: Any
) -> None:
    ws = tmp_path / "ws"
    ws.mkdir()
    (ws / "settings.toml").write_text(settings_toml(Settings(batch=BatchSettings(spark_round=200))), "utf-8")
    command = [sys.executable, "-m", "affil", "run", "-w", ws, "--engine", "spark"]
    own = [papers[0], "--registry", matcher.registry.path, "--model", matcher.model_path]
    killed = start([*command, *own], env=through_connect, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while killed.poll() is None and not list((ws / "matching").glob("*/0*-*.parquet")):
        time.sleep(0.01)
    killed.kill()
    assert killed.wait() == -signal.SIGKILL, killed.stderr.read()
    assert not (ws / "manifest.json").exists()
    done = subprocess.run([*command, *own, "--json"], env=through_connect, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert 0 < json.loads(done.stdout)["matched"] < json.loads(done.stdout)["strings"]
    assert tables(ws) == papers[1]


def test_what_the_executors_cannot_know_is_refused(
    cluster: SparkSession,
    matcher: Matcher,
    papers: tuple[Path, dict[str, bytes]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ws = Workspace.open(tmp_path / "ws", create=True)
    with pytest.raises(AffilError, match="no engine 'flink'; known are: local, spark"):
        ws.run(papers=papers[0], engine="flink")  # type: ignore[arg-type]
    with pytest.raises(AffilError, match=r"needs an affil\.Matcher, whose files it can send, instead of Proxy"):
        ws.run(papers=papers[0], engine="spark", spark=cluster, matcher=Proxy(matcher))
    monkeypatch.setattr("affil.spark.cluster.version", lambda: "0.0.1")
    with pytest.raises(AffilError, match=r"^Spark: an executor has affil .* instead of affil 0\.0\.1, model"):
        ws.run(papers=papers[0], engine="spark", spark=cluster, registry=matcher.registry.path, model=matcher.model_path)
    assert not (tmp_path / "ws" / "manifest.json").exists()


class Proxy:
    """A matcher without files."""

    def __init__(self, matcher: Matcher) -> None:
        self.registry, self.model_hash, self.match_table = matcher.registry, matcher.model_hash, matcher.match_table


def test_what_is_missing_is_named(matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cause("[JAVA_GATEWAY_EXITED] Java gateway process exited before sending its port number.").startswith(
        f"Java did not start; install it with: {pip_install('spark')}, and Java 17"
    )
    trace = "An exception was thrown from the Python worker\n  File ...\naffil.errors.AffilError: the executor has x\n"
    assert cause(trace) == "the executor has x"
    trace = "An exception ...\nModuleNotFoundError: No module named 'affil'\n"
    assert cause(trace).startswith("No module named 'affil' on an executor; install affil for the Python of PYSPARK_PYTHON")
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(AffilError, match=re.escape(f"Spark is missing; install it with: {pip_install('spark')}")):
        match_spark("in.parquet", "out.parquet", matcher=matcher)


def test_how_long_a_server_may_take_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    def nobody(address: tuple[str, int], timeout: float) -> None:
        waited.append(timeout)
        raise TimeoutError("timed out")

    monkeypatch.setattr("affil.spark.cluster.socket.create_connection", nobody)
    monkeypatch.setattr("affil.spark.cluster.getproxies", dict)
    monkeypatch.setattr("pyspark.sql.SparkSession.getActiveSession", lambda: None)  # that of the tests before
    monkeypatch.setenv("SPARK_REMOTE", "sc://spark.example")
    with pytest.raises(AffilError, match="nothing answers at spark"), open_cluster(None, BatchSettings(spark_answer=2.5)):
        pass
    assert waited == [2.5]
