"""affil and plain ways to match, on the same strings and names, one thread each: rates, F1, time to build, memory, stages."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from affil import Matcher, Registry
from affil.errors import UnknownIdError
from affil.evaluate.gold import read_gold
from bench.common import ROOT, SEED, Data, Size, kilobytes, spread, tell

Found = list[list[tuple[str, float]]]  # for each string the ids found, with a score


class Method(Protocol):
    def match(self, strings: list[str]) -> Found:
        """The institutions that each string names."""


class Affil:
    """affil itself: what it finds is taken, there is no threshold to choose."""

    def __init__(self, path: Path, model: Path | None = None) -> None:
        self.matcher = Matcher.load(path, model)
        self.matcher.match("MIT")  # so that nothing is loaded while it is timed

    def match(self, strings: list[str]) -> Found:
        return [[(m.institution.id, 1.0) for m in x.matches] for x in self.matcher.match_many(strings)]


class Fuzzy:
    """(a): the one name that is most similar."""

    def __init__(self, names: list[str], ids: list[str]) -> None:
        from rapidfuzz.utils import default_process

        self.names, self.ids = [default_process(n) for n in names], ids

    def match(self, strings: list[str]) -> Found:
        from rapidfuzz import fuzz, process
        from rapidfuzz.utils import default_process

        best = [process.extractOne(default_process(s), self.names, scorer=fuzz.token_set_ratio) for s in strings]
        return [[(self.ids[hit[2]], hit[1] / 100)] if hit else [] for hit in best]


class Trigrams:
    """(b): for each part between commas the name whose vector is nearest."""

    def __init__(self, names: list[str], ids: list[str]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self.vectorizer, self.ids = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3), dtype=np.float32), ids
        self.names = self.vectorizer.fit_transform(names).T.tocsr()

    def match(self, strings: list[str]) -> Found:
        from sparse_dot_topn import sp_matmul_topn

        row, parts = _parts(strings)
        top = sp_matmul_topn(self.vectorizer.transform(parts).tocsr(), self.names, top_n=1, threshold=0.4)
        found: Found = [[] for _ in strings]
        for part in np.flatnonzero(np.diff(top.indptr)):
            at = top.indptr[part]
            found[row[part]].append((self.ids[top.indices[at]], float(top.data[at])))
        return found


class Neighbours:
    """(c): for each part between commas the most similar of the names that stand near it in the alphabet."""

    def __init__(self, names: list[str], ids: list[str]) -> None:
        import pandas as pd

        self.names, self.ids = pd.DataFrame({"name": [n.casefold() for n in names]}), ids

    def match(self, strings: list[str]) -> Found:
        import pandas as pd
        import recordlinkage

        row, parts = _parts(strings)
        asked = pd.DataFrame({"name": [p.casefold() for p in parts]})
        index = recordlinkage.Index()
        index.sortedneighbourhood(left_on="name", right_on="name", window=9)
        compare = recordlinkage.Compare()
        compare.string("name", "name", method="jarowinkler", label="score")
        scores = compare.compute(index.index(asked, self.names), asked, self.names)["score"]
        best = scores.groupby(level=0).idxmax()
        found: Found = [[] for _ in strings]
        for part, name in best:
            found[row[part]].append((self.ids[name], float(scores[part, name])))
        return found


def _parts(strings: Sequence[str]) -> tuple[list[int], list[str]]:
    split = [(i, part.strip()) for i, s in enumerate(strings) for part in re.split("[,;]", s) if part.strip()]
    return [i for i, _ in split], [part for _, part in split]


BASELINES: dict[str, tuple[str, Callable[[list[str], list[str]], Method]]] = {
    "a": ("(a) rapidfuzz `extractOne`", Fuzzy),
    "b": ("(b) TF-IDF trigrams, `sparse_dot_topn`", Trigrams),
    "c": ("(c) recordlinkage, sorted neighbourhood", Neighbours),
}


def all_names(registry: Registry) -> tuple[list[str], list[str]]:
    """Every name with the active id that it stands for."""
    pairs = [(n.value, registry.resolve(x.id)) for x in registry for n in x.names]
    return [name for name, _ in pairs], [identifier for _, identifier in pairs]


def timed(method: Method, strings: list[str]) -> float:
    """Processor seconds for a string."""
    start = time.process_time()
    method.match(strings)
    return (time.process_time() - start) / len(strings)


def measure_ratios(data: Data, path: Path, size: Size, model: Path | None) -> dict[str, Any]:
    """Rates of all methods and how many times as fast affil is, round by round; F1 on the same rows."""
    registry = Registry.open(path)
    names, ids = all_names(registry)
    methods: dict[str, Method] = {"affil": Affil(path, model)}
    methods |= {key: make(names, ids) for key, (_, make) in BASELINES.items()}
    seconds: dict[str, list[float]] = {key: [] for key in methods}
    step = min(max(size.strings.values()), len(data.distinct) // size.rounds)
    for turn in range(size.rounds):
        strings = data.distinct[turn * step :]
        for key, method in methods.items():
            seconds[key].append(timed(method, strings[: min(size.strings[key], step)]))
        tell(f"round {turn + 1} of {size.rounds}")
    rates = {key: spread([1 / s for s in values]) for key, values in seconds.items()}
    ratios = {
        key: spread([base / own for base, own in zip(values, seconds["affil"], strict=True)])
        for key, values in seconds.items()
        if key != "affil"
    }
    sets = {file.stem: gold_rows(file, registry, size.gold) for file in data.gold}
    sets = {name: rows for name, rows in sets.items() if rows}
    f1: dict[str, dict[str, float]] = {}
    for key, method in methods.items():
        found = {name: method.match([text for text, _ in rows]) for name, rows in sets.items()}
        f1[key] = best_f1(sets, found)
        tell(f"F1 of {key}: {f1[key]['all']:.3f}")
    hashed = Matcher.load(path, model).model_hash[:12]
    return {
        "model": f"{model.name if model else 'the shipped model'} ({hashed})",
        "names": len(names),
        "rates": rates,
        "ratios": ratios,
        "f1": f1,
        "repeats": len(data.stream) / len(data.distinct),
        "gold": {name: len(rows) for name, rows in sets.items()},
    }


def gold_rows(file: Path, registry: Registry, count: int) -> list[tuple[str, frozenset[str]]]:
    """Rows of a labelled set, drawn at random, whose ids the registry has; as active ids."""
    rows = []
    for row in read_gold(file):
        try:
            ids = frozenset(registry.resolve(i) for i in row.ids)
        except UnknownIdError:
            continue
        if row.in_registry:
            rows.append((row.affiliation, ids))
    return [rows[i] for i in np.random.default_rng(SEED).permutation(len(rows))[:count]]


def best_f1(sets: dict[str, list[tuple[str, frozenset[str]]]], found: dict[str, Found]) -> dict[str, float]:
    """F1 over pairs of string and institution, of all rows and of each set, at the threshold that suits all rows best.

    Either all that a string's parts found counts, or only the best of them, whichever is better.
    """

    def scored(only_best: bool, threshold: float) -> dict[str, float]:
        counts: dict[str, Counter[str]] = {}
        for name, rows in sets.items():
            counts[name] = Counter()
            for (_, ids), hits in zip(rows, found[name], strict=True):
                kept = [max(hits, key=lambda h: h[1])] if only_best and hits else hits
                answer = {i for i, score in kept if score >= threshold}
                counts[name].update(right=len(answer & ids), found=len(answer), labelled=len(ids))
        counts["all"] = sum(counts.values(), Counter())
        return {name: 2 * c["right"] / max(c["found"] + c["labelled"], 1) for name, c in counts.items()}

    scores = sorted({round(score, 2) for hits in found.values() for one in hits for _, score in one}) or [0.0]
    return max((scored(only, t) for only in (False, True) for t in scores), key=lambda f1: f1["all"])


def measure_methods(path: Path) -> dict[str, Any]:
    """Time to build, and memory, of each method in a process of its own."""
    out = {}
    for key in ("affil", *BASELINES):
        done = subprocess.run(
            [sys.executable, "-m", "bench.methods", key, str(path)], capture_output=True, text=True, check=True, cwd=ROOT
        )
        out[key] = json.loads(done.stdout)
    return out


def only_build(key: str, path: Path) -> dict[str, float]:
    """What `measure_methods` runs."""
    if key == "affil":
        start = time.process_time()
        method: Method = Affil(path)
    else:
        names, ids = all_names(Registry.open(path))
        start = time.process_time()
        method = BASELINES[key][1](names, ids)
    built = time.process_time() - start
    method.match(["Department of Physics, University of Oxford, Oxford, UK"] * 64)
    return {"build": built, "mb": kilobytes("/proc/self/status", "VmHWM") / 1024}


def measure_stages(data: Data, path: Path, size: Size) -> dict[str, float]:
    """The share of each stage in the time of matching, on one thread."""
    from affil.match import matcher as stages
    from affil.match.classifier import Model

    spent: dict[str, float] = defaultdict(float)

    def watched(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            start = time.process_time()
            try:
                return function(*arguments, **options)
            finally:
                spent[name] += time.process_time() - start

        return call

    own = Affil(path).matcher
    places: list[tuple[object, str]] = [(stages, n) for n in ("prepare", "retrieve", "featurize", "decide", "explain")] + [
        (Model, "predict")
    ]
    before = [(place, name, getattr(place, name)) for place, name in places]
    for place, name, function in before:
        setattr(place, name, watched(name, function))
    try:
        start = time.process_time()
        own.match_many(data.distinct[: 4 * size.strings["affil"]])
        whole = time.process_time() - start
    finally:
        for place, name, function in before:
            setattr(place, name, function)
    spent["rest"] = whole - sum(spent.values())
    return {name: seconds / whole for name, seconds in sorted(spent.items(), key=lambda item: -item[1])}


if __name__ == "__main__":
    print(json.dumps(only_build(sys.argv[1], Path(sys.argv[2]))))
