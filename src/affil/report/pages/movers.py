"""Movers: whose rank rose or fell most, over the venues that both periods have."""

from __future__ import annotations

from typing import Any

from affil.rank import Comparison, Level
from affil.report.formats import number
from affil.report.pages.frame import Frame

LEVELS: tuple[Level, ...] = ("institution", "country", "city")


def movers(frame: Frame) -> dict[str, Any]:
    """The largest changes of rank."""
    data = frame.data
    groups = []
    for level in LEVELS:
        compared = data.report.compared if level == "institution" else data.report.places_compared
        for what in ("before", "last"):
            if (level, what) not in data.comparisons:
                continue
            comparison = data.comparisons[level, what]
            moved = moves(comparison, compared)
            shown = [{**m, "entity": data.entities[level][m["id"]]} for m in moved if m["id"] in data.entities[level]]
            up = [m for m in shown if m["rank_after"] < m["rank_before"]][: data.report.listed]
            down = [m for m in reversed(shown) if m["rank_after"] > m["rank_before"]][: data.report.listed]
            groups.append((level, frame.against(comparison), frame.basis(comparison), up, down))
    return {
        "heading": frame.text("movers_title"),
        "section": "movers",
        "groups": groups,
        "compared": number(data.report.compared),
    }


def moves(comparison: Comparison, compared: int) -> list[dict[str, Any]]:
    """Rows of a comparison whose rank is among the first in either period, those that rose most first."""
    frame = comparison.frame
    first = frame[(frame["rank_after"] <= compared) | (frame["rank_before"] <= compared)]
    first = first.assign(moved=first["rank_before"] - first["rank_after"])
    first = first.sort_values(["moved", "after", "name"], ascending=[False, False, True])
    return [{str(k): v for k, v in row.items()} for row in first.to_dict("records")]
