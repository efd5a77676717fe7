"""Match whole files, in one or several processes, part by part, or on a Spark cluster."""

from affil.batch.files import Matching, MatchSummary, Opening, match_file
from affil.batch.parts import Parts, cut, parts_in
from affil.batch.spark import match_spark

__all__ = ["MatchSummary", "Matching", "Opening", "Parts", "cut", "match_file", "match_spark", "parts_in"]
