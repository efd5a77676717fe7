"""The gazetteer with its names folded, and what the index over a registry needs of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from affil.io.memory import rare_collections
from affil.names.fold import generic, roles
from affil.registry.arrays import Ints
from affil.registry.folder import kept, sources_hash
from affil.registry.homonyms import Words, folded
from affil.registry.places import CITY, COUNTRY, REGION, read_places


class Country(NamedTuple):
    """What places of one country are called, folded."""

    called: frozenset[Words]  # the country, its regions and cities
    cities: frozenset[str]  # as the gazetteer names its cities
    city_of: Mapping[str, str]  # and the one of those that another name means first


@dataclass(frozen=True, eq=False)
class Gazetteer:
    """All names of places, one row each: as `affil.registry.places.Place`, with the folded words of name and city.

    What is derived from it is the same for every registry, and made on first use.
    """

    name: list[str]
    kind: list[int]
    country: list[str]
    region: list[str]
    city: list[str]
    words: list[Words]
    city_words: list[str]

    @cache  # noqa: B019 - there is one gazetteer a process
    def within(self, country: str) -> Country:
        """The places of a country (ISO 3166-1 code)."""
        rows = self._rows_of_country.get(country, [])
        cities = [k for k in rows if self.kind[k] == CITY]
        city_of: dict[str, str] = {}
        for k in cities:
            city_of.setdefault(" ".join(self.words[k]), self.city_words[k])
        spelt = (self.words[k] for k in rows if self.kind[k] in (COUNTRY, REGION, CITY))
        called = frozenset(words for words in spelt if len("".join(words)) > 2)
        return Country(called, frozenset(self.city_words[k] for k in cities), city_of)

    def named(self, seats: Collection[tuple[str, str]], owners: Collection[Words]) -> dict[Words, list[int]]:
        """The rows of each folded name, without names that more likely mean something else; the lists are shared.

        Args:
            seats: country and city of institutions. A city with institutions always counts as a place: Munich, New York.
            owners: folded names of institutions.
        """
        always, other_names, generic_names = self._names
        out = dict(always)
        for words in other_names.keys() & owners:  # a city was called Google for a month
            gone = {k for k in other_names[words] if (self.country[k], self.name[k]) not in seats or self._is_head(words)}
            out[words] = [k for k in always[words] if k not in gone]
            if not out[words]:
                del out[words]
        for k in generic_names:  # there is a town called Center
            if (self.country[k], self.name[k]) in seats and not self._is_head(self.words[k]):
                out[self.words[k]] = sorted([*out.get(self.words[k], ()), k])
        return out

    @staticmethod
    def _is_head(words: Words) -> bool:
        return not roles().keys().isdisjoint(words)

    @cached_property
    def _rows_of_country(self) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = defaultdict(list)
        for k, country in enumerate(self.country):
            rows[country].append(k)
        return rows

    @cached_property
    def _names(self) -> tuple[dict[Words, list[int]], dict[Words, list[int]], list[int]]:
        """Rows by folded name, sorted: those of names that count as places; of these the other names of cities, which do not
        where an institution has them; and rows of cities called by a generic word, which count where institutions are.
        """
        always: dict[Words, list[int]] = defaultdict(list)
        other_names: dict[Words, list[int]] = defaultdict(list)
        generic_names: list[int] = []
        for k, (words, kind) in enumerate(zip(self.words, self.kind, strict=True)):
            if not words or (len("".join(words)) < 3 and kind in (REGION, CITY) and words[0].isascii()):
                continue
            if kind == CITY and generic().issuperset(words):
                generic_names.append(k)
                continue
            always[words].append(k)
            if kind == CITY and self.name[k] != self.city[k]:
                other_names[words].append(k)
        return {words: always[words] for words in sorted(always)}, dict(other_names), generic_names

    @cached_property
    def countries(self) -> Numbered:
        """The country of each row."""
        return numbered(self.country)

    @cached_property
    def regions(self) -> Numbered:
        """The region of each row."""
        return numbered(self.region)

    @cached_property
    def cities(self) -> Numbered:
        """Country and folded city of each row; the city is "" for a place that is none."""
        return numbered(list(zip(self.country, self.city_words, strict=True)))


class Numbered(NamedTuple):
    """Values by number, in the order in which they come first; the number of each row, and the first row of each number."""

    values: list[Any]
    of_row: Ints
    first: list[int]

    def renumbered(self, numbers: Mapping[Any, int]) -> Ints:
        """The rows, numbered as `numbers` says."""
        return np.array([numbers[value] for value in self.values])[self.of_row]


def numbered(values: Iterable[Any]) -> Numbered:
    """Number values in the order in which they come first."""
    numbers: dict[Any, int] = {}
    of_row = [numbers.setdefault(value, len(numbers)) for value in values]
    rows = np.array(of_row)
    return Numbered(list(numbers), rows, np.unique(rows, return_index=True)[1].tolist())


@cache
@rare_collections()
def gazetteer() -> Gazetteer:
    """The gazetteer: folded once, as that takes longer than all else that a small registry needs, and kept in the user's cache."""
    table = pa.ipc.open_file(pa.py_buffer(kept(f"places-{sources_hash()}.arrow", _fold))).read_all()
    columns = {name: table[name].to_pylist() for name in table.column_names}
    return Gazetteer(**{**columns, "words": [tuple(words.split(" ")) if words else () for words in columns["words"]]})


def _fold() -> bytes:
    columns: dict[str, Any] = dict(
        zip(("name", "kind", "country", "region", "city"), map(list, zip(*read_places(), strict=True)), strict=True)
    )
    for out, column in (("words", "name"), ("city_words", "city")):
        columns[out] = [" ".join(words) for words in folded(columns[column])]
    table, sink = pa.table(columns), pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())
