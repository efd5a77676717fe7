"""Presets of venues (`data/presets.csv`): which venues count, and over which areas the index is the mean."""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from affil.errors import AffilError
from affil.rank.choices import choose
from affil.rank.venues import AREAS, find_area
from affil.settings import RankSettings
from affil.wording import said


@dataclass(frozen=True, slots=True)
class Preset:
    """A choice of venues, and the areas that the index is the mean of."""

    name: str
    areas: tuple[str, ...]
    venues: frozenset[str]


@functools.cache
def presets() -> Mapping[str, Preset]:
    """The presets by name."""
    lines = resources.files("affil.rank").joinpath("data/presets.csv").read_text("utf-8").splitlines()
    rows = [(r["preset"], find_area(r["area"]), r["venues"].split(";")) for r in csv.DictReader(lines)]
    return {
        name: Preset(
            name,
            tuple(a for a in AREAS if any(p == name and area == a for p, area, _ in rows)),
            frozenset(v for p, _, venues in rows if p == name for v in venues),
        )
        for name in dict.fromkeys(p for p, *_ in rows)
    }


def find_preset(name: str | None) -> Preset | None:
    """The preset of a name; None for no name, and for "all".

    Raises:
        AffilError: there is none of that name.
    """
    if not name or name == "all":
        return None
    return presets()[choose(said("preset of venues"), name, [*presets(), "all"])]


def mean_areas(settings: RankSettings, area: str | None, preset: str | None) -> dict[str, float]:
    """The areas that the index is the geometric mean of, each with its weight.

    Raises:
        AffilError: the setting `area_weights` names no area, or leaves none any weight.
    """
    unknown = [a for a in settings.area_weights if a not in AREAS]
    if area is not None and not unknown:
        return {area: 1.0}
    chosen = find_preset(preset)
    weights = {a: settings.area_weights.get(a, 1.0) for a in (chosen.areas if chosen else AREAS)}
    if unknown or not any(weights.values()):
        problem = said("knows no area {0!r}", unknown[0]) if unknown else said("leaves no area any weight")
        raise AffilError(said("the setting rank.area_weights {0}; the areas are: {1}", problem, ", ".join(AREAS)))
    return weights
