"""The index over a registry's names: everything that matching looks up, as flat arrays (see `store`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt
from scipy import sparse

from affil.names import tokenize
from affil.names.fold import generic, roles
from affil.names.tokens import terms
from affil.names.variants import (
    closed_up,
    curtailed,
    flagships,
    hospitals_alone,
    is_another,
    respelt,
    says_nothing,
    swapped,
    unplaced,
)
from affil.registry.aliases import names_nobody, variants, without_country
from affil.registry.places import CITY, COUNTRY, REGION, Place
from affil.settings import TEXT
from affil.types import NAME_KINDS as NAME_WORDS
from affil.types import Institution

NAME_KINDS = tuple(NAME_WORDS)  # stored as numbers, the better kind first
_SYLLABIC = frozenset({"CN", "HK", "MO", "SG", "TW"})  # where names of organisations are romanised so
_TEACHING = frozenset({"university", "college"})
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def word_hashes(ids: npt.NDArray[np.int32]) -> npt.NDArray[np.uint64]:
    """Spread word ids over 64 bits (the finaliser of splitmix64, Steele et al. 2014)."""
    x = ids.astype(np.uint64) * _MULTIPLIER + np.uint64(0x632BE59BD9B4E019)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def extend(prefix: npt.NDArray[np.uint64], ids: npt.NDArray[np.int32]) -> npt.NDArray[np.uint64]:
    """Rolling polynomial hash modulo 2**64: the hash of a word sequence one word longer (Karp and Rabin 1987)."""
    return prefix * _MULTIPLIER + word_hashes(ids)


def without_rivals(
    regional: Sequence[tuple[tuple[str, ...], int, int, int]],
    owners: Mapping[tuple[str, ...], Mapping[int, tuple[int, int]]],
    parents: Sequence[Collection[int]],
) -> list[tuple[tuple[str, ...], int, int, int]]:
    """Of names (words, institution, kind, name) that stand without their country, those that are no one else's.

    What is left of a domain is another's that bears it in any way but a branch that bears it as one. What is left of a name is the
    parent's that bears it; where it is the official name of a namesake, as "University of Freiburg (Switzerland)", it is a variant.
    """
    official, domain = NAME_KINDS.index("official"), NAME_KINDS.index("domain")
    left: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for words, target, kind, _ in regional:
        if kind == domain:
            left[words].add(target)
    out = []
    for words, target, kind, name in regional:
        others = {i for i in owners.get(words, {}) if i != target}
        if kind == domain:
            branches = {i for i in others if target in parents[i] and owners[words][i][0] == domain}
            if not others - branches | left[words] - {target}:
                out.append((words, target, kind, name))
        elif not others & set(parents[target]):
            namesake = any(owners[words][i][0] == official for i in others)
            out.append((words, target, NAME_KINDS.index("variant") if namesake else kind, name))
    return out


def prefix_table(sequences: Sequence[Sequence[int]]) -> dict[str, Any]:
    """Hash table over all prefixes of the sequences: `hash` (sorted) and `value` (number of the sequence that ends here, or -1)."""
    lengths = np.array([len(s) for s in sequences])
    flat = np.array([w for s in sequences for w in s], np.int32)
    ptr = np.concatenate([[0], np.cumsum(lengths)])[:-1]
    alive = np.arange(len(sequences))
    current = np.zeros(len(sequences), np.uint64)
    hashes, values = [], []
    for depth in range(int(lengths.max(initial=0))):
        alive = alive[lengths[alive] > depth]
        current[alive] = extend(current[alive], flat[ptr[alive] + depth])
        hashes.append(current[alive].copy())
        values.append(np.where(lengths[alive] == depth + 1, alive, -1))
    allh, allv = np.concatenate(hashes), np.concatenate(values)
    order = np.lexsort((-allv, allh))
    allh, allv = allh[order], allv[order]
    first = np.concatenate([[True], allh[1:] != allh[:-1]])
    return {"hash": allh[first], "value": allv[first].astype(np.int32)}


def csr(rows: Sequence[Sequence[int]], dtype: Any = np.int32) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Flatten ragged rows: values and row pointers."""
    ptr = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(r) for r in rows], out=ptr[1:])
    return np.array([v for r in rows for v in r], dtype), ptr


