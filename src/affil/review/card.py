"""What a person sees of one string: its parts, the institutions that it may name, where it occurs, what people said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from affil.ledger import Case
from affil.review.queue import Item, Occurrence
from affil.types import Institution, LedgerEntry, Match


@dataclass(frozen=True, slots=True)
class Candidate:
    """One institution that a string may name: what the matcher says of it, its parents by name, whether it is taken to be meant.

    `match` is None where the matcher has nothing to say of it (a person added it).
    """

    institution: Institution
    parents: tuple[str, ...]
    chosen: bool
    match: Match | None


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a raw string, and whether the matched words stand in it."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Card:
    """One string as a person sees it.

    `second`: the person is the second to decide, and is not shown what the first said. `case` is what people said, None where
    nobody did or it is not shown; `history` all entries about the string, in the same way. `seen` is the number of the decision
    shown (0: none), to be handed back with the person's own.
    """

    item: Item
    pieces: tuple[Piece, ...]
    cut: int
    candidates: tuple[Candidate, ...]
    occurrences: tuple[Occurrence, ...]
    second: bool
    case: Case | None
    history: tuple[LedgerEntry, ...]
    seen: int


def in_pieces(text: str, matches: Sequence[Match], longest: int) -> tuple[tuple[Piece, ...], int]:
    """The string in pieces, the matched words marked, and how many characters at its end are left out."""
    shown, pieces, at = text[:longest], [], 0
    for start, end in sorted((m.start, min(m.end, longest)) for m in matches):
        start = max(start, at)
        if start < end:
            pieces += [Piece(shown[at:start], False), Piece(shown[start:end], True)]
            at = end
    pieces.append(Piece(shown[at:], False))
    return tuple(p for p in pieces if p.text), len(text) - len(shown)
