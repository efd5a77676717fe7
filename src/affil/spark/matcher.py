"""A matcher whose work a Spark cluster does, many strings at a time."""

from __future__ import annotations

import pyarrow as pa

from affil.match import Matcher
from affil.registry import Registry
from affil.spark.cluster import Cluster


class SparkMatcher:
    """Matches as `affil.Matcher` does, on a cluster: strings go there from this process, answers come back in their order."""

    def __init__(self, matcher: Matcher, cluster: Cluster) -> None:
        self._matcher, self._cluster = matcher, cluster
        self._schema = matcher.match_table([]).schema

    @property
    def registry(self) -> Registry:
        """The registry whose ids it returns."""
        return self._matcher.registry

    @property
    def model_hash(self) -> str:
        """The hash of its model."""
        return self._matcher.model_hash

    def match_table(self, strings: list[str], /) -> pa.Table:
        """See `affil.Matcher.match_table`; to be used within the block of the cluster.

        Raises:
            PySparkException: the cluster fails, which is an AffilError outside of the block.
        """
        rows = pa.table({"row": pa.array(range(len(strings)), pa.int64()), "affiliation": pa.array(strings, pa.string())})
        frame = self._cluster.session.createDataFrame(rows)
        parts = frame.repartition(self._cluster.tasks(len(strings)), "row")
        found = self._cluster.match(parts, self._matcher, _answers, self._schema).toArrow()
        # stable: what one string names stays in its order
        return found.cast(self._schema).sort_by("row")


def _answers(matcher: Matcher, rows: pa.RecordBatch) -> pa.RecordBatch:
    found = matcher.match_table(rows.column("affiliation").to_pylist())
    numbers = rows.column("row").take(found.column("row").combine_chunks())
    table = found.set_column(0, "row", numbers).combine_chunks()
    return table.to_batches()[0] if len(table) else pa.RecordBatch.from_pylist([], table.schema)