def deletions(word: str) -> list[str]:
    """The word and all it becomes by leaving out one character (symmetric delete spelling correction, W. Garbe 2012)."""
    return [word, *sorted({word[:i] + word[i + 1 :] for i in range(len(word))})]


def checksums(words: Sequence[str]) -> npt.NDArray[np.uint32]:
    """A short stable hash of each word; what it finds is compared in full."""
    return np.fromiter((crc32(w.encode()) for w in words), np.uint32, len(words))


def build_index(institutions: Sequence[Institution], places: Sequence[Place]) -> dict[str, Any]:
    """Build all arrays that matching needs from the institutions (in their order) and the gazetteer.

    Names of closed institutions count for their active successor. Returned keys: `alias_*` (distinct folded names),
    `owner_*` (which institutions bear them, by a name of which kind), `word_*`, `posting_*` (word vectors), `span_*` and `place_*`
    (exact search), and `shown`: what is said of domains and of acronyms out of parentheses, which are no names of the institutions;
    `owner_name` numbers all their names, then these.
    """
    number = {x.id: i for i, x in enumerate(institutions)}
    parents = [[number[p] for p in x.parents if p in number] for x in institutions]
    successor = active_successors(institutions)
    surfaces: list[str] = []
    whole: list[str] = []  # the name that a surface is a variant of
    bearers: list[tuple[int, int, int]] = []  # institution, kind, name number
    flat_names, all_names = 0, sum(len(x.names) for x in institutions)
    shown: list[str] = []
    for i, x in enumerate(institutions):
        target = number.get(successor.get(x.id, ""), -1)
        own = [(n.value, n.kind) for n in x.names] + [(d, "domain") for d in (x.domain, *x.other_domains) if d]
        for offset, (value, kind) in enumerate(own):
            if target >= 0:
                moved = kind if target == i or kind == "domain" else "former"
                for text, what in variants(value, moved):
                    number_shown = flat_names + offset
                    if what == "domain" or (what == "acronym" and text != value):
                        number_shown = all_names + len(shown)
                        shown.append(text)
                    surfaces.append(text)
                    whole.append(value)
                    bearers.append((target, NAME_KINDS.index(what), number_shown))
        flat_names += len(x.names)
    tokens = tokenize(surfaces)
    term_of = terms(tokens)
    place_tokens = tokenize([p.name for p in places])
    place_words = [tuple(place_tokens.words[a:b]) for a, b in pairwise(place_tokens.ptr.tolist())]
    within: dict[str, set[tuple[str, ...]]] = defaultdict(set)  # what a country, its regions and its cities are called
    for place, words in zip(places, place_words, strict=True):
        if place.kind in (COUNTRY, REGION, CITY) and len("".join(words)) > 2:
            within[place.country].add(words)
    owners: dict[tuple[str, ...], dict[int, tuple[int, int]]] = defaultdict(dict)
    alias_terms: dict[tuple[str, ...], tuple[str, ...]] = {}
    regional: list[tuple[tuple[str, ...], int, int, int]] = []  # names that stand without their country
    reordered: list[tuple[tuple[str, ...], int, int]] = []
    elsewhere: dict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
    shortened: list[tuple[tuple[str, ...], int, int]] = []
    hospitals: list[tuple[tuple[str, ...], int, int]] = []
    titles: dict[int, tuple[tuple[str, ...], int]] = {}  # official names of universities
    schools: set[tuple[str, ...]] = set()
    for k, (target, what_kind, name) in enumerate(bearers):
        a, b = tokens.ptr[k], tokens.ptr[k + 1]
        words = tuple(tokens.words[a:b])
        if names_nobody(surfaces[k], words, NAME_KINDS[what_kind]):
            continue
        if set(words) <= generic() and any(w.isupper() and len(w) <= TEXT.umlaut_acronym for w in surfaces[k].split()):
            continue  # "INF Technology" would be any department of information technology
        if what_kind == NAME_KINDS.index("domain") and surfaces[k].endswith(f".{'.'.join(words)}"):
            continue  # "du.edu" would be "edu"
        alias_terms.setdefault(words, tuple(t for t in term_of[a:b] if t))
        if without_country(surfaces[k], whole[k], len(words)):
            regional.append((words, target, what_kind, name))
            continue
        if what_kind < owners[words].get(target, (99, 0))[0]:
            owners[words][target] = (what_kind, name)
        if what_kind == 0 and institutions[target].kind == "education":
            titles.setdefault(target, (words, name))
        if what_kind in (0, 1, 2, 4):
            of = institutions[target]
            if not says_nothing(words, within[of.country]) and (other := swapped(words)):
                reordered.append((other, target, name))
            if of.kind == "education" and (other := unplaced(words, within[of.country])):
                elsewhere[other].append((target, name))
            if of.country in _SYLLABIC and (other := closed_up(words)):
                shortened.append((other, target, name))
            shortened += [(other, target, name) for other in respelt(words, surfaces[k], of.kind)]
            for other in curtailed(words, surfaces[k], of.country, of.kind, within[of.country]):
                elsewhere[other].append((target, name))
            if of.kind == "education" and len(words) > 1 and _TEACHING & set(words):
                schools.add(words)
            elif of.kind == "healthcare":
                hospitals.append((words, target, name))
    for words, target, what_kind, name in without_rivals(regional, owners, parents):
        if what_kind < owners[words].get(target, (99, 0))[0]:
            owners[words][target] = (what_kind, name)
    alias = NAME_KINDS.index("alias")
    for held in owners.values():  # what a part is officially called is no longer another name of the whole: "SINTEF Digital"
        if len(held) > 1:
            called = [i for i, (kind, _) in held.items() if kind <= NAME_KINDS.index("label")]
            seats = {(institutions[i].country, institutions[i].city) for i in called}
            above = {p for i in called for p in parents[i] if held.get(p, (0, 0))[0] > NAME_KINDS.index("label")}
            # that the Jülich Supercomputing Centre is part of a body there is told by the name alone
            above |= {i for i in held if (institutions[i].country, institutions[i].city) in seats and held[i][0] == alias}
            for i in above:
                del held[i]
            domain = NAME_KINDS.index("domain")  # that of a group and of its branches is the group's
            for below in [
                i for i in held if held[i][0] == domain and any(held.get(p, (0, 0))[0] == domain for p in parents[i])
            ]:
                del held[below]
    proper = {w for w, own in owners.items() if min(kind for kind, _ in own.values()) <= NAME_KINDS.index("alias")}
    begins: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for w in proper:
        official = [i for i, (kind, _) in owners[w].items() if kind <= NAME_KINDS.index("label")]
        where = {institutions[i].country for i in official}
        for n in range(2, len(w)):
            if not any(is_another(w, n, within[country]) for country in where):
                begins[w[:n]].update(i for i in official if institutions[i].kind != "nonprofit")
    # Washington University (in St. Louis) is not the University of Washington
    reordered = [(other, bearer, name) for other, bearer, name in reordered if not begins[other] - {bearer}]
    for words, bearer, name in hospitals_alone(hospitals, schools, owners):
        elsewhere[words].append((bearer, name))
    for words, bearer, name in reordered:
        if words in elsewhere:
            elsewhere[words].append((bearer, name))
    # what is left of "International Islamic University Malaysia" is left of others too
    shortened += [(other, *own[0]) for other, own in elsewhere.items() if len({bearer for bearer, _ in own}) == 1]
    for other, bearer, name in reordered + shortened:
        if other in proper:
            continue
        if bearer not in owners[other]:
            owners[other][bearer] = (NAME_KINDS.index("variant"), name)
            alias_terms.setdefault(other, other)
    called_so = [titles.get(i, ((), 0))[0] for i in range(len(institutions))]
    for words, bearer in flagships(called_so, parents, [x.prominence for x in institutions], TEXT.flagship):
        owners[words].setdefault(bearer, (NAME_KINDS.index("variant"), titles[bearer][1]))
        alias_terms.setdefault(words, words)
    aliases = sorted(owners)
    place_rows: dict[tuple[str, ...], list[int]] = defaultdict(list)
    seats = {(x.country, x.city) for x in institutions}
    for k, words in enumerate(place_words):
        byname = places[k].name != places[k].city
        # where institutions sit is a place, whatever it is called elsewhere: Munich, New York
        seat = (places[k].country, places[k].name) in seats and not set(words) & set(roles())
        if places[k].kind == CITY and not seat and (set(words) <= generic() or (byname and words in owners)):
            continue  # there is a town called Center, and one that was Google for a month
        if words and (len("".join(words)) > 2 or places[k].kind not in (REGION, CITY) or not words[0].isascii()):
            place_rows[words].append(k)
    place_names = sorted(place_rows)

    frequency: dict[str, set[int]] = defaultdict(set)
    for words in aliases:
        for term in alias_terms[words]:
            frequency[term].update(owners[words])
    word_list = sorted({w for a in aliases for w in a} | {w for a in place_names for w in a} | set(frequency))
    word_id = {w: i for i, w in enumerate(word_list)}
    n = len(institutions)
    df = np.array([len(frequency.get(w, ())) for w in word_list], np.int32)
    idf = (np.log((n + 1) / (df + 1)) / np.log(n + 1)).astype(np.float32) if n > 1 else np.ones(len(df), np.float32)
    alias_ids = [[word_id[w] for w in a] for a in aliases]
    term_ids = [[word_id[t] for t in dict.fromkeys(alias_terms[a])] for a in aliases]
    alias_tok, alias_ptr = csr(alias_ids)
    alias_term, alias_term_ptr = csr(term_ids)
    mass = np.add.reduceat(np.append(idf[alias_term], 0.0), alias_term_ptr[:-1]) if aliases else np.zeros(0)
    owner_rows = [
        sorted((kind, -institutions[i].usage, -institutions[i].prominence, i, name) for i, (kind, name) in owners[a].items())
        for a in aliases
    ]
    span = prefix_table(alias_ids)
    place_span = prefix_table([[word_id[w] for w in a] for a in place_names])
    weights = idf[alias_term]
    matrix: Any = sparse.csr_matrix((weights, alias_term, alias_term_ptr), shape=(len(aliases), len(word_list)))
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    postings = sparse.csr_matrix(sparse.diags(1 / np.maximum(norms, 1e-6)).dot(matrix).T, dtype=np.float32)
    postings.sort_indices()
    correctable = [(w, i) for w, i in word_id.items() if len(w) > 4 and w.isascii() and w.isalpha() and df[i]]
    deleted = [(d, i) for w, i in correctable for d in deletions(w)]
    delete_hash = checksums([d for d, _ in deleted])
    delete_word = np.array([i for _, i in deleted], np.int32)
    order = np.argsort(delete_hash, kind="stable")

    countries = sorted({x.country for x in institutions} | {p.country for p in places})
    country_id = {c: i for i, c in enumerate(countries)}
    city_key: dict[tuple[str, str], int] = {}
    region_key: dict[str, int] = {"": 0}
    cities = tokenize([x.city for x in institutions] + [p.city for p in places])
    folded = [" ".join(cities.words[cities.ptr[k] : cities.ptr[k + 1]]) for k in range(len(cities.ptr) - 1)]
    codes = [x.country for x in institutions] + [p.country for p in places]
    folded[:n] = _gazetteer_cities(folded[:n], codes, places, folded[n:])
    city = np.array(
        [city_key.setdefault((c, f), len(city_key)) if f else -1 for c, f in zip(codes, folded, strict=True)], np.int32
    )
    city_name: dict[int, str] = {}  # as institutions write it, else as the gazetteer does
    for key, called_here in zip(city.tolist(), [x.city for x in institutions] + [p.city for p in places], strict=True):
        city_name.setdefault(key, called_here)
    regions = [region_key.setdefault(r, len(region_key)) for r in [x.region for x in institutions] + [p.region for p in places]]
    country = np.array([country_id[c] for c in codes], np.int16)
    prominence = np.array([x.prominence for x in institutions])
    rank = prominence.argsort(kind="stable").argsort(kind="stable") / max(n - 1, 1)
    place_row, place_ptr = csr([place_rows[a] for a in place_names])
    parent, parent_ptr = csr(parents)
    return {
        "word": word_list, "word_idf": idf, "word_df": df, "delete_hash": delete_hash[order], "delete_word": delete_word[order],
        "alias_text": [" ".join(a) for a in aliases], "alias_tok": alias_tok, "alias_ptr": alias_ptr, "alias_term": alias_term,
        "alias_term_ptr": alias_term_ptr, "alias_mass": mass.astype(np.float32),
        "owner_inst": np.array([r[3] for rows in owner_rows for r in rows], np.int32),
        "owner_kind": np.array([r[0] for rows in owner_rows for r in rows], np.int8),
        "owner_name": np.array([r[4] for rows in owner_rows for r in rows], np.int32),
        "owner_ptr": np.concatenate([[0], np.cumsum([len(r) for r in owner_rows])]).astype(np.int64),
        "span_hash": span["hash"], "span_value": span["value"], "place_hash": place_span["hash"], "place_value": place_span["value"],
        "place_row": place_row, "place_ptr": place_ptr, "place_kind": np.array([p.kind for p in places], np.int8),
        "place_country": country[n:], "place_region": np.array(regions[n:], np.int32), "place_city": city[n:],
        "posting_data": postings.data, "posting_indices": postings.indices, "posting_indptr": postings.indptr.astype(np.int64),
        "inst_country_id": country[:n], "inst_region_id": np.array(regions[:n], np.int32), "inst_city_id": city[:n],
        "inst_prominence": rank.astype(np.float32), "country_code": countries, "region_code": list(region_key),
        "city_name": [city_name[key] for key in range(len(city_key))], "parent": parent, "parent_ptr": parent_ptr, "shown": shown,
    }  # fmt: skip


