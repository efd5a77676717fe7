"""Why texts name no institution, of all texts of a batch at once; `affil.match.why_not` puts it into words for one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from affil.match.features.featurize import Pairs
from affil.match.features.table import NAMES
from affil.match.index import Index
from affil.match.mentions import Mentions
from affil.match.pairs import STRIDE, expand, keys_in, rank_within
from affil.names import tokenize
from affil.names.fold import generic
from affil.registry.arrays import Bools, Floats, Ints
from affil.types import Match, NameKind

_COLUMN = {
    name: NAMES.index(name)
    for name in ("exact", "coverage", "country_agrees", "city_agrees", "country_differs", "city_differs")
}
# Where no candidate is near, by what words there are; of the parts of a string the last of these is told.
_WORDS = ("no_words", "generic_words", "place_only", "nothing_named")


class Lack(NamedTuple):
    """Why a text names none: a key of `affil.match.why_not.NOTHING`, the number of the nearest institution, -1 without one, and who
    decided so and why, where a person did.

    Of several parts of a string that with the highest `rank` is told. `owner` is the number of the nearest one's name in the index,
    `probability` what the model gives it, and `there` the words of the text that it lacks some of, as the model reads them.
    """

    why: str
    nearest: int = -1
    rank: float = -1.0
    words: str = ""
    owner: int = -1
    probability: float = 0.0
    there: tuple[str, ...] = ()


class Ranked(tuple[Match, ...]):
    """The institutions of one string, those chosen first (`Matcher.ranked`), and why none is chosen, where that is so."""

    lack: Lack | None

    def __new__(cls, matches: Iterable[Match] = (), lack: Lack | None = None) -> Ranked:
        """Of these matches."""
        made = super().__new__(cls, matches)
        made.lack = lack
        return made

    @property
    def why(self) -> str:
        """Why none is chosen, a key of `affil.match.NOTHING`; "" where one is."""
        return self.lack.why if self.lack else ""


def lacks(m: Mentions, pairs: Pairs, probability: Floats, texts: Bools, index: Index, near: float) -> dict[int, Lack]:
    """Why each of some texts of a batch names none, by the number of the text.

    The nearest candidate is the most probable of those whose name stands there word for word, or of which enough does, a distinctive word
    too; but first comes a name that stands there with another place.

    Args:
        m: the batch.
        pairs: its candidates with their features.
        probability: of each candidate.
        texts: which texts it is asked of.
        index: the index.
        near: the least share of a name's weight.
    """
    if not texts.any():  # as of most batches of one string
        return {}
    text_of_word = m.string[m.part]
    asked = np.flatnonzero(texts[text_of_word])
    general = generic()
    named = np.fromiter((not (m.words[i] in general or m.words[i].isdigit()) for i in asked.tolist()), bool, len(asked))
    telling = asked[named & ~m.place[asked]]
    kind = np.zeros(len(texts), np.int8)
    for number, words in enumerate((asked, asked[m.place[asked]], telling), 1):
        kind[text_of_word[words]] = number
    out = {
        text: Lack(_WORDS[k], rank=k - len(_WORDS))
        for text, k in zip(np.flatnonzero(texts).tolist(), kind[texts].tolist(), strict=True)
    }
    rows, elsewhere = _nearest(m, pairs, probability, texts, telling, index, near)
    text = m.string[pairs.candidates.string[rows]]
    exact = pairs.features[rows, _COLUMN["exact"]] > 0
    alias = pairs.candidates.alias[rows]
    several = index.owner_ptr[alias + 1] - index.owner_ptr[alias] > 1
    whose, slot = expand(index.alias_term_ptr, alias)
    there = np.unique(text_of_word[asked] * STRIDE + m.term[asked])
    missing = np.bincount(whose, ~keys_in(text[whose] * STRIDE + index.alias_term[slot], there), len(rows)) > 0
    why = np.select(
        [exact & elsewhere, exact & several, ~exact & missing],
        ["homonym_elsewhere", "several_bear", "name_incomplete"],
        "below_threshold",
    )
    rank = probability[rows] + (exact & elsewhere)
    c = pairs.candidates
    begin, end = np.searchsorted(text_of_word, text), np.searchsorted(text_of_word, text, side="right")
    told = (column.tolist() for column in (text, why, c.inst[rows], rank, c.owner[rows], probability[rows], begin, end))
    return out | {
        t: Lack(w, inst, r, owner=owner, probability=p, there=tuple(m.words[a:b]))
        for t, w, inst, r, owner, p, a, b in zip(*told, strict=True)
    }


def _nearest(
    m: Mentions, pairs: Pairs, probability: Floats, texts: Bools, telling: Ints, index: Index, near: float
) -> tuple[Ints, Bools]:
    """The row of the nearest candidate of each text that has one, and whether the text names another place than where that is."""
    c = pairs.candidates
    rows = np.flatnonzero(texts[m.string[c.string]])
    f = {name: pairs.features[rows, column] for name, column in _COLUMN.items()}
    text, exact = m.string[c.string[rows]], f["exact"] > 0
    elsewhere = (f["country_differs"] > 0) | (f["city_differs"] > 0)
    elsewhere &= ~m.places_within(c.string[rows], pairs.first[rows], pairs.last[rows])
    elsewhere &= (f["country_agrees"] == 0) & (f["city_agrees"] == 0)
    kept = exact.copy()
    enough = np.flatnonzero(~exact & (f["coverage"] >= near) & (c.kind[rows] != NameKind.DOMAIN))  # "edu" is no missing word
    distinctive = np.unique(m.string[m.part[telling]] * STRIDE + m.word[telling])
    whose, slot = expand(index.alias_ptr, c.alias[rows[enough]])
    enough = enough[_shared(text[enough], whose, index.alias_tok[slot], distinctive)]
    names = tokenize(
        index.names(c.owner[rows[enough]])
    )  # of the name itself, too: not "seek" of DeepSeek, which is found as two words
    whose = np.repeat(np.arange(len(enough)), np.diff(names.ptr))
    kept[enough] = _shared(text[enough], whose, index.numbers(names.words), distinctive)
    left = np.flatnonzero(kept)
    best = left[rank_within(text[left], ~(exact & elsewhere)[left], -probability[rows[left]]) == 0]
    return rows[best], elsewhere[best]


def _shared(text: Ints, whose: Ints, word: Ints, distinctive: Ints) -> Bools:
    """Whether a distinctive word of its text (keys of both) is among the words of each name, which are given with whose they are."""
    return np.bincount(whose, keys_in(text[whose] * STRIDE + word, distinctive), len(text)) > 0
