#!/usr/bin/env python3
"""Measure on labelled strings how often decisions on others close a string wrongly, by how many decisions close one.

    bench/closing.py FILE... [--draws 5]

FILE: CSV with `affiliation`, the ids of all institutions that it names (`required`, `institution_ids` or `ror_ids`), and ids that
neither help nor hurt (`acceptable`); rows with ids that the shipped registry has not are left out. In each draw half of the groups of
strings are decided as labelled, and the others are open. A closed string is doubtful if the model was less sure of it than `review.sure`.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
import pyarrow as pa

from affil.match import Matcher
from affil.names.ids import normal_id
from affil.review.estimate import Estimator
from affil.review.groups import group_strings
from affil.review.store import Store
from affil.settings import ReviewSettings
from affil.types import Decision

Labels = dict[str, tuple[frozenset[str], frozenset[str]]]  # string -> (required ids, acceptable ones)
_IDS = ("required", "institution_ids", "ror_ids")


def read(path: Path, known: frozenset[str]) -> Labels:
    """The labelled strings of a file whose ids are all known."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    column = next(c for c in _IDS if c in rows[0])
    ids = [[frozenset(map(normal_id, (row.get(c) or "").split())) for c in (column, "acceptable")] for row in rows]
    return {row["affiliation"]: (first, more) for row, (first, more) in zip(rows, ids, strict=True) if first <= known}


class Strings:
    """The tables of strings of one mention each, by nobody."""

    def __init__(self, strings: list[str]) -> None:
        n, text = len(strings), pa.array([], pa.string())
        ids = [str(i) for i in range(n)]
        whole = {"year": [2020] * n, "authors": [1] * n, "aligned": [True] * n}
        self.papers = pa.table({"id": ids, "title": ids, "venue": ids} | whole)
        self.mentions = pa.table({"paper": ids, "position": [0] * n, "author": [""] * n, "affiliation": strings})
        found = {"affiliation": text, "institution_id": text, "probability": pa.array([], pa.float64()), "decision": text}
        self.matches = pa.table(found)
        self.institutions = pa.table({"id": text, "country": text, "city": text})
        self.strings = pa.table({"affiliation": strings, "mentions": [1] * n, "papers": [1] * n})


def measure(labels: Labels, matcher: Matcher, settings: ReviewSettings, draws: int) -> None:
    """Print what is closed, for one decision on the name and for two."""
    strings = list(labels)
    matches = matcher.ranked(strings, [2 * settings.candidates] * len(strings), settings.least)
    chosen = [[m for m in found if m.decision != Decision.NONE] for found in matches]
    groups = group_strings(strings, matches, settings)
    tables = Strings(strings)
    store = Store(tables, tables.strings, [])
    for least in (1, 2):
        rule = settings.model_copy(update={"close_after": least})
        estimator = Estimator(store, np.arange(len(strings)), groups, matches, rule)
        counts = np.zeros(4)  # closed, of these wrong, doubtful, of these wrong
        for draw in range(draws):
            decided = (np.random.default_rng(draw).random(groups.max() + 1) < 0.5)[groups]
            answers = {}
            for k in np.flatnonzero(decided).tolist():
                required, acceptable = labels[strings[k]]
                answers[k] = tuple(required | {m.institution.id for m in chosen[k]} & acceptable)
            for closing in estimator.closings(answers):
                required, acceptable = labels[strings[closing.number]]
                wrong = not required <= set(closing.institutions) <= required | acceptable
                doubtful = min(m.probability for m in chosen[closing.number]) < settings.sure
                counts += [1, wrong, doubtful, doubtful and wrong]
        closed, wrong, doubtful, both = (counts / draws).tolist()
        print(f"  after {least}: {closed:.1f} closed, {wrong:.1f} wrong; {doubtful:.1f} of them doubtful, {both:.1f} wrong")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--draws", type=int, default=5)
    given = parser.parse_args()
    matcher = Matcher.load()
    for path in given.files:
        labels = read(path, frozenset(matcher.registry.ids))
        print(f"{path}: {len(labels):,} strings, half of them decided")
        measure(labels, matcher, matcher.settings.review, given.draws)


if __name__ == "__main__":
    main()
