"""Rankings of institutions, cities, regions and countries by papers and authors, as published SQL over plain tables."""

from affil.rank.compare import Comparison, Span, compare
from affil.rank.credit import Tables
from affil.rank.diff import Diff, diff
from affil.rank.measure import Query, measure, rank
from affil.rank.named import Known, Lookup
from affil.rank.presets import Preset, presets
from affil.rank.profiles import AreaShare, Profiles, profiles
from affil.rank.ranges import moves
from affil.rank.ranking import LEVELS, MEASURES, Coverage, Level, Measure, Ranking, parse_years, years_text
from affil.rank.rollup import ROLL_UPS, roll_up
from affil.rank.state import State
from affil.rank.store import Store
from affil.rank.trend import TREND_MEASURES, Trend, trend
from affil.rank.venue_list import VenueList, list_venues
from affil.rank.venues import AREAS, SHORT_AREAS, Venue, Venues, find_area, load_venues
from affil.rank.why import Why, why
from affil.rank.years import RanksByYear, ranks_by_year
from affil.types import KINDS

__all__ = [
    "AREAS",
    "KINDS",
    "LEVELS",
    "MEASURES",
    "ROLL_UPS",
    "SHORT_AREAS",
    "TREND_MEASURES",
    "AreaShare",
    "Comparison",
    "Coverage",
    "Diff",
    "Known",
    "Level",
    "Lookup",
    "Measure",
    "Preset",
    "Profiles",
    "Query",
    "Ranking",
    "RanksByYear",
    "Span",
    "State",
    "Store",
    "Tables",
    "Trend",
    "Venue",
    "VenueList",
    "Venues",
    "Why",
    "compare",
    "diff",
    "find_area",
    "list_venues",
    "load_venues",
    "measure",
    "moves",
    "parse_years",
    "presets",
    "profiles",
    "rank",
    "ranks_by_year",
    "roll_up",
    "trend",
    "why",
    "years_text",
]
