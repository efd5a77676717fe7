"""A Spark cluster that matches: classic, or through Spark Connect. Spark is imported only here and in `affil.batch.spark`, on use."""

from affil.spark.cluster import Cluster, open_cluster
from affil.spark.matcher import SparkMatcher

__all__ = ["Cluster", "SparkMatcher", "open_cluster"]
