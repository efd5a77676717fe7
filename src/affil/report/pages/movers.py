"""The movers page: largest changes of rank."""

from __future__ import annotations

from typing import Any

from affil.rank import Level, Ranking
from affil.report.data import Data, Years
from affil.report.formats import number, span
from affil.report.pages.frame import Frame

LEVELS: tuple[Level, ...] = ("institution", "country", "city")


def movers(frame: Frame) -> dict[str, Any]:
    """The largest changes of rank."""
    data = frame.data
    groups = []
    for level in LEVELS:
        compared = data.report.compared if level == "institution" else data.report.places_compared
        for now, before, years, years_before in _periods(data, level):
            moved = moves(data.rankings[level, before], data.rankings[level, now], compared)
            shown = [{**m, "entity": data.entities[level][m["id"]]} for m in moved if m["id"] in data.entities[level]]
            up = [m for m in shown if m["now"] < m["before"]][: data.report.listed]
            down = [m for m in reversed(shown) if m["now"] > m["before"]][: data.report.listed]
            groups.append((level, frame.text("against", span(years), span(years_before)), up, down))
    return {
        "heading": frame.text("movers_title"),
        "section": "movers",
        "groups": groups,
        "compared": number(data.report.compared),
    }


def moves(before: Ranking, now: Ranking, compared: int) -> list[dict[str, Any]]:
    """Entities among the first `compared` of either ranking, largest rise first: id, before, now, was, is_."""
    old = before.frame.set_index("id")[["rank", "adjusted"]]
    both = now.frame.set_index("id")[["rank", "adjusted"]].join(old, rsuffix="_before", how="inner")
    both = both[(both["rank"] <= compared) | (both["rank_before"] <= compared)]
    both["moved"] = both["rank_before"] - both["rank"]
    both = both.sort_values(["moved", "adjusted"], ascending=[False, False])
    return [
        {
            "id": i,
            "before": int(r["rank_before"]),
            "now": int(r["rank"]),
            "was": float(r["adjusted_before"]),
            "is_": float(r["adjusted"]),
        }
        for i, r in both.to_dict("index").items()
    ]


def _periods(data: Data, level: Level) -> list[tuple[str, str, Years, Years]]:
    """Comparable rankings of a level (see `Data.rankings`): keys of the later and the earlier, and the years of both."""
    found: list[tuple[str, str, Years, Years]] = []
    if (level, "before") in data.rankings and data.before:
        found.append(("adjusted", "before", data.window, data.before))
    if (level, "last") in data.rankings:
        last, earlier = data.rankings[level, "last"].years, data.rankings[level, "last before"].years
        if last and earlier:
            found.append(("last", "last before", last, earlier))
    return found
