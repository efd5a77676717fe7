"""A batch of strings prepared for matching: corrected words with weights, segments, and the places that they name."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from operator import is_not

import numpy as np
from rapidfuzz.distance import OSA

from affil.match.index import KINDS, UNIVERSITY, Floats, Index, Ints
from affil.match.parts import covering
from affil.names import Tokens, tokenize
from affil.names.fold import fold_word, generic, roles, vocabulary
from affil.names.things import things
from affil.names.tokens import COMMA, DASH, HARD
from affil.registry.index import checksums, deletions, is_pinyin, terms
from affil.registry.places import CITY, CODE, COUNTRY, COUNTRY_CODE, REGION
from affil.settings import RetrieveSettings


@dataclass(frozen=True, slots=True)
class Mentions:
    """The words of a batch as arrays (one entry a word), and what is known of each part of its strings.

    `words` are the folded and corrected words; `word` and `term` are numbers in the index's vocabulary (-1: unknown or none);
    `weight` is the idf of the word as a term, 1 for unknown words; `changed` marks words that were corrected; `part`, `segment`
    and `block` number the part, the segment between commas and the block between hard separators that a word stands in. A
    string is one part, or several where names are joined ("Google and ETH Zurich"); `string` is the string of each part. What
    is matched is a part: it knows the words of no other. `place` marks words that only name a place.
    `country`, `region`, `city` are sorted keys `part * STRIDE + number`; `city_country` are the countries of cities and regions,
    `city_region` the regions of cities, `sure_country` the countries of places that are the whole of their segment; `borrowed` are
    parts whose places are another part's; `amid` marks words amid a longer word of Hangul.
    """

    strings: Sequence[str]
    string: Ints
    tokens: Tokens
    words: list[str]
    word: Ints
    term: Ints
    weight: Floats
    changed: Ints
    gap: Ints
    start: Ints
    end: Ints
    upper: Ints
    cjk: Ints
    part: Ints
    segment: Ints
    block: Ints
    spans: tuple[Ints, Ints, Ints]
    place: Ints
    country: Ints
    region: Ints
    city: Ints
    city_country: Ints
    city_region: Ints
    sure_country: Ints
    borrowed: Ints
    amid: Ints

    @property
    def count(self) -> int:
        """Number of parts."""
        return len(self.string)


_CAMEL = re.compile(r"(?<=[a-zà-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])")
_SMALL = re.compile(r"(?<=[^\W\d_A-Z]{4})(?:of|for|and|de|du|di|der)$")  # small words at the end of a glued one: "Instituteof"
_MISREAD = (("rn", "m"), ("cl", "d"), ("vv", "w"))  # what scanners see in two letters: "Durharn"
_BROKEN = re.compile(r"[^\W\d_]+(?:\s?-\s?[^\W\d_]+|\s[^\W\d_]+)*")
# what joins two names: words that folding drops, slashes and dashes
_AND = frozenset(("and", "&", "und", "et", "y", "e", "och", "og", "/", "-", "–", "—", "in collaboration with", ", and", ", &"))
_DASHES = frozenset(("-", "–", "—", "/"))
_COMMAS = frozenset((",", "，", "、"))
_HAN_AND = frozenset("和与及暨")  # folded, each a word
_HANGUL = re.compile("[\uac00-\ud7af]+")
_NATIONAL = "국립"  # stands before a name, no part of it
_NOTE = 2  # digits of the longest footnote number: "301医院" is a name
_ORDINAL = "第"
_CODE = 3  # letters of the longest code of a country
_TURNED = frozenset(("north", "south", "east", "west", "new", "upper", "lower", "great", "greater", "port", "fort", "mount"))
STRIDE = 1 << 32  # keys of (string, number) pairs in one integer


def prepare(strings: Sequence[str], index: Index, settings: RetrieveSettings) -> Mentions:
    """Tokenize, correct, weigh and segment a batch, find all names and places that stand in it word for word."""
    tokens = _rejoin(tokenize(strings, limit=settings.max_string), index, settings)
    words, origin = _correct(tokens, index, settings)
    changed = np.fromiter(map(is_not, words, map(tokens.words.__getitem__, origin.tolist())), bool, len(words))
    gap = tokens.gap[origin].copy()
    if len(origin) > 1:
        gap[1:][origin[1:] == origin[:-1]] = 0
    word = index.numbers(words)
    void = things(tokens)[origin]
    word[void] = -1
    cjk = tokens.cjk[origin]
    fixed = Tokens(tokens.repaired, words, tokens.start, tokens.end, gap, tokens.upper, cjk, tokens.ptr)
    term_words = terms(fixed)
    term = index.numbers(term_words)
    idf = np.append(index.word_idf, 1.0)
    weight = np.where(np.array([t == "" for t in term_words], bool), 0.0, idf[term])
    role = roles()
    # postcodes, street numbers and words of addresses are no part of a name that would have to be explained
    noise = {t for t in set(term_words) if t.isdigit() or role.get(t) == "noise"}
    weight[[t in noise for t in term_words]] *= settings.noise_weight
    weight[void] = 0
    string = np.repeat(np.arange(len(strings)), np.diff(tokens.ptr))[origin]
    new = np.concatenate([[True], string[1:] != string[:-1]]) if len(string) else np.zeros(0, bool)
    glued = ~new & (tokens.start[origin] == np.roll(tokens.end[origin], 1))
    weight[_footnotes(words, glued)] = 0
    gap = np.where(new, HARD, gap).astype(np.int8)
    upper = tokens.upper[origin]
    spans = index.find("span", word, gap, settings.max_name_tokens)
    if meant := _misspelt_branches(spans, words, [tokens.words[i] for i in origin], gap, index, settings):
        words = [meant.get(i, w) for i, w in enumerate(words)]
        for i, w in meant.items():
            word[i] = term[i] = index.word_id.get(w, -1)
            weight[i], changed[i] = idf[term[i]], True
        spans = index.find("span", word, gap, settings.max_name_tokens)
    spans = _plausible(spans, index, upper, gap)
    amid = _amid_hangul(words, cjk & glued)
    spans = (spans[0][~amid[spans[0]]], spans[1][~amid[spans[0]]], spans[2][~amid[spans[0]]])
    weight[_faculties(spans, word, upper, gap)] = 0
    spans, addressed = _off_streets(spans, words, gap, cjk)
    weight[addressed] = 0
    named = index.find("place", word, gap, settings.max_place_tokens)
    spans = _off_places(spans, named, gap, index)
    spans = _off_towns(spans, named, gap, string, index)
    begins, joiners = _joined(spans, named, index, settings, upper, gap, words, tokens, origin, string)
    gap[begins] = HARD
    weight[joiners] = 0
    joints = np.cumsum(np.bincount(begins, minlength=len(words) + 1)) if begins else np.zeros(len(words) + 1, np.int64)
    whole = joints[spans[0]] == joints[np.maximum(spans[0] + spans[1] - 1, 0)]  # no name goes over a joint
    spans = (spans[0][whole], spans[1][whole], spans[2][whole])
    begin = new.copy()
    begin[begins] = True
    part = np.cumsum(begin) - 1 if len(string) else string
    # strings without a word are parts as well, so that every string has one
    string_of_part, part = _with_empty(string[begin], part, len(strings))
    segment = np.cumsum(new | (gap >= COMMA)) - 1
    block = np.cumsum(new | (gap >= HARD)) - 1
    place, *places = _places(index, named, words, gap, upper, part, spans, settings.famous)
    (country, region, city, city_country, city_region, sure_country), borrowed = _shared(places, string_of_part)
    return Mentions(
        strings, string_of_part, tokens, words, word, term, weight.astype(np.float64), changed, gap, tokens.start[origin],
        tokens.end[origin], upper, cjk, part, segment, block, spans, place, country, region, city,
        city_country, city_region, sure_country, borrowed, amid,
    )  # fmt: skip


def _footnotes(words: Sequence[str], glued: Ints) -> Ints:
    """Which words are digits that stand to a letter without a blank: "Korea University1", "2Microsoft", but not "第2医院".

    `glued[i]` says that word i begins where the word before it ends.
    """
    short = np.array([w.isdigit() and len(w) <= _NOTE for w in words] + [True], bool)
    digit = np.array([w.isdigit() for w in words] + [True], bool)
    counted = np.array([False, *(w == _ORDINAL for w in words)], bool)[:-1]
    after, before = glued & ~np.roll(digit, 1)[:-1] & ~counted, np.append(glued[1:], False) & ~digit[1:]
    found: Ints = short[:-1] & (after | before) & ~counted
    return found


def _with_empty(string_of_part: Ints, part: Ints, strings: int) -> tuple[Ints, Ints]:
    """Number parts anew, with an empty one for each string that has no word."""
    empty = np.setdiff1d(np.arange(strings), string_of_part)
    every = np.concatenate([string_of_part, empty])
    order = np.argsort(every, kind="stable")
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order))
    return every[order], number[part]


def _shared(places: Sequence[Ints], string_of_part: Ints) -> tuple[list[Ints], Ints]:
    """Places of parts, where a part without any has those of the next part of its string that has some, else of the last.

    Returns:
        The places, and which parts have those of another.
    """
    if len(string_of_part) < 2 or not (string_of_part[1:] == string_of_part[:-1]).any():
        return list(places), np.zeros(len(string_of_part), bool)
    has = np.zeros(len(string_of_part), bool)
    for keys in places:
        has[keys // STRIDE] = True
    number = np.arange(len(has))
    behind = np.minimum.accumulate(np.where(has, number, len(has) - 1)[::-1])[::-1]  # the next one that has some
    before = np.maximum.accumulate(np.where(has, number, 0))
    lender = number
    for other in (before, behind):
        lender = np.where(has[other] & (string_of_part[other] == string_of_part), other, lender)
    out = []
    for keys in places:
        of_part, place = keys // STRIDE, keys % STRIDE
        bounds = np.searchsorted(of_part, np.arange(len(has) + 1))
        count = (bounds[1:] - bounds[:-1])[lender]
        row = np.repeat(bounds[lender], count) + np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        out.append(np.repeat(np.arange(len(has)), count) * STRIDE + place[row])
    return out, lender != number


def _pieces(surface: str) -> list[str]:
    """The words of one written without blanks, by its capitals: "GeorgiaInstituteofTechnology"."""
    pieces = _CAMEL.split(surface)
    return [_SMALL.sub("", p) for p in pieces]


def _rejoin(tokens: Tokens, index: Index, settings: RetrieveSettings) -> Tokens:
    """Put words together that a line break or a PDF broke: "Würz-burg", "Uni ver si ty".

    Some part must be an unknown short word, and the whole a known one; of several wholes the longest is taken.
    """
    known, shortest, most = index.word_id, settings.min_correctable, settings.max_broken
    found: dict[int, tuple[int, str]] = {}  # first token: last token, whole word
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


# tokens before and behind an unknown one that may belong to the same word, the widest first
_WINDOWS = sorted(((a, b) for a in range(4) for b in range(4) if 0 < a + b < 4), key=lambda w: (-sum(w), w))


def _correct(tokens: Tokens, index: Index, settings: RetrieveSettings) -> tuple[list[str], Ints]:
    """Replace unknown words: glued ones by their parts, cut ones by the commonest known word that begins so ("Psychol."),
    misspelt ones by the known or generic word one edit away.

    Returns the words and, for each, the token it comes from.
    """
    typed: dict[int, str] = {}  # how each unknown token was typed, with the full stop behind it
    meant = generic()
    owner = np.repeat(np.arange(len(tokens.ptr) - 1), np.diff(tokens.ptr))
    shouted: dict[int, bool] = {}  # strings in capitals altogether, where these make no acronym
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
    # by word and typing, as what a string means must not hang on how another string of the batch types the same word
    fixes: dict[tuple[str, str], tuple[str, ...]] = {}
    rest: dict[str, list[str]] = {}
    for w, surface in dict.fromkeys((tokens.words[i], surface) for i, surface in typed.items()):
        parts = _glued(w, surface, index)
        if parts:
            fixes[w, surface] = parts
        elif surface.endswith(".") and not surface.isupper() and (full := _expanded(w, index)):
            fixes[w, surface] = (full,)
        elif not surface.isupper() or len(w) > settings.longest_acronym:
            rest.setdefault(w, []).append(surface)  # capitals are acronyms, which are not misspelt but others
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


def _glued(word: str, surface: str, index: Index) -> tuple[str, ...]:
    """The words of one that was typed without blanks, as its capitals tell: known ones, or a generic one behind whatever else.

    "GeorgiaInstituteofTechnology", "ofTianjin", "affilliationInstitute"; () where it is none.
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
    """The written forms of generic words ("universidade"), by all that they become where a character is left out."""
    out: dict[str, list[str]] = defaultdict(list)
    for word, canonical in vocabulary().items():
        if len(canonical) == 1 and roles().get(canonical[0]) == "head":
            for d in deletions(word):
                out[d].append(word)
    return out


