"""Match whole files: on this machine, in one process or several, or on a Spark cluster."""

from affil.batch.files import MatchSummary, match_file
from affil.batch.spark import match_spark

__all__ = ["MatchSummary", "match_file", "match_spark"]
