"""The data by which pages compute ranges of ranks for any slice: what each uncertain match does to the credit of institutions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from affil.rank import Venues
from affil.rank.doubt import effects_by_cell
from affil.rank.measure import CheckedQuery, make_places, make_slice
from affil.settings import RankSettings

_LEAST = 0.0005  # effects of fewer papers are left out
_CHARACTERS = 160  # of a string in review


@dataclass(frozen=True, slots=True)
class PageDoubts:
    """The effects of uncertain pairs and the drift of expectations, see `effects_by_cell`; empty without ranges."""

    effects: pd.DataFrame = field(default_factory=pd.DataFrame)
    drift: pd.DataFrame = field(default_factory=pd.DataFrame)


def read_doubts(
    db: duckdb.DuckDBPyConnection, venues: Venues, settings: RankSettings, cells: Sequence[tuple[str, int]]
) -> PageDoubts:
    """The doubts of all venues and years."""
    asked = CheckedQuery({"level": "institution", "roll_up": "none", "preset": "all"}, settings)
    make_places(db, asked, settings)
    make_slice(db, cells, venues, asked, settings)
    return PageDoubts(*effects_by_cell(db))


def pack_doubts(
    found: PageDoubts, institutions: Mapping[str, int], cells: Sequence[tuple[str, int]], known: set[str]
) -> dict[str, Any]:
    """The pairs, with probability (in 1/100,000) and whether in review, their rows, and the drifts (both in 1/10,000 papers).

    Args:
        found: the doubts.
        institutions: the number of each institution in the pages.
        cells: venues and years in the order of the pages.
        known: the institutions that count for something.
    """
    if found.effects.empty:
        return {}
    kept = _numbered(found.effects, "effect", institutions, cells, known).sort_values(["inst", "pair", "cell"], kind="stable")
    # pairs in the order of their first institution compress best
    order = {pair: k for k, pair in enumerate(kept["pair"].drop_duplicates())}
    kept = kept.assign(place=kept["pair"].map(order)).sort_values(["place", "inst", "cell"], kind="stable")
    first = kept.drop_duplicates("place")
    waiting = first[first["review"] & (first["probability"] >= 0.5)]
    gains = kept[kept["effect"] > 0].groupby("place")["effect"].sum()
    drifts = [_numbered(found.drift, name, institutions, cells, known) for name in ("drift", "drift_decided")]
    return {
        "n": np.bincount(kept["place"], minlength=len(first)).tolist(),
        "p": np.round(first["probability"] * 1e5).astype(int).tolist(),
        "review": first["review"].astype(int).tolist(),
        "inst": kept["inst"].tolist(),
        "cell": kept["cell"].tolist(),
        "effect": np.round(kept["effect"] * 1e4).astype(int).tolist(),
        "drift": [_drift(drifts[0], "drift"), _drift(drifts[1], "drift_decided")],
        "strings": {str(k): s[:_CHARACTERS] for k, s in zip(waiting["place"], waiting["affiliation"], strict=True)},
        "gains": {str(k): round(float(gains.get(k, 0.0)), 2) for k in waiting["place"]},
    }


def _drift(rows: pd.DataFrame, name: str) -> list[list[int]]:
    return [rows["inst"].tolist(), rows["cell"].tolist(), np.round(rows[name] * 1e4).astype(int).tolist()]


def _numbered(
    rows: pd.DataFrame, name: str, institutions: Mapping[str, int], cells: Sequence[tuple[str, int]], known: set[str]
) -> pd.DataFrame:
    """The rows of some size whose institutions count, with their numbers (`inst`, `cell`)."""
    key = rows["institution"] + np.where(rows["stated"] == "", "", "\x1f" + rows["stated"])
    wanted = key.isin(known) & (rows[name].abs() >= _LEAST)
    kept, number = rows[wanted], {where: k for k, where in enumerate(cells)}
    cell = [number[where] for where in zip(kept["venue"], kept["year"], strict=True)]
    return kept.assign(inst=key[wanted].map(institutions).astype(int), cell=cell)
