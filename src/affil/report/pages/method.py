"""The method page: counting, coverage, limitations."""

from __future__ import annotations

import json
from typing import Any

from affil.data import resource
from affil.report.data import Data
from affil.report.formats import number, percent, span
from affil.report.pages.frame import Frame

_DECISIONS = 200  # number of recent decisions shown
_SHARES = (
    ("matched", "m_matched"),
    ("review", "m_review"),
    ("none", "m_none"),
    ("missing", "m_missing"),
    ("pending", "m_pending"),
    ("decided", "m_decided"),
    ("counted", "m_counted"),
)


def method(frame: Frame) -> dict[str, Any]:
    """The method page: counting, coverage, limitations."""
    data, settings = frame.data, frame.data.settings
    groups = {**settings.country_groups, **settings.region_groups}
    weights = frame.listed(f"{frame.names.areas(a)} {w:g}" for a, w in settings.area_weights.items())
    return {
        "heading": frame.text("method_title"),
        "section": "method",
        "groups": frame.listed(f"{a} → {b}" for a, b in groups.items()) or frame.text("m_no_groups"),
        "stated": frame.listed(map(frame.names.kinds, settings.stated_places)),
        "offset": f"{settings.offset:g}",
        "least_papers": frame.data.report.story_papers,
        "weights": weights or frame.text("m_weights_one"),
        "confidence": percent(settings.confidence, 0),
        **_coverage(frame),
        "precision": _precision(frame),
        "doubtful": percent(data.rankings["institution", "all"].coverage.review, 1),
        "notes": data.notes,
        "venues": venue_rows(frame),
        "decisions": _decisions(frame),
        "decisions_total": len(data.decisions),
        "settings": _settings(data, frame.shared.version),
    }


def venue_rows(frame: Frame) -> list[dict[str, Any]]:
    """The venues of the data, with their areas and papers."""
    data = frame.data
    out = []
    for venue in sorted({v for v, _, _ in data.held}):
        held = [(y, n) for v, y, n in data.held if v == venue]
        known = data.venues.get(venue)
        areas = frame.listed(frame.names.areas(a) for a in known.areas) if known else ""
        out.append(
            {
                "venue": venue,
                "name": known.name if known else "",
                "areas": areas or frame.text("outside"),
                "weight": f"{known.weight if known else 1:g}",
                "papers": sum(n for _, n in held),
                "years": frame.listed(str(y) for y, _ in held),
            }
        )
    return out


def _coverage(frame: Frame) -> dict[str, Any]:
    """The coverage of the window and of all years: the periods, and a row per number or share."""
    data = frame.data
    periods = [
        (span(data.window), data.ranking("institution").coverage),
        (frame.text("all_years"), data.rankings["institution", "all"].coverage),
    ]
    numbers = (
        ("papers", frame.names.measures("publications")),
        ("mentions", frame.text("m_mentions")),
        ("unaligned", frame.text("unaligned_papers")),
        ("outside", frame.text("m_outside_papers")),
        ("repeated", frame.text("m_repeated")),
    )
    rows = [(label, [number(getattr(c, name)) for _, c in periods]) for name, label in numbers]
    rows += [(frame.text(key), [percent(getattr(c, name), 1) for _, c in periods]) for name, key in _SHARES]
    return {"coverages": periods, "coverage": rows}


def _decisions(frame: Frame) -> list[dict[str, Any]]:
    """Recent decisions, newest first."""
    names = {i: e.names[frame.at] for i, e in frame.data.entities["institution"].items()}
    return [
        {
            "at": f"{d.at:%Y-%m-%d %H:%M}",
            "by": d.by,
            "affiliation": d.affiliation[:300],
            "names": frame.text("m_undone")
            if d.institutions is None
            else frame.listed(names.get(i, i) for i in d.institutions) or frame.text("m_nothing"),
            "why": d.why,
        }
        for d in frame.data.decisions[: -_DECISIONS - 1 : -1]
    ]


def _settings(data: Data, version: str) -> list[tuple[str, str]]:
    """Versions and settings of the run."""
    manifest = data.manifest
    counting, deciding = data.settings.model_dump(mode="json"), manifest.get("settings", {}).get("decide", {})
    return [
        ("affil", version),
        ("registry", manifest.get("registry", {}).get("version", "")),
        ("model", manifest.get("model", {}).get("hash", "")),
        *((f"rank.{k}", json.dumps(v, ensure_ascii=False)) for k, v in counting.items()),
        *((f"decide.{k}", json.dumps(v, ensure_ascii=False)) for k, v in deciding.items()),
    ]


def _precision(frame: Frame) -> str:
    """The matcher's measured precision, known only for the shipped model."""
    used = frame.data.manifest.get("model", {}).get("hash", "")
    with resource("models/recorded.json").open(encoding="utf-8") as file:
        recorded = json.load(file)
    if used != recorded["model"]:
        return frame.text("m_precision_other", used[:12] or "–")
    rows = "gold/test.csv" if "gold/test.csv" in recorded else "gold/dev.csv"
    gold = recorded[rows]
    shares = (percent(gold["match_coverage"], 1), percent(gold["match_precision"], 1), f"{gold['f1']:.3f}")
    chosen = frame.text("m_precision_chosen") if rows == "gold/dev.csv" else ""
    return frame.sentences(frame.text("m_precision_text", *shares, rows), chosen)
