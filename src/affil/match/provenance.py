"""What a model was made from, as its card says it, and what of that is different here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from affil.registry import Registry
from affil.settings import TEXT, Settings, again
from affil.wording import said

SHIPPED = ["shipped"]


def settings_told(settings: Settings) -> dict[str, Any]:
    """The settings that a model rests on, ready for JSON."""
    chosen = {"train": settings.train, "features": settings.features, "retrieve": settings.retrieve, "text": TEXT}
    return {name: part.model_dump(mode="json") for name, part in chosen.items()}


def differences(card: Mapping[str, Any], registry: Registry, settings: Settings) -> tuple[str, ...]:
    """What a model was trained with that is another here, in words; nothing where it can be used as it was measured.

    A registry other than the shipped one is always another than the model's; that is what a model is for.
    """
    out: list[str] = []
    if registry.meta["sources"] == SHIPPED and card.get("registry") != registry.hash:
        out.append(said("the shipped registry, or the rules by which it is read"))
    told, here = card.get("settings", {}), settings_told(settings)
    for name in ("features", "retrieve", "text"):
        changed = sorted(key for key, value in here[name].items() if told.get(name, {}).get(key) != value)
        out += [said("setting {0}.{1}", name, key) for key in changed if again(f"{name}.{key}") in ("retrain", "rebuild")]
    return tuple(out)