def _misspelt_generic(word: str, shorter: Sequence[str], settings: RetrieveSettings) -> tuple[str, ...] | None:
    """The generic word of some language ("university") one of whose forms is one edit away: "univerisidade"."""
    if len(word) < settings.min_generic_misspelt:
        return None
    forms = {f for d in shorter for f in _spellings().get(d, ())}
    near = [f for f in forms if f[0] == word[0] and len(f) >= settings.min_generic_misspelt and OSA.distance(word, f) <= 1]
    return vocabulary()[min(near)] if near else None


def _expanded(word: str, index: Index) -> str:
    """The commonest word of the registry's names that begins with this one, or ""."""
    first, last = bisect_left(index.words, word), bisect_left(index.words, word + "\x7f")
    if first == last:
        return ""
    best = first + int(index.word_df[first:last].argmax())
    return index.words[best] if index.word_df[best] else ""


def _split(word: str, index: Index, settings: RetrieveSettings) -> tuple[str, ...] | None:
    """The two words that one is glued of: known long ones, one of them generic, or such as stand beside each other in a name."""
    best, score = None, 0
    shortest = settings.min_generic_part
    forms, heads = vocabulary(), roles()
    for i in range(shortest, len(word) - shortest + 1):
        # "Ruhruniversität" has the university in it, "Siemensstrasse" not Siemens
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


