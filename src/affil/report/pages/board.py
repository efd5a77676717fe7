"""Leaderboards, and rows of a ranking as shown on all pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from affil.rank import AREAS, KINDS, Level, Ranking, moves, presets
from affil.rank.measure import areas_of
from affil.rank.places import PART_OF
from affil.report.entities import continent_of
from affil.report.formats import number, percent, span
from affil.report.pages.frame import BOARDS, Frame
from affil.report.pages.ranks import first_places, spark_why, sparks


def board(frame: Frame, level: Level) -> dict[str, Any]:
    """A leaderboard with the default options."""
    data, ranking = frame.data, frame.data.ranking(level)
    before = data.comparisons.get((level, "before"))
    moved = before.frame.set_index("id")[["rank_before", "rank_after"]].to_dict("index") if before else {}
    rows = ranked_rows(frame, level, ranking, data.report.rows, "adjusted")
    small = sparks(frame, level, [row["id"] for row in rows])
    for row in rows:
        row["spark"] = small.get(row["id"], "")
        ranks = moved.get(row["id"], {})
        row["rank_before"], row["rank_after"] = ranks.get("rank_before"), ranks.get("rank_after")
        row["new"] = (level, "before") in data.rankings and data.row(level, row["id"], "before") is None
    lead = _lead(frame, ranking)
    venues = sorted({v for v, _, _ in data.held})
    return {
        "heading": frame.text("board_title", frame.names.levels(level)),
        "description": lead,
        "lead": lead,
        "level": level,
        "boards": BOARDS,
        "rows": rows,
        "families": families(frame, ranking, data.report.rows),
        "total": len(ranking.frame),
        "areas": AREAS,
        "kinds": KINDS,
        "venues": venues,
        **_places(frame, level),
        "has_outside": any(not areas_of(v, y, data.venues) for v, y, _ in data.held),
        "spark_why": spark_why(frame, level),
        "first_places": first_places(frame, level) if level in data.pages else [],
        "authors_why": frame.authors_why(),
        "has_before": before is not None,
        "change_why": frame.text(
            "change_why",
            span(before.years_after),
            span(before.years_before),
            percent(before.rests_on, 0),
            frame.listed(before.pairs_told),
        )
        if before
        else frame.text("change_none", data.settings.link_papers),
        "range_why": frame.range_why(close=True, moves=True),
        "roll_up": data.settings.roll_up,
        "offset": f"{data.settings.offset:g}",
        "empty": frame.empty_areas(),
        "inline": True,
        "css": Markup(frame.shared.css),
        "scripts": ("engine", "ranges", "board"),
        "presets": [*presets()],
        "hong_kong": hong_kong_choices(frame),
        "texts": {
            **frame.script_texts(),
            "presets": _presets(venues),
            "grouped": frame.grouped_ways() if level == "country" else {},
            "marked": data.settings.marked,
            "change_none": frame.text("change_none", data.settings.link_papers),
        },
    }


def families(frame: Frame, ranking: Ranking, most: int, *, hidden: bool = False) -> str:
    """Which of the first rows of a ranking are of one university or company, with the rank that they have as one; "" where none are.

    Args:
        frame: the language.
        ranking: of institutions.
        most: rows that are shown.
        hidden: also those of which one is shown that as one would have another rank among these.
    """
    shown, told = {*ranking.table["id"].to_pylist()[:most]}, []
    for family in ranking.families:
        ids = [i for i in family.ids if i in shown]
        if hidden and ids and family.rank <= most:
            ids = [*family.ids]
        if len(ids) > 1:
            names = [frame.name("institution", i) for i in ids]
            named = frame.text("and").join((frame.listed(names[:-1]), names[-1]))
            whole = () if family.whole in ids else (frame.name("institution", family.whole),)
            told.append(frame.text("family_as" if whole else "family", named, *whole, number(family.rank)))
    return frame.sentences(*told)


def hong_kong_choices(frame: Frame) -> list[str]:
    """The ways to count Hong Kong and Macao, that of the settings first; none where there is nothing to choose."""
    countries, groups = frame.data.entities["country"], frame.data.settings.country_groups
    if not any(code in countries and whole in countries for code, whole in PART_OF.items()):
        return []
    return ["with", "apart"] if groups.get("HK") == PART_OF["HK"] else ["apart", "with"]


def _presets(venues: Sequence[str]) -> dict[str, Any]:
    """The venues and areas of each preset, by their numbers in the page."""
    return {
        name: {"venues": [k for k, v in enumerate(venues) if v in one.venues], "areas": [AREAS.index(a) for a in one.areas]}
        for name, one in presets().items()
    }


def ranked_rows(frame: Frame, level: Level, ranking: Ranking, limit: int, by: str) -> list[dict[str, Any]]:
    """The first rows of a ranking, with display values."""
    rows = ranking.frame.head(limit)
    most = float(rows[by].max()) if len(rows) else 1.0
    return [_shown(frame, level, row, float(row[by]) / most if most else 0.0) for row in rows.to_dict("records")]


def _shown(frame: Frame, level: Level, row: Mapping[Any, Any], part: float) -> dict[str, Any]:
    """A row of a ranking with display values; `part` is its share of the table's largest value."""
    entity = frame.data.entities[level][row["id"]]
    return {
        **{str(k): v for k, v in row.items()},
        "entity": entity,
        "latin": entity.names[0] if entity.names[0] != entity.names[frame.at] else "",
        "place": frame.place(entity),
        "part": part,
        "told": not row.get("ahead", 1.0) < frame.data.settings.confidence,
        "moves": moves(row, frame.data.settings.marked),
    }


def _lead(frame: Frame, ranking: Ranking) -> str:
    """The coverage of the leaderboard, in a sentence."""
    data, cover = frame.data, ranking.coverage
    return frame.text(
        "lead",
        number(cover.papers),
        number(len({v for v, y, _ in data.held if data.window[0] <= y <= data.window[1]})),
        span(data.window),
        percent(cover.matched, 0),
        percent(cover.counted, 0),
    )


def _places(frame: Frame, level: Level) -> dict[str, list[tuple[str, str]]]:
    """Continents and countries to filter a leaderboard by, sorted by name."""
    entities = frame.data.entities
    codes = sorted({e.country for e in entities[level].values()} & {*entities["country"]})
    named = [(code, frame.name("country", code)) for code in codes] if level != "country" else []
    continents = [(c, frame.names.continents(c)) for c in {*map(continent_of, codes)} if c]
    return {"continents": sorted(continents, key=lambda x: x[1]), "countries": sorted(named, key=lambda x: x[1])}
