"""Features relative to the other candidates of the string: nested names, homonyms, parents, neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from affil.match.candidates import Candidates
from affil.match.features.location import Located, strength_of
from affil.match.features.table import Columns
from affil.match.index import HOSPITAL, UNIVERSITY, Index
from affil.match.mentions import Mentions
from affil.match.pairs import STRIDE, expand, keys_in, rank_within
from affil.registry.arrays import Bools, Floats, Ints
from affil.settings import TEXT, FeatureSettings
from affil.types import InstitutionKind

# kinds of institutions used as features
_FEATURE_KINDS = tuple(k for k in InstitutionKind if k not in (InstitutionKind.ARCHIVE, InstitutionKind.OTHER))


@dataclass(frozen=True, slots=True)
class Stretches:
    """Occurrences of unique names: sorted keys of (string, institution), and sorted codes of (key, first, last)."""

    keys: Ints
    codes: Ints
    size: int

    @classmethod
    def of(cls, key: Ints, first: Ints, last: Ints, size: int) -> Stretches:
        """Build from keys and word ranges."""
        keys, number = np.unique(key, return_inverse=True)
        return cls(keys, np.unique((number * (size + 1) + first) * (size + 1) + last), size)

    def have(self, key: Ints, first: Ints, last: Ints) -> Bools:
        """Whether a unique name of the pair occurs at exactly these words."""
        number = np.searchsorted(self.keys, key)
        code = (number * (self.size + 1) + np.maximum(first, 0)) * (self.size + 1) + np.maximum(last, 0)
        known: Bools = keys_in(key, self.keys) & keys_in(code, self.codes)
        return known


@dataclass(frozen=True, slots=True)
class Family:
    """Rows of one string whose institutions are child and parent: `child[i]` and `parent[i]`."""

    child: Ints
    parent: Ints

    @classmethod
    def of(cls, key: Ints, c: Candidates, index: Index) -> Family:
        """All such pairs; `key` holds the ascending `string * STRIDE + inst`."""
        child, parent = expand(index.parent_ptr, c.inst)
        ask = c.string[child] * STRIDE + index.parent[parent]
        at = np.minimum(np.searchsorted(key, ask), max(len(key) - 1, 0))
        here = key[at] == ask if len(key) else np.zeros(0, bool)
        return cls(child[here], at[here])


def _ties_before(group: Ints, key: Ints) -> Ints:
    """Number of rows of the same group and key ranked before each row."""
    return rank_within(group * 16 + key)


def _lead(group: Ints, value: Floats) -> Floats:
    """Each row's value minus the largest other value of its group, clipped to -5..5; 5 without another."""
    rank = rank_within(group, -value)
    _, number = np.unique(group, return_inverse=True)
    size = int(number.max(initial=-1)) + 1
    top, second = np.full(size, -np.inf), np.full(size, -np.inf)
    top[number[rank == 0]] = value[rank == 0]
    second[number[rank == 1]] = value[rank == 1]
    other = np.where(rank == 0, second[number], top[number])
    lead: Floats = np.clip(value - other, -5.0, 5.0)
    return lead


def _share(group: Ints, value: Floats) -> Floats:
    """Each row's share of the sum of its group; groups are numbered from 0."""
    share: Floats = value / np.bincount(group, value)[group] if len(group) else value
    return share


def rival_columns(
    m: Mentions,
    located: Located,
    index: Index,
    family: Family,
    stretches: Stretches,
    nearness: Ints,
    settings: FeatureSettings,
) -> Columns:
    """How the candidate stands among the others of its string: nested names, family, homonyms."""
    c, first, last, place = located.candidates, located.first, located.last, located.columns
    exact = np.flatnonzero(c.exact)
    weight = strength_of(place)
    nesting = _nesting_columns(m, located, index, weight, stretches)
    nested = nesting["nested"]
    spans = m.part[np.unique(first[exact])]
    is_place = np.append(np.concatenate([[0], np.cumsum(m.place)]), 0)
    return {
        **nesting,
        **_neighbours(m, located, index, exact[~nested[exact]]),
        **_family_columns(located, family),
        **_weight_columns(m, c, weight),
        **_homonym_columns(m, c, index, nearness, settings),
        **_others(m, c, index, np.flatnonzero(c.exact & ~nested & (place["mass"] > settings.claim))),
        **_institution_columns(c, index),
        "exact_names": np.minimum(np.bincount(spans, minlength=m.count)[c.string], 10),
        "is_place": (is_place[last] - is_place[first]) >= (last - first),
    }