def _gazetteer_cities(
    cities: Sequence[str], countries: Sequence[str], places: Sequence[Place], theirs: Sequence[str]
) -> list[str]:
    """The folded cities of institutions as the gazetteer calls them: "New York" is its "New York City"."""
    known = {(p.country, city) for p, city in zip(places, theirs, strict=True) if p.kind == CITY}
    names = tokenize([p.name for p in places])
    other: dict[tuple[str, str], str] = {}
    for k, (place, city) in enumerate(zip(places, theirs, strict=True)):
        if place.kind == CITY:
            other.setdefault((place.country, " ".join(names.words[names.ptr[k] : names.ptr[k + 1]])), city)
    return [c if (where, c) in known else other.get((where, c), c) for where, c in zip(countries, cities, strict=False)]


def active_successors(institutions: Iterable[Institution]) -> dict[str, str]:
    """Map every id to the id that stands for it today: itself, or its active successor.

    A withdrawn record without an active successor maps to nothing; an inactive one stands for itself (papers of its time
    name it). With several successors the first active one in the source's order is taken.
    """
    by_id = {x.id: x for x in institutions}

    def follow(x: Institution, seen: frozenset[str]) -> str:
        if x.status == "active":
            return x.id
        for s in x.successors:
            if s in by_id and s not in seen and (found := follow(by_id[s], seen | {s})):
                return found
        return ""

    out = {}
    for x in by_id.values():
        target = follow(x, frozenset({x.id})) or (x.id if x.status == "inactive" else "")
        if target:
            out[x.id] = target
    return out
