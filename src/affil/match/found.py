"""Compact form of an institution found in a string, for caching."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import chain, repeat
from typing import NamedTuple

import numpy as np

from affil.match.decided import Decided
from affil.match.explain import READ
from affil.match.features.featurize import Pairs
from affil.match.features.table import NAMES
from affil.match.index import Index
from affil.match.lacking import Lack
from affil.match.mentions import Mentions
from affil.match.pairs import STRIDE, keys_in
from affil.match.stated import stated_places
from affil.names import raw_span
from affil.names.ids import ids_within
from affil.registry import Registry
from affil.registry.arrays import Floats, Ints
from affil.settings import DecideSettings, Policy, RetrieveSettings
from affil.types import Stated

NOWHERE = Stated()
_READ = np.array([NAMES.index(name) for name in READ])
_ANOTHER_PLACE = np.array(
    [READ.index(name) for name in ("country_differs", "city_differs")]
)  # said of places beside the name only


class Answer(NamedTuple):
    """The institutions chosen for a text, then rivals if those are wanted; where none is chosen, why."""

    rows: Sequence[Found]
    lack: Lack | None


class Found(NamedTuple):
    """An institution found in a string: numbers of the index, the span in the raw string, and the features of `READ` as bytes.

    `chosen`: it is part of the answer, rather than a rival. `identifier` is the id if the string contains one, `stated` the
    place that the string gives for it, `parents` the institutions above it that are named beside it, `decided` who decided on it, and why,
    where a person did.
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
    parents: tuple[int, ...] = ()
    decided: str = ""


def found_rows(
    mentions: Mentions,
    pairs: Pairs,
    probability: Floats,
    rows: Ints,
    parents: Sequence[tuple[int, ...]],
    index: Index,
    settings: RetrieveSettings,
) -> Iterable[Found]:
    """Make `Found` records of rows of pairs; the first are those of the answer, each with its named parents, and rivals follow."""
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
    named = len(parents)  # chosen rows; rivals have no stated place
    place = stated_places(mentions.tokens, string[:named], first[:named], last[:named], inst[:named], index, settings)
    raw, repaired = mentions.strings, mentions.tokens.repaired
    spans = [raw_span(raw[s], repaired[s], a, b) for s, a, b in zip(string, first, last, strict=True)]
    columns = (
        np.round(probability[rows], 6),
        c.owner[rows],
        c.kind[rows],
        index.owner_ptr[alias + 1] - index.owner_ptr[alias],
        np.arange(len(rows)) < named,
    )
    p, owner, kind, homonyms, taken = (column.tolist() for column in columns)
    start, end = zip(*spans, strict=True) if spans else ((), ())
    read = np.ascontiguousarray(pairs.features[np.ix_(rows, _READ)], np.float32)
    read[np.ix_(mentions.places_within(c.string[rows], pairs.first[rows], pairs.last[rows]), _ANOTHER_PLACE)] = 0
    features = read.view(f"V{read.itemsize * len(READ)}").ravel().tolist()  # bytes to save memory
    stated = chain(place, repeat(NOWHERE))
    above = chain(parents, repeat(()))
    return map(Found, inst, p, start, end, owner, kind, homonyms, features, taken, stated, repeat(""), above)


def united(rows: list[Found], policy: Policy, rivals: bool) -> list[Found]:
    """Deduplicate institutions by their likeliest row, which gets the named parents of all; under the policy `one` only the likeliest is
    chosen. Rivals follow.
    """
    if len(rows) < 2:
        return rows
    best: dict[int, Found] = {}
    for row in sorted(rows, key=lambda r: (not r.chosen, -r.probability)):
        kept = best.setdefault(row.inst, row)
        if {*row.parents} - {*kept.parents}:
            best[row.inst] = kept._replace(parents=tuple(sorted({*kept.parents, *row.parents})))
    left_out = [r.inst for r in best.values() if r.chosen][1:] if policy == "one" else ()
    return without(best.values(), left_out, rivals)


def most_specific(rows: list[Found], index: Index, settings: DecideSettings, rivals: bool) -> list[Found]:
    """The answer of one part; `most-specific` drops parents of institutions named with certainty in the same part.

    Joined names ("Google and ETH Zurich") count as one part here: a parent next to its child only locates the child. After a
    hard separator it is an affiliation of its own.
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
    """Remove institutions from the answer; they become rivals if those are wanted."""
    if not rivals:
        return [r for r in rows if r.inst not in left_out]
    marked = [r._replace(chosen=False) if r.inst in left_out else r for r in rows]
    return sorted(marked, key=lambda r: (not r.chosen, -r.probability))


def moved(rows: tuple[Found, ...], start: int, end: int) -> Iterable[Found]:
    """Shift the rows of a part to offsets in the string, clipped to the part (its text may have places appended)."""
    if not start:
        return rows
    return (r._replace(start=min(r.start + start, end), end=min(r.end + start, end)) for r in rows)


def decided_rows(one: Decided, registry: Registry) -> list[Found]:
    """The institutions that a person decided on.

    Raises:
        UnknownIdError: the registry lacks one of them.
    """
    numbers = dict.fromkeys(registry.number(i) for i in one.ids)
    return [Found(inst, 1.0, 0, 0, 0, 0, 1, b"", True, NOWHERE, decided=one.words) for inst in numbers]


def identified(text: str, registry: Registry, probability: float, own: Sequence[Found], index: Index) -> list[Found]:
    """The institutions whose ids occur in a text, which are its answer in the place of `own`, those that it names."""
    out: dict[int, Found] = {}
    for start, end, identifier in ids_within(text):
        if identifier in registry:
            inst = registry.number(registry.resolve(identifier))
            if inst not in out:
                out[inst] = Found(inst, probability, start, end, 0, 0, 1, b"", True, NOWHERE, text[start:end])
    if not out:
        return []
    named = np.unique([*out, *(i for r in own if r.chosen for i in (r.inst, *r.parents))])
    return [r._replace(parents=tuple(named[keys_in(r.inst * STRIDE + named, index.ancestry)].tolist())) for r in out.values()]
