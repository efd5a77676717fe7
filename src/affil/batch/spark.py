"""Match on a Spark cluster: Spark finds the distinct strings, and matches each partition with a local matcher.

Spark is imported only here, on use (extra `spark`).
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from affil.batch.answers import cell_answers
from affil.batch.files import MatchSummary
from affil.errors import AffilError, InputError
from affil.installed import pip_install
from affil.io.table import affiliation_column
from affil.match import COLUMNS, Matcher, output_columns
from affil.match.records import NUMBERS
from affil.settings import Settings
from affil.types import Decision
from affil.wording import said

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame, SparkSession

_KEY, _RANK, _WHOLE = "affil string", "affil rank", "affil whole"  # unlikely in any input


def match_spark(
    source: Path | str,
    out: Path | str,
    *,
    matcher: Matcher,
    column: str | None = None,
    settings: Settings | None = None,
    spark: SparkSession | None = None,
) -> MatchSummary:
    """Match the strings of one column of Parquet files on a Spark cluster; rows and columns are those of `match_file`.

    Spark finds the distinct strings, and each partition is matched in place (`mapInPandas`) by a matcher opened once per Python
    process; registry and model are sent once to each executor. Answers are written to the cluster's storage and then joined to
    the input, so losing an executor later repeats no matching. The order of rows is undefined. Executors need affil installed.

    Args:
        source: a Parquet file or folder, any path or URL that Spark reads.
        out: the folder of Parquet files to write; appears when complete, replacing an earlier one.
        matcher: a loaded matcher.
        column: the column with the raw affiliation strings; see `match_file`.
        settings: the number of strings a task should have.
        spark: a session; default the active one, else one as `spark-submit`, `spark-defaults.conf` and the environment say
            (all processors of this machine where they say nothing).

    Raises:
        AffilError: Spark is not installed, `out` exists and is no earlier output, or the cluster fails. InputError: no such
            input or column.
    """
    start = time.perf_counter()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise AffilError(said("Spark is missing; {0}", _advice())) from error
    given = spark or SparkSession.getActiveSession()
    try:
        # affil shows its own progress; log errors only
        session = given or SparkSession.builder.appName("affil match").config("spark.log.level", "ERROR").getOrCreate()
        try:
            counts = _run(session.newSession(), str(source), str(out), matcher, column, settings or Settings())
        finally:
            if given is None:
                session.stop()
    except (PySparkException, Py4JError) as error:
        raise AffilError(said("Spark: {0}", _cause(str(error)))) from error
    return MatchSummary(**counts, seconds=time.perf_counter() - start)


def _advice() -> str:
    return said("install it with: {0}, and Java 17 or newer", pip_install("spark"))


def _cause(text: str) -> str:
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
    return lines[0]


def _run(
    spark: SparkSession, source: str, out: str, matcher: Matcher, wanted: str | None, settings: Settings
) -> dict[str, int]:
    from pyspark.sql import Observation
    from pyspark.sql import functions as f

    spark.conf.set("spark.sql.caseSensitive", "true")  # a column Name is not our name
    given, column = _read(spark, source, wanted)
    ours = output_columns(given.columns)
    rows = given.count()
    parts = max(4 * spark.sparkContext.defaultParallelism, -(-rows // settings.batch.spark_task))
    spark.conf.set("spark.sql.shuffle.partitions", parts)
    # Spark would merge partitions of few bytes, but matching is bound by CPU
    spark.conf.set("spark.sql.adaptive.coalescePartitions.enabled", "false")
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", settings.batch.task)
    folder = _Folder(spark, out)
    try:
        key = f.coalesce(f.col(_quoted(column)), f.lit(""))
        strings = given.select(key.alias(_KEY)).distinct()
        strings.mapInPandas(_Matching(spark, matcher, column), _schema()).write.parquet(folder.answers)
        answered = spark.read.parquet(folder.answers)
        joined = given.withColumn(_KEY, key).join(answered, _KEY)
        first = f.col(_RANK) == 0
        seen = Observation()
        counting = [f.count_if(first & (f.col(_WHOLE) == d.value)).alias(d.value) for d in Decision]
        result = joined.observe(seen, f.count(f.lit(1)).alias("written"), f.count_if(first).alias("rows"), *counting)
        chosen = [f.col(_quoted(c)) for c in given.columns]
        chosen += [f.col(_quoted(_ours(c))).alias(new) for c, new in ours.items()]
        result.select(*chosen).write.parquet(folder.result)
        counts: dict[str, int] = seen.get
        number = answered.where(first).count()
        folder.put()
    finally:
        folder.remove()
    return {
        "rows": counts["rows"],
        "matched": counts[Decision.MATCH],
        "review": counts[Decision.REVIEW],
        "none": counts[Decision.NONE],
        "written": counts["written"],
        "strings": number,
    }


def _read(spark: SparkSession, source: str, wanted: str | None) -> tuple[DataFrame, str]:
    from pyspark.errors import AnalysisException

    try:
        given = spark.read.parquet(source)
    except AnalysisException as error:
        raise InputError(source, said("no Parquet file or folder that Spark can read"), fix=said("check the path")) from error
    kinds = dict(given.dtypes)
    column = affiliation_column(source, list(kinds), wanted)
    if kinds[column] != "string":
        raise InputError(
            source, said("column {0!r} holds {1} instead of text", column, kinds[column]), fix=said("name another column")
        )
    return given, column


def _quoted(column: str) -> str:
    return "`" + column.replace("`", "``") + "`"


def _ours(column: str) -> str:
    return f"affil answer {column}"


def _schema() -> str:
    fields = [f"`{_KEY}` string", f"`{_RANK}` int", f"`{_WHOLE}` string"]
    fields += [f"`{_ours(c)}` {'double' if c in NUMBERS else 'string'}" for c in COLUMNS]
    return ", ".join(fields)


class _Matching:
    """The function run on each partition: frames of strings in, frames of answers out. It is pickled to the executors."""

    def __init__(self, spark: SparkSession, matcher: Matcher, column: str) -> None:
        self._column = column
        self._files = (str(matcher.registry.path), str(matcher.model_path))
        for path in self._files:
            spark.sparkContext.addFile(path)
        self._settings, self._version = matcher.settings.model_dump_json(), matcher.version

    def __call__(self, frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        import pandas as pd

        matcher = _matcher(*(Path(path).name for path in self._files), self._settings, self._version)
        for frame in frames:
            strings = frame[_KEY].tolist()
            rows = [
                (string, rank, answer.decision.value, *row)
                for string, answer in zip(strings, cell_answers(matcher, strings, self._column), strict=True)
                for rank, row in enumerate(answer.rows)
            ]
            yield pd.DataFrame(rows, columns=[_KEY, _RANK, _WHOLE, *map(_ours, COLUMNS)])


@cache
def _matcher(registry: str, model: str, settings: str, version: str) -> Matcher:
    """The matcher of this Python process, which Spark reuses for many tasks."""
    from pyspark import SparkFiles

    matcher = Matcher.load(SparkFiles.get(registry), SparkFiles.get(model), Settings.model_validate_json(settings))
    if matcher.version != version:
        raise AffilError(said("the executor has {0} instead of {1}", matcher.version, version))
    return matcher


class _Folder:
    """Temporary output: a hidden folder next to `out`, on the same storage, moved into place at the end."""

    def __init__(self, spark: SparkSession, out: str) -> None:
        jvm: Any = spark.sparkContext._jvm
        self._path = jvm.org.apache.hadoop.fs.Path
        self._out = self._path(out)
        self._system = self._out.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())
        self._out = self._system.makeQualified(self._out)
        if self._system.exists(self._out) and not self._system.exists(self._path(self._out, "_SUCCESS")):
            raise AffilError(said("{0}: is there already, and no output of Spark; remove it, or choose another output", out))
        self._hidden = self._path(self._out.getParent(), f".affil-{secrets.token_hex(6)}")
        self.answers, self.result = (f"{self._hidden.toString()}/{part}" for part in ("answers", "result"))

    def put(self) -> None:
        """Move the result to the output."""
        self._system.delete(self._out, True)
        if not self._system.rename(self._path(self.result), self._out):
            raise AffilError(said("{0}: cannot be written; choose another output", self._out.toString()))

    def remove(self) -> None:
        """Remove temporary files."""
        self._system.delete(self._hidden, True)
