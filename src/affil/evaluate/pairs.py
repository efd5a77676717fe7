"""Test whether a matcher finds both of a company and a university, by how they are joined."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from affil.errors import AffilError
from affil.evaluate.metrics import Metric, share
from affil.evaluate.score import answer
from affil.evaluate.self_test import Fault, NameIndex, find_faults, script, with_wrong
from affil.registry.aliases import variants
from affil.settings import Settings
from affil.types import Decision, Progress
from affil.wording import said

if TYPE_CHECKING:
    from affil.match.interface import MatcherLike
    from affil.registry import Registry

JOINERS = (", ", " and ", "; ", " / ", " + ", "\n", "和", "、", "，")
_JOINED = re.compile(r"[,;/+&|和、，]|\b(?:and|und|et|y|of the)\b", re.IGNORECASE)  # names that contain a joiner


@dataclass(frozen=True, slots=True)
class Both:
    """Shares of `pairs` strings in which both institutions are found, and both decided `match`."""

    pairs: int
    found: Metric
    match: Metric


@dataclass(frozen=True, slots=True)
class PairTest:
    """The companies and universities (names), and the shares of pairs found, by each of `JOINERS`."""

    registry: str
    model: str
    seed: int
    companies: tuple[str, ...]
    universities: tuple[str, ...]
    joiners: dict[str, Both]
    seconds: float
    faults: tuple[Fault, ...] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-serialisable dictionary; only faults decided wrongly are included."""
        return with_wrong(self)


@dataclass(frozen=True, slots=True)
class _Named:
    id: str
    name: str
    name_zh: str  # `name` if it has no unique Chinese name


def pair_test(
    matcher: MatcherLike, *, seed: int | None = None, settings: Settings | None = None, progress: Progress | None = None
) -> PairTest:
    """Match every pair of some companies and universities, with each joiner, in either order.

    They are drawn from the most prominent institutions whose display name, without a country in parentheses, is unique and
    contains no joiner. Chinese joiners are used with Chinese names where those are unique.

    Args:
        matcher: a loaded matcher.
        seed: random seed of the draw and of the order.
        settings: sample sizes, default seed and confidence level.
        progress: called with (strings done, total) after every batch.

    Raises:
        AffilError: the registry has no such company or university.
    """
    settings = settings or Settings()
    e = settings.evaluate
    start = time.perf_counter()
    seed = e.seed if seed is None else seed
    rng = np.random.default_rng(seed)
    drawn = [_draw(matcher.registry, kind, rng, settings) for kind in ("company", "education")]
    pairs = [tuple(pair) if first else tuple(reversed(pair)) for pair, first in _ordered(drawn, rng)]
    given = [(joiner, pair) for joiner in JOINERS for pair in pairs]
    strings = [_string(joiner, pair) for joiner, pair in given]
    answers = answer(strings, matcher, settings.batch.rows, progress)
    counts = {joiner: [0, 0] for joiner in JOINERS}
    faults: list[Fault] = []
    for (joiner, pair), string, found in zip(given, strings, answers, strict=True):
        wanted = {one.id: one.name for one in pair}
        counts[joiner][0] += {*wanted} <= {a.id for a in found}
        counts[joiner][1] += {*wanted} <= {a.id for a in found if a.decision == Decision.MATCH}
        faults += find_faults(string, joiner, "pair", wanted, found, matcher.registry, every=True)
    return PairTest(
        registry=matcher.registry.version,
        model=matcher.model_hash,
        seed=seed,
        companies=tuple(one.name for one in drawn[0]),
        universities=tuple(one.name for one in drawn[1]),
        joiners={j: Both(len(pairs), *(share(n, len(pairs), e.confidence) for n in counts[j])) for j in JOINERS},
        seconds=time.perf_counter() - start,
        faults=tuple(faults),
    )


def _draw(registry: Registry, kind: str, rng: np.random.Generator, settings: Settings) -> list[_Named]:
    known = _known(registry, NameIndex(registry), kind, settings.evaluate.known)
    if not known:
        raise AffilError(said("{0}: no institution of kind {1} with a unique name", registry.path, kind))
    return [known[i] for i in np.sort(rng.permutation(len(known))[: settings.evaluate.paired])]


def _ordered(drawn: Sequence[Sequence[_Named]], rng: np.random.Generator) -> list[tuple[tuple[_Named, ...], bool]]:
    pairs = list(product(*drawn))
    return list(zip(pairs, rng.random(len(pairs)) < 0.5, strict=True))


def _string(joiner: str, pair: Sequence[_Named]) -> str:
    return joiner.join(one.name if joiner.isascii() else one.name_zh for one in pair)


def _known(registry: Registry, index: NameIndex, kind: str, most: int) -> list[_Named]:
    """The most prominent active institutions of a kind with a unique name, most prominent first."""
    kinds, statuses = (text.to_pylist() for text in (registry.arrays.inst_kind, registry.arrays.inst_status))
    here = np.flatnonzero([k == kind and s == "active" for k, s in zip(kinds, statuses, strict=True)])
    here = here[np.argsort(-registry.arrays.inst_prominence[here], kind="stable")]
    out: list[_Named] = []
    for i in here.tolist():
        one = registry.at(i)
        name = next((text for text, what in variants(one.name, "official") if what == "official" and "(" not in text), one.name)
        if _JOINED.search(name) or not index.is_unique(name, i):
            continue
        chinese = one.name_zh
        own = chinese and script(chinese) == "han" and not _JOINED.search(chinese) and index.is_unique(chinese, i)
        out.append(_Named(one.id, name, chinese if own else name))
        if len(out) == most:
            break
    return out