def _nesting_columns(m: Mentions, located: Located, index: Index, weight: Floats, stretches: Stretches) -> Columns:
    """Names within longer ones: a word-for-word span of another institution encloses the row's, or overlaps it."""
    c, first, last, words = located.candidates, located.first, located.last, located.columns["words"]
    n = len(c.string)
    nested, nested_weight, contains, overlapped = np.zeros(n, bool), np.zeros(n), np.zeros(n), np.zeros(n, bool)
    enclosed = np.zeros(n, bool)
    exact = np.flatnonzero(c.exact)
    if len(exact):
        who, other = expand(np.searchsorted(c.string[exact], np.arange(m.count + 1)), c.string)
        other = exact[other]
        another = c.inst[who] != c.inst[other]
        longer = last[other] - first[other] > last[who] - first[who]
        encloses = (first[other] <= first[who]) & (last[other] >= last[who]) & longer & another
        enclosed[who[encloses]] = True
        # not nested if the rest of the longer name is also its institution's: "West China Hospital (of) Sichuan University"
        key, of = c.string[other] * STRIDE + c.inst[other], c.exact[who] & (words[who] > 1)
        ends, begins = of & (last[who] == last[other]), of & (first[who] == first[other])
        beside = np.zeros(len(who), bool)
        for gap in (0, 1):  # with or without a small word between them
            beside |= ends & stretches.have(key, first[other], first[who] - gap)
            beside |= begins & stretches.have(key, last[who] + gap, last[other])
        encloses &= ~beside
        nested[who[encloses]] = True
        np.maximum.at(nested_weight, who[encloses], index.alias_mass[c.alias[other[encloses]]] - weight[who[encloses]])
        runs_into = (first[other] < first[who]) & (last[other] > first[who]) & (last[other] < last[who])
        overlapped[who[runs_into & another]] = True
        contains += np.bincount(other[encloses & c.exact[who]], minlength=n)
    return {
        "nested": nested,
        "nested_weight": nested_weight,
        "apart": enclosed & ~nested,
        "overlapped": overlapped | (~c.exact & m.amid[first]),
        "contains": np.minimum(contains, 4),
    }


def _family_columns(located: Located, family: Family) -> Columns:
    """Which rows have a parent or child in the string."""
    c, first, last = located.candidates, located.first, located.last
    child, parent = family.child, family.parent
    columns = ("parent_found", "child_found", "parent_name_inside", "namesake_child", "namesake_parent")
    out = {name: np.zeros(len(c.string), bool) for name in columns}
    out["parent_found"][child] |= c.exact[parent]
    np.logical_or.at(out["child_found"], parent, c.exact[child])
    inside = (first[parent] >= first[child]) & (last[parent] <= last[child]) & c.exact[parent]
    np.logical_or.at(out["parent_name_inside"], child, inside)
    namesake = c.alias[child] == c.alias[parent]
    out["namesake_child"][parent[namesake]] = True
    out["namesake_parent"][child[namesake]] = True
    return out


def _weight_columns(m: Mentions, c: Candidates, weight: Floats) -> Columns:
    """The name's found weight compared with the string's other candidates."""
    rank = rank_within(c.string, -weight)
    top, second = np.zeros(m.count), np.zeros(m.count)
    top[c.string[rank == 0]] = weight[rank == 0]
    second[c.string[rank == 1]] = weight[rank == 1]
    rival = np.where(rank == 0, second[c.string], top[c.string])
    return {"rival_mass": rival, "mass_gap": weight - rival, "coverage_rank": np.minimum(rank, 20)}


def _homonym_columns(m: Mentions, c: Candidates, index: Index, nearness: Ints, settings: FeatureSettings) -> Columns:
    """The candidate compared with its homonyms."""
    base = c.string * STRIDE
    same_name = base + c.alias
    _, group = np.unique(same_name, return_inverse=True)
    here = keys_in(base + index.inst_country_id[c.inst], m.country) | keys_in(base + index.inst_city_id[c.inst], m.city)
    # fame and usage are compared among homonyms equally near to the named place
    nearest = np.full(int(group.max(initial=-1)) + 1, -1)
    np.maximum.at(nearest, group, nearness)
    away = nearest[group] - nearness
    better = rank_within(same_name, c.kind.astype(np.int64)) - _ties_before(same_name, c.kind)
    return {
        "homonym_rank": np.minimum(rank_within(same_name, -index.inst_prominence[c.inst]), 10),
        "homonym_gap": _lead(same_name, index.inst_fame[c.inst] - settings.away_fame * away),
        "usage": _share(group, (index.inst_usage[c.inst] + settings.usage_prior) * settings.away_usage**away),
        "homonym_kind": np.minimum(better, 3),
        "homonyms_in_place": np.minimum(np.bincount(group, here)[group], 5),
    }


