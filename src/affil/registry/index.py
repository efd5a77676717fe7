"""The index over a registry's names: the lookup tables of matching, as flat arrays (see `affil.registry.arrays`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from affil.names import tokenize
from affil.names.fold import generic, roles
from affil.registry.arrays import Floats, Ints
from affil.registry.hashes import checksums, csr, deletions, prefix_table
from affil.registry.homonyms import Words, find_owners, surfaces_of
from affil.registry.places import CITY, COUNTRY, REGION, Place, read_places
from affil.types import Institution


class Gazetteer(NamedTuple):
    """All places; `names` and `cities` are theirs, folded."""

    places: tuple[Place, ...]
    names: tuple[Words, ...]
    cities: tuple[str, ...]


@cache
def gazetteer() -> Gazetteer:
    """The gazetteer, read and folded once a process: that takes longer than all else that a small registry needs."""
    places = tuple(read_places())
    cities = _folded([p.city for p in places])
    return Gazetteer(places, tuple(_folded([p.name for p in places])), tuple(" ".join(words) for words in cities))


def build_index(institutions: Sequence[Institution]) -> dict[str, Any]:
    """Build all arrays that matching needs from the institutions (in their order) and the gazetteer.

    Names of closed institutions count for their active successor. The keys are those of `affil.registry.arrays.Arrays`, except
    columns of institutions and names, and `shown` (see `affil.registry.homonyms.Surfaces`).
    """
    number = {x.id: i for i, x in enumerate(institutions)}
    parents = [[number[p] for p in x.parents if p in number] for x in institutions]
    known = gazetteer()
    surfaces = surfaces_of(institutions)
    names = find_owners(institutions, parents, surfaces, _called_within(known))
    owners, terms = names.owners, names.terms
    aliases = sorted(owners)
    rows_of_place = _place_rows(institutions, known, owners)
    place_names = sorted(rows_of_place)
    holders: dict[str, set[int]] = defaultdict(set)  # institutions by term of their names
    for words in aliases:
        for term in terms[words]:
            holders[term].update(owners[words])
    vocabulary = sorted({w for a in aliases for w in a} | {w for a in place_names for w in a} | set(holders))
    word_id = {w: i for i, w in enumerate(vocabulary)}
    df = np.array([len(holders.get(w, ())) for w in vocabulary], np.int32)
    n = len(institutions)
    idf = (np.log((n + 1) / (df + 1)) / np.log(n + 1)).astype(np.float32) if n > 1 else np.ones(len(df), np.float32)
    span = prefix_table([[word_id[w] for w in a] for a in aliases])
    place_span = prefix_table([[word_id[w] for w in a] for a in place_names])
    place_row, place_ptr = csr([rows_of_place[a] for a in place_names])
    parent, parent_ptr = csr(parents)
    return {
        "word": vocabulary, "word_idf": idf, "word_df": df, **_deletion_columns(word_id, df),
        **_alias_columns(aliases, terms, word_id, idf), **_owner_columns(aliases, owners, institutions),
        "span_hash": span["hash"], "span_value": span["value"], "place_hash": place_span["hash"], "place_value": place_span["value"],
        "place_row": place_row, "place_ptr": place_ptr, "place_kind": np.array([p.kind for p in known.places], np.int8),
        **_location_columns(institutions, known), "inst_prominence": _prominence_ranks(institutions),
        "parent": parent, "parent_ptr": parent_ptr, "shown": surfaces.shown,
    }  # fmt: skip


def _folded(texts: Sequence[str]) -> list[Words]:
    tokens = tokenize(texts)
    return [tuple(tokens.words[a:b]) for a, b in pairwise(tokens.ptr.tolist())]


def _called_within(known: Gazetteer) -> dict[str, set[Words]]:
    """For each country what it, its regions and its cities are called."""
    within: dict[str, set[Words]] = defaultdict(set)
    for place, words in zip(known.places, known.names, strict=True):
        if place.kind in (COUNTRY, REGION, CITY) and len("".join(words)) > 2:
            within[place.country].add(words)
    return within


def _place_rows(
    institutions: Sequence[Institution],
    known: Gazetteer,
    owners: Mapping[Words, Mapping[int, tuple[int, int]]],
) -> dict[Words, list[int]]:
    """The gazetteer rows of each folded place name, without names that more likely mean something else."""
    out: dict[Words, list[int]] = defaultdict(list)
    seats = {(x.country, x.city) for x in institutions}
    for k, (place, words) in enumerate(zip(known.places, known.names, strict=True)):
        byname = place.name != place.city
        # a city with institutions always counts as a place: Munich, New York
        seat = (place.country, place.name) in seats and not set(words) & set(roles())
        if place.kind == CITY and not seat and (set(words) <= generic() or (byname and words in owners)):
            continue  # there is a town called Center, and one that was called Google for a month
        if words and (len("".join(words)) > 2 or place.kind not in (REGION, CITY) or not words[0].isascii()):
            out[words].append(k)
    return out


def _deletion_columns(word_id: Mapping[str, int], df: Ints) -> dict[str, Any]:
    """Correction candidates for misspelt words, indexed by their single-character deletions."""
    correctable = [(w, i) for w, i in word_id.items() if len(w) > 4 and w.isascii() and w.isalpha() and df[i]]
    deleted = [(d, i) for w, i in correctable for d in deletions(w)]
    delete_hash = checksums([d for d, _ in deleted])
    delete_word = np.array([i for _, i in deleted], np.int32)
    order = np.argsort(delete_hash, kind="stable")
    return {"delete_hash": delete_hash[order], "delete_word": delete_word[order]}


def _alias_columns(
    aliases: Sequence[Words], terms: Mapping[Words, Words], word_id: Mapping[str, int], idf: Floats
) -> dict[str, Any]:
    """The words and terms of each alias, and its idf vector as a column of the postings."""
    alias_tok, alias_ptr = csr([[word_id[w] for w in a] for a in aliases])
    alias_term, alias_term_ptr = csr([[word_id[t] for t in dict.fromkeys(terms[a])] for a in aliases])
    weight = np.add.reduceat(np.append(idf[alias_term], 0.0), alias_term_ptr[:-1]) if aliases else np.zeros(0)
    matrix: Any = sparse.csr_matrix((idf[alias_term], alias_term, alias_term_ptr), shape=(len(aliases), len(word_id)))
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    postings = sparse.csr_matrix(sparse.diags(1 / np.maximum(norms, 1e-6)).dot(matrix).T, dtype=np.float32)
    postings.sort_indices()
    return {
        "alias_text": [" ".join(a) for a in aliases], "alias_mass": weight.astype(np.float32), "alias_tok": alias_tok,
        "alias_ptr": alias_ptr, "alias_term": alias_term, "alias_term_ptr": alias_term_ptr, "posting_data": postings.data,
        "posting_indices": postings.indices, "posting_indptr": postings.indptr.astype(np.int64),
    }  # fmt: skip


def _owner_columns(
    aliases: Sequence[Words], owners: Mapping[Words, Mapping[int, tuple[int, int]]], institutions: Sequence[Institution]
) -> dict[str, Any]:
    """The institutions of each alias, by kind of name, usage and prominence."""
    rows = [
        sorted((kind, -institutions[i].usage, -institutions[i].prominence, i, name) for i, (kind, name) in owners[a].items())
        for a in aliases
    ]
    return {
        "owner_inst": np.array([r[3] for own in rows for r in own], np.int32),
        "owner_kind": np.array([r[0] for own in rows for r in own], np.int8),
        "owner_name": np.array([r[4] for own in rows for r in own], np.int32),
        "owner_ptr": np.concatenate([[0], np.cumsum([len(own) for own in rows])]).astype(np.int64),
    }


def _prominence_ranks(institutions: Sequence[Institution]) -> Floats:
    prominence = np.array([x.prominence for x in institutions])
    rank = prominence.argsort(kind="stable").argsort(kind="stable") / max(len(institutions) - 1, 1)
    return rank.astype(np.float32)


def _location_columns(institutions: Sequence[Institution], known: Gazetteer) -> dict[str, Any]:
    """The countries, regions and cities of institutions and places, each numbered over both."""
    n, places = len(institutions), known.places
    countries = sorted({x.country for x in institutions} | {p.country for p in places})
    country_id = {c: i for i, c in enumerate(countries)}
    codes = [x.country for x in institutions] + [p.country for p in places]
    country = np.array([country_id[c] for c in codes], np.int16)
    region_key: dict[str, int] = {"": 0}
    regions = [region_key.setdefault(r, len(region_key)) for r in [x.region for x in institutions] + [p.region for p in places]]
    region = np.array(regions, np.int32)
    written = [x.city for x in institutions] + [p.city for p in places]
    own = [" ".join(words) for words in _folded(written[:n])]
    folded = [*_gazetteer_cities(own, codes, known), *known.cities]
    city_key: dict[tuple[str, str], int] = {}
    cities = [city_key.setdefault((c, f), len(city_key)) if f else -1 for c, f in zip(codes, folded, strict=True)]
    city_name: dict[int, str] = {}  # the institutions' spelling, else the gazetteer's
    for key, called_here in zip(cities, written, strict=True):
        city_name.setdefault(key, called_here)
    city = np.array(cities, np.int32)
    return {
        "inst_country_id": country[:n], "inst_region_id": region[:n], "inst_city_id": city[:n], "place_country": country[n:],
        "place_region": region[n:], "place_city": city[n:], "country_code": countries, "region_code": list(region_key),
        "city_name": [city_name[key] for key in range(len(city_key))],
    }  # fmt: skip


def _gazetteer_cities(cities: Sequence[str], countries: Sequence[str], known: Gazetteer) -> list[str]:
    """The folded cities of institutions as the gazetteer calls them: "New York" is its "New York City"."""
    called: set[tuple[str, str]] = set()
    other: dict[tuple[str, str], str] = {}
    for place, words, city in zip(*known, strict=True):
        if place.kind == CITY:
            called.add((place.country, city))
            other.setdefault((place.country, " ".join(words)), city)
    return [c if (where, c) in called else other.get((where, c), c) for where, c in zip(countries, cities, strict=False)]