def _plausible(spans: tuple[Ints, Ints, Ints], index: Index, upper: Ints, gap: Ints) -> tuple[Ints, Ints, Ints]:
    """Drop hits that are none: acronyms not typed in capitals, unless alone between separators; variants and domains over a comma."""
    first, length, alias = spans
    if not len(first):
        return spans
    kind = index.owner_kind[index.owner_ptr[alias]]
    gaps = np.append(gap, HARD)
    alone = (gaps[first] >= COMMA) & (gaps[first + 1] >= COMMA)
    latin = np.array([index.alias_text[a].isascii() for a in alias], bool)
    acronym = (length == 1) & (kind == index.kind_acronym) & latin & ~upper[first] & ~alone
    commas = np.concatenate([[0], np.cumsum(gap >= COMMA)])
    apart = ((kind == index.kind_variant) | (kind == index.kind_domain)) & (commas[first + length] > commas[first + 1])
    # a variant that begins within another name that ends before it does: "Ondokuz Mayıs (University Samsun)"
    variant = kind == index.kind_variant
    reach = np.zeros(len(gap) + 1, np.int64)
    np.maximum.at(reach, first[~variant], (first + length)[~variant])
    reach = np.concatenate([[0], np.maximum.accumulate(reach)])  # how far names reach that begin before each word
    begun = variant & (reach[first] > first) & (reach[first] < first + length)
    # or that another name begins within and goes beyond: "Computer (Science University) of Toronto"
    furthest = np.zeros(len(gap) + 2, np.int64)  # how far names reach that begin after each word and before the variant's end
    np.maximum.at(furthest, first[~variant], (first + length)[~variant])
    begun |= variant & (_reach_within(furthest, first, length) > first + length)
    # a name over a comma behind which a longer one begins: "Mila, Université de Montréal" is no MILA University
    behind = _next_segment(first, gap)
    crosses = behind < first + length
    longest = np.zeros(len(gap) + 1, np.int64)
    np.maximum.at(longest, first[~crosses], (first + length)[~crosses])
    broken = crosses & (longest[behind] > first + length)
    # or amid one that ends there: "Shandong (University, Qingdao)"
    earliest = np.arange(len(gap) + 1)  # where the longest name begins that ends before each word
    np.minimum.at(earliest, (first + length)[~crosses], first[~crosses])
    broken |= crosses & (earliest[behind] < first)
    # or one that begins amid a segment and is no kin of it: "Knowledge (Technology, University of Hamburg)"
    amid = crosses & (behind + 1 < first + length) & (longest[behind] == first + length) & (gaps[first] < COMMA)
    for i in np.flatnonzero(amid).tolist():
        other = int(np.flatnonzero((first == behind[i]) & (first + length == longest[behind[i]]))[0])
        broken[i] |= not _related(index, int(alias[i]), int(alias[other]))
    keep = ~acronym & ~apart & ~begun & ~broken
    return first[keep], length[keep], alias[keep]


