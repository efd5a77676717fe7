"""The index of an open registry, prepared for matching."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise, repeat
from typing import Any

import numpy as np
import pyarrow as pa
from scipy import sparse

from affil.match.pairs import STRIDE, expand
from affil.match.sequences import Sequences
from affil.names.fold import HAN, roles
from affil.registry import Registry
from affil.registry.arrays import Bools, Ints
from affil.registry.places import CODE, COUNTRY, SPELT, WIDER
from affil.settings import TEXT
from affil.types import InstitutionKind, NameKind

# Head words that distinguish kinds of organisations, as bits of a mask.
HEADS = ("university", "hospital", "institute", "college", "academy", "center", "laboratory", "foundation", "clinic", "polytechnic",
         "company", "ministry", "society", "association", "agency", "council", "school", "faculty", "department")  # fmt: skip
HAN_HEADS = {"大学": "university", "医院": "hospital", "病院": "hospital", "学院": "college", "研究": "institute", "中学": "school",
             "公司": "company", "学部": "faculty", "中心": "center"}  # fmt: skip

HOSPITAL = sum(1 << HEADS.index(h) for h in ("hospital", "clinic"))
UNIVERSITY = sum(1 << HEADS.index(h) for h in ("university", "college", "polytechnic"))
INSTITUTE = sum(1 << HEADS.index(h) for h in ("institute", "center", "laboratory", "academy", "agency", "council"))
HEAD, PART = 1, 2  # roles of words, see `Index.word_role`
PARTS = sum(1 << HEADS.index(h) for h in ("school", "faculty", "department"))

# Han names without a head: "北大", "南理工", "吉利".
_SHORT_HAN = re.compile(rf"(?:[{HAN}] )+[{HAN}](?<![院所校局部会馆室园台站厂])(?<!大 学|中 心|公 司|集 团)")
_HAN_JOINERS = frozenset("和与及暨")


class Index:
    """The arrays of a built registry (see `affil.registry.arrays`) and arrays derived from them.

    Arrays over words have an extra last entry for unknown words (-1).
    """

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        a = registry.arrays
        # tuples of text, unlike lists, are untracked by the garbage collector
        self.words: tuple[str, ...] = tuple(a.word.to_pylist())
        self.word_id: dict[str, int] = dict(zip(self.words, range(len(self.words)), strict=True))
        self.word_idf, self.word_df = a.word_idf, a.word_df
        self.delete_hash, self.delete_word = a.delete_hash, a.delete_word
        self.alias_tok, self.alias_ptr, self.alias_mass = a.alias_tok, a.alias_ptr, a.alias_mass
        self.alias_term, self.alias_term_ptr = a.alias_term, a.alias_term_ptr
        self.owner_inst, self.owner_kind, self.owner_name, self.owner_ptr = (
            a.owner_inst,
            a.owner_kind,
            a.owner_name,
            a.owner_ptr,
        )
        self.place_row, self.place_ptr, self.place_kind = a.place_row, a.place_ptr, a.place_kind
        self.place_country, self.place_region, self.place_city = a.place_country, a.place_region, a.place_city
        self.inst_country_id, self.inst_region_id, self.inst_city_id = a.inst_country_id, a.inst_region_id, a.inst_city_id
        self.inst_prominence, self.inst_fame, self.inst_usage = a.inst_prominence, a.inst_prominence_raw, a.inst_usage
        self.parent, self.parent_ptr = a.parent, a.parent_ptr
        self.name_sequences = Sequences(a.span_hash, a.span_value, len(self.words))
        self.place_sequences = Sequences(a.place_hash, a.place_value, len(self.words))
        self.kept: dict[Any, Any] = {}  # caches of searches, see `affil.match.nearest`

    def numbers(self, words: Sequence[str]) -> Ints:
        """The numbers of words; -1 for unknown ones."""
        return np.fromiter(map(self.word_id.get, words, repeat(-1)), np.int32, len(words))

    def names(self, owners: Ints) -> list[str]:
        """The names, as the registry writes them, by which owners have theirs."""
        chosen = np.ascontiguousarray(self.owner_name[owners], np.int32)
        # pa.array() imports pandas
        numbers = pa.Array.from_buffers(pa.int32(), len(chosen), [None, pa.py_buffer(chosen)])
        out: list[str] = self.registry.arrays.name_value.take(numbers).to_pylist()
        return out

    @cached_property
    def postings(self) -> sparse.csr_matrix:
        """Terms x names matrix of normalised idf weights."""
        a = self.registry.arrays
        shape = (len(self.words), len(self.alias_ptr) - 1)
        # copied, since sparse_dot_topn rejects read-only arrays
        parts = (a.posting_data.copy(), a.posting_indices.copy(), a.posting_indptr.astype(np.int32))
        return sparse.csr_matrix(parts, shape=shape)

    @cached_property
    def alias_text(self) -> tuple[str, ...]:
        """Folded names."""
        return tuple(self.registry.arrays.alias_text.to_pylist())

    @cached_property
    def inst_kind(self) -> Ints:
        """The kind of each institution, an `InstitutionKind`."""
        number = {kind.word: int(kind) for kind in InstitutionKind}
        return np.array([number[k] for k in self.registry.arrays.inst_kind.to_pylist()], np.int8)

    @cached_property
    def inst_closed(self) -> Bools:
        """Whether each institution is closed."""
        return np.array([s != "active" for s in self.registry.arrays.inst_status.to_pylist()], bool)

    @cached_property
    def country_code(self) -> list[str]:
        """ISO 3166-1 codes by country number."""
        out: list[str] = self.registry.arrays.country_code.to_pylist()
        return out

    @cached_property
    def region_code(self) -> list[str]:
        """ISO 3166-2 codes by region number; the first is ""."""
        out: list[str] = self.registry.arrays.region_code.to_pylist()
        return out

    @cached_property
    def city_name(self) -> list[str]:
        """City names by city number."""
        out: list[str] = self.registry.arrays.city_name.to_pylist()
        return out

    @cached_property
    def city_region(self) -> Ints:
        """The region number of each city, by its institutions; 0 if it has none."""
        out = np.zeros(len(self.registry.arrays.city_name), np.int64)
        placed = (self.inst_city_id >= 0) & (self.inst_region_id > 0)
        out[self.inst_city_id[placed]] = self.inst_region_id[placed]
        return out

    @cached_property
    def city_size(self) -> Ints:
        """The number of institutions in each city."""
        return np.bincount(self.inst_city_id[self.inst_city_id >= 0], minlength=len(self.registry.arrays.city_name))

    @cached_property
    def place_spelt(self) -> Bools:
        """Whether each place name is a spelt-out name rather than only a code ("CA")."""
        return self._named_as(*SPELT)

    @cached_property
    def place_coded(self) -> Bools:
        """Whether each place name is a region code ("CA")."""
        return self._named_as(CODE)

    @cached_property
    def place_country_name(self) -> Bools:
        """Whether each place name is the name of a country."""
        return self._named_as(COUNTRY)

    def _named_as(self, *kinds: int) -> Bools:
        """Whether each place name means a place of the given kinds."""
        several = np.concatenate([[0], np.cumsum(np.isin(self.place_kind[self.place_row], kinds))])
        out: Bools = several[self.place_ptr[1:]] > several[self.place_ptr[:-1]]
        return out

    @cached_property
    def inst_children(self) -> Ints:
        """The number of children of each institution."""
        return np.bincount(self.parent, minlength=len(self.parent_ptr) - 1)

    @cached_property
    def ancestry(self) -> Ints:
        """Sorted codes (institution * STRIDE + ancestor) of all pairs of an institution and another above it, at any height."""
        known = np.zeros(0, np.int64)
        child, at = expand(self.parent_ptr, np.arange(len(self.parent_ptr) - 1))
        new = child * STRIDE + self.parent[at]
        while len(new):  # one step higher each time, until nothing is new: parents may form circles
            known = np.union1d(known, new)
            who, at = expand(self.parent_ptr, known % STRIDE)
            new = np.setdiff1d((known // STRIDE)[who] * STRIDE + self.parent[at], known)
        others: Ints = known[known // STRIDE != known % STRIDE]
        return others

    @cached_property
    def inst_alias(self) -> Ints:
        """The display alias of each institution: its name, or the most official indexed alias."""
        owner_alias = np.repeat(np.arange(len(self.owner_ptr) - 1), np.diff(self.owner_ptr))
        order = np.lexsort((self.owner_name, self.owner_kind, self.owner_inst))
        inst = self.owner_inst[order]
        first = np.concatenate([[True], inst[1:] != inst[:-1]]) if len(inst) else np.zeros(0, bool)
        out = np.zeros(len(self.parent_ptr) - 1, np.int64)
        out[inst[first]] = owner_alias[order][first]
        return out

    @cached_property
    def alias_initial(self) -> Ints:
        """For each alias of one word with at most `TEXT.spelt_acronym` letters: their character codes, padded with 0."""
        out = np.zeros((len(self.alias_text), TEXT.spelt_acronym), np.uint8)
        for i, text in enumerate(self.alias_text):
            if len(text) <= TEXT.spelt_acronym and text.isascii() and text.isalpha():
                out[i, : len(text)] = np.frombuffer(text.encode(), np.uint8)
        return out

    @cached_property
    def alias_letters(self) -> Ints:
        """The number of characters of each alias."""
        return np.array([len(text) for text in self.alias_text], np.int16)

    @cached_property
    def wider(self) -> Ints:
        """The number of the wider country of each country (Hong Kong: China), or its own."""
        codes: list[str] = self.registry.arrays.country_code.to_pylist()
        number = {c: i for i, c in enumerate(codes)}
        return np.array([number.get(WIDER.get(c, c), i) for i, c in enumerate(codes)], np.int16)

    @cached_property
    def word_head(self) -> Ints:
        """The bit of each head word, 0 for other words."""
        bits = {h: 1 << i for i, h in enumerate(HEADS)}
        bits |= {han: bits[h] for han, h in HAN_HEADS.items()}
        out = np.zeros(len(self.words) + 1, np.int32)
        for word, bit in bits.items():
            if word in self.word_id:
                out[self.word_id[word]] = bit
        return out

    @cached_property
    def word_role(self) -> Ints:
        """HEAD for head words, PART for words of parts (department), 0 for others."""
        out = np.zeros(len(self.words) + 1, np.int8)
        for word, role in roles().items():
            if word in self.word_id:
                out[self.word_id[word]] = {"head": HEAD, "part": PART}.get(role, 0)
        return out

    @cached_property
    def branches(self) -> dict[int, frozenset[str]]:
        """Next words of children's names, by the alias of the parent that begins them: "Berkeley" for "University of
        California".
        """
        alias = np.repeat(np.arange(len(self.owner_ptr) - 1), np.diff(self.owner_ptr))
        named = np.flatnonzero((self.owner_kind < NameKind.VARIANT) & (self.owner_kind != NameKind.DOMAIN))
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
        """Sorted codes of all pairs of adjacent words in names."""
        pairs = self.alias_tok[:-1].astype(np.int64) * len(self.words) + self.alias_tok[1:]
        return np.unique(np.delete(pairs, self.alias_ptr[1:-1] - 1))

    def beside(self, first: int, second: int) -> bool:
        """Whether some name has `first` immediately before `second`."""
        key = first * len(self.words) + second
        at = int(np.searchsorted(self._beside, key))
        return at < len(self._beside) and bool(self._beside[at] == key)

    @cached_property
    def alias_short_han(self) -> Bools:
        """Whether each alias is a short Han form, which means nothing within a longer name."""
        return np.array([_SHORT_HAN.fullmatch(text) is not None for text in self.alias_text], bool)

    @cached_property
    def word_han(self) -> Bools:
        """Whether each word is a Han character other than a conjunction."""
        han = re.compile(f"[{HAN}]")
        return np.array([han.fullmatch(w) is not None and w not in _HAN_JOINERS for w in self.words] + [False], bool)

    @cached_property
    def alias_head(self) -> Ints:
        """The mask of head words of each alias."""
        heads = np.append(self.word_head[self.alias_term], 0)
        return np.bitwise_or.reduceat(heads, self.alias_term_ptr[:-1])

    @cached_property
    def number_word(self) -> Bools:
        """Whether each word is a number or an ordinal."""
        ordinals = {"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"}
        return np.array([w.isdigit() or w in ordinals for w in self.words] + [False], bool)

    @cached_property
    def alias_numbers(self) -> Ints:
        """The number of numbers and ordinals in each alias."""
        is_number = np.append(self.number_word[self.alias_tok], False)
        return np.add.reduceat(is_number.astype(np.int16), self.alias_ptr[:-1])
