"""A Spark cluster: its session, registry and model on its executors, and a function that they run on strings.

What is used of Spark is what Spark Connect has, too, but for one: how files are sent.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies

import pyarrow as pa

from affil.errors import AffilError
from affil.installed import pip_install, version
from affil.io.memory import rare_collections
from affil.io.outputs import atomic_path, lasting_scratch
from affil.match import Matcher
from affil.settings import BatchSettings, Settings
from affil.wording import Said, said

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Answering = Callable[[Matcher, pa.RecordBatch], pa.RecordBatch]
"""Answers some rows on an executor; it must pickle."""

_TYPES = {
    pa.string(): "string",
    pa.float64(): "double",
    pa.int64(): "bigint",
    pa.int32(): "int",
    pa.list_(pa.string()): "array<string>",
}


class Cluster:
    """A session of Spark. Use `open_cluster`."""

    def __init__(self, session: SparkSession, settings: BatchSettings) -> None:
        self.session, self._settings = session, settings
        self.connected = not hasattr(session, "_jsparkSession")  # through Spark Connect: no Java in this process
        self._sent: set[str] = set()

    def tasks(self, rows: int) -> int:
        """Into how many tasks to cut the matching of rows: several for each processor, as they differ, and none too large."""
        from pyspark.sql import functions as f

        # Spark Connect has no other way to ask for the default parallelism
        parts = self.session.range(1 << 20).select(f.spark_partition_id().alias("part"))
        (row,) = parts.agg(f.max("part").alias("last")).collect()
        return max(4 * (int(row["last"]) + 1), -(-rows // self._settings.spark_task))

    def match(self, frame: DataFrame, matcher: Matcher, answering: Answering, schema: pa.Schema) -> DataFrame:
        """The answers to the rows of a frame, by matchers that the executors open, once in each Python process.

        Args:
            frame: rows; what one Python process answers at once is a partition of it.
            matcher: whose registry, model and settings are sent to the executors.
            answering: gives the answers to some rows.
            schema: the columns of the answers.

        Raises:
            AffilError: the matcher has a ledger, which the executors cannot read.
        """
        if matcher.ledger is not None:
            raise AffilError(said("a matcher with a ledger works on this machine only; load one without for Spark"))
        files = (matcher.registry.path, matcher.registry.hash), (matcher.model_path, matcher.model_hash)
        registry, model = (self._send(*file) for file in files)
        work = _Work(answering, registry, model, matcher.settings.model_dump_json(), _version(matcher))
        fields = [f"{quoted(field.name)} {_TYPES[field.type]}" for field in schema]
        return frame.mapInArrow(work, ", ".join(fields))

    def _send(self, file: Path, hash: str) -> str:
        """Send a file to each executor, now or when it comes; its name there, which tells the content, as Spark keeps one file a name."""
        copy = _shelf() / f"{hash[:16]}{file.suffix}"
        if not copy.exists():
            with atomic_path(copy, sync=False) as part:  # another thread may send it, too
                shutil.copyfile(file, part)
        if copy.name not in self._sent:
            if self.connected:
                self.session.addArtifacts(str(copy), file=True)
            else:
                self.session.sparkContext.addFile(str(copy))
            self._sent.add(copy.name)
        return copy.name


@cache
def _shelf() -> Path:
    """A folder for what is sent, as long as the process lasts: executors that come later fetch it from there."""
    return lasting_scratch()


@contextmanager
def open_cluster(given: SparkSession | None, settings: BatchSettings) -> Iterator[Cluster]:
    """A cluster that matches while the block runs; what goes wrong with it there is an AffilError.

    Args:
        given: a session; default: the active one, else a new one as `SPARK_REMOTE`, `spark-submit`, `spark-defaults.conf` and the
            environment say (all processors of this machine where they say nothing), which ends with the block.
        settings: how many strings are matched at once.

    Raises:
        AffilError: Spark is not installed, or the cluster fails.
    """
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise AffilError(said("Spark is missing; {0}", _advice())) from error
    faults: list[type[Exception]] = [PySparkException]
    with suppress(ImportError):  # a client of Spark Connect alone has no bridge to Java
        from py4j.protocol import Py4JError

        faults.append(Py4JError)
    conf = {
        "spark.sql.caseSensitive": "true",  # a column Name is not our name
        # Spark would merge partitions of few bytes, but matching is bound by CPU
        "spark.sql.adaptive.coalescePartitions.enabled": "false",
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(settings.task),
    }
    try:
        own = given or SparkSession.getActiveSession()
        if own is None:
            _must_answer(os.environ.get("SPARK_REMOTE", ""), settings.spark_answer)
        # affil shows its own progress; log errors only
        session = own or SparkSession.builder.appName("affil").config("spark.log.level", "ERROR").getOrCreate()
        try:
            with configured(session, conf):
                yield Cluster(session, settings)
        finally:
            if own is None:
                session.stop()
    except tuple(faults) as error:
        raise AffilError(said("Spark: {0}", cause(str(error)))) from error


def _must_answer(remote: str, seconds: float) -> None:
    """Refuse an address of Spark Connect at which nothing answers in time: Spark would try again for ten minutes, deaf to interrupts."""
    address = urlsplit(remote)
    if address.scheme != "sc" or getproxies():
        return
    try:
        socket.create_connection((address.hostname or "", address.port or 15002), timeout=seconds).close()
    except (OSError, ValueError) as error:
        raise AffilError(
            said("Spark: nothing answers at {0} ({1}); check SPARK_REMOTE, and that the server runs", address.netloc, error)
        ) from error


@contextmanager
def configured(session: SparkSession, conf: Mapping[str, str]) -> Iterator[None]:
    """Set what a session does while the block runs; a new session instead would not know what was set in this one."""
    before = {name: session.conf.get(name, None) for name in conf}
    try:
        for name, value in conf.items():
            session.conf.set(name, value)
        yield
    finally:
        for name, old in before.items():
            if old is None:
                session.conf.unset(name)
            else:
                session.conf.set(name, old)


def quoted(column: str) -> str:
    """The name of a column as Spark reads it."""
    return "`" + column.replace("`", "``") + "`"


def cause(text: str) -> str:
    """The most informative line of a Spark error: affil's own from an executor, else the first."""
    if "JAVA_GATEWAY_EXITED" in text:
        return said("Java did not start; {0}", _advice())
    lines = text.strip().splitlines()
    for line in lines:
        if line.startswith("ModuleNotFoundError: "):
            return said(
                "{0} on an executor; install affil for the Python of PYSPARK_PYTHON on every machine", line.partition(": ")[2]
            )
        if line.startswith("affil.errors."):
            return line.partition(": ")[2]
    if "PACKAGE_NOT_INSTALLED" in lines[0]:
        return said("{0} {1}", lines[0], _advice())
    return lines[0]


def _advice() -> Said:
    return said("install it with: {0}, and Java 17 or newer", pip_install("spark"))


class _Work:
    """What runs on each partition: rows in, answers out. It is pickled to the executors."""

    def __init__(self, answering: Answering, registry: str, model: str, settings: str, version: str) -> None:
        self._answering, self._of = answering, (registry, model, settings, version)

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        matcher = _matcher(*self._of)
        with rare_collections():
            for batch in batches:
                yield self._answering(matcher, batch)


@lru_cache(maxsize=2)  # Spark keeps a Python process for many tasks, and perhaps for other registries
def _matcher(registry: str, model: str, settings: str, version: str) -> Matcher:
    """The matcher of this Python process.

    Raises:
        AffilError: it is another than that of the driver.
    """
    from pyspark import SparkFiles

    matcher = Matcher.load(SparkFiles.get(registry), SparkFiles.get(model), Settings.model_validate_json(settings))
    if (here := _version(matcher)) != version:
        raise AffilError(said("an executor has {0} instead of {1}; install the same affil on every machine", here, version))
    return matcher


def _version(matcher: Matcher) -> str:
    return f"affil {version()}, {matcher.version}"
