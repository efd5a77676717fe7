"""Compare what a model was trained from, by its card, with what is present."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from affil.registry import Registry
from affil.settings import TEXT, Settings

SHIPPED = ["shipped"]


def settings_told(settings: Settings) -> dict[str, Any]:
    """The settings that a model depends on, JSON-serialisable."""
    chosen = {"train": settings.train, "features": settings.features, "retrieve": settings.retrieve, "text": TEXT}
    return {name: part.model_dump(mode="json") for name, part in chosen.items()}


def differences(card: Mapping[str, Any], registry: Registry, settings: Settings) -> tuple[str, ...]:
    """Descriptions of what differs from the model's training; empty if its measured scores apply.

    Only the shipped registry is compared: models are meant to be used with others.
    """
    out = []
    if registry.meta["sources"] == SHIPPED and card.get("registry") != registry.hash:
        out.append("the shipped registry, or the rules by which it is read")
    trained, here = card.get("settings", {}), settings_told(settings)
    for name in ("features", "retrieve", "text"):
        changed = sorted(k for k, v in here[name].items() if k not in SPEED and trained.get(name, {}).get(k) != v)
        out += [f"setting {name}.{key}" for key in changed]
    return tuple(out)


SPEED = frozenset(("batch", "searched_at_once", "remembered", "remembered_parts"))  # settings without effect on answers
