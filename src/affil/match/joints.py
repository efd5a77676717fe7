"""Two organisations beside each other, with a comma, "and" or a dash between them: where the one ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from affil.match.index import UNIVERSITY, Index
from affil.match.plausible import related
from affil.match.sequences import Spans
from affil.match.words import Words
from affil.names.tokens import COMMA, HARD
from affil.registry.arrays import Ints
from affil.settings import RetrieveSettings
from affil.types import InstitutionKind

# what joins two names: words that folding drops, slashes and dashes
_AND = frozenset(("and", "&", "und", "et", "y", "e", "och", "og", "/", "-", "–", "—", "in collaboration with", ", and", ", &"))
_DASHES = frozenset(("-", "–", "—", "/"))
_COMMAS = frozenset((",", "，", "、"))
_HAN_AND = frozenset("和与及暨")  # folded, each a word


def find_joints(
    spans: Spans, places: Spans, words: Words, index: Index, settings: RetrieveSettings
) -> tuple[list[int], list[int]]:
    """Where one of two names that stand beside each other ends a part and the other begins one.

    Names are joined by "and" (the first with its place behind it or without), a slash or a dash, or by a comma where each is the
    whole of its segment and stands for one institution by itself. No longer name goes over the joint,
    and neither is the other's parent.

    Returns:
        The words that begin a part, and the words that only join ("和").
    """
    begins: list[int] = []
    joiners: list[int] = []
    if not len(spans.first):
        return begins, joiners
    beside, string = _Beside(spans, places, words), words.string
    for j in beside.likely(string):
        end, conjunction = beside.end_before(j, string)
        left, right = int(beside.ending[end - conjunction]), int(beside.beginning[j])
        if left < 0 or string[spans.first[left]] != string[j]:
            continue
        between = words.between(j).strip().casefold()
        behind_place = end < j
        if not (beside.distinctive[left] and beside.distinctive[right]) and not (between in _DASHES and beside.jointly[j]):
            continue
        joined = conjunction or (between in _AND and not (behind_place and between in _DASHES))
        if not joined and not behind_place and between in _COMMAS and beside.starts[left] and beside.ends[right]:
            joined = all(_stands_alone(index, int(spans.sequence[k]), settings) for k in (left, right))
        if not joined or beside.crossed(j, left, right):
            continue
        if not related(index, int(spans.sequence[left]), int(spans.sequence[right])):
            begins.append(j)
            joiners += [end - 1] * conjunction
    return begins, joiners


class _Beside:
    """What ends before and begins at each word of a batch, and at its end.

    `ending` and `beginning` are the longest names (rows of the spans, or -1) that end before the word, and begin at it; `placed` is
    where the longest place begins that ends before it, or -1. `conjunction` marks words behind a Han "and", `jointly` those that a
    name begins at which belongs to several. Of the spans, `distinctive` are no mere acronyms within other words; `starts` and `ends`
    tell whether they begin and end a segment.
    """

    def __init__(self, spans: Spans, places: Spans, words: Words) -> None:
        first, length, _ = spans
        size, last = len(words.gap), spans.last
        self._first, self._last = first, last
        self._gaps = np.append(words.gap, HARD)
        self.starts, self.ends = self._gaps[first] >= COMMA, self._gaps[last] >= COMMA
        self.distinctive = (length > 1) | words.upper[first] | self.starts | self.ends
        self.ending, self.beginning = np.full(size + 1, -1), np.full(size + 1, -1)
        order = np.argsort(length, kind="stable")
        self.ending[last[order]] = order
        self.beginning[first[order]] = order
        self.placed = np.full(size + 1, -1)
        order = np.argsort(places.length, kind="stable")
        self.placed[places.last[order]] = places.first[order]
        self._within = np.cumsum(np.bincount(first + 1, minlength=size + 2) - np.bincount(last, minlength=size + 2))[:size] > 0
        self.conjunction = np.array([False, *(w in _HAN_AND for w in words.folded)], bool)
        shared = np.zeros(size + 1, bool)
        shared[[i for i, w in enumerate(words.folded) if w in _JOINT and _jointly(words.folded, i)]] = True
        self.jointly = shared[last[self.beginning]] & (self.beginning >= 0)

    def likely(self, string: Ints) -> list[int]:
        """Words at which a name begins that may be joined to one before it."""
        ended, begun = ((at >= 0) & self.distinctive[at] for at in (self.ending, self.beginning))
        likely = (begun & (ended | (self.placed >= 0) | self.conjunction)) | (self.jointly & (self.ending >= 0))
        found: list[int] = (np.flatnonzero(likely[1 : len(string)] & (string[1:] == string[:-1])) + 1).tolist()
        return found

    def end_before(self, j: int, string: Ints) -> tuple[int, bool]:
        """Where the name before a word ends, places behind it aside, and whether a Han "and" stands between."""
        end = j
        while self.placed[end] >= 0 and self.ending[end] < 0 and string[max(self.placed[end] - 1, 0)] == string[j]:
            end = int(self.placed[end])
        return end, bool(self.conjunction[j]) and end == j and bool(self._gaps[end - 1] < COMMA)

    def crossed(self, j: int, left: int, right: int) -> bool:
        """Whether a name goes over the joint that holds the whole of one of the two."""
        if not self._within[j]:
            return False
        over = (self._first < j) & (self._last > j)
        return bool((over & ((self._first <= self._first[left]) | (self._last >= self._last[right]))).any())


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
    company = index.inst_kind[owners[0]] == InstitutionKind.COMPANY
    return len(owners) == 1 and (bool(index.alias_head[alias] & UNIVERSITY) or bool(company))
