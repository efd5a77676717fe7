"""Count unambiguous mentions of institutions in papers: a prior for homonyms."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from affil.match.index import Index
from affil.match.mentions import Mentions, prepare
from affil.match.pairs import STRIDE, expand, keys_in
from affil.match.parts import parts_of
from affil.names.tokens import COMMA, HARD
from affil.registry import Registry
from affil.registry.arrays import Ints
from affil.settings import Settings
from affil.types import InstitutionKind, NameKind


def count_usage(
    strings: Mapping[str, int],
    registry: Registry,
    settings: Settings | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, int]:
    """Count mentions by unique names, or by names unique in the place that the string names; no model is used.

    A name counts if it fills a segment, is not part of a longer name, and the string names no other country (except for
    companies). Of homonyms, the only one in the named country counts, or the only one in the named city.

    Args:
        strings: affiliation strings and their number of mentions.
        registry: the registry to look names up in.
        settings: its `retrieve` part is used.
        progress: called with (strings done, total) after every batch.

    Returns:
        Mentions by id; ids without any are left out.
    """
    settings = settings or Settings()
    index = Index(registry)
    total = np.zeros(len(registry), np.int64)
    texts, mentions = list(strings), np.fromiter(strings.values(), np.int64, len(strings))
    size = settings.retrieve.batch
    for begin in range(0, len(texts), size):
        batch = texts[begin : begin + size]
        parts = parts_of(batch, index, settings.retrieve)
        prepared = prepare([parts.texts[t] for t in parts.text], index, settings.retrieve)
        part, inst = _unambiguous(prepared, index)
        string = parts.string[prepared.string[part]]
        found = np.unique(string * STRIDE + inst)  # an institution counts once per string
        np.add.at(total, found % STRIDE, mentions[begin + found // STRIDE])
        if progress:
            progress(begin + len(batch), len(texts))
    return {registry.ids[i]: int(total[i]) for i in np.flatnonzero(total)}


def _unambiguous(m: Mentions, index: Index) -> tuple[Ints, Ints]:
    """(part, institution) pairs that are unambiguous."""
    first, length, alias = m.spans
    last = first + length
    gap = np.append(m.gap, HARD)
    longest = np.zeros(len(m.word) + 1, np.int64)  # furthest end of a name that begins at each word
    np.maximum.at(longest, first, last)
    reach = np.maximum.accumulate(longest)
    before = np.concatenate([[0], reach])[first]  # furthest end of earlier names
    whole = (gap[first] >= COMMA) & (gap[last] >= COMMA) & (before < last) & (longest[first] <= last)
    who, owner = expand(index.owner_ptr, alias[whole])
    part, inst = m.part[first[whole]][who], index.owner_inst[owner]
    sole = (np.diff(index.owner_ptr)[alias[whole]] == 1)[who]
    named = np.zeros(m.count, bool)
    named[m.country // STRIDE] = True
    country = index.inst_country_id[inst].astype(np.int64)
    here = keys_in(part * STRIDE + country, m.country) | keys_in(part * STRIDE + index.wider[country], m.country)
    there = (index.inst_city_id[inst] >= 0) & keys_in(part * STRIDE + index.inst_city_id[inst], m.city)
    only = here & (np.bincount(who, here)[who] == 1)
    only |= here & there & (np.bincount(who, here & there)[who] == 1)
    sure = only | (sole & (~named[part] | (index.inst_kind[inst] == InstitutionKind.COMPANY)))
    sure &= (index.owner_kind[owner] != NameKind.VARIANT) & (index.owner_kind[owner] != NameKind.DOMAIN)
    return part[sure], inst[sure]
