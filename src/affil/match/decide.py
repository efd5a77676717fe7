"""Choose the institutions of each string from the probabilities."""

from __future__ import annotations

import numpy as np

from affil.match.features.featurize import Pairs
from affil.match.features.table import NAMES
from affil.match.index import Index
from affil.match.pairs import STRIDE, expand, keys_in, rank_within
from affil.registry.arrays import Floats, Ints
from affil.settings import DecideSettings

_APART, _OTHER_NAMES = NAMES.index("apart"), NAMES.index("other_names")


def decide(probability: Floats, pairs: Pairs, settings: DecideSettings) -> Ints:
    """Choose the rows of `pairs` that form the answer, best first within a string: what the string names, by the policy."""
    return by_policy(named_rows(probability, pairs, settings), probability, pairs, settings)


def named_rows(probability: Floats, pairs: Pairs, settings: DecideSettings) -> Ints:
    """The rows of `pairs` that a string names, before the policy, best first within a string.

    A row needs at least the review probability, alone or together with its homonyms. Of two institutions with overlapping words
    only the more probable one is kept, unless a shorter name of the one is adjacent to the other ("West China Hospital, Sichuan
    University").
    """
    c = pairs.candidates
    # the probability of an ambiguous name is split among its homonyms, so the likeliest goes to review ("NTU")
    name = c.string * STRIDE + c.alias
    _, group = np.unique(name, return_inverse=True)
    together = np.bincount(group, probability)[group] if len(probability) else probability
    shared = (together >= settings.review) & (probability >= settings.homonym) & (rank_within(name, -probability) == 0)
    rows = np.flatnonzero((probability >= settings.review) | shared)
    # ties keep the order of rows
    rows = rows[np.lexsort((rows, -probability[rows], c.string[rows]))]
    if not len(rows):
        return rows
    string = c.string[rows]
    count = int(string.max()) + 1
    who, rival = expand(np.searchsorted(string, np.arange(count + 1)), string)
    a, b = rows[who], rows[rival]
    clash = (rival < who) & (pairs.first[b] < pairs.last[a]) & (pairs.first[a] < pairs.last[b])
    clash &= pairs.features[a, _APART] + pairs.features[b, _APART] == 0
    # parent and child may overlap: "INFN Sezione di Torino" names INFN too
    both = np.ones(len(pairs.child), bool) if settings.policy == "all" else probability[pairs.child] >= settings.match
    child, parent = pairs.child[both], pairs.parent[both]
    family = np.sort(np.concatenate([child * STRIDE + parent, parent * STRIDE + child]))
    clash &= ~keys_in(a * STRIDE + b, family)
    kept = np.ones(len(rows), bool)
    for w, r in zip(who[clash].tolist(), rival[clash].tolist(), strict=True):  # few: overlapping rows above the threshold
        if kept[r]:
            kept[w] = False
    return rows[kept]


def by_policy(rows: Ints, probability: Floats, pairs: Pairs, settings: DecideSettings) -> Ints:
    """Those of the named rows that the policy keeps: `one` the best of a string; `most-specific` no parent whose child is among them and
    near-certain or at least as probable; `all` keeps both.
    """
    if settings.policy == "one":
        rows = rows[rank_within(pairs.candidates.string[rows], np.arange(len(rows))) == 0]
    if settings.policy == "most-specific":
        stays = np.zeros(len(probability), bool)
        stays[rows] = True
        sure = probability[pairs.child] >= np.minimum(probability[pairs.parent], settings.displaces)
        below = stays[pairs.child] & stays[pairs.parent] & sure
        dropped = np.zeros(len(probability), bool)
        dropped[pairs.parent[below]] = True
        rows = rows[~dropped[rows]]
    return rows


def named_parents(rows: Ints, named: Ints, text: Ints, pairs: Pairs, index: Index) -> list[tuple[int, ...]]:
    """For each chosen row the institutions above it, at any height, that its text names too, whether the policy dropped them or not.

    A name within that of the unit says nothing of the text ("TUM-LMU Joint Institute, TUM" names TUM).

    Args:
        rows: the chosen rows of `pairs`.
        named: the rows that are named, in order of text.
        text: the text of each row of `pairs`, whose parts are judged apart.
        pairs: the candidates.
        index: the index.
    """
    out: list[tuple[int, ...]] = [()] * len(rows)
    of_text = text[named]
    who, at = expand(np.searchsorted(of_text, np.arange(int(of_text.max(initial=-1)) + 2)), text[rows])
    below, above = rows[who], named[at]
    inst = pairs.candidates.inst.astype(np.int64)
    related = keys_in(inst[below] * STRIDE + inst[above], index.ancestry)
    who, below, above = who[related], below[related], above[related]
    within = (pairs.first[above] < pairs.last[below]) & (pairs.first[below] < pairs.last[above])
    apart = ~within | (pairs.features[above, _OTHER_NAMES] > 0)
    for k, one in zip(who[apart].tolist(), inst[above[apart]].tolist(), strict=True):  # few
        out[k] = tuple(sorted({*out[k], one}))
    return out
