"""The data by which pages compute ranges of ranks for any slice: what each uncertain match does to the credit of institutions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from affil.rank import Venues
from affil.rank.credit import sql
from affil.rank.doubt import effects_by_cell
from affil.rank.measure import CheckedQuery, make_places, make_slice
from affil.settings import RankSettings

_LEAST = 0.0005  # effects of fewer papers are left out
_CHARACTERS = 160  # of a string in review


@dataclass(frozen=True, slots=True)
class PageDoubts:
    """The effects of uncertain pairs and the drift of expectations, see `effects_by_cell`; empty without ranges.

    `pairs` has a row for each pair, by its number: affiliation, institution (as pages know it: with the place and parents
    that the string names), probability, review. `papers` has the pairs of
    each paper, `people` those of each author (see sql/ranges).
    """

    effects: pd.DataFrame = field(default_factory=pd.DataFrame)
    drift: pd.DataFrame = field(default_factory=pd.DataFrame)
    pairs: pd.DataFrame = field(default_factory=pd.DataFrame)
    papers: pd.DataFrame = field(default_factory=pd.DataFrame)
    people: pd.DataFrame = field(default_factory=pd.DataFrame)


def read_doubts(
    db: duckdb.DuckDBPyConnection, venues: Venues, settings: RankSettings, cells: Sequence[tuple[str, int]]
) -> PageDoubts:
    """The doubts of all venues and years."""
    asked = CheckedQuery({"level": "institution", "roll_up": "none", "preset": "all"}, settings)
    make_places(db, asked, settings)
    make_slice(db, cells, venues, asked, settings)
    effects, drift = effects_by_cell(db, settings.probable)
    pairs = db.execute(
        "SELECT affiliation, known_as AS institution, probability, review "
        "FROM pair JOIN drawn_string USING (string) JOIN holder USING (holder) ORDER BY pair"
    ).df()
    papers, people = (db.execute(sql(f"ranges/{name}")).df() for name in ("papers", "people"))
    return PageDoubts(effects, drift, pairs, papers, people)


@dataclass(frozen=True, slots=True)
class PackedPairs:
    """The pairs that matter to institutions that count, in the order of the pages: by the institution named (`inst`, -1 where that
    counts for nothing itself).

    `number` is that of each pair in the pages, by its number in the data; -1 where it is left out.
    """

    table: pd.DataFrame
    number: NDArray[np.int64]


def pack_pairs(found: PageDoubts, institutions: Mapping[str, int], known: set[str]) -> PackedPairs:
    """Number the pairs.

    Args:
        found: the doubts.
        institutions: the number of each institution in the pages.
        known: the institutions that count for something.
    """
    key, effects = found.pairs["institution"], found.effects["pair"][found.effects["institution"].isin(known)]
    counts = key.isin(known)
    kept = found.pairs.assign(inst=key.where(counts).map(institutions).fillna(-1).astype(int))
    kept = kept[counts | kept.index.isin(effects)].sort_values(["inst", "probability"], kind="stable")
    number = np.full(len(found.pairs), -1)
    number[kept.index] = np.arange(len(kept))
    return PackedPairs(kept, number)


def pack_doubts(
    found: PageDoubts,
    pairs: PackedPairs,
    institutions: Mapping[str, int],
    cells: Sequence[tuple[str, int]],
    known: set[str],
    probable: float,
) -> dict[str, Any]:
    """The pairs, with the institution named (`of`), probability (in 1/100,000) and whether in review; their effects, also on the
    institutions named beside it, and the drifts (both in 1/10,000 papers).

    Args:
        found: the doubts.
        pairs: the pairs.
        institutions: the number of each institution in the pages.
        cells: venues and years in the order of the pages.
        known: the institutions that count for something.
        probable: the probability from which a match in review is taken as right.
    """
    kept = _numbered(found.effects, "effect", institutions, cells, known)
    kept = kept.assign(place=pairs.number[kept["pair"]]).sort_values(["place", "inst", "cell"], kind="stable")
    table = pairs.table.reset_index(drop=True)
    waiting = table[table["review"] & (table["probability"] >= probable)]
    gains = kept[kept["effect"] > 0].groupby("place")["effect"].sum()
    drifts = [_numbered(found.drift, name, institutions, cells, known) for name in ("drift", "drift_decided")]
    return {
        "n": np.bincount(kept["place"], minlength=len(table)).tolist(),
        "p": np.round(table["probability"] * 1e5).astype(int).tolist(),
        "review": table["review"].astype(int).tolist(),
        "of": table["inst"].tolist(),
        "inst": kept["inst"].tolist(),
        "cell": kept["cell"].tolist(),
        "effect": np.round(kept["effect"] * 1e4).astype(int).tolist(),
        "drift": [_drift(drifts[0], "drift"), _drift(drifts[1], "drift_decided")],
        "strings": {str(k): s[:_CHARACTERS] for k, s in waiting["affiliation"].items()},
        "gains": {str(k): round(float(gains.get(k, 0.0)), 2) for k in waiting.index},
    }


def pack_namings(found: PageDoubts, pairs: PackedPairs, cells: Sequence[tuple[str, int]]) -> dict[str, Any]:
    """The pairs of each paper (`papers`, in the order of cells) and of each author with the cells (`people`), for ranges of whole counts.

    Each is a list of how many pairs a paper or author has, and the pairs one after the other.
    """
    number = {where: k for k, where in enumerate(cells)}

    def in_cells(rows: pd.DataFrame) -> list[int]:
        return [number[where] for where in zip(rows["venue"], rows["year"], strict=True)]

    papers = found.papers.assign(cell=in_cells(found.papers), paper=np.arange(len(found.papers))).explode("pairs")
    papers = papers.assign(pair=pairs.number[papers["pairs"].astype(int)])
    papers = papers[papers["pair"] >= 0].sort_values(["cell", "paper", "pair"], kind="stable")
    people = found.people.assign(cell=in_cells(found.people), pair=pairs.number[found.people["pair"]])
    people = people[people["pair"] >= 0]
    # authors with the same first pair stand together, which compresses best
    people = people.assign(first=people.groupby("author")["pair"].transform("min"))
    people = people.sort_values(["first", "author", "pair", "cell"], kind="stable")
    of_paper = papers.groupby(["cell", "paper"], sort=False).size()
    of_cell = of_paper.groupby(level="cell").size()
    return {
        "papers": {
            "cells": [int(of_cell.get(k, 0)) for k in range(len(cells))],
            "n": of_paper.tolist(),
            "pair": papers["pair"].tolist(),
        },
        "people": {
            "n": people.groupby(["first", "author"], sort=False).size().tolist(),
            "pair": people["pair"].tolist(),
            "cell": people["cell"].tolist(),
        },
    }


def _drift(rows: pd.DataFrame, name: str) -> list[list[int]]:
    return [rows["inst"].tolist(), rows["cell"].tolist(), np.round(rows[name] * 1e4).astype(int).tolist()]


def _numbered(
    rows: pd.DataFrame, name: str, institutions: Mapping[str, int], cells: Sequence[tuple[str, int]], known: set[str]
) -> pd.DataFrame:
    """The rows of some size whose institutions count, with their numbers (`inst`, `cell`)."""
    key = rows["institution"]
    wanted = key.isin(known) & (rows[name].abs() >= _LEAST)
    kept, number = rows[wanted], {where: k for k, where in enumerate(cells)}
    cell = [number[where] for where in zip(kept["venue"], kept["year"], strict=True)]
    return kept.assign(inst=key[wanted].map(institutions).astype(int), cell=cell)
