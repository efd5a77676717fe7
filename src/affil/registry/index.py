"""The index over a registry's names: the lookup tables of matching, as flat arrays (see `affil.registry.arrays`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from affil.errors import AffilError
from affil.registry.arrays import Floats, Ints
from affil.registry.gazetteer import Gazetteer, gazetteer
from affil.registry.hashes import checksums, csr, deletions, prefix_table
from affil.registry.homonyms import Words, find_owners, folded, surfaces_of
from affil.types import Institution
from affil.wording import said


def build_index(institutions: Sequence[Institution]) -> dict[str, Any]:
    """Build all arrays that matching needs from the institutions (in their order) and the gazetteer.

    Names of closed institutions count for their active successor. The keys are those of `affil.registry.arrays.Arrays`, except
    columns of institutions and names, and `shown` (see `affil.registry.homonyms.Surfaces`).

    Raises:
        AffilError: all names are such that name nobody.
    """
    number = {x.id: i for i, x in enumerate(institutions)}
    parents = [[number[p] for p in x.parents if p in number] for x in institutions]
    known = gazetteer()
    surfaces = surfaces_of(institutions)
    names = find_owners(institutions, parents, surfaces, lambda country: known.within(country).called)
    owners, terms = names.owners, names.terms
    aliases = sorted(owners)
    if not aliases:
        raise AffilError(said("no institution of the sources has a name that tells it from other words; write names in full"))
    rows_of_place = known.named({(x.country, x.city) for x in institutions}, owners.keys())
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
        "place_row": place_row, "place_ptr": place_ptr, "place_kind": np.array(known.kind, np.int8),
        **_location_columns(institutions, known), "inst_prominence": _prominence_ranks(institutions),
        "parent": parent, "parent_ptr": parent_ptr, "shown": surfaces.shown,
    }  # fmt: skip


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
    codes = [x.country for x in institutions]
    countries = sorted({*codes, *known.countries.values})
    country_id = {c: i for i, c in enumerate(countries)}
    region_id = {"": 0}
    for region in (*(x.region for x in institutions), *known.regions.values):
        region_id.setdefault(region, len(region_id))
    city_id: dict[tuple[str, str], int] = {}
    city_name: list[str] = []  # the institutions' spelling, else the gazetteer's
    own = _gazetteer_cities(institutions, known)
    of_places = zip(known.cities.values, (known.city[row] for row in known.cities.first), strict=True)
    for key, written in (*zip(own, (x.city for x in institutions), strict=True), *of_places):
        if key[1] and key not in city_id:
            city_id[key] = len(city_id)
            city_name.append(written)
    numbers = defaultdict(lambda: -1, city_id)
    return {
        "inst_country_id": np.array([country_id[c] for c in codes], np.int16),
        "inst_region_id": np.array([region_id[x.region] for x in institutions], np.int32),
        "inst_city_id": np.array([numbers[key] for key in own], np.int32),
        "place_country": known.countries.renumbered(country_id).astype(np.int16),
        "place_region": known.regions.renumbered(region_id).astype(np.int32),
        "place_city": known.cities.renumbered(numbers).astype(np.int32),
        "country_code": countries, "region_code": list(region_id), "city_name": city_name,
    }  # fmt: skip


def _gazetteer_cities(institutions: Sequence[Institution], known: Gazetteer) -> list[tuple[str, str]]:
    """Country and folded city of institutions as the gazetteer calls them: "New York" is its "New York City"."""
    out = []
    for x, words in zip(institutions, folded([x.city for x in institutions]), strict=True):
        city, places = " ".join(words), known.within(x.country)
        out.append((x.country, city if city in places.cities else places.city_of.get(city, city)))
    return out
