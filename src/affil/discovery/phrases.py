"""Find phrases in strings that may name an unknown organisation, with the place next to them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from affil.names import Tokens, tokenize
from affil.names.fold import generic, roles
from affil.names.tokens import COMMA, HARD, terms
from affil.registry.places import CITY, CODE, COUNTRY, SPELT, read_places

# Heads of independent organisations; institutes, centres and laboratories are more often part of one.
_OWN = frozenset({"university", "hospital", "college", "academy", "company", "foundation", "association", "society", "clinic"})
_LEGAL = re.compile(r"[\s,.]*\b(?:Inc|Ltd|LLC|LLP|GmbH|Corp|Corporation|Pvt|Pte|Limited|AG|AB|SA|S\.p\.A|Srl|BV|Oy)\b")
_STROKE = re.compile(r"\s+[AKak]\Z")  # rest of A/S and K/S, which are split at the slash
_NOTES = frozenset(
    {"equal", "contribution", "contributor", "contributors", "corresponding", "investigator", "investigators", "unknown"}
)
_LONGEST = 12  # maximum number of words in a name
NamedPlaces = tuple[tuple[str, str], ...]  # (country, city or "") of each place with a name
_DAMAGED = re.compile(r"[`´¨˘ˇ^~]|\s\s|\s[\u0300-\u036f]")  # detached accents: the name is damaged


@dataclass(frozen=True, slots=True)
class Phrase:
    """A part of a string that may name an unknown organisation.

    `surface` is as typed, `name` folded, `keys` its distinctive words, rarest first. `country` and `city` are those next to it,
    or "". `rank` says how much it looks like an organisation: 2 with a word like university, 1 with one like institute, else 0.
    """

    string: int
    surface: str
    name: str
    keys: tuple[str, ...]
    country: str
    city: str
    rank: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What phrases are judged against.

    `known`: folded names of the registry. `people`: folded names of authors. `frequency`: document frequency of each term in
    `strings` strings. `rare`: maximum share of strings with a distinctive term; `few`: a count that always suffices. `letters`:
    minimum length of a single word to count as a known name. `capitals`: maximum length of a word in capitals that is not taken
    for a name.
    """

    known: Collection[str]
    people: Collection[str]
    frequency: Mapping[str, int]
    strings: int
    rare: float
    few: int = 5
    letters: int = 6
    capitals: int = 5

    def tells(self, term: str) -> bool:
        """Whether a term is rare enough to be distinctive."""
        return 0 < self.frequency.get(term, 1) <= max(self.rare * self.strings, self.few)


def count_terms(strings: Sequence[str]) -> Counter[str]:
    """Document frequency of each term (words; bigrams in scripts without blanks)."""
    out: Counter[str] = Counter()
    for tokens, words in _batches(strings):
        for k in range(len(tokens.ptr) - 1):
            out.update({w for w in words[tokens.ptr[k] : tokens.ptr[k + 1]] if w})
    return out


def find_phrases(strings: Sequence[str], around: Surroundings) -> list[Phrase]:
    """The phrases of strings; parts that contain a known name, or only a person's, yield none."""
    out, at = [], 0
    for tokens, words in _batches(strings):
        for k in range(len(tokens.ptr) - 1):
            out += _of_string(at + k, tokens, words, k, around)
        at += len(tokens.ptr) - 1
    return out


def _batches(strings: Sequence[str], size: int = 8192) -> Iterable[tuple[Tokens, list[str]]]:
    for begin in range(0, len(strings), size):
        tokens = tokenize(strings[begin : begin + size])
        yield tokens, terms(tokens)


