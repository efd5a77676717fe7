"""Labelled strings, and how far their labels can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

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
