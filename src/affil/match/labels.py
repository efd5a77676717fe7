"""Labelled strings, and how far their labels can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from affil.io.tables import open_table
from affil.settings import Policy


class Trust(IntEnum):
    """How far the labels of a string can be trusted: composed with it, of another project, complete, and drawn at random too."""

    COMPOSED = 0
    NOISY = 1
    COMPLETE = 2
    REPRESENTATIVE = 3


@dataclass(frozen=True, slots=True)
class Labelled:
    """A string and the ids of the institutions that it names, as far as the policy of its labels wants them.

    `acceptable` ids are neither right nor wrong.
    """

    affiliation: str
    institutions: tuple[str, ...]
    policy: Policy = "most-specific"
    acceptable: tuple[str, ...] = ()
    trust: Trust = Trust.NOISY


def read_strings(path: Path) -> list[str]:
    """The strings of a table of labelled ones."""
    with open_table(path) as table:
        table.require("affiliation")
        return [str(cell or "") for batch in table.batches(_BATCH) for cell in dict(batch.columns)["affiliation"]]


_BATCH = 10_000