def _of_string(string: int, tokens: Tokens, words: list[str], k: int, around: Surroundings) -> list[Phrase]:
    """At most one phrase per part between hard separators."""
    first, last = int(tokens.ptr[k]), int(tokens.ptr[k + 1])
    cuts = [i for i in range(first, last) if i == first or tokens.gap[i] >= COMMA]
    segments = list(zip(cuts, [*cuts[1:], last][: len(cuts)], strict=True))
    blocks = np.cumsum([i != first and tokens.gap[i] >= HARD for i in cuts]).tolist()
    out = []
    for block in dict.fromkeys(blocks):
        inside = [s for s, b in zip(segments, blocks, strict=True) if b == block]
        named: list[NamedPlaces] = []
        found: list[tuple[int, int, int, tuple[str, ...]]] = []
        explained = after_part = False
        for a, b in inside:
            here = tuple(w for w in tokens.words[a:b] if not w.isdigit() and roles().get(w) != "noise")
            place = _as_places(here)
            if place is not None:
                named.append(place)
                continue
            explained = explained or _has_known_name(here, around) or bool(_NOTES & set(here))
            explained = explained or _only_people(here, around)
            kinds = {roles().get(w, "") for w in tokens.words[a:b]}
            listed, after_part = after_part, "part" in kinds  # a continued list is no name: "Department of Physics, Chemistry"
            distinctive = tuple(sorted(
                {t for w, t in zip(tokens.words[a:b], words[a:b], strict=True)
                 if t and not t.isdigit() and w not in generic() and (w,) not in places() and around.tells(t)},
                key=lambda t: (around.frequency.get(t, 0), t),
            ))  # fmt: skip
            typed = tokens.repaired[k][int(tokens.start[a]) : int(tokens.end[b - 1])]
            if (
                not distinctive
                or kinds & {"part", "noise"}
                or b - a > _LONGEST
                or " ".join(here) in around.people
                or _DAMAGED.search(typed)
            ):
                continue
            after = tokens.repaired[k][int(tokens.end[b - 1]) :]
            company = "legal" in kinds or _LEGAL.search(typed) or _LEGAL.match(after)
            rank = 2 if company or _OWN & set(here) else 1 if "head" in kinds else 0
            # a name without a head counts only in first position; later it is a street or a subject, and short capitals are a
            # department
            bare = a != inside[0][0] or listed or (len(here) == 1 and typed.isupper() and len(typed) <= around.capitals)
            if not typed[0].islower() and (rank or not bare):
                found.append((rank, a, b, distinctive))
        if explained or not found:
            continue
        rank, a, b, distinctive = max(found, key=lambda f: (f[0], -f[1]))
        begin, end = int(tokens.start[a]), int(tokens.end[b - 1])
        surface = tokens.repaired[k][begin:end]
        if tokens.repaired[k][end : end + 2] in ("/s", "/S"):
            surface = _STROKE.sub("", surface)
        out.append(Phrase(string, surface, " ".join(tokens.words[a:b]), distinctive, *_location(named), rank))
    return out


def _only_people(words: tuple[str, ...], around: Surroundings) -> bool:
    """Whether the words consist of one or more author names."""
    if len(words) > 1 and " ".join(words) in around.people:
        return True
    cuts = range(2, len(words) - 1) if len(words) <= _LONGEST else ()
    return any(" ".join(words[:cut]) in around.people and _only_people(words[cut:], around) for cut in cuts)


def _has_known_name(words: tuple[str, ...], around: Surroundings) -> bool:
    """Whether the words contain a known name: of two or more words, or a single word that is long or common."""
    if " ".join(words) in around.known:
        return True
    single = (w for w in words if w in around.known and w not in generic() and (w,) not in places())
    if any(len(w) >= around.letters or not around.tells(w) for w in single):
        return True
    return any(
        " ".join(words[a:b]) in around.known and not all(w in generic() for w in words[a:b])
        for a in range(len(words))
        for b in range(a + 2, min(len(words), a + _LONGEST) + 1)
    )


@cache
def places() -> Mapping[tuple[str, ...], NamedPlaces]:
    """Folded names of places: words -> places of that name, a country first, then cities with that as main name."""
    named = [p for p in read_places() if p.kind in SPELT]
    tokens = tokenize([p.name for p in named])
    found: dict[tuple[str, ...], list[int]] = {}
    for k, place in enumerate(named):
        words = tuple(tokens.words[tokens.ptr[k] : tokens.ptr[k + 1]])
        if words and (len("".join(words)) > 2 or place.kind == COUNTRY or not words[0].isascii()):
            found.setdefault(words, []).append(k)
    out = {}
    for words, rows in found.items():
        rows.sort(key=lambda k: (named[k].kind, named[k].name != named[k].city))
        cities = named[rows[0]].kind == CITY  # a country takes precedence over cities of its name
        out[words] = tuple((named[k].country, named[k].city) for k in rows) if cities else ((named[rows[0]].country, ""),)
    return out


def _location(named: Sequence[NamedPlaces]) -> tuple[str, str]:
    """The country and city of an address, the last named of each; "" if none, or ambiguous."""
    countries = [names[0][0] for names in named if len({country for country, _ in names}) == 1]
    country = next(filter(None, reversed(countries)), "")
    cities = [names for names in named if names[0][1]]
    return country, next((city for code, city in cities[-1] if code == country), cities[-1][0][1]) if cities else ""


@cache
def _codes() -> Mapping[str, str]:
    """Subdivision codes as in addresses: "ca" -> US; valid only alone between commas."""
    return {p.name.lower(): p.country for p in read_places() if p.kind == CODE}


def _as_places(words: tuple[str, ...]) -> NamedPlaces | None:
    """The places that a part between commas may mean; None if it is no place."""
    if not words:
        return (("", ""),)
    if words in places():
        return places()[words]
    if len(words) == 1 and words[0] in _codes():
        return ((_codes()[words[0]], ""),)
    for cut in range(1, len(words)):  # "Ningbo China"
        first, second = places().get(words[:cut]), places().get(words[cut:])
        if first and second:
            return (_location([first, second]),)
    return None
