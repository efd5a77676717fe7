"""How many examples a property takes that is slow: a part of what the profile gives to others."""

from __future__ import annotations

from hypothesis import settings

OF = 50  # examples that others take, unless another profile is asked for


def examples(number: int) -> settings:
    """So many examples where others take `OF`; with --hypothesis-profile=thorough as many times more as they."""
    return settings(max_examples=max(1, number * settings().max_examples // OF))
