"""Affiliation strings to institutions: retrieve candidates, weigh the evidence, decide, explain; and training."""

from affil.match.matcher import COLUMNS, Matcher, match_records
from affil.match.train import train

__all__ = ["COLUMNS", "Matcher", "match_records", "train"]