def _amid_hangul(words: Sequence[str], glued: Ints) -> Ints:
    """Which words stand amid a word of Hangul, so that no name begins there: "동(서울대학교)", but "국립(부경대학교)"."""
    rows = np.flatnonzero(glued)
    amid = [
        _HANGUL.fullmatch(words[i - 1] + words[i]) is not None and "".join(words[max(i - 2, 0) : i]) != _NATIONAL
        for i in rows.tolist()
    ]
    found: Ints = np.zeros(len(words), bool)
    found[rows] = amid
    return found


def _next_segment(first: Ints, gap: Ints) -> Ints:
    """Where the next segment begins behind each of some words; the number of words where none does."""
    breaks = np.append(np.flatnonzero(gap >= COMMA), len(gap))
    found: Ints = breaks[np.searchsorted(breaks, first + 1)]
    return found


def _reach_within(furthest: Ints, first: Ints, length: Ints) -> Ints:
    """The furthest word reached from any word of a stretch but its first."""
    out = np.zeros(len(first), np.int64)
    for k in range(1, int(length.max(initial=1))):
        out = np.where(length > k, np.maximum(out, furthest[np.minimum(first + k, len(furthest) - 1)]), out)
    return out


def _misspelt_branches(
    spans: tuple[Ints, Ints, Ints],
    words: Sequence[str],
    typed: Sequence[str],
    gap: Ints,
    index: Index,
    settings: RetrieveSettings,
) -> dict[int, str]:
    """Words behind a parent's name that are one edit away from what one of its children's names goes on with.

    "University of California, Berkley": known words, too, since most are a place or a name elsewhere, but no pinyin for another,
    whose syllables are all near each other.
    """
    out: dict[int, str] = {}
    gaps = np.append(gap, HARD)
    behind = spans[0] + spans[1]
    known = np.zeros(len(index.alias_text), bool)
    known[list(index.branches)] = True
    begun = set(spans[0][spans[1] > 1].tolist())
    for i, alias in zip(*(a[known[spans[2]] & (gaps[behind] < HARD)].tolist() for a in (behind, spans[2])), strict=True):
        word, branches = typed[i], index.branches[alias]
        if len(word) < settings.min_branch or not word.isascii() or not word.isalpha() or word in generic():
            continue
        if words[i] in branches or i in begun:
            continue
        near = [b for b in branches if b[0] == word[0] and OSA.distance(word, b, score_cutoff=1) <= 1 and b in index.word_id]
        if len(near) == 1 and not (is_pinyin(word) and is_pinyin(near[0])):
            out[i] = near[0]
    return out


