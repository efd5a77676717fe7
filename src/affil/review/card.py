"""The review card of a string: its text, candidate institutions, mentions, and decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from affil.ledger import Case
from affil.review.context import Context
from affil.review.items import Item
from affil.review.mentions import Mention
from affil.types import Institution, LedgerEntry, Match
from affil.workspace.suggestions import Suggestion

_OF_THE_NAME = {"name_exact", "name_coverage"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate institution: its match, names of parents, whether it is preselected.

    `match` is None if the matcher did not find it (a person added it).
    """

    institution: Institution
    parents: tuple[str, ...]
    chosen: bool
    match: Match | None


@dataclass(frozen=True, slots=True)
class Member:
    """A string that may be decided along, and the institutions of the model's own answer to it."""

    item: Item
    named: tuple[Institution, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a raw string, and whether it contains matched words."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Card:
    """A string as shown to a person.

    `members` are the others that would get the same answer for the same reason, `nearest` what a string without candidates is most
    like, `doubts` why it is in the queue (see `affil.review.doubts`), `suggestions` what assistants suggest.

    `second`: the person decides second, without seeing the first decision. `case` holds decisions and opinions, None if there
    are none or they are hidden; `history` all entries on the string, likewise. `seen` is the number of the decision shown (0:
    none), to be passed back with the person's own.
    """

    item: Item
    pieces: tuple[Piece, ...]
    cut: int
    candidates: tuple[Candidate, ...]
    nearest: tuple[Institution, ...]
    doubts: tuple[str, ...]
    suggestions: tuple[Suggestion, ...]
    context: Context
    members: tuple[Member, ...]
    mentions: tuple[Mention, ...]
    second: bool
    case: Case | None
    history: tuple[LedgerEntry, ...]
    seen: int


def proposed(match: Match, *, ticked: float, sure: float) -> bool:
    """Whether an institution that the model chose is ticked beforehand, so that Enter saves it.

    It needs the probability `ticked`; found by its acronym alone, which others have as well, it needs `sure`. Of 28 such acronyms in doubtful
    strings of gold/dev.csv 15 were right, of 9 with a place, a parent or another of the names beside them all.
    """
    told = {r.name for r in match.reasons if r.speaks_for}
    short = any(r.kind == "acronym" for r in match.reasons) and told <= _OF_THE_NAME
    return match.probability >= (sure if short else ticked)


def in_pieces(text: str, matches: Sequence[Match], longest: int) -> tuple[tuple[Piece, ...], int]:
    """Split a string into pieces with matched words marked; also returns the number of characters cut at the end."""
    shown, pieces, at = text[:longest], [], 0
    for start, end in sorted((m.start, min(m.end, longest)) for m in matches):
        start = max(start, at)
        if start < end:
            pieces += [Piece(shown[at:start], False), Piece(shown[start:end], True)]
            at = end
    pieces.append(Piece(shown[at:], False))
    return tuple(p for p in pieces if p.text), len(text) - len(shown)
