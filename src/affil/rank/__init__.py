"""Counts of papers and people by institution, city, region and country, as a published method over plain tables."""

from affil.rank.credit import Tables, rank
from affil.rank.ranking import LEVELS, MEASURES, Coverage, Level, Measure, Ranking, parse_years
from affil.rank.venues import AREAS, Venue, Venues, find_area, load_venues

__all__ = [
    "AREAS",
    "LEVELS",
    "MEASURES",
    "Coverage",
    "Level",
    "Measure",
    "Ranking",
    "Tables",
    "Venue",
    "Venues",
    "find_area",
    "load_venues",
    "parse_years",
    "rank",
]