def _faculties(spans: tuple[Ints, Ints, Ints], word: Ints, upper: Ints, gap: Ints) -> Ints:
    """Unknown words in capitals that a dash joins to an acronym behind them, alone in their segment: "FMRP-USP", a faculty's."""
    gaps = np.append(gap, HARD)
    at = spans[0][(spans[1] == 1) & upper[spans[0]]]
    at = at[(at > 0) & (gaps[at] == DASH) & (gaps[at + 1] >= COMMA)] - 1
    found: Ints = at[(word[at] < 0) & upper[at] & (gaps[at] >= COMMA)]
    return found


_STREETS = (("路",), ("街",), ("弄",), ("大", "道"), ("大", "街"))  # folded


def _off_streets(
    spans: tuple[Ints, Ints, Ints], words: Sequence[str], gap: Ints, cjk: Ints
) -> tuple[tuple[Ints, Ints, Ints], Ints]:
    """Names without those that a street is called after, and the words of these: "华为路1号", "腾讯大道"."""
    first, length, _ = spans
    last = first + length
    street = np.zeros(len(words) + 1, bool)
    begins = {kind[0] for kind in _STREETS}
    for i in [i for i, w in enumerate(words) if w in begins]:
        for kind in _STREETS:
            end = i + len(kind)
            if tuple(words[i:end]) == kind and (end == len(words) or gap[end] > 0 or not cjk[end]):
                street[i] = True
    named = street[last] & (np.append(gap, HARD)[last] == 0)
    addressed = np.zeros(len(words) + 1, np.int64)
    np.add.at(addressed, first[named], 1)
    np.add.at(addressed, last[named], -1)
    covered = np.cumsum(addressed)[:-1] > 0
    within = covered[first] & covered[last - 1] if len(first) else named
    return (spans[0][~within], spans[1][~within], spans[2][~within]), covered


