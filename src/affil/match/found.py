"""What was found in a string, as the matcher keeps it: small, since many answers are remembered."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import chain, repeat
from typing import NamedTuple

import numpy as np

from affil.match.explain import READ
from affil.match.features.featurize import Pairs
from affil.match.features.table import NAMES
from affil.match.index import Index
from affil.match.mentions import Mentions
from affil.match.stated import stated_places
from affil.names import raw_span
from affil.names.ids import ids_within
from affil.registry import Registry
from affil.registry.arrays import Bools, Floats, Ints
from affil.settings import DecideSettings, Policy, RetrieveSettings
from affil.types import Stated

NOWHERE = Stated()
_READ = np.array([NAMES.index(name) for name in READ])


class Found(NamedTuple):
    """An institution found in a string: numbers of the index, the words in the raw string, and the features of `READ` as bytes.

    `chosen` tells whether it is part of the answer; the others are what else could be meant. `identifier` is what stands in the
    string where that is an id, `stated` the place that the string gives for it.
    """

    inst: int
    probability: float
    start: int
    end: int
    owner: int
    kind: int
    homonyms: int
    features: bytes
    chosen: bool
    stated: Stated
    identifier: str = ""


def found_rows(
    mentions: Mentions, pairs: Pairs, probability: Floats, rows: Ints, chosen: Bools, index: Index, settings: RetrieveSettings
) -> Iterable[Found]:
    """What is kept of some rows of pairs; `chosen` tells which are part of the answer."""
    c = pairs.candidates
    alias = c.alias[rows]
    string, first, last, inst = (
        column.tolist()
        for column in (
            mentions.string[c.string[rows]],
            mentions.start[pairs.first[rows]],
            mentions.end[pairs.last[rows] - 1],
            c.inst[rows],
        )
    )
    named = int(chosen.sum())  # they stand before the rivals, which have no place
    place = stated_places(mentions.tokens, string[:named], first[:named], last[:named], inst[:named], index, settings)
    raw, repaired = mentions.strings, mentions.tokens.repaired
    spans = [raw_span(raw[s], repaired[s], a, b) for s, a, b in zip(string, first, last, strict=True)]
    columns = (
        np.round(probability[rows], 6),
        c.owner[rows],
        c.kind[rows],
        index.owner_ptr[alias + 1] - index.owner_ptr[alias],
        chosen,
    )
    p, owner, kind, homonyms, taken = (column.tolist() for column in columns)
    start, end = zip(*spans, strict=True) if spans else ((), ())
    read = np.ascontiguousarray(pairs.features[np.ix_(rows, _READ)], np.float32)
    features = read.view(f"V{read.itemsize * len(READ)}").ravel().tolist()  # bytes, since many rows are kept
    stated = chain(place, repeat(NOWHERE))
    return map(Found, inst, p, start, end, owner, kind, homonyms, features, taken, stated)


def united(rows: list[Found], policy: Policy, rivals: bool) -> list[Found]:
    """Each institution once, by its likeliest row, and of the policy `one` only the likeliest; then rivals, if any."""
    if len(rows) < 2:
        return rows
    best: dict[int, Found] = {}
    for row in sorted(rows, key=lambda r: (not r.chosen, -r.probability)):
        best.setdefault(row.inst, row)
    left_out = [r.inst for r in best.values() if r.chosen][1:] if policy == "one" else ()
    return without(best.values(), left_out, rivals)


def most_specific(rows: list[Found], index: Index, settings: DecideSettings, rivals: bool) -> list[Found]:
    """The answer of one part: under the policy `most-specific` no institution whose child the same part names, if that is sure.

    Names that are joined in a part ("Google and ETH Zurich") are no parts of their own here: whoever writes a child and its
    parent in one breath tells where the child is. Behind a hard separator the parent is an affiliation of its own.
    """
    rows = united(rows, settings.policy, rivals)
    if len(rows) < 2 or settings.policy != "most-specific":
        return rows
    ptr, parent = index.parent_ptr, index.parent
    chosen = {r.inst: r.probability for r in rows if r.chosen}
    left_out = {
        p
        for child, sure in chosen.items()
        for p in parent[ptr[child] : ptr[child + 1]].tolist()
        if sure >= min(chosen.get(p, 0.0), settings.displaces)
    }
    return without(rows, left_out, rivals)


def without(rows: Iterable[Found], left_out: Collection[int], rivals: bool) -> list[Found]:
    """Rows of a string without some institutions, which become rivals where these are wanted."""
    if not rivals:
        return [r for r in rows if r.inst not in left_out]
    told = [r._replace(chosen=False) if r.inst in left_out else r for r in rows]
    return sorted(told, key=lambda r: (not r.chosen, -r.probability))


def moved(rows: tuple[Found, ...], start: int, end: int) -> Iterable[Found]:
    """The answer of a part with its places in the string; what was found in the places behind it ends with the part."""
    if not start:
        return rows
    return (r._replace(start=min(r.start + start, end), end=min(r.end + start, end)) for r in rows)


def identified(text: str, registry: Registry, probability: float) -> list[Found]:
    """The institutions whose ids stand in a text; they are its answer."""
    out: dict[int, Found] = {}
    for start, end, identifier in ids_within(text):
        if identifier in registry:
            inst = registry.number(registry.resolve(identifier))
            if inst not in out:
                out[inst] = Found(inst, probability, start, end, 0, 0, 1, b"", True, NOWHERE, text[start:end])
    return list(out.values())