def _institution_columns(c: Candidates, index: Index) -> Columns:
    """Properties of the institution, independent of the string."""
    kind = index.inst_kind[c.inst]
    return {
        "prominence": index.inst_prominence[c.inst],
        "named_often": np.log1p(index.inst_usage[c.inst]),
        **{k.word: kind == k for k in _FEATURE_KINDS},
        "closed": index.inst_closed[c.inst],
        "children": np.log1p(index.inst_children[c.inst]),
        "parents": np.minimum(index.parent_ptr[c.inst + 1] - index.parent_ptr[c.inst], 4),
    }


def _others(m: Mentions, c: Candidates, index: Index, names: Ints) -> Columns:
    """Locations of the part's other institutions; `names` are exact rows, of which only unique names are used."""
    names = names[index.owner_ptr[c.alias[names] + 1] - index.owner_ptr[c.alias[names]] == 1]
    weight = np.zeros(len(c.string))
    weight[names] = index.alias_mass[c.alias[names]]
    whole = np.bincount(c.string, weight, m.count)[c.string] - weight
    _, land = np.unique(c.string * STRIDE + index.inst_country_id[c.inst], return_inverse=True)
    same = np.bincount(land, weight)[land] - weight if len(land) else weight
    _, town = np.unique(c.string * STRIDE + (index.inst_city_id[c.inst] + 1), return_inverse=True)
    near = np.bincount(town, weight)[town] - weight if len(town) else weight
    # universities and companies collaborate across countries
    sole = c.exact & (index.owner_ptr[c.alias + 1] - index.owner_ptr[c.alias] == 1)
    sole &= ((index.alias_head[c.alias] & UNIVERSITY) > 0) | (index.inst_kind[c.inst] == InstitutionKind.COMPANY)
    return {
        "others_elsewhere": np.where(sole, 0, np.maximum(whole - same, 0) / np.maximum(whole, 1e-6)),
        "others_here": (near > 1e-6) & (index.inst_city_id[c.inst] >= 0),
    }


def _neighbours(m: Mentions, located: Located, index: Index, names: Ints) -> Columns:
    """What else is named: `names` are the rows found word for word and not nested; each stretch of words counts once."""
    c, first, last = located.candidates, located.first, located.last
    size = len(m.term)
    stretch, row = np.unique(first[names] * (size + 1) + last[names], return_index=True)
    begin, string = stretch // (size + 1), c.string[names[row]]
    heads = index.alias_head[c.alias[names[row]]]
    university, hospital = (heads & UNIVERSITY) > 0, (heads & HOSPITAL) > 0
    bounds = np.searchsorted(string, np.arange(m.count + 1))
    of_string = bounds[c.string + 1] - bounds[c.string]
    before = np.searchsorted(begin, first, "left") - bounds[c.string]
    own = np.searchsorted(begin, first, "right") - np.searchsorted(begin, first, "left")
    # exclude the row's own name
    at = np.minimum(np.searchsorted(stretch, first * (size + 1) + last), max(len(stretch) - 1, 0))
    itself = (stretch[at] == first * (size + 1) + last) if len(stretch) else np.zeros(len(first), bool)
    counts = {}
    for name, kind in (
        ("universities", university & ~hospital),
        ("hospitals", hospital),
        ("institutes", ~university & ~hospital),
    ):
        total = np.bincount(string, kind, m.count)[c.string]
        counts[name] = np.minimum(total - (itself & kind[at] if len(stretch) else 0), 5)
    return {
        "names_before": np.minimum(before, 6),
        "names_behind": np.minimum(of_string - before - own, 6),
        "initials": _initials(m, located, index),
        **counts,
    }


def _initials(m: Mentions, located: Located, index: Index) -> Floats:
    """Whether the words right before or right behind an acronym begin with its letters."""
    c, first, last = located.candidates, located.first, located.last
    size = len(m.words)
    initial = np.array([ord(w[0]) if w[0] < "\x80" else 0 for w in m.words] + [0], np.uint8)
    string = np.append(m.part, -1)
    letters = index.alias_initial[c.alias]
    length = (letters > 0).sum(axis=1)
    out = np.zeros(len(first), bool)
    for begin in (first - length, last):
        agrees = c.exact & (length > 2)
        for k in range(TEXT.spelt_acronym):
            at = np.clip(begin + k, 0, size)
            agrees &= (k >= length) | ((begin + k >= 0) & (string[at] == c.string) & (initial[at] == letters[:, k]))
        out |= agrees
    return out