def _off_places(
    spans: tuple[Ints, Ints, Ints], named: tuple[Ints, Ints, Ints], gap: Ints, index: Index
) -> tuple[Ints, Ints, Ints]:
    """Names without those that places beside each other make over a comma: "Manchester, United Kingdom", "Phoenix, United States"."""
    first, length, _ = spans
    last = first + length
    begin, end = named[0], named[0] + named[1]
    covered = np.concatenate([[0], np.cumsum(covering(begin, named[1], len(gap)))])
    reach, land = np.zeros((2, len(gap) + 1), np.int64)  # how far the longest place, and country, reaches that begins at a word
    np.maximum.at(reach, begin, end)
    of_country = index.place_country_name[named[2]]
    np.maximum.at(land, begin[of_country], end[of_country])
    behind = _next_segment(first, gap)
    crosses = behind < last
    made = crosses & ((reach[behind] > last) | ((land[behind] == last) & (covered[last] - covered[first] == length)))
    return spans[0][~made], spans[1][~made], spans[2][~made]


def _off_towns(
    spans: tuple[Ints, Ints, Ints], named: tuple[Ints, Ints, Ints], gap: Ints, string: Ints, index: Index
) -> tuple[Ints, Ints, Ints]:
    """Names without those that are the town of the institution before: "Ibaraki Christian University, Hitachi"."""
    first, length, alias = spans
    gaps = np.append(gap, HARD)
    whole = (length == 1) & (gaps[first] >= COMMA) & (gaps[first + length] >= COMMA) & (first > 0)
    rows = np.flatnonzero(whole & np.isin(first, named[0][named[1] == 1]))
    if not len(rows):
        return spans
    place = dict(zip(named[0][named[1] == 1].tolist(), named[2][named[1] == 1].tolist(), strict=True))
    sole = np.diff(index.owner_ptr)[alias] == 1
    city = index.inst_city_id[index.owner_inst[index.owner_ptr[alias]]]
    lost = []
    for k in rows.tolist():
        at = int(first[k])
        before = sole & (first + length == at) & (string[first] == string[at]) & (city >= 0)
        meant = index.place_row[index.place_ptr[place[at]] : index.place_ptr[place[at] + 1]]
        if np.isin(city[before], index.place_city[meant[index.place_kind[meant] == CITY]]).any():
            lost.append(k)
    return np.delete(first, lost), np.delete(length, lost), np.delete(alias, lost)


