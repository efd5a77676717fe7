"""Canonical institutions: read from sources, merged, built into one memory-mapped file, looked up by id or name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from affil.registry.registry import Registry

if TYPE_CHECKING:
    from affil.registry.fetch import fetch_ror
    from affil.registry.registry import build_registry

__all__ = ["Registry", "build_registry", "fetch_ror"]


def __getattr__(name: str) -> Any:  # imported on use: building needs gazetteers, lookup does not
    if name == "build_registry":
        from affil.registry.registry import build_registry

        return build_registry
    if name == "fetch_ror":
        from affil.registry.fetch import fetch_ror

        return fetch_ror
    raise AttributeError(name)
