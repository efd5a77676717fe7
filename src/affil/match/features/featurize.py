"""Compute the features of all pairs of a batch at once, one column per feature.

No feature identifies the institution, so one model serves every registry.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from affil.match.candidates import Candidates
from affil.match.features.context import context_columns
from affil.match.features.location import locate, strength_of
from affil.match.features.places import nearness_of, place_columns
from affil.match.features.rivals import Family, Stretches, rival_columns
from affil.match.features.table import DECIMALS, NAMES
from affil.match.index import Index
from affil.match.mentions import Mentions
from affil.match.pairs import STRIDE, keys_in, rank_within
from affil.names.tokens import COMMA
from affil.registry.arrays import Floats, Ints
from affil.settings import Settings


@dataclass(frozen=True, slots=True)
class Pairs:
    """Candidates with features, at most one row per (string, institution).

    `first:last` are the matched words in the batch; `features` has shape (rows, len(NAMES)); `child[i]` and `parent[i]` are
    rows of one string whose institutions are child and parent.
    """

    candidates: Candidates
    first: Ints
    last: Ints
    features: Floats
    child: Ints
    parent: Ints


def featurize(m: Mentions, found: Candidates, index: Index, settings: Settings) -> Pairs:
    """Compute all features, keeping for each institution in a string the name that explains most.

    Args:
        m: the prepared batch.
        found: the candidates of `retrieve`.
        index: the index.
        settings: feature thresholds, and the number of institutions kept per string.
    """
    # in order, since what is looked up in order is found faster
    located = locate(m, found.take(np.lexsort((found.inst, found.string))), index)
    c, first, last = located.candidates, located.first, located.last
    # the best name of each institution: the weight that it explains, word for word before scattered, official before acronym
    strength = strength_of(located.columns)
    f = settings.features
    quality = strength + f.exact_bonus * c.exact * index.alias_mass[c.alias] - f.kind_cost * c.kind
    commas = np.concatenate([[0], np.cumsum(m.gap >= COMMA)])
    quality -= f.comma_cost * c.exact * (commas[np.maximum(last, first + 1)] - commas[np.minimum(first + 1, len(m.gap))])
    key = c.string * STRIDE + c.inst
    keep = rank_within(key, -quality, first) == 0
    keys, number = np.unique(key[c.exact], return_inverse=True)
    names = keys[np.unique(number * (len(m.term) + 1) + first[c.exact]) // (len(m.term) + 1)]  # one entry per occurrence
    own = np.flatnonzero(c.exact & (index.owner_ptr[c.alias + 1] - index.owner_ptr[c.alias] == 1))
    stretches = Stretches.of(key[own], first[own], last[own], len(m.term))
    located, quality = located.take(np.flatnonzero(keep)), quality[keep]
    c = located.candidates
    agree = keys_in(c.string * STRIDE + index.inst_country_id[c.inst], m.country) * f.place_bonus
    # a string that names many keeps more
    spans = m.part[np.unique(located.first[c.exact])]
    most = np.maximum(2 * np.bincount(spans, minlength=m.count), settings.retrieve.max_candidates)
    keep = rank_within(c.string, -(quality + agree + f.fame_bonus * index.inst_prominence[c.inst])) < most[c.string]
    located = located.take(np.flatnonzero(keep))
    c = located.candidates
    key = c.string * STRIDE + c.inst
    family = Family.of(key, c, index)
    places = place_columns(m, c, index)
    columns = located.columns | context_columns(m, located, index, f) | places
    columns |= rival_columns(m, located, index, family, stretches, nearness_of(places), f)
    policy = settings.decide.policy
    columns["registry_size"] = np.full(len(key), np.log10(len(index.parent_ptr) - 1))
    columns |= {"policy_all": np.full(len(key), policy == "all"), "policy_one": np.full(len(key), policy == "one")}
    columns["other_names"] = np.minimum(np.searchsorted(names, key, "right") - np.searchsorted(names, key, "left"), 4) - c.exact
    # rounded, so that features do not depend on the rest of the batch through rounding errors of cumulative sums
    table = np.empty((len(NAMES), len(key)), np.float32)
    for row, name in zip(table, NAMES, strict=True):
        column = columns[name]
        row[:] = column.astype(np.float64).round(DECIMALS) if column.dtype.kind == "f" else column
    features = table.T
    return Pairs(c, located.first, located.last, features, family.child, family.parent)
