"""Match whole files, in one or several processes or on a Spark cluster."""

from affil.batch.files import Matching, MatchSummary, Opening, match_file
from affil.batch.spark import match_spark

__all__ = ["MatchSummary", "Matching", "Opening", "match_file", "match_spark"]
