"""Labelled strings, and the reliability of their labels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from affil.io.tables import open_table
from affil.settings import Policy


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


def read_strings(path: Path) -> list[str]:
    """The strings of a labelled table."""
    with open_table(path) as table:
        table.require("affiliation")
        return [str(cell or "") for batch in table.batches(_BATCH) for cell in dict(batch.columns)["affiliation"]]


_BATCH = 10_000
