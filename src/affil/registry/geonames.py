"""Cities and countries of GeoNames (https://www.geonames.org, CC BY 4.0); the tables are made by `tools/gazetteer.py`."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import NamedTuple

_DATA = resources.files("affil.registry") / "data"
CONTINENTS = {"AF": "Africa", "AN": "Antarctica", "AS": "Asia", "EU": "Europe", "NA": "North America", "OC": "Oceania",
              "SA": "South America"}  # fmt: skip


class City(NamedTuple):
    """A city of at least 15 000 inhabitants; `admin1` is GeoNames' code of its first-level division."""

    id: int
    name: str
    country: str  # ISO 3166-1 alpha-2
    admin1: str
    population: int
    lat: float
    lon: float
    alternate: str

    @property
    def alternate_names(self) -> list[str]:
        """Its alternate names: ASCII ones of four or more characters that are not all capitals, and those in Han or Hangul."""
        return self.alternate.split(",") if self.alternate else []


class Country(NamedTuple):
    """A country's English name and continent (one of `CONTINENTS`)."""

    name: str
    continent: str


@cache
def cities() -> tuple[City, ...]:
    """All cities, ordered by country code."""
    import pyarrow.parquet as pq  # slow to import; only building, reports and the service need it

    with (_DATA / "cities.parquet").open("rb") as file:
        columns = pq.read_table(file, columns=list(City._fields)).to_pydict()
    return tuple(map(City, *columns.values()))


@cache
def countries() -> Mapping[str, Country]:
    """All countries by ISO 3166-1 code."""
    with (_DATA / "countries.csv").open(encoding="utf-8") as lines:
        return {row["country"]: Country(row["name"], row["continent"]) for row in csv.DictReader(lines)}
