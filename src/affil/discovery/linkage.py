"""Record linkage of names: blocking, comparison and a classifier, by recordlinkage (De Bruin 2019).

The classifier learns from a registry: two names of one institution match, names of different ones do not. It is then applied to
unknown names, and to find duplicates in a registry.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pycountry
import recordlinkage
from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler
from recordlinkage.base import BaseCompareFeature
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from threadpoolctl import threadpool_limits

from affil.names import tokenize
from affil.names.fold import generic
from affil.names.variants import unplaced
from affil.registry import Registry
from affil.settings import DiscoverSettings
from affil.types import Institution

# One row per name: name (folded), compact (without blanks), key and second (its two rarest distinctive words), country, city.
COLUMNS = ("name", "compact", "key", "second", "country", "city")


def records(rows: Sequence[tuple[str, Sequence[str], str, str]]) -> pd.DataFrame:
    """Records from (folded name, distinctive words rarest first, country, city)."""
    return pd.DataFrame(
        {
            "name": [name for name, *_ in rows],
            "compact": [name.replace(" ", "") for name, *_ in rows],
            "key": [keys[0] if keys else None for _, keys, *_ in rows],
            "second": [keys[1] if len(keys) > 1 else None for _, keys, *_ in rows],
            "country": [country for *_, country, _ in rows],
            "city": [city for *_, city in rows],
        },
        columns=list(COLUMNS),
    )


def registry_records(
    registry: Registry, settings: DiscoverSettings, without_place: bool = False
) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    """Records of a registry's names in Latin letters (no acronyms), and the number of the institution of each.

    With `without_place`, a name that ends in its institution's place, like "Trinity College (Connecticut)", gets a second
    record without it.
    """
    rows, owners = [], []
    frequency: dict[str, int] = {}
    known = [(number, one) for number, one in enumerate(registry) if one.status != "withdrawn"]
    values = [(n.value, number, one) for number, one in known for n in one.names if n.kind not in ("acronym", "former")]
    names = [
        (words, number, one)
        for words, (_, number, one) in zip(_words([value for value, *_ in values]), values, strict=True)
        if "".join(words).isascii()
    ]
    if without_place:
        places = _own_places([one for _, one in known])
        shorter = [(unplaced(words, places[one.id]), number, one) for words, number, one in names]
        names += [(list(words), number, one) for words, number, one in shorter if words]
    for several, *_ in names:
        for word in set(several):
            frequency[word] = frequency.get(word, 0) + 1
    for several, number, one in names:
        distinctive = sorted({w for w in several if w not in generic() and not w.isdigit()}, key=lambda w: (frequency[w], w))
        keys = [w for w in distinctive if frequency[w] <= settings.block]
        if (keys or without_place) and len(several) > 1:
            rows.append((" ".join(several), keys, one.country, one.city))
            owners.append(number)
    return records(rows), np.array(owners, np.int64)


def _words(texts: Sequence[str]) -> list[list[str]]:
    """The folded words of each text."""
    tokens = tokenize(list(texts))
    return [tokens.words[a:b] for a, b in pairwise(tokens.ptr.tolist())]


def _own_places(institutions: Sequence[Institution]) -> dict[str, set[tuple[str, ...]]]:
    """Folded names of the city, region and country of each institution, by id."""
    places = {s.code: s.name for s in pycountry.subdivisions} | {c.alpha_2: c.name for c in pycountry.countries}
    called = [(one.id, one.city) for one in institutions]
    called += [(one.id, places[code]) for one in institutions for code in (one.region, one.country) if code in places]
    out: dict[str, set[tuple[str, ...]]] = {one.id: set() for one in institutions}
    for (identifier, _), words in zip(called, _words([name for _, name in called]), strict=True):
        out[identifier].add(tuple(words))
    return out


def candidate_pairs(frame: pd.DataFrame, settings: DiscoverSettings) -> pd.MultiIndex:
    """Blocking: pairs of records that share one of their two rarest words, are equal, or are alphabetical neighbours."""
    if len(frame) < 2:
        return pd.MultiIndex.from_arrays([[], []])
    index = recordlinkage.Index()
    for left in ("key", "second"):
        for right in ("key", "second"):
            index.block(left, right)
    index.block(["compact", "country", "city"])
    index.sortedneighbourhood("compact", window=settings.window)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas warns about recordlinkage's own calls
        pairs: pd.MultiIndex = index.index(frame)
    return pairs


class _Compared(BaseCompareFeature):  # type: ignore[misc]
    """Similarity of two text columns, 0 to 1, by a rapidfuzz scorer; vectorised."""

    def __init__(self, column: str, scorer: Any, most: float, label: str) -> None:
        super().__init__(column, column, label=label)
        self.scorer, self.most = scorer, most

    def _compute_vectorized(self, left: pd.Series, right: pd.Series) -> npt.NDArray[np.float64]:
        return np.asarray(process.cpdist(left.to_numpy(), right.to_numpy(), scorer=self.scorer), float) / self.most


class _Agreement(BaseCompareFeature):  # type: ignore[misc]
    """Agreement of places: 1 if equal, 0 if different, 0.5 if one is unknown."""

    def __init__(self, column: str) -> None:
        super().__init__(column, column, label=column)

    def _compute_vectorized(self, left: pd.Series, right: pd.Series) -> npt.NDArray[np.float64]:
        a, b = left.to_numpy(str), right.to_numpy(str)
        return np.where((a == "") | (b == ""), 0.5, (a == b).astype(float))


def compare(pairs: pd.MultiIndex, frame: pd.DataFrame) -> pd.DataFrame:
    """The features of pairs of records."""
    if not len(pairs):
        return pd.DataFrame(index=pairs)
    comparer = recordlinkage.Compare(
        [
            _Compared("name", fuzz.token_sort_ratio, 100.0, "sorted"),
            _Compared("name", fuzz.token_set_ratio, 100.0, "shared"),
            _Compared("compact", fuzz.ratio, 100.0, "letters"),
            _Compared("compact", JaroWinkler.similarity, 1.0, "beginning"),
            _Agreement("country"),
            _Agreement("city"),
        ]
    )
    out: pd.DataFrame = comparer.compute(pairs, frame)
    left, right = (np.asarray(pairs.get_level_values(level)) for level in (0, 1))
    key, weights = frame["key"].to_numpy(object), _weights(frame["name"].tolist())
    one, other = weights[left], weights[right]
    common, all_ = one.minimum(other).sum(axis=1), one.maximum(other).sum(axis=1)
    return out.assign(
        rarest=(key[left] == key[right]).astype(float),
        # weighted word overlap, and the weight of the most distinctive word that only one name has
        overlap=np.asarray(common, float).ravel() / np.maximum(np.asarray(all_, float).ravel(), 1e-9),
        missing=abs(one - other).max(axis=1).toarray().ravel(),
    )


def _weights(names: Sequence[str]) -> Any:
    """Sparse matrix, names x words, of idf weights from 0 to 1."""
    words = [set(name.split()) for name in names]
    number = {w: i for i, w in enumerate(sorted(set().union(*words)))}
    rows = np.repeat(np.arange(len(names)), [len(w) for w in words])
    columns = np.array([number[w] for several in words for w in sorted(several)], np.int64)
    idf = np.log(len(names) / np.bincount(columns, minlength=len(number))) / max(np.log(len(names)), 1e-9)
    return sparse.csr_array((idf[columns], (rows, columns)), shape=(len(names), len(number)))


def learn(registry: Registry, settings: DiscoverSettings) -> Any:
    """Train a recordlinkage classifier to recognise two names of one institution, on a registry's names.

    Returns None if the registry is too small to have both matching and non-matching pairs.
    """
    frame, owners = registry_records(registry, settings)
    pairs = candidate_pairs(frame, settings)
    features = compare(pairs, frame)
    same = owners[pairs.get_level_values(0)] == owners[pairs.get_level_values(1)]
    if same.all() or not same.any():
        return None
    # without place features: two names of one institution always agree there, so nothing else would be learned
    classifier = recordlinkage.LogisticRegressionClassifier(max_iter=1000)
    with threadpool_limits(1):
        classifier.fit(features.drop(columns=["country", "city"]), pairs[same])
    return classifier


def probabilities(classifier: Any, features: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Probability that each pair is one institution: 0 if the places differ, 1 if the names are equal.

    The latter cannot be learned: a registry does not repeat a name.
    """
    if not len(features):
        return np.zeros(0)
    out = np.zeros(len(features))
    if classifier is not None:
        with threadpool_limits(1):
            out = np.asarray(classifier.prob(features.drop(columns=["country", "city"])), float)
    out = np.where(features["letters"] == 1, 1.0, out)
    return np.where((features["country"] == 0) | (features["city"] == 0), 0.0, out)


def clusters(pairs: pd.MultiIndex, count: int) -> list[list[int]]:
    """Connected components of linked records, singletons included; each is sorted, and they are ordered by first record."""
    left, right = (np.asarray(pairs.get_level_values(level), np.int64) for level in (0, 1))
    graph = sparse.coo_array((np.ones(len(pairs), np.int8), (left, right)), shape=(count, count))
    _, label = connected_components(graph, directed=False)
    groups: dict[int, list[int]] = {}
    for number, one in enumerate(label.tolist()):
        groups.setdefault(one, []).append(number)
    return list(groups.values())
