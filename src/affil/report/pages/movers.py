"""Movers: whose rank rose or fell most, over the venues that both periods have."""

from __future__ import annotations

from typing import Any

from affil.rank import Level
from affil.report.formats import number
from affil.report.pages.frame import Frame
from affil.report.story import moves

LEVELS: tuple[Level, ...] = ("institution", "country", "city")


def movers(frame: Frame) -> dict[str, Any]:
    """The largest changes of rank."""
    data = frame.data
    groups = []
    for level in LEVELS:
        compared = data.report.compared if level == "institution" else data.report.places_compared
        for what in ("moved", "moved_last"):
            if (level, what) not in data.comparisons:
                continue
            comparison = data.comparisons[level, what]
            moved = moves(comparison, compared, data.report.moved)
            shown = [{**m, "entity": data.entities[level][m["id"]]} for m in moved if m["id"] in data.entities[level]]
            up = [m for m in shown if m["rank_after"] < m["rank_before"]][: data.report.listed]
            down = [m for m in reversed(shown) if m["rank_after"] > m["rank_before"]][: data.report.listed]
            groups.append((level, frame.against(comparison), frame.basis(comparison), up, down))
    return {
        "heading": frame.text("movers_title"),
        "section": "movers",
        "groups": groups,
        "nothing": frame.text("no_compared", data.settings.link_papers),
        "compared": number(data.report.compared),
        "moved": f"{data.report.moved:g}",
    }
