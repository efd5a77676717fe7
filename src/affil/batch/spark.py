"""Match files on a Spark cluster: Spark finds the distinct strings, and matches each partition with a local matcher."""

from __future__ import annotations

import secrets
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from affil.batch.answers import cell_answers
from affil.batch.files import MatchSummary
from affil.errors import AffilError, InputError
from affil.io.table import affiliation_column
from affil.match import COLUMNS, Matcher, output_columns
from affil.match.records import NUMBERS
from affil.settings import Settings
from affil.spark.cluster import Cluster, configured, open_cluster, quoted
from affil.types import Decision
from affil.wording import said

if TYPE_CHECKING:
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

    Spark finds the distinct strings, and each partition is matched in place (`mapInArrow`) by a matcher opened once per Python
    process; registry and model are sent once to each executor. Answers are kept and then joined to the input: on the cluster's
    storage, so that losing an executor later repeats no matching; with Spark Connect, which cannot delete files there, on the disks of
    the executors. The order of rows is undefined. Executors need affil installed.

    Args:
        source: a Parquet file or folder, any path or URL that Spark reads.
        out: the folder of Parquet files to write; appears when complete, replacing an earlier one; with Spark Connect, which cannot
            rename folders, a new one.
        matcher: a loaded matcher.
        column: the column with the raw affiliation strings; see `match_file`.
        settings: the number of strings a task should have.
        spark: a session, classic or of Spark Connect; default: see `affil.spark.open_cluster`.

    Raises:
        AffilError: Spark is not installed, `out` exists and is no earlier output, or the cluster fails. InputError: no such
            input or column.
    """
    start = time.perf_counter()
    with open_cluster(spark, (settings or Settings()).batch) as cluster:
        counts = _run(cluster, str(source), str(out), matcher, column)
    return MatchSummary(**counts, seconds=time.perf_counter() - start)


def _run(cluster: Cluster, source: str, out: str, matcher: Matcher, wanted: str | None) -> dict[str, int]:
    from pyspark.sql import Observation
    from pyspark.sql import functions as f

    spark = cluster.session
    given, column = _read(spark, source, wanted)
    ours = output_columns(given.columns)
    output = _Created(spark, out) if cluster.connected else _Replaced(spark, out)
    tasks = cluster.tasks(given.count())
    try:
        with configured(spark, {"spark.sql.shuffle.partitions": str(tasks)}):
            key = f.coalesce(f.col(quoted(column)), f.lit(""))
            strings = given.select(key.alias(_KEY)).distinct()
            answered = output.keep(cluster.match(strings, matcher, partial(_answers, column=column), _SCHEMA))
            joined = given.withColumn(_KEY, key).join(answered, _KEY)
            first = f.col(_RANK) == 0
            seen = Observation()
            counting = [f.count_if(first & (f.col(_WHOLE) == d.value)).alias(d.value) for d in Decision]
            result = joined.observe(seen, f.count(f.lit(1)).alias("written"), f.count_if(first).alias("rows"), *counting)
            chosen = [f.col(quoted(c)) for c in given.columns]
            chosen += [f.col(quoted(_ours(c))).alias(new) for c, new in ours.items()]
            output.write(result.select(*chosen))
            counts: dict[str, int] = seen.get
            number = answered.where(first).count()
        output.put()
    finally:
        output.remove()
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
        kinds = dict(given.dtypes)
    except AnalysisException as error:
        raise InputError(source, said("no Parquet file or folder that Spark can read"), fix=said("check the path")) from error
    column = affiliation_column(source, list(kinds), wanted)
    if kinds[column] != "string":
        raise InputError(
            source, said("column {0!r} holds {1} instead of text", column, kinds[column]), fix=said("name another column")
        )
    return given, column


def _ours(column: str) -> str:
    return f"affil answer {column}"


_SCHEMA = pa.schema(
    [
        *[(_KEY, pa.string()), (_RANK, pa.int32()), (_WHOLE, pa.string())],
        *[(_ours(c), pa.float64() if c in NUMBERS else pa.string()) for c in COLUMNS],
    ]
)


def _answers(matcher: Matcher, batch: pa.RecordBatch, column: str) -> pa.RecordBatch:
    """The answers to distinct strings, a row for each institution, with its rank among those of the string."""
    strings = batch.column(0).to_pylist()
    rows = [
        (string, rank, answer.decision.value, *row)
        for string, answer in zip(strings, cell_answers(matcher, strings, column), strict=True)
        for rank, row in enumerate(answer.rows)
    ]
    columns = zip(*rows, strict=True) if rows else [()] * len(_SCHEMA)
    return pa.record_batch([pa.array(c, t) for c, t in zip(columns, _SCHEMA.types, strict=True)], schema=_SCHEMA)


class _Replaced:
    """Output through the files of the cluster: a hidden folder next to `out`, on the same storage, moved into place at the end."""

    def __init__(self, spark: SparkSession, out: str) -> None:
        jvm: Any = spark.sparkContext._jvm
        self._spark, self._path = spark, jvm.org.apache.hadoop.fs.Path
        self._out = self._path(out)
        self._system = self._out.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())
        self._out = self._system.makeQualified(self._out)
        if self._system.exists(self._out) and not self._system.exists(self._path(self._out, "_SUCCESS")):
            raise AffilError(said("{0}: is there already, and no output of Spark; remove it, or choose another output", out))
        self._hidden = self._path(self._out.getParent(), f".affil-{secrets.token_hex(6)}")
        self._answers, self._result = (f"{self._hidden.toString()}/{part}" for part in ("answers", "result"))

    def keep(self, answered: DataFrame) -> DataFrame:
        """Match, and keep the answers until the end."""
        answered.write.parquet(self._answers)
        return self._spark.read.parquet(self._answers)

    def write(self, result: DataFrame) -> None:
        """Write the result where nobody sees it."""
        result.write.parquet(self._result)

    def put(self) -> None:
        """Move the result to the output."""
        self._system.delete(self._out, True)
        if not self._system.rename(self._path(self._result), self._out):
            raise AffilError(said("{0}: cannot be written; choose another output", self._out.toString()))

    def remove(self) -> None:
        """Remove temporary files."""
        self._system.delete(self._hidden, True)


class _Created:
    """Output by Spark Connect, which can neither rename nor delete: a new folder, whose files Spark moves into it at the end."""

    def __init__(self, spark: SparkSession, out: str) -> None:
        from pyspark.errors import AnalysisException

        self._out = out
        try:
            _ = spark.read.format("binaryFile").load(out).schema
        except AnalysisException as error:
            if error.getCondition() != "PATH_NOT_FOUND":
                raise
        else:
            raise AffilError(
                said("{0}: is there already, and Spark Connect replaces nothing; remove it, or choose another output", out)
            )

    def keep(self, answered: DataFrame) -> DataFrame:
        """Answers that are kept once they are made."""
        from pyspark import StorageLevel

        self._answered = answered.persist(StorageLevel.DISK_ONLY)
        return self._answered

    def write(self, result: DataFrame) -> None:
        """Write the result, which appears when it is complete."""
        result.write.parquet(self._out)

    def put(self) -> None:
        """It is in its place."""

    def remove(self) -> None:
        """Let go of the answers."""
        if hasattr(self, "_answered"):
            self._answered.unpersist()
