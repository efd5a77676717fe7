"""Labelled strings, and the reliability of their labels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from affil.io.tables import open_table
from affil.settings import Policy
from affil.wording import counted, said


class Trust(IntEnum):
    """Reliability of a string's labels: synthetic, noisy (another project's), complete, complete and randomly drawn."""

    COMPOSED = 0
    NOISY = 1
    COMPLETE = 2
    REPRESENTATIVE = 3


@dataclass(frozen=True, slots=True)
class Labelled:
    """A string and the ids of its institutions under the policy of its labels.

    `acceptable` ids count neither as right nor as wrong.
    """

    affiliation: str
    institutions: tuple[str, ...]
    policy: Policy = "most-specific"
    acceptable: tuple[str, ...] = ()
    trust: Trust = Trust.NOISY


def contradiction(labels: Iterable[tuple[str, Iterable[str]]]) -> str:
    """What to say of strings that are labelled in several ways; "" where there are none.

    Args:
        labels: the strings with their ids.
    """
    known: dict[str, frozenset[str]] = {}
    twice: dict[str, None] = {}
    for affiliation, ids in labels:
        given = frozenset(ids)
        if known.setdefault(affiliation, given) != given:
            twice[affiliation] = None
    if not twice:
        return ""
    what = counted(len(twice), "string has labels", "strings have labels")
    first = next(iter(twice))[:_SHOWN]
    return said("{0} that contradict each other (first: {1!r}); each of their rows counts: correct them", what, first)


def read_strings(path: Path) -> list[str]:
    """The strings of a labelled table."""
    with open_table(path) as table:
        table.require("affiliation")
        return [str(cell or "") for batch in table.batches(_BATCH) for cell in dict(batch.columns)["affiliation"]]


_BATCH = 10_000
_SHOWN = 60  # characters of a string in a message
