"""Whether two records of one name and country can be one institution."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection
from functools import cache

from affil.registry.gazetteer import gazetteer
from affil.registry.geonames import cities
from affil.registry.homonyms import folded
from affil.registry.met import KIND, PARENTS, PLACE
from affil.types import Institution

# Of a city and what lies around it: Berkeley is 20 km from San Francisco, while campuses of one name stand farther apart.
_REACH = 50.0  # km
_APART = frozenset({"education", "healthcare", "company"})  # registries disagree on which of the other kinds a laboratory is


def contradiction(one: Institution, other: Institution) -> str:
    """What tells two records of one country apart: `PLACE`, `KIND`, `PARENTS`, or "" where nothing does.

    What one of them leaves out contradicts nothing. Places: those within 50 km of each other are one, whatever they are called; where the
    coordinates of one cannot be told, city and region are compared. Kinds: education, healthcare and company exclude each
    other. Parents: both have some, and none in common, or one is the other's.
    """
    if not near(one, other):
        return PLACE
    if one.kind != other.kind and {one.kind, other.kind} <= _APART:
        return KIND
    if is_part(one, other) or is_part(other, one) or (one.parents and other.parents and not {*one.parents} & {*other.parents}):
        return PARENTS
    return ""


def is_part(one: Institution, other: Institution) -> bool:
    """Whether a record names the other as its parent."""
    return not {other.id, *other.other_ids}.isdisjoint(one.parents)


def near(one: Institution, other: Institution) -> bool:
    """Whether two records of one country can stand in one place, as far as they say where."""
    city, other_city = _city(one), _city(other)
    regions_differ = bool(one.region and other.region and one.region != other.region)
    if city and city == other_city and None in (one.lat, other.lat):
        return not regions_differ  # by which two cities of one name in a country are told apart
    here, there = _points(one, city), _points(other, other_city)
    if here and there:
        return min(_km(a, b) for a in here for b in there) <= _REACH
    if regions_differ:
        return False
    return not city or not other_city or city == other_city


def _city(one: Institution) -> str:
    """The folded name of its city, that of the gazetteer where it has the city under another."""
    (words,) = folded([one.city])
    called = " ".join(words)
    return gazetteer().within(one.country).city_of.get(called, called) if called else ""


def _points(one: Institution, city: str) -> Collection[tuple[float, float]]:
    """Latitudes and longitudes of where it may be: its own, or those of the cities that are called so."""
    if one.lat is not None and one.lon is not None:
        return [(one.lat, one.lon)]
    return _cities(one.country).get(city, ())


@cache
def _cities(country: str) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    there = [city for city in cities() if city.country == country]
    for city, words in zip(there, folded([city.name for city in there]), strict=True):
        found[" ".join(words)].append((city.lat, city.lon))
    return dict(found)


def _km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Distance on a sphere, by the haversine formula."""
    lat, lon, other_lat, other_lon = map(math.radians, (*a, *b))
    half = math.sin((other_lat - lat) / 2) ** 2 + math.cos(lat) * math.cos(other_lat) * math.sin((other_lon - lon) / 2) ** 2
    return 2 * 6371.0 * math.asin(math.sqrt(half))
