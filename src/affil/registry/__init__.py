"""Canonical institutions: read from sources, merged, built into one memory-mapped file, looked up."""

from affil.registry.build import build_registry
from affil.registry.registry import Registry

__all__ = ["Registry", "build_registry"]
