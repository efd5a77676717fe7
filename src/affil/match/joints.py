"""Two organisations beside each other, with a comma, "and" or a dash between them: where the one ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from affil.match.index import KINDS, UNIVERSITY, Index, Ints
from affil.match.plausible import related
from affil.names import Tokens
from affil.names.tokens import COMMA, HARD
from affil.settings import RetrieveSettings

# what joins two names: words that folding drops, slashes and dashes
_AND = frozenset(("and", "&", "und", "et", "y", "e", "och", "og", "/", "-", "–", "—", "in collaboration with", ", and", ", &"))
_DASHES = frozenset(("-", "–", "—", "/"))
_COMMAS = frozenset((",", "，", "、"))
_HAN_AND = frozenset("和与及暨")  # folded, each a word


def find_joints(
    spans: tuple[Ints, Ints, Ints],
    places: tuple[Ints, Ints, Ints],
    index: Index,
    settings: RetrieveSettings,
    upper: Ints,
    gap: Ints,
    words: Sequence[str],
    tokens: Tokens,
    origin: Ints,
    string: Ints,
) -> tuple[list[int], list[int]]:
    """Where one of two names that stand beside each other ends a part and the other begins one.

    Names are joined by "and" (the first with its place behind it or without), a slash or a dash, or by a comma where each is the
    whole of its segment and stands for one institution by itself. No longer name goes over the joint,
    and neither is the other's parent.

    Returns:
        The words that begin a part, and the words that only join ("和").
    """
    first, length, alias = spans
    begins: list[int] = []
    joiners: list[int] = []
    if not len(first):
        return begins, joiners
    last = first + length
    size = len(gap)
    gaps = np.append(gap, HARD)
    starts, ends = gaps[first] >= COMMA, gaps[last] >= COMMA
    telling = (length > 1) | upper[first] | starts | ends
    # the longest name that ends, and that begins, at each word
    ending, beginning = np.full(size + 1, -1), np.full(size + 1, -1)
    order = np.argsort(length, kind="stable")
    ending[last[order]] = order
    beginning[first[order]] = order
    placed = np.full(size + 1, -1)  # where the longest place begins that ends at each word
    order = np.argsort(places[1], kind="stable")
    placed[(places[0] + places[1])[order]] = places[0][order]
    within = np.cumsum(np.bincount(first + 1, minlength=size + 2) - np.bincount(last, minlength=size + 2))[:size] > 0

    def crossed(j: int, left: int, right: int) -> bool:
        """Whether a name goes over the joint that holds the whole of one of the two."""
        if not within[j]:
            return False
        over = (first < j) & (last > j)
        return bool((over & ((first <= first[left]) | (last >= last[right]))).any())

    conjunction = np.array([False, *(w in _HAN_AND for w in words)], bool)  # before each word
    ended, begun = ((at >= 0) & telling[at] for at in (ending, beginning))
    shared = np.zeros(size + 1, bool)
    shared[[i for i, w in enumerate(words) if w in _JOINT and _jointly(words, i)]] = True
    jointly = shared[last[beginning]] & (beginning >= 0)
    likely = (begun & (ended | (placed >= 0) | conjunction)) | (jointly & (ending >= 0))
    likely = likely[1:size] & (string[1:] == string[:-1])
    for j in (np.flatnonzero(likely) + 1).tolist():
        end = j
        while placed[end] >= 0 and ending[end] < 0 and string[max(placed[end] - 1, 0)] == string[j]:
            end = int(placed[end])
        behind_place = end < j
        han = bool(conjunction[j]) and end == j and gaps[end - 1] < COMMA
        at = end - 1 if han else end
        left, right = int(ending[at]), int(beginning[j])
        if left < 0 or string[first[left]] != string[j]:
            continue
        between = tokens.repaired[string[j]][tokens.end[origin[j - 1]] : tokens.start[origin[j]]].strip().casefold()
        if not (telling[left] and telling[right]) and not (between in _DASHES and jointly[j]):
            continue
        joined = han or (between in _AND and not (behind_place and between in _DASHES))
        if not joined and not behind_place and between in _COMMAS and starts[left] and ends[right]:
            joined = all(_stands_alone(index, int(alias[k]), settings) for k in (left, right))
        if joined and not crossed(j, left, right) and not related(index, int(alias[left]), int(alias[right])):
            begins.append(j)
            joiners += [at] * int(han)
    return begins, joiners


_JOINT = frozenset(("joint", "联"))  # the words that `_jointly` begins with


def _jointly(words: Sequence[str], i: int) -> bool:
    """Whether what begins at a word belongs to several: "Joint Lab", "联合实验室"."""
    return words[i : i + 1] == ["joint"] or words[i : i + 2] == ["联", "合"]


def _stands_alone(index: Index, alias: int, settings: RetrieveSettings) -> bool:
    """Whether a name says all by itself: that of a university or company that one institution bears, or a famous one."""
    owners = index.owner_inst[index.owner_ptr[alias] : index.owner_ptr[alias + 1]]
    usage = index.inst_usage[owners]
    if usage[0] >= settings.famous and usage[0] >= settings.dominant * usage.sum():
        return True
    return len(owners) == 1 and (bool(index.alias_head[alias] & UNIVERSITY) or KINDS[index.inst_kind[owners[0]]] == "company")
