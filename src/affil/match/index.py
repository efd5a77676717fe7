"""The opened index of a registry, as matching reads it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise, repeat
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from affil.names.fold import HAN, roles
from affil.names.tokens import COMMA, HARD
from affil.registry import Registry
from affil.registry.index import NAME_KINDS, extend
from affil.registry.places import CODE, COUNTRY, SPELT, WIDER
from affil.settings import TEXT
from affil.types import KINDS as KINDS  # what `inst_kind` numbers

Ints = npt.NDArray[Any]
Floats = npt.NDArray[Any]

# Head words that make one organisation another kind of organisation, as bits of a mask.
HEADS = ("university", "hospital", "institute", "college", "academy", "center", "laboratory", "foundation", "clinic", "polytechnic",
         "company", "ministry", "society", "association", "agency", "council", "school", "faculty", "department")  # fmt: skip
HAN_HEADS = {"大学": "university", "医院": "hospital", "病院": "hospital", "学院": "college", "研究": "institute", "中学": "school",
             "公司": "company", "学部": "faculty", "中心": "center"}  # fmt: skip

HOSPITAL = sum(1 << HEADS.index(h) for h in ("hospital", "clinic"))
UNIVERSITY = sum(1 << HEADS.index(h) for h in ("university", "college", "polytechnic"))
INSTITUTE = sum(1 << HEADS.index(h) for h in ("institute", "center", "laboratory", "academy", "agency", "council"))
PARTS = sum(1 << HEADS.index(h) for h in ("school", "faculty", "department"))

# Names in Han without a word that says what they are: "北大", "南理工", "吉利".
_SHORT_HAN = re.compile(rf"(?:[{HAN}] )+[{HAN}](?<![院所校局部会馆室园台站厂])(?<!大 学|中 心|公 司|集 团)")
_VOCATIONAL = ("职业", "专科", "技师", "技工")
_HAN_JOINERS = frozenset("和与及暨")


class Index:
    """Arrays of a built registry, those that are looked up by word as dictionaries."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        store = registry.store
        # long lists of text as tuples, which the garbage collector stops looking through
        words: tuple[str, ...] = tuple(store.strings("word").to_pylist())
        self.words = words
        self.word_id: dict[str, int] = dict(zip(words, range(len(words)), strict=True))
        for name in ("word_idf", "word_df", "delete_hash", "delete_word", "alias_tok", "alias_ptr", "alias_term", "alias_term_ptr",
                     "alias_mass", "owner_inst", "owner_kind", "owner_name", "owner_ptr", "span_hash", "span_value", "place_hash",
                     "place_value", "place_row", "place_ptr", "place_kind", "place_country", "place_region", "place_city",
                     "inst_country_id", "inst_region_id", "inst_city_id", "inst_prominence", "inst_usage", "parent", "parent_ptr"):  # fmt: skip
            setattr(self, name, store.array(name))
        self.kept: dict[Any, Any] = {}  # what searches keep with the index, see `affil.match.nearest`
        self.inst_fame = store.array("inst_prominence_raw")
        self.kind_acronym, self.kind_variant, self.kind_domain = (NAME_KINDS.index(k) for k in ("acronym", "variant", "domain"))

    def __getattr__(self, name: str) -> npt.NDArray[Any]:  # tells the type checker what __init__ sets
        raise AttributeError(name)

    def numbers(self, words: Sequence[str]) -> Ints:
        """The numbers of words, -1 for unknown ones."""
        return np.fromiter(map(self.word_id.get, words, repeat(-1)), np.int32, len(words))

    @cached_property
    def postings(self) -> sparse.csr_matrix:
        """Terms x names: normalised idf weights."""
        s = self.registry.store
        shape = (len(self.words), len(self.alias_ptr) - 1)
        # copied, since sparse_dot_topn takes no read-only arrays
        parts = [s.array(f"posting_{part}").copy() for part in ("data", "indices", "indptr")]
        return sparse.csr_matrix((parts[0], parts[1].astype(np.int32), parts[2].astype(np.int32)), shape=shape)

    @cached_property
    def alias_text(self) -> tuple[str, ...]:
        """Folded names."""
        return tuple(self.registry.store.strings("alias_text").to_pylist())

    @cached_property
    def inst_kind(self) -> Ints:
        """For each institution its kind, as a number of `KINDS`."""
        number = {k: i for i, k in enumerate(KINDS)}
        return np.array([number[k] for k in self.registry.store.strings("inst_kind").to_pylist()], np.int8)

    @cached_property
    def inst_closed(self) -> Ints:
        """For each institution whether it is no longer active."""
        return np.array([s != "active" for s in self.registry.store.strings("inst_status").to_pylist()], bool)

    @cached_property
    def country_code(self) -> list[str]:
        """ISO 3166-1 codes, by the number of the country."""
        out: list[str] = self.registry.store.strings("country_code").to_pylist()
        return out

    @cached_property
    def region_code(self) -> list[str]:
        """ISO 3166-2 codes, by the number of the region; the first is ""."""
        out: list[str] = self.registry.store.strings("region_code").to_pylist()
        return out

    @cached_property
    def city_name(self) -> list[str]:
        """How cities are written, by their number."""
        out: list[str] = self.registry.store.strings("city_name").to_pylist()
        return out

    @cached_property
    def city_region(self) -> Ints:
        """For each city the number of the region that its institutions are in, 0 where there are none."""
        out = np.zeros(len(self.registry.store.strings("city_name")), np.int64)
        placed = (self.inst_city_id >= 0) & (self.inst_region_id > 0)
        out[self.inst_city_id[placed]] = self.inst_region_id[placed]
        return out

    @cached_property
    def city_size(self) -> Ints:
        """For each city the number of its institutions."""
        return np.bincount(self.inst_city_id[self.inst_city_id >= 0], minlength=len(self.registry.store.strings("city_name")))

    @cached_property
    def place_spelt(self) -> Ints:
        """For each sequence of words that names places whether it names one other than by a code ("CA")."""
        return self._named_as(*SPELT)

    @cached_property
    def place_coded(self) -> Ints:
        """For each sequence of words that names places whether it is a code of a region ("CA")."""
        return self._named_as(CODE)

    @cached_property
    def place_country_name(self) -> Ints:
        """For each sequence of words that names places whether it is the name of a country."""
        return self._named_as(COUNTRY)

    def _named_as(self, *kinds: int) -> Ints:
        """For each sequence of words that names places whether it names one of some kinds."""
        several = np.concatenate([[0], np.cumsum(np.isin(self.place_kind[self.place_row], kinds))])
        out: Ints = several[self.place_ptr[1:]] > several[self.place_ptr[:-1]]
        return out

    @cached_property
    def inst_children(self) -> Ints:
        """For each institution the number of its children."""
        return np.bincount(self.parent, minlength=len(self.parent_ptr) - 1)

    @cached_property
    def inst_alias(self) -> Ints:
        """For each institution the name to show, or its most official one that is indexed."""
        owner_alias = np.repeat(np.arange(len(self.owner_ptr) - 1), np.diff(self.owner_ptr))
        order = np.lexsort((self.owner_name, self.owner_kind, self.owner_inst))
        inst = self.owner_inst[order]
        first = np.concatenate([[True], inst[1:] != inst[:-1]]) if len(inst) else np.zeros(0, bool)
        out = np.zeros(len(self.parent_ptr) - 1, np.int64)
        out[inst[first]] = owner_alias[order][first]
        return out

    @cached_property
    def alias_initial(self) -> Ints:
        """For each name that is one word of at most `TEXT.spelt_acronym` letters: the letters as codes, 0 behind them."""
        out = np.zeros((len(self.alias_text), TEXT.spelt_acronym), np.uint8)
        for i, text in enumerate(self.alias_text):
            if len(text) <= TEXT.spelt_acronym and text.isascii() and text.isalpha():
                out[i, : len(text)] = np.frombuffer(text.encode(), np.uint8)
        return out

    @cached_property
    def alias_letters(self) -> Ints:
        """For each name the number of its characters."""
        return np.array([len(text) for text in self.alias_text], np.int16)

    @cached_property
    def wider(self) -> Ints:
        """For each country the number of the country that also stands for it (Hong Kong: China), or itself."""
        codes: list[str] = self.registry.store.strings("country_code").to_pylist()
        number = {c: i for i, c in enumerate(codes)}
        return np.array([number.get(WIDER.get(c, c), i) for i, c in enumerate(codes)], np.int16)

    @cached_property
    def word_head(self) -> Ints:
        """For each word the bit of its head word, or 0."""
        bits = {h: 1 << i for i, h in enumerate(HEADS)}
        bits |= {han: bits[h] for han, h in HAN_HEADS.items()}
        out = np.zeros(len(self.words) + 1, np.int32)
        for word, bit in bits.items():
            if word in self.word_id:
                out[self.word_id[word]] = bit
        return out

    @cached_property
    def word_role(self) -> Ints:
        """For each word 1 for a head word, 2 for a word of parts (department), 0 for others."""
        out = np.zeros(len(self.words) + 1, np.int8)
        for word, role in roles().items():
            if word in self.word_id:
                out[self.word_id[word]] = {"head": 1, "part": 2}.get(role, 0)
        return out

    @cached_property
    def branches(self) -> dict[int, frozenset[str]]:
        """For names that names of the institution's children begin with, the next words of these: "Berkeley" behind "University of
        California".
        """
        alias = np.repeat(np.arange(len(self.owner_ptr) - 1), np.diff(self.owner_ptr))
        named = np.flatnonzero((self.owner_kind < self.kind_variant) & (self.owner_kind != self.kind_domain))
        named = named[np.argsort(self.owner_inst[named], kind="stable")]
        ptr = np.searchsorted(self.owner_inst[named], np.arange(len(self.parent_ptr)))
        of = [alias[named[a:b]].tolist() for a, b in pairwise(ptr.tolist())]
        child = np.repeat(np.arange(len(self.parent_ptr) - 1), np.diff(self.parent_ptr))
        out: dict[int, set[str]] = defaultdict(set)
        for below, above in zip(child.tolist(), self.parent.tolist(), strict=True):
            for whole in of[below]:
                text = self.alias_text[whole]
                for begin in of[above]:
                    if text.startswith(start := self.alias_text[begin] + " ") and " " in start[:-1]:
                        out[begin].add(text[len(start) :].split(" ", 1)[0])
        return {begin: frozenset(words) for begin, words in out.items()}

    @cached_property
    def _beside(self) -> Ints:
        """All pairs of words that stand beside each other in some name, as sorted numbers."""
        pairs = self.alias_tok[:-1].astype(np.int64) * len(self.words) + self.alias_tok[1:]
        return np.unique(np.delete(pairs, self.alias_ptr[1:-1] - 1))

    def beside(self, first: int, second: int) -> bool:
        """Whether some name has the one word right before the other."""
        key = first * len(self.words) + second
        at = int(np.searchsorted(self._beside, key))
        return at < len(self._beside) and bool(self._beside[at] == key)

    @cached_property
    def alias_short_han(self) -> Ints:
        """For each name whether it is a short form in Han, which says nothing within a longer name."""
        return np.array([_SHORT_HAN.fullmatch(text) is not None for text in self.alias_text], bool)

    @cached_property
    def _word_han(self) -> Ints:
        """For each word whether it is a character of Han that does not join two names."""
        han: Ints = np.array(
            [re.fullmatch(f"[{HAN}]", w) is not None and w not in _HAN_JOINERS for w in self.words] + [False], bool
        )
        return han

    def _within_another(self, first: Ints, length: Ints, word: Ints, gap: Ints, most: int) -> Ints:
        """Which short forms in Han are only letters of another's name.

        They begin within a place ("湖(北理工)学院"), or name a vocational college or a hospital ("山东理工职业学院", "同济医院").
        """
        size, last = len(word), first + length
        begin, long, _ = self.find("place", word, gap, most)
        reach = np.zeros(size + 1, np.int64)  # how far a place reaches that begins before each word, and within no other
        order = np.lexsort((-long, begin))
        for at, end in zip(begin[order].tolist(), (begin + long)[order].tolist(), strict=True):
            if at >= reach[at]:
                reach[at + 1 : end] = end
        vocational = np.any([self._pair(text, word) for text in _VOCATIONAL], axis=0)
        ahead = np.minimum.accumulate(np.where(vocational, np.arange(size + 1), size)[::-1])[::-1]
        han = np.append(self._word_han[word], False)
        run = np.cumsum((np.append(gap, HARD) >= COMMA) | ~han | ~np.append(True, han[:-1]))
        inside = (reach[first] > first) & (reach[first] < last)
        lost: Ints = inside | self._pair("医院", word)[last] | (run[ahead[last]] == run[last - 1])
        return lost

    def _pair(self, text: str, word: Ints) -> Ints:
        """Where two characters stand beside each other in a batch of words, and False at its end."""
        a, b = (self.word_id.get(c, -2) for c in text)
        found: Ints = np.append((word == a) & (np.append(word[1:], -1) == b), False)
        return found

    @cached_property
    def alias_head(self) -> Ints:
        """For each name the mask of its head words."""
        heads = np.append(self.word_head[self.alias_term], 0)
        return np.bitwise_or.reduceat(heads, self.alias_term_ptr[:-1])

    @cached_property
    def number_word(self) -> Ints:
        """For each word whether it is a number or an ordinal."""
        ordinals = {"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"}
        return np.array([w.isdigit() or w in ordinals for w in self.words] + [False], bool)

    @cached_property
    def alias_numbers(self) -> Ints:
        """For each name how many of its words are numbers or ordinals."""
        is_number = np.append(self.number_word[self.alias_tok], False)
        return np.add.reduceat(is_number.astype(np.int16), self.alias_ptr[:-1])

    @cached_property
    def _starts(self) -> dict[str, npt.NDArray[np.bool_]]:
        out = {}
        ids = np.arange(len(self.words), dtype=np.int32)
        for table in ("span", "place"):
            hashes = self.registry.store.array(f"{table}_hash")
            own = extend(np.zeros(len(ids), np.uint64), ids)
            at = np.minimum(np.searchsorted(hashes, own), len(hashes) - 1)
            out[table] = np.append(hashes[at] == own, False)
        return out

    def find(self, table: str, word: Ints, gap: Ints, most: int) -> tuple[Ints, Ints, Ints]:
        """Every place where a sequence of the table stands in a batch of words: first word, number of words, sequence.

        All positions grow by one word at a time, and only those stay whose words so far begin some sequence; so a batch costs
        a few array operations, whatever the number of sequences (the job of Aho and Corasick's automaton, on flat memory).
        A sequence never runs over a HARD gap (see `affil.names.tokens`), nor over an unknown word (-1). Of names, short forms in
        Han that are part of another's name are left out.
        """
        hashes, values = self.registry.store.array(f"{table}_hash"), self.registry.store.array(f"{table}_value")
        alive = np.flatnonzero(self._starts[table][word])
        state = np.zeros(len(alive), np.uint64)
        first, length, sequence = [], [], []
        hard = np.append(gap >= HARD, True)
        words = np.append(word, -1).astype(np.int32)
        for depth in range(most):
            if depth:
                here = alive + depth
                ok = (here < len(word)) & ~hard[np.minimum(here, len(word))] & (words[np.minimum(here, len(word))] >= 0)
                alive, state = alive[ok], state[ok]
            if not len(alive):
                break
            state = extend(state, words[alive + depth])
            at = np.minimum(np.searchsorted(hashes, state), len(hashes) - 1)
            ok = hashes[at] == state
            alive, state, at = alive[ok], state[ok], at[ok]
            ends = values[at] >= 0
            first.append(alive[ends])
            length.append(np.full(ends.sum(), depth + 1, np.int32))
            sequence.append(values[at[ends]])
        empty = np.zeros(0, np.int64)
        if not first:
            return empty, empty, empty
        found = np.concatenate(first), np.concatenate(length), np.concatenate(sequence)
        if table == "span" and (short := np.flatnonzero(self.alias_short_han[found[2]])).size:
            lost = short[self._within_another(found[0][short], found[1][short], word, gap, most)]
            found = np.delete(found[0], lost), np.delete(found[1], lost), np.delete(found[2], lost)
        return found
