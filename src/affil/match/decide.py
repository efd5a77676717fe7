"""Choose the institutions of each string from the probabilities."""

from __future__ import annotations

import numpy as np

from affil.match.features.featurize import Pairs
from affil.match.features.table import NAMES
from affil.match.pairs import STRIDE, expand, keys_in, rank_within
from affil.registry.arrays import Floats, Ints
from affil.settings import DecideSettings

_APART = NAMES.index("apart")


def decide(probability: Floats, pairs: Pairs, settings: DecideSettings) -> Ints:
    """Choose the rows of `pairs` that form the answer, best first within a string.

    A row needs at least the review probability, alone or together with its homonyms. Of two institutions with overlapping words
    only the more probable one is kept, unless a shorter name of the one is adjacent to the other ("West China Hospital, Sichuan
    University"). Then the policy applies: `one` keeps the best of a string; `most-specific` drops a parent if its child is kept
    and near-certain or at least as probable; `all` keeps both.
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
    if settings.policy == "most-specific":
        stays = np.zeros(len(probability), bool)
        stays[rows[kept]] = True
        sure = probability[pairs.child] >= np.minimum(probability[pairs.parent], settings.displaces)
        below = stays[pairs.child] & stays[pairs.parent] & sure
        dropped = np.zeros(len(probability), bool)
        dropped[pairs.parent[below]] = True
        kept &= ~dropped[rows]
    rows = rows[kept]
    if settings.policy == "one":
        rows = rows[rank_within(c.string[rows], np.arange(len(rows))) == 0]
    return rows
