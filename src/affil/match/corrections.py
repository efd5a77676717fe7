"""Correct split, glued, abbreviated and misspelt words against the registry's vocabulary."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from functools import cache

import numpy as np
from rapidfuzz.distance import OSA

from affil.match.index import Index
from affil.match.sequences import Spans
from affil.names import Tokens
from affil.names.fold import fold_word, generic, roles, vocabulary
from affil.names.tokens import DASH, HARD
from affil.names.variants import is_pinyin
from affil.registry.arrays import Ints
from affil.registry.hashes import checksums, deletions
from affil.settings import RetrieveSettings

_CAMEL = re.compile(r"(?<=[a-zà-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])")
_SMALL = re.compile(r"(?<=[^\W\d_A-Z]{4})(?:of|for|and|de|du|di|der)$")  # small words ending a glued piece: "Instituteof"
_MISREAD = (("rn", "m"), ("cl", "d"), ("vv", "w"))  # OCR confusions: "Durharn"
_BROKEN = re.compile(r"[^\W\d_]+(?:\s?-\s?[^\W\d_]+|\s[^\W\d_]+)*")


def _pieces(surface: str) -> list[str]:
    """Split a glued word at capitals: "GeorgiaInstituteofTechnology"."""
    pieces = _CAMEL.split(surface)
    return [_SMALL.sub("", p) for p in pieces]


def rejoin(tokens: Tokens, index: Index, settings: RetrieveSettings) -> Tokens:
    """Rejoin words split by line breaks or PDFs: "Würz-burg", "Uni ver si ty".

    At least one piece must be a short unknown word, and the whole a known one; the longest whole is taken.
    """
    known, shortest, most = index.word_id, settings.min_correctable, settings.max_broken
    found: dict[int, tuple[int, str]] = {}  # first token -> (last token, whole word)
    odd = [i for i, w in enumerate(tokens.words) if w not in known and len(w) <= most and w.isalpha() and not tokens.cjk[i]]
    owner = np.searchsorted(tokens.ptr, odd, "right") - 1
    start, end, gap = (column.tolist() for column in (tokens.start, tokens.end, tokens.gap))
    done = 0
    for i, k, begin, behind in zip(
        odd, owner.tolist(), tokens.ptr[owner].tolist(), tokens.ptr[owner + 1].tolist(), strict=True
    ):
        done = max(done, begin)
        if i < done:
            continue
        for first, last in _WINDOWS:
            a, b = i - first, i + last
            if a < done or b >= behind or max(gap[a + 1 : b + 1]) > DASH:
                continue
            piece = tokens.repaired[k][start[a] : end[b]]
            if not _BROKEN.fullmatch(piece):
                continue
            whole = fold_word(re.sub(r"[\s-]+", "", piece))
            if len(whole) == 1 and len(whole[0]) >= shortest and whole[0] in known:
                found[a] = (b, whole[0])
                done = b + 1
                break
    if not found:
        return tokens
    keep = np.ones(len(tokens.words), bool)
    words, end_of = list(tokens.words), tokens.end.copy()
    for a, (b, whole_word) in found.items():
        words[a], end_of[a], keep[a + 1 : b + 1] = whole_word, tokens.end[b], False
    kept = np.flatnonzero(keep)
    ptr = np.concatenate([[0], np.cumsum(keep)])[tokens.ptr]
    return Tokens(tokens.repaired, [words[i] for i in kept], tokens.start[kept], end_of[kept], tokens.gap[kept],
                  tokens.upper[kept], tokens.cjk[kept], ptr)  # fmt: skip


# (tokens before, tokens after) an unknown one that may belong to the same word, widest first
_WINDOWS = sorted(((a, b) for a in range(4) for b in range(4) if 0 < a + b < 4), key=lambda w: (-sum(w), w))


def correct(tokens: Tokens, index: Index, settings: RetrieveSettings) -> tuple[list[str], Ints]:
    """Replace unknown words: glued ones by their parts, abbreviations by the commonest known word with that prefix
    ("Psychol."), misspelt ones by the known or generic word at one edit.

    Returns the words, and the source token of each.
    """
    typed: dict[int, str] = {}  # unknown tokens as typed, with a trailing full stop
    meant = generic()
    owner = np.repeat(np.arange(len(tokens.ptr) - 1), np.diff(tokens.ptr))
    shouted: dict[int, bool] = {}  # strings all in capitals, where capitals do not mark acronyms
    for i, w in enumerate(tokens.words):
        if w not in index.word_id and len(w) >= settings.min_correctable and w.isalpha() and w not in meant:
            k = int(owner[i])
            text, end = tokens.repaired[k], tokens.end[i]
            typed[i] = text[tokens.start[i] : end + 1 if text[end : end + 1] == "." else end]
            if tokens.upper[i]:
                if k not in shouted:
                    shouted[k] = not any(c.islower() for c in text) and " " in text.strip()
                if shouted[k]:
                    typed[i] = typed[i].capitalize()
    # keyed by surface form too: a string's result must not depend on how others in the batch spell the word
    fixes: dict[tuple[str, str], tuple[str, ...]] = {}
    rest: dict[str, list[str]] = {}
    for w, surface in dict.fromkeys((tokens.words[i], surface) for i, surface in typed.items()):
        parts = _split_at_capitals(w, surface, index)
        if parts:
            fixes[w, surface] = parts
        elif surface.endswith(".") and not surface.isupper() and (full := _expand(w, index)):
            fixes[w, surface] = (full,)
        elif not surface.isupper() or len(w) > settings.longest_acronym:
            rest.setdefault(w, []).append(surface)  # acronyms are never corrected
    if rest:
        shorter = [deletions(w) for w in rest]
        flat = checksums([d for ds in shorter for d in ds])
        left, right = (np.searchsorted(index.delete_hash, flat, side) for side in ("left", "right"))
        at = 0
        for (w, surfaces), ds in zip(rest.items(), shorter, strict=True):
            found = {int(x) for k in range(at, at + len(ds)) for x in index.delete_word[left[k] : right[k]]}
            at += len(ds)
            near = [c for c in found if index.words[c][0] == w[0] and OSA.distance(w, index.words[c], score_cutoff=1) <= 1]
            read = [index.word_id[t] for a, b in _MISREAD if a in w and (t := w.replace(a, b)) in index.word_id]
            if foreign := _misspelt_generic(w, ds, settings):
                fix: tuple[str, ...] | None = foreign
            elif near := near or read:
                fix = (index.words[max(near, key=lambda c: (index.word_df[c], -c))],)
            else:
                fix = _split(w, index, settings)
            if fix:
                fixes |= {(w, surface): fix for surface in surfaces}
    if not fixes:
        return tokens.words, np.arange(len(tokens.words))
    words, origin = [], []
    for i, w in enumerate(tokens.words):
        for part in fixes.get((w, typed[i]), (w,)) if i in typed else (w,):
            words.append(part)
            origin.append(i)
    return words, np.array(origin, np.int64)


def _split_at_capitals(word: str, surface: str, index: Index) -> tuple[str, ...]:
    """Split a glued word at capitals into known words, or into any word and a generic one.

    "GeorgiaInstituteofTechnology", "ofTianjin", "affilliationInstitute"; () if it is not glued.
    """
    pieces = [fold_word(piece) for piece in _pieces(surface)]
    parts = tuple(p for piece in pieces for p in piece)
    if not parts or parts == (word,):
        return ()
    meant = generic()
    if all(p in index.word_id or p in meant for p in parts):
        return parts
    heads = roles()
    return parts if heads.get(parts[-1]) == "head" and len(parts) == 2 else ()


@cache
def _spellings() -> dict[str, list[str]]:
    """Spellings of generic words ("universidade"), indexed by their single-character deletions."""
    out: dict[str, list[str]] = defaultdict(list)
    for word, canonical in vocabulary().items():
        if len(canonical) == 1 and roles().get(canonical[0]) == "head":
            for d in deletions(word):
                out[d].append(word)
    return out


def _misspelt_generic(word: str, shorter: Sequence[str], settings: RetrieveSettings) -> tuple[str, ...] | None:
    """The generic word ("university") with a spelling at one edit: "univerisidade"."""
    if len(word) < settings.min_generic_misspelt:
        return None
    forms = {f for d in shorter for f in _spellings().get(d, ())}
    near = [f for f in forms if f[0] == word[0] and len(f) >= settings.min_generic_misspelt and OSA.distance(word, f) <= 1]
    return vocabulary()[min(near)] if near else None


def _expand(word: str, index: Index) -> str:
    """The commonest word of registry names with this prefix, or ""."""
    first, last = bisect_left(index.words, word), bisect_left(index.words, word + "\x7f")
    if first == last:
        return ""
    best = first + int(index.word_df[first:last].argmax())
    return index.words[best] if index.word_df[best] else ""


def _split(word: str, index: Index, settings: RetrieveSettings) -> tuple[str, ...] | None:
    """Split a glued lower-case word into two known words: long ones, one of them generic, or adjacent in some name."""
    best, score = None, 0
    shortest = settings.min_generic_part
    forms, heads = vocabulary(), roles()
    for i in range(shortest, len(word) - shortest + 1):
        # "Ruhruniversität" contains a university, "Siemensstrasse" not Siemens
        first, second = (
            known if (known := forms.get(part, ())) and heads.get(known[-1]) == "head" else (part,)
            for part in (word[:i], word[i:])
        )
        if len(first) != 1 or len(second) != 1:
            continue
        a, b = index.word_id.get(first[0], -1), index.word_id.get(second[0], -1)
        if a < 0 or b < 0:
            continue
        generic_part = index.word_role[a] or index.word_role[b]
        if min(i, len(word) - i) >= (shortest if generic_part else settings.min_part) or index.beside(a, b):
            both = int(min(index.word_df[a], index.word_df[b]))
            if both > score:
                best, score = (*first, *second), both
    return best


def misspelt_branches(
    spans: Spans,
    words: Sequence[str],
    typed: Sequence[str],
    gap: Ints,
    index: Index,
    settings: RetrieveSettings,
) -> dict[int, str]:
    """Correct words after a parent's name that are at one edit from the next word of a child's name.

    "University of California, Berkley". Known words are corrected too, since most are places or names elsewhere, but not pinyin
    to pinyin: its syllables are too similar.
    """
    out: dict[int, str] = {}
    gaps = np.append(gap, HARD)
    behind = spans.last
    known = np.zeros(len(index.alias_text), bool)
    known[list(index.branches)] = True
    begun = set(spans.first[spans.length > 1].tolist())
    for i, alias in zip(
        *(a[known[spans.sequence] & (gaps[behind] < HARD)].tolist() for a in (behind, spans.sequence)), strict=True
    ):
        word, branches = typed[i], index.branches[alias]
        if len(word) < settings.min_branch or not word.isascii() or not word.isalpha() or word in generic():
            continue
        if words[i] in branches or i in begun:
            continue
        near = [b for b in branches if b[0] == word[0] and OSA.distance(word, b, score_cutoff=1) <= 1 and b in index.word_id]
        if len(near) == 1 and not (is_pinyin(word) and is_pinyin(near[0])):
            out[i] = near[0]
    return out
