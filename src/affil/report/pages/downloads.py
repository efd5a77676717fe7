"""The downloadable tables of the site, and the page that lists them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from affil.rank import AREAS
from affil.report.data import Data, area_slug
from affil.report.formats import span
from affil.report.pages.frame import BOARDS, Frame
from affil.workspace.results import save_as

FILES = ("csv", "json.gz", "parquet")


def downloads(frame: Frame, files: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The tables written by `write_downloads`."""
    return {
        "heading": frame.text("downloads_title"),
        "section": "downloads",
        "files": [{**f, "label": _label(frame, f["label"])} for f in files],
    }


def write_downloads(data: Data, folder: Path) -> list[dict[str, Any]]:
    """Write every table of the site as CSV, JSON (compressed) and Parquet, beside a manifest of the three, into a new folder.

    Returns name, label, rows and files (suffix and size) of each.
    """
    folder.mkdir()
    out = []
    for name, label, result in _tables(data):
        files = [folder / f"{name}.{suffix}" for suffix in FILES]
        save_as(replace(result, state=data.state), files, folder / f"{name}.manifest.json")
        parts = [(suffix, _size(file)) for suffix, file in zip(FILES, files, strict=True)]
        out.append({"name": name, "label": label, "rows": len(result.frame), "parts": parts})
    return out


def _tables(data: Data) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    """File name, label and content of each table."""
    for level, _ in BOARDS:
        yield (
            f"{level}-{data.window[0]}-{data.window[1]}",
            ("ranking", level, span(data.window)),
            data.rankings[level, "adjusted"],
        )
        yield f"{level}-all-years", ("ranking", level, "all"), data.rankings[level, "all"]
        yield f"{level}-papers-by-year", ("trend", level), data.trends[level, "publications"]
    for level in ("institution", "country"):
        for area in AREAS:
            if (level, area) in data.rankings:
                yield f"{level}-{area_slug(area)}", ("area", level, area), data.rankings[level, area]


def _label(frame: Frame, about: Sequence[str]) -> str:
    """The title of a table."""
    what, level, *more = about
    name = frame.names.levels(level)
    if what == "trend":
        return frame.text("trend_table", name)
    detail = frame.names.areas(more[0]) if what == "area" else frame.text("all_years") if more[0] == "all" else more[0]
    return frame.text("ranking_table", name, detail)


def _size(path: Path) -> str:
    size = path.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"
