"""Split two adjacent organisations joined by a comma, "and" or a dash."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from affil.match.index import UNIVERSITY, Index
from affil.match.plausible import related
from affil.match.sequences import Spans
from affil.names import Tokens
from affil.names.tokens import COMMA, HARD
from affil.registry.arrays import Bools, Ints
from affil.settings import RetrieveSettings
from affil.types import InstitutionKind

# text between two joined names: words that folding drops, slashes and dashes
_AND = frozenset(("and", "&", "und", "et", "y", "e", "och", "og", "/", "-", "–", "—", "in collaboration with", ", and", ", &"))
_DASHES = frozenset(("-", "–", "—", "/"))
_COMMAS = frozenset((",", "，", "、"))
_HAN_AND = frozenset("和与及暨")  # folded, each a word


def find_joints(
    spans: Spans,
    places: Spans,
    index: Index,
    settings: RetrieveSettings,
    upper: Bools,
    gap: Ints,
    words: Sequence[str],
    tokens: Tokens,
    origin: Ints,
    string: Ints,
) -> tuple[list[int], list[int]]:
    """Find where the second of two adjacent names begins a new part.

    Names are joined by "and" (the first may be followed by its place), a slash or a dash; or by a comma if each fills its
    segment and is distinctive by itself. No longer name may span the joint, and neither may be the other's parent.

    Returns:
        The words that begin a part, and words that are only conjunctions ("和").
    """
    begins: list[int] = []
    joiners: list[int] = []
    if not len(spans.first):
        return begins, joiners
    near = _Adjacent(spans, places, upper, gap, words)
    for j in near.likely(string):
        end, conjunction = near.end_before(j, string)
        left, right = int(near.ending[end - conjunction]), int(near.beginning[j])
        if left < 0 or string[spans.first[left]] != string[j]:
            continue
        between = tokens.repaired[string[j]][tokens.end[origin[j - 1]] : tokens.start[origin[j]]].strip().casefold()
        behind_place = end < j
        if not (near.distinctive[left] and near.distinctive[right]) and not (between in _DASHES and near.jointly[j]):
            continue
        joined = conjunction or (between in _AND and not (behind_place and between in _DASHES))
        if not joined and not behind_place and between in _COMMAS and near.starts[left] and near.ends[right]:
            joined = all(_is_distinctive(index, int(spans.sequence[k]), settings) for k in (left, right))
        if not joined or near.crossed(j, left, right):
            continue
        if not related(index, int(spans.sequence[left]), int(spans.sequence[right])):
            begins.append(j)
            joiners += [end - 1] * conjunction
    return begins, joiners


class _Adjacent:
    """Names that end before or begin at each word of a batch, and at its end.

    `ending` and `beginning` are the longest names (rows of the spans, or -1) that end before the word or begin at it; `placed`
    is the start of the longest place that ends before it, or -1. `conjunction` marks words after a Han "and", `jointly` the
    start of a name of a joint organisation. For each span, `distinctive`: not a lower-case single word within other words;
    `starts`, `ends`: it begins or ends a segment.
    """

    def __init__(self, spans: Spans, places: Spans, upper: Bools, gap: Ints, words: Sequence[str]) -> None:
        first, length, _ = spans
        size, last = len(gap), spans.last
        self._first, self._last = first, last
        self._gaps = np.append(gap, HARD)
        self.starts, self.ends = self._gaps[first] >= COMMA, self._gaps[last] >= COMMA
        self.distinctive = (length > 1) | upper[first] | self.starts | self.ends
        self.ending, self.beginning = np.full(size + 1, -1), np.full(size + 1, -1)
        order = np.argsort(length, kind="stable")
        self.ending[last[order]] = order
        self.beginning[first[order]] = order
        self.placed = np.full(size + 1, -1)
        order = np.argsort(places.length, kind="stable")
        self.placed[places.last[order]] = places.first[order]
        self._within = np.cumsum(np.bincount(first + 1, minlength=size + 2) - np.bincount(last, minlength=size + 2))[:size] > 0
        self.conjunction = np.array([False, *(w in _HAN_AND for w in words)], bool)
        shared = np.zeros(size + 1, bool)
        shared[[i for i, w in enumerate(words) if w in _JOINT and _begins_joint(words, i)]] = True
        self.jointly = shared[last[self.beginning]] & (self.beginning >= 0)

    def likely(self, string: Ints) -> list[int]:
        """Words that begin a name which may be joined to a previous one."""
        ended, begun = ((at >= 0) & self.distinctive[at] for at in (self.ending, self.beginning))
        likely = (begun & (ended | (self.placed >= 0) | self.conjunction)) | (self.jointly & (self.ending >= 0))
        found: list[int] = (np.flatnonzero(likely[1 : len(string)] & (string[1:] == string[:-1])) + 1).tolist()
        return found

    def end_before(self, j: int, string: Ints) -> tuple[int, bool]:
        """The end of the previous name, before any places, and whether a Han "and" follows it."""
        end = j
        while self.placed[end] >= 0 and self.ending[end] < 0 and string[max(self.placed[end] - 1, 0)] == string[j]:
            end = int(self.placed[end])
        return end, bool(self.conjunction[j]) and end == j and bool(self._gaps[end - 1] < COMMA)

    def crossed(self, j: int, left: int, right: int) -> bool:
        """Whether a name that spans the joint contains one of the two names."""
        if not self._within[j]:
            return False
        over = (self._first < j) & (self._last > j)
        return bool((over & ((self._first <= self._first[left]) | (self._last >= self._last[right]))).any())


_JOINT = frozenset(("joint", "联"))  # first words tested by `_begins_joint`


def _begins_joint(words: Sequence[str], i: int) -> bool:
    """Whether a joint organisation begins at a word: "Joint Lab", "联合实验室"."""
    return words[i : i + 1] == ["joint"] or words[i : i + 2] == ["联", "合"]


def _is_distinctive(index: Index, alias: int, settings: RetrieveSettings) -> bool:
    """Whether a name is distinctive by itself: a unique name of a university or company, or a famous one."""
    owners = index.owner_inst[index.owner_ptr[alias] : index.owner_ptr[alias + 1]]
    usage = index.inst_usage[owners]
    if usage[0] >= settings.famous and usage[0] >= settings.dominant * usage.sum():
        return True
    company = index.inst_kind[owners[0]] == InstitutionKind.COMPANY
    return len(owners) == 1 and (bool(index.alias_head[alias] & UNIVERSITY) or bool(company))
