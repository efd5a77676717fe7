"""Why a string is in the queue: the reasons of doubt, by name."""

from __future__ import annotations

from collections.abc import Sequence

from affil.types import AGAINST, NOT_FOUND, Decision, Match

# Beside the reasons against a match (`affil.types.AGAINST`): another institution may be meant, a name stands only in part; where it is
# none of these, only an acronym stands there, nothing beside the name speaks for it, or no reason is known; nothing was found, a sure answer
# is only to be checked, the reasons were not sought (setting `grouped`); and whatever the model thinks, an assistant suggests an answer.
RIVAL, PARTLY, ACRONYM, BARE, UNSURE, NOTHING, AUDIT, UNREAD, SUGGESTED = (
    "rival",
    "partly",
    "acronym",
    "bare",
    "unsure",
    "nothing",
    "audited",
    "unread",
    "suggested",
)
DOUBTS = (*AGAINST, RIVAL, PARTLY, ACRONYM, BARE, UNSURE, NOTHING, AUDIT, UNREAD, SUGGESTED)
# In English, as the pages say them; what depends on a match has other words than in `AGAINST`.
WORDS = AGAINST | {
    "misspelt": "the name is misspelt or glued",
    "bearers": "several institutions have the name",
    "other_kind_named": "words for another kind of organisation are next to the name",
    RIVAL: "another institution may be meant",
    PARTLY: "only part of a name stands there",
    ACRONYM: "only an acronym stands there",
    BARE: "nothing beside the name speaks for it",
    UNSURE: "the evidence is weak",
    NOTHING: NOT_FOUND,
    AUDIT: "audited",
    UNREAD: "not looked into",
    SUGGESTED: "an assistant suggests an answer",
}


def doubts_of(decision: str, matches: Sequence[Match], *, audit: bool, sure: float, rival: float) -> tuple[str, ...]:
    """The reasons of doubt of a string, a subset of `DOUBTS` in that order; none for a sure match that is not audited.

    Args:
        decision: the model's.
        audit: whether the string was drawn to be checked.
        matches: what the matcher makes of it, with others (`Matcher.ranked`).
        sure: probability from which an institution is not doubted.
        rival: probability from which an institution that was not chosen counts as another that may be meant.
    """
    if decision == Decision.NONE:
        return (NOTHING,)
    if audit:
        return (AUDIT,)
    doubted = [m for m in matches if m.decision != Decision.NONE and m.probability < sure]
    told = {r.name for m in doubted for r in m.reasons if not r.speaks_for}
    if any(m.decision == Decision.NONE and m.probability >= rival for m in matches):
        told.add(RIVAL)
    if any(r.name == "name_coverage" for m in doubted for r in m.reasons):
        told.add(PARTLY)
    if not doubted and decision == Decision.MATCH:
        return ()
    if not told:
        if any(r.name == "name_exact" and r.kind == "acronym" for m in doubted for r in m.reasons):
            told.add(ACRONYM)
        if any({r.name for r in m.reasons} == {"name_exact"} for m in doubted):
            told.add(BARE)
    return tuple(d for d in DOUBTS if d in told) or (UNSURE,)


def coded(doubts: Sequence[str]) -> int:
    """Reasons of doubt as bits, in the order of `DOUBTS`."""
    return sum(1 << DOUBTS.index(d) for d in doubts)


def decoded(bits: int) -> tuple[str, ...]:
    """The reasons of doubt of these bits (see `coded`)."""
    return tuple(d for k, d in enumerate(DOUBTS) if bits >> k & 1)
