"""Growth with the registry and with the input."""

from __future__ import annotations

import os
import re
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from affil import Institution, Name
from affil.names.fold import fold_word, generic
from affil.registry.registry import write_registry
from bench.common import SEED, Data, Size, affil, tell, write_csv
from bench.methods import Affil, Fuzzy, Method, Trigrams, all_names, timed


def resized(institutions: Sequence[Institution], size: int) -> list[Institution]:
    """A part of the institutions, or all and as many copies with other words in their names as it takes."""
    rng = np.random.default_rng(SEED)
    if size <= len(institutions):
        return [institutions[i] for i in sorted(rng.permutation(len(institutions))[:size])]
    words = [w for x in institutions for w in _own_words(x.name)]
    out = list(institutions)
    for copy in range(1, -(-size // len(institutions))):
        for x in institutions:
            names = tuple(replace(n, value=_perturbed(n.value, words, rng)) for n in x.names)
            name = names[0].value if names else _perturbed(x.name, words, rng)
            alone = replace(x, domain="", parents=(), successors=())
            out.append(replace(alone, id=f"bench:{copy}:{x.id}", name=name, names=names or (Name(name),)))
    return out[:size]


def _own_words(name: str) -> list[str]:
    return [w for w in re.findall(r"[^\W\d_]{4,}", name) if not set(fold_word(w)) <= generic()]


def _perturbed(name: str, words: Sequence[str], rng: np.random.Generator) -> str:
    """The name with one of its distinctive words replaced by one of another name; what has none gets one in front."""
    own = _own_words(name)
    other = words[int(rng.integers(len(words)))]
    return name.replace(own[int(rng.integers(len(own)))], other, 1) if own else f"{other} {name}"


def inputs(strings: Sequence[str], rows: int, new: float = 0.25) -> Iterator[str]:
    """A stream of any length in which this share of the strings is new, a quarter as in papers: beginnings and ends of others joined."""
    rng = np.random.default_rng(SEED)
    seen: list[str] = []
    for _ in range(rows):
        if seen and rng.random() > new:
            yield seen[int(rng.integers(len(seen)))]
            continue
        a, b = (strings[int(i)] for i in rng.integers(len(strings), size=2))
        seen.append(a.split(",")[0] + ", " + b.split(",", 1)[-1].strip())
        yield seen[-1]


def measure_registries(data: Data, size: Size, folder: Path) -> list[dict[str, Any]]:
    """Time a string, time to build and memory, with smaller and larger registries; baselines in the same process."""
    out = []
    for count in size.registries:
        institutions = resized(data.institutions, count)
        start = time.process_time()
        registry = write_registry(institutions, folder / f"{count}.affil", {"sources": [f"bench {count}"]})
        built = time.process_time() - start
        names, ids = all_names(registry)
        methods: dict[str, Method] = {"affil": Affil(registry.path), "a": Fuzzy(names, ids), "b": Trigrams(names, ids)}
        step = len(data.distinct) // 3
        seconds = {
            key: statistics.median(
                # the more strings the steadier: affil can take all
                timed(method, data.distinct[turn * step :][: step if key == "affil" else min(size.strings[key], step)])
                for turn in range(3)
            )
            for key, method in methods.items()
        }
        peak = affil("match", "--text", "CUHK", "--registry", registry.path)["mb"]
        out.append({"institutions": len(institutions), "names": len(names), "build": built, "mb": peak, "seconds": seconds})
        tell(f"{len(institutions):,} institutions: {1 / seconds['affil']:,.0f} strings/s, built in {built:.0f} s")
    return out


def measure_inputs(data: Data, path: Path, size: Size, folder: Path) -> list[dict[str, Any]]:
    """`affil match` of longer and longer streams of which a quarter is new."""
    cores = len(os.sched_getaffinity(0))
    out = []
    for rows in size.inputs:
        file = write_csv(folder / "in.csv", inputs(data.distinct, rows))
        took = affil("match", file, "-o", folder / "out.csv", "--registry", path, "--workers", str(cores))
        out.append({"rows": rows, **took})
        tell(f"{rows:,} rows: {took['wall']:.1f} s, {took['mb']:.0f} MB")
    return out
