"""Numbers in messages."""

from __future__ import annotations


def counted(number: int, one: str, several: str = "") -> str:
    """A number with its noun: "1 paper", "2,000 papers".

    Args:
        number: how many.
        one: the noun in the singular.
        several: in the plural; by default the singular with an s.
    """
    return f"{number:,} {one if number == 1 else several or one + 's'}"