def _joined(
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
        if joined and not crossed(j, left, right) and not _related(index, int(alias[left]), int(alias[right])):
            begins.append(j)
            joiners += [at] * int(han)
    return begins, joiners


_JOINT = frozenset(("joint", "联"))  # the words that `_jointly` begins with


def _jointly(words: Sequence[str], i: int) -> bool:
    """Whether what begins at a word belongs to several: "Joint Lab", "联合实验室"."""
    return words[i : i + 1] == ["joint"] or words[i : i + 2] == ["联", "合"]


def _related(index: Index, left: int, right: int) -> bool:
    """Whether a bearer of one name is, or is the parent of, a bearer of the other."""
    a, b = (index.owner_inst[index.owner_ptr[x] : index.owner_ptr[x + 1]].tolist() for x in (left, right))
    parents = [index.parent[index.parent_ptr[i] : index.parent_ptr[i + 1]].tolist() for i in (*a, *b)]
    return (
        bool(set(a) & set(b))
        or any(p in b for ps in parents[: len(a)] for p in ps)
        or any(p in a for ps in parents[len(a) :] for p in ps)
    )


def _stands_alone(index: Index, alias: int, settings: RetrieveSettings) -> bool:
    """Whether a name says all by itself: that of a university or company that one institution bears, or a famous one."""
    owners = index.owner_inst[index.owner_ptr[alias] : index.owner_ptr[alias + 1]]
    usage = index.inst_usage[owners]
    if usage[0] >= settings.famous and usage[0] >= settings.dominant * usage.sum():
        return True
    return len(owners) == 1 and (bool(index.alias_head[alias] & UNIVERSITY) or KINDS[index.inst_kind[owners[0]]] == "company")


def _places(
    index: Index,
    named: tuple[Ints, Ints, Ints],
    words: Sequence[str],
    gap: Ints,
    upper: Ints,
    part: Ints,
    spans: tuple[Ints, Ints, Ints],
    famous: int,
) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints, Ints]:
    """Find places outside of the longer names of organisations ("Washington" in "University of Washington" names no place), and of
    the official names of famous ones ("Mila" is no town in Algeria).
    """
    first, length, sequence = named
    size = len(words)
    inside = np.zeros(size + 1, np.int32)
    official = index.owner_ptr[spans[2]]  # the first bearer, by the kind of the name
    long = (spans[1] > 1) | ((index.owner_kind[official] == 0) & (index.inst_usage[index.owner_inst[official]] >= famous))
    alone = np.zeros(size + 1, bool)
    alone[spans[0][long & (spans[1] == 1)]] = True
    np.add.at(inside, spans[0][long], 1)
    np.add.at(inside, spans[0][long] + spans[1][long], -1)
    covered = np.cumsum(inside)[:-1] > 0
    longest: Ints = np.zeros(size, np.int32)
    if len(first):
        np.maximum.at(longest, first, length)
    ends = np.append(gap, HARD)
    whole = (ends[first] >= COMMA) & (ends[np.minimum(first + length, size)] >= COMMA) if len(first) else first > 0
    keep = (
        (length == longest[first]) & (~covered[first] | (whole & ~(alone[first] & (length == 1)))) if len(first) else first > 0
    )
    # North Manchester is not Manchester
    turned = np.array([w in _TURNED for w in words] + [False], bool)
    keep &= ~(turned[first - 1] & (ends[first] < COMMA) & ~covered[np.maximum(first - 1, 0)])
    first, length, sequence, whole = first[keep], length[keep], sequence[keep], whole[keep]
    count = index.place_ptr[sequence + 1] - index.place_ptr[sequence]
    pair = np.repeat(np.arange(len(first)), count)
    offset = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    row = index.place_row[index.place_ptr[sequence][pair] + offset]
    kind, at = index.place_kind[row], first[pair]
    ok = (kind < CODE) | _codes(index, part[at], upper[at] & (ends[at] >= COMMA), ends[at + 1] >= HARD, pair, row, kind)
    # those of three letters where they are typed so or stand by themselves: "CAN", "PER", "NOR" are words too
    short = np.array([len(w) <= _CODE and w.isascii() for w in words] + [False], bool)
    ok &= (kind != COUNTRY) | (length[pair] > 1) | ~short[at] | upper[at] | whole[pair]
    pair, row, kind, at = pair[ok], row[ok], kind[ok], at[ok]
    where = part[at].astype(np.int64) * STRIDE
    is_country = (kind == COUNTRY) | (kind == COUNTRY_CODE)
    is_region = (kind == REGION) | (kind == CODE)
    is_city = kind == CITY
    sure = whole[pair] | (kind >= CODE)
    wide = sure & (is_country | (is_region & ~np.isin(pair, pair[is_city])))  # Santa Cruz is a city as well
    mark = np.zeros(size + 1, np.int32)
    used = np.unique(pair)
    np.add.at(mark, first[used], 1)
    np.add.at(mark, first[used] + length[used], -1)
    return (
        (np.cumsum(mark)[:-1] > 0) & ~covered,
        np.unique(where[is_country] + index.place_country[row[is_country]]),
        np.unique(where[is_region] + index.place_region[row[is_region]]),
        np.unique(where[is_city] + index.place_city[row[is_city]]),
        np.unique(where[is_city | is_region] + index.place_country[row[is_city | is_region]]),
        np.unique(where[is_city] + index.place_region[row[is_city]]),
        _narrowed(where[sure] + index.place_country[row[sure]], where[wide] + index.place_country[row[wide]]),
    )


def _codes(index: Index, part: Ints, typed: Ints, last: Ints, pair: Ints, row: Ints, kind: Ints) -> Ints:
    """Which two-letter codes name a place: "Cambridge, MA 02139", "Hamilton, ON, CA", not "in" or "de".

    They count as capitals behind a separator; those of countries at the end, and only if a city or region there is named, too:
    CA is California, unless the string names Toronto, and "Institute for Machines (GT)" is not in Guatemala.
    """
    of_country = kind == COUNTRY_CODE
    code = (kind >= CODE) & typed & (last | ~of_country)
    where = part.astype(np.int64) * STRIDE + index.place_country[row]
    backed = code & np.isin(where, where[(kind == CITY) | (kind == REGION)])
    likely: Ints = np.where(np.isin(pair, pair[backed]), backed, code & ~of_country)
    return likely


def _narrowed(places: Ints, wide: Ints) -> Ints:
    """The countries of places, as keys of parts, of which countries and regions leave some: "Boston, USA" is not in Lincolnshire."""
    places, wide = np.unique(places), np.unique(wide)
    free = ~np.isin(places // STRIDE, wide // STRIDE)
    kept: Ints = places[free | np.isin(places, wide)]
    return kept
